//! The transitions that the model knows: for each phase of a connection and each command, the kinds
//! of reply.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use super::command::{Command, GroupWord, Key, ListWord, Mode, Offer, Whom};
use super::prediction::{After, Reply};
use super::value::{ConnId, GroupId, NameId, TicketId, UserId};
use super::word::Version;
use super::{Line, Model, Target};
use crate::protocol::{ClauseId, DIALECTS, Dialect, List, ServerKind, Setting, State, Verb};
use crate::rules::Truth;

macro_rules! phases {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// How far a connection has come (facts of the draft's sections 4, 7 and 8).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Phase { $($(#[$doc])* $name,)* }

        impl Phase {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// A short name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

phases! {
    /// Dispatch server, nothing said.
    DsFresh "ds-fresh";
    /// Dispatch server, after VER.
    DsVersioned "ds-versioned";
    /// Dispatch server, after INF.
    DsInformed "ds-informed";
    /// Notification server, nothing said.
    NsFresh "ns-fresh";
    /// After VER.
    NsVersioned "ns-versioned";
    /// After INF.
    NsInformed "ns-informed";
    /// With a challenge.
    NsChallenged "ns-challenged";
    /// Logged in, before the first CHG.
    NsLoggedIn "ns-logged-in";
    /// In an online state.
    NsOnline "ns-online";
    /// In state HDN.
    NsHidden "ns-hidden";
    /// In state FLN.
    NsOffline "ns-offline";
    /// Logged in, in a state that is not known.
    NsUnsure "ns-unsure";
    /// Switchboard, before USR or ANS.
    SbLobby "sb-lobby";
    /// Alone in a session.
    SbAlone "sb-alone";
    /// In a session with others.
    SbCompany "sb-company";
    /// In a session, with whom is not known.
    SbUnsure "sb-unsure";
    /// Too little is known to predict anything.
    Unclear "unclear";
    /// Closed.
    Closed "closed";
}

/// A kind of reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplyKind {
    /// A reply of success.
    Ok,
    /// This error; 0 stands for any.
    Error(u16),
    /// The end of the connection, without an error line.
    Close,
    /// Nothing.
    Silence,
}

impl fmt::Display for ReplyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Error(0) => f.write_str("error"),
            Self::Error(code) => write!(f, "{code:03}"),
            Self::Close => f.write_str("close"),
            Self::Silence => f.write_str("silence"),
        }
    }
}

/// A command in a phase and the kind of its reply: what a campaign covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transition {
    /// The phase of the connection when the command was sent.
    pub phase: Phase,
    /// The command's name: that of [`Command::name`].
    pub command: &'static str,
    /// The reply.
    pub reply: ReplyKind,
}

/// A command in a phase, whatever comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The phase of the connection when the command is sent.
    pub phase: Phase,
    /// The command's name.
    pub command: &'static str,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.phase.as_str(), self.command)
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = self.phase.as_str();
        write!(f, "{phase} {} {}", self.command, self.reply)
    }
}

impl Transition {
    /// The same as the table of a dialect has it: an error that it does not name there, and knows
    /// that some error may come, counts as "any error".
    #[must_use]
    pub fn normal(self, dialect: &'static Dialect) -> Self {
        let any = Self {
            reply: ReplyKind::Error(0),
            ..self
        };
        match self.reply {
            ReplyKind::Error(_) if !self.is_listed(dialect) && any.is_listed(dialect) => any,
            _ => self,
        }
    }

    /// The state and the command of it.
    #[must_use]
    pub fn cell(self) -> Cell {
        Cell {
            phase: self.phase,
            command: self.command,
        }
    }

    /// Whether the model knows it in a dialect.
    #[must_use]
    pub fn is_known(self, dialect: &'static Dialect) -> bool {
        self.normal(dialect).is_listed(dialect)
    }

    fn is_listed(self, dialect: &'static Dialect) -> bool {
        knows(dialect).contains_key(&self)
    }

