//! Nobody is rung who has shut the caller out, and each call rings once.

use std::collections::VecDeque;

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::world::{Request, Role, Seen, Sight, Told, UserId, World};
use crate::protocol::{ClauseId, ServerKind};
use crate::rules::{self, Reach};
use foldhash::HashMap;

/// The judge of CAL and RNG.
#[derive(Debug, Default)]
pub(super) struct Privacy {
    /// The calls of a user to a handle in lower case.
    calls: HashMap<(UserId, Vec<u8>), Calls>,
    /// Somebody has called before it was known who that is.
    is_blind: bool,
}

#[derive(Debug, Default)]
struct Calls {
    /// Where those were sent that have neither rung nor failed yet, as far as is known.
    open: VecDeque<usize>,
    made: u32,
    rung: u32,
    /// The session that the latest answer to a call named.
    called_into: Option<Vec<u8>>,
    /// The session that the latest ring named.
    rung_for: Option<Vec<u8>>,
}

impl Calls {
    /// Whether the only call and its only ring name two sessions.
    fn is_split(&self) -> bool {
        let both = self.called_into.as_ref().zip(self.rung_for.as_ref());
        self.made == 1 && self.rung == 1 && both.is_some_and(|(called, rung)| called != rung)
    }
}

/// What is wrong where a call and its ring name two sessions.
const SPLIT: &str = "CAL and RNG name different sessions";
/// The most open calls of one user to another that are remembered.
const OPEN: usize = 64;

impl Oracle for Privacy {
    fn name(&self) -> &'static str {
        "privacy"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::CAL_4,
            ClauseId::CAL_5,
            ClauseId::IMS_2,
            ClauseId::CHG_7,
            ClauseId::RNG_1,
            ClauseId::RNG_2,
            ClauseId::RNG_3,
        ]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        match &seen.sight {
            Sight::Asked(asked)
                if asked.verb == Verb::Cal && seen.conn.kind == ServerKind::Switchboard =>
            {
                self.made(seen, asked.line.word(2));
            }
            Sight::Told(told) => match (told.line.verb, told.request) {
                (Verb::Cal | Verb::Error(_), Some(request))
                    if request.verb == Verb::Cal && told.role == Role::Answer =>
                {
                    self.answered(world, seen, told, request, out);
                }
                (Verb::Rng, _) if told.role == Role::Unasked => {
                    self.rang(world, seen, told, out);
                }
                _ => {}
            },
            _ => {}
        }
    }
}

impl Privacy {
    fn made(&mut self, seen: &Seen<'_, '_>, handle: &[u8]) {
        self.is_blind |= seen.conn.user.is_none();
        if let Some(caller) = seen.conn.user {
            let key = (caller, handle.to_ascii_lowercase());
            let calls = self.calls.entry(key).or_default();
            calls.made += 1;
            if calls.open.len() < OPEN {
                calls.open.push_back(seen.place.entry);
            }
        }
    }

    fn answered(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        request: &Request,
        out: &mut Findings,
    ) {
        let Some(caller) = seen.conn.user else {
            return;
        };
        let handle = request.words().word(2);
        if matches!(told.line.verb, Verb::Error(_)) {
            let key = (caller, handle.to_ascii_lowercase());
            if let Some(calls) = self.calls.get_mut(&key) {
                calls.open.retain(|sent| *sent != request.index);
            }
            return;
        }
        let is_known = !self.is_blind && request.is_sound && world.user(caller).is_sure();
        let key = (caller, handle.to_ascii_lowercase());
        if let Some(calls) = self.calls.get_mut(&key).filter(|_| is_known) {
            calls.called_into = Some(told.line.word(3).to_vec());
            if calls.is_split() {
                out.accuse_line(seen, ClauseId::RNG_2, SPLIT, "the session of the ring");
            }
        }
        let callee = world.users().find(handle).filter(|_| request.is_sound);
        if let Some((clause, message)) =
            callee.and_then(|callee| reason(world, caller, callee, request.index))
        {
            out.accuse_line(seen, clause, message, "an error");
        }
    }

