//! A scenario in its plainest form: no `setup`, no `repeat`, nothing after the failure.

use std::collections::BTreeSet;

use compact_str::ToCompactString;

use super::visit::{self, Seen};
use crate::diagnostic::Place;
use crate::scenario::ast::{
    Action, Expected, Expr, Part, Parts, Payload, PayloadPattern, Scenario, SendItem, Step, Text,
    WordKind,
};

/// A `repeat` of more rounds than this stays folded.
const FEW: u32 = 3;
/// Nothing is unfolded where that makes more steps than this.
const MOST: usize = 2_000;

/// Moves the preconditions to the steps, where they are steps like others that keep their mark.
pub(super) fn without_setup(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    let setup = std::mem::take(&mut scenario.setup);
    let marked = setup.into_iter().map(|mut step| {
        step.precondition = true;
        step
    });
    scenario.steps = marked.chain(scenario.steps).collect();
    scenario
}

/// The other way round: the preconditions at the beginning make up the `setup`.
pub(super) fn with_setup(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    let first = scenario.steps.iter().position(|step| !step.precondition);
    let rest = scenario.steps.split_off(first.unwrap_or_default());
    scenario.setup = std::mem::replace(&mut scenario.steps, rest);
    scenario
}

/// Ends with the step that failed, where it is one of the list.
pub(super) fn cut(scenario: &Scenario, place: &Place) -> Option<Scenario> {
    let is_it = |step: &Step| stands_at(step, place);
    let last = scenario.steps.iter().rposition(is_it)?;
    let mut scenario = scenario.clone();
    scenario.steps.truncate(last + 1);
    Some(scenario)
}

/// Whether a step, or one within it, is written at a place.
pub(super) fn stands_at(step: &Step, place: &Place) -> bool {
    let within = match &step.action {
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => {
            steps.iter().any(|step| stands_at(step, place))
        }
        Action::OneOf(branches) => branches.iter().flatten().any(|step| stands_at(step, place)),
        _ => false,
    };
    within || (step.source.path == place.file && step.source.place(step.at) == *place)
}

/// Writes the rounds of each short `repeat` one after the other. One that has many rounds although
/// fewer were tried needs them all, and says so in fewer words.
pub(super) fn rounds(scenario: &Scenario) -> Option<Scenario> {
    let is_repeat = |step: &Step| matches!(step.action, Action::Repeat(1..=FEW, _));
    if !scenario.steps.iter().any(is_repeat) || unfolded_count(&scenario.steps) > MOST {
        return None;
    }
    let mut scenario = scenario.clone();
    let mut unfolder = Unfolder::default();
    scenario.steps = unfolder.steps(scenario.steps);
    Some(scenario)
}

fn unfolded_count(steps: &[Step]) -> usize {
    let sizes = steps.iter().map(|step| match &step.action {
        Action::Repeat(rounds @ 1..=FEW, steps) => {
            let rounds = usize::try_from(*rounds).unwrap_or(usize::MAX);
            unfolded_count(steps).saturating_mul(rounds)
        }
        _ => visit::count(std::slice::from_ref(step)),
    });
    sizes.fold(0, usize::saturating_add)
}

/// Captures of a round are forgotten after it: each round gets names of its own.
#[derive(Debug, Default)]
struct Unfolder {
    bound: BTreeSet<String>,
    made: usize,
}

impl Unfolder {
    fn steps(&mut self, steps: Vec<Step>) -> Vec<Step> {
        let mut out = Vec::with_capacity(steps.len());
        for mut step in steps {
            let Action::Repeat(rounds @ 1..=FEW, body) = &mut step.action else {
                collect(&step, &mut self.bound);
                out.push(step);
                continue;
            };
            let mut own = BTreeSet::new();
            for step in &*body {
                collect(step, &mut own);
            }
            own.retain(|name| !self.bound.contains(name));
            for round in 1..=*rounds {
                self.made += 1;
                let copy = Copy {
                    own: &own,
                    round: Some(round),
                    suffix: format!("_{}", self.made),
                };
                let mut copied = body.clone();
                for inner in &mut copied {
                    inner.clause = inner.clause.or(step.clause);
                    inner.precondition |= step.precondition;
                    copy.step(inner);
                }
                out.extend(self.steps(copied));
            }
        }
        out
    }
}

