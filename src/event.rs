//! What happened in a run, said once: all that `suite` and `report` share.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Place;
use crate::protocol::{ClauseId, Dialect, Level, ServerKind};
use crate::transcript::ConnId;
pub use crate::transcript::Observed;

mod cause;
mod conclusion;
mod ladder;
mod skip;
mod summary;
#[cfg(test)]
pub(crate) mod test_support;

pub use cause::{Cause, Standing};
pub use conclusion::Conclusion;
pub use ladder::{Rung, RungResult, RungState};
pub use skip::{ByReason, Gates, Scope, SkipReason, Untested};
pub(crate) use summary::add_waited;
pub use summary::{InDialect, Summary};

/// The name under which is told what oracles saw before the first scenario. Each shard of a run
/// looks for itself.
pub const PROBE: &str = "probe";

/// What became of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The server did what the clauses say.
    Passed,
    /// The server broke a clause.
    Failed,
    /// It could not be judged because of a cause that is told elsewhere.
    Blocked,
    /// It could not be judged because of a limit of the harness's own.
    Inconclusive,
    /// It was not run; the reason is told.
    Skipped,
    /// It failed, and a waiver knows why.
    Waived,
    /// It passed only on a retry, or only when it ran alone.
    Flaky,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Passed,
        Self::Failed,
        Self::Blocked,
        Self::Inconclusive,
        Self::Skipped,
        Self::Waived,
        Self::Flaky,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::Skipped => "skipped",
            Self::Waived => "waived",
            Self::Flaky => "flaky",
        }
    }
}

/// What became of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClauseVerdict {
    /// No scenario that names it came to an end.
    Untested,
    /// It holds.
    Passed,
    /// The server does what the clause's `accept` allows.
    Varied,
    /// It is broken, but not within the chosen level.
    Noted,
    /// It is broken, and a waiver knows why.
    Waived,
    /// It is broken.
    Failed,
}

impl ClauseVerdict {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Untested,
        Self::Passed,
        Self::Varied,
        Self::Noted,
        Self::Waived,
        Self::Failed,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Untested => "untested",
            Self::Passed => "passed",
            Self::Varied => "varied",
            Self::Noted => "noted",
            Self::Waived => "waived",
            Self::Failed => "failed",
        }
    }
}

/// Who judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Judge {
    /// A step of the scenario.
    Step,
    /// The oracle of this name.
    Oracle(Cow<'static, str>),
    /// The model of the protocol.
    Model,
    /// The watch over the server's process, and over whether it serves.
    Process,
}

impl Judge {
    const STEP: &'static str = "step";
    const MODEL: &'static str = "model";
    const PROCESS: &'static str = "process";

    /// The word used in reports: an oracle's is its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Step => Self::STEP,
            Self::Oracle(name) => name,
            Self::Model => Self::MODEL,
            Self::Process => Self::PROCESS,
        }
    }

    /// The judge of this word.
    #[must_use]
    pub fn of(word: impl Into<Cow<'static, str>>) -> Self {
        let word = word.into();
        match &*word {
            Self::STEP => Self::Step,
            Self::MODEL => Self::Model,
            Self::PROCESS => Self::Process,
            _ => Self::Oracle(word),
        }
    }

    /// Whether it judges every line as it comes, whatever the scenario is about.
    #[must_use]
    pub fn is_watcher(&self) -> bool {
        !matches!(self, Self::Step)
    }
}

impl fmt::Display for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One kind of answer that would have met an expectation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    /// A line with this first word.
    Line(String),
    /// This error.
    Error(u16),
    /// Any error of the table.
    AnyError,
    /// An error or the end of the connection.
    Refused,
    /// The end of the connection.
    Closed,
    /// No line.
    Nothing,
    /// A connection.
    Connection,
}

/// What was expected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// In the scenario's own words, redacted.
    pub text: String,
    /// The kinds of answer that would have done; empty where that cannot be said.
    pub any: Vec<Wanted>,
}

impl Expectation {
    /// An expectation in words, of one kind of answer.
    #[must_use]
    pub fn new(text: impl Into<String>, wanted: Wanted) -> Self {
        Self {
            text: text.into(),
            any: vec![wanted],
        }
    }
}

