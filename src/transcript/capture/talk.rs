//! Which connections speak MSNP, whose they are, and what is said on them.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use bytes::{Buf, Bytes, BytesMut};

use super::Capture;
use super::flow::{Event, Flow, Happening, PORT};
use crate::protocol::{
    DIALECTS, Dialect, Direction, Grammar, Param, Saying, ServerKind, Verb, is_dialect,
};
use crate::transcript::record::{ConnId, ConnName, Party, Transcript, What};
use crate::wire::{Decoder, Frame, Limits};

/// How much of each direction is looked at to learn whose a connection is, in bytes.
const LOOKED_AT: usize = 4096;
/// How many referrals of a capture are looked at.
const MOST_REFERRED: usize = 1_000_000;
/// The longest line and payload that are read; what is longer is recorded as raw bytes.
const LIMITS: Limits = Limits {
    line: 64 * 1024,
    payload: 4 * 1024 * 1024,
};

/// The transcript of all connections that speak MSNP.
pub(super) fn transcript(flows: &[Flow], events: Vec<Event>) -> Capture {
    let mut looks = looks(flows, &events);
    join(&mut looks, &events);
    let mut names = Names::default();
    let mut talks: Vec<Option<Talk>> = (0..flows.len()).map(|_| None).collect();
    let referred = referred(&events);
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
            talk.take(event, flow, &mut capture);
        }
    }
    let known = talks.iter().flatten();
    let mut notes: Vec<(ConnId, String)> = known
        .zip(flows_of(flows, &talks))
        .filter_map(|(talk, flow)| Some((talk.conn, talk.note(flow, &capture.transcript)?)))
        .collect();
    notes.sort_by_key(|(conn, _)| *conn);
    capture.notes = notes.into_iter().map(|(_, note)| note).collect();
    capture
}

fn flows_of<'f>(flows: &'f [Flow], talks: &'f [Option<Talk>]) -> impl Iterator<Item = &'f Flow> {
    let pairs = flows.iter().zip(talks);
    pairs.filter_map(|(flow, talk)| talk.as_ref().map(|_| flow))
}

/// The beginning of a connection, in each direction.
#[derive(Debug, Default)]
struct Look {
    client: Vec<u8>,
    server: Vec<u8>,
    /// Who sits at the client's end.
    handle: Option<Vec<u8>>,
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
    for look in &mut looks {
        look.handle = look.named();
    }
    looks
}

/// Finds whose the connections are that say no name: a referral that came on one holds a cookie,
/// and with it its owner came to a switchboard.
fn join(looks: &mut [Look], events: &[Event]) {
    let mut owners: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    for look in looks.iter() {
        for words in lines(&look.client).take(1) {
            if let Some(entry) = asks(&words).filter(Saying::is_entry)
                && let Some(handle) = handle_of(&entry)
                && let Some(cookie) = entry.get(Param::Cookie)
            {
                owners.insert(cookie.to_vec(), handle);
            }
        }
    }
    for event in events {
        let Happening::Sent(Party::Server, bytes) = &event.what else {
            continue;
        };
        let look = looks.get_mut(event.flow);
        if let Some(look) = look.filter(|look| look.handle.is_none()) {
            look.handle = lines(bytes).find_map(|words| {
                let cookie = tells(&words)?.get(Param::Cookie)?;
                owners.get(cookie).cloned()
            });
        }
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| crate::wire::words(line.trim_ascii()).take(8).collect())
}

/// What a line of a client says.
fn asks<'w>(words: &'w [&'w [u8]]) -> Option<Saying<'w>> {
    Saying::of(Direction::ToServer, words)
}

/// What a line of a server says.
fn tells<'w>(words: &'w [&'w [u8]]) -> Option<Saying<'w>> {
    Saying::of(Direction::ToClient, words)
}

/// The handle that a line names.
fn handle_of(saying: &Saying<'_>) -> Option<Vec<u8>> {
    let handle = saying.get(Param::Handle)?;
    handle.contains(&b'@').then(|| handle.to_vec())
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
        let Some(first) = asks(&words) else {
            return false;
        };
        if first.row.negotiates() {
            return words.iter().any(|word| is_dialect(word));
        }
        first.is_entry() && handle_of(&first).is_some()
    }

    fn kind(&self) -> ServerKind {
        for words in lines(&self.client) {
            match asks(&words) {
                Some(said) if said.row.negotiates() => break,
                Some(said) if said.kind() == Some(ServerKind::Switchboard) => {
                    return ServerKind::Switchboard;
                }
                _ => {}
            }
        }
        for words in lines(&self.server) {
            let Some(said) = tells(&words) else {
                continue;
            };
            if said.row.negotiates() {
                break;
            }
            if said.kind() == Some(ServerKind::Switchboard) {
                return ServerKind::Switchboard;
            }
            let gives_address = said.get(Param::Address).is_some();
            if gives_address && said.get(Param::Cookie).is_none() {
                return ServerKind::Dispatch;
            }
        }
        ServerKind::Notification
    }

    /// The handle that the connection names for its client's.
    fn named(&self) -> Option<Vec<u8>> {
        let asked = lines(&self.client).find_map(|words| {
            let said = asks(&words)?;
            let names = said.is_login() || said.is_entry();
            names.then(|| handle_of(&said))?
        });
        asked.or_else(|| {
            lines(&self.server).find_map(|words| {
                let said = tells(&words).filter(Saying::is_welcome)?;
                said.get(Param::Handle).map(<[u8]>::to_vec)
            })
        })
    }
}

/// Short names for handles, one for each.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<Vec<u8>, String>,
    taken: HashSet<String>,
    /// How many handles would have this name.
    same: HashMap<String, usize>,
}

