//! Switchboard sessions: XFR, CAL, RNG, ANS, MSG and leaving.

use std::sync::Arc;

use super::cast::{BLOCK, Board, Invitation, Stage, Who};
use super::play::Play;
use crate::fuzzer::dictionary;
use crate::fuzzer::mutate::plain_bytes;
use crate::fuzzer::script::varying;
use crate::protocol::{ClauseId, MAX_MESSAGE};
use crate::rules::{self, Reach};
use crate::scenario::ast::{Action, Expected, Payload, Step};
use crate::transcript::ConnName;

/// Known servers deliver messages of so many bytes; longer ones, and empty ones, are for MSG-9 to
/// speak of.
const MODEST: usize = 400;

impl Play<'_> {
    /// XFR SB and what it gives: the number of the captures.
    pub(super) fn get_referral(&mut self, who: Who) -> usize {
        let conn = self.conn(who);
        let number = self.number();
        self.say(&conn, "XFR {t} SB");
        let line = format!("XFR {{t}} SB {{board{number}}} CKI {{cookie{number}}}");
        self.script.expect(&conn, &line, ClauseId::SBX_1);
        number
    }

    /// A referral and the way into a new session.
    pub(super) fn open_board(&mut self, who: Who) {
        if !self.player(who).is_online() {
            self.ask_in_vain(who);
            return;
        }
        let number = self.get_referral(who);
        let mut clause = ClauseId::SBU_1;
        if self.entropy.chance(16) {
            // The cookie of the first is good all the same.
            self.get_referral(who);
            clause = ClauseId::SBX_6;
        }
        match self.entropy.below(12) {
            0 => return self.speak_before_entry(who, number),
            1 => return self.enter_wrongly(who, number),
            _ => self.take_seat(who, number, clause),
        }
        if self.entropy.chance(20) {
            self.use_cookie_again(who, number);
        }
    }

    /// Who is hidden gets no referral, and who has not said a state yet need not get one.
    fn ask_in_vain(&mut self, who: Who) {
        let conn = self.conn(who);
        self.say(&conn, "XFR {t} SB");
        if self.player(who).state.is_some() {
            self.script.expect_error(&conn, ClauseId::SBX_3);
            return;
        }
        let clause = ClauseId::SBX_5;
        let refusal = self.script.error(&conn, clause);
        let referral = self.script.line(&conn, "XFR {t} SB * CKI *", clause);
        let branches = vec![vec![refusal], vec![varying(referral, clause)]];
        self.script.one_of(branches, clause);
    }

    /// Opens a session with a referral; a server that does not let the user in breaks the clause.
    pub(super) fn take_seat(&mut self, who: Who, number: usize, clause: ClauseId) {
        let conn = self.player_mut(who).next_board();
        let (user, name) = (self.user(who), self.name_of(who));
        self.script
            .reach(&conn, &format!("{{board{number}}}"), ClauseId::SBX_2);
        let line = format!("USR {{t}} {{{user}.handle}} {{cookie{number}}}");
        self.say(&conn, &line);
        let line = ["USR {t} OK {", user, ".handle} ", &name].concat();
        self.script.expect(&conn, &line, clause);
        self.cast.boards.push(Board {
            number,
            members: vec![(who, conn)],
            is_named: false,
            called: Vec::new(),
            is_over: false,
        });
    }

    /// A cookie with a letter too many, or in another's hands.
    fn enter_wrongly(&mut self, who: Who, number: usize) {
        let other = self.other(who).unwrap_or(who);
        let (user, stranger) = (self.user(who), self.user(other));
        let (line, clause) = match (other == who, self.entropy.below(2)) {
            (false, 0) => {
                let line = format!("USR {{t}} {{{stranger}.handle}} {{cookie{number}}}");
                (line, ClauseId::SBU_3)
            }
            _ => {
                let line = format!("USR {{t}} {{{user}.handle}} {{cookie{number}}}0");
                (line, ClauseId::SBU_2)
            }
        };
        let conn = self.player_mut(who).next_board();
        self.script.open(&conn, Some(&format!("{{board{number}}}")));
        self.say(&conn, &line);
        self.script.expect_refused(&conn, clause);
    }

    /// A cookie works once.
    fn use_cookie_again(&mut self, who: Who, number: usize) {
        let user = self.user(who);
        let conn = self.player_mut(who).next_board();
        self.script.open(&conn, Some(&format!("{{board{number}}}")));
        let line = format!("USR {{t}} {{{user}.handle}} {{cookie{number}}}");
        self.say(&conn, &line);
        self.script.expect_refused(&conn, ClauseId::SBU_4);
    }

    /// The place in the cast of a session that the user is in.
    pub(super) fn board_of(&mut self, who: Who) -> Option<usize> {
        let boards = self.cast.boards.iter().enumerate();
        let own = boards.filter(|(_, board)| board.has(who));
        let own: Vec<usize> = own.map(|(place, _)| place).collect();
        self.entropy.pick(&own).copied()
    }

    pub(super) fn call(&mut self, who: Who) {
        let Some(place) = self.board_of(who) else {
            return;
        };
        let Some((conn, number)) = self.seat(place, who) else {
            return;
        };
        let callee = match self.entropy.chance(20) {
            true => None,
            false => self.other(who),
        };
        let Some(callee) = callee else {
            self.say(&conn, "CAL {t} {nobody}");
            self.script.expect_error(&conn, ClauseId::CAL_6);
            return;
        };
        let there = self.player(callee);
        if there.is_tainted || there.stage == Stage::Limbo {
            return;
        }
        let contact = there.name;
        let Some(board) = self.cast.boards.get(place) else {
            return;
        };
        let (is_there, is_called) = (board.has(callee), board.called.contains(&callee));
        match rules::call(&self.cast, callee, who) {
            Reach::Shut(clause) if !is_there => {
                self.say(&conn, &format!("CAL {{t}} {{{contact}.handle}}"));
                self.script.expect_error(&conn, clause);
            }
            _ if is_there || is_called => self.call_again(&conn, contact, number),
            Reach::Open => self.invite(place, who, callee),
            Reach::Shut(_) | Reach::Unknown => {}
        }
    }

    /// Calls somebody who is there already, or was called.
    fn call_again(&mut self, conn: &ConnName, contact: &str, number: usize) {
        self.say(conn, &format!("CAL {{t}} {{{contact}.handle}}"));
        let ringing = format!("CAL {{t}} RINGING {{session{number}}}");
        let again = self.script.line(conn, &ringing, ClauseId::CAL_1);
        let again = varying(again, ClauseId::CAL_8);
        let refusal = self.script.error(conn, ClauseId::CAL_8);
        let branches = vec![vec![refusal], vec![again]];
        self.script.one_of(branches, ClauseId::REPLY_1);
    }

    /// Calls somebody who can be reached.
    pub(super) fn invite(&mut self, place: usize, who: Who, callee: Who) {
        let Some((conn, number)) = self.seat(place, who) else {
            return;
        };
        let contact = self.user(callee);
        self.say(&conn, &format!("CAL {{t}} {{{contact}.handle}}"));
        let ringing = format!("CAL {{t}} RINGING {{session{number}}}");
        let clause = self.clause_of_call(place, who, callee);
        if let Some(board) = self.cast.boards.get_mut(place) {
            board.is_named = true;
            board.called.push(callee);
        }
        self.script.expect(&conn, &ringing, clause);
        self.is_rung(callee, who, number);
    }

    /// What a server breaks that does not let `who` call `callee`, who can be reached.
    fn clause_of_call(&self, place: usize, who: Who, callee: Who) -> ClauseId {
        let board = self.cast.boards.get(place);
        let mut members = board.map_or(&[][..], |board| &board.members).iter();
        let is_first = members
            .clone()
            .next()
            .is_none_or(|(first, _)| *first == who);
        let is_unwanted = |(member, _): &(Who, ConnName)| {
            let member = self.player(*member);
            member.has(BLOCK, callee) && !member.is_tainted
        };
        if members.any(is_unwanted) {
            ClauseId::CAL_9
        } else if is_first {
            ClauseId::CAL_1
        } else {
            ClauseId::CAL_11
        }
    }

    /// The callee is rung.
    pub(super) fn is_rung(&mut self, callee: Who, caller: Who, board: usize) {
        let number = self.number();
        let there = self.conn(callee);
        let (user, name) = (self.user(caller), self.name_of(caller));
        let line = format!(
            "RNG {{session{board}}} {{door{number}}} CKI {{key{number}}} {{{user}.handle}} {name}"
        );
        self.script.expect(&there, &line, ClauseId::RNG_1);
        self.cast.invitations.push(Invitation {
            number,
            board,
            callee,
        });
    }

    /// The connection of a member, and the number of the session.
    pub(super) fn seat(&self, place: usize, who: Who) -> Option<(ConnName, usize)> {
        let board = self.cast.boards.get(place)?;
        Some((board.conn_of(who)?.clone(), board.number))
    }

    /// The call that was left longest unanswered.
    pub(super) fn has_invitation(&self, who: Who) -> bool {
        self.cast.invitations.iter().any(|call| call.callee == who)
    }

    pub(super) fn answer(&mut self, who: Who) {
        let calls = self.cast.invitations.iter();
        let Some(place) = calls.clone().position(|call| call.callee == who) else {
            return;
        };
        let call = self.cast.invitations.remove(place);
        let boards = self.cast.boards.iter();
        let Some(board) = boards.clone().position(|board| board.number == call.board) else {
            return;
        };
        let (user, number) = (self.user(who), call.number);
        let conn = self.player_mut(who).next_board();
        self.script.open(&conn, Some(&format!("{{door{number}}}")));
        let key = format!("{{{user}.handle}} {{key{number}}}");
        if self.entropy.chance(24) {
            let wrong = self.wrong_answer(&key, call.board);
            self.say(&conn, &format!("ANS {{t}} {wrong}"));
            self.script.expect_refused(&conn, ClauseId::ANS_4);
            return;
        }
        self.say(&conn, &format!("ANS {{t}} {key} {{session{}}}", call.board));
        if self
            .cast
            .boards
            .get(board)
            .is_some_and(|board| board.is_over)
        {
            let clause = ClauseId::ANS_5;
            let empty = vec![self.script.line(&conn, "ANS {t} OK", clause)];
            let refused = vec![self.script.expecting(&conn, Expected::Refused, clause)];
            self.script.one_of(vec![empty, refused], clause);
            self.cast.boards.remove(board);
            self.cast
                .invitations
                .retain(|other| other.board != call.board);
            return;
        }
        let (name, members) = (self.name_of(who), self.members_but(board, who));
        let total = members.len();
        for item in 1..=total {
            let line = format!("IRO {{t}} {item} {total} * *");
            self.script.expect(&conn, &line, ClauseId::ANS_2);
        }
        self.script.expect(&conn, "ANS {t} OK", ClauseId::ANS_1);
        let mut steps: Vec<Step> = Vec::new();
        for (_, there) in &members {
            let line = ["JOI {", user, ".handle} ", &name].concat();
            steps.push(self.script.line(there, &line, ClauseId::JOI_1));
        }
        self.script.any_order(steps, ClauseId::JOI_1);
        if let Some(board) = self.cast.boards.get_mut(board) {
            board.called.retain(|called| *called != who);
            board.members.push((who, conn));
        }
    }

    /// The words of an answer to a call to this session, with another cookie or another session.
    fn wrong_answer(&mut self, key: &str, board: usize) -> String {
        let others = self.cast.boards.iter();
        let others = others.filter(|other| other.is_named && other.number != board);
        let others: Vec<usize> = others.map(|other| other.number).collect();
        match (self.entropy.below(3), self.entropy.pick(&others)) {
            (0, _) => format!("{key}0 {{session{board}}}"),
            (1, Some(other)) => format!("{key} {{session{other}}}"),
            _ => format!("{key} {{session{board}}}0"),
        }
    }

    pub(super) fn members_but(&self, place: usize, who: Who) -> Vec<(Who, ConnName)> {
        let board = self.cast.boards.get(place);
        let members = board.map(|board| board.members.iter());
        let members = members.into_iter().flatten();
        members
            .filter(|(member, _)| *member != who)
            .cloned()
            .collect()
    }

    /// A payload that must arrive as it is.
    pub(super) fn payload(&mut self) -> Payload {
        match self.entropy.below(8) {
            0 => {
                let length = self.entropy.below(24);
                let bytes = (0..length).map(|_| u8::try_from(self.entropy.below(256)));
                let bytes: Vec<u8> = bytes.map(Result::unwrap_or_default).collect();
                Payload::Bytes(Arc::from(bytes))
            }
            1 => Payload::Filler(self.entropy.below(MAX_MESSAGE + 1)),
            2 => Payload::Filler(MAX_MESSAGE),
            _ => {
                let text = self.entropy.name(&dictionary::PAYLOADS);
                Payload::Text(self.script.text(text))
            }
        }
    }

    pub(super) fn message(&mut self, who: Who) {
        let Some(place) = self.board_of(who) else {
            return;
        };
        let Some((conn, _)) = self.seat(place, who) else {
            return;
        };
        let members = self.members_but(place, who);
        if !members.is_empty() && self.entropy.chance(40) {
            return self.say_much(who, &conn, &members);
        }
        let payload = self.payload();
        let length = plain_bytes(&payload).map(|bytes| bytes.len());
        let is_odd = length.is_some_and(|length| length == 0 || length > MODEST);
        let mode = self.entropy.name(&["N", "U", "A", "N"]);
        // An answer that need not come may come late: it has a TrID by name.
        let answer = match (mode, members.is_empty()) {
            ("A", false) => Some(("ACK", ClauseId::MSG_7)),
            // Whether nobody else is everybody is open.
            ("A", true) => Some(("ACK|NAK", ClauseId::MSG_7)),
            ("N", true) => Some(("NAK", ClauseId::MSG_6)),
            _ => None,
        };
        let trid = match answer {
            Some(_) => format!("{{t.m{}}}", self.number()),
            None => "{t}".to_owned(),
        };
        let line = format!("MSG {trid} {mode} {{length}}");
        self.say_with(&conn, &line, Some(payload));
        if let Some((verb, clause)) = answer {
            self.script
                .expect_perhaps(&conn, &format!("{verb} {trid}"), clause);
        }
        match (members.is_empty(), is_odd) {
            (true, true) => self.lives_on(&conn, ClauseId::MSG_9),
            // Known servers take what comes in one segment for one command.
            (true, false) => self.lives_on(&conn, ClauseId::MSG_6),
            (false, _) => {}
        }
        let clause = if is_odd {
            ClauseId::MSG_9
        } else {
            ClauseId::MSG_1
        };
        let user = self.user(who);
        for (member, there) in members {
            let line = format!("MSG {{{user}.handle}} * {{length}}");
            let member = self.player(member);
            let clause = match member.has(BLOCK, who) && !member.is_tainted {
                true if clause == ClauseId::MSG_1 => ClauseId::BYE_4,
                _ => clause,
            };
            self.script.expect_same(&there, &line, clause);
        }
    }

    /// Several messages before anybody reads one: they come in their order. One before them comes
    /// at all.
    fn say_much(&mut self, who: Who, conn: &ConnName, members: &[(Who, ConnName)]) {
        let first = self.entropy.below(10);
        let bodies: Vec<Arc<[u8]>> = (first..=first + self.entropy.between(2, 4))
            .map(|body| format!("hello, the {body}th").into_bytes().into())
            .collect();
        let (alone, together) = bodies.split_at(1);
        self.say_all(who, conn, members, alone, ClauseId::MSG_1);
        self.say_all(who, conn, members, together, ClauseId::MSG_8);
    }

    fn say_all(
        &mut self,
        who: Who,
        conn: &ConnName,
        members: &[(Who, ConnName)],
        bodies: &[Arc<[u8]>],
        clause: ClauseId,
    ) {
        for body in bodies {
            let payload = Payload::Bytes(Arc::clone(body));
            self.say_with(conn, "MSG {t} U {length}", Some(payload));
        }
        self.script.disguise(None);
        let line = format!("MSG {{{}.handle}} * {{length}}", self.user(who));
        for (_, there) in members {
            for body in bodies {
                let payload = Payload::Bytes(Arc::clone(body));
                self.script.expect_payload(there, &line, payload, clause);
            }
        }
    }

    /// The connection was not ended by what was sent last, whatever was said on it.
    fn lives_on(&mut self, conn: &ConnName, clause: ClauseId) {
        let any = Expected::Nothing {
            except: vec![self.script.pattern(conn, "* ...")],
        };
        let step = self.script.expecting(conn, any, clause);
        self.script.push(step);
    }

    /// Leaves a session, one way or another.
    pub(super) fn leave_board(&mut self, who: Who) {
        let Some(place) = self.board_of(who) else {
            return;
        };
        let Some((conn, number)) = self.seat(place, who) else {
            return;
        };
        let others = self.members_but(place, who);
        let mut calls = self.cast.invitations.iter();
        let is_called = calls.any(|call| call.board == number);
        // The server sees a cut when it looks: where nobody is told of it, who was called may come
        // before that.
        let must_show = others.is_empty() && is_called;
        let clause = match self.entropy.below(3) {
            0 if !must_show => {
                self.script.act(Action::Close(conn));
                ClauseId::BYE_2
            }
            1 if !must_show => {
                self.script.act(Action::Reset(conn));
                ClauseId::BYE_2
            }
            _ => {
                self.say(&conn, "OUT");
                self.script.expect_closed(&conn, ClauseId::BYE_3);
                ClauseId::BYE_1
            }
        };
        let user = self.user(who);
        let mut steps: Vec<Step> = Vec::new();
        for (_, there) in others {
            let line = format!("BYE {{{user}.handle}}");
            steps.push(self.script.line(&there, &line, clause));
        }
        let is_left = steps.is_empty();
        self.script.any_order(steps, clause);
        if is_left && !is_called {
            self.cast.boards.remove(place);
        } else if let Some(board) = self.cast.boards.get_mut(place) {
            board.members.retain(|(member, _)| *member != who);
            board.is_over = is_left;
        }
    }
}
