//! What a script knows while it runs: its users, their connections, what it has seen so far.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::accusations::tell;
use super::limit::Limit;
use super::links::Links;
use super::outcome::{AccountAfter, Cause, Ending, Outcome};
use super::slot::{Player, Slot};
use super::trouble::{Got, Trouble, told, told_late};
use crate::diagnostic::Place;
use crate::event::{Expectation, Failure, Judge, Observed, Rung, Variation, Wanted};
use crate::protocol::{ClauseId, Dialect, Direction, ErrorCode, Grammar, ServerKind, encode_name};
use crate::scenario::Scope;
use crate::target::{Account, Environment};
use crate::transcript::{ConnName, Party, Redactor, What};
use crate::wire::{Frame, words};

/// The TrIDs of barriers begin here: far from those of scenarios, and within 31 bits.
const BARRIER_TRID: u32 = 900_000_000;

/// Everything a script works with.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) links: Links,
    pub(crate) env: Arc<Environment>,
    pub(crate) players: Vec<Player>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) seed: u64,
    /// The deadline of a reply.
    pub(crate) reply: Duration,
    /// How long the harness waits for what it asks itself, where that is not as usual.
    pub(crate) patience: Option<Duration>,
    /// What expressions mean.
    pub(crate) scope: Scope,
    /// The clause that a step without one speaks for.
    pub(crate) clause: Option<ClauseId>,
    /// All clauses that the scenario tests.
    pub(crate) clauses: Vec<ClauseId>,
    /// The dialect in whose forms the steps are written; the one that is tested may add to them.
    pub(crate) written: &'static Dialect,
    /// No asynchronous line may come between expected ones.
    pub(crate) strict: bool,
    /// Everything that is sent is cut into segments of this many bytes.
    pub(crate) segments: Option<usize>,
    /// Where silence was proved last: the slot, when, and how much had been heard.
    pub(crate) settled: Option<(usize, Duration, usize)>,
    pub(crate) failures: Vec<Failure>,
    /// Breaches that were known before, at which it did not stop.
    pub(crate) known: Vec<Failure>,
    pub(crate) variations: Vec<Variation>,
    pub(crate) cause: Option<Cause>,
    /// All steps were reached.
    pub(crate) has_ended: bool,
    /// The clause that says that a request of the harness's own is answered, where none came.
    pub(crate) unanswered: Option<ClauseId>,
    /// The rung on which a precondition of our own failed.
    pub(crate) rung: Option<Rung>,
    /// The limit of our own that has stopped the script.
    pub(crate) limit: Option<Limit>,
    pub(crate) round_trips: u32,
    /// How many entries of the transcript stand before the first step.
    pub(crate) prepared: usize,
    /// It has come to the scenario's own steps.
    pub(crate) stepped: bool,
    pub(crate) redactor: Redactor,
    next_barrier: u32,
}

impl Session {
    pub(crate) fn new(
        links: Links,
        env: Arc<Environment>,
        accounts: Vec<Account>,
        seed: u64,
    ) -> Self {
        let secrets = accounts.iter().map(|account| account.password.clone());
        let redactor = Redactor::new(secrets);
        links.lock().residents = Arc::clone(&env.residents);
        let players = accounts.into_iter().map(|account| {
            let name = account.name.as_ref();
            let name = name.map(|name| encode_name(name.as_bytes()));
            Player {
                user: account.handle.clone(),
                properties: None,
                first_name: name.clone(),
                name,
                account,
                found: None,
                reverse: BTreeSet::new(),
                left: BTreeSet::new(),
                touched: false,
            }
        });
        Self {
            links,
            players: players.collect(),
            slots: Vec::new(),
            seed,
            reply: env.timeouts.reply,
            patience: None,
            scope: Scope::new(BTreeMap::new(), "", Dialect::first()),
            clause: None,
            clauses: Vec::new(),
            written: Dialect::first(),
            strict: false,
            segments: env.segments,
            settled: None,
            env,
            failures: Vec::new(),
            known: Vec::new(),
            variations: Vec::new(),
            cause: None,
            has_ended: false,
            unanswered: None,
            rung: None,
            limit: None,
            round_trips: 0,
            prepared: 0,
            stepped: false,
            redactor,
            next_barrier: BARRIER_TRID,
        }
    }

