//! The lines of a transcript in words.

use crate::protocol::Verb;
use crate::transcript::{Transcript, What};
use crate::wire::for_each_word;
use smallvec::SmallVec;

/// Most lines have fewer words.
const USUAL_WORDS: usize = 6;

/// The words of a line.
pub(super) type Words<'t> = &'t [&'t [u8]];

/// The first word; empty where the line is.
pub(super) fn verb<'t>(words: Words<'t>) -> &'t [u8] {
    words.first().copied().unwrap_or_default()
}

/// The cookie of a referral or an invitation.
pub(super) fn cookie_of<'t>(words: Words<'t>) -> Option<&'t [u8]> {
    match verb(words) {
        b"XFR" => words.get(5).copied(),
        b"RNG" => words.get(4).copied(),
        _ => None,
    }
}

/// The words of all frames, cut once.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    words: Vec<&'t [u8]>,
    /// By entry: where its words begin, and those of the entry before end.
    begins: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(transcript: &'t Transcript) -> Self {
        let entries = transcript.entries();
        let mut words = Vec::with_capacity(entries.len() * USUAL_WORDS);
        let mut begins = Vec::with_capacity(entries.len() + 1);
        begins.push(0);
        for entry in entries {
            if let What::Frame(_, frame) = &entry.what {
                for_each_word(&frame.line, |_, word| words.push(word));
            }
            begins.push(words.len());
        }
        Self { words, begins }
    }

    /// The words of an entry; none where it is no frame.
    pub(super) fn words(&self, at: usize) -> Words<'_> {
        let range = self.begins.get(at).zip(self.begins.get(at + 1));
        let words = range.and_then(|(begin, end)| self.words.get(*begin..*end));
        words.unwrap_or_default()
    }
}

/// The frames of an answer, by place in the transcript.
pub(super) type Answer = SmallVec<[usize; 8]>;

/// The TrID under which a line may be an answer; `None` where it answers nothing.
pub(super) fn key_of<'t>(words: Words<'t>) -> Option<&'t [u8]> {
    // What others did carries TrID 0.
    let is_unasked = match verb(words) {
        b"ILN" | b"NLN" | b"FLN" | b"RNG" | b"JOI" | b"BYE" | b"MSG" | b"OUT" | b"QNG" => true,
        b"ADD" | b"REM" => matches!(words, [_, b"0", b"RL", ..]),
        word => match Verb::parse(word) {
            Verb::Bpr | Verb::Not | Verb::Ipg => true,
            Verb::Chl => words.get(1) == Some(&&b"0"[..]),
            _ => false,
        },
    };
    (!is_unasked).then(|| words.get(1).copied().unwrap_or_default())
}
