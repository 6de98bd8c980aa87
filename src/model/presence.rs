//! Who is shown to whom: ILN, NLN and FLN, and the lists that decide it.

use super::Model;
use super::line::Line;
use super::prediction::{Duty, Sight, Sights};
use super::value::{ConnId, GroupId, GroupSet, UserId};
use super::world::{Doubt, Shown, Stage};
use crate::protocol::{ClauseId, List, ServerKind, Setting, State};
use crate::rules::{self, Presence, Truth, View};

impl Model {
    /// Where a user can be told of others, and whether it surely is.
    fn hears(&self, watcher: UserId) -> Option<(ConnId, bool)> {
        let user = self.user(watcher);
        let is_sure = rules::hears(self, watcher) == Truth::Yes && !user.has_rival;
        user.login.map(|conn| (conn, is_sure && self.is_sure(conn)))
    }

    /// A user's state or name is new (`is_news`), or it may be that others see it or cease to see
    /// it: tells its watchers. Without a clause nothing has to be told.
    pub(super) fn announce(
        &mut self,
        user: UserId,
        is_news: bool,
        on: Option<ClauseId>,
        off: Option<ClauseId>,
        out: &mut Sights,
    ) {
        for watcher in self.users() {
            self.tell(user, watcher, is_news, (on, off), out);
        }
    }

    /// A setting of the user that others know nothing of has changed.
    pub(super) fn review_all(&mut self, user: UserId, out: &mut Sights) {
        self.announce(user, false, None, None, out);
        // Known servers tell of it, or do not.
        let place = user.index();
        for watcher in self.users() {
            if let Some(shown) = self.user_mut(watcher).shown.get_mut(place) {
                *shown = Shown::Unknown;
            }
        }
    }

    fn tell(
        &mut self,
        user: UserId,
        watcher: UserId,
        is_news: bool,
        (on, off): (Option<ClauseId>, Option<ClauseId>),
        out: &mut Sights,
    ) {
        let is_watched = self.is_on(watcher, List::Forward, user);
        let Some((conn, is_heard)) = self.hears(watcher) else {
            return;
        };
        if is_watched == Truth::No {
            return;
        }
        let is_sure = is_heard && is_watched == Truth::Yes;
        let is_hidden = self.user(watcher).state == Some(State::Hidden);
        let due = |clause| match clause {
            ClauseId::REA_1 | ClauseId::PRES_10 => clause,
            _ if is_hidden => ClauseId::CHG_6,
            clause => clause,
        };
        let (on, off) = (on.map(due), off.map(due));
        let place = user.index();
        let before = self.user(watcher).shown.get(place).copied();
        let before = before.unwrap_or_default();
        let seen = rules::visible(self, user, watcher);
        let mut say = |line, must: Option<ClauseId>| {
            out.list.push(Sight {
                conn,
                line,
                duty: if must.is_some() {
                    Duty::Must
                } else {
                    Duty::May
                },
                clause: must.unwrap_or(ClauseId::PRES_12),
            });
        };
        let gone = Line::Fln(user);
        let now = match seen {
            Truth::Yes => {
                let must = on.filter(|_| is_sure && (is_news || before == Shown::Gone));
                say(self.here(user), must);
                match must {
                    Some(_) => Shown::Here,
                    None if before == Shown::Here => Shown::Here,
                    None => Shown::Unknown,
                }
            }
            Truth::No => {
                let must = off.filter(|_| is_sure && before == Shown::Here);
                say(gone, must);
                match must {
                    Some(_) => Shown::Gone,
                    None if before == Shown::Gone => Shown::Gone,
                    None => Shown::Unknown,
                }
            }
            Truth::Maybe => {
                say(self.here(user), None);
                say(gone, None);
                Shown::Unknown
            }
        };
        if let Some(shown) = self.user_mut(watcher).shown.get_mut(place) {
            *shown = now;
        }
    }

