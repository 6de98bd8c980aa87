//! What is known after replies that nobody has looked at.

use super::prediction::{Effect, Reply};
use crate::protocol::State;
use crate::rules::Truth;

/// What all replies have in common, or how little is known after them; `None` without replies.
pub(super) fn common(replies: &[Reply]) -> Option<Effect> {
    let (first, rest) = replies.split_first()?;
    let mut effect = first.effect;
    for reply in rest {
        effect = meet(effect, reply.effect);
    }
    Some(effect)
}

/// One of two effects has come about.
fn meet(one: Effect, other: Effect) -> Effect {
    match (one, other) {
        _ if one == other => one,
        (Effect::Nothing | Effect::MaybeClosed, Effect::MaybeClosed)
        | (Effect::MaybeClosed, Effect::Nothing) => Effect::MaybeClosed,
        (Effect::Nothing, Effect::Added(list, whom) | Effect::Membership(list, whom))
        | (Effect::Added(list, whom) | Effect::Membership(list, whom), Effect::Nothing)
        | (Effect::Added(list, whom), Effect::Membership(..))
        | (Effect::Membership(list, whom), Effect::Added(..)) => Effect::Membership(list, whom),
        (Effect::State(State::Offline), Effect::Nothing) => Effect::MaybeOffline,
        (Effect::Calls(_) | Effect::MaybeCalls, Effect::Calls(_) | Effect::Nothing) => {
            Effect::MaybeCalls
        }
        (Effect::Synchronised(_), Effect::Synchronised(_)) => Effect::Synchronised(Truth::Maybe),
        (Effect::Phone(key, _) | Effect::MaybePhone(key), Effect::Nothing) => {
            Effect::MaybePhone(key)
        }
        (Effect::AddedInto(whom, _) | Effect::MaybeContact(whom), Effect::Nothing)
        | (Effect::Nothing, Effect::AddedInto(whom, _) | Effect::MaybeContact(whom)) => {
            Effect::MaybeContact(whom)
        }
        (one, Effect::Nothing) | (Effect::Nothing, one) if is_of_groups(one) => Effect::MaybeGroups,
        _ => Effect::Unclear,
    }
}

/// Whether it changes what groups there are, or who is in them.
fn is_of_groups(effect: Effect) -> bool {
    matches!(
        effect,
        Effect::GroupMade(_)
            | Effect::GroupRenamed(..)
            | Effect::GroupRemoved(_)
            | Effect::MaybeGroups
            | Effect::EnteredGroup(..)
            | Effect::LeftGroup(..)
    )
}
