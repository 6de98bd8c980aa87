//! The shrinker: what it is given, what it does in which order, what it gives back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::runner::{Progress, Runner};
use super::size::Size;
use super::trial::Trial;
use super::{batches, ddmin, details, fixtures, groups, names, prune, unfold, units};
use crate::diagnostic::Source;
use crate::engine::Outcome;
use crate::event::Failure;
use crate::fuzzer::Signature;
use crate::scenario::ast::Scenario;
use crate::scenario::{NoFiles, load, print};

/// How often a scenario is executed unless somebody says otherwise.
const BUDGET: usize = 2_000;
/// How often the result is executed to see how reliably it fails.
const REPLAYS: u32 = 20;

/// Finds the smallest part of a failing scenario that fails in the same way.
///
/// The same scenario, signature and answers of the closures give the same result.
pub struct Shrinker<'e> {
    runner: Runner<'e>,
    replays: u32,
}

impl std::fmt::Debug for Shrinker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shrinker")
            .field("runner", &self.runner)
            .finish_non_exhaustive()
    }
}

/// What a shrinking came to.
#[derive(Debug)]
pub struct Shrunk {
    /// The smallest scenario that was found. It was read back from `text`.
    pub scenario: Scenario,
    /// The same as YAML.
    pub text: String,
    /// How it fails, as the scenario that was given does.
    pub signature: Signature,
    /// One such failure, of the last replay that had it.
    pub failure: Failure,
    /// The size of what was given, parts put in.
    pub before: Size,
    /// The size of `scenario`.
    pub after: Size,
    /// How often a scenario was executed, without the replays.
    pub executions: usize,
    /// The budget or the time was used up: there may be something smaller.
    pub is_cut_short: bool,
    /// Candidates were held against a sound server.
    pub is_guarded: bool,
    /// How often `scenario` was executed in the end.
    pub replays: u32,
    /// How often it failed in the same way then.
    pub failed: u32,
}

/// Why nothing was shrunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShrinkError {
    /// It passes.
    #[error("the scenario passes: there is nothing to shrink")]
    Passes,
    /// It could not be carried out, for this reason.
    #[error("the scenario could not be carried out: {0}")]
    Broken(String),
    /// It fails, but not in the way that was asked for.
    #[error("the scenario fails in another way: {0}")]
    Other(Box<Signature>),
}

impl<'e> Shrinker<'e> {
    /// A shrinker that executes scenarios in this way.
    pub fn new(execute: impl FnMut(&Scenario) -> Outcome + 'e) -> Self {
        Self {
            runner: Runner::new(execute, BUDGET),
            replays: REPLAYS,
        }
    }

    /// At most so many executions, the replays at the end not counted.
    #[must_use]
    pub fn budget(mut self, executions: usize) -> Self {
        self.runner.budget = executions;
        self
    }

    /// How often the result is executed in the end; once where the time is up.
    #[must_use]
    pub fn replays(mut self, replays: u32) -> Self {
        self.replays = replays;
        self
    }

    /// Says of a candidate whether a server without faults passes it; asked before each execution.
    /// What such a server fails accuses nobody. Left out of account where the scenario that is
    /// given is not sound itself.
    #[must_use]
    pub fn guard(mut self, is_sound: impl FnMut(&Scenario) -> bool + 'e) -> Self {
        self.runner.sound = Some(Box::new(is_sound));
        self
    }

    /// Says when the time is up; asked before each execution.
    #[must_use]
    pub fn until(mut self, is_over: impl FnMut() -> bool + 'e) -> Self {
        self.runner.over = Some(Box::new(is_over));
        self
    }

    /// Is told of each execution.
    #[must_use]
    pub fn watched(mut self, watch: impl FnMut(&Progress) + 'e) -> Self {
        self.runner.watch = Some(Box::new(watch));
        self
    }

