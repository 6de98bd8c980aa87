//! The summary as tables, for a comment on a pull request or a job's summary page.
//!
//! What a server sent stands in code, where nothing in it is markup, a link or a mention.

use std::io::{self, Write};

use super::Reporter;
use super::conclusion::{reasons, sentence};
use super::dialects;
use super::digest::Digest;
use super::text::{clipped, printable, seconds};
use super::title::{counts, title};
use crate::event::{
    Cause, ClauseVerdict, Event, RunInfo, RungState, Standing, Summary, Totals, Verdict,
};
use crate::protocol::Level;

/// Longer texts are cut.
const LONGEST: usize = 200;
/// Causes in the table.
const CAUSES: usize = 30;
/// Causes that are told with their proof.
const PROVED: usize = 5;
const VERDICTS: [ClauseVerdict; 6] = [
    ClauseVerdict::Passed,
    ClauseVerdict::Varied,
    ClauseVerdict::Failed,
    ClauseVerdict::Waived,
    ClauseVerdict::Noted,
    ClauseVerdict::Untested,
];

/// Collects the run and writes its tables.
#[derive(Debug)]
pub struct Markdown {
    digest: Digest,
}

impl Default for Markdown {
    fn default() -> Self {
        Self {
            digest: Digest::labelled(),
        }
    }
}

impl Reporter for Markdown {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        match (&self.digest.summary, self.digest.conclusion()) {
            (Some(summary), Some(conclusion)) => {
                let run = self.digest.run();
                writeln!(out, "### {}", escaped(&sentence(&conclusion, &run)))?;
                for line in reasons(&conclusion) {
                    writeln!(out, "\n{}", escaped(&line))?;
                }
                write(summary, &run, out)?;
                inconclusive(&self.digest, out)?;
                writeln!(
                    out,
                    "\n{} scenarios in {}, level {}, seed {}, msnpspec {}",
                    summary.totals.all(),
                    seconds(summary.took),
                    run.level,
                    run.seed,
                    env!("CARGO_PKG_VERSION"),
                )
            }
            _ => Ok(()),
        }
    }
}

fn write(summary: &Summary, run: &RunInfo, out: &mut dyn Write) -> io::Result<()> {
    ladder(summary, out)?;
    causes(&summary.causes, run, out)?;
    scenarios(summary.totals, out)?;
    match summary.dialects.len() {
        0 | 1 => clauses(summary, out)?,
        _ => by_dialect(summary, run, out)?,
    }
    let proved = summary.causes.iter().filter(|it| is_told(it));
    for cause in proved.take(PROVED) {
        proof(cause, out)?;
    }
    Ok(())
}

fn ladder(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    if summary.ladder.iter().all(|rung| rung.state.holds()) {
        return Ok(());
    }
    writeln!(out, "\n| rung | state |\n| --- | --- |")?;
    for rung in &summary.ladder {
        let state = rung.state.as_str();
        let is_out = !matches!(rung.state, RungState::Works | RungState::Unreached);
        let mark = if is_out { "**" } else { "" };
        writeln!(out, "| {} | {mark}{state}{mark} |", rung.rung)?;
    }
    Ok(())
}

fn is_told(cause: &Cause) -> bool {
    cause.standing == Standing::Fails || cause.blocks > 0
}

/// A column for each dialect.
fn by_dialect(summary: &Summary, run: &RunInfo, out: &mut dyn Write) -> io::Result<()> {
    let names = summary.dialects.iter().map(|part| part.dialect.name);
    let names: Vec<&str> = names.collect();
    writeln!(out, "\n| | {} |", names.join(" | "))?;
    writeln!(out, "| --- |{}", " ---: |".repeat(names.len()))?;
    let broken = dialects::broken(summary).into_iter().take(CAUSES);
    for row in dialects::table(summary, run.level)
        .into_iter()
        .chain(broken)
    {
        writeln!(out, "| {} | {} |", row.name, row.cells.join(" | "))?;
    }
    Ok(())
}

fn causes(causes: &[Cause], run: &RunInfo, out: &mut dyn Write) -> io::Result<()> {
    let told: Vec<&Cause> = causes.iter().filter(|it| is_told(it)).collect();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n| clause | level | cause | |\n| --- | --- | --- | --- |"
    )?;
    for cause in told.iter().take(CAUSES) {
        let clause = cause.clause.map_or("", |id| id.as_str());
        let level = cause.level.map_or("", Level::as_str);
        let standing = match cause.standing {
            Standing::Fails => String::new(),
            other => format!("{}, ", other.as_str()),
        };
        let (text, counts) = (code(&title(cause)), counts(cause, run));
        writeln!(out, "| {clause} | {level} | {text} | {standing}{counts} |")?;
    }
    match told.len().saturating_sub(CAUSES) {
        0 => Ok(()),
        more => writeln!(out, "\n… and {more} more causes"),
    }
}

fn scenarios(totals: Totals, out: &mut dyn Write) -> io::Result<()> {
    let cells = totals.each();
    let names: Vec<&str> = cells.iter().map(|(verdict, _)| verdict.as_str()).collect();
    let counts: Vec<String> = cells.iter().map(|(_, count)| count.to_string()).collect();
    writeln!(out, "\n| scenarios | {} |", names.join(" | "))?;
    writeln!(out, "| --- |{}", " ---: |".repeat(cells.len()))?;
    writeln!(out, "| {} | {} |", totals.all(), counts.join(" | "))
}

fn clauses(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let names = VERDICTS.map(ClauseVerdict::as_str);
    writeln!(out, "\n| clauses | {} |", names.join(" | "))?;
    writeln!(out, "| --- |{}", " ---: |".repeat(VERDICTS.len()))?;
    for level in Level::ALL {
        let of_level = summary.clauses.iter().filter(|it| it.level == level);
        let counts = VERDICTS.map(|verdict| {
            let same = of_level.clone().filter(|it| it.verdict == verdict);
            same.count().to_string()
        });
        writeln!(out, "| {level} | {} |", counts.join(" | "))?;
    }
    Ok(())
}

fn proof(cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    let failure = &cause.failure;
    let name = cause.clause.map_or("no clause", |id| id.as_str());
    let text = escaped(&title(cause));
    writeln!(out, "\n<details><summary>{name}: {text}</summary>\n")?;
    if let Some(clause) = cause.clause.map(|id| id.clause()) {
        writeln!(out, "{}\n", escaped(clause.text))?;
    }
    writeln!(out, "```text")?;
    writeln!(out, "expected  {}", fenced(&failure.expected.text))?;
    writeln!(out, "     got  {}", fenced(&failure.got.to_string()))?;
    for line in &failure.transcript {
        writeln!(out, "| {}", fenced(line))?;
    }
    writeln!(out, "```\n\n</details>")
}

fn inconclusive(digest: &Digest, out: &mut dyn Write) -> io::Result<()> {
    let results: Vec<_> = digest.with(Verdict::Inconclusive).collect();
    let Some(first) = results.first() else {
        return Ok(());
    };
    let reason = first.reason.as_deref().unwrap_or_default();
    writeln!(out, "\n{} inconclusive: {}", results.len(), code(reason))
}

/// A line inside a fence: it cannot end the fence.
fn fenced(text: &str) -> String {
    clipped(text, LONGEST).replace('`', "\u{2018}")
}

/// A text as code in a cell.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", fenced(text).replace('|', "\\|"))
}

/// A text as plain words: nothing in it is markup, and nobody is mentioned.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in printable(text).chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("(at)"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '>' | '!' | '~' => {
                out.push('\\');
                out.push(char);
            }
            plain => out.push(plain),
        }
    }
    out
}
