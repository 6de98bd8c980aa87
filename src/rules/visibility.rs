//! Who sees whom, and who may call whom.

use super::{Presence, Truth, View};
use crate::protocol::{ClauseId, List};

/// Whether a user's lists and BLP admit another (BLP-6, BLP-7, CAL-4).
fn admits<V: View>(view: &V, user: V::User, other: V::User) -> Truth {
    let is_blocked = view.is_on(user, List::Block, other);
    let is_allowed = view
        .is_public(user)
        .or(view.is_on(user, List::Allow, other));
    is_blocked.negated().and(is_allowed)
}

/// Whether a user is shown to a watcher who has it on the FL (PRES-9, CHG-5). BLP BL may hide it
/// from who is not on the AL, and need not (BLP-9). Whether users see themselves nobody says.
pub fn visible<V: View>(view: &V, user: V::User, watcher: V::User) -> Truth {
    let is_other = if user == watcher {
        Truth::Maybe
    } else {
        Truth::Yes
    };
    view.is(user, Presence::Online)
        .and(may_know(view, user, watcher))
        .and(is_other)
}

/// Whether a user lets a watcher know of it: nobody who is blocked does; BLP BL may keep it from who
/// is not on the AL, and need not.
fn may_know<V: View>(view: &V, user: V::User, watcher: V::User) -> Truth {
    match view.is_on(user, List::Block, watcher) {
        Truth::Yes => Truth::No,
        _ => admits(view, user, watcher).or(Truth::Maybe),
    }
}

/// Whether a watcher is told a user's phone numbers: it has the user on its FL (BPR-5), and the user
/// has not blocked it (BPR-4). Whether users are told their own nobody says.
pub fn shows_numbers<V: View>(view: &V, user: V::User, watcher: V::User) -> Truth {
    let is_other = match user == watcher {
        true => Truth::Maybe,
        false => Truth::Yes,
    };
    let is_contact = view.is_on(watcher, List::Forward, user);
    is_contact.and(may_know(view, user, watcher)).and(is_other)
}

/// Whether a user is told of others: online and hidden users are (CHG-6); before its first CHG and
/// in state FLN a user may be (PRES-13, CHG-2).
pub fn hears<V: View>(view: &V, user: V::User) -> Truth {
    let is_here = view
        .is(user, Presence::Online)
        .or(view.is(user, Presence::Hidden));
    let is_in = view.is(user, Presence::Away).negated();
    is_here.or(is_in.and(Truth::Maybe))
}

/// Whether a watcher sees a user (PRES-5).
pub fn sees<V: View>(view: &V, watcher: V::User, user: V::User) -> Truth {
    let is_contact = view.is_on(watcher, List::Forward, user);
    is_contact
        .and(hears(view, watcher))
        .and(visible(view, user, watcher))
}

/// What comes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The callee is rung.
    Open,
    /// The call fails, by this clause.
    Shut(ClauseId),
    /// Nobody can tell.
    Unknown,
}

