//! What the branches of the server that faults open remember, and what they do: connections,
//! logins and lists. Those of presence and sessions are in the file of that name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fault;
use super::late::Late;
use crate::server::Server;
use crate::server::account::{AccountId, Privacy, Prompt};
use crate::server::connection::{ConnId, End, Phase};
use crate::server::list::{List, ListName};
use crate::server::request::Refusal;
use crate::server::session::SessionId;
use crate::wire::DecodeError;

/// What those branches remember.
#[derive(Debug, Default)]
pub(in crate::server) struct Planted {
    /// The last challenge that was sent to anybody, with its handle.
    pub(in crate::server) challenge: Option<(String, String)>,
    /// The number of the only session.
    pub(in crate::server) session: Option<SessionId>,
    /// The connections that have not sent a command yet, oldest first.
    pub(in crate::server) silent: Vec<ConnId>,
    /// Who has left each session: handle and name.
    pub(super) left: Vec<(SessionId, Arc<str>, Arc<str>)>,
    /// What is not yet written.
    pub(in crate::server) late: Late,
    /// How often each user has logged in.
    logins: BTreeMap<AccountId, u32>,
    /// What was removed from AL and BL: owner, list, entry.
    removed: Vec<(AccountId, ListName, AccountId)>,
}

/// After how many logins an account is locked.
const MAX_LOGINS: u32 = 3;

impl Server {
    /// Whether this fault is planted.
    pub(in crate::server) fn faulty(&self, fault: Fault) -> bool {
        self.config.faults.contains(fault)
    }

