//! The properties of a user.

/// A property of a user (MSNP5): what PRP sets, and BPR tells of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Property {
    /// PHH: the phone at home.
    Home,
    /// PHW: the phone at work.
    Work,
    /// PHM: the mobile phone.
    Mobile,
    /// MOB: whether others may page the user.
    Pages,
    /// MBE: whether the user has a device for pages.
    Device,
}

impl Property {
    /// All five, in the order of a synchronisation.
    pub const ALL: [Self; 5] = [
        Self::Home,
        Self::Work,
        Self::Mobile,
        Self::Pages,
        Self::Device,
    ];

    /// Those that contacts are shown.
    pub const SHOWN: [Self; 4] = [Self::Home, Self::Work, Self::Mobile, Self::Pages];

    /// The property that a word names.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|property| property.as_str().as_bytes() == word)
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "PHH",
            Self::Work => "PHW",
            Self::Mobile => "PHM",
            Self::Pages => "MOB",
            Self::Device => "MBE",
        }
    }

    /// Whether it is a phone number, which the user sets as it likes (PRP-1).
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Home | Self::Work | Self::Mobile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for property in Property::ALL {
            assert_eq!(
                Property::parse(property.as_str().as_bytes()),
                Some(property)
            );
        }
        assert_eq!(Property::parse(b"phh"), None);
        let numbers = Property::ALL.map(Property::is_number);
        assert_eq!(numbers, [true, true, true, false, false]);
    }
}
