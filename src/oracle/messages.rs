//! A message reaches each other participant once, byte for byte, in the order of its sender.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use foldhash::HashMap;

use super::Oracle;
use super::finding::{Charge, Findings, Place};
use super::line::Verb;
use super::world::{Asked, Clarity, Flaw, Request, Role, Seat, Seen, Sight, Told, UserId, World};
use crate::protocol::{ClauseId, ServerKind, decode_name};
use crate::transcript::ConnId;

/// How many messages may have been under way when a participant came.
const UNDER_WAY: usize = 64;
/// How far ahead, and how far back, a payload is looked for.
const REACH: usize = 256;
/// What is sent so long after something else comes in another segment.
const APART: Duration = Duration::from_millis(500);

/// The judge of MSG, ACK and NAK.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// What each connection has sent.
    sent: HashMap<ConnId, Vec<Sent>>,
    /// On which connections a user has sent.
    senders: HashMap<UserId, Vec<ConnId>>,
    /// How far a sender's messages have come to a receiver.
    flows: BTreeMap<(ConnId, ConnId), Flow>,
    /// Where a message last came to a receiver of which nobody could say on which connection it
    /// was sent.
    unplaced: HashMap<ConnId, usize>,
    /// What was sent under a TrID.
    acknowledged: HashMap<(ConnId, u64), Acknowledged>,
    /// What is in some message is not known.
    is_blind: bool,
}

#[derive(Debug)]
struct Sent {
    index: usize,
    at: Duration,
    trid: u64,
    /// All TrIDs before were lower.
    rises: bool,
    payload: Bytes,
    /// There is no such mode.
    has_bad_mode: bool,
    /// The server must pass it on.
    is_due: bool,
    /// Sent while nobody knew whether the server had read what came before it. Where such a
    /// message is lost, the server loses what comes in one segment with something else.
    is_behind: bool,
    /// Another was sent behind it so.
    is_followed: bool,
    /// In mode N, and answered by NAK, here.
    refused: Option<Refusal>,
    /// How many have received it.
    reached: usize,
}

/// A NAK to a message in mode N.
#[derive(Debug)]
struct Refusal {
    place: Place,
    line: Vec<u8>,
    is_second: bool,
}

#[derive(Debug, Default)]
struct Flow {
    /// The first message that may come next.
    next: usize,
    /// Nobody knows which of the messages before this one have come.
    first: usize,
    /// A message has come that nobody sent so: those that are missing may be it.
    is_changed: bool,
    /// Messages that a later one has overtaken, where it did, and what was next after that.
    overtaken: Vec<(usize, Place, usize)>,
}

#[derive(Debug, Default)]
struct Acknowledged {
    sent: u32,
    acknowledged: u32,
    with_u: u32,
    with_n: u32,
}

