//! The report for people on recorded transcripts: each finding with its proof, then how many.

use std::io;

use super::failure;
use crate::event::{Event, Failure, ScenarioResult};
use crate::protocol::Level;
use crate::report::Reporter;
use crate::report::palette::Palette;
use crate::report::text::{counted, printable};

/// Writes for people what oracles found in transcripts.
#[derive(Debug)]
pub struct Judged {
    palette: Palette,
    level: Level,
    files: usize,
    findings: usize,
    notes: usize,
}

impl Judged {
    /// A reporter with these colours.
    #[must_use]
    pub fn new(palette: Palette) -> Self {
        Self {
            palette,
            level: Level::Must,
            files: 0,
            findings: 0,
            notes: 0,
        }
    }

    fn result(&mut self, result: &ScenarioResult, out: &mut dyn io::Write) -> io::Result<()> {
        self.files += 1;
        self.findings += result.failures.len();
        self.notes += result.notes.len();
        let (bad, strong, faint) = (self.palette.bad, self.palette.strong, self.palette.faint);
        let title = |failure: &Failure| {
            let clause = failure.clause.map_or("", |id| id.as_str());
            format!("{strong}{clause}{strong:#}")
        };
        for failure in &result.failures {
            writeln!(out, "{bad}finding{bad:#} {}", title(failure))?;
            failure::proof(failure, &self.palette, out)?;
            writeln!(out)?;
        }
        for note in &result.notes {
            let clause = note.clause.map_or("", |id| id.as_str());
            let level = note.level.map_or("", Level::as_str);
            let place = printable(&note.place.to_string()).into_owned();
            let detail = note.detail.as_deref().unwrap_or_default();
            let detail = printable(detail);
            writeln!(
                out,
                "{faint}noted{faint:#} {clause} ({level}) at {place}: {detail}"
            )?;
        }
        Ok(())
    }

    fn end(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let files = counted(self.files, "transcript");
        let findings = match self.findings {
            0 => "no finding".to_owned(),
            count => counted(count, "finding"),
        };
        let style = if self.findings == 0 {
            self.palette.good
        } else {
            self.palette.bad
        };
        write!(
            out,
            "{files}: {style}{findings}{style:#} at level {}",
            self.level
        )?;
        if self.notes > 0 {
            write!(out, ", {} beyond it", self.notes)?;
        }
        writeln!(out)
    }
}

impl Reporter for Judged {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        match event {
            Event::Started(run) => {
                self.level = run.level;
                Ok(())
            }
            Event::ScenarioFinished(result) => self.result(result, out),
            Event::Finished(_) => self.end(out),
            Event::Notice(notice) => writeln!(out, "note: {}", notice.text),
            Event::Climbed(..) | Event::ScenarioStarted(..) => Ok(()),
        }
    }
}
