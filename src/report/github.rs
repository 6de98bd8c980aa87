//! Annotations of GitHub Actions: one for each cause, the heaviest first, at the end.
//!
//! GitHub shows ten errors of a step and drops the rest, so one for each failure would hide most
//! faults. What is in the user's own scenarios is marked there; what the suite of the binary shows is told
//! in the summary of the run.

use std::io;

use super::Reporter;
use super::dialects::{are_many, line_of};
use super::digest::Digest;
use super::text::{counted, printable, some_of};
use super::title::{counts, headline, shown_by_scenarios, why};
use crate::event::{Cause, Event, NoticeKind, RunInfo, Standing, Verdict};

/// Names of scenarios shown where many failed alike.
const NAMES: usize = 10;

/// Collects the run and writes its annotations.
#[derive(Debug)]
pub struct Github {
    digest: Digest,
}

impl Default for Github {
    fn default() -> Self {
        Self {
            digest: Digest::labelled(),
        }
    }
}

impl Reporter for Github {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        if self.digest.summary.is_none() {
            return Ok(());
        }
        let digest = &self.digest;
        let causes = digest.causes();
        for cause in causes {
            let kind = match cause.standing {
                Standing::Fails => "error",
                _ if cause.blocks > 0 => "warning",
                _ => continue,
            };
            annotate(kind, cause, &digest.run(), out)?;
        }
        let undecided = digest.with(Verdict::Blocked);
        let mut undecided = undecided.filter(|result| result.cause.is_none());
        undecided.try_for_each(|result| {
            let title = format!("could not be carried out: {}", result.name);
            command("error", &[("title", &title)], &why(result, causes), out)
        })?;
        let inconclusive: Vec<_> = digest.with(Verdict::Inconclusive).collect();
        if let Some(first) = inconclusive.first() {
            let count = counted(inconclusive.len(), "scenario");
            let title = format!("inconclusive: {count}");
            command("warning", &[("title", &title)], &why(first, causes), out)?;
        }
        for result in digest.with(Verdict::Flaky) {
            let reason = result.reason.as_deref().unwrap_or_default();
            command(
                "warning",
                &[("title", &format!("flaky: {}", result.name))],
                reason,
                out,
            )?;
        }
        for notice in &digest.notices {
            let kind = match notice.kind {
                NoticeKind::Info => "notice",
                NoticeKind::Warning => "warning",
                NoticeKind::Error => "error",
            };
            let mut lines = vec![notice.text.as_str()];
            lines.extend(notice.detail.iter().map(String::as_str));
            command(kind, &[("title", "msnpspec")], &lines.join("\n"), out)?;
        }
        let mut told = vec![digest.sentence()];
        let parts = digest.summary.iter().flat_map(|summary| &summary.dialects);
        told.extend(parts.filter(|_| are_many(&digest.run())).map(line_of));
        command("notice", &[("title", "msnpspec")], &told.join("\n"), out)
    }
}

fn annotate(kind: &str, cause: &Cause, run: &RunInfo, out: &mut dyn io::Write) -> io::Result<()> {
    let failure = &cause.failure;
    let mut text = format!("expected {}\ngot {}", failure.expected, failure.got);
    for more in failure.detail.iter().chain(&failure.transcript) {
        text.push('\n');
        text.push_str(more);
    }
    if let Some(clause) = cause.clause.map(|id| id.clause()) {
        text.push_str(&format!(
            "\n{} ({}): {}",
            clause.name, clause.level, clause.text
        ));
    }
    text.push('\n');
    text.push_str(&counts(cause, run));
    if cause.shown_by.len() > 1 {
        let names = some_of(shown_by_scenarios(cause), NAMES);
        text.push_str(&format!(": {names}"));
    }
    let (line, column) = (
        failure.place.line.to_string(),
        failure.place.column.to_string(),
    );
    let title = headline(cause);
    let properties = [
        ("file", failure.place.file.as_str()),
        ("line", &line),
        ("col", &column),
        ("title", title.as_str()),
    ];
    let nowhere = if is_of_user(&failure.place.file, run) {
        0
    } else {
        3
    };
    let properties = properties.get(nowhere..).unwrap_or_default();
    command(kind, properties, &text, out)
}

/// Whether the file is in the repository whose workflow runs: the suite of the binary is not, and GitHub
/// would show a mark in a file that does not exist. Such an annotation stands in the summary of the run.
fn is_of_user(file: &str, run: &RunInfo) -> bool {
    let is_embedded = file.starts_with("scenarios/shared/");
    run.scope.files && !file.is_empty() && !is_embedded
}

/// One workflow command. Nothing in its text can end it or begin another.
fn command(
    kind: &str,
    properties: &[(&str, &str)],
    text: &str,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let lines: Vec<_> = text.split('\n').map(|line| printable(line)).collect();
    let text = lines.join("\n").replace('%', "%25").replace('\n', "%0A");
    let properties: Vec<String> = properties
        .iter()
        .map(|(key, value)| {
            let value = printable(value).replace('%', "%25");
            format!("{key}={}", value.replace(':', "%3A").replace(',', "%2C"))
        })
        .collect();
    writeln!(out, "::{kind} {}::{text}", properties.join(","))
}
