//! The small values that states, commands and lines are made of.

use crate::protocol::ServerKind;

/// The most users of one case.
pub const MAX_USERS: usize = 5;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The place in a list of all of them.
            #[must_use]
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    )*};
}

ids! {
    /// A user of the case, by number from 0 below [`MAX_USERS`].
    UserId(u8);
    /// A connection of the case, counted from 0 in the order of opening.
    ConnId(u16);
    /// A switchboard session, counted from 0 in the order of the USRs that made them.
    SessionId(u16);
    /// What lets a user into a switchboard: a cookie of XFR or of RNG, counted from 0.
    TicketId(u16);
}

/// A set of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct UserSet(u8);

impl UserSet {
    /// Whether the user is in it.
    #[must_use]
    pub fn has(self, user: UserId) -> bool {
        self.0 & (1 << (user.0 & 7)) != 0
    }

    /// Puts a user in or takes one out.
    pub fn set(&mut self, user: UserId, is_in: bool) {
        let bit = 1 << (user.0 & 7);
        self.0 = if is_in { self.0 | bit } else { self.0 & !bit };
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> u8 {
        u8::try_from(self.0.count_ones()).unwrap_or_default()
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The users, by number.
    pub fn iter(self) -> impl Iterator<Item = UserId> {
        (0..8).map(UserId).filter(move |user| self.has(*user))
    }
}

/// A friendly name of a user: 0 is the account's own, others are given by REA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NameId(pub u16);

impl NameId {
    /// One that is not known.
    pub const ANY: Self = Self(u16::MAX);
}

/// Where a connection goes to.
pub type Door = ServerKind;
