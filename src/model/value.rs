//! The small values that states, commands and lines are made of.

use crate::protocol::Property;

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

/// The properties that a client sets.
pub const NUMBERS: [Property; 3] = [Property::Home, Property::Work, Property::Mobile];

/// A phone number: one of a few; the first is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Phone(pub u8);

/// The numbers as they are written. The last but one is as long as one may be, the last holds a
/// line break.
const PHONES: [&str; 6] = [
    "",
    "5551",
    "01%2034",
    "777",
    "55555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555",
    "5%0D%0A6",
];

impl Phone {
    /// How many there are, none counted.
    pub const COUNT: u8 = 6;

    /// As it is written; `None` for none.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        PHONES
            .get(usize::from(self.0))
            .copied()
            .filter(|text| !text.is_empty())
    }

    /// The number that is written so.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        let place = PHONES.iter().position(|text| text.as_bytes() == word)?;
        u8::try_from(place).ok().map(Self)
    }
}

/// The most groups that a user of a case makes.
pub const MAX_GROUPS: u8 = 5;

/// A group of a user, in the order in which the case made them; 0 is that of who is in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GroupId(pub u8);

impl GroupId {
    /// That of who is in no other.
    pub const OTHERS: Self = Self(0);
}

/// The name of a group: one of a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LabelId(pub u8);

/// The names as they are written.
const LABELS: [&str; 10] = [
    "Friends",
    "Work",
    "Old%20ones",
    "Far",
    "%C3%89mile",
    "Near",
    "Kin",
    "x.y-z",
    "%41b",
    "Rest",
];

impl LabelId {
    /// How many there are.
    pub const COUNT: u8 = 10;

    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        LABELS.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// The name that is written so.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        let place = LABELS.iter().position(|text| text.as_bytes() == word)?;
        u8::try_from(place).ok().map(Self)
    }
}

/// A set of groups of one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct GroupSet(u8);

impl GroupSet {
    /// This group alone.
    #[must_use]
    pub fn only(group: GroupId) -> Self {
        Self(1 << (group.0 & 7))
    }

    /// Whether a group is in it.
    #[must_use]
    pub fn has(self, group: GroupId) -> bool {
        self.0 & Self::only(group).0 != 0
    }

    /// The same with a group.
    #[must_use]
    pub fn with(self, group: GroupId) -> Self {
        Self(self.0 | Self::only(group).0)
    }

    /// The same without a group.
    #[must_use]
    pub fn without(self, group: GroupId) -> Self {
        Self(self.0 & !Self::only(group).0)
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> u8 {
        u8::try_from(self.0.count_ones()).unwrap_or_default()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The groups, by number.
    pub fn iter(self) -> impl Iterator<Item = GroupId> {
        (0..8).map(GroupId).filter(move |group| self.has(*group))
    }
}
