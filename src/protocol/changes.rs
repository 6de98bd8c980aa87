//! How later dialects judge clauses that MSNP2 brought: how firmly, and what else is accepted.

use super::clause::{ClauseId, Level};
use super::dialect::Dialect;

/// How a clause is judged in some dialects.
#[derive(Debug)]
pub struct Change {
    /// The clause.
    pub clause: ClauseId,
    /// The numbers of the first and the last dialect for which this is so.
    pub dialects: (u8, u8),
    /// Its level there.
    pub level: Level,
    /// What servers made for those dialects do in its place, and clients of the time took. Where that
    /// may come, the clause is open: it is told, and fails nobody.
    pub accept: Option<&'static str>,
}

impl Change {
    /// The dialects, in words.
    #[must_use]
    pub fn span(&self) -> String {
        match self.dialects {
            (from, until) if from == until => format!("MSNP{from}"),
            (from, until) => format!("MSNP{from} to MSNP{until}"),
        }
    }
}

/// This is accepted in place of the clause, from a dialect to another.
const fn open(clause: ClauseId, from: u8, until: u8, accept: &'static str) -> Change {
    Change {
        clause,
        dialects: (from, until),
        level: Level::Open,
        accept: Some(accept),
    }
}

/// The clause is less firm, from a dialect to another.
const fn practice(clause: ClauseId, from: u8, until: u8) -> Change {
    Change {
        clause,
        dialects: (from, until),
        level: Level::Practice,
        accept: None,
    }
}

const UNSHOWN: &str = "NLN in the place of ILN; no ILN for a contact that was on no list before";

#[rustfmt::skip]
const CHANGES: &[Change] = &[
    open(ClauseId::VER_8, 3, 12, "the same answer again, silence"),
    // The referral is REFER-1 and REFER-2.
    practice(ClauseId::XFR_1, 3, 7),
    open(ClauseId::SYN_2, 3, 7, "a full batch"),
    open(ClauseId::LST_1, 3, 8, "not offered as a request"),
    open(ClauseId::LST_6, 3, 8, "201, a close, silence"),
    // The present value is SETT-2.
    open(ClauseId::GTC_2, 3, 12, "an echo"),
    open(ClauseId::GTC_3, 3, 12, "an echo"),
    open(ClauseId::BLP_2, 3, 12, "an echo"),
    open(ClauseId::BLP_3, 3, 12, "an echo"),
    open(ClauseId::ADD_4, 3, 9, "an echo"),
    open(ClauseId::ADD_5, 3, 9, "an echo"),
    open(ClauseId::ADD_6, 8, 9, "208"),
    open(ClauseId::REM_5, 3, 9, "205 for one who was on no list, 208"),
    // Numbers that begin anew are NUM-2's.
    practice(ClauseId::SER_1, 3, 9),
    open(ClauseId::SER_3, 3, 9, "the number of the other user's own row"),
    open(ClauseId::PRES_3, 3, 12, UNSHOWN),
    open(ClauseId::PRES_5, 8, 12, "the states of everybody who has the receiver on a list"),
    open(ClauseId::PRES_6, 3, 12, "the same NLN a second time"),
    open(ClauseId::REA_1, 6, 9, "not offered; no NLN until the next change of state"),
];

impl ClauseId {
    /// How later dialects judge it otherwise.
    pub fn changes(self) -> impl Iterator<Item = &'static Change> {
        CHANGES.iter().filter(move |change| change.clause == self)
    }

    fn change_in(self, dialect: &Dialect) -> Option<&'static Change> {
        let is_here = |change: &&Change| {
            let (from, until) = change.dialects;
            (from..=until).contains(&dialect.number)
        };
        self.changes().find(is_here)
    }

    /// The clause's level in a dialect.
    #[must_use]
    pub fn level_in(self, dialect: &Dialect) -> Level {
        let change = self.change_in(dialect);
        change.map_or(self.level(), |change| change.level)
    }

    /// What is accepted in its place in a dialect.
    #[must_use]
    pub fn accept_in(self, dialect: &Dialect) -> Option<&'static str> {
        let change = self.change_in(dialect);
        change.and_then(|it| it.accept).or(self.clause().accept)
    }

    /// Whether anything is accepted in its place, in any dialect.
    #[must_use]
    pub fn has_variations(self) -> bool {
        let mut changes = self.changes();
        self.clause().accept.is_some() || changes.any(|change| change.accept.is_some())
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
        assert_eq!(ClauseId::SER_1.level_in(named("MSNP7")), Level::Practice);
    }

    #[test]
    fn a_later_dialect_accepts_what_the_first_does_not() {
        let accepted = |dialect| ClauseId::ADD_4.accept_in(dialect);
        assert_ne!(accepted(&MSNP2), Some("an echo"));
        assert_eq!(accepted(named("MSNP7")), Some("an echo"));
        assert!(ClauseId::ADD_4.has_variations() && !ClauseId::CHG_1.has_variations());
        let spans: Vec<String> = ClauseId::PRES_3.changes().map(Change::span).collect();
        assert_eq!(spans, ["MSNP3 to MSNP12"]);
    }

    #[test]
    fn no_level_becomes_firmer_than_in_msnp2_and_what_is_accepted_fails_nobody() {
        for change in CHANGES {
            let (from, until) = change.dialects;
            assert!(change.level >= change.clause.level(), "{}", change.clause);
            assert!((3..=until).contains(&from), "{}", change.clause);
            let is_open = change.level == Level::Open;
            assert_eq!(is_open, change.accept.is_some(), "{}", change.clause);
        }
    }
}
