//! Every request is answered: who answers later ones has not answered an earlier one in time.
//!
//! Replies may come in any order, so only the end of the transcript can show that one is missing,
//! and only where the connection lived on for long after the request.

use std::time::Duration;

use super::Oracle;
use super::finding::{Charge, Findings, Place};
use super::line::{Verb, number};
use super::soundness::is_state;
use super::world::{Conn, Request, Seen, World};
use crate::protocol::{ClauseId, List, MAX_HANDLE, MAX_NAME, ServerKind, Setting};
use crate::transcript::ConnId;

/// After how many round trips on the same connection, one after the other, an answer is missing.
pub(super) const ROUNDS: u32 = 5;
/// After how much time, if requests sent later were answered.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The judge of missing answers.
#[derive(Debug)]
pub(super) struct Liveness;

impl Oracle for Liveness {
    fn name(&self) -> &'static str {
        "liveness"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::REPLY_1,
            ClauseId::SYN_3,
            ClauseId::LST_2,
            ClauseId::ANS_1,
        ]
    }

    fn entry(&mut self, _: &World, _: &Seen<'_, '_>, _: &mut Findings) {}

    fn end(&mut self, world: &World, out: &mut Findings) {
        for (id, conn) in world.conns().iter().enumerate() {
            if !conn.is_clear() || conn.ended_by_server || conn.server_out {
                continue;
            }
            let mut missing: Vec<&Request> = conn
                .unanswered()
                .filter(|request| is_overdue(conn, request) && must_be_answered(conn, request))
                .collect();
            missing.sort_by_key(|request| request.index);
            for request in missing {
                accuse(ConnId(id), request, out);
            }
        }
    }
}

fn accuse(conn: ConnId, request: &Request, out: &mut Findings) {
    let (clause, message) = match (request.verb, request.progress.lines) {
        (Verb::Syn, 1..) => (ClauseId::SYN_3, "the batch of the SYN never ended"),
        (Verb::Lst, 1..) => (ClauseId::LST_2, "the list never ended"),
        (Verb::Ans, 1..) => (ClauseId::ANS_1, "the roster came, and no ANS OK"),
        _ => (
            ClauseId::REPLY_1,
            "no answer, though later requests were answered",
        ),
    };
    let place = Place {
        entry: request.index,
        conn,
    };
    let charge = Charge {
        message,
        expected: "an answer".into(),
        got: request.line(),
    };
    out.accuse(place, clause, charge);
}

fn is_overdue(conn: &Conn, request: &Request) -> bool {
    let rounds = conn.round.saturating_sub(request.round);
    let time = conn.answered_at.saturating_sub(request.at);
    conn.floor > request.index && (rounds >= ROUNDS || time >= PATIENCE)
}

