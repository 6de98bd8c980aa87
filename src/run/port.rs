//! What passes between an executor and whoever moves its bytes.

use bytes::Bytes;

use crate::transcript::ConnId;

/// What happened outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The connection was made.
    Opened(ConnId),
    /// It could not be made; the text says why.
    OpenFailed(ConnId, String),
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
}
