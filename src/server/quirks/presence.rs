//! Who is told of whom, and what.

use super::Quirks;
use crate::protocol::State;
use crate::server::account::Account;
use crate::server::faults::Fault;
use crate::server::id::AccountId;
use crate::server::list::ListName;

impl Quirks {
    /// Whether every CHG shows the contacts, not the first alone.
    pub(in crate::server) fn introduces_each_time(&self) -> bool {
        self.has(Fault::ILN_EACH_TIME)
    }

    /// Whether watchers hear of a change from one state to another.
    pub(in crate::server) fn announces(&self, before: Option<State>, now: State) -> bool {
        if !now.is_online() {
            return true;
        }
        match before {
            None => !self.has(Fault::ONLINE_UNTOLD),
            Some(State::Hidden) => !self.has(Fault::RETURN_UNTOLD),
            Some(State::Offline) => true,
            Some(State::Online(_)) => !self.has(Fault::CHANGES_UNTOLD),
        }
    }

    /// Whether those hear of a user who have taken it off the FL.
    pub(in crate::server) fn tells_former_watchers(&self) -> bool {
        self.has(Fault::REMOVED_STILL_TOLD)
    }

    /// Whether hidden users hear nothing of others.
    pub(in crate::server) fn deafens_hidden(&self) -> bool {
        self.has(Fault::HIDDEN_ARE_DEAF)
    }

    /// The state in which a watcher sees a user whose settings do not admit it.
    pub(in crate::server) fn state_for_barred(
        &self,
        user: &Account,
        watcher: AccountId,
    ) -> Option<&'static str> {
        let shown = user.shown_state()?;
        if user.list(ListName::Block).contains(watcher) {
            return self.has(Fault::BLOCKED_SEE_CHANGES).then_some(shown);
        }
        self.has(Fault::UNLISTED_SEE_AWAY).then_some("AWY")
    }

    /// The state in which ILN alone shows a user to a watcher who does not see it.
    pub(in crate::server) fn state_in_iln(
        &self,
        user: &Account,
        watcher: AccountId,
    ) -> Option<&'static str> {
        let is_hidden = user.presence?.state? == State::Hidden;
        if is_hidden && self.has(Fault::HIDDEN_IN_ILN) {
            return Some("NLN");
        }
        let is_blocked = user.list(ListName::Block).contains(watcher);
        let is_leaked = is_blocked && self.has(Fault::BLOCKED_GET_ILN);
        user.shown_state().filter(|_| is_leaked)
    }
}
