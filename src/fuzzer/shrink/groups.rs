//! Groups of expectations, made smaller.

use super::prune::{prune, unmarked};
use crate::scenario::ast::{Action, Scenario};

/// The scenario with one group made smaller, in every way: one branch instead of `one of`, one
/// member less of `any order`, one step less of a `repeat`.
pub(super) fn simpler(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        match &step.action {
            Action::OneOf(branches) => {
                for branch in branches {
                    let mut candidate = scenario.clone();
                    let branch = branch.iter().cloned().map(unmarked);
                    candidate.steps.splice(index..=index, branch);
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
