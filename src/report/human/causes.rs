//! How far an unfinished server has come, and what is wrong with it: each thing once, the heaviest
//! first.

use std::io::{self, Write};

use super::{Human, wire};
use crate::event::{Cause, RungResult, RungState, Standing, Summary};
use crate::report::text::{clipped, printable};
use crate::report::title::{counts, title};

/// Longer texts are cut.
const LONGEST: usize = 160;
/// Causes that are told with their proof.
const PROVED: usize = 5;
/// Lines of the transcript in a proof.
const LINES: usize = 6;

/// The ladder, where a rung of it is out, and what to build next.
pub(super) fn ladder(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let palette = &human.palette;
    let is_out = |rung: &&RungResult| !rung.state.holds() && rung.state != RungState::Unreached;
    let Some(next) = summary.ladder.iter().find(is_out) else {
        return Ok(());
    };
    let strong = palette.strong;
    writeln!(out, "\n{strong}how far the server has come{strong:#}")?;
    for run in summary.ladder.chunk_by(|a, b| a.state == b.state) {
        let Some(first) = run.first() else { continue };
        let names: Vec<String> = run.iter().map(|rung| rung_name(rung, summary)).collect();
        let style = match first.state {
            RungState::Works => palette.good,
            RungState::Odd => palette.warn,
            RungState::Unreached => palette.faint,
            RungState::Refused | RungState::Closed | RungState::Silent => palette.bad,
        };
        let state = first.state.as_str();
        writeln!(out, "  {style}{state:<9}{style:#} {}", names.join(", "))?;
    }
    let what = rung_name(next, summary);
    let Some(cause) = cause_of(next.cause, summary) else {
        return writeln!(out, "{strong}next to build{strong:#}: {what}");
    };
    let needed = match cause.blocks {
        0 => String::new(),
        1 => "; 1 scenario needs it".to_owned(),
        count => format!("; {count} scenarios need it"),
    };
    let why = because(&title(cause), &[next.rung.as_str(), verb_of(cause)]);
    writeln!(
        out,
        "{strong}next to build{strong:#}: {what}: {why}{needed}"
    )
}

/// A rung with the clause that is broken on it.
fn rung_name(rung: &RungResult, summary: &Summary) -> String {
    let clause = cause_of(rung.cause, summary).and_then(|cause| cause.clause);
    match clause.filter(|_| rung.state != RungState::Unreached) {
        Some(clause) => format!("{} ({clause})", rung.rung),
        None => rung.rung.to_string(),
    }
}

fn cause_of(id: Option<usize>, summary: &Summary) -> Option<&Cause> {
    summary.causes.iter().find(|cause| Some(cause.id) == id)
}

fn verb_of(cause: &Cause) -> &str {
    cause.failure.command.as_deref().unwrap_or_default()
}

/// A title without the command that is named before it: "it is never answered".
fn because(title: &str, names: &[&str]) -> String {
    let stripped = names.iter().filter(|name| !name.is_empty());
    let mut rests = stripped.filter_map(|name| title.strip_prefix(*name));
    match rests.next() {
        Some(rest) if rest.starts_with(' ') => format!("it{rest}"),
        Some(rest) => rest.trim_start_matches([':', ' ']).to_owned(),
        None => title.to_owned(),
    }
}

/// The causes worth a line: what fails the run, and what else keeps scenarios from being judged.
fn worth_telling(summary: &Summary) -> Vec<&Cause> {
    let causes = summary.causes.iter();
    let told = causes.filter(|it| it.standing == Standing::Fails || it.blocks > 0);
    told.collect()
}

/// All causes, the first few with their proof, in at most so many lines.
pub(super) fn write(
    human: &Human,
    summary: &Summary,
    mut room: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let causes = worth_telling(summary);
    let mut is_proving = true;
    for (at, cause) in causes.iter().enumerate() {
        let left = causes.len() - at - 1;
        // Those behind it get a line each, as far as there is room.
        let kept = room.saturating_sub(left.min(PROVED * 2) + usize::from(left > 0));
        let proved = match is_proving && at < PROVED {
            true => fitting(at, cause, human, kept)?,
            false => None,
        };
        let mut text = Vec::new();
        if proved.is_none() && std::mem::take(&mut is_proving) {
            writeln!(text)?;
        }
        match proved {
            Some(proved) => text = proved,
            None => text.extend(line_of(at, cause, human, true)?),
        }
        let lines = super::lines_of(&text);
        if lines + usize::from(left > 0) > room {
            return writeln!(out, "… and {} more: --full", left + 1);
        }
        room -= lines;
        out.write_all(&text)?;
    }
    Ok(())
}

/// Every cause in a line.
pub(super) fn index(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    for (at, cause) in worth_telling(summary).iter().enumerate() {
        if at == 0 {
            writeln!(out)?;
        }
        out.write_all(&line_of(at, cause, human, true)?)?;
    }
    Ok(())
}

/// A cause with as much of its proof as there is room for.
fn fitting(at: usize, cause: &Cause, human: &Human, room: usize) -> io::Result<Option<Vec<u8>>> {
    for lines in [LINES, LINES / 2] {
        let mut text = b"\n".to_vec();
        text.extend(line_of(at, cause, human, false)?);
        proof(cause, human, lines, &mut text)?;
        if super::lines_of(&text) <= room {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

fn line_of(at: usize, cause: &Cause, human: &Human, with_count: bool) -> io::Result<Vec<u8>> {
    let (number, title) = (at + 1, title(cause));
    let style = match cause.standing {
        Standing::Fails => human.palette.bad,
        Standing::Waived | Standing::Noted => human.palette.warn,
    };
    let standing = match cause.standing {
        Standing::Fails => String::new(),
        other => format!("{}, ", other.as_str()),
    };
    let name = match (cause.clause, cause.level) {
        (Some(clause), Some(level)) => format!("{clause} ({standing}{level})"),
        _ => "no clause".to_owned(),
    };
    let mut out = Vec::new();
    write!(out, "{style}{number}. {name}{style:#}: {title}")?;
    if with_count {
        write!(out, " ({})", counts(cause, &human.digest.run()))?;
    }
    writeln!(out)?;
    Ok(out)
}

fn proof(cause: &Cause, human: &Human, lines: usize, out: &mut Vec<u8>) -> io::Result<()> {
    let palette = &human.palette;
    let failure = &*cause.failure;
    let (good, bad) = (palette.good, palette.bad);
    let place = match failure.place.file.is_empty() {
        true => String::new(),
        false => format!("; at {}", printable(&failure.place.to_string())),
    };
    let counts = counts(cause, &human.digest.run());
    writeln!(out, "   {counts}{place}")?;
    let text = cause.clause.map(|id| id.clause().text);
    if let Some(text) = text {
        writeln!(out, "     clause  {}", clipped(text, LONGEST))?;
    }
    let expected = clipped(&failure.expected.text, LONGEST);
    if text != Some(failure.expected.text.as_str()) {
        writeln!(out, "   expected  {good}{expected}{good:#}")?;
    }
    let got = clipped(&failure.got.to_string(), LONGEST);
    writeln!(out, "        got  {bad}{got}{bad:#}")?;
    if failure.oracle().is_some() {
        let oracle = printable(failure.judge.as_str());
        writeln!(out, "   found by  the oracle {oracle}")?;
    }
    wire::words(failure, palette, out)?;
    wire::dialogue(failure, palette, lines, out)
}
