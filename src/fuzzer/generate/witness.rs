//! The end of a case: somebody else is still served.

use super::cast::WITNESS;
use super::play::Play;
use crate::protocol::ClauseId;
use crate::scenario::ast::Step;
use crate::transcript::ConnName;

impl Play<'_> {
    /// The witness, who has no part in the case, gets an answer.
    pub(super) fn serve_witness(&mut self, clause: ClauseId) {
        let conn = ConnName::new(WITNESS, ConnName::DEFAULT);
        let state = match self.witness_is_busy {
            true => "NLN",
            false => "BSY",
        };
        self.witness_is_busy = !self.witness_is_busy;
        let line = format!("CHG {{t}} {state}");
        self.witness_asks(&conn, &line, &line, clause);
    }

    /// The case is over: a new connection is served, and in a hostile case an old one too.
    pub(super) fn end(&mut self) {
        if self.is_hostile {
            self.serve_witness(ClauseId::LIVE_1);
        }
        let label = if self.is_hostile {
            "ns2"
        } else {
            ConnName::DEFAULT
        };
        let conn = ConnName::new(WITNESS, label);
        self.witness_asks(
            &conn,
            "VER {t} MSNP2 CVR0",
            "VER {t} MSNP2 ...",
            ClauseId::LIVE_1,
        );
    }

    fn witness_asks(&mut self, conn: &ConnName, line: &str, answer: &str, clause: ClauseId) {
        self.script.disguise(None);
        let mut ask: Step = self.script.sending_line(conn, line);
        ask.clause = Some(clause);
        self.script.push(ask);
        self.script.expect(conn, answer, clause);
    }
}
