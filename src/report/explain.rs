//! A clause or an error code in full, for people.

use std::fmt::Write as _;

use super::palette::Palette;
use super::text::printable;
use crate::spec::{Clause, ErrorCode, Level, Origin};

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
