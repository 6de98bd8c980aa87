//! Users come and go, connections end, sight is lost.

use super::World;
use super::board::Seat;
use super::connection::Conn;
use super::fact::Fact;
use super::id::UserId;
use super::reading::Asked;
use super::request::Request;
use super::user::UNSET;
use crate::oracle::line::{Line, Verb};
use crate::protocol::{List, ServerKind, Setting, decode_name, join_name};
use crate::transcript::{ConnId, Party};

/// How many handles that try to log in are remembered.
const CLAIMS: usize = 16;

impl World {
    /// A handle that wants to log in.
    pub(super) fn note_claim(&mut self, id: ConnId, asked: &Asked<'_>) {
        let kind = self.conn_mut(id).kind;
        let is_claim = asked.verb == Verb::Usr && asked.line.word(3).eq_ignore_ascii_case(b"I");
        if kind == ServerKind::Switchboard {
            if matches!(asked.verb, Verb::Usr | Verb::Ans) {
                self.users.intern(asked.line.word(2));
            }
        } else if is_claim {
            let user = self.users.intern(asked.line.word(4));
            let claims = &mut self.conn_mut(id).claims;
            if claims.len() >= CLAIMS {
                claims.remove(0);
            }
            claims.push(user);
        }
    }

    pub(super) fn log_in(&mut self, id: ConnId, request: &Request, line: &Line<'_>) {
        let user = self.users.intern(line.word(3));
        let index = self.index;
        let conn = self.conn_mut(id);
        // Who is logged in here is not who the client believes it to be.
        let is_another = !conn.claims.contains(&user) || conn.user.is_some();
        conn.is_murky |= is_another;
        self.has_impostors |= is_another;
        self.sit_in(id, user);
        let conn = self.conn_mut(id);
        conn.asked_in = request.index;
        let is_known = conn.is_clear();
        let known = self.users.get_mut(user);
        let was_blurred = known.is_blurred;
        // Of two logins that were under way at once, nobody knows which one stays.
        let is_contested = known.logged_in > request.index;
        known.logged_in = index;
        if is_contested {
            known.blur(index);
        } else if is_known {
            known.is_blurred = false;
            known.has_lost_names = false;
            if was_blurred {
                known.states.forget(index);
            }
            known.states.asked(UNSET, request.index);
            known.states.accepted(request.index, index);
            known.add_name(&decode_name(line.word(4)));
            if line.count() > 5 {
                // A name with blanks in it, or a word too many: nobody can tell yet.
                known.add_name(&join_name((4..line.count()).map(|at| line.word(at))));
            }
            self.catch_up(id, user);
        }
    }

    /// What was sent before the answer to the login came.
    fn catch_up(&mut self, id: ConnId, user: UserId) {
        let conn = self.conns.get(id.0);
        let early: Vec<Request> = conn
            .into_iter()
            .flat_map(super::Conn::unanswered)
            .cloned()
            .collect();
        for request in early {
            self.may_change(user, request.verb, &request.words(), request.index);
        }
    }

    /// A user is logged in on a connection, whatever was known before.
    pub(super) fn sit_in(&mut self, id: ConnId, user: UserId) {
        let index = self.index;
        let conn = self.conn_mut(id);
        // Some servers dispatch and notify on one port.
        conn.kind = ServerKind::Notification;
        conn.user = Some(user);
        conn.entered = index;
        conn.asked_in = index;
        conn.claims.clear();
        let is_known = conn.is_clear();
        let known = self.users.get_mut(user);
        known.login = Some(id);
        known.serial_before = known.serial;
        for list in List::ALL {
            known.list_mut(list).grow_old();
        }
        known.settings.iter_mut().for_each(Fact::renew);
        known.calls = Fact::default();
        known.calls.learn(true, 0, index, false);
        if !is_known {
            known.blur(index);
        }
    }

    pub(super) fn open_board(&mut self, id: ConnId, request: &Request, line: &Line<'_>) {
        let index = self.index;
        let words = request.words();
        let user = self.users.intern(words.word(2));
        self.users
            .get_mut(user)
            .add_nickname(&decode_name(line.word(4)));
        self.boards.use_up(words.word(3), index);
        let board = self.boards.make(true);
        self.take_seat(id, board, user, request.index);
    }

    pub(super) fn join_board(&mut self, id: ConnId, request: &Request) {
        let index = self.index;
        let words = request.words();
        let user = self.users.intern(words.word(2));
        self.boards.use_up(words.word(3), index);
        let number = words.word(4);
        let board = self.boards.find(number).unwrap_or_else(|| {
            let board = self.boards.make(false);
            self.boards.number(board, number);
            board
        });
        self.take_seat(id, board, user, request.index);
    }

