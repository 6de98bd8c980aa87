//! Servers side by side as Markdown.

use std::fmt::Write as _;

use super::field::{Column, Field};
use super::side::About;
use super::text::has_unchecked;
use crate::event::ClauseVerdict;
use crate::report::markdown::{code, escaped};
use crate::report::title::title;

/// The comparison as Markdown. `all`: also the clauses that all keep.
#[must_use]
pub fn tables(field: &Field, all: bool) -> String {
    let mut out =
        String::from("| server | dialect | broken | varied | passed | not judged | run |\n");
    out.push_str("| --- | --- | ---: | ---: | ---: | ---: | --- |\n");
    for column in &field.columns {
        let side = &column.side;
        let counts = side.counts().map(|(_, count)| count.to_string());
        let _ = writeln!(
            out,
            "| {} | {} | {} | {}, level {}, msnpspec {} |",
            escaped(side.name()),
            side.dialect,
            counts.join(" | "),
            escaped(side.day().unwrap_or("no date")),
            side.level,
            escaped(&side.version),
        );
    }
    for caution in field.cautions() {
        let _ = writeln!(out, "\nNote: {}", escaped(&caution));
    }
    for column in &field.columns {
        server(column, &mut out);
    }
    matrix(field, all, &mut out);
    out
}

fn server(column: &Column, out: &mut String) {
    let side = &column.side;
    let _ = writeln!(out, "\n## {}, {}\n", escaped(side.name()), side.dialect);
    if let Some(about) = &side.about {
        about_it(about, out);
    }
    let rungs = side.ladder.iter().filter(|rung| !rung.state.holds());
    let rungs: Vec<String> = rungs
        .map(|rung| format!("{} {}", rung.rung, rung.state.as_str()))
        .collect();
    if !rungs.is_empty() {
        let _ = writeln!(out, "Not everything is there: {}.\n", rungs.join(", "));
    }
    match side.causes.is_empty() {
        true => out.push_str("Nothing is broken.\n"),
        false => out.push_str("| clause | level | what is wrong |\n| --- | --- | --- |\n"),
    }
    for cause in &side.causes {
        let clause = cause.clause.map_or("", |id| id.as_str());
        let level = cause.level.map(|level| level.to_string());
        let level = level.unwrap_or_default();
        let _ = writeln!(out, "| {clause} | {level} | {} |", code(&title(cause)));
    }
    let varied = side.clauses.iter();
    let varied = varied.filter(|(_, cell)| cell.verdict == Some(ClauseVerdict::Varied));
    let varied: Vec<_> = varied.collect();
    if !varied.is_empty() {
        out.push_str("\nIn its own way, as the clause allows:\n\n");
    }
    for (id, cell) in varied {
        let _ = writeln!(
            out,
            "* {id}: {}",
            code(cell.seen.as_deref().unwrap_or("varied"))
        );
    }
    if let Some(since) = column.since() {
        let changes = column.changes();
        let what = if changes.is_empty() {
            "Nothing has changed"
        } else {
            "Changed"
        };
        let _ = writeln!(out, "\n{what} {}:\n", escaped(&since));
        for change in changes {
            let (from, to) = change.words();
            let _ = writeln!(out, "* {}: {from}, now {to}", change.clause);
        }
    }
}

fn about_it(about: &About, out: &mut String) {
    let commit = about
        .commit
        .as_deref()
        .map(|it| format!(", commit {}", code(it)));
    let commit = commit.unwrap_or_default();
    match about.source.as_deref() {
        Some(source) if is_link(source) => {
            let _ = writeln!(out, "<{source}>{commit}\n");
        }
        Some(source) => {
            let _ = writeln!(out, "{}{commit}\n", code(source));
        }
        None => {}
    }
    if let Some(note) = &about.note {
        let _ = writeln!(out, "{}\n", escaped(note));
    }
    if !about.unchecked.is_empty() {
        let ids: Vec<&str> = about.unchecked.iter().map(|id| id.as_str()).collect();
        let _ = writeln!(
            out,
            "Not checked by hand, so nothing is said of: {}.\n",
            ids.join(", ")
        );
    }
}

/// Whether a text is an address that can be a link as it stands.
pub(super) fn is_link(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/._-".contains(&byte);
    text.starts_with("https://") && text.bytes().all(plain)
}

fn matrix(field: &Field, all: bool, out: &mut String) {
    let rows = field.rows(all);
    let names = field
        .columns
        .iter()
        .map(|column| format!("{} {}", escaped(column.side.name()), column.side.dialect));
    let names: Vec<String> = names.collect();
    let _ = writeln!(
        out,
        "\n## Clause by clause\n\n| clause | level | {} |",
        names.join(" | ")
    );
    let _ = writeln!(out, "| --- | --- |{}", " --- |".repeat(names.len()));
    for row in &rows {
        let cells = row.cells.iter().map(|cell| match cell {
            Some(cell) if cell.is_broken() => format!("**{}**", cell.word()),
            Some(cell) => cell.word().to_owned(),
            None => "-".to_owned(),
        });
        let cells: Vec<String> = cells.collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            row.clause,
            row.level,
            cells.join(" | ")
        );
    }
    let hidden = field.rows(true).len() - rows.len();
    if hidden > 0 {
        let _ = writeln!(
            out,
            "\n{hidden} more clauses are broken by none and varied by none."
        );
    }
    if rows.iter().any(has_unchecked) {
        out.push_str("\n`?`: nobody has checked it by hand, so nothing is said.\n");
    }
}
