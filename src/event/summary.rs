//! What a run came to, and each dialect of it.

use std::time::Duration;

use super::{Cause, ClauseResult, RungResult, Totals};
use crate::protocol::Dialect;

/// What the run came to, said at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Scenarios by verdict.
    pub totals: Totals,
    /// The same for each dialect that was tested, lowest first.
    pub dialects: Vec<InDialect>,
    /// Every clause of the catalogue, once for each dialect that was tested and that it holds in.
    pub clauses: Vec<ClauseResult>,
    /// How far the first look came, of several the least; empty where none was taken.
    pub ladder: Vec<RungResult>,
    /// What is wrong, the heaviest first.
    pub causes: Vec<Cause>,
    /// How long the run took.
    pub took: Duration,
    /// How long scenarios waited in vain, added up, and for what: `(what, how long)`.
    pub waited: Vec<(String, Duration)>,
    /// Set where the run could not be carried to its end, in one line.
    pub aborted: Option<String>,
}

/// What a run came to in one dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InDialect {
    /// The dialect.
    pub dialect: &'static Dialect,
    /// Scenarios by verdict.
    pub totals: Totals,
    /// How far the first look came; empty where none was taken.
    pub ladder: Vec<RungResult>,
    /// Why it was not carried to its end.
    pub aborted: Option<String>,
}

impl Summary {
    /// The summaries of several dialects as that of one run which took so long. Each knows the
    /// causes of those before it.
    #[must_use]
    pub fn joined(parts: Vec<Self>, took: Duration) -> Option<Self> {
        let are_many = parts.len() > 1;
        let whole = parts.into_iter().reduce(|mut whole, part| {
            whole.totals.add(part.totals);
            whole.dialects.extend(part.dialects);
            whole.clauses.extend(part.clauses);
            RungResult::add_least(&mut whole.ladder, part.ladder);
            whole.causes = part.causes;
            add_waited(&mut whole.waited, part.waited);
            whole
        });
        let mut whole = whole?;
        whole.took = took;
        if are_many {
            let mut aborted: Vec<(&str, Vec<&Dialect>)> = Vec::new();
            for part in &whole.dialects {
                let Some(why) = part.aborted.as_deref() else {
                    continue;
                };
                match aborted.iter_mut().find(|(known, _)| *known == why) {
                    Some((_, dialects)) => dialects.push(part.dialect),
                    None => aborted.push((why, vec![part.dialect])),
                }
            }
            let told = aborted.iter().map(|(why, dialects)| {
                let all = dialects.len() == whole.dialects.len();
                let names = (!all).then(|| format!("{}: ", Dialect::names(dialects)));
                format!("{}{why}", names.unwrap_or_default())
            });
            let told: Vec<String> = told.collect();
            whole.aborted = (!told.is_empty()).then(|| told.join("; "));
        }
        Some(whole)
    }
}

/// Adds what was waited for in vain elsewhere.
pub(crate) fn add_waited(all: &mut Vec<(String, Duration)>, more: Vec<(String, Duration)>) {
    for (what, time) in more {
        match all.iter_mut().find(|(known, _)| *known == what) {
            Some((_, known)) => *known += time,
            None => all.push((what, time)),
        }
    }
}
