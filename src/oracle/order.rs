//! What comes in a fixed order: the batch of SYN, the roster, and the end.

use std::collections::HashSet;

use super::Oracle;
use super::finding::Findings;
use super::line::{Verb, number};
use super::world::{Request, Role, Seen, Told, World, serial};
use crate::protocol::{ClauseId, Dialect, List};
use crate::transcript::ConnId;

/// The judge of order.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Newcomers to whom a JOI or BYE came before their ANS OK.
    disturbed: HashSet<ConnId>,
    /// SYNs that were told to bring no batch and brought one, by their entry.
    superfluous: HashSet<usize>,
}

impl Oracle for Order {
    fn name(&self) -> &'static str {
        "order"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::OUT_1,
            ClauseId::OUT_3,
            ClauseId::OUT_7,
            ClauseId::SYN_2,
            ClauseId::SYN_3,
            ClauseId::ANS_1,
            ClauseId::ANS_3,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, _: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        if seen.conn.server_out && !seen.conn.is_murky {
            judge_afterlife(seen, out);
            return;
        }
        match (told.role, told.request) {
            (Role::Answer, Some(request)) => match request.verb {
                Verb::Syn => judge_batch(seen, told, request, out),
                Verb::Ans => self.judge_roster(seen, told, out),
                _ => {}
            },
            (Role::Again, Some(request)) => self.judge_tail(seen, told, request, out),
            (Role::Unasked, _)
                if matches!(told.line.verb, Verb::Joi | Verb::Bye)
                    && seen.conn.waits_for(Verb::Iro).is_some() =>
            {
                self.disturbed.insert(seen.place.conn);
            }
            _ => {}
        }
    }
}

/// A line after OUT: is it late, or does the server go on serving?
fn judge_afterlife(seen: &Seen<'_, '_>, out: &mut Findings) {
    let conn = seen.conn;
    // What follows unasked shows nothing of that.
    let is_served =
        conn.is_served_on && seen.told().is_some_and(|told| told.line.verb != Verb::Fln);
    let (clause, message) = match (is_served, conn.is_displaced) {
        (false, _) => (ClauseId::OUT_7, "a line after OUT"),
        (true, true) => (
            ClauseId::OUT_3,
            "the first of two logins is served on after OUT OTH",
        ),
        (true, false) => (ClauseId::OUT_1, "the client is served on after OUT"),
    };
    out.accuse_line(seen, clause, message, "a close");
}

impl Order {
    fn judge_roster(&mut self, seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
        if told.line.verb == Verb::Iro && self.disturbed.remove(&seen.place.conn) {
            let message = "the roster goes on after a JOI or BYE";
            out.accuse_line(seen, ClauseId::ANS_3, message, "IRO lines first");
        }
    }

    /// Lines that come after the answer was whole.
    fn judge_tail(
        &mut self,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        request: &Request,
        out: &mut Findings,
    ) {
        if !request.is_sound || request.dialect.has_bare_batch_of(request.verb) {
            return;
        }
        match (request.verb, told.line.verb) {
            (Verb::Ans, Verb::Iro) => {
                let message = "a line of the roster after ANS OK";
                out.accuse_line(seen, ClauseId::ANS_1, message, "IRO before ANS OK");
            }
            (Verb::Syn, Verb::Gtc | Verb::Blp | Verb::Lst)
                if request.progress.lines == 1
                    && request.progress.serial != Some(0)
                    && request.progress.serial == serial(&told.line)
                    && self.superfluous.insert(request.index) =>
            {
                let message = "updates although the client's number is the server's";
                out.accuse_line(seen, ClauseId::SYN_2, message, "no updates");
            }
            _ => {}
        }
    }
}

fn judge_batch(seen: &Seen<'_, '_>, told: &Told<'_, '_>, request: &Request, out: &mut Findings) {
    let progress = &request.progress;
    let line = &told.line;
    if matches!(line.verb, Verb::Error(_))
        || Dialect::is_added_to_batch(line.verb)
        || progress.is_garbled
    {
        return;
    }
    let list = List::parse(line.word(2));
    let ended = progress.total == progress.item;
    let (verb, wanted) = match (progress.last, progress.list) {
        (None, _) => (Verb::Syn, None),
        (Some(Verb::Syn), _) => (Verb::Gtc, None),
        (Some(Verb::Gtc), _) => (Verb::Blp, None),
        (Some(Verb::Blp), _) => (Verb::Lst, List::ALL.first().copied()),
        (_, Some(shown)) => (Verb::Lst, list_due(shown, ended)),
        (_, None) => return,
    };
    let is_right = line.verb == verb && (wanted.is_none() || list == wanted);
    // Numbering is another oracle's: an item that does not count on may yet be in order.
    let is_numbered = line.verb != Verb::Lst || number(line.word(4)).is_some();
    if !is_right && is_numbered {
        let message = "the batch is out of order, or a part of it is missing";
        let list = wanted.map_or(String::new(), |list| format!(" {}", list.as_str()));
        let expected = format!("{}{list}", verb.as_str());
        out.accuse_line(seen, ClauseId::SYN_3, message, &expected);
    }
}

