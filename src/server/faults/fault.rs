//! What is known of a fault, and a set of them.

use std::fmt;

use super::row::{Fault, Row};
use super::table::{ALL, HABITS, ROWS};
use crate::protocol::ClauseId;

/// All faults, in the order of the draft.
#[must_use]
pub fn faults() -> &'static [Fault] {
    ALL
}

/// Habits: ways in which servers differ, for personas. Some break clauses, some break none.
#[must_use]
pub fn habits() -> &'static [Fault] {
    HABITS
}

/// Faults and habits.
fn every() -> impl Iterator<Item = Fault> {
    faults().iter().chain(habits()).copied()
}

impl Fault {
    /// The fault or the habit of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        every().find(|fault| fault.name() == name)
    }

    pub(super) fn row(self) -> &'static Row {
        ROWS.get(usize::from(self.0))
            .expect("a fault is made only from the table")
    }

    /// The name, in kebab-case.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What the server does wrong, in one sentence.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().description
    }

    /// The clauses that it breaks, the main one first; a habit may break none.
    #[must_use]
    pub fn clauses(self) -> &'static [ClauseId] {
        self.row().clauses
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many numbers hold a set.
const NUMBERS: usize = 8;

/// A set of faults; empty by default.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultSet([u64; NUMBERS]);

impl FaultSet {
    /// Whether no fault is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this fault is in it.
    #[must_use]
    pub fn contains(&self, fault: Fault) -> bool {
        let number = self.0.get(usize::from(fault.0 / 64));
        number.is_some_and(|number| number >> (fault.0 % 64) & 1 == 1)
    }

    /// Puts a fault into it.
    pub fn insert(&mut self, fault: Fault) {
        if let Some(number) = self.0.get_mut(usize::from(fault.0 / 64)) {
            *number |= 1 << (fault.0 % 64);
        }
    }

    /// The faults that are in it.
    pub fn iter(&self) -> impl Iterator<Item = Fault> {
        every().filter(|fault| self.contains(*fault))
    }
}

impl FromIterator<Fault> for FaultSet {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        let mut set = Self::default();
        faults.into_iter().for_each(|fault| set.insert(fault));
        set
    }
}

impl fmt::Debug for FaultSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let capacity = NUMBERS * 64;
        let all: FaultSet = every().collect();
        assert_eq!(all.iter().count(), ROWS.len());
        assert!(ROWS.len() <= capacity, "{}", ROWS.len());
        for fault in every() {
            let set = FaultSet::from_iter([fault]);
            assert!(set.iter().eq([fault]) && !set.is_empty());
            assert_eq!(Fault::find(fault.name()), Some(fault));
        }
        assert!(FaultSet::default().is_empty());
        assert_eq!(Fault::find("no-such-fault"), None);
    }
}
