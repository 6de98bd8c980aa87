//! The lines of a raw transcript, put together.

use std::collections::HashMap;
use std::time::Duration;

use super::notation::{Line, Stamp, Statement, line, unescape};
use super::payload::Shown;
use super::{ReadError, ReadMistake, Reading};
use crate::protocol::{Direction, Saying, ServerKind};
use crate::transcript::{ConnId, ConnName, Connection, Mark, Party, What};
use crate::wire::{Frame, Terminator};

/// The longest text that is read, in bytes.
const LONGEST: usize = 256 * 1024 * 1024;
/// The longest payload that is not shown and whose length is kept.
pub(in crate::transcript) const LONGEST_HIDDEN: u64 = 64 * 1024;
/// How many mistakes are told.
const MOST_MISTAKES: usize = 20;

/// Reads a raw transcript.
///
/// # Errors
///
/// Where lines cannot be understood: each with its place, the first twenty.
pub fn read(text: &str) -> Result<Reading, Vec<ReadError>> {
    let mut reader = Reader::default();
    if text.len() > LONGEST {
        reader.mistake((0, 0), ReadMistake::TooLong(LONGEST));
        return Err(reader.mistakes);
    }
    let is_fenced = text.lines().any(is_fence);
    let mut inside = !is_fenced;
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let place = (start, start + whole.trim_end_matches(['\r', '\n']).len());
        let body = whole.trim_end_matches('\n').trim_start_matches('\u{feff}');
        start += whole.len();
        if is_fenced && is_fence(body) {
            reader.settle();
            inside = !inside;
        } else if inside {
            reader.line(place, body);
        }
        if reader.mistakes.len() >= MOST_MISTAKES {
            break;
        }
    }
    reader.finish(text.len())
}

fn is_fence(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim_start_matches(' ');
    line.starts_with("```") || line.starts_with("~~~")
}

/// A line that may go on.
#[derive(Debug)]
struct Open {
    place: (usize, usize),
    at: Duration,
    conn: ConnId,
    party: Party,
    text: String,
    payload: Shown,
    mark: Option<Mark>,
}

#[derive(Debug, Default)]
struct Reader {
    reading: Reading,
    mistakes: Vec<ReadError>,
    open: Option<Open>,
    /// The connection that a name means now.
    names: HashMap<String, ConnId>,
    /// How many connections have no name.
    nameless: usize,
    /// The connection of lines without a name.
    present: Option<ConnId>,
    /// The first time of day.
    zero: Option<Duration>,
    now: Duration,
    /// What the comment before the next line says of it.
    mark: Option<Mark>,
}

impl Reader {
    fn mistake(&mut self, place: (usize, usize), mistake: ReadMistake) {
        self.mistakes.push(ReadError {
            start: place.0,
            end: place.1,
            mistake,
        });
    }

    fn line(&mut self, place: (usize, usize), text: &str) {
        let read = line(text);
        if let Line::More(more) = read {
            return self.more(place, more);
        }
        if let Line::Blank | Line::Other = read
            && self.is_payload_due()
        {
            return self.plain(place, text.trim_end_matches('\r'));
        }
        match read {
            Line::Blank | Line::More(_) => {}
            Line::Comment => {
                self.settle();
                self.mark = Mark::read(text);
            }
            Line::Next => {
                self.settle();
                self.present = None;
            }
            Line::Says(statement) => {
                self.settle();
                self.says(place, &statement);
            }
            Line::Other => {
                self.settle();
                self.mistake(place, ReadMistake::Stranger);
            }
        }
    }

    /// The length of the payload that the present line announces.
    fn announced(&self) -> Option<u64> {
        let open = self.open.as_ref()?;
        let conn = self.reading.transcript.connection(open.conn)?;
        announced(conn, open.party, &unescape(ended(&open.text).0))
    }

    fn is_payload_due(&self) -> bool {
        let Some((open, length)) = self.open.as_ref().zip(self.announced()) else {
            return false;
        };
        let is_settled =
            open.payload.is_none() || open.payload.is_exact() || open.payload.is_hidden();
        !is_settled && (open.payload.is_empty() && length > 0 || open.payload.least() < length)
    }

