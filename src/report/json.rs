//! One JSON document at the end (contract, section 5).
//!
//! Beyond the contract's keys: `shard`, where it is one; `reason` and `detail` where there is something to say; `notes` and
//! `variations` of a scenario; `notices`, `ms`, `waited`, `strict` and `aborted` of the run. Keys
//! may be added later; none changes its meaning or goes away within `version` 2.

use std::borrow::Cow;
use std::io;

use serde::{Deserialize, Serialize};

use super::Reporter;
use super::digest::Digest;
use super::rows::{ScenarioRow, WaitedRow, milliseconds, write_json};
use crate::event::{ClauseResult, Event, Notice, Totals};
use crate::spec::Level;

/// The version of the format.
pub(super) const VERSION: u32 = 2;

/// Collects the run and writes one document.
#[derive(Debug, Default)]
pub struct Json {
    digest: Digest,
}

/// The whole document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document<'e> {
    pub(super) version: u32,
    pub(super) target: Cow<'e, str>,
    pub(super) level: Level,
    pub(super) strict: bool,
    pub(super) seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<Cow<'e, str>>,
    totals: Totals,
    pub(super) ms: u64,
    pub(super) waited: Vec<WaitedRow<'e>>,
    pub(super) aborted: Option<Cow<'e, str>>,
    pub(super) notices: Cow<'e, [Notice]>,
    pub(super) scenarios: Vec<ScenarioRow<'e>>,
    clauses: Cow<'e, [ClauseResult]>,
}

impl Reporter for Json {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        let Some(summary) = &self.digest.summary else {
            return Ok(());
        };
        let run = self.digest.run();
        let results = self.digest.results.iter();
        let document = Document {
            version: VERSION,
            target: Cow::Borrowed(&run.target),
            level: run.level,
            strict: run.strict,
            seed: run.seed,
            shard: run.shard.as_deref().map(Cow::Borrowed),
            totals: summary.totals,
            ms: milliseconds(summary.took),
            waited: WaitedRow::all(summary),
            aborted: summary.aborted.as_deref().map(Cow::Borrowed),
            notices: Cow::Borrowed(&self.digest.notices),
            scenarios: results.map(|result| ScenarioRow::of(result)).collect(),
            clauses: Cow::Borrowed(&summary.clauses),
        };
        write_json(out, &serde_json::to_string_pretty(&document)?)
    }
}
