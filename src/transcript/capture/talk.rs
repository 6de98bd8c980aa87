//! Which connections speak MSNP, whose they are, and what is said on them.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use bytes::{Buf, Bytes, BytesMut};

use super::Capture;
use super::flow::{Event, Flow, Happening, PORT};
use crate::spec::{Command, Direction, ServerKind};
use crate::transcript::record::{ConnId, ConnName, Party, What};
use crate::wire::{Decoder, Frame, Limits, PayloadRule};

/// How much of each direction is looked at to learn whose a connection is, in bytes.
const LOOKED_AT: usize = 4096;
/// The longest line and payload that are read; what is longer is recorded as raw bytes.
const LIMITS: Limits = Limits {
    line: 64 * 1024,
    payload: 4 * 1024 * 1024,
};

/// The transcript of all connections that speak MSNP.
pub(super) fn transcript(flows: &[Flow], events: Vec<Event>) -> Capture {
    let looks = looks(flows, &events);
    let mut names = Names::default();
    let mut talks: Vec<Option<Talk>> = (0..flows.len()).map(|_| None).collect();
    let mut referred = HashSet::new();
    let mut capture = Capture::default();
    for event in events {
        let Some(((flow, look), talk)) = flows
            .get(event.flow)
            .zip(looks.get(event.flow))
            .zip(talks.get_mut(event.flow))
        else {
            continue;
        };
        if talk.is_none() {
            if !look.is_msnp(flow, &referred) {
                continue;
            }
            let kind = look.kind();
            let name = names.of(look, kind);
            let conn = capture.transcript.connect(name, kind);
            *talk = Some(Talk::new(conn, kind));
        }
        if let Some(talk) = talk {
            talk.take(event, flow, &mut capture, &mut referred);
        }
    }
    capture
}

/// The beginning of a connection, in each direction.
#[derive(Debug, Default)]
struct Look {
    client: Vec<u8>,
    server: Vec<u8>,
}

fn looks(flows: &[Flow], events: &[Event]) -> Vec<Look> {
    let mut looks: Vec<Look> = flows.iter().map(|_| Look::default()).collect();
    for event in events {
        let Happening::Sent(party, bytes) = &event.what else {
            continue;
        };
        if let Some(look) = looks.get_mut(event.flow) {
            let head = match party {
                Party::Client => &mut look.client,
                Party::Server => &mut look.server,
            };
            let room = LOOKED_AT.saturating_sub(head.len());
            head.extend(bytes.iter().take(room));
        }
    }
    looks
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| crate::wire::words(line.trim_ascii()).take(8).collect())
}

fn is_handle(word: &[u8]) -> bool {
    word.contains(&b'@')
}

impl Look {
    /// By the port, by an address that a server has named, or by what is said first.
    fn is_msnp(&self, flow: &Flow, referred: &HashSet<SocketAddr>) -> bool {
        if self.client.is_empty() && self.server.is_empty() {
            return false;
        }
        if flow.server.port() == PORT || referred.contains(&flow.server) {
            return true;
        }
        let Some(words) = lines(&self.client).next() else {
            return false;
        };
        let is_dialect = |word: &&[u8]| word.starts_with(b"MSNP") || *word == b"CVR0";
        match words[..] {
            [b"VER", _, ..] => words.iter().any(is_dialect),
            [b"USR", _, handle, _] | [b"ANS", _, handle, _, _] => is_handle(handle),
            _ => false,
        }
    }

    fn kind(&self) -> ServerKind {
        for words in lines(&self.client) {
            match words[..] {
                [b"USR", _, handle, _] if is_handle(handle) => return ServerKind::Switchboard,
                [b"ANS", _, _, _, _] | [b"CAL", _, _] | [b"MSG", _, _, _] => {
                    return ServerKind::Switchboard;
                }
                [b"VER", ..] => break,
                _ => {}
            }
        }
        for words in lines(&self.server) {
            match words[..] {
                [b"XFR", _, b"NS", _] => return ServerKind::Dispatch,
                [b"JOI" | b"IRO" | b"ACK" | b"NAK" | b"BYE", ..] => return ServerKind::Switchboard,
                [b"VER", ..] => break,
                _ => {}
            }
        }
        ServerKind::Notification
    }

