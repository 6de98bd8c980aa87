//! A command on its way in.

use bytes::Bytes;

use super::notes::{Notes, Peer, Word, text};
use crate::protocol::ServerKind;
use crate::server::id::ConnId;

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Fate {
    /// It is carried out.
    CarryOut,
    /// It is not.
    Ignore,
    /// Its connection is closed.
    Close,
    /// All connections are closed.
    CloseAll,
}

/// A command on its way in, for faults to spoil.
pub(super) struct Received<'n> {
    /// Who has sent it.
    pub(super) conn: ConnId,
    pub(super) kind: ServerKind,
    /// The line, byte for byte.
    pub(super) line: Bytes,
    pub(super) words: Vec<Word>,
    pub(super) payload: Bytes,
    pub(super) notes: &'n mut Notes,
    pub(super) fate: Fate,
    /// Lines that go to the sender at once.
    pub(super) replies: Vec<String>,
}

impl Received<'_> {
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

    /// Puts another word in a place.
    pub(super) fn set(&mut self, place: usize, word: impl AsRef<[u8]>) {
        if let Some(there) = self.words.get_mut(place) {
            *there = word.as_ref().to_vec();
        }
    }

    /// Adds a word where this many are there.
    pub(super) fn fill(&mut self, count: usize, word: impl AsRef<[u8]>) {
        if self.words.len() == count {
            self.words.push(word.as_ref().to_vec());
        }
    }

    /// What is known of the sender.
    pub(super) fn peer(&mut self) -> &mut Peer {
        self.notes.peer(self.conn, self.kind)
    }

    /// How often the verb has come before on this connection.
    pub(super) fn times_before(&mut self) -> usize {
        let verb = self.words.first().cloned().unwrap_or_default();
        let seen = self.peer().seen.get(&verb).copied();
        seen.unwrap_or_default().saturating_sub(1)
    }

    /// Whether it will be carried out as it stands.
    pub(super) fn goes_on(&self) -> bool {
        self.fate == Fate::CarryOut && self.replies.is_empty() && !self.notes.is_stuck
    }

    /// It is not carried out.
    pub(super) fn ignore(&mut self) {
        self.fate = Fate::Ignore;
    }

    /// It is answered so, and not carried out.
    pub(super) fn answer(&mut self, line: &str) {
        self.replies.push(line.to_owned());
        self.ignore();
    }

    /// It comes back as it was sent, and is not carried out.
    pub(super) fn echo(&mut self) {
        let line = String::from_utf8_lossy(&self.words.join(&b' ')).into_owned();
        self.answer(&line);
    }

    /// From now on nothing is heard of the server.
    pub(super) fn get_stuck(&mut self) {
        self.notes.is_stuck = true;
    }
}
