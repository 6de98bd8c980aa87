//! Serial numbers: each change brings a new one, they rise, and all lines show the latest.

use std::collections::{HashMap, HashSet};

use rustc_hash::FxHashMap;

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::world::{Request, Role, Seen, Told, UserId, World, serial};
use crate::protocol::ClauseId;
use crate::rules::Outcome;
use crate::transcript::ConnId;

/// The judge of serial numbers.
#[derive(Debug, Default)]
pub(super) struct Serials {
    users: FxHashMap<UserId, Numbers>,
    epoch: u32,
}

/// The numbers of one user.
#[derive(Debug, Default)]
struct Numbers {
    /// Those that changes brought.
    changes: HashSet<u64>,
    /// Those that changes brought in this session.
    here: (Option<ConnId>, HashSet<u64>),
    /// The last change that others caused.
    notice: Vec<u8>,
    /// Those that were shown, with the request that asked for them.
    shown: HashMap<u64, usize>,
    /// The highest that a change brought, and where.
    latest: Option<(u64, usize)>,
    /// The dialect is MSNP3 or a later one, in which own changes alone have rising numbers.
    is_later: bool,
}

impl Oracle for Serials {
    fn name(&self) -> &'static str {
        "serials"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::SER_1,
            ClauseId::SER_2,
            ClauseId::SER_3,
            ClauseId::NUM_2,
            ClauseId::SYN_6,
            ClauseId::ADD_10,
            ClauseId::REM_7,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some((told, me)) = seen.told().zip(seen.conn.user) else {
            return;
        };
        let Some(number) = serial(&told.line) else {
            return;
        };
        if self.epoch != world.epoch() {
            self.epoch = world.epoch();
            self.users.clear();
        }
        let user = world.user(me);
        if user.is_blurred || !seen.conn.is_clear() {
            self.users.remove(&me);
            return;
        }
        let numbers = self.users.entry(me).or_default();
        if numbers.here.0 != Some(seen.place.conn) {
            numbers.here = (Some(seen.place.conn), HashSet::new());
        }
        numbers.is_later = ClauseId::NUM_2.clause().holds_in(seen.conn.dialect);
        // From MSNP3 on numbers may begin anew with a session and with a SYN (NUM-2).
        let is_batch = told
            .request
            .is_some_and(|request| request.verb == Verb::Syn);
        if numbers.is_later && (is_batch || numbers.here.1.is_empty()) {
            numbers.changes.clear();
            numbers.latest = None;
        }
        match (told.role, told.request) {
            (Role::Answer, Some(request)) if request.verb == Verb::Syn => {
                numbers.batch(seen, told, request, number, out);
            }
            (Role::Answer, Some(request)) if request.verb == Verb::Lst => {
                numbers.show(seen, request, number, out);
            }
            // What names another entry may be the answer to another user.
            (Role::Answer, Some(request))
                if matches!(told.line.verb, Verb::Add | Verb::Rem)
                    && !request.is_repeated_by(&told.line) => {}
            // Another oracle tells of what should have been refused, and the number need not be new.
            (Role::Answer, Some(request))
                if matches!(
                    world.outcomes_of(me, request)[..],
                    [Outcome::Refused(_), ..]
                ) => {}
            (Role::Answer, Some(request)) => numbers.change(seen, request, number, out),
            (Role::Unasked, _) if world.users().find(told.line.word(4)) == Some(me) => {}
            (Role::Unasked, _) => numbers.notice(seen, told, number, out),
            _ => {}
        }
    }
}

impl Numbers {
    /// A line of a batch.
    fn batch(
        &mut self,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        request: &Request,
        number: u64,
        out: &mut Findings,
    ) {
        if told.line.verb == Verb::Syn {
            self.show(seen, request, number, out);
        } else if let Some(expected) = request.progress.serial
            && expected != number
        {
            let message = "a line of the batch has another number than the SYN reply";
            out.accuse_line(seen, ClauseId::SYN_6, message, &expected.to_string());
        }
    }

    /// A number that is shown, not new.
    fn show(&mut self, seen: &Seen<'_, '_>, request: &Request, number: u64, out: &mut Findings) {
        let known = self.shown.entry(number).or_insert(request.index);
        *known = (*known).max(request.index);
        if let Some((latest, since)) = self.latest
            && since < request.index
            && number < latest
            && request.progress.lines == 0
            && !self.is_later
        {
            let message = "the number is lower than that of an earlier change";
            out.accuse_line(seen, ClauseId::SER_2, message, &latest.to_string());
        }
    }

