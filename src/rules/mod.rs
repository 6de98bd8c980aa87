//! What the protocol means, said once and for the judges alone: who sees whom, who may call whom,
//! what excludes what.
//!
//! A rule is a function over a [`View`] of what is known, and answers yes, no, or that nobody can
//! tell. The model knows its whole world, an oracle what the wire has shown since a certain entry,
//! a fixture what it has made itself: they ask the same rules. The reference server asks none of
//! them (ARCHITECTURE.md, wall 1): a wrong belief would be wrong on both sides.

mod groups;
mod lists;
mod outcome;
pub mod refusals;
mod settings;
#[cfg(test)]
mod sketch;
mod states;
mod truth;
mod visibility;

pub use groups::{enter_group, leave_group};
pub use lists::{add, is_opposed, opposite, remove, reverse};
pub use outcome::{Outcome, Outcomes, Refusal};
pub use settings::SettingRule;
pub use states::{change, referral};
pub use truth::Truth;
pub use visibility::{Reach, call, hears, sees, shows_numbers, visible};

use crate::protocol::{List, State};

/// How present a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Not logged in.
    Away,
    /// Logged in, before the first CHG.
    Unset,
    /// In a state that others are shown.
    Online,
    /// In state HDN.
    Hidden,
    /// In state FLN.
    Offline,
}

impl From<Option<State>> for Presence {
    /// How a user is present who is logged in and has set this state.
    fn from(state: Option<State>) -> Self {
        match state {
            None => Self::Unset,
            Some(State::Online(_)) => Self::Online,
            Some(State::Hidden) => Self::Hidden,
            Some(State::Offline) => Self::Offline,
        }
    }
}

/// What is known of users.
pub trait View {
    /// A user.
    type User: Copy + PartialEq;

    /// Whether `whom` is on a list of `owner`.
    fn is_on(&self, owner: Self::User, list: List, whom: Self::User) -> Truth;

    /// Whether a user's BLP is AL.
    fn is_public(&self, user: Self::User) -> Truth;

    /// Whether a user is so present.
    fn is(&self, user: Self::User, presence: Presence) -> Truth;

    /// Whether a user who is online can be called: IMS may have turned calls off (IMS-2). Who knows
    /// no IMS leaves it as it is.
    fn takes_calls(&self, _user: Self::User) -> Truth {
        Truth::Yes
    }
}