    /// How lines of the server are read on a connection.
    pub(crate) fn grammar(&self, slot: usize) -> Grammar {
        self.links.link(self.slot(slot).conn, |link| link.grammar)
    }

    /// Whether a line may come between others.
    pub(crate) fn may_come(&self, slot: usize, frame: &Frame) -> bool {
        self.grammar(slot).may_come_between(frame.words())
    }

    /// Whether a line is none of what the steps were written for: the dialect has added it.
    pub(crate) fn is_added(&self, slot: usize, frame: &Frame) -> bool {
        self.env.dialect != self.written && {
            let grammar = self.grammar(slot);
            grammar.adds(self.written, frame.verb())
        }
    }

    /// How many words the dialect may have added to the end of a line.
    pub(crate) fn added_words(&self, slot: usize, frame: &Frame) -> usize {
        if self.env.dialect == self.written {
            return 0;
        }
        let grammar = self.grammar(slot);
        grammar.added_words(self.written, frame.words())
    }

    /// What the dialect that is spoken on a connection wants at the end of a line that is written for
    /// another, each word behind a blank; nothing where the line is not of that one's form.
    pub(crate) fn missing(&self, slot: usize, written: &'static Dialect, line: &[u8]) -> String {
        let mut more = String::new();
        let heard = self.grammar(slot);
        if heard.dialect == written {
            return more;
        }
        let player = self.slot(slot).player;
        let grammar = Grammar {
            direction: Direction::ToServer,
            ..heard
        };
        for param in grammar.missing(written, words(line)) {
            let own = &self.player(player).account.handle;
            let word = param.usual().unwrap_or(own);
            more.push(' ');
            more += word;
        }
        more
    }

    pub(crate) fn player(&self, index: usize) -> &Player {
        let player = self.players.get(index);
        player.expect("players are numbered by `new` and never removed")
    }

    pub(crate) fn player_mut(&mut self, index: usize) -> &mut Player {
        let player = self.players.get_mut(index);
        player.expect("players are numbered by `new` and never removed")
    }

    pub(crate) fn slot(&self, index: usize) -> &Slot {
        let slot = self.slots.get(index);
        slot.expect("slots are numbered by `add_slot` and never removed")
    }

    pub(crate) fn slot_mut(&mut self, index: usize) -> &mut Slot {
        let slot = self.slots.get_mut(index);
        slot.expect("slots are numbered by `add_slot` and never removed")
    }

    /// Whether the fixture or steps have logged the user in on this connection.
    pub(crate) fn is_inside(&self, slot: usize) -> bool {
        let slot = self.slot(slot);
        let is_entered = || self.links.link(slot.conn, |link| link.entered);
        slot.fixture || (slot.name.kind() == ServerKind::Notification && is_entered())
    }

    /// The slot of a name, if it was ever opened.
    pub(super) fn find_slot(&self, name: &ConnName) -> Option<usize> {
        self.slots.iter().position(|slot| slot.name == *name)
    }

    /// Opens a connection under a name; an older one of that name is closed and forgotten.
    pub(crate) async fn open(
        &mut self,
        player: usize,
        name: ConnName,
        address: &str,
    ) -> Result<usize, Trouble> {
        if name.kind() != ServerKind::Switchboard {
            self.rest_lists().await;
        }
        let conn = self.links.open(name.clone(), name.kind(), address);
        let fresh = Slot {
            name,
            conn,
            player,
            pool: VecDeque::new(),
            owed: Vec::new(),
            fixture: false,
            acting: false,
            known_closed: false,
            after_error: false,
            in_doubt: false,
            unanswered: Vec::new(),
            last_trid: None,
            perhaps: Vec::new(),
            after_payload: false,
            told_form: false,
            next_trid: 0,
        };
        let index = match self.find_slot(&fresh.name) {
            None => {
                self.slots.push(fresh);
                self.slots.len() - 1
            }
            Some(index) => {
                let slot = self.slot_mut(index);
                let old = std::mem::replace(slot, fresh);
                self.links.close(old.conn, false);
                index
            }
        };
        let deadline = self.links.now() + self.env.timeouts.connect;
        match self.links.opened(conn, deadline).await {
            Ok(()) => Ok(index),
            Err(end) => {
                let text = format!("a connection to {address}");
                let expected = Expectation::new(text, Wanted::Connection);
                let mut trouble = Trouble::new(expected, told(&end)).at(Rung::Connect);
                trouble.cause = Some(Box::new(Cause::Unreachable {
                    address: address.to_owned(),
                    reason: told(&end).to_string(),
                }));
                Err(trouble)
            }
        }
    }

