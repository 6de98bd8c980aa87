//! Who is shown to whom, and as what.
//!
//! Servers batch presence: NLN may come seconds late, with the state of then or of now. So NLN is
//! judged by its value: a state that the user entered only after blocking the watcher cannot have
//! been on its way before. ILN answers a request and is judged by what was true since then.

use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Oracle;
use super::asynchronous::bears_trid;
use super::finding::{Charge, Findings, Place};
use super::line::Verb;
use super::liveness::{PATIENCE, ROUNDS};
use super::showing::{Case, judge_name};
use super::world::{Membership, Role, Seen, Told, UserId};
use super::world::{World, is_offline, state};
use crate::protocol::{ClauseId, List, ServerKind, State, decode_name};
use crate::rules::{self, Truth};
use crate::transcript::ConnId;

/// The judge of NLN, ILN and FLN.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Presence has gone to those who have no right to it.
    is_loose: bool,
    /// Whom each CHG and ADD has shown, by the entries of the requests.
    shown: FxHashSet<(usize, UserId)>,
    /// What the last first CHG or ADD FL of a connection must still bring.
    due: FxHashMap<ConnId, Due>,
}

/// Contacts that must be shown; that may take as long as the answer to a request.
#[derive(Debug)]
struct Due {
    place: Place,
    line: Vec<u8>,
    /// The request that must bring them.
    request: usize,
    round: u32,
    at: Duration,
    clause: ClauseId,
    contacts: Vec<UserId>,
}

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
            ClauseId::USR_4,
            ClauseId::NAME_4,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        if told.role == Role::Answer && seen.conn.kind == ServerKind::Notification {
            self.answered(world, seen, told, out);
        }
        let line = &told.line;
        let (shown, handle, name) = match line.verb {
            Verb::Nln => (line.word(1), line.word(2), line.word(3)),
            Verb::Iln => (line.word(2), line.word(3), line.word(4)),
            Verb::Fln => (&b""[..], line.word(1), &b""[..]),
            _ => return,
        };
        if line.verb == Verb::Iln && told.role != Role::Nonsense {
            self.shows(seen, world.users().find(handle));
        }
        let is_read = match told.role {
            Role::Unasked => line.verb != Verb::Iln,
            Role::Answer | Role::Again => told.request.is_some_and(|request| request.is_sound),
            _ => false,
        };
        if !is_read || !seen.conn.is_clear() || !handle.contains(&b'@') || bears_trid(seen, told) {
            return;
        }
        if let Some(state) = State::parse(shown).filter(|state| !state.is_online()) {
            let message = "a hidden or offline state is shown to others";
            out.accuse_line(seen, ClauseId::PRES_14, message, "FLN handle, or nothing");
            if state == State::Hidden {
                let message = "a hidden user is shown to others";
                out.accuse_line(seen, ClauseId::CHG_5, message, "FLN handle, or nothing");
            }
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
            self.is_loose = true;
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
            case.judge_view(subject, state(shown), self.is_loose, out);
            let params = if line.verb == Verb::Iln { 5 } else { 4 };
            if line.count() != params {
                return;
            }
            judge_name(world, seen, subject, &decode_name(name), out);
        }
    }
}

impl Presence {
    /// A contact has been shown, for whatever request.
    fn shows(&mut self, seen: &Seen<'_, '_>, contact: Option<UserId>) {
        if let Some((due, contact)) = self.due.get_mut(&seen.place.conn).zip(contact) {
            due.contacts.retain(|other| *other != contact);
        }
    }

