//! What tests share: places, failures.

use std::time::Duration;

use crate::diagnostic::Place;
use crate::event::{Failure, Judge, Observed};
use crate::protocol::ClauseId;

/// A place in no file.
pub(crate) fn place() -> Place {
    Place {
        file: "test.yaml".into(),
        line: 1,
        column: 1,
        text: String::new(),
    }
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
