//! What all dialects share, looked at where a dialect is spoken that is not judged: a reply bears the
//! TrID of its request, and who answers later requests answers earlier ones too.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::Oracle;
use super::finding::{Charge, Findings, Place};
use super::line::{Line, Verb, number};
use super::liveness::{PATIENCE, ROUNDS};
use super::soundness::is_state;
use super::world::{Asked, Clarity, Conn, Seen, Sight, World};
use crate::protocol::{ClauseId, ServerKind, Setting};
use crate::transcript::{ConnId, Party};

/// How many TrIDs of a connection are remembered, and how many requests may wait.
const MOST: usize = 4096;

/// How many replies of nobody are kept.
const MOST_DOUBTS: usize = 16;

/// The judge of what all dialects share.
#[derive(Debug, Default)]
pub(super) struct Outlined {
    tracks: HashMap<ConnId, Track>,
}

/// What was asked on a connection.
#[derive(Debug, Default)]
struct Track {
    trids: HashSet<u64>,
    waiting: Vec<Waiting>,
    /// Replies whose TrID no request has borne, while one of their verb waited.
    doubts: Vec<Doubt>,
    /// Round trips, one after the other; the last ended at this entry, at this time.
    rounds: u32,
    last: (usize, Duration),
    is_in: bool,
    is_over: bool,
    /// Something was said that cannot be followed.
    is_lost: bool,
}

/// A request without an answer.
#[derive(Debug)]
struct Waiting {
    place: Place,
    verb: Verb,
    trid: u64,
    at: Duration,
    rounds: u32,
    must_be_answered: bool,
    line: Vec<u8>,
}

/// A reply of nobody, and the request that it may belong to.
#[derive(Debug)]
struct Doubt {
    place: Place,
    line: Vec<u8>,
    asked: usize,
    trid: u64,
}

impl Oracle for Outlined {
    fn name(&self) -> &'static str {
        "outlined"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[ClauseId::TRID_1, ClauseId::REPLY_1, ClauseId::REPLY_4]
    }

    fn entry(&mut self, _: &World, seen: &Seen<'_, '_>, _: &mut Findings) {
        let conn = seen.conn;
        if conn.has_dialect && !conn.is_foreign {
            self.tracks.remove(&seen.place.conn);
            return;
        }
        let track = self.tracks.entry(seen.place.conn).or_default();
        match &seen.sight {
            Sight::Asked(asked) => track.asked(conn, seen, asked),
            Sight::Told(told) => track.told(seen, &told.line),
            Sight::Raw(..) => track.is_lost = true,
            Sight::Ended(Party::Server) => track.is_over = true,
            Sight::Ended(Party::Client) | Sight::Opened => {}
        }
    }

    fn end(&mut self, world: &World, out: &mut Findings) {
        let mut tracks: Vec<_> = std::mem::take(&mut self.tracks).into_iter().collect();
        tracks.sort_by_key(|(id, _)| *id);
        for (id, track) in tracks {
            let judges = |conn: &Conn| conn.is_foreign && conn.is_whole && !conn.is_holed;
            if world.conn(id).is_some_and(judges) && !track.is_lost {
                track.end(out);
            }
        }
    }
}

impl Track {
    fn asked(&mut self, conn: &Conn, seen: &Seen<'_, '_>, asked: &Asked<'_>) {
        self.is_lost |= asked.clarity == Clarity::Murky && !conn.is_foreign;
        let line = &asked.line;
        let Some(trid) = number(line.word(1)).filter(|_| !self.is_lost) else {
            return;
        };
        // Which of two requests with one TrID is meant, nobody can tell.
        self.is_lost |= !self.trids.insert(trid) || self.trids.len() > MOST;
        self.waiting.push(Waiting {
            place: seen.place,
            verb: line.verb,
            trid,
            at: seen.entry.at,
            rounds: self.rounds,
            must_be_answered: self.is_in && must_be_answered(conn, line),
            line: line.text().to_vec(),
        });
    }

    fn told(&mut self, seen: &Seen<'_, '_>, line: &Line<'_>) {
        self.is_over |= line.verb == Verb::Out;
        self.is_in |= line.verb == Verb::Usr && line.word(2) == b"OK";
        let Some(trid) = number(line.word(1)).filter(|trid| *trid != 0) else {
            return;
        };
        if let Some(at) = self.waiting.iter().position(|asked| asked.trid == trid) {
            let asked = self.waiting.remove(at);
            if asked.place.entry > self.last.0 {
                self.rounds += 1;
                self.last.0 = seen.place.entry;
            }
            self.last.1 = self.last.1.max(seen.entry.at);
            return;
        }
        let mut own = self.waiting.iter();
        let asked = own.find(|asked| asked.verb == line.verb && line.verb != Verb::Other);
        let is_kept = self.doubts.len() < MOST_DOUBTS && !self.trids.contains(&trid);
        if let Some(asked) = asked.filter(|_| is_kept) {
            self.doubts.push(Doubt {
                place: seen.place,
                line: line.text().to_vec(),
                asked: asked.place.entry,
                trid: asked.trid,
            });
        }
    }

