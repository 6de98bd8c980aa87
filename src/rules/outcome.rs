//! What may come of a request.

use smallvec::SmallVec;

use super::Truth;
use crate::protocol::ClauseId;

/// An error that a cause draws.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The clause that says which error.
    pub clause: ClauseId,
    /// Its code.
    pub code: u16,
    /// Codes that servers give for it too.
    pub others: &'static [u16],
    /// What is wrong where another code comes.
    pub breach: &'static str,
}

impl Refusal {
    /// Its code, and those that servers give too.
    pub fn codes(&self) -> impl Iterator<Item = u16> + Clone {
        std::iter::once(self.code).chain(self.others.iter().copied())
    }

    /// Whether a code stands for it.
    #[must_use]
    pub fn has(&self, code: u16) -> bool {
        self.codes().any(|own| own == code)
    }
}

/// What may come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is carried out.
    Done,
    /// It is refused.
    Refused(&'static Refusal),
}

/// All that may come of a request, in one way where enough is known; what is certain comes first.
pub type Outcomes = SmallVec<[Outcome; 3]>;

/// Of these outcomes, those for which the case is given, and then those for which it may be.
pub(super) fn possible<const N: usize>(cases: [(Truth, Outcome); N]) -> Outcomes {
    let of = |truth| {
        cases
            .into_iter()
            .filter(move |(is_given, _)| *is_given == truth)
    };
    let possible = of(Truth::Yes).chain(of(Truth::Maybe));
    possible.map(|(_, outcome)| outcome).collect()
}
