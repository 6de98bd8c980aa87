//! What of the protocol a case went through, read from its transcript.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Phase, ReplyKind, Transition};
use crate::spec::ServerKind;
use crate::transcript::{ConnId, Party, Transcript, What};
use crate::wire::Frame;

/// The most requests of a connection that are kept while they wait for an answer.
const MOST_WAITING: usize = 64;

/// The transitions that a transcript shows: a phase, a command that was sent in it, and the kind
/// of the first answer.
#[must_use]
pub fn transitions(transcript: &Transcript) -> BTreeSet<Transition> {
    let mut seen = BTreeSet::new();
    let mut conns: BTreeMap<ConnId, Conn> = BTreeMap::new();
    for entry in transcript.entries() {
        let Some(kind) = transcript.connection(entry.conn).map(|conn| conn.kind) else {
            continue;
        };
        let conn = conns.entry(entry.conn).or_insert_with(|| Conn::new(kind));
        match &entry.what {
            What::Frame(Party::Client, frame) => conn.asks(frame),
            What::Frame(Party::Server, frame) => seen.extend(conn.answers(frame)),
            What::Closed(Party::Server) | What::Reset(Party::Server) => {
                for waiting in std::mem::take(&mut conn.waiting) {
                    seen.insert(waiting.answered(ReplyKind::Close));
                }
            }
            What::Opened(_) | What::Raw(..) | What::Closed(_) | What::Reset(_) => {}
        }
    }
    seen
}

/// A request that waits for its answer.
struct Waiting {
    phase: Phase,
    command: &'static str,
    trid: Vec<u8>,
    /// The state that a CHG asks for.
    state: Vec<u8>,
}

impl Waiting {
    fn answered(&self, reply: ReplyKind) -> Transition {
        Transition {
            phase: self.phase,
            command: self.command,
            reply,
        }
    }
}

struct Conn {
    phase: Phase,
    waiting: Vec<Waiting>,
    /// Whose connection to a switchboard it is.
    own: Vec<u8>,
    others: usize,
}

impl Conn {
    fn new(kind: ServerKind) -> Self {
        Self {
            phase: match kind {
                ServerKind::Dispatch => Phase::DsFresh,
                ServerKind::Notification => Phase::NsFresh,
                ServerKind::Switchboard => Phase::SbLobby,
            },
            waiting: Vec::new(),
            own: Vec::new(),
            others: 0,
        }
    }

    fn is_board(&self) -> bool {
        matches!(
            self.phase,
            Phase::SbLobby | Phase::SbAlone | Phase::SbCompany | Phase::SbUnsure
        )
    }

    fn asks(&mut self, frame: &Frame) {
        let words: Vec<&[u8]> = frame.words().collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let command = name(word(0), word(2), word(3), self.is_board());
        if self.phase == Phase::SbLobby && matches!(word(0), b"USR" | b"ANS") {
            self.own = word(2).to_vec();
        }
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push(Waiting {
                phase: self.phase,
                command,
                trid: word(1).to_vec(),
                state: word(2).to_vec(),
            });
        }
    }

    fn answers(&mut self, frame: &Frame) -> Option<Transition> {
        let words: Vec<&[u8]> = frame.words().collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        match (self.is_board(), word(0)) {
            (true, b"JOI") if !word(1).eq_ignore_ascii_case(&self.own) => {
                self.others += 1;
                self.phase = Phase::SbCompany;
                return None;
            }
            (true, b"BYE") => {
                self.others = self.others.saturating_sub(1);
                if self.others == 0 {
                    self.phase = Phase::SbAlone;
                }
                return None;
            }
            (true, b"IRO") => {
                self.others += 1;
                return None;
            }
            (false, b"QNG") => {
                let is_ping = |waiting: &Waiting| waiting.command == "PNG";
                let at = self.waiting.iter().position(is_ping)?;
                return Some(self.waiting.remove(at).answered(ReplyKind::Ok));
            }
            _ => {}
        }
        let is_it = |waiting: &Waiting| !waiting.trid.is_empty() && waiting.trid == word(1);
        let at = self.waiting.iter().position(is_it)?;
        let waiting = self.waiting.remove(at);
        let verb = word(0);
        let code = std::str::from_utf8(verb)
            .ok()
            .and_then(|verb| verb.parse().ok());
        let Some(code) = code.filter(|_| verb.len() == 3) else {
            self.goes_on(&waiting, verb, word(2));
            return Some(waiting.answered(ReplyKind::Ok));
        };
        Some(waiting.answered(ReplyKind::Error(code)))
    }

    /// A success brings the connection into another phase.
    fn goes_on(&mut self, waiting: &Waiting, verb: &[u8], second: &[u8]) {
        let is_dispatch = matches!(
            self.phase,
            Phase::DsFresh | Phase::DsVersioned | Phase::DsInformed
        );
        self.phase = match (verb, second) {
            (b"VER", b"0") => self.phase,
            (b"VER", _) if is_dispatch => Phase::DsVersioned,
            (b"VER", _) => Phase::NsVersioned,
            (b"INF", _) if is_dispatch => Phase::DsInformed,
            (b"INF", _) => Phase::NsInformed,
            (b"USR", b"OK") if self.phase == Phase::SbLobby => Phase::SbAlone,
            (b"ANS", _) if self.others > 0 => Phase::SbCompany,
            (b"ANS", _) => Phase::SbAlone,
            (b"USR", b"OK") => Phase::NsLoggedIn,
            (b"USR", _) => Phase::NsChallenged,
            (b"CHG", _) => match waiting.state.as_slice() {
                b"HDN" => Phase::NsHidden,
                b"FLN" => Phase::NsOffline,
                _ => Phase::NsOnline,
            },
            _ => self.phase,
        };
    }
}

/// The name of a command in the model's table.
fn name(verb: &[u8], second: &[u8], third: &[u8], is_board: bool) -> &'static str {
    const NAMES: [&str; 20] = [
        "VER", "INF", "SYN", "LST", "GTC", "BLP", "CHG", "ADD", "REM", "REA", "XFR", "CVR", "URL",
        "SND", "FND", "PNG", "ANS", "CAL", "OUT", "MSG",
    ];
    match (verb, is_board) {
        (b"USR", true) => "USR",
        (b"USR", false) if third == b"S" => "USR-S",
        (b"USR", false) => "USR-I",
        (b"MSG", true) => match second {
            b"U" => "MSG-U",
            b"N" => "MSG-N",
            b"A" => "MSG-A",
            _ => "MSG",
        },
        _ => {
            let known = NAMES.into_iter().find(|name| name.as_bytes() == verb);
            known.unwrap_or("other")
        }
    }
}
