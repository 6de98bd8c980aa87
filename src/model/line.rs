//! What a server sends, with symbolic values.

use smallvec::smallvec;

use super::command::{GroupWord, switch};
use super::rows::{self, scheme, verb};
use super::value::{
    ConnId, GroupId, GroupSet, LabelId, NameId, Phone, SessionId, TicketId, UserId,
};
use super::word::{Capture, Word, Words};
use crate::protocol::{Dialect, ErrorCode, List, PACKAGE, Property, Setting, State, Verb};

/// Groups of a user, where they are known.
type Groups = Option<(UserId, GroupSet)>;

/// A line of a server, or the end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// `VER t dialect …`.
    Ver,
    /// `VER t CVR0 …`.
    VerPackage,
    /// `VER t 0 …`.
    VerNone,
    /// `INF t …`, with the login scheme among the packages.
    Inf,
    /// `USR t MD5 S challenge`.
    Challenge(ConnId),
    /// `XFR t NS address`.
    ReferNs(ConnId),
    /// `USR t OK handle name` on a notification server; later dialects may say more.
    UsrOk(UserId, NameId),
    /// `USR t OK handle name` on a switchboard.
    Entered(UserId, NameId),
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
        /// In which groups, where that is known and said.
        groups: Groups,
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
    /// `IMS t 0 value`.
    Ims(bool),
    /// `PRP t ser key [value]`; the value is given where it is known.
    Own(Capture, Property, Option<Phone>),
    /// The same in a batch, where servers may leave it out.
    OwnInBatch(Capture, Property, Option<Phone>),
    /// `BPR ser handle key [value]`.
    Contacts(UserId, Property, Option<Phone>),
    /// `LSG t ser item total id name 0`: of which only the numbers are known.
    Group(Capture, u8, u8),
    /// `ADG t ser name id 0`.
    GroupMade(Capture, LabelId, UserId, GroupId),
    /// `REG t ser id name 0`.
    GroupRenamed(Capture, GroupWord, LabelId),
    /// `RMG t ser id`.
    GroupRemoved(Capture, GroupWord),
    /// `ADD t FL ser handle name id`.
    AddedInto(Capture, UserId, GroupWord),
    /// `REM t FL ser handle id`.
    RemovedFrom(Capture, UserId, GroupWord),
    /// `CHL 0 word`.
    Chl,
    /// `QRY t`.
    Qry,
    /// A reply of success to CVR, URL, SND or FND, or to a second VER, as its row has it.
    Extra(Verb),
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
    /// The words of the line in a dialect; `None` for [`Line::AnyError`], [`Line::Refused`] and
    /// [`Line::Closed`], which are no lines.
    #[must_use]
    pub fn words(self, dialect: &'static Dialect) -> Option<Words> {
        use Word::{Any, Capture as Cap, Handle, Rest, Text, TrId};
        Some(match self {
            Self::Ver => smallvec![verb(Verb::Ver), TrId, Text(dialect.name), Rest],
            Self::VerPackage => smallvec![verb(Verb::Ver), TrId, Text(PACKAGE), Rest],
            Self::VerNone => smallvec![verb(Verb::Ver), TrId, Text("0"), Rest],
            // Which packages there must be is for the oracle: the order is free.
            Self::Inf => smallvec![verb(Verb::Inf), TrId, Any, Rest],
            Self::Challenge(conn) => {
                let challenge = Cap(Capture::Challenge(conn));
                smallvec![
                    verb(Verb::Usr),
                    TrId,
                    Text(scheme(dialect)),
                    Text("S"),
                    challenge
                ]
            }
            Self::ReferNs(conn) => {
                let address = Cap(Capture::Notification(conn));
                smallvec![verb(Verb::Xfr), TrId, Text("NS"), address, Rest]
            }
            Self::UsrOk(user, name) => {
                let entered = Self::Entered(user, name).words(dialect)?;
                rows::open_ended(dialect, Verb::Usr, entered)
            }
            Self::Entered(user, name) => {
                smallvec![
                    verb(Verb::Usr),
                    TrId,
                    Text("OK"),
                    Handle(user),
                    name.of(user)
                ]
            }
            Self::Profile => {
                smallvec![verb(Verb::Msg), Text("Hotmail"), Text("Hotmail"), Any]
            }
            Self::Chg(state) => {
                let line = smallvec![verb(Verb::Chg), TrId, Text(state.as_str())];
                rows::open_ended(dialect, Verb::Chg, line)
            }
            Self::Ack => smallvec![verb(Verb::Ack), TrId],
            Self::Nak => smallvec![verb(Verb::Nak), TrId],
            Self::Out => smallvec![verb(Verb::Out)],
            Self::OutOth => smallvec![verb(Verb::Out), Text("OTH")],
            Self::Qng => smallvec![verb(Verb::Qng), Rest],
            Self::Extra(verb) => rows::answer(dialect, verb),
            Self::Error(code) => smallvec![Text(ErrorCode::find(code)?.digits), TrId, Rest],
            Self::AnyError | Self::Refused | Self::Closed => return None,
            Self::Iln(user, state, name) => {
                let code = Text(state.as_str());
                let line = smallvec![verb(Verb::Iln), TrId, code, Handle(user), name.of(user)];
                rows::open_ended(dialect, Verb::Iln, line)
            }
            Self::Nln(user, state, name) => {
                let code = Text(state.as_str());
                let line = smallvec![verb(Verb::Nln), code, Handle(user), name.of(user)];
                rows::open_ended(dialect, Verb::Nln, line)
            }
            Self::Fln(user) => smallvec![verb(Verb::Fln), Handle(user)],
            _ => self.session_words(dialect),
        })
    }

    /// Whether a batch need not have the line.
    #[must_use]
    pub fn is_optional(self) -> bool {
        matches!(self, Self::OwnInBatch(..))
    }

    fn session_words(self, dialect: &'static Dialect) -> Words {
        use Word::{Any, Capture as Cap, Handle, Number, Rest, Text, TrId};
        match self {
            Self::ReferSb(ticket) => {
                let (board, cookie) = (Capture::Board(ticket), Capture::Cookie(ticket));
                smallvec![
                    verb(Verb::Xfr),
                    TrId,
                    Text("SB"),
                    Cap(board),
                    Text("CKI"),
                    Cap(cookie)
                ]
            }
            Self::Rng(session, ticket, user, name) => smallvec![
                verb(Verb::Rng),
                Cap(Capture::Session(session)),
                Cap(Capture::Board(ticket)),
                Text("CKI"),
                Cap(Capture::Cookie(ticket)),
                Handle(user),
                name.of(user)
            ],
            Self::Ringing(session) => {
                let session = Cap(Capture::Session(session));
                smallvec![verb(Verb::Cal), TrId, Text("RINGING"), session]
            }
            Self::Iro(item, total, who) => {
                let (handle, name) = who.map_or((Any, Any), |(u, n)| (Handle(u), n.of(u)));
                smallvec![
                    verb(Verb::Iro),
                    TrId,
                    Number(item),
                    Number(total),
                    handle,
                    name
                ]
            }
            Self::AnsOk => smallvec![verb(Verb::Ans), TrId, Text("OK")],
            Self::Joi(user, name) => smallvec![verb(Verb::Joi), Handle(user), name.of(user)],
            Self::Bye(user) => smallvec![verb(Verb::Bye), Handle(user), Rest],
            Self::Msg(user, name) => {
                smallvec![verb(Verb::Msg), Handle(user), name.of(user), Word::Length]
            }
            _ => self.list_words(dialect),
        }
    }

    fn list_words(self, dialect: &'static Dialect) -> Words {
        use Word::{Any, Capture as Cap, Handle, Number, Text, TrId};
        let of = |list: List| Text(list.as_str());
        match self {
            Self::Set(setting, serial, value) => {
                let value = Text(setting.as_str(value));
                smallvec![verb(setting.verb()), TrId, Cap(serial), value]
            }
            Self::Entry {
                list,
                serial,
                item,
                total,
                whom,
                groups,
            } => {
                let handle = whom.map_or(Any, Handle);
                let line = smallvec![
                    verb(Verb::Lst),
                    TrId,
                    of(list),
                    Cap(serial),
                    Number(item),
                    Number(total),
                    handle,
                    Any
                ];
                match groups {
                    Some((user, groups)) => with(line, Word::Groups(user, groups)),
                    None => rows::open_ended(dialect, Verb::Lst, line),
                }
            }
            Self::Empty(list, serial) => {
                let zero = Number(0);
                smallvec![verb(Verb::Lst), TrId, of(list), Cap(serial), zero, zero]
            }
            // A group may be named that was not asked for.
            Self::Added(list, serial, whom) => {
                let handle = Handle(whom);
                let line = smallvec![verb(Verb::Add), TrId, of(list), Cap(serial), handle, handle];
                rows::open_ended(dialect, Verb::Add, line)
            }
            Self::Removed(list, serial, whom) => {
                smallvec![verb(Verb::Rem), TrId, of(list), Cap(serial), Handle(whom)]
            }
            Self::AddedZero(serial, who) => {
                let (add, rl) = (verb(Verb::Add), Text(List::Reverse.as_str()));
                smallvec![add, Number(0), rl, Cap(serial), Handle(who), Any]
            }
            Self::RemovedZero(serial, who) => {
                smallvec![
                    verb(Verb::Rem),
                    Number(0),
                    Text("RL"),
                    Cap(serial),
                    Handle(who)
                ]
            }
            Self::Renamed(serial, user, name) => {
                smallvec![
                    verb(Verb::Rea),
                    TrId,
                    Cap(serial),
                    Handle(user),
                    name.of(user)
                ]
            }
            Self::Syn(serial) => smallvec![verb(Verb::Syn), TrId, Cap(serial)],
            _ => self.later_words(),
        }
    }

    /// What later dialects have brought.
    fn later_words(self) -> Words {
        use Word::{Any, Capture as Cap, Handle, Label, Number, Rest, Text, TrId};
        let forward = || Text(List::Forward.as_str());
        match self {
            Self::Ims(value) => smallvec![verb(Verb::Ims), TrId, Number(0), Text(switch(value))],
            Self::Own(serial, key, value) | Self::OwnInBatch(serial, key, value) => {
                let line = smallvec![verb(Verb::Prp), TrId, Cap(serial), Text(key.as_str())];
                with_value(line, value)
            }
            Self::Contacts(user, key, value) => {
                let line = smallvec![verb(Verb::Bpr), Any, Handle(user), Text(key.as_str())];
                with_value(line, value)
            }
            Self::Group(serial, item, total) => {
                let (item, total) = (Number(item), Number(total));
                smallvec![
                    verb(Verb::Lsg),
                    TrId,
                    Cap(serial),
                    item,
                    total,
                    Any,
                    Any,
                    Rest
                ]
            }
            Self::GroupMade(serial, name, user, group) => {
                let group = Cap(Capture::Group(user, group));
                smallvec![verb(Verb::Adg), TrId, Cap(serial), Label(name), group, Rest]
            }
            Self::GroupRenamed(serial, group, name) => {
                let group = group.word();
                smallvec![verb(Verb::Reg), TrId, Cap(serial), group, Label(name), Rest]
            }
            Self::GroupRemoved(serial, group) => {
                smallvec![verb(Verb::Rmg), TrId, Cap(serial), group.word()]
            }
            Self::AddedInto(serial, whom, group) => {
                let (handle, group) = (Handle(whom), group.word());
                smallvec![
                    verb(Verb::Add),
                    TrId,
                    forward(),
                    Cap(serial),
                    handle,
                    handle,
                    group
                ]
            }
            Self::RemovedFrom(serial, whom, group) => {
                let (handle, group) = (Handle(whom), group.word());
                smallvec![verb(Verb::Rem), TrId, forward(), Cap(serial), handle, group]
            }
            Self::Chl => smallvec![verb(Verb::Chl), Number(0), Any],
            Self::Qry => smallvec![verb(Verb::Qry), TrId],
            _ => Words::new(),
        }
    }
}

fn with(mut line: Words, word: Word) -> Words {
    line.push(word);
    line
}

/// The line with the value of a property behind it, where it has one.
fn with_value(mut line: Words, value: Option<Phone>) -> Words {
    match value {
        None => line.push(Word::Rest),
        Some(value) => line.extend(value.text().map(Word::Encoded)),
    }
    line
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
