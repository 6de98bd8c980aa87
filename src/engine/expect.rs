//! Holds what comes against what a step expects.
//!
//! Lines that the server may send at any time are kept in the connection's pool when a step does
//! not take them: a later step finds them there, and `nothing` accuses those that none has taken.

use super::links::{End, Late};
use super::session::{Session, error_code};
use super::silence::Settled;
use super::slot::Kept;
use super::steps::{Stop, place};
use super::trouble::{Trouble, came, shown, told, told_late};
use crate::event::{Expectation, Observed, Wanted};
use crate::protocol::{ClauseId, Direction, ErrorCode, Grammar};
use crate::scenario::ast::{Action, Expect, Expected, LinePattern, Part, Step, WordKind};
use crate::scenario::{Mismatch, Wanted as Line};
use crate::transcript::{ConnName, escape};
use crate::wire::{Frame, Terminator};

/// The most lines of a pool that are told beside a failure.
const TOLD: usize = 3;

impl Session {
    /// One expectation.
    pub(crate) async fn expect(&mut self, step: &Step, expect: &Expect) -> Result<(), Stop> {
        let slot = match self.find_slot(&expect.conn) {
            Some(slot) => slot,
            None => match self.connection(&expect.conn).await {
                Ok(slot) => slot,
                Err(trouble) => return Err(self.miss(step, trouble)),
            },
        };
        if let Expected::Nothing { except } = &expect.what {
            return self.expect_nothing(step, slot, expect, except).await;
        }
        if step.optional {
            return self.expect_perhaps(step, slot, expect).await;
        }
        self.expect_something(step, slot, expect).await
    }

    async fn expect_something(
        &mut self,
        step: &Step,
        slot: usize,
        expect: &Expect,
    ) -> Result<(), Stop> {
        if let Some(frame) = self.take_kept(slot, expect) {
            self.met(step, slot, &frame);
            return Ok(());
        }
        let mut deadline = self.links.now() + expect.within.unwrap_or(self.reply);
        let mut revived = false;
        let mut stray = None;
        loop {
            let conn = self.slot(slot).conn;
            match self.links.next(conn, deadline, "reply").await {
                Ok(Ok(frame)) => match self.hold(slot, expect, &frame) {
                    Ok(()) => {
                        self.met(step, slot, &frame);
                        return Ok(());
                    }
                    Err(mismatch) => {
                        let strict = expect.strict || self.strict;
                        let Err(frame) = self.set_aside(slot, frame, strict) else {
                            continue;
                        };
                        if !is_unasked(&frame, mismatch.as_ref()) && stray.is_none() {
                            return Err(self.unexpected(step, slot, expect, &frame, mismatch));
                        }
                        // Where the answer comes all the same, nobody has asked for this line, which
                        // the judges say.
                        deadline = deadline.min(self.links.now() + self.quiet());
                        stray.get_or_insert((frame, mismatch));
                    }
                },
                Ok(Err(end)) => match self.ended(step, slot, expect, &end) {
                    Some(result) => return result,
                    None if !revived && self.may_revive(slot) => {
                        revived = true;
                        self.revive_and_repeat(step, slot).await?;
                    }
                    None => return Err(self.unexpected_end(step, expect, &end)),
                },
                Err(late) => {
                    return Err(match stray {
                        Some((frame, why)) => self.unexpected(step, slot, expect, &frame, why),
                        None => self.in_vain(step, slot, expect, &late),
                    });
                }
            }
        }
    }

