//! Texts and expected lines from words that stand in no file: for steps that a program makes.

use std::sync::Arc;

use super::reader::{Env, Loader, Parts, Reader, Str};
use super::{Files, NoFiles};
use crate::diagnostic::{Diagnostic, Source};
use crate::scenario::ast::{LinePattern, Text, User};

/// Reads texts and expected lines in the scenario language, outside any file.
pub struct Composer {
    source: Arc<Source>,
    users: Vec<User>,
    parts: Parts,
    env: Env,
}

impl std::fmt::Debug for Composer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composer")
            .field("users", &self.users)
            .finish_non_exhaustive()
    }
}

impl Composer {
    /// For steps of these users, to be told of under this source.
    #[must_use]
    pub fn new(source: Arc<Source>, users: Vec<User>) -> Self {
        Self {
            source,
            users,
            parts: Parts::default(),
            env: Env::default(),
        }
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// A text with expressions, as `C:` has it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn text(&self, text: &str) -> Result<Text, Vec<Diagnostic>> {
        self.read(text, |reader, str| reader.expressions(str, 0..text.len()))
    }

    /// An expected line, as `S:` has it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn line(&self, text: &str) -> Result<LinePattern, Vec<Diagnostic>> {
        self.read(text, |reader, str| reader.line_pattern(str))
    }

    fn read<T>(
        &self,
        text: &str,
        read: impl FnOnce(&Reader<'_>, &Str<'_>) -> Option<T>,
    ) -> Result<T, Vec<Diagnostic>> {
        let files: &dyn Files = &NoFiles;
        let loader = Loader::new(files, &self.parts);
        let reader = Reader {
            loader: &loader,
            source: &self.source,
            env: &self.env,
            users: &self.users,
            folder: "",
            precondition: false,
            chain: None,
        };
        read(&reader, &Str::loose(text)).ok_or_else(|| loader.into_diagnostics())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ast::{Expr, Field, Fixture, Part};

    fn composer() -> Composer {
        let alice = User {
            name: "alice".to_owned(),
            at: crate::diagnostic::Span::default(),
            fixture: Fixture::default(),
        };
        Composer::new(Source::new("made", ""), vec![alice])
    }

    #[test]
    fn texts_and_lines_are_read_as_in_a_file() {
        let composer = composer();
        let text = composer.text("USR {t} I {alice.handle}").unwrap();
        let field = Part::Expr(Expr::Field("alice".to_owned(), Field::Handle));
        assert_eq!(text.parts.last(), Some(&field));
        let line = composer.line("LST {t} FL * 1 2 ...").unwrap();
        assert_eq!((line.words.len(), line.rest), (6, true));
    }

    #[test]
    fn mistakes_are_told() {
        let composer = composer();
        assert!(!composer.text("{bob.handle}").unwrap_err().is_empty());
        assert!(!composer.line("CHG ... NLN").unwrap_err().is_empty());
    }
}