    fn rang(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        out: &mut Findings,
    ) {
        let handle = told.line.word(5);
        let (Some(me), Some(caller)) = (seen.conn.user, world.users().find(handle)) else {
            return;
        };
        let callee = world.user(me);
        if self.is_blind
            || world.has_strangers()
            || callee.is_ambiguous
            || world.user(caller).is_ambiguous
        {
            return;
        }
        let key = (caller, callee.handle.to_ascii_lowercase());
        let calls = self.calls.entry(key).or_default();
        calls.rung += 1;
        let first = calls.open.pop_front();
        let is_known = world.user(caller).is_sure() && seen.conn.is_clear();
        if !is_known {
            return;
        }
        calls.rung_for = Some(told.line.word(1).to_vec());
        if calls.is_split() {
            let called = calls.called_into.as_deref().unwrap_or_default();
            let called = String::from_utf8_lossy(called).into_owned();
            out.accuse_line(seen, ClauseId::RNG_2, SPLIT, &called);
        } else if calls.made == 0 {
            judge_origin(world, seen, told, caller, out);
        } else if calls.rung > calls.made {
            let message = "it rings more often than the caller has called";
            out.accuse_line(seen, ClauseId::RNG_3, message, "one RNG for each CAL");
        } else if let Some((clause, message)) =
            first.and_then(|sent| reason(world, caller, me, sent))
        {
            out.accuse_line(seen, clause, message, "no RNG");
        }
    }
}

/// A ring from a user who has called somebody, but not the one who was rung.
fn judge_origin(
    world: &World,
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    caller: UserId,
    out: &mut Findings,
) {
    let board = world.boards().find(told.line.word(1));
    let board = board.map(|board| world.boards().get(board));
    if board.is_some_and(|board| board.is_whole && board.seats_of(caller).next().is_some()) {
        let (clause, message) = if seen.conn.user == Some(caller) {
            (ClauseId::RNG_1, "it rings at the caller")
        } else {
            let message = "the caller has called nobody of this name";
            (ClauseId::RNG_2, message)
        };
        out.accuse_line(seen, clause, message, "no RNG");
    }
}

