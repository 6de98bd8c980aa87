//! One page that needs nothing else: no script, no other file, no network.

use std::collections::BTreeMap;
use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Reporter;
use super::conclusion::sentence;
use super::dialects;
use super::digest::Digest;
use super::fold::{Group, Witness, fold};
use super::text::{clipped, counted, printable, seconds};
use super::title::{counts, title, why};
use crate::event::{
    ClauseResult, ClauseVerdict, Conclusion, Event, Failure, Judge, RunInfo, RungResult, RungState,
    Standing, Summary, Verdict,
};
use crate::protocol::ClauseId;

/// Longer texts of a server are cut on the page; the JSON document has them whole.
const LONGEST: usize = 2000;

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
td.n, th.n { text-align: right; }
pre { overflow-x: auto; background: #8882; padding: .5rem .75rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
article { border-left: 4px solid #c33; padding-left: 1rem; margin: 2rem 0; }
article.blocked { border-color: #c80; }
.failed { color: #c33; } .passed { color: #282; } .varied, .noted, .blocked, .inconclusive { color: #b60; }
.verdict { font-size: 1.3rem; font-weight: 600; }
";

/// Collects the run and writes one page.
#[derive(Debug)]
pub struct Html {
    digest: Digest,
}

impl Default for Html {
    fn default() -> Self {
        Self {
            digest: Digest::labelled(),
        }
    }
}

impl Reporter for Html {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        let Some(summary) = &self.digest.summary else {
            return Ok(());
        };
        let page = page(&self.digest, summary).into_string();
        out.write_all(page.as_bytes())?;
        writeln!(out)
    }
}

fn page(digest: &Digest, summary: &Summary) -> Markup {
    let run = digest.run();
    let conclusion = Conclusion::of(summary, &run, &digest.notices);
    let class = if matches!(conclusion, Conclusion::Conforms(_)) {
        "passed"
    } else {
        "failed"
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "msnpspec: " (printable(&run.target)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (printable(&run.target)) }
                p class={ "verdict " (class) } { (sentence(&conclusion, &run)) }
                p {
                    (counted(summary.totals.all(), "scenario")) " in " (seconds(summary.took))
                    ", level " (run.level) @if run.strict { ", strict" } ", seed " (run.seed) "."
                }
                (totals(summary))
                (dialects(summary, &run))
                (notices(digest))
                (ladder(summary))
                (causes(summary, &run))
                (failures("Failures", "failed", &fold(digest, Verdict::Failed)))
                (others(digest))
                (clauses(digest, summary))
                (scenarios(digest))
            }
        }
    }
}

fn totals(summary: &Summary) -> Markup {
    let cells = summary.totals.each();
    html! {
        table {
            tr { @for (verdict, _) in cells { th { (verdict.as_str()) } } }
            tr { @for (_, count) in cells { td { (count) } } }
        }
        @if !summary.waited.is_empty() {
            p { "Waited " @for (i, (what, time)) in summary.waited.iter().enumerate() {
                @if i > 0 { ", " } (seconds(*time)) " for " (printable(what))
            } "." }
        }
    }
}

/// A column for each dialect.
fn dialects(summary: &Summary, run: &RunInfo) -> Markup {
    let rows = dialects::table(summary, run.level);
    html! {
        @if !rows.is_empty() {
            h2 { "Dialects" }
            table {
                tr { th { "" } @for part in &summary.dialects { th { (part.dialect) } } }
                @for row in &rows { tr {
                    td { (row.name) }
                    @for cell in &row.cells { td { (cell) } }
                } }
            }
        }
    }
}

fn notices(digest: &Digest) -> Markup {
    html! {
        @if !digest.notices.is_empty() {
            h2 { "Notices" }
            ul { @for notice in &digest.notices { li {
                (printable(&notice.text))
                @if !notice.detail.is_empty() { (lines(&notice.detail)) }
            } } }
        }
    }
}

fn ladder(summary: &Summary) -> Markup {
    let is_out = |rung: &RungResult| !rung.state.holds();
    html! {
        @if summary.ladder.iter().any(is_out) {
            h2 { "How far the server has come" }
            table {
                tr { @for rung in &summary.ladder { th { (rung.rung) } } }
                tr { @for rung in &summary.ladder {
                    @let class = match rung.state {
                        RungState::Works => "passed",
                        RungState::Odd | RungState::Unreached => "blocked",
                        _ => "failed",
                    };
                    td class=(class) { (rung.state.as_str()) }
                } }
            }
        }
    }
}

fn causes(summary: &Summary, run: &RunInfo) -> Markup {
    html! {
        @if !summary.causes.is_empty() {
            h2 { "Causes" }
            table {
                tr { th { "clause" } th { "level" } th { "what" } th { "" } th { "how often" } }
                @for cause in &summary.causes { tr {
                    td { @if let Some(id) = cause.clause { a href={ "#" (id) } { (id) } } }
                    td { @if let Some(level) = cause.level { (level) } }
                    td {
                        details {
                            summary { (title(cause)) }
                            (proof(&cause.failure))
                            ul { @for name in &cause.shown_by { li { (printable(name)) } } }
                        }
                    }
                    td { @if cause.standing != Standing::Fails { (cause.standing.as_str()) } }
                    td { (counts(cause, run)) }
                } }
            }
        }
    }
}

fn failures(title: &str, class: &str, groups: &[Group<'_>]) -> Markup {
    html! {
        @if !groups.is_empty() {
            h2 { (title) }
            @for group in groups {
                article class=(class) {
                    h3 { (printable(&group.scenario.name)) }
                    p { (printable(&group.scenario.description)) }
                    @if let Some(reason) = &group.scenario.reason { p { (printable(reason)) } }
                    @if let Some(failure) = group.failure { (proof(failure)) }
                    @if !group.others.is_empty() {
                        details {
                            summary { "the same in " (counted(group.others.len(), "more scenario")) }
                            ul { @for name in &group.others { li { (printable(name)) } } }
                        }
                    }
                    @for witness in &group.witnesses { (seen(witness)) }
                }
            }
        }
    }
}

fn seen(witness: &Witness<'_>) -> Markup {
    html! {
        details {
            summary { "the oracle " (printable(witness.oracle)) " saw it in "
                (counted(witness.scenarios.len(), "scenario")) ": "
                (clipped(witness.message, LONGEST)) }
            ul { @for name in &witness.scenarios { li { (printable(name)) } } }
        }
    }
}

fn proof(failure: &Failure) -> Markup {
    html! {
        @if let Some(clause) = failure.clause.map(|id| id.clause()) {
            p { a href={ "#" (clause.name) } { b { (clause.name) } }
                " (" (clause.level) ", section " (clause.section) "): " (clause.text) }
        }
        table {
            tr { th { "at" } td { code { (printable(&failure.place.to_string())) } } }
            tr { th { "step" } td { code { (clipped(failure.place.text.trim(), LONGEST)) } } }
            tr { th { "expected" } td { code { (clipped(&failure.expected.text, LONGEST)) } } }
            tr { th { "got" } td { code { (clipped(&failure.got.to_string(), LONGEST)) } } }
            @if let Some(detail) = &failure.detail {
                tr { th { "detail" } td { (clipped(detail, LONGEST)) } }
            }
            @if failure.judge != Judge::Step {
                tr { th { "found by" } td { (printable(failure.judge.as_str())) } }
            }
        }
        @if !failure.transcript.is_empty() { (lines(&failure.transcript)) }
    }
}

fn lines(lines: &[String]) -> Markup {
    html! { pre { @for line in lines { (clipped(line, LONGEST)) "\n" } } }
}

fn others(digest: &Digest) -> Markup {
    let verdicts = [
        Verdict::Flaky,
        Verdict::Waived,
        Verdict::Inconclusive,
        Verdict::Blocked,
        Verdict::Skipped,
    ];
    let mut results = verdicts
        .into_iter()
        .flat_map(|verdict| digest.with(verdict))
        .peekable();
    html! {
        @if results.peek().is_some() {
            h2 { "Neither passed nor failed" }
            table {
                tr { th { "scenario" } th { "verdict" } th { "why" } }
                @for result in results { tr {
                    td { (printable(&result.name)) }
                    td { (result.verdict.as_str()) }
                    td { (why(result, digest.causes())) }
                } }
            }
        }
    }
}

fn clauses(digest: &Digest, summary: &Summary) -> Markup {
    let notes = digest.notes();
    let seen = |result: &ClauseResult| {
        let noted = notes.get(&result.id).map(|names| names.join(", "));
        let noted = noted.filter(|_| result.verdict == ClauseVerdict::Noted);
        let why = result.untested.map(|why| why.to_string());
        result.seen.clone().or(noted).or(why)
    };
    let seen_of = |results: &[&ClauseResult]| {
        let mut all: Vec<String> = results.iter().filter_map(|one| seen(one)).collect();
        all.dedup();
        all
    };
    let are_many = summary.dialects.len() > 1;
    let mut clauses: BTreeMap<usize, Vec<&ClauseResult>> = BTreeMap::new();
    let mut places: BTreeMap<ClauseId, usize> = BTreeMap::new();
    for (at, result) in summary.clauses.iter().enumerate() {
        let place = *places.entry(result.id).or_insert(at);
        clauses.entry(place).or_default().push(result);
    }
    html! {
        h2 { "Clauses" }
        table {
            tr { th { "clause" } th { "level" }
                @if are_many { @for part in &summary.dialects { th { (part.dialect) } } }
                @else { th { "verdict" } }
                th { "text" } }
            @for results in clauses.values() { @if let Some(result) = results.first() {
                tr id=(result.id) {
                    td { (result.id) }
                    td { (result.level) }
                    @if are_many { @for verdict in dialects::cells_of(result.id, summary) {
                        td class=(verdict) { (verdict) }
                    } } @else {
                        td class=(result.verdict.as_str()) { (result.verdict.as_str()) }
                    }
                    td {
                        (result.id.clause().text)
                        @for seen in seen_of(results) { br; em { (clipped(&seen, LONGEST)) } }
                    }
                }
            } }
        }
    }
}

fn scenarios(digest: &Digest) -> Markup {
    html! {
        details {
            summary { "All scenarios" }
            table {
                tr { th { "scenario" } th { "verdict" } th { "clauses" } th.n { "time" } }
                @for result in &digest.results { tr {
                    td { (printable(&result.name)) }
                    td class=(result.verdict.as_str()) { (result.verdict.as_str()) }
                    td { @for id in &result.clauses { a href={ "#" (id) } { (id) } " " } }
                    td.n { (seconds(result.took)) }
                } }
            }
        }
    }
}
