//! What a client does by itself, whatever its script is doing.

use std::fmt;

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
