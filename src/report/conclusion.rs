//! What a run comes to, in words.

use super::printable;
use super::text::{counted, some_of};
use crate::event::{ByReason, Conclusion, RunInfo};
use crate::protocol::Dialect;

/// Names in one line.
const SHOWN: usize = 8;

/// The conclusion as a sentence about the target.
#[must_use]
pub fn sentence(conclusion: &Conclusion, run: &RunInfo) -> String {
    let target = printable(&run.target);
    let level = match run.dialects.as_slice() {
        [] | [_] => run.level.to_string(),
        many => format!("{} in {}", run.level, Dialect::names(many)),
    };
    match conclusion {
        Conclusion::Conforms(_) => format!("{target} conforms at level {level}"),
        Conclusion::Sound {
            untested, waived, ..
        } => {
            let mendable = untested.iter().filter(|(why, _)| why.is_mendable());
            let count: usize = mendable.map(|(_, clauses)| clauses.len()).sum();
            let mut sentence = format!("{target}: nothing broken at level {level}");
            if !waived.is_empty() {
                let names = some_of(waived.iter().map(|id| id.as_str()), SHOWN);
                sentence.push_str(&format!(" but what is waived: {names}"));
            }
            if count > 0 {
                let were = if count == 1 { "was" } else { "were" };
                let clauses = counted(count, "clause");
                sentence.push_str(&format!("; {clauses} of it {were} not tested"));
            }
            sentence
        }
        Conclusion::Breaks(clauses) if clauses.is_empty() => {
            format!("{target} breaks no clause at level {level}, but the run failed: see above")
        }
        Conclusion::Breaks(clauses) => format!(
            "{target} breaks {} at level {level}: {}",
            counted(clauses.len(), "clause"),
            some_of(clauses.iter().map(|id| id.as_str()), SHOWN),
        ),
        Conclusion::Undecided(blocked) => format!(
            "nothing is said about {target}: {} could not be carried out",
            counted(*blocked, "scenario"),
        ),
        Conclusion::Inconclusive(count) => format!(
            "nothing is said about {target}: {} met a limit of our own",
            counted(*count, "scenario"),
        ),
        Conclusion::Aborted(reason) => format!("the run was cut short: {}", printable(reason)),
        Conclusion::Nothing => "nothing ran".to_owned(),
    }
}

/// What was not tested and why, a line for each reason.
#[must_use]
pub fn reasons(conclusion: &Conclusion) -> Vec<String> {
    let line = |(why, clauses): &(_, Vec<crate::protocol::ClauseId>)| {
        let names = some_of(clauses.iter().map(|id| id.as_str()), SHOWN);
        format!("{} ({why}): {names}", counted(clauses.len(), "clause"))
    };
    let lines = |all: &ByReason, is_mendable: bool| -> Vec<String> {
        let all = all
            .iter()
            .filter(|(why, _)| why.is_mendable() == is_mendable);
        all.map(line).collect()
    };
    let (untested, mut told) = match conclusion {
        Conclusion::Conforms(untested) => (untested, Vec::new()),
        Conclusion::Sound { untested, .. } => {
            let told = lines(untested, true).into_iter();
            (
                untested,
                told.map(|it| format!("not tested: {it}")).collect(),
            )
        }
        _ => return Vec::new(),
    };
    let elsewhere = lines(untested, false).into_iter();
    told.extend(elsewhere.map(|it| format!("not applicable here: {it}")));
    told
}
