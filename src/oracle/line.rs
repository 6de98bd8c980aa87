//! A line cut into words.

use crate::wire;

pub use crate::protocol::Verb;

/// How many words of a line are kept; no command of MSNP2 but VER has more.
const KEPT: usize = 12;

/// Where the words of a line stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cuts {
    verb: Verb,
    /// Begin and end of each word.
    words: [(u32, u32); KEPT],
    count: usize,
    is_even: bool,
}

/// A line cut into words.
#[derive(Debug, Clone, Copy)]
pub struct Line<'l> {
    /// The first word.
    pub verb: Verb,
    text: &'l [u8],
    cuts: Cuts,
}

impl<'l> Line<'l> {
    /// Cuts a line.
    #[must_use]
    pub fn read(line: &'l [u8]) -> Self {
        let mut cuts = Cuts::default();
        let mut letters = 0;
        wire::for_each_word(line, |begin, word| {
            if let Some(slot) = cuts.words.get_mut(cuts.count) {
                // Nobody keeps lines of 4 GB; there, words would be missing.
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                *slot = (place(begin), place(begin + word.len()));
            }
            cuts.count += 1;
            letters += word.len();
        });
        cuts.is_even = letters + cuts.count.saturating_sub(1) == line.len();
        let [first, ..] = cuts.words;
        cuts.verb = Verb::parse(between(line, first));
        Self::with_cuts(line, cuts)
    }

    /// The same line again.
    #[must_use]
    pub fn with_cuts(text: &'l [u8], cuts: Cuts) -> Self {
        let verb = cuts.verb;
        Self { verb, text, cuts }
    }

    /// Where its words stand.
    #[must_use]
    pub fn cuts(&self) -> Cuts {
        self.cuts
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> &'l [u8] {
        self.text
    }

    /// A word, the verb being word 0; empty where the line has none.
    #[must_use]
    pub fn word(&self, at: usize) -> &'l [u8] {
        let place = self.cuts.words.get(at);
        place.map_or(&[], |place| between(self.text, *place))
    }

    /// The words from this place on, as far as they are kept.
    pub fn words_from(&self, first: usize) -> impl Iterator<Item = &'l [u8]> + Clone {
        let (text, cuts) = (self.text, self.cuts);
        let kept = cuts.words.into_iter().take(cuts.count).skip(first);
        kept.map(move |place| between(text, place))
    }

    /// Whether a single blank stands between any two words, and none before and behind them.
    #[must_use]
    pub fn is_even(&self) -> bool {
        self.cuts.is_even
    }

    /// How many words the line has, the verb among them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.cuts.count
    }
}

fn between(text: &[u8], (begin, end): (u32, u32)) -> &[u8] {
    text.get(begin as usize..end as usize).unwrap_or_default()
}

/// Whether a line holds printable 7-bit ASCII and blanks alone. Looks at all bytes, which takes
/// less time than to stop at the first other one.
#[must_use]
pub(super) fn is_printable(line: &[u8]) -> bool {
    line.iter()
        .fold(true, |all, byte| all & matches!(byte, b'\t' | b' '..=b'~'))
}

/// A decimal number; `None` for anything else. Beyond 64 bits it saturates.
#[must_use]
pub fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut() {
        let line = Line::read(b"LST  5 FL\t1 ");
        assert_eq!((line.verb, line.count()), (Verb::Lst, 4));
        assert_eq!((line.word(2), line.word(9)), (&b"FL"[..], &b""[..]));
        for (text, is_even) in [("LST 5 FL", true), ("LST  5", false), ("LST 5 ", false)] {
            assert_eq!(Line::read(text.as_bytes()).is_even(), is_even, "{text}");
        }
        assert_eq!(Line::read(b"217 3").verb, Verb::Error(217));
        assert_eq!(Line::read(b"").verb, Verb::Other);
        let long = Line::read(b"VER 1 a b c d e f g h i j k l m n");
        assert_eq!(long.count(), 16);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"0042"), Some(42));
        assert_eq!(number(b"99999999999999999999999"), Some(u64::MAX));
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b""), None);
    }
}
