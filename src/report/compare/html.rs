//! Servers side by side as a page that needs nothing else: no script, no other file, no network.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::field::{Column, Field};
use super::markdown::is_link;
use super::side::Cell;
use super::text::has_unchecked;
use crate::event::ClauseVerdict;
use crate::report::text::{clipped, printable};
use crate::report::title::title;

const STYLE: &str = include_str!("style.css");
/// What the page may load: its own style.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// Longer texts of a server are cut.
const LONGEST: usize = 400;

/// The comparison as a page. `all`: also the clauses that all keep.
#[must_use]
pub fn page(field: &Field, all: bool) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "msnpspec: servers side by side" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Servers side by side" }
                main {
                    (overview(field))
                    @for column in &field.columns { (server(column)) }
                    (matrix(field, all))
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn overview(field: &Field) -> Markup {
    html! {
        div.wide { table {
            thead { tr {
                th scope="col" { "server" } th scope="col" { "dialect" } th scope="col" { "broken" }
                th scope="col" { "varied" } th scope="col" { "passed" } th scope="col" { "not judged" }
                th scope="col" { "run" }
            } }
            tbody { @for column in &field.columns {
                @let side = &column.side;
                tr {
                    th scope="row" { (shown(side.name())) } td { (side.dialect.name) }
                    @for (_, count) in side.counts() { td.number { (count) } }
                    td { (shown(side.day().unwrap_or("no date"))) ", level " (side.level.as_str())
                        ", msnpspec " (shown(&side.version)) }
                }
            } }
        } }
        @for caution in field.cautions() { p.caution { "Note: " (shown(&caution)) } }
    }
}

fn server(column: &Column) -> Markup {
    let side = &column.side;
    let rungs = side.ladder.iter().filter(|rung| !rung.state.holds());
    let rungs: Vec<String> = rungs
        .map(|rung| format!("{} {}", rung.rung, rung.state.as_str()))
        .collect();
    let varied = side.clauses.iter();
    let varied: Vec<_> = varied
        .filter(|(_, cell)| cell.verdict == Some(ClauseVerdict::Varied))
        .collect();
    html! {
        section {
            h2 { (shown(side.name())) ", " (side.dialect.name) }
            @if let Some(about) = &side.about {
                @if let Some(source) = &about.source { p {
                    @if is_link(source) { a href=(source) rel="noreferrer" { (source) } }
                    @else { (shown(source)) }
                    @if let Some(commit) = &about.commit { ", commit " code { (shown(commit)) } }
                } }
                @if let Some(note) = &about.note { p { (shown(note)) } }
                @if !about.unchecked.is_empty() { p {
                    "Not checked by hand, so nothing is said of: "
                    (about.unchecked.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ")) "."
                } }
            }
            @if !rungs.is_empty() { p { "Not everything is there: " (rungs.join(", ")) "." } }
            @if side.causes.is_empty() { p { "Nothing is broken." } }
            @else { div.wide { table {
                thead { tr { th scope="col" { "clause" } th scope="col" { "level" }
                    th scope="col" { "what is wrong" } } }
                tbody { @for cause in &side.causes { tr {
                    th scope="row" { (cause.clause.map_or("", |id| id.as_str())) }
                    td { (cause.level.map_or("", |level| level.as_str())) }
                    td { code { (shown(&title(cause))) } }
                } } }
            } } }
            @if !varied.is_empty() {
                p { "In its own way, as the clause allows:" }
                ul { @for (id, cell) in varied { li {
                    (id.as_str()) ": " code { (shown(cell.seen.as_deref().unwrap_or("varied"))) }
                } } }
            }
            (changed(column))
        }
    }
}

fn changed(column: &Column) -> Markup {
    let changes = column.changes();
    let what = if changes.is_empty() {
        "Nothing has changed "
    } else {
        "Changed "
    };
    html! {
        @if let Some(since) = column.since() {
            p { (what) (shown(&since)) }
            ul { @for change in &changes {
                @let (from, to) = change.words();
                li { (change.clause.as_str()) ": " (from) ", now " (to) }
            } }
        }
    }
}

fn matrix(field: &Field, all: bool) -> Markup {
    let rows = field.rows(all);
    let hidden = field.rows(true).len() - rows.len();
    html! {
        section {
            h2 { "Clause by clause" }
            div.wide { table.matrix {
                thead { tr {
                    th scope="col" { "clause" } th scope="col" { "level" }
                    @for column in &field.columns {
                        th scope="col" { (shown(column.side.name())) br; (column.side.dialect.name) }
                    }
                } }
                tbody { @for row in &rows { tr {
                    th scope="row" title=(row.clause.clause().text) { (row.clause.as_str()) }
                    td { (row.level.as_str()) }
                    @for cell in &row.cells { td class=(class(*cell)) {
                        (cell.map_or("-", |cell| cell.word()))
                    } }
                } } }
            } }
            @if hidden > 0 {
                p { (hidden) " more clauses are broken by none and varied by none." }
            }
            @if rows.iter().any(has_unchecked) {
                p { "?: nobody has checked it by hand, so nothing is said." }
            }
        }
    }
}

fn class(cell: Option<&Cell>) -> &'static str {
    match cell.and_then(|cell| cell.verdict) {
        Some(ClauseVerdict::Passed) => "good",
        Some(ClauseVerdict::Failed) => "bad",
        Some(ClauseVerdict::Varied | ClauseVerdict::Noted | ClauseVerdict::Waived) => "warn",
        Some(ClauseVerdict::Untested) | None => "none",
    }
}

/// A text of somebody else's, cut and without what nobody sees; maud escapes it.
fn shown(text: &str) -> String {
    clipped(&printable(text), LONGEST)
}
