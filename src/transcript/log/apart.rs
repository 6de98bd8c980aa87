//! A stream that is really several connections, taken apart: a new offer of dialects, the login with
//! a cookie, the answer to an invitation each begin one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::protocol::{Direction, Param, Saying, ServerKind};
use crate::transcript::read::{Reading, conn_name};
use crate::transcript::record::{ConnId, ConnName, Mark, Party, Transcript, What};
use crate::wire::Frame;

/// So many words of a line are looked at.
const LOOKED_AT: usize = 8;
/// So many requests of a connection are remembered.
const MOST_ASKED: usize = 10_000;

/// Something that was said on a stream.
#[derive(Debug)]
pub(super) struct Utterance {
    /// The name of the stream in the log; empty where there is one alone.
    pub(super) stream: String,
    pub(super) place: (usize, usize),
    pub(super) at: Duration,
    pub(super) what: What,
    pub(super) mark: Option<Mark>,
}

/// A part of a stream: one connection.
#[derive(Debug)]
struct Part {
    kind: ServerKind,
    /// It is seen from its beginning.
    is_whole: bool,
    is_over: bool,
    /// The verbs and numbers of its requests.
    asked: BTreeSet<(Vec<u8>, Vec<u8>)>,
    numbers: BTreeSet<Vec<u8>>,
    people: BTreeSet<Vec<u8>>,
    /// Lines were given to it that may be another's.
    is_doubtful: bool,
    /// Who logs in on it.
    user: Option<Vec<u8>>,
    /// It was seen to end: the client left, was sent elsewhere, or hung up.
    is_ended: bool,
    /// The last number of a request.
    last: u64,
    used: usize,
}

#[derive(Debug, Default)]
struct Stream {
    parts: Vec<Part>,
    clock: usize,
    /// Several people speak on it at once, and nothing tells who.
    is_mixed: bool,
}

/// Which part of its stream a line belongs to, and whether it may be another's.
#[derive(Debug, Clone, Copy)]
struct Belongs {
    part: usize,
    is_doubtful: bool,
}

impl Stream {
    fn open(&mut self, kind: ServerKind, is_whole: bool) -> usize {
        self.clock += 1;
        self.parts.push(Part {
            kind,
            is_whole,
            is_over: false,
            asked: BTreeSet::new(),
            numbers: BTreeSet::new(),
            people: BTreeSet::new(),
            is_doubtful: false,
            user: None,
            is_ended: false,
            last: 0,
            used: self.clock,
        });
        self.parts.len() - 1
    }

    fn take(&mut self, what: &What) -> Belongs {
        let belongs = match what {
            What::Frame(Party::Client, frame) => self.asked(frame),
            What::Frame(Party::Server, frame) => self.told(frame),
            What::Opened(_) => Belongs {
                part: self.open(ServerKind::Notification, true),
                is_doubtful: false,
            },
            _ => self.latest(|_| true),
        };
        self.clock += 1;
        if let Some(part) = self.parts.get_mut(belongs.part) {
            part.used = self.clock;
            let is_end = matches!(what, What::Closed(_) | What::Reset(_));
            part.is_over |= is_end;
            part.is_ended |= is_end;
        }
        belongs
    }

    /// The part that was used last, of those that fit; a new one where there is none.
    fn latest(&mut self, fits: impl Fn(&Part) -> bool) -> Belongs {
        let mut fitting: Vec<(usize, &Part)> = self.parts.iter().enumerate().collect();
        fitting.retain(|(_, part)| fits(part));
        let alive = fitting.iter().filter(|(_, part)| !part.is_over).count();
        let best = fitting
            .iter()
            .max_by_key(|(_, part)| (!part.is_over, part.used));
        match best.map(|(at, _)| *at) {
            Some(part) => Belongs {
                part,
                is_doubtful: alive > 1,
            },
            None => Belongs {
                part: self.open(ServerKind::Notification, false),
                is_doubtful: false,
            },
        }
    }

