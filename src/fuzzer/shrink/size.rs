//! How large a scenario is.

use super::visit;
use crate::scenario::ast::{Action, Part, Payload, Scenario, SendItem, Step};

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
