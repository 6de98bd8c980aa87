//! Commands that are spoilt by one of the mutators, and what may become of them.

use super::walk::{NOWHERE, Told, Walk};
use crate::fuzzer::mutate::{Command, Effect, How, MUTATORS, Mutator, Word, plain_bytes};
use crate::fuzzer::script::varying;
use crate::model::{
    Capture, Command as Plain, ConnId, Key, Line, ListWord, Mode, Offer, State, UserId, Version,
    Whom,
};
use crate::protocol::{ClauseId, List, ServerKind, Setting};
use crate::scenario::ast::{Action, Expected, Payload, PayloadPattern, SendItem, Step};
use crate::transcript::ConnName;

const FORWARD: ListWord = ListWord::List(List::Forward);
const ALLOW: ListWord = ListWord::List(List::Allow);
const BLOCK: ListWord = ListWord::List(List::Block);
/// Whoever the case tells nothing of: the witness, or a handle of nobody.
const STRANGER: Whom = Whom::Nobody;

/// Commands of a user who is logged in.
const ONLINE: [Plain; 14] = [
    Plain::Chg(Some(State::Online(1))),
    Plain::Syn(Version::Zero),
    Plain::Lst(FORWARD),
    Plain::Set(Setting::Prompt, Some(false)),
    Plain::Set(Setting::Privacy, Some(false)),
    Plain::Add(FORWARD, STRANGER),
    Plain::Add(ALLOW, STRANGER),
    Plain::Add(BLOCK, STRANGER),
    Plain::Rem(FORWARD, STRANGER),
    Plain::Rem(ALLOW, STRANGER),
    Plain::XfrSb,
    Plain::Ver(Offer::Own),
    Plain::UsrI(STRANGER),
    Plain::Out,
];
/// Commands before the login.
const LOGIN: [Plain; 5] = [
    Plain::Ver(Offer::Own),
    Plain::Inf,
    Plain::UsrI(STRANGER),
    Plain::UsrS { right: false },
    Plain::Out,
];
/// Commands on a switchboard before the entry.
const ENTRY: [Plain; 3] = [
    Plain::UsrSb(UserId(0), Key::Invented),
    Plain::Ans {
        user: UserId(0),
        key: Key::Invented,
        session: None,
    },
    Plain::Out,
];
/// Commands in a session.
const SEATED: [Plain; 4] = [
    Plain::Msg(Mode::N),
    Plain::Msg(Mode::A),
    Plain::Cal(STRANGER),
    Plain::Msg(Mode::U),
];

/// Messages, and the mutators that spoil nothing else.
const MESSAGES: [Plain; 3] = [
    Plain::Msg(Mode::N),
    Plain::Msg(Mode::A),
    Plain::Msg(Mode::U),
];
const MESSAGE_MUTATORS: [&str; 6] = [
    "negative-length",
    "length-too-long",
    "length-too-short",
    "huge-length",
    "huge-payload",
    "bad-mode",
];

/// The numbers of connections that the model knows nothing of begin here.
const ASIDE: usize = 500;

/// What comes on a switchboard, but for messages.
const OTHER_NEWS: [&str; 5] = ["JOI ...", "BYE ...", "ACK ...", "NAK ...", "/[0-9]{3}/ ..."];

