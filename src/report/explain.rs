//! A clause or an error code in full, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::palette::Palette;
use super::text::printable;
use super::words::{self, Word};
use crate::protocol::{Clause, DIALECTS, ErrorCode, Level, Origin, Rung};

/// What a level means, in one line.
#[must_use]
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "the draft says it plainly; breaking it fails every run",
        Level::Draft => "the draft says it, servers do otherwise; fails from --level draft on",
        Level::Practice => "known from the deployed service; fails from --level practice on",
        Level::Open => "servers differ; what is seen is told and never fails",
    }
}

/// A clause: level, section, text, what else is accepted, the oracles that judge it, and the
/// scenarios that test it, each with its description.
#[must_use]
pub fn clause(
    clause: &Clause,
    tests: &[(&str, &str)],
    judges: &[&str],
    palette: &Palette,
) -> String {
    let (strong, faint) = (palette.strong, palette.faint);
    let mut out = String::new();
    let section = match clause.section {
        "-" => "not in the draft".to_owned(),
        section => format!("draft section {section}"),
    };
    let (name, at) = (clause.name, clause.level);
    let _ = writeln!(out, "{strong}{name}{strong:#}  {at}, {section}");
    let _ = writeln!(out, "    {}", clause.text);
    if let Some(accept) = clause.accept {
        let _ = writeln!(out, "    accepted as a variation: {accept}");
    }
    let _ = writeln!(out, "    {faint}{at}: {}{faint:#}", level(at));
    for change in clause.id.changes() {
        let accept = change.accept.map(|accept| format!("; accepted: {accept}"));
        let (span, at, accept) = (change.span(), change.level, accept.unwrap_or_default());
        let _ = writeln!(out, "    in {span}: {at}{accept}");
    }
    if !judges.is_empty() {
        let _ = writeln!(out, "\njudged in every scenario by: {}", judges.join(", "));
    }
    if tests.is_empty() {
        let _ = writeln!(out, "\nno scenario tests it");
        return out;
    }
    let _ = writeln!(out, "\ntested by");
    let widest = tests.iter().map(|(name, _)| name.chars().count()).max();
    for (name, description) in tests {
        let (name, description) = (printable(name), printable(description));
        let width = widest.unwrap_or_default().min(48);
        let _ = writeln!(out, "    {name:width$}  {faint}{description}{faint:#}");
    }
    out
}

/// An error code: name, cause, and where it is known from.
#[must_use]
pub fn code(code: &ErrorCode, palette: &Palette) -> String {
    let strong = palette.strong;
    let origin = match code.origin {
        Origin::Draft => "in the draft's table, section 7.11",
        Origin::Practice => "not in the draft; known from the deployed service",
    };
    format!(
        "{strong}{}{strong:#}  {}\n    {}\n    {origin}\n",
        code.code, code.name, code.cause
    )
}

/// A word of the reports.
#[must_use]
pub fn word(word: &Word, palette: &Palette) -> String {
    let (strong, faint) = (palette.strong, palette.faint);
    let Word { name, of, text } = word;
    format!("{strong}{name}{strong:#}  {faint}{of}{faint:#}\n    {text}\n")
}

/// A level, as a word.
#[must_use]
pub fn level_word(at: Level, palette: &Palette) -> String {
    let (name, of, text) = (at.as_str(), "a level of clauses", level(at));
    word(&Word { name, of, text }, palette)
}

/// A rung of the ladder, and the clauses that say that it works.
#[must_use]
pub fn rung(rung: Rung, palette: &Palette) -> String {
    let (name, of) = (rung.as_str(), "a rung of the ladder");
    let text = words::rung(rung);
    let mut out = word(&Word { name, of, text }, palette);
    let all = DIALECTS.iter().flat_map(|dialect| dialect.requests());
    let rows = all.filter(|row| row.rung == Some(rung));
    let mut clauses: Vec<&str> = rows
        .flat_map(|row| [row.clause.as_str(), row.result.as_str()])
        .collect();
    let mut seen = BTreeSet::new();
    clauses.retain(|clause| seen.insert(*clause));
    if !clauses.is_empty() {
        let _ = writeln!(out, "    its clauses: {}", clauses.join(", "));
    }
    out
}

/// An oracle with the clauses that it can accuse.
#[must_use]
pub fn oracle(name: &str, clauses: &[&str], palette: &Palette) -> String {
    let of = "an oracle";
    let strong = palette.strong;
    let faint = palette.faint;
    format!(
        "{strong}{name}{strong:#}  {faint}{of}{faint:#}\n    it watches every line of every scenario, \
         whatever the scenario is about, for these clauses: {}\n",
        clauses.join(", ")
    )
}