impl<T: Into<String>> From<T> for Expectation {
    /// An expectation in words alone.
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            any: Vec::new(),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One broken clause, with the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The clause; `None` only where a precondition failed (the scenario is then `blocked`).
    pub clause: Option<ClauseId>,
    /// The clause's level.
    pub level: Option<Level>,
    /// Who judged.
    pub judge: Judge,
    /// The place in the scenario.
    pub place: Place,
    /// What was expected.
    pub expected: Expectation,
    /// What came instead.
    pub got: Observed,
    /// More about the difference (which word, which byte), where there is more to say.
    pub detail: Option<String>,
    /// The first word of the line that differs, counted from one.
    pub word: Option<usize>,
    /// The command that the failure is about, where that is known.
    pub command: Option<String>,
    /// The kind of server that the connection was to.
    pub kind: Option<ServerKind>,
    /// The connection in the transcript.
    pub conn: Option<ConnId>,
    /// The entry of the transcript that is accused; `None` where none is, as of a silence.
    pub entry: Option<usize>,
    /// How many entries the transcript had when it was judged.
    pub until: usize,
    /// The last lines on the wire, redacted; the one that is accused is marked.
    pub transcript: Vec<String>,
    /// What the server itself wrote when it came to its end, redacted.
    pub words: Vec<String>,
}

impl Failure {
    /// A failure of which nothing is known beyond the judgement: neither a word nor a connection nor
    /// an entry of the transcript.
    #[must_use]
    pub fn new(
        clause: Option<ClauseId>,
        judge: Judge,
        place: Place,
        expected: impl Into<Expectation>,
        got: Observed,
    ) -> Self {
        Self {
            clause,
            level: clause.map(ClauseId::level),
            judge,
            place,
            expected: expected.into(),
            got,
            detail: None,
            word: None,
            command: None,
            kind: None,
            conn: None,
            entry: None,
            until: 0,
            transcript: Vec::new(),
            words: Vec::new(),
        }
    }

    /// The name of the oracle or other watcher that judged, and what it says; `None` where a step
    /// did.
    #[must_use]
    pub fn oracle(&self) -> Option<(&str, &str)> {
        let message = self.detail.as_deref()?;
        self.judge
            .is_watcher()
            .then(|| (self.judge.as_str(), message))
    }

    /// What kind of breach it is, in words that stay the same from run to run and from scenario
    /// to scenario: no handle, number or name stands in them.
    #[must_use]
    pub fn breach(&self) -> String {
        let command = self.command.as_deref().unwrap_or("the server");
        if let Some((_, message)) = self.oracle() {
            let plain = |word: &&str| !word.bytes().any(|b| b.is_ascii_digit() || b == b'@');
            let words: Vec<&str> = message.split(' ').filter(plain).collect();
            return format!("{command}: {}", words.join(" "));
        }
        match &self.got {
            Observed::Error(code, _) => format!("{command} answered by {code}"),
            Observed::Line(_) => match (self.got.verb(), self.word) {
                (_, Some(word)) if word > 1 => format!("{command}: word {word} differs"),
                (Some(verb), _) => format!("{command} answered by {verb}"),
                _ => format!("{command} answered otherwise"),
            },
            Observed::Closed | Observed::Reset => format!("{command} ends the connection"),
            Observed::Silence(_) => format!("{command} never answered"),
            Observed::Garbage(_) => format!("{command} answered by no line"),
            Observed::Unreachable(_) => "no connection".to_owned(),
            Observed::Other(_) => format!("{command}: something else"),
        }
    }
}

/// Behaviour that a clause's `accept` allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variation {
    /// The clause.
    pub clause: ClauseId,
    /// What was seen.
    pub seen: String,
    /// The place in the scenario.
    pub place: Place,
}

/// What further plays of a scenario, each alone, came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plays {
    /// How many plays came to an end that says something.
    pub of: u32,
    /// How many of them failed.
    pub failed: u32,
}

/// What became of one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioResult {
    /// Its name: the path without `.yaml`, and the matrix row in brackets.
    pub name: String,
    /// The dialect in which it was played.
    pub dialect: &'static Dialect,
    /// What it says it is about.
    pub description: String,
    /// The clauses that it tests.
    pub clauses: Vec<ClauseId>,
    /// What became of it.
    pub verdict: Verdict,
    /// The cause that it shows, or that blocks it: the `id` of one of the run's causes.
    pub cause: Option<usize>,
    /// The rung on which a precondition of the harness's own failed.
    pub rung: Option<Rung>,
    /// Every step was met: what is broken was seen by oracles alone.
    pub is_met: bool,
    /// Why it was skipped, waived, or is flaky or broken, in one line; of one that failed, why it
    /// was not carried out to its end, where that is not the failure itself.
    pub reason: Option<String>,
    /// Why it was skipped.
    pub skipped: Option<SkipReason>,
    /// How often it failed when it was played again to verify it.
    pub plays: Option<Plays>,
    /// What fails the run (or, in a broken scenario, the precondition that failed).
    pub failures: Vec<Failure>,
    /// What is broken beyond the chosen level.
    pub notes: Vec<Failure>,
    /// What varied.
    pub variations: Vec<Variation>,
    /// How long it took.
    pub took: Duration,
    /// How much of that it waited in vain, for a time-out or a quiet time.
    pub waited: Duration,
    /// How many requests it sent and had answered.
    pub round_trips: u32,
    /// The whole transcript, redacted.
    pub transcript: Vec<String>,
}

