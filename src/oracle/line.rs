//! A line cut into words, and the verb that it begins with.

use crate::spec::{ErrorCode, ServerKind};
use crate::wire;

/// The first word of a line, as far as anybody knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the variants are the protocol's own words")]
pub enum Verb {
    Ver,
    Inf,
    Usr,
    Xfr,
    Syn,
    Lst,
    Gtc,
    Blp,
    Chg,
    Add,
    Rem,
    Rea,
    Iln,
    Nln,
    Fln,
    Rng,
    Msg,
    Out,
    Cvr,
    Cvq,
    Fnd,
    Snd,
    Url,
    Png,
    Qng,
    Cal,
    Ans,
    Iro,
    Joi,
    Bye,
    Ack,
    Nak,
    /// Three digits.
    Error(u16),
    /// Anything else.
    #[default]
    Other,
}

impl Verb {
    /// The verb that a word is, in upper case only.
    #[must_use]
    pub fn parse(word: &[u8]) -> Self {
        match word {
            b"VER" => Self::Ver,
            b"INF" => Self::Inf,
            b"USR" => Self::Usr,
            b"XFR" => Self::Xfr,
            b"SYN" => Self::Syn,
            b"LST" => Self::Lst,
            b"GTC" => Self::Gtc,
            b"BLP" => Self::Blp,
            b"CHG" => Self::Chg,
            b"ADD" => Self::Add,
            b"REM" => Self::Rem,
            b"REA" => Self::Rea,
            b"ILN" => Self::Iln,
            b"NLN" => Self::Nln,
            b"FLN" => Self::Fln,
            b"RNG" => Self::Rng,
            b"MSG" => Self::Msg,
            b"OUT" => Self::Out,
            b"CVR" => Self::Cvr,
            b"CVQ" => Self::Cvq,
            b"FND" => Self::Fnd,
            b"SND" => Self::Snd,
            b"URL" => Self::Url,
            b"PNG" => Self::Png,
            b"QNG" => Self::Qng,
            b"CAL" => Self::Cal,
            b"ANS" => Self::Ans,
            b"IRO" => Self::Iro,
            b"JOI" => Self::Joi,
            b"BYE" => Self::Bye,
            b"ACK" => Self::Ack,
            b"NAK" => Self::Nak,
            other => ErrorCode::parse_word(other).map_or(Self::Other, Self::Error),
        }
    }

    /// The verb that a server indifferent to case would read.
    #[must_use]
    pub fn parse_any_case(word: &[u8]) -> Self {
        match <[u8; 3]>::try_from(word) {
            Ok(mut upper) => {
                upper.make_ascii_uppercase();
                Self::parse(&upper)
            }
            Err(_) => Self::Other,
        }
    }

    /// Whether a server's line with this verb carries a TrID.
    #[must_use]
    pub fn has_trid(self) -> bool {
        !matches!(
            self,
            Self::Nln
                | Self::Fln
                | Self::Rng
                | Self::Msg
                | Self::Out
                | Self::Qng
                | Self::Joi
                | Self::Bye
                | Self::Other
        )
    }

    /// Whether a client's request with this verb carries a TrID.
    #[must_use]
    pub fn asks_with_trid(self) -> bool {
        !matches!(self, Self::Out | Self::Png | Self::Other)
    }

    /// Whether a line with verb `answer` may answer a request with this verb.
    #[must_use]
    pub fn is_answered_by(self, answer: Self) -> bool {
        match answer {
            Self::Error(_) => true,
            Self::Ack | Self::Nak => self == Self::Msg,
            Self::Iro => self == Self::Ans,
            Self::Iln => matches!(self, Self::Chg | Self::Add),
            Self::Xfr => matches!(self, Self::Xfr | Self::Usr),
            Self::Gtc | Self::Blp | Self::Lst => self == answer || self == Self::Syn,
            _ => self == answer && self != Self::Msg,
        }
    }

    /// Whether clients send it to servers of this kind.
    #[must_use]
    pub fn is_request(self, kind: ServerKind) -> bool {
        match self {
            Self::Out | Self::Usr => true,
            Self::Cal | Self::Ans | Self::Msg => kind == ServerKind::Switchboard,
            Self::Ver | Self::Inf | Self::Cvq => kind != ServerKind::Switchboard,
            Self::Xfr
            | Self::Syn
            | Self::Lst
            | Self::Gtc
            | Self::Blp
            | Self::Chg
            | Self::Add
            | Self::Rem
            | Self::Rea
            | Self::Cvr
            | Self::Fnd
            | Self::Snd
            | Self::Url
            | Self::Png => kind == ServerKind::Notification,
            _ => false,
        }
    }
}

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

    /// A word, the verb being word 0; empty where the line has none.
    #[must_use]
    pub fn word(&self, at: usize) -> &'l [u8] {
        let place = self.cuts.words.get(at);
        place.map_or(&[], |place| between(self.text, *place))
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
        assert_eq!(Verb::parse_any_case(b"chg"), Verb::Chg);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"0042"), Some(42));
        assert_eq!(number(b"99999999999999999999999"), Some(u64::MAX));
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b""), None);
    }

    #[test]
    fn verbs() {
        assert!(Verb::Usr.is_answered_by(Verb::Xfr) && !Verb::Syn.is_answered_by(Verb::Xfr));
        for verb in [Verb::Out, Verb::Png, Verb::Other] {
            assert!(!verb.asks_with_trid(), "{verb:?}");
        }
        let kinds = |verb: Verb| {
            use ServerKind::{Dispatch, Notification, Switchboard};
            [Dispatch, Notification, Switchboard].map(|kind| verb.is_request(kind))
        };
        assert_eq!(kinds(Verb::Usr), [true, true, true]);
        assert_eq!(kinds(Verb::Inf), [true, true, false]);
        assert_eq!(kinds(Verb::Syn), [false, true, false]);
        assert_eq!(kinds(Verb::Cal), [false, false, true]);
        assert_eq!(kinds(Verb::Qng), [false, false, false]);
    }
}
