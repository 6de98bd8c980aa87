//! What a command changes, and what others see of it.

use super::Model;
use super::command::Command;
use super::line::Line;
use super::prediction::{After, Duty, Effect, Prediction, Replies, Reply, Sight, Sights};
use super::unseen::common;
use super::value::{ConnId, NameId, SessionId, TicketId, UserId, UserSet};
use super::word::Capture;
use super::world::{Conn, Doubt, Session, Shown, Stage, Ticket};
use crate::protocol::{ClauseId, ServerKind, Setting};
use crate::rules::Truth;

use smallvec::smallvec;

impl Model {
    /// A client opens a connection.
    pub fn open(&mut self, door: ServerKind) -> ConnId {
        let id = ConnId(u16::try_from(self.conns.len()).unwrap_or(u16::MAX));
        let stage = match door {
            ServerKind::Switchboard => Stage::Lobby,
            ServerKind::Dispatch | ServerKind::Notification => Stage::Fresh,
        };
        self.conns.push(Conn {
            door,
            stage,
            doubt: false,
            seat: None,
            failed_calls: 0,
        });
        id
    }

    /// The ways to answer a command. On a connection that is closed nothing answers.
    #[must_use]
    pub fn replies(&self, conn: ConnId, command: Command) -> Replies {
        let Some(found) = self.conns.get(conn.index()) else {
            return Replies::new();
        };
        match found.stage {
            Stage::Closed => Replies::new(),
            _ if found.doubt => smallvec![Reply::anything(ClauseId::LIVE_1, Effect::Unclear)],
            Stage::LoggedIn(user) => self.notification_replies(user, command),
            Stage::Lobby => self.lobby_replies(command),
            Stage::Seated(session) => self.session_replies(conn, session, command),
            stage => self.login_replies(conn, stage, command),
        }
    }

    /// A client sends a command, and nobody looks at the reply: what may follow.
    pub fn step(&mut self, conn: ConnId, command: Command) -> Prediction {
        let replies = self.replies(conn, command);
        let sights = match common(&replies) {
            Some(effect) => self.carry_out(conn, command, effect, After::Stays),
            None => Sights::default(),
        };
        Prediction { replies, sights }
    }

    /// A client has sent a command and got this reply (one of [`Model::replies`]): what else is
    /// seen. `after` says what became of the connection, where that was seen.
    pub fn settle(
        &mut self,
        conn: ConnId,
        command: Command,
        reply: &Reply,
        after: After,
    ) -> Sights {
        let effect = match (reply.effect, after) {
            // After a wrong response the client starts over (USR-7).
            (Effect::MaybeClosed, After::Stays) if self.is_challenged(conn) => Effect::Informed,
            (Effect::MaybeClosed, After::Stays) => Effect::Nothing,
            (effect, _) => effect,
        };
        let mut sights = self.carry_out(conn, command, effect, after);
        if after == After::Closes && reply.effect != Effect::Left {
            self.end(conn, None, &mut sights);
        }
        sights
    }

    /// A client closes a connection, or resets it: what others see.
    pub fn close(&mut self, conn: ConnId) -> Sights {
        let mut sights = Sights::default();
        let clause = match self.door(conn) {
            Some(ServerKind::Switchboard) => ClauseId::BYE_2,
            _ => ClauseId::PRES_8,
        };
        self.end(conn, Some(clause), &mut sights);
        sights
    }

    fn carry_out(
        &mut self,
        conn: ConnId,
        command: Command,
        effect: Effect,
        after: After,
    ) -> Sights {
        let mut sights = Sights::default();
        let out = &mut sights;
        match effect {
            Effect::Nothing => {}
            Effect::Left => {
                let clause = match self.door(conn) {
                    Some(ServerKind::Switchboard) => ClauseId::BYE_1,
                    _ => ClauseId::PRES_7,
                };
                self.end(conn, Some(clause), out);
            }
            Effect::MaybeClosed => self.lose_sight(conn, after, out),
            Effect::Unclear => self.blur(conn, command, out),
            Effect::Versioned => self.set_stage(conn, Stage::Versioned),
            Effect::Informed => self.set_stage(conn, Stage::Informed),
            Effect::Challenged(user) => self.set_stage(conn, Stage::Challenged(user)),
            Effect::LoggedIn(user) => self.log_in(conn, user, out),
            Effect::Entered(user, ticket) => self.enter(conn, user, ticket),
            Effect::Joined(user, ticket, session) => self.join(conn, user, ticket, session, out),
            Effect::Called(callee) => self.call(conn, callee, out),
            Effect::CallFailed => self.call_failed(conn),
            Effect::MaybeCalled => {
                out.is_open = true;
                self.call_failed(conn);
                self.note_call(conn, command);
            }
            Effect::Sent => self.relay(conn, out),
            _ => {
                if let Some(user) = self.user_of(conn) {
                    self.carry_out_for(conn, user, effect, out);
                }
            }
        }
        sights
    }

