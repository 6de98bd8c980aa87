//! Groups of expectations, made smaller.

use super::prune::{prune, unmarked};
use super::unfold::stands_at;
use crate::diagnostic::Place;
use crate::scenario::ast::{Action, Scenario, Step};

/// The scenario with one group made smaller, in every way: no `one of`, or one branch of it, one
/// member less of `any order`, one step less of a `repeat`. The step that fails keeps its choices.
pub(super) fn simpler(scenario: &Scenario, failing: Option<&Place>) -> Vec<Scenario> {
    let mut all = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        match &step.action {
            Action::OneOf(branches) if !failing.is_some_and(|at| stands_at(step, at)) => {
                for replacement in without_choice(step, branches) {
                    let mut candidate = scenario.clone();
                    candidate.steps.splice(index..=index, replacement);
                    all.push(candidate);
                }
            }
            Action::AnyOrder(members) | Action::Repeat(_, members) => {
                for member in 0..members.len() {
                    let mut candidate = scenario.clone();
                    if let Some(step) = candidate.steps.get_mut(index)
                        && let Action::AnyOrder(members) | Action::Repeat(_, members) =
                            &mut step.action
                    {
                        members.remove(member);
                    }
                    prune(&mut candidate);
                    all.push(candidate);
                }
            }
            _ => {}
        }
    }
    all
}

/// What can stand for a `one of`: whatever comes, or one branch. A server that is mended may take
/// another branch than this one did, and is right: so the branch is a precondition.
fn without_choice(step: &Step, branches: &[Vec<Step>]) -> Vec<Vec<Step>> {
    let settled = Step {
        action: Action::Settle,
        clause: None,
        ..step.clone()
    };
    let taken = branches.iter().map(|branch| {
        let steps = branch.iter().cloned().map(unmarked);
        let steps = steps.map(|step| Step {
            precondition: true,
            ..step
        });
        steps.collect()
    });
    std::iter::once(vec![settled]).chain(taken).collect()
}
