//! The parts of a run: what is played when.

use crate::scenario::ast::Scenario;

/// The parts of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Ordinary,
    Hostile,
    Alone,
    SecondLook,
    Verify,
    Recheck,
    Over,
}

impl Phase {
    /// What failed is played again, alone.
    pub(crate) fn is_again(self) -> bool {
        matches!(self, Self::SecondLook | Self::Verify | Self::Recheck)
    }
}

/// The part of a run in which a scenario is played first.
pub(super) fn phase_of(scenario: &Scenario) -> Phase {
    let tagged = |word: &str| scenario.tags.iter().any(|tag| tag == word);
    if tagged("alone") || scenario.needs.launch {
        Phase::Alone
    } else if tagged("hostile") {
        Phase::Hostile
    } else {
        Phase::Ordinary
    }
}
