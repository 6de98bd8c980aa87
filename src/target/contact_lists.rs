//! A user's lists and settings, as SYN tells them and as a scenario wants them.

use std::collections::BTreeSet;

/// The three lists that a user changes.
pub(crate) const OWN_LISTS: [&str; 3] = ["FL", "AL", "BL"];

/// The three lists and two settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContactLists {
    /// Handles in lower case, for FL, AL, BL.
    pub(crate) lists: [BTreeSet<String>; 3],
    pub(crate) gtc: String,
    pub(crate) blp: String,
}

impl Default for ContactLists {
    /// A new account: empty lists, `GTC A`, `BLP AL`.
    fn default() -> Self {
        Self {
            lists: Default::default(),
            gtc: "A".into(),
            blp: "AL".into(),
        }
    }
}

impl ContactLists {
    /// How many entries there are.
    pub(crate) fn entries(&self) -> usize {
        self.lists.iter().map(BTreeSet::len).sum()
    }
}
