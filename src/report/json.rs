//! One JSON document at the end (contract, section 5).
//!
//! Beyond the contract's keys: `reason` and `detail` where there is something to say; `notes` and
//! `variations` of a scenario; `notices`, `ms`, `waited`, `strict` and `aborted` of the run. Keys
//! may be added later; none changes its meaning or goes away within `version` 1.

use std::io;

use serde::Serialize;

use super::Reporter;
use super::digest::Digest;
use super::rows::{ScenarioRow, WaitedRow, milliseconds, write_json};
use crate::event::{ClauseResult, Event, Notice, Totals};
use crate::spec::Level;

/// Collects the run and writes one document.
#[derive(Debug, Default)]
pub struct Json {
    digest: Digest,
}

#[derive(Serialize)]
struct Document<'e> {
    version: u32,
    target: &'e str,
    level: Level,
    strict: bool,
    seed: u64,
    totals: Totals,
    ms: u64,
    waited: Vec<WaitedRow<'e>>,
    aborted: Option<&'e str>,
    notices: &'e [Notice],
    scenarios: Vec<ScenarioRow<'e>>,
    clauses: &'e [ClauseResult],
}

impl Reporter for Json {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        let Some(summary) = &self.digest.summary else {
            return Ok(());
        };
        let run = self.digest.run();
        let document = Document {
            version: 1,
            target: &run.target,
            level: run.level,
            strict: run.strict,
            seed: run.seed,
            totals: summary.totals,
            ms: milliseconds(summary.took),
            waited: WaitedRow::all(summary),
            aborted: summary.aborted.as_deref(),
            notices: &self.digest.notices,
            scenarios: self
                .digest
                .results
                .iter()
                .map(|result| ScenarioRow::of(result))
                .collect(),
            clauses: &summary.clauses,
        };
        write_json(out, &serde_json::to_string_pretty(&document)?)
    }
}
