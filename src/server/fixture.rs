//! Dialogues with a server in memory, for the tests of this room.

use std::collections::VecDeque;
use std::time::Duration;

use foldhash::HashMap;
use md5::{Digest, Md5};

use super::{Account, Accounts, Addresses, Config, ConnId, Door, Output, Pattern, Server};
use crate::protocol::{Direction, Grammar, ServerKind};
use crate::wire::{Decoder, Frame, Limits};

/// What a client has received and no test has looked at yet.
struct Client {
    decoder: Decoder<Grammar>,
    frames: VecDeque<Frame>,
    is_closed: bool,
}

/// A server with the users alice, bob, carol and dave (password: `pw-` and the name) and user1 to
/// user20, and the clients that talk to it.
pub(super) struct Fixture {
    pub(super) server: Server,
    pub(super) now: Duration,
    clients: HashMap<ConnId, Client>,
}

/// The handle of a name.
pub(super) fn at(name: &str) -> String {
    format!("{name}@hotmail.com")
}

/// A configuration with the fixture's accounts.
pub(super) fn config() -> Config {
    let listed = ["alice", "bob", "carol", "dave"].map(|name| Account {
        handle: at(name),
        password: format!("pw-{name}"),
        name: format!("{} X", name.to_uppercase()),
    });
    Config {
        accounts: Accounts {
            pattern: Some(Pattern {
                to: 20,
                ..Pattern::default()
            }),
            listed: listed.into(),
        },
        addresses: Addresses {
            dispatch: "ds:1".to_owned(),
            notification: "ns:1".to_owned(),
            switchboard: "sb:1".to_owned(),
        },
        seed: 7,
        epoch: 1_700_000_000,
        ..Config::default()
    }
}

fn from_server() -> Grammar {
    Grammar::new(ServerKind::Switchboard, Direction::ToClient)
}

