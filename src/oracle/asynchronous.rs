//! What the server says unasked: CHG, ADD, REM and XFR with TrID 0, everything else without one. And
//! lines of a batch that bear the TrID of no request.

use super::Oracle;
use super::finding::Findings;
use super::line::{Verb, number};
use super::world::{Request, Role, Seen, Told, World, stage};
use crate::protocol::{ClauseId, Direction, Property, TridRule};

/// The judge of TrIDs on lines that answer nothing.
#[derive(Debug)]
pub(super) struct Asynchronous;

impl Oracle for Asynchronous {
    fn name(&self) -> &'static str {
        "asynchronous"
    }

    fn is_for_form(&self) -> bool {
        true
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::TRID_5,
            ClauseId::TRID_9,
            ClauseId::SYN_4,
            ClauseId::BATCH_3,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, _: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        if told.role == Role::Stray && is_of_reverse_list(told) {
            let message = "a change of the reverse list answers no request and bears a TrID";
            out.accuse_line(seen, ClauseId::TRID_5, message, "TrID 0");
        }
        if let Some(batch) = batch_of_stray(seen, told) {
            let trid = String::from_utf8_lossy(batch.words().word(1)).into_owned();
            let message = "a line of the batch bears another TrID than the SYN";
            out.accuse_line(seen, ClauseId::SYN_4, message, &trid);
        }
        if is_numbered_in_batch(seen, told) {
            let message = "a line of the batch bears a TrID or a number";
            out.accuse_line(seen, ClauseId::BATCH_3, message, "neither TrID nor number");
        }
        if told.role == Role::Unasked && bears_trid(seen, told) {
            let message = "a command that answers nothing bears a TrID";
            out.accuse_line(seen, ClauseId::TRID_9, message, "no TrID");
        }
    }
}

/// The SYN whose batch a line with a TrID of its own belongs to.
pub(super) fn batch_of_stray<'w>(seen: &Seen<'w, '_>, told: &Told<'w, '_>) -> Option<&'w Request> {
    let is_judged = told.role == Role::Stray && seen.conn.odd_trids.is_empty();
    let in_batch = matches!(told.line.verb, Verb::Gtc | Verb::Blp | Verb::Lst);
    seen.conn.open_batch().filter(|_| is_judged && in_batch)
}

/// Whether a line of a batch bears what its lines do not bear: it has the TrID of the SYN, or comes
/// where nobody has asked for it.
pub(super) fn is_numbered_in_batch(seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> bool {
    let conn = seen.conn;
    let Some(batch) = conn.counted.as_ref().filter(|_| conn.is_clear()) else {
        return false;
    };
    let verb = told.line.verb;
    if stage(verb).is_none() || !conn.odd_trids.is_empty() || number(told.line.word(1)).is_none() {
        return false;
    }
    let is_open = batch.is_open() && !conn.unanswered().any(|request| request.verb == verb);
    match told.role {
        Role::Again => told
            .request
            .is_some_and(|it| it.verb == Verb::Syn && it.is_sound),
        Role::Stray | Role::Mismatch | Role::Unclear => is_open,
        // News of a contact names it.
        Role::Unasked if verb == Verb::Bpr && !seen.is_of_batch() => {
            let is_key = |at| Property::parse(told.line.word(at)).is_some();
            is_open && (is_key(2) || is_key(3) && number(told.line.word(2)).is_some())
        }
        _ => false,
    }
}

fn is_of_reverse_list(told: &Told<'_, '_>) -> bool {
    matches!(told.line.verb, Verb::Add | Verb::Rem)
        && told.line.word(2) == b"RL"
        && number(told.line.word(1)).is_some_and(|trid| trid != 0)
}

/// Whether a number stands where the first parameter should, and all the others behind it.
pub(super) fn bears_trid(seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> bool {
    let row = seen
        .conn
        .grammar(Direction::ToClient)
        .read(told.frame.words());
    let Some(row) = row.filter(|row| row.trid == TridRule::Never) else {
        return false;
    };
    let behind = told.line.words_from(2);
    let form = row.form(behind.clone());
    number(told.line.word(1)).is_some() && form.is_some_and(|form| form.is_whole(behind))
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    #[test]
    fn reverse_list() {
        accuses(
            "TRID-5",
            "alice in\nalice S: ADD 7 RL 5 bob@hotmail.com Bob",
        );
        accuses(
            "TRID-5",
            "alice in\nalice C: ADD 7 FL bob@hotmail.com b\nalice S: ADD 7 RL 5 bob@hotmail.com Bob",
        );
        silent(
            "alice in\nalice S: ADD 0 RL 5 bob@hotmail.com Bob\nalice S: REM 0 RL 6 bob@hotmail.com",
        );
    }

    #[test]
    fn no_trid_on_boards() {
        let enter = "a@sb C: USR 1 a@hotmail.com 5\na@sb S: USR 1 OK a@hotmail.com A\n";
        for line in ["JOI 3 b@hotmail.com B", "BYE 3 b@hotmail.com"] {
            accuses("TRID-9", &format!("{enter}a@sb S: {line}"));
        }
        accuses("REPLY-4", "alice in\nalice S: LST 7 RL 5 0 0");
    }

    #[test]
    fn no_trid() {
        for line in [
            "NLN 0 NLN bob@hotmail.com Bob",
            "FLN 0 bob@hotmail.com",
            "RNG 9 7 1.1.1.1:1 CKI 5 bob@hotmail.com Bob",
        ] {
            accuses("TRID-9", &format!("alice in\nalice S: {line}"));
        }
        silent("alice in\nalice S: NLN BSY bob@hotmail.com Bob\nalice S: FLN bob@hotmail.com");
        silent(
            "alice@sb C: USR 1 alice@hotmail.com 5\nalice@sb S: USR 1 OK alice@hotmail.com A\nalice@sb S: BYE bob@hotmail.com 1",
        );
    }

    #[test]
    fn a_number_need_not_be_a_trid() {
        let enter = "a@sb C: USR 1 a@hotmail.com 5\na@sb S: USR 1 OK a@hotmail.com A\n";
        silent(&format!("{enter}a@sb S: BYE 12 1"));
        accuses(
            "FRAME-3",
            "alice in\nalice S: RNG 7 1.1.1.1:1 CKI 5 bob@hotmail.com Bob B",
        );
    }
}