    /// A line that begins with `..`: more of a payload, or else of a line.
    fn more(&mut self, place: (usize, usize), text: &str) {
        let is_payload = self.announced().is_some();
        let Some(open) = &mut self.open else {
            return self.mistake(place, ReadMistake::Orphan);
        };
        open.place.1 = place.1;
        let is_marked = text.starts_with(super::payload::EXACT);
        if is_payload || is_marked || !open.payload.is_empty() {
            open.payload.push(text);
        } else {
            open.text.push(' ');
            open.text.push_str(text.trim_matches([' ', '\t']));
        }
    }

    /// A line below one that announces a payload.
    fn plain(&mut self, place: (usize, usize), text: &str) {
        if let Some(open) = &mut self.open {
            open.place.1 = place.1;
            open.payload.push(text);
        }
        let Some(length) = self.announced() else {
            return;
        };
        let open = self.open.as_ref();
        if open.is_some_and(|open| open.payload.fits(length)) {
            self.settle();
        }
    }

    fn says(&mut self, place: (usize, usize), statement: &Statement<'_>) {
        if let Some(at) = statement.at {
            let since = match at {
                Stamp::Elapsed(since) => since,
                Stamp::Clock(time) => time.saturating_sub(*self.zero.get_or_insert(time)),
            };
            self.now = self.now.max(since);
        }
        let conn = self.conn(statement);
        self.open = Some(Open {
            place,
            at: self.now,
            conn,
            party: statement.party,
            text: statement.text.to_owned(),
            payload: Shown::default(),
            mark: self
                .mark
                .take()
                .filter(|_| statement.party == Party::Client),
        });
    }

    /// The connection that a line is about. A name means a new one once `<open …>` stands there.
    fn conn(&mut self, statement: &Statement<'_>) -> ConnId {
        let is_new = matches!(told(statement.text, statement.party), Some(What::Opened(_)));
        let words: Vec<&str> = statement.text.split_ascii_whitespace().take(5).collect();
        let known = match statement.name {
            Some(name) => self.names.get(name).copied(),
            None => self.present,
        };
        if let Some(conn) = known.filter(|_| !is_new) {
            return conn;
        }
        let is_client = statement.party == Party::Client;
        let bytes: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let asked = Saying::of(Direction::ToServer, &bytes).filter(|_| is_client);
        let is_board = asked.is_some_and(|said| said.is_entry());
        let name = match statement.name {
            Some(name) => conn_name(name),
            None => {
                self.nameless += 1;
                let label = if is_board { "sb" } else { ConnName::DEFAULT };
                ConnName::new(format!("c{}", self.nameless), label)
            }
        };
        let kind = if is_board {
            ServerKind::Switchboard
        } else {
            name.kind()
        };
        let conn = self.reading.transcript.connect(name, kind);
        match statement.name {
            Some(name) => drop(self.names.insert(name.to_owned(), conn)),
            None => self.present = Some(conn),
        }
        let begins = is_board || asked.is_some_and(|said| said.row.negotiates());
        if begins {
            // Where a session is shown from its first command on, nothing went before.
            self.record(conn, What::Opened(String::new()), (0, 0), self.now, None);
        }
        conn
    }

    fn record(
        &mut self,
        conn: ConnId,
        what: What,
        place: (usize, usize),
        at: Duration,
        mark: Option<Mark>,
    ) {
        let transcript = &mut self.reading.transcript;
        transcript.record_marked(at, conn, what, mark);
        self.reading.places.push(place);
    }

