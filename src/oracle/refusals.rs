//! A refusal comes with the code that its cause has, and only where there is a cause.
//!
//! What clauses accept is accepted here, and so are codes that tell of trouble or of too much work.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::soundness::{has_handles_length, is_sound, is_sound_but, is_state};
use super::world::{BoardId, Membership, Request, Role, Seat, Seen, User, World};
use super::world::{UserId, state};
use crate::protocol::{ClauseId, ErrorCode, List, ServerKind, Setting};
use crate::rules::{self, Outcome, Presence, Reach, Refusal, SettingRule, Truth, View, refusals};

/// The judge of errors against their causes.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Whom a session has called.
    called: HashSet<(BoardId, UserId)>,
}

/// A clause, what is wrong, what should have come.
type Charge = (ClauseId, &'static str, Cow<'static, str>);

impl Oracle for Refusals {
    fn name(&self) -> &'static str {
        "refusals"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::USR_14,
            ClauseId::HANDLE_4,
            ClauseId::GTC_3,
            ClauseId::BLP_3,
            ClauseId::REM_5,
            ClauseId::ADD_4,
            ClauseId::ADD_5,
            ClauseId::ADD_1,
            ClauseId::ADD_6,
            ClauseId::ADD_7,
            ClauseId::CHG_6,
            ClauseId::CHG_10,
            ClauseId::LST_4,
            ClauseId::SBX_1,
            ClauseId::SBX_4,
            ClauseId::SBX_5,
            ClauseId::SBU_5,
            ClauseId::CAL_1,
            ClauseId::CAL_7,
            ClauseId::CAL_8,
            ClauseId::CAL_9,
            ClauseId::CAL_10,
            ClauseId::CAL_11,
            ClauseId::BLP_6,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some((told, request)) = seen.told().and_then(|told| Some((told, told.request?))) else {
            return;
        };
        let Verb::Error(code) = told.line.verb else {
            if told.line.verb == Verb::Cal {
                let callee = world.users().find(request.words().word(2));
                self.called.extend(seen.conn.board.zip(callee));
            }
            return;
        };
        let is_certain = told.role == Role::Answer && request.is_sound && seen.conn.is_clear();
        // Another oracle tells of codes that nobody has.
        if !is_certain || is_trouble(code) || ErrorCode::find(code).is_none() {
            return;
        }
        let case = Case {
            world,
            seen,
            request,
            code,
            called: &self.called,
        };
        let charge = match (seen.conn.kind, seen.conn.user) {
            (ServerKind::Switchboard, user) => case.on_board(user),
            (_, None) => case.at_login(),
            (_, Some(user)) => case.of_user(world.user(user)),
        };
        if let Some((clause, message, expected)) = charge {
            out.accuse_line(seen, clause, message, &expected);
        }
    }
}

/// Whether a code says that the server could not, whatever was asked. 500 is no such code: it comes
/// where a server stumbles over a request.
fn is_trouble(code: u16) -> bool {
    matches!(code, 210 | 280 | 281 | 501..=799 | 800..=910 | 912 | 914..) && code != 715
}

struct Case<'c> {
    world: &'c World,
    seen: &'c Seen<'c, 'c>,
    request: &'c Request,
    code: u16,
    called: &'c HashSet<(BoardId, UserId)>,
}

