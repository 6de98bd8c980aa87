//! What a line that is sent may change.

use crate::protocol::{Dialect, Effect, ServerKind, Verb};
use crate::transcript::{Party, What};

/// Whether what is sent may change lists, settings or the name.
pub(super) fn may_change_lists(what: &What, dialect: &'static Dialect) -> bool {
    match what {
        What::Frame(Party::Client, frame) => {
            let row = dialect.request(ServerKind::Notification, frame.verb());
            row.is_some_and(|row| row.effect.is_of_lists() || row.effect == Effect::Name)
        }
        What::Raw(Party::Client, _) => true,
        _ => false,
    }
}

/// Whether what is sent may change the prompt setting, written in whatever way.
pub(super) fn may_set_prompt(what: &What, dialect: &'static Dialect) -> bool {
    match what {
        What::Frame(Party::Client, frame) => {
            let line = frame.line.trim_ascii_start();
            let verb = Verb::parse_any_case(line.get(..3).unwrap_or_default());
            let row = dialect.request(ServerKind::Notification, verb.as_bytes());
            row.is_some_and(|row| row.effect == Effect::Prompt)
        }
        What::Raw(Party::Client, _) => true,
        _ => false,
    }
}
