//! What the faults remember of the traffic.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::protocol::ServerKind;
use crate::server::id::ConnId;

/// A word of a line: a name with a fault in it need not be text.
pub(super) type Word = Vec<u8>;

/// A word as text; empty where it is none.
pub(super) fn text(words: &[Word], place: usize) -> &str {
    let word = words.get(place).map_or(&[][..], Vec::as_slice);
    std::str::from_utf8(word).unwrap_or_default()
}

/// A command that a client has sent.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) conn: ConnId,
    pub(super) words: Vec<Word>,
}

impl Command {
    pub(super) fn text(&self, place: usize) -> &str {
        text(&self.words, place)
    }
}

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) kind: ServerKind,
    /// Who is logged in there; empty where nobody is.
    pub(super) handle: String,
    /// The user's friendly name, as it is written.
    pub(super) name: String,
    /// The dialect that it has agreed on; empty until it has.
    pub(super) dialect: String,
    /// The last state that was echoed to it.
    pub(super) state: String,
    /// How many bytes were sent to it.
    pub(super) unheard: usize,
    /// Its commands are not heard any more.
    pub(super) is_deaf: bool,
    /// The last TrID that it used.
    pub(super) last_trid: Option<u64>,
    /// How often each verb came.
    pub(super) seen: BTreeMap<Word, usize>,
    /// How far it has come towards a crash.
    pub(super) deeds: usize,
}

impl Peer {
    fn new(kind: ServerKind) -> Self {
        Self {
            kind,
            handle: String::new(),
            dialect: String::new(),
            state: String::new(),
            name: String::new(),
            unheard: 0,
            is_deaf: false,
            last_trid: None,
            seen: BTreeMap::new(),
            deeds: 0,
        }
    }
}

/// When a held frame is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// When its connection sends its next command.
    NextCommand,
    /// At this time.
    Time(Duration),
}

/// A frame that is held.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) until: Until,
    pub(super) conn: ConnId,
    pub(super) frame: Bytes,
}

/// The serial numbers that users were shown. A success that a fault makes up gets the next number;
/// all that the server gives after it are shown one higher, so that such a fault spoils no number.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// By handle: the last that was shown, and by how much it was above the server's own.
    shown: BTreeMap<String, (u64, u64)>,
}

impl Numbers {
    /// Where the number stands in a line that goes to a client.
    fn place(verb: &str) -> Option<usize> {
        match verb {
            "BPR" => Some(1),
            "SYN" | "GTC" | "BLP" | "REA" | "PRP" | "LSG" | "ADG" | "REG" | "RMG" => Some(2),
            "LST" | "ADD" | "REM" => Some(3),
            _ => None,
        }
    }

    /// Raises the number of a line of the server as the user must see it.
    pub(super) fn raise(&mut self, handle: &str, words: &mut [Word]) {
        let Some(place) = Self::place(text(words, 0)) else {
            return;
        };
        let (Ok(number), Some(word)) = (text(words, place).parse::<u64>(), words.get_mut(place))
        else {
            return;
        };
        let (last, above) = self.shown.entry(handle.to_owned()).or_default();
        *last = number.saturating_add(*above);
        if *above > 0 {
            *word = last.to_string().into_bytes();
        }
    }

    /// The server's own number for one that the user names.
    pub(super) fn lower(&self, handle: &str, number: u64) -> u64 {
        let above = self.shown.get(handle).map_or(0, |(_, above)| *above);
        number.saturating_sub(above)
    }

    /// The number of a change that the server does not make.
    pub(super) fn made_up(&mut self, handle: &str) -> u64 {
        // A new account's number is 1.
        let (last, above) = self.shown.entry(handle.to_owned()).or_insert((1, 0));
        *last = (*last).saturating_add(1);
        *above += 1;
        *last
    }
}

/// What faults that show in a crowd remember: who has come, called and gone.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// Losses are counted.
    pub(super) counts_losses: bool,
    /// How many participants were lost since the last command, and when the last one was.
    pub(super) losses: (usize, Duration),
    /// The user who was lost last, and when.
    pub(super) lost: Option<(String, Duration)>,
    /// How often one came back at once.
    pub(super) returns: usize,
    /// Who has a challenge, and has not answered it.
    pub(super) challenged: BTreeMap<ConnId, String>,
    /// The cookies that were handed out to ring, and to refer: whose, and which.
    pub(super) rings: Vec<(String, String)>,
    pub(super) referrals: Vec<(String, String)>,
    /// The cookies that open nothing any more.
    pub(super) void: Vec<String>,
}

/// What the faults remember of the traffic.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) now: Duration,
    /// The command that is carried out.
    pub(super) command: Option<Command>,
    /// The last command of another connection that has a TrID.
    pub(super) previous: Option<Command>,
    pub(super) peers: BTreeMap<ConnId, Peer>,
    pub(super) held: Vec<Held>,
    /// Nothing is heard of the server any more.
    pub(super) is_stuck: bool,
    /// Who has come, called and gone.
    pub(super) crowd: Crowd,
    /// The serial numbers that users were shown.
    pub(super) numbers: Numbers,
    /// Words that some fault has seen and will use later.
    pub(super) memory: BTreeMap<&'static str, Word>,
}

impl Notes {
    pub(super) fn peer(&mut self, conn: ConnId, kind: ServerKind) -> &mut Peer {
        let peer = self.peers.entry(conn).or_insert_with(|| Peer::new(kind));
        peer.kind = kind;
        peer
    }

    /// Where a user is logged in to a notification server.
    pub(super) fn conn_of(&self, handle: &str) -> Option<ConnId> {
        let is_it = |peer: &Peer| {
            peer.kind != ServerKind::Switchboard && peer.handle.eq_ignore_ascii_case(handle)
        };
        let found = self.peers.iter().find(|(_, peer)| is_it(peer));
        found.map(|(conn, _)| *conn)
    }

    /// The number of a change that the server does not make, of whoever is logged in there.
    pub(super) fn made_up_number(&mut self, conn: ConnId) -> u64 {
        let handle = self.peers.get(&conn).map_or("", |peer| &peer.handle);
        self.numbers.made_up(handle)
    }

    /// Remembers a word; gives the one that was remembered before.
    pub(super) fn remember(&mut self, what: &'static str, word: Word) -> Option<Word> {
        self.memory.insert(what, word)
    }

    /// The held frames that are let go when this has come.
    pub(super) fn let_go(&mut self, is_due: impl Fn(&Held) -> bool) -> Vec<Held> {
        let (due, kept) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| is_due(held));
        self.held = kept;
        due
    }
}
