//! A server that stops of how many came, whoever they were.

use crate::protocol::ClauseId;
use crate::run::death::{Death, Health};
use crate::run::suite::{Entry, Suite};

impl Suite {
    /// Whoever runs when a count is full is innocent: where nobody was found, those are tried that
    /// wear a server out, once in a run.
    pub(super) fn suspect_wear(&mut self, death: &Death) {
        let is_tried = death.wears || self.unproved != 1;
        if is_tried || !death.was_revived || !self.options.owns_server {
            return;
        }
        let wears =
            |entry: &Entry| !entry.settled && entry.scenario.clauses.contains(&ClauseId::LIVE_3);
        let suspects = self.entries.iter().enumerate().filter(|(_, e)| wears(e));
        let suspects: Vec<usize> = suspects.map(|(entry, _)| entry).collect();
        if suspects.is_empty() {
            return;
        }
        self.queue.retain(|queued| !suspects.contains(queued));
        let mut dead = death.dead.clone();
        // What has served others is not as new.
        dead.exited = true;
        let mut worn = Death::of(dead, suspects, true);
        worn.wears = true;
        self.health = Health::Dying(worn);
    }

    /// Whether its turn has not come yet.
    pub(super) fn is_for_later(&self, entry: usize) -> bool {
        let entry = self.entries.get(entry);
        entry.is_some_and(|entry| entry.phase > self.phase)
    }
}
