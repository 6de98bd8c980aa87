//! What is learnt from lines that answer nothing, and from those on murky connections.

use super::World;
use super::board::Purpose;
use super::fact::Membership;
use super::learning::state;
use super::user::GONE;
use crate::oracle::line::{Line, Verb};
use crate::protocol::{List, ServerKind, decode_name};
use crate::transcript::ConnId;

impl World {
    pub(super) fn told_unasked(&mut self, id: ConnId, line: &Line<'_>) {
        let index = self.index;
        let conn = self.conn_mut(id);
        let user = conn.user;
        match (line.verb, user) {
            (Verb::Out, _) => {
                conn.server_out = true;
                // With another word it is told in a wrong way, and who has not asked for it is out.
                let is_told = line.count() > 1 && line.word(1) != b"SSD";
                conn.is_displaced = is_told && conn.client_out.is_none();
                if line.word(1) == b"SSD" {
                    self.shake();
                }
                self.may_leave(id, true);
            }
            (Verb::Qng, _) => conn.pings -= 1,
            (Verb::Add | Verb::Rem, Some(user)) => {
                self.users.get_mut(user).see_serial(line);
                if self.users.get(user).login != Some(id) {
                    self.users.get_mut(user).forget_settings(index);
                    return;
                }
                let adder = self.users.find(line.word(4));
                let list = List::parse(line.word(2)).filter(|list| *list != List::Reverse);
                // The server confuses whose list it is.
                let is_misled = adder.zip(list).is_some_and(|(adder, list)| {
                    let fact = self.users.get(adder).list(list);
                    adder == user || matches!(fact.membership_ever(user), Membership::On(_))
                });
                if is_misled {
                    return;
                }
                self.has_imposed |= list.is_some();
                let index = self.index;
                self.change_list(user, line, index);
            }
            (Verb::Chg, Some(user)) => {
                let floor = conn.floor;
                self.has_imposed = true;
                let states = &mut self.users.get_mut(user).states;
                states.asked(state(line.word(2)), floor);
                states.accepted(floor, index);
            }
            (Verb::Rng, Some(user)) => {
                let (session, cookie) = invitation(line);
                self.boards
                    .issue(cookie, user, Purpose::Join(session.into()));
            }
            (Verb::Joi, _) => {
                let joined = self.users.intern(line.word(1));
                let name = decode_name(line.word(2));
                self.users.get_mut(joined).add_nickname(&name);
            }
            (Verb::Bye, _) => self.told_bye(id, line.word(1)),
            _ => {}
        }
    }

    fn told_bye(&mut self, id: ConnId, handle: &[u8]) {
        let (index, board) = (self.index, self.conn_mut(id).board);
        let left = self.users.find(handle);
        if let (Some(board), Some(left)) = (board, left) {
            let seats = &mut self.boards.get_mut(board).seats;
            for seat in seats.iter_mut().filter(|seat| seat.user == left) {
                seat.leaving.get_or_insert(index);
            }
        }
    }

    /// A line on a murky connection.
    pub(super) fn overheard(&mut self, id: ConnId, line: &Line<'_>) {
        let conn = self.conn_mut(id);
        match (line.verb, conn.kind) {
            (Verb::Out, _) => conn.server_out = true,
            (Verb::Usr, ServerKind::Notification) if line.word(2) == b"OK" => {
                let user = self.users.intern(line.word(3));
                self.sit_in(id, user);
            }
            (Verb::Usr | Verb::Ans, ServerKind::Switchboard) => self.has_strangers = true,
            (Verb::Rng, _) => {
                if let Some(user) = conn.user {
                    let (session, cookie) = invitation(line);
                    let purpose = Purpose::Join(session.into());
                    self.boards.issue(cookie, user, purpose);
                }
            }
            _ => {}
        }
    }

    /// From here on nobody knows GONE from present; `is_sure` where the server has said so.
    pub(super) fn may_leave(&mut self, id: ConnId, is_sure: bool) {
        let index = self.index;
        let conn = self.conn_mut(id);
        let (user, board, floor) = (conn.user, conn.board, conn.floor);
        if let Some(board) = board {
            let seats = &mut self.boards.get_mut(board).seats;
            if let Some(seat) = seats.iter_mut().find(|seat| seat.conn == id) {
                seat.leaving.get_or_insert(index);
                if is_sure {
                    seat.left.get_or_insert(index);
                }
            }
        } else if let Some(user) = user {
            let user = self.users.get_mut(user);
            if user.login == Some(id) {
                // What the client does cannot show before; what the server does may have.
                let since = if is_sure { floor.max(1) } else { index };
                user.states.asked(GONE, since);
                if is_sure {
                    user.states.accepted(index, index);
                    user.login = None;
                }
            }
        }
    }
}

/// Session and cookie of a ring, also of one with a word too many before them.
fn invitation<'l>(line: &Line<'l>) -> (&'l [u8], &'l [u8]) {
    let at = match line.word(3) != b"CKI" && line.word(4) == b"CKI" {
        true => 1,
        false => 0,
    };
    (line.word(1 + at), line.word(4 + at))
}
