//! Who is let in on a notification server, and what begins and ends with it.

use std::sync::Arc;

use md5::{Digest, Md5};

use super::Quirks;
use crate::protocol::{DIALECTS, Dialect};
use crate::server::Server;
use crate::server::connection::Attempt;
use crate::server::connection::{End, Phase};
use crate::server::faults::Fault;
use crate::server::group::Groups;
use crate::server::id::{AccountId, ConnId};
use crate::server::list::{List, ListName};
use crate::server::phone::Phones;
use crate::server::shape::Shape;

/// After how many logins an account is locked.
const MAX_LOGINS: u32 = 3;

impl Quirks {
    /// Whether a client is challenged whose dialect has no challenges.
    pub(in crate::server) fn challenges_without_answer(&self, shape: Shape) -> bool {
        self.has(Fault::CHALLENGES_IN_MSNP3) && shape.marks_referral() && !shape.has_phones()
    }

    /// Which of the dialects that both sides speak is agreed on.
    pub(in crate::server) fn dialect(
        &self,
        common: Vec<&'static Dialect>,
    ) -> Option<&'static Dialect> {
        let all = common.into_iter();
        if self.has(Fault::LOWEST_DIALECT) {
            all.min()
        } else {
            all.max()
        }
    }

    /// The dialect of the lines to a client with whom this is agreed on.
    pub(in crate::server) fn speaks(&self, agreed: &'static Dialect) -> &'static Dialect {
        // Of those with the same way to log in.
        let mut alike = DIALECTS.into_iter().rev();
        let newest = alike.find(|it| it.takes_tickets() == agreed.takes_tickets());
        if self.has(Fault::NEWEST_LINES) && agreed.number > 2 {
            newest.unwrap_or(agreed)
        } else {
            agreed
        }
    }

    /// The attempt that is challenged, where this is the client's own.
    pub(in crate::server) fn challenged(&mut self, mut own: Box<Attempt>) -> Box<Attempt> {
        if self.has(Fault::CHALLENGE_NEVER_CHANGES) {
            "1056561624.17795".clone_into(&mut own.challenge);
        }
        if self.has(Fault::CHALLENGE_FOR_ALL) {
            self.attempt = Some(own.clone());
        }
        own
    }

    /// The attempt that a response belongs to, where this is the client's own.
    pub(in crate::server) fn responded(&self, own: Option<Box<Attempt>>) -> Option<Box<Attempt>> {
        own.or_else(|| self.attempt.clone())
    }

    /// Whether a response opens an account that has a password, where it is right or not.
    fn takes(&self, attempt: &Attempt, password: &str, response: &[u8], right: bool) -> bool {
        if self.has(Fault::ANY_PASSWORD) {
            return true;
        }
        if self.has(Fault::EMPTY_RESPONSE) && response.is_empty() {
            return true;
        }
        if self.has(Fault::DIGEST_SWAPPED) {
            let swapped = Md5::digest(format!("{password}{}", attempt.challenge));
            return response.eq_ignore_ascii_case(hex::encode(swapped).as_bytes());
        }
        right
    }

    /// Whether a ticket opens an account: one that was given out, to its own user.
    pub(in crate::server) fn takes_ticket(&self, is_given_out: bool, is_own: bool) -> bool {
        let is_anybodys = self.has(Fault::TICKET_OF_ANYBODY) && is_given_out;
        is_own || is_anybodys || self.has(Fault::ANY_TICKET)
    }

    /// Counts a login; whether the account is not yet locked.
    fn is_open(&mut self, account: AccountId) -> bool {
        let logins = self.logins.entry(account).or_default();
        *logins += 1;
        *logins <= MAX_LOGINS || !self.faults.contains(Fault::LOGINS_LOCK_THE_ACCOUNT)
    }
}

