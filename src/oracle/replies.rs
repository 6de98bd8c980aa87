//! Every reply bears the TrID of the request that it answers, and every request has one answer.

use std::collections::HashMap;

use super::Oracle;
use super::asynchronous::{batch_of_stray, is_numbered_in_batch};
use super::finding::{Charge, Findings, Place};
use super::line::{Verb, number};
use super::world::{Request, Role, Seen, Told, World};
use crate::protocol::ClauseId;
use crate::transcript::ConnId;

/// The most replies of one connection that may belong to nobody or to a request that still waits.
const DOUBTS: usize = 16;

/// How many connections are asked whether a stray reply is theirs.
const MOST_OTHERS: usize = 2048;

/// The judge of TrIDs on replies.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Replies that look like those to requests that have no answer yet.
    doubts: HashMap<ConnId, Vec<Doubt>>,
}

/// A reply with a TrID that no request has borne, while one waits that it might answer. Should
/// that request get its own answer, nobody has asked for this one.
#[derive(Debug)]
struct Doubt {
    place: Place,
    line: Vec<u8>,
    request: usize,
    clause: ClauseId,
    expected: String,
}

impl Doubt {
    fn accuse(self, clause: ClauseId, message: &str, out: &mut Findings) {
        let charge = Charge {
            message,
            expected: self.expected,
            got: &self.line,
        };
        out.accuse(self.place, clause, charge);
    }
}

/// How many waiting requests are compared with a stray reply.
const LOOKED_AT: usize = 64;
/// Every connection has requests with TrIDs up to here.
const SMALL: u64 = 32;
const OTHER_TRID: &str = "a reply with another TrID than its request";

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
            ClauseId::ERR_1,
            ClauseId::ANS_1,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        if is_numbered_in_batch(seen, told) {
            return;
        }
        match told.role {
            Role::Stray | Role::Mismatch => self.judge_stray(world, seen, told, out),
            Role::Again => judge_again(seen, told, out),
            Role::Unasked => judge_unasked(seen, told, out),
            Role::Answer => self.answered(seen, told, out),
            Role::Unclear | Role::Nonsense => {}
        }
    }

    fn end(&mut self, _: &World, out: &mut Findings) {
        for doubt in std::mem::take(&mut self.doubts).into_values().flatten() {
            let clause = doubt.clause;
            doubt.accuse(clause, OTHER_TRID, out);
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
            // A list that counts beyond its total has no last line.
            let is_beyond = request.progress.item > request.progress.total;
            is_beyond || (request.verb == Verb::Syn && request.progress.lines == 1)
        }
        _ => false,
    };
    let is_of_another = matches!(told.line.verb, Verb::Add | Verb::Rem);
    if is_of_another && !request.is_repeated_by(&told.line) {
        // It bears the TrID by chance.
        let message = "a reply that nobody asked for";
        out.accuse_line(seen, ClauseId::REPLY_4, message, "");
    } else if !is_tail {
        let message = "the request has its answer already";
        out.accuse_line(seen, ClauseId::REPLY_5, message, "one answer");
    }
}

impl Replies {
    /// A request has its own answer: what looked like another was none.
    fn answered(&mut self, seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
        let conn = seen.place.conn;
        let Some((doubts, request)) = self.doubts.get_mut(&conn).zip(told.request) else {
            return;
        };
        while let Some(at) = doubts
            .iter()
            .position(|doubt| doubt.request == request.index)
        {
            let doubt = doubts.remove(at);
            // The first lines of a batch or a roster have shown which TrID is meant.
            if request.progress.lines == 0 {
                doubt.accuse(ClauseId::REPLY_4, "a reply that nobody asked for", out);
            } else {
                let clause = doubt.clause;
                doubt.accuse(clause, OTHER_TRID, out);
            }
        }
        if doubts.is_empty() {
            self.doubts.remove(&conn);
        }
    }

