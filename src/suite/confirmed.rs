//! What stood the second look, and what waits for that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::causes::Causes;
use super::omission::Omission;
use crate::event::{Failure, Judge, ScenarioResult, Verdict};
use crate::protocol::{ClauseId, Dialect};

/// What identical failures have in common.
type Signature = (Option<ClauseId>, Judge, String);

/// A failure that took longer is not looked at again when this many like it were confirmed.
pub(super) const SLOW: Duration = Duration::from_millis(500);
/// See [`SLOW`].
const ENOUGH: usize = 2;
/// The same for failures of any clause that a wait for one and the same thing has ended in vain.
const OFTEN: usize = 4;

/// Failures that stood the second look, and how often.
#[derive(Debug, Default)]
pub(super) struct Confirmed {
    /// By what they look like.
    alike: BTreeMap<Signature, usize>,
    /// By what they are told as.
    causes: BTreeMap<String, usize>,
    /// By what the server leaves undone, whatever clause that breaks.
    omitted: BTreeMap<Omission, usize>,
}

impl Confirmed {
    pub(super) fn take(&mut self, failures: &[Failure]) {
        let seen: BTreeSet<Signature> = failures.iter().map(signature).collect();
        for signature in seen {
            *self.alike.entry(signature).or_default() += 1;
        }
        let causes: BTreeSet<String> = failures.iter().filter_map(Causes::key).collect();
        for cause in causes {
            *self.causes.entry(cause).or_default() += 1;
        }
        let omitted: BTreeSet<Omission> = failures.iter().filter_map(Omission::of).collect();
        for omission in omitted {
            *self.omitted.entry(omission).or_default() += 1;
        }
    }

    pub(super) fn spares(&self, first: &ScenarioResult) -> bool {
        let mut failures = first.failures.iter();
        match first.took >= SLOW {
            true => failures.all(|failure| self.has_known(failure)),
            false => first.is_met && failures.all(|failure| self.has_alike(failure)),
        }
    }

    fn has_alike(&self, failure: &Failure) -> bool {
        let seen = self.alike.get(&signature(failure));
        seen.is_some_and(|seen| *seen >= ENOUGH)
    }

    /// Whether failures like it were confirmed, or such as are told as one with it, or often enough
    /// that the server leaves just this undone.
    fn has_known(&self, failure: &Failure) -> bool {
        let of_it = Omission::of(failure).and_then(|omission| self.omitted.get(&omission));
        let of_cause = Causes::key(failure).and_then(|cause| self.causes.get(&cause));
        of_it.is_some_and(|seen| *seen >= OFTEN)
            || of_cause.is_some_and(|seen| *seen >= ENOUGH)
            || self.has_alike(failure)
    }
}

fn signature(failure: &Failure) -> Signature {
    (failure.clause, failure.judge.clone(), failure.breach())
}

/// Whether a note tells that something was waited for in vain that another scenario may be about.
pub(super) fn notes_what_never_comes(result: &ScenarioResult) -> bool {
    result.verdict == Verdict::Passed && wait_for_others(&result.notes, result.dialect)
}

/// Whether a result waits in vain for something that another scenario may be about.
pub(super) fn needs_what_never_comes(result: &ScenarioResult) -> bool {
    result.verdict == Verdict::Failed && wait_for_others(&result.failures, result.dialect)
}

/// Whether any of these shows an omission that it is not about itself.
fn wait_for_others(failures: &[Failure], dialect: &'static Dialect) -> bool {
    failures.iter().any(|failure| {
        let omission = Omission::of(failure);
        omission.is_some_and(|omission| !omission.is_named_by(failure, dialect))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::test_support::failure;
    use crate::event::{Expectation, Wanted};

    /// A wait in vain for a line that shows a contact.
    fn unshown(clause: ClauseId) -> Failure {
        Failure {
            expected: Expectation {
                text: "ILN".into(),
                any: vec![Wanted::Line("ILN".into())],
            },
            ..failure(Some(clause), "ILN", "nothing")
        }
    }

    #[test]
    fn what_was_often_left_undone_needs_no_further_look_whatever_clause_that_breaks() {
        let mut confirmed = Confirmed::default();
        let clauses = [
            ClauseId::PRES_1,
            ClauseId::PRES_2,
            ClauseId::PRES_3,
            ClauseId::PRES_4,
        ];
        for clause in clauses {
            assert!(!confirmed.has_known(&unshown(ClauseId::PRES_5)));
            confirmed.take(&[unshown(clause)]);
        }
        assert!(confirmed.has_known(&unshown(ClauseId::PRES_5)));
        let other = failure(Some(ClauseId::PRES_5), "ILN", "NLN NLN b@x B");
        assert!(!confirmed.has_known(&other));
    }
}
