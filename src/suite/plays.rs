//! What is played again as often as was asked for, and what that comes to.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Plays, ScenarioResult, Verdict};

/// What may go unseen: one case in twenty.
const DOUBT: f64 = 0.05;

/// The results that wait for further plays.
#[derive(Debug, Default)]
pub(super) struct Verifying {
    pub(super) open: BTreeMap<usize, Case>,
    /// Whatever was or is open.
    pub(super) known: BTreeSet<usize>,
}

impl Verifying {
    /// What is to be played again.
    pub(crate) fn open(&self) -> Vec<usize> {
        self.open.keys().copied().collect()
    }
}

/// A result that waits.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) result: ScenarioResult,
    pub(super) left: u32,
    pub(super) plays: Plays,
    /// The last play that said something, a failure before all.
    pub(super) telling: Option<ScenarioResult>,
}

impl Case {
    /// Takes in a play.
    pub(super) fn take(&mut self, result: ScenarioResult) {
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
    pub(super) fn result(self) -> ScenarioResult {
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