/// What a step binds: captures, and named TrIDs with a dot before them.
fn collect(step: &Step, names: &mut BTreeSet<String>) {
    match &step.action {
        Action::Expect(expect) => visit::expected(&expect.what, &mut |seen| {
            if let Seen::Binds(name) = seen {
                names.insert(name.to_owned());
            }
        }),
        Action::Send(send) => {
            names.extend(
                visit::sent_trids(send)
                    .iter()
                    .map(|name| format!(".{name}")),
            );
        }
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => {
            for step in steps {
                collect(step, names);
            }
        }
        Action::OneOf(branches) => {
            for step in branches.iter().flatten() {
                collect(step, names);
            }
        }
        _ => {}
    }
}

/// One round of a `repeat`.
struct Copy<'c> {
    own: &'c BTreeSet<String>,
    /// What `{i}` counts; in a loop within, it counts that loop's rounds.
    round: Option<u32>,
    suffix: String,
}

impl Copy<'_> {
    fn step(&self, step: &mut Step) {
        match &mut step.action {
            Action::Open { address, .. } => address.iter_mut().for_each(|text| self.text(text)),
            Action::Send(send) => {
                for item in &mut send.items {
                    match item {
                        SendItem::Line { text, payload } => {
                            self.text(text);
                            payload.iter_mut().for_each(|payload| self.payload(payload));
                        }
                        SendItem::Raw(payload) => self.payload(payload),
                    }
                }
            }
            Action::Expect(expect) => self.expected(&mut expect.what),
            Action::AnyOrder(steps) => steps.iter_mut().for_each(|step| self.step(step)),
            Action::Repeat(_, steps) => {
                let within = Self {
                    own: self.own,
                    round: None,
                    suffix: self.suffix.clone(),
                };
                steps.iter_mut().for_each(|step| within.step(step));
            }
            Action::OneOf(branches) => {
                branches
                    .iter_mut()
                    .flatten()
                    .for_each(|step| self.step(step));
            }
            _ => {}
        }
    }

    fn expected(&self, what: &mut Expected) {
        match what {
            Expected::Line { pattern, payload } => {
                pattern
                    .words
                    .iter_mut()
                    .for_each(|word| self.kind(&mut word.kind));
                if let Some(PayloadPattern::Exactly(payload)) = payload {
                    self.payload(payload);
                }
            }
            Expected::Error(Some(word)) => self.kind(&mut word.kind),
            Expected::Nothing { except } => {
                for word in except.iter_mut().flat_map(|line| &mut line.words) {
                    self.kind(&mut word.kind);
                }
            }
            _ => {}
        }
    }

    fn kind(&self, kind: &mut WordKind) {
        match kind {
            WordKind::Capture(name) => self.rename(name, ""),
            WordKind::Text(text) | WordKind::Above(text) => self.text(text),
            WordKind::OneOf(kinds) => kinds.iter_mut().for_each(|kind| self.kind(kind)),
            WordKind::Not(kind) => self.kind(kind),
            _ => {}
        }
    }

    fn payload(&self, payload: &mut Payload) {
        if let Payload::Text(text) = payload {
            self.text(text);
        }
    }

    fn text(&self, text: &mut Text) {
        for part in &mut text.parts {
            match (part, self.round) {
                (part @ Part::Expr(Expr::Round), Some(round)) => {
                    *part = Part::Literal(round.to_compact_string());
                }
                (Part::Expr(expr), _) => self.expr(expr),
                (Part::Literal(_), _) => {}
            }
        }
        text.parts = std::mem::take(&mut text.parts)
            .into_iter()
            .fold(Parts::new(), joined);
    }

    fn expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Round => {
                if let Some(round) = self.round {
                    *expr = Expr::Number(round.into());
                }
            }
            Expr::Capture(name) => self.rename(name, ""),
            Expr::Trid(Some(name)) => self.rename(name, "."),
            Expr::Call(_, arguments) => arguments.iter_mut().for_each(|one| self.expr(one)),
            _ => {}
        }
    }

    fn rename(&self, name: &mut String, mark: &str) {
        if self.own.contains(&format!("{mark}{name}")) {
            name.push_str(&self.suffix);
        }
    }
}

/// Adds a part; what is literal joins the literal before it.
pub(super) fn joined(mut parts: Parts, part: Part) -> Parts {
    match (parts.last_mut(), part) {
        (Some(Part::Literal(last)), Part::Literal(text)) => last.push_str(&text),
        (_, part) => parts.push(part),
    }
    parts
}