impl ScenarioResult {
    /// Whether it is what the first look found, and no scenario of the suite: it is told, and not
    /// counted.
    #[must_use]
    pub fn is_first_look(&self) -> bool {
        self.name == PROBE && self.clauses.is_empty()
    }
}

/// Something worth a line outside any scenario: the server died, an account is unusable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// How grave it is.
    pub kind: NoticeKind,
    /// The line.
    pub text: String,
    /// More lines: the server's stderr, a list of scenarios.
    pub detail: Vec<String>,
    /// The scenario whose failure tells the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// The kind of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// Good to know.
    Info,
    /// Something is not as it should be, and the run goes on.
    Warning,
    /// The run ends with a failure because of it (a stale waiver, a server that stays dead).
    Error,
}

/// What became of one clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseResult {
    /// The clause.
    pub id: ClauseId,
    /// The dialect in which it was judged.
    pub dialect: &'static Dialect,
    /// Its level.
    pub level: Level,
    /// What became of it.
    pub verdict: ClauseVerdict,
    /// What was seen, where it varied.
    pub seen: Option<String>,
    /// Why nothing is said of it, where nothing is.
    pub untested: Option<Untested>,
    /// The cause that breaks it, or that keeps it from being tested: the `id` of one of the run's.
    pub cause: Option<usize>,
}

/// How many scenarios came to each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the verdicts")]
pub struct Totals {
    pub passed: usize,
    pub failed: usize,
    pub blocked: usize,
    pub inconclusive: usize,
    pub skipped: usize,
    pub waived: usize,
    pub flaky: usize,
}

impl Totals {
    /// Counts one more.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Blocked => self.blocked += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::Skipped => self.skipped += 1,
            Verdict::Waived => self.waived += 1,
            Verdict::Flaky => self.flaky += 1,
        }
    }

    /// Adds those that were counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.blocked += other.blocked;
        self.inconclusive += other.inconclusive;
        self.skipped += other.skipped;
        self.waived += other.waived;
        self.flaky += other.flaky;
    }

    /// How many of each verdict, in the order of reports.
    #[must_use]
    pub fn each(self) -> [(Verdict, usize); 7] {
        [
            (Verdict::Passed, self.passed),
            (Verdict::Failed, self.failed),
            (Verdict::Blocked, self.blocked),
            (Verdict::Inconclusive, self.inconclusive),
            (Verdict::Skipped, self.skipped),
            (Verdict::Waived, self.waived),
            (Verdict::Flaky, self.flaky),
        ]
    }

    /// All that were counted.
    #[must_use]
    pub fn all(self) -> usize {
        self.each().iter().map(|(_, count)| count).sum()
    }
}

/// What the run is, said at its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInfo {
    /// The target's name.
    pub target: String,
    /// The dialects that are tested.
    pub dialects: Vec<&'static Dialect>,
    /// The chosen level.
    pub level: Level,
    /// Whether variations count as failures.
    pub strict: bool,
    /// The seed of everything random.
    pub seed: u64,
    /// How many scenarios will run.
    pub scenarios: usize,
    /// How many at the same time; 0 where that is not known.
    pub jobs: usize,
    /// Which part of the suite it is, such as `2/4`; `None`: all of it.
    pub shard: Option<String>,
    /// What was chosen of the suite before.
    pub scope: Scope,
    /// When it began, as RFC 3339 writes it; `None` where nobody knows.
    pub started: Option<String>,
}

/// One thing that happened in a run. Events come in one order, from one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The run begins.
    Started(RunInfo),
    /// The first look is over: how far it came in this dialect.
    Climbed(&'static Dialect, Vec<RungResult>),
    /// A scenario begins in this dialect.
    ScenarioStarted(&'static Dialect, String),
    /// A scenario has its final verdict.
    ScenarioFinished(Arc<ScenarioResult>),
    /// Something worth a line.
    Notice(Notice),
    /// The run is over. Always the last event, whatever happened.
    Finished(Summary),
}
