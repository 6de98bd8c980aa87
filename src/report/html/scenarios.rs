//! Every scenario with its verdict.

use maud::{Markup, html};

use super::Page;
use crate::event::{ScenarioResult, Verdict};
use crate::report::text::{counted, printable, seconds};
use crate::report::title::why;

impl Page<'_> {
    pub(super) fn scenarios(&self) -> Markup {
        let results = &self.digest.results;
        // In a run of several dialects the same words would stand there for each.
        let are_few = self.summary.dialects.len() < 2;
        let is_told = |it: &ScenarioResult| are_few || it.verdict != Verdict::Passed;
        html! {
            h2 id="scenarios" { "Every scenario" }
            details.group data-group {
                summary { (counted(results.len(), "scenario")) }
                div { table.wide {
                    thead { tr { th { "scenario" } th { "verdict" } th { "clauses" } th { "why" } th.n { "time" } } }
                    tbody { @for (at, result) in results.iter().enumerate() {
                        tr id={ "s-" (at) } data-verdict=(result.verdict.as_str()) {
                            td {
                                (printable(&result.name))
                                @if is_told(result) { div.soft { (printable(&result.description)) } }
                            }
                            td { span class={ "badge " (result.verdict.as_str()) } { (result.verdict.as_str()) } }
                            td { @for id in &result.clauses { a href={ "#" (id) } { (id) } " " } }
                            td {
                                (why(result, self.digest.causes()))
                                @if let Some(cause) = result.cause {
                                    " " a href={ "#cause-" (cause) } { "cause" }
                                }
                            }
                            td.n { (seconds(result.took)) }
                        }
                    } }
                } }
            }
        }
    }
}
