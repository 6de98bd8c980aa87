//! Scenarios that cannot be judged: by which cause, and how many.

use std::time::Duration;

use super::needs::rungs_of;
use super::run::{Suite, accounts_of};
use crate::event::{
    Event, Failure, Observed, RungResult, RungState, ScenarioResult, SkipReason, Standing, Verdict,
};

impl Suite {
    /// Tells how far the first look came.
    pub(super) fn tell_ladder(&mut self) {
        self.events
            .push_back(Event::Climbed(self.judge.dialect, self.ladder.clone()));
    }

    /// What a scenario needs and the target lacks.
    pub(crate) fn unmet(&self, entry: usize) -> Option<SkipReason> {
        let scenario = self.scenario(entry)?;
        let needs = &scenario.needs;
        let (accounts, usable) = (accounts_of(&scenario), self.pool.usable());
        if self.phase.is_again() {
            None
        } else if let Some(why) = &self.stopping {
            Some(SkipReason::Stopped { why: why.clone() })
        } else if !scenario.is_for(self.judge.dialect) {
            Some(SkipReason::Dialects {
                only: scenario.names_of_dialects(),
            })
        } else if needs.launch && !self.options.owns_server {
            Some(SkipReason::Launch)
        } else if needs.dispatch && !self.options.dispatch_refers {
            Some(SkipReason::Dispatch)
        } else if needs.challenges && !self.options.challenges {
            Some(SkipReason::Challenges)
        } else if accounts > usable {
            Some(SkipReason::Accounts {
                needed: accounts,
                usable,
            })
        } else {
            None
        }
    }

    /// The lowest rung that a scenario needs and that is out.
    pub(crate) fn lacks(&self, entry: usize) -> Option<RungResult> {
        let mut out = self
            .ladder
            .iter()
            .filter(|rung| !rung.state.holds() && rung.cause.is_some())
            .peekable();
        out.peek()?;
        let scenario = &self.entries.get(entry)?.scenario;
        let needs = rungs_of(scenario, self.judge.dialect);
        out.find(|rung| needs.contains(&rung.rung)).copied()
    }

    /// A scenario cannot be judged, since a rung that it needs is out.
    pub(crate) fn block(&mut self, entry: usize, rung: RungResult) {
        if let Some(scenario) = self.scenario(entry) {
            let mut result = self.judge.untold(&scenario, Duration::ZERO);
            result.verdict = Verdict::Blocked;
            result.rung = Some(rung.rung);
            result.cause = rung.cause;
            self.settle(entry, result);
        }
    }

    /// Takes in who was silent while the server lived.
    pub(super) fn count_silences(&mut self) {
        for result in std::mem::take(&mut self.silent) {
            self.count_silence(&result);
        }
    }

    /// What a scenario needs and has had is no rung that is out, though others waited in vain for it.
    pub(super) fn forget_silences(&mut self, entry: usize) {
        if self.silences.is_empty() {
            return;
        }
        if let Some(scenario) = self.scenario(entry) {
            let had = rungs_of(&scenario, self.judge.dialect);
            self.silences.retain(|rung, _| !had.contains(rung));
        }
    }

    /// A precondition that fails in silence three times in the same way will do so again: the rung
    /// is out from now on.
    fn count_silence(&mut self, result: &ScenarioResult) {
        const ENOUGH: usize = 3;
        let (Some(rung), Some(failure)) = (result.rung, result.failures.first()) else {
            return;
        };
        if !matches!(failure.got, Observed::Silence(_)) {
            return;
        }
        let count = self.silences.entry(rung).or_default();
        *count += 1;
        if *count < ENOUGH {
            return;
        }
        let cause = self.charge_unshown(failure);
        match self.ladder.iter_mut().find(|known| known.rung == rung) {
            Some(known) if known.state.holds() => {
                (known.state, known.cause) = (RungState::Silent, Some(cause));
            }
            Some(_) => {}
            None => self.ladder.push(RungResult {
                rung,
                state: RungState::Silent,
                cause: Some(cause),
            }),
        }
        self.ladder.sort_by_key(|known| known.rung);
    }

    /// The cause of a failure that the scenario at hand does not show.
    pub(super) fn charge_unshown(&mut self, failure: &Failure) -> usize {
        let is_noted = failure.level.is_some_and(|level| !self.judge.counts(level));
        let standing = match self.judge.waivers.has_waived_like(failure) {
            _ if is_noted => Standing::Noted,
            true => Standing::Waived,
            false => Standing::Fails,
        };
        self.causes.charge(failure, standing, "")
    }

    /// Names the cause of a result.
    pub(super) fn name_cause(&mut self, result: &mut ScenarioResult) {
        let (waivers, name) = (&self.judge.waivers, &result.name);
        let is_waived = |failure: &Failure| waivers.has_waived(name, failure);
        let shown = self.causes.take(result, is_waived);
        if result.cause.is_some() {
            // It was blocked by a rung that is out.
        } else if result.verdict == Verdict::Blocked {
            let of_rung = |known: &&RungResult| Some(known.rung) == result.rung;
            let known = self.ladder.iter().find(of_rung);
            let known = known.and_then(|known| known.cause);
            result.cause = match (known, result.failures.first()) {
                (Some(cause), _) => Some(cause),
                (None, Some(failure)) => {
                    let known = self.causes.behind(failure);
                    Some(known.unwrap_or_else(|| self.charge_unshown(&failure.clone())))
                }
                (None, None) => {
                    let note = result.notes.first();
                    note.and_then(|note| self.causes.of(note))
                }
            };
        } else {
            result.cause = shown;
        }
        if let (Verdict::Blocked, Some(cause)) = (result.verdict, result.cause) {
            self.causes.block(cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::Rung;
    use crate::event::test_support::failure;
    use crate::scenario::test_support::load_steps;
    use crate::suite::suite_world::{accounts, options};

    #[test]
    fn a_rung_that_others_stand_on_meanwhile_is_not_out() {
        let user = Arc::new(load_steps("  - C: PNG"));
        let mut suite = Suite::new(vec![user], accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let silent = || {
            let mut silent = suite.judge.untold(&scenario, Duration::ZERO);
            silent.verdict = Verdict::Blocked;
            silent.rung = Some(Rung::Usr);
            silent.failures = vec![failure(None, "USR", "nothing")];
            silent
        };
        let [one, two, three, four] = [silent(), silent(), silent(), silent()];
        suite.silent = vec![one, two];
        suite.count_silences();
        suite.forget_silences(0);
        suite.silent = vec![three, four.clone()];
        suite.count_silences();
        assert_eq!(suite.ladder, [], "it answered in between");
        suite.silent = vec![four];
        suite.count_silences();
        assert_eq!(suite.ladder.len(), 1);
    }
}
