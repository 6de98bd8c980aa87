//! The second look: each failure runs once more, alone, before it is told.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::event::{Failure, Judge, ScenarioResult, Verdict};
use crate::protocol::ClauseId;
use crate::run::consequence::Omission;
use crate::run::suite::{Phase, Suite};

/// What identical failures have in common.
pub(super) type Signature = (Option<ClauseId>, Judge, String);

/// A failure that took longer is not looked at again when this many like it were confirmed.
const SLOW: Duration = Duration::from_millis(500);
/// See [`SLOW`].
const ENOUGH: usize = 2;
impl Suite {
    /// A failure has had its second look, or a retry.
    pub(super) fn looked_again(&mut self, entry: usize, mut result: ScenarioResult) {
        let retries = self.options.retries;
        let alone = self.options.jobs == 1;
        let Some(state) = self.entries.get_mut(entry) else {
            return;
        };
        state.looks += 1;
        if result.verdict == Verdict::Passed {
            let mut flaky = state.first.take().unwrap_or(result);
            flaky.verdict = Verdict::Flaky;
            flaky.reason = Some(match state.looks {
                1 if alone || state.phase == Phase::Alone => {
                    "it failed, and passed when it ran again".to_owned()
                }
                1 => "not isolated: it failed beside others and passed alone".to_owned(),
                looks => format!("it failed {looks} times and then passed"),
            });
            self.settle(entry, flaky);
        } else if state.looks > retries || result.verdict == Verdict::Waived {
            self.charge_omitted(&mut result);
            let seen: BTreeSet<Signature> = result.failures.iter().map(signature).collect();
            for signature in seen {
                *self.confirmed.entry(signature).or_default() += 1;
            }
            self.confirm(&result.failures);
            let Some(state) = self.entries.get_mut(entry) else {
                return;
            };
            state.first = None;
            self.settle_if_alive(entry, result);
        } else {
            self.queue.push_front(entry);
        }
        self.block_by_omissions();
        self.spare_second_looks();
    }

    /// Notes what the server was seen twice to leave undone, or what a waiver knows.
    pub(super) fn confirm(&mut self, failures: &[Failure]) {
        for failure in failures {
            if let Some(omission) = Omission::of(failure)
                && omission.is_named_by(failure)
            {
                self.omissions
                    .entry(omission)
                    .or_insert_with(|| failure.clone());
            }
        }
    }

    /// Takes out of a result what follows from what is known to be left undone. Where that is all,
    /// it is blocked by it.
    fn charge_omitted(&mut self, result: &mut ScenarioResult) -> bool {
        if result.verdict != Verdict::Failed {
            return false;
        }
        let mut known = None;
        result.failures.retain(|failure| {
            let omission = Omission::of(failure).filter(|it| !it.is_named_by(failure));
            let cause = omission.and_then(|omission| self.omissions.get(&omission));
            known = known.take().or(cause.cloned());
            cause.is_none()
        });
        let Some(known) = known.filter(|_| result.failures.is_empty()) else {
            return false;
        };
        result.verdict = Verdict::Blocked;
        result.cause = Some(self.charge_unshown(&known));
        true
    }

    /// Scenarios that only wait for what is known to be left undone are blocked by that.
    pub(super) fn block_by_omissions(&mut self) {
        let queued: Vec<usize> = self.queue.iter().copied().collect();
        for index in queued {
            let first = self.entries.get_mut(index).and_then(|e| e.first.take());
            let Some(mut first) = first else { continue };
            if self.charge_omitted(&mut first) {
                self.queue.retain(|queued| *queued != index);
                self.settle(index, first);
            } else if let Some(entry) = self.entries.get_mut(index) {
                entry.first = Some(first);
            }
        }
    }

    /// Takes failures for confirmed that look like others which were. The slow ones: a server that
    /// never answers one command would otherwise cost a time-out for each scenario that sends it,
    /// one after the other. And those that only oracles have seen: they look at every line, and so
    /// see the same breach in every scenario.
    fn spare_second_looks(&mut self) {
        if self.options.retries > 0 {
            return;
        }
        let spared: Vec<usize> = self
            .queue
            .iter()
            .copied()
            .filter(|index| {
                let first = self.entries.get(*index).and_then(|e| e.first.as_ref());
                first.is_some_and(|first| {
                    let is_slow = first.took >= SLOW;
                    let mut failures = first.failures.iter();
                    (first.is_met && failures.clone().all(|failure| self.is_confirmed(failure)))
                        || (is_slow && failures.next().is_some_and(|one| self.is_confirmed(one)))
                })
            })
            .collect();
        for index in spared {
            self.queue.retain(|queued| *queued != index);
            let first = self.entries.get_mut(index).and_then(|e| e.first.take());
            if let Some(first) = first {
                self.settle(index, first);
            }
        }
    }

    fn is_confirmed(&self, failure: &Failure) -> bool {
        let seen = self.confirmed.get(&signature(failure));
        seen.is_some_and(|seen| *seen >= ENOUGH)
    }
}

fn signature(failure: &Failure) -> Signature {
    (failure.clause, failure.judge.clone(), failure.breach())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Expectation, Wanted};
    use crate::run::suite_world::{accounts, many, options};
    use crate::run::test_support::failure;

    /// A wait in vain for a line that shows a contact.
    fn unshown(clause: ClauseId) -> Failure {
        Failure {
            expected: Expectation {
                text: "ILN".into(),
                any: vec![Wanted::Line("ILN".into())],
            },
            ..failure(Some(clause), "ILN", "nothing")
        }
    }

    #[test]
    fn what_follows_from_an_omission_is_told_no_more_and_what_stands_beside_it_is() {
        let mut suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let judged = |suite: &mut Suite, failures: &[Failure]| {
            let mut result = suite.judge.untold(&scenario, Duration::ZERO);
            result.verdict = Verdict::Failed;
            result.failures = failures.to_vec();
            suite.charge_omitted(&mut result);
            let left = result.failures.iter().filter_map(|one| one.clause);
            (result.verdict, left.collect::<Vec<_>>())
        };
        let other = Failure {
            judge: Judge::of("serials"),
            ..failure(Some(ClauseId::SER_1), "a number", "ADD 5 FL 3 b@x B")
        };
        let both = [unshown(ClauseId::PRES_4), other];
        let before = judged(&mut suite, &both);
        assert_eq!(before.1, [ClauseId::PRES_4, ClauseId::SER_1]);
        suite.confirm(&[unshown(ClauseId::PRES_1)]);
        let alone = judged(&mut suite, &both[..1]);
        assert_eq!(alone, (Verdict::Blocked, Vec::new()));
        let beside = judged(&mut suite, &both);
        assert_eq!(beside, (Verdict::Failed, vec![ClauseId::SER_1]));
        let own = judged(&mut suite, &[unshown(ClauseId::PRES_3)]);
        assert_eq!(own, (Verdict::Failed, vec![ClauseId::PRES_3]));
    }
}
