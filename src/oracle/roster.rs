//! Who is in a session: IRO, JOI and BYE agree with who came and went.

use super::Oracle;
use super::finding::{Charge, Findings, Place};
use super::line::Verb;
use super::world::{BoardId, Request, Role, Seat, Seen, Sight, Told, UserId, World};
use crate::protocol::{ClauseId, ServerKind};
use crate::transcript::ConnId;
use foldhash::{HashMap, HashSet};

/// The judge of rosters.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// How often a handle (in lower case) has asked to join the session of this number.
    asked: HashMap<(Vec<u8>, Vec<u8>), u32>,
    /// What a participant was told of a user.
    told: HashMap<(ConnId, UserId), Told3>,
    /// The rosters that newcomers got.
    arrivals: HashMap<(BoardId, UserId), Vec<Arrival>>,
    /// Who was told of a newcomer.
    witnesses: HashMap<(BoardId, UserId), Vec<Witness>>,
    /// BYEs for participants of whom no sign of leaving was seen, by their connection.
    doubted: HashMap<ConnId, Vec<Doubt>>,
    /// Whom a newcomer's roster lacked: an IRO may still come, if in a wrong place.
    lacking: Vec<Lacking>,
    /// Whom an IRO named, wherever it stood.
    named: HashSet<(ConnId, UserId)>,
    /// Whom anybody has called, in lower case.
    called: HashSet<Vec<u8>>,
    /// Sessions with a participant whose connection was not seen: it may call whom it likes.
    veiled: HashSet<BoardId>,
}

#[derive(Debug)]
struct Lacking {
    place: Place,
    user: UserId,
    handle: String,
}

/// How often IRO, JOI and BYE named a user.
#[derive(Debug, Default)]
struct Told3 {
    introduced: u32,
    joined: u32,
    left: u32,
}

#[derive(Debug, Clone)]
struct Arrival {
    place: Place,
    /// Where ANS was sent.
    asked: usize,
    roster: Vec<UserId>,
}

/// A participant to whom a newcomer was announced: so it was in the session.
#[derive(Debug, Clone, Copy)]
struct Witness {
    user: UserId,
    entered: usize,
}

#[derive(Debug)]
struct Doubt {
    place: Place,
    line: Vec<u8>,
}

impl Oracle for Roster {
    fn name(&self) -> &'static str {
        "roster"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::ANS_2,
            ClauseId::ANS_5,
            ClauseId::ANS_6,
            ClauseId::JOI_1,
            ClauseId::JOI_2,
            ClauseId::BYE_1,
        ]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        if seen.conn.kind != ServerKind::Switchboard {
            return;
        }
        match &seen.sight {
            Sight::Asked(asked) if asked.verb == Verb::Ans => {
                let number = asked.line.word(4).to_vec();
                let handle = asked.line.word(2).to_ascii_lowercase();
                *self.asked.entry((number, handle)).or_default() += 1;
            }
            Sight::Asked(asked) if asked.verb == Verb::Cal => {
                self.called.insert(asked.line.word(2).to_ascii_lowercase());
            }
            Sight::Told(told) if seen.conn.is_clear() && !world.has_strangers() => {
                self.told(world, seen, told, out);
            }
            _ => {}
        }
    }

    fn end(&mut self, _world: &World, out: &mut Findings) {
        for lacking in std::mem::take(&mut self.lacking) {
            if !self.named.contains(&(lacking.place.conn, lacking.user)) {
                let charge = Charge {
                    message: "the roster lacks a participant, who was told of the newcomer",
                    expected: format!("IRO … {}", lacking.handle),
                    got: b"ANS \xe2\x80\xa6 OK",
                };
                out.accuse(lacking.place, ClauseId::ANS_2, charge);
            }
        }
    }
}

