//! Switchboard sessions: XFR, CAL, RNG, ANS, MSG and leaving.

use std::sync::Arc;

use super::walk::{Told, Walk};
use crate::fuzzer::dictionary;
use crate::fuzzer::mutate::plain_bytes;
use crate::model::{Command, ConnId, Key, Line, Mode, SessionId, State, TicketId, UserId, Whom};
use crate::protocol::{ClauseId, List, MAX_MESSAGE, ServerKind};
use crate::rules::{self, Reach};
use crate::scenario::ast::{Expected, Payload};

/// Known servers deliver messages of so many bytes; longer ones, and empty ones, are for MSG-9 to
/// speak of.
const MODEST: usize = 400;

impl Walk<'_> {
    /// XFR SB and the ticket that it gives; `None` where it need not give any.
    pub(super) fn get_referral(&mut self, conn: ConnId) -> Option<TicketId> {
        let next = TicketId(self.model.tickets());
        let user = self.link(conn).user;
        let told = match self.model.state_of(user) {
            Some(State::Hidden) => Told::by(ClauseId::SBX_3),
            _ => Told::default(),
        };
        let is_certain = self.act(conn, Command::XfrSb, told);
        (is_certain && self.model.ticket(next).is_some()).then_some(next)
    }

    /// A referral and the way into a new session.
    pub(super) fn open_session(&mut self, who: UserId, conn: ConnId) {
        let Some(ticket) = self.get_referral(conn) else {
            return;
        };
        let mut clause = ClauseId::SBU_1;
        if self.entropy.chance(16) {
            // The cookie of the first is good all the same.
            let second = self.get_referral(conn);
            self.spent.extend(second);
            clause = ClauseId::SBX_6;
        }
        match self.entropy.below(12) {
            0 => return self.speak_before_entry(who, ticket),
            1 => return self.enter_wrongly(who, ticket),
            _ => self.take_seat(who, ticket, clause),
        };
        if self.entropy.chance(20) {
            let conn = self.reach(who, ticket, None);
            let again = Command::UsrSb(who, Key::Ticket(ticket));
            self.act(conn, again, Told::default());
        }
    }

    /// Opens a connection to where a ticket leads; a server that nobody can reach there breaks the
    /// clause.
    pub(super) fn reach(
        &mut self,
        who: UserId,
        ticket: TicketId,
        clause: Option<ClauseId>,
    ) -> ConnId {
        let conn = self.open(who, ServerKind::Switchboard);
        let (name, address) = (self.name(conn), format!("{{board{}}}", ticket.0));
        match clause {
            Some(clause) => self.script.reach(&name, &address, clause),
            None => self.script.open(&name, Some(&address)),
        }
        conn
    }

    /// Opens a session with a referral; a server that does not let the user in breaks the clause.
    pub(super) fn take_seat(&mut self, who: UserId, ticket: TicketId, clause: ClauseId) -> ConnId {
        let conn = self.reach(who, ticket, Some(ClauseId::SBX_2));
        let enter = Command::UsrSb(who, Key::Ticket(ticket));
        self.act(conn, enter, Told::by(clause));
        conn
    }

    /// A cookie with a letter too many, or in another's hands.
    fn enter_wrongly(&mut self, who: UserId, ticket: TicketId) {
        self.spent.push(ticket);
        let other = self.other(who);
        let conn = self.reach(who, ticket, None);
        match other.filter(|_| self.entropy.below(2) == 0) {
            Some(stranger) => {
                let enter = Command::UsrSb(stranger, Key::Ticket(ticket));
                self.act(conn, enter, Told::default());
            }
            None => {
                let right = Command::UsrSb(who, Key::Ticket(ticket));
                let line = self.line_of(conn, right, None) + "0";
                let wrong = Command::UsrSb(who, Key::Invented);
                self.act(conn, wrong, Told::default().with(line));
            }
        }
    }

    pub(super) fn call(&mut self, who: UserId) {
        let Some(conn) = self.seat_of(who) else {
            return;
        };
        let callee = match self.entropy.chance(20) {
            true => None,
            false => self.other(who),
        };
        let whom = callee.map_or(Whom::Nobody, Whom::User);
        let told = Told {
            clause: callee.and_then(|callee| self.clause_of_call(conn, who, callee)),
            ..Told::default()
        };
        self.act(conn, Command::Cal(whom), told);
    }

    /// What a server breaks that does not let `who` call `callee`, who can be reached.
    fn clause_of_call(&self, conn: ConnId, who: UserId, callee: UserId) -> Option<ClauseId> {
        let is_open = rules::call(&self.model, callee, who) == Reach::Open;
        if !is_open || self.model.is_expected(conn, callee) {
            return None;
        }
        let mut others = self.model.company(conn).map(|(other, _)| other);
        let is_unwanted = |member| self.has(member, List::Block, callee);
        if is_unwanted(who) || others.any(is_unwanted) {
            return Some(ClauseId::CAL_9);
        }
        let is_first = self.model.company(conn).all(|(_, there)| there > conn);
        (!is_first).then_some(ClauseId::CAL_11)
    }

    /// Answers the call that was left longest unanswered.
    pub(super) fn answer(&mut self, who: UserId) {
        let Some(ticket) = self.ticket_of(who, true) else {
            return;
        };
        let session = self.model.ticket(ticket).and_then(|(_, session)| session);
        self.spent.push(ticket);
        let command = Command::Ans {
            user: who,
            key: Key::Ticket(ticket),
            session,
        };
        if self.model.is_in_doubt(session) {
            return;
        }
        let conn = self.reach(who, ticket, None);
        if self.entropy.chance(24) {
            return self.answer_wrongly(conn, command, session);
        }
        self.act(conn, command, Told::default());
    }

    /// An answer to a call with another cookie or another session.
    fn answer_wrongly(&mut self, conn: ConnId, right: Command, session: Option<SessionId>) {
        let line = self.line_of(conn, right, None);
        let others = self.bound.iter().filter_map(|capture| match capture {
            crate::model::Capture::Session(other) if Some(*other) != session => Some(*other),
            _ => None,
        });
        let others: Vec<SessionId> = others.collect();
        let (way, other) = (self.entropy.below(3), self.entropy.pick(&others).copied());
        let (wrong, told) = match (right, way, other) {
            (Command::Ans { user, key, .. }, 1, Some(other)) => {
                let session = Some(other);
                (Command::Ans { user, key, session }, Told::default())
            }
            (Command::Ans { user, .. }, 0, _) => {
                let (before, number) = line.rsplit_once(' ').unwrap_or((&line, ""));
                let key = Key::Invented;
                let line = [before, "0 ", number].concat();
                (
                    Command::Ans { user, key, session },
                    Told::default().with(line),
                )
            }
            (Command::Ans { user, key, .. }, ..) => {
                let session = None;
                (
                    Command::Ans { user, key, session },
                    Told::default().with(line + "0"),
                )
            }
            _ => return,
        };
        self.act(conn, wrong, told);
    }

    /// A payload that must arrive as it is.
    pub(super) fn payload(&mut self) -> Payload {
        match self.entropy.below(8) {
            0 => {
                let length = self.entropy.below(24);
                let bytes = (0..length).map(|_| u8::try_from(self.entropy.below(256)));
                let bytes: Vec<u8> = bytes.map(Result::unwrap_or_default).collect();
                Payload::Bytes(Arc::from(bytes))
            }
            1 => Payload::Filler(self.entropy.below(MAX_MESSAGE + 1)),
            2 => Payload::Filler(MAX_MESSAGE),
            _ => {
                let text = self.entropy.name(&dictionary::PAYLOADS);
                Payload::Text(self.script.text(text))
            }
        }
    }

    pub(super) fn message(&mut self, who: UserId) {
        let Some(conn) = self.seat_of(who) else {
            return;
        };
        let is_alone = self.model.company(conn).next().is_none();
        if !is_alone && self.entropy.chance(40) {
            return self.say_much(conn);
        }
        let payload = self.payload();
        let length = plain_bytes(&payload).map(|bytes| bytes.len());
        let is_odd = length.is_some_and(|length| length == 0 || length > MODEST);
        let modes = [Mode::N, Mode::U, Mode::A, Mode::N];
        let mode = self.entropy.pick(&modes).copied().unwrap_or(Mode::N);
        let clause = is_odd.then_some(ClauseId::MSG_9);
        self.send(conn, mode, payload, clause);
        if is_alone {
            // Known servers take what comes in one segment for one command.
            self.lives_on(conn, clause.unwrap_or(ClauseId::MSG_6));
        }
    }

    /// A message, the receipts that may come, and what the others hear of it.
    pub(super) fn send(
        &mut self,
        conn: ConnId,
        mode: Mode,
        payload: Payload,
        clause: Option<ClauseId>,
    ) {
        let (command, name) = (Command::Msg(mode), self.name(conn));
        let prediction = self.model.step(conn, command);
        let replies = prediction.replies.iter();
        let receipts = replies.clone().filter_map(|reply| reply.lines.first());
        let dialect = self.model.dialect();
        // Whether nobody else is everybody is open.
        let verbs: Vec<String> = receipts
            .filter_map(|line| line.words(dialect)?.first().copied())
            .filter_map(|word| match word {
                crate::model::Word::Text(verb) => Some(verb.to_owned()),
                _ => None,
            })
            .collect();
        let mut line = self.line_of(conn, command, None);
        // An answer that need not come may come late: it has a TrID by name.
        let trid = match verbs.is_empty() {
            true => "{t}".to_owned(),
            false => format!("{{t.m{}}}", self.number()),
        };
        line = line.replace("{t}", &trid);
        self.say_with(&name, &line, Some(payload));
        if let Some(first) = prediction.replies.iter().find(|it| !it.lines.is_empty()) {
            let expected = format!("{} {trid}", verbs.join("|"));
            self.script.expect_perhaps(&name, &expected, first.clause);
        }
        let told = Told {
            passed_on: clause,
            ..Told::default()
        };
        self.expect_sights(conn, &prediction.sights, &told);
    }

    /// Several messages before anybody reads one: they come in their order. One before them comes
    /// at all.
    fn say_much(&mut self, conn: ConnId) {
        let first = self.entropy.below(10);
        let bodies: Vec<Arc<[u8]>> = (first..=first + self.entropy.between(2, 4))
            .map(|body| format!("hello, the {body}th").into_bytes().into())
            .collect();
        let (alone, together) = bodies.split_at(1);
        self.say_all(conn, alone, ClauseId::MSG_1);
        self.say_all(conn, together, ClauseId::MSG_8);
    }

    fn say_all(&mut self, conn: ConnId, bodies: &[Arc<[u8]>], clause: ClauseId) {
        let (command, name) = (Command::Msg(Mode::U), self.name(conn));
        let line = self.line_of(conn, command, None);
        for body in bodies {
            let payload = Payload::Bytes(Arc::clone(body));
            self.say_with(&name, &line, Some(payload));
        }
        self.script.disguise(None);
        let sights = self.model.step(conn, command).sights;
        for sight in &sights.list {
            let there = self.name(sight.conn);
            let line = self.text_of(sight.line, &Told::default(), true);
            for body in bodies {
                let payload = Payload::Bytes(Arc::clone(body));
                self.script.expect_payload(&there, &line, payload, clause);
            }
        }
    }

    /// How the others in a session hear a message of this connection.
    pub(super) fn heard(&mut self, conn: ConnId) -> Vec<(ConnId, String)> {
        let sights = self.model.step(conn, Command::Msg(Mode::U)).sights;
        let lines = sights.list.iter();
        let lines = lines.filter(|sight| matches!(sight.line, Line::Msg(..)));
        lines
            .map(|sight| (sight.conn, self.text_of(sight.line, &Told::default(), true)))
            .collect()
    }

    /// A session outlives its users' connections to the notification server.
    pub(super) fn say_farewell(&mut self, who: UserId) {
        let Some(conn) = self.seat_of(who) else {
            return;
        };
        let payload = Payload::Text(self.script.text("bye"));
        self.send(conn, Mode::U, payload, Some(ClauseId::BYE_5));
    }

    /// The connection was not ended by what was sent last, whatever was said on it.
    fn lives_on(&mut self, conn: ConnId, clause: ClauseId) {
        let name = self.name(conn);
        let any = Expected::Nothing {
            except: vec![self.script.pattern(&name, "* ...")],
        };
        let step = self.script.expecting(&name, any, clause);
        self.script.push(step);
    }

    /// Leaves a session, one way or another.
    pub(super) fn leave_session(&mut self, who: UserId) {
        let Some(conn) = self.seat_of(who) else {
            return;
        };
        let is_alone = self.model.company(conn).next().is_none();
        // The server sees a cut when it looks: where nobody is told of it, who was called may come
        // before that.
        let must_show = is_alone && self.model.has_called(conn);
        match self.entropy.below(3) {
            way @ 0..2 if !must_show => {
                self.cut(conn, way == 1);
            }
            _ => {
                self.act(conn, Command::Out, Told::default());
            }
        }
    }
}
