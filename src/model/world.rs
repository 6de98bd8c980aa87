//! What is known: users with lists and states, connections, sessions, cookies.

use super::Model;
use super::table::Phase;
use super::value::{
    ConnId, GroupSet, LabelId, MAX_GROUPS, MAX_USERS, NUMBERS, NameId, Phone, SessionId, TicketId,
    UserId, UserSet,
};
use super::word::Capture;
use crate::protocol::{DIALECTS, Dialect, List, ServerKind, Setting, State};
use crate::rules::{self, Presence, Truth, View};

/// What is known of the server beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The dialect that is spoken.
    pub dialect: &'static Dialect,
    /// Whether it answers what the draft leaves out (CVR, REA, URL, SND, FND, PNG).
    pub extras: bool,
    /// Whether its dispatch server refers (otherwise it logs users in itself); `Maybe` where that
    /// is not known.
    pub refers: Truth,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            dialect: Dialect::first(),
            extras: true,
            refers: Truth::Yes,
        }
    }
}

/// How little is known of a user's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Doubt {
    /// It is known.
    #[default]
    None,
    /// It is as it was, or FLN.
    MaybeOffline,
    /// It is not known.
    Full,
}

/// What a watcher was told last of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shown {
    /// Nothing, or FLN.
    #[default]
    Gone,
    /// An online state.
    Here,
    /// One or the other.
    Unknown,
}

/// A user.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct User {
    /// The connection on which the user is logged in, as far as is known.
    pub(super) login: Option<ConnId>,
    /// Somebody else may be logged in as this user, or this user elsewhere.
    pub(super) has_rival: bool,
    pub(super) state: Option<State>,
    pub(super) doubt: Doubt,
    /// FL, AL, BL: who is on it, and of whom that is not known.
    pub(super) lists: [(UserSet, UserSet); 3],
    /// GTC, BLP: whether it is N or BL, and whether that is not known.
    pub(super) settings: [(bool, bool); 2],
    pub(super) serial: u16,
    pub(super) name: NameId,
    /// The phone numbers, and whether one is not known.
    pub(super) phones: [(Phone, bool); NUMBERS.len()],
    pub(super) groups: Groups,
    /// SYN was sent in this login; whether that is not known.
    pub(super) synchronised: (bool, bool),
    /// IMS has turned calls off in this login; whether that is not known.
    pub(super) refuses_calls: (bool, bool),
    /// What this user was told of the others.
    pub(super) shown: [Shown; MAX_USERS],
}

/// The groups of a user, and who is in them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Groups {
    /// Their names, by number; the first is never one that a case has given.
    pub(super) labels: [Option<LabelId>; MAX_GROUPS as usize + 1],
    /// How many were made, those counted that are there no more.
    pub(super) made: u8,
    /// How many names were given.
    pub(super) named: u8,
    /// In which groups each contact is; none where that is not known.
    pub(super) members: [GroupSet; MAX_USERS],
    /// There may be others, or not these.
    pub(super) doubt: bool,
}

/// A fact, unless it is in doubt.
pub(super) fn truth((is_so, is_doubtful): (bool, bool)) -> Truth {
    match is_doubtful {
        true => Truth::Maybe,
        false => is_so.into(),
    }
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Fresh,
    Versioned,
    Informed,
    /// With a challenge for this user, or for one who does not exist.
    Challenged(Option<UserId>),
    LoggedIn(UserId),
    Lobby,
    Seated(SessionId),
    Closed,
}

/// A connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conn {
    pub(super) door: ServerKind,
    pub(super) stage: Stage,
    /// It may be closed, or the stage may be another.
    pub(super) doubt: bool,
    /// On a switchboard: who sits there, under which name.
    pub(super) seat: Option<(UserId, NameId)>,
    /// How many calls have failed in a row.
    pub(super) failed_calls: u8,
}

/// A switchboard session.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    /// Where the participants sit.
    pub(super) seats: smallvec::SmallVec<[ConnId; 4]>,
    /// Who was called and has not joined.
    pub(super) called: UserSet,
    /// Others may sit there, or not all of these.
    pub(super) doubt: bool,
}

/// A way into a switchboard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub(super) owner: UserId,
    /// The login for which it was made out.
    pub(super) login: Option<ConnId>,
    /// The session to join; `None` opens one.
    pub(super) session: Option<SessionId>,
    pub(super) used: Truth,
}

