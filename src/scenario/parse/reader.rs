//! What all parsing shares: collecting mistakes, replacing parameters, typed reads of nodes.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::{FileError, Files};
use crate::diagnostic::{Diagnostic, Source, Span, did_you_mean};
use crate::scenario::ast::User;
use crate::scenario::tree::{Node, Scalar, Value};

/// The most mistakes that are told.
const MAX_DIAGNOSTICS: usize = 100;
/// The most bytes of text that the steps of one file may hold, parts and rows put in.
const MAX_TEXT: usize = if cfg!(test) { 1 } else { 16 } * 1024 * 1024;
/// The most bytes of all payload files that one file names.
const MAX_CONTENTS: usize = 64 * 1024 * 1024;
/// The most steps of one file, parts and rows put in.
const MAX_STEPS: usize = 200_000;

/// A part that was read.
pub(super) struct Part {
    pub(super) source: Arc<Source>,
    pub(super) root: Node,
}

/// Parts that were read, by path, to be shared by the files of one suite.
#[derive(Default)]
pub(in crate::scenario) struct Parts(pub(super) RefCell<BTreeMap<String, Rc<Part>>>);

/// What is shared by a file, its rows and its parts.
pub(super) struct Loader<'l> {
    pub(super) files: &'l dyn Files,
    pub(super) parts: &'l Parts,
    diagnostics: RefCell<Vec<Diagnostic>>,
    texts: Cell<usize>,
    contents: RefCell<BTreeMap<String, Arc<[u8]>>>,
    steps: Cell<usize>,
    overflowed: Cell<bool>,
}

impl<'l> Loader<'l> {
    pub(super) fn new(files: &'l dyn Files, parts: &'l Parts) -> Self {
        Self {
            files,
            parts,
            diagnostics: RefCell::default(),
            texts: Cell::new(0),
            contents: RefCell::default(),
            steps: Cell::new(0),
            overflowed: Cell::new(false),
        }
    }

    /// Takes a mistake in. One that was told (for another row, by another user of the part) is not
    /// told again.
    pub(super) fn push(&self, diagnostic: Diagnostic) {
        let mut all = self.diagnostics.borrow_mut();
        let same = |other: &Diagnostic| {
            other.span == diagnostic.span
                && other.message == diagnostic.message
                && other.source.path == diagnostic.source.path
        };
        if all.len() < MAX_DIAGNOSTICS && !all.iter().any(same) {
            all.push(diagnostic);
        }
    }

    fn is_full(&self) -> bool {
        self.diagnostics.borrow().len() >= MAX_DIAGNOSTICS
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.diagnostics.borrow().is_empty()
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }
}

/// A parameter of a part or a column of a matrix.
pub(super) struct Var {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) used: Cell<bool>,
}

/// What is replaced while loading.
#[derive(Default)]
pub(super) struct Env {
    pub(super) vars: Vec<Var>,
}

impl Env {
    pub(super) fn add(&mut self, name: &str, text: &str) {
        self.vars.push(Var {
            name: name.to_owned(),
            text: text.to_owned(),
            used: Cell::new(false),
        });
    }

    fn find(&self, name: &str) -> Option<&str> {
        let var = self.vars.iter().find(|var| var.name == name)?;
        var.used.set(true);
        Some(&var.text)
    }
}

/// A text with parameters replaced, which still knows where each byte stands.
pub(super) struct Str<'n> {
    pub(super) text: Cow<'n, str>,
    span: Span,
    base: usize,
    straight: usize,
    edits: Vec<Edit>,
}

struct Edit {
    new: Range<usize>,
    old: Range<usize>,
}

impl<'n> Str<'n> {
    /// A text that stands in no file.
    pub(super) fn loose(text: &'n str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            span: Span::default(),
            base: 0,
            straight: 0,
            edits: Vec::new(),
        }
    }
}

impl Str<'_> {
    /// The place of all of it.
    pub(super) fn all(&self) -> Span {
        self.span
    }

    /// The place of some bytes of the text; of the whole scalar where its spelling is another.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let (start, end) = (self.old(range.start, false), self.old(range.end, true));
        if start > self.straight {
            return self.span;
        }
        Span::new(self.base + start, self.base + end.min(self.straight))
    }

    fn old(&self, at: usize, end: bool) -> usize {
        let mut shift = (0, 0);
        for edit in &self.edits {
            if at < edit.new.start || (at == edit.new.start && end) {
                break;
            }
            if at < edit.new.end || (at == edit.new.end && end) {
                return if end { edit.old.end } else { edit.old.start };
            }
            shift = (edit.new.end, edit.old.end);
        }
        at - shift.0 + shift.1
    }
}

/// Reads nodes of one file, for one row.
#[derive(Clone, Copy)]
pub(super) struct Reader<'l> {
    pub(super) loader: &'l Loader<'l>,
    pub(super) source: &'l Arc<Source>,
    pub(super) env: &'l Env,
    pub(super) users: &'l [User],
    /// The folder of the file, empty or with a `/` at its end.
    pub(super) folder: &'l str,
    pub(super) precondition: bool,
    /// The parts that are being put in, the innermost first.
    pub(super) chain: Option<&'l Chain<'l>>,
}