    /// An accepted change of the user's own.
    fn change(&mut self, seen: &Seen<'_, '_>, request: &Request, number: u64, out: &mut Findings) {
        let (same, lower) = match self.is_later {
            true => (ClauseId::NUM_2, ClauseId::NUM_2),
            false => (ClauseId::SER_1, ClauseId::SER_2),
        };
        let was_shown = self
            .shown
            .get(&number)
            .is_some_and(|asked| *asked < request.index)
            && !self.is_later;
        let is_new = self.changes.insert(number);
        self.here.1.insert(number);
        if !request.is_sound {
            return;
        }
        let latest = self.latest;
        if !is_new || was_shown {
            let message = "the change comes with a number that was seen before";
            out.accuse_line(seen, same, message, "a new number");
        } else if let Some((latest, since)) = latest
            && since < request.index
            && number < latest
        {
            let message = "the number is lower than that of an earlier change";
            let expected = format!("more than {latest}");
            out.accuse_line(seen, lower, message, &expected);
        }
        self.latest = latest.max(Some((number, seen.place.entry)));
    }

    /// A change that others caused; it may be told late.
    fn notice(
        &mut self,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        number: u64,
        out: &mut Findings,
    ) {
        if !matches!(told.line.verb, Verb::Add | Verb::Rem) || told.line.word(2) != b"RL" {
            return;
        }
        let line = told.frame.line.to_vec();
        let is_repeated = self.notice == line;
        self.notice = line;
        if is_repeated {
            let clause = match told.line.verb {
                Verb::Add => ClauseId::ADD_10,
                _ => ClauseId::REM_7,
            };
            out.accuse_line(seen, clause, "the change is told twice", "");
        } else if self.is_later {
            // It may be the number of the other user's row.
            return;
        } else if self.here.1.contains(&number) {
            // Numbers of an earlier session that come again are the user's own matter.
            let message = "a change that another user caused did not raise the number";
            out.accuse_line(seen, ClauseId::SER_3, message, "a new number");
        }
        self.changes.insert(number);
        self.here.1.insert(number);
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    fn change(trid: u32, number: u32, value: char) -> String {
        format!("alice C: GTC {trid} {value}\nalice S: GTC {trid} {number} {value}\n")
    }

    #[test]
    fn changes_in_later_dialects() {
        let on = "alice on NLN VER=MSNP3\n";
        let first = change(9, 4, 'N');
        accuses("NUM-2", &format!("{on}{first}{}", change(10, 4, 'A')));
        accuses("NUM-2", &format!("{on}{first}{}", change(10, 2, 'A')));
        silent(&format!("{on}{first}{}", change(10, 6, 'A')));
        // With a SYN and with a login they may begin anew, and what is shown is of no matter.
        silent(&format!("{on}{}", change(9, 3, 'N')));
        let empty = |list: &str, number: u32| format!("alice S: LST 10 {list} {number} 0 0\n");
        let lists = ["FL", "AL", "BL", "RL"].map(|list| empty(list, 1)).concat();
        let syn = format!(
            "alice C: SYN 10 0\nalice S: SYN 10 1\nalice S: GTC 10 1 N\n\
             alice S: BLP 10 1 AL\n{lists}"
        );
        silent(&format!("{on}{first}{syn}{}", change(11, 2, 'A')));
        let again = "alice C: <closed>\nalice <open>\nalice on NLN VER=MSNP3 GTC=N\n";
        silent(&format!("{on}{first}{again}{}", change(11, 4, 'A')));
        let shown = format!("alice C: LST 10 FL\n{}", empty("FL", 2));
        silent(&format!("{on}{first}{shown}"));
        let news = "alice S: ADD 0 RL 4 bob@hotmail.com bob\n";
        silent(&format!("{on}{first}{news}{}", change(11, 5, 'A')));
    }

    #[test]
    fn changes() {
        let on = "alice on NLN\n";
        silent(&format!("{on}{}{}", change(9, 4, 'N'), change(10, 6, 'A')));
        accuses("SER-1", &format!("{on}{}", change(9, 3, 'N')));
        let rem = |handle: &str, number: u32| {
            format!("alice C: REM 9 FL bob@hotmail.com\nalice S: REM 9 FL {number} {handle}\n")
        };
        let on_list = "alice on NLN FL=bob,carol\n";
        accuses("SER-1", &format!("{on_list}{}", rem("Bob@hotmail.com", 3)));
        // That is another user's answer, with a number of its own.
        let other = format!("{on_list}{}", rem("dave@hotmail.com", 3));
        accuses("REM-1", &other);
        let news = "alice S: REM 0 RL 3 carol@hotmail.com\n";
        accuses("REM-1", &format!("{other}{news}"));
        accuses(
            "SER-1",
            &format!("{on}{}{}", change(9, 4, 'N'), change(10, 4, 'A')),
        );
        accuses(
            "SER-2",
            &format!("{on}{}{}", change(9, 9, 'N'), change(10, 5, 'A')),
        );
    }

    #[test]
    fn shown() {
        let on = format!("alice on NLN\n{}", change(9, 4, 'N'));
        accuses(
            "SER-2",
            &format!("{on}alice C: LST 10 FL\nalice S: LST 10 FL 3 0 0"),
        );
        silent(&format!("{on}alice C: LST 10 FL\nalice S: LST 10 FL 4 0 0"));
        silent(&format!("{on}alice C: LST 10 FL\nalice S: LST 10 FL 7 0 0"));
        accuses(
            "SYN-6",
            "alice in\nalice C: SYN 9 0\nalice S: SYN 9 3\nalice S: GTC 9 4 A",
        );
    }

    #[test]
    fn changes_by_others() {
        let on = format!("alice on NLN\n{}", change(9, 5, 'N'));
        silent(&format!("{on}alice S: ADD 0 RL 4 bob@hotmail.com b"));
        accuses(
            "SER-3",
            &format!("{on}alice S: ADD 0 RL 5 bob@hotmail.com b"),
        );
        let once = "alice S: ADD 0 RL 4 bob@hotmail.com b\n";
        accuses("ADD-10", &format!("{on}{once}{once}"));
        let left = once.replace("ADD", "REM").replace(" b\n", "\n");
        silent(&format!("{on}{left}"));
        accuses("REM-7", &format!("{on}{left}{left}"));
        let raced = "alice in\nalice C: SYN 9 4\nalice C: GTC 10 N\nalice S: SYN 9 4\n\
             alice S: GTC 10 5 N\nalice C: SYN 11 5\nalice S: SYN 11 5\nalice S: ADD 0 RL 4 b@h.com b";
        silent(raced);
        // Numbers that begin anew with each session break other clauses; here they rise.
        let told = |number: u32, who: &str| format!("alice S: ADD 0 RL {number} {who}@h.com b\n");
        let anew = "alice C: OUT\nalice S: <closed>\nalice <open>\nalice in\n";
        let (one, two) = (told(4, "bob"), told(5, "carol"));
        silent(&format!("alice in\n{one}{two}{anew}{one}{two}"));
        accuses(
            "SER-3",
            &format!("alice in\n{one}{anew}{two}{}", told(5, "dave")),
        );
    }

    #[test]
    fn changes_that_change_nothing() {
        let add = "alice C: ADD 9 BL bob@hotmail.com b\nalice S: ADD 9 BL 4 bob@hotmail.com b\n";
        accuses("ADD-4", &format!("alice on NLN\n{add}{add}"));
        let (carol, rem) = (
            "carol@hotmail.com",
            "alice on NLN FL=bob\nalice C: REM 9 FL",
        );
        accuses(
            "REM-4",
            &format!("{rem} {carol}\nalice S: REM 9 FL 3 {carol}"),
        );
        let own = "alice S: ADD 0 RL 4 alice@hotmail.com alice";
        accuses(
            "ADD-10",
            &format!("alice on NLN\n{}{own}", change(9, 4, 'N')),
        );
    }

    #[test]
    fn what_is_measured_against_what() {
        let on = format!("alice on NLN\n{}{}", change(9, 7, 'N'), change(10, 9, 'A'));
        accuses("SER-2", &format!("{on}{}", change(11, 8, 'N')));
        let notice = "alice S: ADD 0 RL 4 bob@hotmail.com b\n";
        silent(&format!("alice on NLN\nalice C: GTC x N\n{notice}{notice}"));
        silent(&format!(
            "alice on NLN\n{}{notice}",
            notice.replace("RL", "XL")
        ));
        // Started anew, the server may have lost its numbers.
        let lost = "alice S: <closed>\nalice C: LST 10 FL\nalice S: LST 10 FL 3 0 0";
        silent(&format!("alice on NLN\n{}{lost}", change(9, 4, 'N')));
    }
}
