//! The dialects that are known.

use super::dialect::Dialect;
use super::msnp2::MSNP2;
use super::msnp3::MSNP3;
use super::msnp4::MSNP4;
use super::msnp5::MSNP5;
use super::msnp6::MSNP6;
use super::msnp7::MSNP7;
use super::msnp8::MSNP8;
use super::msnp9::MSNP9;
use super::msnp10::MSNP10;
use super::outline::OUTLINES;
use super::verb::Verb;

/// The dialects that are known row by row, oldest first.
pub static DIALECTS: [&Dialect; 8] = [
    &MSNP2, &MSNP3, &MSNP4, &MSNP5, &MSNP6, &MSNP7, &MSNP8, &MSNP9,
];

/// Dialects whose rows are known, and in which nothing is played or judged yet, oldest first.
static LATER: [&Dialect; 1] = [&MSNP10];

impl Dialect {
    /// All dialects whose rows are known, oldest first.
    pub(super) fn with_rows() -> impl Iterator<Item = &'static Self> {
        DIALECTS.into_iter().chain(LATER)
    }

    /// The first dialect, which is spoken before anything is agreed on.
    #[must_use]
    pub fn first() -> &'static Self {
        &MSNP2
    }

    /// The latest dialect that is known row by row.
    #[must_use]
    pub fn latest() -> &'static Self {
        DIALECTS.last().copied().unwrap_or_default()
    }

    /// The dialect that a word of VER names, in whatever case; `None` for one that is not known.
    #[must_use]
    pub fn named(word: &[u8]) -> Option<&'static Self> {
        let mut all = DIALECTS.into_iter();
        all.find(|dialect| word.eq_ignore_ascii_case(dialect.name.as_bytes()))
    }

    /// The dialect that a line of the server agrees on: its answer to an offer names one that is
    /// known.
    pub fn agreed<'w>(words: impl Iterator<Item = &'w [u8]>) -> Option<&'static Self> {
        Self::named(agreed_word(words)?)
    }

    /// The dialect that a line of the server agrees on, judged here or not: enough to read what
    /// comes behind.
    pub fn heard<'w>(words: impl Iterator<Item = &'w [u8]>) -> Option<&'static Self> {
        let word = agreed_word(words)?;
        let mut all = Self::all();
        all.find(|dialect| word == dialect.name.as_bytes())
            .or_else(|| Self::named(word))
    }

    /// All dialects that can be read, oldest first: those with rows, and those in outline.
    pub(super) fn all() -> impl Iterator<Item = &'static Self> {
        Self::with_rows().chain(OUTLINES.iter().copied())
    }

    /// The grammar's widest dialect: whatever has a payload in any has one in this.
    #[must_use]
    pub fn widest() -> &'static Self {
        OUTLINES.last().copied().unwrap_or_default()
    }

    /// Whether what is said in it is judged, and not only read.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        DIALECTS.contains(&self)
    }

    /// Whether it is known in outline alone.
    #[must_use]
    pub fn is_outlined(&self) -> bool {
        OUTLINES.contains(&self)
    }

    /// The word of a line of the server that agrees on a dialect which is not known.
    pub fn foreign<'w>(words: impl Iterator<Item = &'w [u8]>) -> Option<&'w [u8]> {
        let word = agreed_word(words)?;
        let number = word.strip_prefix(b"MSNP")?;
        let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
        (is_number && Self::named(word).is_none()).then_some(word)
    }

    /// The names of several, as a sentence has them: `MSNP2, MSNP3 and MSNP7`, `MSNP2 to MSNP7`.
    #[must_use]
    pub fn names(dialects: &[&'static Self]) -> String {
        match dialects {
            [] => "none".to_owned(),
            [one] => one.name.to_owned(),
            [first, _, .., last] if is_row(dialects) => format!("{first} to {last}"),
            [rest @ .., last] => {
                let names: Vec<&str> = rest.iter().map(|dialect| dialect.name).collect();
                format!("{} and {last}", names.join(", "))
            }
        }
    }

    /// Whether a line with this verb belongs to the batch of SYN, and to that of the first dialect
    /// does not: properties and groups.
    #[must_use]
    pub fn is_added_to_batch(verb: Verb) -> bool {
        let mut rows = DIALECTS.iter().flat_map(|dialect| dialect.rows_of(verb));
        rows.any(|row| !row.is_bare && row.answers.contains(&Verb::Syn))
            && Self::first().rows_of(verb).is_empty()
    }
}

/// The word of the server's answer to VER that names what is agreed on.
fn agreed_word<'w>(mut words: impl Iterator<Item = &'w [u8]>) -> Option<&'w [u8]> {
    let is_answer = Verb::parse(words.next()?) == Verb::Ver;
    is_answer.then(|| words.nth(1))?
}

/// Whether each comes right behind the one before.
fn is_row(dialects: &[&Dialect]) -> bool {
    let next = |pair: &[&Dialect]| matches!(pair, [a, b] if a.number + 1 == b.number);
    dialects.windows(2).all(next)
}

/// Before anything is agreed on, MSNP2 is spoken.
impl Default for &'static Dialect {
    fn default() -> Self {
        Dialect::first()
    }
}
