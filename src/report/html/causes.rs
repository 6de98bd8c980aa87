//! What is wrong, each thing once, with its proof and the ways in which it shows.

use maud::{Markup, html};

use super::dialogue::diagram;
use super::{LONGEST, Page, command};
use crate::event::{Cause, Failure, Judge, RunInfo, Standing, Verdict};
use crate::report::again::rerun_cause;
use crate::report::fold::{Group, fold};
use crate::report::text::{clipped, counted, printable};
use crate::report::title::{counts, shown_by_scenarios, title};

/// So many other ways in which a cause shows are told.
const WAYS: usize = 8;
/// So many scenarios are named.
const NAMES: usize = 400;

impl Page<'_> {
    pub(super) fn causes(&self, run: &RunInfo) -> Markup {
        let groups = fold(self.digest, Verdict::Failed);
        let causes = &self.summary.causes;
        html! {
            @if !causes.is_empty() {
                h2 id="causes" { "Causes, the heaviest first" }
                @for (at, cause) in causes.iter().enumerate() {
                    (self.cause(at, cause, &groups, run))
                }
            }
        }
    }

    fn cause(&self, at: usize, cause: &Cause, groups: &[Group<'_>], run: &RunInfo) -> Markup {
        let standing = match cause.standing {
            Standing::Fails => "",
            other => other.as_str(),
        };
        let again = rerun_cause(self.again, cause, self.digest);
        html! {
            details id={ "cause-" (cause.id) } class={ "cause " (standing) } open[at == 0] {
                summary {
                    b { (at + 1) ". " @if let Some(id) = cause.clause { (id) " " } }
                    (title(cause)) " "
                    @if let Some(level) = cause.level { span.badge { (level) } " " }
                    @if !standing.is_empty() { span class={ "badge " (standing) } { (standing) } }
                    small { (counts(cause, run)) }
                }
                div {
                    (proof(&cause.failure))
                    (diagram(&cause.failure))
                    @if let Some(again) = &again { (command(again)) }
                    (self.ways(cause, groups))
                    (self.names("shown by", shown_by_scenarios(cause)))
                }
            }
        }
    }

    /// How else the same clause was seen broken, where this is its first cause.
    fn ways(&self, cause: &Cause, groups: &[Group<'_>]) -> Markup {
        let mut causes = self.summary.causes.iter();
        let first = causes.find(|it| it.clause == cause.clause);
        let is_first = first.is_some_and(|it| it.id == cause.id) && cause.clause.is_some();
        let others = groups.iter().filter(|group| {
            let same = |it: &Failure| {
                let is_end = it.judge == Judge::Process;
                it.clause == cause.clause && !is_end && it != &*cause.failure
            };
            is_first && group.failure.is_some_and(same)
        });
        let others: Vec<&Group<'_>> = others.collect();
        html! {
            @for group in others.iter().take(WAYS) {
                details {
                    summary { "seen in " (printable(&group.scenario.name)) ": "
                        @if let Some(failure) = group.failure { code { (printable(&failure.breach())) } }
                        @if !group.others.is_empty() {
                            " and in " (counted(group.others.len(), "more scenario"))
                        } }
                    p { (printable(&group.scenario.description)) }
                    @if let Some(failure) = group.failure { (proof(failure)) (diagram(failure)) }
                    (self.names("the same in", group.others.iter().copied()))
                }
            }
            @if others.len() > WAYS {
                p.soft { "… and in " (counted(others.len() - WAYS, "more way")) }
            }
        }
    }

    fn names<'n>(&self, title: &str, names: impl Iterator<Item = &'n str>) -> Markup {
        let names: Vec<&str> = names.collect();
        html! {
            @if !names.is_empty() {
                details {
                    summary { (title) " " (counted(names.len(), "scenario")) }
                    ul.names {
                        @for name in names.iter().take(NAMES) { li { (self.scenario(name)) } }
                        @if names.len() > NAMES { li { "… and " (names.len() - NAMES) " more" } }
                    }
                }
            }
        }
    }
}

fn proof(failure: &Failure) -> Markup {
    let place = &failure.place;
    html! {
        @if let Some(clause) = failure.clause.map(|id| id.clause()) {
            p { a href={ "#" (clause.name) } { (clause.name) } ": " (clause.text) }
        }
        dl.pair {
            @if !place.file.is_empty() {
                dt { "step" }
                dd {
                    code { (clipped(place.text.trim(), LONGEST)) }
                    div.soft { (printable(&place.to_string())) }
                }
            }
            dt { "expected" } dd { code.good { (clipped(&failure.expected.text, LONGEST)) } }
            dt { "got" } dd { code.bad { (clipped(&failure.got.to_string(), LONGEST)) } }
            @if let Some(detail) = &failure.detail {
                dt { "that is" } dd { (clipped(detail, LONGEST)) }
            }
            @if let Judge::Oracle(name) = &failure.judge {
                dt { "found by" } dd { "the oracle " (printable(name)) }
            }
        }
        @if !failure.words.is_empty() {
            p.soft { "what the server itself wrote:" }
            pre { @for line in &failure.words { (clipped(line, LONGEST)) "\n" } }
        }
    }
}
