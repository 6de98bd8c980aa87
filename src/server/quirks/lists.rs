//! What is written of the lists, what is counted, and in which order they are sent.

use super::Quirks;
use crate::server::account::{Account, Directory};
use crate::server::faults::Fault;
use crate::server::id::AccountId;
use crate::server::list::{Change, ListName};

impl Quirks {
    /// Whether an entry on a list refuses an ADD to another, or to the same one.
    pub(in crate::server) fn minds_entry(&self, on: ListName, add_to: ListName) -> bool {
        if on == add_to {
            !self.has(Fault::ADD_TWICE_ENTERED)
        } else {
            !self.has(Fault::OPPOSITES_TAKEN)
        }
    }

    /// Whether a change is written on the list of its owner.
    pub(in crate::server) fn writes(&self, change: Change, owner: &Account) -> bool {
        match change {
            Change::Add(ListName::Allow) => !self.has(Fault::ADD_NOT_KEPT),
            Change::Add(ListName::Reverse) => !self.loses_watcher(owner),
            Change::Remove(ListName::Allow | ListName::Block) => !self.has(Fault::REM_NOT_KEPT),
            Change::Remove(ListName::Reverse) => {
                !self.has(Fault::REVERSE_LIST_NOT_CLEARED) && !self.has(Fault::REMOVED_STILL_TOLD)
            }
            _ => true,
        }
    }

    /// Whether a change raises the number of its owner.
    pub(in crate::server) fn counts(&self, change: Change, owner: &Account) -> bool {
        match change {
            Change::Add(ListName::Reverse) => {
                !self.loses_watcher(owner) && self.counts_watchers(owner)
            }
            Change::Remove(ListName::Reverse) => self.counts_watchers(owner),
            Change::Remove(_) => !self.has(Fault::NUMBER_STANDS_STILL),
            _ => true,
        }
    }

    /// Whether an entry that somebody makes on a user's RL is lost.
    fn loses_watcher(&self, user: &Account) -> bool {
        let is_offline = user.presence.is_none();
        self.has(Fault::REVERSE_LIST_NOT_WRITTEN)
            || (is_offline && self.has(Fault::OFFLINE_CHANGE_LOST))
    }

    /// Whether a change of a user's RL raises the number.
    fn counts_watchers(&self, user: &Account) -> bool {
        let is_offline = user.presence.is_none();
        let is_ignored = self.has(Fault::REVERSE_CHANGE_KEEPS_NUMBER)
            || (is_offline && self.has(Fault::OFFLINE_CHANGE_KEEPS_NUMBER));
        !is_ignored
    }

    /// A user as the session knows it that is shown lists and settings.
    pub(in crate::server) fn as_written<'s>(
        &'s self,
        directory: &'s Directory,
        account: AccountId,
    ) -> &'s Account {
        self.late.known(directory, account)
    }

    /// The order of the lists in a batch, where this is the protocol's.
    pub(in crate::server) fn batch(&self, mut lists: [ListName; 4]) -> [ListName; 4] {
        if self.has(Fault::BATCH_ORDER) {
            lists.reverse();
        }
        lists
    }
}
