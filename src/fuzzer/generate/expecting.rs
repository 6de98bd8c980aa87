//! What the model says may follow a command, as steps.

use super::walk::{Told, Walk};
use crate::model::{
    After, Capture, Command, ConnId, Duty, Line, NameId, Property, Replies, Reply, SessionId,
    Sights, State, TicketId, UserId, Word,
};
use crate::protocol::{ClauseId, Dialect, List, ServerKind, Verb};
use crate::scenario::ast::{Action, Expected, Step, Varies};
use crate::transcript::ConnName;

pub(super) const ANYBODY: UserId = UserId(0);
const ANY_SERIAL: Capture = Capture::Serial(ANYBODY, 0);
/// What may come at any time on a notification server, and on a switchboard.
const UNASKED: [Line; 7] = [
    Line::Nln(ANYBODY, State::NLN, NameId::ANY),
    Line::Fln(ANYBODY),
    Line::Iln(ANYBODY, State::NLN, NameId::ANY),
    Line::Rng(SessionId(0), TicketId(0), ANYBODY, NameId::ANY),
    Line::AddedZero(ANY_SERIAL, ANYBODY),
    Line::RemovedZero(ANY_SERIAL, ANYBODY),
    Line::Contacts(ANYBODY, Property::Home, None),
];
const UNASKED_IN_SESSION: [Line; 5] = [
    Line::Msg(ANYBODY, NameId::ANY),
    Line::Joi(ANYBODY, NameId::ANY),
    Line::Bye(ANYBODY),
    Line::Ack,
    Line::Nak,
];

/// The most groups that a user can have, in practice.
const OTHER_GROUPS: u32 = 30;

/// What servers tell of, or do not: no step waits for it.
const MAY_BE_UNTOLD: [ClauseId; 1] = [ClauseId::REA_1];

