//! The formats by name.

use std::str::FromStr;

use super::{Github, Html, Human, Json, Jsonl, Junit, Reporter, Tap};
use crate::diagnostic::did_you_mean;

/// A format that a run can be reported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object for each event.
    Jsonl,
    /// JUnit XML.
    Junit,
    /// TAP version 14.
    Tap,
    /// Annotations of GitHub Actions.
    Github,
    /// One self-contained page.
    Html,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] = [
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Junit,
        Self::Tap,
        Self::Github,
        Self::Html,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Junit => "junit",
            Self::Tap => "tap",
            Self::Github => "github",
            Self::Html => "html",
        }
    }

    /// A reporter; the one for people without colours.
    #[must_use]
    pub fn reporter(self) -> Box<dyn Reporter + Send> {
        match self {
            Self::Human => Box::new(Human::default()),
            Self::Json => Box::new(Json::default()),
            Self::Jsonl => Box::new(Jsonl),
            Self::Junit => Box::new(Junit::default()),
            Self::Tap => Box::new(Tap::default()),
            Self::Github => Box::new(Github::default()),
            Self::Html => Box::new(Html::default()),
        }
    }
}

/// A text that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{name}`{}", suggestion(name))]
pub struct UnknownFormat {
    /// The text.
    pub name: String,
}

fn suggestion(name: &str) -> String {
    let names = Format::ALL.map(Format::as_str);
    match did_you_mean(name, names) {
        Some(near) => format!(": did you mean `{near}`?"),
        None => format!(": there are {}", names.join(", ")),
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|format| format.as_str() == text);
        known.ok_or_else(|| UnknownFormat {
            name: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_slips_are_answered() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        let error = "junti".parse::<Format>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown format `junti`: did you mean `junit`?"
        );
    }
}