    /// The present line is whole.
    fn settle(&mut self) {
        let announced = self.announced();
        let Some(open) = self.open.take() else {
            return;
        };
        let (conn, party) = (open.conn, open.party);
        if let Some(what) = told(&open.text, party) {
            return self.record(conn, what, open.place, open.at, open.mark);
        }
        let (text, terminator) = ended(&open.text);
        let payload = match announced {
            _ if open.payload.is_exact() => Some(open.payload.exact()),
            None => None,
            Some(_) if open.payload.is_none() => None,
            Some(length) if open.payload.is_hidden() => {
                let mut frame = Frame {
                    line: unescape(text).into(),
                    terminator,
                    payload: None,
                    is_hidden: false,
                };
                frame.hide(length.min(LONGEST_HIDDEN));
                return self.record(
                    conn,
                    What::Frame(party, frame),
                    open.place,
                    open.at,
                    open.mark,
                );
            }
            Some(0) if open.payload.is_empty() => Some(Vec::new()),
            Some(length) if open.payload.is_empty() => {
                return self.mistake(open.place, ReadMistake::MissingPayload(length));
            }
            Some(length) => match open.payload.of_length(length) {
                Some(bytes) => Some(bytes),
                None => {
                    let found = open.payload.told_lengths();
                    let mistake = ReadMistake::WrongLength {
                        announced: length,
                        found,
                    };
                    return self.mistake(open.place, mistake);
                }
            },
        };
        let frame = Frame {
            line: unescape(text).into(),
            terminator,
            payload: payload.map(Into::into),
            is_hidden: false,
        };
        self.record(
            conn,
            What::Frame(party, frame),
            open.place,
            open.at,
            open.mark,
        );
    }

    fn finish(mut self, end: usize) -> Result<Reading, Vec<ReadError>> {
        self.settle();
        if self.mistakes.is_empty() && self.reading.places.is_empty() {
            self.mistake((0, end.min(1)), ReadMistake::Nothing);
        }
        match self.mistakes.is_empty() {
            true => Ok(self.reading),
            false => Err(self.mistakes),
        }
    }
}

/// The length of the payload that follows a line.
pub(in crate::transcript) fn announced(
    conn: &Connection,
    party: Party,
    line: &[u8],
) -> Option<u64> {
    let direction = match party {
        Party::Client => Direction::ToServer,
        Party::Server => Direction::ToClient,
    };
    let length = conn.reader(direction).payload_word(line)?;
    std::str::from_utf8(length).ok()?.parse().ok()
}

/// The line, and the end that is written out behind it.
pub(in crate::transcript) fn ended(text: &str) -> (&str, Terminator) {
    match without_escape(text, "\\n") {
        None => (text, Terminator::CrLf),
        Some(text) => match without_escape(text, "\\r") {
            Some(text) => (text, Terminator::CrLf),
            None => (text, Terminator::Lf),
        },
    }
}

/// The text without this escape at its end; a backslash that is escaped itself begins none.
fn without_escape<'t>(text: &'t str, escape: &str) -> Option<&'t str> {
    let head = text.strip_suffix(escape)?;
    let backslashes = head.len() - head.trim_end_matches('\\').len();
    (backslashes % 2 == 0).then_some(head)
}

/// What stands in angle brackets: opens, ends, raw bytes.
pub(in crate::transcript) fn told(text: &str, party: Party) -> Option<What> {
    if let Some(raw) = text.strip_prefix("<raw>") {
        let raw = raw.strip_prefix(' ').unwrap_or(raw);
        return Some(What::Raw(party, unescape(raw).into()));
    }
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    match inner.split_once(' ') {
        Some(("open", address)) => {
            let address = String::from_utf8_lossy(&unescape(address)).into_owned();
            Some(What::Opened(address))
        }
        Some(("missing", count)) => {
            let count = count.strip_suffix(" bytes")?.parse().ok()?;
            Some(What::Missing(party, count))
        }
        None if inner == "missing" => Some(What::Missing(party, 0)),
        None if inner == "open" => Some(What::Opened(String::new())),
        None if inner == "closed" => Some(What::Closed(party)),
        None if inner == "reset" => Some(What::Reset(party)),
        _ => None,
    }
}

/// `alice@sb#2`: whose connection it is; the number tells those of one name apart.
pub(in crate::transcript) fn conn_name(text: &str) -> ConnName {
    let text = match text.rsplit_once('#') {
        Some((head, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => head,
        _ => text,
    };
    match text.rsplit_once('@') {
        Some((user, label)) if !user.is_empty() && !label.contains('.') => {
            ConnName::new(user, label)
        }
        _ => ConnName::new(text, ConnName::DEFAULT),
    }
}