    fn judge_stray(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        out: &mut Findings,
    ) {
        let Some((clause, request)) = judge_stray(seen, told, out) else {
            return;
        };
        let is_misdirected = asked_elsewhere(world, seen, told);
        if is_misdirected || clause == ClauseId::TRID_1 && !request.is_repeated_by(&told.line) {
            let message = if is_misdirected {
                "a reply to a request on another connection"
            } else {
                "a reply that nobody asked for"
            };
            out.accuse_line(seen, ClauseId::REPLY_4, message, "");
            return;
        }
        let doubt = Doubt {
            place: seen.place,
            line: told.frame.line.to_vec(),
            request: request.index,
            clause,
            expected: String::from_utf8_lossy(request.words().word(1)).into_owned(),
        };
        let doubts = self.doubts.entry(seen.place.conn).or_default();
        let may_wait = matches!(clause, ClauseId::TRID_1 | ClauseId::ERR_1);
        if may_wait && doubts.len() < DOUBTS {
            doubts.push(doubt);
        } else {
            doubt.accuse(clause, OTHER_TRID, out);
        }
    }
}

/// The request that a stray reply may answer, and the clause that it breaks if it does.
fn judge_stray<'w>(
    seen: &Seen<'w, '_>,
    told: &Told<'_, '_>,
    out: &mut Findings,
) -> Option<(ClauseId, &'w Request)> {
    let (conn, line) = (seen.conn, &told.line);
    if told.request.is_some_and(|request| !request.is_sound) {
        return None;
    }
    if !conn.odd_trids.is_empty() {
        let word = line.word(1);
        let is_echo = conn.odd_trids.iter().any(|odd| **odd == *word);
        if is_echo && number(word).is_none() && !matches!(line.verb, Verb::Error(_)) {
            let message = "a TrID that is no number is answered as a success";
            out.accuse_line(seen, ClauseId::TRID_6, message, "an error or a close");
        }
        return None;
    }
    if matches!(line.verb, Verb::Add | Verb::Rem) && line.word(2) == b"RL" {
        return None;
    }
    if batch_of_stray(seen, told).is_some() {
        return None;
    }
    let may_fit = |request: &&Request| {
        request.is_answered_by(line.verb) && is_truncated(request.words().word(1), line.word(1))
    };
    if let Some(request) = conn.unanswered().take(LOOKED_AT).find(may_fit) {
        return Some((ClauseId::TRID_2, request)).filter(|_| request.is_sound);
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
        return None;
    };
    let clause = match line.verb {
        Verb::Error(_) => ClauseId::ERR_1,
        Verb::Iro => ClauseId::ANS_1,
        // ILN comes beside the answer, and no other request may bring it.
        Verb::Iln => ClauseId::TRID_4,
        _ if request.progress.lines > 0 => ClauseId::TRID_4,
        _ => ClauseId::TRID_1,
    };
    Some((clause, request)).filter(|_| request.is_sound)
}