    fn end(self, out: &mut Findings) {
        let doubted: HashSet<usize> = self.doubts.iter().map(|doubt| doubt.asked).collect();
        for doubt in self.doubts {
            let mut waiting = self.waiting.iter();
            let is_open = waiting.any(|asked| asked.place.entry == doubt.asked);
            let (clause, message, expected) = if is_open {
                let message = "a reply with another TrID than its request";
                (ClauseId::TRID_1, message, doubt.trid.to_string())
            } else {
                let message = "a reply that nobody asked for";
                (ClauseId::REPLY_4, message, String::new())
            };
            let got = &doubt.line;
            let charge = Charge {
                message,
                expected,
                got,
            };
            out.accuse(doubt.place, clause, charge);
        }
        if self.is_over {
            return;
        }
        for asked in &self.waiting {
            let rounds = self.rounds.saturating_sub(asked.rounds);
            let time = self.last.1.saturating_sub(asked.at);
            let is_late = self.last.0 > asked.place.entry && (rounds >= ROUNDS || time >= PATIENCE);
            let is_doubted = doubted.contains(&asked.place.entry);
            if asked.must_be_answered && is_late && !is_doubted {
                let charge = Charge {
                    message: "no answer, though later requests were answered",
                    expected: "an answer".into(),
                    got: &asked.line,
                };
                out.accuse(asked.place, ClauseId::REPLY_1, charge);
            }
        }
    }
}

/// Whether a server of any dialect answers it: what every known server answers.
fn must_be_answered(conn: &Conn, line: &Line<'_>) -> bool {
    let word = line.word(2);
    let is_board = conn.kind == ServerKind::Switchboard;
    match line.verb {
        _ if is_board => false,
        Verb::Chg => is_state(word) && line.count() > 3,
        Verb::Blp => Setting::Privacy.parse(word).is_some(),
        Verb::Xfr => word == b"SB",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    const LOGIN: &str = "alice C: VER 1 MSNP15 CVR0\nalice S: VER 1 MSNP15\n\
        alice C: USR 2 SSO I a@b\nalice S: GCF 0 3\n.. <a>\nalice S: USR 2 SSO S MBI x\n\
        alice C: USR 3 SSO S t=1 y\nalice S: USR 3 OK a@b 1 0\nalice S: SBS 0 null\n";

    fn changes(from: u32, to: u32) -> String {
        let change = |n| format!("alice C: CHG {n} NLN 1\nalice S: CHG {n} NLN 1\n");
        (from..to).map(change).collect()
    }

    #[test]
    fn trids_are_those_of_the_requests() {
        let changed = |trid| format!("{LOGIN}alice C: CHG 9 NLN 1\nalice S: CHG {trid} NLN 1\n");
        silent(&changed(9));
        accuses("TRID-1", &changed(8));
        accuses("REPLY-4", &format!("{}alice S: CHG 9 NLN 1\n", changed(8)));
        // What the server says of itself bears 0.
        silent(&format!(
            "{LOGIN}alice C: ADL 9 2\n.. ab\nalice S: ADL 0 3\n.. cde\nalice S: ADL 9 OK\n"
        ));
    }

    #[test]
    fn who_answers_later_requests_answers_earlier_ones() {
        let asked = |line: &str, after| format!("{LOGIN}alice C: {line}\n{}", changes(20, after));
        accuses("REPLY-1", &asked("XFR 9 SB", 26));
        accuses("REPLY-1", &asked("CHG 9 BSY 1", 26));
        silent(&asked("XFR 9 SB", 23));
        silent(&asked("CHG 9 BSY", 26));
        silent(&asked("FOO 9 SB", 26));
        silent(&format!("{}alice S: OUT OTH\n", asked("XFR 9 SB", 26)));
    }

    #[test]
    fn lines_begin_as_lines_do() {
        accuses("FRAME-1", &format!("{LOGIN}alice S: FLN a@b 1\\n"));
        accuses("FRAME-2", &format!("{LOGIN}alice S: fln a@b 1"));
        // What is new to everybody may have a payload.
        silent(&format!("{LOGIN}alice S: XYZ 7\nalice S: <a></a>FLN a@b 1"));
    }

    #[test]
    fn what_they_mean_is_not_judged() {
        for line in [
            "NLN NLN b@c 1 Zo\\xeb 7 0",
            "ILN 77 NLN b@c",
            "SYN 5",
            "FLN",
            "USR 3 OK z@z 1 0",
        ] {
            silent(&format!("{LOGIN}alice S: {line}\n"));
        }
    }
}
