//! A fault, and what a row of the table says of it.

use super::received::Received;
use super::sent::Sent;
use crate::protocol::ClauseId;

/// A named deviation of the server from the protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault(pub(super) u16);

/// How a fault is made.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// By a policy of `quirks`.
    Inside,
    /// By what this does to each command that comes in.
    Incoming(fn(&mut Received<'_>)),
    /// By what this does to each frame that goes out.
    Outgoing(fn(&mut Sent<'_>)),
    /// By both.
    Both(fn(&mut Received<'_>), fn(&mut Sent<'_>)),
}

/// What is known of one fault.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) clauses: &'static [ClauseId],
    pub(super) how: How,
}
