//! Goes through a transcript with a model at hand.

use std::time::Duration;

use super::hear::{TrId, describe, is_error, is_line};
use super::lines::{Answer, Lines, Words, cookie_of, key_of, verb};
use super::people::People;
use super::{MODEL, Sight as Scope, Watched, observed};
use crate::engine::Outcome;
use crate::model::{
    Command, ConnId as Conn, Fitness, Line, Model, Names, Phase, ReplyKind, Said, Sights, State,
    Target, Transition,
};
use crate::oracle::Finding;
use crate::protocol::{
    ClauseId, Dialect, LineRow, Message, PACKAGE, Param, ServerKind, Verb, is_dialect,
};
use crate::rules::Truth;
use crate::transcript::{ConnId, Entry, Party, Transcript, What, escape};
use crate::wire::Frame;

/// A server may close a connection that has said nothing for so long.
const IDLE: Duration = Duration::from_secs(20);
/// In memory what has not come for so long does not come.
const LATE: Duration = Duration::from_secs(1);

/// A line that was caused and has not come yet.
#[derive(Debug, Clone, Copy)]
struct Pending<'t> {
    line: Line,
    /// The state in it is not known.
    is_any_state: bool,
    is_due: bool,
    /// It follows from what was said on the same connection.
    is_own: bool,
    clause: ClauseId,
    trid: &'t [u8],
    /// The entry that shows that it was caused.
    since: usize,
}

/// A connection.
#[derive(Debug, Default)]
pub(super) struct Link<'t> {
    pub(super) conn: Option<Conn>,
    /// Its entries, by place in the transcript.
    pub(super) entries: Vec<usize>,
    /// The server ended it here.
    pub(super) end: Option<usize>,
    /// USR or ANS was answered with OK here.
    pub(super) entered: Option<usize>,
    pool: Vec<Pending<'t>>,
    /// Since this entry any line may come.
    open_since: Option<usize>,
    last: Duration,
}

/// A command that is being judged.
#[derive(Clone, Copy)]
pub(super) struct Request<'t> {
    pub(super) at: usize,
    pub(super) link: usize,
    pub(super) conn: Conn,
    pub(super) command: Command,
    pub(super) trid: &'t [u8],
    pub(super) is_plain: bool,
}

/// Goes through a transcript with a model at hand.
pub(super) struct Watcher<'t> {
    pub(super) transcript: &'t Transcript,
    pub(super) lines: &'t Lines<'t>,
    scope: Scope,
    begins: usize,
    pub(super) people: People<'t>,
    pub(super) model: Model,
    pub(super) links: Vec<Link<'t>>,
    /// The link of each connection of the model.
    of_model: Vec<usize>,
    /// By entry: the request that it answers, counted from 1.
    pub(super) claims: Vec<u32>,
    /// By entry: the TrID under which it is a request, or may answer one.
    pub(super) keys: Vec<Option<TrId<'t>>>,
    watched: Watched,
    transitions: Vec<Transition>,
    finding: Option<Finding>,
    is_mute: bool,
}

impl<'t> Watcher<'t> {
    pub(super) fn new(outcome: &'t Outcome, lines: &'t Lines<'t>, scope: Scope) -> Self {
        let transcript = &outcome.transcript;
        let dialect = outcome.dialect;
        let mut people = People::new(&outcome.accounts, dialect);
        let target = Target {
            dialect,
            // What the draft leaves out, a server need not have.
            extras: scope == Scope::Whole,
            refers: Truth::Maybe,
        };
        let mut model = Model::new(people.count(), target);
        if scope == Scope::Partial {
            model.forget_lists();
        }
        let key = |(at, entry): (usize, &'t Entry)| match &entry.what {
            What::Frame(Party::Server, _) => key_of(dialect, lines.words(at)).map(TrId::of),
            What::Frame(Party::Client, _) => lines.words(at).get(1).map(|word| TrId::of(word)),
            _ => None,
        };
        let mut links: Vec<Link<'t>> = Vec::new();
        links.resize_with(transcript.connections().len(), Link::default);
        for (at, entry) in transcript.entries().iter().enumerate() {
            let Some(link) = links.get_mut(entry.conn.0) else {
                continue;
            };
            link.entries.push(at);
            match &entry.what {
                What::Closed(Party::Server) | What::Reset(Party::Server) => link.end = Some(at),
                What::Frame(Party::Server, _) => {
                    let words = lines.words(at);
                    if dialect.lets_in(words.iter().copied()) {
                        link.entered = Some(at);
                        if let [_, _, _, handle, name, ..] = words {
                            people.meet(handle, name);
                        }
                    }
                }
                _ => {}
            }
        }
        Self {
            transcript,
            lines,
            scope,
            begins: outcome.prepared,
            people,
            model,
            links,
            of_model: Vec::new(),
            claims: vec![0; transcript.entries().len()],
            keys: transcript.entries().iter().enumerate().map(key).collect(),
            watched: Watched::default(),
            transitions: Vec::new(),
            finding: None,
            is_mute: false,
        }
    }

