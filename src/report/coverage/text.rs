//! Coverage for people and for scripts.

use std::fmt::Write as _;

use serde::Serialize;

use super::row::{FaultRow, Place, Row, State};
use super::table::{Coverage, Figures};
use crate::protocol::{ClauseId, Level};
use crate::report::palette::Palette;
use crate::report::text::printable;

/// What is wrong, a line each.
#[must_use]
pub fn problems(coverage: &Coverage) -> Vec<String> {
    coverage.rows.iter().filter_map(Row::problem).collect()
}

/// Every clause in full, then the figures of each level.
#[must_use]
pub fn human(coverage: &Coverage, palette: &Palette) -> String {
    let mut out = String::new();
    for row in &coverage.rows {
        clause(row, palette, &mut out);
        out.push('\n');
    }
    figures(coverage, palette, &mut out);
    out
}

fn clause(row: &Row, palette: &Palette, out: &mut String) {
    let (strong, clause) = (palette.strong, row.clause);
    let state = row.state();
    let colour = match state {
        State::Covered => palette.good,
        State::Uncovered => palette.bad,
        State::Untestable | State::Open => palette.faint,
    };
    let (name, level) = (clause.name, clause.level);
    let section = match clause.section {
        "-" => "not in the draft".to_owned(),
        section => format!("section {section}"),
    };
    let word = state.as_str();
    let _ = writeln!(
        out,
        "{strong}{name}{strong:#}  {level}, {section}, {colour}{word}{colour:#}"
    );
    let _ = writeln!(out, "    {}", clause.text);
    if let Some(reason) = clause.untestable() {
        let _ = writeln!(out, "    untestable: {reason}");
    }
    let faults = row
        .faults
        .iter()
        .map(|fault| match fault.found_by.as_slice() {
            [] => format!("{} (found under another clause)", fault.name),
            by => format!("{} (found by {})", fault.name, by.join(", ")),
        });
    let lines = row.implementation.iter();
    let lines = lines.map(|place| format!("{}:{}", place.file, place.line));
    for (title, names) in [
        ("scenarios", row.scenarios.clone()),
        ("oracles", row.oracles.clone()),
        ("faults", faults.collect()),
        ("server", lines.collect()),
    ] {
        block(title, &names, palette, out);
    }
}

fn block(title: &str, names: &[String], palette: &Palette, out: &mut String) {
    let faint = palette.faint;
    let mut title = title;
    for name in names {
        let name = printable(name);
        let _ = writeln!(out, "    {faint}{title:<10}{faint:#} {name}");
        title = "";
    }
    if names.is_empty() {
        let _ = writeln!(out, "    {faint}{title:<10} none{faint:#}");
    }
}

fn figures(coverage: &Coverage, palette: &Palette, out: &mut String) {
    let strong = palette.strong;
    let columns = [
        "clauses",
        "covered",
        "untestable",
        "uncovered",
        "with scenario",
        "with oracle",
        "with fault",
        "implemented",
    ];
    let _ = write!(out, "{strong}{:<9}", "");
    for column in columns {
        let _ = write!(out, " {column:>w$}", w = width(column));
    }
    let _ = writeln!(out, "{strong:#}");
    let levels = Level::ALL.map(|level| (level.as_str(), coverage.figures(Some(level))));
    for (name, figures) in levels.into_iter().chain([("all", coverage.figures(None))]) {
        let _ = write!(out, "{name:<9}");
        let numbers = [
            figures.clauses,
            figures.covered,
            figures.untestable,
            figures.uncovered,
            figures.scenarios,
            figures.oracles,
            figures.faults,
            figures.implemented,
        ];
        for (column, number) in columns.into_iter().zip(numbers) {
            let _ = write!(out, " {number:>w$}", w = width(column));
        }
        out.push('\n');
    }
}

fn width(column: &str) -> usize {
    column.len() + 1
}

#[derive(Serialize)]
struct Document<'c> {
    version: u32,
    totals: Totals,
    clauses: Vec<Entry<'c>>,
}

#[derive(Serialize)]
struct Totals {
    must: Figures,
    draft: Figures,
    practice: Figures,
    open: Figures,
    all: Figures,
}

#[derive(Serialize)]
struct Entry<'c> {
    id: ClauseId,
    group: &'static str,
    level: Level,
    section: &'static str,
    text: &'static str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    untestable: Option<&'static str>,
    scenarios: &'c [String],
    oracles: &'c [String],
    faults: &'c [FaultRow],
    implementation: &'c [Place],
}

/// One JSON document: `version`, `totals` by level, `clauses`.
///
/// # Errors
///
/// What serde says; there is nothing in it that has no JSON form.
pub fn json(coverage: &Coverage) -> Result<String, serde_json::Error> {
    let of = |level| coverage.figures(Some(level));
    let entries = coverage.rows.iter().map(|row| Entry {
        id: row.clause.id,
        group: row.clause.group(),
        level: row.clause.level,
        section: row.clause.section,
        text: row.clause.text,
        state: row.state(),
        untestable: row.clause.untestable(),
        scenarios: &row.scenarios,
        oracles: &row.oracles,
        faults: &row.faults,
        implementation: &row.implementation,
    });
    let document = Document {
        version: 1,
        totals: Totals {
            must: of(Level::Must),
            draft: of(Level::Draft),
            practice: of(Level::Practice),
            open: of(Level::Open),
            all: coverage.figures(None),
        },
        clauses: entries.collect(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}
