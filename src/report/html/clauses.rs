//! The clauses: all of them at a glance, and each with what decided it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{LONGEST, Page};
use crate::event::{ClauseResult, ClauseVerdict, RunInfo, Verdict};
use crate::protocol::{ClauseId, Level};
use crate::report::dialects;
use crate::report::text::{clipped, counted};
use crate::report::title::headline;
/// Scenarios that are named as having decided a clause.
const DECIDED: usize = 3;

/// A clause in all dialects of the run.
struct Judged<'d> {
    id: ClauseId,
    results: Vec<&'d ClauseResult>,
}

impl Judged<'_> {
    /// In the dialect in which it is firmest.
    fn level(&self) -> Level {
        let levels = self.results.iter().map(|one| one.level);
        levels.min().unwrap_or(self.id.level())
    }

    /// Of several dialects the worst.
    fn worst(&self) -> ClauseVerdict {
        let weight = |verdict: ClauseVerdict| match verdict {
            ClauseVerdict::Untested => 0,
            ClauseVerdict::Passed => 1,
            ClauseVerdict::Varied => 2,
            ClauseVerdict::Noted => 3,
            ClauseVerdict::Waived => 4,
            ClauseVerdict::Failed => 5,
        };
        let all = self.results.iter().map(|one| one.verdict);
        all.max_by_key(|one| weight(*one))
            .unwrap_or(ClauseVerdict::Untested)
    }
}

fn sign(verdict: ClauseVerdict) -> &'static str {
    match verdict {
        ClauseVerdict::Untested => "·",
        ClauseVerdict::Passed => "✓",
        ClauseVerdict::Varied => "≈",
        ClauseVerdict::Noted => "!",
        ClauseVerdict::Waived => "w",
        ClauseVerdict::Failed => "✗",
    }
}

