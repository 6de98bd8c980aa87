//! Why something was not judged, as values: what decides whether a server may be said to conform.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::protocol::ClauseId;

/// Why a scenario was not run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum SkipReason {
    /// It has more users than there are accounts that can be used.
    Accounts {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        usable: usize,
    },
    /// The run ended before its turn came.
    Stopped {
        /// Why it ended.
        why: String,
    },
    /// It stops and starts the server, which the harness does not own.
    Launch,
    /// It needs a dispatch server that refers to a notification server.
    Dispatch,
    /// It needs a server that challenges its clients.
    Challenges,
    /// It speaks other dialects.
    Dialects {
        /// Which.
        only: Vec<String>,
    },
}

impl SkipReason {
    /// Whether this set-up cannot have what is missing, whatever its user does.
    #[must_use]
    pub fn is_of_setup(&self) -> bool {
        matches!(
            self,
            Self::Launch | Self::Dispatch | Self::Challenges | Self::Dialects { .. }
        )
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accounts { needed, usable } => {
                write!(f, "needs {needed} accounts, the target has {usable}")
            }
            Self::Stopped { why } => f.write_str(why),
            Self::Launch => f.write_str(
                "needs a server that the harness starts itself (`launch:` in the target)",
            ),
            Self::Dispatch => {
                f.write_str("needs a dispatch server that refers to a notification server")
            }
            Self::Challenges => f.write_str("needs a server that challenges its clients (CHL)"),
            Self::Dialects { only } => write!(f, "is for {} only", only.join(", ")),
        }
    }
}

/// Why nothing is said of a clause. Where several reasons hold, the least one is told: what the
/// user can mend comes before what this set-up cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Untested {
    /// What tests it needs at least so many accounts.
    Accounts(usize),
    /// What tests it is blocked by the cause of this number.
    Blocked(Option<usize>),
    /// What tests it passed only when it ran again.
    Flaky,
    /// What tests it met a limit of our own.
    Inconclusive,
    /// The run ended before its turn came.
    Stopped,
    /// What tests it ended at something else.
    Unmet,
    /// The filter, the shard or the files that were named leave out what tests it.
    LeftOut,
    /// What tests it needs a server that the harness starts.
    Launch,
    /// What tests it needs a dispatch server that refers.
    Dispatch,
    /// What tests it needs a server that challenges its clients.
    Challenges,
    /// What tests it speaks another dialect.
    Dialects,
    /// No scenario tests it.
    Nothing,
}

impl Untested {
    /// The reason that a scenario was skipped, as one of a clause that it tests.
    #[must_use]
    pub fn of(skip: &SkipReason) -> Self {
        match skip {
            SkipReason::Accounts { needed, .. } => Self::Accounts(*needed),
            SkipReason::Stopped { .. } => Self::Stopped,
            SkipReason::Launch => Self::Launch,
            SkipReason::Dispatch => Self::Dispatch,
            SkipReason::Challenges => Self::Challenges,
            SkipReason::Dialects { .. } => Self::Dialects,
        }
    }

    /// Whether the user can do something about it.
    #[must_use]
    pub fn is_mendable(self) -> bool {
        self <= Self::LeftOut
    }

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accounts(_) => "accounts",
            Self::Blocked(_) => "blocked",
            Self::Flaky => "flaky",
            Self::Inconclusive => "inconclusive",
            Self::Stopped => "stopped",
            Self::Unmet => "unmet",
            Self::LeftOut => "left-out",
            Self::Launch => "launch",
            Self::Dispatch => "dispatch",
            Self::Challenges => "challenges",
            Self::Dialects => "dialects",
            Self::Nothing => "nothing",
        }
    }
}

impl fmt::Display for Untested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accounts(needed) => return write!(f, "needs {needed} accounts that can log in"),
            Self::Blocked(_) => "blocked by what is broken",
            Self::Flaky => "flaky: it passed only when it ran again",
            Self::Inconclusive => "a limit of our own was met",
            Self::Stopped => "the run ended before",
            Self::Unmet => "what tests it ended at something else",
            Self::LeftOut => "left out by the filter, the shard or the files named",
            Self::Launch => "needs `launch:` in the target file",
            Self::Dispatch => "needs a dispatch server that refers",
            Self::Challenges => "needs a server that challenges its clients",
            Self::Dialects => "for other dialects",
            Self::Nothing => "no scenario tests it",
        })
    }
}

/// Which part of the suite was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The filter, as it was typed.
    pub filter: Option<String>,
    /// The scenarios are those of files that were named.
    pub files: bool,
}

impl Scope {
    /// Whether something was left out.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.filter.is_some() || self.files
    }
}

/// What also fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gates {
    /// Flaky scenarios.
    pub flaky: bool,
    /// Clauses of the level that were not tested, though they could be.
    pub incomplete: bool,
}

/// Clauses that were not tested, by why.
pub type ByReason = Vec<(Untested, Vec<ClauseId>)>;
