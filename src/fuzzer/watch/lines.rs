//! The lines of a transcript in words.

use crate::protocol::{Dialect, Direction, List, Message, Param, TridRule, Verb};
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

/// The row of a line of the server.
pub(super) fn row_of(dialect: &'static Dialect, words: Words<'_>) -> Option<&'static Message> {
    let rows = dialect.rows_of(Verb::parse(verb(words)));
    rows.iter().find(|row| row.direction == Direction::ToClient)
}

/// The cookie of a referral or an invitation.
pub(super) fn cookie_of<'t>(dialect: &'static Dialect, words: Words<'t>) -> Option<&'t [u8]> {
    let row = row_of(dialect, words).filter(|row| row.has(Param::Cookie))?;
    let params = words.get(row.first_param()..)?;
    let place = row.form(params.iter().copied())?.place_of(Param::Cookie)?;
    params.get(place).copied()
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
pub(super) fn key_of<'t>(dialect: &'static Dialect, words: Words<'t>) -> Option<&'t [u8]> {
    let is_unasked = row_of(dialect, words).is_some_and(|row| is_unasked(row, words));
    (!is_unasked).then(|| words.get(1).copied().unwrap_or_default())
}

/// Whether nobody need have asked for a line of the server.
fn is_unasked(row: &Message, words: Words<'_>) -> bool {
    let is = |place: usize, word: &str| words.get(place) == Some(&word.as_bytes());
    // What others did carries TrID 0.
    let list = row.place_of(Param::List);
    let is_of_others = list.is_none_or(|place| is(place, List::Reverse.as_str()));
    match row.trid {
        TridRule::Never => true,
        TridRule::Request => row.is_initial_state(),
        TridRule::RequestOrZero => {
            is(1, "0") && is_of_others && (row.told.is_some() || row.obliges.is_some())
        }
    }
}
