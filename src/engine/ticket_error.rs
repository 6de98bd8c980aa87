//! Why a login has no ticket.

/// Why there is no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TicketError {
    /// The target does not say how tickets are had.
    #[error("the target does not say how a login ticket is had")]
    NoSource,
    /// Nobody answers there.
    #[error("the login server cannot be reached")]
    Unreachable,
    /// The answer does not come in time.
    #[error("the login server does not answer in time")]
    Late,
    /// It answers with this status.
    #[error("the login server gives no ticket: it answers {0}")]
    Status(u16),
    /// Its answer holds none.
    #[error("the login server's answer holds no ticket")]
    NotThere,
    /// What it gives cannot stand in a line: it is empty, too long or has blanks.
    #[error("what the login server gives is no ticket: it is empty, too long or has blanks")]
    NoWord,
    /// The command that should print it fails.
    #[error("the command that gives login tickets fails")]
    Command,
    /// The address is on another machine, which nobody has allowed.
    #[error("the login server is not on this machine")]
    Remote,
}