    /// Who sits at the client's end.
    fn handle(&self) -> Option<Vec<u8>> {
        let asked = lines(&self.client).find_map(|words| match words[..] {
            [b"USR", _, b"MD5", b"I", handle] => Some(handle.to_vec()),
            [b"USR", _, handle, _] | [b"ANS", _, handle, _, _] if is_handle(handle) => {
                Some(handle.to_vec())
            }
            _ => None,
        });
        asked.or_else(|| {
            lines(&self.server).find_map(|words| match words[..] {
                [b"USR", _, b"OK", handle, ..] => Some(handle.to_vec()),
                _ => None,
            })
        })
    }
}

/// Short names for handles, one for each.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<Vec<u8>, String>,
    taken: HashSet<String>,
    strangers: usize,
}

impl Names {
    fn of(&mut self, look: &Look, kind: ServerKind) -> ConnName {
        let label = match kind {
            ServerKind::Switchboard => "sb",
            ServerKind::Dispatch => "ds",
            ServerKind::Notification => ConnName::DEFAULT,
        };
        let Some(handle) = look.handle() else {
            self.strangers += 1;
            return ConnName::new(format!("c{}", self.strangers), label);
        };
        let taken = &mut self.taken;
        let user = self.known.entry(handle).or_insert_with_key(|handle| {
            let local = handle.split(|byte| *byte == b'@').next();
            let local = local.unwrap_or_default().iter().take(32);
            let plain = local.map(|byte| match byte.is_ascii_alphanumeric() {
                true => char::from(byte.to_ascii_lowercase()),
                false => '_',
            });
            let base = format!("u{}", plain.collect::<String>());
            let base = match base.strip_prefix('u') {
                Some(rest) if rest.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                    rest.to_owned()
                }
                _ => base,
            };
            let others = (2..).map(|n: u32| format!("{base}_{n}"));
            let mut candidates = std::iter::once(base.clone()).chain(others);
            candidates
                .find(|name| taken.insert(name.clone()))
                .expect("there is always a number that is free")
        });
        ConnName::new(user.clone(), label)
    }
}

/// A connection that speaks MSNP.
#[derive(Debug)]
struct Talk {
    conn: ConnId,
    client: Stream,
    server: Stream,
    is_lost: bool,
}

#[derive(Debug)]
struct Stream {
    decoder: Decoder,
    /// What no frame holds yet.
    rest: BytesMut,
    is_whole: bool,
    /// The next bytes may stand in the middle of a line.
    is_midway: bool,
}

impl Stream {
    fn new(rule: PayloadRule) -> Self {
        Self {
            decoder: Decoder::new(rule, LIMITS),
            rest: BytesMut::new(),
            is_whole: true,
            is_midway: true,
        }
    }

    /// The frames that these bytes complete; an error holds what cannot be read.
    fn read(&mut self, bytes: &Bytes) -> (Vec<Frame>, Option<Bytes>) {
        if self.is_midway && !is_beginning(bytes) {
            return (Vec::new(), None);
        }
        self.is_midway = false;
        self.rest.extend_from_slice(bytes);
        if !self.is_whole {
            return (Vec::new(), Some(self.rest.split().freeze()));
        }
        self.decoder.push(bytes);
        let mut frames = Vec::new();
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => {
                    self.rest
                        .advance(frame.to_bytes().len().min(self.rest.len()));
                    frames.push(frame);
                }
                Ok(None) => return (frames, None),
                Err(_) => {
                    self.is_whole = false;
                    return (frames, Some(self.rest.split().freeze()));
                }
            }
        }
    }
}

