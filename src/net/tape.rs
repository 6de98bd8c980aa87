//! What a recording proxy has seen: judged at once, and told as lines of a raw transcript.
//!
//! Holds no entry longer than it takes to write it, so an hour's recording takes the memory of its
//! open connections.

use std::collections::HashMap;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};

use crate::oracle::{Finding, Judge};
use crate::protocol::{Dialect, Direction, Param, Passage, Saying, ServerKind, secrets};
use crate::transcript::{
    ConnId, ConnName, Entry, Party, RESPONSE, Redactor, TICKET, Transcript, What,
};
use crate::wire::{Decoder, Frame, Limits, Words};

/// The longest line and payload that are read; what is longer is recorded as raw bytes.
const LIMITS: Limits = Limits {
    line: 64 * 1024,
    payload: 4 * 1024 * 1024,
};

/// What a tape says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// A line of the transcript, redacted.
    Line(String),
    /// The server broke a clause, on the line that was told last.
    Finding(Finding),
}

/// A connection through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Track(usize);

/// What is known of a connection.
#[derive(Debug)]
struct Side {
    /// Its name in the transcript; `None` until something was said on it.
    conn: Option<ConnId>,
    address: String,
    opened: Duration,
    client: Stream,
    server: Stream,
    handle: Option<String>,
}

/// What one end sends.
#[derive(Debug)]
struct Stream {
    decoder: Decoder<Passage>,
    /// What no piece holds yet.
    rest: BytesMut,
}

impl Stream {
    fn new(rule: Passage) -> Self {
        Self {
            decoder: Decoder::new(rule, LIMITS),
            rest: BytesMut::new(),
        }
    }

    /// The pieces that these bytes complete; `heard` is told of each line before the next is read.
    fn read(
        &mut self,
        bytes: &[u8],
        mut heard: impl FnMut(&mut Decoder<Passage>, &Frame),
    ) -> Vec<Piece> {
        self.decoder.push(bytes);
        self.rest.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => {
                    self.rest.advance(frame.to_bytes().len());
                    heard(&mut self.decoder, &frame);
                    pieces.push(Piece::Frame(frame));
                }
                Ok(None) => break,
                Err(_) => {
                    pieces.push(Piece::Raw(self.rest.split().freeze()));
                    break;
                }
            }
        }
        pieces
    }
}

/// A transcript in the making.
#[derive(Debug, Default)]
pub struct Tape {
    /// Connections only; entries are not kept.
    transcript: Transcript,
    judge: Judge,
    redactor: Redactor,
    tracks: HashMap<Track, Side>,
    /// How many connections there were.
    count: usize,
    /// Which of the findings are told.
    told: usize,
    /// The name in the transcript of whoever has logged in with a handle.
    users: HashMap<String, String>,
    /// How many connections to switchboards a user has had.
    boards: HashMap<String, usize>,
    out: Vec<Recorded>,
}

/// What a server's bytes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A whole line, with its payload.
    Frame(Frame),
    /// Bytes that cannot be read.
    Raw(Bytes),
}

/// A door may lead to more than one kind of server.
fn passage(dialect: &'static Dialect, direction: Direction) -> Passage {
    Passage { dialect, direction }
}

impl Tape {
    /// One that tells no secret.
    pub fn without(redactor: Redactor) -> Self {
        Self {
            redactor,
            ..Self::default()
        }
    }

    /// A client has connected, and a connection to this address of the server was made for it.
    pub fn open(&mut self, now: Duration, address: &str) -> Track {
        self.count += 1;
        let track = Track(self.count);
        let side = Side {
            conn: None,
            address: address.to_owned(),
            opened: now,
            client: Stream::new(passage(Dialect::first(), Direction::ToServer)),
            server: Stream::new(passage(Dialect::first(), Direction::ToClient)),
            handle: None,
        };
        self.tracks.insert(track, side);
        track
    }

    /// One end has sent bytes. What they came to is given back, in order, for the other end.
    pub fn bytes(&mut self, now: Duration, track: Track, party: Party, bytes: &[u8]) -> Vec<Piece> {
        let Some(side) = self.tracks.get_mut(&track) else {
            return Vec::new();
        };
        let pieces = match party {
            Party::Client => side.client.read(bytes, |_, _| {}),
            Party::Server => {
                let client = &mut side.client.decoder;
                // What comes behind the answer to VER is of the dialect that it names.
                side.server.read(bytes, |own, frame| {
                    if let Some(dialect) = Dialect::heard(frame.words()) {
                        own.set_rule(passage(dialect, Direction::ToClient));
                        client.set_rule(passage(dialect, Direction::ToServer));
                    }
                })
            }
        };
        for piece in &pieces {
            self.piece(now, track, party, piece);
        }
        pieces
    }

