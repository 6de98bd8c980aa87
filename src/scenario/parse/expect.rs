//! What a step expects.

use super::line::words;
use super::reader::Reader;
use super::step::Parsed;
use crate::protocol::{Direction, Grammar, PayloadForm};
use crate::scenario::ast::{Expect, Expected, LinePattern, Part, WordKind, WordPattern};
use crate::scenario::tree::{Node, Value};
use crate::transcript::ConnName;

impl Reader<'_> {
    pub(super) fn expected(&self, parsed: &Parsed<'_>, conn: &ConnName) -> Option<Expected> {
        const WORDS: [&str; 4] = ["error", "refused", "closed", "nothing"];
        let str = self.text(parsed.value, "what is expected")?;
        let all = words(&str.text);
        let first = all.first().cloned().unwrap_or_default();
        let word = str.text.get(first.clone()).unwrap_or_default();
        match (word, all.len()) {
            ("error", 1) => return Some(Expected::Error(None)),
            ("error", 2) => {
                let word = self.word_pattern(&str, all.last()?.clone())?;
                return Some(Expected::Error(Some(word)));
            }
            ("refused", 1) => return Some(Expected::Refused),
            ("closed", 1) => return Some(Expected::Closed),
            ("nothing", 1) => {
                let except = self.except(parsed.get("except"))?;
                return Some(Expected::Nothing { except });
            }
            (word, _) if WORDS.contains(&word) => {
                let message = format!("`{word}` takes no more words");
                self.error(str.all(), message);
                return None;
            }
            _ => {}
        }
        let lower = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        if lower {
            self.unknown(str.span(first), "expectation", word, WORDS);
            return None;
        }
        let pattern = self.line_pattern(&str)?;
        let payload = match parsed.get("payload") {
            Some(node) => {
                self.carries_payload(&pattern.words, conn, node)?;
                Some(self.payload_pattern(node)?)
            }
            None => None,
        };
        Some(Expected::Line { pattern, payload })
    }

    fn except(&self, node: Option<&Node>) -> Option<Vec<LinePattern>> {
        let Some(node) = node else {
            return Some(Vec::new());
        };
        let lines = match &node.value {
            Value::List(_) => self.texts(node, "`except`"),
            _ => vec![self.text(node, "`except`")?],
        };
        lines.iter().map(|line| self.line_pattern(line)).collect()
    }

    /// A message where the expected line is of a command that never has a payload.
    fn carries_payload(&self, words: &[WordPattern], conn: &ConnName, node: &Node) -> Option<()> {
        let Some(WordKind::Text(text)) = words.first().map(|word| &word.kind) else {
            return Some(());
        };
        let [Part::Literal(verb)] = text.parts.as_slice() else {
            return Some(());
        };
        let row = Grammar::new(conn.kind(), Direction::ToClient).find(verb.as_bytes());
        if row.is_some_and(|row| row.payload == PayloadForm::None) {
            self.error(node.span, format!("a {verb} line has no payload"));
            return None;
        }
        Some(())
    }

    pub(super) fn expect(
        &self,
        parsed: &Parsed<'_>,
        conn: &ConnName,
        what: Expected,
    ) -> Option<Expect> {
        let (name, refused): (&str, &[&str]) = match &what {
            Expected::Line { .. } => ("a line", &["except"]),
            Expected::Error(_) => ("error", &["except", "payload", "exact"]),
            Expected::Refused => ("refused", &["except", "payload", "exact", "optional"]),
            Expected::Closed => ("closed", &["except", "payload", "exact"]),
            Expected::Nothing { .. } => ("nothing", &["payload", "exact", "optional", "strict"]),
        };
        for (modifier, key, _) in &parsed.modifiers {
            if refused.contains(modifier) {
                let message = format!("`{modifier}` does not go with `{name}`");
                self.error(key.span, message);
                return None;
            }
        }
        let flag = |name: &str| {
            let node = parsed.get(name);
            node.and_then(|node| self.boolean(node, &format!("`{name}`")))
        };
        let within = match parsed.get("within") {
            Some(node) => Some(self.duration(node, "`within`")?),
            None => None,
        };
        Some(Expect {
            conn: conn.clone(),
            what,
            strict: flag("strict").unwrap_or_default(),
            exact: flag("exact").unwrap_or_default(),
            within,
        })
    }
}
