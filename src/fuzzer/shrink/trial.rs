//! Tries candidates, within the budget, and keeps the smallest that still fails the same way.

use std::collections::HashMap;

use super::runner::Runner;
use super::size::Size;
use crate::diagnostic::Place;
use crate::engine::Outcome;
use crate::event::{Failure, Judge};
use crate::fuzzer::signature::Signature;
use crate::scenario::ast::Scenario;
use crate::scenario::{lint, print};

/// One shrinking under way.
pub(super) struct Trial<'t, 'e> {
    runner: &'t mut Runner<'e>,
    /// What is kept.
    pub(super) wanted: Signature,
    /// Where a step must fail, where nothing else tells a wrong scenario from a wrong server.
    place: Option<Place>,
    /// The smallest so far.
    best: Scenario,
    /// Where the smallest so far fails.
    at: Place,
    /// The texts of what was tried, and whether it was interesting.
    tried: HashMap<String, bool>,
    /// What is being done, for whoever watches.
    pub(super) doing: &'static str,
}

impl<'t, 'e> Trial<'t, 'e> {
    pub(super) fn new(
        runner: &'t mut Runner<'e>,
        scenario: Scenario,
        wanted: Signature,
        failure: &Failure,
        is_guarded: bool,
    ) -> Self {
        let at = failure.place.clone();
        let place = (!is_guarded && failure.judge == Judge::Step).then(|| at.clone());
        let tried = HashMap::from([(print(&scenario), true)]);
        Self {
            runner,
            wanted,
            place,
            best: scenario,
            at,
            tried,
            doing: "",
        }
    }

    /// The smallest so far.
    pub(super) fn best(&self) -> &Scenario {
        &self.best
    }

    /// The place of the step that the smallest so far fails by, unless oracles judge it.
    pub(super) fn failing_step(&self) -> Option<&Place> {
        (!matches!(self.wanted.by, Judge::Oracle(_))).then_some(&self.at)
    }

    /// The user in whose login the smallest so far fails.
    pub(super) fn user_at_fault(&self) -> Option<usize> {
        let mut users = self.best.users.iter();
        let source = &self.best.source;
        users.position(|user| {
            source.path == self.at.file && source.place(user.at).line == self.at.line
        })
    }

    /// Goes back to an earlier best.
    pub(super) fn go_back(&mut self, best: Scenario) {
        self.best = best;
    }

    /// Whether a request may be changed: a sound server, or an oracle, then judges what comes.
    pub(super) fn may_change_requests(&self) -> bool {
        self.place.is_none()
    }

    /// Whether nothing more can be tried.
    pub(super) fn is_over(&mut self) -> bool {
        self.runner.is_over()
    }

    /// Takes the candidate for the best where it is another scenario that fails in the same way.
    pub(super) fn attempt(&mut self, candidate: Scenario) -> bool {
        if self.is_over() {
            return false;
        }
        let text = print(&candidate);
        let is_interesting = match self.tried.get(&text) {
            Some(known) => *known && text != print(&self.best),
            None => match self.test(&candidate) {
                Some(place) => {
                    self.tried.insert(text, place.is_some());
                    let is_same = place.is_some();
                    self.at = place.unwrap_or_else(|| self.at.clone());
                    is_same
                }
                None => false,
            },
        };
        if is_interesting {
            self.best = candidate;
            let size = Size::of(&self.best);
            self.runner.tell(self.doing, size);
        }
        is_interesting
    }

    /// Takes the first of these candidates that will do.
    pub(super) fn attempt_any(&mut self, candidates: Vec<Scenario>) -> bool {
        !self.is_over()
            && candidates
                .into_iter()
                .any(|candidate| self.attempt(candidate))
    }

    /// Where a candidate fails in the same way, if it does; `None` where that can be tried no more.
    #[expect(clippy::option_option, reason = "not known is not the same as nowhere")]
    fn test(&mut self, candidate: &Scenario) -> Option<Option<Place>> {
        if candidate.steps.is_empty() || candidate.users.is_empty() || !lint(candidate).is_empty() {
            return Some(None);
        }
        if self.is_over() {
            return None;
        }
        if !self.runner.is_sound(candidate) {
            return Some(None);
        }
        let outcome = self.runner.execute(candidate);
        self.runner.tell(self.doing, Size::of(&self.best));
        Some(self.place_of(&outcome))
    }

    /// Where an outcome has the failure that is looked for.
    fn place_of(&self, outcome: &Outcome) -> Option<Place> {
        let mut all = Signature::all(outcome).into_iter();
        let found = all.find(|(signature, failure)| {
            let is_there = self
                .place
                .as_ref()
                .is_none_or(|place| *place == failure.place);
            is_there && *signature == self.wanted
        });
        found.map(|(_, failure)| failure.place.clone())
    }
}
