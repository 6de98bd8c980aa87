//! A server that stops after so many scenarios, whatever they were.

use super::health::{Death, Health};
use super::run::{Entry, Suite};
use crate::protocol::ClauseId;

/// So often a scenario runs again for a death of wear before it is a suspect like others.
const SPARED: usize = 2;

impl Suite {
    /// Whether it is known that the server wears out. Then those that run now are innocent, and run
    /// again.
    pub(super) fn is_worn_again(&mut self, suspects: &mut Vec<usize>) -> bool {
        if !self.wear.is_known || !self.options.owns_server {
            return false;
        }
        let mut again = Vec::new();
        suspects.retain(|entry| {
            let times = self.wear.spared.entry(*entry).or_default();
            *times += 1;
            let is_spared = *times <= SPARED;
            again.extend(is_spared.then_some(*entry));
            !is_spared
        });
        for entry in again.into_iter().rev() {
            self.queue.push_front(entry);
        }
        suspects.is_empty()
    }

    /// Whoever runs when a count is full is innocent: where nobody was found, those are tried that
    /// wear a server out, once in a run.
    pub(super) fn suspect_wear(&mut self, death: &Death) {
        let is_tried = death.wears || self.wear.unproved != 1;
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

/// What is told of those who ran when the server stopped, where nobody knows who stopped it.
pub(super) fn ran(names: &[String], owns_server: bool) -> Vec<String> {
    let ran = format!("while these ran: {}", names.join(", "));
    let hint = "which of them stopped it a run can tell that starts the server itself (`launch:` in a \
                target file), or one with --jobs 1";
    let is_told = names.len() > 1 && !owns_server;
    let hint = is_told.then(|| hint.to_owned());
    [ran].into_iter().chain(hint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_to_find_out_is_told_where_that_helps() {
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!(ran(&names, true), ["while these ran: a, b"]);
        assert_eq!(ran(&names[..1], false).len(), 1);
        assert!(ran(&names, false)[1].ends_with("--jobs 1"));
    }
}
