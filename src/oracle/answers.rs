//! An answer names what was asked for, and what must never succeed does not.

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::world::World;
use super::world::{Conn, Flaw, ListFact, Request, Role, Seen, Told, User, UserId};
use crate::protocol::{
    ClauseId, Dialect, Direction, Grammar, List, MAX_HANDLE, MAX_NAME, ServerKind, Setting,
    decode_name,
};
use crate::rules::{self, Outcome, SettingRule};

/// The judge of answers against their requests.
#[derive(Debug)]
pub(super) struct Answers;

impl Oracle for Answers {
    fn name(&self) -> &'static str {
        "answers"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::VER_1,
            ClauseId::VER_2,
            ClauseId::GTC_1,
            ClauseId::GTC_2,
            ClauseId::GTC_6,
            ClauseId::BLP_1,
            ClauseId::BLP_2,
            ClauseId::BLP_8,
            ClauseId::CHG_1,
            ClauseId::LST_1,
            ClauseId::LST_6,
            ClauseId::ADD_1,
            ClauseId::ADD_2,
            ClauseId::ADD_4,
            ClauseId::ADD_5,
            ClauseId::ADD_12,
            ClauseId::ADD_14,
            ClauseId::REM_1,
            ClauseId::REM_2,
            ClauseId::REM_4,
            ClauseId::REM_9,
            ClauseId::SBX_3,
            ClauseId::SBX_7,
            ClauseId::SBU_1,
            ClauseId::CAL_2,
            ClauseId::CHG_11,
            ClauseId::ADD_3,
            ClauseId::ADD_7,
            ClauseId::REM_3,
            ClauseId::NAME_3,
            ClauseId::HANDLE_2,
            ClauseId::FRAME_7,
            ClauseId::FRAME_12,
            ClauseId::FRAME_13,
            ClauseId::FRAME_14,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        if told.line.verb == Verb::Other && seen.conn.is_clear() {
            judge_unknown(seen, told, out);
        }
        let Some(request) = told.request.filter(|_| told.role == Role::Answer) else {
            return;
        };
        if !request.is_sound {
            judge_flaw(seen, told, request, out);
            return;
        }
        let case = Case {
            seen,
            told,
            request,
        };
        match request.verb {
            Verb::Ver => case.version(world, out),
            Verb::Cal if told.line.verb == Verb::Cal => case.call(world, out),
            Verb::Usr if seen.conn.kind == ServerKind::Switchboard => case.entry(out),
            _ => {
                let user = seen.conn.user.map(|user| world.user(user));
                if let Some(user) = user.filter(|user| user.is_sure()) {
                    case.of_user(world, user, out);
                }
            }
        }
    }
}

/// A command that nobody knows comes back.
fn judge_unknown(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let is_alive = seen.conn.is_alive();
    if is_alive && seen.conn.has_sent_verb(told.line.word(0)) {
        let message = "an unknown command is answered as a success";
        out.accuse_line(seen, ClauseId::FRAME_12, message, "an error or a close");
    }
}

/// Whether clients send this verb to a notification server.
fn is_notification_request(seen: &Seen<'_, '_>, verb: Verb) -> bool {
    let grammar = Grammar {
        kind: ServerKind::Notification,
        ..seen.conn.grammar(Direction::ToServer)
    };
    grammar.row(verb).is_some()
}

