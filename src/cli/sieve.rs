//! What becomes of events between a run and its reports: `--suite`, `--baseline`, and what is
//! remembered beside the target file.

use std::path::Path;
use std::sync::Arc;

use msnpspec::event::{Conclusion, Event, Gates, Notice, RunInfo, Summary, Verdict};
use msnpspec::report::{Json, Reporter, read_result};
use msnpspec::scenario::ast::Scenario;
use msnpspec::suite::{Baseline, Frozen};

use super::args::RunArgs;
use super::console::Console;
use super::exit::Exit;
use super::files;
use super::state::{self, State};

/// The longest baseline that is read, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// What events pass.
#[derive(Default)]
pub(crate) struct Sieve {
    frozen: Option<Frozen>,
    baseline: Option<Baseline>,
    memory: Option<Memory>,
    gates: Gates,
    run: Option<RunInfo>,
    notices: Vec<Notice>,
    summary: Option<Summary>,
}

/// What will be remembered of the run.
struct Memory {
    state: State,
    library: Vec<Arc<Scenario>>,
    rows: Vec<(String, Verdict)>,
    /// The result, of a run of the whole suite.
    result: Option<(Json, Vec<u8>)>,
    is_aborted: bool,
}

impl Sieve {
    /// Reads what it needs, before anything is sent.
    pub(crate) fn new(
        args: &RunArgs,
        target: &str,
        library: &[Arc<Scenario>],
        console: Console,
    ) -> Result<Self, Exit> {
        let wrong = |message: &dyn std::fmt::Display| {
            console.error(message);
            Exit::Usage
        };
        let frozen = args.suite.as_deref();
        let frozen = frozen.map(|name| Frozen::named(name, args.level, library));
        let frozen = frozen.transpose().map_err(|error| wrong(&error))?;
        let baseline = args.baseline.as_deref().map(baseline);
        let baseline = baseline.transpose().map_err(|error| wrong(&error))?;
        if let Some(baseline) = &baseline {
            let fits = baseline.fits(target, args.level, args.strict);
            fits.map_err(|error| wrong(&error))?;
        }
        let is_whole = args.paths.is_empty()
            && args.filter.is_none()
            && args.shard.is_none()
            && !args.rerun_failed;
        let memory = State::beside(&args.server.target).map(|state| Memory {
            state,
            library: library.to_vec(),
            rows: Vec::new(),
            result: is_whole.then(Default::default),
            is_aborted: true,
        });
        Ok(Self {
            frozen,
            baseline,
            memory,
            gates: Gates {
                flaky: args.fail_flaky,
                incomplete: args.require_complete,
            },
            ..Self::default()
        })
    }

    /// What is told in place of an event.
    pub(crate) fn take(&mut self, event: Event) -> Vec<Event> {
        if let Some(memory) = &mut self.memory {
            memory.take(&event);
        }
        let mut events = vec![event];
        if let Some(frozen) = &mut self.frozen {
            events = events.into_iter().flat_map(|it| frozen.take(it)).collect();
        }
        if let Some(baseline) = &mut self.baseline {
            events = events
                .into_iter()
                .flat_map(|it| baseline.take(it))
                .collect();
        }
        for event in &events {
            match event {
                Event::Started(run) => self.run = Some(run.clone()),
                Event::Notice(notice) => self.notices.push(notice.clone()),
                Event::Finished(summary) => self.summary = Some(summary.clone()),
                _ => {}
            }
        }
        events
    }

    /// The run is over: remembers it. How it ends, where that is not as it came to.
    pub(crate) fn finish(self) -> Option<Exit> {
        if let Some(memory) = self.memory {
            memory.keep();
        }
        if self.frozen.is_none() && self.baseline.is_none() {
            return None;
        }
        let (run, summary) = (self.run?, self.summary?);
        let end = Conclusion::of(&summary, &run, &self.notices);
        Some(Exit::of_run(end.exit_code(&summary, self.gates)))
    }
}

impl Memory {
    fn take(&mut self, event: &Event) {
        match event {
            Event::ScenarioFinished(result) => self.rows.extend(state::row(result)),
            Event::Finished(summary) => self.is_aborted = summary.aborted.is_some(),
            _ => {}
        }
        if let Some((json, document)) = &mut self.result {
            // It is written to memory.
            let _whole = json.handle(event, document);
        }
    }

    fn keep(self) {
        self.state.update(&self.rows, &self.library);
        let whole = self.result.filter(|_| !self.is_aborted);
        let text = whole.and_then(|(_, document)| String::from_utf8(document).ok());
        if let Some(text) = text {
            self.state.keep(&text);
        }
    }
}

fn baseline(path: &Path) -> Result<Baseline, String> {
    let source = files::read_up_to(path, LONGEST)?;
    let part = read_result(&source.path, &source.text).map_err(|error| error.to_string())?;
    Ok(Baseline::new(
        &source.path,
        part.info,
        &part.results,
        &part.causes,
    ))
}
