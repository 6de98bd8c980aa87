//! The record itself: connections, and what happened on them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use foldhash::HashMap;
use rustc_hash::FxHasher;

use super::masks::joined;
use crate::protocol::{Dialect, Direction, Grammar, Inference, Param, Saying, ServerKind};
use crate::wire::Frame;

/// As many words of a line say whose connection it is.
const LOOKED_AT: usize = 8;
/// The most words of a line that are looked at for its dialect.
const MOST_WORDS: usize = 32;

/// A connection within one transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub usize);

/// Whose connection it is: `alice` for her notification server, `alice@sb` for any other.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnName {
    /// A digest of the rest: names are compared far more often than they are made.
    digest: u64,
    user: CompactString,
    label: CompactString,
}

impl ConnName {
    /// The label of the connection that a bare user name means.
    pub const DEFAULT: &'static str = "ns";

    /// A name from its parts.
    #[must_use]
    pub fn new(user: impl Into<CompactString>, label: impl Into<CompactString>) -> Self {
        let (user, label) = (user.into(), label.into());
        let mut hasher = FxHasher::default();
        hasher.write(user.as_bytes());
        hasher.write(label.as_bytes());
        Self {
            digest: hasher.finish(),
            user,
            label,
        }
    }

    /// The user.
    #[must_use]
    pub const fn user(&self) -> &CompactString {
        &self.user
    }

    /// The connection, `ns` where the name shows none.
    #[must_use]
    pub const fn label(&self) -> &CompactString {
        &self.label
    }

    /// The kind of server that the label names: labels that begin with `sb` or `ds` say so, all
    /// others are notification servers.
    #[must_use]
    pub fn kind(&self) -> ServerKind {
        if self.label.starts_with("sb") {
            ServerKind::Switchboard
        } else if self.label.starts_with("ds") {
            ServerKind::Dispatch
        } else {
            ServerKind::Notification
        }
    }
}

impl PartialOrd for ConnName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By user, and then by label.
impl Ord for ConnName {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.user, &self.label).cmp(&(&other.user, &other.label))
    }
}

/// Of the name itself: a file may hold many names of one digest.
impl Hash for ConnName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.user, &self.label).hash(state);
    }
}

impl fmt::Debug for ConnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnName({self})")
    }
}

impl fmt::Display for ConnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.label == Self::DEFAULT {
            f.write_str(&self.user)
        } else {
            write!(f, "{}@{}", self.user, self.label)
        }
    }
}

/// One of the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The harness, or the recorded client.
    Client,
    /// The server.
    Server,
}

impl Party {
    /// Which way what it says goes.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Client => Direction::ToServer,
            Self::Server => Direction::ToClient,
        }
    }
}

/// Who sends what goes that way.
impl From<Direction> for Party {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::ToServer => Self::Client,
            Direction::ToClient => Self::Server,
        }
    }
}

/// Something that happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The connection was made, to this address.
    Opened(String),
    /// A line, with its payload.
    Frame(Party, Frame),
    /// Bytes that are no frame: sent on purpose, or left over when a stream ended or went bad.
    Raw(Party, Bytes),
    /// What this end sent here was not recorded: so many bytes, 0 where nobody knows how many.
    Missing(Party, u64),
    /// An orderly end of the stream.
    Closed(Party),
    /// A reset.
    Reset(Party),
}

/// Why the harness itself said a line that no step asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Its answer shows that all is there which the server sent before it.
    Barrier,
    /// It undoes what a scenario did.
    CleanUp,
}

impl Mark {
    /// The comment that stands before a marked line.
    #[must_use]
    pub const fn comment(self) -> &'static str {
        match self {
            Self::Barrier => "# barrier",
            Self::CleanUp => "# clean-up",
        }
    }

    /// The mark that is written so.
    #[must_use]
    pub fn read(comment: &str) -> Option<Self> {
        let is_it = |mark: &Self| mark.comment() == comment.trim();
        [Self::Barrier, Self::CleanUp].into_iter().find(is_it)
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, since the beginning.
    pub at: Duration,
    /// On which connection.
    pub conn: ConnId,
    /// What.
    pub what: What,
    /// The harness said it of itself.
    pub mark: Option<Mark>,
}

/// A connection of the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Whose it is.
    pub name: ConnName,
    /// The kind of server at its other end.
    pub kind: ServerKind,
    /// 1 for the first connection of this name, and so on.
    pub nth: usize,
    /// What client and server have agreed on; on a switchboard, what its user has at login. The
    /// first dialect until they have.
    pub dialect: &'static Dialect,
    /// Whose it is was said on it.
    is_named: bool,
    /// Nothing went before what is recorded of it.
    is_whole: bool,
    /// Its dialect was agreed on, here or at the login of its user.
    is_agreed: bool,
    /// What its lines tell of the dialect, where nobody has seen it agreed on.
    inference: Inference,
}

impl Connection {
    /// How what follows its lines of this direction is read: where nobody has seen which dialect was
    /// agreed on, a payload is read wherever any dialect has one.
    #[must_use]
    pub fn reader(&self, direction: Direction) -> Grammar {
        let dialect = match self.is_whole || self.is_agreed {
            true => self.dialect,
            false => Dialect::widest(),
        };
        Grammar {
            dialect,
            ..Grammar::new(self.kind, direction)
        }
    }

