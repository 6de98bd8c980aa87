//! How firmly later dialects hold a server to clauses that MSNP2 brought.

use super::clause::{ClauseId, Level};
use super::dialect::Dialect;

/// A clause, the first and the last dialect for which this is so, and its level there. What servers
/// made for those dialects do in place of the clause, and clients of the time took, is told and fails
/// nobody: the clause is open there.
type Change = (ClauseId, u8, u8, Level);

const CHANGES: &[Change] = &[
    // A second VER draws the same answer again, or silence.
    (ClauseId::VER_8, 3, 9, Level::Open),
    // The referral is REFER-1 and REFER-2.
    (ClauseId::XFR_1, 3, 7, Level::Practice),
    // A full batch whatever number the client has.
    (ClauseId::SYN_2, 3, 7, Level::Open),
    // LST need not be offered as a request.
    (ClauseId::LST_1, 3, 8, Level::Open),
    (ClauseId::LST_6, 3, 8, Level::Open),
    // The present value is echoed (SETT-2).
    (ClauseId::GTC_2, 3, 9, Level::Open),
    (ClauseId::GTC_3, 3, 9, Level::Open),
    (ClauseId::BLP_2, 3, 9, Level::Open),
    (ClauseId::BLP_3, 3, 9, Level::Open),
    // An echo, of an entry that is there and of one that stands on the opposite list.
    (ClauseId::ADD_4, 3, 9, Level::Open),
    (ClauseId::ADD_5, 3, 9, Level::Open),
    // 205 for one who was on no list, or 208.
    (ClauseId::REM_5, 3, 9, Level::Open),
    // The number of the other user's own row.
    (ClauseId::SER_3, 3, 9, Level::Open),
    // NLN in the place of ILN; no ILN for a contact that was on no list before.
    (ClauseId::PRES_3, 3, 9, Level::Open),
    // The same NLN a second time.
    (ClauseId::PRES_6, 3, 9, Level::Open),
    // No NLN until the next change of state.
    (ClauseId::REA_1, 6, 9, Level::Open),
];

impl ClauseId {
    /// The clause's level in a dialect.
    #[must_use]
    pub fn level_in(self, dialect: &Dialect) -> Level {
        let is_here = |change: &&Change| {
            let (clause, from, until, _) = change;
            *clause == self && (*from..=*until).contains(&dialect.number)
        };
        let change = CHANGES.iter().find(is_here);
        change.map_or(self.level(), |(.., level)| *level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::MSNP2;

    fn named(word: &str) -> &'static Dialect {
        Dialect::named(word.as_bytes()).unwrap()
    }

    #[test]
    fn a_clause_is_as_firm_as_its_dialect_has_it() {
        assert_eq!(ClauseId::PRES_3.level_in(&MSNP2), Level::Must);
        assert_eq!(ClauseId::PRES_3.level_in(named("MSNP3")), Level::Open);
        assert_eq!(ClauseId::CHG_1.level_in(named("MSNP7")), Level::Must);
    }

    #[test]
    fn no_level_becomes_firmer_than_in_msnp2() {
        for (clause, _, _, level) in CHANGES {
            assert!(*level >= clause.level(), "{clause}");
        }
    }
}