/// Why a call that was sent at `sent` must fail, whenever after that it was carried out.
fn reason(
    world: &World,
    caller: UserId,
    callee: UserId,
    sent: usize,
) -> Option<(ClauseId, &'static str)> {
    let Reach::Shut(clause) = rules::call(&world.since(sent), callee, caller) else {
        return None;
    };
    let message = match clause {
        ClauseId::CHG_7 => "the callee is hidden",
        ClauseId::CAL_4 => "the caller is on the callee's BL",
        ClauseId::IMS_2 => "the callee has turned calls off",
        _ => "the callee is under BLP BL and the caller is not on its AL",
    };
    Some((clause, message))
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    const ENTER: &str = "alice on NLN\nalice C: XFR 9 SB\n\
         alice S: XFR 9 SB 1.1.1.1:1 CKI 5\nalice@sb C: USR 1 alice@hotmail.com 5\n\
         alice@sb S: USR 1 OK alice@hotmail.com alice\n";
    const CALL: &str = "alice@sb C: CAL 2 bob@hotmail.com\n";
    const RINGING: &str = "alice@sb S: CAL 2 RINGING 7\n";
    const RNG: &str = "bob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice\n";

    #[test]
    fn shut_out() {
        for (settings, clause) in [
            ("NLN BL=alice", Some("CAL-4")),
            ("NLN BLP=BL", Some("CAL-5")),
            ("HDN", Some("CHG-7")),
            ("NLN BLP=BL AL=alice", None),
            ("NLN BL=carol", None),
        ] {
            for seen in [RINGING, RNG] {
                let text = format!("{ENTER}bob on {settings}\n{CALL}{seen}");
                match clause {
                    Some(clause) => accuses(clause, &text),
                    None => silent(&text),
                }
            }
        }
        let hidden =
            "alice C: CHG 12 HDN\nalice S: CHG 12 HDN\nalice@sb C: CAL 2 alice@hotmail.com\n";
        silent(&format!("{ENTER}{hidden}{RINGING}"));
        let block = "bob C: ADD 9 BL alice@hotmail.com a\nbob S: ADD 9 BL 4 alice@hotmail.com a\n";
        silent(&format!("{ENTER}bob on NLN\n{CALL}{block}{RINGING}{RNG}"));
        accuses("CAL-4", &format!("{ENTER}bob on NLN\n{block}{CALL}{RNG}"));
        let freed = "bob C: REM 9 BL alice@hotmail.com\n";
        silent(&format!(
            "{ENTER}bob on NLN BL=alice\n{freed}{CALL}{RINGING}{RNG}"
        ));
    }

    #[test]
    fn rings() {
        let start = format!("{ENTER}bob on NLN\ncarol on NLN\n{CALL}{RINGING}");
        silent(&format!("{start}{RNG}"));
        accuses("RNG-3", &format!("{start}{RNG}{RNG}"));
        let other = RNG.replace("RNG 7", "RNG 8");
        accuses("RNG-2", &format!("{start}{other}"));
        accuses(
            "RNG-2",
            &format!("{ENTER}bob on NLN\n{CALL}{other}{RINGING}"),
        );
        silent(&format!("{start}{CALL}{RINGING}{other}"));
        accuses(
            "RNG-2",
            &format!("{start}{}", RNG.replace("bob S", "carol S")),
        );
        accuses(
            "RNG-1",
            &format!("{start}{}", RNG.replace("bob S", "alice S")),
        );
        silent(&format!("{start}alice@sb C: <raw> x\n{RNG}{RNG}"));
        silent("carol on NLN\ncarol S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice");
    }

    #[test]
    fn calls_that_prove_nothing() {
        let start = format!("{ENTER}bob on NLN\n{CALL}");
        let again = "alice@sb S: CAL 2 RINGING 8\n";
        accuses("REPLY-5", &format!("{start}{RINGING}{RNG}{again}"));
        accuses("OUT-7", &format!("{start}bob S: OUT\n{RNG}{RNG}"));
        // Somebody calls who has not come in yet: whose call it was that rang is not known.
        let early = "alice on NLN\nbob on NLN\nalice@sb C: USR 1 alice@hotmail.com 5\n";
        let entered = "alice@sb S: USR 1 OK alice@hotmail.com alice\n";
        let other = RNG.replace("RNG 7", "RNG 8");
        let cookie = "alice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 5\n";
        let begun = early.replace("alice@sb C", &format!("{cookie}alice@sb C"));
        silent(&format!("{begun}{CALL}{entered}{RINGING}{RNG}{RNG}"));
        let blind = "carol@sb C: CAL 1 bob@hotmail.com\n";
        silent(&format!("{start}{other}{blind}{RINGING}"));
        let flawed = CALL.replace(".com", ".com x");
        accuses(
            "FRAME-14",
            &format!("{ENTER}bob on NLN\n{flawed}{other}{RINGING}"),
        );
        let unseen = "bob C: PNG\nbob on NLN BL=alice\n";
        silent(&format!("{ENTER}{unseen}{CALL}{RINGING}"));
        let boards =
            "alice@sb C: USR 1 alice@hotmail.com 5\nalice@sb S: USR 1 OK alice@hotmail.com a\n";
        silent(&format!("{boards}bob on NLN BL=alice\n{CALL}{RNG}"));
        let absent = RNG.replace("alice", "carol");
        silent(&format!("{start}{RINGING}carol on NLN\n{absent}"));
    }

    #[test]
    fn a_call_that_failed_does_not_ring() {
        let block = "bob C: ADD 9 BL alice@hotmail.com a\nbob S: ADD 9 BL 4 alice@hotmail.com a\n";
        let failed = format!("{ENTER}bob on NLN\n{CALL}alice@sb S: 713 2\n{block}");
        let again = CALL.replace("CAL 2", "CAL 3");
        accuses("CAL-4", &format!("{failed}{again}{RNG}"));
    }
}