impl Walk<'_> {
    /// Expects one of the replies.
    pub(super) fn expect_replies(
        &mut self,
        conn: ConnId,
        command: Command,
        replies: &Replies,
        told: &Told,
    ) {
        let name = self.name(conn);
        let Some((first, others)) = replies.split_first() else {
            return;
        };
        let clause = told.clause.unwrap_or(first.clause);
        if replies.iter().all(is_farewell) {
            let last = others.last().unwrap_or(first).clause;
            return self
                .script
                .expect_closed(&name, told.clause.unwrap_or(last));
        }
        if replies.iter().all(is_refusal) {
            let step = self.refusal(&name, replies, told);
            return self.script.push(step);
        }
        if others.is_empty() && !first.anything {
            return self.expect_reply(&name, command, first, told);
        }
        if let [only] = &replies[..]
            && let (After::Stays, Some(verb)) =
                (only.after, command.words(conn, self.model.dialect()))
            && let Some(Word::Text(verb)) = verb.first()
        {
            self.script
                .expect(&name, &[verb, " {t} ..."].concat(), clause);
            return self.leave_unread(&name);
        }
        // The same first line of several: what comes behind it nobody can tell.
        let begins = |reply: &Reply| reply.lines.first() == first.lines.first();
        if let Some(line) = first.lines.first().copied()
            && replies.iter().all(begins)
        {
            let line = self.text_of(line, told, false);
            self.script.expect(&name, &line, clause);
            return self.leave_unread(&name);
        }
        self.expect_one_of(&name, replies, told);
    }

    /// Expects what only one way to answer says.
    fn expect_reply(&mut self, conn: &ConnName, command: Command, reply: &Reply, told: &Told) {
        let is_batch = matches!(command, Command::Syn(_));
        let (mut batch, mut is_whole) = (Vec::new(), true);
        for (at, line) in reply.lines.iter().enumerate() {
            let clause = match line {
                _ if at == 0 && told.clause.is_some() => told.clause.unwrap_or(reply.clause),
                Line::Iro(..) => ClauseId::ANS_2,
                Line::Entry { .. } | Line::Empty(..) if is_batch => ClauseId::SYN_5,
                _ => reply.clause,
            };
            let step = match line {
                Line::Own(..) | Line::OwnInBatch(..) if is_batch => self.property(conn, *line),
                // That of who is in no other need not be named, and others may be left from before.
                Line::Group(_, item, total) if item == total && !self.has_extras => {
                    is_whole = is_batch;
                    self.other_groups(conn)
                }
                Line::Group(_, item, total) => self.group(conn, *item, *total),
                _ => self.step_of(conn, *line, told, true, clause),
            };
            match line {
                Line::Entry { .. } | Line::Empty(..) if is_batch => batch.push(step),
                _ => self.script.push(step),
            }
        }
        // In which order is for an oracle.
        self.script.any_order(batch, ClauseId::SYN_5);
        if !is_whole {
            self.leave_unread(conn);
        }
        if reply.after == After::Closes {
            self.script.expect_closed(conn, reply.clause);
        }
    }

    /// Whatever groups there are beside those that the case has made.
    fn other_groups(&self, conn: &ConnName) -> Step {
        let line = Line::Group(ANY_SERIAL, 0, 0);
        let any = [verb_of(line, self.model.dialect()), " {t} ..."].concat();
        let one = self.script.perhaps(conn, &any, ClauseId::SYNC_9);
        self.script
            .step(Action::Repeat(OTHER_GROUPS, vec![one]), None)
    }

    /// A line that names a group: as many come as there are, or one less where that of who is in no
    /// other is not named.
    fn group(&self, conn: &ConnName, item: u8, total: u8) -> Step {
        let user = self.link_of(conn).map(|link| link.user);
        let is_gone = user.is_some_and(|user| self.model.has_removed_groups(user));
        let clause = match is_gone {
            true => ClauseId::GRP_11,
            false => ClauseId::GRP_4,
        };
        let line = Line::Group(ANY_SERIAL, item, total);
        let verb = verb_of(line, self.model.dialect());
        let least = total.saturating_sub(1);
        let line = match self.has_extras {
            true => format!("{verb} {{t}} * {item} {least}|{total} ..."),
            // Of a server outside accounts may have more.
            false => [verb, " {t} ..."].concat(),
        };
        self.script.line(conn, &line, clause)
    }

    /// A property in a batch: servers leave out what is not set, and some the TrID. What it says is
    /// for the model.
    fn property(&mut self, conn: &ConnName, line: Line) -> Step {
        let verb = verb_of(line, self.model.dialect());
        let rest = match self.is_unread(conn) {
            true => " {t} ...",
            false => " ...",
        };
        let line = [verb, rest].concat();
        self.script.perhaps(conn, &line, ClauseId::SYNC_1)
    }

    /// A step for each way to answer; a server that goes another than the first varies.
    fn expect_one_of(&mut self, conn: &ConnName, replies: &Replies, told: &Told) {
        let mut branches: Vec<Vec<Step>> = Vec::with_capacity(replies.len() + 1);
        let (mut is_refused, mut silence) = (false, None);
        for (at, reply) in replies.iter().enumerate() {
            let clause = told.clause.filter(|_| at == 0).unwrap_or(reply.clause);
            let steps = if reply.anything {
                silence = Some(clause);
                vec![self.script.line(conn, "* ...", clause)]
            } else if is_refusal(reply) {
                if std::mem::replace(&mut is_refused, true) {
                    continue;
                }
                vec![self.refusal(conn, replies, told)]
            } else if is_farewell(reply) {
                vec![self.script.closed(conn, clause)]
            } else if reply.lines.is_empty() {
                silence = Some(clause);
                continue;
            } else {
                let lines = reply.lines.iter();
                lines
                    .map(|line| self.step_of(conn, *line, told, false, clause))
                    .collect()
            };
            branches.push(steps);
            if reply.anything {
                branches.push(vec![self.script.closed(conn, clause)]);
            }
        }
        if let Some(clause) = silence {
            branches.push(vec![self.nothing_unasked(conn, clause)]);
        }
        for steps in branches.iter_mut().skip(1) {
            if let Some(first) = steps.first_mut()
                && let Some(clause) = first.clause.filter(|it| it.clause().accept.is_some())
            {
                first.varies = Some(Varies { clause, seen: None });
            }
        }
        let clause = replies.first().map_or(ClauseId::REPLY_1, |it| it.clause);
        let is_one = replies.iter().all(|reply| reply.clause == clause);
        let clause = if is_one { clause } else { ClauseId::REPLY_1 };
        let clause = self.script.clause_of(conn, told.clause.unwrap_or(clause));
        self.script.one_of(branches, clause);
    }

    /// A refusal: with an error alone where none of these ends the connection.
    fn refusal(&self, conn: &ConnName, replies: &Replies, told: &Told) -> Step {
        let mut refusals = replies.iter().filter(|reply| is_refusal(reply));
        // The first is about the code, the last about the refusal itself.
        let clause = refusals.clone().next_back().map(|reply| reply.clause);
        let clause = told.clause.or(clause).unwrap_or(ClauseId::REPLY_1);
        let may_close =
            |reply: &Reply| reply.after != After::Stays || reply.lines.contains(&Line::Refused);
        match refusals.any(may_close) {
            true => self.script.expecting(conn, Expected::Refused, clause),
            false => self.script.error(conn, clause),
        }
    }

    /// Nothing comes but what others cause.
    pub(super) fn nothing_unasked(&self, conn: &ConnName, clause: ClauseId) -> Step {
        self.nothing_but(conn, &self.unasked(conn), clause)
    }

    /// What others cause on such a connection, in the dialect.
    pub(super) fn unasked(&self, conn: &ConnName) -> Vec<String> {
        let lines = match conn.kind() {
            ServerKind::Switchboard => &UNASKED_IN_SESSION[..],
            _ => &UNASKED[..],
        };
        let dialect = self.model.dialect();
        let is_said = |line: &&Line| {
            let verb = verb_of(**line, dialect);
            !dialect.rows_of(Verb::parse(verb.as_bytes())).is_empty()
        };
        let lines = lines.iter().filter(is_said);
        lines.map(|line| self.unasked_line(*line)).collect()
    }

    /// Such a line, whatever it says.
    pub(super) fn unasked_line(&self, line: Line) -> String {
        beginning_of(line, self.model.dialect())
    }

    /// Nothing comes but these lines.
    pub(super) fn nothing_but(
        &self,
        conn: &ConnName,
        lines: &[impl AsRef<str>],
        clause: ClauseId,
    ) -> Step {
        let lines = lines.iter().map(AsRef::as_ref);
        let except = lines.map(|line| self.script.pattern(conn, line));
        let nothing = Expected::Nothing {
            except: except.collect(),
        };
        self.script.expecting(conn, nothing, clause)
    }

    fn step_of(
        &mut self,
        conn: &ConnName,
        line: Line,
        told: &Told,
        is_certain: bool,
        clause: ClauseId,
    ) -> Step {
        match line {
            Line::Error(_) | Line::AnyError => self.script.error(conn, clause),
            Line::Refused => self.script.expecting(conn, Expected::Refused, clause),
            Line::Closed => self.script.closed(conn, clause),
            Line::Msg(..) => {
                let text = self.text_of(line, told, is_certain);
                self.script.same(conn, &text, clause)
            }
            _ => {
                let text = self.text_of(line, told, is_certain);
                self.script.line(conn, &text, clause)
            }
        }
    }

    /// Expects what others, and the connection itself, hear. Whether anything must be heard.
    pub(super) fn expect_sights(&mut self, cause: ConnId, sights: &Sights, told: &Told) -> bool {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        let due = sights
            .list
            .iter()
            .filter(|sight| sight.duty == Duty::Must && !MAY_BE_UNTOLD.contains(&sight.clause));
        for sight in due.filter(|_| !sights.is_open) {
            let name = self.name(sight.conn);
            let clause = match sight.line {
                Line::Msg(sender, _) if told.passed_on.is_none() => {
                    let receiver = self.model.user_of(sight.conn);
                    match receiver.is_some_and(|it| self.has(it, List::Block, sender)) {
                        true => ClauseId::BYE_4,
                        false => sight.clause,
                    }
                }
                _ => told.passed_on.unwrap_or(sight.clause),
            };
            let step = self.step_of(&name, sight.line, told, true, clause);
            match sight.line {
                // In their order.
                Line::OutOth | Line::Closed | Line::Msg(..) => self.script.push(step),
                _ if sight.conn == cause => own.push(step),
                _ => others.push(step),
            }
        }
        let is_heard = !others.is_empty();
        for steps in [own, others] {
            let clause = steps.first().and_then(|step| step.clause);
            if let Some(clause) = clause {
                self.script.any_order(steps, clause);
            }
        }
        is_heard
    }
}

/// The verb of a line.
fn verb_of(line: Line, dialect: &'static Dialect) -> &'static str {
    let words = line.words(dialect).unwrap_or_default();
    match words.first() {
        Some(Word::Text(verb)) => verb,
        _ => "*",
    }
}

/// A line by its verb, and the 0 that stands for a TrID.
fn beginning_of(line: Line, dialect: &'static Dialect) -> String {
    let words = line.words(dialect).unwrap_or_default();
    match words[..] {
        [Word::Text(verb), Word::Number(0), ..] => [verb, " 0 ..."].concat(),
        [Word::Text(verb), ..] => [verb, " ..."].concat(),
        _ => "* ...".to_owned(),
    }
}

/// The connection is closed, as was asked for.
fn is_farewell(reply: &Reply) -> bool {
    let is_said = |line: &Line| matches!(line, Line::Out);
    reply.after == After::Closes && !reply.anything && reply.lines.iter().all(is_said)
}

/// An error, the end of the connection, or both.
fn is_refusal(reply: &Reply) -> bool {
    let is_error = |line: &Line| matches!(line, Line::Error(_) | Line::AnyError | Line::Refused);
    !reply.anything && !reply.lines.is_empty() && reply.lines.iter().all(is_error)
}
