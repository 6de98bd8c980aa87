//! Servers that log users in, whatever their password, and do nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use msnpspec::engine::{Executor, Input, Outcome, Output};
use msnpspec::transcript::ConnId;

/// What a lazy server does with whatever comes after the login.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manner {
    /// Everything draws an error.
    Refuses,
    /// Everything ends the connection.
    Closes,
    /// Everything comes back as it was sent.
    Echoes,
}

impl Manner {
    pub(super) const ALL: [Self; 3] = [Self::Refuses, Self::Closes, Self::Echoes];

    /// Whether such a server does not do what this command asks for. The answer to CHG is an echo.
    pub(super) fn fails(self, verb: &str) -> bool {
        let is_login = ["VER", "INF", "USR"].contains(&verb);
        let is_echo = matches!(self, Self::Echoes) && verb == "CHG";
        !is_login && !is_echo
    }
}

/// A lazy server, and the network.
pub(super) struct Lazy {
    manner: Manner,
    now: Duration,
    /// What has come of a line, and whether somebody is logged in.
    conns: BTreeMap<ConnId, (Vec<u8>, bool)>,
    inputs: VecDeque<Input>,
}

impl Lazy {
    pub(super) fn new(manner: Manner) -> Self {
        Self {
            manner,
            now: Duration::ZERO,
            conns: BTreeMap::new(),
            inputs: VecDeque::new(),
        }
    }

    /// Plays a scenario to its end.
    pub(super) fn run(mut self, mut executor: Executor) -> Outcome {
        loop {
            while let Some(output) = executor.poll_output() {
                self.take(output);
            }
            if let Some(outcome) = executor.outcome() {
                return outcome;
            }
            if let Some(input) = self.inputs.pop_front() {
                executor.handle_input(self.now, input);
                continue;
            }
            self.now = executor
                .poll_timeout()
                .unwrap_or(Duration::MAX)
                .max(self.now);
            executor.handle_timeout(self.now);
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Open { conn, .. } => {
                self.conns.insert(conn, (Vec::new(), false));
                self.inputs.push_back(Input::Opened(conn));
            }
            Output::Send { conn, bytes } => self.hear(conn, &bytes),
            Output::Close(conn) | Output::Reset(conn) => {
                self.conns.remove(&conn);
            }
            Output::Pause(_) | Output::Resume(_) => {}
            Output::Ticket(_) => self.inputs.push_back(Input::Ticket(Ok("t=1".to_owned()))),
            Output::StopServer => self.inputs.push_back(Input::ServerStopped),
            Output::StartServer => self.inputs.push_back(Input::ServerStarted),
        }
    }

    fn hear(&mut self, conn: ConnId, bytes: &[u8]) {
        if let Some((heard, _)) = self.conns.get_mut(&conn) {
            heard.extend_from_slice(bytes);
        }
        while let Some((heard, is_in)) = self.conns.get_mut(&conn) {
            let Some(end) = heard.iter().position(|byte| *byte == b'\n') else {
                return;
            };
            let line: Vec<u8> = heard.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let words: Vec<&str> = line.split_whitespace().collect();
            let reply = match words[..] {
                ["VER", trid, ..] if !*is_in => Some(format!("VER {trid} MSNP2")),
                ["INF", trid] if !*is_in => Some(format!("INF {trid} MD5")),
                ["USR", trid, "MD5", "I", handle] if !*is_in => {
                    Some(format!("USR {trid} MD5 S {handle}"))
                }
                ["USR", trid, "MD5", "S", _] if !*is_in => {
                    *is_in = true;
                    Some(format!("USR {trid} OK user1@hotmail.com User%201"))
                }
                _ => self.refuse(&words),
            };
            match reply {
                Some(reply) => {
                    let bytes = Bytes::from(format!("{reply}\r\n"));
                    self.inputs.push_back(Input::Data(conn, bytes));
                }
                None => {
                    self.conns.remove(&conn);
                    self.inputs.push_back(Input::Closed(conn));
                }
            }
        }
    }

    fn refuse(&self, words: &[&str]) -> Option<String> {
        match self.manner {
            Manner::Refuses => Some(format!("201 {}", words.get(1).unwrap_or(&"0"))),
            Manner::Closes => None,
            Manner::Echoes => Some(words.join(" ")),
        }
    }
}
