//! The values that expressions name, and what is wrong where there is none.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::ast::Captures;
use crate::protocol::Dialect;

/// Who plays a user of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user handle.
    pub handle: String,
    /// The password.
    pub password: String,
    /// The friendly name, percent-encoded.
    pub name: String,
}

impl Identity {
    /// What stands after the handle's `@`; empty where there is none.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.handle
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }
}

/// Why a text cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A capture that nothing has bound.
    #[error("nothing has bound `{0}`")]
    Unbound(String),
    /// A user that nobody plays.
    #[error("nobody plays the user `{0}`")]
    UnknownUser(String),
    /// A TrID is expected and none of that name was sent.
    #[error("no request with `{{{name}}}` was sent on {conn}")]
    NoTrid {
        /// The connection.
        conn: String,
        /// `t` or `t.name`.
        name: String,
    },
    /// `{length}` without a payload.
    #[error("`{{length}}` stands for the length of a payload, and there is none")]
    NoLength,
    /// `payload: same` before any payload was sent.
    #[error("no payload was sent before")]
    NoPayload,
    /// An argument that must be a number.
    #[error("`{function}` needs a number, not `{value}`")]
    NotANumber {
        /// The function.
        function: &'static str,
        /// The value in its place.
        value: String,
    },
    /// A text of more than 16 MiB.
    #[error("the text grows over 16 MiB")]
    TooLong,
}

/// The values without the TrIDs.
#[derive(Debug, Clone)]
pub(super) struct Values {
    pub(super) users: BTreeMap<String, Identity>,
    pub(super) nobody: String,
    pub(super) dialect: &'static Dialect,
    pub(super) captures: Captures,
    pub(super) round: u32,
    pub(super) payload: Option<Bytes>,
}

/// Bytes of a fixed pattern, without line breaks: the alphabet, again and again.
#[must_use]
pub fn filler(length: usize) -> Vec<u8> {
    let mut bytes = b"abcdefghijklmnopqrstuvwxyz".repeat(length.div_ceil(26));
    bytes.truncate(length);
    bytes
}
