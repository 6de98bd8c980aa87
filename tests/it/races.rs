//! Users who do anything at any time, over links of any length, against the clean server: no
//! oracle accuses it.

#![expect(
    clippy::indexing_slicing,
    reason = "a link is named by its place in the list, from which none is taken"
)]

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use md5::{Digest, Md5};
use msnpspec::oracle;
use msnpspec::protocol::{Direction, Grammar, ServerKind};
use msnpspec::server::{Config, ConnId as There, Door, Output, Server};
use msnpspec::transcript::{ConnId, ConnName, Party, Redactor, Transcript, What};
use msnpspec::wire::{Decoder, Frame, Limits};
use proptest::prelude::*;

/// How many users there are.
const USERS: usize = 3;

/// A connection with all that is on its way.
struct Link {
    here: ConnId,
    there: There,
    kind: ServerKind,
    user: usize,
    is_in: bool,
    is_closed: bool,
    trid: u32,
    /// To the server; `None` is the end.
    up: VecDeque<Option<Bytes>>,
    /// To the client; `None` is the end.
    down: VecDeque<Option<Bytes>>,
}

/// The world of a case.
struct Net {
    server: Server,
    transcript: Transcript,
    links: Vec<Link>,
    now: Duration,
}

fn handle(user: usize) -> String {
    format!("user{}@hotmail.com", user + 1)
}

fn from_server() -> Grammar {
    Grammar::new(ServerKind::Switchboard, Direction::ToClient)
}

impl Net {
    fn new() -> Self {
        Self {
            server: Server::new(Config::default()),
            transcript: Transcript::default(),
            links: Vec::new(),
            now: Duration::ZERO,
        }
    }

    fn open(&mut self, user: usize, kind: ServerKind) -> usize {
        let (door, label) = match kind {
            ServerKind::Switchboard => (Door::Switchboard, "sb"),
            _ => (Door::Notification, "ns"),
        };
        let name = ConnName::new(format!("user{}", user + 1), label);
        let here = self.transcript.connect(name, kind);
        let there = self.server.handle_open(self.now, door);
        self.note(here, What::Opened(String::new()));
        self.links.push(Link {
            here,
            there,
            kind,
            user,
            is_in: false,
            is_closed: false,
            trid: 0,
            up: VecDeque::new(),
            down: VecDeque::new(),
        });
        self.links.len() - 1
    }

    fn note(&mut self, conn: ConnId, what: What) {
        self.transcript.record(self.now, conn, what);
    }

    /// Sends `VERB`, a fresh TrID and the rest.
    fn ask(&mut self, at: usize, verb: &str, rest: &str) {
        let link = &mut self.links[at];
        link.trid += 1;
        let line = format!("{verb} {} {rest}", link.trid);
        self.send(at, Frame::line(line));
    }

    fn send(&mut self, at: usize, frame: Frame) {
        let link = &mut self.links[at];
        link.up.push_back(Some(frame.to_bytes()));
        let here = link.here;
        self.note(here, What::Frame(Party::Client, frame));
    }

    fn close(&mut self, at: usize) {
        let link = &mut self.links[at];
        link.is_closed = true;
        link.up.push_back(None);
        let here = link.here;
        self.note(here, What::Closed(Party::Client));
    }

    /// The server gets what has been on its way longest.
    fn carry_up(&mut self, at: usize) {
        let link = &mut self.links[at];
        let there = link.there;
        match link.up.pop_front() {
            Some(Some(bytes)) => self.server.handle_input(self.now, there, &bytes),
            Some(None) => self.server.handle_close(self.now, there),
            None => return,
        }
        while let Some(output) = self.server.poll_output() {
            let (there, piece) = match output {
                Output::Send(there, bytes) => (there, Some(bytes)),
                Output::Close(there) => (there, None),
            };
            let link = self.links.iter_mut().find(|link| link.there == there);
            link.expect("a link").down.push_back(piece);
        }
    }

    /// The client gets what has been on its way longest.
    fn carry_down(&mut self, at: usize) {
        let link = &mut self.links[at];
        let (here, is_closed) = (link.here, link.is_closed);
        match link.down.pop_front() {
            Some(_) if is_closed => {}
            Some(Some(bytes)) => {
                let mut decoder = Decoder::new(from_server(), Limits::default());
                decoder.push(&bytes);
                let frame = decoder.next_frame().ok().flatten().expect("a frame");
                self.note(here, What::Frame(Party::Server, frame.clone()));
                self.answer(at, &frame);
            }
            Some(None) => {
                link.is_closed = true;
                self.note(here, What::Closed(Party::Server));
            }
            None => {}
        }
    }