/// The parts that are being put in.
pub(super) struct Chain<'l> {
    pub(super) path: &'l str,
    pub(super) depth: usize,
    pub(super) outer: Option<&'l Chain<'l>>,
}

impl<'l> Reader<'l> {
    pub(super) fn error(&self, span: Span, message: impl Into<String>) {
        let error = Diagnostic::error(self.source, span, message);
        self.loader.push(error);
    }

    pub(super) fn error_help(
        &self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let error = Diagnostic::error(self.source, span, message);
        self.loader.push(error.with_help(help));
    }

    /// An unknown word, with the nearest known one, or with all of them where they are few.
    pub(super) fn unknown<'c>(
        &self,
        span: Span,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'c str>,
    ) {
        // To look for what was meant costs time, and none of it would be told.
        if self.loader.is_full() {
            return;
        }
        let known: Vec<&str> = known.into_iter().collect();
        let mut error = Diagnostic::error(self.source, span, format!("unknown {what} `{word}`"));
        if let Some(meant) = did_you_mean(word, known.iter().copied()) {
            error = error.with_help(format!("did you mean `{meant}`?"));
        } else if !known.is_empty() && known.len() <= 16 {
            error = error.with_help(format!("known: {}", known.join(", ")));
        }
        self.loader.push(error);
    }

    /// Counts a step; false, with a message, where there are too many.
    pub(super) fn count_step(&self, span: Span) -> bool {
        let steps = self.loader.steps.get() + 1;
        self.loader.steps.set(steps);
        if steps > MAX_STEPS && !self.loader.overflowed.replace(true) {
            let message = format!("the file unfolds to more than {MAX_STEPS} steps");
            self.error(span, message);
        }
        steps <= MAX_STEPS
    }

    /// Counts bytes of text; false, with a message, where there are too many.
    pub(super) fn count_text(&self, span: Span, bytes: usize) -> bool {
        let all = self.loader.texts.get().saturating_add(bytes);
        self.loader.texts.set(all);
        if all > MAX_TEXT && !self.loader.overflowed.replace(true) {
            let message = format!("the file unfolds to more than {MAX_TEXT} bytes of text");
            self.error(span, message);
        }
        all <= MAX_TEXT
    }

    /// The bytes of a payload file, which several steps share.
    pub(super) fn content(&self, path: &str, span: Span) -> Option<Result<Arc<[u8]>, FileError>> {
        let mut contents = self.loader.contents.borrow_mut();
        if let Some(bytes) = contents.get(path) {
            return Some(Ok(Arc::clone(bytes)));
        }
        let bytes = match self.loader.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(error)),
        };
        let all = contents.values().map(|bytes| bytes.len()).sum::<usize>();
        if all.saturating_add(bytes.len()) > MAX_CONTENTS {
            let message = format!("the payload files hold more than {MAX_CONTENTS} bytes");
            self.error(span, message);
            return None;
        }
        contents.insert(path.to_owned(), Arc::clone(&bytes));
        Some(Ok(bytes))
    }

    /// The node as a text, parameters replaced.
    pub(super) fn text<'n>(&self, node: &'n Node, what: &str) -> Option<Str<'n>> {
        match &node.value {
            Value::Scalar(scalar) if scalar.missing => {
                self.error(node.span, format!("{what} is missing"));
                None
            }
            Value::Scalar(scalar) => {
                let str = self.replace(node.span, scalar)?;
                self.count_text(node.span, str.text.len()).then_some(str)
            }
            Value::Map(entries) => {
                let message = format!("{what} must be a text, this is a map");
                match entries.as_slice() {
                    [(key, value)] if value.is_missing() => {
                        let key = key_text(key);
                        let help = format!("bare braces are YAML: write \"{{{key}}}\", in quotes");
                        self.error_help(node.span, message, help);
                    }
                    _ => self.error(node.span, message),
                }
                None
            }
            Value::List(_) => {
                self.error(node.span, format!("{what} must be a text, this is a list"));
                None
            }
        }
    }

    /// The entries of a map.
    pub(super) fn map<'n>(&self, node: &'n Node, what: &str) -> Option<&'n [(Node, Node)]> {
        match &node.value {
            Value::Map(entries) => Some(entries),
            _ => {
                let message = format!("{what} must be a map, this is {}", node.kind());
                self.error(node.span, message);
                None
            }
        }
    }

    /// The items of a list.
    pub(super) fn list<'n>(&self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) => Some(items),
            _ => {
                let message = format!("{what} must be a list, this is {}", node.kind());
                self.error(node.span, message);
                None
            }
        }
    }

    /// The texts of a list.
    pub(super) fn texts<'n>(&self, node: &'n Node, what: &str) -> Vec<Str<'n>> {
        let items = self.list(node, what).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| self.text(item, "an entry of the list"))
            .collect()
    }

    /// A decimal number up to `most`.
    pub(super) fn number(&self, node: &Node, what: &str, bounds: Range<u64>) -> Option<u64> {
        let text = self.text(node, what)?;
        let number = text.text.parse().ok().filter(|n| bounds.contains(n));
        if number.is_none() {
            let (least, most) = (bounds.start, bounds.end - 1);
            let message = format!("{what} must be a number from {least} to {most}");
            self.error(text.all(), message);
        }
        number
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, node: &Node, what: &str) -> Option<bool> {
        let text = self.text(node, what)?;
        match &*text.text {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.error(text.all(), format!("{what} must be `true` or `false`"));
                None
            }
        }
    }

    /// A time such as `5s` or `300ms`.
    pub(super) fn duration(&self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.text(node, what)?;
        let split = text.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let (digits, unit) = text.text.split_at(split);
        let scale = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            _ => 0,
        };
        let millis = digits
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(scale));
        match millis.filter(|millis| (1..=3_600_000).contains(millis)) {
            Some(millis) => Some(Duration::from_millis(millis)),
            None => {
                let message = format!("{what} must be a time up to an hour, such as `5s`, `300ms`");
                self.error(text.all(), message);
                None
            }
        }
    }

    /// Puts the values of parameters and columns where their names stand in braces.
    fn replace<'n>(&self, span: Span, scalar: &'n Scalar) -> Option<Str<'n>> {
        let mut str = Str {
            text: Cow::Borrowed(&scalar.text),
            span,
            base: scalar.base,
            straight: scalar.straight,
            edits: Vec::new(),
        };
        if self.env.vars.is_empty() || !scalar.text.contains('{') {
            return Some(str);
        }
        let mut out = String::new();
        let mut done = 0;
        for place in places(&scalar.text) {
            let Some(name) = scalar.text.get(place.range.clone()) else {
                continue;
            };
            let Some(value) = self.env.find(name) else {
                continue;
            };
            let value = place.form.apply(value);
            let old = match place.form {
                Form::Whole => place.range.start - 1..place.range.end + 1,
                _ => place.range,
            };
            out.push_str(scalar.text.get(done..old.start).unwrap_or_default());
            let start = out.len();
            out.push_str(&value);
            done = old.end;
            let new = start..out.len();
            str.edits.push(Edit { new, old });
            if !self.count_text(span, value.len()) {
                return None;
            }
        }
        if !str.edits.is_empty() {
            out.push_str(scalar.text.get(done..).unwrap_or_default());
            str.text = Cow::Owned(out);
        }
        Some(str)
    }
}

