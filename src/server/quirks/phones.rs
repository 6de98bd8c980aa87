//! Who is told of phone numbers, and when.

use super::Quirks;
use crate::server::account::Account;
use crate::server::faults::Fault;
use crate::server::id::AccountId;

impl Quirks {
    /// Whether numbers are shown to those whom the user does not admit.
    pub(in crate::server) fn shows_phones_to_barred(&self) -> bool {
        self.has(Fault::PHONES_SHOWN_TO_BLOCKED)
    }

    /// Those who are told of a user's new number though they do not watch the user.
    pub(in crate::server) fn strangers_told(&self, user: &Account) -> Vec<AccountId> {
        if !self.has(Fault::PHONES_TOLD_TO_STRANGERS) {
            return Vec::new();
        }
        let own = user.forward.iter().map(|entry| entry.account);
        own.filter(|contact| !user.reverse.contains(*contact))
            .collect()
    }

    /// Whether a batch begins with the own numbers.
    pub(in crate::server) fn sends_phones_first(&self) -> bool {
        self.has(Fault::BATCH_BEGINS_WITH_PHONES)
    }
}
