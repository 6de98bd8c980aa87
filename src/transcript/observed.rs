//! What came where something was expected.

use std::fmt;
use std::time::Duration;

use super::escape;
use crate::protocol::ErrorCode;

/// What came where something was expected. Texts are escaped and redacted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observed {
    /// A line of the server that is no error.
    Line(String),
    /// An error line: its code, and the whole line.
    Error(u16, String),
    /// The server ended the connection in order.
    Closed,
    /// The connection was reset.
    Reset,
    /// No line came within this time.
    Silence(Duration),
    /// Bytes that cannot be read as lines of the protocol.
    Garbage(String),
    /// No connection was made.
    Unreachable(String),
    /// Something else, in words.
    Other(String),
}

impl Observed {
    /// A line of the server.
    #[must_use]
    pub fn line(line: &[u8]) -> Self {
        let mut text = escape(line);
        if text.is_empty() {
            text.push_str("(an empty line)");
        }
        Self::shown(line, text)
    }

    /// A line of the server that is shown as this text.
    #[must_use]
    pub fn shown(line: &[u8], text: String) -> Self {
        let verb = line.split(|byte| *byte == b' ').next();
        match verb.and_then(ErrorCode::parse_word) {
            Some(code) => Self::Error(code, text),
            None => Self::Line(text),
        }
    }

    /// The kind, as the JSON formats write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Line(_) => "line",
            Self::Error(..) => "error",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Silence(_) => "silence",
            Self::Garbage(_) => "garbage",
            Self::Unreachable(_) => "unreachable",
            Self::Other(_) => "other",
        }
    }

    /// What was written as this kind, with this code and text. Of a silence how long it lasted is
    /// in the text alone, and read from there.
    #[must_use]
    pub fn of_parts(kind: &str, code: Option<u16>, ms: Option<u64>, text: String) -> Self {
        match (kind, code) {
            ("line", _) => Self::Line(text),
            ("error", Some(code)) => Self::Error(code, text),
            ("closed", _) => Self::Closed,
            ("reset", _) => Self::Reset,
            ("silence", _) => Self::Silence(Duration::from_millis(ms.unwrap_or_default())),
            ("garbage", _) => Self::Garbage(text),
            ("unreachable", _) => Self::Unreachable(text),
            _ => Self::Other(text),
        }
    }

    /// The code of an error line.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Error(code, _) => Some(*code),
            _ => None,
        }
    }

    /// How long nothing came, in milliseconds.
    #[must_use]
    pub fn silence_ms(&self) -> Option<u64> {
        match self {
            Self::Silence(time) => Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            _ => None,
        }
    }

    /// Whether the server has answered, rightly or not: it is alive, and not silent.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Line(_) | Self::Error(..))
    }

    /// The first word of a line that is no error.
    #[must_use]
    pub fn verb(&self) -> Option<&str> {
        match self {
            Self::Line(line) => line.split([' ', '\\']).next(),
            _ => None,
        }
    }

    /// The same with every text changed.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Line(text) => Self::Line(change(&text)),
            Self::Error(code, text) => Self::Error(code, change(&text)),
            Self::Garbage(text) => Self::Garbage(change(&text)),
            Self::Unreachable(text) => Self::Unreachable(change(&text)),
            Self::Other(text) => Self::Other(change(&text)),
            rest => rest,
        }
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(text)
            | Self::Error(_, text)
            | Self::Garbage(text)
            | Self::Unreachable(text)
            | Self::Other(text) => f.write_str(text),
            Self::Closed => f.write_str("closed"),
            Self::Reset => f.write_str("reset"),
            Self::Silence(time) => write!(f, "nothing within {time:?}"),
        }
    }
}
