//! Expected lines: words, alternatives, bounds, regular expressions.

use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use super::reader::{Reader, Str};
use super::text::closing;
use crate::diagnostic::Span;
use crate::scenario::ast::{Expr, LinePattern, Part, Regex, Text, WordKind, WordPattern};

impl Reader<'_> {
    /// A line by its words.
    pub(super) fn line_pattern(&self, str: &Str<'_>) -> Option<LinePattern> {
        let mut words = words(&str.text);
        let last = words.last().cloned();
        let is_rest =
            |range: &Range<usize>| range.len() == 3 && str.text.get(range.clone()) == Some("...");
        let rest = last.is_some_and(|range| is_rest(&range));
        if rest {
            words.pop();
        }
        if let Some(early) = words.iter().find(|range| is_rest(range)) {
            let message = "`...` stands only at the end of a line";
            self.error_help(str.span(early.clone()), message, "`*` is any one word");
            return None;
        }
        if words.is_empty() {
            let help = "a line begins with a command, an error code or `*`";
            self.error_help(str.all(), "the line has no word", help);
            return None;
        }
        let mut patterns = Vec::with_capacity(words.len());
        let mut are_sound = true;
        for range in words {
            match self.word_pattern(str, range) {
                Some(pattern) => patterns.push(pattern),
                None => are_sound = false,
            }
        }
        are_sound.then(|| LinePattern {
            text: str.text.to_string(),
            at: str.all(),
            words: patterns,
            rest,
        })
    }

    /// One word.
    pub(super) fn word_pattern(&self, str: &Str<'_>, range: Range<usize>) -> Option<WordPattern> {
        let at = str.span(range.clone());
        let word = str.text.get(range.clone())?;
        if let Some(kind) = simple(word, at) {
            return Some(WordPattern { at, kind });
        }
        if word.len() >= 2 && word.starts_with('/') && word.ends_with('/') {
            let pattern = word.get(1..word.len() - 1).unwrap_or_default();
            let kind = WordKind::Matches(self.whole_regex(str, &range, pattern)?);
            return Some(WordPattern { at, kind });
        }
        if word.starts_with('/') && word.contains(['[', '(', '\\', '^']) {
            let help = "it ends with `/` and holds no space: write `\\s` or `\\x20`";
            self.error_help(at, "the regular expression has no end", help);
            return None;
        }
        if !word.contains('|') {
            let kind = self.word_kind(str, range)?;
            return Some(WordPattern { at, kind });
        }
        let ranges = alternatives(&str.text, range);
        let mut kinds = Vec::with_capacity(ranges.len());
        for range in ranges {
            kinds.push(self.word_kind(str, range)?);
        }
        let kind = match (kinds.pop(), kinds.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                kinds.extend(last);
                WordKind::OneOf(kinds)
            }
        };
        Some(WordPattern { at, kind })
    }

    fn whole_regex(&self, str: &Str<'_>, range: &Range<usize>, pattern: &str) -> Option<Regex> {
        match Regex::whole(pattern) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let message = format!("bad regular expression: {error}");
                self.error(str.span(range.clone()), message);
                None
            }
        }
    }

    fn word_kind(&self, str: &Str<'_>, range: Range<usize>) -> Option<WordKind> {
        let word = str.text.get(range.clone())?;
        match word {
            "" => {
                let help = "`A|B` is one of several; a bar by itself is {'|'}";
                self.error_help(str.span(range), "an alternative is missing", help);
                return None;
            }
            "*" => return Some(WordKind::Any),
            "!" | "!*" => {
                let help = "`!word` is any word but that one; a mark by itself is {'!'}";
                self.error_help(str.span(range), "`!` has no word", help);
                return None;
            }
            _ => {}
        }
        if word.starts_with('!') {
            let inner = self.word_kind(str, range.start + 1..range.end)?;
            return Some(WordKind::Not(Box::new(inner)));
        }
        if word.len() > 1 && word.starts_with('>') {
            let text = self.expressions(str, range.start + 1..range.end)?;
            return Some(WordKind::Above(text));
        }
        if word.starts_with(|first: char| first.is_ascii_digit())
            && let Some((least, most)) = word.split_once("..")
            && least.bytes().all(|b| b.is_ascii_digit())
        {
            let bounds = (least.parse().ok(), most.parse().ok());
            if let (Some(least), Some(most)) = bounds
                && least <= most
            {
                return Some(WordKind::Range(least, most));
            }
            let help = "a number within bounds is `1..5`, the lower bound first";
            self.error_help(str.span(range), format!("bad range `{word}`"), help);
            return None;
        }
        let text = self.expressions(str, range)?;
        match text.parts.as_slice() {
            [Part::Expr(Expr::Capture(name))] => Some(WordKind::Capture(name.clone())),
            _ => Some(WordKind::Text(text)),
        }
    }
}

/// What a word matches that is `*`, `{t}` or nothing but letters and digits, as most words are.
fn simple(word: &str, at: Span) -> Option<WordKind> {
    let part = match word {
        "*" => return Some(WordKind::Any),
        "{t}" => Part::Expr(Expr::Trid(None)),
        "" => return None,
        _ if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Part::Literal(word.into()),
        _ => return None,
    };
    let parts = smallvec![part];
    Some(WordKind::Text(Text { at, parts }))
}

/// The words of a line; blanks in braces do not end a word.
pub(super) fn words(text: &str) -> SmallVec<[Range<usize>; 8]> {
    let bytes = text.as_bytes();
    let mut words = SmallVec::new();
    let mut i = 0;
    while i < bytes.len() {
        if matches!(bytes.get(i), Some(b' ' | b'\t')) {
            i += 1;
            continue;
        }
        let start = i;
        let regex = bytes.get(i) == Some(&b'/');
        while let Some(byte) = bytes.get(i) {
            i = match byte {
                b' ' | b'\t' => break,
                b'{' => skip(bytes, i, *byte, regex),
                _ => i + 1,
            };
        }
        words.push(start..i.min(bytes.len()));
    }
    words
}

/// The alternatives of a word.
fn alternatives(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut start, mut i) = (range.start, range.start);
    while i < range.end {
        match bytes.get(i) {
            Some(b'|') => {
                found.push(start..i);
                i += 1;
                start = i;
            }
            Some(byte) => i = skip(bytes, i, *byte, false),
            None => break,
        }
    }
    found.push(start..range.end);
    found
}

/// The index behind a byte, or behind the expression that begins with it.
fn skip(bytes: &[u8], i: usize, byte: u8, regex: bool) -> usize {
    if regex || byte != b'{' {
        i + 1
    } else if bytes.get(i + 1) == Some(&b'{') {
        i + 2
    } else {
        closing(bytes, i).map_or(i + 1, |close| close + 1)
    }
}
