//! Lists that are written late: a later session is shown what stood a second ago. And what a server
//! tells before it is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Fault;
use crate::server::Server;
use crate::server::account::{Account, AccountId, Directory};
use crate::server::connection::ConnId;
use crate::server::list::ListName;
use crate::server::request::{Outcome, Refusal, Request};

/// How long a change is not yet written.
const DELAY: Duration = Duration::from_secs(1);

/// What is not yet written.
#[derive(Debug, Default)]
pub(in crate::server) struct Late {
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
    pub(in crate::server) fn known<'s>(
        &'s self,
        directory: &'s Directory,
        account: AccountId,
    ) -> &'s Account {
        let login = self.last.get(&account).copied().unwrap_or_default();
        let is_shown =
            |old: &&Old| old.account == account && old.until > self.now && old.logins < login;
        let old = self.old.iter().find(is_shown);
        old.map_or(&directory[account], |old| &old.user)
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
    /// A command of a user who is logged in is about to be carried out.
    pub(in crate::server) fn before_change(&mut self, account: AccountId, request: &Request<'_>) {
        if !self.faulty(Fault::LISTS_WRITTEN_LATE) {
            return;
        }
        self.planted.late.now = self.now;
        let changes = ["ADD", "REM", "REA", "GTC", "BLP"].contains(&request.verb);
        if !changes {
            return;
        }
        let other = request.params.get(1).and_then(|handle| self.known(handle));
        for user in [Some(account), other].into_iter().flatten() {
            self.planted.late.keep(&self.directory, user, self.now);
        }
    }

    /// A user has logged in.
    pub(in crate::server) fn after_login(&mut self, conn: ConnId, account: AccountId) {
        if self.config.faults.is_empty() {
            return;
        }
        self.planted.late.logins += 1;
        let login = self.planted.late.logins;
        self.planted.late.last.insert(account, login);
        self.planted.late.now = self.now;
        if self.faulty(Fault::BATCH_AT_LOGIN) {
            let serial = self.directory[account].serial;
            self.outbox.line(conn, format_args!("SYN 0 {serial}"));
            self.send_batch(conn, account, "0");
        }
        if self.faulty(Fault::PRESENCE_AT_LOGIN) {
            self.show_contacts(conn, account);
        }
    }

    /// Tells of each contact that is online.
    fn show_contacts(&mut self, conn: ConnId, account: AccountId) {
        let contacts = self.directory[account].list(ListName::Forward).iter();
        let contacts: Vec<AccountId> = contacts.map(|entry| entry.account).collect();
        for contact in contacts {
            if let Some(state) = self.visible_state(contact, account) {
                let (handle, name) = self.label(contact);
                self.outbox
                    .line(conn, format_args!("NLN {state} {handle} {name}"));
            }
        }
    }

    /// What a faulty server makes of a refusal: a malformed command may be refused otherwise.
    pub(in crate::server) fn spoil_outcome(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Err(Refusal::Error(201 | 206 | 208 | 209)) if self.faulty(Fault::MALFORMED_CLOSES) => {
                Err(Refusal::Close)
            }
            Err(Refusal::Error(201 | 206 | 208 | 209) | Refusal::Close)
                if self.faulty(Fault::MALFORMED_UNANSWERED) =>
            {
                Ok(())
            }
            other => other,
        }
    }
}
