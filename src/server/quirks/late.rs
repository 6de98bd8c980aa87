//! Lists that are written late: a later session is shown what stood a second ago.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::server::Server;
use crate::server::account::{Account, Directory};
use crate::server::faults::Fault;
use crate::server::id::AccountId;
use crate::server::request::Request;

/// How long a change is not yet written.
const DELAY: Duration = Duration::from_secs(1);

/// The requests that change what is written.
const CHANGES: [&str; 9] = [
    "ADD", "REM", "REA", "GTC", "BLP", "PRP", "ADG", "REG", "RMG",
];

/// What is not yet written.
#[derive(Debug, Default)]
pub(super) struct Late {
    old: Vec<Old>,
    /// How many logins there were, and the place of each user's last among them.
    logins: u64,
    last: BTreeMap<AccountId, u64>,
    now: Duration,
}

/// A user as it was before a change.
#[derive(Debug)]
struct Old {
    account: AccountId,
    user: Account,
    /// Until then the change is not written.
    until: Duration,
    /// How many logins there were before the change.
    logins: u64,
}

impl Late {
    /// What a session knows of its user: the oldest state that was not yet overwritten when the
    /// session began, where there is one.
    pub(super) fn known<'s>(&'s self, directory: &'s Directory, account: AccountId) -> &'s Account {
        let login = self.last.get(&account).copied().unwrap_or_default();
        let is_shown =
            |old: &&Old| old.account == account && old.until > self.now && old.logins < login;
        let old = self.old.iter().find(is_shown);
        old.map_or(&directory[account], |old| &old.user)
    }

    /// A user has logged in.
    pub(super) fn note_login(&mut self, account: AccountId, now: Duration) {
        self.logins += 1;
        self.last.insert(account, self.logins);
        self.now = now;
    }

    fn keep(&mut self, directory: &Directory, account: AccountId, now: Duration) {
        self.old.retain(|old| old.until > now);
        self.old.push(Old {
            account,
            user: directory[account].clone(),
            until: now.saturating_add(DELAY),
            logins: self.logins,
        });
    }
}

impl Server {
    /// Keeps the users whom a command may change as they are before it.
    pub(super) fn keep_as_written(&mut self, account: AccountId, request: &Request<'_>) {
        if !self.quirks.has(Fault::LISTS_WRITTEN_LATE) {
            return;
        }
        self.quirks.late.now = self.now;
        let changes = CHANGES.contains(&request.verb);
        if !changes {
            return;
        }
        let other = request.params.get(1).and_then(|handle| self.known(handle));
        for user in [Some(account), other].into_iter().flatten() {
            self.quirks.late.keep(&self.directory, user, self.now);
        }
    }
}