    /// A number of its own, the same on every machine and in every run.
    #[must_use]
    pub fn key(self) -> u64 {
        let reply = match self.reply {
            ReplyKind::Ok => 1000,
            ReplyKind::Close => 1001,
            ReplyKind::Silence => 1002,
            ReplyKind::Error(code) => u64::from(code),
        };
        let command = self.command.bytes();
        let command = command.fold(0u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        (self.phase as u64) << 56 | reply << 40 | (command & 0xff_ffff_ffff)
    }
}

impl Command {
    /// The name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ver(_) => Verb::Ver.as_str(),
            Self::Inf => Verb::Inf.as_str(),
            Self::UsrI(_) | Self::UsrPackage(_) => "USR-I",
            Self::UsrS { .. } => "USR-S",
            Self::Syn(_) => Verb::Syn.as_str(),
            Self::Lst(_) => Verb::Lst.as_str(),
            Self::Set(setting, _) => setting.verb().as_str(),
            Self::Chg(_) => Verb::Chg.as_str(),
            Self::Add(..) => Verb::Add.as_str(),
            Self::Rem(..) => Verb::Rem.as_str(),
            Self::Rea(_) => Verb::Rea.as_str(),
            Self::XfrSb | Self::XfrBad => Verb::Xfr.as_str(),
            Self::Cvr => Verb::Cvr.as_str(),
            Self::Url => Verb::Url.as_str(),
            Self::Snd => Verb::Snd.as_str(),
            Self::Fnd => Verb::Fnd.as_str(),
            Self::Png => Verb::Png.as_str(),
            Self::Ims(_) => Verb::Ims.as_str(),
            Self::Prp(..) => Verb::Prp.as_str(),
            Self::Lsg => Verb::Lsg.as_str(),
            Self::Adg(_) => Verb::Adg.as_str(),
            Self::Reg(..) => Verb::Reg.as_str(),
            Self::Rmg(_) => Verb::Rmg.as_str(),
            Self::Enter(..) => "ADD-G",
            Self::Exit(..) => "REM-G",
            Self::Qry { .. } => Verb::Qry.as_str(),
            Self::UsrSb(..) => Verb::Usr.as_str(),
            Self::Ans { .. } => Verb::Ans.as_str(),
            Self::Cal(_) => Verb::Cal.as_str(),
            Self::Msg(Mode::U) => "MSG-U",
            Self::Msg(Mode::N) => "MSG-N",
            Self::Msg(Mode::A) => "MSG-A",
            Self::MsgBad => Verb::Msg.as_str(),
            Self::Out => Verb::Out.as_str(),
            Self::Unknown | Self::Foreign | Self::Arity => "other",
            Self::Hostile => "bytes",
        }
    }
}

/// The transitions of a dialect.
type Table = BTreeMap<Transition, ClauseId>;