    /// Effects on what a logged-in user has.
    fn carry_out_for(&mut self, conn: ConnId, user: UserId, effect: Effect, out: &mut Sights) {
        match effect {
            Effect::State(state) => self.change_state(conn, user, state, out),
            Effect::MaybeOffline => {
                self.doubt_presence(user, Doubt::MaybeOffline);
                self.catch_up(conn, user, out);
                out.is_open = true;
            }
            Effect::Setting(setting, value) => {
                self.set_setting(user, setting, value);
                if setting == Setting::Privacy {
                    self.review_all(user, out);
                }
            }
            Effect::Added(list, whom) => self.add(conn, user, list, whom, out),
            Effect::Removed(list, whom) => self.remove(user, list, whom, out),
            Effect::Membership(list, whom) => {
                self.set_list(user, list, whom, Truth::Maybe);
                self.bump(user);
                self.bump(whom);
                out.is_open = true;
            }
            Effect::Renamed(name) => {
                let before = std::mem::replace(&mut self.user_mut(user).name, name);
                self.bump(user);
                let is_news = before != name && before != NameId::ANY;
                self.announce(user, is_news, Some(ClauseId::REA_1), None, out);
            }
            Effect::Synchronised(has_batch) => self.synchronised(user, has_batch, out),
            Effect::Calls(is_on) => self.user_mut(user).refuses_calls = (!is_on, false),
            Effect::MaybeCalls => self.user_mut(user).refuses_calls.1 = true,
            Effect::Phone(key, value) => self.change_phone(user, key, value, out),
            Effect::MaybePhone(key) => {
                self.doubt_phone(user, key);
                out.is_open = true;
            }
            Effect::GroupMade(name) => self.make_group(user, name),
            Effect::GroupRenamed(group, name) => self.rename_group(user, group, name),
            Effect::GroupRemoved(group) => self.remove_group(user, group, out),
            Effect::MaybeGroups => {
                self.user_mut(user).groups.doubt = true;
                self.bump(user);
                out.is_open = true;
            }
            Effect::EnteredGroup(whom, group) => {
                let groups = self.groups_of(user, whom);
                let is_known = !groups.is_empty();
                let groups = if is_known { groups.with(group) } else { groups };
                self.change_groups(user, whom, groups);
            }
            Effect::AddedInto(whom, group) => self.add_into(conn, user, (whom, group), out),
            Effect::LeftGroup(whom, group) => {
                let groups = self.groups_of(user, whom).without(group);
                self.change_groups(user, whom, groups);
            }
            Effect::MaybeContact(whom) => self.doubt_contact(user, whom, out),
            Effect::Issued | Effect::IssuedInDoubt => {
                let login = self.login_of(user);
                let used = match effect {
                    Effect::Issued => Truth::No,
                    _ => Truth::Maybe,
                };
                self.tickets.push(Ticket {
                    owner: user,
                    login,
                    session: None,
                    used,
                });
            }
            _ => {}
        }
    }

    /// A client sends bytes that cannot concern anybody but their own connection: nothing is known
    /// of that one from here on.
    pub fn distrust(&mut self, conn: ConnId) {
        if let Some(conn) = self.conn_mut(conn) {
            conn.doubt = true;
        }
    }

    /// Nothing is known of anybody's lists and settings.
    pub fn forget_lists(&mut self) {
        self.users().for_each(|user| self.blur_user(user));
        self.users()
            .for_each(|user| self.user_mut(user).doubt = Doubt::None);
    }

    fn is_challenged(&self, conn: ConnId) -> bool {
        let conn = self.conns.get(conn.index());
        conn.is_some_and(|conn| matches!(conn.stage, Stage::Challenged(_)))
    }

    fn set_stage(&mut self, conn: ConnId, stage: Stage) {
        if let Some(conn) = self.conn_mut(conn) {
            conn.stage = stage;
        }
    }

    /// The serial number is a new one from here on.
    pub(super) fn bump(&mut self, user: UserId) {
        let user = self.user_mut(user);
        user.serial = user.serial.saturating_add(1);
    }

    pub(super) fn next_serial(&self, user: UserId) -> Capture {
        Capture::Serial(user, self.user(user).serial.saturating_add(1))
    }

    pub(super) fn next_ticket(&self) -> TicketId {
        TicketId(self.tickets())
    }

