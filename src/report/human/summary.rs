//! The end of the report: what varied, what is noted, the table by level, the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;

use super::Human;
use crate::event::{
    ClauseResult, ClauseVerdict, Conclusion, ScenarioResult, Summary, Totals, Verdict,
};
use crate::protocol::{ClauseId, Level};
use crate::report::again::next;
use crate::report::conclusion::{reasons, sentence};
use crate::report::dialects;
use crate::report::text::{clipped, counted, printable, seconds, some_of};
const VERDICTS: [ClauseVerdict; 6] = [
    ClauseVerdict::Passed,
    ClauseVerdict::Varied,
    ClauseVerdict::Failed,
    ClauseVerdict::Waived,
    ClauseVerdict::Noted,
    ClauseVerdict::Untested,
];
/// Names in one line.
const NAMES: usize = 5;
/// Longer texts are cut.
const LONGEST: usize = 160;
/// What was expected and what came, beside each other.
const WIDE: usize = 60;

/// Broken clauses in the table of dialects, where the report is not told in full.
const BROKEN: usize = 8;
/// Lines of one kind, where the report is not told in full.
const FEW: usize = 3;

/// Writes everything behind the causes.
pub(super) fn write(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    let mut asides = Vec::new();
    few(human, by_name(human), &mut asides)?;
    few(human, by_reason(human), &mut asides)?;
    variations(human, &mut asides)?;
    notes(human, summary, &mut asides)?;
    if !asides.is_empty() {
        writeln!(asides)?;
        out.write_all(&asides)?;
    }
    if summary.dialects.len() > 1 {
        by_dialect(human, summary, out)?;
    } else if summary.totals.all() > 0 {
        table(human, summary, out)?;
    }
    totals(human, summary, out)?;
    verdict(human, summary, out)
}

/// The lines; the first few of them where the report is not told in full.
fn few(human: &Human, lines: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    let most = if human.is_full { usize::MAX } else { FEW };
    for line in lines.iter().take(most) {
        writeln!(out, "{line}")?;
    }
    match lines.len().saturating_sub(most) {
        0 => Ok(()),
        more => writeln!(out, "… and {more} more: --full"),
    }
}

/// Failures that were verified, flaky and waived scenarios, a line each.
fn by_name(human: &Human) -> Vec<String> {
    let warn = human.palette.warn;
    let line = |result: &ScenarioResult| {
        let (word, name) = (result.verdict.as_str(), printable(&result.name));
        let reason = clipped(result.reason.as_deref().unwrap_or("no reason"), LONGEST);
        let evidence = evidence(human, result);
        format!("{warn}{word}{warn:#} {name}: {reason}{evidence}")
    };
    let failed = human.digest.with(Verdict::Failed);
    let verified = failed.filter(|result| result.plays.is_some());
    let flaky = human.digest.with(Verdict::Flaky);
    let waived = human.digest.with(Verdict::Waived);
    verified.chain(flaky).chain(waived).map(line).collect()
}

/// What a flaky scenario has shown once, and in a full report both transcripts.
fn evidence(human: &Human, result: &ScenarioResult) -> String {
    let Some(failure) = result.failures.first() else {
        return String::new();
    };
    if result.verdict != Verdict::Flaky {
        return String::new();
    }
    let clause = failure.clause.map_or("", |clause| clause.as_str());
    let (expected, got) = (failure.expected.to_string(), failure.got.to_string());
    let (expected, got) = (clipped(&expected, WIDE), clipped(&got, WIDE));
    let mut text = format!("; once: {clause} expected {expected}, got {got}");
    if human.is_full {
        for line in &result.transcript {
            text.push_str("\n   | ");
            text.push_str(&clipped(line, LONGEST));
        }
    }
    text
}

/// Scenarios that were not judged, folded by their reason.
fn by_reason(human: &Human) -> Vec<String> {
    let mut lines = Vec::new();
    for verdict in [Verdict::Inconclusive, Verdict::Skipped] {
        let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
        for result in human.digest.with(verdict) {
            let reason = result.reason.as_deref().unwrap_or("no reason");
            match found.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, names)) => names.push(&result.name),
                None => found.push((reason, vec![&result.name])),
            }
        }
        found.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
        for (reason, names) in found {
            let (count, reason) = (counted(names.len(), "scenario"), clipped(reason, LONGEST));
            let (word, names) = (verdict.as_str(), some_of(names, NAMES));
            lines.push(format!("{word} {count}, {reason}: {names}"));
        }
    }
    lines
}

