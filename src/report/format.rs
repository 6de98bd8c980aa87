//! The formats by name.

use super::{Github, Html, Human, Json, Jsonl, Junit, Markdown, Reporter, Tap};

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
    /// Tables for a pull request.
    Markdown,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 8] = [
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Junit,
        Self::Tap,
        Self::Github,
        Self::Html,
        Self::Markdown,
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
            Self::Markdown => "markdown",
        }
    }

    /// A reporter; the one for people without colours.
    #[must_use]
    pub fn reporter(self) -> Box<dyn Reporter + Send> {
        match self {
            Self::Human => Box::new(Human::default()),
            Self::Json => Box::new(Json::default()),
            Self::Jsonl => Box::new(Jsonl::default()),
            Self::Junit => Box::new(Junit::default()),
            Self::Tap => Box::new(Tap::default()),
            Self::Github => Box::new(Github::default()),
            Self::Html => Box::new(Html::default()),
            Self::Markdown => Box::new(Markdown::default()),
        }
    }
}
