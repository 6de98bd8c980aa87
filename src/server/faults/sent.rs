//! A frame on its way out.

use std::time::Duration;

use bytes::Bytes;

use super::notes::{Command, Held, Notes, Until, Word, text};
use crate::server::id::ConnId;
use crate::server::outbox::Output;

/// A frame on its way out, for faults to spoil.
pub(super) struct Sent<'n> {
    /// Whom it goes to.
    pub(super) conn: ConnId,
    pub(super) words: Vec<Word>,
    pub(super) payload: Vec<u8>,
    /// What stands between words.
    pub(super) separator: &'static [u8],
    /// What stands after the line.
    pub(super) ending: &'static [u8],
    pub(super) notes: &'n mut Notes,
    is_dropped: bool,
    goes_twice: bool,
    waits: Option<Until>,
    before: Vec<Output>,
    after: Vec<Output>,
}

impl<'n> Sent<'n> {
    pub(super) fn new(conn: ConnId, frame: &[u8], notes: &'n mut Notes) -> Self {
        let end = frame.windows(2).position(|pair| pair == b"\r\n");
        let (line, rest) = frame.split_at(end.unwrap_or(frame.len()));
        Self {
            conn,
            words: line.split(|byte| *byte == b' ').map(Word::from).collect(),
            payload: rest.get(2..).unwrap_or_default().to_vec(),
            separator: b" ",
            ending: b"\r\n",
            notes,
            is_dropped: false,
            goes_twice: false,
            waits: None,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// A word as text; empty where there is none.
    pub(super) fn text(&self, place: usize) -> &str {
        text(&self.words, place)
    }

    /// Whether the line begins with this word.
    pub(super) fn is(&self, verb: &str) -> bool {
        self.text(0) == verb
    }

    /// Whether the line begins with one of these words.
    pub(super) fn is_any(&self, verbs: &[&str]) -> bool {
        verbs.contains(&self.text(0))
    }

    /// Whether it is an error line.
    pub(super) fn is_error(&self) -> bool {
        self.text(0).bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The command that is carried out, of whatever connection.
    pub(super) fn command(&self) -> Option<&Command> {
        self.notes.command.as_ref()
    }

    /// A word of the command that is carried out.
    pub(super) fn asked(&self, place: usize) -> &str {
        self.command().map_or("", |command| command.text(place))
    }

    /// Whether it answers a command with this verb that the receiver has sent.
    pub(super) fn answers(&self, verb: &str) -> bool {
        let is_own = self.command().is_some_and(|c| c.conn == self.conn);
        is_own && self.asked(0) == verb
    }

    /// Whether it carries the TrID of the receiver's own command.
    pub(super) fn is_reply(&self) -> bool {
        let is_own = self.command().is_some_and(|c| c.conn == self.conn);
        is_own && !self.asked(1).is_empty() && self.asked(1) == self.text(1)
    }

    /// Puts another word in a place.
    pub(super) fn set(&mut self, place: usize, word: impl AsRef<[u8]>) {
        if let Some(there) = self.words.get_mut(place) {
            *there = word.as_ref().to_vec();
        }
    }

    /// Takes the word in a place out.
    pub(super) fn take_out(&mut self, place: usize) {
        if place < self.words.len() {
            self.words.remove(place);
        }
    }

    /// Puts a word before the one in a place.
    pub(super) fn insert(&mut self, place: usize, word: &str) {
        if place <= self.words.len() {
            self.words.insert(place, word.into());
        }
    }

    /// Puts a number in a place, made from the one that stands there.
    pub(super) fn count(&mut self, place: usize, change: impl FnOnce(u64) -> u64) {
        if let Ok(number) = self.text(place).parse() {
            let word = change(number).to_string();
            self.set(place, word);
        }
    }

    /// Puts another line in its place.
    pub(super) fn line(&mut self, line: &str) {
        self.words = line.split(' ').map(Word::from).collect();
    }

    /// Changes each word after the first.
    pub(super) fn each(&mut self, change: impl Fn(&[u8]) -> Word) {
        for word in self.words.iter_mut().skip(1) {
            *word = change(word);
        }
    }

    /// Whether it is sent, now or later.
    pub(super) fn goes_out(&self) -> bool {
        !self.is_dropped
    }

    /// It is not sent.
    pub(super) fn drop(&mut self) {
        self.is_dropped = true;
    }

    /// It is sent twice.
    pub(super) fn again(&mut self) {
        self.goes_twice = true;
    }

    /// It waits for the receiver's next command.
    pub(super) fn hold(&mut self) {
        self.waits = Some(Until::NextCommand);
    }

    /// It waits for so long.
    pub(super) fn delay(&mut self, time: Duration) {
        let until = Until::Time(self.notes.now.saturating_add(time));
        self.waits.get_or_insert(until);
    }

    /// A line goes out before it.
    pub(super) fn before(&mut self, line: &str) {
        self.before.push(Output::Send(self.conn, wire(line)));
    }

    /// A line goes out after it.
    pub(super) fn after(&mut self, line: &str) {
        self.after_to(self.conn, line);
    }

    /// A line goes out to another connection after it.
    pub(super) fn after_to(&mut self, conn: ConnId, line: &str) {
        self.after.push(Output::Send(conn, wire(line)));
    }

    /// The frame itself goes to another connection too.
    pub(super) fn copy_to(&mut self, conn: ConnId) {
        self.after.push(Output::Send(conn, self.bytes()));
    }

    fn bytes(&self) -> Bytes {
        let mut bytes = self.words.join(self.separator);
        bytes.extend_from_slice(self.ending);
        bytes.extend_from_slice(&self.payload);
        bytes.into()
    }

    /// What is sent in the end.
    pub(super) fn finish(self) -> Vec<Output> {
        let frame = self.bytes();
        let (conn, mut outputs) = (self.conn, self.before);
        let count = match (self.is_dropped, self.goes_twice) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        for frame in std::iter::repeat_n(frame, count) {
            match self.waits {
                Some(until) => self.notes.held.push(Held { until, conn, frame }),
                None => outputs.push(Output::Send(conn, frame)),
            }
        }
        outputs.extend(self.after);
        outputs
    }
}

fn wire(line: &str) -> Bytes {
    format!("{line}\r\n").into()
}