/// All transitions that the model knows in a dialect, each with the clause that allows it (of
/// several, the first in the order of the catalogue). The denominator of a campaign's coverage.
pub fn knows(dialect: &'static Dialect) -> &'static Table {
    static TABLES: [OnceLock<Table>; DIALECTS.len()] = [const { OnceLock::new() }; DIALECTS.len()];
    let place = DIALECTS.iter().position(|known| *known == dialect);
    let [first, ..] = &TABLES;
    let table = place.and_then(|place| TABLES.get(place)).unwrap_or(first);
    table.get_or_init(|| {
        let mut table = BTreeMap::new();
        for world in 0..WORLDS {
            for (model, conn) in scenes(dialect, world) {
                enter(&model, conn, &mut table);
            }
        }
        table
    })
}

/// Records what a model says of every command on a connection.
fn enter(model: &Model, conn: ConnId, table: &mut BTreeMap<Transition, ClauseId>) {
    let mut commands = Vec::with_capacity(128);
    model.candidates(conn, &mut commands);
    commands.extend(STRAY);
    for command in commands {
        for reply in model.replies(conn, command) {
            for kind in reply.kinds() {
                let transition = Transition {
                    phase: model.phase(conn),
                    command: command.name(),
                    reply: kind,
                };
                let clause = table.entry(transition).or_insert(reply.clause);
                *clause = reply.clause.min(*clause);
            }
        }
    }
}

/// Commands that are sent on the wrong kind of server.
pub const STRAY: [Command; 12] = [
    Command::Ver(Offer::Own),
    Command::Inf,
    Command::Syn(Version::Zero),
    Command::Lst(ListWord::List(List::Forward)),
    Command::Set(Setting::Prompt, Some(false)),
    Command::Set(Setting::Privacy, Some(false)),
    Command::Add(ListWord::List(List::Forward), Whom::Nobody),
    Command::Rem(ListWord::List(List::Forward), Whom::Nobody),
    Command::Rea(NameId(1)),
    Command::Cvr,
    Command::Cal(Whom::Nobody),
    Command::Msg(Mode::U),
];

impl Reply {
    /// The kinds of what it stands for.
    pub fn kinds(&self) -> impl Iterator<Item = ReplyKind> + use<> {
        let (mut kinds, mut count) = ([ReplyKind::Ok; 4], 0);
        let mut push = |kind| {
            if let Some(place) = kinds.get_mut(count) {
                *place = kind;
                count += 1;
            }
        };
        if self.anything {
            [
                ReplyKind::Ok,
                ReplyKind::Error(0),
                ReplyKind::Close,
                ReplyKind::Silence,
            ]
            .into_iter()
            .for_each(push);
        } else {
            match self.lines.first() {
                Some(Line::Error(code)) => push(ReplyKind::Error(*code)),
                Some(Line::AnyError) => push(ReplyKind::Error(0)),
                Some(Line::Refused) => {
                    push(ReplyKind::Error(0));
                    push(ReplyKind::Close);
                }
                Some(_) => push(ReplyKind::Ok),
                None if self.after == After::Stays => push(ReplyKind::Silence),
                None => push(ReplyKind::Close),
            }
        }
        kinds.into_iter().take(count)
    }
}

/// How many worlds [`scenes`] tells apart.
const WORLDS: u32 = 1 << 7;

/// The connections of a small world, one in each phase; the bits of `world` say what is on the
/// lists and who is online.
fn scenes(dialect: &'static Dialect, world: u32) -> Vec<(Model, ConnId)> {
    let bit = |place: u32| world & (1 << place) != 0;
    let (alice, bob) = (UserId(0), UserId(1));
    let target = Target {
        dialect,
        refers: if bit(0) { Truth::Yes } else { Truth::No },
        ..Target::default()
    };
    let mut model = Model::new(2, target);
    for (place, list) in [(1, List::Forward), (2, List::Allow), (3, List::Block)] {
        if bit(place) {
            model.set_member(alice, list, bob);
        }
    }
    model.set_switches(alice, !bit(4), !bit(4));
    if bit(5) {
        model.set_member(bob, List::Block, alice);
    }
    if bit(6) {
        model.set_login(bob, Some(State::NLN));
    }
    let mut scenes = login_scenes(&model);
    scenes.extend(online_scenes(&model));
    scenes
}

fn login_scenes(base: &Model) -> Vec<(Model, ConnId)> {
    let mut scenes = Vec::new();
    for door in [ServerKind::Dispatch, ServerKind::Notification] {
        let mut model = base.clone();
        let conn = model.open(door);
        let alice = Whom::User(UserId(0));
        for command in [Command::Ver(Offer::Own), Command::Inf, Command::UsrI(alice)] {
            scenes.push((model.clone(), conn));
            model.step(conn, command);
        }
        scenes.push((model, conn));
    }
    scenes
}

fn online_scenes(base: &Model) -> Vec<(Model, ConnId)> {
    let mut scenes = Vec::new();
    let (alice, bob) = (UserId(0), UserId(1));
    for state in [
        None,
        Some(State::NLN),
        Some(State::Hidden),
        Some(State::Offline),
    ] {
        let mut model = base.clone();
        let conn = model.set_login(alice, state);
        model.begin();
        scenes.push((model.clone(), conn));
        if let Some(label) = model.fresh_label(alice) {
            model.step(conn, Command::Adg(label));
            scenes.push((model.clone(), conn));
            let group = GroupWord::Own(alice, GroupId(1));
            model.step(conn, Command::Enter(Whom::User(bob), group));
            scenes.push((model.clone(), conn));
        }
        if model.has_switch_for_calls() {
            model.step(conn, Command::Ims(Some(false)));
            scenes.push((model, conn));
        }
    }
    let mut model = base.clone();
    let alices = model.set_login(alice, Some(State::NLN));
    model.begin();
    model.step(alices, Command::XfrSb);
    let board = model.open(ServerKind::Switchboard);
    scenes.push((model.clone(), board));
    model.step(board, Command::UsrSb(alice, Key::Ticket(TicketId(0))));
    scenes.push((model.clone(), board));
    model.step(board, Command::Cal(Whom::User(bob)));
    let other = model.open(ServerKind::Switchboard);
    scenes.push((model.clone(), other));
    scenes.push((model.clone(), board));
    let key = Key::Ticket(TicketId(1));
    let session = model.ticket(TicketId(1)).and_then(|(_, session)| session);
    model.step(
        other,
        Command::Ans {
            user: bob,
            key,
            session,
        },
    );
    scenes.push((model.clone(), board));
    scenes.push((model, other));
    scenes
}