/// Whether silence is no answer that any server may give.
fn must_be_answered(conn: &Conn, request: &Request) -> bool {
    let line = request.words();
    let word = line.word(2);
    let is_handle = |word: &[u8]| word.len() <= MAX_HANDLE && word.contains(&b'@');
    let is_list = |word| List::parse(word).is_some();
    if !request.is_sound {
        return false;
    }
    match request.verb {
        Verb::Ver | Verb::Inf => !request.is_inside && conn.kind != ServerKind::Switchboard,
        Verb::Cal => request.is_inside && is_handle(word),
        // Whoever has begun a roster has let the newcomer in.
        Verb::Ans => request.progress.lines > 0,
        _ if !request.is_inside || conn.was_fln => false,
        Verb::Syn => match (number(word), request.progress.serial) {
            (Some(own), Some(serial)) => own < serial,
            (own, None) => own.is_some_and(|own| own <= u64::from(u32::MAX)),
            (None, _) => false,
        },
        Verb::Lst => is_list(word),
        Verb::Gtc => Setting::Prompt.parse(word).is_some(),
        Verb::Blp => Setting::Privacy.parse(word).is_some(),
        Verb::Chg => is_state(word),
        Verb::Xfr => word == b"SB",
        Verb::Add => {
            let is_named = line.word(4).len() <= MAX_NAME;
            is_list(word) && word != b"RL" && is_handle(line.word(3)) && is_named
        }
        Verb::Rem => is_list(word) && word != b"RL" && is_handle(line.word(3)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    fn pings(from: u32, to: u32) -> String {
        (from..to)
            .map(|n| format!("alice C: CHG {n} NLN\nalice S: CHG {n} NLN\n"))
            .collect()
    }

    #[test]
    fn unanswered() {
        accuses(
            "REPLY-1",
            &format!("alice in\nalice C: GTC 9 N\n{}", pings(10, 16)),
        );
        silent(&format!("alice in\nalice C: GTC 9 N\n{}", pings(10, 12)));
        silent(&format!("alice in\n{}alice C: GTC 9 N\n", pings(10, 16)));
        silent(&format!(
            "alice in\nalice C: GTC 9 N\n{}alice S: GTC 9 5 N",
            pings(10, 16)
        ));
        silent(&format!(
            "alice in\nalice C: GTC 9 N\n{}alice S: <closed>",
            pings(10, 16)
        ));
        accuses(
            "REPLY-1",
            "alice in\nalice C: GTC 9 N\n+2s\nalice C: CHG 10 NLN\nalice S: CHG 10 NLN",
        );
    }

    #[test]
    fn what_need_not_be_answered() {
        for line in [
            "CHG 9 ZZZ",
            "ADD 9 XX b@hotmail.com b",
            "REA 9 b@hotmail.com b",
            "XYZ 9",
            "CHG 9",
            "GTC 9 X",
        ] {
            silent(&format!("alice in\nalice C: {line}\n{}", pings(10, 20)));
        }
        silent(
            "alice@sb C: USR 1 alice@hotmail.com 1\nalice@sb S: USR 1 OK alice@hotmail.com A\nalice@sb C: MSG 2 N 2\n.. hi\n+9s\nalice@sb C: CAL 3 b@hotmail.com\nalice@sb S: 217 3",
        );
    }

    #[test]
    fn what_must_be_answered() {
        let handle = |length: usize| format!("{}@b", "h".repeat(length - 2));
        let mut must: Vec<String> = [
            "GTC 9 A",
            "BLP 9 AL",
            "BLP 9 BL",
            "CHG 9 HDN",
            "CHG 9 LUN",
            "XFR 9 SB",
            "ADD 9 FL b@hotmail.com b",
            "ADD 9 BL b@hotmail.com b",
            "REM 9 AL b@hotmail.com",
            "LST 9 RL",
            "SYN 9 0",
            "SYN 9 4294967295",
        ]
        .map(str::to_owned)
        .into();
        must.push(format!("ADD 9 FL {} b", handle(129)));
        must.push(format!("ADD 9 FL b@hotmail.com {}", "n".repeat(387)));
        for line in must {
            let text = format!("alice in\nalice C: {line}\n{}", pings(10, 16));
            accuses("REPLY-1", &text);
        }
        let mut need_not: Vec<String> = [
            "ADD 9 RL b@hotmail.com b",
            "ADD 9 FL bob b",
            "REM 9 RL b@hotmail.com",
            "REM 9 FL bob",
            "LST 9 ZZ",
            "SYN 9 4294967296",
            "SYN 9 x",
            "XFR 9 PB",
            "BLP 9 XX",
            "VER 9 MSNP2",
            "INF 9",
        ]
        .map(str::to_owned)
        .into();
        need_not.push(format!("ADD 9 FL {} b", handle(130)));
        need_not.push(format!("ADD 9 FL b@hotmail.com {}", "n".repeat(388)));
        for line in need_not {
            silent(&format!("alice in\nalice C: {line}\n{}", pings(10, 16)));
        }
    }

    #[test]
    fn how_long_is_too_long() {
        let begin = "alice in\nalice C: GTC 9 N\n";
        accuses("REPLY-1", &format!("{begin}{}", pings(10, 15)));
        silent(&format!("{begin}{}", pings(10, 14)));
        accuses("REPLY-1", &format!("{begin}+1s\n{}", pings(10, 11)));
        let leaves = format!("{begin}{}alice C: OUT\n", pings(10, 16));
        accuses("REPLY-1", &leaves);
    }

    #[test]
    fn before_login_and_on_boards() {
        let next = "+2s\nalice C: INF 2\nalice S: INF 2 MD5";
        accuses("REPLY-1", &format!("alice C: VER 1 MSNP2\n{next}"));
        let begin = "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\nalice C: INF 2\n+2s\n";
        let ask = "alice C: USR 3 MD5 I a@hotmail.com\nalice S: USR 3 MD5 S 1.2";
        accuses("REPLY-1", &format!("{begin}{ask}"));
        silent(&format!(
            "alice C: GTC 1 N\n+2s\n{}",
            begin.replace("+2s\n", "alice S: INF 2 MD5\n")
        ));
        let enter = "a@sb C: USR 1 a@hotmail.com 5\na@sb S: USR 1 OK a@hotmail.com A\n";
        let next = "+2s\na@sb C: CAL 3 c@hotmail.com\na@sb S: 217 3\n";
        accuses(
            "REPLY-1",
            &format!("{enter}a@sb C: CAL 2 b@hotmail.com\n{next}"),
        );
        silent(&format!("{enter}a@sb C: CAL 2 bob\n{next}"));
        silent(&format!("a@sb C: CAL 9 b@hotmail.com\n+2s\n{enter}"));
        let ans = "b@sb C: ANS 1 b@hotmail.com 5 6\nb@sb S: IRO 1 1 2 a@hotmail.com A\n";
        let next = next.replace("a@sb", "b@sb");
        accuses("ANS-1", &format!("{ans}{next}"));
    }

    #[test]
    fn half_answers() {
        let batch = "alice in\nalice C: SYN 9 0\nalice S: SYN 9 5\nalice S: GTC 9 5 A\n";
        accuses("SYN-3", &format!("{batch}{}", pings(10, 16)));
        let higher = batch
            .replace("SYN 9 0", "SYN 9 7")
            .replace("alice S: GTC 9 5 A\n", "");
        silent(&format!("{higher}{}", pings(10, 16)));
        let list = "alice in\nalice C: LST 9 FL\nalice S: LST 9 FL 5 1 2 b@hotmail.com B\n";
        accuses("LST-2", &format!("{list}{}", pings(10, 16)));
        silent(&format!(
            "{list}alice S: LST 9 FL 5 2 2 c@hotmail.com C\n{}",
            pings(10, 16)
        ));
    }

    #[test]
    fn what_may_stay_unanswered() {
        let ask = "b@sb C: ANS 1 b@hotmail.com 5 6\n+2s\n";
        silent(&format!("{ask}b@sb S: IRO 1 1 2 a@hotmail.com A"));
        silent(&format!("{ask}b@sb C: CAL 3 c@hotmail.com\nb@sb S: 217 3"));
        silent(&format!(
            "alice <open>\nalice C: GTC 9 N\nalice in\n{}",
            pings(10, 16)
        ));
        let away = "alice in\nalice C: CHG 8 FLN\nalice S: CHG 8 FLN\n";
        silent(&format!("{away}alice C: GTC 9 N\n{}", pings(10, 16)));
    }
}
