//! What a run does where limits of its own stop scenarios: it accuses nobody, tries again alone
//! where that may help, and ends where too little is left that says something.

use std::time::Duration;

use super::run::Suite;
use crate::engine::Limit;
use crate::event::{NoticeKind, ScenarioResult, Verdict};

/// So many scenarios in a hundred may be inconclusive.
const PERCENT: usize = 5;
/// So many are, before the run ends early.
const SOME: usize = 5;

impl Suite {
    /// A limit has stopped a scenario, and nothing is said against the server. What scenarios share
    /// may be enough for one that runs alone.
    pub(super) fn stopped_short(&mut self, entry: usize, result: ScenarioResult, limit: Limit) {
        self.limits.count(limit);
        let is_last = self.phase.is_again();
        let Some(state) = self.entries.get_mut(entry) else {
            return;
        };
        if limit.is_shared() && !is_last {
            state.first = Some(result);
        } else {
            state.first = None;
            self.settle(entry, result);
        }
    }

    /// A limit has kept a scenario from being begun.
    pub(super) fn not_begun(&mut self, entry: usize, limit: Limit, took: Duration) {
        self.drop_suspect(entry);
        if let Some(scenario) = self.scenario(entry) {
            let mut result = self.judge.untold(&scenario, took);
            result.verdict = Verdict::Inconclusive;
            result.reason = Some(limit.to_string());
            self.stopped_short(entry, result, limit);
        }
    }

    /// Takes in the second look at a scenario that a limit had stopped: it is the first that says
    /// anything. Gives back any other.
    pub(super) fn first_that_counts(
        &mut self,
        entry: usize,
        result: ScenarioResult,
    ) -> Option<ScenarioResult> {
        let state = self.entries.get_mut(entry)?;
        let first = state.first.as_mut();
        let Some(first) = first.filter(|first| first.verdict == Verdict::Inconclusive) else {
            return Some(result);
        };
        if matches!(result.verdict, Verdict::Failed | Verdict::Blocked) {
            *first = result;
            self.queue.push_front(entry);
        } else {
            state.first = None;
            self.settle_if_alive(entry, result);
        }
        None
    }

    /// Ends the run where too many scenarios are inconclusive.
    pub(super) fn mind_limits(&mut self, is_end: bool) {
        let (inconclusive, all) = (self.totals.inconclusive, self.entries.len());
        let is_early = !is_end && inconclusive < SOME;
        if is_early || inconclusive * 100 <= all * PERCENT {
            return;
        }
        if let Some((limit, _)) = self.limits.most() {
            let advice = limit.advice();
            let why =
                format!("{inconclusive} of {all} scenarios are inconclusive: {limit}; {advice}");
            self.stop(&why);
            if self.limits.has_ended {
                // More have come to their ends meanwhile.
                self.aborted = Some(why);
            } else {
                self.limits.has_ended = self.aborted.as_ref() == Some(&why);
            }
        }
    }

    /// Says which limits were reached though the run has come to its end.
    pub(super) fn tell_limits(&mut self) {
        self.mind_limits(true);
        if let (None, Some((limit, count))) = (&self.aborted, self.limits.most()) {
            let again = match limit.is_shared() {
                true => " and ran again alone",
                false => "",
            };
            let text = format!(
                "{count} scenarios met a limit of the harness{again}: {limit}; {}",
                limit.advice()
            );
            self.notice(NoticeKind::Warning, text, Vec::new());
        }
    }
}
