//! A message about a place in a text: data without colour, rendered by the binary.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// A text that messages point into: a scenario, a target file, a transcript.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it came from, as the user wrote it.
    pub path: String,
    /// The text itself.
    pub text: String,
}

impl Source {
    /// A source behind a shared pointer.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
        })
    }

    /// The place of a span: line and column count from 1, the column in characters.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let (before, after) = self.text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let head = before.get(line_start..).unwrap_or_default();
        let tail = after.split('\n').next().unwrap_or_default();
        Place {
            file: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: head.chars().count() + 1,
            text: format!("{head}{}", tail.trim_end_matches('\r')),
        }
    }
}

/// A range of bytes in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// A span in a form that people and scripts read; without a file it is nowhere, told as `-`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file's path.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text.
    #[serde(skip)]
    pub text: String,
}

impl Place {
    /// The place of what stands in no file.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            file: String::new(),
            line: 0,
            column: 0,
            text: String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            return f.write_str("-");
        }
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Told, and all goes on.
    Note,
    /// Probably a mistake.
    Warning,
    /// The file cannot be used.
    Error,
}

/// A second place that a message speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One message about one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The text that it is about.
    pub source: Arc<Source>,
    /// The place.
    pub span: Span,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// What to do, a "did you mean" among it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            source: Arc::clone(source),
            span,
            labels: Vec::new(),
            help: None,
        }
    }

    /// The same with an advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with a second place.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// The place in lines and columns.
    #[must_use]
    pub fn place(&self) -> Place {
        self.source.place(self.span)
    }
}

impl fmt::Display for Diagnostic {
    /// One line for the place and the message, then the text with a caret, then the advice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        writeln!(f, "{place}: {}", self.message)?;
        writeln!(f, "    {}", place.text)?;
        let caret = " ".repeat(place.column - 1);
        write!(f, "    {caret}^")?;
        if let Some(help) = &self.help {
            write!(f, "\n    help: {help}")?;
        }
        Ok(())
    }
}

/// The candidate nearest to a misspelt word, if one is near enough to be meant.
#[must_use]
pub fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        let source = Source::new("a.yaml", "one\nt\u{e9}st: x\r\n");
        let place = source.place(Span::new(10, 11));
        assert_eq!((place.line, place.column), (2, 6));
        assert_eq!(place.text, "t\u{e9}st: x");
        assert_eq!(source.place(Span::new(999, 1000)).line, 3);
    }

    #[test]
    fn the_nearest_word_is_meant() {
        assert_eq!(
            did_you_mean("descripton", ["description", "steps"]),
            Some("description")
        );
        assert_eq!(did_you_mean("qqq", ["description", "steps"]), None);
    }
}
