//! TAP version 14: a test point for each scenario, with a YAML block where something is wrong.
//!
//! The plan comes last, so a run that was cut off is seen to be incomplete. Waived and flaky
//! scenarios are `not ok … # TODO`, which fails no TAP consumer and hides nothing; blocked and
//! inconclusive ones are skipped. What no scenario shows of what is wrong is a point of its own, and
//! blocked scenarios stand behind it, at the end, where their causes are known.

use std::io;
use std::sync::Arc;

use serde_json::Value;

use super::Reporter;
use super::dialects::{are_many, label, line_of};
use super::digest::Digest;
use super::text::printable;
use super::title::{counts, headline, shown_by_scenarios, why};
use crate::event::{Cause, Event, Failure, Notice, ScenarioResult, Standing, Verdict};
use crate::protocol::Dialect;

/// Writes each result as it comes.
#[derive(Debug, Default)]
pub struct Tap {
    /// What the run is, and no more.
    digest: Digest,
    points: usize,
    blocked: Vec<Arc<ScenarioResult>>,
}

impl Reporter for Tap {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        match event {
            Event::Started(run) => {
                self.digest.take(event);
                writeln!(out, "TAP version 14")?;
                let target = escaped(&run.target);
                let names = Dialect::names(&run.dialects);
                writeln!(
                    out,
                    "# {target}, {names}, level {}, seed {}",
                    run.level, run.seed
                )
            }
            Event::Climbed(..) | Event::ScenarioStarted(..) => Ok(()),
            Event::ScenarioFinished(result) if result.is_first_look() => Ok(()),
            Event::ScenarioFinished(result) if result.verdict == Verdict::Blocked => {
                self.blocked.push(Arc::clone(result));
                Ok(())
            }
            Event::ScenarioFinished(result) => self.point(result, &[], out),
            Event::Notice(notice) => comment(notice, out),
            Event::Finished(summary) => {
                for cause in &summary.causes {
                    self.cause(cause, out)?;
                }
                for result in std::mem::take(&mut self.blocked) {
                    self.point(&result, &summary.causes, out)?;
                }
                if are_many(&self.digest.run()) {
                    for part in &summary.dialects {
                        writeln!(out, "# {}", line_of(part))?;
                    }
                }
                if let Some(reason) = &summary.aborted {
                    return writeln!(out, "Bail out! {}", escaped(reason));
                }
                match self.points {
                    0 => writeln!(out, "1..0 # SKIP nothing ran"),
                    points => writeln!(out, "1..{points}"),
                }
            }
        }
    }
}

impl Tap {
    /// A cause that no scenario shows: the first look does, or what it blocks.
    fn cause(&mut self, cause: &Cause, out: &mut dyn io::Write) -> io::Result<()> {
        if shown_by_scenarios(cause).next().is_some() {
            return Ok(());
        }
        let name = escaped(&headline(cause));
        let todo = match cause.standing {
            Standing::Fails => String::new(),
            other if cause.blocks > 0 => format!(" # TODO {}", other.as_str()),
            _ => return Ok(()),
        };
        self.points += 1;
        writeln!(out, "not ok {} - {name}{todo}", self.points)?;
        writeln!(out, "  ---")?;
        writeln!(
            out,
            "  cause: {}",
            scalar(&counts(cause, &self.digest.run()))
        )?;
        writeln!(out, "  failures:")?;
        describe(&cause.failure, out)?;
        writeln!(out, "  ...")
    }

    fn point(
        &mut self,
        result: &ScenarioResult,
        causes: &[Cause],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        self.points += 1;
        let name = match are_many(&self.digest.run()) {
            true => label(result),
            false => result.name.clone(),
        };
        let (point, name) = (self.points, escaped(&name));
        let reason = escaped(&why(result, causes));
        match result.verdict {
            Verdict::Passed => writeln!(out, "ok {point} - {name}")?,
            Verdict::Skipped => writeln!(out, "ok {point} - {name} # SKIP {reason}")?,
            Verdict::Waived | Verdict::Flaky => {
                let verdict = result.verdict.as_str();
                writeln!(out, "not ok {point} - {name} # TODO {verdict}: {reason}")?;
            }
            Verdict::Inconclusive => {
                writeln!(out, "ok {point} - {name} # SKIP inconclusive: {reason}")?;
            }
            Verdict::Blocked if result.cause.is_some() => {
                writeln!(out, "ok {point} - {name} # SKIP {reason}")?;
                return Ok(());
            }
            Verdict::Failed | Verdict::Blocked => writeln!(out, "not ok {point} - {name}")?,
        }
        diagnose(result, out)
    }
}

/// The YAML block; scalars are JSON strings, which are YAML strings too.
fn diagnose(result: &ScenarioResult, out: &mut dyn io::Write) -> io::Result<()> {
    let broken = result.verdict == Verdict::Blocked;
    let nothing = result.failures.is_empty() && result.variations.is_empty();
    if nothing && result.notes.is_empty() && !broken {
        return Ok(());
    }
    writeln!(out, "  ---")?;
    writeln!(out, "  verdict: {}", result.verdict.as_str())?;
    writeln!(out, "  duration_ms: {}", result.took.as_millis())?;
    if let Some(reason) = &result.reason {
        writeln!(out, "  reason: {}", scalar(reason))?;
    }
    for (title, failures) in [("failures", &result.failures), ("notes", &result.notes)] {
        if !failures.is_empty() {
            writeln!(out, "  {title}:")?;
        }
        for failure in failures {
            describe(failure, out)?;
        }
    }
    if !result.variations.is_empty() {
        writeln!(out, "  variations:")?;
    }
    for variation in &result.variations {
        writeln!(out, "    - clause: {}", variation.clause)?;
        writeln!(out, "      seen: {}", scalar(&variation.seen))?;
    }
    writeln!(out, "  ...")
}

fn describe(failure: &Failure, out: &mut dyn io::Write) -> io::Result<()> {
    let clause = failure.clause.map_or("~", |id| id.as_str());
    writeln!(out, "    - clause: {clause}")?;
    if let Some(level) = failure.level {
        writeln!(out, "      level: {level}")?;
    }
    writeln!(out, "      by: {}", scalar(failure.judge.as_str()))?;
    writeln!(out, "      at: {}", scalar(&failure.place.to_string()))?;
    writeln!(out, "      expected: {}", scalar(&failure.expected.text))?;
    writeln!(out, "      got: {}", scalar(&failure.got.to_string()))?;
    if let Some(detail) = &failure.detail {
        writeln!(out, "      detail: {}", scalar(detail))?;
    }
    if failure.transcript.is_empty() {
        return Ok(());
    }
    writeln!(out, "      transcript:")?;
    failure
        .transcript
        .iter()
        .try_for_each(|line| writeln!(out, "        - {}", scalar(line)))
}

fn comment(notice: &Notice, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "# {}", printable(&notice.text))?;
    notice
        .detail
        .iter()
        .try_for_each(|line| writeln!(out, "#   {}", printable(line)))
}

fn scalar(text: &str) -> String {
    Value::from(printable(text).as_ref()).to_string()
}

/// A description: `#` would begin a directive.
fn escaped(text: &str) -> String {
    printable(text).replace('\\', r"\\").replace('#', r"\#")
}
