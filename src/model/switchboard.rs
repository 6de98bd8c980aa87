//! The replies on a switchboard.

use smallvec::smallvec;

use super::Model;
use super::command::{Command, Key, Mode, Whom};
use super::line::Line;
use super::login::{ignored, misplaced, name_if, refused};
use super::prediction::{Effect, Replies, Reply};
use super::value::{ConnId, SessionId, TicketId, UserId};
use super::world::Ticket;
use crate::protocol::ClauseId;
use crate::rules::{self, Reach, Truth, refusals};

/// After so many failed calls another may draw 713.
const PATIENCE: u8 = 4;

/// OUT: the switchboard closes; some say OUT first.
fn out() -> Replies {
    smallvec![
        Reply::new(ClauseId::BYE_3, Effect::Left, &[]),
        Reply::new(ClauseId::BYE_3, Effect::Left, &[Line::Out]),
    ]
}

/// A cookie that does not open.
fn not_admitted(clause: ClauseId) -> Replies {
    let wrong = Reply::refusal(&refusals::COOKIE, Effect::MaybeClosed);
    smallvec![wrong, refused(clause)]
}

impl Model {
    pub(super) fn lobby_replies(&self, command: Command) -> Replies {
        match command {
            Command::UsrSb(user, key) => self.entry_replies(user, key),
            Command::Ans { user, key, session } => self.answer_replies(user, key, session),
            Command::Out => out(),
            Command::Hostile | Command::Unknown | Command::Arity => misplaced(command),
            Command::Msg(_) => smallvec![
                refused(ClauseId::SBU_6),
                Reply::new(ClauseId::SBU_6, Effect::MaybeClosed, &[Line::Nak]),
                ignored(ClauseId::SBU_6),
            ],
            _ => smallvec![
                Reply::new(ClauseId::SBU_6, Effect::MaybeClosed, &[Line::Error(302)]),
                refused(ClauseId::SBU_6),
                ignored(ClauseId::SBU_6),
            ],
        }
    }

    /// Whether a ticket is good for a user, as far as it is known; `None` where it is used, or its
    /// owner's login has ended, which may or may not matter.
    fn is_good(&self, ticket: &Ticket, user: UserId) -> Option<bool> {
        let login = self.login_of(ticket.owner);
        let is_sure = login.is_some_and(|conn| self.is_sure(conn));
        match ticket.used {
            _ if ticket.owner != user => Some(false),
            Truth::No if login == ticket.login && is_sure => Some(true),
            Truth::Yes => Some(false),
            Truth::No | Truth::Maybe => None,
        }
    }

    fn entry_replies(&self, user: UserId, key: Key) -> Replies {
        let Some((id, ticket)) = self.find_ticket(key) else {
            return not_admitted(ClauseId::SBU_2);
        };
        if ticket.session.is_some() {
            return smallvec![Reply::anything(ClauseId::SBU_2, Effect::Unclear)];
        }
        match self.is_good(ticket, user) {
            None => smallvec![Reply::anything(ClauseId::SBU_1, Effect::Unclear)],
            Some(false) if ticket.owner == user => not_admitted(ClauseId::SBU_4),
            Some(false) => not_admitted(ClauseId::SBU_3),
            Some(true) => {
                let ok = Line::Entered(user, self.user(user).name);
                let effect = Effect::Entered(user, id);
                smallvec![Reply::new(ClauseId::SBU_1, effect, &[ok])]
            }
        }
    }

    fn answer_replies(&self, user: UserId, key: Key, named: Option<SessionId>) -> Replies {
        let clause = ClauseId::ANS_4;
        let Some((id, ticket)) = self.find_ticket(key) else {
            return not_admitted(clause);
        };
        let (Some(rung), Some(named)) = (ticket.session, named) else {
            return not_admitted(clause);
        };
        let good = self.is_good(ticket, user);
        if good == Some(false) || named != rung {
            return not_admitted(clause);
        }
        let Some(session) = self.session(rung) else {
            return not_admitted(clause);
        };
        if good.is_none() || session.doubt || self.sits_in(user, rung) {
            return smallvec![Reply::anything(clause, Effect::Unclear)];
        }
        if session.seats.is_empty() {
            let empty = Reply::new(ClauseId::ANS_5, Effect::Unclear, &[Line::AnsOk]);
            return smallvec![empty, refused(ClauseId::ANS_5)];
        }
        let effect = Effect::Joined(user, id, rung);
        let mut reply = Reply::new(ClauseId::ANS_1, effect, &[]);
        let total = u8::try_from(session.seats.len()).unwrap_or(u8::MAX);
        let only = session.seats.first().filter(|_| total == 1);
        let only = only.and_then(|conn| self.conns.get(conn.index())?.seat);
        for item in 1..=total {
            reply.lines.push(Line::Iro(item, total, only));
        }
        reply.lines.push(Line::AnsOk);
        smallvec![reply]
    }