/// A malformed request that is answered as a success.
fn judge_flaw(seen: &Seen<'_, '_>, told: &Told<'_, '_>, request: &Request, out: &mut Findings) {
    let is_refusal = matches!(told.line.verb, Verb::Error(_) | Verb::Nak);
    // `VER TrID 0` refuses too. A login without its response is told by another oracle.
    let is_refusal = is_refusal || (request.verb == Verb::Ver && told.line.word(2) == b"0");
    if is_refusal || request.verb == Verb::Usr || !seen.conn.is_clear() {
        return;
    }
    let asked = request.words();
    let is_reverse = matches!(request.verb, Verb::Add | Verb::Rem) && asked.word(2) == b"RL";
    let is_early = seen.conn.kind != ServerKind::Switchboard && seen.conn.user.is_none();
    let (clause, message) = match request.flaw {
        // What succeeds before login is told by another oracle.
        Some(Flaw::Command) if is_early && is_notification_request(seen, request.verb) => {
            return;
        }
        Some(Flaw::Count) if is_reverse => {
            let clause = match request.verb {
                Verb::Add => ClauseId::ADD_2,
                _ => ClauseId::REM_2,
            };
            (clause, "the reverse list is the server's own")
        }
        Some(Flaw::Case) => (ClauseId::FRAME_7, "a command in small letters is obeyed"),
        Some(Flaw::Command) => {
            let message = "a command for another kind of server is obeyed";
            (ClauseId::FRAME_13, message)
        }
        // Servers do without the name (facts, D.50).
        Some(Flaw::Count) if request.verb == Verb::Add && asked.count() == 4 => return,
        Some(Flaw::Count) => {
            let message = "a command with a wrong number of parameters is obeyed";
            (ClauseId::FRAME_14, message)
        }
        Some(Flaw::Trid | Flaw::Content) | None => return,
    };
    out.accuse_line(seen, clause, message, "an error or a close");
}

struct Case<'c> {
    seen: &'c Seen<'c, 'c>,
    told: &'c Told<'c, 'c>,
    request: &'c Request,
}

