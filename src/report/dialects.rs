//! A run in several dialects: what it came to, with a column for each.

use std::collections::BTreeMap;

use super::text::counted;
use crate::event::{Cause, ClauseVerdict, InDialect, RunInfo, ScenarioResult, Summary, Totals};
use crate::protocol::{ClauseId, Dialect, Level};

/// A row of the table: what it counts, and a cell for each dialect.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) cells: Vec<String>,
}

/// Whether a run tests more than one dialect: scenarios are then told with theirs.
pub(super) fn are_many(run: &RunInfo) -> bool {
    run.dialects.len() > 1
}

/// The name of a scenario in a run of several dialects.
pub(super) fn label(result: &ScenarioResult) -> String {
    format!("{} {}", result.dialect, result.name)
}

/// In which of several dialects a cause shows; empty in a run of one.
pub(super) fn within(cause: &Cause, run: &RunInfo) -> String {
    let own: Vec<&Dialect> = cause.dialects.keys().copied().collect();
    match are_many(run) && !own.is_empty() {
        true if own.len() == run.dialects.len() => ", in each dialect".to_owned(),
        true => format!(", in {}", Dialect::names(&own)),
        false => String::new(),
    }
}

/// How many scenarios came to each verdict in a dialect, in a line.
pub(super) fn line_of(part: &InDialect) -> String {
    let shown = verdicts(part.totals)
        .into_iter()
        .filter(|(_, count)| *count > 0);
    let shown: Vec<String> = shown
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let scenarios = counted(part.totals.all(), "scenario");
    format!("{}: {scenarios}: {}", part.dialect, shown.join(", "))
}

fn verdicts(totals: Totals) -> [(&'static str, usize); 7] {
    totals
        .each()
        .map(|(verdict, count)| (verdict.as_str(), count))
}

/// The scenarios by verdict, and the clauses that can fail the run by theirs; no row of one dialect.
pub(super) fn table(summary: &Summary, level: Level) -> Vec<Row> {
    if summary.dialects.len() < 2 {
        return Vec::new();
    }
    let parts = || summary.dialects.iter();
    let cells = |count: &dyn Fn(&InDialect) -> usize| parts().map(count).collect::<Vec<usize>>();
    let mut rows = vec![("scenarios".to_owned(), cells(&|part| part.totals.all()))];
    for (at, (name, _)) in verdicts(Totals::default()).iter().enumerate() {
        let count = |part: &InDialect| verdicts(part.totals).get(at).map_or(0, |(_, count)| *count);
        rows.push(((*name).to_owned(), cells(&count)));
    }
    let all = [
        ClauseVerdict::Passed,
        ClauseVerdict::Varied,
        ClauseVerdict::Failed,
        ClauseVerdict::Waived,
        ClauseVerdict::Untested,
    ];
    for verdict in all {
        let count = |part: &InDialect| {
            let is_it = |one: &&crate::event::ClauseResult| {
                let counts = one.level <= level && one.level != Level::Open;
                counts && one.dialect == part.dialect && one.verdict == verdict
            };
            summary.clauses.iter().filter(is_it).count()
        };
        rows.push((format!("clauses {}", verdict.as_str()), cells(&count)));
    }
    let is_told = |(_, counts): &(String, Vec<usize>)| counts.iter().any(|count| *count > 0);
    let row = |(name, counts): (String, Vec<usize>)| Row {
        name,
        cells: counts.iter().map(usize::to_string).collect(),
    };
    rows.into_iter().filter(is_told).map(row).collect()
}

/// The clauses that are broken in some dialect, with their verdict in each; no row of one dialect.
pub(super) fn broken(summary: &Summary) -> Vec<Row> {
    if summary.dialects.len() < 2 {
        return Vec::new();
    }
    let failed = summary.clauses.iter();
    let failed = failed.filter(|one| one.verdict == ClauseVerdict::Failed);
    let mut known: BTreeMap<ClauseId, Row> = BTreeMap::new();
    for id in failed.map(|one| one.id) {
        known.entry(id).or_insert_with(|| Row {
            name: id.to_string(),
            cells: cells_of(id, summary),
        });
    }
    known.into_values().collect()
}

/// The verdicts on a clause, dialect by dialect; `-` where it does not hold.
pub(super) fn cells_of(id: ClauseId, summary: &Summary) -> Vec<String> {
    let of = |part: &InDialect| {
        let mut all = summary.clauses.iter();
        let own = all.find(|one| one.id == id && one.dialect == part.dialect);
        own.map_or("-", |one| one.verdict.as_str()).to_owned()
    };
    summary.dialects.iter().map(of).collect()
}
