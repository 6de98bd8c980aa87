//! What passes between an executor and the caller that moves its bytes.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::limit::Limit;
use super::ticket_error::TicketError;
use crate::transcript::ConnId;

/// What happened outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The connection was made.
    Opened(ConnId),
    /// It could not be made.
    OpenFailed(ConnId, Refusal),
    /// Bytes came.
    Data(ConnId, Bytes),
    /// The server ended the stream in order.
    Closed(ConnId),
    /// The connection was reset, or broke in another way.
    Reset(ConnId),
    /// The server's process has ended, asked to or not.
    ServerStopped,
    /// The server takes connections again.
    ServerStarted,
    /// The login server gave a ticket, or none.
    Ticket(Result<String, TicketError>),
}

/// What the login server is asked for a ticket with.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketRequest {
    /// Whose ticket.
    pub handle: String,
    /// The password.
    pub password: String,
    /// The word that the notification server has given for it.
    pub word: String,
}

impl fmt::Debug for TicketRequest {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketRequest")
            .field("handle", &self.handle)
            .field("word", &self.word)
            .finish_non_exhaustive()
    }
}

/// How a reason begins that says that no connection was made in time.
const LATE: &str = "no connection within";

/// Why a connection could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the network said, in a few words.
    pub reason: String,
    /// Set where it is no fault of the server's.
    pub limit: Option<Limit>,
}

impl Refusal {
    /// Nothing came of it in this time.
    #[must_use]
    pub fn late(within: Duration) -> Self {
        Self::from(format!("{LATE} {within:?}").as_str())
    }

    /// Whether a reason is that of [`Self::late`].
    pub(crate) fn is_late(reason: &str) -> bool {
        reason.starts_with(LATE)
    }
}

impl From<&str> for Refusal {
    /// The other side refuses.
    fn from(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            limit: None,
        }
    }
}

impl From<Limit> for Refusal {
    fn from(limit: Limit) -> Self {
        Self {
            reason: limit.to_string(),
            limit: Some(limit),
        }
    }
}

/// What is to be done outside, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a connection; an `Opened` or `OpenFailed` must follow.
    Open {
        /// The connection's id from now on.
        conn: ConnId,
        /// `host:port`.
        address: String,
    },
    /// Write these bytes in one segment.
    Send {
        /// Where to.
        conn: ConnId,
        /// What.
        bytes: Bytes,
    },
    /// End the connection in order. Nothing more is reported of it.
    Close(ConnId),
    /// Reset it. Nothing more is reported of it.
    Reset(ConnId),
    /// Stop reading from it.
    Pause(ConnId),
    /// Read from it again.
    Resume(ConnId),
    /// Stop the server's process in order; a `ServerStopped` must follow.
    StopServer,
    /// Start it again; a `ServerStarted` must follow.
    StartServer,
    /// Have a ticket of the login server; a `Ticket` must follow.
    Ticket(TicketRequest),
}