    fn of_kind(&mut self, kind: ServerKind) -> Belongs {
        let is_board = kind == ServerKind::Switchboard;
        let is_own = |part: &Part| (part.kind == ServerKind::Switchboard) == is_board;
        if self.parts.iter().any(is_own) {
            return self.latest(is_own);
        }
        Belongs {
            part: self.open(kind, false),
            is_doubtful: false,
        }
    }

    fn asked(&mut self, frame: &Frame) -> Belongs {
        let words: Vec<&[u8]> = frame.words().take(LOOKED_AT).collect();
        let said = Saying::of(Direction::ToServer, &words);
        let belongs = match said {
            Some(said) if said.row.negotiates() => {
                // What is spoken on before it is over.
                for part in &mut self.parts {
                    part.is_over |= part.kind != ServerKind::Switchboard;
                }
                let part = self.open(ServerKind::Notification, true);
                Belongs {
                    part,
                    is_doubtful: false,
                }
            }
            Some(said) if said.is_entry() => {
                let part = self.open(ServerKind::Switchboard, true);
                Belongs {
                    part,
                    is_doubtful: false,
                }
            }
            Some(said) => match only_kind(&said) {
                Some(kind) => self.of_kind(kind),
                None => self.latest(|_| true),
            },
            None => self.latest(|_| true),
        };
        self.watch(belongs.part, said, &words);
        if let Some(part) = self.parts.get_mut(belongs.part) {
            if let [verb, trid, ..] = words[..]
                && part.asked.len() < MOST_ASKED
            {
                part.asked.insert((verb.to_vec(), trid.to_vec()));
                part.numbers.insert(trid.to_vec());
            }
            if let Some(handle) = said.and_then(|said| said.get(Param::Handle)) {
                part.people.insert(handle.to_ascii_lowercase());
            }
            let is_farewell = said.is_some_and(|said| said.is_farewell());
            part.is_over |= is_farewell;
            part.is_ended |= is_farewell;
        }
        belongs
    }

    /// Whether somebody else speaks too: another logs in while the first was not seen to leave, or
    /// the numbers of requests fall.
    fn watch(&mut self, at: usize, said: Option<Saying<'_>>, words: &[&[u8]]) {
        let is_board = |part: &Part| part.kind == ServerKind::Switchboard;
        let others = || {
            let all = self.parts.iter().enumerate();
            all.filter(|(own, part)| *own != at && !is_board(part) && !part.is_ended)
        };
        let user = said
            .filter(Saying::is_login)
            .and_then(|said| said.get(Param::Handle));
        let user = user.map(<[u8]>::to_ascii_lowercase);
        let is_another = |part: &Part| user.is_some() && part.user.is_some() && part.user != user;
        let trid = words
            .get(1)
            .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        let own = self.parts.get(at).filter(|part| !is_board(part));
        let falls = own
            .zip(trid)
            .is_some_and(|(part, trid): (&Part, u64)| trid < part.last);
        let is_asked = |part: &Part| {
            words
                .first()
                .zip(words.get(1))
                .is_some_and(|(verb, trid)| part.asked.contains(&(verb.to_vec(), trid.to_vec())))
        };
        let is_twice = own.is_some_and(is_asked);
        self.is_mixed |= others().any(|(_, part)| is_another(part) || falls || is_twice);
        if let Some(part) = self.parts.get_mut(at) {
            part.user = user.or(part.user.take());
            part.last = trid.unwrap_or(part.last);
        }
    }