    /// Sends a line of the harness's own.
    pub(crate) fn say(&mut self, slot: usize, line: &str) {
        let bytes = Bytes::from([line, "\r\n"].concat());
        let frame = Frame::line(bytes.slice(..line.len()));
        let conn = self.slot(slot).conn;
        let segments = self.segments;
        let what = What::Frame(Party::Client, frame);
        self.links.send(conn, bytes, segments, [what]);
    }

    /// Sends a line with a payload of the harness's own.
    pub(crate) fn say_with(&mut self, slot: usize, line: &str, payload: &[u8]) {
        let bytes = Bytes::from([line.as_bytes(), b"\r\n", payload].concat());
        let mut frame = Frame::line(bytes.slice(..line.len()));
        frame.payload = Some(bytes.slice(line.len() + 2..));
        let conn = self.slot(slot).conn;
        let what = What::Frame(Party::Client, frame);
        self.links.send(conn, bytes, self.segments, [what]);
    }

    /// Sends a request of the harness's own and waits for the line with its TrID. What the server
    /// sends of itself meanwhile is kept.
    pub(crate) async fn ask(
        &mut self,
        slot: usize,
        verb: &str,
        params: &str,
        expected: &str,
    ) -> Result<Frame, Trouble> {
        let trid = {
            let slot = self.slot_mut(slot);
            slot.next_trid += 1;
            slot.next_trid
        };
        let space = if params.is_empty() { "" } else { " " };
        let mut number = itoa::Buffer::new();
        let mut line = [verb, " ", number.format(trid), space, params].concat();
        line += &self.missing(slot, Dialect::first(), line.as_bytes());
        self.say(slot, &line);
        let frame = self.answer(slot, trid, expected).await?;
        self.round_trips += 1;
        Ok(frame)
    }

    /// The next line with this TrID. Others are kept: that the server sends what nobody asked for
    /// is for scenarios and judges to say, not for those who only prepare.
    pub(crate) async fn answer(
        &mut self,
        slot: usize,
        trid: u32,
        expected: &str,
    ) -> Result<Frame, Trouble> {
        let patience = self.login_patience();
        let deadline = self.links.now() + patience;
        let word = trid.to_string();
        loop {
            let got = self.next_line(slot, deadline, patience, expected).await?;
            let is_ours = got.words().nth(1) == Some(word.as_bytes());
            if is_ours && !self.may_come(slot, &got) {
                return Ok(got);
            }
            self.slot_mut(slot).keep(got);
        }
    }

