//! What lists exclude.

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
}
