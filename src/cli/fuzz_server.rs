//! What `msnpspec fuzz` plays its cases against.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use msnpspec::engine::Outcome;
use msnpspec::fuzzer::{Reference, Sight, watch};
use msnpspec::net::now;
use msnpspec::scenario::ast::Scenario;

use super::fuzz_target::Remote;

/// What cases are executed against.
pub(super) enum Server {
    /// The reference server, in memory; whether somebody wants it to end, and when it must.
    Memory(Box<Reference>, Arc<AtomicBool>, Option<Instant>),
    /// A target.
    Target(Box<Remote>),
}

impl Server {
    /// Plays a case of the campaign.
    pub(super) fn execute(&self, scenario: &Arc<Scenario>) -> Outcome {
        match self {
            Self::Memory(reference, ..) => reference.execute_shared(Arc::clone(scenario)),
            Self::Target(remote) => remote.cases.execute(scenario),
        }
    }

    /// Plays a scenario while nothing else is played.
    pub(super) fn execute_alone(&self, scenario: &Scenario) -> Outcome {
        match self {
            Self::Memory(reference, ..) => {
                let mut outcome = reference.execute(scenario);
                watch(&mut outcome, scenario, Sight::Whole);
                outcome
            }
            Self::Target(remote) => remote.cases.execute_alone(scenario),
        }
    }

    /// The target, where it is outside the process.
    pub(super) fn remote(&self) -> Option<&Remote> {
        match self {
            Self::Memory(..) => None,
            Self::Target(remote) => Some(remote),
        }
    }

    /// Somebody pressed Ctrl-C.
    pub(super) fn is_stopped(&self) -> bool {
        match self {
            Self::Memory(_, stopped, _) => stopped.load(Ordering::Relaxed),
            Self::Target(remote) => remote.is_stopped(),
        }
    }

    /// Nothing more is to be played: it was stopped, the time is over, or the server is dead.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Memory(_, _, deadline) => {
                self.is_stopped() || deadline.is_some_and(|deadline| now() >= deadline)
            }
            Self::Target(remote) => remote.is_over(),
        }
    }

    /// Why nothing more can be run.
    pub(super) fn failure(&self) -> Option<String> {
        self.remote().and_then(Remote::failure)
    }

    pub(super) fn stop(self) {
        if let Self::Target(remote) = self {
            remote.stop();
        }
    }
}
