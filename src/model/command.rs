//! What a client does: the commands, with symbolic parameters.

use smallvec::smallvec;

use super::rows::{self, scheme, verb};
use super::value::{ConnId, GroupId, LabelId, NameId, Phone, SessionId, TicketId, UserId};
use super::word::{Capture, Version, Word, Words};
use crate::protocol::{Dialect, List, NO_DIALECT, PACKAGE, Property, Setting, State, Verb};

/// Who is meant by a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whom {
    /// A user of the case.
    User(UserId),
    /// A well-formed handle of no account.
    Nobody,
    /// A handle without a domain.
    Malformed,
}

/// A list as a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListWord {
    /// One of the four.
    List(List),
    /// Another word.
    Bad,
}

/// A group as a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupWord {
    /// One that this user has made, or that of who is in no other.
    Own(UserId, GroupId),
    /// A number that no group of the user has.
    Nobodys,
}

impl GroupWord {
    /// The group, where it is one of the user's.
    #[must_use]
    pub fn group(self) -> Option<GroupId> {
        match self {
            Self::Own(_, group) => Some(group),
            Self::Nobodys => None,
        }
    }

    pub(super) fn word(self) -> Word {
        match self {
            Self::Own(_, GroupId::OTHERS) => Word::Text("0"),
            Self::Own(user, group) => Word::Capture(Capture::Group(user, group)),
            Self::Nobodys => Word::Text("29"),
        }
    }
}

/// A cookie as a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// One that the server handed out, used or not.
    Ticket(TicketId),
    /// One that it did not.
    Invented,
}

/// The dialects that VER offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offer {
    /// The dialect that is tested, and the word behind it that stands for none.
    Own,
    /// That word alone.
    Package,
    /// None that anybody knows.
    Unknown,
}

/// The mode of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// U: no acknowledgement.
    U,
    /// N: negative acknowledgement only.
    N,
    /// A: both.
    A,
}

impl Mode {
    /// The mode that a word names.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        let mut modes = [Self::U, Self::N, Self::A].into_iter();
        modes.find(|mode| mode.as_str().as_bytes() == word)
    }

    /// The letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::U => "U",
            Self::N => "N",
            Self::A => "A",
        }
    }
}

/// What a client can do on an open connection.
///
/// Everything is an in-table command with the right number of parameters, except for the last
/// few, which stand for whole classes of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// VER.
    Ver(Offer),
    /// INF.
    Inf,
    /// USR MD5 I.
    UsrI(Whom),
    /// USR of another security package.
    UsrPackage(Whom),
    /// USR MD5 S, with the right response to the connection's latest challenge, or a wrong one.
    UsrS {
        /// Whether it is right.
        right: bool,
    },
    /// SYN.
    Syn(Version),
    /// LST.
    Lst(ListWord),
    /// GTC or BLP, to the first value (`Some(true)`), the second, or another word.
    Set(Setting, Option<bool>),
    /// CHG; `None` is a code that is no state.
    Chg(Option<State>),
    /// ADD, with the handle for the name.
    Add(ListWord, Whom),
    /// REM.
    Rem(ListWord, Whom),
    /// REA of the own handle to a name that the case has not used before.
    Rea(NameId),
    /// XFR SB.
    XfrSb,
    /// XFR of another type.
    XfrBad,
    /// CVR.
    Cvr,
    /// URL of a known service.
    Url,
    /// SND to an address.
    Snd,
    /// FND.
    Fnd,
    /// PNG.
    Png,
    /// IMS: calls on or off, or another word.
    Ims(Option<bool>),
    /// PRP; a property that nobody knows.
    Prp(Option<Property>, Phone),
    /// LSG.
    Lsg,
    /// ADG, with a name that the user has not used before.
    Adg(LabelId),
    /// REG, with a name that the user has not used before.
    Reg(GroupWord, LabelId),
    /// RMG.
    Rmg(GroupWord),
    /// ADD to the FL into a group.
    Enter(Whom, GroupWord),
    /// REM from a group of the FL.
    Exit(Whom, GroupWord),
    /// QRY, the answer to a challenge.
    Qry {
        /// Whether it is right.
        right: bool,
    },
    /// USR on a switchboard.
    UsrSb(UserId, Key),
    /// ANS.
    Ans {
        /// Who answers.
        user: UserId,
        /// The cookie of the RNG.
        key: Key,
        /// The session; `None` is a number of no session.
        session: Option<SessionId>,
    },
    /// CAL.
    Cal(Whom),
    /// MSG on a switchboard, well-formed and of at most 1664 bytes.
    Msg(Mode),
    /// MSG on a switchboard, over-long or in no mode.
    MsgBad,
    /// OUT.
    Out,
    /// A verb that nobody knows.
    Unknown,
    /// A command of another kind of server, or that only servers send.
    Foreign,
    /// A command of the table with too few or too many parameters.
    Arity,
    /// Any bytes at all: nothing is claimed from here on.
    Hostile,
}

