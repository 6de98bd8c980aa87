//! Texts with expressions in braces.

use std::ops::Range;

use super::reader::{Reader, Str, is_name_byte};
use crate::scenario::ast::{Expr, Field, Function, Part, Parts, Text};

/// The deepest nesting of calls.
const MAX_DEPTH: usize = 16;
/// The longest text that `repeat` may make, in bytes.
pub(super) const MAX_REPEAT: u64 = 1024 * 1024;

/// So many parts mostly follow the first, where there is more than one.
const USUAL_PARTS: usize = 3;

/// Words in braces that are no captures.
pub(in crate::scenario) const RESERVED: [&str; 5] = ["t", "length", "i", "nobody", "dialect"];
const FIELDS: [&str; 4] = ["handle", "name", "password", "domain"];
const FUNCTIONS: [&str; 7] = ["md5", "upper", "lower", "repeat", "encode", "add", "sub"];

/// The end of the expression whose brace stands at `open`: the index of its closing brace.
pub(super) fn closing(bytes: &[u8], open: usize) -> Option<usize> {
    let mut quoted = false;
    for (index, byte) in bytes.iter().enumerate().skip(open + 1) {
        match byte {
            b'\'' => quoted = !quoted,
            b'}' if !quoted => return Some(index),
            _ => {}
        }
    }
    None
}

impl Reader<'_> {
    /// The text between two bytes of `str`.
    pub(super) fn expressions(&self, str: &Str<'_>, range: Range<usize>) -> Option<Text> {
        let text = str.text.get(..range.end)?;
        let bytes = text.as_bytes();
        let mut parts = Parts::new();
        let mut i = range.start;
        while i < range.end {
            let plain = bytes
                .get(i..)?
                .iter()
                .position(|b| matches!(b, b'{' | b'}'));
            let stop = plain.map_or(range.end, |n| i + n);
            literal(&mut parts, text.get(i..stop)?);
            i = stop;
            let Some(brace) = bytes.get(i).copied() else {
                break;
            };
            if bytes.get(i + 1) == Some(&brace) {
                literal(&mut parts, if brace == b'{' { "{" } else { "}" });
                i += 2;
                continue;
            }
            let close = if brace == b'{' {
                closing(bytes, i)
            } else {
                None
            };
            let Some(close) = close else {
                let what = if brace == b'{' {
                    "`{` without `}`"
                } else {
                    "`}` without `{`"
                };
                let help = "braces hold an expression; `{{` and `}}` are braces";
                self.error_help(str.span(i..i + 1), what, help);
                return None;
            };
            if !parts.is_empty() && !parts.spilled() {
                parts.reserve(USUAL_PARTS);
            }
            match self.expression(str, i + 1..close)? {
                Expr::Quoted(text) => literal(&mut parts, &text),
                expr => parts.push(Part::Expr(expr)),
            }
            i = close + 1;
        }
        let at = str.span(range);
        Some(Text { at, parts })
    }

    fn expression(&self, str: &Str<'_>, range: Range<usize>) -> Option<Expr> {
        if str.text.get(range.clone()) == Some("t") {
            return Some(Expr::Trid(None));
        }
        let end = range.end;
        let mut cursor = Cursor {
            reader: self,
            str,
            at: range.start,
            end,
        };
        let expr = cursor.expr(0)?;
        cursor.blanks();
        if cursor.at < end {
            let message = "this is more than one expression";
            let help = "braces hold one expression; `{{` and `}}` are braces";
            self.error_help(str.span(cursor.at..end), message, help);
            return None;
        }
        Some(expr)
    }

    /// Whether `name` is a user of the scenario.
    pub(super) fn is_user(&self, name: &str) -> bool {
        self.users.iter().any(|user| user.name == name)
    }

    pub(super) fn user_names(&self) -> impl Iterator<Item = &str> {
        self.users.iter().map(|user| user.name.as_str())
    }
}

/// Adds literal text, to the literal before it where there is one.
fn literal(parts: &mut Parts, text: &str) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(Part::Literal(last)) => last.push_str(text),
        _ => parts.push(Part::Literal(text.into())),
    }
}

struct Cursor<'c, 'l, 'n> {
    reader: &'c Reader<'l>,
    str: &'c Str<'n>,
    at: usize,
    end: usize,
}