/// Whether bytes look like the beginning of a line: a command, or a code.
fn is_beginning(bytes: &[u8]) -> bool {
    let word = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    word.count() == 3 && matches!(bytes.get(3), Some(b' ' | b'\r' | b'\n'))
}

fn board_asks<'l>(words: &[&'l [u8]]) -> Option<&'l [u8]> {
    Command::payload_word(Direction::ToServer, ServerKind::Switchboard, words)
}

fn board_tells<'l>(words: &[&'l [u8]]) -> Option<&'l [u8]> {
    Command::payload_word(Direction::ToClient, ServerKind::Switchboard, words)
}

fn other_asks<'l>(words: &[&'l [u8]]) -> Option<&'l [u8]> {
    Command::payload_word(Direction::ToServer, ServerKind::Notification, words)
}

fn other_tells<'l>(words: &[&'l [u8]]) -> Option<&'l [u8]> {
    Command::payload_word(Direction::ToClient, ServerKind::Notification, words)
}

impl Talk {
    fn new(conn: ConnId, kind: ServerKind) -> Self {
        let (asks, tells): (PayloadRule, PayloadRule) = match kind {
            ServerKind::Switchboard => (board_asks, board_tells),
            ServerKind::Notification | ServerKind::Dispatch => (other_asks, other_tells),
        };
        Self {
            conn,
            client: Stream::new(asks),
            server: Stream::new(tells),
            is_lost: false,
        }
    }

    fn take(
        &mut self,
        event: Event,
        flow: &Flow,
        capture: &mut Capture,
        referred: &mut HashSet<SocketAddr>,
    ) {
        let conn = self.conn;
        let (at, packet) = (event.at, event.packet);
        let mut record = |what: What| {
            capture.transcript.record(at, conn, what);
            capture.packets.push(packet);
        };
        match event.what {
            Happening::Opened => {
                record(What::Opened(flow.server.to_string()));
                self.client.is_midway = false;
                self.server.is_midway = false;
            }
            Happening::Sent(party, bytes) => {
                let (frames, bad) = self.stream(party).read(&bytes);
                for frame in frames {
                    if party == Party::Server {
                        referred.extend(referral(&frame));
                    }
                    record(What::Frame(party, frame));
                }
                if let Some(bad) = bad {
                    record(What::Raw(party, bad));
                }
            }
            Happening::Missed => {
                record(What::Raw(Party::Client, Bytes::new()));
                self.is_lost = true;
                let name = capture.transcript.connection(conn);
                let name = name.map_or_else(String::new, |it| it.name.to_string());
                capture.notes.push(format!(
                    "packets of {name} ({} to {}) are missing behind packet {packet}: from there \
                     on it is not judged",
                    flow.client, flow.server
                ));
            }
            Happening::Adrift(Party::Client, bytes) => record(What::Raw(Party::Client, bytes)),
            Happening::Adrift(Party::Server, _) => {}
            Happening::Ended(party, in_order) => {
                let rest = self.stream(party).rest.split().freeze();
                if !rest.is_empty() && !self.is_lost {
                    record(What::Raw(party, rest));
                }
                record(match in_order {
                    true => What::Closed(party),
                    false => What::Reset(party),
                });
            }
        }
    }

    fn stream(&mut self, party: Party) -> &mut Stream {
        match party {
            Party::Client => &mut self.client,
            Party::Server => &mut self.server,
        }
    }
}

/// The address that a server sends its client to.
fn referral(frame: &Frame) -> Option<SocketAddr> {
    let words: Vec<&[u8]> = frame.words().take(5).collect();
    let address = match words[..] {
        [b"XFR", _, b"NS" | b"SB", address, ..] | [b"RNG", _, address, ..] => address,
        _ => return None,
    };
    let address = std::str::from_utf8(address).ok()?;
    let with_port = || format!("{address}:{PORT}").parse().ok();
    address.parse().ok().or_else(with_port)
}
