//! Error lines: known codes, a TrID, and nothing else.

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::world::{Role, Seen, World};
use crate::protocol::{ClauseId, ErrorCode};

/// The judge of error lines.
#[derive(Debug)]
pub(super) struct Errors;

impl Oracle for Errors {
    fn name(&self) -> &'static str {
        "errors"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[ClauseId::ERR_2, ClauseId::ERR_4]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, _: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(told) = seen.told() else {
            return;
        };
        let Verb::Error(code) = told.line.verb else {
            return;
        };
        if ErrorCode::find(code).is_none() {
            let message = "neither the draft nor the known service has this code";
            out.accuse_line(seen, ClauseId::ERR_2, message, "a code of the table");
        }
        if told.line.count() > 2 && told.role != Role::Unclear {
            let message = "text follows the TrID of an error";
            out.accuse_line(seen, ClauseId::ERR_4, message, "the code and the TrID");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    #[test]
    fn codes_and_texts() {
        let ask = "alice in\nalice C: GTC 9 A\n";
        accuses("ERR-2", &format!("{ask}alice S: 999 9"));
        accuses("ERR-4", &format!("{ask}alice S: 218 9 already"));
        silent(&format!("{ask}alice S: 218 9"));
        silent(&format!("{ask}alice S: 217 9"));
    }
}
