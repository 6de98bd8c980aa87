//! One clause and what stands behind it.

use serde::Serialize;

use crate::protocol::{Clause, Level};

/// How far a clause is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A planted fault was found, and the finding named the clause.
    Covered,
    /// No server can be seen to break it; the clause says why.
    Untestable,
    /// What is seen is told, and nobody fails.
    Open,
    /// Nothing shows that a test of the clause bites.
    Uncovered,
}

impl State {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Untestable => "untestable",
            Self::Open => "open",
            Self::Uncovered => "uncovered",
        }
    }
}

/// A planted fault that breaks a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultRow {
    /// Its name.
    pub name: String,
    /// What found it and named the clause; empty where findings named another clause only.
    pub found_by: Vec<String>,
}

/// A line of a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, from the package's folder on.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

/// A clause with its tests, its faults and its implementation.
#[derive(Debug, Clone)]
pub struct Row {
    /// The clause.
    pub clause: &'static Clause,
    /// The scenarios that name it.
    pub scenarios: Vec<String>,
    /// The oracles that can accuse it.
    pub oracles: Vec<String>,
    /// The faults that break it.
    pub faults: Vec<FaultRow>,
    /// The lines that implement it.
    pub implementation: Vec<Place>,
}

impl Row {
    /// How far the clause is covered.
    #[must_use]
    pub fn state(&self) -> State {
        let is_shown = |fault: &FaultRow| !fault.found_by.is_empty();
        if self.clause.level == Level::Open {
            State::Open
        } else if self.faults.iter().any(is_shown) {
            State::Covered
        } else if self.clause.untestable().is_some() {
            State::Untestable
        } else {
            State::Uncovered
        }
    }

    /// What is wrong with the row, in one line.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let name = self.clause.name;
        let has_reason = self.clause.untestable().is_some();
        match self.state() {
            State::Covered if has_reason => {
                Some(format!("{name} is called untestable, and a fault shows it"))
            }
            State::Open if has_reason => Some(format!(
                "{name} is open and needs no reason not to be tested"
            )),
            State::Uncovered if self.faults.is_empty() => {
                Some(format!("{name} is not covered: no fault breaks it"))
            }
            State::Uncovered => {
                let faults: Vec<&str> = self.faults.iter().map(|fault| &*fault.name).collect();
                let faults = faults.join(", ");
                Some(format!(
                    "{name} is not covered: no finding on {faults} names it"
                ))
            }
            State::Covered | State::Untestable | State::Open => None,
        }
    }

    /// The files that implement the clause, each once.
    #[must_use]
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.implementation.iter().map(|at| &*at.file).collect();
        files.dedup();
        files
    }
}
