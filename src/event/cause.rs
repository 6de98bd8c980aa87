//! What is wrong with a server, each thing once.

use std::sync::Arc;

use super::{Failure, Rung};
use crate::spec::{ClauseId, Level};

/// What a cause means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It fails the run.
    Fails,
    /// A waiver knows it.
    Waived,
    /// It lies beyond the chosen level.
    Noted,
}

impl Standing {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Waived => "waived",
            Self::Noted => "noted",
        }
    }
}

/// One thing that is wrong with the server: all failures that come from it, and all scenarios that
/// could not be judged because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its number in this run, from one.
    pub id: usize,
    /// The clause that is broken; `None` where a precondition failed that no clause speaks of.
    pub clause: Option<ClauseId>,
    /// The clause's level.
    pub level: Option<Level>,
    /// What it means for the run.
    pub standing: Standing,
    /// The rung that is odd or out because of it.
    pub rung: Option<Rung>,
    /// The failure that shows it best.
    pub failure: Arc<Failure>,
    /// The scenarios that show it, in the order in which they did.
    pub shown_by: Vec<String>,
    /// How many scenarios could not be judged because of it.
    pub blocks: usize,
}

impl Cause {
    /// What kind of breach it is; see [`Failure::breach`].
    #[must_use]
    pub fn breach(&self) -> String {
        self.failure.breach()
    }
}
