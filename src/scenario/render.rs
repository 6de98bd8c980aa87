//! What is expected, as text with all that is known filled in: `911 4`.

use super::ast::{
    Expect, Expected, Expr, LinePattern, Part, Payload, PayloadPattern, Text, WordKind, WordPattern,
};
use super::eval::Scope;
use super::maker::shown;
use super::source_form;
use crate::transcript::ConnName;

/// The most characters of a payload that are shown.
const MAX_PAYLOAD: usize = 200;

impl Scope {
    /// What a step expects, for the `expected` of a report.
    #[must_use]
    pub fn render(&self, expect: &Expect) -> String {
        match &expect.what {
            Expected::Line { pattern, payload } => {
                self.render_line(pattern, payload.as_ref(), &expect.conn)
            }
            Expected::Error(None) => "an error".to_owned(),
            Expected::Error(Some(word)) => {
                format!("an error {}", self.render_word(word, &expect.conn, None))
            }
            Expected::Refused => "an error or the end of the connection".to_owned(),
            Expected::Closed => "closed".to_owned(),
            Expected::Nothing { except } if except.is_empty() => "nothing".to_owned(),
            Expected::Nothing { except } => {
                let lines = except
                    .iter()
                    .map(|line| format!("`{}`", self.render_line(line, None, &expect.conn)));
                let lines: Vec<String> = lines.collect();
                format!("nothing but {}", lines.join(", "))
            }
        }
    }

    /// An expected line with its payload.
    #[must_use]
    pub fn render_line(
        &self,
        pattern: &LinePattern,
        payload: Option<&PayloadPattern>,
        conn: &ConnName,
    ) -> String {
        let length = payload.and_then(|payload| self.known_length(payload, conn));
        let mut words: Vec<String> = pattern
            .words
            .iter()
            .map(|word| self.render_word(word, conn, length))
            .collect();
        if pattern.rest {
            words.push("...".to_owned());
        }
        let mut line = words.join(" ");
        if let Some(payload) = payload {
            line.push_str(&self.render_payload(payload, conn));
        }
        line
    }

    fn known_length(&self, payload: &PayloadPattern, conn: &ConnName) -> Option<usize> {
        match payload {
            PayloadPattern::Same => self.last_payload().map(bytes::Bytes::len),
            PayloadPattern::Exactly(payload) => {
                self.payload(payload, conn).ok().map(|bytes| bytes.len())
            }
            PayloadPattern::Length(length) => usize::try_from(*length).ok(),
            PayloadPattern::Matches(_) => None,
        }
    }

    fn render_payload(&self, pattern: &PayloadPattern, conn: &ConnName) -> String {
        let bytes = match pattern {
            PayloadPattern::Same => self.last_payload().cloned(),
            PayloadPattern::Exactly(Payload::Filler(length)) => {
                return format!(" with {length} bytes of filler");
            }
            PayloadPattern::Exactly(payload) => self.payload(payload, conn).ok(),
            PayloadPattern::Length(length) => return format!(" with {length} bytes"),
            PayloadPattern::Matches(regex) => {
                return format!(" with a payload that matches /{}/", regex.pattern());
            }
        };
        let Some(bytes) = bytes else {
            return String::new();
        };
        let text = shown(&bytes);
        let short: String = text.chars().take(MAX_PAYLOAD).collect();
        let more = if short.len() < text.len() { "…" } else { "" };
        format!(" with `{short}{more}`")
    }

    pub(super) fn render_word(
        &self,
        word: &WordPattern,
        conn: &ConnName,
        length: Option<usize>,
    ) -> String {
        self.render_kind(&word.kind, conn, length)
    }

    fn render_kind(&self, kind: &WordKind, conn: &ConnName, length: Option<usize>) -> String {
        match kind {
            WordKind::Capture(name) => match self.capture(name) {
                Some(value) => shown(value).into_owned(),
                None => format!("{{{name}}}"),
            },
            WordKind::OneOf(kinds) => {
                let kinds: Vec<String> = kinds
                    .iter()
                    .map(|kind| self.render_kind(kind, conn, length))
                    .collect();
                kinds.join("|")
            }
            WordKind::Not(kind) => format!("!{}", self.render_kind(kind, conn, length)),
            WordKind::Above(text) => format!(">{}", self.render_text(text, conn, length)),
            WordKind::Text(text) => self.render_text(text, conn, length),
            other => source_form::word(other),
        }
    }

    fn render_text(&self, text: &Text, conn: &ConnName, length: Option<usize>) -> String {
        let mut out = String::new();
        for part in &text.parts {
            let one = Text {
                at: text.at,
                parts: [part.clone()].into(),
            };
            match part {
                Part::Literal(literal) => out.push_str(&shown(literal.as_bytes())),
                Part::Expr(expr) => match self.maker(conn, length).text(&one) {
                    Ok(value) => out.push_str(&shown(&value)),
                    Err(_) if matches!(expr, Expr::Length) => out.push_str("{length}"),
                    Err(_) => out.push_str(&format!("{{{}}}", source_form::expr(expr))),
                },
            }
        }
        out
    }
}
