//! What is known of a connection.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::batch::{Batch, stage};
use super::board::BoardId;
use super::id::UserId;
use super::request::{Request, Slot};
use crate::oracle::line::{Line, Verb};
use crate::protocol::{Dialect, Direction, Grammar, MSNP2, ServerKind};

/// The most requests with one TrID that may wait for an answer before nothing can be said.
pub(super) const MOST_WAITING: usize = 64;
/// How many of a client's oddities of one kind are remembered.
pub(super) const ODD: usize = 16;

/// A connection.
#[derive(Debug)]
pub struct Conn {
    /// The kind of server at its other end.
    pub kind: ServerKind,
    /// What client and server have agreed on; MSNP2 until they have.
    pub dialect: &'static Dialect,
    /// Something of it was seen.
    pub has_begun: bool,
    /// It was seen from its beginning.
    pub is_whole: bool,
    /// The client sent what cannot be read with certainty, or another dialect is spoken: what
    /// answers what is not known.
    pub is_murky: bool,
    /// It speaks a dialect that is not judged, or nobody can tell which: of its lines only what all
    /// dialects share is looked at.
    pub is_foreign: bool,
    /// It is shown from its middle on, and nobody has seen which dialect was agreed on.
    pub is_extract: bool,
    /// Not all of it was recorded: nothing is judged from the hole on.
    pub is_holed: bool,
    /// The user who is logged in, or sits in a session.
    pub user: Option<UserId>,
    /// The request with which the user came in was sent here.
    pub asked_in: usize,
    /// The user was in for certain from here on.
    pub entered: usize,
    /// The handles that tried to log in since the last challenge, newest last.
    pub claims: Vec<UserId>,
    /// Where it sits on a switchboard.
    pub board: Option<BoardId>,
    /// Whatever the server says now, it says it later than this index: a request sent there has
    /// been answered.
    pub floor: usize,
    /// Round trips, one after the other.
    pub round: u32,
    /// The server has said OUT.
    pub server_out: bool,
    /// That was OUT OTH.
    pub is_displaced: bool,
    /// The client has asked for something after its own OUT or the server's.
    pub is_served_on: bool,
    /// The client may have said OUT here.
    pub client_out: Option<usize>,
    /// It ended here.
    pub ended: Option<usize>,
    /// The server ended it.
    pub ended_by_server: bool,
    /// When the last request was answered.
    pub answered_at: Duration,
    /// Commands that no client sends, or none knows, and that this client has sent.
    pub odd_verbs: Vec<Box<[u8]>>,
    /// A VER was answered with a dialect.
    pub has_dialect: bool,
    /// A switchboard whose user's login was seen: it speaks what was agreed on there.
    pub has_login: bool,
    /// The security packages that INF has named.
    pub packages: Vec<Box<[u8]>>,
    /// TrIDs of requests that are no TrIDs.
    pub odd_trids: Vec<Box<[u8]>>,
    /// The last line of the server carried a payload.
    pub after_payload: bool,
    /// Where the first CHG that succeeded was answered.
    pub first_change: Option<usize>,
    /// The TrID of that CHG.
    pub first_change_trid: Option<u64>,
    /// The client may have been in state FLN.
    pub was_fln: bool,
    /// PNGs sent less QNGs received.
    pub pings: i64,
    /// The last answer was an error.
    pub after_error: bool,
    /// The highest TrID that the client has used.
    pub highest_trid: u64,
    /// The last unanswered SYN, by its TrID.
    pub batch: Option<u64>,
    /// The last batch that has said how long it is.
    pub counted: Option<Box<Batch>>,
    pub(super) requests: BTreeMap<u64, Slot>,
    /// The requests without a whole answer: index and TrID.
    pub(super) waiting: BTreeSet<(usize, u64)>,
}

impl Conn {
    pub(super) fn new(kind: ServerKind) -> Self {
        Self {
            kind,
            dialect: &MSNP2,
            has_begun: false,
            is_whole: false,
            is_murky: false,
            is_foreign: false,
            is_extract: false,
            is_holed: false,
            user: None,
            asked_in: 0,
            entered: 0,
            claims: Vec::new(),
            board: None,
            floor: 0,
            round: 0,
            server_out: false,
            is_displaced: false,
            is_served_on: false,
            client_out: None,
            ended: None,
            ended_by_server: false,
            answered_at: Duration::ZERO,
            odd_verbs: Vec::new(),
            has_dialect: false,
            has_login: false,
            packages: Vec::new(),
            odd_trids: Vec::new(),
            after_payload: false,
            first_change: None,
            first_change_trid: None,
            was_fln: false,
            pings: 0,
            after_error: false,
            highest_trid: 0,
            batch: None,
            counted: None,
            requests: BTreeMap::new(),
            waiting: BTreeSet::new(),
        }
    }