    /// An answer: an earlier CHG or ADD must have brought all by now, and this one may bring some.
    fn answered(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        out: &mut Findings,
    ) {
        let Some((request, me)) = told.request.zip(seen.conn.user) else {
            return;
        };
        let conn = seen.place.conn;
        let is_over = |due: &Due| {
            let rounds = seen.conn.round.saturating_sub(due.round);
            let time = seen.entry.at.saturating_sub(due.at);
            let is_later = request.index > due.place.entry;
            is_later && (rounds >= ROUNDS || time >= PATIENCE)
        };
        if self.due.get(&conn).is_some_and(is_over)
            && let Some(due) = self.due.remove(&conn)
        {
            accuse_due(world, me, due, out);
        }
        let is_first = told.line.verb == Verb::Chg && seen.conn.first_change.is_none();
        let is_add = told.line.verb == Verb::Add && told.line.word(2) == b"FL";
        let may_see = seen.conn.first_change.is_some() && !seen.conn.was_fln;
        let clause = match request.verb {
            Verb::Chg if is_first && !is_offline(told.line.word(2)) => ClauseId::PRES_1,
            Verb::Add if is_add && may_see && !request.names_group() => ClauseId::PRES_3,
            _ => return,
        };
        if !request.is_sound || !seen.conn.is_clear() || !world.user(me).is_sure() {
            return;
        }
        let contacts: Vec<UserId> = if is_add {
            world.users().find(told.line.word(4)).into_iter().collect()
        } else {
            let forward = world.user(me).list(List::Forward);
            let steady = forward
                .steady_since(request.index)
                .filter(|_| !forward.is_old());
            let is_on =
                |contact: &UserId| matches!(forward.membership(*contact), Membership::On(_));
            steady.into_iter().flatten().filter(is_on).collect()
        };
        let since = world.since(request.index);
        let is_due = |contact: &UserId| {
            !self.shown.contains(&(request.index, *contact))
                && rules::visible(&since, *contact, me) == Truth::Yes
        };
        let mut contacts: Vec<UserId> = contacts.into_iter().filter(is_due).collect();
        contacts.sort_unstable();
        if !contacts.is_empty() {
            let due = Due {
                place: seen.place,
                line: told.frame.line.to_vec(),
                request: request.index,
                round: seen.conn.round,
                at: seen.entry.at,
                clause,
                contacts,
            };
            self.due.insert(conn, due);
        }
    }
}

