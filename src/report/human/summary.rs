//! The end of the report: what varied, what is noted, the table by level, the verdict.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;

use super::Human;
use crate::event::{ClauseResult, ClauseVerdict, Summary, Totals, Verdict};
use crate::report::conclusion::Conclusion;
use crate::report::fold::{Group, fold};
use crate::report::text::{clipped, counted, printable, seconds, shell_word, some_of};
use crate::spec::{ClauseId, Level};

const LEVELS: [Level; 4] = [Level::Must, Level::Draft, Level::Practice, Level::Open];
const VERDICTS: [ClauseVerdict; 5] = [
    ClauseVerdict::Passed,
    ClauseVerdict::Varied,
    ClauseVerdict::Failed,
    ClauseVerdict::Noted,
    ClauseVerdict::Untested,
];
/// Names in one line.
const NAMES: usize = 5;
/// Longer texts are cut.
const LONGEST: usize = 160;

/// Writes everything behind the failures.
pub(super) fn write(human: &Human, out: &mut dyn Write) -> io::Result<()> {
    let Some(summary) = &human.digest.summary else {
        return Ok(());
    };
    writeln!(out)?;
    let mut asides = Vec::new();
    reasons(human, &mut asides)?;
    variations(human, &mut asides)?;
    notes(human, &mut asides)?;
    if !asides.is_empty() {
        writeln!(asides)?;
        out.write_all(&asides)?;
    }
    if summary.totals.all() > 0 {
        table(human, summary, out)?;
    }
    totals(human, summary, out)?;
    verdict(human, summary, out)
}

/// Flaky, waived and skipped scenarios; the skipped ones folded by their reason.
fn reasons(human: &Human, out: &mut dyn Write) -> io::Result<()> {
    let warn = human.palette.warn;
    for verdict in [Verdict::Flaky, Verdict::Waived] {
        for result in human.digest.with(verdict) {
            let (word, name) = (verdict.as_str(), printable(&result.name));
            let reason = clipped(result.reason.as_deref().unwrap_or("no reason"), LONGEST);
            writeln!(out, "{warn}{word}{warn:#} {name}: {reason}")?;
        }
    }
    let mut skipped: Vec<(&str, Vec<&str>)> = Vec::new();
    for result in human.digest.with(Verdict::Skipped) {
        let reason = result.reason.as_deref().unwrap_or("no reason");
        match skipped.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(&result.name),
            None => skipped.push((reason, vec![&result.name])),
        }
    }
    for (reason, names) in skipped {
        let (count, reason) = (counted(names.len(), "scenario"), clipped(reason, LONGEST));
        writeln!(out, "skipped {count}, {reason}: {}", some_of(names, NAMES))?;
    }
    Ok(())
}

fn variations(human: &Human, out: &mut dyn Write) -> io::Result<()> {
    let found = human.digest.variations();
    if found.is_empty() {
        return Ok(());
    }
    let strong = human.palette.strong;
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
        let level = clause.level();
        let text = clipped(texts.first().copied().unwrap_or_default(), LONGEST);
        let more = match seen.len() {
            1 => String::new(),
            count => format!(" ({count} times)"),
        };
        writeln!(out, "  {clause:<9} {level:<9} {text}{more}")?;
    }
    Ok(())
}

fn notes(human: &Human, out: &mut dyn Write) -> io::Result<()> {
    let found = human.digest.notes();
    if found.is_empty() {
        return Ok(());
    }
    let strong = human.palette.strong;
    let (count, level) = (counted(found.len(), "clause"), human.digest.run().level);
    writeln!(
        out,
        "{strong}noted{strong:#}: {count} broken beyond level {level}"
    )?;
    for at in LEVELS {
        let ids = found.keys().filter(|id| id.level() == at);
        let ids: Vec<&str> = ids.map(|id| id.as_str()).collect();
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
    for level in LEVELS {
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
                ClauseVerdict::Noted if count > 0 => human.palette.warn,
                ClauseVerdict::Passed if count > 0 => human.palette.good,
                _ => Style::new(),
            };
            write!(out, "{style}{count:>10}{style:#}")?;
        }
        writeln!(out)?;
    }
    writeln!(out)
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
    seen_only(human, out)?;
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
        "waited in vain, all scenarios together: {}",
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
    let conclusion = Conclusion::of(summary, &human.digest.notices);
    let style = match conclusion {
        Conclusion::Conforms => human.palette.good,
        Conclusion::Breaks(_) | Conclusion::Aborted(_) => human.palette.bad,
        Conclusion::Undecided(_) | Conclusion::Nothing => human.palette.warn,
    };
    if let (Some(reason), false) = (
        &summary.aborted,
        matches!(conclusion, Conclusion::Aborted(_)),
    ) {
        let warn = human.palette.warn;
        writeln!(
            out,
            "{warn}the run was cut short: {}{warn:#}",
            printable(reason)
        )?;
    }
    let sentence = conclusion.sentence(&human.digest.run());
    writeln!(out, "{style}{sentence}{style:#}")?;
    let hint = human.palette.hint;
    for command in next(human, &conclusion) {
        writeln!(out, "    {hint}{command}{hint:#}")?;
    }
    Ok(())
}

/// What a reader does next.
fn next(human: &Human, conclusion: &Conclusion) -> Vec<String> {
    let groups = fold(&human.digest, Verdict::Failed);
    let in_a_file = |group: &&Group<'_>| {
        let place = group.failure.map(|failure| &failure.place);
        place.is_none_or(|place| !place.file.is_empty())
    };
    let first = |verdict| match verdict {
        Verdict::Failed => groups.iter().find(in_a_file).map(|group| group.scenario),
        verdict => human.digest.with(verdict).next(),
    };
    let again = |verdict| {
        let result = first(verdict)?;
        Some(format!("{} -f {}", human.again, shell_word(&result.name)))
    };
    let failure = groups.first().and_then(|group| group.failure);
    let clause = failure.and_then(|failure| failure.clause);
    let explain = |id: ClauseId| format!("msnpspec explain {id}");
    match conclusion {
        Conclusion::Breaks(clauses) => {
            let commands = [
                clause.or(clauses.first().copied()).map(explain),
                again(Verdict::Failed),
            ];
            commands.into_iter().flatten().collect()
        }
        Conclusion::Undecided(_) => again(Verdict::Blocked).into_iter().collect(),
        Conclusion::Nothing => vec!["msnpspec list scenarios".to_owned()],
        Conclusion::Conforms | Conclusion::Aborted(_) => Vec::new(),
    }
}
