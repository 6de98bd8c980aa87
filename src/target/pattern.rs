//! How users name scenarios and clauses: by name, folder, glob, clause id or group of clauses.

use crate::diagnostic::did_you_mean;
use crate::protocol::{Clause, ClauseId};
use crate::scenario::ast::Scenario;

/// What a user wrote to name scenarios or clauses.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// A clause: `USR-6`.
    Clause(ClauseId),
    /// All clauses of a group: `USR` or `USR-*`.
    Group(String),
    /// Scenarios by name.
    Name {
        /// As it was written.
        text: String,
        /// The same as a glob, where it holds a character of a glob.
        glob: Option<Glob>,
    },
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It looks like a clause id, and there is none of that name.
    #[error("there is no clause `{word}`")]
    UnknownClause {
        /// As it was written.
        word: String,
        /// The nearest that exists.
        meant: Option<&'static str>,
    },
    /// It is no glob.
    #[error("`{word}` is no glob: {why}")]
    BadGlob {
        /// As it was written.
        word: String,
        /// What the glob library says.
        why: String,
    },
    /// There is nothing in it.
    #[error("an empty name")]
    Empty,
}

impl PatternError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownClause {
                meant: Some(meant), ..
            } => Some(format!("did you mean `{meant}`?")),
            Self::UnknownClause { .. } => Some("`msnpspec list clauses` shows them all".into()),
            Self::BadGlob { .. } | Self::Empty => None,
        }
    }
}

impl Pattern {
    /// Reads one word. An upper-case word with the look of a clause id must name one that exists.
    ///
    /// # Errors
    ///
    /// See [`PatternError`].
    pub fn parse(word: &str) -> Result<Self, PatternError> {
        if word.is_empty() {
            return Err(PatternError::Empty);
        }
        if let Ok(clause) = word.parse() {
            return Ok(Self::Clause(clause));
        }
        let group = word.strip_suffix("-*").unwrap_or(word);
        if Clause::all().iter().any(|clause| clause.group() == group) {
            return Ok(Self::Group(group.to_owned()));
        }
        if looks_like_clause(word) {
            let ids = Clause::all().iter().map(|clause| clause.name);
            let groups = Clause::all().iter().map(Clause::group);
            return Err(PatternError::UnknownClause {
                word: word.to_owned(),
                meant: did_you_mean(word, ids.chain(groups)),
            });
        }
        let glob = word
            .contains(['*', '?', '[', '{'])
            .then(|| Glob::parse(word))
            .transpose()?;
        Ok(Self::Name {
            text: word.trim_end_matches('/').to_owned(),
            glob,
        })
    }

    /// Whether the scenario is named: by its name, a former one, its name without the row of the
    /// matrix, its folder, a glob, or a clause that it tests.
    #[must_use]
    pub fn names(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Clause(_) | Self::Group(_) => {
                scenario.clauses.iter().any(|clause| self.holds(*clause))
            }
            Self::Name { text, glob } => std::iter::once(&scenario.name)
                .chain(&scenario.aliases)
                .any(|name| {
                    is_name_of(text, name) || glob.as_ref().is_some_and(|glob| glob.is_match(name))
                }),
        }
    }

    /// Whether the clause is named.
    #[must_use]
    pub fn holds(&self, clause: ClauseId) -> bool {
        match self {
            Self::Clause(id) => *id == clause,
            Self::Group(group) => clause.clause().group() == group,
            Self::Name { .. } => false,
        }
    }
}

/// A glob for any text; `*` also stands for `/`.
#[derive(Debug, Clone)]
pub struct Glob(String);

impl Glob {
    /// In a text without one, no wildcard stops at a `/`.
    const SLASH: &str = "\u{1}";

    /// Reads one. A `!` is a character like others.
    ///
    /// # Errors
    ///
    /// [`PatternError::BadGlob`].
    fn parse(word: &str) -> Result<Self, PatternError> {
        let escape = if word.starts_with('!') { "\\" } else { "" };
        let glob = format!("{escape}{}", word.replace('/', Self::SLASH));
        match fast_glob::validate(&glob) {
            Ok(()) => Ok(Self(glob)),
            Err(error) => Err(PatternError::BadGlob {
                word: word.to_owned(),
                why: error.to_string(),
            }),
        }
    }

    fn is_match(&self, text: &str) -> bool {
        fast_glob::glob_match(&self.0, text.replace('/', Self::SLASH))
    }
}

/// A scenario's name without the row of its matrix.
pub(crate) fn base(name: &str) -> &str {
    name.split_once('[').map_or(name, |(base, _)| base)
}

fn is_name_of(text: &str, name: &str) -> bool {
    text == name
        || text == base(name)
        || name
            .strip_prefix(text)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn looks_like_clause(word: &str) -> bool {
    let (head, tail) = word.split_once('-').unwrap_or((word, "*"));
    head.len() >= 2
        && head.bytes().all(|byte| byte.is_ascii_uppercase())
        && (tail == "*" || (!tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::test_support::scenario;

    fn names(word: &str, name: &str, clauses: &[&str]) -> bool {
        Pattern::parse(word)
            .unwrap()
            .names(&scenario(name, clauses, &[]))
    }

    #[test]
    fn scenarios_are_named_in_many_ways() {
        let row = "presence/change[state=BSY]";
        for word in [
            row,
            "presence/change",
            "presence",
            "presence/",
            "presence/*",
            "*/change*",
            "PRES-1",
            "pres-1",
            "PRES",
            "PRES-*",
            "pres*BSY]",
            "**/change?state=BSY?",
            "presence/{change,call}*",
            "[!q]resence/*",
        ] {
            assert!(names(word, row, &["PRES-1"]), "{word}");
        }
        for word in [
            "pres",
            "change",
            "presence/chan",
            "PRES-2",
            "USR",
            "x*",
            "!*",
            "{a,b}*",
        ] {
            assert!(!names(word, row, &["PRES-1"]), "{word}");
        }
    }

    #[test]
    fn a_misspelt_clause_is_told() {
        let error = Pattern::parse("URS-6").unwrap_err();
        assert_eq!(error.help().unwrap(), "did you mean `USR-6`?");
        assert!(Pattern::parse("USR-99").is_err());
        assert!(Pattern::parse("QQQQ").is_err());
        for name in ["Q", "A-1x", "errors", "USR-", "USR-6x"] {
            assert!(Pattern::parse(name).is_ok(), "{name}");
        }
        assert!(matches!(
            Pattern::parse("a[").unwrap_err(),
            PatternError::BadGlob { .. }
        ));
    }
}