    fn told(&mut self, frame: &Frame) -> Belongs {
        let words: Vec<&[u8]> = frame.words().take(LOOKED_AT).collect();
        let said = Saying::of(Direction::ToClient, &words);
        let is_answer = |part: &Part| match words[..] {
            [verb, trid, ..] => {
                let is_code = verb.iter().all(u8::is_ascii_digit);
                part.asked.contains(&(verb.to_vec(), trid.to_vec()))
                    || (is_code && part.numbers.contains(trid))
            }
            _ => false,
        };
        let kind = said.as_ref().and_then(only_kind);
        let is_kind = |part: &Part| {
            let is_board = part.kind == ServerKind::Switchboard;
            kind.is_none_or(|kind| is_board == (kind == ServerKind::Switchboard))
        };
        let handle =
            said.and_then(|said| said.get(Param::Handle).or_else(|| said.get(Param::Sender)));
        let handle = handle.map(<[u8]>::to_ascii_lowercase);
        let is_met = |part: &Part| {
            let is_board = part.kind == ServerKind::Switchboard;
            is_board
                && handle
                    .as_ref()
                    .is_some_and(|handle| part.people.contains(handle))
        };
        let has = |stream: &Self, test: &dyn Fn(&Part) -> bool| {
            let mut alive = stream.parts.iter().filter(|part| !part.is_over);
            alive.any(|part| is_kind(part) && test(part))
        };
        let belongs = if has(self, &is_answer) {
            let found = self.latest(|part| is_kind(part) && is_answer(part));
            Belongs {
                is_doubtful: false,
                ..found
            }
        } else if has(self, &is_met) {
            self.latest(|part| is_kind(part) && is_met(part))
        } else {
            match kind {
                Some(kind) => self.of_kind(kind),
                None if said.is_some_and(|said| said.row.is_spoken()) => {
                    let is_service = handle.as_ref().is_some_and(|it| !it.contains(&b'@'));
                    let has_board = self
                        .parts
                        .iter()
                        .any(|it| it.kind == ServerKind::Switchboard);
                    let is_board = has_board && !is_service;
                    self.of_kind(if is_board {
                        ServerKind::Switchboard
                    } else {
                        ServerKind::Notification
                    })
                }
                None => self.latest(|_| true),
            }
        };
        if let (Some(part), Some(handle)) = (self.parts.get_mut(belongs.part), handle)
            && part.kind == ServerKind::Switchboard
        {
            part.people.insert(handle);
        }
        if let Some(said) = said
            && said.get(Param::Address).is_some()
            && said.get(Param::Cookie).is_none()
            && let Some(part) = self.parts.get_mut(belongs.part)
        {
            part.kind = ServerKind::Dispatch;
            part.is_ended = true;
        }
        belongs
    }
}

/// The kind of server that a line is of, where it is of one: dispatch and notification are one here.
fn only_kind(said: &Saying<'_>) -> Option<ServerKind> {
    if said.is_for(ServerKind::Switchboard) {
        let is_both = said.is_for(ServerKind::Notification);
        (!is_both).then_some(ServerKind::Switchboard)
    } else {
        Some(ServerKind::Notification)
    }
}

