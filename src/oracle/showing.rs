//! One line of presence, judged: whether it may stand here, and whether what it shows is true.

use super::authentication::OTHER_NAME;
use super::finding::Findings;
use super::line::{Verb, number};
use super::world::World;
use super::world::{Membership, Request, Seen, State, Told, User, UserId};
use crate::protocol::{ClauseId, List};
use crate::rules::Presence;

const HIDDEN: State = *b"HDN";

/// A line of presence, and who sees it.
pub(super) struct Case<'c> {
    pub(super) seen: &'c Seen<'c, 'c>,
    pub(super) told: &'c Told<'c, 'c>,
    pub(super) me: UserId,
    pub(super) watcher: &'c User,
}

impl Case<'_> {
    /// Whether the subject has never been on the watcher's FL in this session.
    pub(super) fn is_stranger(
        &self,
        world: &World,
        subject: Option<UserId>,
        out: &mut Findings,
    ) -> bool {
        let forward = self.watcher.list(List::Forward);
        let is_off = match subject {
            None => forward.is_whole() && forward.steady_since(self.seen.place.entry).is_some(),
            Some(subject) => {
                let on = forward.membership(subject);
                let is_off = matches!(on, Membership::Off { was_on: false, .. });
                is_off && forward.is_whole() && !world.user(subject).is_ambiguous
            }
        };
        let is_stranger = match subject {
            _ if is_off && !forward.is_old() => true,
            Some(subject) if !forward.is_whole() => self.is_unlisted(world.user(subject)),
            _ => false,
        };
        if is_stranger {
            let message = "the user is not on the receiver's FL";
            self.accuse(ClauseId::PRES_5, message, out);
        }
        is_stranger
    }

    /// Whether the subject's RL shows that the watcher does not have it on the FL.
    fn is_unlisted(&self, subject: &User) -> bool {
        let reverse = subject.list(List::Reverse);
        let was_never_on = matches!(
            reverse.membership(self.me),
            Membership::Off { was_on: false, .. }
        );
        let is_certain = subject.is_sure() && reverse.is_whole() && !self.watcher.is_ambiguous;
        is_certain && was_never_on && !subject.ever_added_by.contains(&self.me)
    }

    pub(super) fn accuse(&self, clause: ClauseId, message: &str, out: &mut Findings) {
        out.accuse_line(self.seen, clause, message, "");
    }

    /// ILN belongs to the first CHG and to ADD FL.
    pub(super) fn judge_place(&self, request: &Request, handle: &[u8], out: &mut Findings) {
        let asked = request.words();
        let first = self.seen.conn.first_change;
        let may_be_of_the_first = self.seen.conn.first_change_trid == number(asked.word(1));
        match request.verb {
            Verb::Add | Verb::Chg if may_be_of_the_first => {}
            Verb::Add => {
                let is_contact = asked.word(3).eq_ignore_ascii_case(handle);
                if asked.word(2) != b"FL" || !is_contact {
                    let message = "the ADD was of somebody else, or to another list";
                    self.accuse(ClauseId::PRES_3, message, out);
                }
            }
            Verb::Chg
                if first.is_some_and(|first| first < request.index) && !self.seen.conn.was_fln =>
            {
                let message = "an ILN at a CHG that is not the first of the session";
                self.accuse(ClauseId::PRES_2, message, out);
            }
            _ => {}
        }
    }

    /// The first moment at which what is shown may have been looked up.
    fn low(&self) -> usize {
        // Only ILN answers a request.
        let request = self.told.request.map(|request| request.index);
        request.unwrap_or(self.seen.conn.asked_in)
    }

    pub(super) fn judge_view(
        &self,
        subject: &User,
        shown: State,
        is_loose: bool,
        out: &mut Findings,
    ) {
        let low = self.low();
        let Some(from) = subject.states.first_time(shown, low) else {
            let now = self.seen.place.entry;
            let (clause, message) = if subject.states.may_have_been(HIDDEN, now) {
                (ClauseId::CHG_5, "the user is hidden")
            } else if subject.states.presence_since(now) == Some(Presence::Unset) {
                // NLN says that the user has come online, ILN what its state is.
                let clause = match self.told.line.verb {
                    Verb::Iln => ClauseId::PRES_4,
                    _ => ClauseId::PRES_6,
                };
                (clause, "the user has set no state yet")
            } else {
                (ClauseId::PRES_4, "the user has not been in this state")
            };
            self.accuse(clause, message, out);
            return;
        };
        let blocked = subject.list(List::Block).membership(self.me);
        if !self.watcher.is_ambiguous && matches!(blocked, Membership::On(since) if since <= from) {
            let message = "the receiver is on the user's BL";
            self.accuse(ClauseId::PRES_9, message, out);
            return;
        }
        self.judge_removed(subject, from, is_loose, out);
    }

    fn judge_removed(&self, subject: &User, from: usize, is_loose: bool, out: &mut Findings) {
        let forward = self.watcher.list(List::Forward);
        let is_removed = forward.was_removed_by(subject.id, from);
        if is_removed && self.told.line.verb == Verb::Nln {
            let message = "the receiver has taken the user off the FL";
            // Who tells strangers has not forgotten to forget this one.
            let clause = if is_loose {
                ClauseId::PRES_5
            } else {
                ClauseId::REM_8
            };
            self.accuse(clause, message, out);
        }
    }
}

/// Whether the user may be called so.
pub(super) fn judge_name(
    world: &World,
    seen: &Seen<'_, '_>,
    subject: &User,
    name: &[u8],
    out: &mut Findings,
) {
    if subject.may_be_called(name) {
        return;
    }
    let is_cut = world.breaks().iter().any(|piece| *piece == *name);
    if is_cut {
        let message = "the name ends at a line break";
        out.accuse_line(seen, ClauseId::NAME_4, message, "the name, encoded");
    } else if subject.is_named_as_handle() {
        out.accuse_line(seen, ClauseId::USR_4, OTHER_NAME, "one friendly name");
    } else {
        let message = "this is no friendly name of the user";
        out.accuse_line(seen, ClauseId::PRES_4, message, "the friendly name");
    }
}
