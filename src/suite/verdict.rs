//! From what a script came to, to what is told of it: levels, strictness, waivers, clauses.

use std::time::Duration;

use super::consequence::{follows_note, is_charged, is_of_another, is_rest_of_line};
use crate::engine::{Ending, Limit, Outcome};
use crate::event::{Failure, Judge, Observed, ScenarioResult, Verdict};
use crate::protocol::{ClauseId, Dialect, Level};
use crate::scenario::ast::Scenario;
use crate::target::Waivers;
use crate::transcript::Redactor;

/// How many bytes of a transcript are kept to the end of the run.
const EXCERPT: usize = 64 << 10;
/// How many where transcripts are asked for,
const WHOLE: usize = 8 << 20;
/// and for how many scenarios together.
const TOGETHER: usize = 64 << 20;

/// How outcomes are judged.
#[derive(Debug)]
pub(super) struct Assessor {
    /// The dialect that is tested.
    pub(crate) dialect: &'static Dialect,
    pub(crate) level: Level,
    pub(crate) strict: bool,
    /// Keep the transcripts of scenarios that passed too.
    pub(crate) transcripts: bool,
    /// What failed is played again: what it comes to is told beside the first time.
    pub(super) looks_again: bool,
    /// How many bytes of transcripts are kept so far.
    pub(crate) kept: usize,
    pub(crate) redactor: Redactor,
    pub(crate) waivers: Waivers,
}

impl Assessor {
    /// One without waivers.
    #[cfg(test)]
    pub(crate) fn of(level: Level) -> Self {
        Self {
            level,
            strict: false,
            transcripts: false,
            looks_again: false,
            kept: 0,
            redactor: Redactor::default(),
            waivers: Waivers::default(),
            dialect: Dialect::first(),
        }
    }

    /// Whether a clause can fail the run.
    pub(super) fn counts(&self, level: Level) -> bool {
        level <= self.level && level != Level::Open
    }

    /// Judges one outcome.
    pub(crate) fn judge(
        &mut self,
        scenario: &Scenario,
        outcome: &Outcome,
        took: Duration,
    ) -> ScenarioResult {
        let mut result = self.untold(scenario, took);
        result.waited = outcome.waited;
        result.round_trips = outcome.round_trips;
        result.is_met = outcome.ending == Ending::Passed;
        let mut holds_back = false;
        if matches!(outcome.ending, Ending::Passed | Ending::Failed) {
            for failure in &outcome.failures {
                // What the oracle saw is told below.
                if is_charged(failure, outcome) || follows_note(failure, &result.notes) {
                    holds_back = true;
                } else {
                    self.sort_in(scenario, failure.clone(), &mut result);
                }
            }
        }
        // That a sound request of the harness's own is not answered is a breach in itself.
        if let (Some(clause), Some(failure)) = (outcome.unanswered, outcome.failures.first())
            && outcome.accusations.is_empty()
        {
            let failure = Failure {
                clause: Some(clause),
                ..failure.clone()
            };
            self.sort_in(scenario, failure, &mut result);
            result.rung = outcome.rung;
        }
        let is_noted = |failure: &Failure| failure.clause.is_some();
        if outcome.ending == Ending::Blocked {
            for failure in outcome.failures.iter().filter(|one| is_noted(one)) {
                self.sort_in(scenario, failure.clone(), &mut result);
            }
        }
        self.accuse(scenario, outcome, &mut result);
        match outcome.ending {
            Ending::Blocked
                if result.failures.is_empty() && outcome.failures.iter().any(is_noted) =>
            {
                result.verdict = Verdict::Blocked;
            }
            Ending::Blocked => break_off(outcome, &mut result),
            // What lies beyond the level has kept steps from being judged. Where all that the
            // scenario is about lies beyond it, there was nothing to judge.
            Ending::Failed if result.failures.is_empty() && (holds_back || !outcome.has_ended) => {
                let mut own = scenario.clauses.iter();
                let is_judged = own.any(|clause| self.counts(clause.level_in(self.dialect)));
                if is_judged || result.notes.is_empty() {
                    result.verdict = Verdict::Blocked;
                }
            }
            Ending::Inconclusive | Ending::Passed | Ending::Failed => {}
        }
        for variation in &outcome.variations {
            if self.strict && self.counts(variation.clause.level_in(self.dialect)) {
                let clause = variation.clause.clause();
                result.failures.push(Failure {
                    detail: Some("a variation, under --strict".into()),
                    ..Failure::new(
                        Some(variation.clause),
                        Judge::Step,
                        variation.place.clone(),
                        clause.text,
                        Observed::Other(variation.seen.clone()),
                    )
                });
            } else {
                result.variations.push(variation.clone());
            }
        }
        if result.verdict != Verdict::Blocked && !result.failures.is_empty() {
            result.verdict = Verdict::Failed;
        }
        if let (Ending::Inconclusive, Some(limit)) = (outcome.ending, outcome.limit) {
            stop_short(limit, &mut result);
        }
        self.waive(scenario, &mut result);
        let is_kept = result.verdict != Verdict::Passed || !result.notes.is_empty();
        if self.transcripts || self.looks_again || is_kept {
            let is_whole = self.transcripts && self.kept < TOGETHER;
            let most = if is_whole { WHOLE } else { EXCERPT };
            result.transcript = outcome.transcript.render_excerpt(&self.redactor, most);
            self.kept += result.transcript.iter().map(String::len).sum::<usize>();
        }
        result
    }

