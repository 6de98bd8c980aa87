//! Looks clauses up.

use std::str::FromStr;

use super::catalogue::CLAUSES;
use super::clause::{Clause, ClauseId, UnknownClause};
use super::dialect::Dialect;
use super::untestable::UNTESTABLE;

impl ClauseId {
    /// The clause itself: level, section and text.
    #[must_use]
    pub fn clause(self) -> &'static Clause {
        CLAUSES
            .get(usize::from(self.0))
            .expect("an id is made only from the catalogue")
    }
}

impl FromStr for ClauseId {
    type Err = UnknownClause;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        CLAUSES
            .iter()
            .find(|clause| clause.name.eq_ignore_ascii_case(text))
            .map(|clause| clause.id)
            .ok_or_else(|| UnknownClause(text.to_owned()))
    }
}

impl Clause {
    /// All clauses, in the order of the draft. Those of dialects in which nothing is judged yet, at the
    /// end of the catalogue, are none of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        let latest = Dialect::latest().number;
        let is_later = |clause: &Self| clause.since > latest;
        let judged = CLAUSES.iter().position(is_later);
        judged
            .and_then(|judged| CLAUSES.get(..judged))
            .unwrap_or(CLAUSES)
    }

    /// Whether it holds in a dialect.
    #[must_use]
    pub fn holds_in(&self, dialect: &Dialect) -> bool {
        let until = self.until.unwrap_or(u8::MAX);
        (self.since..=until).contains(&dialect.number)
    }

    /// Why no server can be seen to break the clause, where none can.
    #[must_use]
    pub fn untestable(&self) -> Option<&'static str> {
        let row = UNTESTABLE.iter().find(|(id, _)| *id == self.id);
        row.map(|(_, reason)| *reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_parse_back() {
        for clause in Clause::all() {
            assert_eq!(clause.name.parse(), Ok(clause.id), "{}", clause.name);
            assert_eq!(clause.id.clause().name, clause.name);
        }
    }

    #[test]
    fn what_is_not_judged_yet_stands_at_the_end() {
        let later = CLAUSES.iter().skip(Clause::all().len());
        let latest = Dialect::latest().number;
        for clause in later {
            assert!(clause.since > latest, "{}", clause.name);
        }
    }

    #[test]
    fn an_unknown_id_is_refused() {
        assert_eq!(
            "USR-99".parse::<ClauseId>(),
            Err(UnknownClause("USR-99".into()))
        );
    }
}
