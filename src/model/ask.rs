//! What whoever walks through the model asks of it, and what they tell it beyond commands.

use super::Model;
use super::table::Phase;
use super::value::{ConnId, SessionId, UserId};
use super::world::{Conn, Doubt, Stage};

impl Model {
    /// The connection on which a user is surely logged in, in a state that is known.
    #[must_use]
    pub fn home_of(&self, user: UserId) -> Option<ConnId> {
        let conn = self.login_of(user)?;
        let is_known = matches!(
            self.phase(conn),
            Phase::NsLoggedIn | Phase::NsOnline | Phase::NsHidden
        );
        (is_known && !self.user(user).has_rival).then_some(conn)
    }

    /// Whether somebody is logged in as this user, or may be.
    #[must_use]
    pub fn may_be_in(&self, user: UserId) -> bool {
        let user = self.user(user);
        user.login.is_some() || user.has_rival
    }

    /// Whether it is known what is on a user's lists and what its settings are.
    #[must_use]
    pub fn knows_lists(&self, user: UserId) -> bool {
        let user = self.user(user);
        let is_unsure = user.lists.iter().any(|(_, doubts)| !doubts.is_empty());
        !is_unsure && user.settings.iter().all(|(_, is_unsure)| !is_unsure)
    }

    /// How often a user's lists, settings and name have changed.
    #[must_use]
    pub fn changes(&self, user: UserId) -> u16 {
        self.user(user).serial
    }

    /// Where a user sits in a session whose participants are known.
    pub fn seats_of(&self, user: UserId) -> impl Iterator<Item = ConnId> + '_ {
        let sits = move |conn: &ConnId| {
            let is_own = self.user_of(*conn) == Some(user);
            is_own && self.session_at(*conn).is_some()
        };
        self.conns().filter(sits)
    }

    /// The session that a connection belongs to, where its participants are known.
    #[must_use]
    pub fn session_at(&self, conn: ConnId) -> Option<SessionId> {
        match self.conns.get(conn.index()) {
            Some(Conn {
                stage: Stage::Seated(session),
                doubt: false,
                ..
            }) => self
                .session(*session)
                .is_some_and(|it| !it.doubt)
                .then_some(*session),
            _ => None,
        }
    }

    /// Where the other participants sit, and who they are.
    pub fn company(&self, conn: ConnId) -> impl Iterator<Item = (UserId, ConnId)> + '_ {
        let session = self.session_at(conn).and_then(|id| self.session(id));
        let seats = session.map_or(&[][..], |session| &session.seats);
        let others = seats.iter().copied().filter(move |seat| *seat != conn);
        others.filter_map(|seat| Some((self.user_of(seat)?, seat)))
    }

    /// Whether somebody was called to the session of this connection and has not come.
    #[must_use]
    pub fn has_called(&self, conn: ConnId) -> bool {
        let session = self.session_at(conn).and_then(|id| self.session(id));
        session.is_some_and(|session| !session.called.is_empty())
    }

    /// Whether a user sits in the session of this connection, or was called to it.
    #[must_use]
    pub fn is_expected(&self, conn: ConnId, user: UserId) -> bool {
        let Some(id) = self.session_at(conn) else {
            return false;
        };
        let session = self.session(id);
        self.sits_in(user, id) || session.is_some_and(|session| session.called.has(user))
    }

    /// Whether it is not known who sits in a session.
    #[must_use]
    pub fn is_in_doubt(&self, session: Option<SessionId>) -> bool {
        let session = session.and_then(|id| self.session(id));
        session.is_none_or(|session| session.doubt)
    }

    /// The sessions that a user sits in, and its calls, are not relied on any more.
    pub fn doubt_sessions(&mut self, user: UserId) {
        let mut sessions: smallvec::SmallVec<[SessionId; 4]> = smallvec::SmallVec::new();
        sessions.extend(self.seats_of(user).filter_map(|conn| self.session_at(conn)));
        for session in sessions {
            self.doubt_session(session);
        }
    }

    /// It is not known any more whether a user is logged in.
    pub fn lose_track(&mut self, user: UserId) {
        self.doubt_login(user);
        self.doubt_sessions(user);
    }

    /// Nor what its lists, settings and name are.
    pub fn forget(&mut self, user: UserId) {
        self.lose_track(user);
        self.blur_user(user);
    }

    /// A user who has gone may still be there for a while: the server need not have seen it go.
    pub fn fade(&mut self, user: UserId) {
        self.doubt_presence(user, Doubt::Full);
        self.user_mut(user).has_rival = true;
    }
}
