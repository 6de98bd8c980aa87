//! Who is referred to the switchboard, who enters and is called there, and who hears whom.

use std::sync::Arc;

use super::Quirks;
use crate::server::Server;
use crate::server::account::Account;
use crate::server::connection::Seat;
use crate::server::cookie::{Cookies, Purpose};
use crate::server::faults::Fault;
use crate::server::id::{AccountId, ConnId, SessionId};
use crate::server::list::ListName;

fn blocks(user: &Account, other: AccountId) -> bool {
    user.list(ListName::Block).contains(other)
}

impl Quirks {
    /// Whether a user who is shown to nobody is referred to a switchboard.
    pub(in crate::server) fn refers_hidden(&self, user: &Account) -> bool {
        let presence = user.presence.filter(|there| there.takes_calls);
        let has_state = presence.is_some_and(|there| there.state.is_some());
        has_state && self.has(Fault::HIDDEN_GET_BOARD)
    }

    /// The number of a new session, where this is its own.
    pub(in crate::server) fn session_number(&mut self, own: SessionId) -> SessionId {
        if self.has(Fault::ONE_SESSION_NUMBER) {
            return *self.session.get_or_insert(own);
        }
        own
    }

    /// Whether a cookie opens, and goes on to, what it should not.
    pub(in crate::server) fn honours(
        &self,
        cookie: &str,
        cookies: &Cookies,
        account: AccountId,
        purpose: Purpose,
    ) -> bool {
        if self.is_empty() {
            return false;
        }
        let is_entry = purpose == Purpose::Open;
        let Some((owner, meant)) = cookies.look_at(cookie) else {
            return self.has(if is_entry {
                Fault::ANY_COOKIE
            } else {
                Fault::ANY_ANSWER_KEY
            });
        };
        let (is_own, is_meant) = (owner == account, meant == purpose);
        (is_meant && self.has(Fault::COOKIE_FOR_ANYONE))
            || (is_meant && is_own && self.has(Fault::COOKIE_REUSABLE))
            || (is_own && !is_entry && self.has(Fault::ANY_SESSION))
            || (!is_entry && self.has(Fault::ANY_ANSWER_KEY))
    }

    /// Whether a callee's settings admit a caller.
    fn admits(&self, callee: &Account, caller: AccountId) -> bool {
        let is_allowed = callee.list(ListName::Allow).contains(caller);
        if blocks(callee, caller) {
            self.has(Fault::BLOCKED_CAN_CALL)
        } else if !callee.is_public {
            is_allowed || self.has(Fault::OPEN_TO_STRANGERS)
        } else {
            is_allowed || !self.has(Fault::CLOSED_TO_STRANGERS)
        }
    }

    /// Whether a participant hears nothing of another.
    pub(in crate::server) fn mutes(&self, receiver: &Account, sender: AccountId) -> bool {
        self.has(Fault::BLOCK_MUTES_SESSION) && blocks(receiver, sender)
    }
}

impl Server {
    /// Whether a call rings, where the protocol lets it or not.
    pub(in crate::server) fn rings(&self, callee: AccountId, seat: Seat, own: bool) -> bool {
        if self.quirks.is_empty() {
            return own;
        }
        let user = &self.directory[callee];
        let is_shown = user.shown_state().is_some() || self.quirks.has(Fault::HIDDEN_CAN_BE_CALLED);
        let takes_calls = user.presence.is_some_and(|there| there.takes_calls);
        is_shown
            && takes_calls
            && self.quirks.admits(user, seat.account)
            && !self.is_stopped(callee, seat)
    }

    /// Whether a call fails because of those who call, not of the callee.
    fn is_stopped(&self, callee: AccountId, seat: Seat) -> bool {
        let own = blocks(&self.directory[seat.account], callee);
        let session = self.sessions.get(seat.session);
        let others = session.is_some_and(|session| {
            let mut there = session.participants.iter();
            there.any(|p| p.account != seat.account && blocks(&self.directory[p.account], callee))
        });
        (own && self.quirks.has(Fault::OWN_BLOCK_STOPS_CALL))
            || (others && self.quirks.has(Fault::OTHERS_BLOCK_STOPS_CALL))
    }

    /// Somebody is about to leave a session.
    pub(super) fn note_leaving(&mut self, conn: ConnId, seat: Seat) {
        if !self.quirks.has(Fault::STALE_ROSTER) {
            return;
        }
        let session = self.sessions.get(seat.session);
        if let Some(participant) = session.and_then(|session| session.participant(conn)) {
            let handle = Arc::clone(&participant.handle);
            let name = Arc::clone(&participant.name);
            self.quirks.left.push((seat.session, handle, name));
        }
    }

    /// Names those who have been in a session that everybody has left.
    pub(in crate::server) fn send_former_roster(
        &mut self,
        conn: ConnId,
        session: SessionId,
        trid: &str,
    ) {
        let left = self.quirks.left.iter();
        let left: Vec<_> = left.filter(|(whose, ..)| *whose == session).collect();
        let total = left.len();
        for ((_, handle, name), item) in left.into_iter().zip(1..) {
            let line = format_args!("IRO {trid} {item} {total} {handle} {name}");
            self.outbox.line(conn, line);
        }
    }
}
