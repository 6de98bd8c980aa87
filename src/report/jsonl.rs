//! One JSON object a line, for each event, as it happens. Each has `event`:
//!
//! | `event` | further keys |
//! | --- | --- |
//! | `started` | `version`, `target`, `level`, `strict`, `seed`, `scenarios` (how many), `jobs` |
//! | `climbed` | `ladder`: as in the JSON document |
//! | `scenario-started` | `name` |
//! | `scenario-finished` | `scenario`: as in the JSON document |
//! | `notice` | `notice`: `kind`, `text`, `detail` |
//! | `finished` | `totals`, `ms`, `waited`, `aborted`, `clauses`: as in the JSON document |

use std::io;

use serde::Serialize;

use super::Reporter;
use super::rows::{RungRow, ScenarioRow, WaitedRow, milliseconds, write_json};
use crate::event::{ClauseResult, Event, Notice, Totals};
use crate::spec::Level;

/// Writes each event as it comes.
#[derive(Debug, Default)]
pub struct Jsonl;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'e> {
    Started {
        version: u32,
        target: &'e str,
        level: Level,
        strict: bool,
        seed: u64,
        scenarios: usize,
        jobs: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        shard: Option<&'e str>,
    },
    Climbed {
        ladder: Vec<RungRow>,
    },
    ScenarioStarted {
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
        ms: u64,
        waited: Vec<WaitedRow<'e>>,
        aborted: Option<&'e str>,
        clauses: &'e [ClauseResult],
    },
}

impl<'e> Line<'e> {
    fn of(event: &'e Event) -> Self {
        match event {
            Event::Started(run) => Self::Started {
                version: super::json::VERSION,
                target: &run.target,
                level: run.level,
                strict: run.strict,
                seed: run.seed,
                scenarios: run.scenarios,
                jobs: run.jobs,
                shard: run.shard.as_deref(),
            },
            Event::Climbed(ladder) => Self::Climbed {
                ladder: RungRow::all(ladder),
            },
            Event::ScenarioStarted(name) => Self::ScenarioStarted { name },
            Event::ScenarioFinished(result) => Self::ScenarioFinished {
                scenario: ScenarioRow::of(result),
            },
            Event::Notice(notice) => Self::Notice { notice },
            Event::Finished(summary) => Self::Finished {
                totals: summary.totals,
                ms: milliseconds(summary.took),
                waited: WaitedRow::all(summary),
                aborted: summary.aborted.as_deref(),
                clauses: &summary.clauses,
            },
        }
    }
}

impl Reporter for Jsonl {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        write_json(out, &serde_json::to_string(&Line::of(event))?)
    }
}