    fn log_in(&mut self, conn: ConnId, user: UserId, out: &mut Sights) {
        let older = self.user(user).login;
        if let Some(older) = older {
            let is_sure = self.is_sure(older) && !self.user(user).has_rival;
            let duty = if is_sure { Duty::Must } else { Duty::May };
            for line in [Line::OutOth, Line::Closed] {
                out.list.push(Sight {
                    conn: older,
                    line,
                    duty,
                    clause: ClauseId::OUT_3,
                });
            }
            self.set_stage(older, Stage::Closed);
        }
        let now = self.user_mut(user);
        now.login = Some(conn);
        now.has_rival = false;
        now.state = None;
        now.doubt = Doubt::None;
        now.shown = Default::default();
        (now.synchronised, now.refuses_calls) = Default::default();
        self.set_stage(conn, Stage::LoggedIn(user));
        out.list.push(Sight {
            conn,
            line: Line::Profile,
            duty: Duty::May,
            clause: ClauseId::USR_17,
        });
        self.announce(user, false, None, None, out);
    }

    /// The end of a connection, for `clause`; `None` where it is not said when others hear of it.
    fn end(&mut self, conn: ConnId, clause: Option<ClauseId>, out: &mut Sights) {
        let Some(found) = self.conns.get(conn.index()).copied() else {
            return;
        };
        self.set_stage(conn, Stage::Closed);
        match found.stage {
            Stage::LoggedIn(user) if self.user(user).login == Some(conn) => {
                let now = self.user_mut(user);
                now.login = None;
                if !now.has_rival {
                    now.state = None;
                    now.doubt = Doubt::None;
                }
                let clause = clause.filter(|_| !found.doubt);
                self.announce(user, false, None, clause, out);
            }
            Stage::Seated(session) => self.leave(conn, session, clause, found.doubt, out),
            _ => {}
        }
        out.is_open |= found.doubt;
    }

    fn leave(
        &mut self,
        conn: ConnId,
        session: SessionId,
        clause: Option<ClauseId>,
        is_doubtful: bool,
        out: &mut Sights,
    ) {
        let Some((user, _)) = self.conns.get(conn.index()).and_then(|c| c.seat) else {
            return;
        };
        if let Some(session) = self.session_mut(session) {
            session.seats.retain(|seat| *seat != conn);
        }
        let duty = if clause.is_some() && !is_doubtful {
            Duty::Must
        } else {
            Duty::May
        };
        let clause = clause.unwrap_or(ClauseId::BYE_2);
        self.tell_session(session, conn, Line::Bye(user), duty, clause, out);
    }

    fn tell_session(
        &self,
        session: SessionId,
        but: ConnId,
        line: Line,
        duty: Duty,
        clause: ClauseId,
        out: &mut Sights,
    ) {
        let Some(session) = self.session(session) else {
            return;
        };
        for conn in session.seats.iter().copied().filter(|conn| *conn != but) {
            let is_sure = self.is_sure(conn) && !session.doubt;
            out.list.push(Sight {
                conn,
                line,
                duty: if is_sure { duty } else { Duty::May },
                clause,
            });
        }
    }

    fn enter(&mut self, conn: ConnId, user: UserId, ticket: TicketId) {
        let session = SessionId(u16::try_from(self.sessions.len()).unwrap_or(u16::MAX));
        self.sessions.push(Session::default());
        self.sit_down(conn, user, ticket, session);
    }

    fn sit_down(&mut self, conn: ConnId, user: UserId, ticket: TicketId, session: SessionId) {
        let name = self.name_at_entry(user);
        if let Some(ticket) = self.tickets.get_mut(ticket.index()) {
            ticket.used = Truth::Yes;
        }
        if let Some(found) = self.session_mut(session) {
            found.seats.push(conn);
            found.called.set(user, false);
        }
        if let Some(conn) = self.conn_mut(conn) {
            conn.seat = Some((user, name));
            conn.stage = Stage::Seated(session);
        }
    }

    fn join(
        &mut self,
        conn: ConnId,
        user: UserId,
        ticket: TicketId,
        session: SessionId,
        out: &mut Sights,
    ) {
        self.sit_down(conn, user, ticket, session);
        let line = Line::Joi(user, self.name_at_entry(user));
        self.tell_session(session, conn, line, Duty::Must, ClauseId::JOI_1, out);
        out.list.push(Sight {
            conn,
            line,
            duty: Duty::May,
            clause: ClauseId::JOI_2,
        });
    }

    fn call(&mut self, conn: ConnId, callee: UserId, out: &mut Sights) {
        let Some(found) = self.conns.get(conn.index()).copied() else {
            return;
        };
        let (Stage::Seated(session), Some((caller, name))) = (found.stage, found.seat) else {
            return;
        };
        let (ticket, login) = (self.next_ticket(), self.login_of(callee));
        self.tickets.push(Ticket {
            owner: callee,
            login,
            session: Some(session),
            used: Truth::No,
        });
        if let Some(session) = self.session_mut(session) {
            session.called.set(callee, true);
        }
        if let Some(conn) = self.conn_mut(conn) {
            conn.failed_calls = 0;
        }
        // RNG may give the name at entry or the present one.
        let is_same = self.user(caller).name == name && self.login_of(caller).is_some();
        let name = if is_same { name } else { NameId::ANY };
        if let Some(conn) = login {
            out.list.push(Sight {
                conn,
                line: Line::Rng(session, ticket, caller, name),
                duty: Duty::Must,
                clause: ClauseId::RNG_1,
            });
        }
    }

