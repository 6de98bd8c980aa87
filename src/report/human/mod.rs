//! The report for people, on a screen: how far an unfinished server has come, what is wrong with it,
//! each thing once and the first few with their proof, a table by level, and the verdict in words
//! with what to type next. In full also a line for what goes wrong while it happens, and each
//! failure with its proof.

mod causes;
mod failure;
mod judged;
mod summary;
mod wire;

pub use judged::Judged;

use std::collections::HashSet;
use std::io;

use super::Reporter;
use super::dialects::{are_many, label};
use super::digest::Digest;
use super::fold::fold;
use super::palette::Palette;
use super::text::{clipped, counted, printable, seconds};
use super::title::why;
use crate::event::{Event, Notice, NoticeKind, ScenarioResult, Verdict};
use crate::protocol::Dialect;

/// The lines of a report that is not told in full.
const SCREEN: usize = 58;
/// Notices are told one by one while the report has no more lines than this.
const NOTICES: usize = 12;
/// Further lines of a notice.
const DETAIL: usize = 4;
/// Longer lines are cut.
const WIDEST: usize = 120;

/// Writes for people.
#[derive(Debug)]
pub struct Human {
    digest: Digest,
    palette: Palette,
    again: String,
    /// Everything is told, however long it gets.
    is_full: bool,
    /// Lines written so far.
    lines: usize,
    /// Notices that found no room.
    hidden: usize,
    /// What oracles have seen and a line has told.
    told: HashSet<String>,
}

impl Default for Human {
    fn default() -> Self {
        Self::new(Palette::plain(), "msnpspec run")
    }
}

impl Human {
    /// A reporter with these colours. `again` is the command that a reader types to run something
    /// again against the same target, such as `msnpspec run --target my.yaml`.
    #[must_use]
    pub fn new(palette: Palette, again: impl Into<String>) -> Self {
        Self {
            digest: Digest::labelled(),
            palette,
            again: again.into(),
            is_full: false,
            lines: 0,
            hidden: 0,
            told: HashSet::new(),
        }
    }

    /// The same, that tells everything.
    #[must_use]
    pub fn full(mut self, is_full: bool) -> Self {
        self.is_full = is_full;
        self
    }

    fn begin(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let run = self.digest.run();
        let strict = if run.strict { ", strict" } else { "" };
        let jobs = match run.jobs {
            0 => String::new(),
            jobs => format!(", {jobs} at a time"),
        };
        writeln!(
            out,
            "{} against {}, {}, level {}{strict}{jobs}, seed {}",
            counted(run.scenarios, "scenario"),
            printable(&run.target),
            Dialect::names(&run.dialects),
            run.level,
            run.seed,
        )
    }

    /// Whether a scenario tells nothing new: oracles see the same breach in every scenario.
    fn is_old_news(&mut self, result: &ScenarioResult) -> bool {
        let mut is_old = result.verdict == Verdict::Failed;
        for failure in &result.failures {
            is_old &= failure.oracle().is_some_and(|(oracle, message)| {
                let clause = failure.clause.map_or("", |id| id.as_str());
                !self.told.insert(format!("{clause} {oracle} {message}"))
            });
        }
        is_old
    }

