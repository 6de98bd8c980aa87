//! An executor with a person at the other end: what the tests of scripts are written with.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::diagnostic::Source;
use crate::engine::{Executor, Input, Outcome, Output, Refusal};
use crate::scenario::{NoFiles, load};
use crate::target::test_support::accounts;
use crate::target::{Account, Environment};
use crate::transcript::ConnId;

/// One script, and what it wants done.
pub(super) struct Dialogue {
    executor: Executor,
    pub(crate) now: Duration,
    outcome: Option<Outcome>,
}

/// A notification server at `ns:1`, accounts that nothing is undone of.
pub(crate) fn env() -> Environment {
    Environment {
        notification: Some("ns:1".into()),
        cleanup: false,
        ..Environment::default()
    }
}

impl Dialogue {
    /// A scenario with these steps (YAML, indented by two) and the users' lines before it.
    pub(crate) fn new(users: &str, steps: &str) -> Self {
        Self::with(users, steps, accounts(), env())
    }

    pub(crate) fn with(users: &str, steps: &str, accounts: Vec<Account>, env: Environment) -> Self {
        Self::about("CHG-1", users, steps, accounts, env)
    }

    /// The same, about other clauses.
    pub(crate) fn about(
        clauses: &str,
        users: &str,
        steps: &str,
        accounts: Vec<Account>,
        env: Environment,
    ) -> Self {
        let head = format!("description: x\nclauses: [{clauses}]\nusers: {users}");
        let text = format!("{head}\nsteps:\n{steps}\n");
        let source = Source::new("x.yaml", text);
        let all = load("x", &source, &NoFiles).unwrap_or_else(|errors| panic!("{}", errors[0]));
        let scenario = Arc::new(all.into_iter().next().unwrap());
        Self {
            executor: Executor::new(scenario, accounts, Arc::new(env), 1),
            now: Duration::ZERO,
            outcome: None,
        }
    }

    fn input(&mut self, input: Input) {
        self.executor.handle_input(self.now, input);
    }

    /// What the script wants done: `open 0 ns:1`, `0 VER 1 MSNP2`, `close 0`.
    pub(crate) fn wants(&mut self) -> Vec<String> {
        let mut wants = Vec::new();
        while let Some(output) = self.executor.poll_output() {
            wants.push(match output {
                Output::Open { conn, address } => format!("open {} {address}", conn.0),
                Output::Send { conn, bytes } => {
                    let text = String::from_utf8_lossy(&bytes);
                    format!("{} {}", conn.0, text.trim_end_matches("\r\n"))
                }
                Output::Close(conn) => format!("close {}", conn.0),
                Output::Reset(conn) => format!("reset {}", conn.0),
                Output::Pause(conn) => format!("pause {}", conn.0),
                Output::Resume(conn) => format!("resume {}", conn.0),
                Output::Ticket(request) => format!("ticket {}", request.handle),
                Output::StopServer => "stop".into(),
                Output::StartServer => "start".into(),
            });
        }
        wants
    }

    /// The same, which must be these.
    #[track_caller]
    pub(crate) fn expect(&mut self, wants: &[&str]) {
        assert_eq!(self.wants(), wants);
    }

    pub(crate) fn opened(&mut self, conn: usize) {
        self.input(Input::Opened(ConnId(conn)));
    }

    /// A connection cannot be made.
    pub(crate) fn refuse(&mut self, conn: usize, refusal: impl Into<Refusal>) {
        self.input(Input::OpenFailed(ConnId(conn), refusal.into()));
    }

    /// The server says a line.
    pub(crate) fn say(&mut self, conn: usize, line: &str) {
        self.raw(conn, format!("{line}\r\n").as_bytes());
    }

    pub(crate) fn raw(&mut self, conn: usize, bytes: &[u8]) {
        self.input(Input::Data(ConnId(conn), Bytes::copy_from_slice(bytes)));
    }

    pub(crate) fn close(&mut self, conn: usize) {
        self.input(Input::Closed(ConnId(conn)));
    }

    pub(crate) fn reset(&mut self, conn: usize) {
        self.input(Input::Reset(ConnId(conn)));
    }

    pub(crate) fn restarted(&mut self) {
        self.input(Input::ServerStarted);
    }

    pub(crate) fn cut_off(&mut self) {
        self.executor.cut_off(self.now);
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.executor.handle_timeout(self.now);
    }

    /// Time jumps to what the script waits for; says how far.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> Duration {
        let until = self.executor.poll_timeout().expect("the script is over");
        let time = until.saturating_sub(self.now);
        self.pass(time);
        time
    }

    /// Answers a whole login on a new connection, up to SYN and CHG where the script asks for
    /// them; gives what it wants next.
    #[track_caller]
    pub(crate) fn log_in(&mut self, conn: usize, user: &str) -> Vec<String> {
        assert_eq!(self.wants(), [format!("open {conn} ns:1")]);
        self.enter(conn, user)
    }

    /// The same for a connection of which it is known that the script wants it.
    pub(crate) fn enter(&mut self, conn: usize, user: &str) -> Vec<String> {
        self.opened(conn);
        loop {
            let wants = self.wants();
            let answer = match wants.as_slice() {
                [want] => reply(want, conn, user),
                _ => None,
            };
            match answer {
                Some(lines) => self.raw(conn, lines.as_bytes()),
                None => return wants,
            }
        }
    }

    /// What the script came to; it must be over.
    #[track_caller]
    pub(crate) fn outcome(&mut self) -> Outcome {
        if let Some(outcome) = self.executor.outcome() {
            self.outcome = Some(outcome);
        }
        self.outcome.take().expect("the script is not over")
    }

    pub(crate) fn is_over(&mut self) -> bool {
        if self.outcome.is_none() {
            self.outcome = self.executor.outcome();
        }
        self.outcome.is_some()
    }

    /// The failure of a script that is over, as `clause: expected / got`.
    #[track_caller]
    pub(crate) fn failure(&mut self) -> String {
        let outcome = self.outcome();
        let failure = outcome.failures.first().expect("nothing failed");
        let clause = failure.clause.map_or("-", |clause| clause.as_str());
        format!("{clause}: {} / {}", failure.expected, failure.got)
    }
}

/// What a well-behaved server answers to the requests of a fixture.
fn reply(want: &str, conn: usize, user: &str) -> Option<String> {
    let request = want.strip_prefix(&format!("{conn} "))?;
    let words: Vec<&str> = request.split(' ').collect();
    let trid = words.get(1).copied().unwrap_or_default();
    Some(match *words.as_slice() {
        ["VER", _, dialect, ..] => format!("VER {trid} {dialect} CVR0\r\n"),
        ["INF", ..] => format!("INF {trid} MD5\r\n"),
        ["USR", _, _, "I", _] => format!("USR {trid} MD5 S 1.2\r\n"),
        ["USR", _, _, "S", _] => format!("USR {trid} OK {user}@hotmail.com {user}\r\n"),
        ["SYN", ..] => {
            let lists = ["FL", "AL", "BL", "RL"].map(|l| format!("LST {trid} {l} 3 0 0\r\n"));
            format!(
                "SYN {trid} 3\r\nGTC {trid} 3 A\r\nBLP {trid} 3 AL\r\n{}",
                lists.concat()
            )
        }
        ["CHG", "6", state] => format!("CHG {trid} {state}\r\n"),
        _ => return None,
    })
}