impl Names {
    fn of(&mut self, look: &Look, kind: ServerKind) -> ConnName {
        let label = match kind {
            ServerKind::Switchboard => "sb",
            ServerKind::Dispatch => "ds",
            ServerKind::Notification => ConnName::DEFAULT,
        };
        let Some(handle) = &look.handle else {
            return ConnName::new(self.free("stranger"), label);
        };
        if let Some(user) = self.known.get(handle) {
            return ConnName::new(user.clone(), label);
        }
        let user = self.free(&plain(handle));
        self.known.insert(handle.clone(), user.clone());
        ConnName::new(user, label)
    }

    /// The name itself, or with a number where it is taken.
    fn free(&mut self, base: &str) -> String {
        let count = self.same.entry(base.to_owned()).or_default();
        loop {
            *count += 1;
            let name = match *count {
                1 => base.to_owned(),
                n => format!("{base}_{n}"),
            };
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// What stands before the @, in letters, digits and underscores, a letter first.
fn plain(handle: &[u8]) -> String {
    let local = handle.split(|byte| *byte == b'@').next();
    let local = local.unwrap_or_default().iter().take(32);
    let plain = local.map(|byte| match byte.is_ascii_alphanumeric() {
        true => char::from(byte.to_ascii_lowercase()),
        false => '_',
    });
    let plain: String = plain.collect();
    match plain.starts_with(|first: char| first.is_ascii_alphabetic()) {
        true => plain,
        false => format!("u{plain}"),
    }
}

/// A connection that speaks MSNP.
#[derive(Debug)]
struct Talk {
    conn: ConnId,
    client: Stream,
    server: Stream,
    /// It was seen from its beginning.
    is_whole: bool,
    /// The packet before the first hole, the number of holes and of missing bytes.
    holes: Option<(usize, usize, u64)>,
}

#[derive(Debug)]
struct Stream {
    decoder: Decoder<Grammar>,
    /// What no frame holds yet.
    rest: BytesMut,
    is_whole: bool,
    /// The next bytes may stand in the middle of a line.
    is_midway: bool,
}

impl Stream {
    fn new(rule: Grammar) -> Self {
        Self {
            decoder: Decoder::new(rule, LIMITS),
            rest: BytesMut::new(),
            is_whole: true,
            is_midway: true,
        }
    }

    /// Bytes are missing: reads on where a line begins. Gives how many more cannot be read.
    fn skip(&mut self, rule: Grammar) -> u64 {
        let rest = self.rest.len() as u64;
        *self = Self::new(rule);
        rest
    }

    /// The frames that these bytes complete; an error holds what cannot be read.
    fn read(
        &mut self,
        bytes: &Bytes,
        direction: Direction,
        mut heard: impl FnMut(&mut Decoder<Grammar>, &Frame),
    ) -> (Vec<Frame>, Option<Bytes>) {
        if self.is_midway && !is_beginning(bytes, direction) {
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
                    heard(&mut self.decoder, &frame);
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

/// Whether bytes look like the beginning of a line: a known command, or a code.
fn is_beginning(bytes: &[u8], direction: Direction) -> bool {
    let Some((word, rest)) = bytes.split_at_checked(3) else {
        return false;
    };
    let kinds = [ServerKind::Notification, ServerKind::Switchboard];
    let verb = Verb::parse(word);
    let is_known = |dialect: &Dialect| {
        kinds
            .iter()
            .any(|kind| dialect.find(direction, *kind, verb).is_some())
    };
    let is_command =
        is_known(Dialect::widest()) || DIALECTS.iter().any(|dialect| is_known(dialect));
    let is_code = word.iter().all(u8::is_ascii_digit) && direction == Direction::ToClient;
    (is_command || is_code) && matches!(rest.first(), Some(b' ' | b'\r' | b'\n'))
}

/// The grammar of each direction, the client's first.
fn grammars(kind: ServerKind, dialect: &'static Dialect) -> (Grammar, Grammar) {
    let of = |direction| Grammar {
        dialect,
        ..Grammar::new(kind, direction)
    };
    (of(Direction::ToServer), of(Direction::ToClient))
}

impl Talk {
    fn new(conn: ConnId, kind: ServerKind) -> Self {
        // Of one that began before the capture nobody knows what was agreed on.
        let (asks, tells) = grammars(kind, Dialect::widest());
        Self {
            conn,
            client: Stream::new(asks),
            server: Stream::new(tells),
            is_whole: false,
            holes: None,
        }
    }

    fn take(&mut self, event: Event, flow: &Flow, capture: &mut Capture) {
        let conn = self.conn;
        let known = capture.transcript.connection(conn);
        let kind = known.map_or(ServerKind::Notification, |it| it.kind);
        let spoken = known.map(|it| it.reader(Direction::ToServer).dialect);
        let spoken = spoken.unwrap_or_default();
        let (at, packet) = (event.at, event.packet);
        let mut record = |what: What| {
            capture.transcript.record(at, conn, what);
            capture.packets.push(packet);
        };
        match event.what {
            Happening::Opened => {
                record(What::Opened(flow.server.to_string()));
                self.is_whole = true;
                let (asks, tells) = grammars(kind, Dialect::first());
                self.client.decoder.set_rule(asks);
                self.server.decoder.set_rule(tells);
                self.client.is_midway = false;
                self.server.is_midway = false;
            }
            Happening::Sent(party, bytes) => {
                let (frames, bad) = self.read(party, &bytes, kind);
                for frame in frames {
                    record(What::Frame(party, frame));
                }
                if let Some(bad) = bad {
                    record(What::Raw(party, bad));
                }
            }
            Happening::Missed(party, count) => {
                let (asks, tells) = grammars(kind, spoken);
                let unread = match party {
                    Party::Client => self.client.skip(asks),
                    Party::Server => self.server.skip(tells),
                };
                let count = match count {
                    0 => 0,
                    count => u64::from(count).saturating_add(unread),
                };
                let (_, holes, bytes) = self.holes.get_or_insert((packet, 0, 0));
                *holes += 1;
                *bytes = bytes.saturating_add(count);
                record(What::Missing(party, count));
            }
            Happening::Ended(party, in_order) => {
                let is_holed = self.holes.is_some();
                let rest = self.stream(party).rest.split().freeze();
                if !rest.is_empty() && !is_holed {
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

    /// The lines that these bytes complete. What comes behind the answer to VER is of the dialect
    /// that it names.
    fn read(
        &mut self,
        party: Party,
        bytes: &Bytes,
        kind: ServerKind,
    ) -> (Vec<Frame>, Option<Bytes>) {
        let client = &mut self.client;
        if party == Party::Client {
            return client.read(bytes, Direction::ToServer, |_, _| {});
        }
        let server = &mut self.server;
        server.read(bytes, Direction::ToClient, |own, frame| {
            if let Some(dialect) = Dialect::heard(frame.words()) {
                let (asks, tells) = grammars(kind, dialect);
                own.set_rule(tells);
                client.decoder.set_rule(asks);
            }
        })
    }

    /// What a reader should know of this connection.
    fn note(&self, flow: &Flow, transcript: &Transcript) -> Option<String> {
        let name = transcript.connection(self.conn)?;
        let name = format!("{} ({} to {})", name.name, flow.client, flow.server);
        if let Some((packet, holes, bytes)) = self.holes {
            let holes = match holes {
                1 => "in one place".to_owned(),
                _ => format!("in {holes} places"),
            };
            return Some(format!(
                "{bytes} bytes of {name} are missing {holes}, first behind packet {packet}: from \
                 there on it is not judged"
            ));
        }
        let begins = "begins before the capture: only what the rest shows is judged";
        (!self.is_whole).then(|| format!("{name} {begins}"))
    }
}

/// The addresses that servers send their clients to, early or late.
fn referred(events: &[Event]) -> HashSet<SocketAddr> {
    let told = events.iter().filter_map(|event| match &event.what {
        Happening::Sent(Party::Server, bytes) => Some(bytes),
        _ => None,
    });
    told.flat_map(|bytes| lines(bytes))
        .filter_map(|words| referral(&words))
        .take(MOST_REFERRED)
        .collect()
}

fn referral(words: &[&[u8]]) -> Option<SocketAddr> {
    let address = tells(words)?.get(Param::Address)?;
    let address = std::str::from_utf8(address).ok()?;
    let with_port = || format!("{address}:{PORT}").parse().ok();
    address.parse().ok().or_else(with_port)
}