impl Command {
    /// The line that says it in a dialect, TrID included; a payload is the caller's to add
    /// (`Word::Length` stands for its length). `None` for the classes [`Command::Foreign`],
    /// [`Command::Arity`], [`Command::MsgBad`] and [`Command::Hostile`], of which the caller chooses
    /// a member.
    #[must_use]
    pub fn words(self, conn: ConnId, dialect: &'static Dialect) -> Option<Words> {
        use Word::{Text, TrId};
        let line: Words = match self {
            Self::Ver(offer) => {
                let (first, second) = match offer {
                    Offer::Own => (dialect.name, Some(PACKAGE)),
                    Offer::Package => (PACKAGE, None),
                    Offer::Unknown => (NO_DIALECT, Some("FOO")),
                };
                let mut line = smallvec![verb(Verb::Ver), TrId, Text(first)];
                line.extend(second.map(Text));
                line
            }
            Self::Inf => smallvec![verb(Verb::Inf), TrId],
            Self::UsrI(whom) => authentication(scheme(dialect), "I", whom.word()),
            Self::UsrPackage(whom) => authentication("SHA", "I", whom.word()),
            Self::UsrS { right } => {
                let response = Word::Response { conn, right };
                authentication(scheme(dialect), "S", response)
            }
            Self::Syn(version) => smallvec![verb(Verb::Syn), TrId, Word::Version(version)],
            Self::Lst(list) => smallvec![verb(Verb::Lst), TrId, list.word()],
            Self::Set(setting, value) => {
                let value = value.map_or("X", |value| setting.as_str(value));
                smallvec![verb(setting.verb()), TrId, Text(value)]
            }
            Self::Chg(state) => {
                let code = state.map_or("XXX", State::as_str);
                smallvec![verb(Verb::Chg), TrId, Text(code)]
            }
            Self::Add(list, whom) => {
                let (list, whom) = (list.word(), whom.word());
                smallvec![verb(Verb::Add), TrId, list, whom, whom]
            }
            Self::Rem(list, whom) => smallvec![verb(Verb::Rem), TrId, list.word(), whom.word()],
            Self::Rea(name) => smallvec![verb(Verb::Rea), TrId, Word::Own, Word::NewName(name)],
            Self::XfrSb => smallvec![verb(Verb::Xfr), TrId, Text("SB")],
            Self::XfrBad => smallvec![verb(Verb::Xfr), TrId, Text("XX")],
            Self::Png => smallvec![verb(Verb::Png)],
            Self::Out => smallvec![verb(Verb::Out)],
            Self::Unknown => smallvec![Text("XYZ"), TrId],
            Self::Cvr => rows::request(dialect, Verb::Cvr, &SYSTEM),
            Self::Url => rows::request(dialect, Verb::Url, &[Text("INBOX")]),
            Self::Snd => rows::request(dialect, Verb::Snd, &INVITED),
            Self::Fnd => rows::request(dialect, Verb::Fnd, &SOUGHT),
            Self::UsrSb(user, key) => {
                smallvec![verb(Verb::Usr), TrId, Word::Handle(user), key.word()]
            }
            Self::Ans { user, key, session } => {
                let session = session.map_or(Text("4294967295"), |session| {
                    Word::Capture(Capture::Session(session))
                });
                let handle = Word::Handle(user);
                smallvec![verb(Verb::Ans), TrId, handle, key.word(), session]
            }
            Self::Cal(whom) => smallvec![verb(Verb::Cal), TrId, whom.word()],
            Self::Msg(mode) => {
                smallvec![verb(Verb::Msg), TrId, Text(mode.as_str()), Word::Length]
            }
            Self::MsgBad | Self::Foreign | Self::Arity | Self::Hostile | Self::Qry { .. } => {
                return None;
            }
            _ => self.later_words(),
        };
        Some(line)
    }

