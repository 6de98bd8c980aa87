//! Every reply bears the TrID of the request that it answers, and every request has one answer.

use super::Oracle;
use super::finding::Findings;
use super::line::{Verb, number};
use super::world::{Role, Seen, Told, World};
use crate::spec::ClauseId;

/// The judge of TrIDs on replies.
#[derive(Debug)]
pub(super) struct Replies;

impl Oracle for Replies {
    fn name(&self) -> &'static str {
        "replies"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::REPLY_4,
            ClauseId::REPLY_5,
            ClauseId::TRID_1,
            ClauseId::TRID_2,
            ClauseId::TRID_4,
            ClauseId::TRID_6,
            ClauseId::SYN_4,
            ClauseId::ERR_1,
            ClauseId::ANS_1,
        ]
    }

    fn entry(&mut self, _: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        match told.role {
            Role::Stray | Role::Mismatch => judge_stray(seen, told, out),
            Role::Again => judge_again(seen, told, out),
            Role::Unasked => judge_unasked(seen, told, out),
            Role::Answer | Role::Unclear | Role::Nonsense => {}
        }
    }
}

fn judge_unasked(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let conn = seen.conn;
    if told.line.verb == Verb::Qng && conn.is_clear() && conn.pings <= 0 {
        let message = "a QNG without a PNG";
        out.accuse_line(seen, ClauseId::REPLY_4, message, "");
    }
}

fn judge_again(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let Some(request) = told.request.filter(|request| request.is_sound) else {
        return;
    };
    // ILN follows the answer; the order of batches and rosters is another oracle's.
    let is_tail = match told.line.verb {
        Verb::Iln | Verb::Iro => true,
        Verb::Gtc | Verb::Blp | Verb::Lst => {
            request.verb == Verb::Syn && request.progress.lines == 1
        }
        _ => false,
    };
    if !is_tail {
        let message = "the request has its answer already";
        out.accuse_line(seen, ClauseId::REPLY_5, message, "one answer");
    }
}

fn judge_stray(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let (conn, line) = (seen.conn, &told.line);
    if told.request.is_some_and(|request| !request.is_sound) {
        return;
    }
    if !conn.odd_trids.is_empty() {
        let word = line.word(1);
        let is_echo = conn.odd_trids.iter().any(|odd| **odd == *word);
        if is_echo && number(word).is_none() && !matches!(line.verb, Verb::Error(_)) {
            let message = "a TrID that is no number is answered as a success";
            out.accuse_line(seen, ClauseId::TRID_6, message, "an error or a close");
        }
        return;
    }
    if matches!(line.verb, Verb::Add | Verb::Rem) && line.word(2) == b"RL" {
        return;
    }
    let in_batch = matches!(line.verb, Verb::Gtc | Verb::Blp | Verb::Lst);
    if let Some(batch) = conn.open_batch().filter(|_| in_batch) {
        let trid = String::from_utf8_lossy(batch.words().word(1)).into_owned();
        let message = "a line of the batch bears another TrID than the SYN";
        out.accuse_line(seen, ClauseId::SYN_4, message, &trid);
        return;
    }
    let Some(request) = conn.waits_for(line.verb) else {
        let (clause, message) = match line.verb {
            Verb::Error(_) => (
                ClauseId::ERR_1,
                "an error with a TrID that no request bears",
            ),
            Verb::Iln => (
                ClauseId::TRID_4,
                "an ILN with a TrID that no CHG and no ADD bears",
            ),
            _ => (ClauseId::REPLY_4, "a reply that nobody asked for"),
        };
        out.accuse_line(seen, clause, message, "");
        return;
    };
    if !request.is_sound {
        return;
    }
    let words = request.words();
    let clause = match line.verb {
        _ if is_truncated(words.word(1), line.word(1)) => ClauseId::TRID_2,
        Verb::Error(_) => ClauseId::ERR_1,
        Verb::Iro => ClauseId::ANS_1,
        _ if request.progress.lines > 0 => ClauseId::TRID_4,
        _ => ClauseId::TRID_1,
    };
    let trid = String::from_utf8_lossy(words.word(1)).into_owned();
    let message = "a reply with another TrID than its request";
    out.accuse_line(seen, clause, message, &trid);
}

/// Whether a number came back that did not fit into what the server keeps numbers in.
fn is_truncated(asked: &[u8], told: &[u8]) -> bool {
    let Some(asked) = number(asked) else {
        return false;
    };
    match (told.strip_prefix(b"-"), number(told)) {
        (Some(_), _) => asked > i32::MAX as u64,
        (None, Some(told)) => {
            let masks = [0xff, 0x7fff, 0xffff, 0x7fff_ffff];
            asked != told && (asked == 0 || masks.iter().any(|mask| asked & mask == told))
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, accuses_first, silent};

    #[test]
    fn trids() {
        accuses("TRID-1", "alice in\nalice C: GTC 8 N\nalice S: GTC 9 5 N");
        accuses(
            "TRID-2",
            "alice in\nalice C: GTC 4294967295 N\nalice S: GTC -1 5 N",
        );
        accuses("ERR-1", "alice in\nalice C: GTC 8 A\nalice S: 218 9");
        accuses(
            "TRID-6",
            "alice in\nalice C: CHG abc NLN\nalice S: CHG abc NLN",
        );
        accuses_first(
            "ANS-1",
            "bob@sb C: ANS 1 bob@hotmail.com 5 6\nbob@sb S: IRO 1 1 2 a@hotmail.com A\nbob@sb S: IRO 2 2 2 c@hotmail.com C\nbob@sb S: ANS 1 OK",
        );
        silent("alice in\nalice C: GTC 0008 N\nalice S: GTC 8 5 N");
        silent(
            "alice in\nalice C: GTC 8 N\nalice C: BLP 8 BL\nalice S: GTC 8 5 N\nalice S: BLP 8 6 BL",
        );
        silent("alice in\nalice C: CHG abc NLN\nalice S: 201 abc");
        silent("alice in\nalice C: CHG 99999999999 NLN\nalice S: CHG 1215752191 NLN");
    }

    #[test]
    fn nobody_asked() {
        accuses("REPLY-4", "alice in\nalice S: GTC 77 5 N");
        accuses("REPLY-4", "alice in\nalice S: QNG");
        accuses("ERR-1", "alice in\nalice S: 217 77");
        silent("alice in\nalice C: PNG\nalice S: QNG");
        silent("alice in\nalice C: <raw> xyz\nalice S: GTC 77 5 N");
        silent("alice S: GTC 77 5 N");
    }

    #[test]
    fn one_answer() {
        let ask = "alice in\nalice C: GTC 9 N\nalice S: GTC 9 5 N\n";
        accuses("REPLY-5", &format!("{ask}alice S: GTC 9 5 N"));
        accuses("REPLY-5", &format!("{ask}alice S: 218 9"));
        silent(&format!("{ask}alice C: GTC 9 A\nalice S: GTC 9 6 A"));
    }
}
