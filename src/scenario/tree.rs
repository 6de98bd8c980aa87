//! YAML to a tree of nodes that know their place.
//!
//! Scalars stay raw: `007` is those three characters, and no word means a number or a truth value
//! by itself. What could make a small file large (aliases of aliases) or deep is refused.

use std::collections::HashMap;
use std::sync::Arc;

use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle, ScanError};

use crate::diagnostic::{Diagnostic, Source, Span};

/// The largest file in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// The most nodes of a tree, aliases expanded, and what anchors keep.
const MAX_NODES: usize = 200_000;
/// The most bytes of text that aliases repeat and anchors keep.
const MAX_COPIED: usize = 16 * 1024 * 1024;
/// The deepest nesting of maps and lists.
const MAX_DEPTH: usize = 64;

/// A node of the tree.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it stands; for maps and lists, their first entry.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) value: Value,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A text.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map with its entries in order.
    Map(Vec<(Node, Node)>),
}

/// A text, as it is meant, and how it relates to the source.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    /// The text, escapes resolved.
    pub(crate) text: String,
    /// Whether nothing at all was written.
    pub(crate) missing: bool,
    /// Where the source begins to spell `text`, after a quote.
    pub(crate) base: usize,
    /// For how many bytes the source spells `text` just as it is.
    pub(crate) straight: usize,
}

impl Node {
    /// Whether nothing was written where the node would stand.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.missing)
    }

    /// What the node is, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) if scalar.missing => "nothing",
            Value::Scalar(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The number of nodes, this one among them.
    pub(crate) fn size(&self) -> usize {
        self.weight().nodes
    }

    /// What a copy of it costs.
    fn weight(&self) -> Weight {
        let mut weight = Weight { nodes: 1, bytes: 0 };
        match &self.value {
            Value::Scalar(scalar) => weight.bytes += scalar.text.len(),
            Value::List(items) => items.iter().for_each(|item| weight.add(item.weight())),
            Value::Map(entries) => {
                for (key, value) in entries {
                    weight.add(key.weight());
                    weight.add(value.weight());
                }
            }
        }
        weight
    }
}

/// What nodes cost.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    /// Of their texts.
    bytes: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Bytes to a source, if they are UTF-8 and not too many.
pub(crate) fn decode(path: &str, bytes: &[u8]) -> Result<Arc<Source>, Diagnostic> {
    if bytes.len() > MAX_BYTES {
        let source = Source::new(path, "");
        let message = format!("the file is larger than 1 MiB ({} bytes)", bytes.len());
        return Err(Diagnostic::error(&source, Span::default(), message));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(error) => {
            let source = Source::new(path, String::from_utf8_lossy(bytes));
            let at = error.valid_up_to();
            let span = Span::new(at, at + 1);
            Err(Diagnostic::error(&source, span, "the file is not UTF-8")
                .with_help("bytes that are no text are written as `{ hex: … }`"))
        }
    }
}

/// The only document of a source.
pub(crate) fn parse(source: &Arc<Source>) -> Result<Node, Diagnostic> {
    if source.text.len() > MAX_BYTES {
        let message = "the file is larger than 1 MiB";
        let empty = Source::new(source.path.as_str(), "");
        return Err(Diagnostic::error(&empty, Span::default(), message));
    }
    let options = granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder {
        source,
        open: Vec::new(),
        anchors: HashMap::new(),
        weight: Weight::default(),
        root: None,
        documents: 0,
    };
    for next in Parser::new_from_str_with_options(&source.text, options) {
        let (event, span) = next.map_err(|error| scan_error(source, &error))?;
        builder.take(event, bytes_of(span))?;
    }
    let empty = || Diagnostic::error(source, Span::default(), "the file is empty");
    builder
        .root
        .filter(|node| !node.is_missing())
        .ok_or_else(empty)
}

fn bytes_of(span: granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or_default();
    Span::new(start, span.end.byte_offset().unwrap_or(start))
}

