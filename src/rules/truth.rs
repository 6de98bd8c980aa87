//! Yes, no, or nobody can tell.

/// What is known of a yes-or-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Servers differ, or what was seen leaves it open.
    Maybe,
}

impl Truth {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    /// One of them, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// The contrary.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }
}

impl From<bool> for Truth {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{Maybe, No, Yes};

    #[test]
    fn what_is_not_known_matters_only_where_it_decides() {
        assert_eq!(
            (Yes.and(Maybe), No.and(Maybe), Maybe.and(No)),
            (Maybe, No, No)
        );
        assert_eq!(
            (Yes.or(Maybe), No.or(Maybe), Maybe.or(Yes)),
            (Yes, Maybe, Yes)
        );
        assert_eq!(
            [Yes, No, Maybe].map(super::Truth::negated),
            [No, Yes, Maybe]
        );
    }
}
