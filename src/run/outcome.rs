//! What a script came to.

use std::time::Duration;

use super::environment::{Learnt, Lists};
use crate::event::{Failure, Variation};
use crate::oracle::Finding;
use crate::transcript::Transcript;

/// How a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every step was met.
    Passed,
    /// The server broke a clause.
    Failed,
    /// A precondition failed: nothing can be said about the clauses.
    Broken,
}

/// Why a precondition failed, where whoever started the script must know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// No connection to the target.
    #[error("no connection to {address}: {reason}")]
    Unreachable {
        /// Where to.
        address: String,
        /// What the network said.
        reason: String,
    },
    /// The server did not let an account in.
    #[error("{handle} cannot log in: {reason}")]
    LoginRefused {
        /// The account.
        handle: String,
        /// What was expected and what came.
        reason: String,
    },
    /// An account has entries that this run did not make, and it is not disposable.
    #[error(
        "{handle} has {entries} entries in its lists: nothing was changed \
         (`disposable: true` or --disposable lets the harness empty them)"
    )]
    NotDisposable {
        /// The account.
        handle: String,
        /// How many entries.
        entries: usize,
    },
    /// The scenario has more users than there are accounts.
    #[error("{needed} accounts needed, {given} given")]
    TooFewAccounts {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        given: usize,
    },
}

/// An account after a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountAfter {
    /// The handle.
    pub handle: String,
    /// The friendly name that the server gave it at login, in plain text.
    pub name: Option<String>,
    /// What is known of its lists now.
    pub lists: Lists,
}

/// What a script came to.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// Why it is broken, where that concerns more than the scenario.
    pub cause: Option<Cause>,
    /// What fails: the step that was not met, and breaches that steps met on the way.
    pub failures: Vec<Failure>,
    /// What the oracles found while it ran, as they say it: not redacted.
    pub findings: Vec<Finding>,
    /// The same, told as failures: redacted, with their places, each once.
    pub accusations: Vec<Failure>,
    /// Behaviour that a clause's `accept` allows.
    pub variations: Vec<Variation>,
    /// All that went over the wire.
    pub transcript: Transcript,
    /// How long it waited in vain.
    pub waited: Duration,
    /// For what: `(what, how long)`, each `what` once.
    pub waited_for: Vec<(&'static str, Duration)>,
    /// How many requests were answered.
    pub round_trips: u32,
    /// How many entries of the transcript stand before the first step.
    pub prepared: usize,
    /// The accounts, in the order in which they were given.
    pub accounts: Vec<AccountAfter>,
    /// What a probe has found out; of one that did not pass, whether a dispatch server refers and
    /// no more.
    pub learnt: Option<Learnt>,
}

impl Outcome {
    /// What a script came to that was never run: it is broken, and says nothing.
    #[must_use]
    pub fn unrun() -> Self {
        Self {
            ending: Ending::Broken,
            cause: None,
            failures: Vec::new(),
            findings: Vec::new(),
            accusations: Vec::new(),
            variations: Vec::new(),
            transcript: Transcript::default(),
            waited: Duration::ZERO,
            waited_for: Vec::new(),
            round_trips: 0,
            prepared: 0,
            accounts: Vec::new(),
            learnt: None,
        }
    }

    /// Why it is broken, in one line, if it is.
    #[must_use]
    pub fn why_broken(&self) -> Option<String> {
        if self.ending != Ending::Broken {
            return None;
        }
        let first = self.failures.first().map(|failure| {
            let place = &failure.place;
            format!(
                "{place}: expected {}, got {}",
                failure.expected, failure.got
            )
        });
        let cause = self.cause.as_ref().map(ToString::to_string);
        cause
            .or(first)
            .or_else(|| Some("it was not run".to_owned()))
    }
}

/// Whether the reason of a refused login is an error line of the server about the account:
/// `expected …, got 911 4`. What VER and INF draw is not about any.
#[must_use]
pub fn names_error(reason: &str) -> bool {
    is_error(first_got(reason)) && !is_about_all(reason)
}

/// Whether the reason of a refused login is a line of the protocol, if the wrong one, that no other
/// account would change: `expected …, got VER 1 MSNP3`.
#[must_use]
pub fn names_answer(reason: &str) -> bool {
    let verb = first_got(reason);
    is_verb(verb) || (is_error(verb) && is_about_all(reason))
}

/// Whether what came is a line of the protocol, be it a wrong one or an error: not silence or an
/// end.
pub(super) fn is_answer(got: &str) -> bool {
    let word = first_got(got);
    is_verb(word) || is_error(word)
}

/// The first word that came.
fn first_got(reason: &str) -> &str {
    let got = reason.rsplit("got ").next().unwrap_or(reason);
    got.split([' ', ',']).next().unwrap_or(got)
}

fn is_verb(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_error(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it was a step of the login that names no account.
fn is_about_all(reason: &str) -> bool {
    ["expected VER ", "expected INF "]
        .iter()
        .any(|step| reason.starts_with(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::test_support::{failure, outcome};

    #[test]
    fn only_what_is_broken_says_why() {
        let failures = || vec![failure(None, "CHG", "closed")];
        assert_eq!(outcome(Ending::Failed, failures()).why_broken(), None);
        let broken = outcome(Ending::Broken, failures()).why_broken().unwrap();
        assert_eq!(broken, "test.yaml:1:1: expected CHG, got closed");
        let unknown = outcome(Ending::Broken, Vec::new()).why_broken();
        assert_eq!(unknown.as_deref(), Some("it was not run"));
    }

    #[test]
    fn only_what_names_the_account_speaks_against_it() {
        for (reason, of_account, of_all) in [
            ("expected USR OK, got 911 4", true, false),
            ("expected VER with MSNP2, got 715 1", false, true),
            ("expected VER with MSNP2, got VER 1 MSNP3", false, true),
            ("expected INF with MD5, got nothing within 2s", false, false),
            ("expected USR OK, got closed", false, false),
            ("got 911, then a close", true, false),
            ("expected USR OK, got 91x 4", false, false),
            ("expected USR OK, got 9111 4", false, false),
            ("expected USR OK, got VERS 1", false, false),
            ("expected USR OK, got Ver 1", false, false),
        ] {
            let told = (names_error(reason), names_answer(reason));
            assert_eq!(told, (of_account, of_all), "{reason}");
        }
    }
}