    /// One end has closed its connection, in order or not. What it had begun to send is given
    /// back, for the other end.
    pub fn end(&mut self, now: Duration, track: Track, party: Party, in_order: bool) -> Bytes {
        let Some(side) = self.tracks.get_mut(&track) else {
            return Bytes::new();
        };
        let rest = match party {
            Party::Client => side.client.rest.split().freeze(),
            Party::Server => side.server.rest.split().freeze(),
        };
        self.name(now, track, None);
        if !rest.is_empty() {
            self.record(now, track, What::Raw(party, rest.clone()));
        }
        let what = match in_order {
            true => What::Closed(party),
            false => What::Reset(party),
        };
        self.record(now, track, what);
        rest
    }

    /// Both ends are closed: nothing more happens on it.
    pub fn forget(&mut self, track: Track) {
        self.tracks.remove(&track);
    }

    /// The recording is over: judges what only its end can show, and gives all findings that
    /// stand. Some that were told may be void by then.
    pub fn finish(&mut self) -> &[Finding] {
        self.judge.end();
        self.tell_findings();
        self.judge.findings()
    }

    /// What there is to be told since the last call, in order.
    pub fn take(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.out)
    }

    fn piece(&mut self, now: Duration, track: Track, party: Party, piece: &Piece) {
        let frame = match piece {
            Piece::Frame(frame) => frame.clone(),
            Piece::Raw(bytes) => {
                self.name(now, track, None);
                self.record(now, track, What::Raw(party, bytes.clone()));
                return;
            }
        };
        self.name(now, track, Some((party, &frame)));
        let words: Vec<&[u8]> = frame.words().take(LOOKED_AT).collect();
        let asked = Saying::of(Direction::ToServer, &words);
        let login = asked.filter(|said| party == Party::Client && said.is_login());
        if let Some(handle) = login.and_then(|said| said.get(Param::Handle)) {
            self.logs_in(track, String::from_utf8_lossy(handle).into_owned());
        }
        self.record(now, track, What::Frame(party, frame));
    }

    fn logs_in(&mut self, track: Track, handle: String) {
        let Some(side) = self.tracks.get_mut(&track) else {
            return;
        };
        let conn = side.conn.and_then(|id| self.transcript.connection(id));
        let Some(name) = conn.map(|conn| conn.name.user().to_string()) else {
            return;
        };
        if side.handle.as_ref() != Some(&handle) {
            let line = format!("# {name} is {handle}");
            let line = line.replace(char::is_control, "?");
            self.out.push(Recorded::Line(line));
        }
        side.handle = Some(handle.clone());
        self.users.insert(handle, name);
    }

    /// Gives the connection its name, once: what is said first on it tells a switchboard from
    /// another server.
    fn name(&mut self, now: Duration, track: Track, first: Option<(Party, &Frame)>) {
        let number = track.0;
        let Some(side) = self.tracks.get_mut(&track) else {
            return;
        };
        if side.conn.is_some() {
            return;
        }
        let words: Vec<&[u8]> = match first {
            Some((Party::Client, frame)) => frame.words().take(LOOKED_AT).collect(),
            _ => Vec::new(),
        };
        let asked = Saying::of(Direction::ToServer, &words);
        let guest = asked
            .filter(|said| said.kind() == Some(ServerKind::Switchboard))
            .and_then(|said| said.get(Param::Handle));
        let (name, kind) = match guest {
            Some(handle) => {
                let handle = String::from_utf8_lossy(handle);
                let user = self.users.get(handle.as_ref()).cloned();
                let user = user.unwrap_or_else(|| format!("c{number}"));
                let boards = self.boards.entry(user.clone()).or_default();
                *boards += 1;
                let label = match *boards {
                    1 => "sb".to_owned(),
                    n => format!("sb{n}"),
                };
                (ConnName::new(user, label), ServerKind::Switchboard)
            }
            None => {
                let name = ConnName::new(format!("c{number}"), ConnName::DEFAULT);
                (name, ServerKind::Notification)
            }
        };
        let opened = What::Opened(side.address.clone());
        let at = side.opened.min(now);
        side.conn = Some(self.transcript.connect(name, kind));
        self.record(at, track, opened);
    }

    fn record(&mut self, now: Duration, track: Track, what: What) {
        let Some(conn) = self.tracks.get(&track).and_then(|side| side.conn) else {
            return;
        };
        let mut entry = Entry {
            at: now,
            conn,
            what,
            mark: None,
        };
        self.transcript.learn(conn, &entry.what);
        self.judge.entry(&self.transcript, &entry);
        if let What::Frame(Party::Client, frame) = &mut entry.what {
            mask(frame);
        }
        let lines = self.transcript.render_entry_timed(&entry, &self.redactor);
        self.out.extend(lines.into_iter().map(Recorded::Line));
        self.tell_findings();
    }

    fn tell_findings(&mut self) {
        let findings = self.judge.findings();
        let new = findings.get(self.told..).unwrap_or_default();
        self.out.extend(new.iter().cloned().map(Recorded::Finding));
        self.told = findings.len();
    }
}

/// As many words of a line are looked at.
const LOOKED_AT: usize = 8;