    /// What is taken of a segment.
    pub(in crate::server) fn taken<'b>(&self, conn: ConnId, segment: &'b [u8]) -> &'b [u8] {
        if self.config.faults.is_empty() {
            return segment;
        }
        let line_end = segment.iter().position(|byte| *byte == b'\n');
        let length = match line_end {
            None if self.faulty(Fault::SEGMENT_IS_COMMAND) => 0,
            Some(end)
                if self.faulty(Fault::ONE_COMMAND_A_SEGMENT) && !self.is_message(conn, segment) =>
            {
                end + 1
            }
            Some(end) if self.ends_segment(segment) => end + 1,
            _ => segment.len(),
        };
        segment.get(..length).unwrap_or_default()
    }

    /// Whether a segment holds a message, or goes on with one.
    fn is_message(&self, conn: ConnId, segment: &[u8]) -> bool {
        let Some(connection) = self.connections.get(conn) else {
            return false;
        };
        let decoder = &connection.decoder;
        let begun = decoder.rest().iter().chain(segment);
        decoder.waiting_line().is_some() || begun.take(3).eq(b"MSG")
    }

    /// Whether the first command of a segment is the last that is read of it.
    fn ends_segment(&self, segment: &[u8]) -> bool {
        let begins = |verb: &str| segment.starts_with(verb.as_bytes());
        let is_login = segment.split(|byte| *byte == b' ').nth(2) == Some(b"MD5");
        let is_entry = begins("ANS ") || (begins("USR ") && !is_login);
        (self.faulty(Fault::ENTRY_ENDS_SEGMENT) && is_entry)
            || (self.faulty(Fault::CALL_ENDS_SEGMENT) && begins("CAL "))
    }

    /// A line or a payload was too long, or a length was none.
    pub(in crate::server) fn spoil_overflow(&mut self, error: &DecodeError) {
        if self.faulty(Fault::BAD_LENGTH_CLOSES_ALL)
            && !matches!(error, DecodeError::LineTooLong { .. })
        {
            for conn in self.connections.ids() {
                self.end(conn, End::Refused);
            }
        }
        let is_loop = matches!(error, DecodeError::BadLength { line, word, .. }
            if **word == *format!("-{}", line.len() + 2).as_bytes());
        let is_endless = matches!(error, DecodeError::LineTooLong { .. });
        let stops = (is_endless && self.faulty(Fault::ENDLESS_LINE_STOPS_ALL))
            || (is_loop && self.faulty(Fault::NEGATIVE_LENGTH_LOOPS));
        if stops && let Some(tamper) = &mut self.outbox.tamper {
            tamper.get_stuck();
        }
    }

    /// Whether a connection stays where it should end. What follows from the end may come true
    /// nevertheless.
    pub(in crate::server) fn outlives(&mut self, conn: ConnId, end: End) -> bool {
        let kept_by: &[Fault] = match end {
            End::FailedVer => &[Fault::FAILED_VER_STAYS_SILENT],
            End::Referral => &[Fault::REFERRAL_KEEPS_CONNECTION],
            End::SignedOut => &[Fault::OUT_KEEPS_CONNECTION],
            End::Displaced => &[Fault::FIRST_LOGIN_STAYS, Fault::DISPLACED_STAYS],
            End::LeftSession => &[Fault::BOARD_OUT_KEEPS_CONNECTION],
            End::Lost => &[Fault::DROP_UNNOTICED],
            End::Refused | End::Idle => &[],
        };
        if !kept_by.iter().any(|fault| self.faulty(*fault)) {
            return false;
        }
        match (end, self.connections.get(conn).map(|c| &c.phase)) {
            (End::Displaced, Some(Phase::Online(account)))
                if !self.faulty(Fault::FIRST_LOGIN_STAYS) =>
            {
                self.log_out(*account);
            }
            (End::LeftSession, _) => self.forget(conn, end),
            _ => {}
        }
        true
    }

    /// A connection is gone.
    pub(in crate::server) fn spoil_end(&mut self, conn: ConnId) {
        if let Some(tamper) = &mut self.outbox.tamper {
            tamper.gone(conn);
            self.is_silent_no_more(conn);
        }
    }

    /// Whether an older connection has not said anything yet.
    pub(in crate::server) fn is_held_up(&self, conn: ConnId) -> bool {
        let oldest = self.planted.silent.first();
        oldest.is_some_and(|oldest| *oldest < conn)
    }

    /// A connection has said something, or is gone: those behind it go on.
    pub(in crate::server) fn is_silent_no_more(&mut self, conn: ConnId) {
        let mut silent = self.planted.silent.iter();
        let Some(place) = silent.position(|silent| *silent == conn) else {
            return;
        };
        self.planted.silent.remove(place);
        for waiting in self.connections.ids() {
            if waiting != conn {
                self.work(waiting);
            }
        }
    }

    /// A challenge goes out.
    pub(in crate::server) fn spoil_challenge(&mut self, handle: &str, challenge: &str) {
        if self.faulty(Fault::CHALLENGE_FOR_ALL) {
            self.planted.challenge = Some((handle.to_owned(), challenge.to_owned()));
        }
    }

    /// A user is about to log in.
    pub(in crate::server) fn spoil_login(&mut self, account: AccountId) -> Result<(), Refusal> {
        let faults = self.config.faults;
        if faults.is_empty() {
            return Ok(());
        }
        let logins = self.planted.logins.entry(account).or_default();
        *logins += 1;
        let is_locked = faults.contains(Fault::LOGINS_LOCK_THE_ACCOUNT) && *logins > MAX_LOGINS;
        let user = &mut self.directory[account];
        let is_in = faults.contains(Fault::SECOND_LOGIN_REFUSED) && user.presence.is_some();
        if is_locked || is_in {
            return Err(Refusal::Error(911));
        }
        if user.serial == 1 && faults.contains(Fault::GTC_DEFAULT) {
            user.prompt = Prompt::Never;
        }
        if user.serial == 1 && faults.contains(Fault::BLP_DEFAULT) {
            user.privacy = Privacy::Closed;
        }
        Ok(())
    }

    /// A user has logged out.
    pub(in crate::server) fn spoil_logout(&mut self, account: AccountId) {
        let faults = self.config.faults;
        if faults.is_empty() {
            return;
        }
        let user = &mut self.directory[account];
        if faults.contains(Fault::FORWARD_LIST_FORGOTTEN) {
            user.forward = List::default();
        }
        if faults.contains(Fault::ALLOW_LIST_FORGOTTEN) {
            *user.list_mut(ListName::Allow) = List::default();
        }
        if faults.contains(Fault::GTC_FORGOTTEN) {
            user.prompt = Prompt::Ask;
        }
        if faults.contains(Fault::BLP_FORGOTTEN) {
            user.privacy = Privacy::Open;
        }
        self.bring_back_removed();
        if faults.contains(Fault::SESSION_DIES_WITH_LOGIN) {
            self.close_boards(account);
        }
    }

    fn bring_back_removed(&mut self) {
        for (owner, list, entry) in std::mem::take(&mut self.planted.removed) {
            let name = Arc::clone(&self.directory[entry].name);
            let list = self.directory[owner].list_mut(list);
            if !list.contains(entry) {
                list.add(entry, name);
            }
        }
    }

    fn close_boards(&mut self, account: AccountId) {
        for conn in self.connections.ids() {
            let phase = self.connections.get(conn).map(|c| &c.phase);
            if matches!(phase, Some(Phase::Seated(seat)) if seat.account == account) {
                self.end(conn, End::Refused);
            }
        }
    }

    /// An ADD is refused.
    pub(in crate::server) fn spoil_refusal(
        &mut self,
        account: AccountId,
        list: ListName,
        handle: &str,
        refusal: Refusal,
    ) -> Refusal {
        if self.faulty(Fault::FAILED_ADD_COUNTS) {
            self.directory[account].next_serial();
        }
        if self.faulty(Fault::FAILED_ADD_ENTERS)
            && refusal == Refusal::Error(219)
            && let Some(contact) = self.directory.find(handle)
        {
            let name = Arc::clone(&self.directory[contact].name);
            self.directory[account].list_mut(list).add(contact, name);
        }
        refusal
    }

    /// Whether an entry that somebody makes on this user's RL is lost.
    pub(in crate::server) fn is_reverse_change_lost(&self, user: AccountId) -> bool {
        let is_offline = self.directory[user].presence.is_none();
        self.faulty(Fault::REVERSE_LIST_NOT_WRITTEN)
            || (is_offline && self.faulty(Fault::OFFLINE_CHANGE_LOST))
    }

    /// Whether a change of this user's RL raises the number.
    pub(in crate::server) fn is_reverse_change_counted(&self, user: AccountId) -> bool {
        let is_offline = self.directory[user].presence.is_none();
        let is_ignored = self.faulty(Fault::REVERSE_CHANGE_KEEPS_NUMBER)
            || (is_offline && self.faulty(Fault::OFFLINE_CHANGE_KEEPS_NUMBER));
        !is_ignored
    }

    /// An entry has been removed.
    pub(in crate::server) fn spoil_removal(
        &mut self,
        account: AccountId,
        list: ListName,
        entry: AccountId,
    ) {
        if list == ListName::Forward {
            if self.faulty(Fault::REM_CLEARS_ALLOW_LIST) {
                let user = &mut self.directory[account];
                user.list_mut(ListName::Allow).remove(entry);
                user.list_mut(ListName::Block).remove(entry);
            }
        } else if self.faulty(Fault::REMOVED_COME_BACK) {
            self.planted.removed.push((account, list, entry));
        }
    }
}
