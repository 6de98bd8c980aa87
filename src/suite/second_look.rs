//! The second look: each failure runs once more, alone, before it is told.

use super::confirmed::{SLOW, needs_what_never_comes};
use super::consequence::is_of_reads;
use super::needs::sends_at_once;
use super::omission::Omission;
use super::phase::Phase;
use super::run::Suite;
use crate::event::{Failure, Judge, Observed, ScenarioResult, Verdict};
use crate::protocol::ClauseId;

impl Suite {
    /// A failure has had its second look, or a retry.
    pub(super) fn looked_again(&mut self, entry: usize, mut result: ScenarioResult) {
        let retries = self.options.retries;
        let alone = self.options.jobs == 1;
        let Some(state) = self.entries.get_mut(entry) else {
            return;
        };
        state.looks += 1;
        let first = state.first.as_ref();
        let was_blocked = first.filter(|first| first.verdict == Verdict::Blocked);
        let why = was_blocked.and_then(|first| first.failures.first());
        let is_explained = why.is_some_and(|why| self.causes.behind(why).is_some());
        if result.verdict == Verdict::Passed && is_explained {
            // What kept it from being judged is known, and did not do so with other users.
            state.first = None;
            self.settle_if_alive(entry, result);
        } else if result.verdict == Verdict::Passed {
            let first = state.first.take();
            let mut flaky = first.unwrap_or_else(|| result.clone());
            flaky.verdict = Verdict::Flaky;
            join(&mut flaky.transcript, &mut result.transcript);
            flaky.reason = Some(match state.looks {
                1 if alone || state.phase == Phase::Alone => {
                    "it failed, and passed when it ran again".to_owned()
                }
                1 => "not isolated: it failed beside others and passed alone".to_owned(),
                looks => format!("it failed {looks} times and then passed"),
            });
            self.settle(entry, flaky);
        } else if state.looks > retries || result.verdict == Verdict::Waived {
            let first = state.first.take();
            self.charge_omitted(entry, &mut result);
            if let Some(first) = first.filter(|_| retries == 0) {
                keep_what_came_twice(first, &mut result);
            }
            if result.verdict != Verdict::Flaky {
                self.confirmed.take(&result.failures);
                self.confirm(&result.failures);
            }
            let is_blocked = result.verdict == Verdict::Blocked;
            let may_name = is_blocked && !self.awaiting.is_empty();
            let is_unnamed = is_blocked && !self.knows_what_blocks(&result);
            let is_lost = result.failures.iter().any(may_be_lost_in_a_read);
            if needs_what_never_comes(&result) || may_name || is_unnamed || is_lost {
                self.awaiting.push((entry, result));
            } else {
                self.settle_if_alive(entry, result);
            }
        } else {
            self.queue.push_front(entry);
        }
        self.block_by_omissions();
        self.spare_second_looks();
    }

    /// Whether a cause is known that a blocked result may name. What others show later may be it.
    fn knows_what_blocks(&self, result: &ScenarioResult) -> bool {
        let first = result.failures.first();
        first.is_none_or(|failure| self.causes.behind(failure).is_some())
    }

    /// Whatever the order in which scenarios were looked at again: those that only need what never
    /// comes are told when all that is about it was looked at.
    pub(super) fn settle_awaiting(&mut self) {
        let mut awaiting = std::mem::take(&mut self.awaiting);
        // What is blocked names a cause that is told by then.
        awaiting.sort_by_key(|(_, result)| result.verdict == Verdict::Blocked);
        for (entry, mut result) in awaiting {
            self.charge_omitted(entry, &mut result);
            self.settle(entry, result);
        }
    }

    /// Notes what the server was seen twice to leave undone, or what a waiver knows.
    pub(crate) fn confirm(&mut self, failures: &[Failure]) {
        for failure in failures {
            let Some(omission) = Omission::of(failure) else {
                continue;
            };
            let dialect = self.judge.dialect;
            let is_whole = omission.is_named_by(failure, dialect);
            let is_known = self
                .omissions
                .get(&omission)
                .is_some_and(|known| !is_whole || omission.is_named_by(known, dialect));
            if !is_known && (is_whole || omission.is_named_in_part_by(failure, dialect)) {
                self.omissions.insert(omission, failure.clone());
            }
        }
    }

