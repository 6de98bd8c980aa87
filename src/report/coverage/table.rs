//! All clauses with what stands behind them.

use super::matrix::Matrix;
use super::row::{FaultRow, Place, Row, State};
use crate::protocol::{Clause, ClauseId, Level};

/// What is known about tests, faults and the server; the caller fetches it from their rooms.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Each scenario's name and clauses.
    pub scenarios: Vec<(String, Vec<ClauseId>)>,
    /// Each oracle's name and clauses.
    pub oracles: Vec<(String, Vec<ClauseId>)>,
    /// Each fault's name and clauses.
    pub faults: Vec<(String, Vec<ClauseId>)>,
    /// The lines that implement a clause, by file.
    pub implementation: Vec<(ClauseId, Place)>,
    /// Which faults were found, under which clause.
    pub matrix: Matrix,
}

/// Clauses with what stands behind them, in the order of the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// A row for each clause.
    pub rows: Vec<Row>,
}

impl Coverage {
    /// All clauses.
    #[must_use]
    pub fn new(sources: &Sources) -> Self {
        let rows = Clause::all().iter().map(|clause| row(clause, sources));
        Self {
            rows: rows.collect(),
        }
    }

    /// Only the clauses that are asked for.
    #[must_use]
    pub fn only(mut self, is_wanted: impl Fn(&Clause) -> bool) -> Self {
        self.rows.retain(|row| is_wanted(row.clause));
        self
    }

    /// The figures of a level, or of all.
    #[must_use]
    pub fn figures(&self, level: Option<Level>) -> Figures {
        let mut figures = Figures::default();
        for row in &self.rows {
            if level.is_none_or(|level| level == row.clause.level) {
                figures.count(row);
            }
        }
        figures
    }
}

/// How many clauses there are, and of how many something is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    /// All of them.
    pub clauses: usize,
    /// Shown by a fault.
    pub covered: usize,
    /// With a reason not to be tested.
    pub untestable: usize,
    /// With nothing that shows that their tests bite.
    pub uncovered: usize,
    /// That nobody fails for.
    pub open: usize,
    /// That a scenario names.
    pub scenarios: usize,
    /// That an oracle can accuse.
    pub oracles: usize,
    /// That a fault breaks.
    pub faults: usize,
    /// That a line of the server implements.
    pub implemented: usize,
}

impl Figures {
    fn count(&mut self, row: &Row) {
        self.clauses += 1;
        match row.state() {
            State::Covered => self.covered += 1,
            State::Untestable => self.untestable += 1,
            State::Open => self.open += 1,
            State::Uncovered => self.uncovered += 1,
        }
        self.scenarios += usize::from(!row.scenarios.is_empty());
        self.oracles += usize::from(!row.oracles.is_empty());
        self.faults += usize::from(!row.faults.is_empty());
        self.implemented += usize::from(!row.implementation.is_empty());
    }
}

fn row(clause: &'static Clause, sources: &Sources) -> Row {
    let faults = naming(clause.id, &sources.faults).into_iter().map(|name| {
        let found_by = sources.matrix.found(clause.id, &name).to_vec();
        FaultRow { name, found_by }
    });
    let implementation = sources.implementation.iter();
    let places = implementation.filter(|(id, _)| *id == clause.id);
    Row {
        clause,
        scenarios: naming(clause.id, &sources.scenarios),
        oracles: naming(clause.id, &sources.oracles),
        faults: faults.collect(),
        implementation: places.map(|(_, place)| place.clone()).collect(),
    }
}

/// The names of those that name a clause.
fn naming(clause: ClauseId, all: &[(String, Vec<ClauseId>)]) -> Vec<String> {
    let naming = all.iter().filter(|(_, clauses)| clauses.contains(&clause));
    naming.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(matrix: &str) -> Coverage {
        let named = |name: &str, clauses: &[ClauseId]| vec![(name.to_owned(), clauses.to_vec())];
        Coverage::new(&Sources {
            scenarios: named("auth/x", &[ClauseId::USR_6]),
            oracles: named("errors", &[ClauseId::USR_5]),
            faults: named(
                "wrong",
                &[ClauseId::USR_6, ClauseId::USR_5, ClauseId::INF_3],
            ),
            implementation: Vec::new(),
            matrix: Matrix::parse(matrix),
        })
    }

    fn row_of(coverage: &Coverage, id: ClauseId) -> &Row {
        let row = coverage.rows.iter().find(|row| row.clause.id == id);
        row.expect("every clause has a row")
    }

    #[test]
    fn only_a_finding_that_names_the_clause_covers_it() {
        let coverage = coverage("wrong [USR-6 USR-5 INF-3]\n    USR-6: auth/x\n");
        let state = |id| row_of(&coverage, id).state();
        assert_eq!(state(ClauseId::USR_6), State::Covered);
        assert_eq!(state(ClauseId::USR_5), State::Uncovered);
        assert_eq!(state(ClauseId::INF_3), State::Untestable);
        assert_eq!(state(ClauseId::USR_16), State::Open);
        let problem = |id| row_of(&coverage, id).problem().unwrap_or_default();
        assert!(problem(ClauseId::USR_5).ends_with("no finding on wrong names it"));
        assert!(problem(ClauseId::USR_4).ends_with("no fault breaks it"));
        assert_eq!(problem(ClauseId::USR_6), "");
        assert_eq!(problem(ClauseId::INF_3), "");
    }

    #[test]
    fn a_reason_that_does_not_hold_is_a_problem() {
        let coverage = coverage("wrong [USR-6 USR-5 INF-3]\n    INF-3: auth/x\n");
        let problem = row_of(&coverage, ClauseId::INF_3).problem();
        assert!(problem.is_some_and(|text| text.contains("untestable")));
    }

    #[test]
    fn figures_add_up() {
        let coverage = coverage("wrong [USR-6]\n    USR-6: auth/x\n");
        let all = coverage.figures(None);
        assert_eq!(all.clauses, Clause::all().len());
        assert_eq!((all.covered, all.scenarios, all.oracles), (1, 1, 1));
        assert_eq!((all.faults, all.implemented), (3, 0));
        let states = all.covered + all.untestable + all.uncovered + all.open;
        assert_eq!(states, all.clauses);
        let sum: usize = Level::ALL
            .map(|level| coverage.figures(Some(level)).clauses)
            .iter()
            .sum();
        assert_eq!(sum, all.clauses);
        let one = coverage.only(|clause| clause.id == ClauseId::USR_6);
        assert_eq!(one.figures(None).clauses, 1);
    }
}
