//! One failure with its proof: where, what was expected, what came, which clause, what was on the
//! wire.

use std::io::{self, Write};

use super::wire;
use crate::diagnostic::Place;
use crate::event::{Failure, Judge};
use crate::report::fold::Group;
use crate::report::palette::Palette;
use crate::report::text::{clipped, counted, printable, some_of};

/// Longer texts are cut; the JSON report has them whole.
const LONGEST: usize = 400;
/// The lines of the transcript that are shown.
const LINES: usize = 12;
/// Names of scenarios that failed alike.
const NAMES: usize = 5;

/// Writes a failure that stands for all that are like it.
pub(super) fn write(
    title: &str,
    group: &Group<'_>,
    why: &str,
    palette: &Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (strong, faint) = (palette.strong, palette.faint);
    let style = if title == "failed" {
        palette.bad
    } else {
        palette.warn
    };
    let scenario = group.scenario;
    let name = printable(&scenario.name);
    writeln!(out, "\n{style}{title}{style:#} {strong}{name}{strong:#}")?;
    writeln!(out, "  {}", clipped(&scenario.description, LONGEST))?;
    // A precondition that failed is its own reason, and is shown below.
    let is_shown = group.failure.is_some() && why.starts_with("expected ");
    match title {
        "blocked" if why.is_empty() => writeln!(out, "  could not be carried out")?,
        "blocked" if !is_shown => writeln!(out, "  {why}")?,
        "blocked" => writeln!(out, "  could not be carried out: a precondition failed")?,
        _ if !why.is_empty() && !is_shown => writeln!(out, "  {why}")?,
        _ => {}
    }
    if let Some(failure) = group.failure {
        proof(failure, palette, out)?;
    }
    if !group.others.is_empty() {
        let more = counted(group.others.len(), "more scenario");
        let names = some_of(group.others.iter().copied(), NAMES);
        writeln!(out, "  the same in {more}: {faint}{names}{faint:#}")?;
    }
    for witness in &group.witnesses {
        let count = counted(witness.scenarios.len(), "scenario");
        let names = some_of(witness.scenarios.iter().copied(), NAMES);
        writeln!(
            out,
            "  the oracle {} saw it in {count}: {faint}{names}{faint:#}",
            printable(witness.oracle)
        )?;
        writeln!(out, "            {}", clipped(witness.message, LONGEST))?;
    }
    Ok(())
}

pub(super) fn proof(failure: &Failure, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let (good, bad, strong) = (palette.good, palette.bad, palette.strong);
    source(&failure.place, palette, out)?;
    writeln!(
        out,
        "  expected  {good}{}{good:#}",
        clipped(&failure.expected.text, LONGEST)
    )?;
    writeln!(
        out,
        "       got  {bad}{}{bad:#}",
        clipped(&failure.got.to_string(), LONGEST)
    )?;
    if let Some(detail) = &failure.detail {
        writeln!(out, "            {}", clipped(detail, LONGEST))?;
    }
    if let Some(clause) = failure.clause.map(|id| id.clause()) {
        let section = match clause.section {
            "-" => "not in the draft".to_owned(),
            section => format!("section {section}"),
        };
        let (name, level, text) = (clause.name, clause.level, clause.text);
        writeln!(
            out,
            "    clause  {strong}{name}{strong:#} ({level}, {section}): {text}"
        )?;
    }
    if failure.oracle().is_some() {
        writeln!(
            out,
            "  found by  the oracle {}",
            printable(failure.judge.as_str())
        )?;
    } else if failure.judge != Judge::Step {
        writeln!(out, "  found by  {}", printable(failure.judge.as_str()))?;
    }
    wire::words(failure, palette, out)?;
    wire::dialogue(failure, palette, LINES, out)
}

/// The place, the line itself, and a caret below it.
fn source(place: &Place, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let faint = palette.faint;
    if place.file.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  {faint}at{faint:#} {}",
        printable(&place.to_string())
    )?;
    if place.text.trim().is_empty() {
        return Ok(());
    }
    let head: String = place
        .text
        .chars()
        .take(place.column.saturating_sub(1))
        .collect();
    let shift = printable(&head).chars().count();
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    writeln!(
        out,
        "    {faint}{number} |{faint:#} {}",
        clipped(&place.text, LONGEST)
    )?;
    if shift < LONGEST {
        let (bad, space) = (palette.bad, " ".repeat(shift));
        writeln!(out, "    {faint}{margin} |{faint:#} {space}{bad}^{bad:#}")?;
    }
    Ok(())
}