    fn take_seat(&mut self, id: ConnId, board: super::BoardId, user: UserId, asked: usize) {
        let index = self.index;
        // There is no VER on a switchboard: the user speaks what it agreed on at its login.
        let login = self.users.get_mut(user).login;
        let login = login.map(|login| self.conn_mut(login));
        let login = login.map(|login| (login.dialect, !login.may_speak_any()));
        let conn = self.conn_mut(id);
        if conn.board.is_some() {
            return;
        }
        if let Some((dialect, is_known)) = login {
            (conn.dialect, conn.has_login) = (dialect, is_known);
        }
        conn.user = Some(user);
        conn.board = Some(board);
        conn.asked_in = asked;
        conn.entered = index;
        self.boards.get_mut(board).seats.push(Seat {
            conn: id,
            user,
            asked,
            entered: index,
            leaving: None,
            left: None,
        });
    }

    /// The client sent what cannot be read with certainty.
    pub(super) fn lose_sight(&mut self, id: ConnId) {
        let index = self.index;
        let conn = self.conn_mut(id);
        conn.is_murky = true;
        let (kind, user, board) = (conn.kind, conn.user, conn.board);
        match (user, board) {
            (Some(user), None) => self.users.get_mut(user).blur(index),
            (_, Some(_)) => {
                self.has_strangers = true;
                self.may_leave(id, false);
            }
            (None, None) if kind == ServerKind::Switchboard => self.has_strangers = true,
            (None, None) => {}
        }
    }

    /// Something was sent that nobody recorded.
    pub(super) fn miss(&mut self, id: ConnId) {
        self.lose_sight(id);
        let index = self.index;
        let conn = self.conn_mut(id);
        conn.is_holed = true;
        let may_log_in = conn.user.is_none() && conn.kind != ServerKind::Switchboard;
        if may_log_in && conn.claims.is_empty() {
            self.users.iter_mut().for_each(|user| user.blur(index));
        } else if may_log_in {
            for user in conn.claims.clone() {
                self.users.get_mut(user).blur(index);
            }
        }
    }

    pub(super) fn end(&mut self, id: ConnId, party: Party) {
        let index = self.index;
        let by_server = party == Party::Server;
        let conn = self.conn_mut(id);
        if conn.ended.is_some() {
            return;
        }
        let is_sudden =
            by_server && conn.is_alive() && conn.waiting.is_empty() && conn.user.is_some();
        conn.ended = Some(index);
        conn.ended_by_server = by_server;
        let (user, board) = (conn.user, conn.board);
        if let Some(user) = user {
            self.leave_open(id, user);
        }
        self.may_leave(id, by_server);
        if let Some(user) = user.filter(|_| board.is_none()) {
            let known = self.users.get_mut(user);
            if known.login == Some(id) {
                known.login = None;
            }
        }
        if is_sudden && board.is_none() {
            self.shake();
        }
    }

    /// Requests without an answer may have been carried out or not.
    fn leave_open(&mut self, id: ConnId, user: UserId) {
        let conn = self.conns.get(id.0);
        let verbs: Vec<(Verb, Option<List>)> = conn
            .into_iter()
            .flat_map(super::Conn::unanswered)
            .map(|request| (request.verb, List::parse(request.words().word(2))))
            .collect();
        let known = self.users.get_mut(user);
        for (verb, list) in verbs {
            match (verb, list) {
                (Verb::Add | Verb::Rem, Some(list)) => known.list_mut(list).forget(),
                (Verb::Rmg, _) => known.list_mut(List::Forward).forget(),
                _ => {
                    if let Some(setting) = Setting::of(verb) {
                        known.setting_mut(setting).forget();
                    }
                }
            }
        }
    }

    /// Everything is forgotten but which connections there are, and what makes others silent.
    pub(in crate::oracle) fn forget(&mut self) {
        let old = std::mem::take(self);
        *self = Self {
            conns: old.conns.iter().map(Conn::forgotten).collect(),
            index: old.index,
            is_strange: old.is_strange,
            breaks: old.breaks,
            has_impostors: old.has_impostors,
            has_imposed: old.has_imposed,
            ..Self::default()
        };
        self.boards.forget();
        let mut open = self
            .conns
            .iter()
            .filter(|conn| conn.has_begun && conn.ended.is_none());
        self.has_strangers = open.any(|conn| conn.kind == ServerKind::Switchboard);
    }

    /// The server may have been started anew, with or without a memory.
    pub(super) fn shake(&mut self) {
        let index = self.index;
        self.epoch += 1;
        for user in self.users.iter_mut() {
            user.forget(index);
            user.adders.clear();
        }
    }
}