impl<'c> Cursor<'c, '_, '_> {
    fn peek(&self) -> Option<u8> {
        if self.at >= self.end {
            return None;
        }
        self.str.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn fail(&self, range: Range<usize>, message: impl Into<String>) {
        self.reader.error(self.str.span(range), message);
    }

    fn word(&mut self) -> (Range<usize>, &'c str) {
        let start = self.at;
        while self.peek().is_some_and(is_name_byte) {
            self.at += 1;
        }
        let range = start..self.at;
        let word = self.str.text.get(range.clone()).unwrap_or_default();
        (range, word)
    }

    fn expr(&mut self, depth: usize) -> Option<Expr> {
        self.blanks();
        if depth > MAX_DEPTH {
            self.fail(
                self.at..self.at + 1,
                "calls are nested more than 16 levels deep",
            );
            return None;
        }
        match self.peek() {
            Some(b'\'') => self.quoted().map(Expr::Quoted),
            Some(byte) if is_name_byte(byte) => self.named(depth),
            Some(_) => {
                let help = "braces hold a capture, {user.handle}, {t}, {length}, {i}, {nobody}, \
                            'a text', a number or a function; `{{` and `}}` are braces";
                let span = self.str.span(self.at..self.at + 1);
                self.reader.error_help(span, "this is no expression", help);
                None
            }
            None => {
                self.fail(
                    self.at.saturating_sub(1)..self.at + 1,
                    "an expression is missing",
                );
                None
            }
        }
    }

    fn quoted(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.str.text.get(self.at..self.end).unwrap_or_default();
            let Some(length) = rest.find('\'') else {
                self.fail(start..start + 1, "the quote is not closed");
                return None;
            };
            out.push_str(rest.get(..length).unwrap_or_default());
            self.at += length + 1;
            if self.peek() != Some(b'\'') {
                return Some(out);
            }
            out.push('\'');
            self.at += 1;
        }
    }

    fn named(&mut self, depth: usize) -> Option<Expr> {
        let (range, word) = self.word();
        match self.peek() {
            Some(b'(') => self.call(range, word, depth),
            Some(b'.') => self.field(range, word),
            _ if word.bytes().all(|b| b.is_ascii_digit()) => {
                let number = word.parse().ok().map(Expr::Number);
                if number.is_none() {
                    self.fail(range, "the number is too large");
                }
                number
            }
            _ => self.simple(range, word),
        }
    }

    fn simple(&mut self, range: Range<usize>, word: &str) -> Option<Expr> {
        match word {
            "t" => return Some(Expr::Trid(None)),
            "length" => return Some(Expr::Length),
            "i" => return Some(Expr::Round),
            "nobody" => return Some(Expr::Nobody),
            "dialect" => return Some(Expr::Dialect),
            _ => {}
        }
        let span = self.str.span(range);
        if self.reader.is_user(word) {
            let help = format!("a user has {{{word}.handle}}, .name, .password and .domain");
            let message = format!("`{word}` is a user, not a value");
            self.reader.error_help(span, message, help);
            return None;
        }
        if !word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) {
            let message = format!("`{word}` is no name: names begin with a letter");
            self.reader
                .error_help(span, message, "`{{` and `}}` are braces");
            return None;
        }
        Some(Expr::Capture(word.to_owned()))
    }

    fn field(&mut self, range: Range<usize>, word: &str) -> Option<Expr> {
        self.at += 1;
        let (field_range, field) = self.word();
        let field_span = self.str.span(field_range);
        if word == "t" {
            if field.is_empty() {
                self.reader
                    .error(field_span, "the name of the TrID is missing: `{t.name}`");
                return None;
            }
            return Some(Expr::Trid(Some(field.to_owned())));
        }
        if !self.reader.is_user(word) {
            let span = self.str.span(range);
            self.reader
                .unknown(span, "user", word, self.reader.user_names());
            return None;
        }
        let known = match field {
            "handle" => Field::Handle,
            "name" => Field::Name,
            "password" => Field::Password,
            "domain" => Field::Domain,
            _ => {
                self.reader.unknown(field_span, "property", field, FIELDS);
                return None;
            }
        };
        Some(Expr::Field(word.to_owned(), known))
    }

    fn call(&mut self, range: Range<usize>, word: &str, depth: usize) -> Option<Expr> {
        let (function, arity) = match word {
            "md5" => (Function::Md5, None),
            "upper" => (Function::Upper, Some(1)),
            "lower" => (Function::Lower, Some(1)),
            "repeat" => (Function::Repeat, Some(2)),
            "encode" => (Function::Encode, Some(1)),
            "add" => (Function::Add, Some(2)),
            "sub" => (Function::Sub, Some(2)),
            _ => {
                let span = self.str.span(range);
                self.reader.unknown(span, "function", word, FUNCTIONS);
                return None;
            }
        };
        self.at += 1;
        let arguments = self.arguments(depth)?;
        let span = range.start..self.at;
        match (arity, arguments.as_slice()) {
            (Some(arity), arguments) if arguments.len() != arity => {
                let plural = if arity == 1 { "" } else { "s" };
                let message = format!(
                    "`{word}` takes {arity} argument{plural}, not {}",
                    arguments.len()
                );
                self.fail(span, message);
                None
            }
            (_, [_, Expr::Number(n)]) if function == Function::Repeat && *n > MAX_REPEAT => {
                self.fail(span, format!("`repeat` goes up to {MAX_REPEAT}"));
                None
            }
            _ => Some(Expr::Call(function, arguments)),
        }
    }

    fn arguments(&mut self, depth: usize) -> Option<Vec<Expr>> {
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expr(depth + 1)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b')') => {
                    self.at += 1;
                    return Some(arguments);
                }
                _ => {
                    self.fail(self.at..self.at + 1, "`,` or `)` is missing");
                    return None;
                }
            }
        }
    }
}