/// Takes out what nobody else should know: with the challenge beside it, a response would let a
/// reader guess the password offline.
fn mask(frame: &mut Frame) {
    let line = frame.clone();
    let words: Vec<&[u8]> = line.words().collect();
    let secrets = secrets(&words);
    if secrets.is_empty() {
        return;
    }
    // What a password makes is made anew when the recording is played, and a ticket is had anew.
    let scheme = Dialect::first().login_scheme().map(str::as_bytes);
    let word = words.get(2).copied().unwrap_or_default();
    let is_digest = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(word));
    let mask = if is_digest { RESPONSE } else { TICKET };
    let mut masked: Words<'_> = words.into_iter().collect();
    for word in masked.get_mut(secrets).into_iter().flatten() {
        *word = mask.as_bytes();
    }
    *frame = line.with_words(&masked);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn lines(tape: &mut Tape) -> Vec<String> {
        let told = tape.take().into_iter().map(|recorded| match recorded {
            Recorded::Line(line) => match line.strip_prefix("0.000000 ") {
                Some(line) => line.to_owned(),
                None => line,
            },
            Recorded::Finding(finding) => format!("{}!", finding.clause),
        });
        told.collect()
    }

    fn says(tape: &mut Tape, track: Track, party: Party, text: &str) -> Vec<Piece> {
        // One byte at a time: the cut of the stream must not matter.
        let bytes = text.bytes();
        bytes
            .flat_map(|byte| tape.bytes(NOW, track, party, &[byte]))
            .collect()
    }

    #[test]
    fn users_are_named_and_responses_are_not_kept() {
        let mut tape = Tape::default();
        let ns = tape.open(NOW, "h:1");
        says(&mut tape, ns, Party::Client, "VER 1 MSNP2\r\n");
        says(&mut tape, ns, Party::Server, "VER 1 MSNP2\r\n");
        says(
            &mut tape,
            ns,
            Party::Client,
            "INF 2\r\nUSR 3 MD5 I a@b.c\r\n",
        );
        let digest = "USR 4 MD5 S 1d86f39e3633c5f74dd79815c9375344\r\n";
        let pieces = says(&mut tape, ns, Party::Client, digest);
        assert_eq!(
            pieces,
            [Piece::Frame(Frame::line(digest.trim_end().to_owned()))]
        );
        let sb = tape.open(NOW, "h:2");
        says(&mut tape, sb, Party::Client, "USR 1 a@b.c 12.34\r\n");
        let expected = [
            "c1 C: <open h:1>",
            "c1 C: VER 1 MSNP2",
            "c1 S: VER 1 MSNP2",
            "c1 C: INF 2",
            "# c1 is a@b.c",
            "c1 C: USR 3 MD5 I a@b.c",
            "c1 C: USR 4 MD5 S {md5(challenge, password)}",
            "c1@sb C: <open h:2>",
            "c1@sb C: USR 1 a@b.c 12.34",
        ];
        assert_eq!(lines(&mut tape), expected);
    }

    #[test]
    fn no_password_is_kept_in_whatever_form_it_is_sent() {
        let mut tape = Tape::without(Redactor::new(["CamelCaseXyz".to_owned()]));
        let track = tape.open(NOW, "h:1");
        for line in [
            "usr 4 md5 s 1d86f39e3633c5f74dd79815c9375344",
            "USR 5 CLEAR CamelCaseXyz",
            "USR 6 CLEAR S CamelCaseXyz",
            "usr 7 twn s t=12&p=34",
            "MSG 8 N 3\r\nCAMELCASExyz",
            "garbage CamelCaseXyz",
        ] {
            says(&mut tape, track, Party::Client, &format!("{line}\r\n"));
        }
        let lines = lines(&mut tape).join("\n").to_lowercase();
        assert!(lines.contains("c1 c: usr 4 md5 s {md5(challenge, password)}"));
        for secret in ["1d86", "camelcase", "t=12"] {
            assert!(!lines.contains(secret), "{lines}");
        }
    }

    #[test]
    fn a_finding_is_told() {
        let mut tape = Tape::default();
        let ns = tape.open(NOW, "h:1");
        says(&mut tape, ns, Party::Client, "VER 1 MSNP2\r\n");
        says(&mut tape, ns, Party::Server, "VER 2 MSNP2\r\n");
        assert_eq!(tape.finish().len(), 1);
        let lines = lines(&mut tape);
        let told = lines.last().map(String::as_str);
        assert_eq!(told, Some("TRID-1!"), "{lines:?}");
    }

    #[test]
    fn what_cannot_be_read_is_passed_on_whole() {
        let mut tape = Tape::default();
        let track = tape.open(NOW, "h:1");
        let junk = vec![b'x'; LIMITS.line + READ_AHEAD];
        let mut carried = Vec::new();
        for chunk in junk.chunks(1000) {
            for piece in tape.bytes(NOW, track, Party::Server, chunk) {
                match piece {
                    Piece::Raw(bytes) => carried.extend_from_slice(&bytes),
                    Piece::Frame(frame) => panic!("{frame:?}"),
                }
            }
        }
        assert_eq!(carried, junk);
        says(&mut tape, track, Party::Client, "half a li");
        assert_eq!(tape.end(NOW, track, Party::Client, true), "half a li");
    }

    /// How much more than a line's limit the test sends.
    const READ_AHEAD: usize = 5_000;
}
