//! What can be known from the wire, kept once for all oracles: connections, users with their lists
//! and states, sessions and cookies.
//!
//! Everything is dated by the index of an entry. A client's line is obeyed some time after its own
//! entry and before that of its answer; a server's line was sent some time before its entry.
//! Whatever was sent that cannot be read with certainty makes a connection murky and its user
//! blurred: then nothing is claimed.

mod batch;
mod board;
mod connection;
mod fact;
mod id;
mod learning;
mod login;
mod reading;
mod request;
mod since;
mod tuning;
mod unasked;
mod user;

use crate::transcript::ConnId;

pub use batch::{Batch, Contact, stage};
pub use board::{Board, BoardId, Boards, Cookie, Purpose, Seat};
pub use connection::Conn;
pub use fact::{Fact, ListFact, Membership};
pub use id::UserId;
pub(in crate::oracle) use learning::Mark;
pub(in crate::oracle) use learning::{is_offline, state};
pub use reading::{Asked, Clarity, Role, Seen, Sight, Told};
pub use request::{Flaw, Progress, Request, Step, ends_list};
pub use since::Since;
pub use user::{GONE, State, States, UNSET, User, Users, serial};

/// All that is known so far.
#[derive(Debug, Default)]
pub struct World {
    conns: Vec<Conn>,
    users: Users,
    boards: Boards,
    index: usize,
    /// A client has sent bytes that no name should hold, and a server may echo them.
    is_strange: bool,
    /// What clients have sent before and behind encoded line breaks, decoded.
    breaks: Vec<Vec<u8>>,
    /// Somebody may sit in a session without our knowing.
    has_strangers: bool,
    /// Somebody is logged in as another than who asked for it.
    has_impostors: bool,
    /// How often the server may have been started anew.
    epoch: u32,
    /// The latest request that was answered, on any connection.
    floor: usize,
    /// The server has changed a state or a list that is the client's to change.
    has_imposed: bool,
}

impl World {
    /// A connection.
    #[must_use]
    pub fn conn(&self, id: ConnId) -> Option<&Conn> {
        self.conns.get(id.0)
    }

    /// All connections.
    #[must_use]
    pub fn conns(&self) -> &[Conn] {
        &self.conns
    }

    /// All users.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// A user.
    #[must_use]
    pub fn user(&self, id: UserId) -> &User {
        self.users.get(id)
    }

    /// All sessions and cookies.
    #[must_use]
    pub fn boards(&self) -> &Boards {
        &self.boards
    }

    /// How many entries have been seen before this one.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether the server has changed what is the clients' to change (`CHG 0`, `ADD 0 FL` …). It
    /// may do so, and tell of it late: who saw what by which right is then not known.
    #[must_use]
    pub fn has_imposed(&self) -> bool {
        self.has_imposed
    }

    /// Changes whenever the server may have been started anew, with or without a memory.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether a client has sent bytes that no parameter should hold.
    #[must_use]
    pub fn is_strange(&self) -> bool {
        self.is_strange
    }

    /// The pieces into which encoded line breaks cut what clients have sent, decoded.
    #[must_use]
    pub fn breaks(&self) -> &[Vec<u8>] {
        &self.breaks
    }

    /// Whether somebody is logged in as another than who asked for it: then cookies go astray.
    #[must_use]
    pub fn has_impostors(&self) -> bool {
        self.has_impostors
    }

    /// Whether somebody may sit in a session without our knowing.
    #[must_use]
    pub fn has_strangers(&self) -> bool {
        self.has_strangers
    }
}
