//! Texts, words and expressions as a scenario writes them.

use std::fmt::Write as _;

use super::ast::{Expr, Field, Function, LinePattern, Part, Text, WordKind};

/// An expression, without its braces.
pub(super) fn expr(expr: &Expr) -> String {
    match expr {
        Expr::Capture(name) => name.clone(),
        Expr::Field(user, field) => format!("{user}.{}", field_name(*field)),
        Expr::Trid(None) => "t".to_owned(),
        Expr::Trid(Some(name)) => format!("t.{name}"),
        Expr::Length => "length".to_owned(),
        Expr::Round => "i".to_owned(),
        Expr::Nobody => "nobody".to_owned(),
        Expr::Dialect => "dialect".to_owned(),
        Expr::Quoted(text) => quoted(text),
        Expr::Number(number) => number.to_string(),
        Expr::Call(function, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(self::expr).collect();
            format!("{}({})", function_name(*function), arguments.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn field_name(field: Field) -> &'static str {
    match field {
        Field::Handle => "handle",
        Field::Name => "name",
        Field::Password => "password",
        Field::Domain => "domain",
    }
}

fn function_name(function: Function) -> &'static str {
    match function {
        Function::Md5 => "md5",
        Function::Upper => "upper",
        Function::Lower => "lower",
        Function::Repeat => "repeat",
        Function::Encode => "encode",
        Function::Add => "add",
        Function::Sub => "sub",
    }
}

/// A text where no word has a meaning of its own, such as a payload.
pub(super) fn text(text: &Text) -> String {
    let mut out = String::new();
    for part in &text.parts {
        match part {
            Part::Literal(literal) => {
                out.push_str(&literal.replace('{', "{{").replace('}', "}}"));
            }
            Part::Expr(part) => {
                let _ = write!(out, "{{{}}}", expr(part));
            }
        }
    }
    out
}

/// A text that must not be taken for a keyword such as `close` or `same`.
pub(super) fn no_keyword(text: &Text) -> String {
    let plain = self::text(text);
    let word = plain.trim();
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return format!("{{{}}}", quoted(&plain));
    }
    plain
}

/// An expected line.
pub(super) fn line(pattern: &LinePattern) -> String {
    let mut words: Vec<String> = Vec::with_capacity(pattern.words.len() + 1);
    for (index, pattern) in pattern.words.iter().enumerate() {
        let mut word = word(&pattern.kind);
        if index == 0 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            word = format!("{{{}}}", quoted(&word));
        }
        words.push(word);
    }
    if pattern.rest {
        words.push("...".to_owned());
    }
    words.join(" ")
}

/// A word of an expected line.
pub(super) fn word(kind: &WordKind) -> String {
    match kind {
        WordKind::Any => "*".to_owned(),
        WordKind::Capture(name) => format!("{{{name}}}"),
        WordKind::OneOf(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(word).collect();
            kinds.join("|")
        }
        WordKind::Range(least, most) => format!("{least}..{most}"),
        WordKind::Matches(regex) => format!("/{}/", regex.pattern()),
        WordKind::Not(kind) => format!("!{}", word(kind)),
        WordKind::Above(text) => format!(">{}", word_text(text)),
        WordKind::Text(text) => word_text(text),
    }
}

fn word_text(text: &Text) -> String {
    if text.parts.is_empty() {
        return "{''}".to_owned();
    }
    let mut out = String::new();
    for part in &text.parts {
        match part {
            Part::Literal(literal) if is_plain(literal) => out.push_str(literal),
            Part::Literal(literal) => {
                let _ = write!(out, "{{{}}}", quoted(literal));
            }
            Part::Expr(part) => {
                let _ = write!(out, "{{{}}}", expr(part));
            }
        }
    }
    out
}

/// Whether a literal stands for itself in an expected line.
fn is_plain(literal: &str) -> bool {
    let special =
        |c: char| c.is_whitespace() || matches!(c, '{' | '}' | '|' | '*' | '/' | '\'' | '!' | '>');
    !literal.contains("..") && !literal.contains(special)
}
