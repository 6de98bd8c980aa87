//! One JSON object a line, for each event, as it happens. Each has `event`:
//!
//! | `event` | further keys |
//! | --- | --- |
//! | `started` | `version`, `msnpspec`, `started`, `target`, `dialects`, `level`, `strict`, `seed`, `scenarios` (how many), `jobs` |
//! | `climbed` | `dialect`; `ladder`: as in the JSON document |
//! | `first-look` | `scenario`: what it saw broken; not counted among the scenarios |
//! | `scenario-started` | `dialect`, `name` |
//! | `scenario-finished` | `scenario`: as in the JSON document |
//! | `notice` | `notice`: `kind`, `text`, `detail` |
//! | `finished` | `totals`, `conclusion`, `ms`, `waited`, `aborted`, `ladder`, `by_dialect`, `causes`, `clauses`: as in the JSON document |

use std::io;

use serde::Serialize;

use super::Reporter;
use super::digest::Digest;
use super::rows::{
    CauseRow, ClauseRow, DialectRow, RungRow, ScenarioRow, WaitedRow, milliseconds, write_json,
};
use crate::event::{Event, Notice, Totals};
use crate::protocol::Level;

/// Writes each event as it comes.
#[derive(Debug, Default)]
pub struct Jsonl {
    digest: Digest,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'e> {
    Started {
        version: u32,
        msnpspec: &'static str,
        started: Option<&'e str>,
        target: &'e str,
        dialects: Vec<&'static str>,
        level: Level,
        strict: bool,
        seed: u64,
        scenarios: usize,
        jobs: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        shard: Option<&'e str>,
    },
    Climbed {
        dialect: &'static str,
        ladder: Vec<RungRow>,
    },
    FirstLook {
        scenario: ScenarioRow<'e>,
    },
    ScenarioStarted {
        dialect: &'static str,
        name: &'e str,
    },
    ScenarioFinished {
        scenario: ScenarioRow<'e>,
    },
    Notice {
        notice: &'e Notice,
    },
    Finished {
        totals: Totals,
        conclusion: String,
        ms: u64,
        waited: Vec<WaitedRow<'e>>,
        aborted: Option<&'e str>,
        ladder: Vec<RungRow>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        by_dialect: Vec<DialectRow<'e>>,
        causes: Vec<CauseRow<'e>>,
        clauses: Vec<ClauseRow<'e>>,
    },
}

impl<'e> Line<'e> {
    fn of(event: &'e Event, digest: &Digest) -> Self {
        match event {
            Event::Started(run) => Self::Started {
                version: super::json::VERSION,
                msnpspec: env!("CARGO_PKG_VERSION"),
                started: run.started.as_deref(),
                target: &run.target,
                dialects: run.dialects.iter().map(|one| one.name).collect(),
                level: run.level,
                strict: run.strict,
                seed: run.seed,
                scenarios: run.scenarios,
                jobs: run.jobs,
                shard: run.shard.as_deref(),
            },
            Event::Climbed(dialect, ladder) => Self::Climbed {
                dialect: dialect.name,
                ladder: RungRow::all(ladder),
            },
            Event::ScenarioStarted(dialect, name) => Self::ScenarioStarted {
                dialect: dialect.name,
                name,
            },
            Event::ScenarioFinished(result) if result.is_first_look() => Self::FirstLook {
                scenario: ScenarioRow::of(result),
            },
            Event::ScenarioFinished(result) => Self::ScenarioFinished {
                scenario: ScenarioRow::of(result),
            },
            Event::Notice(notice) => Self::Notice { notice },
            Event::Finished(summary) => Self::Finished {
                totals: summary.totals,
                conclusion: digest.sentence(),
                ms: milliseconds(summary.took),
                waited: WaitedRow::all(summary),
                aborted: summary.aborted.as_deref(),
                ladder: RungRow::all(&summary.ladder),
                by_dialect: DialectRow::all(summary, &[]),
                causes: CauseRow::all(&summary.causes),
                clauses: ClauseRow::all(&summary.clauses),
            },
        }
    }
}

impl Reporter for Jsonl {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        match event {
            Event::Started(_) | Event::Notice(_) | Event::Finished(_) => self.digest.take(event),
            Event::Climbed(..) | Event::ScenarioStarted(..) | Event::ScenarioFinished(_) => {}
        }
        let line = Line::of(event, &self.digest);
        write_json(out, &serde_json::to_string(&line)?)
    }
}
