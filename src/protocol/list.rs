//! The four lists of a user.

/// A list of a user (draft, 7.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// FL: whose presence the user wants.
    Forward,
    /// AL: who is allowed.
    Allow,
    /// BL: who is blocked.
    Block,
    /// RL: who has the user on the FL.
    Reverse,
}

impl List {
    /// All four, in the order of a SYN batch (SYN-3).
    pub const ALL: [Self; 4] = [Self::Forward, Self::Allow, Self::Block, Self::Reverse];

    /// The list that a word names.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        let mut lists = Self::ALL.into_iter();
        lists.find(|list| list.as_str().as_bytes() == word)
    }

    /// What being on the list adds to the sum of a contact (BATCH-7).
    #[must_use]
    pub fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The lists of a sum.
    pub fn of_bits(bits: u32) -> impl Iterator<Item = Self> {
        let all = Self::ALL.into_iter();
        all.filter(move |list| bits & list.bit() != 0)
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "FL",
            Self::Allow => "AL",
            Self::Block => "BL",
            Self::Reverse => "RL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for list in List::ALL {
            assert_eq!(List::parse(list.as_str().as_bytes()), Some(list));
        }
        for word in [&b"fl"[..], b"XL", b"", b"FLN"] {
            assert_eq!(List::parse(word), None);
        }
    }
}
