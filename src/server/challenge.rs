//! CHL and QRY: whether a client is one of those that the service knows.

use std::time::Duration;

use md5::{Digest, Md5};

use super::Server;
use super::connection::{Challenge, End};
use super::id::ConnId;
use super::request::{Outcome, Refusal, Request};

/// The products that are known, each with its key.
const KEYS: [(&str, &str); 6] = [
    ("msmsgs@msnmsgr.com", "Q1P7W2E4J9R8U3S5"),
    ("PROD0038W!61ZTF9", "VT6PX?UQTM4WM%YR"),
    ("PROD0058#7IL2{QD", "QHDCY@7R1TB6W?5B"),
    ("PROD0061VRRZH@4F", "JXQ6J@TUOGYV@N0M"),
    ("PROD00504RLUG%WL", "I2EBK%PYNLZL5_J4"),
    ("PROD0076ENE8*@AW", "CEQJ8}OE0!WTSWII"),
];
/// How long a client has for its answer.
const PATIENCE: Duration = Duration::from_secs(50);
/// How long a client that has answered is left alone at the least, and how much longer it may be, in
/// seconds.
const PAUSE: (u64, u64) = (180, 240);

/// An answer that is wrong, or that nobody asked for.
const WRONG: Refusal = Refusal::ErrorAndClose(540);

/// The answer to a challenge: the digest of its word and the key of the product.
fn answer(word: &str, product: &[u8]) -> Option<String> {
    let mut known = KEYS.iter();
    let (_, key) = known.find(|(known, _)| known.as_bytes() == product)?;
    Some(hex::encode(Md5::digest(format!("{word}{key}"))))
}

impl Server {
    /// Challenges a client that has just come online, or that has been left alone for a while.
    //= CHL-6
    //= CHL-7
    //= MIX-8
    pub(super) fn challenge_unasked(&mut self, conn: ConnId) {
        let shape = self.connections.shape(conn);
        if shape.has_challenges() || self.quirks.challenges_without_answer(shape) {
            self.send_challenge(conn, "0");
        }
    }

    /// Challenges a client that wants it.
    pub(super) fn challenge_who_asks(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        self.send_challenge(conn, request.trid());
        Ok(())
    }

    fn send_challenge(&mut self, conn: ConnId, trid: &str) {
        let Some(connection) = self.connections.get_mut(conn) else {
            return;
        };
        let word = format!("{:020}", self.random.next());
        //= CHL-1
        self.outbox.line(conn, format_args!("CHL {trid} {word}"));
        connection.challenge = Challenge {
            word: Some(word),
            due: Some(self.now.saturating_add(PATIENCE)),
        };
        self.rearm(conn);
    }

    //= CHL-2
    //= CHL-3
    //= CHL-4
    //= CHL-8
    //= CHL-9
    //= CHL-10
    pub(super) fn check_answer(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let [product, _length] = request.params else {
            return Err(Refusal::Close);
        };
        let connection = self.connections.get_mut(conn).ok_or(Refusal::Close)?;
        let word = connection.challenge.word.take().ok_or(WRONG)?;
        let right = answer(&word, product).ok_or(WRONG)?;
        if request.payload != right.as_bytes() {
            return Err(WRONG);
        }
        let (least, more) = PAUSE;
        let pause = || Duration::from_secs(least + self.random.next() % more);
        let next = self.config.challenges.then(pause);
        connection.challenge.due = next.map(|pause| self.now.saturating_add(pause));
        let trid = request.trid();
        self.outbox.line(conn, format_args!("QRY {trid}"));
        self.rearm(conn);
        Ok(())
    }

    /// When the next challenge comes, or the answer to one is overdue.
    pub(super) fn challenge_alarm(&self, conn: ConnId) -> Option<Duration> {
        self.connections.get(conn)?.challenge.due
    }

