//! Reading an entry before anything is learnt from it: what it is, and what it belongs to.

use bytes::Bytes;

use super::World;
use super::connection::Conn;
use super::request::{Flaw, Request, Step};
use crate::oracle::finding::Place;
use crate::oracle::line::{Line, Verb, is_printable, number};
use crate::protocol::{Dialect, Direction, Grammar, MAX_MESSAGE, Param, TridRule};
use crate::transcript::{Entry, Party, What};
use crate::wire::{Frame, Terminator};

/// The longest line that a client may send without fear of being cut off.
const LONGEST: usize = 1_000;

/// An entry, read.
#[derive(Debug)]
pub struct Seen<'w, 'e> {
    /// Its place.
    pub place: Place,
    /// The entry itself.
    pub entry: &'e Entry,
    /// Its connection, as it was before.
    pub conn: &'w Conn,
    /// What it is.
    pub sight: Sight<'w, 'e>,
}

impl<'w, 'e> Seen<'w, 'e> {
    /// The server's line, where it is one.
    #[must_use]
    pub fn told(&self) -> Option<&Told<'w, 'e>> {
        match &self.sight {
            Sight::Told(told) => Some(told),
            _ => None,
        }
    }

    /// Whether it is a line of a batch that bears neither TrID nor number.
    #[must_use]
    pub fn is_of_batch(&self) -> bool {
        let told = self.told().filter(|told| told.role == Role::Unasked);
        told.is_some_and(|told| self.conn.is_bare(&told.line))
    }
}

/// What an entry is.
#[derive(Debug)]
pub enum Sight<'w, 'e> {
    /// The connection was made.
    Opened,
    /// A client's line.
    Asked(Asked<'e>),
    /// A server's line.
    Told(Told<'w, 'e>),
    /// Bytes that are no frame.
    Raw(Party, &'e [u8]),
    /// The end.
    Ended(Party),
}

/// A client's line.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'e> {
    /// The line, cut into words.
    pub line: Line<'e>,
    /// With its payload.
    pub frame: &'e Frame,
    /// The verb, read without regard to case.
    pub verb: Verb,
    /// The TrID.
    pub trid: Option<u64>,
    /// How well it can be understood.
    pub clarity: Clarity,
}

/// How well a client's line can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clarity {
    /// Well-formed.
    Sound,
    /// Malformed: the server should refuse it or close, and may obey or ignore it.
    Unsound(Flaw),
    /// The server may not even agree on where it ends.
    Murky,
}

/// A server's line.
#[derive(Debug, Clone, Copy)]
pub struct Told<'w, 'e> {
    /// The line, cut into words.
    pub line: Line<'e>,
    /// With its payload.
    pub frame: &'e Frame,
    /// What it is to the client's requests.
    pub role: Role,
    /// The request that it belongs to.
    pub request: Option<&'w Request>,
    /// Whether it ends the answer to that request.
    pub step: Step,
    pub(super) trid: u64,
    pub(super) at: usize,
}

/// What a server's line is to the client's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It belongs to the answer to a request that waited for it.
    Answer,
    /// It bears the TrID of a request that has its whole answer already.
    Again,
    /// It bears the TrID of a request that it cannot answer.
    Mismatch,
    /// It bears a TrID that no request has borne.
    Stray,
    /// It bears no TrID, or 0 where that means that nobody asked.
    Unasked,
    /// What it belongs to cannot be known.
    Unclear,
    /// It is no line of the protocol.
    Nonsense,
}

impl World {
    /// Reads an entry; `None` where its connection is not known.
    pub(in crate::oracle) fn read<'w, 'e>(&'w self, entry: &'e Entry) -> Option<Seen<'w, 'e>> {
        let conn = self.conns.get(entry.conn.0)?;
        let sight = match &entry.what {
            What::Opened(_) => Sight::Opened,
            What::Frame(Party::Client, frame) => Sight::Asked(read_request(conn, frame)),
            What::Frame(Party::Server, frame) => Sight::Told(read_line(conn, frame)),
            What::Raw(party, bytes) => Sight::Raw(*party, bytes),
            What::Missing(party, _) => Sight::Raw(*party, &[]),
            What::Closed(party) | What::Reset(party) => Sight::Ended(*party),
        };
        let place = Place {
            entry: self.index,
            conn: entry.conn,
        };
        Some(Seen {
            place,
            entry,
            conn,
            sight,
        })
    }
}

fn read_request<'e>(conn: &Conn, frame: &'e Frame) -> Asked<'e> {
    let line = Line::read(&frame.line);
    let verb = Verb::parse_any_case(line.word(0));
    let dialect = conn.dialect;
    let bears_trid = dialect.has_trid(Direction::ToServer, verb);
    let trid = if verb == Verb::Other || bears_trid {
        number(line.word(1))
    } else {
        None
    };
    let grammar = Grammar {
        kind: conn.kind_behind(verb, &line),
        ..conn.grammar(Direction::ToServer)
    };
    let clarity = clarity(grammar, &line, frame, trid);
    Asked {
        line,
        frame,
        verb,
        trid,
        clarity,
    }
}

/// Whether lines in the payload may be obeyed: a server need not know the request, and who does not
/// know it does not know of the payload (PAG-2).
fn may_be_obeyed(grammar: Grammar, verb: Verb, frame: &Frame) -> bool {
    let is_offered = grammar.row(verb).is_none_or(|row| row.asked.is_some());
    let payload = frame.payload.as_deref().unwrap_or_default();
    !is_offered && memchr::memchr(b'\n', payload).is_some()
}

