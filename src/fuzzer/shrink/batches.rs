//! Replies of several lines, told by their first.

use super::{units, visit};
use crate::scenario::ast::{Action, Scenario, Step};

/// The scenario with `settle` in place of all but the first line of each reply: what it tells of
/// lists and of others then holds nothing else in place. `None` where no reply has more lines.
pub(super) fn loosened(scenario: &Scenario) -> Option<Scenario> {
    let mut candidate = scenario.clone();
    let mut gone: Vec<usize> = Vec::new();
    for unit in units::units(scenario.own_dialect(), &scenario.steps) {
        let lines = unit.into_iter().filter(|index| {
            let step = scenario.steps.get(*index);
            step.is_some_and(is_line)
        });
        let rest: Vec<usize> = lines.skip(1).collect();
        let Some((first, others)) = rest.split_first() else {
            continue;
        };
        if let Some(step) = candidate.steps.get_mut(*first) {
            (step.action, step.clause, step.precondition) = (Action::Settle, None, true);
        }
        gone.extend(others);
    }
    let is_changed = candidate.steps.iter().zip(&scenario.steps);
    let is_changed = is_changed
        .into_iter()
        .any(|(new, old)| !is_settle(old) && is_settle(new));
    let mut index = 0;
    candidate.steps.retain(|_| {
        index += 1;
        !gone.contains(&(index - 1))
    });
    is_changed.then_some(candidate)
}

fn is_settle(step: &Step) -> bool {
    matches!(step.action, Action::Settle)
}

/// Whether a step expects one line, binds nothing and is marked in no way.
fn is_line(step: &Step) -> bool {
    use crate::scenario::ast::Expected;
    let Action::Expect(expect) = &step.action else {
        return false;
    };
    let mut binds = false;
    visit::expected(&expect.what, &mut |seen| {
        binds |= matches!(seen, visit::Seen::Binds(_));
    });
    matches!(expect.what, Expected::Line { .. }) && !binds && !step.optional
}
