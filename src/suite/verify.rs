//! What failed, was flaky or inconclusive is played again, alone and as often as was asked for: how
//! often does it fail? And what is said of the waivers at the end.

use super::phase::Phase;
use super::plays::Case;
use super::run::Suite;
use crate::event::{Judge, NoticeKind, Plays, ScenarioResult, Verdict};

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