fn scan_error(source: &Arc<Source>, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(source.text.len());
    let span = Span::new(at, at + 1);
    let (message, help) = match error.kind() {
        granit_parser::ErrorKind::UnknownAnchor => (
            "this is a YAML alias without an anchor".to_owned(),
            Some("a text that begins with `*` needs quotes"),
        ),
        kind => (
            format!("bad YAML: {kind}"),
            needs_quotes(&source.place(span).text, &kind.to_string()),
        ),
    };
    let diagnostic = Diagnostic::error(source, span, message);
    match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

/// The usual reasons why a line of the protocol is no YAML by itself.
fn needs_quotes(line: &str, message: &str) -> Option<&'static str> {
    if message.contains("flow") && line.contains('{') {
        return Some(
            "within [ ] and { } a text that holds a brace, a bracket or a comma needs quotes",
        );
    }
    let text = line.trim_start().trim_start_matches("- ");
    let (key, value) = text.split_once(": ").unwrap_or(("", text));
    let first = value.trim_start().chars().next().unwrap_or(' ');
    if "*&!|>%@`{[\"".contains(first) && !key.contains('"') {
        Some("a text that begins with one of * & ! | > % @ ` { [ needs quotes")
    } else if key.starts_with('{') {
        Some("a key that begins with `{` needs quotes: \"{who} C\"")
    } else if value.contains(": ") || value.contains(" #") {
        Some("a text that holds `: ` or ` #` needs quotes")
    } else if line.contains('\t') {
        Some("YAML is indented with spaces, not with tabs")
    } else {
        None
    }
}

/// A map or a list that is not complete.
struct Open {
    span: Span,
    anchor: usize,
    map: bool,
    items: Vec<Node>,
}