    /// What came of it, what the connections went through, and the first thing that the model does
    /// not allow.
    pub(super) fn run(mut self) -> (Watched, Vec<Transition>, Option<Finding>) {
        let transcript = self.transcript;
        for (at, entry) in transcript.entries().iter().enumerate() {
            if self.is_mute {
                self.count_unwatched(at, entry);
            } else {
                self.entry(at, entry);
            }
        }
        self.transitions.sort_unstable();
        self.transitions.dedup();
        (self.watched, self.transitions, self.finding)
    }

    fn count_unwatched(&mut self, at: usize, entry: &Entry) {
        match entry.what {
            _ if at < self.begins => {}
            What::Frame(Party::Server, _) => self.watched.lines += 1,
            What::Frame(Party::Client, _) | What::Raw(Party::Client, _) => {
                self.watched.unclear += 1;
            }
            _ => {}
        }
    }

    fn entry(&mut self, at: usize, entry: &'t Entry) {
        let place = entry.conn.0;
        if let What::Opened(_) = entry.what {
            self.opened(entry);
            return;
        }
        let Some(conn) = self.links.get(place).and_then(|link| link.conn) else {
            return;
        };
        match &entry.what {
            What::Opened(_) => {}
            What::Frame(Party::Client, frame) => self.said(at, place, conn, frame),
            What::Raw(Party::Client, bytes) => {
                self.raw(at, place, conn, bytes);
            }
            What::Closed(Party::Client) | What::Reset(Party::Client) => {
                self.await_in_vain(at, place, entry.at);
                let sights = self.model.close(conn);
                self.expect(at, conn, &sights, at, b"");
            }
            What::Frame(Party::Server, frame) => self.heard(at, place, conn, frame),
            What::Raw(Party::Server, _) | What::Missing(..) => self.is_mute = true,
            What::Closed(Party::Server) | What::Reset(Party::Server) => {
                self.ended(at, place, conn, entry.at);
            }
        }
        if let Some(link) = self.links.get_mut(place) {
            link.last = entry.at;
        }
    }

    fn opened(&mut self, entry: &Entry) {
        let Some(kind) = self.transcript.connection(entry.conn).map(|c| c.kind) else {
            return;
        };
        let conn = self.model.open(kind);
        self.of_model.push(entry.conn.0);
        if let Some(link) = self.links.get_mut(entry.conn.0) {
            (link.conn, link.last) = (Some(conn), entry.at);
        }
    }

    fn count(&mut self, at: usize, fitness: Fitness) {
        let entry = self.transcript.entries().get(at);
        let is_own = entry.is_some_and(|entry| entry.mark.is_some());
        if at >= self.begins && !is_own {
            match fitness {
                Fitness::Wild => self.watched.impossible += 1,
                Fitness::Fitting | Fitness::Refused => self.watched.possible += 1,
            }
        }
    }

    fn raw(&mut self, at: usize, place: usize, conn: Conn, bytes: &[u8]) {
        self.count(at, Fitness::Wild);
        let request = Request {
            at,
            link: place,
            conn,
            command: Command::Hostile,
            trid: b"",
            is_plain: false,
        };
        self.note(&request, &Answer::new(), false);
        self.distrust(at, place, conn, bytes);
    }

