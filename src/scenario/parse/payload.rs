//! Payloads: what is sent and what is expected, as text, hex, files, filler.

use std::sync::Arc;

use super::reader::{Reader, Str, key_text};
use crate::scenario::ast::{Expr, Part, Payload, PayloadPattern, Regex, Text};
use crate::scenario::tree::{Node, Value};

/// The largest payload that can be asked for, in bytes.
const MAX_PAYLOAD: u64 = 16 * 1024 * 1024;

impl Reader<'_> {
    /// What is sent: a text, or a map that says how it is written.
    pub(super) fn payload(&self, node: &Node) -> Option<Payload> {
        match &node.value {
            Value::Map(_) => {
                let (key, value) =
                    self.single(node, "a payload", &["text", "hex", "file", "bytes"])?;
                self.payload_form(key, value)
            }
            _ => {
                let str = self.text(node, "the payload")?;
                self.payload_text(&str).map(Payload::Text)
            }
        }
    }

    /// What is expected.
    pub(super) fn payload_pattern(&self, node: &Node) -> Option<PayloadPattern> {
        if let Value::Map(_) = &node.value {
            let known = ["text", "hex", "file", "bytes", "length", "matches"];
            let (key, value) = self.single(node, "a payload", &known)?;
            return match key {
                "length" => self
                    .number(value, "the length", 0..u64::from(u32::MAX) + 1)
                    .map(PayloadPattern::Length),
                "matches" => {
                    let str = self.text(value, "the regular expression")?;
                    match Regex::anywhere(&str.text) {
                        Ok(regex) => Some(PayloadPattern::Matches(regex)),
                        Err(error) => {
                            let message = format!("bad regular expression: {error}");
                            self.error(str.all(), message);
                            None
                        }
                    }
                }
                _ => self.payload_form(key, value).map(PayloadPattern::Exactly),
            };
        }
        let str = self.text(node, "the payload")?;
        if str.text == "same" {
            return Some(PayloadPattern::Same);
        }
        let text = self.payload_text(&str)?;
        Some(PayloadPattern::Exactly(Payload::Text(text)))
    }

    /// Bytes by one of the keys `text`, `raw`, `hex`, `file`, `bytes`.
    pub(super) fn payload_form(&self, key: &str, value: &Node) -> Option<Payload> {
        match key {
            "hex" => self.hex(value).map(Payload::Bytes),
            "file" => self.payload_file(value).map(Payload::Bytes),
            "bytes" => {
                let number = self.number(value, "the number of bytes", 0..MAX_PAYLOAD + 1)?;
                usize::try_from(number).ok().map(Payload::Filler)
            }
            "raw" => {
                let str = self.text(value, "the text")?;
                self.expressions(&str, 0..str.text.len()).map(Payload::Text)
            }
            _ => {
                let str = self.text(value, "the text")?;
                self.payload_text(&str).map(Payload::Text)
            }
        }
    }

    fn payload_text(&self, str: &Str<'_>) -> Option<Text> {
        let text = self.expressions(str, 0..str.text.len())?;
        let misplaced = text.parts.iter().find_map(|part| match part {
            Part::Expr(expr) => misplaced(expr),
            Part::Literal(_) => None,
        });
        if let Some(what) = misplaced {
            let message = format!("`{{{what}}}` has no meaning in a payload");
            let at = str.text.find(&format!("{{{what}")).unwrap_or_default();
            self.error(str.span(at..str.text.len()), message);
            return None;
        }
        Some(text)
    }

    /// The only entry of a map, with a known key.
    pub(super) fn single<'n>(
        &self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Option<(&'n str, &'n Node)> {
        let entries = self.map(node, what)?;
        let [(key, value)] = entries else {
            let message = format!("{what} is written with one of: {}", known.join(", "));
            self.error(node.span, message);
            return None;
        };
        let word = key_text(key);
        if value.is_missing() && !known.contains(&word) {
            let help = format!("bare braces are YAML: write \"{{{word}}}\", in quotes");
            let message = format!("{what} must be a text, this is a map");
            self.error_help(node.span, message, help);
            return None;
        }
        if !known.contains(&word) {
            self.unknown(key.span, "key", word, known.iter().copied());
            return None;
        }
        Some((word, value))
    }

    fn hex(&self, node: &Node) -> Option<Arc<[u8]>> {
        let str = self.text(node, "the hex")?;
        let compact: String = str.text.split_ascii_whitespace().collect();
        match hex::decode(&compact) {
            Ok(bytes) => Some(bytes.into()),
            Err(error) => {
                let stray = str
                    .text
                    .char_indices()
                    .find(|(_, c)| !c.is_ascii_hexdigit() && !c.is_ascii_whitespace());
                let (message, range) = match stray {
                    Some((at, c)) => (
                        format!("`{c}` is no hexadecimal digit"),
                        at..at + c.len_utf8(),
                    ),
                    None => (format!("bad hex: {error}"), 0..str.text.len()),
                };
                self.error(str.span(range), message);
                None
            }
        }
    }

    fn payload_file(&self, node: &Node) -> Option<Arc<[u8]>> {
        let str = self.text(node, "the file")?;
        let path = self.resolve(self.folder, &str)?;
        match self.content(&path, str.all())? {
            Ok(bytes) if bytes.len() as u64 <= MAX_PAYLOAD => Some(bytes),
            Ok(_) => {
                self.error(
                    str.all(),
                    format!("`{path}` is larger than {MAX_PAYLOAD} bytes"),
                );
                None
            }
            Err(error) => {
                let shown = self.loader.files.display(&path);
                self.error(str.all(), format!("cannot read `{shown}`: {error}"));
                None
            }
        }
    }

    /// A path relative to `folder`, made plain; a message where it leaves the suite.
    pub(super) fn resolve(&self, folder: &str, str: &Str<'_>) -> Option<String> {
        let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
        let mut inside = !str.text.starts_with('/') && !str.text.contains(['\\', '\0', ':']);
        for name in str.text.split('/') {
            match name {
                "" | "." => {}
                ".." => inside &= names.pop().is_some(),
                name => names.push(name),
            }
        }
        if !inside || names.is_empty() {
            let message = format!("`{}` leads out of the suite's folder", str.text);
            let help =
                "paths are relative, with `/` between names, and stay below the suite's root";
            self.error_help(str.all(), message, help);
            return None;
        }
        Some(names.join("/"))
    }
}

/// What an expression in a payload must not hold.
fn misplaced(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Trid(_) => Some("t"),
        Expr::Length => Some("length"),
        Expr::Call(_, arguments) => arguments.iter().find_map(misplaced),
        _ => None,
    }
}
