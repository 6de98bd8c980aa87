//! What the tests of this room share.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Place, Source};
use crate::event::{Failure, Judge, Observed};
use crate::protocol::ClauseId;
use crate::run::outcome::{Ending, Outcome};
use crate::scenario::ast::{Needs, Scenario};
use crate::scenario::{NoFiles, load};
use crate::transcript::Transcript;

/// A place in no file.
pub(crate) fn place() -> Place {
    Place {
        file: "test.yaml".into(),
        line: 1,
        column: 1,
        text: String::new(),
    }
}

/// A scenario without steps.
pub(crate) fn scenario(name: &str, clauses: &[&str], tags: &[&str]) -> Arc<Scenario> {
    Arc::new(Scenario {
        name: name.into(),
        aliases: Vec::new(),
        source: Source::new(format!("{name}.yaml"), ""),
        description: name.into(),
        clauses: clauses.iter().map(|id| id.parse().unwrap()).collect(),
        tags: tags.iter().map(|&tag| tag.into()).collect(),
        dialects: Vec::new(),
        needs: Needs::default(),
        users: Vec::new(),
        strict: false,
        segments: None,
        timeout: None,
        setup: Vec::new(),
        steps: Vec::new(),
    })
}

/// A failure.
pub(crate) fn failure(clause: Option<ClauseId>, expected: &str, got: &str) -> Failure {
    Failure::new(clause, Judge::Step, place(), expected, observed(got))
}

/// What came, from how reports tell it.
pub(crate) fn observed(got: &str) -> Observed {
    match got {
        "closed" => Observed::Closed,
        "reset" => Observed::Reset,
        "nothing" => Observed::Silence(Duration::from_secs(2)),
        line => Observed::line(line.as_bytes()),
    }
}

/// An outcome without a transcript.
pub(crate) fn outcome(ending: Ending, failures: Vec<Failure>) -> Outcome {
    Outcome {
        ending,
        cause: None,
        has_ended: ending == Ending::Passed,
        unanswered: None,
        rung: None,
        limit: None,
        failures,
        findings: Vec::new(),
        accusations: Vec::new(),
        known: Vec::new(),
        variations: Vec::new(),
        transcript: Transcript::default(),
        waited: Duration::ZERO,
        waited_for: Vec::new(),
        prepared: 0,
        stepped: ending != Ending::Blocked,
        round_trips: 0,
        accounts: Vec::new(),
        learnt: None,
        climbed: Vec::new(),
    }
}

/// A scenario with one user, who is online, and these steps (YAML, indented by two).
pub(crate) fn load_steps(steps: &str) -> Scenario {
    let head = "description: x\nclauses: [CHG-1]\nusers: { alice: { state: NLN } }";
    let source = Source::new("x.yaml", format!("{head}\nsteps:\n{steps}\n"));
    let loaded = load("x", &source, &NoFiles).unwrap_or_else(|errors| panic!("{}", errors[0]));
    loaded.into_iter().next().expect("one scenario")
}
