//! How far a server has come: the steps that the first look climbs.

pub use crate::protocol::Rung;

/// What the first look found on a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RungState {
    /// It works.
    Works,
    /// It works, with a breach of a clause.
    Odd,
    /// The server answers with an error, or with something else than it should.
    Refused,
    /// The server ends the connection.
    Closed,
    /// Nothing comes.
    Silent,
    /// It could not be tried, since a lower rung is out.
    Unreached,
}

impl RungState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Works,
        Self::Odd,
        Self::Refused,
        Self::Closed,
        Self::Silent,
        Self::Unreached,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Odd => "odd",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Silent => "silent",
            Self::Unreached => "unreached",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether what needs the rung can be tested.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Self::Works | Self::Odd)
    }
}

/// A rung with what was found on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungResult {
    /// Which.
    pub rung: Rung,
    /// What was found.
    pub state: RungState,
    /// The `id` of the cause that it shows, where it is odd or out.
    pub cause: Option<usize>,
}

impl RungResult {
    /// Adds what was found elsewhere: of each rung the least stands.
    pub(crate) fn add_least(ladder: &mut Vec<Self>, other: Vec<Self>) {
        for rung in other {
            match ladder.iter_mut().find(|it| it.rung == rung.rung) {
                Some(known) if known.state < rung.state => *known = rung,
                Some(_) => {}
                None => ladder.push(rung),
            }
        }
        ladder.sort_by_key(|it| it.rung);
    }
}