    /// Adds what the oracles found, but for what a step has told of the same clause: that it is
    /// broken, or that it varies.
    fn accuse(&self, scenario: &Scenario, outcome: &Outcome, result: &mut ScenarioResult) {
        let told = |result: &ScenarioResult, clause| {
            let mut failures = result.failures.iter().chain(&result.notes);
            failures.any(|known| known.judge == Judge::Step && known.clause == clause)
        };
        let varies = |clause| {
            let mut variations = outcome.variations.iter();
            variations.any(|variation| Some(variation.clause) == clause)
        };
        for accusation in &outcome.accusations {
            // Of a message that another has overtaken nobody knows yet whether it is lost.
            let is_late =
                accusation.clause == Some(ClauseId::MSG_1) && told(result, Some(ClauseId::MSG_8));
            let follows = is_late
                || is_rest_of_line(accusation, outcome)
                || is_of_another(accusation, &outcome.accusations);
            if !told(result, accusation.clause) && !varies(accusation.clause) && !follows {
                self.sort_in(scenario, accusation.clone(), result);
            }
        }
    }

    /// A result that says nothing but that the scenario passed.
    pub(super) fn untold(&self, scenario: &Scenario, took: Duration) -> ScenarioResult {
        ScenarioResult {
            name: scenario.name.clone(),
            dialect: self.dialect,
            description: scenario.description.clone(),
            clauses: scenario.clauses.clone(),
            verdict: Verdict::Passed,
            cause: None,
            rung: None,
            is_met: false,
            reason: None,
            skipped: None,
            plays: None,
            failures: Vec::new(),
            notes: Vec::new(),
            variations: Vec::new(),
            took,
            waited: Duration::ZERO,
            round_trips: 0,
            transcript: Vec::new(),
        }
    }

    pub(super) fn sort_in(
        &self,
        scenario: &Scenario,
        mut failure: Failure,
        result: &mut ScenarioResult,
    ) {
        let clause = failure.clause.or_else(|| scenario.clauses.first().copied());
        failure.clause = clause;
        failure.level = clause.map(|clause| clause.level_in(self.dialect));
        match failure.level {
            Some(level) if !self.counts(level) => result.notes.push(failure),
            _ => result.failures.push(failure),
        }
    }

    /// Looks for a waiver of each failure; the verdict is `waived` when all have one.
    pub(crate) fn waive(&mut self, scenario: &Scenario, result: &mut ScenarioResult) {
        // A note needs no waiver, but one that speaks of it is not stale.
        for note in &result.notes {
            self.waivers.waive(scenario, note);
        }
        let reasons: Vec<Option<String>> = result
            .failures
            .iter()
            .map(|failure| self.waivers.waive(scenario, failure))
            .collect();
        let fails = matches!(result.verdict, Verdict::Failed | Verdict::Blocked);
        let mut reasons: Option<Vec<String>> = reasons.into_iter().collect();
        if let Some(reasons) = reasons
            .as_mut()
            .filter(|reasons| fails && !reasons.is_empty())
        {
            reasons.dedup();
            result.verdict = Verdict::Waived;
            result.reason = Some(reasons.join("; "));
        }
    }
}

/// A scenario that a limit of our own has stopped says nothing, but for what oracles have seen.
fn stop_short(limit: Limit, result: &mut ScenarioResult) {
    if result.failures.is_empty() {
        result.verdict = Verdict::Inconclusive;
        result.reason = Some(limit.to_string());
    } else {
        result.reason = Some(format!("it could not be carried out to its end: {limit}"));
    }
}

