//! Failures that are excused: what a run told is told again, with them waived.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{
    Cause, ClauseVerdict, Failure, ScenarioResult, Standing, Summary, Totals, Verdict,
};
use crate::protocol::{ClauseId, Dialect};

/// A clause in a dialect; none of a failure that no clause speaks of.
type Key = (&'static Dialect, Option<ClauseId>);

/// What was excused so far, and what was not.
#[derive(Debug, Default)]
pub(super) struct Sifting {
    news: BTreeSet<Key>,
    excused: BTreeSet<Key>,
    /// How many scenarios failed by what is excused alone, in each dialect.
    waived: BTreeMap<&'static Dialect, usize>,
    /// How many are blocked that count for nothing: in each dialect, and by each cause.
    unblocked: BTreeMap<&'static Dialect, usize>,
    released: BTreeMap<usize, usize>,
}

impl Sifting {
    /// How many scenarios failed by what is excused alone.
    pub(super) fn waived(&self) -> usize {
        self.waived.values().sum()
    }

    /// A result with what is excused put aside: waived where nothing else fails it.
    pub(super) fn result(
        &mut self,
        mut result: Arc<ScenarioResult>,
        reason: &str,
        is_excused: impl Fn(&ScenarioResult, &Failure) -> bool,
    ) -> Arc<ScenarioResult> {
        if result.verdict != Verdict::Failed {
            return result;
        }
        let failures = result.failures.iter();
        let (known, news): (Vec<Failure>, Vec<Failure>) = failures
            .cloned()
            .partition(|failure| is_excused(&result, failure));
        let key = |failure: &Failure| (result.dialect, failure.clause);
        self.news.extend(news.iter().map(key));
        self.excused.extend(known.iter().map(key));
        if known.is_empty() {
            return result;
        }
        let changed = Arc::make_mut(&mut result);
        if news.is_empty() {
            changed.verdict = Verdict::Waived;
            changed.reason = Some(reason.to_owned());
            if !changed.is_first_look() {
                *self.waived.entry(changed.dialect).or_default() += 1;
            }
        } else {
            changed.failures = news;
            changed.notes.extend(known);
        }
        result
    }

    /// A blocked result that counts for nothing.
    pub(super) fn skipped(
        &mut self,
        mut result: Arc<ScenarioResult>,
        reason: &str,
    ) -> Arc<ScenarioResult> {
        if result.verdict != Verdict::Blocked {
            return result;
        }
        let changed = Arc::make_mut(&mut result);
        changed.verdict = Verdict::Skipped;
        changed.reason = Some(reason.to_owned());
        *self.unblocked.entry(changed.dialect).or_default() += 1;
        if let Some(cause) = changed.cause {
            *self.released.entry(cause).or_default() += 1;
        }
        result
    }

    /// The summary of what was made of the results. A cause is excused where nothing new shows it
    /// and `is_known` says so of each dialect in which it shows.
    pub(super) fn summary(
        &self,
        mut summary: Summary,
        is_known: impl Fn(&'static Dialect, &Cause) -> bool,
    ) -> Summary {
        for part in &mut summary.dialects {
            let dialect = part.dialect;
            self.count(&mut part.totals, |it| {
                it.get(&dialect).copied().unwrap_or_default()
            });
        }
        self.count(&mut summary.totals, |it| it.values().sum());
        let all: Vec<&'static Dialect> = summary.dialects.iter().map(|it| it.dialect).collect();
        for cause in &mut summary.causes {
            let released = self.released.get(&cause.id).copied().unwrap_or_default();
            cause.blocks = cause.blocks.saturating_sub(released);
            let shown: Vec<&'static Dialect> = match cause.dialects.is_empty() {
                true => all.clone(),
                false => cause.dialects.keys().copied().collect(),
            };
            let is_excused = |dialect: &&'static Dialect| {
                let fails = cause.standing_in(dialect) == Some(Standing::Fails);
                let is_new = self.news.contains(&(*dialect, cause.clause));
                fails && !is_new && is_known(dialect, cause)
            };
            let excused: Vec<&'static Dialect> = shown.iter().copied().filter(is_excused).collect();
            if excused.len() == shown.len() && !excused.is_empty() {
                cause.standing = Standing::Waived;
            }
            for dialect in excused {
                if let Some(standing) = cause.dialects.get_mut(dialect) {
                    *standing = Standing::Waived;
                }
            }
            if let Some(standing) = cause.dialects.values().min() {
                cause.standing = *standing;
            }
        }
        Cause::sort(&mut summary.causes);
        for clause in &mut summary.clauses {
            let key = (clause.dialect, Some(clause.id));
            let causes = summary.causes.iter();
            let mut of_it = causes.filter(|it| it.clause == Some(clause.id));
            let is_waived = |it: &Cause| it.standing_in(clause.dialect) == Some(Standing::Waived);
            let excused = self.excused.contains(&key) || of_it.any(is_waived);
            if clause.verdict == ClauseVerdict::Failed && !self.news.contains(&key) && excused {
                clause.verdict = ClauseVerdict::Waived;
            }
        }
        summary
    }

    fn count(&self, totals: &mut Totals, of: impl Fn(&BTreeMap<&'static Dialect, usize>) -> usize) {
        let (waived, unblocked) = (of(&self.waived), of(&self.unblocked));
        totals.failed = totals.failed.saturating_sub(waived);
        totals.waived += waived;
        totals.blocked = totals.blocked.saturating_sub(unblocked);
        totals.skipped += unblocked;
    }
}
