//! What a reader should know of a log.

use super::assemble::Told;
use super::is_unknown;
use crate::transcript::read::Reading;
use crate::transcript::record::What;

/// So many places are named.
const NAMED: usize = 5;
/// So many connections are told one by one.
const MOST: usize = 5;

/// The number of the line that holds this byte, from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = text
        .as_bytes()
        .get(..at.min(text.len()))
        .unwrap_or_default();
    1 + memchr::memchr_iter(b'\n', before).count()
}

/// `line 3`, `lines 3, 9 and 4 more`.
fn lines_of(text: &str, places: &[(usize, usize)]) -> String {
    let named: Vec<String> = places
        .iter()
        .take(NAMED)
        .map(|place| line_of(text, place.0).to_string())
        .collect();
    let more = places.len().saturating_sub(NAMED);
    let word = if places.len() == 1 { "line" } else { "lines" };
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{word} {}{rest}", named.join(", "))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// What was skipped, not read and not shown.
pub(super) fn told(text: &str, told: &Told, is_reversed: bool, notes: &mut Vec<String>) {
    if is_reversed {
        notes.push(
            "its marks are a server's: what they call received is what the client said, and the \
             lines prove it"
                .to_owned(),
        );
    }
    if told.skipped > 0 {
        let count = counted(told.skipped, "line is", "lines are");
        notes.push(format!("{count} not of the protocol: skipped"));
    }
    if !told.unread.is_empty() {
        let count = counted(told.unread.len(), "line looks", "lines look");
        let lines = lines_of(text, &told.unread);
        notes.push(format!(
            "{count} like the protocol and do not tell who speaks: not read, {lines}"
        ));
    }
    if !told.misfits.is_empty() {
        let count = counted(told.misfits.len(), "payload has", "payloads have");
        let lines = lines_of(text, &told.misfits);
        notes.push(format!(
            "{count} another length than announced: taken for not shown, {lines}"
        ));
    }
    if !told.hidden.is_empty() {
        let count = counted(told.hidden.len(), "payload is", "payloads are");
        let lines = lines_of(text, &told.hidden);
        notes.push(format!(
            "{count} not shown, and what is in them is not judged: {lines}"
        ));
    }
}

/// Connections that begin in the middle.
pub(super) fn beginnings(text: &str, reading: &Reading, notes: &mut Vec<String>) {
    let transcript = &reading.transcript;
    let mut seen = vec![false; transcript.connections().len()];
    let mut found = Vec::new();
    for (entry, place) in transcript.entries().iter().zip(&reading.places) {
        let Some(seen) = seen.get_mut(entry.conn.0) else {
            continue;
        };
        if std::mem::replace(seen, true) || matches!(entry.what, What::Opened(_)) {
            continue;
        }
        if let Some(conn) = transcript.connection(entry.conn) {
            found.push((conn.name.to_string(), line_of(text, place.0)));
        }
    }
    let more = found.len().saturating_sub(MOST);
    for (name, line) in found.into_iter().take(MOST) {
        notes.push(format!(
            "{name} begins in the middle, in line {line}: what depends on what went before is not \
             judged"
        ));
    }
    if more > 0 {
        notes.push(format!("{more} more connections begin in the middle"));
    }
}

/// Words that were left out or crossed out; whether there are any.
pub(super) fn unknown(text: &str, reading: &Reading, notes: &mut Vec<String>) -> bool {
    let (mut count, mut first) = (0, None);
    for (entry, place) in reading.transcript.entries().iter().zip(&reading.places) {
        if let What::Frame(_, frame) = &entry.what {
            let own = frame
                .words()
                .skip(1)
                .filter(|word| is_unknown(word))
                .count();
            if own > 0 {
                first.get_or_insert(place.0);
            }
            count += own;
        }
    }
    if let Some(first) = first {
        let words = counted(count, "word is", "words are");
        notes.push(format!(
            "{words} left out or crossed out, first in line {}: taken for unknown, and what depends \
             on them is not judged",
            line_of(text, first)
        ));
    }
    count > 0
}
