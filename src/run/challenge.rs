//! The harness as a client that is challenged: CHL is answered at once, whatever the script is
//! doing, unless the script is about challenges.

use bytes::Bytes;
use md5::{Digest, Md5};

use super::links::Shared;
use super::port::Output;
use crate::protocol::Verb;
use crate::transcript::{ConnId, Mark, Party, What};
use crate::wire::Frame;

/// The product that the harness says to be, as the clients of MSNP6 did (CHL-2), and its key.
const PRODUCT: &str = "msmsgs@msnmsgr.com";
const KEY: &str = "Q1P7W2E4J9R8U3S5";
/// The TrIDs of answers begin here: far from those of scenarios and barriers.
const TRID: u32 = 990_000_000;

/// The answer to a challenge: the lower-case hexadecimal MD5 of its word and the key.
fn digest(word: &[u8]) -> String {
    let digest = Md5::new().chain_update(word).chain_update(KEY).finalize();
    hex::encode(digest)
}

/// The challenges of one script that were answered.
#[derive(Debug, Default)]
pub(super) struct Challenges {
    answered: u32,
}

impl Challenges {
    /// Whether a line says that an answer was taken.
    fn are_taken_by(&self, frame: &Frame) -> bool {
        let trid = frame.words().nth(1);
        let trid = trid.and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        let own = TRID..TRID.saturating_add(self.answered);
        Verb::parse(frame.verb()) == Verb::Qry && trid.is_some_and(|trid: u32| own.contains(&trid))
    }
}

impl Shared {
    /// Takes a challenge, or what says that the answer to one was taken: no script hears of them.
    pub(super) fn take_challenge(&mut self, conn: ConnId, frame: &Frame) -> bool {
        let verb = Verb::parse(frame.verb());
        if !matches!(verb, Verb::Chl | Verb::Qry) {
            return false;
        }
        let mut about = self.about.iter();
        if about.any(|clause| clause.clause().group() == "CHL") {
            return false;
        }
        if self.challenges.are_taken_by(frame) {
            return true;
        }
        let word = match (verb, frame.words().nth(2)) {
            (Verb::Chl, Some(word)) => word,
            _ => return false,
        };
        let trid = TRID.saturating_add(self.challenges.answered);
        self.challenges.answered = self.challenges.answered.saturating_add(1);
        let digest = digest(word);
        let line = format!("QRY {trid} {PRODUCT} {}", digest.len());
        let bytes = Bytes::from(format!("{line}\r\n{digest}"));
        let before = self.mark.replace(Mark::Barrier);
        let answer = Frame::with_payload(line, digest);
        self.record(conn, What::Frame(Party::Client, answer));
        self.mark = before;
        self.outputs.push_back(Output::Send { conn, bytes });
        true
    }
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
    fn only_what_was_answered_is_taken() {
        let challenges = Challenges { answered: 2 };
        let taken = |line: &'static str| challenges.are_taken_by(&Frame::line(line));
        assert!(taken("QRY 990000000") && taken("QRY 990000001"));
        assert!(!taken("QRY 990000002") && !taken("QRY 7") && !taken("540 990000000"));
    }
}
