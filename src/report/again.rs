//! What a reader does next: which command to type.

use super::dialects;
use super::digest::Digest;
use super::text::shell_word;
use super::title::shown_by_scenarios;
use crate::event::{Cause, Conclusion, RunInfo, ScenarioResult, Standing, Summary, Verdict};
use crate::protocol::{ClauseId, Dialect};

/// The command that runs this alone; in a run of several dialects, in this one.
pub(super) fn rerun(again: &str, what: &str, dialect: Option<&Dialect>, run: &RunInfo) -> String {
    let dialect = dialect.filter(|_| dialects::are_many(run));
    let dialect = dialect.map(|dialect| format!(" --dialect {dialect}"));
    let dialect = dialect.unwrap_or_default();
    format!("{again}{dialect} -f {}", shell_word(what))
}

/// The command that runs what shows a cause; `None` of one that nothing shows.
pub(super) fn rerun_cause(again: &str, cause: &Cause, digest: &Digest) -> Option<String> {
    let clause = cause.clause.map(ClauseId::as_str);
    let name = best_of(cause, digest).or(clause)?;
    let shown_in = cause.dialects.keys().next().copied();
    Some(rerun(again, name, shown_in, &digest.run()))
}

/// The scenario that shows a cause best: the one whose failure is its proof, else one that is about
/// the clause, else the first.
fn best_of<'c>(cause: &'c Cause, digest: &Digest) -> Option<&'c str> {
    let shown = || shown_by_scenarios(cause);
    let of = |name: &str, result: &ScenarioResult| {
        let bare = result.name.strip_prefix(result.dialect.name);
        result.name == name || bare.is_some_and(|bare| bare.strip_prefix(' ') == Some(name))
    };
    let named = |is_it: &dyn Fn(&ScenarioResult) -> bool| {
        let mut found = digest.results.iter().filter(|result| is_it(result));
        found.find_map(|result| shown().find(|name| of(name, result)))
    };
    let proves = |result: &ScenarioResult| result.failures.iter().any(|one| *one == *cause.failure);
    let is_about =
        |result: &ScenarioResult| cause.clause.is_some_and(|it| result.clauses.contains(&it));
    named(&proves)
        .or_else(|| named(&is_about))
        .or_else(|| shown().next())
}

/// What a reader does next.
pub(super) fn next(
    digest: &Digest,
    summary: &Summary,
    conclusion: &Conclusion,
    again: &str,
) -> Vec<String> {
    let are_many = dialects::are_many(&digest.run());
    let only = |what: &str, dialect| rerun(again, what, dialect, &digest.run());
    match conclusion {
        Conclusion::Breaks(clauses) => {
            let mut causes = summary.causes.iter();
            let first = causes.find(|cause| cause.standing == Standing::Fails);
            let clause = first.and_then(|cause| cause.clause);
            let clause = clause.or(clauses.first().copied());
            let name = first.and_then(|cause| best_of(cause, digest));
            let name = name.or(clause.map(ClauseId::as_str));
            let explain = clause.map(|id| format!("msnpspec explain {id}"));
            let shown_in = first.and_then(|cause| cause.dialects.keys().next().copied());
            let again = name.map(|name| only(name, shown_in));
            explain.into_iter().chain(again).collect()
        }
        Conclusion::Undecided(_) => {
            let blocked = digest.with(Verdict::Blocked);
            let first = blocked.take(1).map(|result| {
                let label = format!("{} ", result.dialect);
                let name = result.name.strip_prefix(&label).filter(|_| are_many);
                only(name.unwrap_or(&result.name), Some(result.dialect))
            });
            first.collect()
        }
        Conclusion::Nothing => vec!["msnpspec list scenarios".to_owned()],
        _ => Vec::new(),
    }
}