/// What comes of a call: it fails where the callee is away (CAL-3), hidden (CHG-7), has blocked the
/// caller (CAL-4), admits those on the AL alone (CAL-5) or has turned calls off (IMS-2). Before its
/// first CHG a callee is neither online nor offline; and who calls itself learns nothing of its settings.
pub fn call<V: View>(view: &V, callee: V::User, caller: V::User) -> Reach {
    let is = |presence| view.is(callee, presence);
    let is_admitted = admits(view, callee, caller);
    let takes_calls = view.takes_calls(callee);
    let obstacles = [
        (is(Presence::Away), ClauseId::CAL_3),
        (
            is(Presence::Hidden).or(is(Presence::Offline)),
            ClauseId::CHG_7,
        ),
        (view.is_on(callee, List::Block, caller), ClauseId::CAL_4),
        (is_admitted.negated(), ClauseId::CAL_5),
        (takes_calls.negated(), ClauseId::IMS_2),
    ];
    match obstacles
        .iter()
        .find(|(is_there, _)| *is_there == Truth::Yes)
    {
        _ if callee == caller => Reach::Unknown,
        Some((_, clause)) => Reach::Shut(*clause),
        None if is(Presence::Online).and(is_admitted).and(takes_calls) == Truth::Yes => Reach::Open,
        None => Reach::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{Maybe, No, Yes};
    use super::*;
    use crate::rules::sketch::{ALICE, BOB, Sketch};

    /// Alice is online and public, bob has her on the FL; nobody is on another list.
    fn plain() -> Sketch {
        let mut sketch = Sketch::default();
        sketch.states = [Some(Presence::Online); 2];
        sketch.public = Yes;
        sketch.put(BOB, List::Forward, ALICE, Yes)
    }

    #[test]
    fn a_contact_that_is_online_is_seen() {
        assert_eq!(sees(&plain(), BOB, ALICE), Yes);
        assert_eq!(
            sees(&plain().put(BOB, List::Forward, ALICE, No), BOB, ALICE),
            No
        );
        assert_eq!(
            sees(&plain().put(BOB, List::Forward, ALICE, Maybe), BOB, ALICE),
            Maybe
        );
        assert_eq!(visible(&plain(), ALICE, ALICE), Maybe);
        for (state, is_seen) in [
            (Some(Presence::Hidden), No),
            (Some(Presence::Unset), No),
            (Some(Presence::Offline), No),
            (Some(Presence::Away), No),
            (None, Maybe),
        ] {
            let mut sketch = plain();
            sketch.states[0] = state;
            assert_eq!(visible(&sketch, ALICE, BOB), is_seen, "{state:?}");
        }
    }

    #[test]
    fn who_is_blocked_sees_nothing() {
        let blocked = |truth| plain().put(ALICE, List::Block, BOB, truth);
        assert_eq!(visible(&blocked(Yes), ALICE, BOB), No);
        assert_eq!(visible(&blocked(Maybe), ALICE, BOB), Maybe);
        let mut private = plain();
        private.public = No;
        assert_eq!(visible(&private, ALICE, BOB), Maybe, "BLP-9");
        let private = private.put(ALICE, List::Allow, BOB, Yes);
        assert_eq!(visible(&private, ALICE, BOB), Yes);
    }

    #[test]
    fn numbers_are_for_watchers_who_are_not_blocked() {
        let shown = |sketch: Sketch| shows_numbers(&sketch, ALICE, BOB);
        assert_eq!(shown(plain()), Yes);
        assert_eq!(shown(plain().put(BOB, List::Forward, ALICE, No)), No);
        assert_eq!(shown(plain().put(ALICE, List::Block, BOB, Yes)), No);
        let mut private = plain();
        private.public = No;
        assert_eq!(shown(private), Maybe, "servers differ");
    }

    #[test]
    fn who_is_online_or_hidden_is_told_of_others() {
        for (state, is_told) in [
            (Some(Presence::Online), Yes),
            (Some(Presence::Hidden), Yes),
            (Some(Presence::Unset), Maybe),
            (Some(Presence::Offline), Maybe),
            (Some(Presence::Away), No),
            (None, Maybe),
        ] {
            let mut sketch = plain();
            sketch.states[1] = state;
            assert_eq!(hears(&sketch, BOB), is_told, "{state:?}");
            assert_eq!(sees(&sketch, BOB, ALICE), is_told, "{state:?}");
        }
    }

    #[test]
    fn what_keeps_a_call_from_its_callee() {
        assert_eq!(call(&plain(), ALICE, BOB), Reach::Open);
        assert_eq!(call(&plain(), ALICE, ALICE), Reach::Unknown);
        for (state, reach) in [
            (Some(Presence::Away), Reach::Shut(ClauseId::CAL_3)),
            (Some(Presence::Hidden), Reach::Shut(ClauseId::CHG_7)),
            (Some(Presence::Offline), Reach::Shut(ClauseId::CHG_7)),
            (Some(Presence::Unset), Reach::Unknown),
            (None, Reach::Unknown),
        ] {
            let mut sketch = plain();
            sketch.states[0] = state;
            assert_eq!(call(&sketch, ALICE, BOB), reach, "{state:?}");
            // A block that is certain stops the call in any state.
            sketch = sketch.put(ALICE, List::Block, BOB, Yes);
            assert!(matches!(call(&sketch, ALICE, BOB), Reach::Shut(_)));
        }
        let lists = |public, allow, block| {
            let mut sketch = plain();
            sketch.public = public;
            let sketch = sketch.put(ALICE, List::Allow, BOB, allow);
            call(&sketch.put(ALICE, List::Block, BOB, block), ALICE, BOB)
        };
        assert_eq!(lists(Yes, Yes, Yes), Reach::Shut(ClauseId::CAL_4));
        assert_eq!(lists(Yes, No, Maybe), Reach::Unknown);
        assert_eq!(lists(No, No, No), Reach::Shut(ClauseId::CAL_5));
        assert_eq!(lists(No, Yes, No), Reach::Open);
        assert_eq!(lists(No, Maybe, No), Reach::Unknown);
        assert_eq!(lists(Maybe, No, No), Reach::Unknown);
        assert_eq!(lists(Maybe, Yes, No), Reach::Open);
        for (takes_calls, reach) in [
            (Yes, Reach::Open),
            (No, Reach::Shut(ClauseId::IMS_2)),
            (Maybe, Reach::Unknown),
        ] {
            let mut sketch = plain();
            sketch.takes_calls = takes_calls;
            assert_eq!(call(&sketch, ALICE, BOB), reach, "{takes_calls:?}");
        }
    }
}