fn variations(human: &Human, out: &mut dyn Write) -> io::Result<()> {
    let found = human.digest.variations();
    if found.is_empty() {
        return Ok(());
    }
    let strong = human.palette.strong;
    if !human.is_full && found.len() > FEW {
        let names = some_of(found.keys().map(|id| id.as_str()), 12);
        return writeln!(
            out,
            "{strong}varied{strong:#}, as the clauses allow: {names}"
        );
    }
    writeln!(
        out,
        "{strong}varied{strong:#}, as the clauses allow (--strict makes failures of it)"
    )?;
    for (clause, seen) in found {
        let mut texts: Vec<&str> = seen
            .iter()
            .map(|(variation, _)| variation.seen.as_str())
            .collect();
        texts.dedup();
        let run = human.digest.run();
        let level = run.dialects.iter().map(|it| clause.level_in(it)).min();
        let level = level.unwrap_or(clause.level());
        let text = clipped(texts.first().copied().unwrap_or_default(), LONGEST);
        let more = match seen.len() {
            1 => String::new(),
            count => format!(" ({count} times)"),
        };
        writeln!(out, "  {clause:<9} {level:<9} {text}{more}")?;
    }
    Ok(())
}

fn notes(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let noted = |it: &&ClauseResult| it.verdict == ClauseVerdict::Noted;
    // Each in the dialect in which it is firmest.
    let mut found: BTreeMap<ClauseId, Level> = BTreeMap::new();
    for it in summary.clauses.iter().filter(noted) {
        let level = found.entry(it.id).or_insert(it.level);
        *level = it.level.min(*level);
    }
    if found.is_empty() {
        return Ok(());
    }
    let strong = human.palette.strong;
    let (count, level) = (counted(found.len(), "clause"), human.digest.run().level);
    writeln!(
        out,
        "{strong}noted{strong:#}: {count} broken beyond level {level}"
    )?;
    for at in Level::ALL {
        let ids = found.iter().filter(|(_, level)| **level == at);
        let ids: Vec<&str> = ids.map(|(id, _)| id.as_str()).collect();
        if ids.is_empty() {
            continue;
        }
        let hint = match at {
            Level::Open => "never a failure".to_owned(),
            at => format!("--level {at} makes failures of it"),
        };
        writeln!(out, "  {at:<9} {} ({hint})", some_of(ids, 20))?;
    }
    Ok(())
}

