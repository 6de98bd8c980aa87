//! Who is shown to whom, and as what.
//!
//! Servers batch presence: NLN may come seconds late, with the state of then or of now. So NLN is
//! judged by its value: a state that the user entered only after blocking the watcher cannot have
//! been on its way before. ILN answers a request and is judged by what was true since then.

use std::collections::HashSet;

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::world::{List, Membership, Request, Role, Seen, State, Told, UNSET, User, UserId};
use super::world::{World, state};
use crate::spec::{ClauseId, ServerKind, decode_name};

/// The judge of NLN, ILN and FLN.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Whom each CHG and ADD has shown, by the entries of the requests.
    shown: HashSet<(usize, UserId)>,
}

const HIDDEN: State = *b"HDN";

impl Oracle for Presence {
    fn name(&self) -> &'static str {
        "presence"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::PRES_1,
            ClauseId::PRES_2,
            ClauseId::PRES_3,
            ClauseId::PRES_4,
            ClauseId::PRES_5,
            ClauseId::PRES_6,
            ClauseId::PRES_9,
            ClauseId::PRES_14,
            ClauseId::CHG_5,
            ClauseId::REM_8,
        ]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        let line = &told.line;
        let (shown, handle, name) = match line.verb {
            Verb::Nln => (line.word(1), line.word(2), line.word(3)),
            Verb::Iln => (line.word(2), line.word(3), line.word(4)),
            Verb::Fln => (&b""[..], line.word(1), &b""[..]),
            _ => return,
        };
        let is_read = match told.role {
            Role::Unasked => line.verb != Verb::Iln,
            Role::Answer | Role::Again => told.request.is_some_and(|request| request.is_sound),
            _ => false,
        };
        if !is_read || !seen.conn.is_clear() {
            return;
        }
        if matches!(shown, b"HDN" | b"FLN") {
            let message = "a hidden or offline state is shown to others";
            out.accuse_line(seen, ClauseId::PRES_14, message, "FLN handle, or nothing");
            return;
        }
        let Some(me) = seen.conn.user else {
            if seen.conn.kind == ServerKind::Notification {
                let message = "presence on a connection on which nobody is logged in";
                out.accuse_line(seen, ClauseId::PRES_5, message, "");
            }
            return;
        };
        let watcher = world.user(me);
        if !watcher.is_sure() {
            return;
        }
        let subject = world.users().find(handle);
        let case = Case {
            seen,
            told,
            me,
            watcher,
        };
        if case.is_stranger(world, subject, out) {
            return;
        }
        if let Some(request) = told.request.filter(|_| line.verb == Verb::Iln) {
            case.judge_place(request, handle, out);
            if subject.is_some_and(|subject| !self.shown.insert((request.index, subject))) {
                let clause = match request.verb {
                    Verb::Add => ClauseId::PRES_3,
                    _ => ClauseId::PRES_1,
                };
                case.accuse(clause, "the contact is shown twice", out);
            }
        }
        let subject = subject
            .map(|id| world.user(id))
            .filter(|user| user.is_sure());
        if let Some(subject) = subject.filter(|_| line.verb != Verb::Fln) {
            case.judge_view(subject, state(shown), out);
            if !subject.may_be_called(&decode_name(name)) {
                let message = "this is no friendly name of the user";
                out.accuse_line(seen, ClauseId::PRES_4, message, "the friendly name");
            }
        }
    }
}

struct Case<'c> {
    seen: &'c Seen<'c, 'c>,
    told: &'c Told<'c, 'c>,
    me: UserId,
    watcher: &'c User,
}