/// The list of which a line is due behind one of this list: where that has ended, the next, and behind
/// the last still that.
fn list_due(shown: List, has_ended: bool) -> Option<List> {
    let mut lists = List::ALL.into_iter().skip_while(|list| *list != shown);
    let own = lists.next();
    lists.next().filter(|_| has_ended).or(own)
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent, transcript};
    use crate::oracle::judge;
    use crate::protocol::ClauseId;

    const BATCH: [&str; 7] = [
        "SYN 9 5",
        "GTC 9 5 A",
        "BLP 9 5 AL",
        "LST 9 FL 5 0 0",
        "LST 9 AL 5 0 0",
        "LST 9 BL 5 0 0",
        "LST 9 RL 5 0 0",
    ];

    fn batch(order: [usize; 7]) -> String {
        let lines = order.map(|at| format!("alice S: {}\n", BATCH[at]));
        format!("alice in\nalice C: SYN 9 0\n{}", lines.concat())
    }

    #[test]
    fn batches() {
        silent(&batch([0, 1, 2, 3, 4, 5, 6]));
        for wrong in [
            [0, 2, 1, 3, 4, 5, 6],
            [0, 1, 2, 4, 3, 5, 6],
            [1, 0, 2, 3, 4, 5, 6],
        ] {
            accuses("SYN-3", &batch(wrong));
        }
        let cut = batch([0, 1, 2, 3, 4, 5, 6]).replace("alice S: BLP 9 5 AL\n", "");
        accuses("SYN-3", &cut);
        let between = batch([0, 1, 2, 3, 4, 5, 6]).replace(
            "alice S: LST 9 AL",
            "alice S: ADD 0 RL 6 bob@hotmail.com b\nalice S: LST 9 AL",
        );
        silent(&between);
    }

    #[test]
    fn no_updates() {
        let equal = batch([0, 1, 2, 3, 4, 5, 6]).replace("SYN 9 0", "SYN 9 5");
        accuses("SYN-2", &equal);
        silent("alice in\nalice C: SYN 9 5\nalice S: SYN 9 5\nalice C: PNG\nalice S: QNG");
        silent(&equal.replace("SYN 9 5", "SYN 9 0").replace(" 5", " 0"));
    }

    #[test]
    fn rosters_and_ends() {
        let ask = "bob@sb C: ANS 1 bob@hotmail.com 5 6\n";
        let iro = "bob@sb S: IRO 1 1 1 a@hotmail.com A\n";
        let (joi, ok) = ("bob@sb S: JOI bob@hotmail.com B\n", "bob@sb S: ANS 1 OK\n");
        silent(&format!("{ask}{iro}{ok}{joi}"));
        silent(&format!("{ask}{iro}{joi}{ok}"));
        accuses("ANS-3", &format!("{ask}{joi}{iro}{ok}"));
        accuses("ANS-1", &format!("{ask}{iro}{ok}{iro}"));
        accuses(
            "OUT-7",
            "alice in\nalice C: OUT\nalice S: OUT\nalice S: FLN bob@hotmail.com",
        );
        silent(
            "alice in\nalice C: OUT\nalice S: FLN bob@hotmail.com\nalice S: OUT\nalice S: <closed>",
        );
    }

    #[test]
    fn what_does_not_disturb() {
        let ask = "bob@sb C: ANS 1 bob@hotmail.com 5 6\n";
        let iro = "bob@sb S: IRO 1 1 1 a@hotmail.com A\n";
        silent(&format!(
            "{ask}bob@sb S: MSG a@hotmail.com A 3\n.. hey\n{iro}"
        ));
        silent(&format!("bob@sb S: JOI bob@hotmail.com B\n{ask}{iro}"));
        silent("alice on NLN AL=bob,carol BL=dave,eve");
    }

    #[test]
    fn service_after_the_end() {
        let out = "alice in\nalice S: OUT\n";
        accuses("OUT-7", &format!("{out}alice S: NLN NLN b@hotmail.com b"));
        let ask = "alice C: GTC 9 N\n";
        accuses("OUT-1", &format!("{out}{ask}alice S: GTC 9 4 N"));
        accuses("OUT-7", &format!("{out}{ask}alice S: FLN b@hotmail.com"));
        let displaced = out.replace("OUT", "OUT OTH");
        accuses("OUT-3", &format!("{displaced}{ask}alice S: GTC 9 4 N"));
        let wrong = out.replace("OUT", "OUT MOV");
        let told = judge(&transcript(&format!("{wrong}{ask}alice S: GTC 9 4 N")));
        let told: Vec<_> = told.iter().map(|finding| finding.clause).collect();
        assert_eq!(told, [ClauseId::OUT_5, ClauseId::OUT_3]);
        let ended = out.replace("OUT", "OUT SSD");
        accuses("OUT-1", &format!("{ended}{ask}alice S: GTC 9 4 N"));
    }
}
