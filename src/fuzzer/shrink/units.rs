//! What goes together: a request and its answers.

use std::collections::BTreeMap;

use super::visit;
use crate::protocol::{Dialect, TridRule, Verb};
use crate::scenario::ast::{Action, Expected, LinePattern, Step};
use crate::transcript::ConnName;

/// The steps by units, each unit the indices of its steps in order. A reply stands in the unit of
/// its request, known by the TrID; an error, an end and the answer to PNG in that of what was
/// sent before on their connection. What the server sends of itself, and what is optional, is a
/// unit of its own.
pub(super) fn units(dialect: &Dialect, steps: &[Step]) -> Vec<Vec<usize>> {
    let mut units: Vec<Vec<usize>> = Vec::new();
    let mut requests: BTreeMap<(ConnName, String), usize> = BTreeMap::new();
    let mut last: BTreeMap<ConnName, usize> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        let joins = match &step.action {
            Action::Send(send) => {
                for name in visit::sent_trids(send) {
                    requests.insert((send.conn.clone(), name), units.len());
                }
                last.insert(send.conn.clone(), units.len());
                None
            }
            Action::Repeat(..) => None,
            _ if step.optional => None,
            _ => {
                let trids = visit::expected_trids(step);
                let request = trids.iter().find_map(|trid| requests.get(trid));
                request
                    .or_else(|| last.get(answered(dialect, step)?))
                    .copied()
            }
        };
        match joins.and_then(|unit| units.get_mut(unit)) {
            Some(unit) => unit.push(index),
            None => units.push(vec![index]),
        }
    }
    units
}

/// The connection whose last request a step answers without a TrID.
fn answered<'s>(dialect: &Dialect, step: &'s Step) -> Option<&'s ConnName> {
    match &step.action {
        Action::Expect(expect) => {
            let answers = match &expect.what {
                Expected::Error(_) | Expected::Refused | Expected::Closed => true,
                Expected::Line { pattern, .. } => is_line_without_trid(dialect, pattern),
                Expected::Nothing { .. } => false,
            };
            answers.then_some(&expect.conn)
        }
        Action::OneOf(branches) => {
            let mut firsts = branches.iter().filter_map(|branch| branch.first());
            firsts.find_map(|step| answered(dialect, step))
        }
        Action::AnyOrder(steps) => steps.iter().find_map(|step| answered(dialect, step)),
        _ => None,
    }
}

fn is_line_without_trid(dialect: &Dialect, pattern: &LinePattern) -> bool {
    let verb = pattern
        .words
        .first()
        .map(|word| visit::plain_word(&word.kind));
    let verb = Verb::parse(verb.flatten().unwrap_or_default().as_bytes());
    let mut rows = dialect.rows_of(verb).iter();
    rows.any(|row| row.trid == TridRule::Never && !row.answers.is_empty())
}

/// The steps of these units, in their old order.
pub(super) fn steps_of(units: &[Vec<usize>], steps: &[Step]) -> Vec<Step> {
    let mut indices: Vec<usize> = units.iter().flatten().copied().collect();
    indices.sort_unstable();
    let steps = indices.iter().filter_map(|index| steps.get(*index));
    steps.cloned().collect()
}
