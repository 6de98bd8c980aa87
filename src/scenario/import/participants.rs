//! Who takes part in a transcript, and whose connection is which.

use std::collections::BTreeMap;

use crate::diagnostic::Span;
use crate::protocol::{Asked, Direction, Param, Rung, Saying, ServerKind};
use crate::scenario::ast::{Fixture, Stage, User};
use crate::scenario::parse::RESERVED;
use crate::transcript::{ConnId, ConnName, Party, Transcript, What};
use crate::wire::Frame;

/// Somebody.
#[derive(Debug)]
struct Person {
    handle: Vec<u8>,
    /// The name in the scenario.
    id: String,
    /// The friendly name of the account, encoded.
    name: Option<Vec<u8>>,
}

/// A connection.
#[derive(Debug, Clone)]
struct Part {
    user: usize,
    name: ConnName,
    is_board: bool,
    cookie: Option<Vec<u8>>,
}

/// The people of a transcript and their connections.
#[derive(Debug)]
pub(super) struct Participants {
    people: Vec<Person>,
    parts: Vec<Part>,
    /// Handles that no account has: the server said so.
    nobodies: Vec<Vec<u8>>,
}

/// What the first lines of a connection say of it.
#[derive(Debug, Default, Clone)]
struct Hint {
    handle: Option<Vec<u8>>,
    /// The TrID with which the handle was first said.
    claim: Vec<u8>,
    cookie: Option<Vec<u8>>,
    is_board: bool,
    /// It was referred to another server.
    is_dispatch: bool,
}

impl Participants {
    pub(super) fn of(transcript: &Transcript) -> Self {
        let mut participants = Self {
            people: Vec::new(),
            parts: Vec::new(),
            nobodies: Vec::new(),
        };
        let mut hints = vec![Hint::default(); transcript.connections().len()];
        let mut asked: BTreeMap<(ConnId, Vec<u8>), Vec<u8>> = BTreeMap::new();
        for entry in transcript.entries() {
            let Some(hint) = hints.get_mut(entry.conn.0) else {
                continue;
            };
            match &entry.what {
                What::Frame(Party::Client, frame) => {
                    hint.client(frame);
                    if let Some((trid, handle)) = contact(frame) {
                        asked.insert((entry.conn, trid), handle);
                    }
                }
                What::Frame(Party::Server, frame) => {
                    let asked = |trid: &[u8]| asked.remove(&(entry.conn, trid.to_vec()));
                    participants.hear(hint, frame, asked);
                }
                _ => {}
            }
        }
        for hint in hints.iter().filter_map(|hint| hint.handle.as_ref()) {
            participants.person(hint);
        }
        let mut labels: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for (conn, hint) in transcript.connections().iter().zip(&hints) {
            let user = match &hint.handle {
                Some(handle) => participants.person(handle),
                None => participants.stranger(conn.name.user()),
            };
            let is_board = hint.is_board || conn.kind == ServerKind::Switchboard;
            let is_dispatch = hint.is_dispatch || conn.kind == ServerKind::Dispatch;
            let label = match (is_board, is_dispatch) {
                (true, _) => "sb",
                (false, true) => "ds",
                (false, false) => ConnName::DEFAULT,
            };
            let count = labels.entry((user, label)).or_default();
            *count += 1;
            let label = match *count {
                1 => label.to_owned(),
                n => format!("{label}{n}"),
            };
            let id = participants
                .people
                .get(user)
                .map_or("alice", |person| &person.id);
            participants.parts.push(Part {
                user,
                name: ConnName::new(id, label),
                is_board,
                cookie: hint.cookie.clone(),
            });
        }
        participants
    }

    fn named(&mut self, handle: &[u8], name: &[u8]) {
        let at = self.person(handle);
        if let Some(person) = self.people.get_mut(at) {
            person.name.get_or_insert_with(|| name.to_vec());
        }
    }

    /// The number of the person with this handle; a new one where nobody has it.
    fn person(&mut self, handle: &[u8]) -> usize {
        if let Some(at) = self.find(handle) {
            return at;
        }
        let local = handle
            .split(|byte| *byte == b'@')
            .next()
            .unwrap_or_default();
        let id = self.free_id(&String::from_utf8_lossy(local));
        self.people.push(Person {
            handle: handle.to_vec(),
            id,
            name: None,
        });
        self.people.len() - 1
    }

    /// Somebody who never says who it is.
    fn stranger(&mut self, name: &str) -> usize {
        let known = self.people.iter().position(|person| person.id == name);
        known.unwrap_or_else(|| {
            let id = self.free_id(name);
            self.people.push(Person {
                handle: Vec::new(),
                id,
                name: None,
            });
            self.people.len() - 1
        })
    }

    /// A name for a user that nobody has: letters and digits, a letter first.
    fn free_id(&self, wanted: &str) -> String {
        let plain = wanted.chars().filter(char::is_ascii_alphanumeric);
        let mut base: String = plain.take(16).collect::<String>().to_ascii_lowercase();
        if !base.starts_with(|first: char| first.is_ascii_alphabetic()) {
            base.insert_str(0, "user");
        }
        if RESERVED.contains(&base.as_str()) {
            base.insert_str(0, "user");
        }
        let is_free = |id: &String| self.people.iter().all(|person| person.id != *id);
        let mut candidates = (1..).map(|n: usize| match n {
            1 => base.clone(),
            n => format!("{base}x{n}"),
        });
        candidates.find(is_free).unwrap_or_default()
    }