    /// What later dialects have brought.
    fn later_words(self) -> Words {
        use Word::{Label, Text, TrId};
        match self {
            Self::Ims(value) => {
                let word = value.map_or("X", switch);
                smallvec![verb(Verb::Ims), TrId, Text(word)]
            }
            Self::Prp(key, value) => {
                let key = Text(key.map_or("PHX", Property::as_str));
                let mut line: Words = smallvec![verb(Verb::Prp), TrId, key];
                line.extend(value.text().map(Text));
                line
            }
            Self::Lsg => smallvec![verb(Verb::Lsg), TrId],
            Self::Adg(name) => smallvec![verb(Verb::Adg), TrId, Label(name), Text("0")],
            Self::Reg(group, name) => {
                smallvec![verb(Verb::Reg), TrId, group.word(), Label(name), Text("0")]
            }
            Self::Rmg(group) => smallvec![verb(Verb::Rmg), TrId, group.word()],
            Self::Enter(whom, group) => {
                let list = Text(List::Forward.as_str());
                let whom = whom.word();
                smallvec![verb(Verb::Add), TrId, list, whom, whom, group.word()]
            }
            Self::Exit(whom, group) => {
                let list = Text(List::Forward.as_str());
                smallvec![verb(Verb::Rem), TrId, list, whom.word(), group.word()]
            }
            _ => Words::new(),
        }
    }
}

/// The word of IMS.
pub(super) fn switch(is_on: bool) -> &'static str {
    if is_on { "ON" } else { "OFF" }
}

fn authentication(scheme: &'static str, step: &'static str, value: Word) -> Words {
    let scheme = Word::Text(scheme);
    smallvec![verb(Verb::Usr), Word::TrId, scheme, Word::Text(step), value]
}

/// What a client says of its system.
const SYSTEM: [Word; 7] = [
    Word::Text("0x0409"),
    Word::Text("win"),
    Word::Text("4.10"),
    Word::Text("i386"),
    Word::Text("MSMSGS"),
    Word::Text("1.0.0863"),
    Word::Text("MSMSGS"),
];
/// Who is invited by mail, and what the letter is made from.
const INVITED: [Word; 4] = [
    Word::Nobody,
    Word::Text("0x0409"),
    Word::Text("MSMSGS"),
    Word::Text("MSMSGS"),
];
/// Whom a search is for.
const SOUGHT: [Word; 5] = [
    Word::Text("fname=Zzyzx"),
    Word::Text("lname=Qwertz"),
    Word::Text("city=*"),
    Word::Text("state=*"),
    Word::Text("country=US"),
];

impl Whom {
    /// The handle.
    #[must_use]
    pub fn word(self) -> Word {
        match self {
            Self::User(user) => Word::Handle(user),
            Self::Nobody => Word::Nobody,
            Self::Malformed => Word::Text("nodomain"),
        }
    }

    /// The user, where it is one of the case.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Nobody | Self::Malformed => None,
        }
    }
}

impl ListWord {
    fn word(self) -> Word {
        match self {
            Self::List(list) => Word::Text(list.as_str()),
            Self::Bad => Word::Text("XL"),
        }
    }
}

impl Key {
    fn word(self) -> Word {
        match self {
            Self::Ticket(ticket) => Word::Capture(Capture::Cookie(ticket)),
            Self::Invented => Word::Text("17262740.1050826919.32308"),
        }
    }
}