    /// Shrinks a scenario that fails with this signature; without one, with that of its first
    /// failure.
    ///
    /// # Errors
    ///
    /// When the scenario does not fail, or not so.
    pub fn shrink(
        &mut self,
        scenario: &Scenario,
        signature: Option<&Signature>,
    ) -> Result<Shrunk, ShrinkError> {
        self.runner.executions = 0;
        let outcome = self.runner.execute(scenario);
        let (failure, wanted) = chosen(&outcome, signature)?;
        let plain = unfold::without_setup(scenario);
        let is_guarded = self.runner.is_guarded() && self.runner.is_sound(&plain);
        if !is_guarded {
            self.runner.sound = None;
        }
        let before = Size::of(&plain);
        let mut trial = Trial::new(
            &mut self.runner,
            plain,
            wanted.clone(),
            &failure,
            is_guarded,
        );
        normalise(&mut trial, &failure);
        reduce(&mut trial);
        let is_cut_short = trial.is_over();
        let best = trial.best().clone();
        let executions = self.runner.executions;
        let mut shrunk = self.settle(&best, &wanted, failure);
        shrunk.before = before;
        shrunk.executions = executions;
        shrunk.is_cut_short = is_cut_short;
        shrunk.is_guarded = is_guarded;
        Ok(shrunk)
    }

    /// Writes the result as people read it, reads it back, and sees how often it fails.
    fn settle(&mut self, best: &Scenario, wanted: &Signature, failure: Failure) -> Shrunk {
        let mut tidy = best.clone();
        tidy.clauses = wanted.clause.map_or(tidy.clauses, |clause| vec![clause]);
        for step in &mut tidy.steps {
            step.clause = step.clause.filter(|clause| Some(*clause) != wanted.clause);
        }
        tidy.tags.retain(|tag| tag == "alone");
        tidy.aliases.clear();
        let forms = [
            unfold::with_setup(&names::unnamed(&tidy)),
            unfold::with_setup(&tidy),
            unfold::with_setup(best),
        ];
        let mut result = None;
        for form in forms {
            let text = print(&form);
            let Some(scenario) = reload(&form.name, &text) else {
                continue;
            };
            let after = Size::of(&scenario);
            let shrunk = result.insert(Shrunk {
                scenario,
                text,
                signature: wanted.clone(),
                failure: failure.clone(),
                before: after,
                after,
                executions: 0,
                is_cut_short: false,
                is_guarded: false,
                replays: 0,
                failed: 0,
            });
            let (executions, is_bounded) = (self.runner.executions, self.runner.budget);
            self.runner.budget = usize::MAX;
            self.replay(shrunk);
            (self.runner.executions, self.runner.budget) = (executions, is_bounded);
            if shrunk.failed > 0 {
                break;
            }
        }
        result.unwrap_or_else(|| Shrunk {
            scenario: best.clone(),
            text: print(best),
            signature: wanted.clone(),
            failure,
            before: Size::of(best),
            after: Size::of(best),
            executions: 0,
            is_cut_short: false,
            is_guarded: false,
            replays: 0,
            failed: 0,
        })
    }

    fn replay(&mut self, shrunk: &mut Shrunk) {
        for _ in 0..self.replays.max(1) {
            let outcome = self.runner.execute(&shrunk.scenario);
            shrunk.replays += 1;
            let all = Signature::all(&outcome);
            let found = all.iter().find(|(it, _)| *it == shrunk.signature);
            if let Some((_, failure)) = found {
                shrunk.failed += 1;
                shrunk.failure = (*failure).clone();
            }
            // A form that does not fail at once is given up.
            let is_vain = shrunk.failed == 0 && shrunk.replays >= 3;
            if is_vain || self.runner.is_late() {
                break;
            }
        }
    }
}

/// Reads a scenario back from its text.
fn reload(name: &str, text: &str) -> Option<Scenario> {
    let source: Arc<Source> = Source::new(format!("{name}.yaml"), text);
    load(name, &source, &NoFiles).ok()?.pop()
}

/// The failure of an outcome that is to be kept.
fn chosen(
    outcome: &Outcome,
    signature: Option<&Signature>,
) -> Result<(Failure, Signature), ShrinkError> {
    let told = Signature::all(outcome);
    let Some((first, _)) = told.first().cloned() else {
        return Err(match outcome.why_blocked() {
            Some(why) => ShrinkError::Broken(why),
            None => ShrinkError::Passes,
        });
    };
    let wanted = signature.unwrap_or(&first);
    let found = told.into_iter().find(|(signature, _)| signature == wanted);
    let (signature, failure) = found.ok_or_else(|| ShrinkError::Other(Box::new(first)))?;
    Ok((failure.clone(), signature))
}

