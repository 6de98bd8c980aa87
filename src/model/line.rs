//! What a server sends, with symbolic values.

use smallvec::smallvec;

use super::value::{ConnId, NameId, SessionId, TicketId, UserId};
use super::word::{Capture, Word, Words};
use crate::protocol::{ErrorCode, List, Setting, State};

/// A line of a server, or the end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// `VER t MSNP2 …`.
    Ver,
    /// `VER t CVR0 …`.
    VerCvr0,
    /// `VER t 0 …`.
    VerNone,
    /// `INF t …`, with MD5 among the packages.
    Inf,
    /// `USR t MD5 S challenge`.
    Challenge(ConnId),
    /// `XFR t NS address`.
    ReferNs(ConnId),
    /// `USR t OK handle name`, on either kind of server.
    UsrOk(UserId, NameId),
    /// `MSG Hotmail Hotmail n` and its payload.
    Profile,
    /// `SYN t ser`.
    Syn(Capture),
    /// `GTC t ser value` or `BLP t ser value`.
    Set(Setting, Capture, bool),
    /// `LST t list ser item total handle name`; the handle is given where there is but one.
    Entry {
        /// The list.
        list: List,
        /// The number.
        serial: Capture,
        /// Counted from 1.
        item: u8,
        /// Of how many.
        total: u8,
        /// Who, where the order leaves no choice.
        whom: Option<UserId>,
    },
    /// `LST t list ser 0 0`.
    Empty(List, Capture),
    /// `CHG t state`.
    Chg(State),
    /// `ADD t list ser handle name`, the name as it was sent.
    Added(List, Capture, UserId),
    /// `REM t list ser handle`.
    Removed(List, Capture, UserId),
    /// `ADD 0 RL ser handle name`: who was added.
    AddedZero(Capture, UserId),
    /// `REM 0 RL ser handle`.
    RemovedZero(Capture, UserId),
    /// `REA t ser handle name`.
    Renamed(Capture, UserId, NameId),
    /// `ILN t state handle name`.
    Iln(UserId, State, NameId),
    /// `NLN state handle name`.
    Nln(UserId, State, NameId),
    /// `FLN handle`.
    Fln(UserId),
    /// `XFR t SB address CKI cookie`.
    ReferSb(TicketId),
    /// `RNG session address CKI cookie handle name`: the ticket, and who calls.
    Rng(SessionId, TicketId, UserId, NameId),
    /// `CAL t RINGING session`.
    Ringing(SessionId),
    /// `IRO t item total handle name`; the handle is given where there is but one.
    Iro(u8, u8, Option<(UserId, NameId)>),
    /// `ANS t OK`.
    AnsOk,
    /// `JOI handle name`.
    Joi(UserId, NameId),
    /// `BYE handle`.
    Bye(UserId),
    /// `MSG handle name length` and the payload that was sent.
    Msg(UserId, NameId),
    /// `ACK t`.
    Ack,
    /// `NAK t`.
    Nak,
    /// `OUT`.
    Out,
    /// `OUT OTH`.
    OutOth,
    /// `QNG`.
    Qng,
    /// A reply of success to CVR, URL, SND or FND: the verb, the TrID and what else there is.
    Extra(&'static str),
    /// `code t`.
    Error(u16),
    /// An error of the table with the request's TrID, whatever its code.
    AnyError,
    /// An error with the request's TrID, a close, or both.
    Refused,
    /// Not a line: the server closes the connection.
    Closed,
}

