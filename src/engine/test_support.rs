//! What tests share: outcomes.

use std::time::Duration;

use crate::engine::{Ending, Outcome};
use crate::event::Failure;
use crate::protocol::Dialect;
use crate::transcript::Transcript;

/// An outcome without a transcript.
pub(crate) fn outcome(ending: Ending, failures: Vec<Failure>) -> Outcome {
    Outcome {
        dialect: Dialect::first(),
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
