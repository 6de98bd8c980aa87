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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::test_support::load_steps;

    /// The weight of steps, without that of their one user.
    fn weight(steps: &str) -> u64 {
        weight_of(&load_steps(steps)) - USER
    }

    #[test]
    fn long_and_heavy_steps_weigh_more() {
        assert_eq!(weight("  - C: PNG"), 1);
        assert_eq!(weight("  - C: PNG\n  - S: QNG"), 2);
        assert_eq!(
            weight("  - repeat: 50\n    steps:\n      - C: PNG\n      - S: QNG"),
            100
        );
        let choice = "  - C: PNG\n  - one of:\n      - S: QNG\n      - steps:\n          - S: A\n          - S: B";
        assert_eq!(weight(choice), 3);
        assert_eq!(
            weight("  - C: PNG\n  - any order:\n      - S: A\n      - S: B"),
            3
        );
    }

    #[test]
    fn bytes_and_segments_weigh_something() {
        assert_eq!(weight("  - C: { bytes: 40960 }"), 11);
        assert_eq!(
            weight("  - C: MSG 1 N 4096\n    payload: { bytes: 4096 }"),
            2
        );
        assert_eq!(
            weight("  - C: MSG 1 N 2\n    payload: { hex: \"6869\" }"),
            1
        );
        let cut = "  - C: { bytes: 640 }\n    segments: 4";
        assert_eq!(weight(cut), 11);
    }

    #[test]
    fn a_user_weighs_as_much_as_a_login() {
        let one = load_steps("  - C: PNG");
        let mut two = one.clone();
        two.users.extend(one.users.clone());
        assert_eq!(weight_of(&two), weight_of(&one) + USER);
        two.setup.clone_from(&two.steps);
        assert_eq!(weight_of(&two), weight_of(&one) + USER + 1);
    }
}
