//! Scenes of several steps that servers are known to trip over.

use super::walk::{NOWHERE, Told, Walk};
use crate::fuzzer::mutate::{Stunt, plain_bytes};
use crate::fuzzer::script::varying;
use crate::model::{
    Command, ConnId, Key, Line, ListWord, Mode, NameId, Offer, State, UserId, Version, Whom,
};
use crate::protocol::{ClauseId, List, ServerKind, Setting};
use crate::rules::{self, Reach, Truth};
use crate::scenario::ast::{Action, Expected, Payload, SendItem, Step};

/// The length of each message that a client does not read, and their number: more than a server
/// should have to hold in one go, less than it may refuse.
const UNREAD: (usize, u32) = (1500, 24);
/// The most connects of a flood.
const FLOOD: usize = 80;

impl Walk<'_> {
    /// Performs a stunt. `false` where it cannot be done now.
    pub(super) fn perform(&mut self, who: UserId, stunt: Stunt) -> bool {
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
    pub(super) fn seek_seat(&mut self, who: UserId) -> Option<ConnId> {
        let seat = self.seat_of(who);
        let home = self.model.home_of(who).filter(|_| self.is_online(who));
        if let (None, Some(home)) = (seat, home) {
            let ticket = self.get_referral(home)?;
            return Some(self.take_seat(who, ticket, ClauseId::SBU_1));
        }
        seat
    }

    /// A seat in a session with others; one is made where there is none and there can be.
    pub(super) fn seat_with_others(&mut self, who: UserId) -> Option<ConnId> {
        let is_taken = |walk: &Self, seat: ConnId| walk.model.company(seat).next().is_some();
        if let Some(seat) = self.seat_of(who).filter(|seat| is_taken(self, *seat)) {
            return Some(seat);
        }
        let is_open = |other: &UserId| rules::call(&self.model, *other, who) == Reach::Open;
        let callee = self.model.users().find(is_open)?;
        let home = self.model.home_of(who).filter(|_| self.is_online(who))?;
        let ticket = self.get_referral(home)?;
        let seat = self.take_seat(who, ticket, ClauseId::SBU_1);
        self.act(seat, Command::Cal(Whom::User(callee)), Told::default());
        self.answer(callee);
        is_taken(self, seat).then_some(seat)
    }

    fn send_payload_apart(&mut self, who: UserId) -> bool {
        let Some(seat) = self.seat_with_others(who) else {
            return false;
        };
        let payload = self.payload();
        let Some(bytes) = plain_bytes(&payload) else {
            return false;
        };
        let at = self.entropy.below(bytes.len() + 1);
        let (head, tail) = bytes.split_at(at);
        let line = self.line_of(NOWHERE, Command::Msg(Mode::N), None);
        let line = line.replace("{length}", &bytes.len().to_string()) + "\r\n";
        let pieces = [
            Payload::Text(self.script.text(&line)),
            Payload::Bytes(head.into()),
            Payload::Bytes(tail.into()),
        ];
        self.script.disguise(None);
        let conn = self.name(seat);
        for piece in pieces {
            if !matches!(&piece, Payload::Bytes(bytes) if bytes.is_empty()) {
                let step = self.script.sending(&conn, vec![SendItem::Raw(piece)]);
                self.script.push(step);
            }
        }
        for (there, line) in self.heard(seat) {
            let there = self.name(there);
            let payload = Payload::Bytes(bytes.clone());
            self.script
                .expect_payload(&there, &line, payload, ClauseId::FRAME_8);
        }
        true
    }

    /// Two or three settings in one segment; the answers may come in any order.
    fn pipeline(&mut self, who: UserId) -> bool {
        let is_ready = self.model.state_of(who).is_some() && self.model.knows_lists(who);
        let Some(home) = self.model.home_of(who).filter(|_| is_ready) else {
            return false;
        };
        let conn = self.name(home);
        let other = |setting| {
            let is_first = self.model.setting(who, setting) == Truth::Yes;
            Command::Set(setting, Some(!is_first))
        };
        let commands = [
            (other(Setting::Prompt), "{t.a}"),
            (other(Setting::Privacy), "{t.b}"),
            (Command::Syn(Version::Zero), "{t.c}"),
        ];
        let (mut items, mut answers) = (Vec::new(), Vec::new());
        for (command, trid) in commands {
            let line = self.line_of(home, command, None).replace("{t}", trid);
            items.push(self.script.item(&line, None));
            let replies = self.model.step(home, command).replies;
            if let Some(line) = replies.first().and_then(|reply| reply.lines.first()) {
                let line = self.text_of(*line, &Told::default(), false);
                let line = line.replace("{t}", trid);
                answers.push(self.script.line(&conn, &line, ClauseId::REPLY_2));
            }
        }
        self.script.disguise(None);
        let step = self.script.sending(&conn, items);
        self.script.push(step);
        self.script.any_order(answers, ClauseId::REPLY_2);
        self.leave_unread(&conn);
        let person = self.person_mut(who);
        (person.has_synchronised, person.may_yet_go) = (true, true);
        person.outdated = person.cached.map(|_| ClauseId::SYN_3);
        true
    }

    fn open_half(&mut self, who: UserId) -> bool {
        for _ in 0..self.entropy.between(1, 3) {
            let conn = self.stranger(who);
            if self.entropy.below(2) == 0 {
                if conn.kind() != ServerKind::Switchboard {
                    self.script.open(&conn, None);
                }
            } else {
                let line = self.line_of(NOWHERE, Command::Ver(Offer::Own), None);
                let line = line.replace("{t}", "1") + "\r";
                let end = self.entropy.between(1, line.len());
                let text = self.script.text(line.get(..end).unwrap_or(&line));
                let item = SendItem::Raw(Payload::Text(text));
                let step = self.script.sending(&conn, vec![item]);
                self.script.push(step);
            }
        }
        self.serve_witness(ClauseId::LIVE_5);
        true
    }

    /// A participant stops reading while messages come for it.
    fn stop_reading(&mut self, who: UserId) -> bool {
        let Some(seat) = self.seat_with_others(who) else {
            return false;
        };
        let heard = self.heard(seat);
        let Some(((deaf, _), others)) = heard.split_first() else {
            return false;
        };
        let (length, times) = UNREAD;
        let (conn, deaf) = (self.name(seat), self.name(*deaf));
        self.script.act(Action::Pause(deaf.clone()));
        self.script.disguise(None);
        let line = self.line_of(NOWHERE, Command::Msg(Mode::U), None);
        let item = self.script.item(&line, Some(Payload::Filler(length)));
        let send = self.script.sending(&conn, vec![item]);
        self.script.act(Action::Repeat(times, vec![send]));
        let mut steps: Vec<Step> = Vec::new();
        for (there, line) in others {
            let there = self.name(*there);
            steps.push(self.script.same(&there, line, ClauseId::LIVE_2));
        }
        if !steps.is_empty() {
            self.script.act(Action::Repeat(times, steps));
        }
        self.serve_witness(ClauseId::LIVE_2);
        self.script.act(Action::Resume(deaf));
        self.model.doubt_sessions(who);
        true
    }

    fn reset_in_payload(&mut self, who: UserId) -> bool {
        let Some(seat) = self.seek_seat(who) else {
            return false;
        };
        let length = self.entropy.between(10, 1500).to_string();
        let line = self.line_of(NOWHERE, Command::Msg(Mode::N), None);
        let line = line.replace("{length}", &length) + "\r\nhello";
        self.script.disguise(None);
        let item = SendItem::Raw(Payload::Text(self.script.text(&line)));
        let conn = self.name(seat);
        let step = self.script.sending(&conn, vec![item]);
        self.script.push(step);
        let session = self.model.session_at(seat);
        self.cut(seat, true);
        // Whoever was called may come before the server sees it.
        if let Some(session) = session {
            self.model.doubt_session(session);
        }
        true
    }

    fn flood(&mut self, who: UserId) -> bool {
        let conn = self.aside(who, "ns");
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
    fn log_in_at_once(&mut self, who: UserId) -> bool {
        let ready = [(); 3].map(|()| self.greet(who));
        self.script.disguise(None);
        for conn in ready {
            let line = self.line_of(conn, Command::UsrS { right: true }, None);
            let step = self.script.sending_line(&self.name(conn), &line);
            self.script.push(step);
        }
        let line = self.text_of(Line::UsrOk(who, NameId::ANY), &Told::default(), false);
        for conn in ready {
            let (conn, clause) = (self.name(conn), ClauseId::LIVE_4);
            let branches = vec![
                vec![self.script.line(&conn, &line, clause)],
                vec![self.script.error(&conn, clause)],
                vec![self.script.closed(&conn, clause)],
            ];
            self.script.one_of(branches, clause);
        }
        self.lose_track(who);
        self.log_in(who);
        true
    }

    fn use_cookie_at_once(&mut self, who: UserId) -> bool {
        let home = self.model.home_of(who).filter(|_| self.is_online(who));
        let Some(ticket) = home.and_then(|home| self.get_referral(home)) else {
            return false;
        };
        self.spent.push(ticket);
        let conns = [(); 2].map(|()| self.reach(who, ticket, None));
        self.script.disguise(None);
        let line = self.line_of(NOWHERE, Command::UsrSb(who, Key::Ticket(ticket)), None);
        let answer = self.text_of(Line::Entered(who, NameId::ANY), &Told::default(), false);
        for conn in conns {
            let step = self.script.sending_line(&self.name(conn), &line);
            self.script.push(step);
        }
        for conn in conns {
            let (conn, clause) = (self.name(conn), ClauseId::SBU_1);
            let branches = vec![
                vec![self.script.line(&conn, &answer, clause)],
                vec![self.script.expecting(&conn, Expected::Refused, clause)],
            ];
            self.script.one_of(branches, clause);
        }
        true
    }

    /// Two calls of one user in one segment.
    fn call_at_once(&mut self, who: UserId) -> bool {
        let (Some(seat), Some(callee)) = (self.seek_seat(who), self.other(who)) else {
            return false;
        };
        let command = Command::Cal(Whom::User(callee));
        let is_open = rules::call(&self.model, callee, who) == Reach::Open;
        if !is_open || self.model.is_expected(seat, callee) {
            return false;
        }
        let (conn, line) = (self.name(seat), self.line_of(seat, command, None));
        let items = ["{t.a}", "{t.b}"].map(|trid| {
            let line = line.replace("{t}", trid);
            self.script.item(&line, None)
        });
        self.script.disguise(None);
        let step = self.script.sending(&conn, items.into());
        self.script.push(step);
        let prediction = self.model.step(seat, command);
        let rings = prediction.replies.first().and_then(|it| it.lines.first());
        let Some(rings) = rings.map(|line| self.text_of(*line, &Told::default(), true)) else {
            return false;
        };
        let first = rings.replace("{t}", "{t.a}");
        self.script.expect(&conn, &first, ClauseId::CAL_1);
        let again = rings.replace("{t}", "{t.b}");
        let again = self.script.line(&conn, &again, ClauseId::CAL_8);
        let refusal = self.script.error_for(&conn, "{t.b}", ClauseId::CAL_8);
        let branches = vec![vec![refusal], vec![varying(again, ClauseId::CAL_8)]];
        self.script.one_of(branches, ClauseId::FRAME_9);
        self.expect_sights(seat, &prediction.sights, &Told::default());
        true
    }

    /// A command that needs a login, without one.
    fn speak_before_login(&mut self, who: UserId) -> bool {
        let conn = self.stranger(who);
        let forward = ListWord::List(List::Forward);
        let commands: &[Command] = match conn.kind() {
            ServerKind::Switchboard => &[
                Command::Cal(Whom::Nobody),
                Command::Msg(Mode::N),
                Command::Png,
            ],
            _ => &[
                Command::Syn(Version::Zero),
                Command::Chg(Some(State::NLN)),
                Command::Add(forward, Whom::Nobody),
                Command::Rem(forward, Whom::Nobody),
                Command::Lst(forward),
                Command::Set(Setting::Prompt, Some(true)),
                Command::XfrSb,
            ],
        };
        let command = self.entropy.pick(commands).copied().unwrap_or(Command::Png);
        let line = self.foreign_line(command).replace("{length}", "0");
        if self.entropy.below(2) == 0 && conn.kind() != ServerKind::Switchboard {
            let ask = self.line_of(NOWHERE, Command::Ver(Offer::Own), None);
            self.say(&conn, &ask);
            let answer = self.text_of(Line::Ver, &Told::default(), false);
            self.script.expect(&conn, &answer, ClauseId::VER_2);
        }
        self.script.disguise(None);
        let step = self.script.sending_line(&conn, &line);
        self.script.push(step);
        self.take_what_comes(who, &conn, line.contains("{t}"), false);
        true
    }
}