    /// That moment has come.
    //= CHL-5
    pub(super) fn go_on_challenging(&mut self, conn: ConnId) {
        let connection = self.connections.get(conn);
        if connection.is_some_and(|connection| connection.challenge.word.is_some()) {
            self.outbox.line(conn, format_args!("OUT"));
            self.end(conn, End::Idle);
        } else {
            self.challenge_unasked(conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::answer;
    use crate::server::fixture::{Fixture, config};
    use crate::server::{Config, ConnId};
    use std::time::Duration;

    /// A user who is online and has been challenged, and the word.
    fn challenged(s: &mut Fixture) -> (ConnId, String) {
        let c = s.login_in("alice", 6);
        s.c(c, "CHG 1 NLN");
        s.expect(c, "CHG 1 NLN");
        let words = s.expect(c, "CHL 0 *");
        s.nothing(c);
        (c, words[2].clone())
    }

    #[test]
    fn answers_are_those_of_known_clients() {
        let word = "31415926535897932384";
        for (product, digest) in [
            ("msmsgs@msnmsgr.com", "5900baf7ab746df3bef2c20e04dd1f94"),
            ("PROD0038W!61ZTF9", "2efdb324e2b8aa69f1a0c4675da1aae7"),
            ("PROD0058#7IL2{QD", "a47b61ddf53ebaf6f8850866a8866465"),
            ("PROD0061VRRZH@4F", "679034466423344dccefa1423ccdea33"),
            ("PROD00504RLUG%WL", "6daf3fdb24c6bd48c4818bfdcab255f6"),
            ("PROD0076ENE8*@AW", "94d7c56d6cf744dc502794f429a6e67a"),
        ] {
            assert_eq!(answer(word, product.as_bytes()).as_deref(), Some(digest));
        }
        assert_eq!(answer(word, b"MSMSGS@msnmsgr.com"), None);
        let known = answer("15570131571988941333", b"msmsgs@msnmsgr.com");
        assert_eq!(known.as_deref(), Some("8f2f5a91b72102cd28355e9fc9000d6e"));
    }

    #[test]
    fn a_client_that_answers_is_challenged_again() {
        let mut s = Fixture::new();
        let (c, word) = challenged(&mut s);
        assert!(word.len() == 20 && word.bytes().all(|byte| byte.is_ascii_digit()));
        s.ask(c, "CHG 2 BSY", "CHG 2 BSY");
        s.wait(49);
        let digest = answer(&word, b"msmsgs@msnmsgr.com").unwrap();
        s.raw(
            c,
            format!("QRY 3 msmsgs@msnmsgr.com 32\r\n{digest}PNG\r\n").as_bytes(),
        );
        s.expect(c, "QRY 3");
        s.expect(c, "QNG");
        s.wait(179);
        s.nothing(c);
        s.wait(241);
        let again = s.expect(c, "CHL 0 *");
        assert_ne!(again[2], word);
        s.wait(49);
        s.nothing(c);
        s.wait(1);
        s.expect(c, "OUT");
        s.closed(c);
        assert_eq!(s.server.poll_timeout(), None);
    }

    #[test]
    fn wrong_answers_and_those_to_nothing_end_the_connection() {
        let product = "msmsgs@msnmsgr.com";
        let mut s = Fixture::new();
        for spoil in [0, 1, 2, 3] {
            let (c, word) = challenged(&mut s);
            let right = answer(&word, product.as_bytes()).unwrap();
            let (product, digest) = match spoil {
                0 => (product, "0".repeat(32)),
                1 => (product, right.to_uppercase()),
                2 => (product, format!("{right}0")),
                _ => ("somebody@msnmsgr.com", right),
            };
            let length = digest.len();
            s.raw(
                c,
                format!("QRY 2 {product} {length}\r\n{digest}").as_bytes(),
            );
            s.expect(c, "540 2");
            s.closed(c);
        }
        let (c, word) = challenged(&mut s);
        let right = answer(&word, product.as_bytes()).unwrap();
        let qry = format!("QRY 2 {product} 32\r\n{right}");
        s.raw(c, qry.as_bytes());
        s.expect(c, "QRY 2");
        s.raw(c, qry.as_bytes());
        s.expect(c, "540 2");
        s.closed(c);
    }

    #[test]
    fn nobody_is_challenged_who_cannot_answer_or_where_it_is_off() {
        let mut s = Fixture::new();
        let c = s.login_in("alice", 5);
        s.ask(c, "CHG 1 NLN", "CHG 1 NLN");
        s.c(c, "QRY 1 msmsgs@msnmsgr.com 32");
        s.closed(c);
        let mut s = Fixture::with(Config {
            challenges: false,
            ..config()
        });
        let c = s.login_in("alice", 7);
        s.ask(c, "CHG 1 NLN", "CHG 1 NLN");
        assert_eq!(s.server.poll_timeout(), None);
        let words = s.ask(c, "CHL 2", "CHL 2 *");
        assert_eq!(s.server.poll_timeout(), Some(Duration::from_secs(50)));
        let digest = answer(&words[2], b"PROD0038W!61ZTF9").unwrap();
        s.raw(
            c,
            format!("QRY 3 PROD0038W!61ZTF9 32\r\n{digest}").as_bytes(),
        );
        s.expect(c, "QRY 3");
        assert_eq!(s.server.poll_timeout(), None);
    }
}