    /// What a client does of itself.
    fn answer(&mut self, at: usize, frame: &Frame) {
        let line = String::from_utf8_lossy(&frame.line).into_owned();
        let words: Vec<&str> = line.split(' ').collect();
        let user = self.links[at].user;
        match words[..] {
            ["USR", _, "MD5", "S", challenge] => {
                let digest = Md5::digest(format!("{challenge}pw{}", user + 1));
                let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                self.ask(at, "USR", &format!("MD5 S {digest}"));
            }
            ["USR", _, "OK", ..] | ["ANS", _, "OK"] => self.links[at].is_in = true,
            ["XFR", _, "SB", _, "CKI", cookie] => {
                let board = self.open(user, ServerKind::Switchboard);
                self.ask(board, "USR", &format!("{} {cookie}", handle(user)));
            }
            ["RNG", session, _, "CKI", cookie, ..] => {
                let board = self.open(user, ServerKind::Switchboard);
                let rest = format!("{} {cookie} {session}", handle(user));
                self.ask(board, "ANS", &rest);
            }
            _ => {}
        }
    }

    fn login(&mut self, user: usize) {
        let at = self.open(user, ServerKind::Notification);
        self.ask(at, "VER", "MSNP2");
        self.ask(at, "INF", "");
        self.ask(at, "USR", &format!("MD5 I {}", handle(user)));
    }

    /// Something that a user may do on a connection.
    fn act(&mut self, at: usize, what: u16) {
        let (what, choice) = (what % 16, usize::from(what / 16));
        let link = &self.links[at];
        if link.is_closed {
            return;
        }
        if !link.is_in {
            if what == 15 {
                self.close(at);
            }
            return;
        }
        let other = handle(choice % USERS);
        if link.kind == ServerKind::Switchboard {
            match what {
                0..=5 => self.ask(at, "CAL", &other),
                6..=13 => {
                    let payload = vec![b'a'; choice % 5];
                    self.links[at].trid += 1;
                    let mode = ["U", "N", "A"][choice % 3];
                    let line = format!("MSG {} {mode} {}", self.links[at].trid, payload.len());
                    self.send(at, Frame::with_payload(line, payload));
                }
                14 => self.send(at, Frame::line("OUT")),
                _ => self.close(at),
            }
            return;
        }
        let list = ["FL", "AL", "BL"][choice / USERS % 3];
        match what {
            0..=2 => {
                let state = ["NLN", "BSY", "HDN", "AWY"][choice % 4];
                self.ask(at, "CHG", state);
            }
            3..=5 => self.ask(at, "ADD", &format!("{list} {other} {other}")),
            6 | 7 => self.ask(at, "REM", &format!("{list} {other}")),
            8 => self.ask(at, "BLP", ["AL", "BL"][choice % 2]),
            9 => self.ask(at, "SYN", ["0", "1", "2", "3"][choice % 4]),
            10 => self.ask(at, "LST", ["FL", "AL", "BL", "RL"][choice % 4]),
            11 => {
                let own = handle(self.links[at].user);
                self.ask(at, "REA", &format!("{own} name{}", choice % 3));
            }
            12 | 13 => self.ask(at, "XFR", "SB"),
            14 => self.send(at, Frame::line("OUT")),
            _ => self.close(at),
        }
    }

    /// One step: something moves, or somebody does something.
    fn step(&mut self, choice: u32) {
        self.now += Duration::from_millis(u64::from(choice % 7));
        let what = u16::try_from(choice >> 16).unwrap_or_default();
        if self.links.is_empty() || choice.is_multiple_of(61) {
            self.login(usize::from(what) % USERS);
            return;
        }
        let at = usize::from(what) % self.links.len();
        match choice % 5 {
            0 | 1 => self.carry_up(at),
            2 | 3 => self.carry_down(at),
            _ => self.act(at, u16::try_from(choice >> 8 & 0xfff).unwrap_or_default()),
        }
    }

    /// Everything arrives.
    fn settle(&mut self) {
        loop {
            let mut is_quiet = true;
            for at in 0..self.links.len() {
                if !self.links[at].up.is_empty() {
                    self.carry_up(at);
                    is_quiet = false;
                }
                while !self.links[at].down.is_empty() {
                    self.carry_down(at);
                    is_quiet = false;
                }
            }
            if is_quiet {
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::tried(600))]

    #[test]
    fn whatever_users_do_at_once_is_no_breach(
        begin in prop::collection::vec(any::<u32>(), 0..150),
        then in prop::collection::vec(any::<u32>(), 0..1000),
        memory in 1..400_usize,
    ) {
        let mut net = Net::new();
        for user in 0..USERS {
            net.login(user);
        }
        net.settle();
        for choice in begin {
            net.step(choice);
        }
        net.settle();
        for choice in then {
            net.step(choice);
        }
        net.settle();
        let findings = oracle::judge(&net.transcript);
        let lines = net.transcript.render(&Redactor::default());
        prop_assert!(findings.is_empty(), "{findings:#?}\n{}", lines.join("\n"));
        let mut forgetful = oracle::Judge::with_memory(memory);
        for entry in net.transcript.entries() {
            forgetful.entry(&net.transcript, entry);
        }
        forgetful.end();
        let findings = forgetful.into_findings();
        prop_assert!(findings.is_empty(), "{memory}: {findings:#?}\n{}", lines.join("\n"));
    }
}
