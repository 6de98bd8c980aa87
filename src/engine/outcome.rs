//! What a script came to.

use std::collections::BTreeSet;
use std::time::Duration;

use super::limit::Limit;
use super::port::Refusal;
use crate::event::{Failure, Observed, Rung, Variation};
use crate::oracle::Finding;
use crate::protocol::{ClauseId, Dialect};
use crate::target::{Climb, Known, Learnt, Lists};
use crate::transcript::{Entry, Party, Transcript, What};

/// How a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every step was met.
    Passed,
    /// The server broke a clause.
    Failed,
    /// A precondition failed: nothing can be said about the clauses.
    Blocked,
    /// A limit of our own was reached: nothing can be said about the clauses.
    Inconclusive,
}

/// Why a precondition failed, where the caller must know.
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
        /// How far the login came.
        rung: Rung,
        /// What came.
        got: Observed,
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
    /// The dialect in which it was played.
    pub dialect: &'static Dialect,
    /// How it ended.
    pub ending: Ending,
    /// Why it is broken, where that concerns more than the scenario.
    pub cause: Option<Cause>,
    /// All steps were reached, met or not.
    pub has_ended: bool,
    /// The clause that says that a request of the harness's own is answered, where none came.
    pub unanswered: Option<ClauseId>,
    /// The rung on which a precondition of the harness's own failed.
    pub rung: Option<Rung>,
    /// The limit of our own that stopped it.
    pub limit: Option<Limit>,
    /// What fails: the step that was not met, and breaches that steps met on the way.
    pub failures: Vec<Failure>,
    /// What the oracles found while it ran, as they say it: not redacted.
    pub findings: Vec<Finding>,
    /// The same, told as failures: redacted, with their places, each once.
    pub accusations: Vec<Failure>,
    /// Breaches that were known before, at which it did not stop.
    pub known: Vec<Failure>,
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
    /// It came to its own steps: until then all that was sent was sound.
    pub stepped: bool,
    /// The accounts, in the order in which they were given.
    pub accounts: Vec<AccountAfter>,
    /// What a probe has found out; of one that did not pass, whether a dispatch server refers and
    /// no more.
    pub learnt: Option<Learnt>,
    /// How far a probe has climbed.
    pub climbed: Vec<Climb>,
}

impl Outcome {
    /// Takes out what is known, and what accuses a line that is known to be wrong.
    pub fn forgive(&mut self, known: &Known) {
        if known.is_empty() {
            return;
        }
        let all = std::mem::take(&mut self.accusations);
        let (mut forgiven, new): (Vec<Failure>, Vec<Failure>) =
            all.into_iter().partition(|failure| known.knows(failure));
        let entries: BTreeSet<usize> = forgiven
            .iter()
            .chain(&self.known)
            .filter_map(|failure| failure.entry)
            .collect();
        let is_same =
            |failure: &Failure| failure.entry.is_some_and(|entry| entries.contains(&entry));
        let (more, new): (Vec<Failure>, Vec<Failure>) = new.into_iter().partition(is_same);
        forgiven.extend(more);
        self.accusations = new;
        self.known.extend(forgiven);
    }

    /// What a script came to that was never run: it is broken, and says nothing.
    #[must_use]
    pub fn unrun() -> Self {
        Self {
            dialect: Dialect::first(),
            ending: Ending::Blocked,
            cause: None,
            has_ended: false,
            unanswered: None,
            rung: None,
            limit: None,
            failures: Vec::new(),
            findings: Vec::new(),
            accusations: Vec::new(),
            known: Vec::new(),
            variations: Vec::new(),
            transcript: Transcript::default(),
            waited: Duration::ZERO,
            waited_for: Vec::new(),
            round_trips: 0,
            prepared: 0,
            stepped: false,
            accounts: Vec::new(),
            learnt: None,
            climbed: Vec::new(),
        }
    }

    /// What a script came to that was cut off: it says nothing.
    #[must_use]
    pub fn cut_off() -> Self {
        Self {
            ending: Ending::Inconclusive,
            limit: Some(Limit::CutOff),
            ..Self::unrun()
        }
    }

