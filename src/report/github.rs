//! Annotations of GitHub Actions: one for each failure, identical ones folded, at the end.
//!
//! GitHub shows ten errors of a step and drops the rest, so folding is what makes all faults seen.

use std::io;

use super::Reporter;
use super::digest::Digest;
use super::fold::{Group, fold};
use super::text::{counted, printable, some_of};
use crate::event::{Event, NoticeKind, Verdict};

/// Names of scenarios shown where many failed alike.
const NAMES: usize = 10;

/// Collects the run and writes its annotations.
#[derive(Debug, Default)]
pub struct Github {
    digest: Digest,
}

impl Reporter for Github {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        if self.digest.summary.is_none() {
            return Ok(());
        }
        let digest = &self.digest;
        for group in fold(digest, Verdict::Failed) {
            let clause = group.failure.and_then(|failure| failure.clause);
            let title = clause.map_or("failed", |id| id.as_str());
            annotate(
                "error",
                &group,
                &format!("{title}: {}", group.scenario.name),
                out,
            )?;
        }
        for group in fold(digest, Verdict::Blocked) {
            let title = format!("could not be carried out: {}", group.scenario.name);
            annotate("error", &group, &title, out)?;
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
        if let Some(conclusion) = digest.conclusion() {
            let sentence = conclusion.sentence(&digest.run());
            command("notice", &[("title", "msnpspec")], &sentence, out)?;
        }
        Ok(())
    }
}

fn annotate(kind: &str, group: &Group<'_>, title: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(failure) = group.failure else {
        let reason = group.scenario.reason.as_deref().unwrap_or_default();
        return command(
            kind,
            &[("title", title)],
            &alike(reason.to_owned(), group),
            out,
        );
    };
    let mut text = format!("expected {}\ngot {}", failure.expected, failure.got);
    for more in failure.detail.iter().chain(&failure.transcript) {
        text.push('\n');
        text.push_str(more);
    }
    if let Some(clause) = failure.clause.map(|id| id.clause()) {
        text.push_str(&format!(
            "\n{} ({}): {}",
            clause.name, clause.level, clause.text
        ));
    }
    let (line, column) = (
        failure.place.line.to_string(),
        failure.place.column.to_string(),
    );
    let properties = [
        ("file", failure.place.file.as_str()),
        ("line", &line),
        ("col", &column),
        ("title", title),
    ];
    let nowhere = if failure.place.file.is_empty() { 3 } else { 0 };
    let properties = properties.get(nowhere..).unwrap_or_default();
    command(kind, properties, &alike(text, group), out)
}

fn alike(mut text: String, group: &Group<'_>) -> String {
    if !group.others.is_empty() {
        let more = counted(group.others.len(), "more scenario");
        let names = some_of(group.others.iter().copied(), NAMES);
        text.push_str(&format!("\nthe same in {more}: {names}"));
    }
    for witness in &group.witnesses {
        let count = counted(witness.scenarios.len(), "scenario");
        let (oracle, message) = (witness.oracle, witness.message);
        text.push_str(&format!(
            "\nthe oracle {oracle} saw it in {count}: {message}"
        ));
    }
    text
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
