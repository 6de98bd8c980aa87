//! One JSON document at the end (contract, section 5).
//!
//! Beyond the contract's keys: `shard`, `filter` and `files`, where a part of the suite was run;
//! `first_look`, where it saw something broken, as a scenario that is not counted; `by_dialect`,
//! where more than one was tested: how many scenarios, `totals`, `ladder` and `first_look` of each; `reason`,
//! `skipped` and `detail` where there is something to say; `notes` and `variations` of a scenario;
//! `standing`, `dialects`, `rung` and `failure` of a cause; `why` of a clause that was not tested; `notices`,
//! `ms`, `waited`, `strict`, `conclusion` and `aborted` of the run; `about`, which a person writes into
//! a result that is kept, for `compare`. Keys may be added later; none
//! changes its meaning or goes away within `version` 2.

use std::borrow::Cow;
use std::io;

use serde::{Deserialize, Serialize};

use super::Reporter;
use super::compare::About;
use super::digest::Digest;
use super::rows::{
    CauseRow, ClauseRow, DialectRow, RungRow, ScenarioRow, WaitedRow, milliseconds, write_json,
};
use crate::event::{Event, Notice, Totals};
use crate::protocol::Level;

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
    pub(super) dialects: Vec<Cow<'e, str>>,
    pub(super) level: Level,
    pub(super) strict: bool,
    pub(super) seed: u64,
    pub(super) msnpspec: Cow<'e, str>,
    #[serde(default)]
    pub(super) started: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) files: bool,
    pub(super) ms: u64,
    pub(super) totals: Totals,
    #[serde(default)]
    conclusion: Cow<'e, str>,
    pub(super) waited: Vec<WaitedRow<'e>>,
    pub(super) aborted: Option<Cow<'e, str>>,
    pub(super) notices: Cow<'e, [Notice]>,
    pub(super) ladder: Vec<RungRow>,
    pub(super) causes: Vec<CauseRow<'e>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) by_dialect: Vec<DialectRow<'e>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_look: Option<ScenarioRow<'e>>,
    pub(super) scenarios: Vec<ScenarioRow<'e>>,
    pub(super) clauses: Vec<ClauseRow<'e>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<About>,
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
            dialects: self.digest.dialects().map(Cow::Borrowed).collect(),
            level: run.level,
            strict: run.strict,
            seed: run.seed,
            msnpspec: Cow::Borrowed(env!("CARGO_PKG_VERSION")),
            started: run.started.as_deref().map(Cow::Borrowed),
            shard: run.shard.as_deref().map(Cow::Borrowed),
            filter: run.scope.filter.as_deref().map(Cow::Borrowed),
            files: run.scope.files,
            ms: milliseconds(summary.took),
            totals: summary.totals,
            conclusion: Cow::Owned(self.digest.sentence()),
            waited: WaitedRow::all(summary),
            aborted: summary.aborted.as_deref().map(Cow::Borrowed),
            notices: Cow::Borrowed(&self.digest.notices),
            ladder: RungRow::all(&summary.ladder),
            causes: CauseRow::all(&summary.causes),
            by_dialect: DialectRow::all(summary, &self.digest.first_looks),
            first_look: self
                .digest
                .first_looks
                .first()
                .filter(|_| summary.dialects.len() < 2)
                .map(|look| ScenarioRow::of(look)),
            scenarios: results.map(|result| ScenarioRow::of(result)).collect(),
            clauses: ClauseRow::all(&summary.clauses),
            about: None,
        };
        write_json(out, &serde_json::to_string_pretty(&document)?)
    }
}