impl Case<'_> {
    fn accuse(&self, clause: ClauseId, message: &str, expected: &[u8], out: &mut Findings) {
        let expected = String::from_utf8_lossy(expected);
        out.accuse_line(self.seen, clause, message, &expected);
    }

    fn version(&self, world: &World, out: &mut Findings) {
        let (asked, dialect) = (self.request.words(), self.told.line.word(2));
        let offers = |wanted: &[u8]| {
            (2..asked.count()).any(|at| asked.word(at).eq_ignore_ascii_case(wanted))
        };
        let is_readable = asked.count() <= 12 && self.told.line.verb == Verb::Ver;
        if !is_readable || dialect.is_empty() {
            return;
        }
        let first = Dialect::first().name.as_bytes();
        let has_first = (2..asked.count()).any(|at| asked.word(at) == first);
        if dialect == b"0" {
            // A server that has agreed on a later dialect need not speak the first.
            let is_later = |conn: &Conn| conn.has_dialect && conn.dialect != Dialect::first();
            if has_first && !world.conns().iter().any(is_later) {
                let message = "MSNP2 was offered and not agreed on";
                self.accuse(ClauseId::VER_2, message, first, out);
            }
        } else if !offers(dialect) {
            let message = "the client did not offer this dialect";
            self.accuse(ClauseId::VER_1, message, b"an offered dialect", out);
        }
    }

    fn entry(&self, out: &mut Findings) {
        let (handle, told) = (self.request.words(), &self.told.line);
        let is_right = told.word(2) == b"OK" && told.word(3).eq_ignore_ascii_case(handle.word(2));
        if told.verb == Verb::Usr && !is_right {
            let message = "the answer names another user";
            self.accuse(ClauseId::SBU_1, message, handle.word(2), out);
        }
    }

    fn call(&self, world: &World, out: &mut Findings) {
        let Some(board) = self.seen.conn.board else {
            return;
        };
        let number = self.told.line.word(3);
        let own = world.boards().get(board).number.as_deref();
        let other = world.boards().find(number).filter(|other| *other != board);
        let is_live = |other| {
            let other = world.boards().get(other);
            other.is_whole && other.seats.iter().any(|seat| seat.leaving.is_none())
        };
        if let Some(own) = own.filter(|own| *own != number) {
            let message = "the session has had another number";
            self.accuse(ClauseId::CAL_2, message, own, out);
        } else if own.is_none() && other.is_some_and(is_live) {
            let message = "another session that still lives has this number";
            self.accuse(ClauseId::CAL_2, message, b"a number of its own", out);
        }
    }

    fn of_user(&self, world: &World, user: &User, out: &mut Findings) {
        // By far the most lines are those of a batch.
        if self.request.verb == Verb::Syn {
            return;
        }
        let (asked, told) = (self.request.words(), &self.told.line);
        let word = asked.word(2);
        match (self.request.verb, told.verb) {
            (Verb::Chg, Verb::Chg) if told.word(2) != word => {
                let is_lower = word.iter().any(u8::is_ascii_lowercase);
                if is_lower {
                    let message = "a state in small letters is taken for another";
                    self.accuse(ClauseId::CHG_11, message, b"a refusal", out);
                    return;
                }
                let message = "the answer names another state";
                self.accuse(ClauseId::CHG_1, message, word, out);
            }
            (Verb::Gtc, _) => self.setting(Setting::Prompt, user, out),
            (Verb::Blp, _) => self.setting(Setting::Privacy, user, out),
            (Verb::Lst, Verb::Lst) => {
                if List::parse(word).is_none() {
                    let message = "no list has this name";
                    self.accuse(ClauseId::LST_6, message, b"an error or a close", out);
                } else if told.word(2) != word {
                    self.accuse(ClauseId::LST_1, "another list was asked for", word, out);
                }
            }
            (Verb::Xfr, Verb::Xfr) => self.referral(world, user, word, out),
            (Verb::Add | Verb::Rem, Verb::Add | Verb::Rem | Verb::Error(_)) => {
                self.change(world, user, out);
            }
            _ => {}
        }
    }

    /// GTC or BLP. A server that takes a value for the present one after it has shown another may
    /// have shown the wrong one.
    fn setting(&self, setting: Setting, user: &User, out: &mut Findings) {
        let (told, asked) = (&self.told.line, self.request.words());
        let (rule, fact, word) = (
            SettingRule::of(setting),
            user.setting(setting),
            asked.word(2),
        );
        let value = setting.parse(word);
        let met = fact.met_by(self.request.index);
        let was_so = met.zip(value).map(|(met, value)| met == value);
        let is_made = fact.made_before(self.request.index).is_some();
        match told.verb {
            Verb::Error(code) if rule.refusal.has(code) && was_so == Some(false) && is_made => {
                let message =
                    "the value is another than the present one and is refused as the same";
                self.accuse(rule.changed, message, word, out);
            }
            Verb::Error(_) => {}
            _ if value.is_none() => {
                let message = "there is no such value";
                self.accuse(rule.illegal, message, b"an error or a close", out);
            }
            _ if told.word(3) != word => {
                self.accuse(rule.changed, "the answer names another value", word, out);
            }
            _ if was_so == Some(true) => {
                self.accuse(rule.same, "the value was so before", b"an error", out);
            }
            _ => {}
        }
    }

    fn referral(&self, world: &World, user: &User, kind: &[u8], out: &mut Findings) {
        let since = world.since(self.request.index);
        if kind != b"SB" {
            let message = "a client is referred to switchboards only";
            self.accuse(ClauseId::SBX_7, message, b"201 or a close", out);
        } else if !rules::referral(&since, user.id).contains(&Outcome::Done) {
            let message = "a hidden user is referred to a switchboard";
            self.accuse(ClauseId::SBX_3, message, b"913", out);
        }
    }

    /// ADD and REM.
    fn change(&self, world: &World, user: &User, out: &mut Findings) {
        let (asked, told) = (self.request.words(), &self.told.line);
        let (word, handle) = (asked.word(2), asked.word(3));
        let is_add = self.request.verb == Verb::Add;
        let pick = |add, rem| if is_add { add } else { rem };
        let contact = world.users().find(handle);
        let contact = contact.filter(|contact| !world.user(*contact).is_ambiguous);
        let list = List::parse(word).filter(|list| *list != List::Reverse);
        let entry = list.zip(contact);
        let outcomes = world.outcomes_of(user.id, self.request);
        let fact = |is: fn(&ListFact, UserId) -> bool| {
            entry.is_some_and(|(list, contact)| is(user.list(list), contact))
        };
        match (told.verb, &outcomes[..]) {
            // What a list has only shown may be what it has shown wrong.
            (Verb::Error(215 | 216), _) if !fact(ListFact::is_made) => {}
            (Verb::Error(215), [Outcome::Done]) if is_add => {
                let message = "the user is not on the list and is refused as if it were";
                let was_removed = fact(ListFact::has_had);
                let clause = if was_removed && !fact(ListFact::is_proven) {
                    ClauseId::REM_3
                } else {
                    ClauseId::ADD_1
                };
                self.accuse(clause, message, Verb::Add.as_bytes(), out);
            }
            (Verb::Error(216), [Outcome::Done]) if !is_add => {
                let message = "the user is on the list and is refused as if it were not";
                let was_unwatched = contact.is_some_and(|it| user.unwatched.contains(&it));
                // A list has shown it since the change.
                let clause = if fact(ListFact::is_proven) {
                    ClauseId::REM_1
                } else if was_unwatched && list != Some(List::Forward) {
                    ClauseId::REM_9
                } else {
                    ClauseId::ADD_3
                };
                self.accuse(clause, message, Verb::Rem.as_bytes(), out);
            }
            (Verb::Error(_), _) => {}
            _ if word == b"RL" => {
                let clause = pick(ClauseId::ADD_2, ClauseId::REM_2);
                let message = "the reverse list is the server's own";
                self.accuse(clause, message, b"an error or a close", out);
            }
            _ if list.is_none() => {
                let clause = pick(ClauseId::ADD_14, ClauseId::REM_4);
                self.accuse(clause, "no list has this name", b"an error or a close", out);
            }
            _ if told.word(2) != word || !told.word(4).eq_ignore_ascii_case(handle) => {
                let clause = pick(ClauseId::ADD_1, ClauseId::REM_1);
                let expected = [word, b" \xe2\x80\xa6 ", handle].concat();
                self.accuse(clause, "the answer names another entry", &expected, out);
            }
            (_, [Outcome::Refused(refusal), ..]) => {
                let (clause, message, expected) = match refusal.clause {
                    ClauseId::ADD_4 => (ClauseId::ADD_4, "the user is on the list already", "215"),
                    ClauseId::ADD_5 => (ClauseId::ADD_5, "the user is on the opposite list", "219"),
                    _ => (ClauseId::REM_4, "the user is not on the list", "an error"),
                };
                self.accuse(clause, message, expected.as_bytes(), out);
            }
            _ if is_add => self.added(world, out),
            _ => {}
        }
    }

    fn added(&self, world: &World, out: &mut Findings) {
        let (asked, told) = (self.request.words(), &self.told.line);
        let name = asked.word(4);
        let is_cut = told.word(5).len() < name.len();
        if name.len() > MAX_NAME && !is_cut || told.word(5).len() == MAX_NAME && is_cut {
            let message = "a name of more than 387 bytes is taken";
            self.accuse(ClauseId::NAME_3, message, b"209 or a close", out);
        } else if !asked.word(3).contains(&b'@') {
            let message = "a handle without a domain is taken";
            self.accuse(ClauseId::ADD_7, message, b"201", out);
        } else if asked.word(3).len() > MAX_HANDLE {
            let message = "a handle of more than 129 bytes is taken";
            self.accuse(ClauseId::HANDLE_2, message, b"an error or a close", out);
        } else if told.count() == 6
            && world.breaks().is_empty()
            && decode_name(name) != decode_name(told.word(5))
        {
            let message = "the answer names another custom name";
            self.accuse(ClauseId::ADD_12, message, name, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    #[test]
    fn versions() {
        accuses("VER-1", "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP3");
        let refused = "alice C: VER 1 MSNP2 CVR0\nalice S: VER 1 0";
        accuses("VER-2", refused);
        let later = "bob C: VER 1 MSNP7 CVR0\nbob S: VER 1 MSNP7\n";
        silent(&format!("{later}{refused}"));
        accuses(
            "VER-2",
            &format!("{}{refused}", later.replace("MSNP7", "MSNP2")),
        );
        silent("alice C: VER 1 MSNP19 CVR0\nalice S: VER 1 0");
        silent("alice C: VER 1 msnp2\nalice S: VER 1 MSNP2 CVR0");
        silent(
            "alice C: VER 1 MSNP19 MSNP2\nalice S: VER 1 MSNP19\nalice S: LSG 3\nalice S: NLN 4",
        );
        accuses(
            "PRES-4",
            "alice C: VER 1 MSNP7 MSNP2\nalice S: VER 1 MSNP7\nalice S: NLN 4",
        );
    }

    #[test]
    fn settings() {
        let on = "alice on NLN\nalice C: GTC 9 ";
        accuses("GTC-1", &format!("{on}N\nalice S: GTC 9 4 A"));
        // What it was at first may have been shown wrong.
        silent(&format!("{on}N\nalice S: 218 9"));
        let there = "N\nalice S: GTC 9 4 N\nalice C: GTC 10 A\nalice S: ";
        accuses("GTC-1", &format!("{on}{there}218 10"));
        silent(&format!("{on}{there}GTC 10 5 A"));
        accuses("GTC-2", &format!("{on}A\nalice S: GTC 9 4 A"));
        accuses("GTC-6", &format!("{on}X\nalice S: GTC 9 4 X"));
        silent(&format!("{on}N\nalice S: GTC 9 4 N"));
        silent(&format!("{on}A\nalice S: 218 9"));
        silent(&format!(
            "{on}N\nalice C: GTC 10 N\nalice S: GTC 9 4 N\nalice S: 218 10"
        ));
        silent("alice in\nalice C: GTC 9 A\nalice S: GTC 9 4 A");
        accuses(
            "BLP-2",
            "alice on NLN BLP=BL\nalice C: BLP 9 BL\nalice S: BLP 9 4 BL",
        );
        accuses("CHG-1", "alice in\nalice C: CHG 9 BSY\nalice S: CHG 9 NLN");
    }

    #[test]
    fn changes() {
        let on = "alice on NLN FL=bob BL=carol\n";
        let add = |ask: &str, answer: &str| format!("{on}alice C: ADD 9 {ask}\nalice S: {answer}");
        let (bob, dave) = ("bob@hotmail.com", "dave@hotmail.com");
        let early = "bob on NLN\nalice C: ADD 9 FL bob@hotmail.com b\n\
             alice S: ILN 9 NLN bob@hotmail.com bob\nalice S: ADD 9 FL 4 bob@hotmail.com b\n";
        silent(&format!("alice on NLN\n{early}"));
        accuses(
            "ADD-4",
            &add(&format!("FL {bob} b"), &format!("ADD 9 FL 4 {bob} b")),
        );
        silent(&add(&format!("FL {bob} b"), "215 9"));
        silent(&add(&format!("FL {dave} d"), "215 9"));
        accuses(
            "ADD-1",
            &add(&format!("FL {dave} d"), &format!("ADD 9 AL 4 {dave} d")),
        );
        accuses(
            "ADD-12",
            &add(&format!("FL {dave} d"), &format!("ADD 9 FL 4 {dave} x")),
        );
        silent(&add(
            &format!("FL {dave} d%2e"),
            &format!("ADD 9 FL 4 {dave} d."),
        ));
        let carol = "carol@hotmail.com";
        accuses(
            "ADD-5",
            &add(&format!("AL {carol} c"), &format!("ADD 9 AL 4 {carol} c")),
        );
        accuses(
            "ADD-2",
            &add(&format!("RL {dave} d"), &format!("ADD 9 RL 4 {dave} d")),
        );
        accuses(
            "ADD-14",
            &add(&format!("XL {dave} d"), &format!("ADD 9 XL 4 {dave} d")),
        );
        let crossed = format!(
            "{on}alice C: ADD 8 FL {dave} d\nalice C: REM 9 FL {dave}\n\
             alice S: REM 9 FL 5 {dave}\nalice S: ADD 8 FL 4 {dave} d\n"
        );
        silent(&format!(
            "{crossed}alice C: REM 10 FL {dave}\nalice S: 216 10"
        ));
        accuses(
            "REM-4",
            &format!("{on}alice C: REM 9 FL {dave}\nalice S: REM 9 FL 4 {dave}"),
        );
        silent(&format!("{on}alice C: REM 9 FL {bob}\nalice S: 216 9"));
        silent(&format!(
            "{on}alice C: REM 9 FL {bob}\nalice C: REM 10 FL {bob}\nalice S: REM 9 FL 4 {bob}\n\
             alice S: 216 10"
        ));
    }

    #[test]
    fn malformed_requests() {
        for (clause, ask, answer) in [
            ("FRAME-7", "chg 9 NLN", "CHG 9 NLN"),
            ("FRAME-12", "XYZ 9", "XYZ 9 OK"),
            ("FRAME-13", "CAL 9 b@hotmail.com", "CAL 9 RINGING 7"),
            ("FRAME-14", "CHG 9 NLN NLN", "CHG 9 NLN"),
            ("CHG-11", "CHG 9 nln", "CHG 9 NLN"),
        ] {
            let text = format!("alice in\nalice C: {ask}\nalice S: ");
            accuses(clause, &format!("{text}{answer}"));
            silent(&format!("{text}200 9"));
        }
        silent("alice in\nalice C: ADD 9 AL b@hotmail.com\nalice S: ADD 9 AL 5 b@hotmail.com");
        let name = "n".repeat(388);
        let handle = format!("{}@hotmail.com", "h".repeat(120));
        for (clause, handle, name) in [
            ("NAME-3", "b@hotmail.com", &name[..]),
            ("HANDLE-2", &handle, "n"),
        ] {
            accuses(
                clause,
                &format!(
                    "alice in\nalice C: ADD 9 FL {handle} {name}\nalice S: ADD 9 FL 4 {handle} {name}"
                ),
            );
        }
        silent("alice C: VER 1\nalice S: VER 1 0");
        let opposed =
            "alice on NLN BL=carol\nalice C: ADD 9 AL carol@hotmail.com c\nalice S: 215 9";
        accuses("ADD-5", opposed);
    }

    #[test]
    fn referrals_and_calls() {
        let hidden = "alice on HDN\nalice C: XFR 9 SB\n";
        accuses(
            "SBX-3",
            &format!("{hidden}alice S: XFR 9 SB 1.1.1.1:1 CKI 5"),
        );
        silent(&format!("{hidden}alice S: 913 9"));
        let back = "alice on HDN\nalice C: CHG 8 NLN\nalice C: XFR 9 SB\nalice S: CHG 8 NLN\n";
        silent(&format!("{back}alice S: XFR 9 SB 1.1.1.1:1 CKI 5"));
        let board = "a@sb C: USR 1 a@hotmail.com 5\na@sb S: USR 1 OK a@hotmail.com A\n";
        let call = format!("{board}a@sb C: CAL 2 b@hotmail.com\na@sb S: CAL 2 RINGING 7\n");
        accuses(
            "CAL-2",
            &format!("{call}a@sb C: CAL 3 c@hotmail.com\na@sb S: CAL 3 RINGING 8"),
        );
        let other = call.replace("a@", "z@");
        accuses("CAL-2", &format!("{call}{other}"));
        silent(&format!("{call}a@sb C: OUT\na@sb S: <closed>\n{other}"));
        let joined = "b@sb C: ANS 1 b@hotmail.com 8 7\nb@sb S: ANS 1 OK\n";
        silent(&call.replace("a@sb S: CAL", &format!("{joined}a@sb S: CAL")));
        accuses("SBU-1", &board.replace("OK a@", "OK b@"));
    }
}