struct Builder<'s> {
    source: &'s Arc<Source>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// Of all nodes so far; the texts that stand in the file itself are not counted.
    weight: Weight,
    root: Option<Node>,
    documents: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.no_tag(tag.is_some(), span)?;
                let scalar = self.scalar(&text, style, span);
                let value = Value::Scalar(scalar);
                self.add(Node { span, value }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.no_tag(tag.is_some(), span)?;
                self.begin(span, anchor, false)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.no_tag(tag.is_some(), span)?;
                self.begin(span, anchor, true)
            }
            Event::SequenceEnd | Event::MappingEnd => self.finish(),
            Event::Alias(id) => self.alias(id, span),
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a file holds one YAML document, this is a second one";
                    return Err(self.error(span, message));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.source, span, message)
    }

    fn no_tag(&self, tagged: bool, span: Span) -> Result<(), Diagnostic> {
        if tagged {
            let error = self.error(span, "YAML tags have no meaning here");
            return Err(error.with_help("a text that begins with `!` needs quotes"));
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Span) -> Scalar {
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let base = span.start + usize::from(quoted);
        let written = self.source.text.as_bytes().get(base..).unwrap_or_default();
        let same = written.iter().zip(text.as_bytes());
        let straight = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => 0,
            _ => same.take_while(|(a, b)| a == b).count(),
        };
        // What is not there at all comes as `~`.
        let missing = style == ScalarStyle::Plain && straight == 0 && matches!(text, "" | "~");
        Scalar {
            text: text.to_owned(),
            missing,
            base,
            straight,
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, map: bool) -> Result<(), Diagnostic> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(span, format!("more than {MAX_DEPTH} levels deep")));
        }
        self.open.push(Open {
            span,
            anchor,
            map,
            items: Vec::new(),
        });
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = if open.map {
            Value::Map(self.entries(open.items)?)
        } else {
            Value::List(open.items)
        };
        let span = open.span;
        self.add(Node { span, value }, open.anchor)
    }

    fn entries(&self, items: Vec<Node>) -> Result<Vec<(Node, Node)>, Diagnostic> {
        let mut entries: Vec<(Node, Node)> = Vec::with_capacity(items.len() / 2);
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            let Value::Scalar(scalar) = &key.value else {
                let error = self.error(key.span, "a key must be a text");
                return Err(error.with_help("a text that begins with `{` or `[` needs quotes"));
            };
            if let Some(first) = seen.insert(scalar.text.clone(), key.span) {
                let message = format!("`{}` stands twice", scalar.text);
                let first_line = self.source.place(first).line;
                return Err(self
                    .error(key.span, message)
                    .with_label(first, "first here")
                    .with_help(format!("the first is on line {first_line}")));
            }
            entries.push((key, value));
        }
        Ok(entries)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Diagnostic> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(self.error(span, "an anchor cannot hold itself"));
        };
        self.weight.add(node.weight());
        self.check(span)?;
        let node = node.clone();
        self.place(node);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.weight.nodes += 1;
        if anchor != 0 {
            self.weight.add(node.weight());
        }
        self.check(node.span)?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node);
        Ok(())
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
    }

    /// Refuses what has become too much.
    fn check(&self, span: Span) -> Result<(), Diagnostic> {
        let message = if self.weight.nodes > MAX_NODES {
            format!("the file unfolds to more than {MAX_NODES} nodes")
        } else if self.weight.bytes > MAX_COPIED {
            format!("its aliases unfold to more than {MAX_COPIED} bytes of text")
        } else {
            return Ok(());
        };
        let help = "aliases make a small file huge; that is refused";
        Err(self.error(span, message).with_help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Result<Node, String> {
        let source = Source::new("a.yaml", text);
        parse(&source).map_err(|error| error.to_string())
    }

    fn map(node: &Node) -> &[(Node, Node)] {
        match &node.value {
            Value::Map(entries) => entries,
            _ => panic!("no map: {node:?}"),
        }
    }

    #[test]
    fn scalars_stay_raw_and_know_their_bytes() {
        let text = "- \u{e9}: 007\nb: 'it''s'\n";
        let text = text.trim_start_matches("- ");
        let root = tree(text).unwrap();
        let (key, value) = &map(&root)[0];
        assert_eq!(&text[key.span.start..key.span.end], "\u{e9}");
        assert_eq!(&text[value.span.start..value.span.end], "007");
        let Value::Scalar(scalar) = &map(&root)[1].1.value else {
            panic!()
        };
        assert_eq!((scalar.text.as_str(), scalar.straight), ("it's", 3));
    }

    #[test]
    fn a_bomb_is_one_message() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        let message = tree(&text).unwrap_err();
        assert!(message.contains("more than 200000 nodes"), "{message}");
        assert!(tree(&"[".repeat(100_000)).is_err());
        assert!(tree(&"- ".repeat(100_000)).is_err());
        assert!(tree("a: &a [*a]\n").is_err());
    }

    #[test]
    fn a_long_text_is_not_repeated_without_end() {
        let mut text = format!("- &a {}\n", "x".repeat(100_000));
        text.push_str(&"- *a\n".repeat(100));
        let Value::List(items) = tree(&text).unwrap().value else {
            panic!("no list");
        };
        assert_eq!(items.len(), 101);
        text.push_str(&"- *a\n".repeat(100));
        let message = tree(&text).unwrap_err();
        assert!(message.contains("bytes of text"), "{message}");
        // What anchors keep counts as well: here sixty lists, one in the other.
        let inner = "x, ".repeat(50_000);
        let open: String = (0..60).map(|n| format!("&a{n} [")).collect();
        let nested = format!("{open}{inner}{}", "]".repeat(60));
        assert!(tree(&nested).unwrap_err().contains("nodes"));
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        let text = "steps:\n  - S: * foo\n";
        assert!(tree(text).unwrap_err().starts_with("a.yaml:2:"));
        let twice = tree("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert!(twice.starts_with("a.yaml:3:1: `a` stands twice"), "{twice}");
        assert!(tree("").unwrap_err().contains("the file is empty"));
        assert!(tree("a: 1\n---\nb: 2\n").is_err());
        let bad = decode("b.yaml", b"ok: \xff\n").unwrap_err().to_string();
        assert!(
            bad.starts_with("b.yaml:1:5: the file is not UTF-8"),
            "{bad}"
        );
    }
}
