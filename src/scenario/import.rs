//! A recorded transcript as a scenario: what is bound at run time becomes captures, the people in it
//! become users, and everything that the server said becomes an expectation.

mod participants;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ast::{
    Action, Era, Expect, Expected, Expr, LinePattern, Needs, Part, Payload, PayloadPattern,
    Scenario, Send, SendItem, Stage, Step, TICKET, Text, WordKind, WordPattern,
};
use crate::diagnostic::{Source, Span};
use crate::protocol::{
    ClauseId, Dialect, Direction, Message, Rung, Saying, ServerKind, State, Verb, secrets,
};
use crate::transcript::{ConnId, ConnName, Entry, Party, Transcript, What};
use crate::wire::Frame;
use participants::Participants;

/// The lines of a transcript that break a clause by what oracles say: the entry of each, and the clause.
pub type Accused = BTreeMap<usize, ClauseId>;

/// Makes a scenario of what was recorded. It is named after `name` and speaks for the clauses that
/// its expectations touch. It passes on the server that was recorded, if that server is consistent;
/// [`print`](super::print) writes it as YAML. In the place of a line that is accused a server may also
/// do what is right: oracles say whether it does.
#[must_use]
pub fn import(transcript: &Transcript, name: &str, accused: &Accused) -> Scenario {
    import_from(transcript, &Source::new(name, ""), &[], accused)
}

/// The same for a transcript that was read from a file: each step stands where its entry does, so
/// that what fails is told with the line of the transcript. `places` are those of the entries.
#[must_use]
pub fn import_from(
    transcript: &Transcript,
    source: &Arc<Source>,
    places: &[(usize, usize)],
    accused: &Accused,
) -> Scenario {
    let name = source.path.as_str();
    let mut importer = Importer {
        transcript,
        source: Arc::clone(source),
        places,
        accused,
        taken: taken(transcript),
        participants: Participants::of(transcript),
        captures: BTreeMap::new(),
        serials: BTreeMap::new(),
        doors: BTreeMap::new(),
        counts: BTreeMap::new(),
        challenges: BTreeMap::new(),
        index: 0,
        is_stopped: false,
        begun: BTreeSet::new(),
        midway: BTreeMap::new(),
        ended: Vec::new(),
        holed: Vec::new(),
        payload: None,
        steps: Vec::new(),
    };
    importer.midway = importer.begun_before();
    for entry in transcript.entries() {
        importer.entry(entry);
        importer.index += 1;
    }
    let mut clauses: Vec<ClauseId> = importer
        .steps
        .iter()
        .filter_map(|step| step.clause)
        .collect();
    clauses.sort_unstable();
    clauses.dedup();
    if clauses.is_empty() {
        clauses.push(ClauseId::LIVE_1);
    }
    let users = importer.participants.into_users(&importer.midway);
    Scenario {
        name: name.to_owned(),
        aliases: Vec::new(),
        source: importer.source,
        description: format!("imported from {name}"),
        clauses,
        tags: Vec::new(),
        dialects: Vec::new(),
        needs: Needs {
            launch: importer.is_stopped,
            accounts: users.len(),
            ..Needs::default()
        },
        users,
        strict: false,
        segments: None,
        timeout: None,
        setup: Vec::new(),
        steps: importer.steps,
    }
}

struct Importer<'t> {
    transcript: &'t Transcript,
    source: Arc<Source>,
    /// Where the entries stand; none where that is not known.
    places: &'t [(usize, usize)],
    /// The answers to challenges that were taken, where the server has challenged somebody.
    taken: Option<BTreeSet<(ConnId, &'t [u8])>>,
    /// Lines that are not to be asked of a server.
    accused: &'t Accused,
    participants: Participants,
    /// Captures by what they stand for in the transcript.
    captures: BTreeMap<Vec<u8>, String>,
    /// Captures of serial numbers: each user counts alone.
    serials: BTreeMap<(usize, Vec<u8>), String>,
    /// The capture of the address that a cookie is good for.
    doors: BTreeMap<Vec<u8>, String>,
    /// How many captures there are of a kind.
    counts: BTreeMap<&'static str, usize>,
    /// The capture of the last challenge on a connection.
    challenges: BTreeMap<ConnId, String>,
    /// The entry that is being read.
    index: usize,
    /// The server has said that it goes.
    is_stopped: bool,
    /// Connections of which something was read.
    begun: BTreeSet<ConnId>,
    /// How far users have come whose connection begins in the middle of the transcript.
    midway: BTreeMap<usize, Stage>,
    /// Connections that the client has ended.
    ended: Vec<ConnId>,
    /// Connections of which a request was not recorded: what follows there cannot be replayed.
    holed: Vec<ConnId>,
    /// What a client last sent as a payload.
    payload: Option<bytes::Bytes>,
    steps: Vec<Step>,
}

