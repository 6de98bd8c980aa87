//! What a script does, and what of it the server may still have to see to: what proofs of silence
//! rest on.

use super::limit::Limit;
use super::links::{Link, Links, Shared};
use crate::protocol::{Grammar, Param, ServerKind};
use crate::transcript::{ConnId, Entry, Party, What};

impl Links {
    /// The script may not go on, and what it saw from this entry on accuses nobody; gives the reason.
    pub(crate) fn void_since(&self, entry: usize) -> Limit {
        let mut shared = self.lock();
        shared.judge.void_since(entry);
        *shared.halted.get_or_insert(Limit::Effect)
    }
}

impl Shared {
    /// Whether the server has seen to the end of a connection that the script ended: it has ended its
    /// own side, or told somebody that the user of this handle went; or nobody can miss the one that
    /// is gone, since the user was let in again, or nobody is left on a switchboard.
    pub(crate) fn has_left(&self, conn: ConnId, handle: &str) -> bool {
        let Some(link) = self.links.get(conn.0) else {
            return false;
        };
        let since = self.transcript.entries().get(link.end_at..);
        let goes = |entry: &Entry| match &entry.what {
            What::Frame(Party::Server, frame) => {
                let Grammar { dialect, .. } = link.grammar;
                let row = dialect.line_of(frame.verb()).filter(|row| row.is_farewell);
                let place = row.and_then(|row| row.message.place_of(Param::Handle));
                place.is_some_and(|place| frame.words().nth(place) == Some(handle.as_bytes()))
            }
            _ => false,
        };
        let is_back = || {
            let after = self.links.iter().enumerate().skip(conn.0 + 1);
            let mut own = after.filter(|(other, _)| self.is_same_login(conn, ConnId(*other)));
            own.any(|(_, other)| other.entered)
        };
        let is_last = || {
            let is_there =
                |other: &Link| other.has_payloads && other.entered && other.end.is_none();
            link.has_payloads && !self.links.iter().any(is_there)
        };
        link.left || since.unwrap_or_default().iter().any(goes) || is_back() || is_last()
    }

    /// Whether both are notification connections of one user.
    fn is_same_login(&self, one: ConnId, other: ConnId) -> bool {
        let named = |conn| {
            let conn = self.transcript.connection(conn)?;
            (conn.kind == ServerKind::Notification).then(|| conn.name.user())
        };
        named(one).is_some() && named(one) == named(other)
    }

    /// The script does something on this connection.
    pub(crate) fn act(&mut self, conn: ConnId) {
        self.acts += 1;
        if let Some(link) = self.links.get_mut(conn.0) {
            link.acted = self.acts;
        }
    }

    /// Whether all was quiet for long enough since the script did anything.
    pub(super) fn is_at_rest(&self) -> bool {
        self.rested == self.acts
    }

    /// Whether this connection was quiet for long enough since the script did anything on it.
    pub(super) fn is_resting(&self, conn: ConnId) -> bool {
        let link = self.links.get(conn.0);
        link.is_some_and(|link| link.acted <= self.rested)
    }

    /// What this connection's user has for a prompt setting is no longer known anywhere.
    pub(super) fn forget_prompt(&mut self, conn: ConnId) {
        let user = |conn: usize| {
            let conn = self.transcript.connection(ConnId(conn))?;
            Some(conn.name.user().clone())
        };
        let whose = user(conn.0);
        let theirs: Vec<usize> = (0..self.links.len())
            .filter(|other| user(*other) == whose)
            .collect();
        for other in theirs {
            if let Some(link) = self.links.get_mut(other) {
                link.prompt = None;
            }
        }
    }
}