    /// The same connection, of which nothing is known any more.
    pub(super) fn forgotten(&self) -> Self {
        Self {
            has_begun: self.has_begun,
            is_murky: self.has_begun,
            is_foreign: self.is_foreign,
            is_extract: self.is_extract,
            dialect: self.dialect,
            is_holed: self.is_holed,
            ended: self.ended,
            ..Self::new(self.kind)
        }
    }

    /// How its lines are read that go in this direction.
    #[must_use]
    pub fn grammar(&self, direction: Direction) -> Grammar {
        Grammar {
            dialect: self.dialect,
            kind: self.kind,
            direction,
        }
    }

    /// Whether a line of the server is one of a batch that bears neither TrID nor number (BATCH-3).
    #[must_use]
    pub fn is_bare(&self, line: &Line<'_>) -> bool {
        let grammar = self.grammar(Direction::ToClient);
        let is_asked = self.counted.is_some() && stage(line.verb).is_some();
        let row = is_asked.then(|| grammar.read(line.words_from(0))).flatten();
        row.is_some_and(|row| row.is_bare)
    }

    /// Whether nobody has seen what was agreed on: any dialect may be spoken.
    #[must_use]
    pub fn may_speak_any(&self) -> bool {
        !self.has_login && !self.has_dialect
    }

    /// What is said on it is of a dialect that is not judged.
    pub(super) fn estrange(&mut self, dialect: &'static Dialect) {
        self.dialect = dialect;
        (self.is_foreign, self.is_murky) = (true, true);
    }

    /// Whether its next request may be its first.
    pub(super) fn is_fresh(&self) -> bool {
        let is_silent = self.requests.is_empty() && self.pings == 0 && self.floor == 0;
        let is_open = !self.server_out && self.ended.is_none();
        let is_clear = !self.is_murky || self.is_foreign;
        is_silent && is_open && !self.after_payload && is_clear
    }

    /// The kind of server that a request shows to be at the other end.
    pub(super) fn kind_behind(&self, verb: Verb, line: &Line<'_>) -> ServerKind {
        let is_entry = verb == Verb::Usr && line.count() == 4 && line.word(2).contains(&b'@');
        let is_board = is_entry || verb == Verb::Ans;
        match self.kind {
            ServerKind::Notification if is_board && self.is_fresh() => ServerKind::Switchboard,
            kind => kind,
        }
    }

    /// Whether all that the client sent is known and was understood.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.is_whole && !self.is_murky
    }

    /// Whether the client has sent this command, which is none for a client.
    #[must_use]
    pub fn has_sent_verb(&self, verb: &[u8]) -> bool {
        self.odd_verbs.iter().any(|odd| **odd == *verb)
    }

    /// Whether the client can still be taken to listen and to be listened to.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.ended.is_none() && self.client_out.is_none() && !self.server_out
    }

    /// The requests that have no whole answer yet, oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = &Request> {
        self.waiting.iter().filter_map(|(index, trid)| {
            let slot = self.requests.get(trid)?;
            let mut waiting = slot.waiting.iter().map(Box::as_ref);
            waiting.find(|request: &&Request| request.index == *index)
        })
    }

    /// Whether a request waits that a line with this verb may answer.
    #[must_use]
    pub fn waits_for(&self, answer: Verb) -> Option<&Request> {
        let mut oldest = self.unanswered().take(MOST_WAITING);
        oldest.find(|request| request.is_answered_by(answer))
    }

    /// The request with this TrID that waits for an answer with this verb.
    #[must_use]
    pub fn waits_with(&self, trid: u64, answer: Verb) -> Option<&Request> {
        let slot = self.requests.get(&trid)?;
        slot.waiting.get(slot.answered_by(answer)?).map(Box::as_ref)
    }

    /// The SYN whose batch is under way.
    #[must_use]
    pub fn open_batch(&self) -> Option<&Request> {
        let slot = self.requests.get(&self.batch?)?;
        let mut waiting = slot.waiting.iter().map(Box::as_ref);
        waiting.find(|request: &&Request| request.progress.serial.is_some())
    }
}