impl Importer<'_> {
    fn entry(&mut self, entry: &Entry) {
        let is_over = self.ended.contains(&entry.conn) || self.holed.contains(&entry.conn);
        if is_over || self.is_challenge(entry) || !self.begin(entry) {
            return;
        }
        let conn = self.participants.conn_name(entry.conn);
        let action = match &entry.what {
            What::Opened(address) => Action::Open {
                conn,
                address: self.door(entry.conn, address),
            },
            What::Frame(Party::Client, frame) => self.send(entry.conn, frame),
            What::Frame(Party::Server, frame) => {
                if frame.line[..] == b"OUT SSD"[..] && !self.is_stopped {
                    self.is_stopped = true;
                    self.push(Action::StopServer, None);
                }
                if let Some(step) = self.expect(entry.conn, frame) {
                    self.steps.push(step);
                }
                return;
            }
            What::Raw(Party::Client, bytes) => Action::Send(Send {
                conn,
                items: vec![SendItem::Raw(Payload::Bytes(bytes[..].into()))],
                segments: None,
            }),
            What::Closed(Party::Client) => {
                self.ended.push(entry.conn);
                Action::Close(conn)
            }
            What::Reset(Party::Client) => {
                self.ended.push(entry.conn);
                Action::Reset(conn)
            }
            What::Closed(Party::Server) | What::Reset(Party::Server) => {
                self.ended.push(entry.conn);
                Action::Expect(self.expected(entry.conn, Expected::Closed))
            }
            What::Raw(Party::Server, _) | What::Missing(Party::Server, _) => return,
            What::Missing(Party::Client, _) => {
                self.holed.push(entry.conn);
                return;
            }
        };
        self.push(action, None);
    }

    /// Whether it is a challenge, or its answer that was taken, or what says so: a server challenges
    /// whenever it likes, and the harness answers by itself.
    fn is_challenge(&self, entry: &Entry) -> bool {
        let (What::Frame(_, frame), Some(taken)) = (&entry.what, &self.taken) else {
            return false;
        };
        let (latest, verb) = (Dialect::latest(), Verb::parse(frame.verb()));
        let is_taken = || taken.contains(&(entry.conn, trid_of(frame)));
        latest.obliged(verb).is_some() || (latest.is_obliged(verb) && is_taken())
    }

    /// A connection that the transcript does not open is opened where that has to be said; whether
    /// it can be.
    fn begin(&mut self, entry: &Entry) -> bool {
        if !self.begun.insert(entry.conn) {
            return true;
        }
        let conn = self.participants.conn_name(entry.conn);
        let is_board = conn.kind() == ServerKind::Switchboard;
        let given = match &entry.what {
            What::Opened(address) => address.as_str(),
            _ => "",
        };
        let is_first = conn.label() == ConnName::DEFAULT;
        if is_first
            && self
                .midway
                .contains_key(&self.participants.user(entry.conn))
        {
            // Its user has logged in before the first step.
            return !matches!(&entry.what, What::Opened(_));
        }
        let address = self.door(entry.conn, given);
        if is_board && address.is_none() {
            // Nobody knows where it was.
            self.holed.push(entry.conn);
            return false;
        }
        let by_itself = match &entry.what {
            What::Frame(Party::Client, _) | What::Raw(Party::Client, _) => !is_board,
            What::Opened(_) | What::Missing(..) | What::Raw(Party::Server, _) => true,
            What::Frame(Party::Server, _) | What::Closed(_) | What::Reset(_) => false,
        };
        if !by_itself {
            self.push(Action::Open { conn, address }, None);
        }
        true
    }

    /// How far users have come whose connection begins in the middle of the transcript.
    fn begun_before(&self) -> BTreeMap<usize, Stage> {
        let mut seen = BTreeSet::new();
        let mut midway = BTreeMap::new();
        for entry in self.transcript.entries() {
            let is_first = seen.insert(entry.conn);
            let label = self.participants.conn_name(entry.conn).label().clone();
            let What::Frame(party, frame) = &entry.what else {
                continue;
            };
            if label != ConnName::DEFAULT {
                continue;
            }
            let user = self.participants.user(entry.conn);
            let words: Vec<&[u8]> = frame.words().take(8).collect();
            let said = Saying::of(party.direction(), &words);
            let begins = said.is_some_and(|said| said.row.negotiates() || said.is_login());
            if is_first && !begins {
                midway.insert(user, Stage::State(State::Online(0).as_str().to_owned()));
            }
            let rung = said.and_then(|said| said.row.asked?.rung);
            if *party == Party::Client && rung == Some(Rung::Syn) && midway.contains_key(&user) {
                midway.insert(user, Stage::LoggedIn);
            }
        }
        midway
    }

    fn push(&mut self, action: Action, clause: Option<ClauseId>) {
        let step = self.step(action, clause);
        self.steps.push(step);
    }

    fn step(&self, action: Action, clause: Option<ClauseId>) -> Step {
        let place = self.places.get(self.index).copied().unwrap_or_default();
        Step {
            source: Arc::clone(&self.source),
            at: Span::new(place.0, place.1),
            action,
            clause,
            varies: None,
            optional: false,
            precondition: false,
            era: Era::default(),
        }
    }

    fn expected(&self, conn: ConnId, what: Expected) -> Expect {
        Expect {
            conn: self.participants.conn_name(conn),
            what,
            strict: false,
            exact: false,
            within: None,
        }
    }

    /// Where a connection goes: to an address that was handed out, or where a client begins. One
    /// address may serve for all: that of a switchboard is for those who bring its cookie.
    fn door(&self, conn: ConnId, address: &str) -> Option<Text> {
        let by_cookie = self
            .participants
            .cookie(conn)
            .and_then(|it| self.doors.get(it));
        let by_address = || {
            let name = self.captures.get(address.as_bytes())?;
            let connection = self.transcript.connection(conn)?;
            let is_board = connection.kind == ServerKind::Switchboard;
            (is_board || !self.doors.values().any(|door| door == name)).then_some(name)
        };
        let name = by_cookie.or_else(by_address)?;
        Some(text(vec![Part::Expr(Expr::Capture(name.clone()))]))
    }

    /// Before a login with a ticket: one is had anew, by the word that the server gives.
    fn have_ticket(&mut self, conn: ConnId, frame: &Frame) {
        let dialect = self.grammar(conn, Direction::ToServer).dialect;
        let words: Vec<&[u8]> = frame.words().collect();
        let challenge = self.challenges.get(&conn).cloned();
        if let Some(word) = challenge
            && dialect.takes_tickets()
            && !secrets(&words).is_empty()
            && !self.is_refused(conn)
        {
            let action = Action::Ticket {
                conn: self.participants.conn_name(conn),
                word: text(vec![Part::Expr(Expr::Capture(word))]),
                into: TICKET.to_owned(),
            };
            self.push(action, None);
        }
    }

    fn send(&mut self, conn: ConnId, frame: &Frame) -> Action {
        let name = self.participants.conn_name(conn);
        let plain = std::str::from_utf8(&frame.line).ok();
        let Some(line) = plain.filter(|line| !line.contains(['\r', '\n'])) else {
            return Action::Send(Send {
                conn: name,
                items: vec![SendItem::Raw(Payload::Bytes(frame.to_bytes()[..].into()))],
                segments: None,
            });
        };
        self.have_ticket(conn, frame);
        let parts = self.sent_parts(conn, line, frame.payload.is_some());
        let payload = frame.payload.as_ref().map(|bytes| match frame.is_hidden {
            true => Payload::Filler(bytes.len()),
            false => payload_of(bytes),
        });
        if frame.payload.is_some() {
            self.payload.clone_from(&frame.payload);
        }
        let item = SendItem::Line {
            text: text(parts),
            payload,
        };
        Action::Send(Send {
            conn: name,
            items: vec![item],
            segments: None,
        })
    }

    fn expect(&mut self, conn: ConnId, frame: &Frame) -> Option<Step> {
        let kind = self.transcript.connection(conn).map(|conn| conn.kind);
        let is_board = self.participants.is_board(conn) || kind == Some(ServerKind::Switchboard);
        let grammar = self.grammar(conn, Direction::ToClient);
        let row = grammar.read(frame.words());
        if row.is_some_and(Message::is_spoken) && !is_board {
            // The profile that some servers send behind a login may come or not.
            return None;
        }
        let line = std::str::from_utf8(&frame.line).ok()?;
        let words: Vec<&str> = line
            .split([' ', '\t'])
            .filter(|word| !word.is_empty())
            .collect();
        if words.is_empty() {
            return None;
        }
        let accused = self.accused.get(&self.index).copied();
        let compared = accused.and_then(|_| self.compared_words(conn, &words));
        let accused = accused.filter(|_| compared.is_some());
        let kinds = compared.unwrap_or_else(|| self.expected_words(conn, &words));
        // A server may name more dialects than one.
        let pattern = pattern(line, kinds.clone(), row.is_some_and(Message::negotiates));
        let payload = frame.payload.as_ref().map(|bytes| match &self.payload {
            _ if frame.is_hidden => PayloadPattern::Length(bytes.len() as u64),
            Some(sent) if sent == bytes => PayloadPattern::Same,
            _ => PayloadPattern::Exactly(payload_of(bytes)),
        });
        let what = Expected::Line { pattern, payload };
        if let Some(clause) = accused {
            return Some(self.perhaps(conn, clause, what, &kinds));
        }
        let clause = words::clause(grammar, &words);
        Some(self.step(Action::Expect(self.expected(conn, what)), clause))
    }

    /// The words of a line that is not to be asked of a server: a number that it alone names is any
    /// word. `None` where it hands out what is needed later.
    fn compared_words(&mut self, conn: ConnId, words: &[&str]) -> Option<Vec<WordKind>> {
        let (captures, doors) = (self.captures.clone(), self.doors.clone());
        let (serials, challenges) = (self.serials.clone(), self.challenges.clone());
        let counts = self.counts.clone();
        let kinds = self.expected_words(conn, words);
        let hands_out = self.captures.len() > captures.len() || self.challenges != challenges;
        (self.captures, self.doors) = (captures, doors);
        (self.serials, self.challenges) = (serials, challenges);
        self.counts = counts;
        let known: BTreeSet<&String> = self
            .captures
            .values()
            .chain(self.serials.values())
            .collect();
        let compared = kinds.into_iter().map(|kind| match kind {
            WordKind::Capture(name) if !known.contains(&name) => WordKind::Any,
            kind => kind,
        });
        (!hands_out).then(|| compared.collect())
    }

    /// A line that breaks a clause. Where it answers a request, any answer to that will do, and a
    /// refusal; where it does not, it need not come.
    fn perhaps(
        &self,
        conn: ConnId,
        clause: ClauseId,
        recorded: Expected,
        kinds: &[WordKind],
    ) -> Step {
        let expect = |what| {
            let action = Action::Expect(self.expected(conn, what));
            self.step(action, Some(clause))
        };
        let Some((verb, trid)) = self.request(conn).zip(kinds.get(1)) else {
            return Step {
                optional: true,
                ..expect(recorded)
            };
        };
        let words = vec![
            WordKind::Text(text(vec![Part::Literal(verb.as_str().into())])),
            trid.clone(),
        ];
        let any = Expected::Line {
            pattern: pattern(&format!("{verb} {{t}} ..."), words, true),
            payload: None,
        };
        let branches = [recorded, any, Expected::Refused].map(|what| vec![expect(what)]);
        self.step(Action::OneOf(branches.into()), None)
    }

    /// The verb of the request that the line now read answers, by its TrID.
    fn request(&self, conn: ConnId) -> Option<String> {
        let words = |at: usize| {
            let entry = self.transcript.entries().get(at)?;
            match (&entry.what, entry.conn == conn) {
                (What::Frame(party, frame), true) => Some((*party, frame)),
                _ => None,
            }
        };
        let (_, answer) = words(self.index)?;
        let trid = answer.words().nth(1)?;
        let mut before = (0..self.index).rev().filter_map(words);
        let (_, request) = before
            .find(|(party, frame)| *party == Party::Client && frame.words().nth(1) == Some(trid))?;
        String::from_utf8(request.verb().to_vec()).ok()
    }

    /// The capture for what the server hands out here; a new one for what was not seen before.
    fn capture(&mut self, kind: &'static str, value: &str) -> WordKind {
        if let Some(name) = self.captures.get(value.as_bytes()) {
            return WordKind::Capture(name.clone());
        }
        let name = self.fresh(kind);
        self.captures
            .insert(value.as_bytes().to_vec(), name.clone());
        WordKind::Capture(name)
    }

    fn serial(&mut self, conn: ConnId, value: &str) -> WordKind {
        let key = (self.participants.user(conn), value.as_bytes().to_vec());
        if let Some(name) = self.serials.get(&key) {
            return WordKind::Capture(name.clone());
        }
        let name = self.fresh("ser");
        self.serials.insert(key, name.clone());
        WordKind::Capture(name)
    }

    /// Whether the server refuses what the connection sends now.
    fn is_refused(&self, conn: ConnId) -> bool {
        let mut entries = self.transcript.entries().iter().skip(self.index);
        let asked = entries.next().and_then(|entry| match &entry.what {
            What::Frame(_, frame) => Some(frame.verb()),
            _ => None,
        });
        let mut answers = entries.filter(|entry| entry.conn == conn);
        answers.find_map(|entry| match &entry.what {
            What::Frame(Party::Server, frame) => Some(Some(frame.verb()) != asked),
            What::Closed(_) | What::Reset(_) => Some(true),
            _ => None,
        }) == Some(true)
    }

    fn fresh(&mut self, kind: &'static str) -> String {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        match *count {
            1 => kind.to_owned(),
            n => format!("{kind}{n}"),
        }
    }
}

