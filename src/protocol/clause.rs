//! A clause of the protocol: one testable statement, with its level and its source.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How firmly a clause is founded, and so from which `--level` on it can fail a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The draft says it plainly; practice agrees or is silent.
    Must,
    /// The draft says it; the deployed service or known servers do otherwise.
    Draft,
    /// The draft is silent or vague; the deployed service's behaviour is known.
    Practice,
    /// Silent, and servers differ: told, and nobody fails.
    Open,
}

impl Level {
    /// All of them, each with those before it in it.
    pub const ALL: [Self; 4] = [Self::Must, Self::Draft, Self::Practice, Self::Open];

    /// The word used on the command line and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Draft => "draft",
            Self::Practice => "practice",
            Self::Open => "open",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name of a clause, such as `USR-6`. Each clause is a constant: [`ClauseId::USR_6`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClauseId(pub(super) u16);

impl ClauseId {
    /// The id as it is written: `USR-6`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.clause().name
    }

    /// The clause's level.
    #[must_use]
    pub fn level(self) -> Level {
        self.clause().level
    }
}

impl fmt::Display for ClauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ClauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ClauseId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for ClauseId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A text that names no clause of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown clause `{0}`")]
pub struct UnknownClause(pub String);

/// One testable statement of the protocol.
#[derive(Debug)]
pub struct Clause {
    /// Its stable id.
    pub id: ClauseId,
    /// The id as it is written.
    pub name: &'static str,
    /// How firmly it is founded.
    pub level: Level,
    /// The draft's section, `-` where the draft has none.
    pub section: &'static str,
    /// The statement.
    pub text: &'static str,
    /// Other behaviour that is seen in the field and counts as a variation, not as a failure.
    pub accept: Option<&'static str>,
    /// The number of the first dialect that it holds in.
    pub since: u8,
    /// The number of the last one; `None` where it holds in all that are known.
    pub until: Option<u8>,
}

impl Clause {
    /// The group that the clause belongs to: `USR` for `USR-6`.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.name
            .split_once('-')
            .map_or(self.name, |(group, _)| group)
    }
}
