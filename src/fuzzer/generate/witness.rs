//! The end of a case: somebody else is still served.

use super::walk::{NOWHERE, Told, WITNESS, Walk};
use crate::model::{Command, Line, Offer, State};
use crate::protocol::ClauseId;
use crate::scenario::ast::Step;
use crate::transcript::ConnName;

impl Walk<'_> {
    /// The witness, who has no part in the case, gets an answer.
    pub(super) fn serve_witness(&mut self, clause: ClauseId) {
        let conn = ConnName::new(WITNESS, ConnName::DEFAULT);
        let state = match self.witness_is_busy {
            true => State::NLN,
            false => State::Online(1),
        };
        self.witness_is_busy = !self.witness_is_busy;
        let ask = self.line_of(NOWHERE, Command::Chg(Some(state)), None);
        let answer = self.text_of(Line::Chg(state), &Told::default(), false);
        self.witness_asks(&conn, &ask, &answer, clause);
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
        let ask = self.line_of(NOWHERE, Command::Ver(Offer::Own), None);
        let answer = self.text_of(Line::Ver, &Told::default(), false);
        self.witness_asks(&conn, &ask, &answer, ClauseId::LIVE_1);
    }

    fn witness_asks(&mut self, conn: &ConnName, line: &str, answer: &str, clause: ClauseId) {
        self.script.disguise(None);
        let mut ask: Step = self.script.sending_line(conn, line);
        ask.clause = Some(clause);
        self.script.push(ask);
        self.script.expect(conn, answer, clause);
    }
}
