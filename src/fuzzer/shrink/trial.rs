//! Tries candidates, within the budget, and keeps the smallest that still fails the same way.

use std::collections::HashMap;

use super::shrinker::{Shrinker, Size};
use crate::diagnostic::Place;
use crate::fuzzer::Signature;
use crate::run::Outcome;
use crate::scenario::ast::Scenario;
use crate::scenario::{lint, print};

/// One shrinking under way.
pub(super) struct Trial<'t, 'e> {
    shrinker: &'t mut Shrinker<'e>,
    /// What is kept.
    pub(super) wanted: Signature,
    /// Where a step must fail, where nothing else tells a wrong scenario from a wrong server.
    place: Option<Place>,
    /// The smallest so far.
    best: Scenario,
    /// The texts of what was tried, and whether it was interesting.
    tried: HashMap<String, bool>,
    /// What is being done, for whoever watches.
    pub(super) doing: &'static str,
}

impl<'t, 'e> Trial<'t, 'e> {
    pub(super) fn new(
        shrinker: &'t mut Shrinker<'e>,
        scenario: Scenario,
        wanted: Signature,
        place: Option<Place>,
    ) -> Self {
        let tried = HashMap::from([(print(&scenario), true)]);
        Self {
            shrinker,
            wanted,
            place,
            best: scenario,
            tried,
            doing: "",
        }
    }

    /// The smallest so far.
    pub(super) fn best(&self) -> &Scenario {
        &self.best
    }

    /// Whether a request may be changed: a sound server, or an oracle, then judges what comes.
    pub(super) fn may_change_requests(&self) -> bool {
        self.place.is_none()
    }

    /// Whether nothing more can be tried.
    pub(super) fn is_over(&mut self) -> bool {
        self.shrinker.is_over()
    }

    /// Takes the candidate for the best where it is another scenario that fails in the same way.
    pub(super) fn attempt(&mut self, candidate: Scenario) -> bool {
        let text = print(&candidate);
        let is_interesting = match self.tried.get(&text) {
            Some(known) => *known && text != print(&self.best),
            None => match self.test(&candidate) {
                Some(verdict) => {
                    self.tried.insert(text, verdict);
                    verdict
                }
                None => false,
            },
        };
        if is_interesting {
            self.best = candidate;
            let size = Size::of(&self.best);
            self.shrinker.tell(self.doing, size);
        }
        is_interesting
    }

    /// Takes the first of these candidates that will do.
    pub(super) fn attempt_any(&mut self, candidates: Vec<Scenario>) -> bool {
        candidates
            .into_iter()
            .any(|candidate| self.attempt(candidate))
    }

    /// Whether a candidate fails in the same way; `None` where that can be tried no more.
    fn test(&mut self, candidate: &Scenario) -> Option<bool> {
        if candidate.steps.is_empty() || candidate.users.is_empty() || !lint(candidate).is_empty() {
            return Some(false);
        }
        if self.is_over() {
            return None;
        }
        if !self.shrinker.is_sound(candidate) {
            return Some(false);
        }
        let outcome = self.shrinker.execute(candidate);
        self.shrinker.tell(self.doing, Size::of(&self.best));
        Some(self.is_same(&outcome))
    }

    /// Whether an outcome is the failure that is looked for.
    fn is_same(&self, outcome: &Outcome) -> bool {
        Signature::all(outcome).iter().any(|(signature, failure)| {
            let is_there = self
                .place
                .as_ref()
                .is_none_or(|place| *place == failure.place);
            is_there && *signature == self.wanted
        })
    }
}
