//! What a step sends.

use super::reader::{Reader, Str, key_text};
use super::step::Parsed;
use crate::diagnostic::did_you_mean;
use crate::scenario::ast::{Action, Send, SendItem};
use crate::scenario::tree::{Node, Value};
use crate::transcript::ConnName;

/// The largest segment that can be asked for, in bytes.
const MAX_SEGMENT: u64 = 1024 * 1024;

impl Reader<'_> {
    pub(super) fn send(&self, parsed: &Parsed<'_>, conn: &ConnName) -> Option<Action> {
        const WORDS: [&str; 4] = ["close", "reset", "pause", "resume"];
        let payload = parsed.get("payload");
        let mut items = Vec::new();
        match &parsed.value.value {
            Value::List(lines) => {
                for line in lines {
                    items.push(self.send_item(line)?);
                }
                if items.is_empty() {
                    self.error(parsed.at, "nothing is sent");
                    return None;
                }
                if let Some(payload) = payload {
                    let help = "in a list: { line: MSG {t} N {length}, payload: … }";
                    let message = "`payload` stands beside one line, not beside a list";
                    self.error_help(payload.span, message, help);
                    return None;
                }
            }
            Value::Map(_) => {
                items.push(self.send_item(parsed.value)?);
                if let Some(payload) = payload {
                    self.error(payload.span, "`payload` stands beside a line");
                    return None;
                }
            }
            Value::Scalar(_) => {
                let str = self.text(parsed.value, "what is sent")?;
                if WORDS.contains(&&*str.text) {
                    return self.control(parsed, conn, &str);
                }
                let word = str.text.trim();
                if word.bytes().all(|b| b.is_ascii_lowercase())
                    && let Some(meant) = did_you_mean(word, WORDS)
                {
                    let message = format!("unknown action `{word}`");
                    self.error_help(str.all(), message, format!("did you mean `{meant}`?"));
                    return None;
                }
                items.push(self.send_line(&str, payload)?);
            }
        }
        let segments = match parsed.get("segments") {
            Some(node) => Some(self.segment_size(node)?),
            None => None,
        };
        Some(Action::Send(Send {
            conn: conn.clone(),
            items,
            segments,
        }))
    }

    pub(super) fn segment_size(&self, node: &Node) -> Option<usize> {
        let size = self.number(node, "`segments`", 1..MAX_SEGMENT + 1)?;
        usize::try_from(size).ok()
    }

    fn control(&self, parsed: &Parsed<'_>, conn: &ConnName, word: &Str<'_>) -> Option<Action> {
        for name in ["payload", "segments"] {
            if let Some(node) = parsed.get(name) {
                let message = format!("`{name}` does not go with `{}`", word.text);
                self.error(node.span, message);
                return None;
            }
        }
        let conn = conn.clone();
        Some(match &*word.text {
            "close" => Action::Close(conn),
            "reset" => Action::Reset(conn),
            "pause" => Action::Pause(conn),
            _ => Action::Resume(conn),
        })
    }

    fn send_line(&self, str: &Str<'_>, payload: Option<&Node>) -> Option<SendItem> {
        if let Some(at) = str.text.find(['\r', '\n']) {
            let help = "CRLF is added; several lines are a list, other bytes are { raw: … }";
            self.error_help(str.span(at..at + 1), "the line holds a line break", help);
            return None;
        }
        let text = self.expressions(str, 0..str.text.len());
        let payload = match payload {
            Some(node) => Some(self.payload(node)?),
            None => None,
        };
        let text = text?;
        Some(SendItem::Line { text, payload })
    }

    fn send_item(&self, node: &Node) -> Option<SendItem> {
        let Value::Map(entries) = &node.value else {
            let str = self.text(node, "a line")?;
            return self.send_line(&str, None);
        };
        let find = |name: &str| {
            let found = entries.iter().find(|(key, _)| key_text(key) == name);
            found.map(|(_, value)| value)
        };
        if let Some(line) = find("line") {
            for (key, _) in entries {
                if !["line", "payload"].contains(&key_text(key)) {
                    self.unknown(key.span, "key", key_text(key), ["line", "payload"]);
                }
            }
            let str = self.text(line, "a line")?;
            return self.send_line(&str, find("payload"));
        }
        let known = ["raw", "hex", "file", "bytes", "line"];
        let (key, value) = self.single(node, "what is sent", &known)?;
        self.payload_form(key, value).map(SendItem::Raw)
    }
}
