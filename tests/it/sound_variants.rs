//! Servers that are right in their own way: the suite accuses none of them.
//!
//! Each is the reference server behind somebody who changes what goes in and out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use msnpspec::engine::{Ending, Executor, Input, Outcome, Output};
use msnpspec::protocol::{ClauseId, Dialect};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, ConnId as There, Door, Output as Told, Server};
use msnpspec::sim;
use msnpspec::transcript::ConnId;

use crate::faults::{account, suite};

/// What a server does in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Commands that the draft leaves out end the connection (FRAME-12).
    NoExtras,
    /// They draw 200, and the connection is kept (FRAME-12, accepted).
    ExtrasAre200,
    /// After `VER TrID 0` a login goes on (VER-7, a variation).
    LoginWithoutDialect,
    /// A login handle without a domain is refused at the second step (HANDLE-3).
    NoDomainAtSecondStep,
    /// A number that is none draws 201.
    BadNumberIs201,
    /// After an error the notification server closes, as known servers do.
    ErrorsClose,
    /// No dialect is shared with MSNP2 clients (VER-5); the others of [`WAYS`] speak MSNP2.
    OtherDialects,
}

const WAYS: [Way; 6] = [
    Way::NoExtras,
    Way::ExtrasAre200,
    Way::LoginWithoutDialect,
    Way::NoDomainAtSecondStep,
    Way::BadNumberIs201,
    Way::ErrorsClose,
];

const EXTRAS: [&str; 6] = ["REA", "URL", "SND", "FND", "CVR", "PNG"];

/// What becomes of what a client sends.
enum Fate {
    Pass(Vec<u8>),
    Answer(String),
    AnswerAndClose(String),
    Close,
}

/// The reference server, somebody before it, and the network.
struct World {
    way: Way,
    now: Duration,
    executor: Executor,
    server: Server,
    there: BTreeMap<ConnId, There>,
    here: BTreeMap<There, ConnId>,
    boards: BTreeSet<ConnId>,
    inputs: VecDeque<Input>,
    /// Where a VER had no dialect in it that the server knows.
    failed: Vec<ConnId>,
}

impl World {
    fn new(way: Way, executor: Executor) -> Self {
        let config = Config {
            addresses: sim::addresses(),
            ..Config::default()
        };
        Self {
            way,
            now: Duration::ZERO,
            executor,
            server: Server::new(config),
            there: BTreeMap::new(),
            here: BTreeMap::new(),
            boards: BTreeSet::new(),
            inputs: VecDeque::new(),
            failed: Vec::new(),
        }
    }