fn accuse_due(world: &World, me: UserId, due: Due, out: &mut Findings) {
    for contact in due.contacts {
        // It must have been visible all the time, up to now.
        if rules::visible(&world.since(due.request), contact, me) == Truth::Yes {
            let handle = String::from_utf8_lossy(&world.user(contact).handle).into_owned();
            let charge = Charge {
                message: "a contact that is online and visible is not shown",
                expected: format!("ILN … {handle}"),
                got: &due.line,
            };
            out.accuse(due.place, due.clause, charge);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, accuses_first, accuses_last, silent};

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
        let seen = "bob in\nbob S: NLN NLN alice@hotmail.com alice";
        silent(&format!(
            "alice in\nalice C: CHG 9 NLN\nalice S: CHG 9 NLN\n{seen}"
        ));
        accuses("PRES-5", &format!("alice on NLN\n{seen}"));
        let added = "bob C: ADD 9 FL alice@hotmail.com a\n";
        silent(&format!(
            "{two}{added}bob S: NLN NLN alice@hotmail.com alice"
        ));
    }

    #[test]
    fn of_two_logins_at_once_nobody_knows_which_stays() {
        let begin = |name: &str| {
            format!(
                "{name} C: USR 3 MD5 I alice@hotmail.com\n{name} S: USR 3 MD5 S 1.2\n\
                 {name} C: USR 4 MD5 S 00000000000000000000000000000000\n"
            )
        };
        let end = |name: &str| format!("{name} S: USR 4 OK alice@hotmail.com alice\n");
        let both = "alice on BSY\nbob on NLN\n";
        let ousted = "one S: OUT OTH\n";
        let ask = "bob C: ADD 20 FL alice@hotmail.com a\n";
        let again = begin("two") + &end("two");
        let shown = "bob S: ADD 20 FL 9 alice@hotmail.com a\n\
             bob S: ILN 20 BSY alice@hotmail.com alice\n";
        silent(&[&begin("one"), both, &end("one"), ousted, ask, &again, shown].concat());
        accuses(
            "PRES-4",
            &[both, &begin("one"), &end("one"), ousted, ask, &again, shown].concat(),
        );
    }

    #[test]
    fn a_hidden_state_is_shown_to_nobody() {
        accuses_first("PRES-14", &bob_sees("", "NLN HDN"));
        accuses_last("CHG-5", &bob_sees("", "NLN HDN"));
    }

    #[test]
    fn states() {
        silent(&bob_sees("", "NLN BSY"));
        accuses("PRES-4", &bob_sees("", "NLN AWY"));
        accuses("PRES-14", &bob_sees("", "NLN FLN"));
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
    fn a_pipelined_login() {
        let both = "bob on NLN FL=alice\nalice in\n";
        let ok = "alice S: USR 4 OK alice@hotmail.com alice\n";
        let piped = "alice C: CHG 5 IDL\nalice S: USR 4 OK alice@hotmail.com alice\n\
             alice S: CHG 5 IDL\n";
        let login = "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\n\
             alice C: USR 3 MD5 I alice@hotmail.com\nalice S: USR 3 MD5 S 1.2\n\
             alice C: USR 4 MD5 S 00000000000000000000000000000000\n";
        let seen = "bob S: NLN IDL alice@hotmail.com alice\n";
        silent(&format!("bob on NLN FL=alice\n{login}{piped}{seen}"));
        accuses("PRES-6", &format!("bob on NLN FL=alice\n{login}{ok}{seen}"));
        accuses("PRES-6", &format!("{both}{seen}"));
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
        // The TrID of the first CHG, whose ILNs are still to come, is used again.
        silent(&bob_sees(
            "bob C: ADD 6 BL carol@hotmail.com c\n",
            "ILN 6 BSY",
        ));
        silent(&bob_sees("bob C: CHG 6 AWY\n", "ILN 6 BSY"));
    }

    #[test]
    fn iln_may_follow_either_of_two_with_one_trid() {
        let carol = "carol on BSY\n";
        let add = "bob C: ADD 9 FL carol@hotmail.com c\nbob S: ADD 9 FL 4 carol@hotmail.com c\n";
        let other = "bob C: LST 9 AL\nbob S: LST 9 AL 4 0 0\n";
        let chg = "bob C: CHG 9 AWY\n";
        let iln = "bob S: ILN 9 BSY carol@hotmail.com carol\n";
        let start = format!("{}bob on NLN\n{carol}", "alice on BSY\n");
        silent(&format!("{start}{add}{chg}{iln}"));
        silent(&format!("{start}{add}{other}{chg}{iln}bob S: CHG 9 AWY\n"));
        accuses(
            "PRES-2",
            &format!("{start}{}{chg}{iln}", add.replace("ADD 9", "ADD 8")),
        );
    }

    #[test]
    fn contacts_that_must_be_shown() {
        let iln = "bob S: ILN 6 BSY alice@hotmail.com alice\n";
        let once = "bob C: CHG 9 BSY\nbob S: CHG 9 BSY\n";
        let later = once.repeat(7);
        silent(&format!("{BOTH}{iln}{later}"));
        accuses("PRES-1", &format!("{BOTH}{later}"));
        accuses("PRES-1", &format!("{BOTH}+2s\n{once}"));
        silent(&format!("{BOTH}{once}"));
        silent(&format!("{BOTH}alice C: CHG 9 HDN\n{later}"));
        silent(&format!("{}{later}", BOTH.replace("BSY", "BSY BL=bob")));
        silent(&format!("{}{later}", BOTH.replace("BSY", "BSY BLP=BL")));
        silent(&format!("{}{later}", BOTH.replace("BSY", "HDN")));
        let add = "bob C: ADD 9 FL alice@hotmail.com a\nbob S: ADD 9 FL 4 alice@hotmail.com a\n";
        let after = later.replace("CHG 9", "CHG 10");
        let apart = "alice on BSY\nbob on NLN\n";
        accuses("PRES-3", &format!("{apart}{add}{after}"));
        silent(&format!(
            "{apart}{add}{}{after}",
            iln.replace("ILN 6", "ILN 9")
        ));
        silent(&format!(
            "{}{add}{once}",
            apart.replace("bob on NLN", "bob on -")
        ));
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
