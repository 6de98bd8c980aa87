//! A small world for the tests of the rules.

use super::{Presence, Truth, View};
use crate::protocol::List;

pub(super) const ALICE: usize = 0;
pub(super) const BOB: usize = 1;

/// Two users. Lists of which nothing is said are empty.
#[derive(Debug, Clone)]
pub(super) struct Sketch {
    lists: Vec<(usize, List, usize, Truth)>,
    /// BLP AL, of both.
    pub(super) public: Truth,
    /// Calls are on, of both.
    pub(super) takes_calls: Truth,
    /// `None` where it is not known.
    pub(super) states: [Option<Presence>; 2],
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            lists: Vec::new(),
            public: Truth::Maybe,
            takes_calls: Truth::Yes,
            states: [None; 2],
        }
    }
}

impl Sketch {
    /// The same, but for this entry.
    pub(super) fn put(mut self, owner: usize, list: List, whom: usize, is_on: Truth) -> Self {
        self.lists.insert(0, (owner, list, whom, is_on));
        self
    }
}

impl View for Sketch {
    type User = usize;

    fn is_on(&self, owner: usize, list: List, whom: usize) -> Truth {
        let mut lists = self.lists.iter();
        let found = lists.find(|entry| (entry.0, entry.1, entry.2) == (owner, list, whom));
        found.map_or(Truth::No, |entry| entry.3)
    }

    fn is_public(&self, _: usize) -> Truth {
        self.public
    }

    fn is(&self, user: usize, presence: Presence) -> Truth {
        let state = self.states.get(user).copied().flatten();
        state.map_or(Truth::Maybe, |state| (state == presence).into())
    }

    fn takes_calls(&self, _: usize) -> Truth {
        self.takes_calls
    }
}
