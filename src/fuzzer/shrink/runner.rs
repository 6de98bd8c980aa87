//! Executes candidates, as long as the budget and the time last.

use super::size::Size;
use crate::engine::Outcome;
use crate::scenario::ast::Scenario;

type Execute<'e> = Box<dyn FnMut(&Scenario) -> Outcome + 'e>;
type IsSound<'e> = Box<dyn FnMut(&Scenario) -> bool + 'e>;
type IsOver<'e> = Box<dyn FnMut() -> bool + 'e>;
type Watch<'e> = Box<dyn FnMut(&Progress) + 'e>;

/// How far a shrinking has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being made smaller: `users`, `steps` …
    pub doing: &'static str,
    /// The smallest so far.
    pub size: Size,
    /// How often a scenario was executed.
    pub executions: usize,
    /// How often it may be at most.
    pub budget: usize,
}

/// What a shrinking is given, and how often it has used it.
pub(super) struct Runner<'e> {
    carry_out: Execute<'e>,
    pub(super) sound: Option<IsSound<'e>>,
    pub(super) over: Option<IsOver<'e>>,
    pub(super) watch: Option<Watch<'e>>,
    pub(super) budget: usize,
    pub(super) executions: usize,
}

impl std::fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("budget", &self.budget)
            .field("executions", &self.executions)
            .finish_non_exhaustive()
    }
}

impl<'e> Runner<'e> {
    pub(super) fn new(carry_out: impl FnMut(&Scenario) -> Outcome + 'e, budget: usize) -> Self {
        Self {
            carry_out: Box::new(carry_out),
            sound: None,
            over: None,
            watch: None,
            budget,
            executions: 0,
        }
    }

    /// Whether candidates are held against a sound server.
    pub(super) fn is_guarded(&self) -> bool {
        self.sound.is_some()
    }

    pub(super) fn execute(&mut self, scenario: &Scenario) -> Outcome {
        self.executions += 1;
        (self.carry_out)(scenario)
    }

    pub(super) fn is_sound(&mut self, scenario: &Scenario) -> bool {
        self.sound
            .as_mut()
            .is_none_or(|is_sound| is_sound(scenario))
    }

    pub(super) fn is_over(&mut self) -> bool {
        self.executions >= self.budget || self.is_late()
    }

    /// Whether the time is up.
    pub(super) fn is_late(&mut self) -> bool {
        self.over.as_mut().is_some_and(|is_over| is_over())
    }

    pub(super) fn tell(&mut self, doing: &'static str, size: Size) {
        let progress = Progress {
            doing,
            size,
            executions: self.executions,
            budget: self.budget,
        };
        if let Some(watch) = &mut self.watch {
            watch(&progress);
        }
    }
}
