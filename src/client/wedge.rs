//! A server that the first look itself has stopped: at which request, and what that means for what
//! came after it.

use std::collections::BTreeMap;

use super::ladder::Ladder;
use crate::diagnostic::Place;
use crate::engine::{Session, Trouble};
use crate::event::{Observed, Rung, RungState};
use crate::protocol::{ClauseId, ServerKind};
use crate::target::Climb;
use crate::transcript::{ConnId, Party, What, escape};

/// The name of the login that shows whether anybody is still let in.
const ALIVE: &str = "alive";

impl Session {
    /// Whether a server that has let users in lets nobody in any more. Then the first request behind
    /// its last line has stopped it: that is what is broken, and of the rest nothing is known.
    pub(super) async fn find_wedge(&mut self, ladder: &mut Ladder) -> bool {
        let is_silent = |it: &Climb| it.state == RungState::Silent && it.rung > Rung::Usr;
        if !ladder.climbed.iter().any(is_silent) {
            return false;
        }
        let Some((at, conn, verb)) = self.first_unheard() else {
            return false;
        };
        let link = self
            .links
            .lock()
            .links
            .get(conn.0)
            .map(|link| link.grammar.kind);
        let kind = link.unwrap_or(ServerKind::Notification);
        for _ in 0..2 {
            let login = self.login(0, ALIVE).await;
            let got = login.as_ref().err().and_then(Trouble::observed);
            if !matches!(got, Some(Observed::Silence(_))) {
                return false;
            }
        }
        ladder.climbed.retain(|it| {
            let failure = it.failure.as_ref();
            failure.is_none_or(|failure| failure.until <= at)
        });
        let slot = self.slots.iter().position(|slot| slot.conn == conn);
        let mut trouble = Trouble::new(
            "the server goes on serving others",
            format!("nobody can log in any more after {verb}"),
        );
        trouble.slot = slot;
        trouble.seen = Some(Box::new((conn, at + 1)));
        self.fail(Some(ClauseId::LIVE_1), Place::nowhere(), trouble);
        let request = self.env.dialect.request(kind, &verb);
        let rung = request.and_then(|row| row.rung).unwrap_or(Rung::Syn);
        ladder.falls(rung);
        ladder.put(Climb {
            rung,
            state: RungState::Silent,
            failure: self.failures.pop(),
        });
        ladder.give_up(rung);
        true
    }

    /// The first of those requests that no line of the server has followed on their connection: its
    /// entry, connection and verb. A switchboard may be another process, which goes on.
    fn first_unheard(&self) -> Option<(usize, ConnId, String)> {
        let shared = self.links.lock();
        let on_board = |conn: ConnId| {
            let link = shared.links.get(conn.0);
            link.is_some_and(|link| link.grammar.kind == ServerKind::Switchboard)
        };
        let entries = shared.transcript.entries().iter().enumerate();
        let mut open = BTreeMap::new();
        for (at, entry) in entries.filter(|(_, entry)| !on_board(entry.conn)) {
            match &entry.what {
                What::Frame(Party::Client, frame) => {
                    open.entry(entry.conn)
                        .or_insert_with(|| (at, escape(frame.verb())));
                }
                What::Frame(Party::Server, _)
                | What::Closed(Party::Server)
                | What::Reset(Party::Server) => {
                    open.remove(&entry.conn);
                }
                _ => {}
            }
        }
        let first = open.into_iter().min_by_key(|(_, (at, _))| *at);
        first.map(|(conn, (at, verb))| (at, conn, verb))
    }
}