fn clarity(grammar: Grammar, line: &Line<'_>, frame: &Frame, trid: Option<u64>) -> Clarity {
    let has_control = memchr::memchr2(b'\r', b'\0', &frame.line).is_some();
    let payload = frame.payload.as_ref().map(Bytes::len);
    let fits = grammar.is_bounded(&frame.line, payload)
        && payload.is_none_or(|length| length <= MAX_MESSAGE);
    if frame.terminator == Terminator::Lf
        || line.count() == 0
        || has_control
        || !fits
        || may_be_obeyed(grammar, line.verb, frame)
        || frame.line.len() > LONGEST
    {
        return Clarity::Murky;
    }
    let Some(row) = grammar.row(line.verb) else {
        let is_lower = grammar.row(Verb::parse_any_case(line.word(0))).is_some();
        return Clarity::Unsound(if is_lower { Flaw::Case } else { Flaw::Command });
    };
    let has_valid_trid = match row.trid {
        TridRule::Never => true,
        _ => trid.is_some_and(|trid| trid <= u64::from(u32::MAX)),
    };
    let has_count = line.count().checked_sub(row.first_param());
    let has_params = has_count.is_some_and(|count| row.takes(count));
    let is_plain = is_printable(&frame.line);
    let mode = row.place_of(Param::Mode);
    let has_mode = mode.is_none_or(|place| Param::Mode.fits(line.word(place)));
    match (has_valid_trid, has_params, is_plain && has_mode) {
        (true, true, true) => Clarity::Sound,
        (false, ..) => Clarity::Unsound(Flaw::Trid),
        (_, false, _) => Clarity::Unsound(Flaw::Count),
        (.., false) => Clarity::Unsound(Flaw::Content),
    }
}

/// Whether a line of a batch says everything but its TrID, as some servers tell properties (SYNC-2,
/// SYNC-10): the number in its place is another.
fn lacks_trid(conn: &Conn, line: &Line<'_>) -> bool {
    let is_asked = || conn.unanswered().any(|request| request.verb == line.verb);
    if !Dialect::is_added_to_batch(line.verb) || is_asked() {
        return false;
    }
    let Some(row) = conn.grammar(Direction::ToClient).row(line.verb) else {
        return false;
    };
    let words = |from: usize| (from..line.count()).map(|at| line.word(at));
    let is_of = |from| {
        row.form(words(from))
            .is_some_and(|form| form.fits(words(from)))
    };
    is_of(1) && !is_of(row.first_param())
}

/// What a line without a TrID is; `None` where it has one.
fn without_trid(conn: &Conn, line: &Line<'_>, frame: &Frame) -> Option<Role> {
    let grammar = conn.grammar(Direction::ToClient);
    if !grammar.has_trid(frame.words()) || line.count() == 1 {
        return Some(Role::Unasked);
    }
    lacks_trid(conn, line).then_some(Role::Unclear)
}

fn read_line<'w, 'e>(conn: &'w Conn, frame: &'e Frame) -> Told<'w, 'e> {
    let line = Line::read(&frame.line);
    let mut told = Told {
        line,
        frame,
        role: Role::Nonsense,
        request: None,
        step: Step::Last,
        trid: 0,
        at: 0,
    };
    if line.verb == Verb::Other && !conn.has_sent_verb(line.word(0)) {
        return told;
    }
    let is_echo = conn.has_sent_verb(line.word(0));
    if conn.is_murky || conn.server_out || is_echo {
        told.role = Role::Unclear;
        return told;
    }
    if let Some(role) = without_trid(conn, &line, frame) {
        told.role = role;
        return told;
    }
    told.role = if conn.is_whole {
        Role::Stray
    } else {
        Role::Unclear
    };
    let Some(trid) = number(line.word(1)) else {
        return told;
    };
    told.trid = trid;
    let is_reverse = matches!(line.verb, Verb::Add | Verb::Rem) && line.word(2) == b"RL";
    let may_be_unasked = conn.dialect.may_bear_zero(line.verb);
    let Some(slot) = conn.requests.get(&trid) else {
        if trid == 0 && may_be_unasked {
            told.role = Role::Unasked;
        }
        return told;
    };
    let is_shared = line.verb == Verb::Iln && slot.is_presence_shared;
    let position = slot.answered_by(line.verb).filter(|at| {
        let asked = || slot.waiting.get(*at).map(|request| request.words());
        !is_reverse || asked().is_some_and(|words| words.word(2) == b"RL")
    });
    if is_shared {
        told.role = Role::Unclear;
    } else if let Some(at) = position {
        told.role = Role::Answer;
        told.at = at;
        told.request = slot.waiting.get(at).map(Box::as_ref);
    } else if trid == 0 && may_be_unasked {
        told.role = Role::Unasked;
    } else if slot.is_wild {
        told.role = Role::Unclear;
    } else if is_reverse {
        told.role = Role::Stray;
    } else if let Some(message) = slot
        .message
        .as_ref()
        .filter(|m| m.is_answered_by(line.verb))
    {
        told.role = Role::Answer;
        told.at = usize::MAX;
        told.request = Some(message);
    } else if let Some(done) = slot.done.as_ref().filter(|d| d.is_answered_by(line.verb)) {
        told.role = Role::Again;
        told.request = Some(done);
    } else {
        told.role = Role::Mismatch;
        let known = slot.waiting.first().or(slot.done.as_ref());
        told.request = known.or(slot.message.as_ref()).map(Box::as_ref);
    }
    if let Some(request) = told.request {
        told.step = request.step(&line);
    }
    told
}
