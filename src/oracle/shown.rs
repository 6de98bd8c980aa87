//! A list as the server shows it, against what requests have made of it.

use std::collections::BTreeSet;

use super::finding::{Charge, Findings, Place};
use super::world::{Batch, Contact, Membership, User, UserId, World};
use crate::protocol::{ClauseId, List};
use crate::rules::{self, Truth};

/// A list that has just come to its end.
pub(super) struct Shown<'s> {
    /// The line that has ended it.
    pub(super) place: Place,
    pub(super) got: &'s [u8],
    pub(super) list: List,
    pub(super) me: UserId,
    pub(super) owner: &'s User,
    pub(super) asked: usize,
    pub(super) in_batch: bool,
    /// The batch, where one line shows all lists that a user is on (BATCH-7).
    pub(super) by_bits: Option<&'s Batch>,
    pub(super) members: BTreeSet<UserId>,
}

impl<'s> Shown<'s> {
    /// The line that shows a user.
    fn line_of(&self, user: UserId) -> Option<&'s Contact> {
        let contacts = self.by_bits.map(|batch| &batch.contacts);
        contacts.and_then(|all| all.iter().find(|contact| contact.user == user))
    }

    /// The clause that says that a list shows what requests have made of it.
    fn shows(&self, user: UserId) -> ClauseId {
        match (self.by_bits, self.line_of(user)) {
            (None, _) => ClauseId::LST_5,
            (Some(_), _) if self.list == List::Reverse => ClauseId::BATCH_8,
            (Some(_), Some(_)) => ClauseId::BATCH_7,
            (Some(_), None) => ClauseId::BATCH_6,
        }
    }

    /// The clause that says that a batch holds whole lists.
    fn is_complete(&self, user: UserId) -> ClauseId {
        match self.by_bits {
            Some(_) => self.shows(user),
            None => ClauseId::SYN_5,
        }
    }

    fn accuse(
        &self,
        user: UserId,
        clause: ClauseId,
        message: &str,
        expected: String,
        out: &mut Findings,
    ) {
        let (entry, got) = match self.line_of(user) {
            Some(contact) => (contact.entry, &contact.line[..]),
            None => (self.place.entry, self.got),
        };
        let place = Place {
            entry,
            ..self.place
        };
        let charge = Charge {
            message,
            expected,
            got,
        };
        out.accuse(place, clause, charge);
    }

    pub(super) fn judge_own(&self, world: &World, out: &mut Findings) {
        let fact = self.owner.list(self.list);
        let Some(expected) = fact.steady_since(self.asked) else {
            return;
        };
        let mut missing: Vec<UserId> = expected.filter(|m| !self.members.contains(m)).collect();
        missing.retain(|member| !world.user(*member).is_ambiguous);
        missing.sort_unstable();
        for member in missing {
            // Whether the ADD was not kept or the failed REM behind it was, nobody knows.
            if fact.was_kept(member) && !fact.is_proven(member) {
                continue;
            }
            let was_removed = self.owner.unwatched.contains(&member);
            let is_lost = fact.is_old() && self.members.is_empty();
            // Others that were added in the same way have stayed.
            let is_cut =
                fact.is_proven(member) || self.members.iter().any(|other| !fact.is_proven(*other));
            let clause = if fact.was_kept(member) {
                ClauseId::REM_1
            } else if self.list != List::Forward && was_removed && !is_lost {
                ClauseId::REM_9
            } else if is_cut && self.in_batch && !self.members.is_empty() {
                self.is_complete(member)
            } else if fact.is_old() && self.in_batch {
                ClauseId::SYN_7
            } else if fact.is_proven(member) {
                self.shows(member)
            } else {
                ClauseId::ADD_3
            };
            let handle = String::from_utf8_lossy(&world.user(member).handle).into_owned();
            self.accuse(member, clause, "the list lacks an entry", handle, out);
        }
        self.judge_superfluous(world, out);
    }

    fn judge_superfluous(&self, world: &World, out: &mut Findings) {
        let fact = self.owner.list(self.list);
        for member in &self.members {
            let Membership::Off { was_on, .. } = fact.recorded(*member) else {
                continue;
            };
            // Whether a REM was not kept or the failed ADD behind it was, nobody knows.
            let is_unclear = was_on && fact.was_refused(*member);
            if is_unclear || world.user(*member).is_ambiguous {
                continue;
            }
            let clause = match (fact.is_old() && self.in_batch, was_on) {
                _ if fact.was_refused(*member) => ClauseId::ADD_13,
                (true, _) => ClauseId::SYN_7,
                (false, true) => ClauseId::REM_3,
                (false, false) => self.shows(*member),
            };
            let handle = String::from_utf8_lossy(&world.user(*member).handle);
            let message = "the list has an entry too many";
            self.accuse(*member, clause, message, format!("no {handle}"), out);
        }
    }

    /// The reverse list follows from the others' forward lists.
    pub(super) fn judge_reverse(&self, world: &World, out: &mut Findings) {
        let since = world.since(self.asked);
        for member in &self.members {
            let other = world.user(*member);
            let was_on = self.owner.list(List::Reverse).membership(*member);
            let clause = match was_on {
                _ if other.unwatched.contains(&self.me) => ClauseId::REM_6,
                Membership::Off { .. } => self.shows(*member),
                // It stood there before anybody was seen to do something, or the other's FL has
                // lost the owner: that is told there.
                _ => continue,
            };
            if rules::reverse(&since, self.me, *member) == Truth::No {
                let message = "this user does not have the owner on the FL";
                let expected = format!("no {}", String::from_utf8_lossy(&other.handle));
                self.accuse(*member, clause, message, expected, out);
            }
        }
        for adder in &self.owner.adders {
            let is_on = rules::reverse(&since, self.me, *adder) == Truth::Yes;
            if is_on && !self.members.contains(adder) {
                let message = "a user who has the owner on the FL is not on the RL";
                let handle = String::from_utf8_lossy(&world.user(*adder).handle).into_owned();
                let reverse = self.owner.list(List::Reverse);
                let was_told = matches!(reverse.membership_ever(*adder), Membership::On(_));
                // Another who added the owner has stayed.
                let is_cut = self.members.iter().any(|it| self.owner.adders.contains(it));
                let clause = match is_cut && self.in_batch {
                    true => self.is_complete(*adder),
                    _ if was_told => self.shows(*adder),
                    _ => ClauseId::ADD_9,
                };
                self.accuse(*adder, clause, message, handle, out);
            }
        }
    }
}