impl Page<'_> {
    /// The clauses by group, in the order of the catalogue.
    fn groups(&self) -> Vec<(&'static str, Vec<Judged<'_>>)> {
        let mut groups: Vec<(&'static str, Vec<Judged<'_>>)> = Vec::new();
        let mut known: BTreeMap<ClauseId, (usize, usize)> = BTreeMap::new();
        for result in &self.summary.clauses {
            if let Some(own) = known.get(&result.id)
                && let Some((_, clauses)) = groups.get_mut(own.0)
                && let Some(clause) = clauses.get_mut(own.1)
            {
                clause.results.push(result);
                continue;
            }
            let name = result.id.clause().group();
            let at = groups.iter().position(|(group, _)| *group == name);
            let at = at.unwrap_or(groups.len());
            if at == groups.len() {
                groups.push((name, Vec::new()));
            }
            if let Some((_, clauses)) = groups.get_mut(at) {
                known.insert(result.id, (at, clauses.len()));
                let (id, results) = (result.id, vec![result]);
                clauses.push(Judged { id, results });
            }
        }
        groups
    }

    /// A row for each group, a column for each level, a cell for each clause.
    pub(super) fn matrix(&self, run: &RunInfo) -> Markup {
        let groups = self.groups();
        let verdicts = [
            ClauseVerdict::Passed,
            ClauseVerdict::Failed,
            ClauseVerdict::Varied,
            ClauseVerdict::Noted,
            ClauseVerdict::Waived,
            ClauseVerdict::Untested,
        ];
        html! {
            h2 id="matrix" { "Clauses at a glance" }
            p.key {
                @for verdict in verdicts {
                    span { span.cells aria-hidden="true" { a class=(verdict.as_str()) { (sign(verdict)) } }
                        (verdict.as_str()) }
                }
                @if dialects::are_many(run) { span { "of several dialects the worst" } }
            }
            table.matrix {
                thead { tr { th { "group" } @for level in Level::ALL { th { (level) } } } }
                tbody { @for (group, clauses) in &groups { tr {
                    th { (group) }
                    @for level in Level::ALL {
                        @let own: Vec<&Judged<'_>> = clauses.iter().filter(|it| it.level() == level).collect();
                        td data-level=(level) { @if !own.is_empty() { div.cells {
                            @for clause in own { (cell(clause)) }
                        } } }
                    }
                } } }
            }
        }
    }

    /// What searches and filters; it shows where the script runs.
    pub(super) fn tools(&self) -> Markup {
        let words = [
            "passed",
            "failed",
            "varied",
            "noted",
            "waived",
            "untested",
            "blocked",
            "flaky",
            "inconclusive",
            "skipped",
        ];
        html! {
            div.tools data-tool hidden role="search" {
                input id="q" type="search" aria-label="search clauses and scenarios"
                    placeholder="Search clauses and scenarios";
                select id="v" aria-label="only this verdict" {
                    option value="" { "every verdict" }
                    @for word in words { option { (word) } }
                }
                span id="n" role="status" {}
            }
        }
    }

    pub(super) fn clauses(&self, run: &RunInfo) -> Markup {
        html! {
            h2 id="clauses" { "Every clause" }
            @for (group, clauses) in self.groups() {
                @let broken = clauses.iter().filter(|it| it.worst() == ClauseVerdict::Failed).count();
                details.group data-group {
                    summary { b { (group) } " " span.soft { (counted(clauses.len(), "clause"))
                        @if broken > 0 { ", " span.bad { (broken) " failed" } } } }
                    div { @for clause in &clauses { (self.clause(clause, run)) } }
                }
            }
        }
    }

    fn clause(&self, clause: &Judged<'_>, run: &RunInfo) -> Markup {
        let text = clause.id.clause();
        let verdicts = dialects::cells_of(clause.id, self.summary).join(" ");
        let section = match text.section {
            "-" => "not in the draft".to_owned(),
            section => format!("section {section}"),
        };
        html! {
            div.clause id=(clause.id) data-verdict=(verdicts) {
                header {
                    b { (clause.id) } span.badge { (clause.level()) }
                    @for one in &clause.results {
                        span class={ "badge " (one.verdict.as_str()) } {
                            @if dialects::are_many(run) { (one.dialect) " " }
                            (one.verdict.as_str())
                        }
                    }
                    span.soft { (section) }
                }
                p { (text.text) }
                (self.decided(clause, run))
            }
        }
    }

    /// What decided a clause, told once where it is the same in several dialects.
    fn decided(&self, clause: &Judged<'_>, run: &RunInfo) -> Markup {
        let mut told: Vec<String> = Vec::new();
        let mut parts = Vec::new();
        for one in &clause.results {
            let text = self.why(one).into_string();
            if !text.is_empty() && !told.contains(&text) {
                told.push(text);
                parts.push((one.dialect, self.why(one)));
            }
        }
        let many = dialects::are_many(run) && parts.len() > 1;
        html! {
            @for (dialect, part) in parts { p.soft { @if many { (dialect) ": " } (part) } }
        }
    }

    fn why(&self, one: &ClauseResult) -> Markup {
        let cause = self
            .summary
            .causes
            .iter()
            .find(|it| Some(it.id) == one.cause);
        let results = self.digest.results.iter().enumerate();
        let tests =
            results.filter(|(_, it)| it.clauses.contains(&one.id) && it.dialect == one.dialect);
        let passed: Vec<usize> = tests
            .filter(|(_, it)| it.verdict == Verdict::Passed)
            .map(|(at, _)| at)
            .collect();
        let is_kept = matches!(one.verdict, ClauseVerdict::Passed | ClauseVerdict::Varied);
        html! {
            @if let Some(seen) = &one.seen { em { (clipped(seen, LONGEST)) } " " }
            @if let Some(why) = one.untested { (why) " " }
            @if let Some(cause) = cause {
                a href={ "#cause-" (cause.id) } { (headline(cause)) }
            } @else if is_kept && !passed.is_empty() {
                "decided by "
                @for (nth, at) in passed.iter().take(DECIDED).enumerate() {
                    @if nth > 0 { ", " }
                    @if let Some(result) = self.digest.results.get(*at) {
                        a href={ "#s-" (at) } { (crate::report::printable(&result.name)) }
                    }
                }
                @if passed.len() > DECIDED { " and " (passed.len() - DECIDED) " more" }
            }
        }
    }
}

fn cell(clause: &Judged<'_>) -> Markup {
    let verdict = clause.worst();
    let label = match clause.results.as_slice() {
        [_] => format!("{}: {}", clause.id, verdict.as_str()),
        many => {
            let each = many
                .iter()
                .map(|one| format!("{} {}", one.dialect, one.verdict.as_str()));
            format!("{}: {}", clause.id, each.collect::<Vec<_>>().join(", "))
        }
    };
    html! {
        a class=(verdict.as_str()) href={ "#" (clause.id) } title=(label) aria-label=(label) { (sign(verdict)) }
    }
}
