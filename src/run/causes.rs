//! What is wrong with the server, each thing once: failures that come from one breach are one
//! cause, and what could not be judged because of it is counted with it.

use std::sync::Arc;

use crate::event::{Cause, Failure, Judge, Observed, Rung, ScenarioResult, Standing, Verdict};

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
    /// command, the only one there is, or of those that leave as much undone (no answer, or a
    /// connection that ends) the one that shows most.
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
            let is_end = |got: &Observed| matches!(got, Observed::Closed | Observed::Reset);
            let is_silence = |got: &Observed| matches!(got, Observed::Silence(_));
            let (got, known) = (&failure.got, &cause.failure.got);
            (is_end(got) && is_end(known)) || (is_silence(got) && is_silence(known))
        });
        let most = alike.max_by_key(|cause| cause.shown_by.len());
        broken.find(is_it).or(only).or(most).map(|cause| cause.id)
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