    fn find(&self, handle: &[u8]) -> Option<usize> {
        let is_it =
            |person: &Person| !handle.is_empty() && person.handle.eq_ignore_ascii_case(handle);
        self.people.iter().position(is_it)
    }

    /// The name in the scenario of whoever has this handle.
    pub(super) fn id_of(&self, handle: &[u8]) -> Option<&str> {
        let at = self.find(handle)?;
        self.people.get(at).map(|person| person.id.as_str())
    }

    /// The name in the scenario of whoever has this handle, where this is the account's name.
    pub(super) fn id_by_name(&self, handle: &[u8], name: &[u8]) -> Option<&str> {
        let person = self.people.get(self.find(handle)?)?;
        (person.name.as_deref() == Some(name)).then_some(person.id.as_str())
    }

    /// Whether the user's handle was first spelled so.
    pub(super) fn spells(&self, id: &str, handle: &[u8]) -> bool {
        let mut people = self.people.iter();
        people.any(|person| person.id == id && person.handle == handle)
    }

    /// Whether the server knows nobody of this handle.
    pub(super) fn is_nobody(&self, handle: &[u8]) -> bool {
        self.nobodies.iter().any(|known| known == handle)
    }

    pub(super) fn user(&self, conn: ConnId) -> usize {
        self.parts.get(conn.0).map_or(0, |part| part.user)
    }

    /// The name in the scenario of a connection's user.
    pub(super) fn id(&self, conn: ConnId) -> String {
        let person = self.people.get(self.user(conn));
        person.map_or_else(|| "alice".to_owned(), |person| person.id.clone())
    }

    pub(super) fn conn_name(&self, conn: ConnId) -> ConnName {
        let part = self.parts.get(conn.0);
        part.map_or_else(
            || ConnName::new("alice", ConnName::DEFAULT),
            |part| part.name.clone(),
        )
    }

    /// Learns from a line of the server; `asked` gives the handle that a request was about.
    fn hear(
        &mut self,
        hint: &mut Hint,
        frame: &Frame,
        asked: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) {
        let words: Vec<&[u8]> = frame.words().take(8).collect();
        let said = Saying::of(Direction::ToClient, &words);
        let value = |param| said.and_then(|said| said.get(param));
        if said.is_some_and(|said| said.is_welcome())
            && let (Some(handle), Some(name)) = (value(Param::Handle), value(Param::Name))
        {
            self.named(handle, name);
            return;
        }
        if value(Param::Address).is_some() && value(Param::Cookie).is_none() {
            hint.is_dispatch = true;
            return;
        }
        match words[..] {
            [b"911" | b"206" | b"201", trid] if trid == hint.claim => {
                // Nobody's handle, or none at all.
                hint.handle = None;
            }
            [b"205", trid] => self.nobodies.extend(asked(trid)),
            [verb, trid, ..] => {
                // Offline (217) is somebody; what draws another error may be no handle.
                let is_somebody = verb == b"217" || !verb.starts_with(b"2");
                if let Some(handle) = asked(trid).filter(|_| is_somebody) {
                    self.person(&handle);
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_board(&self, conn: ConnId) -> bool {
        self.parts.get(conn.0).is_some_and(|part| part.is_board)
    }

    /// The cookie with which a connection joins a session.
    pub(super) fn cookie(&self, conn: ConnId) -> Option<&[u8]> {
        self.parts.get(conn.0)?.cookie.as_deref()
    }

    /// The people, each with how far they have come before the first step.
    pub(super) fn into_users(self, midway: &BTreeMap<usize, Stage>) -> Vec<User> {
        let user = |(at, person): (usize, Person)| User {
            name: person.id,
            at: Span::default(),
            fixture: Fixture {
                stage: midway.get(&at).cloned().unwrap_or_default(),
                ..Fixture::default()
            },
        };
        self.people.into_iter().enumerate().map(user).collect()
    }
}

impl Hint {
    fn client(&mut self, frame: &Frame) {
        let words: Vec<&[u8]> = frame.words().take(8).collect();
        let asked = Saying::of(Direction::ToServer, &words);
        let Some(asked) = asked.filter(|_| self.handle.is_none()) else {
            return;
        };
        let handle = asked.get(Param::Handle).map(<[u8]>::to_vec);
        if asked.is_login() {
            self.handle = handle;
            self.claim = words.get(1).map(|trid| trid.to_vec()).unwrap_or_default();
        } else if asked.is_entry() {
            self.is_board = true;
            self.handle = handle;
            self.cookie = asked.get(Param::Cookie).map(<[u8]>::to_vec);
        }
    }
}

/// The TrID and the handle of a command about somebody else.
fn contact(frame: &Frame) -> Option<(Vec<u8>, Vec<u8>)> {
    let words: Vec<&[u8]> = frame.words().take(8).collect();
    let asked = Saying::of(Direction::ToServer, &words)?;
    let of_others = |asked: Asked| asked.effect.is_of_entries() || asked.rung == Some(Rung::Cal);
    let is_other = asked.row.asked.is_some_and(of_others);
    let handle = is_other.then(|| asked.get(Param::Handle))??;
    let trid = words.get(1)?;
    handle
        .contains(&b'@')
        .then(|| (trid.to_vec(), handle.to_vec()))
}