impl Roster {
    fn told(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        out: &mut Findings,
    ) {
        let user = |at| {
            let user = world.users().find(told.line.word(at))?;
            (!world.user(user).is_ambiguous).then_some(user)
        };
        if told.line.verb == Verb::Iro
            && let Some(user) = user(4)
        {
            self.named.insert((seen.place.conn, user));
        }
        if let (Verb::Iro, Some(board)) = (told.line.verb, seen.conn.board) {
            self.has_come(world, board, told.line.word(4));
        }
        if let (Verb::Joi, Some(board)) = (told.line.verb, seen.conn.board) {
            self.judge_newcomer(world, seen, board, told.line.word(1), out);
        }
        match (told.line.verb, told.role, told.request) {
            (Verb::Iro, Role::Answer, _) => {
                if let Some(user) = user(4) {
                    let key = (seen.place.conn, user);
                    self.told.entry(key).or_default().introduced += 1;
                }
            }
            (Verb::Ans, Role::Answer, Some(request)) if request.is_sound => {
                self.judge_roster(world, seen, request, out);
            }
            (Verb::Joi, Role::Unasked, _) => {
                if let Some((user, board)) = user(1).zip(seen.conn.board) {
                    self.judge_join(world, seen, board, user, out);
                }
            }
            (Verb::Bye, Role::Unasked, _) => {
                if let Some((user, board)) = user(1).zip(seen.conn.board) {
                    self.judge_bye(world, seen, board, user, out);
                }
            }
            (_, Role::Answer, Some(request)) => {
                self.confirm(seen.place.conn, request, out);
            }
            _ => {}
        }
    }

    fn judge_roster(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        request: &Request,
        out: &mut Findings,
    ) {
        let asked = request.words();
        let roster = &request.progress.members;
        let (Some(me), Some(board)) = (
            world.users().find(asked.word(2)),
            world.boards().find(asked.word(4)),
        ) else {
            return;
        };
        let place = seen.place;
        if request.progress.is_garbled || world.user(me).is_ambiguous {
            return;
        }
        let session = world.boards().get(board);
        if roster.contains(&me) && session.seats_of(me).next().is_none() && session.is_whole {
            let message = "the roster counts the newcomer";
            out.accuse_line(seen, ClauseId::ANS_6, message, "the others only");
        }
        let has_gone = |user: &UserId| {
            let mut seats = session.seats_of(*user).peekable();
            let gone = |left: Option<usize>| left.is_some_and(|left| left < request.floor);
            seats.peek().is_some() && seats.all(|seat| gone(seat.left))
        };
        if session.is_whole && roster.iter().any(has_gone) {
            let all = session.seats.iter().all(|seat| seat.left.is_some());
            let clause = if all {
                ClauseId::ANS_5
            } else {
                ClauseId::ANS_2
            };
            let message = "the roster names a user who had left";
            out.accuse_line(seen, clause, message, "those who are present");
        }
        let arrival = Arrival {
            place,
            asked: request.index,
            roster: roster.clone(),
        };
        if self.has_come_once(asked.word(4), asked.word(2)) {
            for witness in self.witnesses.get(&(board, me)).into_iter().flatten() {
                self.lacking
                    .extend(judge_witness(world, &arrival, *witness));
            }
        }
        self.arrivals.entry((board, me)).or_default().push(arrival);
    }

    /// Whether a handle has asked only once to join the session of this number.
    fn has_come_once(&self, number: &[u8], handle: &[u8]) -> bool {
        let key = (number.to_vec(), handle.to_ascii_lowercase());
        self.asked.get(&key).is_none_or(|asked| *asked <= 1)
    }

    /// Whether a participant was seen to come. Who was called and comes unseen is heard of in lines
    /// alone.
    fn has_come(&mut self, world: &World, board: BoardId, handle: &[u8]) -> bool {
        let session = world.boards().get(board);
        let number = session.number.as_deref().unwrap_or_default();
        let handle = handle.to_ascii_lowercase();
        let user = world.users().find(&handle);
        let is_seen = user.is_some_and(|user| session.seats_of(user).next().is_some())
            || self.asked.contains_key(&(number.to_vec(), handle.clone()));
        if !is_seen && self.called.contains(&handle) {
            self.veiled.insert(board);
        }
        is_seen
    }

