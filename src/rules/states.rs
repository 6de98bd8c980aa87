//! What a state lets a user do.

use super::outcome::{Outcome, Outcomes, possible};
use super::refusals::{HIDDEN, SAME_STATE, UNSET};
use super::{Presence, Truth, View};

/// What comes of CHG to a state that is the present one already, or is not (CHG-1, CHG-10).
#[must_use]
pub fn change(is_so: Truth) -> Outcomes {
    possible([
        (Truth::Yes, Outcome::Done),
        (is_so, Outcome::Refused(&SAME_STATE)),
    ])
}

/// What comes of XFR SB: who is online is referred (SBX-1), who is hidden or in state FLN is not
/// (SBX-3), and before the first CHG the server may choose (SBX-5).
pub fn referral<V: View>(view: &V, user: V::User) -> Outcomes {
    let is = |presence| view.is(user, presence);
    let is_unset = is(Presence::Unset);
    possible([
        (is_unset, Outcome::Refused(&UNSET)),
        (is(Presence::Online).or(is_unset), Outcome::Done),
        (
            is(Presence::Hidden).or(is(Presence::Offline)),
            Outcome::Refused(&HIDDEN),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sketch::{ALICE, Sketch};

    #[test]
    fn the_present_state_may_be_refused() {
        let refused = Outcome::Refused(&SAME_STATE);
        assert_eq!(change(Truth::Yes)[..], [Outcome::Done, refused]);
        assert_eq!(change(Truth::Maybe)[..], [Outcome::Done, refused]);
        assert_eq!(change(Truth::No)[..], [Outcome::Done]);
    }

    #[test]
    fn who_is_hidden_is_not_referred() {
        let (unset, hidden) = (Outcome::Refused(&UNSET), Outcome::Refused(&HIDDEN));
        let of = |state| {
            let mut sketch = Sketch::default();
            sketch.states[ALICE] = state;
            referral(&sketch, ALICE)
        };
        assert_eq!(of(Some(Presence::Online))[..], [Outcome::Done]);
        assert_eq!(of(Some(Presence::Hidden))[..], [hidden]);
        assert_eq!(of(Some(Presence::Offline))[..], [hidden]);
        assert_eq!(of(Some(Presence::Unset))[..], [unset, Outcome::Done]);
        assert_eq!(of(None)[..], [unset, Outcome::Done, hidden]);
    }
}
