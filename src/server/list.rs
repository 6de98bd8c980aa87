//! One of a user's four lists.

use std::sync::Arc;

use super::group::Membership;
use super::id::AccountId;
pub(super) use crate::protocol::List as ListName;

/// A change of what the service keeps for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Somebody is put on this list.
    Add(ListName),
    /// Somebody is taken off this list.
    Remove(ListName),
    /// The own name, or that of an entry.
    Name,
    /// GTC or BLP.
    Setting,
    /// A group is made, renamed or removed, or a contact enters or leaves one.
    Groups,
    /// The own phone numbers, or those of a contact.
    Phones,
}

/// One user on a list.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) account: AccountId,
    /// Whether the last that the owner heard of the user is that it is online. Of use on the FL
    /// alone.
    pub(super) is_shown: bool,
    /// The groups that the owner has put the user in. Of use on the FL alone.
    pub(super) groups: Membership,
    /// The name that the owner gave, encoded.
    pub(super) name: Arc<str>,
}

/// Entries in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub(super) struct List(Vec<Entry>);

impl List {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// The entry at a place, counted from 0.
    pub(super) fn at(&self, place: usize) -> Option<AccountId> {
        self.0.get(place).map(|entry| entry.account)
    }

    pub(super) fn contains(&self, account: AccountId) -> bool {
        self.0.iter().any(|entry| entry.account == account)
    }

    pub(super) fn entry_mut(&mut self, account: AccountId) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.account == account)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.0.iter_mut()
    }

    /// Adds a user who is not on the list.
    pub(super) fn add(&mut self, account: AccountId, name: Arc<str>) {
        self.0.push(Entry {
            account,
            is_shown: false,
            groups: Membership::default(),
            name,
        });
    }

    /// Takes a user off; false where the user was not on the list.
    pub(super) fn remove(&mut self, account: AccountId) -> bool {
        let place = self.0.iter().position(|entry| entry.account == account);
        place.map(|place| self.0.remove(place)).is_some()
    }

    /// Forgets what the owner was told.
    pub(super) fn forget_shown(&mut self) {
        for entry in &mut self.0 {
            entry.is_shown = false;
        }
    }
}