    /// One line for a scenario that did not simply pass.
    fn progress(&self, result: &ScenarioResult, out: &mut dyn io::Write) -> io::Result<()> {
        let style = match result.verdict {
            Verdict::Passed | Verdict::Skipped => return Ok(()),
            // The cause tells of all that it blocks.
            Verdict::Blocked if result.cause.is_some() => return Ok(()),
            Verdict::Failed => self.palette.bad,
            Verdict::Blocked | Verdict::Inconclusive | Verdict::Waived | Verdict::Flaky => {
                self.palette.warn
            }
        };
        let word = result.verdict.as_str().to_ascii_uppercase();
        let name = match are_many(&self.digest.run()) {
            true => label(result),
            false => result.name.clone(),
        };
        let (name, took) = (printable(&name), seconds(result.took));
        write!(out, "{style}{word:>12}{style:#} [{took:>8}] {name}")?;
        let first = result.failures.first();
        let reason = result
            .reason
            .as_ref()
            .filter(|_| result.verdict != Verdict::Failed || first.is_none());
        let more = match (reason, first) {
            (Some(reason), _) => clipped(reason, WIDEST),
            (None, Some(failure)) if failure.oracle().is_some() => {
                let clause = failure.clause.map_or(String::new(), |id| format!("{id}: "));
                let (oracle, message) = failure.oracle().unwrap_or_default();
                clipped(
                    &format!("{clause}{message} (the oracle {oracle}; told once)"),
                    WIDEST,
                )
            }
            (None, Some(failure)) => {
                let clause = failure.clause.map_or(String::new(), |id| format!("{id}: "));
                let (expected, got) = (&failure.expected, &failure.got);
                clipped(&format!("{clause}expected {expected}, got {got}"), WIDEST)
            }
            (None, None) => return writeln!(out),
        };
        let faint = self.palette.faint;
        writeln!(out, "  {faint}{more}{faint:#}")
    }

    fn notice(&mut self, notice: &Notice, out: &mut dyn io::Write) -> io::Result<()> {
        let most = if self.is_full { usize::MAX } else { DETAIL };
        // What a cause tells with its proof is told there.
        if notice.of.is_some() && !self.is_full {
            return Ok(());
        }
        if !self.is_full && self.lines > NOTICES {
            self.hidden += 1;
            return Ok(());
        }
        let (word, style) = match notice.kind {
            NoticeKind::Info => ("note", self.palette.hint),
            NoticeKind::Warning => ("warning", self.palette.warn),
            NoticeKind::Error => ("error", self.palette.bad),
        };
        writeln!(out, "{style}{word}{style:#}: {}", printable(&notice.text))?;
        let mut lines = notice.detail.iter().take(most);
        lines.try_for_each(|line| writeln!(out, "    {}", clipped(line, WIDEST)))?;
        match notice.detail.len().saturating_sub(most) {
            0 => Ok(()),
            more => writeln!(out, "    … and {}: --full", counted(more, "more line")),
        }
    }

    fn end(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let Some(summary) = &self.digest.summary else {
            return Ok(());
        };
        if self.hidden > 0 {
            writeln!(out, "… and {}: --full", counted(self.hidden, "more notice"))?;
        }
        let mut head = Vec::new();
        causes::ladder(self, summary, &mut head)?;
        let mut tail = Vec::new();
        summary::write(self, summary, &mut tail)?;
        out.write_all(&head)?;
        if self.is_full {
            causes::index(self, summary, out)?;
            self.failures(out)?;
        } else {
            let taken = self.lines + usize::from(self.hidden > 0) + lines_of(&head);
            let room = SCREEN.saturating_sub(taken + lines_of(&tail));
            causes::write(self, summary, room, out)?;
        }
        out.write_all(&tail)
    }

    /// Each failure, identical ones folded.
    fn failures(&self, out: &mut dyn io::Write) -> io::Result<()> {
        for (verdict, title) in [(Verdict::Failed, "failed"), (Verdict::Blocked, "blocked")] {
            let groups = fold(&self.digest, verdict);
            for group in &groups {
                let why = why(group.scenario, self.digest.causes());
                failure::write(title, group, &why, &self.palette, out)?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        match event {
            Event::Started(_) => self.begin(out),
            Event::Climbed(..) | Event::ScenarioStarted(..) => Ok(()),
            Event::ScenarioFinished(_) if !self.is_full => Ok(()),
            Event::ScenarioFinished(result) if self.is_old_news(result) => Ok(()),
            Event::ScenarioFinished(result) => self.progress(result, out),
            Event::Notice(notice) => self.notice(notice, out),
            Event::Finished(_) => self.end(out),
        }
    }
}

impl Reporter for Human {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        let mut text = Vec::new();
        self.tell(event, &mut text)?;
        self.lines += lines_of(&text);
        out.write_all(&text)
    }
}

fn lines_of(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}
