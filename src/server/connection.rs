//! Connections: what each is for, how far it has come, and when it is given up.

use std::collections::BTreeSet;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::id::{AccountId, ConnId, SessionId};
use super::shape::Shape;
use crate::protocol::{Dialect, Direction, Grammar, ServerKind};
use crate::wire::{Decoder, Limits, PayloadRule, words};

/// Which port accepted a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// One port for everything: the first command decides, and nobody is referred to a
    /// notification server.
    Single,
    /// A dispatch server.
    Dispatch,
    /// A notification server.
    Notification,
    /// A switchboard.
    Switchboard,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// VER found no dialect that both sides speak.
    FailedVer,
    /// A dispatch server has named the notification server.
    Referral,
    /// The user has signed out of a notification server.
    SignedOut,
    /// The user has logged in on another connection.
    Displaced,
    /// The participant has sent OUT on a switchboard.
    LeftSession,
    /// What came is refused by a close.
    Refused,
    /// Nothing has come for too long, or no answer to a challenge.
    Idle,
    /// The client has closed it, or the network has lost it.
    Lost,
}

/// How far a connection has come.
///
/// ```text
/// Single ─▶ Undecided ─┬──▶ Login ──USR S──▶ Online
/// Dispatch, Notification ───┘
///                      └──▶ Lobby ─USR/ANS─▶ Seated
/// Switchboard ──────────────┘
/// ```
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing said yet at the single door.
    Undecided,
    /// On a dispatch or notification server, not logged in.
    Login(Login),
    /// Logged in on a notification server.
    Online(AccountId),
    /// On a switchboard, in no session.
    Lobby,
    /// In a session.
    Seated(Seat),
}

/// A participant's place in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) session: SessionId,
    pub(super) account: AccountId,
}

/// How far a login has come.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) kind: ServerKind,
    pub(super) has_inf: bool,
    pub(super) attempt: Option<Box<Attempt>>,
}

impl Login {
    pub(super) fn new(kind: ServerKind) -> Self {
        Self {
            kind,
            has_inf: false,
            attempt: None,
        }
    }
}

/// A challenge that waits for its response.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) handle: String,
    pub(super) challenge: String,
}

/// What a client is asked to prove.
#[derive(Debug, Default)]
pub(super) struct Challenge {
    /// What waits for an answer.
    pub(super) word: Option<String>,
    /// When the answer is overdue, or the next challenge comes.
    pub(super) due: Option<Duration>,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) decoder: Decoder<Requests>,
    /// What VER has agreed on.
    pub(super) dialect: Option<&'static Dialect>,
    /// That of the lines to the client.
    spoken: &'static Dialect,
    pub(super) phase: Phase,
    /// When the last command came.
    pub(super) active: Duration,
    /// What its client is asked to prove.
    pub(super) challenge: Challenge,
    /// Whether it stands in the backlog.
    pub(super) parked: bool,
    armed: Option<Duration>,
}

impl Connection {
    fn new(door: Door, now: Duration, limits: Limits) -> Self {
        let phase = match door {
            Door::Single => Phase::Undecided,
            Door::Dispatch => Phase::Login(Login::new(ServerKind::Dispatch)),
            Door::Notification => Phase::Login(Login::new(ServerKind::Notification)),
            Door::Switchboard => Phase::Lobby,
        };
        let kind = match door {
            Door::Switchboard => ServerKind::Switchboard,
            Door::Single | Door::Dispatch | Door::Notification => ServerKind::Notification,
        };
        Self {
            decoder: Decoder::new(Requests::of(kind), limits),
            dialect: None,
            spoken: Dialect::first(),
            phase,
            active: now,
            challenge: Challenge::default(),
            parked: false,
            armed: None,
        }
    }

    /// Whose commands the client may send. A dispatch server knows those of a notification server,
    /// so that it can say that they need a login.
    pub(super) fn commands(&self) -> ServerKind {
        match &self.phase {
            Phase::Undecided | Phase::Login(_) | Phase::Online(_) => ServerKind::Notification,
            Phase::Lobby | Phase::Seated(_) => ServerKind::Switchboard,
        }
    }

    /// How its commands are read.
    pub(super) fn grammar(&self) -> Grammar {
        Grammar {
            dialect: self.dialect.unwrap_or_default(),
            ..Grammar::new(self.commands(), Direction::ToServer)
        }
    }