impl Case<'_> {
    /// Whether the subject has never been on the watcher's FL in this session.
    fn is_stranger(&self, world: &World, subject: Option<UserId>, out: &mut Findings) -> bool {
        let forward = self.watcher.list(List::Forward);
        let is_off = match subject {
            None => forward.is_whole() && forward.steady_since(self.seen.place.entry).is_some(),
            Some(subject) => {
                let on = forward.membership(subject);
                let is_off = matches!(on, Membership::Off { was_on: false, .. });
                is_off && forward.is_whole() && !world.user(subject).is_ambiguous
            }
        };
        let is_stranger = is_off && !forward.is_old();
        if is_stranger {
            let message = "the user is not on the receiver's FL";
            self.accuse(ClauseId::PRES_5, message, out);
        }
        is_stranger
    }

    fn accuse(&self, clause: ClauseId, message: &str, out: &mut Findings) {
        out.accuse_line(self.seen, clause, message, "");
    }

    /// ILN belongs to the first CHG and to ADD FL.
    fn judge_place(&self, request: &Request, handle: &[u8], out: &mut Findings) {
        let asked = request.words();
        let first = self.seen.conn.first_change;
        match request.verb {
            Verb::Add => {
                let is_contact = asked.word(3).eq_ignore_ascii_case(handle);
                if asked.word(2) != b"FL" || !is_contact {
                    let message = "the ADD was of somebody else, or to another list";
                    self.accuse(ClauseId::PRES_3, message, out);
                }
            }
            Verb::Chg
                if first.is_some_and(|first| first < request.index) && !self.seen.conn.was_fln =>
            {
                let message = "an ILN at a CHG that is not the first of the session";
                self.accuse(ClauseId::PRES_2, message, out);
            }
            _ => {}
        }
    }

    /// The first moment at which what is shown may have been looked up.
    fn low(&self) -> usize {
        match self.told.request {
            Some(request) if self.told.line.verb == Verb::Iln => request.index,
            _ => self.seen.conn.asked_in,
        }
    }

    fn judge_view(&self, subject: &User, shown: State, out: &mut Findings) {
        let low = self.low();
        let Some(from) = subject.states.first_time(shown, low) else {
            let now = self.seen.place.entry;
            let (clause, message) = if subject.states.has_been(HIDDEN, now) {
                (ClauseId::CHG_5, "the user is hidden")
            } else if subject.states.has_been(UNSET, now) {
                (ClauseId::PRES_6, "the user has set no state yet")
            } else {
                (ClauseId::PRES_4, "the user has not been in this state")
            };
            self.accuse(clause, message, out);
            return;
        };
        let blocked = subject.list(List::Block).membership(self.me);
        if !self.watcher.is_ambiguous && matches!(blocked, Membership::On(since) if since <= from) {
            let message = "the receiver is on the user's BL";
            self.accuse(ClauseId::PRES_9, message, out);
            return;
        }
        self.judge_removed(subject, from, out);
    }

    fn judge_removed(&self, subject: &User, from: usize, out: &mut Findings) {
        let forward = self.watcher.list(List::Forward);
        let is_removed = forward.was_removed_by(subject.id, from);
        if is_removed && self.told.line.verb == Verb::Nln {
            let message = "the receiver has taken the user off the FL";
            self.accuse(ClauseId::REM_8, message, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    /// Alice in state BSY, whom bob watches.
    const BOTH: &str = "alice on BSY\nbob on NLN FL=alice,carol\n";

    fn bob_sees(before: &str, line: &str) -> String {
        format!("{BOTH}{before}bob S: {line} alice@hotmail.com alice")
    }

    fn chg(trid: u32, state: &str) -> String {
        format!("alice C: CHG {trid} {state}\nalice S: CHG {trid} {state}\n")
    }

    const BLOCK: &str =
        "alice C: ADD 20 BL bob@hotmail.com b\nalice S: ADD 20 BL 9 bob@hotmail.com b\n";

    #[test]
    fn strangers() {
        let two = "alice on NLN\nbob on NLN FL=carol\n";
        accuses(
            "PRES-5",
            &format!("{two}bob S: NLN NLN alice@hotmail.com alice"),
        );
        accuses("PRES-5", &format!("{two}bob S: FLN alice@hotmail.com"));
        accuses(
            "PRES-5",
            &format!("{two}bob S: NLN NLN nobody@hotmail.com n"),
        );
        accuses("PRES-5", "bob C: VER 1 MSNP2\nbob S: FLN alice@hotmail.com");
        silent("alice on NLN\nbob in\nbob S: NLN NLN alice@hotmail.com alice");
        let added = "bob C: ADD 9 FL alice@hotmail.com a\n";
        silent(&format!(
            "{two}{added}bob S: NLN NLN alice@hotmail.com alice"
        ));
    }

    #[test]
    fn states() {
        silent(&bob_sees("", "NLN BSY"));
        accuses("PRES-4", &bob_sees("", "NLN AWY"));
        accuses("PRES-14", &bob_sees("", "NLN HDN"));
        silent(&bob_sees("alice C: CHG 9 AWY\n", "NLN AWY"));
        // Late, with the state of then.
        silent(&bob_sees(
            &format!("{}{}", chg(9, "AWY"), chg(10, "LUN")),
            "NLN AWY",
        ));
        let crossed = "alice C: CHG 9 AWY\nalice C: CHG 10 BSY\nalice S: CHG 10 BSY\n\
             alice S: CHG 9 AWY\nbob C: ADD 11 FL carol@hotmail.com c\n";
        silent(&bob_sees(crossed, "NLN AWY"));
        silent(&bob_sees(&chg(9, "HDN"), "NLN BSY"));
        let hidden = "alice on HDN\nbob on NLN FL=alice\n";
        accuses(
            "CHG-5",
            &format!("{hidden}bob S: NLN NLN alice@hotmail.com alice"),
        );
        let unset = "alice on -\nbob on NLN FL=alice\n";
        accuses(
            "PRES-6",
            &format!("{unset}bob S: NLN NLN alice@hotmail.com alice"),
        );
        silent(&bob_sees("alice C: <raw> CHG 9 AWY\\r\\n\n", "NLN AWY"));
        silent(&bob_sees("alice C: OUT\nalice S: <closed>\n", "NLN AWY"));
        let text = format!("{BOTH}bob S: NLN BSY alice@hotmail.com Mallory");
        accuses("PRES-4", &text);
        let renamed = "alice C: REA 9 alice@hotmail.com Mallory\n";
        silent(&text.replace("bob S: NLN", &format!("{renamed}bob S: NLN")));
    }

    #[test]
    fn what_the_server_imposes() {
        let imposed = bob_sees("", "NLN AWY") + "\nalice S: CHG 0 AWY";
        silent(&imposed);
        accuses(
            "PRES-4",
            &imposed.replace("CHG 0", "ADD 0 RL 9 d@hotmail.com"),
        );
    }

    #[test]
    fn blocked() {
        accuses(
            "PRES-9",
            &bob_sees(&format!("{BLOCK}{}", chg(21, "AWY")), "NLN AWY"),
        );
        // Entered before the block was certain: the line may have been on its way.
        silent(&bob_sees(BLOCK, "NLN BSY"));
        silent(&bob_sees(&format!("{}{BLOCK}", chg(21, "AWY")), "NLN AWY"));
        let freed = "alice C: REM 22 BL bob@hotmail.com\n";
        silent(&bob_sees(
            &format!("{BLOCK}{}{freed}", chg(21, "AWY")),
            "NLN AWY",
        ));
        let added = "bob C: ADD 9 FL alice@hotmail.com a\nbob S: ADD 9 FL 4 alice@hotmail.com a\n";
        let iln = "bob S: ILN 9 BSY alice@hotmail.com alice";
        let start = "alice on BSY BL=bob\nbob on NLN\n";
        accuses("PRES-9", &format!("{start}{added}{iln}"));
        silent(&format!("{}{added}{iln}", start.replace(" BL=bob", "")));
    }

    #[test]
    fn hidden_from_the_first_on() {
        let start = "alice on HDN\nbob on - FL=alice\nbob C: CHG 9 NLN\nbob S: CHG 9 NLN\n";
        accuses(
            "CHG-5",
            &format!("{start}bob S: ILN 9 NLN alice@hotmail.com alice"),
        );
        let back = "bob S: CHG 9 NLN\nalice C: CHG 8 NLN\n";
        let raced = start.replace("bob S: CHG 9 NLN\n", back);
        silent(&format!("{raced}bob S: ILN 9 NLN alice@hotmail.com alice"));
    }

    #[test]
    fn iln_belongs_somewhere() {
        let later = "bob C: CHG 9 BSY\nbob S: CHG 9 BSY\n";
        accuses("PRES-2", &bob_sees(later, "ILN 9 BSY"));
        silent(&bob_sees("", "ILN 6 BSY"));
        let twice = bob_sees("", "ILN 6 BSY").lines().last().unwrap().to_owned() + "\n";
        accuses("PRES-1", &bob_sees(&twice, "ILN 6 BSY"));
        let carol = "bob C: ADD 9 FL carol@hotmail.com a\nbob S: 215 9\n";
        accuses("PRES-3", &bob_sees(carol, "ILN 9 BSY"));
    }

    #[test]
    fn removed_contacts() {
        let removed = "bob C: REM 9 FL alice@hotmail.com\nbob S: REM 9 FL 4 alice@hotmail.com\n";
        accuses(
            "REM-8",
            &bob_sees(&format!("{removed}{}", chg(9, "AWY")), "NLN AWY"),
        );
        silent(&bob_sees(removed, "NLN BSY"));
        silent(&bob_sees(&format!("{}{removed}", chg(9, "AWY")), "NLN AWY"));
    }
}