    /// Takes out of a result what follows from what is known to be left undone, or to come unasked. Where that is all,
    /// it is blocked by it.
    fn charge_omitted(&mut self, entry: usize, result: &mut ScenarioResult) -> bool {
        // What lies beyond the level follows from it as well.
        result.notes.retain(|note| {
            let omission = Omission::of(note).filter(|it| !it.is_named_by(note, result.dialect));
            omission.is_none_or(|omission| !self.omissions.contains_key(&omission))
        });
        if result.verdict != Verdict::Failed {
            return false;
        }
        let (mut known, mut stray) = (None, None);
        let scenario = self.scenario(entry);
        let is_at_once = scenario.is_some_and(|scenario| sends_at_once(&scenario));
        let of_reads = self.causes.of_reads().filter(|_| is_at_once);
        result.failures.retain(|failure| {
            let omission =
                Omission::of(failure).filter(|it| !it.is_named_by(failure, result.dialect));
            let cause = omission.and_then(|omission| self.omissions.get(&omission));
            let cause = cause.filter(|cause| cause.clause != failure.clause);
            known = known.take().or(cause.cloned());
            let of_read = of_reads.filter(|_| may_be_lost_in_a_read(failure));
            let of_stray = of_read.map(|cause| cause.id);
            let of_stray = of_stray.or_else(|| self.causes.of_stray(failure));
            stray = stray.or(of_stray);
            cause.is_none() && of_stray.is_none()
        });
        if known.is_none() && stray.is_none() {
            return false;
        }
        if !result.failures.is_empty() {
            // What is left may be waived, all of it.
            if let Some(scenario) = self.scenario(entry) {
                self.judge.waive(&scenario, result);
            }
            return false;
        }
        result.verdict = Verdict::Blocked;
        let known = known.map(|known| self.charge_unshown(&known));
        result.cause = known.or(stray);
        true
    }

    /// Scenarios that only wait for what is known to be left undone are blocked by that.
    pub(super) fn block_by_omissions(&mut self) {
        let queued: Vec<usize> = self.queue.iter().copied().collect();
        for index in queued {
            let first = self.entries.get_mut(index).and_then(|e| e.first.take());
            let Some(mut first) = first else { continue };
            if self.charge_omitted(index, &mut first) {
                self.queue.retain(|queued| *queued != index);
                self.settle(index, first);
            } else if let Some(entry) = self.entries.get_mut(index) {
                entry.first = Some(first);
            }
        }
    }

    /// Whether a scenario has waited in vain before its first judging step, and a cause is known
    /// that it can name: it accuses nobody, so a further wait would tell nothing.
    fn is_slowly_blocked(&self, first: &ScenarioResult) -> bool {
        first.verdict == Verdict::Blocked
            && first.took >= SLOW
            && !first.failures.is_empty()
            && self.knows_what_blocks(first)
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
                    self.confirmed.spares(first) || self.is_slowly_blocked(first)
                })
            })
            .collect();
        for index in spared {
            self.queue.retain(|queued| *queued != index);
            let first = self.entries.get_mut(index).and_then(|e| e.first.take());
            let Some(first) = first else { continue };
            // What blocks it may be shown by another yet.
            if first.verdict == Verdict::Blocked && !self.knows_what_blocks(&first) {
                self.awaiting.push((index, first));
            } else {
                self.settle(index, first);
            }
        }
    }
}

/// Whether what did not come may be the answer to a command that a server lost which takes one read
/// for one command. Which clauses say that it must not, says for itself.
fn may_be_lost_in_a_read(failure: &Failure) -> bool {
    const OTHERS: [ClauseId; 3] = [ClauseId::FRAME_4, ClauseId::FRAME_15, ClauseId::REPLY_2];
    let is_own = |clause| is_of_reads(clause) || OTHERS.contains(&clause);
    let is_own = failure.clause.is_some_and(is_own);
    matches!(failure.got, Observed::Silence(_)) && failure.judge == Judge::Step && !is_own
}

/// The transcripts of both looks, one behind the other.
fn join(first: &mut Vec<String>, second: &mut Vec<String>) {
    if !second.is_empty() {
        first.push("# it ran again, alone".to_owned());
        first.append(second);
    }
}

