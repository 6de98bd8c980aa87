//! Where in a line of a log a line of the protocol stands.

use crate::protocol::{Likeness, is_offer, is_verb};
use crate::wire::words;

/// So many bytes of a line may stand before what is looked for.
const FURTHEST: usize = 1_000;
/// So many words of it are looked at.
const MOST_WORDS: usize = 32;

/// A line of the protocol within a line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) likeness: Likeness,
    /// It offers dialects, as a client does.
    pub(super) is_offer: bool,
    /// One word alone, or a code: it may stand in prose.
    pub(super) is_weak: bool,
}

/// The first place at which a line of the protocol stands and goes on to the end, or to the quote
/// or bracket that was opened before it.
pub(super) fn find(line: &str) -> Option<Found> {
    places(line).find_map(|start| at(line, start))
}

/// What begins at this place, whatever stands before it.
pub(super) fn at(line: &str, start: usize) -> Option<Found> {
    let end = end_of(line, start);
    let text = line.get(start..end)?;
    let text = without_end(text);
    let words: Vec<&[u8]> = words(text.as_bytes()).take(MOST_WORDS).collect();
    let likeness = Likeness::of(&words);
    if !likeness.is_some() {
        return None;
    }
    let least = likeness.client.max(likeness.server);
    let is_weak = words.len() < 2 || (least < 2 && !likeness.is_later);
    Some(Found {
        start,
        end: start + text.len(),
        likeness,
        is_offer: is_offer(&words),
        is_weak,
    })
}

/// The places of words that are verbs or codes.
pub(super) fn places(line: &str) -> impl Iterator<Item = usize> {
    let bytes = line.as_bytes();
    let last = bytes.len().min(FURTHEST);
    (0..last).filter(move |at| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied();
        let is_start = before.is_none_or(|byte| !is_inner(byte));
        is_start && is_verb_at(bytes, *at)
    })
}

/// The same, where bytes of another kind may stand right before.
pub(super) fn places_behind_junk(line: &str) -> impl Iterator<Item = usize> {
    let bytes = line.as_bytes();
    let last = bytes.len().min(FURTHEST);
    (0..last).filter(move |at| line.is_char_boundary(*at) && is_verb_at(bytes, *at))
}

fn is_verb_at(bytes: &[u8], at: usize) -> bool {
    let word = bytes.get(at..at + 3).unwrap_or_default();
    let is_end = bytes
        .get(at + 3)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let could_be = word
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    could_be && !word.is_empty() && is_end && is_verb(word)
}

fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./@%+\\".contains(&byte)
}

/// Where what begins here ends: at the quote that was opened before it, at the bracket, at the tag.
fn end_of(line: &str, start: usize) -> usize {
    let head = line.get(..start).unwrap_or_default();
    let tail = line.get(start..).unwrap_or_default();
    let whole = line.len();
    let before = head.bytes().next_back();
    let cut = |mark: char| closing(tail, mark).map_or(whole, |at| start + at);
    let quotes = head.bytes().filter(|byte| *byte == b'"').count();
    if quotes % 2 == 1 {
        return cut('"');
    }
    match before {
        Some(b'\'') => cut('\''),
        Some(b'`') => cut('`'),
        Some(b'>') if head.contains("<") && tail.contains("</") => {
            tail.find("</").map_or(whole, |at| start + at)
        }
        Some(open @ (b'[' | b'(' | b'{' | b'<')) => {
            let close = match open {
                b'[' => ']',
                b'(' => ')',
                b'{' => '}',
                _ => '>',
            };
            tail.rfind(close).map_or(whole, |at| start + at)
        }
        _ => whole,
    }
}

/// The first quote that is not escaped.
fn closing(text: &str, mark: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices()
        .find(|(_, char)| {
            let is_it = *char == mark && !is_escaped;
            is_escaped = *char == '\\' && !is_escaped;
            is_it
        })
        .map(|(at, _)| at)
}

/// Ends of a line, as programs write them out.
const ENDS: [&str; 10] = [
    "\\r\\n",
    "\\n",
    "\\r",
    "<CR><LF>",
    "<CRLF>",
    "\\x0d\\x0a",
    "\\u000d\\u000a",
    "^M",
    "\u{240d}\u{240a}",
    "\\0d\\0a",
];

/// A line without the end that is written out behind it.
pub(super) fn without_end(text: &str) -> &str {
    let mut rest = text.trim_end_matches([' ', '\t', '\r', '\n']);
    for end in ENDS {
        if let Some(head) = rest.strip_suffix(end) {
            rest = head;
            break;
        }
    }
    rest.trim_end_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<&str> {
        let found = find(line)?;
        line.get(found.start..found.end)
    }

    #[test]
    fn a_line_is_found_behind_whatever_stands_before_it() {
        for line in [
            "VER 1 MSNP2 CVR0",
            ">>>VER 1 MSNP2 CVR0",
            "(20:14:08) msn: C: NS 000: VER 1 MSNP2 CVR0",
            "DEBUG:root:Sent: b'VER 1 MSNP2 CVR0\\r\\n'",
            "level=debug msg=\"sending VER 1 MSNP2 CVR0\" conn=3",
            "recv [VER 1 MSNP2 CVR0] from 3",
            "<line dir=\"out\">VER 1 MSNP2 CVR0</line>",
            "Handling VER command: VER 1 MSNP2 CVR0",
        ] {
            assert_eq!(found(line), Some("VER 1 MSNP2 CVR0"), "{line}");
        }
        for line in ["", "hello", "the VER command", "MSN-USR 4 OK", "200 OK"] {
            assert_eq!(found(line), None, "{line}");
        }
        assert!(find("then it says OUT").is_some_and(|found| found.is_weak));
    }
}