/// Brings the scenario into the form that is shrunk most easily.
fn normalise(trial: &mut Trial<'_, '_>, failure: &Failure) {
    trial.doing = "the whole";
    let mut plain = trial.best().clone();
    prune::prune(&mut plain);
    trial.attempt(plain);
    details::loops(trial);
    if let Some(unfolded) = unfold::rounds(trial.best()) {
        trial.attempt(unfolded);
    }
    if let Some(cut) = unfold::cut(trial.best(), &failure.place) {
        trial.attempt(cut);
    }
    if let Some(named) = names::named(trial.best()) {
        trial.attempt(named);
    }
}

/// Takes away what can be taken away: users, then steps, then words, then bytes, and again from
/// the beginning while that made something smaller.
fn reduce(trial: &mut Trial<'_, '_>) {
    let mut told_by_steps = BTreeSet::new();
    while !trial.is_over() {
        let before = print(trial.best());
        trial.doing = "users";
        users(trial, &told_by_steps);
        trial.doing = "steps";
        steps(trial);
        trial.doing = "users";
        fixtures(trial);
        trial.doing = "steps";
        while trial.attempt_any(groups::simpler(trial.best(), trial.failing_step())) {}
        if trial.is_over() {
            return;
        }
        if print(trial.best()) != before {
            continue;
        }
        batches(trial, &told_by_steps);
        logins(trial, &mut told_by_steps);
        trial.doing = "words";
        details::options(trial);
        details::words(trial);
        trial.doing = "bytes";
        details::bytes(trial);
        if trial.is_over() || print(trial.best()) == before {
            return;
        }
    }
}

/// Logins that are `told_by_steps` stay so.
fn users(trial: &mut Trial<'_, '_>, told_by_steps: &BTreeSet<String>) {
    let mut user = trial.best().users.len();
    while user > 0 {
        user -= 1;
        if let Some(candidate) = fixtures::without_user(trial.best(), user) {
            trial.attempt(candidate);
        }
    }
    for user in 0..trial.best().users.len() {
        let name = trial.best().users.get(user).map(|user| &user.name);
        if name.is_none_or(|name| !told_by_steps.contains(name)) {
            trial.attempt_any(fixtures::folded_login(trial.best(), user));
        }
    }
}

fn fixtures(trial: &mut Trial<'_, '_>) {
    for user in 0..trial.best().users.len() {
        while trial.attempt_any(fixtures::folded_edits(trial.best(), user)) {}
        while trial.attempt_any(fixtures::simpler(trial.best(), user)) {}
    }
}

/// What fails in a login that a fixture makes is told by steps, where that takes fewer requests;
/// tried once for each user.
fn logins(trial: &mut Trial<'_, '_>, told_by_steps: &mut BTreeSet<String>) {
    let Some(user) = trial.user_at_fault() else {
        return;
    };
    let before = trial.best().clone();
    let name = before.users.get(user).map(|user| user.name.clone());
    if name.is_none_or(|name| !told_by_steps.insert(name)) {
        return;
    }
    let unfolded = fixtures::unfolded_login(&before, user);
    if unfolded.is_none_or(|unfolded| !trial.attempt(unfolded)) {
        return;
    }
    steps(trial);
    if effort(trial.best()) >= effort(&before) {
        trial.go_back(before);
    }
}

/// What the requests and the fixtures of a scenario come to.
fn effort(scenario: &Scenario) -> usize {
    fixtures::weight(scenario) + Size::of(scenario).sends
}

/// Replies of several lines are told by their first, where less is needed then.
fn batches(trial: &mut Trial<'_, '_>, told_by_steps: &BTreeSet<String>) {
    let before = trial.best().clone();
    let loosened = batches::loosened(&before);
    if loosened.is_none_or(|loosened| !trial.attempt(loosened)) {
        return;
    }
    users(trial, told_by_steps);
    steps(trial);
    fixtures(trial);
    if effort(trial.best()) >= effort(&before) {
        trial.go_back(before);
    }
}

fn steps(trial: &mut Trial<'_, '_>) {
    let base = trial.best().clone();
    ddmin::ddmin(units::units(base.own_dialect(), &base.steps), |units| {
        if trial.is_over() {
            return false;
        }
        let mut candidate = base.clone();
        candidate.steps = units::steps_of(units, &base.steps);
        prune::prune(&mut candidate);
        trial.attempt(candidate)
    });
}
