//! The names of cases: their numbers, and whose children they are.

/// Where a case comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// The case of this number.
    Case(u64),
    /// A child of the case of this number.
    Child(u64, u64),
    /// A child of a case of the corpus.
    OfCorpus(u64, u64),
}

impl Name {
    /// The name that is written so.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (text, is_of_corpus) = match text.strip_prefix("corpus ") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        match (text.split_once('.'), is_of_corpus) {
            (None, false) => Some(Self::Case(text.parse().ok()?)),
            (None, true) => None,
            (Some((parent, number)), of_corpus) => {
                let (parent, number) = (parent.parse().ok()?, number.parse().ok()?);
                Some(match of_corpus {
                    true => Self::OfCorpus(parent, number),
                    false => Self::Child(parent, number),
                })
            }
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Case(number) => write!(f, "{number}"),
            Self::Child(parent, number) => write!(f, "{parent}.{number}"),
            Self::OfCorpus(parent, number) => write!(f, "corpus {parent}.{number}"),
        }
    }
}
