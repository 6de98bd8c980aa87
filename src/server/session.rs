//! The sessions of the switchboard: who is in each, and who has been called.

use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::id::{AccountId, ConnId, SessionId};

/// Somebody in a session.
#[derive(Debug)]
pub(super) struct Participant {
    pub(super) conn: ConnId,
    pub(super) account: AccountId,
    pub(super) handle: Arc<str>,
    /// The friendly name at the time of joining.
    pub(super) name: Arc<str>,
    /// How many CALs in a row found nobody.
    pub(super) failed_calls: u8,
}

/// A call that waits for its ANS.
#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) callee: AccountId,
    /// Where it rang. A callee who logs in again can be called again.
    pub(super) rang: ConnId,
    pub(super) expires: Duration,
}

/// One session.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) participants: Vec<Participant>,
    pub(super) invitations: Vec<Invitation>,
}

impl Session {
    pub(super) fn has(&self, account: AccountId) -> bool {
        self.participants.iter().any(|p| p.account == account)
    }

    pub(super) fn others(&self, conn: ConnId) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(move |p| p.conn != conn)
    }

    pub(super) fn participant(&self, conn: ConnId) -> Option<&Participant> {
        self.participants.iter().find(|p| p.conn == conn)
    }

    pub(super) fn participant_mut(&mut self, conn: ConnId) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|p| p.conn == conn)
    }
}

/// All sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    next: u64,
    open: FxHashMap<SessionId, Session>,
}

impl Sessions {
    /// Numbers begin somewhere that chance chooses.
    pub(super) fn new(chance: u64) -> Self {
        Self {
            next: 1_000_000 + chance % 900_000_000,
            open: FxHashMap::default(),
        }
    }

    //= CAL-2
    pub(super) fn new_id(&mut self) -> SessionId {
        self.next += 1;
        SessionId(self.next)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.open.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.open.get_mut(&id)
    }

    /// Lets somebody in. A session that everybody has left begins anew.
    pub(super) fn join(&mut self, id: SessionId, participant: Participant) -> &Session {
        let session = self.open.entry(id).or_default();
        session
            .invitations
            .retain(|invitation| invitation.callee != participant.account);
        session.participants.push(participant);
        session
    }

    /// Lets somebody out; the session ends with its last participant.
    pub(super) fn leave(&mut self, id: SessionId, conn: ConnId) {
        let Some(session) = self.open.get_mut(&id) else {
            return;
        };
        session.participants.retain(|p| p.conn != conn);
        if session.participants.is_empty() {
            self.open.remove(&id);
        }
    }
}