impl Line {
    /// The words of the line; `None` for [`Line::AnyError`], [`Line::Refused`] and
    /// [`Line::Closed`], which are no lines.
    #[must_use]
    pub fn words(self) -> Option<Words> {
        use Word::{Any, Capture as Cap, Handle, Number, Rest, Text, TrId};
        Some(match self {
            Self::Ver => smallvec![Text("VER"), TrId, Text("MSNP2"), Rest],
            Self::VerCvr0 => smallvec![Text("VER"), TrId, Text("CVR0"), Rest],
            Self::VerNone => smallvec![Text("VER"), TrId, Text("0"), Rest],
            // Which packages there must be is for the oracle: the order is free.
            Self::Inf => smallvec![Text("INF"), TrId, Any, Rest],
            Self::Challenge(conn) => {
                let challenge = Cap(Capture::Challenge(conn));
                smallvec![Text("USR"), TrId, Text("MD5"), Text("S"), challenge]
            }
            Self::ReferNs(conn) => {
                let address = Cap(Capture::Notification(conn));
                smallvec![Text("XFR"), TrId, Text("NS"), address, Rest]
            }
            Self::UsrOk(user, name) => {
                smallvec![Text("USR"), TrId, Text("OK"), Handle(user), name.of(user)]
            }
            Self::Profile => {
                smallvec![Text("MSG"), Text("Hotmail"), Text("Hotmail"), Any]
            }
            Self::Chg(state) => smallvec![Text("CHG"), TrId, Text(state.as_str())],
            Self::Ack => smallvec![Text("ACK"), TrId],
            Self::Nak => smallvec![Text("NAK"), TrId],
            Self::Out => smallvec![Text("OUT")],
            Self::OutOth => smallvec![Text("OUT"), Text("OTH")],
            Self::Qng => smallvec![Text("QNG"), Rest],
            Self::Extra(verb) => extra_words(verb),
            Self::Error(code) => smallvec![Text(ErrorCode::find(code)?.digits), TrId, Rest],
            Self::AnyError | Self::Refused | Self::Closed => return None,
            Self::Iln(user, state, name) => {
                let code = Text(state.as_str());
                smallvec![Text("ILN"), TrId, code, Handle(user), name.of(user)]
            }
            Self::Nln(user, state, name) => {
                smallvec![
                    Text("NLN"),
                    Text(state.as_str()),
                    Handle(user),
                    name.of(user)
                ]
            }
            Self::Fln(user) => smallvec![Text("FLN"), Handle(user)],
            Self::ReferSb(ticket) => {
                let (board, cookie) = (Capture::Board(ticket), Capture::Cookie(ticket));
                smallvec![
                    Text("XFR"),
                    TrId,
                    Text("SB"),
                    Cap(board),
                    Text("CKI"),
                    Cap(cookie)
                ]
            }
            Self::Rng(session, ticket, user, name) => smallvec![
                Text("RNG"),
                Cap(Capture::Session(session)),
                Cap(Capture::Board(ticket)),
                Text("CKI"),
                Cap(Capture::Cookie(ticket)),
                Handle(user),
                name.of(user)
            ],
            Self::Ringing(session) => {
                let session = Cap(Capture::Session(session));
                smallvec![Text("CAL"), TrId, Text("RINGING"), session]
            }
            Self::Iro(item, total, who) => {
                let (handle, name) = who.map_or((Any, Any), |(u, n)| (Handle(u), n.of(u)));
                smallvec![Text("IRO"), TrId, Number(item), Number(total), handle, name]
            }
            Self::AnsOk => smallvec![Text("ANS"), TrId, Text("OK")],
            Self::Joi(user, name) => smallvec![Text("JOI"), Handle(user), name.of(user)],
            Self::Bye(user) => smallvec![Text("BYE"), Handle(user), Rest],
            Self::Msg(user, name) => {
                smallvec![Text("MSG"), Handle(user), name.of(user), Word::Length]
            }
            _ => self.list_words(),
        })
    }

    fn list_words(self) -> Words {
        use Word::{Any, Capture as Cap, Handle, Number, Text, TrId};
        let of = |list: List| Text(list.as_str());
        match self {
            Self::Set(setting, serial, value) => {
                let (verb, value) = (setting.verb().as_str(), setting.as_str(value));
                smallvec![Text(verb), TrId, Cap(serial), Text(value)]
            }
            Self::Entry {
                list,
                serial,
                item,
                total,
                whom,
            } => smallvec![
                Text("LST"),
                TrId,
                of(list),
                Cap(serial),
                Number(item),
                Number(total),
                whom.map_or(Any, Handle),
                Any
            ],
            Self::Empty(list, serial) => {
                let zero = Number(0);
                smallvec![Text("LST"), TrId, of(list), Cap(serial), zero, zero]
            }
            Self::Added(list, serial, whom) => {
                let handle = Handle(whom);
                smallvec![Text("ADD"), TrId, of(list), Cap(serial), handle, handle]
            }
            Self::Removed(list, serial, whom) => {
                smallvec![Text("REM"), TrId, of(list), Cap(serial), Handle(whom)]
            }
            Self::AddedZero(serial, who) => {
                let (add, rl) = (Text("ADD"), Text("RL"));
                smallvec![add, Number(0), rl, Cap(serial), Handle(who), Any]
            }
            Self::RemovedZero(serial, who) => {
                smallvec![Text("REM"), Number(0), Text("RL"), Cap(serial), Handle(who)]
            }
            Self::Renamed(serial, user, name) => {
                smallvec![Text("REA"), TrId, Cap(serial), Handle(user), name.of(user)]
            }
            Self::Syn(serial) => smallvec![Text("SYN"), TrId, Cap(serial)],
            _ => Words::new(),
        }
    }
}

/// The reply to a command that the draft leaves out.
fn extra_words(verb: &'static str) -> Words {
    use Word::{Any, Rest, Text, TrId};
    match verb {
        "SND" => smallvec![Text(verb), TrId, Text("OK")],
        "CVR" => smallvec![Text(verb), TrId, Any, Any, Any, Any, Rest],
        "URL" | "FND" => smallvec![Text(verb), TrId, Any, Any, Rest],
        _ => smallvec![Text(verb), TrId, Rest],
    }
}

impl NameId {
    /// The word for this name of a user.
    fn of(self, user: UserId) -> Word {
        if self == Self::ANY {
            Word::Any
        } else {
            Word::Name(user, self)
        }
    }
}
