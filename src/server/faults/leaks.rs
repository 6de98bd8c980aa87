//! The branches of the server that faults open in presence and in sessions: who sees, calls, enters
//! and hears what is not meant for it.

use std::sync::Arc;

use super::Fault;
use crate::server::Server;
use crate::server::account::{AccountId, Privacy, State};
use crate::server::connection::{ConnId, Seat};
use crate::server::cookie::Purpose;
use crate::server::list::ListName;
use crate::server::session::SessionId;

impl Server {
    fn is_blocked(&self, owner: AccountId, other: AccountId) -> bool {
        self.directory[owner].list(ListName::Block).contains(other)
    }

    fn is_allowed(&self, owner: AccountId, other: AccountId) -> bool {
        self.directory[owner].list(ListName::Allow).contains(other)
    }

    /// Whether watchers do not hear of a change of state.
    pub(in crate::server) fn is_untold(&self, before: Option<State>, now: State) -> bool {
        if now.shown().is_none() {
            return false;
        }
        match before {
            None => self.faulty(Fault::ONLINE_UNTOLD),
            Some(State::Hidden) => self.faulty(Fault::RETURN_UNTOLD),
            Some(State::Offline) => false,
            Some(State::Online(_)) => self.faulty(Fault::CHANGES_UNTOLD),
        }
    }

    /// The state in which a watcher sees a user whose settings do not admit it.
    pub(in crate::server) fn state_for_the_barred(
        &self,
        subject: AccountId,
        watcher: AccountId,
    ) -> Option<&'static str> {
        if self.is_blocked(subject, watcher) {
            let state = self.directory[subject].shown_state();
            return state.filter(|_| self.faulty(Fault::BLOCKED_SEE_CHANGES));
        }
        self.faulty(Fault::UNLISTED_SEE_AWAY).then_some("AWY")
    }

    /// The state in which ILN alone shows a user.
    pub(in crate::server) fn leaked_state(
        &self,
        subject: AccountId,
        watcher: AccountId,
    ) -> Option<&'static str> {
        let user = &self.directory[subject];
        let is_hidden = user.presence?.state? == State::Hidden;
        if is_hidden && self.faulty(Fault::HIDDEN_IN_ILN) {
            return Some("NLN");
        }
        let is_leaked = self.is_blocked(subject, watcher) && self.faulty(Fault::BLOCKED_GET_ILN);
        user.shown_state().filter(|_| is_leaked)
    }

    /// Whether a user has sent a CHG.
    pub(in crate::server) fn has_state(&self, account: AccountId) -> bool {
        let presence = self.directory[account].presence;
        presence.is_some_and(|presence| presence.state.is_some())
    }

    /// Whether a cookie opens what it should not.
    pub(in crate::server) fn opens_wrongly(
        &self,
        cookie: &str,
        account: AccountId,
        purpose: Purpose,
    ) -> bool {
        if self.config.faults.is_empty() {
            return false;
        }
        let is_entry = purpose == Purpose::Open;
        let Some((owner, meant)) = self.cookies.look_at(cookie) else {
            let any = [Fault::ANY_ANSWER_KEY, Fault::ANY_COOKIE];
            return any
                .into_iter()
                .zip([false, true])
                .any(|(fault, entry)| entry == is_entry && self.faulty(fault));
        };
        let (is_own, is_meant) = (owner == account, meant == purpose);
        (is_meant && self.faulty(Fault::COOKIE_FOR_ANYONE))
            || (is_meant && is_own && self.faulty(Fault::COOKIE_REUSABLE))
            || (is_own && !is_entry && self.faulty(Fault::ANY_SESSION))
            || (!is_entry && self.faulty(Fault::ANY_ANSWER_KEY))
    }

    /// Whether a call fails for what should not count.
    pub(in crate::server) fn is_stopped_wrongly(&self, seat: Seat, callee: AccountId) -> bool {
        let own = self.is_blocked(seat.account, callee);
        let session = self.sessions.get(seat.session);
        let others = session.is_some_and(|session| {
            let mut there = session.participants.iter();
            there.any(|p| p.account != seat.account && self.is_blocked(p.account, callee))
        });
        (own && self.faulty(Fault::OWN_BLOCK_STOPS_CALL))
            || (others && self.faulty(Fault::OTHERS_BLOCK_STOPS_CALL))
    }

    /// Whether a callee can be called, where a faulty server decides otherwise than its settings.
    pub(in crate::server) fn admits_wrongly(
        &self,
        callee: AccountId,
        caller: AccountId,
    ) -> Option<bool> {
        let is_blocked = self.is_blocked(callee, caller);
        let is_closed = self.directory[callee].privacy == Privacy::Closed;
        if is_blocked {
            return self.faulty(Fault::BLOCKED_CAN_CALL).then_some(true);
        }
        if is_closed {
            return self.faulty(Fault::OPEN_TO_STRANGERS).then_some(true);
        }
        let is_stranger = !self.is_allowed(callee, caller);
        (is_stranger && self.faulty(Fault::CLOSED_TO_STRANGERS)).then_some(false)
    }

    /// Somebody leaves a session.
    pub(in crate::server) fn spoil_leaving(&mut self, conn: ConnId, seat: Seat) {
        if !self.faulty(Fault::STALE_ROSTER) {
            return;
        }
        let session = self.sessions.get(seat.session);
        if let Some(participant) = session.and_then(|session| session.participant(conn)) {
            let (handle, name) = (
                Arc::clone(&participant.handle),
                Arc::clone(&participant.name),
            );
            self.planted.left.push((seat.session, handle, name));
        }
    }

    /// Names those who have been in a session that everybody has left.
    pub(in crate::server) fn send_stale_roster(
        &mut self,
        conn: ConnId,
        session: SessionId,
        trid: &str,
    ) {
        if self.sessions.get(session).is_some() {
            return;
        }
        let left = self
            .planted
            .left
            .iter()
            .filter(|(whose, ..)| *whose == session);
        let left: Vec<_> = left.collect();
        let total = left.len();
        for ((_, handle, name), item) in left.into_iter().zip(1..) {
            let line = format_args!("IRO {trid} {item} {total} {handle} {name}");
            self.outbox.line(conn, line);
        }
    }

    /// Whether a participant does not get another's messages.
    pub(in crate::server) fn is_muted(&self, sender: AccountId, receiver: AccountId) -> bool {
        self.faulty(Fault::BLOCK_MUTES_SESSION) && self.is_blocked(receiver, sender)
    }
}
