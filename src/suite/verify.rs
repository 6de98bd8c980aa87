//! What failed, was flaky or inconclusive is played again, alone and as often as was asked for: how
//! often does it fail? And what is said of the waivers at the end.

use std::collections::{BTreeMap, BTreeSet};

use super::phase::Phase;
use super::run::Suite;
use crate::event::{Judge, NoticeKind, Plays, ScenarioResult, Verdict};

/// What may go unseen: one case in twenty.
const DOUBT: f64 = 0.05;

/// The results that wait for further plays.
#[derive(Debug, Default)]
pub(super) struct Verifying {
    open: BTreeMap<usize, Case>,
    /// Whatever was or is open.
    known: BTreeSet<usize>,
}

impl Verifying {
    /// What is to be played again.
    pub(crate) fn open(&self) -> Vec<usize> {
        self.open.keys().copied().collect()
    }
}

/// A result that waits.
#[derive(Debug)]
struct Case {
    result: ScenarioResult,
    left: u32,
    plays: Plays,
    /// The last play that said something, a failure before all.
    telling: Option<ScenarioResult>,
}

impl Case {
    /// Takes in a play.
    fn take(&mut self, result: ScenarioResult) {
        self.left = self.left.saturating_sub(1);
        let has_failed = result.verdict == Verdict::Failed;
        if !has_failed && !matches!(result.verdict, Verdict::Passed | Verdict::Waived) {
            return;
        }
        self.plays.of += 1;
        self.plays.failed += u32::from(has_failed);
        let known = self.telling.as_ref().map(|known| known.verdict);
        if has_failed || known != Some(Verdict::Failed) {
            self.telling = Some(result);
        }
    }

    /// The final result.
    fn result(self) -> ScenarioResult {
        let Plays { of, failed } = self.plays;
        let was = self.result.verdict;
        let mut result = match (was, self.telling) {
            (Verdict::Inconclusive, Some(telling)) => telling,
            _ => self.result,
        };
        if was == Verdict::Failed && of > 0 && failed == 0 {
            result.verdict = Verdict::Flaky;
        }
        if result.verdict == Verdict::Passed {
            result.plays = Some(self.plays);
            return result;
        }
        let told = told(was, self.plays);
        result.plays = Some(self.plays);
        result.reason = Some(match result.reason.take() {
            Some(reason) => format!("{reason}; {told}"),
            None => told,
        });
        result
    }
}

/// How often it failed, in words.
fn told(was: Verdict, Plays { of, failed }: Plays) -> String {
    let plays = if of == 1 { "play" } else { "plays" };
    match (of, failed) {
        (0, _) => "no further play said anything".to_owned(),
        (_, 0) => {
            let before = match was {
                Verdict::Failed => "it failed twice, and then in none",
                _ => "it failed in none",
            };
            format!(
                "{before} of {of} further {plays}: it fails in at most {} % of all (95 % sure)",
                percent(unseen_at_most(of))
            )
        }
        _ => format!("it failed in {failed} of {of} further {plays}"),
    }
}

/// How often something may happen that did not happen in so many plays: the upper bound of Clopper
/// and Pearson at 95 %, which is near to three in so many.
fn unseen_at_most(plays: u32) -> f64 {
    1.0 - DOUBT.powf(1.0 / f64::from(plays.max(1)))
}

/// A share in hundredths, rounded up: it is a bound.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent < 10.0 {
        true => format!("{:.1}", (percent * 10.0).ceil() / 10.0),
        false => format!("{:.0}", percent.ceil()),
    }
}

impl Suite {
    /// Gives a result back that is final; keeps one that is to be verified, or that is the play that
    /// verifies another.
    pub(super) fn unless_verified(
        &mut self,
        entry: usize,
        result: ScenarioResult,
    ) -> Option<ScenarioResult> {
        let by_process = |result: &ScenarioResult| {
            let mut judges = result.failures.iter().map(|failure| &failure.judge);
            judges.any(|judge| *judge == Judge::Process)
        };
        if self.verifying.open.contains_key(&entry) {
            // A play that stops the server says more than all others.
            if self.phase != Phase::Verify || by_process(&result) {
                self.verifying.open.remove(&entry);
                return Some(result);
            }
            return self.played_again(entry, result);
        }
        let is_doubtful = matches!(
            result.verdict,
            Verdict::Failed | Verdict::Flaky | Verdict::Inconclusive
        );
        let is_due = self.options.verify > 0 && self.phase < Phase::Over && is_doubtful;
        // The procedure of deaths has played it already, and each play costs a start of the server.
        if !is_due || by_process(&result) || !self.verifying.known.insert(entry) {
            return Some(result);
        }
        let case = Case {
            result,
            left: self.options.verify,
            plays: Plays { of: 0, failed: 0 },
            telling: None,
        };
        self.verifying.open.insert(entry, case);
        if self.phase == Phase::Verify {
            self.queue.push_back(entry);
        }
        None
    }

    fn played_again(&mut self, entry: usize, result: ScenarioResult) -> Option<ScenarioResult> {
        let case = self.verifying.open.get_mut(&entry)?;
        case.take(result);
        if case.left > 0 {
            self.queue.push_front(entry);
            return None;
        }
        Some(self.verifying.open.remove(&entry)?.result())
    }

    /// The run ends before everything was verified.
    pub(super) fn settle_verified(&mut self) {
        for (entry, case) in std::mem::take(&mut self.verifying.open) {
            let result = match case.plays.of {
                0 => case.result,
                _ => case.result(),
            };
            self.settle_now(entry, result);
        }
    }

    /// The scenarios that passed though a waiver knows their failure. They are played once more,
    /// alone, before it is told as stale, as a failure is before it is told.
    pub(super) fn doubted_by_waivers(&self) -> Vec<usize> {
        if self.aborted.is_some() {
            return Vec::new();
        }
        let names = self
            .judge
            .waivers
            .doubted(&self.options.library, &self.judged);
        let entries = self.entries.iter().enumerate();
        let doubted = entries.filter(|(_, entry)| names.contains(entry.scenario.name.as_str()));
        doubted.map(|(at, _)| at).collect()
    }

    /// Says which waivers and habits no longer apply, and which habits were seen.
    pub(super) fn judge_waivers(&mut self) {
        for stale in self.judge.waivers.expired() {
            let text = format!("{}: waiver `{}`: {}", stale.place, stale.text, stale.why);
            self.notice(NoticeKind::Warning, text, Vec::new());
        }
        let library = std::mem::take(&mut self.options.library);
        for stale in self.judge.waivers.stale(&library, &self.judged) {
            let text = format!(
                "{}: the waiver `{}` no longer applies: {}",
                stale.place, stale.text, stale.why
            );
            self.notice(NoticeKind::Error, text, Vec::new());
        }
        let seen = self.judge.waivers.habits_seen();
        if !seen.is_empty() {
            let s = if seen.len() == 1 { "" } else { "s" };
            let text = format!("{} known habit{s} of the server showed", seen.len());
            self.notice(NoticeKind::Info, text, seen);
        }
        for stale in self.judge.waivers.stale_habits(&library, &self.judged) {
            let text = format!(
                "{}: the server no longer has the habit `{}`: {}; take it out of `habits:`",
                stale.place, stale.text, stale.why
            );
            self.notice(NoticeKind::Warning, text, Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_show_may_still_happen_now_and_then() {
        for (plays, most) in [(1, "95"), (3, "64"), (20, "14"), (100, "3.0"), (300, "1.0")] {
            assert_eq!(percent(unseen_at_most(plays)), most, "{plays}");
        }
    }
}
