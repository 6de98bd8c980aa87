//! The reference server on any bytes, at any of its doors.
//!
//! The input is text that a person can write. Byte 0xFF and the byte after it are a command, and
//! what stands between commands is sent: two bits of the command name one of four connections, the
//! rest says what happens to it. So that bytes reach the inner states, three words of what is sent
//! are filled in: `~R` is the right response to the connection's challenge, `~K` the newest cookie,
//! `~S` the newest session.

use std::collections::BTreeMap;
use std::time::Duration;

use md5::{Digest, Md5};

use crate::protocol::{Dialect, Direction, Grammar, Param, RequestRow, Rung, Saying, ServerKind};
use crate::server::{Config, ConnId, Door, Output, Server};
use crate::wire::{Decoder, Frame, Limits};

const CONNS: usize = 4;
/// Who is served at the end, whatever happened.
const WITNESS: &str = "user9@hotmail.com";

/// The password of an account of the reference server's own pattern.
fn password(handle: &[u8]) -> String {
    let digits = handle.iter().filter(|byte| byte.is_ascii_digit());
    format!(
        "pw{}",
        digits.map(|byte| char::from(*byte)).collect::<String>()
    )
}

fn response(challenge: &[u8], handle: &[u8]) -> String {
    let mut hasher = Md5::new();
    hasher.update(challenge);
    hasher.update(password(handle));
    hex::encode(hasher.finalize())
}

/// What the server sends: a message may come at every door.
fn from_server() -> Grammar {
    Grammar::new(ServerKind::Switchboard, Direction::ToClient)
}

/// A client's end of a connection.
struct Client {
    decoder: Decoder<Grammar>,
    handle: Vec<u8>,
    challenge: Vec<u8>,
    last: Vec<u8>,
    is_closed: bool,
}

impl Client {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(from_server(), Limits::default()),
            handle: Vec::new(),
            challenge: Vec::new(),
            last: Vec::new(),
            is_closed: false,
        }
    }
}

/// A server and those who talk to it.
struct World {
    server: Server,
    now: Duration,
    clients: BTreeMap<ConnId, Client>,
    cookie: Vec<u8>,
    session: Vec<u8>,
}

impl World {
    fn new() -> Self {
        Self {
            server: Server::new(Config::default()),
            now: Duration::ZERO,
            clients: BTreeMap::new(),
            cookie: Vec::new(),
            session: Vec::new(),
        }
    }

    fn open(&mut self, door: Door) -> ConnId {
        let conn = self.server.handle_open(self.now, door);
        self.clients.insert(conn, Client::new());
        self.read();
        conn
    }

    fn close(&mut self, conn: ConnId) {
        let client = self.clients.get_mut(&conn);
        if client.is_some_and(|client| !std::mem::replace(&mut client.is_closed, true)) {
            self.server.handle_close(self.now, conn);
            self.read();
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.server.handle_timeout(self.now);
        self.read();
    }

    fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        let Some(client) = self.clients.get_mut(&conn) else {
            return;
        };
        if let Some(handle) = initial_handle(bytes) {
            client.handle = handle.to_vec();
        }
        let response = response(&client.challenge, &client.handle);
        let bytes = fill(bytes, b"~R", response.as_bytes());
        let bytes = fill(&bytes, b"~K", &self.cookie);
        let bytes = fill(&bytes, b"~S", &self.session);
        self.server.handle_input(self.now, conn, &bytes);
        self.read();
    }