impl Walk<'_> {
    /// One mutator, at work.
    pub(super) fn be_hostile(&mut self, who: UserId) {
        let weights: Vec<(usize, &'static Mutator)> = MUTATORS
            .iter()
            .filter(|mutator| !matches!(mutator.how, How::Disguise(_)))
            .map(|mutator| (mutator.weight, mutator))
            .collect();
        let Some(mutator) = self.entropy.weighted(&weights) else {
            return;
        };
        let is_done = match mutator.how {
            How::Command(mutate) => self.spoil(who, mutator, mutate),
            How::Stunt(stunt) => self.perform(who, stunt),
            How::Disguise(_) => false,
        };
        if is_done {
            self.used.push(mutator.name);
        }
    }

    /// Sends a command that is spoilt. `false` where the mutator does not apply to it.
    fn spoil(
        &mut self,
        who: UserId,
        mutator: &Mutator,
        mutate: fn(&mut Command, &mut crate::fuzzer::entropy::Entropy<'_>) -> bool,
    ) -> bool {
        let spoils_messages = MESSAGE_MUTATORS.contains(&mutator.name);
        if spoils_messages && (self.entropy.below(2) == 0 || self.seat_with_others(who).is_none()) {
            self.seek_seat(who);
        }
        let seat = self.seat_of(who);
        let home = self.model.home_of(who);
        let (conn, commands, own): (_, &[Plain], _) = match (home, seat) {
            (_, Some(conn)) if spoils_messages => (self.name(conn), &MESSAGES, Some(conn)),
            (_, Some(conn)) if self.entropy.chance(160) => (self.name(conn), &SEATED, Some(conn)),
            (Some(conn), _) if self.entropy.chance(200) => (self.name(conn), &ONLINE, Some(conn)),
            _ => {
                let conn = self.stranger(who);
                match conn.kind() {
                    ServerKind::Switchboard => (conn, &ENTRY, None),
                    _ => (conn, &LOGIN, None),
                }
            }
        };
        let plain = self.entropy.pick(commands).copied().unwrap_or(Plain::Out);
        let line = self.foreign_line(plain);
        let is_message = matches!(plain, Plain::Msg(_));
        let payload = is_message.then(|| self.payload());
        let mut command = Command::new(&line, payload);
        if !mutate(&mut command, &mut self.entropy) {
            return false;
        }
        // Who hears of it is asked before it is known what becomes of the session.
        let huge = mutator.name == "huge-payload";
        let others = own.filter(|_| huge).map(|conn| self.heard(conn));
        let items = self.items(&command);
        let step = self.script.sending(&conn, items);
        self.script.disguise(None);
        self.script.push(step);
        self.take_what_comes(who, &conn, command.is_answered_by_trid(), own.is_some());
        if let (Some(others), Some(payload)) = (others, &command.payload) {
            self.others_hear_no_part(&others, payload);
        }
        if own.is_some() {
            match (mutator.effect, conn.kind()) {
                (Effect::Open, ServerKind::Notification) => self.taint(who),
                (_, ServerKind::Notification) => self.lose_track(who),
                // What becomes of its sessions is open, and so is who else is still in them.
                _ => self.model.doubt_sessions(who),
            }
        }
        true
    }

    /// The line of a command that tells nobody in the case anything.
    pub(super) fn foreign_line(&mut self, command: Plain) -> String {
        let line = self.line_of(NOWHERE, command, None);
        match self.entropy.below(2) {
            0 => line.replace("{nobody}", "{erin.handle}"),
            _ => line,
        }
    }

    /// The others in a session get an over-long message whole, or nothing of it.
    fn others_hear_no_part(&mut self, others: &[(ConnId, String)], payload: &Payload) {
        let clause = ClauseId::MSG_10;
        for (conn, line) in others {
            let there = self.name(*conn);
            let line = line.replace("{length}", "*");
            let whole = Expected::Line {
                pattern: self.script.pattern(&there, &line),
                payload: Some(PayloadPattern::Exactly(payload.clone())),
            };
            let whole = self.script.expecting(&there, whole, clause);
            let nothing = self.nothing_but(&there, &OTHER_NEWS, clause);
            let branches = [whole, nothing].map(|step| vec![varying(step, clause)]);
            self.script.one_of(branches.into(), clause);
        }
    }

    /// A connection that is not logged in and will not be used again.
    pub(super) fn stranger(&mut self, who: UserId) -> ConnName {
        let kind = self.entropy.name(&["ns", "ns", "sb", "ds"]);
        let board = self.bound.iter().find_map(|capture| match capture {
            Capture::Board(ticket) => Some(*ticket),
            _ => None,
        });
        match (kind, board) {
            ("sb", Some(ticket)) => {
                let conn = self.aside(who, "sb");
                self.script
                    .open(&conn, Some(&format!("{{board{}}}", ticket.0)));
                conn
            }
            ("ds", _) if self.has_dispatch => self.aside(who, "ds"),
            _ => self.aside(who, "ns"),
        }
    }

    /// A connection that nothing else uses, and the model knows nothing of.
    pub(super) fn aside(&mut self, who: UserId, kind: &str) -> ConnName {
        let number = ASIDE + self.number();
        ConnName::new(self.user(who), format!("{kind}{number}"))
    }

    fn items(&mut self, command: &Command) -> Vec<SendItem> {
        let is_text = |word: &Word| matches!(word, Word::Text(_));
        let mut command = command.clone();
        if command.payload.is_none() {
            for word in &mut command.words {
                if matches!(word, Word::Text(text) if text.contains("length")) {
                    *word = Word::Text("5".to_owned());
                }
            }
        }
        let mut line = String::new();
        if command.words.iter().all(is_text) && command.end == "\r\n" {
            for word in &command.words {
                if let Word::Text(word) = word {
                    line += if line.is_empty() { "" } else { " " };
                    line += word;
                }
            }
            return vec![self.script.item(&line, command.payload.clone())];
        }
        let payload = command.payload.as_ref().and_then(plain_bytes);
        let length = payload.as_ref().map_or(0, |bytes| bytes.len()).to_string();
        let mut items = Vec::new();
        for (at, word) in command.words.iter().enumerate() {
            line += if at == 0 { "" } else { " " };
            match word {
                Word::Text(word) if word.contains("length") => {
                    line += &word.replace("length", &length);
                }
                Word::Text(word) => line += word,
                Word::Bytes(bytes) => {
                    let text = self.script.text(&std::mem::take(&mut line));
                    items.push(SendItem::Raw(Payload::Text(text)));
                    items.push(SendItem::Raw(Payload::Bytes(bytes.as_slice().into())));
                }
            }
        }
        line += command.end;
        if !line.is_empty() {
            let text = self.script.text(&line);
            items.push(SendItem::Raw(Payload::Text(text)));
        }
        items.extend(payload.map(|bytes| SendItem::Raw(Payload::Bytes(bytes))));
        items
    }

    /// An end, an error, any other answer, or none. After an error the stream is still in step.
    pub(super) fn take_what_comes(
        &mut self,
        who: UserId,
        conn: &ConnName,
        has_trid: bool,
        is_own: bool,
    ) {
        let clause = ClauseId::REPLY_3;
        let mut branches = vec![vec![self.script.closed(conn, clause)]];
        if has_trid {
            let mut steps = vec![self.script.error(conn, clause)];
            steps.extend(self.probe(who, conn, is_own));
            branches.push(steps);
            branches.push(vec![self.script.line(conn, "* {t} ...", clause)]);
        } else {
            branches.push(vec![self.script.line(conn, "* ...", clause)]);
        }
        let any = Expected::Nothing {
            except: vec![self.script.pattern(conn, "* ...")],
        };
        branches.push(vec![self.script.expecting(conn, any, clause)]);
        self.script.one_of(branches, clause);
    }

    /// Shows that a connection which is still open is in step.
    fn probe(&mut self, who: UserId, conn: &ConnName, is_own: bool) -> Vec<Step> {
        let (line, answer) = match (conn.kind(), self.model.state_of(who)) {
            (ServerKind::Notification, Some(now)) if is_own => {
                // Some do not answer who stays as it is.
                let states = [2, 3, 4, 5].map(State::Online);
                let others: Vec<State> = states.into_iter().filter(|it| *it != now).collect();
                let at = self.entropy.below(3);
                let state = others.get(at).copied().unwrap_or(State::NLN);
                let line = self.line_of(NOWHERE, Plain::Chg(Some(state)), None);
                (
                    line,
                    self.text_of(Line::Chg(state), &Told::default(), false),
                )
            }
            (ServerKind::Switchboard, _) if is_own => {
                let line = self.line_of(NOWHERE, Plain::Cal(Whom::Nobody), None);
                (line, "/[0-9]+/ {t} ...".to_owned())
            }
            _ => return Vec::new(),
        };
        let send = self.script.sending_line(conn, &line);
        // What it looks like is no matter here.
        let answer = match answer.ends_with("...") {
            true => answer,
            false => answer + " ...",
        };
        let answered = vec![self.script.line(conn, &answer, ClauseId::REPLY_3)];
        let again = vec![self.script.error(conn, ClauseId::REPLY_3)];
        let closed = vec![self.script.closed(conn, ClauseId::REPLY_3)];
        let branches = vec![answered, again, closed];
        let outcome = self
            .script
            .step(Action::OneOf(branches), Some(ClauseId::REPLY_3));
        vec![send, outcome]
    }
}
