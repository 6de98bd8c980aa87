//! The front door: the suite against a server, from a test.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::event::{Event, ScenarioResult, Summary, Verdict};
use crate::net::{Plan, RunError, RunOptions, run};
use crate::protocol::Level;
use crate::report::{Human, Reporter};
use crate::scenario::ast::Scenario;
use crate::scenario::{Library, LibraryError};
use crate::suite::{Choice, Filter, FilterError};
use crate::target::Target;

/// The bundled suite, or a part of it, and the server that it is played against.
#[derive(Debug, Clone)]
pub struct Harness {
    target: Target,
    filter: Option<String>,
    options: RunOptions,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The suite cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The filter is none.
    #[error("the filter `{filter}`: {error}")]
    Filter {
        /// As it was written.
        filter: String,
        /// What is wrong with it.
        error: FilterError,
    },
    /// The filter leaves nothing of the suite.
    #[error("no scenario is named by `{0}`")]
    Nothing(String),
    /// The run was refused.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Harness {
    /// The whole suite at level must, in the highest dialect that the target and the suite speak.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            filter: None,
            options: RunOptions::default(),
        }
    }

    /// Only what a filter names, in the words of `msnpspec run -f`: a folder, a scenario, a clause
    /// (`USR-6`), `tag:hostile`, with `and`, `or`, `not` between them.
    #[must_use]
    pub fn only(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Clauses up to this level fail the run; what lies beyond is noted.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.options.level = level;
        self
    }

    /// Another dialect than the highest, or all of them.
    #[must_use]
    pub fn dialects(mut self, dialects: Choice) -> Self {
        self.options.dialects = dialects;
        self
    }

    /// Everything else that `msnpspec run` can be told.
    #[must_use]
    pub fn options(mut self, options: RunOptions) -> Self {
        self.options = options;
        self
    }

    /// Plays the scenarios and judges them.
    ///
    /// # Errors
    ///
    /// When nothing was run. A server that cannot be reached is no error here: then
    /// [`Judged::exit_code`] is 3.
    pub async fn run(self) -> Result<Judged, HarnessError> {
        let library = Library::builtin()?.into_scenarios();
        let library: Vec<Arc<Scenario>> = library.into_iter().map(Arc::new).collect();
        let scenarios = self.select(&library)?;
        let mut options = self.options;
        options.scope.filter.clone_from(&self.filter);
        let plan = Plan {
            target: self.target,
            scenarios,
            library,
            options,
        };
        let mut results = Vec::new();
        let mut reporter = Human::default().full(true);
        let mut text = Vec::new();
        let mut sink = |event| {
            // A vector takes everything.
            let _written = reporter.handle(&event, &mut text);
            if let Event::ScenarioFinished(result) = event {
                results.push(result);
            }
        };
        let end = run(plan, &mut sink).await?;
        results.retain(|result| !result.is_first_look());
        results.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Judged {
            results,
            summary: end.summary,
            exit_code: end.exit_code,
            report: String::from_utf8_lossy(&text).into_owned(),
        })
    }

    fn select(&self, library: &[Arc<Scenario>]) -> Result<Vec<Arc<Scenario>>, HarnessError> {
        let text = self.filter.as_deref().unwrap_or_default();
        let selected = match &self.filter {
            None => library.to_vec(),
            Some(text) => {
                let filter = Filter::parse(text).map_err(|error| HarnessError::Filter {
                    filter: text.clone(),
                    error,
                })?;
                filter.select(library)
            }
        };
        if selected.is_empty() {
            return Err(HarnessError::Nothing(text.to_owned()));
        }
        Ok(selected)
    }
}

/// What a run came to; printed, it is the report that `msnpspec run --full` writes.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What became of each scenario, by name.
    pub results: Vec<Arc<ScenarioResult>>,
    /// The causes, the clauses and the totals.
    pub summary: Summary,
    /// As of `msnpspec run`: 0 nothing broken at the level, 1 something is, 3 it could not be run.
    pub exit_code: u8,
    report: String,
}

impl Judged {
    /// Whether nothing is broken at the level.
    #[must_use]
    pub fn is_unbroken(&self) -> bool {
        self.exit_code == 0
    }

    /// Each scenario as a test: its name, and what is to be told where it has not passed. What was
    /// skipped, waived or flaky fails nothing.
    pub fn tests(&self) -> impl Iterator<Item = (&str, Result<(), String>)> {
        let results = self.results.iter();
        results.map(|result| (result.name.as_str(), tested(result)))
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

/// The result of a scenario as that of a test.
fn tested(result: &ScenarioResult) -> Result<(), String> {
    match result.verdict {
        Verdict::Failed | Verdict::Blocked | Verdict::Inconclusive => Err(told(result)),
        Verdict::Passed | Verdict::Skipped | Verdict::Waived | Verdict::Flaky => Ok(()),
    }
}

fn told(result: &ScenarioResult) -> String {
    let mut text = format!("{}: {}", result.verdict.as_str(), result.description);
    if let Some(reason) = &result.reason {
        let _ = write!(text, "\n{reason}");
    }
    for failure in &result.failures {
        let clause = failure.clause.map_or("no clause", |id| id.as_str());
        let (expected, got) = (&failure.expected, &failure.got);
        let _ = write!(
            text,
            "\n{clause} at {}: expected {expected}, got {got}",
            failure.place
        );
        for line in &failure.transcript {
            let _ = write!(text, "\n  {line}");
        }
    }
    text
}
