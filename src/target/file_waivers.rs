//! The `waivers:` and `habits:` of a target file.

use std::fmt::Display;

use super::file::{Entries, Reader, get};
use super::pattern::PatternError;
use super::waiver::{Habit, Waiver, Whose};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::protocol::{Clause, DIALECTS, Dialect};
use crate::scenario::tree::Node;

/// The keys of a waiver. `message` is one of before.
const KEYS: [&str; 8] = [
    "match", "breach", "whose", "reason", "link", "until", "dialects", "message",
];

impl Reader<'_> {
    pub(crate) fn waivers(&self, node: &Node) -> Vec<Waiver> {
        let items = self.list(node, "`waivers`").iter();
        items.filter_map(|node| self.waiver(node)).collect()
    }

    fn waiver(&self, node: &Node) -> Option<Waiver> {
        let entries = self.map(node, "a waiver");
        self.known(entries, &KEYS);
        if let Some(node) = get(entries, "message") {
            let help = "write `breach:` with the words that reports and --bless use for the kind \
                        of breach, such as \"CAL answered by 217\"";
            let message = "waivers no longer match by `message`";
            self.push(Diagnostic::error(self.source, node.span, message).with_help(help));
            return None;
        }
        let text = self.required(node, entries, "match");
        let reason = self.required(node, entries, "reason");
        let (text, reason) = (text?, reason?);
        let at = |key| get(entries, key).map_or(node.span, |node| node.span);
        if reason.trim().is_empty() {
            self.warn_of_reason(at("reason"), &format!("the waiver `{text}`"));
        }
        let broken = |error: PatternError| {
            let diagnostic = Diagnostic::error(self.source, at("match"), error.to_string());
            self.push(match error.help() {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            });
        };
        let place = self.source.place(node.span);
        let mut waiver = Waiver::new(&text, reason, place).map_err(broken).ok()?;
        if let Some(node) = get(entries, "until") {
            let date = self.text(node, "`until`")?.parse();
            waiver.until = Some(self.told(node, date)?);
        }
        if let Some(node) = get(entries, "breach") {
            waiver.breach = Some(self.breach(node)?);
        }
        if let Some(node) = get(entries, "dialects") {
            waiver.dialects = self.dialects(node)?;
        }
        if let Some(node) = get(entries, "link") {
            waiver.link = Some(self.text(node, "`link`")?.to_owned());
        }
        if let Some(node) = get(entries, "whose") {
            waiver.whose = self.whose(node)?;
        }
        if waiver.whose == Whose::Suite && waiver.link.is_none() {
            let help = "add `link:`, to where it is told why the server is right";
            let message = "a waiver that blames the suite needs a link";
            self.push(Diagnostic::error(self.source, at("whose"), message).with_help(help));
            return None;
        }
        Some(waiver)
    }

    fn whose(&self, node: &Node) -> Option<Whose> {
        let word = self.text(node, "`whose`")?;
        let known = Whose::ALL.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            let names = Whose::ALL.iter().map(|(name, _)| *name);
            self.unknown(node.span, "word for `whose`", word, names);
        }
        Some(known?.1)
    }

    /// The dialects in which something is known.
    fn dialects(&self, node: &Node) -> Option<Vec<&'static Dialect>> {
        let items = self.list(node, "`dialects`").iter();
        let all = items.map(|node| {
            let word = self.text(node, "a dialect")?;
            let known = Dialect::named(word.as_bytes());
            if known.is_none() {
                let names = DIALECTS.iter().map(|dialect| dialect.name);
                self.unknown(node.span, "dialect", word, names);
            }
            known
        });
        all.collect()
    }

    /// The words for a kind of breach.
    fn breach(&self, node: &Node) -> Option<String> {
        let words: Vec<&str> = self.text(node, "`breach`")?.split_whitespace().collect();
        if words.is_empty() {
            let message = "`breach` is empty";
            let help = "leave it out where the waiver is for every kind of breach";
            self.push(Diagnostic::error(self.source, node.span, message).with_help(help));
            return None;
        }
        Some(words.join(" "))
    }

    pub(crate) fn habits(&self, node: &Node) -> Vec<Habit> {
        let items = self.list(node, "`habits`").iter();
        items.filter_map(|node| self.habit(node)).collect()
    }

    fn habit(&self, node: &Node) -> Option<Habit> {
        let entries = self.map(node, "a habit");
        self.known(entries, &["breach", "clause", "reason", "dialects"]);
        let clause = self.required(node, entries, "clause");
        let reason = self.required(node, entries, "reason");
        let breach = match get(entries, "breach") {
            Some(node) => self.breach(node),
            None => self.required(node, entries, "breach"),
        };
        let (clause, reason, breach) = (clause?, reason?, breach?);
        let dialects = get(entries, "dialects").map(|node| self.dialects(node));
        let at = |key| span_of(entries, key).unwrap_or(node.span);
        let Ok(id) = clause.parse() else {
            let ids = Clause::all().iter().map(|clause| clause.name);
            self.unknown(at("clause"), "clause", &clause, ids);
            return None;
        };
        if reason.trim().is_empty() {
            self.warn_of_reason(at("reason"), &format!("the habit `{breach}`"));
        }
        Some(Habit {
            clause: id,
            breach,
            reason,
            dialects: dialects.unwrap_or_else(|| Some(Vec::new()))?,
            place: self.source.place(node.span),
        })
    }

    fn warn_of_reason(&self, at: Span, what: &dyn Display) {
        let message = format!("{what} has no reason");
        let mut warning = Diagnostic::error(self.source, at, message);
        warning.severity = Severity::Warning;
        self.push(warning.with_help("say why this is known, and where it is tracked"));
    }
}

fn span_of(entries: Entries<'_>, key: &str) -> Option<Span> {
    get(entries, key).map(|node| node.span)
}