    fn call_failed(&mut self, conn: ConnId) {
        if let Some(conn) = self.conn_mut(conn) {
            conn.failed_calls = conn.failed_calls.saturating_add(1);
        }
    }

    /// An invitation may be out.
    fn note_call(&mut self, conn: ConnId, command: Command) {
        let stage = self.conns.get(conn.index()).map(|found| found.stage);
        if let (Some(Stage::Seated(session)), Command::Cal(whom)) = (stage, command)
            && let (Some(callee), Some(session)) = (whom.user(), self.session_mut(session))
        {
            session.called.set(callee, true);
        }
    }

    fn relay(&self, conn: ConnId, out: &mut Sights) {
        let Some(found) = self.conns.get(conn.index()) else {
            return;
        };
        if let (Stage::Seated(session), Some((user, name))) = (found.stage, found.seat) {
            let is_same = self.user(user).name == name;
            let name = if is_same { name } else { NameId::ANY };
            let line = Line::Msg(user, name);
            self.tell_session(session, conn, line, Duty::Must, ClauseId::MSG_1, out);
        }
    }

    /// The server may have closed a connection; otherwise nothing has changed.
    fn lose_sight(&mut self, conn: ConnId, after: After, out: &mut Sights) {
        if after == After::Closes {
            return;
        }
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        found.doubt = true;
        let stage = found.stage;
        match stage {
            Stage::LoggedIn(user) => self.doubt_presence(user, Doubt::Full),
            Stage::Seated(session) => self.doubt_session(session),
            // The attempt may be used up.
            Stage::Challenged(_) => self.set_stage(conn, Stage::Informed),
            _ => {}
        }
        out.is_open = true;
    }

    /// It is not known any more who sits in a session.
    pub fn doubt_session(&mut self, session: SessionId) {
        if let Some(session) = self.session_mut(session) {
            session.doubt = true;
        }
    }

    pub(super) fn doubt_presence(&mut self, user: UserId, doubt: Doubt) {
        self.user_mut(user).doubt = doubt;
        let place = user.index();
        for other in self.users() {
            if let Some(shown) = self.user_mut(other).shown.get_mut(place) {
                *shown = Shown::Unknown;
            }
        }
    }

    /// Whatever the connection's user can do may have been done.
    fn blur(&mut self, conn: ConnId, command: Command, out: &mut Sights) {
        let stage = self.conns.get(conn.index()).map(|found| found.stage);
        self.lose_sight(conn, After::Unsure, out);
        match stage {
            Some(Stage::LoggedIn(user)) => self.blur_user(user),
            Some(Stage::Challenged(Some(user))) => self.doubt_login(user),
            _ => {}
        }
        let tickets = match command {
            Command::UsrSb(_, key) | Command::Ans { key, .. } => Some(key),
            _ => None,
        };
        // Whoever may sit there now, and whatever cookie that took.
        if let Some(super::Key::Ticket(ticket)) = tickets {
            let session = self.tickets.get_mut(ticket.index()).and_then(|ticket| {
                ticket.used = Truth::Maybe;
                ticket.session
            });
            if let Some(session) = session {
                self.doubt_session(session);
            }
        } else if command == Command::Hostile && self.door(conn) == Some(ServerKind::Switchboard) {
            for ticket in &mut self.tickets {
                ticket.used = Truth::Maybe;
            }
            for session in &mut self.sessions {
                session.doubt = true;
            }
        }
    }

    pub(super) fn doubt_login(&mut self, user: UserId) {
        self.user_mut(user).has_rival = true;
        self.doubt_presence(user, Doubt::Full);
        if let Some(login) = self.login_of(user)
            && let Some(conn) = self.conn_mut(login)
        {
            conn.doubt = true;
        }
    }

    pub(super) fn blur_user(&mut self, user: UserId) {
        let mut all = UserSet::default();
        self.users().for_each(|other| all.set(other, true));
        self.doubt_presence(user, Doubt::Full);
        let now = self.user_mut(user);
        for (_, doubts) in &mut now.lists {
            *doubts = all;
        }
        now.settings.iter_mut().for_each(|(_, doubt)| *doubt = true);
        now.phones.iter_mut().for_each(|(_, doubt)| *doubt = true);
        now.groups.doubt = true;
        now.synchronised.1 = true;
        now.refuses_calls.1 = true;
        now.name = NameId::ANY;
        self.users().for_each(|other| self.bump(other));
    }
}