    /// The next line of a connection.
    pub(crate) async fn next_line(
        &mut self,
        slot: usize,
        deadline: Duration,
        patience: Duration,
        expected: &str,
    ) -> Result<Frame, Trouble> {
        let conn = self.slot(slot).conn;
        match self.links.next(conn, deadline, "reply").await {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(end)) => {
                let mut trouble = Trouble::new(expected, told(&end)).on(slot);
                trouble.clause = end.framing();
                Err(trouble)
            }
            Err(late) => Err(Trouble::new(expected, told_late(&late, patience)).on(slot)),
        }
    }

    /// Logins may take long on servers that make keys.
    pub(crate) fn login_patience(&self) -> Duration {
        self.patience.unwrap_or(self.env.timeouts.reply * 3)
    }

    /// How long silence must last where only time proves it.
    pub(crate) fn quiet(&self) -> Duration {
        let quiet = self.env.timeouts.quiet;
        if self.env.presence_batched {
            quiet.max(Duration::from_millis(350))
        } else {
            quiet
        }
    }

    /// A TrID for a barrier.
    pub(crate) fn barrier_trid(&mut self) -> u32 {
        self.next_barrier += 1;
        self.next_barrier
    }

    /// Whether the line answers a barrier.
    pub(super) fn answers_barrier(&self, frame: &Frame) -> bool {
        let word = frame
            .words()
            .nth(1)
            .and_then(|word| std::str::from_utf8(word).ok());
        let trid = word.and_then(|word| word.parse::<u32>().ok());
        trid.is_some_and(|trid| trid > BARRIER_TRID && trid <= self.next_barrier)
    }

    /// Records a breach, with the last lines of the transcript.
    pub(crate) fn fail(&mut self, clause: Option<ClauseId>, place: Place, mut trouble: Trouble) {
        let here = |clause: ClauseId| clause.in_dialect(self.env.dialect).unwrap_or(clause);
        let clause = clause.map(here);
        trouble.clause = trouble.clause.map(here);
        let redact = |text: String| self.redactor.apply(&text).into_owned();
        let (conn, until) = match trouble.seen.as_deref() {
            Some((conn, until)) => (Some(*conn), *until),
            None => {
                let conn = trouble.slot.map(|slot| self.slot(slot).conn);
                (conn, self.links.lock().transcript.entries().len())
            }
        };
        if self.cause.is_none() {
            self.cause = trouble.cause.map(|cause| *cause);
        }
        if clause.is_none() {
            let is_silent = matches!(trouble.got, Got::Server(Observed::Silence(_)));
            if is_silent && self.rung.is_none() && trouble.rung.is_some() {
                self.unanswered = Some(trouble.clause.unwrap_or(ClauseId::REPLY_1));
            }
            self.rung = self.rung.or(trouble.rung);
        }
        let got = match trouble.got {
            Got::Server(got) => got.map(|text| redact(text.to_owned())),
            Got::Limit(why) => {
                self.limit.get_or_insert(*why);
                return;
            }
        };
        let (command, entry) = self.about(conn, &got, &trouble.expected, until);
        let whole = self.links.lock();
        let transcript = whole.transcript.proof(until, conn, entry, &self.redactor);
        drop(whole);
        self.failures.push(Failure {
            clause,
            level: clause.map(ClauseId::level),
            judge: Judge::Step,
            place,
            expected: Expectation {
                text: redact(trouble.expected.text),
                any: trouble.expected.any,
            },
            got,
            detail: trouble.detail.map(redact),
            word: trouble.word,
            command,
            kind: trouble.slot.map(|slot| self.slot(slot).name.kind()),
            conn,
            entry,
            until,
            transcript,
            words: Vec::new(),
        });
    }

    /// The end of the script.
    pub(crate) fn finish(self, ending: Ending) -> Outcome {
        let ending = match self.limit {
            Some(_) if self.failures.is_empty() => Ending::Inconclusive,
            _ => ending,
        };
        let accounts = self.players.iter().map(|player| AccountAfter {
            handle: player.account.handle.clone(),
            name: player.name.as_ref().map(|name| {
                String::from_utf8_lossy(&crate::protocol::decode_name(name.as_bytes())).into_owned()
            }),
            lists: player.account.lists,
        });
        let accounts = accounts.collect();
        let mut shared = self.links.lock();
        let waited_for = std::mem::take(&mut shared.waited_for);
        let transcript = std::mem::take(&mut shared.transcript);
        shared.judge.end();
        let findings = shared.judge.take_findings();
        let accusations = tell(&findings, &transcript, &shared.course, &self.redactor);
        Outcome {
            dialect: self.env.dialect,
            ending,
            cause: self.cause,
            has_ended: self.has_ended,
            unanswered: self.unanswered,
            rung: self.rung,
            limit: self.limit,
            failures: self.failures,
            variations: self.variations,
            findings,
            accusations,
            known: self.known,
            transcript,
            waited: waited_for.iter().map(|(_, spent)| *spent).sum(),
            waited_for,
            round_trips: self.round_trips,
            prepared: self.prepared,
            stepped: self.stepped,
            accounts,
            learnt: None,
            climbed: Vec::new(),
        }
    }
}

/// The code of an error line.
pub(crate) fn error_code(frame: &Frame) -> Option<u16> {
    ErrorCode::parse_word(frame.verb())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_barriers_that_were_sent_are_answered() {
        let links = Links::new(Duration::ZERO);
        let mut session = Session::new(links, Arc::default(), Vec::new(), 1);
        assert_eq!(session.barrier_trid(), BARRIER_TRID + 1);
        assert_eq!(session.barrier_trid(), BARRIER_TRID + 2);
        for (line, is_answer) in [
            ("URL 900000001 x", true),
            ("URL 900000002", true),
            ("URL 900000000 x", false),
            ("URL 900000003 x", false),
            ("URL 123456789 x", false),
            ("URL x", false),
            ("URL", false),
        ] {
            assert_eq!(
                session.answers_barrier(&Frame::line(line)),
                is_answer,
                "{line}"
            );
        }
    }
}
