//! Scenes of several steps that servers are known to trip over.

use super::cast::{Stage, Who};
use super::play::Play;
use crate::fuzzer::mutate::{Stunt, plain_bytes};
use crate::fuzzer::script::varying;
use crate::protocol::{ClauseId, ServerKind};
use crate::rules::{self, Reach};
use crate::scenario::ast::{Action, Expected, Payload, PayloadPattern, SendItem, Step};
use crate::transcript::ConnName;

/// The length of each message that a client does not read, and their number: more than a server
/// should have to hold in one go, less than it may refuse.
const UNREAD: (usize, u32) = (1500, 24);
/// The most connects of a flood.
const FLOOD: usize = 80;

impl Play<'_> {
    /// Performs a stunt. `false` where it cannot be done now.
    pub(super) fn perform(&mut self, who: Who, stunt: Stunt) -> bool {
        match stunt {
            Stunt::PayloadApart => self.send_payload_apart(who),
            Stunt::Pipelined => self.pipeline(who),
            Stunt::HalfOpen => self.open_half(who),
            Stunt::StopsReading => self.stop_reading(who),
            Stunt::ResetInPayload => self.reset_in_payload(who),
            Stunt::ConnectFlood => self.flood(who),
            Stunt::ManyLogins => self.log_in_at_once(who),
            Stunt::CookieTwice => self.use_cookie_at_once(who),
            Stunt::TwoInvitations => self.call_at_once(who),
            Stunt::WrongState => self.speak_before_login(who),
        }
    }

    /// Opens a session where the user is in none and can open one.
    pub(super) fn seek_seat(&mut self, who: Who) {
        if self.board_of(who).is_none() && self.player(who).is_online() {
            let number = self.get_referral(who);
            self.take_seat(who, number, ClauseId::SBU_1);
        }
    }

    /// A seat in a session with others; one is made where there is none and there can be.
    pub(super) fn seat_with_others(
        &mut self,
        who: Who,
    ) -> Option<(ConnName, Vec<(Who, ConnName)>)> {
        if let Some(found) = self.find_company(who) {
            return Some(found);
        }
        let mut all = 0..self.cast.players.len();
        let is_open = |other: &Who| rules::call(&self.cast, *other, who) == Reach::Open;
        let callee = all.find(is_open)?;
        if !self.player(who).is_online() {
            return None;
        }
        let number = self.get_referral(who);
        self.take_seat(who, number, ClauseId::SBU_1);
        self.invite(self.cast.boards.len() - 1, who, callee);
        self.answer(callee);
        self.find_company(who)
    }

    pub(super) fn find_company(&mut self, who: Who) -> Option<(ConnName, Vec<(Who, ConnName)>)> {
        let place = self.board_of(who)?;
        let board = self.cast.boards.get(place)?;
        let conn = board.conn_of(who)?.clone();
        let others = board.members.iter().filter(|(member, _)| *member != who);
        let others: Vec<(Who, ConnName)> = others.cloned().collect();
        (!others.is_empty()).then_some((conn, others))
    }

    fn send_payload_apart(&mut self, who: Who) -> bool {
        let Some((conn, others)) = self.seat_with_others(who) else {
            return false;
        };
        let payload = self.payload();
        let Some(bytes) = plain_bytes(&payload) else {
            return false;
        };
        let at = self.entropy.below(bytes.len() + 1);
        let (head, tail) = bytes.split_at(at);
        let line = self
            .script
            .text(&format!("MSG {{t}} N {}\r\n", bytes.len()));
        let pieces = [
            Payload::Text(line),
            Payload::Bytes(head.into()),
            Payload::Bytes(tail.into()),
        ];
        self.script.disguise(None);
        for piece in pieces {
            if !matches!(&piece, Payload::Bytes(bytes) if bytes.is_empty()) {
                let step = self.script.sending(&conn, vec![SendItem::Raw(piece)]);
                self.script.push(step);
            }
        }
        let user = self.user(who);
        for (_, there) in others {
            let pattern = self
                .script
                .pattern(&there, &format!("MSG {{{user}.handle}} * {{length}}"));
            let what = Expected::Line {
                pattern,
                payload: Some(PayloadPattern::Exactly(Payload::Bytes(bytes.clone()))),
            };
            let step = self.script.expecting(&there, what, ClauseId::FRAME_8);
            self.script.push(step);
        }
        true
    }

    /// Two or three settings in one segment; the answers may come in any order.
    fn pipeline(&mut self, who: Who) -> bool {
        let player = self.player(who);
        if player.stage != Stage::In || player.is_tainted || player.state.is_none() {
            return false;
        }
        let conn = self.conn(who);
        let (gtc, blp) = (!player.prompts_never, !player.is_closed);
        let prompt = if gtc { "N" } else { "A" };
        let privacy = if blp { "BL" } else { "AL" };
        let items = vec![
            self.script.item(&format!("GTC {{t.a}} {prompt}"), None),
            self.script.item(&format!("BLP {{t.b}} {privacy}"), None),
            self.script.item("SYN {t.c} 0", None),
        ];
        self.script.disguise(None);
        let step = self.script.sending(&conn, items);
        self.script.push(step);
        let lines = [
            format!("GTC {{t.a}} * {prompt}"),
            format!("BLP {{t.b}} * {privacy}"),
            "SYN {t.c} *".to_owned(),
        ];
        let steps = lines.map(|line| self.script.line(&conn, &line, ClauseId::REPLY_2));
        self.script.any_order(steps.into(), ClauseId::REPLY_2);
        self.leave_unread(&conn);
        let player = self.player_mut(who);
        (player.prompts_never, player.is_closed) = (gtc, blp);
        player.has_synchronised = true;
        player.note_change();
        self.cast.doubt_presence(who);
        true
    }

    fn open_half(&mut self, who: Who) -> bool {
        for _ in 0..self.entropy.between(1, 3) {
            let conn = self.stray(who);
            if self.entropy.below(2) == 0 {
                if conn.kind() != ServerKind::Switchboard {
                    self.script.open(&conn, None);
                }
            } else {
                let text =
                    self.script.text(
                        self.entropy
                            .name(&["VER 1 MS", "USR", "V", "VER 1 MSNP2\r"]),
                    );
                let item = SendItem::Raw(Payload::Text(text));
                let step = self.script.sending(&conn, vec![item]);
                self.script.push(step);
            }
        }
        self.serve_witness(ClauseId::LIVE_5);
        true
    }

    /// A participant stops reading while messages come for it.
    fn stop_reading(&mut self, who: Who) -> bool {
        let Some((conn, others)) = self.seat_with_others(who) else {
            return false;
        };
        let Some((_, deaf)) = others.first() else {
            return false;
        };
        let (length, times) = UNREAD;
        self.script.act(Action::Pause(deaf.clone()));
        self.script.disguise(None);
        let item = self
            .script
            .item("MSG {t} U {length}", Some(Payload::Filler(length)));
        let send = self.script.sending(&conn, vec![item]);
        self.script.act(Action::Repeat(times, vec![send]));
        let user = self.user(who);
        let mut heard: Vec<Step> = Vec::new();
        for (_, there) in others.iter().skip(1) {
            let line = format!("MSG {{{user}.handle}} * {{length}}");
            heard.push(self.script.same(there, &line, ClauseId::LIVE_2));
        }
        if !heard.is_empty() {
            self.script.act(Action::Repeat(times, heard));
        }
        self.serve_witness(ClauseId::LIVE_2);
        self.script.act(Action::Resume(deaf.clone()));
        self.cast.drop_boards_of(who);
        true
    }

    fn reset_in_payload(&mut self, who: Who) -> bool {
        self.seek_seat(who);
        let Some(place) = self.board_of(who) else {
            return false;
        };
        let board = self.cast.boards.get(place);
        let Some(conn) = board.and_then(|board| board.conn_of(who).cloned()) else {
            return false;
        };
        let others = board.map(|board| board.members.clone()).unwrap_or_default();
        let length = self.entropy.between(10, 1500);
        let text = self.script.text(&format!("MSG {{t}} N {length}\r\nhello"));
        self.script.disguise(None);
        let item = SendItem::Raw(Payload::Text(text));
        let step = self.script.sending(&conn, vec![item]);
        self.script.push(step);
        self.script.act(Action::Reset(conn));
        let user = self.user(who);
        let others = others.into_iter().filter(|(member, _)| *member != who);
        let line = format!("BYE {{{user}.handle}}");
        let steps: Vec<Step> = others
            .map(|(_, there)| self.script.line(&there, &line, ClauseId::BYE_2))
            .collect();
        self.script.any_order(steps, ClauseId::BYE_2);
        self.cast.drop_boards_of(who);
        true
    }

    fn flood(&mut self, who: Who) -> bool {
        let number = self.number();
        let conn = ConnName::new(self.user(who), format!("ns{}", 100 + number));
        let open = Action::Open {
            conn: conn.clone(),
            address: None,
        };
        let end = match self.entropy.below(2) {
            0 => Action::Close(conn),
            _ => Action::Reset(conn),
        };
        let steps = [open, end].map(|action| self.script.step(action, Some(ClauseId::LIVE_3)));
        let times = u32::try_from(self.entropy.between(2, FLOOD)).unwrap_or(2);
        self.script.act(Action::Repeat(times, steps.into()));
        self.serve_witness(ClauseId::LIVE_3);
        true
    }

    /// Three logins of one user whose last commands are sent before anything is read.
    fn log_in_at_once(&mut self, who: Who) -> bool {
        let mut ready = Vec::new();
        let (user, stage) = (self.user(who), self.player(who).stage);
        for _ in 0..3 {
            let conn = self.player_mut(who).next_conn();
            let challenge = self.greet(who, &conn);
            ready.push((conn, challenge));
        }
        self.script.disguise(None);
        for (conn, challenge) in &ready {
            let line = format!("USR {{t}} MD5 S {{md5({challenge}, {user}.password)}}");
            let step = self.script.sending_line(conn, &line);
            self.script.push(step);
        }
        for (conn, _) in &ready {
            let line = format!("USR {{t}} OK {{{user}.handle}} *");
            let clause = ClauseId::LIVE_4;
            let branches = vec![
                vec![self.script.line(conn, &line, clause)],
                vec![self.script.error(conn, clause)],
                vec![self.script.closed(conn, clause)],
            ];
            self.script.one_of(branches, clause);
        }
        let _ = stage;
        self.lose_track(who);
        self.log_in(who);
        true
    }

    fn use_cookie_at_once(&mut self, who: Who) -> bool {
        if !self.player(who).is_online() {
            return false;
        }
        let number = self.get_referral(who);
        let user = self.user(who);
        let conns = [(); 2].map(|()| self.player_mut(who).next_board());
        for conn in &conns {
            self.script.open(conn, Some(&format!("{{board{number}}}")));
        }
        self.script.disguise(None);
        let line = format!("USR {{t}} {{{user}.handle}} {{cookie{number}}}");
        for conn in &conns {
            let step = self.script.sending_line(conn, &line);
            self.script.push(step);
        }
        for conn in &conns {
            let clause = ClauseId::SBU_1;
            let line = format!("USR {{t}} OK {{{user}.handle}} *");
            let branches = vec![
                vec![self.script.line(conn, &line, clause)],
                vec![self.script.expecting(conn, Expected::Refused, clause)],
            ];
            self.script.one_of(branches, clause);
        }
        true
    }

    /// Two calls of one user in one segment.
    fn call_at_once(&mut self, who: Who) -> bool {
        self.seek_seat(who);
        let Some(place) = self.board_of(who) else {
            return false;
        };
        let (Some((conn, number)), Some(callee)) = (self.seat(place, who), self.other(who)) else {
            return false;
        };
        let reach = rules::call(&self.cast, callee, who);
        if reach != Reach::Open || self.knows(place, callee) {
            return false;
        }
        let contact = self.user(callee);
        let items = ["a", "b"].map(|name| {
            let line = format!("CAL {{t.{name}}} {{{contact}.handle}}");
            self.script.item(&line, None)
        });
        self.script.disguise(None);
        let step = self.script.sending(&conn, items.into());
        self.script.push(step);
        let line = format!("CAL {{t.a}} RINGING {{session{number}}}");
        self.script.expect(&conn, &line, ClauseId::CAL_1);
        let again = format!("CAL {{t.b}} RINGING {{session{number}}}");
        let again = self.script.line(&conn, &again, ClauseId::CAL_8);
        let refusal = self.script.error_for(&conn, "{t.b}", ClauseId::CAL_8);
        let branches = vec![vec![refusal], vec![varying(again, ClauseId::CAL_8)]];
        self.script.one_of(branches, ClauseId::FRAME_9);
        if let Some(board) = self.cast.boards.get_mut(place) {
            board.is_named = true;
            board.called.push(callee);
        }
        self.is_rung(callee, who, number);
        true
    }

    fn knows(&self, place: usize, callee: Who) -> bool {
        let board = self.cast.boards.get(place);
        board.is_none_or(|board| board.has(callee) || board.called.contains(&callee))
    }

    /// A command that needs a login, without one.
    fn speak_before_login(&mut self, who: Who) -> bool {
        let conn = self.stray(who);
        let line = match conn.kind() {
            ServerKind::Switchboard => {
                self.entropy
                    .name(&["CAL {t} {erin.handle}", "MSG {t} N 0", "PNG"])
            }
            _ => self.entropy.name(&[
                "SYN {t} 0",
                "CHG {t} NLN",
                "ADD {t} FL {erin.handle} Erin",
                "REM {t} FL {erin.handle}",
                "LST {t} FL",
                "GTC {t} A",
                "XFR {t} SB",
            ]),
        };
        if self.entropy.below(2) == 0 && conn.kind() != ServerKind::Switchboard {
            self.say(&conn, "VER {t} MSNP2");
            self.script
                .expect(&conn, "VER {t} MSNP2 ...", ClauseId::VER_2);
        }
        self.script.disguise(None);
        let step = self.script.sending_line(&conn, line);
        self.script.push(step);
        self.take_what_comes(who, &conn, line.contains("{t}"), false);
        true
    }
}
