//! What a client does: the commands, with symbolic parameters.

use smallvec::smallvec;

use super::value::{ConnId, NameId, SessionId, TicketId, UserId};
use super::word::{Capture, Version, Word, Words};
use crate::protocol::{List, Setting, State};

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
    /// `MSNP2 CVR0`.
    Msnp2,
    /// `CVR0` alone.
    Cvr0,
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
    /// The line that says it, TrID included; a payload is the caller's to add (`Word::Length`
    /// stands for its length). `None` for the classes [`Command::Foreign`], [`Command::Arity`],
    /// [`Command::MsgBad`] and [`Command::Hostile`], of which the caller chooses a member.
    #[must_use]
    pub fn words(self, conn: ConnId) -> Option<Words> {
        use Word::{Text, TrId};
        let line: Words = match self {
            Self::Ver(offer) => match offer {
                Offer::Msnp2 => smallvec![Text("VER"), TrId, Text("MSNP2"), Text("CVR0")],
                Offer::Cvr0 => smallvec![Text("VER"), TrId, Text("CVR0")],
                Offer::Unknown => smallvec![Text("VER"), TrId, Text("MSNP97"), Text("FOO")],
            },
            Self::Inf => smallvec![Text("INF"), TrId],
            Self::UsrI(whom) => {
                smallvec![Text("USR"), TrId, Text("MD5"), Text("I"), whom.word()]
            }
            Self::UsrPackage(whom) => {
                smallvec![Text("USR"), TrId, Text("SHA"), Text("I"), whom.word()]
            }
            Self::UsrS { right } => {
                let response = Word::Response { conn, right };
                smallvec![Text("USR"), TrId, Text("MD5"), Text("S"), response]
            }
            Self::Syn(version) => smallvec![Text("SYN"), TrId, Word::Version(version)],
            Self::Lst(list) => smallvec![Text("LST"), TrId, list.word()],
            Self::Set(setting, value) => {
                let value = value.map_or("X", |value| setting.as_str(value));
                smallvec![Text(setting.verb().as_str()), TrId, Text(value)]
            }
            Self::Chg(state) => {
                let code = state.map_or("XXX", State::as_str);
                smallvec![Text("CHG"), TrId, Text(code)]
            }
            Self::Add(list, whom) => {
                smallvec![Text("ADD"), TrId, list.word(), whom.word(), whom.word()]
            }
            Self::Rem(list, whom) => smallvec![Text("REM"), TrId, list.word(), whom.word()],
            Self::Rea(name) => smallvec![Text("REA"), TrId, Word::Own, Word::NewName(name)],
            Self::XfrSb => smallvec![Text("XFR"), TrId, Text("SB")],
            Self::XfrBad => smallvec![Text("XFR"), TrId, Text("XX")],
            Self::Png => smallvec![Text("PNG")],
            Self::Out => smallvec![Text("OUT")],
            Self::Unknown => smallvec![Text("XYZ"), TrId],
            Self::Snd => smallvec![Text("SND"), TrId, Word::Nobody],
            Self::Cvr | Self::Url | Self::Fnd => self.extra(),
            Self::UsrSb(user, key) => {
                smallvec![Text("USR"), TrId, Word::Handle(user), key.word()]
            }
            Self::Ans { user, key, session } => {
                let session = session.map_or(Text("4294967295"), |session| {
                    Word::Capture(Capture::Session(session))
                });
                let handle = Word::Handle(user);
                smallvec![Text("ANS"), TrId, handle, key.word(), session]
            }
            Self::Cal(whom) => smallvec![Text("CAL"), TrId, whom.word()],
            Self::Msg(mode) => {
                smallvec![Text("MSG"), TrId, Text(mode.as_str()), Word::Length]
            }
            Self::MsgBad | Self::Foreign | Self::Arity | Self::Hostile => return None,
        };
        Some(line)
    }

    fn extra(self) -> Words {
        let texts: &[&'static str] = match self {
            Self::Cvr => &["CVR", "0x0409", "win", "4.10", "i386", "MSMSGS", "1.0.0863"],
            Self::Url => &["URL", "INBOX"],
            _ => &[
                "FND",
                "fname=Zzyzx",
                "lname=Qwertz",
                "city=*",
                "state=*",
                "country=US",
            ],
        };
        let mut line: Words = texts.iter().copied().map(Word::Text).collect();
        line.insert(1, Word::TrId);
        line
    }
}

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
