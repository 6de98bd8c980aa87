//! What is wrong with a server, each thing once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Failure, Judge, Rung};
use crate::protocol::{ClauseId, Dialect, Level};

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

    /// The standing of this word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        let all = [Self::Fails, Self::Waived, Self::Noted];
        all.into_iter().find(|standing| standing.as_str() == word)
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
    /// The dialects in which it shows, and what it means in each; empty where that is not known.
    pub dialects: BTreeMap<&'static Dialect, Standing>,
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
    /// Sorts causes, the heaviest first: what fails the run, crashes and hangs, then by level, by
    /// what they block and how often they show.
    pub fn sort(causes: &mut [Self]) {
        causes.sort_by_key(|cause| {
            let is_grave = cause.failure.judge == Judge::Process
                || cause.clause.is_some_and(|id| id.clause().group() == "LIVE");
            let weight = cause.blocks + cause.shown_by.len();
            (
                cause.standing,
                !is_grave,
                cause.level.is_none(),
                cause.level,
                std::cmp::Reverse(weight),
                cause.id,
            )
        });
    }

    /// What it means in a dialect; `None` where it does not show there.
    #[must_use]
    pub fn standing_in(&self, dialect: &'static Dialect) -> Option<Standing> {
        match self.dialects.is_empty() {
            true => Some(self.standing),
            false => self.dialects.get(dialect).copied(),
        }
    }

    /// What kind of breach it is; see [`Failure::breach`].
    #[must_use]
    pub fn breach(&self) -> String {
        self.failure.breach()
    }
}
