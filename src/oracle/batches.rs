//! A batch that says how long it is: its length, its order, one line for each user.

use std::collections::HashSet;

use super::Oracle;
use super::finding::{Charge, Findings, Place};
use super::line::{Verb, number};
use super::world::{Batch, Request, Role, Seen, Told, World, stage};
use crate::protocol::{ClauseId, List, ServerKind};

/// The judge of batches from MSNP8 on.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// The batches that were told to lack something, by the entry of their SYN.
    lacking: HashSet<usize>,
    /// Those whose numbers of groups were looked at.
    counted: HashSet<usize>,
}

impl Oracle for Batches {
    fn name(&self) -> &'static str {
        "batches"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::BATCH_1,
            ClauseId::BATCH_2,
            ClauseId::BATCH_4,
            ClauseId::BATCH_5,
            ClauseId::BATCH_6,
            ClauseId::BATCH_9,
            ClauseId::BATCH_10,
            ClauseId::BATCH_12,
            ClauseId::BATCH_13,
            ClauseId::BATCH_14,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        if !seen.conn.is_clear() || seen.conn.kind == ServerKind::Switchboard {
            return;
        }
        let batch = seen.conn.counted.as_deref().filter(|it| !it.is_void);
        match (told.role, told.request) {
            (Role::Unasked, _) if seen.is_of_batch() => {
                if let Some(batch) = batch {
                    judge_line(world, seen, told, batch, out);
                }
                return;
            }
            (Role::Answer, Some(request))
                if (request.verb, told.line.verb) == (Verb::Syn, Verb::Syn) =>
            {
                judge_answer(seen, told, request, out);
            }
            _ => {}
        }
        if let Some(batch) = batch {
            self.judge_groups(seen, batch, out);
            self.judge_end(seen, told, batch, out);
        }
    }
}

/// The answer to SYN: it says how long the batch is, unless the client knows everything.
fn judge_answer(seen: &Seen<'_, '_>, told: &Told<'_, '_>, request: &Request, out: &mut Findings) {
    let is_short = request.dialect.has_bare_batch_of(Verb::Syn);
    let Some(serial) = number(told.line.word(2)).filter(|_| is_short && request.is_sound) else {
        return;
    };
    let known = number(request.words().word(2));
    let expected = "SYN with the counts of LST and LSG";
    let are_counted = [3, 4].map(|at| number(told.line.word(at)).is_some());
    if told.line.count() > 3 {
        if are_counted != [true, true] {
            let message = "the answer does not say how long the batch is";
            out.accuse_line(seen, ClauseId::BATCH_1, message, expected);
        }
    } else if known == Some(0) && serial > 0 {
        let message = "a client without a cache is sent no batch";
        out.accuse_line(seen, ClauseId::BATCH_1, message, expected);
    } else if known.is_some_and(|known| known < serial) {
        let message = "a client with an earlier number is sent no batch";
        out.accuse_line(seen, ClauseId::BATCH_14, message, expected);
    }
}

fn judge_line(
    world: &World,
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    batch: &Batch,
    out: &mut Findings,
) {
    let line = &told.line;
    let Some((contacts, groups)) = batch.counts else {
        if batch.known == batch.serial && line.verb != Verb::Bpr && batch.stage == 0 {
            let message = "updates although the client's number is the server's";
            out.accuse_line(seen, ClauseId::BATCH_2, message, "no updates");
        }
        return;
    };
    if line.verb == Verb::Bpr && batch.contacts.is_empty() {
        let message = "a number of a contact before the first contact";
        out.accuse_line(seen, ClauseId::BATCH_12, message, "LST first");
    } else if stage(line.verb).is_some_and(|stage| stage < batch.stage) {
        let message = "the batch is out of order";
        let expected = "GTC, BLP, PRP, LSG, LST";
        out.accuse_line(seen, ClauseId::BATCH_5, message, expected);
    }
    let (came, announced) = match line.verb {
        Verb::Lst => (batch.contacts.len() as u64, contacts),
        Verb::Lsg => (batch.group_lines, groups),
        _ => return,
    };
    if came == announced {
        let message = "the batch has more lines than it has announced";
        out.accuse_line(seen, ClauseId::BATCH_4, message, &announced.to_string());
    }
    if line.verb == Verb::Lst {
        judge_contact(world, seen, told, batch, out);
    }
}

fn judge_contact(
    world: &World,
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    batch: &Batch,
    out: &mut Findings,
) {
    let line = &told.line;
    let is_same = |user| {
        let user = world.user(user);
        !user.is_ambiguous && *user.handle == *line.word(1)
    };
    if batch.contacts.iter().any(|it| is_same(it.user)) {
        let message = "a user stands twice in the batch";
        out.accuse_line(seen, ClauseId::BATCH_6, message, "one line");
    }
    let is_contact =
        number(line.word(3)).is_none_or(|bits| bits & u64::from(List::Forward.bit()) != 0);
    if !is_contact && !matches!(line.word(4), b"" | b"0") {
        let message = "groups of one who is not on the FL";
        out.accuse_line(seen, ClauseId::BATCH_9, message, "no groups");
    }
}

impl Batches {
    /// Each group that a contact is in was named. Some servers have no group 0 (BATCH-10).
    fn judge_groups(&mut self, seen: &Seen<'_, '_>, batch: &Batch, out: &mut Findings) {
        if !batch.is_whole() || !self.counted.insert(batch.asked) {
            return;
        }
        for contact in batch.contacts.iter().filter(|it| it.is_on(List::Forward)) {
            let mut ids = contact.groups.split(|byte| *byte == b',');
            let is_unknown = |id: &&[u8]| {
                !matches!(*id, b"" | b"0") && !batch.groups.iter().any(|group| **group == **id)
            };
            if let Some(id) = ids.find(is_unknown) {
                let charge = Charge {
                    message: "a contact is in a group that the batch does not name",
                    expected: format!("a line for the group {}", String::from_utf8_lossy(id)),
                    got: &contact.line,
                };
                let place = Place {
                    entry: contact.entry,
                    ..seen.place
                };
                out.accuse(place, ClauseId::BATCH_10, charge);
            }
        }
    }

    /// Later requests are answered, so nothing of the batch is still to come.
    fn judge_end(
        &mut self,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        batch: &Batch,
        out: &mut Findings,
    ) {
        let Some((contacts, groups)) = batch.counts.filter(|_| !batch.is_whole()) else {
            return;
        };
        // This answer ends one more round trip.
        let round = seen.conn.round;
        let is_last = told.request.is_some_and(|request| request.round == round);
        let is_over = told.role == Role::Answer && is_last && batch.is_overdue(round + 1);
        if !is_over || !self.lacking.insert(batch.asked) {
            return;
        }
        let (clause, message, expected) = if !batch.has_all_counted() {
            let expected = format!("{contacts} lines of LST and {groups} of LSG");
            (
                ClauseId::BATCH_4,
                "the batch has fewer lines than it has announced",
                expected,
            )
        } else {
            let clause = match contacts {
                0 => ClauseId::BATCH_13,
                _ => ClauseId::BATCH_5,
            };
            (
                clause,
                "GTC or BLP is missing in the batch",
                "GTC and BLP".to_owned(),
            )
        };
        let place = Place {
            entry: batch.last,
            ..seen.place
        };
        let charge = Charge {
            message,
            expected,
            got: &batch.last_line,
        };
        out.accuse(place, clause, charge);
    }
}
