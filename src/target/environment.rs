//! What a script is told about the target: addresses, accounts, deadlines, and what was learnt of
//! its habits at the start of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::known::Known;
use super::sieve::Residents;
use crate::event::{Failure, Rung, RungState};
use crate::protocol::{Barrier, DEFAULT_PORT, Dialect, Level};

/// What is known of an account's lists and settings before a script uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lists {
    /// Nothing. They are read at login, and entries in them are a reason to refuse the account
    /// unless it is disposable.
    #[default]
    Unknown,
    /// Empty, settings at their defaults: a fresh account, or one that this run has cleaned.
    Clean,
    /// This run has found them usable before, and may have left something in them.
    Ours,
}

/// An account of the target.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The handle.
    pub handle: String,
    /// The password.
    pub password: String,
    /// The friendly name in plain text. `None`: learnt from the login.
    pub name: Option<String>,
    /// What is known of its lists.
    pub lists: Lists,
    /// Few others are free: it may be used again at once.
    pub is_scarce: bool,
}

impl Account {
    /// An account of which nothing else is known.
    #[must_use]
    pub fn new(handle: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            handle: handle.into(),
            password: password.into(),
            name: None,
            lists: Lists::Unknown,
            is_scarce: true,
        }
    }

    /// Whether a handle is this user's: case does not matter in one.
    #[must_use]
    pub fn is_of(&self, handle: &str) -> bool {
        self.handle.eq_ignore_ascii_case(handle)
    }
}

impl fmt::Debug for Account {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("handle", &self.handle)
            .field("name", &self.name)
            .field("lists", &self.lists)
            .finish_non_exhaustive()
    }
}

/// How long the harness waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to be made.
    pub connect: Duration,
    /// For a reply, or for any line that a step expects.
    pub reply: Duration,
    /// For silence, where no barrier proves it.
    pub quiet: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            reply: Duration::from_secs(2),
            quiet: Duration::from_millis(150),
        }
    }
}

/// The barriers of a target; `None`: none was found, the quiet time stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Barriers {
    /// On a notification server, after login.
    pub notification: Option<Barrier>,
    /// On a switchboard, after USR or ANS.
    pub switchboard: Option<Barrier>,
}

/// What scripts learn of a server while others run, and share. No verdict depends on it.
#[derive(Debug, Default)]
pub struct Experience {
    /// How often a clean-up got no answer.
    deaf: AtomicUsize,
}

impl Experience {
    /// So often in vain is enough.
    const ENOUGH: usize = 3;

    /// A clean-up got no answer.
    pub(crate) fn was_deaf(&self) {
        self.deaf.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a clean-up does better to log in anew, and to count on from there.
    pub(crate) fn is_often_deaf(&self) -> bool {
        self.deaf.load(Ordering::Relaxed) >= Self::ENOUGH
    }
}

/// It is no part of what a target is like.
impl PartialEq for Experience {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Experience {}

/// The target, as a script sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The dialect that is tested.
    pub dialect: &'static Dialect,
    /// Where a client connects first.
    pub dispatch: Option<String>,
    /// The notification server; without it logins begin at the dispatch server and follow it.
    pub notification: Option<String>,
    /// Addresses that the server hands out and what to connect to instead.
    pub map: BTreeMap<String, String>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How silence is proved.
    pub barriers: Barriers,
    /// Presence comes later than the answer to what caused it: only the quiet time proves its
    /// absence.
    pub presence_batched: bool,
    /// The batch begins right behind the answer to SYN: where a barrier is answered first, there
    /// is none.
    pub batch_is_prompt: bool,
    /// The dispatch server refers to a notification server.
    pub dispatch_refers: bool,
    /// Login tickets can be had.
    pub has_tickets: bool,
    /// The server challenges its clients (CHL-7).
    pub challenges: bool,
    /// A switchboard could be entered.
    pub has_board: bool,
    /// The level of the run: a step that is not met for a clause beyond it is noted, and play goes
    /// on. `None`: every such step ends its scenario.
    pub level: Option<Level>,
    /// The rungs that are out.
    pub out: BTreeSet<Rung>,
    /// Nobody can log in, because of what the server answers: what it answered. Only what comes
    /// before a login can be tested then.
    pub no_login: Option<String>,
    /// The harness owns the server's process.
    pub owns_server: bool,
    /// The harness may empty the accounts' lists.
    pub disposable: bool,
    /// Scripts undo what they did. Unset where accounts are fresh for each scenario or something
    /// else resets them.
    pub cleanup: bool,
    /// Everything that is sent is cut into segments of this many bytes.
    pub segments: Option<usize>,
    /// What is known to be wrong with the server: no script stops at it.
    pub known: Known,
    /// Who stands on everybody's lists for good.
    pub residents: Arc<Residents>,
    /// So long after a change a later session may be shown the lists as they were.
    pub lists_late: Option<Duration>,
    /// What the scripts of a run have met with so far.
    pub experience: Arc<Experience>,
}

impl Default for Environment {
    /// No address, no habit known, nothing owned.
    fn default() -> Self {
        Self {
            dialect: Dialect::first(),
            dispatch: None,
            notification: None,
            map: BTreeMap::new(),
            timeouts: Timeouts::default(),
            barriers: Barriers::default(),
            presence_batched: false,
            batch_is_prompt: false,
            dispatch_refers: false,
            has_tickets: false,
            challenges: false,
            has_board: false,
            level: None,
            out: BTreeSet::new(),
            no_login: None,
            owns_server: false,
            disposable: false,
            cleanup: true,
            segments: None,
            known: Known::default(),
            residents: Arc::default(),
            lists_late: None,
            experience: Arc::default(),
        }
    }
}

impl Environment {
    /// The address to connect to for one that the server handed out: with the default port where
    /// it names none (draft, 8.2), and rewritten by `map`.
    #[must_use]
    pub fn reach(&self, address: &str) -> String {
        let full = with_port(address);
        let mapped = self.map.get(address).or_else(|| self.map.get(&full));
        mapped.map_or(full, |to| with_port(to))
    }

