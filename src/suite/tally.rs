//! What the scenarios together say of each clause, and which limits they met.

use std::collections::BTreeMap;

use crate::engine::Limit;
use crate::event::{
    Cause, ClauseResult, ClauseVerdict, ScenarioResult, Standing, Untested, Verdict,
};
use crate::protocol::{Clause, ClauseId, Dialect};

/// What is known of the clauses so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    clauses: BTreeMap<ClauseId, (ClauseVerdict, Option<String>)>,
    /// Why a scenario that tests a clause has said nothing of it: the reason to tell.
    untested: BTreeMap<ClauseId, Untested>,
    /// The cause at which a scenario ended that tests a clause, and so said nothing of it.
    ended_at: BTreeMap<ClauseId, usize>,
}

impl Tally {
    /// Takes in a final result. What is flaky, blocked or skipped proves nothing.
    pub(crate) fn take(&mut self, result: &ScenarioResult) {
        if let Some(why) = silence_of(result) {
            for clause in &result.clauses {
                let known = self.untested.entry(*clause).or_insert(why);
                *known = why.min(*known);
                if let (Untested::Unmet, Some(cause)) = (why, result.cause) {
                    self.ended_at.entry(*clause).or_insert(cause);
                }
            }
        }
        let broken = match result.verdict {
            Verdict::Passed | Verdict::Failed => ClauseVerdict::Failed,
            Verdict::Waived => ClauseVerdict::Waived,
            _ => return,
        };
        // A scenario ends at its first breach, so that it says nothing of its other clauses; what
        // oracles see does not end it.
        if result.is_met {
            for clause in &result.clauses {
                self.raise(*clause, ClauseVerdict::Passed, None);
            }
        }
        for variation in &result.variations {
            let seen = Some(variation.seen.clone());
            self.raise(variation.clause, ClauseVerdict::Varied, seen);
        }
        for note in result.notes.iter().filter_map(|note| note.clause) {
            self.raise(note, ClauseVerdict::Noted, None);
        }
        for failure in result.failures.iter().filter_map(|failure| failure.clause) {
            self.raise(failure, broken, None);
        }
    }

    fn raise(&mut self, clause: ClauseId, verdict: ClauseVerdict, seen: Option<String>) {
        let entry = self
            .clauses
            .entry(clause)
            .or_insert((ClauseVerdict::Untested, None));
        if verdict > entry.0 {
            *entry = (verdict, seen);
        }
    }

    /// Every clause that holds in a dialect, with its verdict there. `causes` are those of the run,
    /// the heaviest first; `is_part` is set where something of the suite was left out.
    pub(crate) fn results(
        &self,
        causes: &[Cause],
        is_part: bool,
        dialect: &'static Dialect,
    ) -> Vec<ClauseResult> {
        let all = Clause::all().iter();
        let own = all.filter(|clause| clause.holds_in(dialect));
        own.map(|clause| self.result(clause, dialect, causes, is_part))
            .collect()
    }

    fn result(
        &self,
        clause: &Clause,
        dialect: &'static Dialect,
        causes: &[Cause],
        is_part: bool,
    ) -> ClauseResult {
        let (mut verdict, seen) = self
            .clauses
            .get(&clause.id)
            .cloned()
            .unwrap_or((ClauseVerdict::Untested, None));
        let mut causes = causes
            .iter()
            .filter(|cause| cause.clause == Some(clause.id))
            .filter_map(|cause| Some((cause, cause.standing_in(dialect)?)));
        let cause = causes.next();
        if let Some((_, standing)) = cause {
            // What the first look alone has found.
            verdict = verdict.max(match standing {
                Standing::Fails => ClauseVerdict::Failed,
                Standing::Waived => ClauseVerdict::Waived,
                Standing::Noted => ClauseVerdict::Noted,
            });
        }
        let untested = (verdict == ClauseVerdict::Untested).then(|| {
            let known = self.untested.get(&clause.id).copied();
            let rest = match is_part {
                true => Untested::LeftOut,
                false => Untested::Nothing,
            };
            known.map_or(rest, |known| known.min(rest))
        });
        let blocking = match untested {
            Some(Untested::Blocked(cause)) => cause,
            Some(Untested::Unmet) => self.ended_at.get(&clause.id).copied(),
            _ => None,
        };
        ClauseResult {
            id: clause.id,
            dialect,
            level: clause.id.level_in(dialect),
            verdict,
            seen,
            untested,
            cause: cause.map(|(cause, _)| cause.id).or(blocking),
        }
    }
}

/// Why a result says nothing of the clauses that its scenario tests.
fn silence_of(result: &ScenarioResult) -> Option<Untested> {
    match result.verdict {
        Verdict::Passed if result.is_met => None,
        Verdict::Passed | Verdict::Failed | Verdict::Waived => Some(Untested::Unmet),
        Verdict::Blocked => Some(Untested::Blocked(result.cause)),
        Verdict::Inconclusive => Some(Untested::Inconclusive),
        Verdict::Flaky => Some(Untested::Flaky),
        Verdict::Skipped => Some(
            result
                .skipped
                .as_ref()
                .map_or(Untested::Stopped, Untested::of),
        ),
    }
}

/// Which limits were reached, and how often.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    reached: Vec<(Limit, usize)>,
    /// The run was ended because of them.
    pub(super) has_ended: bool,
}

impl Limits {
    pub(super) fn count(&mut self, limit: Limit) {
        match self
            .reached
            .iter_mut()
            .find(|(known, _)| known.is_like(limit))
        {
            Some((_, count)) => *count += 1,
            None => self.reached.push((limit, 1)),
        }
    }

    pub(super) fn most(&self) -> Option<(Limit, usize)> {
        self.reached.iter().copied().max_by_key(|(_, count)| *count)
    }
}
