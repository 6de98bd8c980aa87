//! The clause that a line or a silence breaks by itself, whatever the step is about that it does not
//! meet.

use super::expect::wanted;
use super::session::{Session, error_code};
use crate::event::Wanted;
use crate::oracle::Stray;
use crate::protocol::{ClauseId, Dialect, ErrorCode, Verb};
use crate::scenario::ast::{Expect, Expected, Step};
use crate::wire::Frame;

impl Session {
    /// The clause that a line breaks, whatever the step is about that it does not meet.
    pub(super) fn broken_by(
        &self,
        step: &Step,
        slot: usize,
        expected: &[&Expect],
        frame: &Frame,
    ) -> Option<ClauseId> {
        let own = step.clause.or(self.clause);
        let mut broken = expected.iter().map(|expect| broken_error(expect, frame));
        let form = self
            .framing(slot, frame)
            .or_else(|| broken.find_map(|clause| clause))
            .filter(|clause| !is_about_errors(own, *clause));
        let stray = || self.stray(slot, frame).filter(|_| !is_about_replies(own));
        let is_own_kind = |clause: ClauseId| own.is_some_and(|own| is_of_one_kind(own, clause));
        form.or_else(|| stray().filter(|clause| !is_own_kind(*clause)))
    }

    /// The clause that a line breaks by coming at all, whatever is expected.
    fn stray(&self, slot: usize, frame: &Frame) -> Option<ClauseId> {
        let known = self.slot(slot);
        let grammar = self.grammar(slot);
        let shared = self.links.lock();
        let stray = Stray {
            entries: shared.transcript.entries(),
            conn: known.conn,
            grammar,
            unanswered: &known.unanswered,
            frame,
        };
        stray.clause()
    }

    /// The clause that silence breaks, whatever was waited for: nothing is answered behind an error.
    pub(super) fn deafness(
        &self,
        step: &Step,
        slot: usize,
        expected: &[&Expect],
    ) -> Option<ClauseId> {
        // One scenario is about what a failed login leaves.
        if step.clause.or(self.clause) == Some(ClauseId::USR_7) {
            return None;
        }
        let known = self.slot(slot);
        // What is known to be unanswered anyway says nothing of errors.
        let own = step.clause.or(self.clause);
        if own.is_some_and(|own| self.env.known.knows_silence(own)) || self.has_odd_answer(slot) {
            return None;
        }
        let is_deaf = known.after_error && !known.unanswered.is_empty();
        let mut expected = expected.iter();
        let waits = is_deaf && expected.all(|expect| waits_for_reply(expect, self.env.dialect));
        waits.then_some(ClauseId::REPLY_3)
    }

    /// Whether what was asked last was answered, and not in the way that a step could take.
    fn has_odd_answer(&self, slot: usize) -> bool {
        let known = self.slot(slot);
        let Some(asked) = known.unanswered.last() else {
            return false;
        };
        let verb = asked.split(u8::is_ascii_whitespace).next();
        let verb = Verb::parse(verb.unwrap_or_default());
        let mut came = known.pool.iter();
        came.any(|kept| {
            let row = self.grammar(slot).find(kept.frame.verb());
            row.is_some_and(|row| row.answers.contains(&verb))
        })
    }

    /// The clause of framing that a line breaks by its first word.
    pub(crate) fn framing(&self, slot: usize, frame: &Frame) -> Option<ClauseId> {
        let verb = frame.line.get(..3).unwrap_or_default();
        let ends = matches!(frame.line.get(3), None | Some(b' '));
        let sound = verb.len() == 3
            && ends
            && (verb.iter().all(u8::is_ascii_uppercase) || verb.iter().all(u8::is_ascii_digit));
        if sound {
            None
        } else if self.slot(slot).after_payload {
            Some(ClauseId::FRAME_6)
        } else {
            Some(ClauseId::FRAME_2)
        }
    }
}

/// Whether a step says for itself which clause of error lines is broken.
fn is_about_errors(own: Option<ClauseId>, broken: ClauseId) -> bool {
    // A command that should not be taken is echoed: that is no error of a wrong form.
    own.is_some_and(|own| {
        [
            ClauseId::ERR_1,
            ClauseId::ERR_2,
            ClauseId::ERR_3,
            ClauseId::ERR_4,
            ClauseId::FRAME_7,
            ClauseId::FRAME_12,
            ClauseId::FRAME_13,
        ]
        .contains(&own)
            // What is too much in an error is not what it lacks.
            && !(own == ClauseId::ERR_4 && broken == ClauseId::ERR_1)
    })
}

/// Whether a step says for itself which reply belongs to which request.
fn is_about_replies(own: Option<ClauseId>) -> bool {
    own.is_some_and(|own| {
        [
            ClauseId::TRID_1,
            ClauseId::TRID_2,
            ClauseId::TRID_3,
            ClauseId::TRID_4,
            ClauseId::TRID_5,
            ClauseId::REPLY_4,
            ClauseId::REPLY_5,
            ClauseId::ERR_1,
        ]
        .contains(&own)
    })
}

/// Whether two clauses are about the same lines of a session.
fn is_of_one_kind(one: ClauseId, other: ClauseId) -> bool {
    const KINDS: [&[ClauseId]; 2] = [
        &[ClauseId::BYE_1, ClauseId::BYE_2],
        &[
            ClauseId::MSG_4,
            ClauseId::MSG_5,
            ClauseId::MSG_6,
            ClauseId::MSG_7,
        ],
    ];
    KINDS
        .iter()
        .any(|kind| kind.contains(&one) && kind.contains(&other))
}

/// The clause that a line breaks by its form, where an error was expected.
fn broken_error(expect: &Expect, frame: &Frame) -> Option<ClauseId> {
    let waits = match expect.what {
        Expected::Error(_) | Expected::Refused => true,
        Expected::Line { .. } => match wanted(expect) {
            Some(wanted) => matches!(wanted, Wanted::Error(_)),
            // A pattern that may be an error.
            None => error_code(frame).is_some(),
        },
        Expected::Closed | Expected::Nothing { .. } => false,
    };
    if !waits {
        return None;
    }
    let Some(code) = error_code(frame) else {
        // A word that no command begins with stands where the code should.
        let is_command = Verb::parse(frame.verb()) != Verb::Other;
        return (!is_command).then_some(ClauseId::ERR_1);
    };
    if frame.words().nth(1).is_none() {
        return Some(ClauseId::ERR_1);
    }
    ErrorCode::find(code).is_none().then_some(ClauseId::ERR_2)
}

/// Whether a step waits for the answer to a request, and not for a line that comes of itself.
fn waits_for_reply(expect: &Expect, dialect: &'static Dialect) -> bool {
    match wanted(expect) {
        Some(Wanted::Line(verb)) => dialect.rung_of_line(expect.conn.kind(), &verb).is_none(),
        Some(Wanted::Error(_) | Wanted::AnyError | Wanted::Refused) | None => true,
        _ => false,
    }
}