    /// Whether a line is what is expected; binds captures if it is.
    pub(crate) fn hold(
        &mut self,
        slot: usize,
        expect: &Expect,
        frame: &Frame,
    ) -> Result<(), Option<Mismatch>> {
        match &expect.what {
            Expected::Line { pattern, payload } => {
                let wanted = Line {
                    pattern,
                    payload: payload.as_ref(),
                    exact: expect.exact,
                    added: self.added_words(slot, frame),
                    conn: &expect.conn,
                };
                self.scope.match_line(&wanted, frame).map_err(Some)
            }
            Expected::Error(trid) => self
                .scope
                .match_error(trid.as_ref(), &expect.conn, frame)
                .map_err(Some),
            Expected::Refused => {
                let known = error_code(frame).and_then(ErrorCode::find).is_some();
                let last = self.slot(slot).last_trid.as_deref();
                let ours = last.is_none_or(|trid| frame.words().nth(1) == Some(trid));
                if known && ours { Ok(()) } else { Err(None) }
            }
            Expected::Closed | Expected::Nothing { .. } => Err(None),
        }
    }

    /// Takes the first line of the pool that is what is expected.
    pub(super) fn take_kept(&mut self, slot: usize, expect: &Expect) -> Option<Frame> {
        if self.slot(slot).pool.is_empty() {
            return None;
        }
        let mut pool = std::mem::take(&mut self.slot_mut(slot).pool);
        let at = pool.iter().position(|kept| {
            may_be(expect, &kept.frame) && self.hold(slot, expect, &kept.frame).is_ok()
        });
        let found = at.and_then(|at| pool.remove(at));
        self.slot_mut(slot).pool = pool;
        found.map(|kept| kept.frame)
    }

    /// A step was met by a line.
    pub(crate) fn met(&mut self, step: &Step, slot: usize, frame: &Frame) {
        self.note(slot, frame);
        if step.varies.is_some() {
            self.vary(step, &shown(frame));
        }
        self.look_at_form(step, slot, frame);
    }

    /// The form of a line is looked at by the scenarios that are about it, once a connection: a
    /// server that breaks it does so everywhere.
    fn look_at_form(&mut self, step: &Step, slot: usize, frame: &Frame) {
        let is_asked = |clause| self.clauses.contains(&clause);
        let is_about = is_asked(ClauseId::FRAME_1) || is_asked(ClauseId::FRAME_10);
        if !is_about || self.slot(slot).told_form {
            return;
        }
        let line = || escape(&frame.line);
        let (clause, expected, got) = if frame.terminator == Terminator::Lf {
            let got = format!("{}\\n", line());
            (ClauseId::FRAME_1, format!("{}\\r\\n", line()), got)
        } else if !is_single_spaced(&frame.line) {
            let words: Vec<String> = frame.words().map(escape).collect();
            (ClauseId::FRAME_10, words.join(" "), line())
        } else {
            return;
        };
        if self.clauses.contains(&clause) {
            self.slot_mut(slot).told_form = true;
            let got = Observed::shown(&frame.line, format!("`{got}`"));
            let trouble = Trouble::new(format!("`{expected}`"), got).on(slot);
            self.fail(Some(clause), place(step), trouble);
        }
    }

    /// Notes what a line means for those that follow.
    fn note(&mut self, slot: usize, frame: &Frame) {
        let may_come = self.may_come(slot, frame);
        let slot = self.slot_mut(slot);
        slot.after_payload = frame.payload.is_some();
        if may_come {
            return;
        }
        slot.after_error = error_code(frame).is_some();
        slot.in_doubt = error_code(frame) == Some(218);
        if !slot.unanswered.is_empty() {
            slot.unanswered.clear();
            self.round_trips += 1;
        }
    }

    /// Puts aside a line that is not what is expected, if it may come all the same; gives it back
    /// if it may not.
    pub(crate) fn set_aside(
        &mut self,
        slot: usize,
        frame: Frame,
        strict: bool,
    ) -> Result<(), Frame> {
        if self.answers_barrier(&frame) || self.take_optional(slot, &frame) {
            return Ok(());
        }
        let explained = self.is_added(slot, &frame);
        if !explained && (strict || !self.may_come(slot, &frame)) {
            return Err(frame);
        }
        let known = self.slot_mut(slot);
        known.after_payload = frame.payload.is_some();
        known.pool.push_back(Kept { frame, explained });
        Ok(())
    }

