//! What is wrong with the server, each thing once: failures that come from one breach are one
//! cause, and what could not be judged because of it is counted with it.

use std::sync::Arc;

use crate::event::{Cause, Failure, Judge, Observed, Rung, ScenarioResult, Standing, Verdict};
use crate::protocol::ClauseId;
use crate::run::consequence::{first_word, is_of_lists, tells_of_lists, waits_for_nothing};

/// The causes of a run, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Causes {
    all: Vec<Cause>,
}

impl Causes {
    /// Charges what a result shows to its causes; gives the one that it is told under.
    /// `is_waived` says which of its failures a waiver knows.
    pub(super) fn take(
        &mut self,
        result: &ScenarioResult,
        is_waived: impl Fn(&Failure) -> bool,
    ) -> Option<usize> {
        for note in &result.notes {
            self.charge(note, Standing::Noted, &result.name);
        }
        let shown = matches!(result.verdict, Verdict::Failed | Verdict::Waived);
        let shown = result.failures.iter().filter(|_| shown);
        let ids: Vec<(Standing, usize)> = shown
            .map(|failure| {
                let standing = match is_waived(failure) {
                    true => Standing::Waived,
                    false => Standing::Fails,
                };
                (standing, self.charge(failure, standing, &result.name))
            })
            .collect();
        let fails = ids
            .iter()
            .find(|(standing, _)| *standing == Standing::Fails);
        fails.or_else(|| ids.first()).map(|(_, id)| *id)
    }

    /// The cause of a failure; a new one where none like it is known.
    pub(super) fn charge(&mut self, failure: &Failure, standing: Standing, name: &str) -> usize {
        let at = self
            .find(failure)
            .unwrap_or_else(|| self.found(failure, standing));
        let Some(cause) = self.all.get_mut(at) else {
            return 0;
        };
        cause.standing = cause.standing.min(standing);
        let by_step = |failure: &Failure| failure.judge == Judge::Step;
        if !name.is_empty() && cause.shown_by.last().is_none_or(|last| last != name) {
            cause.shown_by.push(name.to_owned());
        }
        if by_step(failure) && !by_step(&cause.failure) {
            cause.failure = Arc::new(failure.clone());
        }
        cause.id
    }

    fn found(&mut self, failure: &Failure, standing: Standing) -> usize {
        self.all.push(Cause {
            id: self.all.len() + 1,
            clause: failure.clause,
            level: failure.level,
            standing,
            rung: None,
            failure: Arc::new(failure.clone()),
            shown_by: Vec::new(),
            blocks: 0,
        });
        self.all.len() - 1
    }

    /// A step and an oracle that speak of one clause speak of one thing; two steps do where the
    /// kind of breach is the same.
    fn find(&self, failure: &Failure) -> Option<usize> {
        let breach = failure.breach();
        let same_clause = |cause: &Cause| cause.clause == failure.clause && cause.clause.is_some();
        let words = |failure: &Failure| failure.oracle().map(|(_, words)| words.to_owned());
        let same_words =
            |cause: &Cause| words(failure).is_some() && words(failure) == words(&cause.failure);
        let exact = |cause: &Cause| {
            let is_same = cause.breach() == breach || same_words(cause);
            cause.clause == failure.clause && is_same
        };
        let mixed = |cause: &Cause| {
            same_clause(cause) && cause.failure.judge.is_watcher() != failure.judge.is_watcher()
        };
        let position = |is: &dyn Fn(&Cause) -> bool| self.all.iter().position(is);
        position(&exact).or_else(|| position(&mixed))
    }

    /// The cause of a failure that was charged.
    pub(super) fn of(&self, failure: &Failure) -> Option<usize> {
        Some(self.all.get(self.find(failure)?)?.id)
    }

    /// What the server was last proved to stop of.
    pub(super) fn of_death(&self) -> Option<usize> {
        let mut all = self.all.iter().rev();
        let last = all.find(|cause| cause.failure.judge == Judge::Process)?;
        Some(last.id)
    }

