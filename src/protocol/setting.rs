//! The two settings of a user.

use super::verb::Verb;

/// A setting of a user (draft, 7.6). Each has two values; `true` stands for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// GTC: A, the client asks its user when the RL grows; or N, it does not.
    Prompt,
    /// BLP: AL, everybody may see and call the user who is not on the BL; or BL, nobody who is not
    /// on the AL.
    Privacy,
}

impl Setting {
    /// Both, in the order of a SYN batch.
    pub const ALL: [Self; 2] = [Self::Prompt, Self::Privacy];

    /// The setting that a command sets.
    #[must_use]
    pub fn of(verb: Verb) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.verb() == verb)
    }

    /// The command that sets it.
    #[must_use]
    pub fn verb(self) -> Verb {
        match self {
            Self::Prompt => Verb::Gtc,
            Self::Privacy => Verb::Blp,
        }
    }

    /// The value that a word stands for.
    #[must_use]
    pub fn parse(self, word: &[u8]) -> Option<bool> {
        let mut values = [true, false].into_iter();
        values.find(|value| self.as_str(*value).as_bytes() == word)
    }

    /// The word for a value.
    #[must_use]
    pub fn as_str(self, value: bool) -> &'static str {
        match (self, value) {
            (Self::Prompt, true) => "A",
            (Self::Prompt, false) => "N",
            (Self::Privacy, true) => "AL",
            (Self::Privacy, false) => "BL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for setting in Setting::ALL {
            for value in [true, false] {
                assert_eq!(setting.parse(setting.as_str(value).as_bytes()), Some(value));
            }
            assert_eq!(setting.parse(b"X"), None);
        }
        assert_eq!(Setting::Prompt.parse(b"AL"), None);
        assert_eq!(Setting::of(Verb::Syn), None);
    }
}