    /// Bytes of which nobody can say what they are to the server. Without a login, an entry or a
    /// cookie behind them they concern their connection alone.
    pub(super) fn distrust(&mut self, at: usize, place: usize, conn: Conn, bytes: &[u8]) {
        if self.model.phase(conn) == Phase::Closed {
            return;
        }
        if self.model.user_of(conn).is_some() {
            self.lose_sight(at, conn, Command::Hostile);
            return;
        }
        let link = self.links.get(place);
        let is_entered = link.is_some_and(|link| link.entered.is_some());
        let is_key = self.model.door(conn) == Some(ServerKind::Switchboard)
            && (is_entered || self.people.hold_cookie(bytes));
        if is_key {
            self.lose_sight(at, conn, Command::Hostile);
        } else if is_entered {
            self.is_mute = true;
        } else {
            self.model.distrust(conn);
        }
    }

    fn lose_sight(&mut self, at: usize, conn: Conn, command: Command) {
        let sights = self.model.step(conn, command).sights;
        self.expect(at, conn, &sights, usize::MAX, b"");
    }

    fn said(&mut self, at: usize, place: usize, conn: Conn, frame: &'t Frame) {
        if self.model.phase(conn) == Phase::Closed {
            return;
        }
        let words = self.words(at);
        let said = self.model.read(conn, frame, words, &mut self.people);
        let is_clear = self.model.phase(conn) != Phase::Unclear;
        if !is_clear {
            self.watched.unclear += u64::from(at >= self.begins);
            self.distrust(at, place, conn, &frame.line);
            return;
        }
        let (command, is_plain) = match said {
            Said::Plainly(command) => (command, true),
            Said::Perhaps(command) => (command, false),
            Said::Unknown => (Command::Hostile, false),
        };
        let mut request = Request {
            at,
            link: place,
            conn,
            command,
            trid: words.get(1).copied().unwrap_or_default(),
            is_plain,
        };
        let answer = self.answer(&request);
        if command == Command::Hostile {
            self.count(at, Fitness::Wild);
            self.note(&request, &answer, false);
            self.distrust(at, place, conn, &frame.line);
            return;
        }
        let first = answer.first().map(|first| self.words(*first));
        let third = first.and_then(|words| words.get(2).copied());
        let dialect = self.model.dialect();
        let is_obliged = |words| dialect.is_obliged(Verb::parse(verb(words)));
        let is_taken = first.is_some_and(is_obliged);
        match request.command {
            Command::Qry { .. } if is_taken => request.command = Command::Qry { right: true },
            Command::UsrS { .. } if third == Some(b"OK") => {
                request.command = Command::UsrS { right: true };
            }
            Command::Ver(_) if third.is_some_and(|word| is_other(word, self.model.dialect())) => {
                self.is_mute = true;
                return;
            }
            _ => {}
        }
        let replies = self.model.replies(conn, request.command);
        self.count(at, Model::fitness_of(&replies));
        self.judge(&request, &replies, &answer);
    }

    /// Notes what a command was answered with in its state.
    pub(super) fn note(&mut self, request: &Request<'t>, answer: &Answer, is_silent: bool) {
        let phase = self.model.phase(request.conn);
        let first = answer.first().map(|first| self.words(*first));
        let reply = match first {
            Some(words) if is_error(words) => {
                let digits = verb(words).iter().map(|digit| u16::from(digit - b'0'));
                ReplyKind::Error(digits.fold(0, |code, digit| code * 10 + digit))
            }
            Some(_) => ReplyKind::Ok,
            None if self.is_end(request) => ReplyKind::Close,
            None if is_silent => ReplyKind::Silence,
            None => return,
        };
        if !matches!(phase, Phase::Unclear | Phase::NsUnsure | Phase::SbUnsure) {
            self.transitions.push(Transition {
                phase,
                command: request.command.name(),
                reply,
            });
        }
    }

