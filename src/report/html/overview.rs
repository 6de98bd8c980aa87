//! The head of the page: what it came to, what to do next, how far the server has come.

use maud::{Markup, html};

use super::{LONGEST, Page, command};
use crate::event::{Conclusion, RunInfo, RungResult, RungState, Standing};
use crate::protocol::Dialect;
use crate::report::again::rerun_cause;
use crate::report::conclusion::{reasons, sentence};
use crate::report::dialects;
use crate::report::text::{clipped, counted, printable, seconds};
use crate::report::title::{counts, headline};

impl Page<'_> {
    pub(super) fn head(&self, run: &RunInfo) -> Markup {
        let conclusion = Conclusion::of(self.summary, run, &self.digest.notices);
        let class = match conclusion {
            Conclusion::Conforms(_) => "good",
            Conclusion::Breaks(_) | Conclusion::Aborted(_) => "bad",
            _ => "warn",
        };
        let told = reasons(&conclusion);
        html! {
            header {
                h1 { (printable(&run.target)) }
                p class={ "verdict " (class) } { (sentence(&conclusion, run)) }
                @if !told.is_empty() { ul.soft { @for line in &told { li { (line) } } } }
                (self.next(run, &conclusion))
                (self.totals())
                (self.facts(run))
                nav aria-label="parts of this page" {
                    @if !self.summary.ladder.is_empty() { a href="#ladder" { "How far it has come" } }
                    @if !self.summary.causes.is_empty() { a href="#causes" { "Causes" } }
                    a href="#matrix" { "Clauses at a glance" }
                    a href="#clauses" { "Every clause" }
                    a href="#scenarios" { "Every scenario" }
                }
            }
        }
    }

    /// The heaviest cause, and what to type.
    fn next(&self, run: &RunInfo, conclusion: &Conclusion) -> Markup {
        let mut causes = self.summary.causes.iter();
        let first = causes.find(|cause| cause.standing == Standing::Fails);
        let Some(first) = first.filter(|_| matches!(conclusion, Conclusion::Breaks(_))) else {
            return html! {};
        };
        let built = self.summary.ladder.iter().find(|rung| is_out(rung));
        html! {
            section.next aria-label="what to do next" {
                dl {
                    dt { "first cause" }
                    dd { b { a href={ "#cause-" (first.id) } { (headline(first)) } }
                        " (" (counts(first, run)) ")" }
                    @if let Some(rung) = built { dt { "next to build" } dd { (rung.rung) } }
                    dt { "see it again" }
                    dd {
                        @if let Some(again) = rerun_cause(self.again, first, self.digest) { (command(&again)) }
                    }
                    @if let Some(clause) = first.clause {
                        dt { "what the clause says" }
                        dd { (clause.clause().text) }
                    }
                }
            }
        }
    }

    fn totals(&self) -> Markup {
        let cells = self.summary.totals.each();
        let shown = || cells.iter().filter(|(_, count)| *count > 0);
        html! {
            @if self.summary.totals.all() > 0 {
                div.bar aria-hidden="true" {
                    @for (verdict, count) in shown() {
                        i class=(verdict.as_str()) style={ "flex:" (count) } {}
                    }
                }
                ul.counts {
                    @for (verdict, count) in shown() {
                        li class=(verdict.as_str()) { (count) " " (verdict.as_str()) }
                    }
                }
            }
        }
    }

    fn facts(&self, run: &RunInfo) -> Markup {
        let waits = self.summary.waited.iter();
        let waits: Vec<String> = waits
            .map(|(what, time)| format!("{} for {}", seconds(*time), printable(what)))
            .collect();
        let strict = if run.strict { ", strict" } else { "" };
        html! {
            dl.facts {
                @if !run.dialects.is_empty() {
                    div { dt { "dialects" } dd { (Dialect::names(&run.dialects)) } }
                }
                div { dt { "level" } dd { (run.level) (strict) } }
                div { dt { "scenarios" } dd { (self.summary.totals.all()) } }
                div { dt { "took" } dd { (seconds(self.summary.took)) } }
                @if !waits.is_empty() {
                    div { dt { "of it waiting, all scenarios together" } dd { (waits.join(", ")) } }
                }
                @if let Some(started) = &run.started {
                    div { dt { "begun" } dd { (printable(started)) } }
                }
                @if let Some(shard) = &run.shard { div { dt { "shard" } dd { (printable(shard)) } } }
                @if let Some(filter) = &run.scope.filter {
                    div { dt { "filter" } dd { (clipped(filter, LONGEST)) } }
                }
                div { dt { "seed" } dd { (run.seed) } }
                div { dt { "msnpspec" } dd { (env!("CARGO_PKG_VERSION")) } }
            }
        }
    }

    pub(super) fn notices(&self) -> Markup {
        // What a cause tells with its proof is told there.
        let notices = self.digest.notices.iter().filter(|it| it.of.is_none());
        let notices: Vec<_> = notices.collect();
        html! {
            @if !notices.is_empty() {
                h2 { "Notices" }
                ul { @for notice in notices { li {
                    (printable(&notice.text))
                    @if !notice.detail.is_empty() {
                        details {
                            summary { (counted(notice.detail.len(), "line")) }
                            pre { @for line in &notice.detail { (clipped(line, LONGEST)) "\n" } }
                        }
                    }
                } } }
            }
        }
    }

    pub(super) fn ladder(&self) -> Markup {
        let ladder = &self.summary.ladder;
        html! {
            @if !ladder.is_empty() {
                h2 id="ladder" { "How far the server has come" }
                ol.ladder { @for rung in ladder {
                    @let (class, sign) = match rung.state {
                        RungState::Works => ("works", "✓"),
                        RungState::Odd => ("odd", "≈"),
                        RungState::Unreached => ("unreached", "·"),
                        _ => ("out", "✗"),
                    };
                    li class=(class) {
                        span aria-hidden="true" { (sign) " " }
                        (rung.rung)
                        small {
                            (rung.state.as_str())
                            @if let Some(cause) = self.cause_of(rung) {
                                ": " a href={ "#cause-" (cause.id) } {
                                    @match cause.clause { Some(clause) => (clause), None => "why" }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }

    fn cause_of(&self, rung: &RungResult) -> Option<&crate::event::Cause> {
        let is_told = rung.state != RungState::Unreached && rung.state != RungState::Works;
        let mut causes = self.summary.causes.iter();
        causes.find(|cause| is_told && Some(cause.id) == rung.cause)
    }

    /// A column for each dialect.
    pub(super) fn dialects(&self, run: &RunInfo) -> Markup {
        let rows = dialects::table(self.summary, run.level);
        html! {
            @if !rows.is_empty() {
                h2 { "Dialects" }
                div.scroll tabindex="0" role="region" aria-label="dialects" { table {
                    thead { tr { th { "" }
                        @for part in &self.summary.dialects { th.n { (part.dialect) } } } }
                    tbody { @for row in &rows { tr {
                        td { (row.name) }
                        @for cell in &row.cells { td.n { (cell) } }
                    } } }
                } }
            }
        }
    }
}

fn is_out(rung: &RungResult) -> bool {
    !rung.state.holds() && rung.state != RungState::Unreached
}
