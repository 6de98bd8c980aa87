//! How much work a scenario is, roughly: only good for the order in which scenarios run.

use crate::scenario::ast::{Action, Payload, Scenario, SendItem, Step};

/// So many bytes weigh as much as a round trip.
const BYTES: usize = 4096;
/// What a user weighs: a login, lists, a clean-up.
const USER: u64 = 10;

/// The weight of a scenario, about one for each round trip.
pub(super) fn weight_of(scenario: &Scenario) -> u64 {
    let users = scenario.users.len() as u64;
    (users * USER)
        .saturating_add(all(&scenario.setup))
        .saturating_add(all(&scenario.steps))
}

fn all(steps: &[Step]) -> u64 {
    steps.iter().map(one).fold(0, u64::saturating_add)
}

fn one(step: &Step) -> u64 {
    match &step.action {
        Action::Repeat(times, steps) => all(steps).saturating_mul((*times).into()),
        Action::AnyOrder(steps) => all(steps),
        Action::OneOf(branches) => branches.iter().map(|branch| all(branch)).max().unwrap_or(1),
        Action::Send(send) => {
            let bytes: usize = send.items.iter().map(size).sum();
            let segments = send.segments.map_or(0, |segment| bytes / segment.max(1));
            1 + (bytes / BYTES + segments / 16) as u64
        }
        _ => 1,
    }
}

fn size(item: &SendItem) -> usize {
    match item {
        SendItem::Raw(payload)
        | SendItem::Line {
            payload: Some(payload),
            ..
        } => match payload {
            Payload::Text(_) => 0,
            Payload::Bytes(bytes) => bytes.len(),
            Payload::Filler(bytes) => *bytes,
        },
        SendItem::Line { payload: None, .. } => 0,
    }
}