    /// The NLN of a user, if it is in an online state.
    fn here(&self, user: UserId) -> Line {
        let now = self.user(user);
        Line::Nln(user, now.state.unwrap_or(State::NLN), now.name)
    }

    pub(super) fn change_state(
        &mut self,
        conn: ConnId,
        user: UserId,
        state: State,
        out: &mut Sights,
    ) {
        let now = self.user_mut(user);
        let doubt = std::mem::take(&mut now.doubt);
        let before = now.state.replace(state);
        let is_first = before.is_none() && doubt == Doubt::None;
        if is_first {
            self.introduce_all(conn, user, state, out);
        } else if doubt != Doubt::None || before == Some(State::Offline) {
            self.catch_up(conn, user, out);
        }
        let is_news = before != Some(state) && doubt != Doubt::Full;
        let on = match before {
            None => ClauseId::PRES_6,
            Some(State::Hidden) => ClauseId::CHG_8,
            Some(_) => ClauseId::CHG_3,
        };
        let was_here = before.is_some_and(State::is_online);
        let off = (state == State::Hidden && was_here).then_some(ClauseId::CHG_4);
        self.announce(user, is_news, Some(on), off, out);
    }

    /// ILN at the first CHG of a session.
    fn introduce_all(&mut self, conn: ConnId, user: UserId, state: State, out: &mut Sights) {
        let is_heard = state != State::Offline;
        for contact in self.users() {
            self.introduce(conn, user, contact, is_heard, ClauseId::PRES_1, out);
        }
    }

    fn introduce(
        &mut self,
        conn: ConnId,
        user: UserId,
        contact: UserId,
        is_heard: bool,
        clause: ClauseId,
        out: &mut Sights,
    ) {
        let is_watched = self.is_on(user, List::Forward, contact);
        let seen = rules::visible(self, contact, user).and(is_watched);
        if seen == Truth::No {
            return;
        }
        let is_sure = is_heard && seen == Truth::Yes;
        let now = self.user(contact);
        let line = Line::Iln(contact, now.state.unwrap_or(State::NLN), now.name);
        out.list.push(Sight {
            conn,
            line,
            duty: if is_sure { Duty::Must } else { Duty::May },
            clause,
        });
        if let Some(shown) = self.user_mut(user).shown.get_mut(contact.index()) {
            *shown = if is_sure { Shown::Here } else { Shown::Unknown };
        }
    }

    /// A user comes back from where it may not have been told what happened.
    pub(super) fn catch_up(&mut self, conn: ConnId, user: UserId, out: &mut Sights) {
        for contact in self.users() {
            if self.is_on(user, List::Forward, contact) == Truth::No {
                continue;
            }
            let Line::Nln(_, state, name) = self.here(contact) else {
                continue;
            };
            for line in [
                Line::Iln(contact, state, name),
                Line::Nln(contact, state, name),
                Line::Fln(contact),
            ] {
                out.list.push(Sight {
                    conn,
                    line,
                    duty: Duty::May,
                    clause: ClauseId::CHG_2,
                });
            }
            if let Some(shown) = self.user_mut(user).shown.get_mut(contact.index()) {
                *shown = Shown::Unknown;
            }
        }
    }

    pub(super) fn add(
        &mut self,
        conn: ConnId,
        user: UserId,
        list: List,
        whom: UserId,
        out: &mut Sights,
    ) {
        let was_there = self.is_on(user, list, whom);
        self.set_list(user, list, whom, Truth::Yes);
        self.bump(user);
        match list {
            List::Forward => {
                self.set_groups(user, whom, GroupSet::only(GroupId::OTHERS));
                self.introduce_phones(user, whom, was_there == Truth::No, out);
                self.tell_of_reverse(user, whom, was_there == Truth::No, true, out);
                let is_heard = self.hears(user).is_some_and(|(_, is_sure)| is_sure);
                let is_sure = is_heard && was_there == Truth::No;
                self.introduce(conn, user, whom, is_sure, ClauseId::PRES_3, out);
            }
            List::Block => {
                let off = Some(ClauseId::PRES_10);
                self.tell(user, whom, false, (None, off), out);
            }
            List::Allow | List::Reverse => self.review_one(user, whom, out),
        }
    }