    /// Takes a line that an optional step was waiting for.
    fn take_optional(&mut self, slot: usize, frame: &Frame) -> bool {
        for at in 0..self.slot(slot).perhaps.len() {
            let Some(step) = self.slot(slot).perhaps.get(at).cloned() else {
                return false;
            };
            let Action::Expect(expect) = &step.action else {
                continue;
            };
            if self.hold(slot, expect, frame).is_ok() {
                self.slot_mut(slot).perhaps.remove(at);
                self.met(&step, slot, frame);
                return true;
            }
        }
        false
    }

    /// An expectation that may go unmet. A line is taken whenever it comes before what the steps
    /// expect next, so nothing is waited for; only an end is.
    async fn expect_perhaps(
        &mut self,
        step: &Step,
        slot: usize,
        expect: &Expect,
    ) -> Result<(), Stop> {
        if let Some(frame) = self.take_kept(slot, expect) {
            self.met(step, slot, &frame);
            return Ok(());
        }
        let end = matches!(expect.what, Expected::Closed | Expected::Refused);
        if !end {
            self.wait_perhaps(step, slot, expect);
            return Ok(());
        }
        if let Err(late) = self.settle(slot).await {
            return Err(self.in_vain(step, slot, expect, &late));
        }
        let conn = self.slot(slot).conn;
        let now = self.links.now();
        while let Ok(next) = self.links.next(conn, now, "quiet").await {
            let frame = match next {
                Ok(frame) => frame,
                Err(end) => {
                    return self.ended(step, slot, expect, &end).unwrap_or(Ok(()));
                }
            };
            if self.hold(slot, expect, &frame).is_ok() {
                self.met(step, slot, &frame);
                return Ok(());
            }
            if let Err(frame) = self.set_aside(slot, frame, false) {
                self.links.unread(conn, frame);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Keeps an optional step until its line comes, under the TrID that it is about now.
    pub(crate) fn wait_perhaps(&mut self, step: &Step, slot: usize, expect: &Expect) {
        let expect = self.scope.with_trid_of_now(expect.clone());
        let mut step = step.clone();
        step.action = Action::Expect(expect);
        self.slot_mut(slot).perhaps.push(step);
    }

    /// What the end of a connection means for an expectation that it may meet; `None` where it
    /// is not what was expected.
    pub(crate) fn ended(
        &mut self,
        step: &Step,
        slot: usize,
        expect: &Expect,
        end: &End,
    ) -> Option<Result<(), Stop>> {
        let wanted = matches!(expect.what, Expected::Closed | Expected::Refused);
        if !wanted || matches!(end, End::Garbage(_) | End::Unreachable(_) | End::Limit(_)) {
            return None;
        }
        let slot = self.slot_mut(slot);
        slot.known_closed = true;
        slot.after_error = false;
        if !slot.unanswered.is_empty() {
            slot.unanswered.clear();
            self.round_trips += 1;
        }
        self.vary(step, &told(end).to_string());
        Some(Ok(()))
    }

    /// Whether the connection was lost to an error before, and what was asked since went with it.
    pub(super) fn may_revive(&self, slot: usize) -> bool {
        let known = self.slot(slot);
        known.after_error && !known.unanswered.is_empty() && self.is_inside(slot)
    }

    /// Known servers close behind a 218. Where one has, the user is logged in again before another
    /// connection than its own acts, so that others meet it where the steps have left it.
    pub(super) async fn resolve_doubts(&mut self, acting: &ConnName) {
        for slot in 0..self.slots.len() {
            let known = self.slot_mut(slot);
            if !known.in_doubt || known.name == *acting {
                continue;
            }
            known.in_doubt = false;
            let is_due = known.unanswered.is_empty() && !known.known_closed;
            if is_due
                && self.is_inside(slot)
                && matches!(self.barrier(slot).await, Settled::Ended(_))
            {
                // One that cannot log in again is found by the next step that needs it.
                let _ = self.revive(slot).await;
            }
        }
    }

    pub(super) async fn revive_and_repeat(&mut self, step: &Step, slot: usize) -> Result<(), Stop> {
        let unanswered = std::mem::take(&mut self.slot_mut(slot).unanswered);
        let last_trid = self.slot(slot).last_trid.clone();
        if let Err(trouble) = self.revive(slot).await {
            return Err(self.miss(step, trouble));
        }
        let conn = self.slot(slot).conn;
        for bytes in &unanswered {
            let what =
                crate::transcript::What::Raw(crate::transcript::Party::Client, bytes.clone());
            self.links.send(conn, bytes.clone(), self.segments, [what]);
        }
        let slot = self.slot_mut(slot);
        slot.unanswered = unanswered;
        slot.last_trid = last_trid;
        slot.acting = true;
        Ok(())
    }

    /// A line came that nothing explains.
    pub(super) fn unexpected(
        &mut self,
        step: &Step,
        slot: usize,
        expect: &Expect,
        frame: &Frame,
        mismatch: Option<Mismatch>,
    ) -> Stop {
        let mut trouble = Trouble::new(self.expectation(expect), came(frame)).on(slot);
        trouble.word = mismatch.as_ref().and_then(Mismatch::word);
        trouble.detail = mismatch.map(|mismatch| self.explain(expect, frame, &mismatch));
        let instead = self.broken_by(step, slot, &[expect], frame);
        self.miss_for(step, instead, trouble)
    }

    fn expectation(&self, expect: &Expect) -> Expectation {
        Expectation {
            text: self.scope.render(expect),
            any: wanted(expect).into_iter().collect(),
        }
    }

    fn explain(&self, expect: &Expect, frame: &Frame, mismatch: &Mismatch) -> String {
        match &expect.what {
            Expected::Line { pattern, payload } => {
                let wanted = Line {
                    pattern,
                    payload: payload.as_ref(),
                    exact: expect.exact,
                    added: 0,
                    conn: &expect.conn,
                };
                mismatch.describe(&wanted, frame, &self.scope)
            }
            _ => match mismatch {
                Mismatch::NoError => format!("`{}` is no error of the table", shown(frame)),
                _ => "an error, but not for this request".to_owned(),
            },
        }
    }

    /// The connection ended, and that was not expected.
    pub(super) fn unexpected_end(&mut self, step: &Step, expect: &Expect, end: &End) -> Stop {
        let mut trouble = Trouble::new(self.expectation(expect), told(end));
        trouble.slot = self.find_slot(&expect.conn);
        self.miss_for(step, end.framing(), trouble)
    }

    /// Nothing came that met the step.
    pub(crate) fn in_vain(
        &mut self,
        step: &Step,
        slot: usize,
        expect: &Expect,
        late: &Late,
    ) -> Stop {
        let patience = expect.within.unwrap_or(self.reply);
        let got = told_late(late, patience);
        let mut trouble = Trouble::new(self.expectation(expect), got).on(slot);
        let pool = self.slot(slot).pool.iter().rev().take(TOLD);
        let pool = pool.map(|kept| format!("`{}`", shown(&kept.frame)));
        let other: Vec<String> = pool.collect();
        if !other.is_empty() {
            trouble.detail = Some(format!("what came instead: {}", other.join(", ")));
        }
        let deaf = self.deafness(step, slot, &[expect]);
        self.miss_for(step, deaf, trouble)
    }

    /// No line that is not explained.
    async fn expect_nothing(
        &mut self,
        step: &Step,
        slot: usize,
        expect: &Expect,
        except: &[LinePattern],
    ) -> Result<(), Stop> {
        if let Err(late) = self.settle(slot).await {
            return Err(self.in_vain(step, slot, expect, &late));
        }
        let conn = self.slot(slot).conn;
        let kept = self.slot_mut(slot).pool.drain(..);
        let kept = kept.filter(|kept| !kept.explained);
        let mut frames: Vec<Frame> = kept.map(|kept| kept.frame).collect();
        let end = self.links.link(conn, |link| {
            frames.extend(link.inbox.drain(..));
            link.end.clone()
        });
        for frame in frames {
            if self.is_profile(slot, &frame) {
                self.slot_mut(slot).keep(frame);
            } else if !self.is_excused(slot, expect, except, &frame) {
                return Err(self.unexpected(step, slot, expect, &frame, None));
            }
        }
        let known = self.slot(slot);
        let explained = known.known_closed || (known.after_error && self.is_inside(slot));
        match end {
            Some(end) if !explained && end != End::Ours => {
                Err(self.unexpected_end(step, expect, &end))
            }
            _ => {
                self.vary(step, "nothing");
                Ok(())
            }
        }
    }

    /// The messages that a notification server may send of itself (USR-17).
    fn is_profile(&self, slot: usize, frame: &Frame) -> bool {
        let (kind, direction) = (self.slot(slot).name.kind(), Direction::ToClient);
        let grammar = Grammar {
            dialect: self.env.dialect,
            ..Grammar::new(kind, direction)
        };
        grammar.is_of_service(frame.words())
    }

    fn is_excused(
        &mut self,
        slot: usize,
        expect: &Expect,
        except: &[LinePattern],
        frame: &Frame,
    ) -> bool {
        if self.is_added(slot, frame)
            || self.answers_barrier(frame)
            || self.take_optional(slot, frame)
        {
            return true;
        }
        let owed = self.slot(slot).owed.iter().position(|due| due.is(frame));
        if let Some(at) = owed {
            self.slot_mut(slot).owed.remove(at);
            return true;
        }
        except.iter().any(|pattern| {
            let wanted = Line {
                pattern,
                payload: None,
                exact: expect.exact,
                added: self.added_words(slot, frame),
                conn: &expect.conn,
            };
            self.scope.check_line(&wanted, frame).is_ok()
        })
    }
}

/// Whether a line is what is expected, but under the TrID of what nobody asks for.
pub(crate) fn is_unasked(frame: &Frame, mismatch: Option<&Mismatch>) -> bool {
    mismatch == Some(&Mismatch::Word(1)) && frame.words().nth(1) == Some(b"0")
}

/// The kind of answer that meets an expectation; `None` where its first word is not plain.
pub(crate) fn wanted(expect: &Expect) -> Option<Wanted> {
    Some(match &expect.what {
        Expected::Line { pattern, .. } => {
            let verb = plain_verb(pattern)?;
            match ErrorCode::parse_word(verb.as_bytes()) {
                Some(code) => Wanted::Error(code),
                None => Wanted::Line(verb.to_owned()),
            }
        }
        Expected::Error(_) => Wanted::AnyError,
        Expected::Refused => Wanted::Refused,
        Expected::Closed => Wanted::Closed,
        Expected::Nothing { .. } => Wanted::Nothing,
    })
}

fn plain_verb(pattern: &LinePattern) -> Option<&str> {
    match &pattern.words.first()?.kind {
        WordKind::Text(text) => match text.parts.as_slice() {
            [Part::Literal(verb)] => Some(verb),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the line has the verb that is expected, as far as that is a plain word.
fn may_be(expect: &Expect, frame: &Frame) -> bool {
    let Expected::Line { pattern, .. } = &expect.what else {
        return true;
    };
    plain_verb(pattern).is_none_or(|verb| frame.verb() == verb.as_bytes())
}

/// Whether single spaces part the words, with nothing before and after them.
fn is_single_spaced(line: &[u8]) -> bool {
    !line.contains(&b'\t')
        && line
            .split(|byte| *byte == b' ')
            .all(|word| !word.is_empty())
}
