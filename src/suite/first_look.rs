//! What oracles saw while the target was probed: the first lines of a run are judged like all
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::consequence::{charged_to, is_of_another};
use super::run::Suite;
use crate::diagnostic::Source;
use crate::engine::Outcome;
use crate::event::{Failure, PROBE, Rung, RungResult, RungState, ScenarioResult, Verdict};
use crate::protocol::ClauseId;
use crate::scenario::ast::{Needs, Scenario};
use crate::target::Climb;

impl Suite {
    /// Tells what the first look found: how far the server has come, and what is broken on the way,
    /// as a failed scenario of its own; nothing where all of it lies beyond the chosen level.
    pub fn probed(&mut self, outcomes: &[Outcome]) {
        let scenario = probe();
        let mut result = self.judge.untold(&scenario, Duration::ZERO);
        let climbed = outcomes.last().map_or(&[][..], |last| &last.climbed);
        // A rung that is out for what an oracle saw on it is told as that.
        let mut charged = BTreeMap::new();
        for climb in climbed {
            let last = outcomes.last();
            let failure = climb.failure.as_ref();
            let Some((failure, last)) = failure.zip(last) else {
                continue;
            };
            match charged_to(failure, last) {
                Some(finding) => {
                    charged.insert(climb.rung, finding.clause);
                }
                None => self.judge.sort_in(&scenario, failure.clone(), &mut result),
            }
        }
        let mut told = BTreeSet::new();
        for outcome in outcomes {
            // What was found on the way, and hangs on no rung.
            for failure in outcome.failures.iter().filter(|it| it.clause.is_some()) {
                self.judge.sort_in(&scenario, failure.clone(), &mut result);
            }
            for accusation in &outcome.accusations {
                let oracle = accusation.oracle().unwrap_or_default();
                let follows = is_of_another(accusation, &outcome.accusations);
                if !follows && told.insert((accusation.clause, oracle)) {
                    let accusation = accusation.clone();
                    self.judge.sort_in(&scenario, accusation, &mut result);
                }
            }
            let lines = outcome.transcript.render(&self.judge.redactor);
            result.transcript.extend(lines);
        }
        let is_shown = !result.failures.is_empty();
        if is_shown {
            result.verdict = Verdict::Failed;
            self.judge.waive(&scenario, &mut result);
        }
        let waivers = &self.judge.waivers;
        let is_waived = |failure: &Failure| waivers.has_waived(&scenario.name, failure);
        self.causes.take(&result, is_waived);
        self.name_rungs(climbed, &charged, &result);
        if is_shown {
            self.tell(result);
        }
    }

    /// Gives each rung its state, and the cause of a breach on it.
    fn name_rungs(
        &mut self,
        climbed: &[Climb],
        charged: &BTreeMap<Rung, ClauseId>,
        result: &ScenarioResult,
    ) {
        let seen: Vec<_> = result.failures.iter().chain(&result.notes).collect();
        for climb in climbed {
            let mut failure = climb.failure.as_ref();
            if let Some(clause) = charged.get(&climb.rung) {
                let is_it = |failure: &&&Failure| failure.clause == Some(*clause);
                failure = seen.iter().find(is_it).copied();
            }
            let cause = failure.and_then(|failure| self.causes.of(failure));
            if let Some(cause) = cause {
                self.causes.set_rung(cause, climb.rung);
            }
            self.ladder.push(RungResult {
                rung: climb.rung,
                state: climb.state,
                cause,
            });
        }
        let lowest = |ladder: &[RungResult]| {
            let mut out = ladder.iter().filter(|rung| !rung.state.holds());
            out.find_map(|rung| rung.cause)
        };
        for at in 0..self.ladder.len() {
            let below = self.ladder.get(..at).and_then(lowest);
            if let Some(rung) = self.ladder.get_mut(at)
                && rung.state == RungState::Unreached
            {
                rung.cause = below;
            }
        }
        let dialect = self.judge.dialect;
        for rung in &mut self.ladder {
            let of_rung = |failure: &&&Failure| {
                let command = failure.command.as_deref().unwrap_or_default();
                let rows = dialect.requests().filter(|row| row.rung == Some(rung.rung));
                failure.judge.is_watcher()
                    && rows.into_iter().any(|row| row.verb.as_str() == command)
            };
            if rung.state == RungState::Works
                && let Some(failure) = seen.iter().find(of_rung)
            {
                rung.state = RungState::Odd;
                rung.cause = self.causes.of(failure);
            }
        }
        if !self.ladder.is_empty() {
            self.tell_ladder();
        }
    }
}

/// The probe as a scenario.
fn probe() -> Scenario {
    Scenario {
        name: PROBE.into(),
        aliases: Vec::new(),
        source: Source::new("", ""),
        description: "what is asked before the first scenario: logins, lists, states, a session"
            .into(),
        clauses: Vec::new(),
        tags: Vec::new(),
        dialects: Vec::new(),
        needs: Needs::default(),
        users: Vec::new(),
        strict: false,
        segments: None,
        timeout: None,
        setup: Vec::new(),
        steps: Vec::new(),
    }
}