impl Server {
    /// Who is let in by a response, where the protocol lets in whom it has `verified`.
    pub(in crate::server) fn let_in(
        &mut self,
        attempt: &Attempt,
        response: &[u8],
        verified: Option<AccountId>,
    ) -> Option<AccountId> {
        if self.quirks.is_empty() {
            return verified;
        }
        let right = verified.is_some();
        let is_taken = self
            .directory
            .password(&attempt.handle)
            .map(|password| self.quirks.takes(attempt, &password, response, right));
        let account = match is_taken {
            Some(true) => self.directory.find_or_make(&attempt.handle)?,
            None if self.quirks.has(Fault::UNKNOWN_USER_ADMITTED) => {
                self.directory.invent(&attempt.handle)
            }
            Some(false) | None => return None,
        };
        let is_open = self.quirks.is_open(account);
        let is_second = self.directory[account].presence.is_some();
        if !is_open || (is_second && self.quirks.has(Fault::SECOND_LOGIN_REFUSED)) {
            return None;
        }
        self.set_defaults(account);
        Some(account)
    }

    /// The settings of an account that nobody has changed yet.
    fn set_defaults(&mut self, account: AccountId) {
        let user = &mut self.directory[account];
        if user.serial > 1 {
            return;
        }
        if self.quirks.has(Fault::GTC_DEFAULT) {
            user.prompts = false;
        }
        if self.quirks.has(Fault::BLP_DEFAULT) {
            user.is_public = false;
        }
    }

    /// A user has logged in.
    pub(in crate::server) fn after_login(&mut self, conn: ConnId, account: AccountId) {
        if self.quirks.is_empty() {
            return;
        }
        self.quirks.late.note_login(account, self.now);
        if self.quirks.has(Fault::BATCH_AT_LOGIN) {
            let serial = self.directory[account].serial;
            self.outbox.line(conn, format_args!("SYN 0 {serial}"));
            self.send_batch(conn, account, "0");
        }
        if self.quirks.has(Fault::PRESENCE_AT_LOGIN) {
            self.show_contacts(conn, account);
        }
        let is_second = std::mem::take(&mut self.quirks.has_displaced);
        if is_second && self.quirks.has(Fault::BOTH_LOGINS_END) {
            self.end(conn, End::Refused);
        }
    }

    /// Tells of each contact that is online.
    fn show_contacts(&mut self, conn: ConnId, account: AccountId) {
        let contacts = self.directory[account].list(ListName::Forward).iter();
        let contacts: Vec<AccountId> = contacts.map(|entry| entry.account).collect();
        for contact in contacts {
            if let Some(state) = self.visible_state(contact, account) {
                let user = &self.directory[contact];
                let (handle, name, said) = (&user.handle, &user.name, self.said(user, conn));
                self.outbox
                    .line(conn, format_args!("NLN {state} {handle} {name}{said}"));
            }
        }
    }

    /// A user has logged out.
    pub(in crate::server) fn after_logout(&mut self, account: AccountId) {
        if self.quirks.is_empty() {
            return;
        }
        let user = &mut self.directory[account];
        if self.quirks.has(Fault::FORWARD_LIST_FORGOTTEN) {
            user.forward = List::default();
        }
        if self.quirks.has(Fault::ALLOW_LIST_FORGOTTEN) {
            *user.list_mut(ListName::Allow) = List::default();
        }
        if self.quirks.has(Fault::PHONES_FORGOTTEN) {
            user.phones = Phones::default();
        }
        if self.quirks.has(Fault::GROUPS_FORGOTTEN) {
            user.groups = Groups::default();
        }
        if self.quirks.has(Fault::GTC_FORGOTTEN) {
            user.prompts = true;
        }
        if self.quirks.has(Fault::BLP_FORGOTTEN) {
            user.is_public = true;
        }
        self.bring_back_removed();
        if self.quirks.has(Fault::SESSION_DIES_WITH_LOGIN) {
            self.end_sessions(account);
        }
    }

    fn bring_back_removed(&mut self) {
        for (owner, list, entry) in std::mem::take(&mut self.quirks.removed) {
            let name = Arc::clone(&self.directory[entry].name);
            let list = self.directory[owner].list_mut(list);
            if !list.contains(entry) {
                list.add(entry, name);
            }
        }
    }

    /// Ends a user's connections to the switchboard.
    fn end_sessions(&mut self, account: AccountId) {
        for conn in self.connections.ids() {
            let phase = self.connections.get(conn).map(|c| &c.phase);
            if matches!(phase, Some(Phase::Seated(seat)) if seat.account == account) {
                self.end(conn, End::Refused);
            }
        }
    }
}
