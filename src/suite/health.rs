//! What is known of the server's life, and of how it ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::hunt::Hunt;
use super::task::Dead;
use crate::event::ScenarioResult;

/// Why the server is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Look {
    /// Something hostile has passed: others go on meanwhile.
    Calm,
    /// Something failed: nothing begins until it is known.
    Alarmed,
}

/// What is known of the server's life.
#[derive(Debug)]
pub(super) enum Health {
    /// Nothing speaks against it.
    Well,
    /// A check is due.
    Doubt(Look),
    /// A check is under way; `again` asks for one more, for what ended since it began.
    Checking { look: Look, again: Option<Look> },
    /// It is dead: what runs is left to end.
    Dying(Death),
    /// It is given time.
    Waiting(Death),
    /// It is started again.
    Reviving(Death),
    /// Suspects run, one after the other.
    Trying(Death),
    /// Suspects have run: is the server alive?
    TryingCheck(Death),
}

/// A death under investigation.
#[derive(Debug)]
pub(crate) struct Death {
    pub(crate) dead: Dead,
    /// Who may have done it, in the order in which they were started.
    pub(super) suspects: Vec<usize>,
    /// Which of them are played next.
    pub(super) hunt: Hunt,
    /// What is left of the suspects that are played in this row.
    pub(super) row: VecDeque<usize>,
    /// A row has been begun.
    pub(super) is_playing: bool,
    /// Results from before the hunt.
    pub(super) results: BTreeMap<usize, ScenarioResult>,
    /// What came of each when it was played alone, and the server lived.
    pub(super) tried: BTreeMap<usize, ScenarioResult>,
    /// What came of each when it was played last.
    pub(super) latest: BTreeMap<usize, ScenarioResult>,
    /// How long the hunt has taken.
    pub(super) spent: Duration,
    /// The server had to be started again.
    pub(super) was_revived: bool,
    /// Nothing else has run that may have done it.
    pub(super) was_alone: bool,
    /// The suspects did not run when it died: they are those that wear a server out.
    pub(super) wears: bool,
}

impl Death {
    pub(super) fn of(dead: Dead, suspects: Vec<usize>, owns_server: bool) -> Self {
        Self {
            dead,
            hunt: Hunt::new(suspects.len(), owns_server),
            suspects,
            row: VecDeque::new(),
            is_playing: false,
            results: BTreeMap::new(),
            tried: BTreeMap::new(),
            latest: BTreeMap::new(),
            spent: Duration::ZERO,
            was_revived: false,
            was_alone: false,
            wears: false,
        }
    }

    /// The suspects of these numbers.
    pub(super) fn of_numbers(&self, numbers: &[usize]) -> Vec<usize> {
        let suspect = |number: &usize| self.suspects.get(*number).copied();
        numbers.iter().filter_map(suspect).collect()
    }
}

/// Deaths that no scenario is the cause of.
#[derive(Debug, Default)]
pub(super) struct Wear {
    /// How often the server stopped and nobody was found who stops it.
    pub(super) unproved: usize,
    /// It was proved that the server stops of how many came.
    pub(crate) is_known: bool,
    /// How often a scenario ran when it did so again.
    pub(super) spared: BTreeMap<usize, usize>,
}

/// How many scenarios run beside each other on a server that stops of how many came: so most of
/// them come to their end before it does.
const BESIDE: usize = 4;

impl Wear {
    /// How many of so many jobs are used.
    pub(super) fn jobs(&self, most: usize) -> usize {
        match self.is_known {
            true => most.min(BESIDE),
            false => most,
        }
    }

    /// Whether these are to blame for a death: several in a row have stopped a server of how many
    /// came, where it is known that it does.
    pub(super) fn leaves_to_blame(&self, culprits: &[usize]) -> bool {
        !self.is_known || culprits.len() < 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_wears_out_gets_fewer_at_a_time() {
        let mut wear = Wear::default();
        assert_eq!(wear.jobs(16), 16);
        wear.is_known = true;
        assert_eq!((wear.jobs(16), wear.jobs(2)), (BESIDE, 2));
    }

    #[test]
    fn a_row_is_not_to_blame_where_many_stop_the_server() {
        let mut wear = Wear::default();
        assert!(wear.leaves_to_blame(&[1, 2]), "nothing is known");
        wear.is_known = true;
        assert!(!wear.leaves_to_blame(&[1, 2]));
        assert!(wear.leaves_to_blame(&[1]), "it stops the server alone");
    }
}
