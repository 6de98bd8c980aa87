//! What went wrong while a script ran, before anybody is accused of it.

use std::fmt;
use std::time::Duration;

use super::limit::Limit;
use super::link::{End, Late};
use super::outcome::Cause;
use crate::event::{Expectation, Observed, Rung};
use crate::protocol::ClauseId;
use crate::transcript::{ConnId, escape};
use crate::wire::Frame;

/// What was expected, and what came instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) expected: Box<Expectation>,
    pub(crate) got: Got,
    pub(crate) detail: Option<String>,
    /// The first word that differs, counted from one.
    pub(crate) word: Option<usize>,
    /// The connection that it is about.
    pub(crate) slot: Option<usize>,
    /// The clause that is broken, where it is not that of the request.
    pub(crate) clause: Option<ClauseId>,
    /// What the harness was about to do itself.
    pub(crate) rung: Option<Rung>,
    pub(crate) cause: Option<Box<Cause>>,
    /// On which connection it was seen, and how many entries the transcript had; `None` where it is
    /// told at once.
    pub(crate) seen: Option<Box<(ConnId, usize)>>,
}

impl Trouble {
    pub(crate) fn new(expected: impl Into<Expectation>, got: impl Into<Got>) -> Self {
        Self {
            expected: Box::new(expected.into()),
            got: got.into(),
            detail: None,
            word: None,
            slot: None,
            clause: None,
            rung: None,
            cause: None,
            seen: None,
        }
    }

    /// The same, about this connection.
    pub(crate) fn on(mut self, slot: usize) -> Self {
        self.slot = Some(slot);
        self
    }

    /// The same, as a breach of this clause.
    pub(crate) fn breaks(mut self, clause: ClauseId) -> Self {
        self.clause.get_or_insert(clause);
        self
    }

    /// The same, on the way to this rung, unless a lower one is named already.
    pub(crate) fn at(mut self, rung: Rung) -> Self {
        self.rung.get_or_insert(rung);
        self
    }

    /// What came of the server; `None` where a limit of our own stands in its place.
    pub(crate) fn observed(&self) -> Option<&Observed> {
        match &self.got {
            Got::Server(observed) => Some(observed),
            Got::Limit(_) => None,
        }
    }
}

/// What came instead of what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Got {
    /// Something of the server, or its silence.
    Server(Observed),
    /// A limit of our own: it says nothing about the server.
    Limit(Box<Limit>),
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(observed) => observed.fmt(f),
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}

impl From<Observed> for Got {
    fn from(observed: Observed) -> Self {
        Self::Server(observed)
    }
}

impl From<Limit> for Got {
    fn from(limit: Limit) -> Self {
        Self::Limit(Box::new(limit))
    }
}

impl From<&str> for Got {
    fn from(text: &str) -> Self {
        Self::Server(Observed::Other(text.to_owned()))
    }
}

impl From<String> for Got {
    fn from(text: String) -> Self {
        Self::Server(Observed::Other(text))
    }
}

/// What a wait of so long in vain means.
pub(crate) fn told_late(late: &Late, patience: Duration) -> Got {
    match late {
        Late::Timeout => Observed::Silence(patience).into(),
        Late::Halted(limit) => Got::from(*limit),
    }
}

/// How a connection ended.
pub(crate) fn told(end: &End) -> Got {
    let observed = match end {
        End::Closed => Observed::Closed,
        End::Reset => Observed::Reset,
        End::Ours => Observed::Other("closed by the scenario itself".into()),
        End::Unreachable(reason) => Observed::Unreachable(reason.clone()),
        End::Garbage(error) => Observed::Garbage(error.to_string()),
        End::Limit(limit) => return Got::from(*limit),
    };
    Got::Server(observed)
}

/// A line of the server, as what came.
pub(crate) fn came(frame: &Frame) -> Observed {
    Observed::shown(&frame.line, shown(frame))
}

/// A line as reports show it.
pub(crate) fn shown(frame: &Frame) -> String {
    let mut text = escape(&frame.line);
    if text.is_empty() {
        text.push_str("(an empty line)");
    }
    if frame.terminator == crate::wire::Terminator::Lf {
        text.push_str("\\n");
    }
    text
}
