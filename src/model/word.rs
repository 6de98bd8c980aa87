//! One word of a command or a line, with symbolic parameters.

use smallvec::SmallVec;

use super::value::{ConnId, GroupId, GroupSet, LabelId, NameId, SessionId, TicketId, UserId};

/// A value that the server chooses: the first use binds it, later uses must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capture {
    /// The latest challenge on a connection.
    Challenge(ConnId),
    /// The address that a dispatch connection was referred to.
    Notification(ConnId),
    /// The address that came with a ticket.
    Board(TicketId),
    /// The cookie of a ticket.
    Cookie(TicketId),
    /// The number of a session, which RNG and the replies to CAL name.
    Session(SessionId),
    /// The number of a group that a user made.
    Group(UserId, GroupId),
    /// A user's serial number after so many changes that were seen (SER-2).
    Serial(UserId, u16),
}

/// One word of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// This text.
    Text(&'static str),
    /// The TrID of the request.
    TrId,
    /// A small number.
    Number(u8),
    /// The handle of a user.
    Handle(UserId),
    /// In a command: a well-formed handle of no account.
    Nobody,
    /// The friendly name of a user.
    Name(UserId, NameId),
    /// A value that the server chooses.
    Capture(Capture),
    /// The name of a group.
    Label(LabelId),
    /// The numbers of groups of a user, joined by commas, in any order.
    Groups(UserId, GroupSet),
    /// A text that may come back in another encoding.
    Encoded(&'static str),
    /// One word, whichever.
    Any,
    /// No word or more, whichever.
    Rest,
    /// The length of the payload.
    Length,
    /// In a command: the own handle of the connection's user.
    Own,
    /// In a command: a name not used before; remember it under this number.
    NewName(NameId),
    /// In a command: the response to a connection's challenge.
    Response {
        /// The connection.
        conn: ConnId,
        /// Whether it is the right one.
        right: bool,
    },
    /// In a command: the number of SYN, of the connection's user.
    Version(Version),
}

/// The number that SYN gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// 0: the cache is empty.
    Zero,
    /// The user's present one.
    Latest,
    /// One higher than any.
    Higher,
}

/// The words of a line.
pub type Words = SmallVec<[Word; 8]>;
