//! What comes of ADD and REM.

use super::outcome::{Outcome, Outcomes, possible};
use super::refusals::{ABSENT, OPPOSED, THERE};
use super::{Truth, View};
use crate::protocol::List;

/// The list that a user must not be on to be put on this one (ADD-5).
#[must_use]
pub fn opposite(list: List) -> Option<List> {
    match list {
        List::Allow => Some(List::Block),
        List::Block => Some(List::Allow),
        List::Forward | List::Reverse => None,
    }
}

/// Whether a user is on the list that excludes it from this one (ADD-5).
pub fn is_opposed<V: View>(view: &V, owner: V::User, list: List, whom: V::User) -> Truth {
    opposite(list).map_or(Truth::No, |list| view.is_on(owner, list, whom))
}

/// Whether a user is on the RL of another: where it has the other on its FL (ADD-9, REM-6).
pub fn reverse<V: View>(view: &V, owner: V::User, whom: V::User) -> Truth {
    view.is_on(whom, List::Forward, owner)
}

/// What comes of putting somebody else on FL, AL or BL (ADD-1): it fails where it is there (ADD-4),
/// or on the opposite list (ADD-5).
pub fn add<V: View>(view: &V, owner: V::User, list: List, whom: V::User) -> Outcomes {
    let is_there = view.is_on(owner, list, whom);
    let is_opposed = is_opposed(view, owner, list, whom);
    possible([
        (is_there.or(is_opposed).negated(), Outcome::Done),
        (is_there, Outcome::Refused(&THERE)),
        (is_opposed, Outcome::Refused(&OPPOSED)),
    ])
}

/// What comes of taking somebody off FL, AL or BL: it fails where it is not there (REM-1, REM-4).
pub fn remove<V: View>(view: &V, owner: V::User, list: List, whom: V::User) -> Outcomes {
    let is_there = view.is_on(owner, list, whom);
    possible([
        (is_there, Outcome::Done),
        (is_there.negated(), Outcome::Refused(&ABSENT)),
    ])
}

#[cfg(test)]
mod tests {
    use super::Truth::{Maybe, No, Yes};
    use super::*;
    use crate::rules::sketch::{ALICE, BOB, Sketch};

    #[test]
    fn allow_and_block_exclude_each_other() {
        for list in List::ALL {
            assert_eq!(
                opposite(list).and_then(opposite),
                opposite(list).map(|_| list)
            );
        }
        for is_on in [Yes, No, Maybe] {
            let sketch = Sketch::default().put(ALICE, List::Block, BOB, is_on);
            assert_eq!(is_opposed(&sketch, ALICE, List::Allow, BOB), is_on);
            assert_eq!(is_opposed(&sketch, ALICE, List::Block, BOB), No);
            assert_eq!(is_opposed(&sketch, ALICE, List::Forward, BOB), No);
        }
    }

    #[test]
    fn what_is_there_cannot_be_added_nor_what_is_opposed() {
        let (there, opposed) = (Outcome::Refused(&THERE), Outcome::Refused(&OPPOSED));
        for (allow, block, outcomes) in [
            (No, No, &[Outcome::Done][..]),
            (Yes, No, &[there]),
            (No, Yes, &[opposed]),
            (Yes, Maybe, &[there, opposed]),
            (Maybe, No, &[Outcome::Done, there]),
            (Maybe, Yes, &[opposed, there]),
            (No, Maybe, &[Outcome::Done, opposed]),
            (Maybe, Maybe, &[Outcome::Done, there, opposed]),
        ] {
            let sketch = Sketch::default().put(ALICE, List::Allow, BOB, allow);
            let sketch = sketch.put(ALICE, List::Block, BOB, block);
            assert_eq!(add(&sketch, ALICE, List::Allow, BOB)[..], *outcomes);
        }
        let forward = Sketch::default().put(ALICE, List::Block, BOB, Yes);
        assert_eq!(
            add(&forward, ALICE, List::Forward, BOB)[..],
            [Outcome::Done]
        );
    }

    #[test]
    fn what_is_not_there_cannot_be_removed() {
        let absent = Outcome::Refused(&ABSENT);
        for (is_on, outcomes) in [
            (Yes, &[Outcome::Done][..]),
            (No, &[absent]),
            (Maybe, &[Outcome::Done, absent]),
        ] {
            let sketch = Sketch::default().put(ALICE, List::Block, BOB, is_on);
            assert_eq!(remove(&sketch, ALICE, List::Block, BOB)[..], *outcomes);
        }
    }

    #[test]
    fn the_reverse_list_follows_from_forward_lists() {
        for is_on in [Yes, No, Maybe] {
            let sketch = Sketch::default().put(BOB, List::Forward, ALICE, is_on);
            assert_eq!(reverse(&sketch, ALICE, BOB), is_on);
            assert_eq!(reverse(&sketch, BOB, ALICE), No);
        }
    }
}
