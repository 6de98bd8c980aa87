//! A command as a whole: how it comes in, and what is done before and after it.

use std::sync::Arc;

use super::Quirks;
use crate::protocol::Setting;
use crate::server::Server;
use crate::server::connection::{Connection, End, Phase};
use crate::server::faults::{Fate, Fault};
use crate::server::id::{AccountId, ConnId};
use crate::server::list::ListName;
use crate::server::request::{Outcome, Refusal, Request};
use crate::wire::Frame;

impl Quirks {
    /// What a refusal becomes: what is malformed may be refused otherwise.
    fn concludes(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Err(Refusal::Error(201 | 206 | 208 | 209)) if self.has(Fault::MALFORMED_CLOSES) => {
                Err(Refusal::Close)
            }
            Err(Refusal::Error(201 | 206 | 208 | 209) | Refusal::Close)
                if self.has(Fault::MALFORMED_UNANSWERED) =>
            {
                Ok(())
            }
            other => other,
        }
    }
}

impl Server {
    /// Carries a command out as what stands between the server and the world has left it.
    pub(in crate::server) fn carry_out_tampered(&mut self, conn: ConnId, frame: &Frame) {
        let Some(kind) = self.connections.get(conn).map(Connection::kind) else {
            return;
        };
        let Some(tamper) = &mut self.outbox.tamper else {
            return;
        };
        let command = tamper.command(conn, kind, frame);
        for output in command.outputs {
            self.outbox.put(output);
        }
        let words: Vec<&[u8]> = command.words.iter().map(Vec::as_slice).collect();
        match command.fate {
            Fate::CarryOut => self.obey(conn, &words, &command.payload),
            Fate::Ignore => {}
            Fate::Close => self.end(conn, End::Refused),
            Fate::CloseAll => self.end_all(),
        }
        self.is_silent_no_more(conn);
    }

    /// A command of a user who is logged in is about to be carried out.
    pub(in crate::server) fn before_command(&mut self, account: AccountId, request: &Request<'_>) {
        if self.quirks.is_empty() {
            return;
        }
        self.keep_as_written(account, request);
        match (request.verb, request.params) {
            ("XFR", [b"SB"]) => self.before_referral(account),
            ("GTC", [value]) => self.before_prompt(account, value),
            _ => {}
        }
    }

    /// A user asks for a switchboard.
    fn before_referral(&mut self, account: AccountId) {
        let user = &self.directory[account];
        let is_referred = user.shown_state().is_some() || self.quirks.refers_hidden(user);
        if is_referred && self.quirks.has(Fault::ONE_COOKIE_A_USER) {
            self.cookies.void(account);
        }
    }

    /// A user sets GTC.
    fn before_prompt(&mut self, account: AccountId, value: &[u8]) {
        let user = &mut self.directory[account];
        let is_change = Setting::Prompt
            .parse(value)
            .is_some_and(|new| new != user.prompts);
        if is_change && self.quirks.has(Fault::NUMBERS_FALL) {
            user.serial = user.serial.saturating_sub(2);
        }
    }

    /// How a command ends that the protocol ends with this outcome. No request is given where it
    /// could not be read as one.
    pub(in crate::server) fn after_command(
        &mut self,
        conn: ConnId,
        request: Option<&Request<'_>>,
        outcome: Outcome,
    ) -> Outcome {
        if self.quirks.is_empty() {
            return outcome;
        }
        let phase = self.connections.get(conn).map(|c| &c.phase);
        if let (Some(request), Some(Phase::Online(account))) = (request, phase) {
            let account = *account;
            match (request.verb, outcome) {
                ("ADD", Err(Refusal::Error(code))) => {
                    self.after_refused_add(account, request, code);
                }
                ("REM", Ok(())) => self.after_removal(account, request),
                ("REG", Ok(())) => self.after_renaming_group(account, request),
                ("ADG" | "REG" | "RMG", Err(Refusal::Error(_)))
                    if self.quirks.has(Fault::FAILED_GROUPS_COUNT) =>
                {
                    self.directory[account].next_serial();
                }
                _ => {}
            }
        }
        self.quirks.concludes(outcome)
    }

    /// An ADD has drawn this error.
    fn after_refused_add(&mut self, account: AccountId, request: &Request<'_>, code: u16) {
        let [list, handle, ..] = request.params else {
            return;
        };
        let is_malformed = [201, 209].contains(&code);
        if self.quirks.has(Fault::FAILED_ADD_COUNTS) && !is_malformed {
            self.directory[account].next_serial();
        }
        if self.quirks.has(Fault::FAILED_ADD_ENTERS)
            && code == 219
            && let (Some(list), Some(contact)) = (ListName::parse(list), self.known(handle))
        {
            let name = Arc::clone(&self.directory[contact].name);
            self.directory[account].list_mut(list).add(contact, name);
        }
    }

    /// A REM from a list has succeeded.
    fn after_removal(&mut self, account: AccountId, request: &Request<'_>) {
        let [list, handle] = request.params else {
            return;
        };
        let (Some(list), Some(entry)) = (ListName::parse(list), self.known(handle)) else {
            return;
        };
        if list == ListName::Forward {
            if self.quirks.has(Fault::REM_CLEARS_ALLOW_LIST) {
                let user = &mut self.directory[account];
                user.list_mut(ListName::Allow).remove(entry);
                user.list_mut(ListName::Block).remove(entry);
            }
        } else if self.quirks.has(Fault::REMOVED_COME_BACK) {
            self.quirks.removed.push((account, list, entry));
        }
    }
}
