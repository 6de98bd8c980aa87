//! What a client does by itself, whatever its script is doing.

use std::fmt;

use super::links::Shared;
use super::port::Output;
use crate::transcript::{ConnId, Mark, Party, What};
use crate::wire::Frame;

/// What a line is to a reflex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reflexed {
    /// Nothing: the script hears it.
    No,
    /// It belongs to what the reflex has said: the script does not hear it.
    Taken,
    /// The same, and this is said at once.
    Answer(Frame),
}

/// Answers lines of the server without the script.
pub(crate) trait Reflex: fmt::Debug + Send {
    /// Takes in a line of the server.
    fn take(&mut self, frame: &Frame) -> Reflexed;
}

impl Shared {
    /// Whether the reflex has taken a line.
    pub(crate) fn is_taken(&mut self, conn: ConnId, frame: &Frame) -> bool {
        let Some(reflex) = &mut self.reflex else {
            return false;
        };
        let answer = match reflex.take(frame) {
            Reflexed::No => return false,
            Reflexed::Taken => return true,
            Reflexed::Answer(answer) => answer,
        };
        let bytes = answer.to_bytes();
        let before = self.mark.replace(Mark::Barrier);
        self.record(conn, What::Frame(Party::Client, answer));
        self.mark = before;
        self.outputs.push_back(Output::Send { conn, bytes });
        true
    }
}
