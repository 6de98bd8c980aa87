//! The model on every line of a case: a reply that it does not allow, or a line that nothing asked
//! for, is a finding.
//!
//! The transcript is read once it is whole, so that the answer to a command is known when the
//! command is read. Where the model cannot know (hostile bytes, other accounts, servers in several
//! parts), it stays silent for that connection from there on, or for the whole case.

mod answer;
mod hear;
mod lines;
mod people;
mod reads;
mod watcher;

use crate::engine::Outcome;
use crate::event::{Failure, Judge, Observed};
use crate::model::Transition;
use crate::oracle::Finding;
use crate::scenario::ast::Scenario;
use crate::transcript::Redactor;

use lines::Lines;
use watcher::Watcher;

/// Who judges here.
pub const MODEL: &str = "model";

/// What is known of the target beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    /// Accounts with empty lists; commands are carried out in the order in which they were sent,
    /// and what others see of them is there before anything that is asked for later.
    Whole,
    /// Neither: lists are judged no further than by what the case did, and nothing has to come.
    Partial,
}

/// How much of a case the model could judge, and how much of it the model says is possible. What
/// the harness did before the first step is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watched {
    /// Lines of the server.
    pub lines: u64,
    /// Those that the model judged.
    pub judged: u64,
    /// Commands that a client can send in its state: they succeed, or are refused in order.
    pub possible: u64,
    /// Commands that fit nowhere, or not in that state, and bytes that are none.
    pub impossible: u64,
    /// Commands in a state that is not known, mostly after bytes of no sense.
    pub unclear: u64,
}

impl Watched {
    /// Takes in what is known of another case.
    pub fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.judged += other.judged;
        self.possible += other.possible;
        self.impossible += other.impossible;
        self.unclear += other.unclear;
    }

    /// Of a hundred commands, so many are possible.
    #[must_use]
    pub fn possible_share(&self) -> u64 {
        let all = self.possible + self.impossible + self.unclear;
        (self.possible * 100).checked_div(all).unwrap_or_default()
    }

    /// Of a hundred lines of the server, so many were judged.
    #[must_use]
    pub fn judged_share(&self) -> u64 {
        (self.judged * 100)
            .checked_div(self.lines)
            .unwrap_or_default()
    }
}

/// Judges an outcome by the model: what it finds stands behind what the oracles found. Tells also
/// what the connections went through: each state, command and reply once.
pub fn watch(
    outcome: &mut Outcome,
    scenario: &Scenario,
    sight: Sight,
) -> (Watched, Vec<Transition>) {
    reads::blame(outcome);
    let lines = Lines::of(&outcome.transcript);
    let (watched, transitions, finding) = Watcher::new(outcome, &lines, sight).run();
    let is_told = |failure: &Failure| failure.judge == Judge::Model;
    if let Some(finding) = finding.filter(|_| !outcome.accusations.iter().any(is_told)) {
        let told = tell(&finding, outcome, scenario);
        outcome.findings.push(finding);
        outcome.accusations.push(told);
    }
    (watched, transitions)
}

fn tell(finding: &Finding, outcome: &Outcome, scenario: &Scenario) -> Failure {
    let redactor = Redactor::default();
    Failure {
        clause: Some(finding.clause),
        level: Some(finding.clause.level_in(outcome.dialect)),
        judge: Judge::Model,
        place: scenario.source.place(crate::diagnostic::Span::default()),
        expected: redactor.apply(&finding.expected).into_owned().into(),
        got: finding
            .got
            .clone()
            .map(|text| redactor.apply(text).into_owned()),
        detail: Some(finding.message.clone()),
        word: None,
        command: None,
        kind: None,
        conn: Some(finding.conn),
        entry: Some(finding.entry),
        until: finding.entry + 1,
        transcript: outcome.transcript.proof(
            finding.entry + 1,
            Some(finding.conn),
            Some(finding.entry),
            &redactor,
        ),
        words: Vec::new(),
    }
}

/// What came, from the watcher's words: the text of a line, or `nothing` and the like.
fn observed(got: String) -> Observed {
    match got.as_str() {
        "closed" => Observed::Closed,
        "reset" => Observed::Reset,
        "nothing" => Observed::Other(got),
        _ => Observed::shown(got.clone().as_bytes(), got),
    }
}