/// Both looks found something: what only one of them did is flaky, and accuses nobody.
fn keep_what_came_twice(first: ScenarioResult, result: &mut ScenarioResult) {
    if first.verdict != Verdict::Failed || result.verdict != Verdict::Failed {
        return;
    }
    let names = |failures: &[Failure], clause| failures.iter().any(|one| one.clause == clause);
    let (twice, second): (Vec<Failure>, Vec<Failure>) = std::mem::take(&mut result.failures)
        .into_iter()
        .partition(|failure| names(&first.failures, failure.clause));
    let mut once = first.failures;
    once.retain(|failure| !names(&twice, failure.clause));
    once.extend(second);
    result.failures = twice;
    if once.is_empty() {
        return;
    }
    let mut clauses: Vec<&str> = once
        .iter()
        .filter_map(|one| one.clause.map(|clause| clause.as_str()))
        .collect();
    clauses.dedup();
    let told = format!("once in two looks, and so flaky: {}", clauses.join(", "));
    let mut transcript = first.transcript;
    join(&mut transcript, &mut result.transcript);
    result.transcript = transcript;
    let before = result.reason.take();
    let reason = before.map_or_else(|| told.clone(), |before| format!("{before}; {told}"));
    result.reason = Some(reason);
    if result.failures.is_empty() {
        result.verdict = Verdict::Flaky;
        result.failures = once;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::test_support::{failure, place};
    use crate::event::{Expectation, Standing, Wanted};
    use crate::suite::confirmed::notes_what_never_comes;
    use crate::suite::suite_world::{accounts, many, options};
    use crate::target::{Waiver, Waivers};

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
    fn what_only_one_of_two_looks_has_seen_is_flaky() {
        let suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let look = |clauses: &[ClauseId], line: &str| {
            let mut result = suite.judge.untold(&scenario, Duration::ZERO);
            result.verdict = Verdict::Failed;
            let failures = clauses
                .iter()
                .map(|clause| failure(Some(*clause), "x", "y"));
            result.failures = failures.collect();
            result.transcript = vec![line.to_owned()];
            result
        };
        let (lists, echo) = (ClauseId::SYN_7, ClauseId::ADD_1);
        let clauses = |result: &ScenarioResult| -> Vec<_> {
            result
                .failures
                .iter()
                .filter_map(|one| one.clause)
                .collect()
        };
        let mut second = look(&[echo], "second");
        keep_what_came_twice(look(&[echo, lists], "first"), &mut second);
        assert_eq!(
            (second.verdict, clauses(&second)),
            (Verdict::Failed, vec![echo])
        );
        assert!(second.reason.as_ref().unwrap().ends_with("flaky: SYN-7"));
        assert_eq!(
            second.transcript,
            ["first", "# it ran again, alone", "second"]
        );
        let mut second = look(&[lists], "second");
        keep_what_came_twice(look(&[echo], "first"), &mut second);
        assert_eq!(second.verdict, Verdict::Flaky);
        assert_eq!(clauses(&second), [echo, lists]);
        let mut second = look(&[lists], "second");
        keep_what_came_twice(look(&[lists], "first"), &mut second);
        assert_eq!((second.verdict, second.reason), (Verdict::Failed, None));
    }

    #[test]
    fn what_needs_a_command_waits_until_all_about_the_command_was_looked_at() {
        let mut suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let ended = |clause| Failure {
            command: Some("LST".into()),
            got: crate::event::Observed::Closed,
            ..unshown(clause)
        };
        let mut result = suite.judge.untold(&scenario, Duration::ZERO);
        result.verdict = Verdict::Failed;
        result.failures = vec![ended(ClauseId::LST_4)];
        suite.looked_again(0, result);
        assert_eq!(suite.awaiting.len(), 1);
        suite.confirm(&[ended(ClauseId::LST_1)]);
        suite.settle_awaiting();
        assert_eq!((suite.totals.blocked, suite.totals.failed), (1, 0));
    }

    #[test]
    fn what_is_blocked_slowly_is_looked_at_again_only_where_nobody_knows_why() {
        let mut suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let mut first = suite.judge.untold(&scenario, SLOW);
        first.verdict = Verdict::Blocked;
        first.failures = vec![unshown(ClauseId::PRES_4)];
        assert!(!suite.is_slowly_blocked(&first));
        let known = unshown(ClauseId::PRES_1);
        suite.causes.charge(&known, Standing::Fails, "a");
        assert!(suite.is_slowly_blocked(&first));
        first.took = SLOW / 2;
        assert!(!suite.is_slowly_blocked(&first));
    }

    #[test]
    fn what_needs_a_list_that_cannot_be_asked_for_is_blocked_by_that() {
        let mut suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let ended = |clause| Failure {
            command: Some("LST".into()),
            got: crate::event::Observed::Closed,
            ..unshown(clause)
        };
        suite.confirm(&[ended(ClauseId::LST_4)]);
        let mut judged = |clause| {
            let mut result = suite.judge.untold(&scenario, Duration::ZERO);
            result.verdict = Verdict::Failed;
            result.failures = vec![ended(clause)];
            suite.charge_omitted(0, &mut result);
            result.verdict
        };
        assert_eq!(judged(ClauseId::ADD_11), Verdict::Blocked);
        assert_eq!(judged(ClauseId::LST_4), Verdict::Failed);
        // Where none can be asked for, that is what is broken.
        suite.confirm(&[ended(ClauseId::LST_1)]);
        let known = suite.omissions.values().next().unwrap();
        assert_eq!(known.clause, Some(ClauseId::LST_1));
    }

    #[test]
    fn a_note_that_follows_from_an_omission_is_not_told() {
        let mut suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let mut result = suite.judge.untold(&scenario, Duration::ZERO);
        result.notes = vec![unshown(ClauseId::TRID_9)];
        assert!(notes_what_never_comes(&result));
        suite.charge_omitted(0, &mut result);
        assert_eq!(result.notes.len(), 1, "nothing is known of it");
        suite.confirm(&[unshown(ClauseId::PRES_1)]);
        suite.charge_omitted(0, &mut result);
        assert!(result.notes.is_empty() && !notes_what_never_comes(&result));
    }

    #[test]
    fn what_was_blocked_by_what_is_known_and_passes_has_passed() {
        let ended = |clause| Failure {
            command: Some("REM".into()),
            ..failure(clause, "REM", "closed")
        };
        let verdict = |is_known: bool| {
            let mut suite = Suite::new(many(1), accounts(2), options());
            let scenario = suite.scenario(0).unwrap();
            if is_known {
                let known = ended(Some(ClauseId::REM_1));
                suite.causes.charge(&known, Standing::Fails, "a");
            }
            let mut first = suite.judge.untold(&scenario, Duration::ZERO);
            first.verdict = Verdict::Blocked;
            first.failures = vec![ended(None)];
            suite.entries[0].first = Some(first);
            let passed = suite.judge.untold(&scenario, Duration::ZERO);
            suite.looked_again(0, passed);
            (suite.totals.passed, suite.totals.flaky)
        };
        assert_eq!(verdict(true), (1, 0));
        assert_eq!(verdict(false), (0, 1));
    }

    #[test]
    fn what_is_blocked_waits_for_a_cause_that_it_can_name() {
        let mut suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let refused = |clause| Failure {
            command: Some("USR".into()),
            ..failure(clause, "USR OK", "911 4")
        };
        let mut result = suite.judge.untold(&scenario, Duration::ZERO);
        result.verdict = Verdict::Blocked;
        result.failures = vec![refused(None)];
        suite.looked_again(0, result);
        assert_eq!(suite.awaiting.len(), 1);
        let known = refused(Some(ClauseId::USR_2));
        let known = suite.causes.charge(&known, Standing::Fails, "a");
        suite.settle_awaiting();
        let named = suite.causes.list();
        let named: Vec<_> = named.iter().map(|it| (it.id, it.blocks)).collect();
        assert_eq!(named, [(known, 1)]);
    }

    #[test]
    fn what_follows_from_an_omission_is_told_no_more_and_what_stands_beside_it_is() {
        let mut suite = Suite::new(many(1), accounts(2), options());
        let scenario = suite.scenario(0).unwrap();
        let judged = |suite: &mut Suite, failures: &[Failure]| {
            let mut result = suite.judge.untold(&scenario, Duration::ZERO);
            result.verdict = Verdict::Failed;
            result.failures = failures.to_vec();
            suite.charge_omitted(0, &mut result);
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
        // Where what is left is known, nothing is new.
        let waiver = Waiver::new("SER-1", "known", place()).unwrap();
        suite.judge.waivers = Waivers::new(vec![waiver], None);
        let waived = judged(&mut suite, &both);
        assert_eq!(waived, (Verdict::Waived, vec![ClauseId::SER_1]));
    }
}