    /// Takes in what a probe has found out.
    pub fn learn(&mut self, learnt: &Learnt) {
        if self.notification.is_none() {
            self.notification.clone_from(&learnt.notification);
        }
        self.barriers = learnt.barriers;
        self.presence_batched = learnt.presence_batched;
        self.batch_is_prompt = learnt.batch_is_prompt;
        self.dispatch_refers = learnt.dispatch_refers;
        self.challenges = learnt.challenges;
        self.has_board = learnt.has_board;
        self.residents = Arc::clone(&learnt.residents);
        self.lists_late = learnt.lists_late;
    }

    /// Takes in how far a probe has climbed: what is out is neither used nor waited for.
    pub fn climb(&mut self, climbed: &[Climb]) {
        let out = climbed.iter().filter(|climb| !climb.state.holds());
        self.out = out.map(|climb| climb.rung).collect();
        if self.is_out(Rung::Usr) {
            let climb = climbed.iter().find(|climb| climb.failure.is_some());
            let failure = climb.and_then(|climb| climb.failure.as_ref());
            self.no_login = Some(failure.map_or_else(
                || "nobody can log in".to_owned(),
                |failure| format!("expected {}, got {}", failure.expected, failure.got),
            ));
        }
        if self.is_out(Rung::Syn) {
            self.cleanup = false;
        }
    }

    /// For how long a server that seems dead is looked at again and again before it is given up:
    /// where it can be started again, that helps sooner than to wait.
    #[must_use]
    pub fn patience(&self, patient: bool) -> Duration {
        let replies = match (patient, self.owns_server) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 4,
        };
        self.timeouts.reply * replies
    }

    /// Whether the first look found that a rung is out.
    #[must_use]
    pub fn is_out(&self, rung: Rung) -> bool {
        self.out.contains(&rung)
    }
}

fn with_port(address: &str) -> String {
    let tail = address.rsplit(']').next().unwrap_or(address);
    if tail.contains(':') {
        address.to_owned()
    } else {
        format!("{address}:{DEFAULT_PORT}")
    }
}

/// What the first look found on one rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Climb {
    /// Which.
    pub rung: Rung,
    /// What was found.
    pub state: RungState,
    /// What shows it, where it is out.
    pub failure: Option<Failure>,
}

/// What a probe finds out about a target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Learnt {
    /// The dialects that it agrees to, lowest first, where that was asked.
    pub agrees: Vec<&'static Dialect>,
    /// Where the dispatch server refers to, where the target names no notification server.
    pub notification: Option<String>,
    /// Which barriers work.
    pub barriers: Barriers,
    /// Presence comes later than the barrier's answer.
    pub presence_batched: bool,
    /// The batch begins right behind the answer to SYN.
    pub batch_is_prompt: bool,
    /// The dispatch server refers.
    pub dispatch_refers: bool,
    /// A client was challenged.
    pub challenges: bool,
    /// A switchboard could be entered.
    pub has_board: bool,
    /// Who stands on everybody's lists for good.
    pub residents: Arc<Residents>,
    /// So long after a change a later session may be shown the lists as they were.
    pub lists_late: Option<Duration>,
    /// The first look has stopped the server: it lets nobody in any more.
    pub is_wedged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_a_port_and_are_rewritten() {
        let mut env = Environment::default();
        assert_eq!(env.reach("10.0.0.5"), "10.0.0.5:1863");
        env.map
            .insert("10.0.0.5:1863".into(), "127.0.0.1:99".into());
        assert_eq!(env.reach("10.0.0.5"), "127.0.0.1:99");
        assert_eq!(env.reach("[::1]"), "[::1]:1863");
        assert_eq!(env.reach("[::1]:7"), "[::1]:7");
    }

    #[test]
    fn what_the_target_names_is_not_overruled_by_what_was_learnt() {
        let learnt = Learnt {
            notification: Some("found:1".into()),
            barriers: Barriers {
                notification: Some(Barrier::Url),
                switchboard: None,
            },
            presence_batched: true,
            dispatch_refers: true,
            has_board: true,
            ..Learnt::default()
        };
        let mut env = Environment::default();
        env.learn(&learnt);
        assert_eq!(env.notification.as_deref(), Some("found:1"));
        assert_eq!(env.barriers, learnt.barriers);
        assert!(env.presence_batched && env.dispatch_refers && env.has_board);
        env.learn(&Learnt {
            notification: Some("other:1".into()),
            ..Learnt::default()
        });
        assert_eq!(env.notification.as_deref(), Some("found:1"));
        assert!(!env.presence_batched && !env.dispatch_refers);
    }
}