/// A scenario that could not be carried out to its end is broken, unless an oracle has seen the
/// server break a clause meanwhile.
fn break_off(outcome: &Outcome, result: &mut ScenarioResult) {
    let cause = outcome.cause.as_ref().map(ToString::to_string);
    if result.failures.is_empty() {
        result.verdict = Verdict::Blocked;
        result.rung = outcome.rung;
        result.reason = cause;
        result.failures.clone_from(&outcome.failures);
        return;
    }
    let first = outcome.failures.first();
    let unmet =
        || first.map(|failure| format!("expected {}, got {}", failure.expected, failure.got));
    let why = cause.or_else(unmet);
    result.reason = why.map(|why| format!("it could not be carried out to its end: {why}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_support::outcome;
    use crate::event::test_support::{failure, place};
    use crate::event::{ClauseVerdict, Untested, Variation};
    use crate::protocol::ServerKind;
    use crate::scenario::test_support::scenario;
    use crate::suite::tally::Tally;
    use crate::target::Waiver;
    use crate::transcript::{ConnName, Party, What};
    use crate::wire::Frame;

    fn judge(level: Level, strict: bool) -> Assessor {
        Assessor {
            dialect: Dialect::first(),
            strict,
            ..Assessor::of(level)
        }
    }

    fn of_tally(tally: &Tally, id: ClauseId) -> ClauseVerdict {
        let all = tally.results(&[], false, Dialect::first());
        all.into_iter().find(|one| one.id == id).unwrap().verdict
    }

    fn verdict(judge: &mut Assessor, ending: Ending, failures: Vec<Failure>) -> ScenarioResult {
        let scenario = scenario("a", &["USR-6", "USR-9"], &[]);
        let mut outcome = outcome(ending, failures);
        outcome.has_ended = true;
        judge.judge(&scenario, &outcome, Duration::ZERO)
    }

    #[test]
    fn a_later_level_is_a_note_and_open_never_fails() {
        let broken = |clause: ClauseId| vec![failure(Some(clause), "x", "y")];
        let mut must = judge(Level::Must, false);
        let result = verdict(&mut must, Ending::Failed, broken(ClauseId::USR_9));
        assert_eq!((result.verdict, result.notes.len()), (Verdict::Passed, 1));
        let mut practice = judge(Level::Practice, false);
        let result = verdict(&mut practice, Ending::Failed, broken(ClauseId::USR_9));
        assert_eq!(result.verdict, Verdict::Failed);
        let mut open = judge(Level::Open, false);
        let result = verdict(&mut open, Ending::Failed, broken(ClauseId::USR_16));
        assert_eq!((result.verdict, result.notes.len()), (Verdict::Passed, 1));
    }

    #[test]
    fn what_is_all_beyond_the_level_blocks_nothing_of_it() {
        let told = |clauses: &[&str], level| {
            let noted = failure(Some(ClauseId::OUT_6), "OUT SSD", "closed");
            let outcome = outcome(Ending::Failed, vec![noted]);
            let scenario = scenario("a", clauses, &[]);
            let result = judge(level, false).judge(&scenario, &outcome, Duration::ZERO);
            (result.verdict, result.notes.len())
        };
        assert_eq!(told(&["OUT-6"], Level::Must), (Verdict::Passed, 1));
        let mixed = ["OUT-6", "OUT-1"];
        assert_eq!(told(&mixed, Level::Must), (Verdict::Blocked, 1));
        assert_eq!(told(&["OUT-6"], Level::Practice), (Verdict::Failed, 0));
    }

    /// What an oracle found.
    fn accusation(clause: ClauseId) -> Failure {
        Failure {
            judge: Judge::of("order"),
            ..failure(Some(clause), "x", "y")
        }
    }

    fn accused(judge: &mut Assessor, mut outcome: Outcome, clauses: &[ClauseId]) -> ScenarioResult {
        outcome.accusations = clauses.iter().copied().map(accusation).collect();
        let scenario = scenario("a", &["USR-6"], &[]);
        judge.judge(&scenario, &outcome, Duration::ZERO)
    }

    #[test]
    fn what_an_oracle_sees_fails_a_scenario_whose_steps_are_met() {
        let passed = || outcome(Ending::Passed, Vec::new());
        let mut must = judge(Level::Must, false);
        let clauses = [ClauseId::SYN_3, ClauseId::USR_9];
        let result = accused(&mut must, passed(), &clauses);
        assert_eq!(result.verdict, Verdict::Failed);
        assert_eq!((result.failures.len(), result.notes.len()), (1, 1));
        assert_eq!(result.failures[0].judge.as_str(), "order");
        let mut tally = Tally::default();
        tally.take(&result);
        let of = |id: ClauseId| Some(of_tally(&tally, id));
        assert_eq!(of(ClauseId::SYN_3), Some(ClauseVerdict::Failed));
        assert_eq!(of(ClauseId::USR_9), Some(ClauseVerdict::Noted));
        assert_eq!(of(ClauseId::USR_6), Some(ClauseVerdict::Passed));
        let result = accused(&mut must, passed(), &[ClauseId::USR_9]);
        assert_eq!((result.verdict, result.notes.len()), (Verdict::Passed, 1));
        let waiver = Waiver::new("SYN-3", "issue 12", place()).unwrap();
        must.waivers = Waivers::new(vec![waiver], None);
        let result = accused(&mut must, passed(), &clauses);
        assert_eq!(result.verdict, Verdict::Waived);
    }

    #[test]
    fn one_breach_is_told_once() {
        let mut must = judge(Level::Must, false);
        let step = failure(Some(ClauseId::USR_6), "911 4", "999 4");
        let failed = outcome(Ending::Failed, vec![step]);
        let result = accused(&mut must, failed, &[ClauseId::USR_6, ClauseId::SYN_3]);
        let told = result.failures.iter();
        let told: Vec<_> = told.map(|one| (one.judge.as_str(), one.clause)).collect();
        let (step, order) = (Some(ClauseId::USR_6), Some(ClauseId::SYN_3));
        assert_eq!(told, [("step", step), ("order", order)]);
    }

    #[test]
    fn a_transcript_is_kept_of_all_that_did_not_simply_pass() {
        let kept = |judge: &mut Assessor, ending, clause: Option<ClauseId>| {
            let failures = clause.map(|clause| failure(Some(clause), "x", "y"));
            let mut outcome = outcome(ending, failures.into_iter().collect());
            let name = ConnName::new("alice", "");
            let conn = outcome.transcript.connect(name, ServerKind::Notification);
            let opened = What::Opened("ns:1".into());
            outcome.transcript.record(Duration::ZERO, conn, opened);
            let scenario = scenario("a", &["USR-6"], &[]);
            let result = judge.judge(&scenario, &outcome, Duration::ZERO);
            !result.transcript.is_empty()
        };
        let mut must = judge(Level::Must, false);
        assert!(!kept(&mut must, Ending::Passed, None));
        assert!(kept(&mut must, Ending::Failed, Some(ClauseId::USR_6)));
        assert!(
            kept(&mut must, Ending::Failed, Some(ClauseId::USR_9)),
            "a note"
        );
        must.transcripts = true;
        assert!(kept(&mut must, Ending::Passed, None));
    }

    #[test]
    fn of_a_flood_little_is_kept() {
        let mut flood = outcome(Ending::Inconclusive, Vec::new());
        flood.limit = Some(Limit::Lines(100_000));
        let name = ConnName::new("alice", "");
        let conn = flood.transcript.connect(name, ServerKind::Notification);
        for n in 0..100_000 {
            let frame = Frame::line(format!("NLN NLN u{n}@hotmail.com {n}"));
            let what = What::Frame(Party::Server, frame);
            flood.transcript.record(Duration::ZERO, conn, what);
        }
        let bytes = |judge: &mut Assessor| {
            let result = judge.judge(&scenario("a", &["USR-6"], &[]), &flood, Duration::ZERO);
            assert_eq!(result.verdict, Verdict::Inconclusive);
            let lines = result.transcript.iter();
            lines
                .map(|line| line.len() + size_of::<String>())
                .sum::<usize>()
        };
        let mut must = judge(Level::Must, false);
        assert!(bytes(&mut must) < 100_000);
        must.transcripts = true;
        assert!(bytes(&mut must) > 4_000_000, "where it was asked for");
        must.kept = TOGETHER;
        assert!(bytes(&mut must) < 100_000);
    }

    #[test]
    fn what_is_broken_without_a_failure_needs_a_reason_to_be_waived() {
        let result = verdict(&mut judge(Level::Must, false), Ending::Blocked, Vec::new());
        assert_eq!(result.verdict, Verdict::Blocked);
    }

    #[test]
    fn the_first_variation_that_was_seen_is_told() {
        let mut tally = Tally::default();
        for seen in ["one", "other"] {
            let mut varied = outcome(Ending::Passed, Vec::new());
            varied.variations.push(Variation {
                clause: ClauseId::USR_7,
                seen: seen.into(),
                place: place(),
            });
            let scenario = scenario("a", &["USR-7"], &[]);
            let mut judge = judge(Level::Must, false);
            tally.take(&judge.judge(&scenario, &varied, Duration::ZERO));
        }
        let all = tally.results(&[], false, Dialect::first());
        let seen = all.into_iter().find(|one| one.id == ClauseId::USR_7);
        assert_eq!(seen.unwrap().seen.as_deref(), Some("one"));
    }

    #[test]
    fn what_a_step_takes_for_a_variation_no_oracle_takes_for_a_breach() {
        let mut varied = outcome(Ending::Passed, Vec::new());
        varied.variations.push(Variation {
            clause: ClauseId::SYN_3,
            seen: "another order".into(),
            place: place(),
        });
        let result = accused(&mut judge(Level::Must, false), varied, &[ClauseId::SYN_3]);
        assert_eq!(
            (result.verdict, result.variations.len()),
            (Verdict::Passed, 1)
        );
    }

    #[test]
    fn a_scenario_cut_short_by_a_breach_is_no_broken_one() {
        let mut must = judge(Level::Must, false);
        let broken = || outcome(Ending::Blocked, vec![failure(None, "SYN 5 1", "closed")]);
        let result = accused(&mut must, broken(), &[ClauseId::SYN_3]);
        assert_eq!(
            (result.verdict, result.failures.len()),
            (Verdict::Failed, 1)
        );
        let reason = "it could not be carried out to its end: expected SYN 5 1, got closed";
        assert_eq!(result.reason.as_deref(), Some(reason));
        // What it was to test is untested by what cut it short.
        let mut tally = Tally::default();
        tally.take(&ScenarioResult {
            cause: Some(3),
            ..result
        });
        let all = tally.results(&[], false, Dialect::first());
        let tested = all.iter().find(|one| one.id == ClauseId::USR_6).unwrap();
        let known = (tested.untested, tested.cause);
        assert_eq!(known, (Some(Untested::Unmet), Some(3)));
        let result = accused(&mut must, broken(), &[ClauseId::USR_9]);
        assert_eq!((result.verdict, result.notes.len()), (Verdict::Blocked, 1));
        assert_eq!(result.failures[0].judge, Judge::Step);
    }

    #[test]
    fn strict_takes_variations_for_failures() {
        let mut varied = outcome(Ending::Passed, Vec::new());
        varied.variations.push(Variation {
            clause: ClauseId::USR_7,
            seen: "911 and a close".into(),
            place: place(),
        });
        let scenario = scenario("a", &["USR-7"], &[]);
        let mut lax = judge(Level::Draft, false);
        let result = lax.judge(&scenario, &varied, Duration::ZERO);
        assert_eq!(
            (result.verdict, result.variations.len()),
            (Verdict::Passed, 1)
        );
        let mut strict = judge(Level::Draft, true);
        let result = strict.judge(&scenario, &varied, Duration::ZERO);
        assert_eq!(
            (result.verdict, result.failures.len()),
            (Verdict::Failed, 1)
        );
        let mut strict = judge(Level::Must, true);
        let result = strict.judge(&scenario, &varied, Duration::ZERO);
        assert_eq!(result.verdict, Verdict::Passed);
    }

    #[test]
    fn only_a_waiver_for_each_failure_waives_a_scenario() {
        let mut judge = judge(Level::Practice, false);
        let waiver = Waiver::new("USR-9", "issue 12", place()).unwrap();
        judge.waivers = Waivers::new(vec![waiver], None);
        let one = failure(Some(ClauseId::USR_9), "x", "y");
        let two = failure(Some(ClauseId::USR_6), "x", "y");
        let result = verdict(&mut judge, Ending::Failed, vec![one.clone()]);
        assert_eq!(result.verdict, Verdict::Waived);
        assert_eq!(result.reason.as_deref(), Some("issue 12"));
        let result = verdict(&mut judge, Ending::Failed, vec![one, two]);
        assert_eq!(result.verdict, Verdict::Failed);
    }

    #[test]
    fn a_clause_passes_only_by_a_scenario_that_names_it() {
        let mut judge = judge(Level::Practice, false);
        let mut tally = Tally::default();
        let passed = verdict(&mut judge, Ending::Passed, Vec::new());
        tally.take(&passed);
        let of = of_tally;
        assert_eq!(of(&tally, ClauseId::USR_6), ClauseVerdict::Passed);
        assert_eq!(of(&tally, ClauseId::USR_5), ClauseVerdict::Untested);
        let broken = vec![failure(Some(ClauseId::USR_5), "x", "y")];
        tally.take(&verdict(&mut judge, Ending::Failed, broken));
        assert_eq!(of(&tally, ClauseId::USR_5), ClauseVerdict::Failed);
        assert_eq!(of(&tally, ClauseId::USR_6), ClauseVerdict::Passed);
        tally.take(&passed);
        assert_eq!(of(&tally, ClauseId::USR_5), ClauseVerdict::Failed);
    }
}