    fn find_ticket(&self, key: Key) -> Option<(TicketId, &Ticket)> {
        match key {
            Key::Ticket(id) => Some((id, self.tickets.get(id.index())?)),
            Key::Invented => None,
        }
    }

    pub(super) fn sits_in(&self, user: UserId, session: SessionId) -> bool {
        let seats = self.session(session).map_or(&[][..], |s| &s.seats);
        seats.iter().any(|conn| self.user_of(*conn) == Some(user))
    }

    pub(super) fn session_replies(
        &self,
        conn: ConnId,
        session: SessionId,
        command: Command,
    ) -> Replies {
        let is_blurred = self.session(session).is_none_or(|session| session.doubt);
        match command {
            Command::Out => out(),
            Command::Cal(_) | Command::Msg(_) if is_blurred => {
                smallvec![Reply::anything(ClauseId::MSG_1, Effect::MaybeCalled).staying()]
            }
            Command::Cal(whom) => self.call_replies(conn, session, whom),
            Command::Msg(mode) => self.message_replies(session, mode),
            Command::MsgBad => smallvec![
                Reply::new(ClauseId::MSG_10, Effect::Unclear, &[Line::Refused]),
                Reply::anything(ClauseId::MSG_10, Effect::Unclear),
            ],
            Command::UsrSb(..) | Command::Ans { .. } => {
                smallvec![Reply::anything(ClauseId::SBU_1, Effect::Unclear)]
            }
            _ => misplaced(command),
        }
    }

    fn call_replies(&self, conn: ConnId, session: SessionId, whom: Whom) -> Replies {
        let any = |clause, effect| Reply::new(clause, effect, &[Line::AnyError]);
        let fails = |usual, clause| -> Replies {
            let usual = Reply::refusal(usual, Effect::CallFailed);
            smallvec![usual, any(clause, Effect::CallFailed)]
        };
        let callee = match whom {
            Whom::Nobody => return fails(&refusals::UNREACHABLE, ClauseId::CAL_6),
            Whom::Malformed => return fails(&refusals::CALLEE_HANDLE, ClauseId::CAL_10),
            Whom::User(callee) => callee,
        };
        let again = || -> Replies {
            let rings = Line::Ringing(session);
            smallvec![
                Reply::refusal(&refusals::PRESENT, Effect::MaybeCalled),
                Reply::new(ClauseId::CAL_8, Effect::MaybeCalled, &[rings]),
                any(ClauseId::CAL_8, Effect::MaybeCalled)
            ]
        };
        let is_called = self.session(session).is_some_and(|s| s.called.has(callee));
        if is_called || self.sits_in(callee, session) {
            return again();
        }
        let Some(caller) = self.user_of(conn) else {
            return again();
        };
        let rings = Line::Ringing(session);
        let rings = Reply::new(ClauseId::CAL_1, Effect::Called(callee), &[rings]);
        let is_patient = self
            .conns
            .get(conn.index())
            .is_some_and(|conn| conn.failed_calls < PATIENCE);
        match rules::call(self, callee, caller) {
            Reach::Shut(clause) => fails(&refusals::UNREACHABLE, clause),
            Reach::Open if is_patient => smallvec![rings],
            _ => {
                let error = any(ClauseId::CAL_3, Effect::MaybeCalled);
                let effect = Effect::MaybeCalled;
                smallvec![Reply { effect, ..rings }, error]
            }
        }
    }

    fn message_replies(&self, session: SessionId, mode: Mode) -> Replies {
        let is_alone = self.session(session).is_some_and(|s| s.seats.len() == 1);
        let silence = |clause| Reply::new(clause, Effect::Sent, &[]);
        let nak = || Reply::new(ClauseId::MSG_6, Effect::Sent, &[Line::Nak]);
        let ack = || Reply::new(ClauseId::MSG_7, Effect::Sent, &[Line::Ack]);
        match (mode, is_alone) {
            (Mode::U, _) => smallvec![silence(ClauseId::MSG_4)],
            (Mode::N, false) => smallvec![silence(ClauseId::MSG_5)],
            (Mode::N, true) => smallvec![nak(), silence(ClauseId::MSG_6)],
            (Mode::A, false) => smallvec![ack(), silence(ClauseId::MSG_7)],
            (Mode::A, true) => smallvec![nak(), silence(ClauseId::MSG_7), ack()],
        }
    }

    /// The name under which a user enters a session.
    pub(super) fn name_at_entry(&self, user: UserId) -> super::NameId {
        name_if(!self.user(user).has_rival, self.user(user).name)
    }
}
