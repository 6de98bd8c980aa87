//! A known failure, and a known habit, as they stand in a target file.

use super::date::Date;
use super::pattern::{Pattern, PatternError};
use crate::diagnostic::Place;
use crate::event::Failure;
use crate::protocol::{Clause, ClauseId, Dialect};
use crate::scenario::ast::Scenario;

/// Whose fault a known failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Whose {
    /// The server's.
    #[default]
    Server,
    /// The suite's: the server is right, or nobody knows.
    Suite,
    /// It comes and goes: such a waiver is never stale.
    Flaky,
}

impl Whose {
    /// All of them, as a target file names them.
    pub const ALL: [(&'static str, Self); 3] = [
        ("server", Self::Server),
        ("suite", Self::Suite),
        ("flaky", Self::Flaky),
    ];

    /// The word of a target file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Suite => "suite",
            Self::Flaky => "flaky",
        }
    }
}

/// A known failure.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// As it was written.
    pub text: String,
    /// Which scenarios or clauses.
    pub pattern: Pattern,
    /// Which kind of breach, in the words of [`Failure::breach`]; `None`: any.
    pub breach: Option<String>,
    /// Whose fault it is.
    pub whose: Whose,
    /// Why it is known.
    pub reason: String,
    /// Where more is said of it.
    pub link: Option<String>,
    /// The last day on which it waives.
    pub until: Option<Date>,
    /// The dialects in which it waives; none: all.
    pub dialects: Vec<&'static Dialect>,
    /// Where it is written.
    pub place: Place,
}

impl Waiver {
    /// A waiver for the scenarios or clauses that `text` names.
    ///
    /// # Errors
    ///
    /// When `text` names an unknown clause or is a broken glob.
    pub fn new(text: &str, reason: impl Into<String>, place: Place) -> Result<Self, PatternError> {
        Ok(Self {
            text: text.to_owned(),
            pattern: Pattern::parse(text)?,
            breach: None,
            whose: Whose::default(),
            reason: reason.into(),
            link: None,
            until: None,
            dialects: Vec::new(),
            place,
        })
    }

    /// The same, for one kind of breach.
    #[must_use]
    pub fn with_breach(mut self, breach: impl Into<String>) -> Self {
        self.breach = Some(breach.into());
        self
    }

    /// The clauses that it waives whatever scenario shows them broken.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = ClauseId> {
        let all = Clause::all().iter().map(|clause| clause.id);
        all.filter(|clause| self.pattern.holds(*clause))
    }

    /// Whether it speaks of the clause of a failure, or of the scenario.
    pub(super) fn names(&self, scenario: &Scenario, failure: &Failure) -> bool {
        match (&self.pattern, failure.clause) {
            (Pattern::Name { .. }, _) => self.pattern.names(scenario),
            (_, Some(clause)) => self.pattern.holds(clause),
            (_, None) => false,
        }
    }

    pub(super) fn is_about(&self, breach: &str) -> bool {
        self.breach.as_deref().is_none_or(|known| known == breach)
    }

    pub(super) fn is_expired(&self, today: Option<Date>) -> bool {
        matches!((self.until, today), (Some(until), Some(today)) if until < today)
    }

    /// What is told of a failure that it waives.
    pub(super) fn told(&self) -> String {
        let mut told = match self.reason.trim() {
            "" => "no reason is given".to_owned(),
            reason => reason.to_owned(),
        };
        if let Some(link) = &self.link {
            told.push_str(&format!(" ({link})"));
        }
        match self.whose {
            Whose::Server => told,
            Whose::Suite => format!("a fault of the suite: {told}"),
            Whose::Flaky => format!("known to be flaky: {told}"),
        }
    }
}

/// What a server always does in its own way, whatever a scenario is about.
#[derive(Debug, Clone)]
pub struct Habit {
    /// The clause that it breaks.
    pub clause: ClauseId,
    /// How, in the words of [`Failure::breach`].
    pub breach: String,
    /// Why it is known.
    pub reason: String,
    /// The dialects in which it shows; none: all.
    pub dialects: Vec<&'static Dialect>,
    /// Where it is written.
    pub place: Place,
}