/// Whether another connection waits for this very reply; of very many the newest are asked.
fn asked_elsewhere(world: &World, seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> bool {
    let line = &told.line;
    let Some(trid) = number(line.word(1)) else {
        return false;
    };
    let others = world.conns().iter().enumerate().rev().take(MOST_OTHERS);
    let mut others = others.filter(|(id, conn)| *id != seen.place.conn.0 && conn.is_clear());
    others.any(|(_, conn)| {
        let waiting = conn.waits_with(trid, line.verb);
        waiting.is_some_and(|request| {
            !matches!(line.verb, Verb::Error(_)) && request.is_repeated_by(line)
        })
    })
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
            // A small number is another request's as likely as what is left of this one's.
            let is_left = |mask: &u64| asked & mask == told && (*mask > 0xff || told > SMALL);
            asked != told && (asked == 0 || masks.iter().any(is_left))
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
        // The low byte of the number, where that is no small one.
        let low =
            |asked, told| format!("alice in\nalice C: GTC {asked} N\nalice S: GTC {told} 5 N");
        accuses("TRID-2", &low(2_863_311_811_u32, 195));
        accuses("TRID-1", &low(800_000_003, 3));
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
        let bob = "bob@hotmail.com";
        let rem =
            format!("alice on NLN FL=bob\nalice C: REM 9 FL {bob}\nalice S: REM 9 FL 5 {bob}\n");
        accuses("REPLY-5", &format!("{rem}alice S: REM 9 FL 6 {bob}"));
        // What names another entry answers somebody else under the same TrID.
        accuses("REPLY-4", &format!("{rem}alice S: REM 9 AL 5 {bob}"));
        accuses(
            "REPLY-4",
            &format!("{rem}alice S: REM 9 FL 5 dave@hotmail.com"),
        );
    }

    #[test]
    fn what_looked_like_an_answer_and_was_none() {
        let ask = "alice C: VER 1 MSNP2\n";
        let answer = "alice S: VER 1 MSNP2\n";
        accuses("ERR-1", &format!("{ask}alice S: 206 2"));
        accuses("REPLY-4", &format!("{ask}alice S: 206 2\n{answer}"));
        accuses(
            "REPLY-4",
            "alice in\nalice C: CHG 14 NLN\nalice S: CHG 9 BSY",
        );
        accuses("REPLY-4", "alice in\nalice C: GTC 14 A\nalice S: GTC 9 5 N");
        let bob = "bob@hotmail.com";
        let add = format!("alice in\nalice C: ADD 14 FL {bob} b\nalice S: ADD 9");
        accuses("TRID-1", &format!("{add} FL 5 {bob} b"));
        accuses("REPLY-4", &format!("{add} AL 5 {bob} b"));
        accuses("REPLY-4", &format!("{add} FL 5 carol@hotmail.com b"));
    }

    #[test]
    fn which_clause_another_trid_breaks() {
        accuses("TRID-4", "alice in\nalice S: ILN 9 NLN b@hotmail.com b");
        accuses(
            "TRID-4",
            "alice in\nalice C: CHG 77 NLN\nalice S: ILN 9 NLN b@hotmail.com b",
        );
        let roster = "bob@sb C: ANS 1 bob@hotmail.com 5 6\nbob@sb S: IRO 1 1 1 a@hotmail.com A\n";
        accuses("TRID-4", &format!("{roster}bob@sb S: ANS 2 OK"));
        let astray = "bob@sb C: ANS 1 bob@hotmail.com 5 6\nbob@sb S: IRO 2 1 1 a@hotmail.com A\n";
        accuses("ANS-1", &format!("{astray}bob@sb S: ANS 1 OK"));
        let odd = "alice in\nalice C: CHG abc NLN\nalice C: GTC 9 N\nalice S: ";
        silent(&format!("{odd}GTC 8 5 N"));
        silent(&format!("{odd}GTC ab 5 N"));
        for (asked, told, clause) in [
            ("300", "44", "TRID-2"),
            ("0", "5", "TRID-2"),
            ("2147483648", "-2147483648", "TRID-2"),
            ("2147483647", "-1", "TRID-1"),
            ("300", "45", "TRID-1"),
        ] {
            let text = format!("alice in\nalice C: GTC {asked} N\nalice S: GTC {told} 5 N");
            accuses(clause, &text);
        }
    }

    #[test]
    fn answers_on_another_connection() {
        let both = "alice C: GTC 9 N\nbob C: GTC 10 N\n";
        let astray = "bob S: GTC 9 5 N";
        accuses("REPLY-4", &format!("alice in\nbob in\n{both}{astray}"));
        accuses("TRID-1", &format!("bob in\n{both}{astray}"));
        accuses("ERR-1", &format!("alice in\nbob in\n{both}bob S: 218 9"));
        let other = both.replace("GTC 9 N", "GTC 9 A");
        accuses("TRID-1", &format!("alice in\nbob in\n{other}{astray}"));
    }
}
