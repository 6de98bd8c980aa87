//! What depends on the dialect of a connection. A line has the shape of the dialect of whoever
//! receives it; what is not said here is the same in all that the server speaks.

use crate::protocol::Dialect;

/// What lines to and from a client look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(pub(super) &'static Dialect);

impl Shape {
    fn is_since(self, number: u8) -> bool {
        self.0.number >= number
    }

    /// Whether a referral to a notification server ends in 0.
    pub(super) fn marks_referral(self) -> bool {
        self.is_since(3)
    }

    /// Whether such a referral says who refers.
    pub(super) fn names_referrer(self) -> bool {
        self.is_since(7)
    }

    /// Whether a page of the service comes with the number of its site.
    pub(super) fn numbers_site(self) -> bool {
        self.is_since(3)
    }

    /// Whether there are phone numbers: PRP and BPR.
    pub(super) fn has_phones(self) -> bool {
        self.is_since(5)
    }

    /// Whether contacts stand in groups.
    pub(super) fn has_groups(self) -> bool {
        self.is_since(7)
    }

    /// Whether the client answers challenges: CHL and QRY.
    pub(super) fn has_challenges(self) -> bool {
        self.is_since(6)
    }

    /// Whether a user logs in with a ticket, and has said before which client it is.
    pub(super) fn takes_tickets(self) -> bool {
        self.is_since(8)
    }

    /// Whether a batch says how long it is, and its lines no more than they must.
    pub(super) fn has_short_batch(self) -> bool {
        self.is_since(8)
    }

    /// Whether presence says what a user's client can do.
    pub(super) fn tells_client(self) -> bool {
        self.is_since(8)
    }

    /// Whether presence shows a user's object, and messages may be data.
    pub(super) fn has_objects(self) -> bool {
        self.is_since(9)
    }

    /// Whether the directory of users is closed.
    pub(super) fn has_no_search(self) -> bool {
        self.is_since(8)
    }

    /// Whether a login says that the user's address is verified.
    pub(super) fn tells_verified(self) -> bool {
        self.is_since(6)
    }
}
