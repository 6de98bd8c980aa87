//! What comes of putting contacts into groups and of taking them out, from MSNP7 on.

use super::Truth;
use super::outcome::{Outcome, Outcomes, possible};
use super::refusals::{IN_GROUP, NO_GROUP_TO_ENTER, NO_GROUP_TO_LEAVE, NOT_IN_GROUP};

/// What comes of ADD to a group (INTO-1, INTO-7): it fails where the contact is in it (INTO-3), or
/// where there is no such group (INTO-4).
#[must_use]
pub fn enter_group(exists: Truth, is_in: Truth) -> Outcomes {
    possible([
        (exists.and(is_in.negated()), Outcome::Done),
        (exists.and(is_in), Outcome::Refused(&IN_GROUP)),
        (exists.negated(), Outcome::Refused(&NO_GROUP_TO_ENTER)),
    ])
}

/// What comes of REM from a group (OUTOF-1): it fails where the contact is not in it, or where there
/// is no such group (OUTOF-3).
#[must_use]
pub fn leave_group(exists: Truth, is_in: Truth) -> Outcomes {
    possible([
        (exists.and(is_in), Outcome::Done),
        (exists.and(is_in.negated()), Outcome::Refused(&NOT_IN_GROUP)),
        (exists.negated(), Outcome::Refused(&NO_GROUP_TO_LEAVE)),
    ])
}

#[cfg(test)]
mod tests {
    use super::Truth::{Maybe, No, Yes};
    use super::*;

    #[test]
    fn a_contact_enters_a_group_once() {
        assert_eq!(enter_group(Yes, No)[..], [Outcome::Done]);
        assert_eq!(enter_group(Yes, Yes)[..], [Outcome::Refused(&IN_GROUP)]);
        let missing = Outcome::Refused(&NO_GROUP_TO_ENTER);
        assert_eq!(enter_group(No, No)[..], [missing]);
        let all = [Outcome::Done, Outcome::Refused(&IN_GROUP), missing];
        assert_eq!(enter_group(Maybe, Maybe)[..], all);
    }

    #[test]
    fn a_contact_leaves_a_group_that_it_is_in() {
        assert_eq!(leave_group(Yes, Yes)[..], [Outcome::Done]);
        assert_eq!(leave_group(Yes, No)[..], [Outcome::Refused(&NOT_IN_GROUP)]);
        assert_eq!(
            leave_group(No, No)[..],
            [Outcome::Refused(&NO_GROUP_TO_LEAVE)]
        );
    }
}
