//! What a run is told, and what passes between it and the caller that does the work.

use std::sync::Arc;
use std::time::Duration;

use super::filter::Shard;
use crate::engine::{Limit, Outcome};
use crate::event::{Gates, RunInfo, Scope};
use crate::protocol::{Dialect, Level};
use crate::scenario::ast::Scenario;
use crate::target::{Account, Waivers};

/// How a suite is run.
#[derive(Debug, Clone)]
pub struct SuiteOptions {
    /// The dialect that is tested.
    pub dialect: &'static Dialect,
    /// The target's name.
    pub target: String,
    /// Which clauses can fail the run.
    pub level: Level,
    /// Variations are failures.
    pub strict: bool,
    /// How many scenarios run at the same time; at least one.
    pub jobs: usize,
    /// How often a scenario that failed also alone is run again.
    pub retries: usize,
    /// How often what failed, was flaky or inconclusive is played again to verify it.
    pub verify: u32,
    /// The first failure ends the run.
    pub fail_fast: bool,
    /// The seed of everything random.
    pub seed: u64,
    /// Which part of the suite the scenarios are.
    pub shard: Option<Shard>,
    /// What was chosen of the suite before.
    pub scope: Scope,
    /// When the run began, as RFC 3339 writes it.
    pub started: Option<String>,
    /// What also fails the run.
    pub gates: Gates,
    /// How many connections the server stands.
    pub max_connections: Option<usize>,
    /// The harness can stop and start the server.
    pub owns_server: bool,
    /// The dispatch server refers to a notification server.
    pub dispatch_refers: bool,
    /// The harness made the accounts: a password that is refused is right.
    pub knows_passwords: bool,
    /// The server challenges its clients.
    pub challenges: bool,
    /// Keep the transcripts of scenarios that passed.
    pub transcripts: bool,
    /// Known failures.
    pub waivers: Waivers,
    /// All scenarios, those that were filtered out among them: whether a waiver is stale is
    /// judged by them.
    pub library: Vec<Arc<Scenario>>,
}

impl SuiteOptions {
    /// What is said of a run of so many scenarios at its beginning.
    pub(crate) fn info(&self, scenarios: usize) -> RunInfo {
        RunInfo {
            target: self.target.clone(),
            dialects: vec![self.dialect],
            level: self.level,
            strict: self.strict,
            seed: self.seed,
            scenarios,
            jobs: self.jobs,
            shard: self.shard.map(|shard| shard.to_string()),
            scope: self.scope.clone(),
            started: self.started.clone(),
        }
    }
}

/// Something to be done.
#[derive(Debug)]
pub struct Task {
    /// To be named in [`Suite::finished`](super::run::Suite::finished).
    pub id: u64,
    /// What.
    pub work: Work,
}

/// What is to be done.
#[derive(Debug)]
pub enum Work {
    /// Run a scenario with these accounts.
    Scenario {
        /// Which.
        scenario: Arc<Scenario>,
        /// Who plays its users.
        accounts: Vec<Account>,
        /// The seed of everything random in it.
        seed: u64,
    },
    /// See whether the server is alive.
    Check {
        /// An account that nobody uses meanwhile; `None` where the target has none.
        account: Option<Account>,
        /// Give it time: it may be slow, or somebody may start it again.
        patient: bool,
        /// It is left alone for so long before.
        pause: Duration,
    },
    /// Start the server again, after ending what is left of it.
    Restart,
}

/// How a task ended.
#[derive(Debug)]
pub enum Done {
    /// The scenario came to this.
    Scenario(Box<Outcome>),
    /// The scenario could not be started, in one line: an account could not be made …
    Unable(String),
    /// The scenario could not be started because of a limit of our own.
    Limit(Limit),
    /// The server is alive, or it is not.
    Check(Result<(), Dead>),
    /// The server runs again, or it does not: why, and what the new one wrote.
    Restart(Result<(), Dead>),
}

/// What is known of a dead server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dead {
    /// What was seen, in a few words: `it exited with status 1`, `no answer within 2s`.
    pub why: String,
    /// Its process has ended; else it may be slow or wedged.
    pub exited: bool,
    /// It wrote a panic or what a sanitizer says, and may live.
    pub cried: bool,
    /// Nothing is known but that no answer, or no connection, came in time: it may only be slow.
    pub is_silent: bool,
    /// The last lines that it wrote.
    pub stderr: Vec<String>,
}

impl Dead {
    /// What it wrote last that is worth telling: from shortly before a panic on, where there is one.
    #[must_use]
    pub fn last_words(&self) -> &[String] {
        const BEFORE: usize = 3;
        let cry = self.stderr.iter().position(|line| is_cry(line));
        let from = cry.unwrap_or_default().saturating_sub(BEFORE);
        self.stderr.get(from..).unwrap_or_default()
    }
}

/// Whether this is the first line of a panic, or of what a sanitizer or a C library says when it
/// ends a process.
#[must_use]
pub fn is_cry(line: &str) -> bool {
    const WITHIN: [&str; 7] = [
        "panicked at",
        "Sanitizer:",
        "runtime error:",
        "Fatal Python error",
        "stack smashing detected",
        "Assertion `",
        "terminate called after throwing",
    ];
    let is_of_go = line.starts_with("panic: ") || line.starts_with("fatal error: ");
    is_of_go || WITHIN.iter().any(|cry| line.contains(cry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_known_by_their_form() {
        for line in [
            "thread 'main' panicked at src/main.rs:1:1:",
            "panic: runtime error: index out of range",
            "fatal error: all goroutines are asleep - deadlock!",
            "==1==ERROR: AddressSanitizer: heap-use-after-free",
            "a.c:1:2: runtime error: signed integer overflow",
            "server: a.c:5: f: Assertion `x' failed.",
        ] {
            assert!(is_cry(line), "{line}");
        }
        for line in ["listening on 127.0.0.1:1863", "no panic: all is well", ""] {
            assert!(!is_cry(line), "{line}");
        }
    }

    #[test]
    fn what_was_written_long_before_a_panic_is_left_out() {
        let said = |lines: &[&str]| {
            let dead = Dead {
                stderr: lines.iter().map(|line| (*line).to_owned()).collect(),
                ..Dead::default()
            };
            dead.last_words().join(" ")
        };
        assert_eq!(said(&["a", "b", "c", "d"]), "a b c d");
        assert_eq!(
            said(&["a", "b", "c", "d", "panic: x", "e"]),
            "b c d panic: x e"
        );
        assert_eq!(said(&["a", "panic: x", "panic: y"]), "a panic: x panic: y");
        assert_eq!(said(&[]), "");
    }
}
