//! The second look: each failure runs once more, alone, before it is told.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::event::{Failure, Judge, ScenarioResult, Verdict};
use crate::run::consequence::Omission;
use crate::run::suite::{Phase, Suite};
use crate::spec::ClauseId;

/// What identical failures have in common.
pub(super) type Signature = (Option<ClauseId>, Judge, String);

/// A failure that took longer is not looked at again when this many like it were confirmed.
const SLOW: Duration = Duration::from_millis(500);
/// See [`SLOW`].
const ENOUGH: usize = 2;
impl Suite {
    /// A failure has had its second look, or a retry.
    pub(super) fn looked_again(&mut self, entry: usize, result: ScenarioResult) {
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

    /// The known omission that all failures of a result follow from.
    fn omitted(&self, result: &ScenarioResult) -> Option<Failure> {
        let mut of = None;
        for failure in &result.failures {
            let omission = Omission::of(failure)?;
            if omission.is_named_by(failure) {
                return None;
            }
            of = Some(self.omissions.get(&omission)?.clone());
        }
        of
    }

    /// Scenarios that only wait for what is known to be left undone are blocked by that.
    pub(super) fn block_by_omissions(&mut self) {
        let queued: Vec<usize> = self.queue.iter().copied().collect();
        for index in queued {
            let first = self
                .entries
                .get(index)
                .and_then(|entry| entry.first.as_ref());
            let Some(omission) = first.and_then(|first| self.omitted(first)) else {
                continue;
            };
            self.queue.retain(|queued| *queued != index);
            let first = self.entries.get_mut(index).and_then(|e| e.first.take());
            if let Some(mut first) = first {
                first.verdict = Verdict::Blocked;
                first.cause = Some(self.charge_unshown(&omission));
                first.failures.clear();
                self.settle(index, first);
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