/// The raw text of a key; keys are scalars.
pub(super) fn key_text(key: &Node) -> &str {
    match &key.value {
        Value::Scalar(scalar) => &scalar.text,
        _ => "",
    }
}

/// How a value is put in.
#[derive(Clone, Copy)]
enum Form {
    /// For `{name}`: as it is.
    Whole,
    /// For `{name.field}`: as it is, in place of the name.
    Owner,
    /// For `{f(name)}`: as an expression.
    Argument,
}

impl Form {
    fn apply(self, value: &str) -> Cow<'_, str> {
        if !matches!(self, Self::Argument) {
            return Cow::Borrowed(value);
        }
        let inner = value.strip_prefix('{').and_then(|v| v.strip_suffix('}'));
        match inner {
            Some(inner) if !inner.contains(['{', '}']) => Cow::Borrowed(inner),
            _ if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                Cow::Borrowed(value)
            }
            _ => Cow::Owned(format!("'{}'", value.replace('\'', "''"))),
        }
    }
}

struct NamePlace {
    range: Range<usize>,
    form: Form,
}

/// Whether a byte may be part of a name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// All names that stand in braces, outside of quotes.
fn places(text: &str) -> Vec<NamePlace> {
    let bytes = text.as_bytes();
    let at = |index: usize| bytes.get(index).copied();
    let mut found = Vec::new();
    let mut i = 0;
    while let Some(byte) = at(i) {
        if byte != b'{' {
            i += 1;
            continue;
        }
        if at(i + 1) == Some(b'{') {
            i += 2;
            continue;
        }
        let open = i;
        i += 1;
        let mut quoted = false;
        while let Some(byte) = at(i).filter(|byte| quoted || *byte != b'}') {
            if byte == b'\'' {
                quoted = !quoted;
            }
            if quoted || !is_name_byte(byte) {
                i += 1;
                continue;
            }
            let start = i;
            while at(i).is_some_and(is_name_byte) {
                i += 1;
            }
            let form = match (start == open + 1, at(i)) {
                (true, Some(b'}')) => Form::Whole,
                (_, Some(b'.')) => Form::Owner,
                (_, Some(b'(')) => continue,
                _ if start > 0 && at(start - 1) == Some(b'.') => continue,
                _ => Form::Argument,
            };
            let range = start..i;
            found.push(NamePlace { range, form });
        }
    }
    found
}
