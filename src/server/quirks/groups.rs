//! Groups, and who is in which.

use std::sync::Arc;

use super::Quirks;
use crate::server::Server;
use crate::server::account::Account;
use crate::server::faults::Fault;
use crate::server::group::{GroupId, Groups};
use crate::server::id::AccountId;
use crate::server::request::Request;

impl Quirks {
    /// Whether group 0 can be removed.
    pub(in crate::server) fn removes_the_others(&self) -> bool {
        self.has(Fault::GROUP_0_REMOVABLE)
    }

    /// Where contacts go that are put into no group, where it is not among the others.
    pub(in crate::server) fn group_of_the_ungrouped(&self, groups: &Groups) -> Option<GroupId> {
        let last = groups.last();
        last.filter(|_| self.has(Fault::UNGROUPED_GO_TO_THE_LAST_GROUP))
    }

    /// Whether a contact that enters a group leaves the others.
    pub(in crate::server) fn moves_between_groups(&self) -> bool {
        self.has(Fault::ONE_GROUP_A_CONTACT)
    }

    /// Whether a contact stays on the FL though it is removed.
    pub(in crate::server) fn spares(&self, user: &Account, contact: AccountId) -> bool {
        let mut entries = user.forward.iter();
        let entry = entries.find(|entry| entry.account == contact);
        self.has(Fault::GROUPED_STAY) && entry.is_some_and(|entry| entry.groups.is_several())
    }
}

impl Server {
    /// A user has given a group another name.
    pub(super) fn after_renaming_group(&mut self, account: AccountId, request: &Request<'_>) {
        let [id, name, ..] = request.params else {
            return;
        };
        let name = std::str::from_utf8(name).unwrap_or_default();
        if !self.quirks.has(Fault::GROUPS_ARE_SHARED) {
            return;
        }
        if let Some(id) = GroupId::parse(id) {
            for other in self.directory.ids().filter(|other| *other != account) {
                self.directory[other].groups.rename(id, Arc::from(name));
            }
        }
    }
}