impl Oracle for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::MSG_1,
            ClauseId::MSG_2,
            ClauseId::MSG_3,
            ClauseId::MSG_4,
            ClauseId::MSG_5,
            ClauseId::MSG_6,
            ClauseId::MSG_8,
            ClauseId::MSG_10,
            ClauseId::REPLY_5,
            ClauseId::TRID_3,
        ]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        if seen.conn.kind != ServerKind::Switchboard {
            return;
        }
        match &seen.sight {
            Sight::Asked(asked) if asked.verb == Verb::Msg => {
                self.is_blind |= asked.frame.is_hidden;
                self.note(seen, asked);
            }
            Sight::Told(told) => match (told.line.verb, told.role, told.request) {
                (Verb::Msg, Role::Unasked, _) if told.frame.is_hidden => self.is_blind = true,
                (Verb::Msg, Role::Unasked, _) if seen.conn.is_clear() && !self.is_blind => {
                    self.delivered(world, seen, told, out);
                }
                (Verb::Ack | Verb::Nak | Verb::Error(_), Role::Answer, Some(request))
                    if request.verb == Verb::Msg =>
                {
                    self.acknowledged(world, seen, told, request, out);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, world: &World, out: &mut Findings) {
        // Which message is which, only what is in them tells.
        if self.is_blind {
            return;
        }
        for (conn, sent) in &self.sent {
            for one in sent {
                // Which of two equal messages has come, nobody can tell.
                let mut same = sent.iter().filter(|other| other.payload == one.payload);
                if one.refused.is_some() && same.nth(1).is_none() {
                    judge_refusal(world, *conn, one, out);
                }
            }
        }
        for ((sender, _), flow) in std::mem::take(&mut self.flows) {
            if flow.is_changed {
                continue;
            }
            let sent = self.sent.get(&sender).map_or(&[][..], Vec::as_slice);
            // A server that wants TrIDs to rise passes none on that does not.
            let may_fall = sent.iter().any(|one| !one.rises && one.reached > 0);
            for (at, place, next) in flow.overtaken {
                let is_alone = |lost: &&Sent| !lost.is_behind && !lost.is_followed;
                let Some(lost) = sent.get(at).filter(|lost| lost.is_due).filter(is_alone) else {
                    continue;
                };
                let near = sent.iter().skip(at.saturating_sub(REACH)).take(2 * REACH);
                let mut same = near.filter(|other| other.payload == lost.payload);
                if same.nth(1).is_some() {
                    continue;
                }
                // If nothing came after the one that overtook it, it may only be late.
                let (clause, message) = if !lost.rises && !may_fall {
                    (
                        ClauseId::TRID_3,
                        "a message was lost whose TrID is not above the earlier ones",
                    )
                } else if flow.next > next {
                    (ClauseId::MSG_1, "a message was lost: later ones have come")
                } else {
                    (
                        ClauseId::MSG_8,
                        "a later message of the same sender has come first",
                    )
                };
                let charge = Charge {
                    message,
                    expected: format!("the message of entry {}", lost.index),
                    got: b"",
                };
                out.accuse(place, clause, charge);
            }
        }
    }
}

/// Whether a message that was refused has reached everybody.
fn judge_refusal(world: &World, sender: ConnId, sent: &Sent, out: &mut Findings) {
    let board = world.conn(sender).and_then(|conn| conn.board);
    let Some((refusal, board)) = sent.refused.as_ref().zip(board) else {
        return;
    };
    let mut others = 0;
    let mut has_left = false;
    for seat in &world.boards().get(board).seats {
        let is_late = seat.asked > refusal.place.entry;
        let is_gone = seat.left.is_some_and(|left| left < sent.index);
        if seat.conn != sender && !is_late && !is_gone {
            others += 1;
            has_left |= seat.leaving.is_some_and(|left| left < refusal.place.entry);
        }
    }
    let has_reached_all = others > 0 && !has_left && sent.reached >= others;
    let (clause, message) = if has_reached_all {
        let message = "a message of mode N that everybody has received gets a NAK";
        (ClauseId::MSG_5, message)
    } else if refusal.is_second {
        (ClauseId::REPLY_5, "a message is acknowledged twice")
    } else {
        return;
    };
    let charge = Charge {
        message,
        expected: "nothing".into(),
        got: &refusal.line,
    };
    out.accuse(refusal.place, clause, charge);
}

impl Messages {
    fn note(&mut self, seen: &Seen<'_, '_>, asked: &Asked<'_>) {
        let (conn, trid) = (seen.place.conn, asked.trid.unwrap_or_default());
        let is_sound = asked.clarity == Clarity::Sound;
        let sent = self.sent.entry(conn).or_default();
        if sent.is_empty()
            && let Some(user) = seen.conn.user
        {
            self.senders.entry(user).or_default().push(conn);
        }
        let is_open = |last: &Sent| {
            let is_read = last.reached > 0 || last.refused.is_some();
            !is_read
                && seen.conn.floor <= last.index
                && seen.entry.at.saturating_sub(last.at) < APART
        };
        let is_behind_message = sent.last().is_some_and(is_open);
        let is_behind = is_behind_message || seen.conn.unanswered().next().is_some();
        if let Some(last) = sent.last_mut().filter(|_| is_behind_message) {
            last.is_followed = true;
        }
        sent.push(Sent {
            at: seen.entry.at,
            is_behind,
            is_followed: false,
            index: seen.place.entry,
            trid,
            rises: trid > seen.conn.highest_trid,
            payload: asked.frame.payload.clone().unwrap_or_default(),
            // Odd bytes anywhere else make the request another one.
            has_bad_mode: asked.clarity == Clarity::Unsound(Flaw::Content),
            is_due: is_sound && seen.conn.board.is_some() && seen.conn.is_alive(),
            refused: None,
            reached: 0,
        });
        let slot = self.acknowledged.entry((conn, trid)).or_default();
        slot.sent += 1;
        slot.with_u += u32::from(asked.line.word(2) == b"U");
        slot.with_n += u32::from(asked.line.word(2) == b"N");
    }

    fn acknowledged(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        request: &Request,
        out: &mut Findings,
    ) {
        let conn = seen.place.conn;
        let trid = super::line::number(request.words().word(1)).unwrap_or_default();
        let slot = self.acknowledged.entry((conn, trid)).or_default();
        slot.acknowledged += 1;
        let is_ack = told.line.verb == Verb::Ack;
        if !is_ack {
            let sent = self.sent.get_mut(&conn).into_iter().flatten();
            for refused in sent.rev().take(REACH).filter(|sent| sent.trid == trid) {
                refused.is_due = false;
            }
        }
        let is_error = matches!(told.line.verb, Verb::Error(_));
        let Some(board) = seen.conn.board.filter(|_| !is_error && request.is_sound) else {
            return;
        };
        let seats = &world.boards().get(board).seats;
        let had_left = |left: Option<usize>| left.is_some_and(|left| left < request.index);
        let mut others = seats.iter().filter(|seat| seat.conn != conn);
        let is_alone = others.all(|seat| had_left(seat.leaving));
        let (clause, message) = if slot.with_u == slot.sent {
            (ClauseId::MSG_4, "a message of mode U is acknowledged")
        } else if slot.with_u + slot.with_n == slot.sent && is_ack && is_alone {
            (ClauseId::MSG_6, "a message that reached nobody gets an ACK")
        } else if slot.with_u + slot.with_n == slot.sent && is_ack {
            (ClauseId::MSG_5, "a message of mode N gets an ACK")
        } else if slot.with_n == 1 && slot.sent == 1 && !is_ack {
            let is_second = slot.acknowledged > 1;
            let sent = self.sent.get_mut(&conn).into_iter().flatten();
            if let Some(sent) = sent.rev().take(REACH).find(|sent| sent.trid == trid) {
                sent.refused = Some(Refusal {
                    place: seen.place,
                    line: told.frame.line.to_vec(),
                    is_second,
                });
            }
            return;
        } else if slot.acknowledged > slot.sent {
            (ClauseId::REPLY_5, "a message is acknowledged twice")
        } else {
            return;
        };
        out.accuse_line(seen, clause, message, "nothing");
    }

    fn delivered(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        out: &mut Findings,
    ) {
        if !self.is_placed(world, seen, told, out) {
            self.unplaced.insert(seen.place.conn, seen.place.entry);
        }
    }

    /// Judges a delivery; false where nobody can say on which connection it was sent.
    fn is_placed(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        out: &mut Findings,
    ) -> bool {
        let sender = world.users().find(told.line.word(1));
        let (Some(board), Some(sender)) = (seen.conn.board, sender) else {
            return false;
        };
        if world.has_strangers() || world.user(sender).is_ambiguous {
            return false;
        }
        let payload = told.frame.payload.clone().unwrap_or_default();
        // A name with blanks in it is told by another oracle.
        let name = decode_name(told.line.word(2));
        if told.line.count() == 4 && !world.user(sender).may_be_called(&name) {
            let message = "this is no friendly name of the sender";
            out.accuse_line(seen, ClauseId::MSG_2, message, "the sender's name");
        }
        let session = world.boards().get(board);
        let Some(from) = session.only_seat_of(sender) else {
            if session.seats_of(sender).next().is_none() && session.is_whole {
                self.judge_astray(world, seen, sender, &payload, out);
            }
            return false;
        };
        if from.conn == seen.place.conn {
            if self.has_sent(from.conn, &payload) {
                let message = "a message comes back to its sender";
                out.accuse_line(seen, ClauseId::MSG_1, message, "");
            }
            return false;
        }
        let is_clear = world.conn(from.conn).is_some_and(|conn| conn.is_clear());
        let to = session.seat(seen.place.conn).filter(|_| is_clear);
        if let Some(to) = to {
            self.follow(seen, from, to, &payload, out);
        }
        to.is_some()
    }

    fn has_sent(&self, conn: ConnId, payload: &Bytes) -> bool {
        let sent = self.sent.get(&conn).into_iter().flatten().rev();
        sent.take(REACH).any(|sent| sent.payload == *payload)
    }

    /// A message from somebody who has never been in this session.
    fn judge_astray(
        &self,
        world: &World,
        seen: &Seen<'_, '_>,
        sender: UserId,
        payload: &Bytes,
        out: &mut Findings,
    ) {
        let elsewhere = self.senders.get(&sender).into_iter().flatten();
        let mut sent = elsewhere.filter(|conn| world.conn(**conn).is_some_and(|c| c.is_clear()));
        if sent.any(|conn| self.has_sent(*conn, payload)) {
            let message = "a message of another session";
            out.accuse_line(seen, ClauseId::MSG_1, message, "");
        }
    }

    fn follow(
        &mut self,
        seen: &Seen<'_, '_>,
        from: &Seat,
        to: &Seat,
        payload: &Bytes,
        out: &mut Findings,
    ) {
        let sent = self.sent.get(&from.conn).map_or(&[][..], Vec::as_slice);
        let flow = self.flows.entry((from.conn, to.conn)).or_insert_with(|| {
            let before = sent.partition_point(|sent| sent.index < to.asked);
            let first = before.saturating_sub(UNDER_WAY);
            Flow {
                next: first,
                first,
                ..Flow::default()
            }
        });
        let ahead = sent.get(flow.next..).unwrap_or_default();
        let found = ahead
            .iter()
            .take(REACH)
            .position(|sent| sent.payload == *payload);
        if let Some(skipped) = found {
            let unplaced = self.unplaced.get(&to.conn).copied().unwrap_or_default();
            let since = from.entered.max(to.entered).max(unplaced);
            let may_have_come = |at: &usize| sent.get(*at).is_some_and(|sent| sent.index > since);
            let next = flow.next;
            let overtaken = (next..next + skipped).filter(may_have_come);
            let after = next + skipped + 1;
            let overtaken = overtaken.map(|at| (at, seen.place, after));
            flow.overtaken.extend(overtaken);
            flow.next = after;
            let sent = self.sent.get_mut(&from.conn);
            if let Some(sent) = sent.and_then(|sent| sent.get_mut(next + skipped)) {
                sent.reached += 1;
                if sent.has_bad_mode {
                    let message = "a message with a mode that does not exist is delivered";
                    out.accuse_line(seen, ClauseId::MSG_10, message, "a refusal");
                }
            }
            return;
        }
        let late = |(at, ..): &(usize, Place, usize)| {
            sent.get(*at).is_some_and(|sent| sent.payload == *payload)
        };
        if let Some(at) = flow.overtaken.iter().position(late) {
            flow.overtaken.remove(at);
            let message = "a message comes after a later one of the same sender";
            out.accuse_line(seen, ClauseId::MSG_8, message, "the order of sending");
            return;
        }
        let before = sent.get(flow.first..flow.next).unwrap_or_default();
        let has_come = before
            .iter()
            .rev()
            .take(REACH)
            .any(|sent| sent.payload == *payload);
        if has_come {
            let message = "a message comes twice";
            out.accuse_line(seen, ClauseId::MSG_1, message, "one delivery");
        } else if flow.first == 0 && before.len() <= REACH && ahead.len() <= REACH {
            flow.is_changed = true;
            let message = "the sender has sent no message with this payload";
            let expected = ahead.first().map_or("", |_| "the payload as it was sent");
            out.accuse_line(seen, ClauseId::MSG_3, message, expected);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    /// Alice and bob in a session.
    const BOTH: &str = "alice@sb C: USR 1 alice@hotmail.com 5\n\
         alice@sb S: USR 1 OK alice@hotmail.com alice\n\
         alice@sb C: CAL 2 bob@hotmail.com\nalice@sb S: CAL 2 RINGING 7\n\
         bob@sb C: ANS 1 bob@hotmail.com 8 7\n\
         bob@sb S: IRO 1 1 1 alice@hotmail.com alice\nbob@sb S: ANS 1 OK\n\
         alice@sb S: JOI bob@hotmail.com bob\n";

    /// Alice says something, a while after what stands before it.
    fn say(trid: u32, mode: char, text: &str) -> String {
        let length = text.len();
        format!("+1s\nalice@sb C: MSG {trid} {mode} {length}\n.. {text}\n")
    }

    fn hear(text: &str) -> String {
        format!(
            "bob@sb S: MSG alice@hotmail.com alice {}\n.. {text}\n",
            text.len()
        )
    }

    #[test]
    fn deliveries() {
        let two = [BOTH, &say(3, 'N', "one"), &say(4, 'N', "two")].concat();
        silent(&[&two[..], &hear("one"), &hear("two")].concat());
        silent(&two);
        let three = [&two[..], &say(5, 'N', "three")].concat();
        accuses(
            "MSG-1",
            &[&three[..], &hear("two"), &hear("three")].concat(),
        );
        accuses("MSG-8", &[&two[..], &hear("two")].concat());
        accuses(
            "MSG-10",
            &[BOTH, &say(3, 'X', "one"), &hear("one")].concat(),
        );
        accuses("MSG-8", &[&two[..], &hear("two"), &hear("one")].concat());
        accuses("MSG-1", &[&two[..], &hear("one"), &hear("one")].concat());
        accuses("MSG-3", &[&two[..], &hear("One")].concat());
        let back = hear("one").replace("bob@sb", "alice@sb");
        accuses("MSG-1", &[&two[..], &back].concat());
        silent(&[BOTH, "alice@sb C: <raw> x\n", &hear("One")].concat());
        silent(&[BOTH, &say(3, 'N', ""), &hear("")].concat());
    }

    #[test]
    fn lost_with_a_trid_that_does_not_rise() {
        let called = "alice@sb C: CAL 90 alice@hotmail.com\nalice@sb S: 215 90\n";
        let falling = [called, &say(3, 'U', "one"), &say(91, 'U', "two")].concat();
        accuses("TRID-3", &[BOTH, &falling, &hear("two")].concat());
        let low = falling + &say(4, 'U', "three") + &hear("two") + &hear("three");
        accuses("MSG-1", &[BOTH, &low].concat());
    }

    #[test]
    fn who_comes_later() {
        let split = BOTH.find("bob@sb C").unwrap();
        let (before, after) = BOTH.split_at(split);
        let early = [before, &say(3, 'N', "one"), after, &say(4, 'N', "two")].concat();
        silent(&[&early[..], &hear("two")].concat());
        silent(&[&early[..], &hear("one"), &hear("two")].concat());
        let alike = [&early[..], &say(5, 'N', "one"), &say(6, 'N', "two")].concat();
        silent(&[&alike[..], &hear("two"), &hear("one"), &hear("two")].concat());
        let alike = [before, &say(3, 'N', "one"), after, &say(4, 'N', "one")].concat();
        silent(&[&alike[..], &say(5, 'N', "two"), &hear("one"), &hear("two")].concat());
    }

    #[test]
    fn a_session_that_gets_its_number_late() {
        let named = "alice@sb S: CAL 2 RINGING 7\n";
        let begin = BOTH.replace(named, "");
        let early = [&begin[..], &say(3, 'U', "one"), &hear("one")].concat();
        let late = say(4, 'U', "two") + named + &hear("two");
        silent(&[&early[..], &late].concat());
        let lost = say(5, 'U', "three") + &say(6, 'U', "four") + &hear("four");
        accuses("MSG-8", &[&early[..], &late, &lost].concat());
    }

    #[test]
    fn names_and_sessions() {
        let alice = "alice in\nalice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 5\n";
        let heard = hear("one");
        silent(&[alice, BOTH, &say(3, 'N', "one"), &heard].concat());
        let wrong = heard.replace(" alice ", " bob ");
        accuses(
            "MSG-2",
            &[alice, BOTH, &say(3, 'N', "one"), &wrong].concat(),
        );
        let other = "carol@sb C: USR 1 carol@hotmail.com 6\n\
             carol@sb S: USR 1 OK carol@hotmail.com carol\n";
        let astray = heard.replace("bob@sb", "carol@sb");
        accuses(
            "MSG-1",
            &[BOTH, other, &say(3, 'N', "one"), &astray].concat(),
        );
    }

    #[test]
    fn acknowledgements() {
        let case = |mode, answer: &str| [BOTH, &say(3, mode, "one"), answer].concat();
        accuses("MSG-4", &case('U', "alice@sb S: ACK 3"));
        accuses("MSG-4", &case('U', "alice@sb S: NAK 3"));
        accuses("MSG-5", &case('N', "alice@sb S: ACK 3"));
        let gone = "bob@sb C: OUT\nbob@sb S: <closed>\n";
        accuses(
            "MSG-6",
            &[BOTH, gone, &say(3, 'N', "x"), "alice@sb S: ACK 3"].concat(),
        );
        silent(&case('N', "alice@sb S: NAK 3"));
        silent(&case('A', "alice@sb S: ACK 3"));
        accuses(
            "REPLY-5",
            &case('A', "alice@sb S: ACK 3\nalice@sb S: ACK 3"),
        );
        let refused = [
            BOTH,
            &say(3, 'N', "one"),
            "alice@sb S: NAK 3\n",
            &say(4, 'N', "two"),
        ];
        silent(&[&refused.concat()[..], &hear("two")].concat());
    }
}