    fn run(mut self) -> Outcome {
        loop {
            while let Some(output) = self.executor.poll_output() {
                self.carry_out(output);
            }
            if let Some(outcome) = self.executor.outcome() {
                return outcome;
            }
            self.listen();
            if let Some(input) = self.inputs.pop_front() {
                self.executor.handle_input(self.now, input);
                continue;
            }
            let alarms = [self.executor.poll_timeout(), self.server.poll_timeout()];
            let alarm = alarms.into_iter().flatten().min();
            self.now = alarm.unwrap_or(Duration::MAX).max(self.now);
            if self
                .server
                .poll_timeout()
                .is_some_and(|due| due <= self.now)
            {
                self.server.handle_timeout(self.now);
            }
            if self
                .executor
                .poll_timeout()
                .is_none_or(|due| due <= self.now)
            {
                self.executor.handle_timeout(self.now);
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Open { conn, address } => {
                let door = match address.as_str() {
                    sim::DISPATCH => Door::Dispatch,
                    sim::NOTIFICATION => Door::Notification,
                    _ => Door::Switchboard,
                };
                if door == Door::Switchboard {
                    self.boards.insert(conn);
                }
                let there = self.server.handle_open(self.now, door);
                self.there.insert(conn, there);
                self.here.insert(there, conn);
                self.inputs.push_back(Input::Opened(conn));
            }
            Output::Send { conn, bytes } => self.pass(conn, &bytes),
            Output::Close(conn) | Output::Reset(conn) => self.leave(conn),
            Output::Pause(_) | Output::Resume(_) => {}
            Output::Ticket(_) => self.inputs.push_back(Input::Ticket(Ok("t=1".to_owned()))),
            Output::StopServer => self.inputs.push_back(Input::ServerStopped),
            Output::StartServer => self.inputs.push_back(Input::ServerStarted),
        }
    }

    fn leave(&mut self, conn: ConnId) {
        if let Some(there) = self.there.remove(&conn) {
            self.here.remove(&there);
            self.server.handle_close(self.now, there);
        }
    }

    fn close(&mut self, conn: ConnId) {
        self.leave(conn);
        self.inputs.push_back(Input::Closed(conn));
    }

    fn pass(&mut self, conn: ConnId, bytes: &[u8]) {
        match self.fate(conn, bytes) {
            Fate::Pass(bytes) => {
                if let Some(there) = self.there.get(&conn) {
                    self.server.handle_input(self.now, *there, &bytes);
                }
            }
            Fate::Answer(line) => {
                let bytes = Bytes::from(format!("{line}\r\n"));
                self.inputs.push_back(Input::Data(conn, bytes));
            }
            Fate::AnswerAndClose(line) => {
                let bytes = Bytes::from(format!("{line}\r\n"));
                self.inputs.push_back(Input::Data(conn, bytes));
                self.close(conn);
            }
            Fate::Close => self.close(conn),
        }
    }

    /// A segment with one sound line in it may meet another fate than with the reference server.
    fn fate(&mut self, conn: ConnId, bytes: &[u8]) -> Fate {
        let text = String::from_utf8_lossy(bytes);
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_line = text.ends_with("\r\n") && text.matches('\n').count() == 1;
        if !is_line {
            return Fate::Pass(bytes.to_vec());
        }
        match (self.way, &words[..]) {
            (Way::NoExtras, [verb, ..]) if EXTRAS.contains(verb) => Fate::Close,
            (Way::ExtrasAre200, [verb, trid, ..]) if EXTRAS.contains(verb) => {
                Fate::Answer(format!("200 {trid}"))
            }
            (Way::ExtrasAre200, ["PNG"]) => Fate::Answer("200".to_owned()),
            (Way::OtherDialects, ["VER", trid, _, ..]) if trid.parse::<u32>().is_ok() => {
                Fate::AnswerAndClose(format!("VER {trid} 0"))
            }
            (Way::LoginWithoutDialect, ["VER", trid, offer @ ..])
                if trid.parse::<u32>().is_ok()
                    && !offer.is_empty()
                    && !offer
                        .iter()
                        .any(|dialect| dialect.eq_ignore_ascii_case("MSNP2")) =>
            {
                self.failed.push(conn);
                Fate::Pass(format!("VER {trid} MSNP2\r\n").into())
            }
            (Way::NoDomainAtSecondStep, ["USR", trid, "MD5", "I", handle])
                if !handle.trim_end_matches('@').contains('@') =>
            {
                Fate::Pass(format!("USR {trid} MD5 I nobody-knows@hotmail.com\r\n").into())
            }
            (Way::BadNumberIs201, ["SYN", trid, number])
                if trid.parse::<u32>().is_ok() && number.parse::<u32>().is_err() =>
            {
                Fate::Answer(format!("201 {trid}"))
            }
            _ => Fate::Pass(bytes.to_vec()),
        }
    }

    fn listen(&mut self) {
        while let Some(told) = self.server.poll_output() {
            match told {
                Told::Send(there, bytes) => {
                    let Some(conn) = self.here.get(&there).copied() else {
                        continue;
                    };
                    let bytes = self.changed(conn, bytes);
                    let is_error = bytes.first().is_some_and(u8::is_ascii_digit);
                    self.inputs.push_back(Input::Data(conn, bytes));
                    let is_board = self.boards.contains(&conn);
                    if is_error && !is_board && self.way == Way::ErrorsClose {
                        self.close(conn);
                    }
                }
                Told::Close(there) => {
                    if let Some(conn) = self.here.remove(&there) {
                        self.there.remove(&conn);
                        self.inputs.push_back(Input::Closed(conn));
                    }
                }
            }
        }
    }

    fn changed(&mut self, conn: ConnId, bytes: Bytes) -> Bytes {
        let failed = self.failed.iter().position(|failed| *failed == conn);
        match failed.filter(|_| bytes.starts_with(b"VER ")) {
            Some(at) => {
                self.failed.swap_remove(at);
                String::from_utf8_lossy(&bytes).replace("MSNP2", "0").into()
            }
            None => bytes,
        }
    }
}

fn play(scenario: &Arc<Scenario>, way: Way) -> Outcome {
    let count = scenario.needs.accounts.max(scenario.users.len());
    let accounts = (1..=count).map(account).collect();
    let mut environment = sim::environment_for(scenario);
    if matches!(way, Way::NoExtras | Way::ExtrasAre200) {
        // What the first look would find out.
        environment.barriers.notification = None;
    }
    let environment = Arc::new(environment);
    let executor = Executor::new(Arc::clone(scenario), accounts, environment, 1);
    World::new(way, executor).run()
}

/// What a scenario says that a server does wrong; empty where nothing.
fn accusations(outcome: &Outcome) -> Vec<(Option<ClauseId>, String)> {
    let failures = outcome.failures.iter();
    let steps = failures.map(|failure| (failure.clause, format!("{failure:?}")));
    let findings = outcome.findings.iter();
    let oracles = findings.map(|finding| (Some(finding.clause), format!("{finding:?}")));
    steps.chain(oracles).collect()
}

/// What stops the server, or does not read, is not for this network.
fn playable() -> impl Iterator<Item = Arc<Scenario>> {
    let is_bulk = |tag: &String| tag == "bulk" || tag == "hostile";
    let all = suite().into_iter();
    // These servers speak the first dialect alone.
    let all = all.filter(|one| one.is_for(Dialect::first()));
    all.filter(move |one| !one.needs.launch && !one.tags.iter().any(is_bulk))
}

#[test]
fn nobody_who_is_right_in_another_way_is_accused() {
    let mut accused = Vec::new();
    let mut varied = BTreeSet::new();
    for scenario in playable() {
        for way in WAYS {
            let outcome = play(&scenario, way);
            if !outcome.variations.is_empty() {
                varied.insert(format!("{way:?}"));
            }
            let all = accusations(&outcome);
            if !all.is_empty() || outcome.ending != Ending::Passed {
                let (name, ending) = (&scenario.name, outcome.ending);
                accused.push(format!("{way:?} {name} {ending:?}: {all:?}"));
            }
        }
    }
    assert!(accused.is_empty(), "{}", accused.join("\n"));
    assert!(varied.len() >= 4, "their ways are seen: {varied:?}");
}

#[test]
fn a_server_of_other_dialects_is_told_that_alone() {
    for scenario in playable() {
        for (clause, text) in accusations(&play(&scenario, Way::OtherDialects)) {
            // A step without a clause is a precondition.
            let is_about_it = clause.is_none_or(|clause| clause == ClauseId::VER_2);
            assert!(is_about_it, "{}: {text}", scenario.name);
        }
    }
}
