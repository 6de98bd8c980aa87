//! The results as the JSON formats write them (contract, section 5).

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::text::is_hidden;
use crate::event::{Failure, ScenarioResult, Summary, Variation};
use crate::spec::{ClauseId, Level};

/// A scenario with its result.
#[derive(Debug, Serialize)]
pub(super) struct ScenarioRow<'e> {
    name: &'e str,
    verdict: &'static str,
    clauses: &'e [ClauseId],
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'e str>,
    failures: Vec<FailureRow<'e>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<FailureRow<'e>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variations: Vec<VariationRow<'e>>,
}

impl<'e> ScenarioRow<'e> {
    pub(super) fn of(result: &'e ScenarioResult) -> Self {
        Self {
            name: &result.name,
            verdict: result.verdict.as_str(),
            clauses: &result.clauses,
            ms: milliseconds(result.took),
            reason: result.reason.as_deref(),
            failures: result.failures.iter().map(FailureRow::of).collect(),
            notes: result.notes.iter().map(FailureRow::of).collect(),
            variations: result.variations.iter().map(VariationRow::of).collect(),
        }
    }
}

/// A failure with its proof; `clause` is null only in a broken scenario.
#[derive(Debug, Serialize)]
struct FailureRow<'e> {
    clause: Option<ClauseId>,
    level: Option<Level>,
    by: &'e str,
    file: &'e str,
    line: usize,
    column: usize,
    expected: &'e str,
    got: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'e str>,
    transcript: &'e [String],
}

impl<'e> FailureRow<'e> {
    fn of(failure: &'e Failure) -> Self {
        Self {
            clause: failure.clause,
            level: failure.level,
            by: &failure.by,
            file: &failure.place.file,
            line: failure.place.line,
            column: failure.place.column,
            expected: &failure.expected,
            got: &failure.got,
            detail: failure.detail.as_deref(),
            transcript: &failure.transcript,
        }
    }
}

#[derive(Debug, Serialize)]
struct VariationRow<'e> {
    clause: ClauseId,
    seen: &'e str,
    file: &'e str,
    line: usize,
    column: usize,
}

impl<'e> VariationRow<'e> {
    fn of(variation: &'e Variation) -> Self {
        Self {
            clause: variation.clause,
            seen: &variation.seen,
            file: &variation.place.file,
            line: variation.place.line,
            column: variation.place.column,
        }
    }
}

/// How long scenarios waited for one thing.
#[derive(Debug, Serialize)]
pub(super) struct WaitedRow<'e> {
    #[serde(rename = "for")]
    what: &'e str,
    ms: u64,
}

impl<'e> WaitedRow<'e> {
    pub(super) fn all(summary: &'e Summary) -> Vec<Self> {
        let row = |(what, time): &'e (String, _)| Self {
            what,
            ms: milliseconds(*time),
        };
        summary.waited.iter().map(row).collect()
    }
}

pub(super) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Writes JSON; what could steer a terminal and is legal in JSON (DEL, the C1 controls, marks of
/// direction) is escaped as well.
pub(super) fn write_json(out: &mut dyn io::Write, json: &str) -> io::Result<()> {
    let mut safe = String::with_capacity(json.len() + 1);
    for char in json.chars() {
        if is_hidden(char) && char != '\n' {
            let _ = write!(safe, "\\u{:04x}", u32::from(char));
        } else {
            safe.push(char);
        }
    }
    safe.push('\n');
    out.write_all(safe.as_bytes())
}
