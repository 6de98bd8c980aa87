//! Servers side by side on a terminal.

use std::fmt::Write as _;

use anstyle::Style;

use super::field::{Column, Field, Row};
use crate::event::ClauseVerdict;
use crate::report::palette::Palette;
use crate::report::text::clipped;
use crate::report::title::headline;

/// Longer names are cut.
const LONGEST: usize = 80;
/// Causes of each server.
const CAUSES: usize = 10;
/// The width of a column.
const WIDTH: usize = 10;

/// The comparison for people. `all`: also the clauses that all keep.
#[must_use]
pub fn text(field: &Field, all: bool, palette: Palette) -> String {
    let mut out = String::new();
    for (at, column) in field.columns.iter().enumerate() {
        server(at + 1, column, palette, &mut out);
    }
    for caution in field.cautions() {
        let (style, end) = (palette.warn, palette.warn.render_reset());
        let _ = writeln!(out, "{style}note{end}: {}", clipped(&caution, 4 * LONGEST));
    }
    matrix(field, all, palette, &mut out);
    for column in &field.columns {
        changed(column, palette, &mut out);
    }
    out
}

fn server(number: usize, column: &Column, palette: Palette, out: &mut String) {
    let side = &column.side;
    let (strong, end) = (palette.strong, palette.strong.render_reset());
    let name = clipped(side.name(), LONGEST);
    let day = side.day().map(|day| format!(", {}", clipped(day, 20)));
    let _ = writeln!(
        out,
        "{number}  {strong}{name}{end}, {}, level {}{}, msnpspec {}",
        side.dialect,
        side.level,
        day.unwrap_or_default(),
        clipped(&side.version, 20),
    );
    let counts = side.counts().map(|(word, count)| format!("{count} {word}"));
    let _ = writeln!(out, "   clauses: {}", counts.join(", "));
    let rungs = side.ladder.iter().filter(|rung| !rung.state.holds());
    let rungs: Vec<String> = rungs
        .map(|rung| format!("{} {}", rung.rung, rung.state.as_str()))
        .collect();
    if !rungs.is_empty() {
        let _ = writeln!(out, "   ladder: {}", rungs.join(", "));
    }
    for cause in side.causes.iter().take(CAUSES) {
        let _ = writeln!(out, "   {}", clipped(&headline(cause), 2 * LONGEST));
    }
    match side.causes.len().saturating_sub(CAUSES) {
        0 => {}
        more => {
            let _ = writeln!(out, "   and {more} more causes");
        }
    }
    out.push('\n');
}

fn matrix(field: &Field, all: bool, palette: Palette, out: &mut String) {
    let rows = field.rows(all);
    let numbers = (1..=field.columns.len()).map(|number| format!("{number:<WIDTH$}"));
    let head = format!(
        "{:<10}{:<10}{}",
        "clause",
        "level",
        numbers.collect::<String>()
    );
    let _ = writeln!(out, "{}", head.trim_end());
    for row in &rows {
        let cells: String = row
            .cells
            .iter()
            .map(|cell| {
                let word = cell.map_or("-", |cell| cell.word());
                let style = style(cell.and_then(|cell| cell.verdict), palette);
                let padding = " ".repeat(WIDTH.saturating_sub(word.len()));
                format!("{style}{word}{}{padding}", style.render_reset())
            })
            .collect();
        let level = row.level.to_string();
        let line = format!("{:<10}{level:<10}{cells}", row.clause.as_str());
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let hidden = field.rows(true).len() - rows.len();
    if hidden > 0 {
        let _ = writeln!(
            out,
            "{hidden} more clauses are broken by none and varied by none; --all lists them"
        );
    }
    if rows.iter().any(has_unchecked) {
        let _ = writeln!(out, "?  nobody has checked it by hand: nothing is said");
    }
}

/// Whether some cell of a row was not checked by hand.
pub(super) fn has_unchecked(row: &Row<'_>) -> bool {
    row.cells
        .iter()
        .flatten()
        .any(|cell| cell.verdict.is_none())
}

fn style(verdict: Option<ClauseVerdict>, palette: Palette) -> Style {
    match verdict {
        Some(ClauseVerdict::Passed) => palette.good,
        Some(ClauseVerdict::Failed) => palette.bad,
        Some(ClauseVerdict::Varied | ClauseVerdict::Noted | ClauseVerdict::Waived) => palette.warn,
        Some(ClauseVerdict::Untested) | None => palette.faint,
    }
}

fn changed(column: &Column, palette: Palette, out: &mut String) {
    let Some(since) = column.since() else {
        return;
    };
    let (strong, end) = (palette.strong, palette.strong.render_reset());
    let name = clipped(column.side.name(), LONGEST);
    let since = clipped(&since, 2 * LONGEST);
    let changes = column.changes();
    let what = if changes.is_empty() {
        "nothing has changed"
    } else {
        "changed"
    };
    let _ = writeln!(
        out,
        "\n{strong}{name}{end}, {}: {what} {since}",
        column.side.dialect
    );
    for change in changes {
        let (from, to) = change.words();
        let _ = writeln!(out, "  {:<10}{from} -> {to}", change.clause.as_str());
    }
}