    /// What lines to it look like.
    pub(super) fn shape(&self) -> Shape {
        Shape(self.spoken)
    }

    /// VER has agreed on this: all that comes from here on is of this dialect, and all that goes of
    /// the one that is spoken.
    //= NEGO-1
    pub(super) fn agree(&mut self, dialect: &'static Dialect, spoken: &'static Dialect) {
        (self.dialect, self.spoken) = (Some(dialect), spoken);
        self.decoder.set_rule(Requests(self.grammar()));
    }

    /// Lines to a switchboard connection look like those to the login behind it.
    pub(super) fn take_shape(&mut self, of_login: Option<Shape>) {
        if let Some(Shape(spoken)) = of_login {
            self.spoken = spoken;
        }
    }

    /// What the connection leads to.
    pub(super) fn kind(&self) -> ServerKind {
        match &self.phase {
            Phase::Login(login) => login.kind,
            _ => self.commands(),
        }
    }

    /// At the single door: takes the first command for a sign of what the client is here for. Only
    /// on a switchboard is USR sent with two parameters, or ANS at all.
    pub(super) fn decide(&mut self, words: &[&[u8]]) {
        if !matches!(self.phase, Phase::Undecided) {
            return;
        }
        if matches!(words, [b"USR", _, _, _] | [b"ANS", ..]) {
            self.decoder.set_rule(Requests::of(ServerKind::Switchboard));
            self.phase = Phase::Lobby;
        } else {
            self.phase = Phase::Login(Login::new(ServerKind::Notification));
        }
    }
}

/// Which requests have a payload: those that the grammar says, where the number of parameters is
/// right. Else nobody can say which word is the length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requests(Grammar);

impl Requests {
    fn of(kind: ServerKind) -> Self {
        Self(Grammar::new(kind, Direction::ToServer))
    }
}

impl PayloadRule for Requests {
    fn length<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        let length = self.0.payload_word(line)?;
        let row = self.0.find(words(line).next()?)?;
        let count = words(line).count().checked_sub(row.first_param())?;
        row.takes(count).then_some(length)
    }
}

/// All open connections, and the moments at which they may have to be given up.
#[derive(Debug, Default)]
pub(super) struct Connections {
    opened: u64,
    open: FxHashMap<ConnId, Connection>,
    alarms: BTreeSet<(Duration, ConnId)>,
}

impl Connections {
    pub(super) fn next_id(&mut self) -> ConnId {
        self.opened += 1;
        ConnId(self.opened)
    }

    pub(super) fn open(&mut self, id: ConnId, door: Door, now: Duration, limits: Limits) {
        self.open.insert(id, Connection::new(door, now, limits));
    }

    pub(super) fn get(&self, id: ConnId) -> Option<&Connection> {
        self.open.get(&id)
    }

    /// What lines to a connection look like.
    pub(super) fn shape(&self, id: ConnId) -> Shape {
        self.get(id)
            .map_or(Shape(Dialect::first()), Connection::shape)
    }

    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut Connection> {
        self.open.get_mut(&id)
    }

    //= LIVE-3
    pub(super) fn remove(&mut self, id: ConnId) -> Option<Connection> {
        let connection = self.open.remove(&id)?;
        if let Some(at) = connection.armed {
            self.alarms.remove(&(at, id));
        }
        Some(connection)
    }

    /// The names of all connections, oldest first.
    pub(super) fn ids(&self) -> Vec<ConnId> {
        let mut ids: Vec<_> = self.open.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Sets a connection's alarm, instead of the one it had.
    pub(super) fn arm(&mut self, id: ConnId, at: Option<Duration>) {
        let Some(connection) = self.open.get_mut(&id) else {
            return;
        };
        if let Some(old) = connection.armed.take() {
            self.alarms.remove(&(old, id));
        }
        connection.armed = at;
        if let Some(at) = at {
            self.alarms.insert((at, id));
        }
    }

    pub(super) fn next_alarm(&self) -> Option<Duration> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// A connection whose alarm is due.
    pub(super) fn due(&self, now: Duration) -> Option<ConnId> {
        let (at, id) = self.alarms.first()?;
        (*at <= now).then_some(*id)
    }
}