    /// Who joins was called.
    fn judge_newcomer(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        board: BoardId,
        handle: &[u8],
        out: &mut Findings,
    ) {
        let session = world.boards().get(board);
        let is_known = session.is_whole && session.seat(seen.place.conn).is_some();
        let is_called = session.number.is_some();
        // Written in another way it may be somebody who was.
        let is_plain = |handle: &[u8]| handle.contains(&b'@') && !handle.contains(&b'%');
        let are_plain = is_plain(handle) && self.called.iter().all(|handle| is_plain(handle));
        let may_come = self.has_come(world, board, handle)
            || self.called.contains(&handle.to_ascii_lowercase())
            || self.veiled.contains(&board);
        if is_known && is_called && are_plain && !may_come {
            let message = "a newcomer is announced whom nobody has called";
            out.accuse_line(seen, ClauseId::JOI_1, message, "JOI of the newcomer");
        }
    }

    fn judge_join(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        board: BoardId,
        user: UserId,
        out: &mut Findings,
    ) {
        if seen.conn.user == Some(user) {
            return;
        }
        let session = world.boards().get(board);
        let told = self.told.entry((seen.place.conn, user)).or_default();
        told.introduced += 1;
        told.joined += 1;
        if let Some(number) = &session.number {
            let handle = world.user(user).handle.to_ascii_lowercase();
            let asked = self.asked.get(&(number.to_vec(), handle)).copied();
            if asked.is_some_and(|asked| told.joined > asked) {
                let message = "a newcomer is announced more often than it has come";
                out.accuse_line(seen, ClauseId::JOI_1, message, "one JOI");
            }
        }
        let Some(seat) = session.seat(seen.place.conn) else {
            return;
        };
        let witness = Witness {
            user: seat.user,
            entered: seat.entered,
        };
        // Only one coming of this user can be meant.
        let number = session.number.as_deref().unwrap_or_default();
        let has_come_once = self.has_come_once(number, &world.user(user).handle);
        if session.seats_of(user).count() <= 1 && has_come_once {
            for arrival in self.arrivals.get(&(board, user)).into_iter().flatten() {
                self.lacking.extend(judge_witness(world, arrival, witness));
            }
            self.witnesses
                .entry((board, user))
                .or_default()
                .push(witness);
        }
    }

    fn judge_bye(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        board: BoardId,
        user: UserId,
        out: &mut Findings,
    ) {
        if seen.conn.user == Some(user) {
            judge_own_bye(world, seen, board, user, out);
            return;
        }
        let told = self.told.entry((seen.place.conn, user)).or_default();
        told.left += 1;
        if told.left > told.introduced && told.introduced > 0 {
            let message = "a participant leaves more often than it has come";
            out.accuse_line(seen, ClauseId::BYE_1, message, "one BYE");
            return;
        }
        let session = world.boards().get(board);
        let number = session.number.as_deref().unwrap_or_default();
        if let Some(seat) = session.only_seat_of(user)
            && seat.leaving.is_none()
            && self.has_come_once(number, &world.user(user).handle)
        {
            let line = seen.told().map(|told| told.frame.line.to_vec());
            self.doubted.entry(seat.conn).or_default().push(Doubt {
                place: seen.place,
                line: line.unwrap_or_default(),
            });
        }
    }

    /// Who is still served after the others were told that it has left had not left.
    fn confirm(&mut self, conn: ConnId, request: &Request, out: &mut Findings) {
        let Some(doubts) = self.doubted.get_mut(&conn) else {
            return;
        };
        doubts.retain(|doubt| {
            let is_false = doubt.place.entry < request.index;
            if is_false {
                let charge = Charge {
                    message: "the participant has not left",
                    expected: "no BYE".into(),
                    got: &doubt.line,
                };
                out.accuse(doubt.place, ClauseId::BYE_1, charge);
            }
            !is_false
        });
    }
}

