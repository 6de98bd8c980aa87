//! Which dialect a connection speaks, where its own answer to VER does not say so.

use super::World;
use crate::protocol::{Inferred, ServerKind};
use crate::transcript::{ConnId, Connection};

impl World {
    /// Learns which dialect a connection speaks from what all of its lines show: on a switchboard
    /// that of its user's login, and where `is_over` that of an extract, whose beginning nobody has
    /// seen.
    pub(in crate::oracle) fn attune(&mut self, id: ConnId, shown: &Connection, is_over: bool) {
        let Some(conn) = self.conns.get_mut(id.0).filter(|conn| !conn.is_foreign) else {
            return;
        };
        let is_board = conn.kind == ServerKind::Switchboard;
        if is_board && !shown.dialect.is_judged() {
            conn.estrange(shown.dialect);
            self.has_strangers = true;
        } else if let Some(inference) = shown.inference().filter(|_| is_over)
            && conn.may_speak_any()
        {
            conn.is_extract = true;
            match inference.dialect() {
                Inferred::From(dialect) => conn.dialect = dialect,
                Inferred::Foreign(dialect) => conn.estrange(dialect),
                Inferred::Unclear => conn.estrange(conn.dialect),
            }
            self.has_strangers |= conn.is_foreign && is_board;
        }
    }
}
