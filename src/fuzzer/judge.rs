//! What a case came to.

use super::signature::{Kind, Signature};
use crate::event::Failure;
use crate::run::{Ending, Outcome};
use crate::spec::{ClauseId, Level};

/// The kind of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every step was met, no rule was broken, and somebody else was served at the end.
    Passed,
    /// It could not be carried out, for a reason that is none of the server's.
    Broken,
    /// A step was not met: another line came.
    Step,
    /// Every step was met, and an oracle accuses the server.
    Oracle,
    /// The server ended a connection in order where it should not have.
    EndOfStream,
    /// The server reset a connection.
    Reset,
    /// No answer came in time.
    Timeout,
    /// Somebody who had no part in the case was not served.
    NoService,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Passed,
        Self::Broken,
        Self::Step,
        Self::Oracle,
        Self::EndOfStream,
        Self::Reset,
        Self::Timeout,
        Self::NoService,
    ];

    /// The words used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Broken => "broken",
            Self::Step => "step",
            Self::Oracle => "oracle",
            Self::EndOfStream => "end-of-stream",
            Self::Reset => "reset",
            Self::Timeout => "time-out",
            Self::NoService => "no-service",
        }
    }

    /// The verdict on an outcome, and all that it is about: each failure within the level, with
    /// its signature.
    #[must_use]
    pub fn of(outcome: &Outcome, level: Level) -> (Self, Vec<(Signature, Failure)>) {
        let within = |failure: &Failure| failure.level.is_none_or(|of| of <= level);
        let all = Signature::all(outcome);
        let told = all.into_iter().filter(|(_, failure)| within(failure));
        let told: Vec<(Signature, Failure)> = told
            .map(|(signature, failure)| (signature, failure.clone()))
            .collect();
        let verdict = match told.first() {
            None if outcome.ending == Ending::Broken => Self::Broken,
            None => Self::Passed,
            Some((signature, failure)) if failure.by == super::signature::STEP => {
                Self::of_step(signature)
            }
            Some(_) => Self::Oracle,
        };
        (verdict, told)
    }

    fn of_step(signature: &Signature) -> Self {
        let lives = [
            ClauseId::LIVE_1,
            ClauseId::LIVE_2,
            ClauseId::LIVE_3,
            ClauseId::LIVE_5,
        ];
        let is_witness = signature
            .clause
            .is_some_and(|clause| lives.contains(&clause));
        match signature.actual {
            Kind::Timeout | Kind::Closed | Kind::Reset | Kind::NoService if is_witness => {
                Self::NoService
            }
            Kind::NoService => Self::NoService,
            Kind::Timeout => Self::Timeout,
            Kind::Closed => Self::EndOfStream,
            Kind::Reset => Self::Reset,
            _ => Self::Step,
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
