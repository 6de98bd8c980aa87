//! Which dialect is spoken where nobody has seen it agreed on: as far as the lines themselves tell.

use super::clause::ClauseId;
use super::dialect::Dialect;
use super::outline::OUTLINES;
use super::role::Direction;
use super::verb::Verb;

/// What the lines of a connection allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inference {
    /// The numbers of the dialects with rows that all lines can be of.
    possible: u32,
    /// A line has come that no dialect with rows has.
    is_outlined: bool,
}

/// Which dialect it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inferred {
    /// One of several, this one the earliest; each of them is judged, or the lines say nothing that
    /// one does not share with the others.
    From(&'static Dialect),
    /// One that is not judged.
    Foreign(&'static Dialect),
    /// The lines are of no one dialect.
    Unclear,
}

impl Default for Inference {
    fn default() -> Self {
        let bits = Dialect::with_rows().map(bit);
        Self {
            possible: bits.fold(0, |all, one| all | one),
            is_outlined: false,
        }
    }
}

fn bit(dialect: &'static Dialect) -> u32 {
    1_u32.checked_shl(u32::from(dialect.number)).unwrap_or(0)
}

/// The dialects with rows that a line may be of.
fn speakers(direction: Direction, words: &[&[u8]]) -> u32 {
    let fits = |dialect: &&'static Dialect| {
        let said = dialect.saying(direction, words);
        said.is_some_and(|said| said.fits())
    };
    let own = Dialect::with_rows().filter(fits).map(bit);
    own.fold(0, |all, one| all | one)
}

impl Inference {
    /// Takes in a line. One that no dialect has tells nothing: somebody may have made a mistake.
    pub fn hear(&mut self, direction: Direction, words: &[&[u8]]) {
        let verb = words.first().map_or(Verb::Other, |word| Verb::parse(word));
        if matches!(verb, Verb::Error(_) | Verb::Other) {
            return;
        }
        let own = speakers(direction, words);
        if own != 0 {
            self.possible &= own;
            return;
        }
        let widest = Dialect::widest();
        let is_new = |dialect: &Dialect| dialect.rows_of(verb).is_empty();
        let is_of_outline = || {
            widest
                .saying(direction, words)
                .is_some_and(|said| said.fits())
        };
        if Dialect::with_rows().all(is_new) || is_of_outline() {
            self.is_outlined = true;
        }
    }

    /// Which dialect it is.
    #[must_use]
    pub fn dialect(&self) -> Inferred {
        if self.is_outlined {
            return OUTLINES
                .first()
                .map_or(Inferred::Unclear, |it| Inferred::Foreign(it));
        }
        let mut possible = self.candidates();
        match possible.next() {
            Some(first) if first.is_judged() => Inferred::From(first),
            Some(first) => Inferred::Foreign(first),
            None => Inferred::Unclear,
        }
    }

    /// The dialects with rows that it may be.
    pub fn candidates(self) -> impl Iterator<Item = &'static Dialect> {
        Dialect::with_rows().filter(move |dialect| self.possible & bit(dialect) != 0)
    }

    /// Whether a clause holds whichever of the dialects it is.
    #[must_use]
    pub fn is_bound_by(&self, clause: ClauseId) -> bool {
        let since = clause.clause().since;
        let holds = |dialect| clause.in_dialect(dialect).is_some();
        self.candidates()
            .all(|dialect| since <= dialect.number && holds(dialect))
    }
}
