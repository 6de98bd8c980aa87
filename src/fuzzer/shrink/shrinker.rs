//! The shrinker: what it is given, what it does in which order, what it gives back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::trial::Trial;
use super::{batches, ddmin, details, fixtures, groups, names, prune, unfold, units, visit};
use crate::diagnostic::Source;
use crate::engine::Outcome;
use crate::event::Failure;
use crate::fuzzer::Signature;
use crate::scenario::ast::{Payload, Scenario, SendItem, Step};
use crate::scenario::{NoFiles, load, print};

/// How often a scenario is executed unless somebody says otherwise.
const BUDGET: usize = 2_000;
/// How often the result is executed to see how reliably it fails.
const REPLAYS: u32 = 20;

type Execute<'e> = Box<dyn FnMut(&Scenario) -> Outcome + 'e>;
type IsSound<'e> = Box<dyn FnMut(&Scenario) -> bool + 'e>;
type IsOver<'e> = Box<dyn FnMut() -> bool + 'e>;
type Watch<'e> = Box<dyn FnMut(&Progress) + 'e>;

/// Finds the smallest part of a failing scenario that fails in the same way.
///
/// The same scenario, signature and answers of the closures give the same result.
pub struct Shrinker<'e> {
    execute: Execute<'e>,
    is_sound: Option<IsSound<'e>>,
    is_over: Option<IsOver<'e>>,
    watch: Option<Watch<'e>>,
    budget: usize,
    replays: u32,
    executions: usize,
}

impl std::fmt::Debug for Shrinker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shrinker")
            .field("budget", &self.budget)
            .field("executions", &self.executions)
            .finish_non_exhaustive()
    }
}

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

/// How large a scenario is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Size {
    /// Users.
    pub users: usize,
    /// Steps, those within groups too, rounds of loops once.
    pub steps: usize,
    /// Steps that send.
    pub sends: usize,
    /// Literal bytes of all that is sent.
    pub bytes: usize,
}

impl Size {
    /// The size of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let mut size = Self {
            users: scenario.users.len(),
            steps: visit::count(&scenario.setup) + visit::count(&scenario.steps),
            ..Self::default()
        };
        size.add(&scenario.setup);
        size.add(&scenario.steps);
        size
    }

    fn add(&mut self, steps: &[Step]) {
        use crate::scenario::ast::Action;
        for step in steps {
            match &step.action {
                Action::Send(send) => {
                    self.sends += 1;
                    self.bytes += send.items.iter().map(literal_bytes).sum::<usize>();
                }
                Action::AnyOrder(steps) | Action::Repeat(_, steps) => self.add(steps),
                Action::OneOf(branches) => branches.iter().for_each(|branch| self.add(branch)),
                _ => {}
            }
        }
    }
}

fn literal_bytes(item: &SendItem) -> usize {
    use crate::scenario::ast::Part;
    let payload = match item {
        SendItem::Line { payload, .. } => payload.as_ref(),
        SendItem::Raw(payload) => Some(payload),
    };
    let bytes = match payload {
        Some(Payload::Bytes(bytes)) => bytes.len(),
        Some(Payload::Filler(length)) => *length,
        Some(Payload::Text(_)) | None => 0,
    };
    let texts = visit::item_texts(item).flat_map(|text| &text.parts);
    let literals = texts.map(|part| match part {
        Part::Literal(literal) => literal.len(),
        Part::Expr(_) => 0,
    });
    bytes + literals.sum::<usize>()
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
            execute: Box::new(execute),
            is_sound: None,
            is_over: None,
            watch: None,
            budget: BUDGET,
            replays: REPLAYS,
            executions: 0,
        }
    }

    /// At most so many executions, the replays at the end not counted.
    #[must_use]
    pub fn budget(mut self, executions: usize) -> Self {
        self.budget = executions;
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
        self.is_sound = Some(Box::new(is_sound));
        self
    }

    /// Says when the time is up; asked before each execution.
    #[must_use]
    pub fn until(mut self, is_over: impl FnMut() -> bool + 'e) -> Self {
        self.is_over = Some(Box::new(is_over));
        self
    }

    /// Is told of each execution.
    #[must_use]
    pub fn watched(mut self, watch: impl FnMut(&Progress) + 'e) -> Self {
        self.watch = Some(Box::new(watch));
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
        self.executions = 0;
        let outcome = self.execute(scenario);
        let (failure, wanted) = chosen(&outcome, signature)?;
        let plain = unfold::without_setup(scenario);
        let is_guarded = self.is_sound.is_some() && self.is_sound(&plain);
        if !is_guarded {
            self.is_sound = None;
        }
        let before = Size::of(&plain);
        let mut trial = Trial::new(self, plain, wanted.clone(), &failure, is_guarded);
        normalise(&mut trial, &failure);
        reduce(&mut trial);
        let is_cut_short = trial.is_over();
        let best = trial.best().clone();
        let executions = self.executions;
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
            let (executions, is_bounded) = (self.executions, self.budget);
            self.budget = usize::MAX;
            self.replay(shrunk);
            (self.executions, self.budget) = (executions, is_bounded);
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
            let outcome = self.execute(&shrunk.scenario);
            shrunk.replays += 1;
            let all = Signature::all(&outcome);
            let found = all.iter().find(|(it, _)| *it == shrunk.signature);
            if let Some((_, failure)) = found {
                shrunk.failed += 1;
                shrunk.failure = (*failure).clone();
            }
            // A form that does not fail at once is given up.
            let is_vain = shrunk.failed == 0 && shrunk.replays >= 3;
            if is_vain || self.is_late() {
                break;
            }
        }
    }

    pub(super) fn execute(&mut self, scenario: &Scenario) -> Outcome {
        self.executions += 1;
        (self.execute)(scenario)
    }

    pub(super) fn is_sound(&mut self, scenario: &Scenario) -> bool {
        self.is_sound
            .as_mut()
            .is_none_or(|is_sound| is_sound(scenario))
    }

    pub(super) fn is_over(&mut self) -> bool {
        self.executions >= self.budget || self.is_late()
    }

    /// Whether the time is up.
    fn is_late(&mut self) -> bool {
        self.is_over.as_mut().is_some_and(|is_over| is_over())
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
        while trial.attempt_any(groups::simpler(trial.best())) {}
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
    ddmin::ddmin(units::units(&base.steps), |units| {
        if trial.is_over() {
            return false;
        }
        let mut candidate = base.clone();
        candidate.steps = units::steps_of(units, &base.steps);
        prune::prune(&mut candidate);
        trial.attempt(candidate)
    });
}
