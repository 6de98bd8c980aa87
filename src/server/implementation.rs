//! Which lines of the server implement which clause: its `//=` comments, collected by the build.

use crate::protocol::ClauseId;

/// A line of the reference server that makes a clause true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implementation {
    /// The clause.
    pub clause: ClauseId,
    /// The file, from the package's folder on.
    pub file: &'static str,
    /// The line, counted from 1.
    pub line: u32,
}

/// All of them, by file and line.
#[must_use]
pub fn implementations() -> &'static [Implementation] {
    include!(concat!(env!("OUT_DIR"), "/implementations.rs"))
}
