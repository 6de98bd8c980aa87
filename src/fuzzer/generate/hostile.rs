//! Commands that are spoilt by one of the mutators, and what may become of them.

use super::cast::{Stage, Who};
use super::play::Play;
use crate::fuzzer::mutate::{Command, Effect, How, MUTATORS, Mutator, Word, plain_bytes};
use crate::fuzzer::script::varying;
use crate::protocol::{ClauseId, ServerKind};
use crate::scenario::ast::{Action, Expected, Payload, PayloadPattern, SendItem, Step};
use crate::transcript::ConnName;

/// Commands of a user who is logged in.
const ONLINE: [&str; 14] = [
    "CHG {t} BSY",
    "SYN {t} 0",
    "LST {t} FL",
    "GTC {t} N",
    "BLP {t} BL",
    "ADD {t} FL {erin.handle} Erin",
    "ADD {t} AL {erin.handle} Erin",
    "ADD {t} BL {nobody} Nobody",
    "REM {t} FL {nobody}",
    "REM {t} AL {erin.handle}",
    "XFR {t} SB",
    "VER {t} MSNP2",
    "USR {t} MD5 I {erin.handle}",
    "OUT",
];
/// Commands before the login.
const LOGIN: [&str; 5] = [
    "VER {t} MSNP2 CVR0",
    "INF {t}",
    "USR {t} MD5 I {erin.handle}",
    "USR {t} MD5 S 0123456789abcdef0123456789abcdef",
    "OUT",
];
/// Commands on a switchboard before the entry.
const ENTRY: [&str; 3] = [
    "USR {t} {erin.handle} 1.2",
    "ANS {t} {erin.handle} 1.2 3",
    "OUT",
];

/// Messages, and the mutators that spoil nothing else.
const MESSAGES: [&str; 3] = [
    "MSG {t} N {length}",
    "MSG {t} A {length}",
    "MSG {t} U {length}",
];
const MESSAGE_MUTATORS: [&str; 6] = [
    "negative-length",
    "length-too-long",
    "length-too-short",
    "huge-length",
    "huge-payload",
    "bad-mode",
];

/// What comes on a switchboard, but for messages.
const OTHER_NEWS: [&str; 5] = ["JOI ...", "BYE ...", "ACK ...", "NAK ...", "/[0-9]{3}/ ..."];

impl Play<'_> {
    /// One mutator, at work.
    pub(super) fn be_hostile(&mut self, who: Who) {
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
        who: Who,
        mutator: &Mutator,
        mutate: fn(&mut Command, &mut crate::fuzzer::entropy::Entropy<'_>) -> bool,
    ) -> bool {
        let spoils_messages = MESSAGE_MUTATORS.contains(&mutator.name);
        if spoils_messages && (self.entropy.below(2) == 0 || self.seat_with_others(who).is_none()) {
            self.seek_seat(who);
        }
        let board = self.board_of(who);
        let seat = board.and_then(|board| self.cast.boards.get(board)?.conn_of(who).cloned());
        let (conn, line, is_own) = match (self.player(who).stage, seat) {
            (_, Some(conn)) if spoils_messages => (conn, self.entropy.name(&MESSAGES), true),
            (_, Some(conn)) if self.entropy.chance(160) => {
                let line = self.entropy.name(&[
                    "MSG {t} N {length}",
                    "MSG {t} A {length}",
                    "CAL {t} {erin.handle}",
                    "MSG {t} U {length}",
                ]);
                (conn, line, true)
            }
            (Stage::In, _) if self.entropy.chance(200) => {
                (self.conn(who), self.entropy.name(&ONLINE), true)
            }
            _ => {
                let conn = self.stray(who);
                let lines: &[&str] = match conn.kind() {
                    ServerKind::Switchboard => &ENTRY,
                    _ => &LOGIN,
                };
                (conn, self.entropy.name(lines), false)
            }
        };
        let payload = line.starts_with("MSG").then(|| self.payload());
        let mut command = Command::new(line, payload);
        if !mutate(&mut command, &mut self.entropy) {
            return false;
        }
        let items = self.items(&command);
        let step = self.script.sending(&conn, items);
        self.script.disguise(None);
        self.script.push(step);
        self.take_what_comes(who, &conn, command.is_answered_by_trid(), is_own);
        if mutator.name == "huge-payload"
            && let Some((place, payload)) = board.zip(command.payload)
        {
            self.others_hear_no_part(place, who, &payload);
        }
        if is_own {
            match (mutator.effect, conn.kind()) {
                (Effect::Open, ServerKind::Notification) => self.taint(who),
                (_, ServerKind::Notification) => self.lose_track(who),
                // What becomes of its sessions is open, and so is who else is still in them.
                _ => self.cast.drop_boards_of(who),
            }
        }
        true
    }

    /// The others in a session get an over-long message whole, or nothing of it.
    fn others_hear_no_part(&mut self, place: usize, who: Who, payload: &Payload) {
        let (user, clause) = (self.user(who), ClauseId::MSG_10);
        for (_, there) in self.members_but(place, who) {
            let line = format!("MSG {{{user}.handle}} * *");
            let whole = Expected::Line {
                pattern: self.script.pattern(&there, &line),
                payload: Some(PayloadPattern::Exactly(payload.clone())),
            };
            let nothing = Expected::Nothing {
                except: OTHER_NEWS
                    .map(|line| self.script.pattern(&there, line))
                    .into(),
            };
            let branches = [whole, nothing].map(|what| {
                let step = self.script.expecting(&there, what, clause);
                vec![varying(step, clause)]
            });
            self.script.one_of(branches.into(), clause);
        }
    }

    /// A connection that is not logged in and will not be used again.
    pub(super) fn stray(&mut self, who: Who) -> ConnName {
        let number = self.number();
        let kind = self.entropy.name(&["ns", "ns", "sb", "ds"]);
        let boards = self.cast.boards.first().map(|board| board.number);
        match (kind, boards) {
            ("sb", Some(board)) => {
                let conn = ConnName::new(self.user(who), format!("sb{}", 100 + number));
                self.script.open(&conn, Some(&format!("{{board{board}}}")));
                conn
            }
            ("ds", _) if self.has_dispatch => ConnName::new(self.user(who), format!("ds{number}")),
            _ => ConnName::new(self.user(who), format!("ns{}", 100 + number)),
        }
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
        who: Who,
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
    fn probe(&mut self, who: Who, conn: &ConnName, is_own: bool) -> Vec<Step> {
        let (line, answer) = match (conn.kind(), self.player(who).state) {
            (ServerKind::Notification, Some(_)) if is_own => {
                let state = self.entropy.name(&["IDL", "BRB", "LUN"]);
                (format!("CHG {{t}} {state}"), format!("CHG {{t}} {state}"))
            }
            (ServerKind::Switchboard, _) if is_own => {
                ("CAL {t} {nobody}".to_owned(), "/[0-9]+/ {t} ...".to_owned())
            }
            _ => return Vec::new(),
        };
        let send = self.script.sending_line(conn, &line);
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