/// A newcomer may be told of its own coming, but not that it leaves.
fn judge_own_bye(
    world: &World,
    seen: &Seen<'_, '_>,
    board: BoardId,
    user: UserId,
    out: &mut Findings,
) {
    let seat = world.boards().get(board).only_seat_of(user);
    let stays = |seat: &Seat| seat.conn == seen.place.conn && seat.leaving.is_none();
    if seat.is_some_and(stays) {
        let message = "a participant is told that it has left itself";
        out.accuse_line(
            seen,
            ClauseId::JOI_2,
            message,
            "JOI of the newcomer, or nothing",
        );
    }
}

/// Who was announced to a participant was told of that participant.
fn judge_witness(world: &World, arrival: &Arrival, witness: Witness) -> Option<Lacking> {
    let is_named = arrival.roster.contains(&witness.user);
    let user = world.user(witness.user);
    let lacks = witness.entered < arrival.asked && !is_named && !user.is_ambiguous;
    lacks.then(|| Lacking {
        place: arrival.place,
        user: witness.user,
        handle: String::from_utf8_lossy(&user.handle).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    /// Alice in a session with number 7, to which she has called bob.
    const START: &str = "alice@sb C: USR 1 alice@hotmail.com 5\n\
         alice@sb S: USR 1 OK alice@hotmail.com alice\n\
         alice@sb C: CAL 2 bob@hotmail.com\nalice@sb S: CAL 2 RINGING 7\n";
    const ASK: &str = "bob@sb C: ANS 1 bob@hotmail.com 8 7\n";
    const IRO: &str = "bob@sb S: IRO 1 1 1 alice@hotmail.com alice\n";
    const OK: &str = "bob@sb S: ANS 1 OK\n";
    const JOI: &str = "alice@sb S: JOI bob@hotmail.com bob\n";
    const BYE: &str = "alice@sb S: BYE bob@hotmail.com\n";

    #[test]
    fn newcomers() {
        silent(&format!("{START}{ASK}{IRO}{OK}{JOI}"));
        silent(&format!("{START}{ASK}{JOI}{IRO}{OK}"));
        accuses("ANS-2", &format!("{START}{ASK}{OK}{JOI}"));
        accuses("ANS-2", &format!("{START}{ASK}{JOI}{OK}"));
        accuses("JOI-1", &format!("{START}{ASK}{IRO}{OK}{JOI}{JOI}"));
        accuses(
            "ANS-6",
            &format!(
                "{START}{ASK}{}{OK}{JOI}",
                IRO.replace(
                    "1 1 1 alice@hotmail.com alice",
                    "1 1 2 alice@hotmail.com alice\nbob@sb S: IRO 1 2 2 bob@hotmail.com bob"
                )
            ),
        );
        silent(&format!("{START}{ASK}{OK}"));
        let own = |line: &str| format!("{START}{ASK}{IRO}{OK}bob@sb S: {line}");
        accuses("JOI-2", &own("BYE bob@hotmail.com"));
        silent(&own("JOI bob@hotmail.com bob"));
        silent(&own(
            "JOI bob@hotmail.com bob\nbob@sb C: OUT\nbob@sb S: BYE bob@hotmail.com",
        ));
    }

    #[test]
    fn nobody_joins_who_was_not_called() {
        let stranger = "alice@sb S: JOI carol@hotmail.com carol\n";
        accuses("JOI-1", &format!("{START}{ASK}{stranger}"));
        accuses("JOI-1", &format!("{START}{ASK}{IRO}{OK}{JOI}{stranger}"));
        // A participant that was not seen may have called.
        silent(&format!("{START}{JOI}{stranger}"));
        let by_bob = "bob@sb C: CAL 2 Carol@hotmail.com\n";
        silent(&format!("{START}{ASK}{IRO}{OK}{JOI}{by_bob}{stranger}"));
        let in_short = by_bob.replace("Carol@hotmail.com", "carol");
        silent(&format!("{START}{ASK}{IRO}{OK}{JOI}{in_short}{stranger}"));
        let unknown = START.replace("alice@sb C: USR 1 alice@hotmail.com 5\n", "");
        silent(&format!("{unknown}{ASK}{IRO}{OK}{JOI}{stranger}"));
        // Nobody has been called at all: the calls may be missing in what was recorded.
        silent(&format!(
            "{}{stranger}",
            START.replace("CAL 2 RINGING 7", "216 2")
        ));
    }

    #[test]
    fn stale_rosters() {
        let left = "alice@sb C: OUT\nalice@sb S: <closed>\n";
        let trip = "carol C: VER 1 MSNP2\ncarol S: VER 1 MSNP2\n";
        accuses("ANS-5", &format!("{START}{left}{trip}{ASK}{IRO}{OK}"));
        silent(&format!("{START}{left}{ASK}{IRO}{OK}"));
        silent(&format!("{START}{left}{trip}{ASK}{OK}"));
        silent(&format!("{START}alice@sb C: <closed>\n{ASK}{IRO}{OK}"));
        silent(&format!("{START}{ASK}{left}{IRO}{OK}"));
    }

    #[test]
    fn leaving() {
        let all = format!("{START}{ASK}{IRO}{OK}{JOI}");
        let out = "bob@sb C: OUT\nbob@sb S: <closed>\n";
        silent(&format!("{all}{out}{BYE}"));
        silent(&format!("{all}{BYE}bob@sb S: <closed>\n"));
        accuses("BYE-1", &format!("{all}{out}{BYE}{BYE}"));
        let call = "bob@sb C: CAL 9 carol@hotmail.com\n";
        let answer = "bob@sb S: 217 9\n";
        accuses("BYE-1", &format!("{all}{BYE}{call}{answer}"));
        silent(&format!("{all}{call}{BYE}{answer}"));
        let given_up = ASK.replace("bob@sb", "bob@sb0") + "bob@sb0 C: <closed>\n";
        silent(&format!(
            "{START}{given_up}{ASK}{IRO}{OK}{JOI}{BYE}{call}{answer}"
        ));
        let again = format!(
            "{}bob@sb2 S: IRO 1 1 1 alice@hotmail.com alice\nbob@sb2 S: ANS 1 OK\n",
            ASK.replace("sb", "sb2")
        );
        silent(&format!("{all}{out}{BYE}{again}{JOI}"));
    }

    #[test]
    fn what_is_no_coming_and_no_leaving() {
        let other = "carol@sb C: CAL 1 bob@hotmail.com x 7\n";
        accuses("ANS-2", &format!("{START}{other}{ASK}{OK}{JOI}"));
        let flawed = ASK.replace(" 7\n", " 7 x\n");
        accuses("FRAME-14", &format!("{START}{flawed}{OK}{JOI}"));
        silent(&format!("{START}{ASK}{BYE}"));
        let strange = format!("{START}{ASK}{OK}bob@sb C: <raw> x\n{JOI}");
        silent(&format!("{strange}{BYE}{BYE}"));
        accuses(
            "ANS-2",
            &format!("{START}{ASK}bob@sb S: IRO 1 2 2 bob@hotmail.com bob\n{OK}"),
        );
        let given_up = ASK.replace("bob@sb", "bob@sb0");
        silent(&format!("{START}{given_up}{ASK}{OK}{JOI}"));
    }

    #[test]
    fn who_was_on_the_roster_leaves_once() {
        let left = "alice@sb C: OUT\nalice@sb S: <closed>\n";
        let bye = "bob@sb S: BYE alice@hotmail.com\n";
        silent(&format!("{START}{ASK}{IRO}{OK}{left}{bye}"));
        accuses("BYE-1", &format!("{START}{ASK}{IRO}{OK}{left}{bye}{bye}"));
    }

    #[test]
    fn a_false_bye_is_told_though_an_older_request_is_answered_first() {
        let all = format!("{START}{ASK}{IRO}{OK}{JOI}");
        let call = |trid: u32| format!("bob@sb C: CAL {trid} carol@hotmail.com\n");
        let answer = |trid: u32| format!("bob@sb S: 217 {trid}\n");
        let (older, newer) = (answer(9), call(10) + &answer(10));
        accuses("BYE-1", &format!("{all}{}{BYE}{older}{newer}", call(9)));
    }
}