    /// The words of an entry.
    pub(super) fn words(&self, at: usize) -> Words<'t> {
        self.lines.words(at)
    }

    pub(super) fn frame(&self, at: usize) -> Option<&'t Frame> {
        match &self.transcript.entries().get(at)?.what {
            What::Frame(_, frame) => Some(frame),
            _ => None,
        }
    }

    /// What a command has caused may come from now on.
    pub(super) fn expect(
        &mut self,
        at: usize,
        cause: Conn,
        sights: &Sights,
        since: usize,
        trid: &'t [u8],
    ) {
        for sight in &sights.list {
            let link = self.of_model.get(sight.conn.index()).copied();
            if let Some(link) = link.and_then(|link| self.links.get_mut(link)) {
                let is_any_state = match sight.line {
                    Line::Iln(user, ..) | Line::Nln(user, ..) => {
                        self.model.state_of(user).is_none()
                    }
                    _ => false,
                };
                link.pool.push(Pending {
                    line: sight.line,
                    is_any_state,
                    is_own: sight.conn == cause,
                    is_due: sight.duty == crate::model::Duty::Must && !sights.is_open,
                    clause: sight.clause,
                    trid,
                    since,
                });
            }
        }
        // Nobody else hears of a connection that never was anybody's.
        let is_anybody = self.model.user_of(cause).is_some()
            || self.model.door(cause) == Some(ServerKind::Switchboard);
        if sights.is_open && is_anybody {
            for link in &mut self.links {
                link.open_since = Some(since.max(at));
            }
        }
    }

    fn heard(&mut self, at: usize, place: usize, conn: Conn, frame: &'t Frame) {
        let is_counted = at >= self.begins;
        self.watched.lines += u64::from(is_counted);
        let claim = self.claims.get(at).copied().unwrap_or_default();
        if claim > 0 {
            self.watched.judged += u64::from(is_counted && !self.is_unclear(conn));
            self.reach(at, place, claim as usize - 1);
            return;
        }
        let words = self.words(at);
        if let Some(cookie) = cookie_of(self.model.dialect(), words) {
            self.people.note_cookie(cookie);
        }
        let is_board = self.model.door(conn) == Some(ServerKind::Switchboard);
        // The service speaks of itself.
        let dialect = self.model.dialect();
        let is_notice = || {
            let rows = dialect.rows_of(Verb::parse(verb(words)));
            rows.iter().any(Message::is_notice)
        };
        if self.is_pending(place, words) || (!is_board && is_notice()) {
            self.watched.judged += u64::from(is_counted);
            return;
        }
        let phase = self.model.phase(conn);
        let is_open = self
            .links
            .get(place)
            .is_some_and(|l| l.open_since.is_some());
        let is_silent = is_open || matches!(phase, Phase::Unclear | Phase::Closed);
        if is_silent || self.is_about_others(words) || self.is_late(at, place) {
            return;
        }
        let clause = self.unasked(conn, words);
        let message = format!("nothing asked for {}", escape(verb(words)));
        let got = escape(&frame.line);
        self.accuse(at, place, clause, message, "nothing".to_owned(), got);
    }

    fn is_unclear(&self, conn: Conn) -> bool {
        self.model.phase(conn) == Phase::Unclear
    }

    /// Whether a line is one that was caused; it comes once.
    fn is_pending(&mut self, place: usize, words: Words<'t>) -> bool {
        let (Some(link), people) = (self.links.get_mut(place), &mut self.people) else {
            return false;
        };
        let mut best = None;
        for (index, pending) in link.pool.iter().enumerate() {
            let is_better = best.is_none() || pending.is_due;
            let mark = people.mark();
            if is_better && is_sight(people, pending, words) {
                best = Some(index);
                // Numbers that came behind an ADD come once more in a batch. A change that the others
                // need not have been told of may say what a later one must.
                let is_number = matches!(pending.line, Line::Contacts(..));
                if pending.is_due || (is_number && pending.is_own) {
                    break;
                }
                people.unbind(mark);
            }
        }
        let Some(pending) = best.map(|index| link.pool.remove(index)) else {
            return false;
        };
        is_sight(people, &pending, words)
    }

    /// Whether a line concerns somebody who has no part in the case, or comes unasked by nature.
    fn is_about_others(&self, words: Words<'_>) -> bool {
        if self.scope == Scope::Whole {
            return false;
        }
        let handle = words.iter().find(|word| word.contains(&b'@'));
        let row = self.model.dialect().line_of(verb(words));
        let is_of_somebody = |row: &LineRow| row.comes_unasked() && row.message.has(Param::Handle);
        match row.filter(is_of_somebody) {
            Some(_) => handle.is_none_or(|handle| self.people.user(handle).is_none()),
            None => !is_error(words),
        }
    }

    /// The answer to this request has come: what was caused before it must be there too.
    fn reach(&mut self, at: usize, place: usize, request: usize) {
        if self.scope == Scope::Partial {
            return;
        }
        let Some(link) = self.links.get_mut(place) else {
            return;
        };
        let late = link.pool.iter();
        let mut late = late.filter(|pending| pending.is_due && pending.since < request);
        let missing = late.next().copied();
        link.pool.retain(|pending| pending.since >= request);
        if link.open_since.is_some_and(|since| since < request) {
            link.open_since = None;
        }
        if let Some(pending) = missing {
            self.miss(at, place, &pending);
        }
    }

    /// A client gives up: what had to come long ago did not.
    fn await_in_vain(&mut self, at: usize, place: usize, now: Duration) {
        let entries = self.transcript.entries();
        let is_late = |since: usize| {
            let since = entries.get(since).map(|entry| entry.at);
            since.is_some_and(|since| now.saturating_sub(since) >= LATE)
        };
        let is_over = |link: &Link<'_>| self.scope == Scope::Partial || link.open_since.is_some();
        let link = self.links.get_mut(place).filter(|link| !is_over(link));
        let pool = link.map(|link| std::mem::take(&mut link.pool));
        let pool = pool.unwrap_or_default();
        let mut late = pool.iter().filter(|it| it.is_due && is_late(it.since));
        if let Some(pending) = late.next() {
            self.miss(at, place, pending);
        }
    }

    fn miss(&mut self, at: usize, place: usize, pending: &Pending<'_>) {
        let expected = describe(&self.people, pending.line, pending.trid);
        let message = "a line that had to come did not".to_owned();
        self.accuse(
            at,
            place,
            pending.clause,
            message,
            expected,
            "nothing".to_owned(),
        );
    }

    fn ended(&mut self, at: usize, place: usize, conn: Conn, now: Duration) {
        let phase = self.model.phase(conn);
        if phase == Phase::Closed {
            return;
        }
        let Some(link) = self.links.get(place) else {
            return;
        };
        let is_idle = now.saturating_sub(link.last) >= IDLE;
        let is_open = link.open_since.is_some();
        if phase != Phase::Unclear && !is_idle && !is_open && self.scope == Scope::Whole {
            let message = "nothing asked for the end of the connection".to_owned();
            let expected = "a connection that stays".to_owned();
            self.accuse(
                at,
                place,
                ClauseId::REPLY_4,
                message,
                expected,
                "closed".to_owned(),
            );
            return;
        }
        let sights = self.model.close(conn);
        self.expect(at, conn, &sights, at, b"");
    }

    pub(super) fn accuse(
        &mut self,
        entry: usize,
        place: usize,
        clause: ClauseId,
        message: String,
        expected: String,
        got: String,
    ) {
        self.is_mute = true;
        self.finding = Some(Finding {
            clause,
            oracle: MODEL,
            entry,
            conn: ConnId(place),
            message,
            expected,
            got: observed(got),
        });
    }
}

/// Whether words are the line that was caused.
fn is_sight<'t>(people: &mut People<'t>, pending: &Pending<'t>, words: Words<'t>) -> bool {
    let (Pending { trid, .. }, mut line) = (pending, pending.line);
    if pending.is_any_state {
        let state = |at: usize| words.get(at).and_then(|word| State::parse(word));
        line = match line {
            Line::Iln(user, known, name) => Line::Iln(user, state(2).unwrap_or(known), name),
            Line::Nln(user, known, name) => Line::Nln(user, state(1).unwrap_or(known), name),
            line => line,
        };
    }
    is_line(people, line, words, trid)
}

fn is_other(word: &[u8], dialect: &Dialect) -> bool {
    let upper = word.to_ascii_uppercase();
    word != dialect.name.as_bytes() && is_dialect(&upper) && upper != PACKAGE.as_bytes()
}