    /// Takes what the server wants done. What it sends must be whole lines, to open connections.
    fn read(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Close(conn) => {
                    let client = self.clients.get_mut(&conn).expect("closes what was open");
                    client.is_closed = true;
                }
                Output::Send(conn, bytes) => {
                    let client = self.clients.get_mut(&conn).expect("sends to who is there");
                    assert!(!client.is_closed, "bytes on a closed connection");
                    client.decoder.push(&bytes);
                    while let Some(frame) = next(&mut client.decoder) {
                        let words: Vec<&[u8]> = frame.words().collect();
                        let said = Saying::of(Direction::ToClient, &words);
                        let word = |param| said.and_then(|said| said.get(param));
                        let learn = |known: &mut Vec<u8>, param| {
                            let new = word(param).map(<[u8]>::to_vec);
                            new.into_iter().for_each(|new| *known = new);
                        };
                        learn(&mut client.challenge, Param::Challenge);
                        learn(&mut self.cookie, Param::Cookie);
                        if word(Param::Cookie).is_some() {
                            learn(&mut self.session, Param::SessionId);
                        }
                        client.last = frame.line.to_vec();
                    }
                    let rest = client.decoder.rest();
                    let waits = client.decoder.waiting_line();
                    assert!(rest.is_empty() && waits.is_none(), "half a line or payload");
                }
            }
        }
    }

    /// Somebody who had no part in it logs in.
    fn is_serving(&mut self) -> bool {
        let conn = self.open(Door::Notification);
        let word = |param: Param| match param {
            Param::Handle => WITNESS.to_owned(),
            Param::Response => "~R".to_owned(),
            param => param.sample().to_owned(),
        };
        let rungs = [Rung::Ver, Rung::Inf, Rung::Usr, Rung::Chg];
        let rows = Dialect::first().requests();
        let rows = rows.filter(|row| row.rung.is_some_and(|rung| rungs.contains(&rung)));
        let mut rows: Vec<RequestRow> = rows.collect();
        rows.sort_by_key(|row| row.rung);
        let mut last = String::new();
        for (row, form) in rows.iter().flat_map(|row| {
            // The forms of other schemes say no words.
            let forms = row.message.forms.iter();
            let own = forms.filter(|form| form.place_of(Param::Scheme).is_none());
            own.map(move |form| (row, form))
        }) {
            last = row.message.line(form, "1", word);
            self.send(conn, format!("{last}\r\n").as_bytes());
        }
        self.clients
            .get(&conn)
            .is_some_and(|client| client.last == last.as_bytes())
    }
}

fn next(decoder: &mut Decoder<Grammar>) -> Option<Frame> {
    decoder
        .next_frame()
        .expect("what the server sends can be read")
}

/// The handle of the last first step of a login among these bytes.
fn initial_handle(bytes: &[u8]) -> Option<&[u8]> {
    let mut lines = bytes.rsplit(|byte| *byte == b'\n');
    lines.find_map(|line| {
        let words: Vec<&[u8]> = line
            .split(|byte| byte.is_ascii_whitespace())
            .filter(|word| !word.is_empty())
            .collect();
        let said = Saying::of(Direction::ToServer, &words)?;
        let place = said.is_login().then(|| said.place(Param::Handle))??;
        (place + 1 == words.len()).then(|| words.get(place).copied())?
    })
}

/// Puts `value` where `mark` stands.
fn fill(bytes: &[u8], mark: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(tail) = rest.strip_prefix(&mark[..]) {
            out.extend_from_slice(value);
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

/// The server on any chunks at its doors: it does not panic, it sends whole lines and only to
/// connections that are open, and it goes on serving somebody else (LIVE-1).
pub fn server_bytes(data: &[u8]) {
    let mut world = World::new();
    let mut conns = [world.open(Door::Notification); CONNS];
    for (at, door) in [Door::Notification, Door::Switchboard, Door::Single]
        .into_iter()
        .enumerate()
    {
        if let Some(conn) = conns.get_mut(at + 1) {
            *conn = world.open(door);
        }
    }
    let mut at = 0;
    let mut rest = data;
    while !rest.is_empty() {
        let end = memchr::memchr(0xff, rest).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(end);
        if let (false, Some(conn)) = (text.is_empty(), conns.get(at)) {
            world.send(*conn, text);
        }
        let Some((_, [command, tail @ ..])) = tail.split_first() else {
            break;
        };
        rest = tail;
        at = usize::from(*command) % CONNS;
        let Some(conn) = conns.get_mut(at) else {
            continue;
        };
        match (command >> 2) & 7 {
            0 => world.send(*conn, &[0xff]),
            1 => world.close(*conn),
            2 => *conn = world.open(Door::Notification),
            3 => *conn = world.open(Door::Switchboard),
            4 => *conn = world.open(Door::Dispatch),
            5 => *conn = world.open(Door::Single),
            6 => world.wait(u64::from(command >> 5) * 30),
            _ => {}
        }
    }
    assert!(world.is_serving(), "somebody else is not served (LIVE-1)");
}
