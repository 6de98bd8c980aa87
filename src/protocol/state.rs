//! The states of a user.

use super::handle::ONLINE_STATES;

/// A state of presence (draft, 7.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// An online state, by its place in [`ONLINE_STATES`].
    Online(u8),
    /// HDN.
    Hidden,
    /// FLN, as a state that a client may ask for.
    Offline,
}

impl State {
    /// NLN.
    pub const NLN: Self = Self::Online(0);

    /// The three letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online(place) => ONLINE_STATES
                .get(usize::from(place))
                .copied()
                .unwrap_or("NLN"),
            Self::Hidden => "HDN",
            Self::Offline => "FLN",
        }
    }

    /// The state of these letters.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        match word {
            b"HDN" => Some(Self::Hidden),
            b"FLN" => Some(Self::Offline),
            _ => {
                let mut states = ONLINE_STATES.iter();
                let place = states.position(|state| state.as_bytes() == word)?;
                u8::try_from(place).ok().map(Self::Online)
            }
        }
    }

    /// Whether others can be shown it.
    #[must_use]
    pub fn is_online(self) -> bool {
        matches!(self, Self::Online(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for word in ONLINE_STATES.into_iter().chain(["HDN", "FLN"]) {
            let state = State::parse(word.as_bytes()).unwrap();
            assert_eq!(state.as_str(), word);
            assert_eq!(state.is_online(), ONLINE_STATES.contains(&word));
        }
        assert_eq!(State::parse(b"nln"), None);
        assert_eq!(State::NLN.as_str(), "NLN");
    }
}