/// Whether a line is as wanted: `*` stands for one word.
fn matches(line: &str, wanted: &str) -> bool {
    let (line, wanted): (Vec<_>, Vec<_>) = (line.split(' ').collect(), wanted.split(' ').collect());
    line.len() == wanted.len() && line.iter().zip(wanted).all(|(l, w)| w == "*" || *l == w)
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with(config())
    }

    pub(super) fn with(config: Config) -> Self {
        Self {
            server: Server::new(config),
            now: Duration::ZERO,
            clients: HashMap::default(),
        }
    }

    pub(super) fn open(&mut self, door: Door) -> ConnId {
        let conn = self.server.handle_open(self.now, door);
        let client = Client {
            decoder: Decoder::new(from_server(), Limits::default()),
            frames: VecDeque::new(),
            is_closed: false,
        };
        self.clients.insert(conn, client);
        self.fetch();
        conn
    }

    /// The client sends bytes.
    pub(super) fn raw(&mut self, conn: ConnId, bytes: &[u8]) {
        self.server.handle_input(self.now, conn, bytes);
        self.fetch();
    }

    /// The client sends a line.
    pub(super) fn c(&mut self, conn: ConnId, line: &str) {
        self.raw(conn, format!("{line}\r\n").as_bytes());
    }

    /// The client closes.
    pub(super) fn hang_up(&mut self, conn: ConnId) {
        self.server.handle_close(self.now, conn);
        self.fetch();
    }

    /// Time passes.
    pub(super) fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.server.handle_timeout(self.now);
        self.fetch();
    }

    pub(super) fn shut_down(&mut self) {
        self.server.handle_shutdown(self.now);
        self.fetch();
    }

    fn fetch(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Send(conn, bytes) => {
                    let client = self.clients.get_mut(&conn).unwrap();
                    assert!(!client.is_closed, "{bytes:?} after the close");
                    client.decoder.push(&bytes);
                    client
                        .frames
                        .push_back(client.decoder.next_frame().unwrap().unwrap());
                    assert_eq!(client.decoder.next_frame(), Ok(None), "one frame an output");
                }
                Output::Close(conn) => {
                    let client = self.clients.entry(conn).or_insert_with(|| Client {
                        decoder: Decoder::new(from_server(), Limits::default()),
                        frames: VecDeque::new(),
                        is_closed: false,
                    });
                    assert!(!client.is_closed, "closed twice");
                    client.is_closed = true;
                }
            }
        }
    }

    /// The next frame that the client received.
    #[track_caller]
    pub(super) fn next(&mut self, conn: ConnId) -> Frame {
        let client = self.clients.get_mut(&conn).unwrap();
        let frame = client.frames.pop_front();
        frame.unwrap_or_else(|| panic!("nothing there; closed: {}", client.is_closed))
    }

    /// The next line that the client received, if any.
    pub(super) fn try_line(&mut self, conn: ConnId) -> Option<String> {
        let frame = self.clients.get_mut(&conn)?.frames.pop_front()?;
        Some(String::from_utf8(frame.line.to_vec()).unwrap())
    }

    /// The next line that the client received; `*` stands for one word.
    #[track_caller]
    pub(super) fn expect(&mut self, conn: ConnId, wanted: &str) -> Vec<String> {
        let frame = self.next(conn);
        let line = String::from_utf8(frame.line.to_vec()).unwrap();
        assert!(matches(&line, wanted), "got `{line}`, wanted `{wanted}`");
        line.split(' ').map(str::to_owned).collect()
    }

    /// The client has received nothing else, and is still connected.
    #[track_caller]
    pub(super) fn nothing(&mut self, conn: ConnId) {
        self.no_line(conn);
        assert!(!self.clients[&conn].is_closed, "closed");
    }

    /// The client has received nothing else, and was closed.
    #[track_caller]
    pub(super) fn closed(&mut self, conn: ConnId) {
        self.no_line(conn);
        assert!(self.clients[&conn].is_closed, "not closed");
    }

    #[track_caller]
    fn no_line(&mut self, conn: ConnId) {
        let frames = &self.clients[&conn].frames;
        assert!(frames.is_empty(), "got {:?}", frames[0]);
    }

    /// Sends a line and expects the answer, alone.
    #[track_caller]
    pub(super) fn ask(&mut self, conn: ConnId, line: &str, wanted: &str) -> Vec<String> {
        self.c(conn, line);
        let words = self.expect(conn, wanted);
        self.no_line(conn);
        words
    }

    /// Forgets what the client has received.
    pub(super) fn skip(&mut self, conn: ConnId) {
        self.clients.get_mut(&conn).unwrap().frames.clear();
    }

    /// A connection on which VER and INF are done.
    #[track_caller]
    pub(super) fn greet(&mut self) -> ConnId {
        self.greet_in(2)
    }

    /// The same, in the dialect of this number.
    #[track_caller]
    pub(super) fn greet_in(&mut self, dialect: u8) -> ConnId {
        let conn = self.open(Door::Notification);
        let (offer, agreed) = (
            format!("VER 1 MSNP{dialect} CVR0"),
            format!("VER 1 MSNP{dialect}"),
        );
        self.ask(conn, &offer, &agreed);
        if dialect < 8 {
            self.ask(conn, "INF 2", "INF 2 MD5");
        }
        conn
    }

    /// The right response to a challenge.
    pub(super) fn response(challenge: &str, password: &str) -> String {
        hex::encode(Md5::digest(format!("{challenge}{password}")))
    }

    /// Sends both steps of USR, without looking at the answer to the second.
    #[track_caller]
    pub(super) fn authenticate(&mut self, conn: ConnId, name: &str, password: &str) {
        let line = format!("USR 3 MD5 I {}", at(name));
        let words = self.ask(conn, &line, "USR 3 MD5 S *");
        let response = Self::response(&words[4], password);
        self.c(conn, &format!("USR 4 MD5 S {response}"));
    }

    /// Sends both steps of USR with a ticket, without looking at the answer to the second.
    #[track_caller]
    pub(super) fn bring(&mut self, conn: ConnId, name: &str, ticket: &str) {
        self.ask(conn, &format!("USR 3 TWN I {}", at(name)), "USR 3 TWN S *");
        self.c(conn, &format!("USR 4 TWN S {ticket}"));
    }

    /// A user who has logged in and sent no CHG.
    #[track_caller]
    pub(super) fn login(&mut self, name: &str) -> ConnId {
        self.login_in(name, 2)
    }

    /// The same, in the dialect of this number.
    #[track_caller]
    pub(super) fn login_in(&mut self, name: &str, dialect: u8) -> ConnId {
        let conn = self.greet_in(dialect);
        let password = format!("pw-{name}");
        if dialect < 8 {
            self.authenticate(conn, name, &password);
        } else {
            let ticket = self.server.issue_ticket(self.now, &at(name), &password);
            self.bring(conn, name, &ticket.unwrap());
        }
        let verified = match dialect {
            ..6 => "",
            6..8 => " 1",
            8.. => " 1 0",
        };
        self.expect(conn, &format!("USR 4 OK {} *{verified}", at(name)));
        self.expect(conn, "MSG Hotmail Hotmail *");
        self.nothing(conn);
        conn
    }

    /// A user who has logged in and chosen a state; the ILNs are skipped.
    #[track_caller]
    pub(super) fn online(&mut self, name: &str, state: &str) -> ConnId {
        self.online_in(name, state, 2)
    }

    /// The same, in the dialect of this number.
    #[track_caller]
    pub(super) fn online_in(&mut self, name: &str, state: &str, dialect: u8) -> ConnId {
        let conn = self.login_in(name, dialect);
        let client = if dialect < 8 { "" } else { " 32" };
        self.c(conn, &format!("CHG 5 {state}{client}"));
        self.expect(conn, &format!("CHG 5 {state}{client}"));
        self.skip(conn);
        conn
    }

    /// Puts somebody on a list; what follows the echo is skipped.
    #[track_caller]
    pub(super) fn add(&mut self, conn: ConnId, list: &str, name: &str) {
        let handle = at(name);
        self.c(conn, &format!("ADD 6 {list} {handle} {name}"));
        self.expect(conn, &format!("ADD 6 {list} * {handle} {name}"));
        self.skip(conn);
    }

    /// A switchboard on which an online user has opened a session.
    #[track_caller]
    pub(super) fn session(&mut self, user: ConnId, name: &str) -> ConnId {
        let words = self.ask(user, "XFR 7 SB", "XFR 7 SB sb:1 CKI *");
        let conn = self.open(Door::Switchboard);
        let line = format!("USR 1 {} {}", at(name), words[5]);
        self.ask(conn, &line, &format!("USR 1 OK {} *", at(name)));
        conn
    }

    /// Calls somebody into a session and answers; gives the answerer's connection, with nothing
    /// left to look at on either side.
    #[track_caller]
    pub(super) fn join(&mut self, caller: ConnId, callee: ConnId, name: &str) -> ConnId {
        self.ask(caller, &format!("CAL 2 {}", at(name)), "CAL 2 RINGING *");
        let ring = self.expect(callee, "RNG * sb:1 CKI * * *");
        let conn = self.open(Door::Switchboard);
        self.c(conn, &format!("ANS 1 {} {} {}", at(name), ring[4], ring[1]));
        self.skip(conn);
        self.expect(caller, &format!("JOI {} *", at(name)));
        conn
    }
}