fn table(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let strong = human.palette.strong;
    write!(out, "{strong}clauses  ")?;
    for verdict in VERDICTS {
        write!(out, "{:>10}", verdict.as_str())?;
    }
    writeln!(out, "{strong:#}")?;
    for level in Level::ALL {
        let count = |verdict| {
            let same = |result: &&ClauseResult| result.level == level && result.verdict == verdict;
            summary.clauses.iter().filter(same).count()
        };
        let counts = VERDICTS.map(count);
        if counts.iter().all(|count| *count == 0) {
            continue;
        }
        write!(out, "{level:<9}")?;
        for (verdict, count) in VERDICTS.into_iter().zip(counts) {
            let style = match verdict {
                ClauseVerdict::Failed if count > 0 => human.palette.bad,
                ClauseVerdict::Noted | ClauseVerdict::Waived if count > 0 => human.palette.warn,
                ClauseVerdict::Passed if count > 0 => human.palette.good,
                _ => Style::new(),
            };
            write!(out, "{style}{count:>10}{style:#}")?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

/// A column for each dialect.
fn by_dialect(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let strong = human.palette.strong;
    write!(out, "{strong}{:<17}", "")?;
    for part in &summary.dialects {
        write!(out, "{:>9}", part.dialect)?;
    }
    writeln!(out, "{strong:#}")?;
    let level = human.digest.run().level;
    let rows = dialects::table(summary, level);
    let broken = dialects::broken(summary);
    let most = if human.is_full { usize::MAX } else { BROKEN };
    for row in rows.iter().chain(broken.iter().take(most)) {
        write!(out, "{:<17}", row.name)?;
        for cell in &row.cells {
            let style = match cell.as_str() {
                "failed" => human.palette.bad,
                _ => Style::new(),
            };
            write!(out, "{style}{cell:>9}{style:#}")?;
        }
        writeln!(out)?;
    }
    match broken.len().saturating_sub(most) {
        0 => writeln!(out),
        more => writeln!(out, "… and {}: --full\n", counted(more, "more clause")),
    }
}

fn totals(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let Totals {
        passed,
        failed,
        blocked,
        inconclusive,
        skipped,
        waived,
        flaky,
    } = summary.totals;
    let words = [
        (passed, "passed", human.palette.good),
        (failed, "failed", human.palette.bad),
        (blocked, "blocked", human.palette.warn),
        (inconclusive, "inconclusive", human.palette.warn),
        (skipped, "skipped", Style::new()),
        (waived, "waived", human.palette.warn),
        (flaky, "flaky", human.palette.warn),
    ];
    let shown = words.into_iter().filter(|(count, ..)| *count > 0);
    let shown: Vec<String> = shown
        .map(|(count, word, style)| format!("{style}{count} {word}{style:#}"))
        .collect();
    let (all, took) = (
        counted(summary.totals.all(), "scenario"),
        seconds(summary.took),
    );
    if shown.is_empty() {
        writeln!(out, "{all} in {took}")?;
    } else {
        writeln!(out, "{all} in {took}: {}", shown.join(", "))?;
    }
    if human.is_full {
        seen_only(human, out)?;
    }
    let worth_telling = |(_, time): &&(String, Duration)| *time >= Duration::from_millis(1);
    let waits: Vec<String> = summary
        .waited
        .iter()
        .filter(worth_telling)
        .map(|(what, time)| format!("{} for {}", seconds(*time), printable(what)))
        .collect();
    if waits.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "spent waiting, over all scenarios: {}",
        waits.join(", ")
    )
}

/// How many scenarios failed only for what oracles saw beside their steps.
fn seen_only(human: &Human, out: &mut dyn Write) -> io::Result<()> {
    let failed = human.digest.with(Verdict::Failed);
    let (mut count, mut clauses) = (0, BTreeSet::new());
    for result in failed.filter(|result| result.is_met) {
        let mut failures = result.failures.iter();
        if failures.all(|failure| failure.oracle().is_some()) {
            count += 1;
            clauses.extend(result.failures.iter().filter_map(|failure| failure.clause));
        }
    }
    if count == 0 {
        return Ok(());
    }
    let names = some_of(clauses.iter().map(|id| id.as_str()), NAMES);
    writeln!(
        out,
        "{count} of the failed met every step: it was oracles that saw {names} broken"
    )
}

fn verdict(human: &Human, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let Some(conclusion) = human.digest.conclusion() else {
        return Ok(());
    };
    let style = match conclusion {
        Conclusion::Conforms(_) => human.palette.good,
        Conclusion::Breaks(_) | Conclusion::Aborted(_) => human.palette.bad,
        _ => human.palette.warn,
    };
    let is_told = matches!(conclusion, Conclusion::Aborted(_));
    if let Some(reason) = summary.aborted.as_ref().filter(|_| !is_told) {
        let (warn, reason) = (human.palette.warn, printable(reason));
        writeln!(out, "{warn}the run was cut short: {reason}{warn:#}")?;
    }
    for line in reasons(&conclusion) {
        writeln!(out, "{line}")?;
    }
    let sentence = match &conclusion {
        // An error has said why.
        Conclusion::Aborted(reason) if human.digest.has_told(reason) => {
            "the run was cut short, as told above".to_owned()
        }
        _ => sentence(&conclusion, &human.digest.run()),
    };
    writeln!(out, "{style}{sentence}{style:#}")?;
    let hint = human.palette.hint;
    for command in next(&human.digest, summary, &conclusion, &human.again) {
        writeln!(out, "    {hint}{command}{hint:#}")?;
    }
    Ok(())
}