    /// The cause that a precondition without a clause most likely failed for: one about the same
    /// command, the only one there is, or of those that are like it (no answer, a connection that
    /// ends or is not made, a line of the same kind that nobody asked for, lists that are other than
    /// they were made) the one that shows most.
    pub(super) fn behind(&self, failure: &Failure) -> Option<usize> {
        let mut broken = self.all.iter().filter(|cause| cause.clause.is_some());
        let is_it = |cause: &&Cause| {
            let Some(command) = failure.command.as_deref() else {
                return false;
            };
            let clause = cause.clause.map_or("", |clause| clause.as_str());
            let is_named = clause.split('-').next() == Some(command);
            cause.failure.command.as_deref() == Some(command) || is_named
        };
        let only = match broken.clone().count() {
            1 => broken.clone().next(),
            _ => None,
        };
        let alike = broken.clone().filter(|cause| {
            let (got, known) = (&failure.got, &cause.failure.got);
            match (got, known) {
                (Observed::Closed | Observed::Reset, Observed::Closed | Observed::Reset)
                | (Observed::Silence(_), Observed::Silence(_))
                | (Observed::Unreachable(_), Observed::Unreachable(_)) => true,
                (Observed::Line(line), Observed::Line(known)) if waits_for_nothing(failure) => {
                    let is_of_strangers = cause.clause == Some(ClauseId::PRES_5);
                    let is_presence = matches!(first_word(line), "NLN" | "FLN" | "ILN");
                    first_word(line) == first_word(known) || (is_presence && is_of_strangers)
                }
                _ => tells_of_lists(failure) && cause.clause.is_some_and(is_of_lists),
            }
        });
        let most = alike.max_by_key(|cause| cause.shown_by.len());
        // What fails the run comes before what is merely noted.
        let mut fails = broken.clone();
        let fails = fails.find(|cause| cause.standing == Standing::Fails && is_it(cause));
        let named = fails.or_else(|| broken.find(is_it));
        named.or(only).or(most).map(|cause| cause.id)
    }

    /// Names the rung that is odd or out because of a cause.
    pub(super) fn set_rung(&mut self, id: usize, rung: Rung) {
        if let Some(cause) = self.get_mut(id) {
            cause.rung.get_or_insert(rung);
        }
    }

    /// One more scenario could not be judged because of this cause.
    pub(super) fn block(&mut self, id: usize) {
        if let Some(cause) = self.get_mut(id) {
            cause.blocks += 1;
        }
    }

    fn get_mut(&mut self, id: usize) -> Option<&mut Cause> {
        self.all.get_mut(id.checked_sub(1)?)
    }

    /// All of them, the heaviest first: crashes and hangs, then by level, then by what they block
    /// and how often they show.
    pub(super) fn list(&self) -> Vec<Cause> {
        let mut all = self.all.clone();
        Cause::sort(&mut all);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Expectation, Wanted};
    use crate::run::test_support::failure;

    fn unreachable(clause: Option<ClauseId>) -> Failure {
        Failure {
            got: Observed::Unreachable("refused".into()),
            ..failure(clause, "a connection", "nothing")
        }
    }

    fn shown(clause: Option<ClauseId>, line: &str) -> Failure {
        Failure {
            command: Some("LST".into()),
            ..failure(clause, "LST", line)
        }
    }

    #[test]
    fn a_precondition_is_charged_to_what_is_like_it() {
        let mut causes = Causes::default();
        let told = [
            unreachable(Some(ClauseId::SBX_2)),
            failure(Some(ClauseId::REM_6), "no b@x", "LST 9 RL 3 1 1 b@x B"),
            failure(Some(ClauseId::PRES_5), "nothing", "FLN b@x"),
            failure(Some(ClauseId::CHG_1), "CHG", "CHG 5 NLN x"),
        ];
        let ids = told.map(|one| causes.charge(&one, Standing::Fails, "a"));
        assert_eq!(causes.behind(&unreachable(None)), Some(ids[0]));
        let list = shown(None, "LST 6 RL 3 1 1 c@x C");
        assert_eq!(causes.behind(&list), Some(ids[1]));
        let unasked = Failure {
            expected: Expectation {
                text: "nothing".into(),
                any: vec![Wanted::Nothing],
            },
            ..failure(None, "nothing", "NLN NLN c@x C")
        };
        assert_eq!(causes.behind(&unasked), Some(ids[2]));
        let other = failure(None, "SYN", "SYN 5 3 4");
        assert_eq!(causes.behind(&other), None);
        let of_list = |clause| shown(Some(clause), "LST 3 FL 3 0 0");
        causes.charge(&of_list(ClauseId::LST_6), Standing::Noted, "b");
        let fails = causes.charge(&of_list(ClauseId::LST_3), Standing::Fails, "c");
        assert_eq!(causes.behind(&list), Some(fails));
    }
}