    /// What the lines tell of the dialect, where nobody has seen which was agreed on.
    #[must_use]
    pub fn inference(&self) -> Option<&Inference> {
        let is_known = self.is_whole || self.is_agreed;
        (!is_known).then_some(&self.inference)
    }

    fn inferring(&mut self) -> Option<&mut Inference> {
        let is_known = self.is_whole || self.is_agreed;
        (!is_known).then_some(&mut self.inference)
    }

    /// How its lines of this direction are read.
    #[must_use]
    pub fn grammar(&self, direction: Direction) -> Grammar {
        Grammar {
            dialect: self.dialect,
            ..Grammar::new(self.kind, direction)
        }
    }
}

/// Takes in what a line tells of the dialect.
fn infer(inference: &mut Inference, what: &What) {
    let (direction, frame) = match what {
        What::Frame(Party::Client, frame) => (Direction::ToServer, frame),
        What::Frame(Party::Server, frame) => (Direction::ToClient, frame),
        _ => return,
    };
    let words: Vec<&[u8]> = frame.words().take(MOST_WORDS).collect();
    inference.hear(direction, &words);
}

/// Everything that happened, in one order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    connections: Vec<Connection>,
    entries: Vec<Entry>,
    /// How many connections there are of each name.
    same: HashMap<ConnName, usize>,
    /// On which connection a handle has logged in last.
    logins: HashMap<Vec<u8>, ConnId>,
    /// Somebody has left words out, or crossed them out.
    is_redacted: bool,
}

impl Transcript {
    /// An empty transcript with room for so many entries.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
            ..Self::default()
        }
    }

    /// Adds a connection, before anything can happen on it.
    pub fn connect(&mut self, name: ConnName, kind: ServerKind) -> ConnId {
        let same = self.same.entry(name.clone()).or_default();
        *same += 1;
        let nth = *same;
        self.connections.push(Connection {
            name,
            kind,
            nth,
            dialect: Dialect::first(),
            is_named: false,
            is_whole: false,
            is_agreed: false,
            inference: Inference::default(),
        });
        ConnId(self.connections.len() - 1)
    }

    /// Records what happened.
    pub fn record(&mut self, at: Duration, conn: ConnId, what: What) {
        self.record_marked(at, conn, what, None);
    }

    /// Records what happened, and why the harness did it.
    pub fn record_marked(&mut self, at: Duration, conn: ConnId, what: What, mark: Option<Mark>) {
        self.learn(conn, &what);
        self.entries.push(Entry {
            at,
            conn,
            what,
            mark,
        });
    }

    /// Learns from a line in which dialect its connection speaks: by the answer to VER, and on a
    /// switchboard by the login of whoever enters it.
    pub fn learn(&mut self, conn: ConnId, what: &What) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if let Some(inference) = connection.inferring() {
            infer(inference, what);
        }
        match what {
            What::Opened(address) => connection.is_whole |= !address.is_empty(),
            What::Frame(Party::Server, frame) => {
                if let Some(dialect) = Dialect::heard(frame.words()) {
                    (connection.dialect, connection.is_agreed) = (dialect, true);
                }
            }
            What::Frame(Party::Client, frame) if !connection.is_named => {
                let words: Vec<&[u8]> = frame.words().take(LOOKED_AT).collect();
                let Some(said) = Saying::of(Direction::ToServer, &words) else {
                    return;
                };
                let Some(handle) = said.get(Param::Handle).map(<[u8]>::to_ascii_lowercase) else {
                    return;
                };
                if said.is_entry() {
                    connection.is_named = true;
                    // From MSNP16 on a client says on which machine it is.
                    let handle = handle.split(|byte| *byte == b';').next();
                    let login = handle.and_then(|handle| self.logins.get(handle)).copied();
                    let login = login.and_then(|login| self.connections.get(login.0));
                    let login = login.map(|login| (login.dialect, login.is_agreed));
                    if let (Some(own), Some(login)) = (self.connections.get_mut(conn.0), login) {
                        (own.dialect, own.is_agreed) = login;
                    }
                } else if said.is_login() {
                    connection.is_named = true;
                    self.logins.insert(handle, conn);
                }
            }
            _ => {}
        }
    }

    /// Whether words in it stand for what somebody has left out or crossed out.
    #[must_use]
    pub fn is_redacted(&self) -> bool {
        self.is_redacted
    }

    /// Says so.
    pub(super) fn set_redacted(&mut self, is_redacted: bool) {
        self.is_redacted = is_redacted;
    }

    /// Makes one word of each placeholder that has blanks in it.
    pub(super) fn join_placeholders(&mut self) {
        for entry in &mut self.entries {
            if let What::Frame(_, frame) = &mut entry.what
                && let Some(line) = std::str::from_utf8(&frame.line).ok().and_then(joined)
            {
                frame.line = line.into();
            }
        }
    }

    /// What happened, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All connections, in the order in which they were made.
    #[must_use]
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// One connection; `None` for an id of another transcript.
    #[must_use]
    pub fn connection(&self, id: ConnId) -> Option<&Connection> {
        self.connections.get(id.0)
    }
}