/// The answers to challenges that the server has taken; `None` where it has challenged nobody.
fn taken(transcript: &Transcript) -> Option<BTreeSet<(ConnId, &[u8])>> {
    let latest = Dialect::latest();
    let entries = transcript.entries().iter();
    let said = entries.filter_map(|entry| match &entry.what {
        What::Frame(Party::Server, frame) => Some((entry.conn, frame, Verb::parse(frame.verb()))),
        _ => None,
    });
    let mut challenges = said.clone();
    challenges.find(|(.., verb)| latest.obliged(*verb).is_some())?;
    let answers = said.filter(|(.., verb)| latest.is_obliged(*verb));
    Some(
        answers
            .map(|(conn, frame, _)| (conn, trid_of(frame)))
            .collect(),
    )
}

fn trid_of(frame: &Frame) -> &[u8] {
    frame.words().nth(1).unwrap_or_default()
}

fn pattern(line: &str, kinds: Vec<WordKind>, rest: bool) -> LinePattern {
    LinePattern {
        text: line.to_owned(),
        at: Span::default(),
        words: kinds.into_iter().map(word).collect(),
        rest,
    }
}

fn word(kind: WordKind) -> WordPattern {
    WordPattern {
        at: Span::default(),
        kind,
    }
}

fn text(parts: Vec<Part>) -> Text {
    Text {
        at: Span::default(),
        parts: parts.into(),
    }
}

fn payload_of(bytes: &bytes::Bytes) -> Payload {
    match std::str::from_utf8(bytes) {
        Ok(plain) => Payload::Text(text(vec![Part::Literal(plain.into())])),
        Err(_) => Payload::Bytes(bytes[..].into()),
    }
}
