//! What a judge says: an accusation with its proof.

use super::world::Seen;
use crate::protocol::ClauseId;
use crate::transcript::{ConnId, Observed};

/// The most accusations that are kept of one transcript; a server that breaks a clause with every
/// line is not worth more memory.
const MOST: usize = 1_000;

/// One breach of a clause, seen in a transcript.
///
/// `message`, `expected` and `got` may quote the wire: whoever shows them redacts them first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The clause that is broken.
    pub clause: ClauseId,
    /// Who says so.
    pub oracle: &'static str,
    /// The index of the accusing entry in the transcript.
    pub entry: usize,
    /// The connection of that entry.
    pub conn: ConnId,
    /// What is wrong, in words.
    pub message: String,
    /// What should have come, empty where that cannot be said.
    pub expected: String,
    /// What came.
    pub got: Observed,
}

/// Where an oracle puts what it finds.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    oracle: &'static str,
}

impl Findings {
    /// From now on this oracle speaks.
    pub(super) fn speaks(&mut self, oracle: &'static str) {
        self.oracle = oracle;
    }

    /// Accuses.
    pub fn accuse(&mut self, place: Place, clause: ClauseId, charge: Charge<'_>) {
        if self.list.len() >= MOST {
            return;
        }
        self.list.push(Finding {
            clause,
            oracle: self.oracle,
            entry: place.entry,
            conn: place.conn,
            message: charge.message.to_owned(),
            expected: charge.expected,
            got: Observed::line(charge.got),
        });
    }

    /// Accuses a line of the server.
    pub fn accuse_line(
        &mut self,
        seen: &Seen<'_, '_>,
        clause: ClauseId,
        message: &str,
        expected: &str,
    ) {
        // What nothing says in this dialect is no breach.
        let Some(clause) = clause.in_dialect(seen.conn.dialect) else {
            return;
        };
        let got = seen.told().map_or(&[][..], |told| &told.frame.line);
        let charge = Charge {
            message,
            expected: expected.to_owned(),
            got,
        };
        self.accuse(seen.place, clause, charge);
    }

    /// Takes back what these oracles have found.
    pub(super) fn drop_of(&mut self, oracles: &[&str]) {
        self.list
            .retain(|finding| !oracles.contains(&finding.oracle));
    }

    /// Takes back what accuses this entry or a later one.
    pub(super) fn drop_since(&mut self, entry: usize) {
        self.list.retain(|finding| finding.entry < entry);
    }

    /// What was found so far, in the order of finding.
    #[must_use]
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// What was found, taken out.
    #[must_use]
    pub fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

/// The place of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its index in the transcript.
    pub entry: usize,
    /// Its connection.
    pub conn: ConnId,
}

/// The words of an accusation.
#[derive(Debug)]
pub struct Charge<'c> {
    /// What is wrong.
    pub message: &'c str,
    /// What should have come.
    pub expected: String,
    /// The line that came.
    pub got: &'c [u8],
}
