//! The harness as a client that is challenged: CHL is answered at once with QRY, whatever the
//! script is doing (CHL-1, CHL-2), unless the script is about challenges.

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::engine::{Reflex, Reflexed};
use crate::protocol::{ClauseId, Dialect, Verb};
use crate::wire::Frame;

/// The product that the harness says to be, as the clients of MSNP6 did (CHL-2), and its key.
const PRODUCT: &str = "msmsgs@msnmsgr.com";
const KEY: &str = "Q1P7W2E4J9R8U3S5";
/// The first dialect in which clients were seen to answer.
const FIRST: u8 = 5;
/// The TrIDs of answers begin here: far from those of scenarios and barriers.
const TRID: u32 = 990_000_000;

/// The challenges that one script has answered.
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    answered: u32,
    /// The dialect has QRY: a server of an earlier one would read the payload as lines.
    answers: bool,
}

impl Challenges {
    /// What answers challenges in a script about these clauses; nothing where it does so itself.
    pub(crate) fn reflex(about: &[ClauseId], dialect: &'static Dialect) -> Option<Box<dyn Reflex>> {
        let is_about =
            |clause: &ClauseId| clause.clause().group() == "CHL" || *clause == ClauseId::MIX_8;
        let challenges = Self {
            answers: dialect.number >= FIRST,
            ..Self::default()
        };
        let is_its_own = about.iter().any(is_about);
        (!is_its_own).then(|| Box::new(challenges) as Box<dyn Reflex>)
    }

    fn are_taken_by(&self, frame: &Frame) -> bool {
        let trid = frame.words().nth(1);
        let trid = trid.and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        let own = TRID..TRID.saturating_add(self.answered);
        trid.is_some_and(|trid: u32| own.contains(&trid))
    }
}

impl Reflex for Challenges {
    fn take(&mut self, frame: &Frame) -> Reflexed {
        let verb = Verb::parse(frame.verb());
        if verb == Verb::Qry && self.are_taken_by(frame) {
            return Reflexed::Taken;
        }
        let (Verb::Chl, Some(word)) = (verb, frame.words().nth(2)) else {
            return Reflexed::No;
        };
        if !self.answers {
            return Reflexed::Taken;
        }
        let trid = TRID.saturating_add(self.answered);
        self.answered = self.answered.saturating_add(1);
        let digest = digest(word);
        let line = format!("QRY {trid} {PRODUCT} {}", digest.len());
        Reflexed::Answer(Frame::with_payload(line, digest))
    }
}

/// The answer to a challenge: the lower-case hexadecimal MD5 of its word and the key.
fn digest(word: &[u8]) -> Bytes {
    let digest = Md5::new().chain_update(word).chain_update(KEY).finalize();
    hex::encode(digest).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_that_of_known_clients() {
        // Both as original clients sent them.
        assert_eq!(
            digest(b"31415926535897932384"),
            "5900baf7ab746df3bef2c20e04dd1f94"
        );
        assert_eq!(
            digest(b"15570131571988941333"),
            "8f2f5a91b72102cd28355e9fc9000d6e"
        );
    }

    #[test]
    fn a_challenge_is_answered_and_only_what_was_answered_is_taken() {
        let mut challenges = Challenges {
            answers: true,
            ..Challenges::default()
        };
        let mut take = |line: &'static str| challenges.take(&Frame::line(line));
        assert_eq!(take("QRY 990000000"), Reflexed::No);
        let answered = take("CHL 0 31415926535897932384");
        let wanted = Frame::with_payload(
            "QRY 990000000 msmsgs@msnmsgr.com 32",
            "5900baf7ab746df3bef2c20e04dd1f94",
        );
        assert_eq!(answered, Reflexed::Answer(wanted));
        assert_eq!(take("QRY 990000000"), Reflexed::Taken);
        for other in ["QRY 990000001", "QRY 7", "540 990000000", "CHL 0"] {
            assert_eq!(take(other), Reflexed::No, "{other}");
        }
    }

    #[test]
    fn no_server_is_answered_that_does_not_know_answers() {
        let of = |name: &[u8]| Challenges::reflex(&[], Dialect::named(name).unwrap()).unwrap();
        let challenge = Frame::line("CHL 0 31415926535897932384");
        assert_eq!(of(b"MSNP4").take(&challenge), Reflexed::Taken);
        assert!(matches!(of(b"MSNP5").take(&challenge), Reflexed::Answer(_)));
        for own in [ClauseId::CHL_1, ClauseId::MIX_8] {
            assert!(Challenges::reflex(&[own], Dialect::first()).is_none());
        }
    }
}