/// The last dialect that the model knows.
const LATEST: u8 = 7;

impl Model {
    /// The dialects that the model knows, lowest first.
    pub fn dialects() -> impl DoubleEndedIterator<Item = &'static Dialect> + Clone {
        let all = DIALECTS.into_iter();
        all.filter(|dialect| dialect.number <= LATEST)
    }

    /// Some users (at most [`MAX_USERS`]) of whom nobody is connected, with empty lists.
    #[must_use]
    pub fn new(users: usize, target: Target) -> Self {
        Self {
            target,
            users: [User::default(); MAX_USERS],
            count: u8::try_from(users.min(MAX_USERS)).unwrap_or_default(),
            conns: Vec::with_capacity(8),
            sessions: Vec::new(),
            tickets: Vec::new(),
        }
    }

    /// The same users, of whom nobody is connected, with empty lists; keeps the memory.
    pub fn reset(&mut self, users: usize) {
        self.count = u8::try_from(users.min(MAX_USERS)).unwrap_or_default();
        self.users = [User::default(); MAX_USERS];
        self.conns.clear();
        self.sessions.clear();
        self.tickets.clear();
    }

    /// The dialect that is spoken.
    #[must_use]
    pub fn dialect(&self) -> &'static Dialect {
        self.target.dialect
    }

    /// The users.
    pub fn users(&self) -> impl Iterator<Item = UserId> + use<> {
        (0..self.count).map(UserId)
    }

    /// The connections, closed ones too, in the order of opening.
    pub fn conns(&self) -> impl Iterator<Item = ConnId> + use<> {
        (0..u16::try_from(self.conns.len()).unwrap_or(u16::MAX)).map(ConnId)
    }

    /// How many tickets have been handed out; the next has this number.
    #[must_use]
    pub fn tickets(&self) -> u16 {
        u16::try_from(self.tickets.len()).unwrap_or(u16::MAX)
    }

    /// Who may use a ticket and for which session; `None` opens one.
    #[must_use]
    pub fn ticket(&self, id: TicketId) -> Option<(UserId, Option<SessionId>)> {
        let ticket = self.tickets.get(id.index())?;
        Some((ticket.owner, ticket.session))
    }

    /// How far a connection has come.
    #[must_use]
    pub fn phase(&self, conn: ConnId) -> Phase {
        let Some(found) = self.conns.get(conn.index()) else {
            return Phase::Closed;
        };
        let is_ds = found.door == ServerKind::Dispatch;
        let phase = match found.stage {
            Stage::Closed => return Phase::Closed,
            Stage::Fresh if is_ds => Phase::DsFresh,
            Stage::Versioned if is_ds => Phase::DsVersioned,
            Stage::Informed if is_ds => Phase::DsInformed,
            Stage::Fresh => Phase::NsFresh,
            Stage::Versioned => Phase::NsVersioned,
            Stage::Informed => Phase::NsInformed,
            Stage::Challenged(_) => Phase::NsChallenged,
            Stage::LoggedIn(user) => self.presence_phase(user),
            Stage::Lobby => Phase::SbLobby,
            Stage::Seated(session) => self.session_phase(session),
        };
        if found.doubt { Phase::Unclear } else { phase }
    }

    fn presence_phase(&self, user: UserId) -> Phase {
        let user = self.user(user);
        match user.state {
            _ if user.doubt != Doubt::None => Phase::NsUnsure,
            None => Phase::NsLoggedIn,
            Some(State::Online(_)) => Phase::NsOnline,
            Some(State::Hidden) => Phase::NsHidden,
            Some(State::Offline) => Phase::NsOffline,
        }
    }

    fn session_phase(&self, session: SessionId) -> Phase {
        match self.session(session) {
            Some(session) if session.doubt => Phase::SbUnsure,
            Some(session) if session.seats.len() > 1 => Phase::SbCompany,
            _ => Phase::SbAlone,
        }
    }

    /// The kind of server a connection leads to; `None` for a connection that was never opened.
    #[must_use]
    pub fn door(&self, conn: ConnId) -> Option<ServerKind> {
        self.conns.get(conn.index()).map(|conn| conn.door)
    }

    /// The user who is logged in on a connection, or sits on it in a session.
    #[must_use]
    pub fn user_of(&self, conn: ConnId) -> Option<UserId> {
        let conn = self.conns.get(conn.index())?;
        match conn.stage {
            Stage::LoggedIn(user) => Some(user),
            _ => conn.seat.map(|(user, _)| user),
        }
    }

    /// The connection on which a user is logged in, as far as is known.
    #[must_use]
    pub fn login_of(&self, user: UserId) -> Option<ConnId> {
        self.user(user).login
    }

    /// The state that a user is in; `None` without a login, before its first CHG, or in doubt.
    #[must_use]
    pub fn state_of(&self, user: UserId) -> Option<State> {
        let user = self.user(user);
        user.state.filter(|_| user.doubt == Doubt::None)
    }

    /// The present serial number of a user.
    #[must_use]
    pub fn serial(&self, user: UserId) -> Capture {
        Capture::Serial(user, self.user(user).serial)
    }

    /// Who is on a list, and of whom that is not known.
    pub(super) fn list(&self, user: UserId, list: List) -> (UserSet, UserSet) {
        let own = self.user(user).lists.get(list as usize).copied();
        own.unwrap_or_else(|| self.reverse(user))
    }

    fn reverse(&self, user: UserId) -> (UserSet, UserSet) {
        let (mut members, mut doubts) = (UserSet::default(), UserSet::default());
        for other in self.users() {
            let (forward, unsure) = self.list(other, List::Forward);
            members.set(other, forward.has(user));
            doubts.set(other, unsure.has(user));
        }
        (members, doubts)
    }

    pub(super) fn set_list(&mut self, user: UserId, list: List, whom: UserId, is_on: Truth) {
        if let Some((members, doubts)) = self.user_mut(user).lists.get_mut(list as usize) {
            members.set(whom, is_on == Truth::Yes);
            doubts.set(whom, is_on == Truth::Maybe);
        }
    }

    /// A user; of no number, one of whom nothing is known.
    pub(super) fn user(&self, id: UserId) -> &User {
        let [first, ..] = &self.users;
        self.users.get(id.index()).unwrap_or(first)
    }

    pub(super) fn user_mut(&mut self, id: UserId) -> &mut User {
        let place = id.index().min(MAX_USERS - 1);
        self.users
            .get_mut(place)
            .expect("the place is below MAX_USERS")
    }

    pub(super) fn conn_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id.index())
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(id.index())
    }

    pub(super) fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.sessions.get_mut(id.index())
    }

    /// Whether a connection is open and nothing doubtful was sent on it.
    pub(super) fn is_sure(&self, conn: ConnId) -> bool {
        self.conns
            .get(conn.index())
            .is_some_and(|conn| !conn.doubt && conn.stage != Stage::Closed)
    }

    /// Whether a setting has its first value.
    #[must_use]
    pub fn setting(&self, user: UserId, setting: Setting) -> Truth {
        match self.user(user).settings.get(setting as usize) {
            Some((is_second, false)) => (!is_second).into(),
            _ => Truth::Maybe,
        }
    }

    pub(super) fn set_setting(&mut self, user: UserId, setting: Setting, value: bool) {
        let mut is_changed = true;
        if let Some(now) = self.user_mut(user).settings.get_mut(setting as usize) {
            is_changed = std::mem::replace(now, (!value, false)) != (!value, false);
        }
        if is_changed {
            self.bump(user);
        }
    }
}

impl View for Model {
    type User = UserId;

    fn is_on(&self, owner: UserId, list: List, whom: UserId) -> Truth {
        if list == List::Reverse {
            return rules::reverse(self, owner, whom);
        }
        let (members, doubts) = self.list(owner, list);
        if doubts.has(whom) {
            Truth::Maybe
        } else {
            members.has(whom).into()
        }
    }

    fn takes_calls(&self, user: UserId) -> Truth {
        truth(self.user(user).refuses_calls).negated()
    }

    fn is_public(&self, user: UserId) -> Truth {
        self.setting(user, Setting::Privacy)
    }

    fn is(&self, user: UserId, presence: Presence) -> Truth {
        let user = self.user(user);
        let now = match (user.login, user.state) {
            _ if user.doubt != Doubt::None => return Truth::Maybe,
            (_, None) if user.has_rival => return Truth::Maybe,
            (None, _) => Presence::Away,
            (Some(_), state) => state.into(),
        };
        (now == presence).into()
    }
}
