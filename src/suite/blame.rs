//! What is told of the scenarios that stop the server: which clause they break, with what proof, and
//! what of their own failures only follows from the end of the server.

use std::sync::Arc;
use std::time::Duration;

use super::consequence::drop_silence;
use super::health::Death;
use super::run::Suite;
use super::task::Dead;
use crate::event::{Event, Failure, Judge, Notice, NoticeKind, Observed, ScenarioResult, Verdict};
use crate::protocol::ClauseId;
use crate::scenario::ast::Scenario;
use crate::transcript::proof_of_end;

/// How many of the last lines that the server wrote are told.
const WORDS: usize = 24;

impl Suite {
    /// Scenarios that kill or wedge the server when they run in this order: the last of them has
    /// failed, whatever its steps say.
    pub(super) fn blame(&mut self, culprits: &[usize], death: &mut Death) {
        let Some((&entry, before)) = culprits.split_last() else {
            return;
        };
        let Some(scenario) = self.scenario(entry) else {
            return;
        };
        let played = death.latest.remove(&entry);
        let result = played.or_else(|| death.results.remove(&entry));
        let took = result.as_ref().map_or(Duration::ZERO, |result| result.took);
        let mut result = result.unwrap_or_else(|| self.judge.untold(&scenario, took));
        let others = before.iter().filter_map(|entry| self.scenario(*entry));
        let others: Vec<Arc<Scenario>> = others.collect();
        let names: Vec<&str> = others.iter().map(|other| other.name.as_str()).collect();
        let mut transcript = Vec::new();
        for (name, entry) in names.iter().zip(before) {
            transcript.push(format!("# {name}"));
            let lines = death.latest.get(entry).map(|result| &result.transcript);
            transcript.extend(lines.into_iter().flat_map(|lines| proof_of_end(lines)));
        }
        if !names.is_empty() {
            transcript.push(format!("# {}", result.name));
        }
        transcript.extend(proof_of_end(&result.transcript));
        let words = death.dead.last_words();
        let words = words.get(words.len().saturating_sub(WORDS)..);
        let words = words.unwrap_or_default().to_vec();
        let after = (!names.is_empty()).then(|| format!("after {}", names.join(", ")));
        let clause = life_clause(&scenario, &others, &result);
        let step = scenario.steps.first();
        result.failures.retain(|failure| failure.clause.is_some());
        drop_end(&mut result.failures, &death.dead);
        result.failures.insert(
            0,
            Failure {
                detail: after.clone(),
                transcript,
                words: words.clone(),
                ..Failure::new(
                    Some(clause),
                    Judge::Process,
                    step.map_or_else(
                        || scenario.source.place(Default::default()),
                        |step| scenario.source.place(step.at),
                    ),
                    "the server goes on serving others",
                    Observed::Other(death.dead.why.clone()),
                )
            },
        );
        result.verdict = Verdict::Failed;
        result.is_met = false;
        result.reason = None;
        self.judge.waive(&scenario, &mut result);
        let after = after.map(|after| format!(" {after}")).unwrap_or_default();
        let text = format!(
            "{} stops the server{after}: {}",
            result.name, death.dead.why
        );
        self.events.push_back(Event::Notice(Notice {
            kind: NoticeKind::Warning,
            text,
            detail: words,
            of: Some(result.name.clone()),
        }));
        death.suspects.retain(|suspect| *suspect != entry);
        self.settle(entry, result);
    }
}

/// Leaves out what only tells that the server is gone: a wedge keeps it silent, and a crash ends all
/// connections.
fn drop_end(failures: &mut Vec<Failure>, dead: &Dead) {
    drop_silence(failures);
    let is_end = |got: &Observed| {
        matches!(
            got,
            Observed::Closed | Observed::Reset | Observed::Unreachable(_)
        )
    };
    failures.retain(|failure| !(dead.exited && is_end(&failure.got)));
}

/// The clause that a scenario breaks which stops the server: its own where its steps were not met. One
/// that was met has shown that its own clause holds; one that never came to its steps shows nothing of
/// it. Where it takes others before it, and all are about one clause, they break that together.
fn life_clause(scenario: &Scenario, before: &[Arc<Scenario>], result: &ScenarioResult) -> ClauseId {
    let own = [ClauseId::LIVE_2, ClauseId::LIVE_3, ClauseId::LIVE_4];
    let has_begun = result.verdict != Verdict::Blocked || !result.notes.is_empty();
    let is_shown = !result.is_met && has_begun;
    let is_of_all =
        |id: &ClauseId| !before.is_empty() && before.iter().all(|it| it.clauses.contains(id));
    let mut own = own
        .into_iter()
        .filter(|id| scenario.clauses.contains(id) && (is_shown || is_of_all(id)));
    own.next().unwrap_or(ClauseId::LIVE_1)
}