/// Makes a transcript of what was said on streams.
pub(super) fn built(utterances: Vec<Utterance>, notes: &mut Vec<String>) -> Reading {
    let mut streams: BTreeMap<String, Stream> = BTreeMap::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let belongs: Vec<Belongs> = utterances
        .iter()
        .map(|utterance| {
            let next = numbers.len() + 1;
            numbers.entry(utterance.stream.clone()).or_insert(next);
            let stream = streams.entry(utterance.stream.clone()).or_default();
            stream.take(&utterance.what)
        })
        .collect();
    let is_mixed = streams.iter().filter(|(_, stream)| stream.is_mixed);
    let mixed: BTreeSet<String> = is_mixed.map(|(name, _)| name.clone()).collect();
    let mut transcript = Transcript::with_capacity(utterances.len());
    let mut places = Vec::with_capacity(utterances.len());
    let mut conns: HashMap<(String, usize), ConnId> = HashMap::new();
    let mut doubts = 0;
    for (utterance, belongs) in utterances.into_iter().zip(belongs) {
        let Some(part) = streams
            .get_mut(&utterance.stream)
            .and_then(|stream| stream.parts.get_mut(belongs.part))
        else {
            continue;
        };
        let number = numbers.get(&utterance.stream).copied().unwrap_or(1);
        let key = (utterance.stream.clone(), belongs.part);
        let conn = *conns.entry(key).or_insert_with(|| {
            let conn = transcript.connect(named(&utterance.stream, number, part.kind), part.kind);
            if part.is_whole && !matches!(utterance.what, What::Opened(_)) {
                transcript.record(utterance.at, conn, What::Opened(String::new()));
                places.push((0, 0));
            }
            conn
        });
        if (belongs.is_doubtful || mixed.contains(&utterance.stream)) && !part.is_doubtful {
            part.is_doubtful = true;
            doubts += usize::from(belongs.is_doubtful && !mixed.contains(&utterance.stream));
            transcript.record(utterance.at, conn, What::Missing(Party::Server, 0));
            places.push((0, 0));
        }
        transcript.record_marked(utterance.at, conn, utterance.what, utterance.mark);
        places.push(utterance.place);
    }
    if !mixed.is_empty() {
        notes.push(
            "several people speak in one stream, and nothing tells who: it is not judged"
                .to_owned(),
        );
    }
    let split: usize = streams
        .values()
        .map(|stream| stream.parts.len().saturating_sub(1))
        .sum();
    if split > 0 {
        notes.push(format!(
            "one stream holds several connections: taken apart into {}",
            split + streams.len()
        ));
    }
    if doubts > 0 {
        notes.push(format!(
            "{doubts} of them cannot be told apart from others that are open at the same time: from \
             there on they are not judged"
        ));
    }
    Reading { transcript, places }
}

/// The name of a connection: that of its stream, where it is a name as people write them.
fn named(stream: &str, number: usize, kind: ServerKind) -> ConnName {
    let label = match kind {
        ServerKind::Switchboard => "sb",
        ServerKind::Dispatch => "ds",
        ServerKind::Notification => ConnName::DEFAULT,
    };
    let own = stream.split('#').next().unwrap_or_default();
    let (user, rest) = own.split_once('@').unwrap_or((own, ""));
    let is_plain = |text: &str| {
        text.chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    let begins = user
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic());
    let is_name = begins && is_plain(user) && is_plain(rest) && user.len() <= 32;
    match (is_name, rest) {
        (true, "") => ConnName::new(user, label),
        (true, _) => conn_name(own),
        (false, _) => ConnName::new(format!("c{number}"), label),
    }
}

/// Whether nobody has given a connection a name.
pub(super) fn is_nameless(transcript: &Transcript, conn: ConnId) -> bool {
    transcript.connection(conn).is_some_and(|conn| {
        let digits = conn.name.user().strip_prefix('c').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The same for a transcript that was read: connections without a name that are several.
pub(super) fn one_by_one(reading: Reading, notes: &mut Vec<String>) -> Reading {
    let is_nameless = |conn: ConnId| is_nameless(&reading.transcript, conn);
    let entries = reading.transcript.entries();
    let mut streams: HashMap<ConnId, Stream> = HashMap::new();
    for (entry, place) in entries.iter().zip(&reading.places) {
        let is_made_up = matches!(&entry.what, What::Opened(_)) && *place == (0, 0);
        if is_nameless(entry.conn) && !is_made_up {
            streams.entry(entry.conn).or_default().take(&entry.what);
        }
    }
    if streams.values().all(|stream| stream.parts.len() < 2) {
        return reading;
    }
    if !entries.iter().all(|entry| is_nameless(entry.conn)) {
        return reading;
    }
    let all = entries.iter().zip(&reading.places);
    let all =
        all.filter(|(entry, place)| !(matches!(&entry.what, What::Opened(_)) && **place == (0, 0)));
    let utterances = all.map(|(entry, place)| Utterance {
        stream: reading
            .transcript
            .connection(entry.conn)
            .map_or_else(String::new, |conn| conn.name.user().to_string()),
        place: *place,
        at: entry.at,
        what: entry.what.clone(),
        mark: entry.mark,
    });
    built(utterances.collect(), notes)
}