    /// Whether it was cut off.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.limit == Some(Limit::CutOff)
    }

    /// Whether all that speaks against the server is that something did not come in time.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        match &self.cause {
            Some(Cause::LoginRefused { got, .. }) => matches!(got, Observed::Silence(_)),
            Some(Cause::Unreachable { reason, .. }) => Refusal::is_late(reason),
            Some(Cause::NotDisposable { .. } | Cause::TooFewAccounts { .. }) => false,
            None => (self.failures.first())
                .is_some_and(|failure| matches!(failure.got, Observed::Silence(_))),
        }
    }

    /// Whether a check found a server that answers: to refuse the account is an answer, and what
    /// stops us says nothing against the server.
    #[must_use]
    pub fn shows_life(&self) -> bool {
        match &self.cause {
            _ if matches!(self.ending, Ending::Passed | Ending::Inconclusive) => true,
            Some(Cause::LoginRefused { got, .. }) => got.is_answer(),
            Some(Cause::NotDisposable { .. }) => true,
            _ => false,
        }
    }

    /// Why a first look or a check did not succeed, in one line.
    #[must_use]
    pub fn reason(&self) -> String {
        /// What a server sent may be long, and is no text perhaps.
        const LONGEST: usize = 200;
        let mut line = match (&self.cause, self.failures.first()) {
            (Some(cause), _) => cause.to_string(),
            (None, Some(failure)) => format!("expected {}, got {}", failure.expected, failure.got),
            (None, None) => "it does not answer as a server of MSNP2 does".to_owned(),
        };
        if let Some((at, _)) = line.char_indices().nth(LONGEST) {
            line.truncate(at);
            line.push('…');
        }
        line
    }

    /// Whether it can have done the server no harm: it is blocked or cut off before its own steps, and the
    /// connection on which that happened never got an answer to its first request.
    #[must_use]
    pub fn is_victim(&self) -> bool {
        let is_blocked = self.ending == Ending::Blocked || self.is_cut_off();
        if !is_blocked || self.stepped {
            return false;
        }
        let mut entries = self.transcript.entries().iter().rev();
        let asked = |entry: &&Entry| match &entry.what {
            What::Frame(Party::Client, _) => entry.mark.is_none(),
            _ => false,
        };
        let Some(last) = entries.find(asked) else {
            return true;
        };
        let of_it = |entry: &&Entry| entry.conn == last.conn;
        let mut of_it = self.transcript.entries().iter().filter(of_it);
        let is_odd = |entry: &Entry| matches!(entry.what, What::Raw(Party::Client, _));
        let is_odd = self.transcript.entries().iter().any(is_odd);
        let was_heard = |entry: &Entry| matches!(entry.what, What::Frame(Party::Server, _));
        !is_odd && !of_it.any(was_heard)
    }

    /// Why it is broken, in one line, if it is.
    #[must_use]
    pub fn why_blocked(&self) -> Option<String> {
        if self.ending != Ending::Blocked {
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

impl Cause {
    /// Whether it is an error line of the server about the account: what VER and INF draw is not
    /// about any.
    #[must_use]
    pub fn is_about_account(&self) -> bool {
        match self {
            Self::LoginRefused { rung, got, .. } => {
                *rung == Rung::Usr && matches!(got, Observed::Error(..))
            }
            _ => false,
        }
    }

    /// Whether it is a line of the protocol, if the wrong one, that no other account would change.
    #[must_use]
    pub fn is_about_all(&self) -> bool {
        match self {
            Self::LoginRefused { got, .. } => got.is_answer() && !self.is_about_account(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_support::outcome;
    use crate::event::test_support::failure;

    #[test]
    fn only_what_is_broken_says_why() {
        let failures = || vec![failure(None, "CHG", "closed")];
        assert_eq!(outcome(Ending::Failed, failures()).why_blocked(), None);
        let broken = outcome(Ending::Blocked, failures()).why_blocked().unwrap();
        assert_eq!(broken, "test.yaml:1:1: expected CHG, got closed");
        let unknown = outcome(Ending::Blocked, Vec::new()).why_blocked();
        assert_eq!(unknown.as_deref(), Some("it was not run"));
    }

    #[test]
    fn a_first_sound_request_without_an_answer_does_no_harm() {
        use crate::protocol::ServerKind;
        use crate::transcript::{ConnName, Mark};
        use crate::wire::Frame;
        let of = |ending, stepped, said: &[(usize, &str)]| {
            let mut outcome = outcome(ending, Vec::new());
            outcome.stepped = stepped;
            let text = &mut outcome.transcript;
            let kind = ServerKind::Notification;
            let conns = ["ns", "sb"].map(|it| text.connect(ConnName::new("alice", it), kind));
            for (conn, line) in said {
                let what = |party, line: &str| match line.strip_prefix('!') {
                    Some(raw) => What::Raw(party, raw.to_owned().into()),
                    None => What::Frame(party, Frame::line(line.as_bytes().to_vec())),
                };
                let (mark, what) = match line.split_at(3) {
                    ("C: ", line) => (None, what(Party::Client, line)),
                    ("U: ", line) => (Some(Mark::CleanUp), what(Party::Client, line)),
                    (_, line) => (None, what(Party::Server, line)),
                };
                text.record_marked(Duration::ZERO, conns[*conn], what, mark);
            }
            outcome.is_victim()
        };
        let blocked = Ending::Blocked;
        let hangs = [
            (0, "C: VER 1 MSNP2"),
            (0, "S: VER 1 MSNP2"),
            (1, "C: USR 2 a b"),
        ];
        assert!(of(blocked, false, &[(0, "C: VER 1 MSNP2")]));
        assert!(
            of(blocked, false, &hangs),
            "the switchboard was dead before"
        );
        assert!(of(blocked, false, &[]), "no connection");
        let undone = [(0, "C: VER 1 MSNP2"), (0, "U: OUT")];
        assert!(of(blocked, false, &undone));
        assert!(!of(blocked, true, &hangs), "it came to its own steps");
        assert!(!of(Ending::Failed, false, &hangs));
        let answered = [
            (0, "C: VER 1 MSNP2"),
            (0, "S: VER 1 MSNP2"),
            (0, "C: ADD 2 FL a"),
        ];
        assert!(!of(blocked, false, &answered), "the server lived");
        let odd = [(0, "C: !garbage"), (1, "C: USR 2 a b")];
        assert!(!of(blocked, false, &odd));
    }

    #[test]
    fn only_what_names_the_account_speaks_against_it() {
        for (rung, line, of_account, of_all) in [
            (Rung::Usr, "911 4", true, false),
            (Rung::Ver, "715 1", false, true),
            (Rung::Ver, "VER 1 MSNP3", false, true),
            (Rung::Usr, "USR 4 FAIL", false, true),
        ] {
            let cause = Cause::LoginRefused {
                handle: "a@b".into(),
                rung,
                got: Observed::line(line.as_bytes()),
                reason: String::new(),
            };
            let told = (cause.is_about_account(), cause.is_about_all());
            assert_eq!(told, (of_account, of_all), "{line}");
        }
        for got in [Observed::Closed, Observed::Silence(Duration::from_secs(2))] {
            let cause = Cause::LoginRefused {
                handle: "a@b".into(),
                rung: Rung::Usr,
                got,
                reason: String::new(),
            };
            assert!(!cause.is_about_account() && !cause.is_about_all());
        }
    }
}
