//! What oracles saw while the target was probed: the first lines of a run are judged like all
//! others.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::diagnostic::Source;
use crate::event::{PROBE, Verdict};
use crate::run::outcome::Outcome;
use crate::run::suite::Suite;
use crate::scenario::ast::{Needs, Scenario};

impl Suite {
    /// Tells what the oracles found while the target was probed, as a failed scenario of its own;
    /// nothing where all of it lies beyond the chosen level.
    pub fn probed(&mut self, outcomes: &[Outcome]) {
        let scenario = probe();
        let mut result = self.judge.untold(&scenario, Duration::ZERO);
        let mut told = BTreeSet::new();
        for outcome in outcomes {
            for accusation in &outcome.accusations {
                let oracle = accusation.oracle().unwrap_or_default();
                if told.insert((accusation.clause, oracle)) {
                    let accusation = accusation.clone();
                    self.judge.sort_in(&scenario, accusation, &mut result);
                }
            }
            let lines = outcome.transcript.render(&self.judge.redactor);
            result.transcript.extend(lines);
        }
        if result.failures.is_empty() {
            return;
        }
        result.verdict = Verdict::Failed;
        self.judge.waive(&scenario, &mut result);
        self.tell(result);
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