impl Case<'_> {
    /// The charge, unless the code stands for this refusal.
    fn unless(&self, refusal: &Refusal) -> Option<Charge> {
        let charge = || {
            (
                refusal.clause,
                refusal.breach,
                refusal.code.to_string().into(),
            )
        };
        (!refusal.has(self.code)).then(charge)
    }

    /// Whether no word of the request is at fault.
    fn is_sound(&self) -> bool {
        is_sound(self.request, self.seen.conn.kind)
    }

    /// Whether a word lacks the domain of a handle, and nothing else is at fault.
    fn lacks_domain_alone(&self, at: usize) -> bool {
        let (words, kind) = (self.request.words(), self.seen.conn.kind);
        let word = words.word(at);
        !word.contains(&b'@') && has_handles_length(word) && is_sound_but(self.request, kind, at)
    }

    fn at_login(&self) -> Option<Charge> {
        let asked = self.request.words();
        let is_waiting = self.seen.conn.waits_for(Verb::Usr).is_some();
        match self.request.verb {
            // Without a dialect it is the wrong time for any handle.
            Verb::Usr if !self.seen.conn.has_dialect => None,
            Verb::Usr if asked.word(3) == b"I" && self.lacks_domain_alone(4) => {
                self.unless(&refusals::LOGIN_HANDLE)
            }
            Verb::Syn | Verb::Lst | Verb::Gtc | Verb::Blp | Verb::Chg | Verb::Add | Verb::Rem
                if !is_waiting && self.is_sound() =>
            {
                self.unless(&refusals::NOT_LOGGED_IN)
            }
            _ => None,
        }
    }

    fn of_user(&self, user: &User) -> Option<Charge> {
        let asked = self.request.words();
        let word = asked.word(2);
        let index = self.request.index;
        if !self.request.is_inside || user.login != Some(self.seen.place.conn) {
            return None;
        }
        match self.request.verb {
            Verb::Gtc | Verb::Blp => {
                let setting = Setting::of(self.request.verb)?;
                let old = user.setting(setting).met_by(index);
                self.unless(SettingRule::of(setting).refusal)
                    .filter(|_| old.is_some_and(|old| setting.as_str(old).as_bytes() == word))
            }
            Verb::Chg => self.change(user, word),
            Verb::Lst if self.is_sound() && self.code < 300 => {
                let message = "this list cannot be asked for";
                Some((ClauseId::LST_4, message, Verb::Lst.as_str().into()))
            }
            Verb::Syn
                if self.is_sound()
                    && user.states.presence_since(index) == Some(Presence::Hidden)
                    && self.code != 500 =>
            {
                let message = "a hidden user cannot synchronise";
                Some((ClauseId::CHG_6, message, Verb::Syn.as_str().into()))
            }
            Verb::Xfr if word == b"SB" => self.referral(user),
            Verb::Add | Verb::Rem => self.list(user),
            _ => None,
        }
    }

    fn change(&self, user: &User, word: &[u8]) -> Option<Charge> {
        if !is_state(word) || self.code == 500 || !user.is_sure() {
            return None;
        }
        if user.states.may_have_been(state(word), self.request.index) {
            let is_same = user.states.was_before(state(word), self.request.index);
            let (clause, message, code) = self.unless(&refusals::SAME_STATE)?;
            return is_same.then(|| (clause, message, format!("CHG or {code}").into()));
        }
        None
    }

    fn referral(&self, user: &User) -> Option<Charge> {
        let since = self.world.since(self.request.index);
        // No clause names the code of the refusal after IMS OFF (IMS-3).
        if since.takes_calls(user.id) != Truth::Yes {
            return None;
        }
        match rules::referral(&since, user.id)[..] {
            [Outcome::Refused(refusal)] | [Outcome::Refused(refusal), Outcome::Done] => {
                self.unless(refusal)
            }
            [Outcome::Done] if self.code != 500 => {
                let message = "a user who is online gets no switchboard";
                Some((ClauseId::SBX_1, message, Verb::Xfr.as_str().into()))
            }
            _ => None,
        }
    }

    fn list(&self, user: &User) -> Option<Charge> {
        let asked = self.request.words();
        let is_add = self.request.verb == Verb::Add;
        if self.lacks_domain_alone(3) {
            return self.unless(&refusals::LIST_HANDLE).filter(|_| is_add);
        }
        let contact = self.world.users().find(asked.word(3))?;
        // Some servers let nobody add himself.
        let is_self = contact == user.id;
        // These two codes say that somebody is not there, which no other fault of an ADD is.
        let has_other_fault = !(self.is_sound() || is_add && matches!(self.code, 216 | 217));
        if self.world.user(contact).is_ambiguous || is_self || has_other_fault {
            return None;
        }
        match self.world.outcomes_of(user.id, self.request)[..] {
            [Outcome::Refused(refusal)] => self.unless(refusal),
            [Outcome::Refused(refusal), Outcome::Refused(other)] => {
                self.unless(refusal).filter(|_| !other.has(self.code))
            }
            _ if is_add && matches!(self.code, 216 | 217) => {
                let message = "an ADD is refused as only a REM or a CAL can be";
                // Who is logged in exists; of others nobody knows whether they do (ADD-6).
                let exists = self.world.user(contact).is_sure();
                exists.then(|| (ClauseId::ADD_1, message, "ADD or 215".into()))
            }
            _ => None,
        }
    }

    fn on_board(&self, user: Option<UserId>) -> Option<Charge> {
        let asked = self.request.words();
        match (self.request.verb, user) {
            (Verb::Usr, None) if self.is_sound() => {
                let who = self.world.users().find(asked.word(2))?;
                let is_known = self.world.boards().cookie(asked.word(3)).is_some();
                let is_sure = self.world.user(who).is_sure() && !self.world.has_strangers();
                self.unless(&refusals::COOKIE)
                    .filter(|_| is_sure && !is_known)
            }
            (Verb::Cal, Some(caller)) if self.lacks_domain_alone(2) => {
                let is_other = self.world.user(caller).handle.as_ref() != asked.word(2);
                self.unless(&refusals::CALLEE_HANDLE).filter(|_| is_other)
            }
            (Verb::Cal, Some(caller)) if self.is_sound() => self.call(caller, asked.word(2)),
            _ => None,
        }
    }

    /// Whether a second login of the user may have ended the first, and nobody has heard of it yet.
    fn may_be_displaced(&self, user: UserId) -> bool {
        let mut conns = self.world.conns().iter();
        conns.any(|conn| conn.user.is_none() && conn.claims.contains(&user))
    }

    fn call(&self, caller: UserId, handle: &[u8]) -> Option<Charge> {
        let index = self.request.index;
        let callee = self.world.users().find(handle)?;
        let board = self.world.boards().get(self.seen.conn.board?);
        let user = self.world.user(callee);
        if user.is_ambiguous || self.world.has_strangers() || !board.is_whole {
            return None;
        }
        let is_in = |seat: &Seat| seat.entered < index && seat.leaving.is_none();
        let since = self.world.since(index);
        let is_reachable = rules::call(&since, callee, caller) == Reach::Open;
        if board.seats_of(callee).any(is_in) {
            // Who takes part and cannot be reached is refused for either.
            let charge = self.unless(&refusals::PRESENT);
            let is_online = since.is(callee, Presence::Online) == Truth::Yes;
            let may_be_both = !is_online || (!is_reachable && callee != caller);
            // Whoever calls nobody at all is refused for that, whomever it calls.
            let is_first = board.seats.first().is_some_and(|seat| seat.user == caller);
            if !is_first {
                return None;
            }
            return charge.filter(|_| !may_be_both || !refusals::UNREACHABLE.has(self.code));
        }
        let may_be_in = board.seats_of(callee).next().is_some();
        // The caller is in for certain.
        if may_be_in {
            return None;
        }
        if !is_reachable {
            let is_hidden = since.is(callee, Presence::Hidden) == Truth::Yes;
            let is_gone = user.login.is_none();
            let is_certain = (is_hidden || is_gone) && !matches!(self.code, 215 | 500);
            return self.unless(&refusals::UNREACHABLE).filter(|_| is_certain);
        }
        let was_called = self
            .seen
            .conn
            .board
            .is_some_and(|board| self.called.contains(&(board, callee)));
        if was_called
            || self.may_be_displaced(callee)
            || !matches!(self.code, 216 | 217 | 205 | 913 | 201)
        {
            return None;
        }
        let others = board.seats.iter().filter(|seat| seat.left.is_none());
        let blocks = |who: UserId| {
            let on = self
                .world
                .user(who)
                .list(List::Block)
                .membership_ever(callee);
            matches!(on, Membership::On(_))
        };
        let is_first = board.seats.first().is_some_and(|seat| seat.user == caller);
        let (allow, block) = (user.list(List::Allow), user.list(List::Block));
        let is_allowed = matches!(allow.membership(caller), Membership::On(_));
        // An ADD or REM that no list has confirmed yet may not have been carried out.
        let is_proven = allow.is_proven(caller) && block.is_proven(caller);
        let is_blocked = others.into_iter().any(|seat| blocks(seat.user));
        match (is_blocked, is_first, is_allowed) {
            _ if !is_proven => None,
            (true, true, true) => {
                let message = "a block of the caller's or of another participant stops the call";
                Some((ClauseId::CAL_9, message, "RINGING".into()))
            }
            (false, false, true) => {
                let message = "another than the first participant cannot call";
                Some((ClauseId::CAL_11, message, "RINGING".into()))
            }
            (false, true, false) => {
                let message = "whoever is not blocked cannot call a user under BLP AL";
                Some((ClauseId::BLP_6, message, "RINGING".into()))
            }
            (false, true, true) => {
                let message = "a user who can be reached is not called";
                Some((ClauseId::CAL_1, message, "RINGING".into()))
            }
            // More than one cause may be the one.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    #[test]
    fn codes_of_settings_and_lists() {
        let on = "alice on NLN FL=bob AL=bob\n";
        for (clause, ask, right) in [
            ("GTC-3", "GTC 9 A", 218),
            ("BLP-3", "BLP 9 AL", 218),
            ("REM-5", "REM 9 FL carol@hotmail.com", 216),
            ("ADD-4", "ADD 9 FL bob@hotmail.com b", 215),
            ("ADD-5", "ADD 9 BL bob@hotmail.com b", 219),
            ("ADD-7", "ADD 9 FL bob b", 201),
            ("CHG-10", "CHG 9 NLN", 218),
        ] {
            let said = |code| format!("bob in\ncarol in\n{on}alice C: {ask}\nalice S: {code} 9");
            accuses(clause, &said(207));
            silent(&said(right));
            silent(&said(600));
        }
        let twice = "alice on NLN FL=bob\nbob in\nalice C: ADD 9 FL bob@hotmail.com";
        silent(&format!("{twice} %C3\nalice S: 209 9"));
        silent(&format!("{twice} {}\nalice S: 209 9", "x".repeat(101)));
        accuses("ADD-4", &format!("{twice} x%20y\nalice S: 209 9"));
        let opposed = "alice on NLN BL=bob\nbob in\nalice C: ADD 9 AL";
        let malformed = "alice on NLN\nalice C: ADD 9 AL bob";
        silent(&format!("{opposed} bob@hotmail.com %C3\nalice S: 209 9"));
        silent(&format!("{malformed} %C3\nalice S: 209 9"));
        accuses(
            "ADD-5",
            &format!("{opposed} bob@hotmail.com x\nalice S: 209 9"),
        );
        accuses("ADD-7", &format!("{malformed} x\nalice S: 209 9"));
        // Nobody knows whether there is such a user.
        silent(&format!(
            "{on}bob in\nalice C: ADD 9 FL x@hotmail.com x\nalice S: 217 9"
        ));
        accuses(
            "ADD-1",
            "alice on NLN\nbob on NLN\nalice C: ADD 9 FL bob@hotmail.com x\nalice S: 216 9",
        );
        accuses("LST-4", &format!("{on}alice C: LST 9 RL\nalice S: 201 9"));
    }

    #[test]
    fn codes_of_logins_and_states() {
        let early = "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\nalice C: CHG 2 NLN\nalice S: ";
        accuses("USR-14", &format!("{early}500 2"));
        silent(&format!("{early}302 2"));
        let bare =
            "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\nalice C: USR 2 MD5 I alice\nalice S: ";
        accuses("HANDLE-4", &format!("{bare}201 2"));
        silent(&format!("{bare}206 2"));
        for (clause, state, ask) in [("SBX-4", "HDN", "XFR 9 SB"), ("SBX-5", "-", "XFR 9 SB")] {
            let said = |code| format!("alice on {state}\nalice C: {ask}\nalice S: {code} 9");
            accuses(clause, &said(201));
            silent(&said(913));
        }
        accuses("SBX-1", "alice on NLN\nalice C: XFR 9 SB\nalice S: 913 9");
        silent("alice on NLN\nalice C: CHG 8 HDN\nalice C: XFR 9 SB\nalice S: 913 9");
        accuses("CHG-6", "alice on HDN\nalice C: SYN 9 0\nalice S: 913 9");
    }

    #[test]
    fn two_faults() {
        let hidden = |number| format!("alice on HDN\nalice C: SYN 9 {number}\nalice S: 201 9");
        accuses("CHG-6", &hidden("7"));
        for number in ["M", "-1", "4294967296"] {
            silent(&hidden(number));
        }
        let fresh = "alice C: USR 2 MD5 I nodomain\nalice S: ";
        let agreed = "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\n";
        accuses("HANDLE-4", &format!("{agreed}{fresh}201 2"));
        silent(&format!("{fresh}302 2"));
        let failed = "alice C: VER 1 0\nalice S: VER 1 0\n";
        silent(&format!("{failed}{fresh}302 2"));
        let long = fresh.replace("nodomain", &"x".repeat(132));
        silent(&format!("{agreed}{long}201 2"));
        silent(&format!("{agreed}{}201 2", fresh.replace("MD5", "SHA")));
        for ask in [
            "CHG 2 XXX",
            "GTC 2 Z",
            "SYN 2 M",
            "LST 2 XL",
            "ADD 2 FL b b",
        ] {
            silent(&format!("{agreed}alice C: {ask}\nalice S: 201 2"));
        }
        for ask in ["CHG 2 NLN", "GTC 2 A", "SYN 2 4294967295", "LST 2 FL"] {
            accuses("USR-14", &format!("{agreed}alice C: {ask}\nalice S: 201 2"));
        }
        let on = "alice on NLN FL=bob\nalice C: ";
        let long = "x".repeat(132);
        silent(&format!("{on}ADD 9 FL {long} x\nalice S: 209 9"));
        silent(&format!("{on}REM 9 FL @hotmail.com\nalice S: 201 9"));
        silent(&format!("{on}ADD 9 FL alice@hotmail.com x\nalice S: 217 9"));
        let both = on.replace("FL=bob", "AL=bob BL=bob");
        silent(&format!("{both}ADD 9 AL bob@hotmail.com b\nalice S: 219 9"));
        let board = "alice@sb C: USR 1 alice@hotmail.com 5\n\
             alice@sb S: USR 1 OK alice@hotmail.com alice\n";
        silent(&format!(
            "{board}alice@sb C: CAL 2 {long}\nalice@sb S: 201 2"
        ));
    }

    #[test]
    fn what_is_refused_and_done_nevertheless() {
        let on = "bob on NLN\nalice on NLN\n";
        let add = "alice C: ADD 9 FL bob@hotmail.com b\nalice S: 216 9\n";
        // The ADD is told, not what it has brought about.
        let seen = "alice S: ILN 9 NLN bob@hotmail.com bob\nalice S: NLN BSY bob@hotmail.com bob\n";
        let changed = "bob C: CHG 9 BSY\nbob S: CHG 9 BSY\n";
        accuses("ADD-1", &format!("{on}{add}{changed}{seen}"));
        let again = "alice C: ADD 10 FL bob@hotmail.com b\nalice S: 215 10\n";
        accuses("ADD-1", &format!("{on}{add}{again}"));
    }

    #[test]
    fn calls() {
        let board = "alice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 5\n\
             alice@sb C: USR 1 alice@hotmail.com 5\nalice@sb S: USR 1 OK alice@hotmail.com alice\n";
        let call = |alice: &str, bob: &str, who: &str, code: u16| {
            format!(
                "alice on NLN{alice}\n{bob}\n{board}alice@sb C: CAL 2 {who}\nalice@sb S: {code} 2"
            )
        };
        let bob = "bob@hotmail.com";
        accuses("CAL-8", &call("", "", "alice@hotmail.com", 217));
        let gone = call("", "", "alice@hotmail.com", 217);
        silent(&gone.replace(
            "alice@sb C: CAL",
            "alice C: OUT\nalice S: <closed>\nalice@sb C: CAL",
        ));
        accuses("CAL-10", &call("", "bob on NLN", "bob", 500));
        silent(&call("", "bob on NLN", "bob", 208));
        accuses("BLP-6", &call("", "bob on NLN", bob, 217));
        let leaving = "bob on NLN\nbob C: CHG 9 BSY\nbob C: OUT\nbob S: CHG 9 BSY\n";
        silent(&call("", leaving, bob, 217));
        accuses("CAL-1", &call("", "bob on NLN AL=alice", bob, 217));
        accuses("CAL-9", &call(" BL=bob", "bob on NLN AL=alice", bob, 217));
        silent(&call(" BL=bob", "bob on NLN", bob, 217));
        silent(&call("", "bob on NLN BL=alice", bob, 217));
        silent(&call("", "bob on NLN BLP=BL", bob, 217));
        silent(&call("", "bob on HDN", bob, 217));
        accuses("CAL-7", &call("", "bob on HDN", bob, 201));
        silent(&call("", "bob in", bob, 217));
        let leaving = "bob on NLN\nbob C: OUT";
        silent(&call("", leaving, bob, 217));
        let bad = "alice on NLN\nalice@sb C: USR 1 alice@hotmail.com 6\nalice@sb S: ";
        accuses("SBU-5", &format!("{bad}500 1"));
        silent(&format!("{bad}911 1"));
    }
}