    pub(super) fn remove(&mut self, user: UserId, list: List, whom: UserId, out: &mut Sights) {
        let was_there = self.is_on(user, list, whom);
        self.set_list(user, list, whom, Truth::No);
        self.bump(user);
        match list {
            List::Forward => {
                self.set_groups(user, whom, GroupSet::default());
                self.tell_of_reverse(user, whom, was_there == Truth::Yes, false, out);
                if let Some(shown) = self.user_mut(user).shown.get_mut(whom.index()) {
                    *shown = Shown::Gone;
                }
            }
            List::Block => {
                let on = Some(ClauseId::PRES_10);
                self.tell(user, whom, false, (on, None), out);
            }
            List::Allow | List::Reverse => self.review_one(user, whom, out),
        }
    }

    /// The AL decides under BLP BL alone; known servers then tell of a change, or do not.
    fn review_one(&mut self, user: UserId, whom: UserId, out: &mut Sights) {
        self.tell(user, whom, false, (None, None), out);
        if self.is_public(user) != Truth::Yes
            && let Some(shown) = self.user_mut(whom).shown.get_mut(user.index())
        {
            *shown = Shown::Unknown;
        }
    }

    /// `ADD 0 RL` or `REM 0 RL` to one who is put on a FL or taken off it.
    fn tell_of_reverse(
        &mut self,
        user: UserId,
        whom: UserId,
        is_sure: bool,
        is_added: bool,
        out: &mut Sights,
    ) {
        self.bump(whom);
        let serial = self.serial(whom);
        let (line, clause) = if is_added {
            (Line::AddedZero(serial, user), ClauseId::ADD_10)
        } else {
            (Line::RemovedZero(serial, user), ClauseId::REM_7)
        };
        let Some((conn, is_heard)) = self.hears(whom) else {
            return;
        };
        let is_online = self.is(whom, Presence::Online) == Truth::Yes;
        let is_due = is_sure && is_heard && is_online && user != whom;
        out.list.push(Sight {
            conn,
            line,
            duty: if is_due { Duty::Must } else { Duty::May },
            clause,
        });
    }

    /// Puts somebody on a list before the case begins.
    pub fn set_member(&mut self, user: UserId, list: List, whom: UserId) {
        self.set_list(user, list, whom, Truth::Yes);
        self.bump(user);
        if list == List::Forward {
            self.set_groups(user, whom, GroupSet::only(GroupId::OTHERS));
            self.bump(whom);
        }
    }

    /// Sets GTC (`A`: true) and BLP (`AL`: true) before the case begins.
    pub fn set_switches(&mut self, user: UserId, prompts: bool, is_public: bool) {
        self.set_setting(user, Setting::Prompt, prompts);
        self.set_setting(user, Setting::Privacy, is_public);
    }

    /// Has a user logged in before the case begins, and (with a state) past the first CHG.
    /// [`Model::begin`] follows when all are.
    pub fn set_login(&mut self, user: UserId, state: Option<State>) -> ConnId {
        let conn = self.open(ServerKind::Notification);
        if let Some(conn) = self.conn_mut(conn) {
            conn.stage = Stage::LoggedIn(user);
        }
        let now = self.user_mut(user);
        (now.login, now.state) = (Some(conn), state);
        now.synchronised = (state.is_some(), false);
        conn
    }

    /// The case begins: everybody has been told what is to be told.
    pub fn begin(&mut self) {
        for watcher in self.users() {
            for user in self.users() {
                let now = match rules::sees(self, watcher, user) {
                    Truth::Yes => Shown::Here,
                    Truth::No => Shown::Gone,
                    Truth::Maybe => Shown::Unknown,
                };
                if let Some(shown) = self.user_mut(watcher).shown.get_mut(user.index()) {
                    *shown = now;
                }
            }
        }
    }
}
