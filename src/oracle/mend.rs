//! Puts a line right whose form is not, where it is plain how it should read: the accusation of its
//! form stands, and everything else is judged by what the server meant.

use super::finding::Finding;
use super::line::{Line, Verb, number};
use super::shape::{COUNTS_SWAPPED, TOO_MANY, most_words, place_of_name};
use super::world::Seen;
use crate::spec::{ClauseId, ServerKind};
use crate::wire::{Frame, UNKNOWN, Words};

/// The line as it should read, by what was found of its form; `None` where it may stay as it is,
/// or nobody can tell.
pub(super) fn put_right(seen: &Seen<'_, '_>, findings: &[Finding]) -> Option<Frame> {
    let told = seen.told()?;
    let of_line = findings.iter().rev();
    let of_line = of_line.take_while(|finding| finding.entry == seen.place.entry);
    let mut mended: Option<Frame> = None;
    for finding in of_line {
        let frame = mended.as_ref().unwrap_or(told.frame);
        mended = mend(frame, seen.conn.kind, finding).or(mended);
    }
    mended
}

fn mend(frame: &Frame, kind: ServerKind, finding: &Finding) -> Option<Frame> {
    let name;
    let mut words: Words<'_> = frame.words().collect();
    if finding.clause == ClauseId::TRID_9 && words.len() > 1 {
        words.remove(1);
    } else if finding.clause == ClauseId::FRAME_3 {
        let at = place_of_name(frame.verb()).filter(|at| at + 1 < words.len())?;
        name = encoded(&frame.line, words.get(at)?)?;
        words.truncate(at);
        words.push(&name);
    } else if finding.message == TOO_MANY {
        words.truncate(most_words(kind, frame.verb())?);
    } else if finding.message == COUNTS_SWAPPED {
        let at = place_of_item(frame.verb()).filter(|at| at + 1 < words.len())?;
        words.swap(at, at + 1);
    } else if finding.oracle == "shape" {
        words.insert(place_of_missing_number(&words)?, UNKNOWN);
    } else {
        return None;
    }
    Some(frame.with_words(&words))
}

/// What stands in a line from this word of it on, with its blanks encoded.
fn encoded(line: &[u8], word: &[u8]) -> Option<Vec<u8>> {
    let at = word.as_ptr().addr().checked_sub(line.as_ptr().addr())?;
    let mut name = Vec::new();
    for byte in line.get(at..)?.trim_ascii_end() {
        match byte {
            b' ' => name.extend_from_slice(b"%20"),
            b'\t' => name.extend_from_slice(b"%09"),
            byte => name.push(*byte),
        }
    }
    Some(name)
}

/// Where a line counts its items; the total stands behind.
pub(super) fn place_of_item(verb: &[u8]) -> Option<usize> {
    match verb {
        b"LST" => Some(4),
        b"IRO" => Some(2),
        _ => None,
    }
}

/// Where the serial number should stand that a line leaves out.
fn place_of_missing_number(words: &[&[u8]]) -> Option<usize> {
    let is_handle = |word: &[u8]| word.contains(&b'@');
    let is_number = |word: &[u8]| number(word).is_some();
    match *words {
        [b"ADD", _, _, handle, _] | [b"REM", _, _, handle] if is_handle(handle) => Some(3),
        [b"LST", _, _, item, total] if is_number(item) && is_number(total) => Some(3),
        [b"LST", _, _, item, total, handle, _]
            if is_number(item) && is_number(total) && is_handle(handle) =>
        {
            Some(3)
        }
        [b"GTC", _, b"A" | b"N"] | [b"BLP", _, b"AL" | b"BL"] => Some(2),
        [b"REA", _, handle, _] if is_handle(handle) => Some(2),
        _ => None,
    }
}

/// Whether a line names the total where the next item should stand.
pub(super) fn has_counts_swapped(line: &Line<'_>, next: u64) -> bool {
    let Some(at) = place_of_item(line.word(0)) else {
        return false;
    };
    let (first, second) = (number(line.word(at)), number(line.word(at + 1)));
    let is_whole = line.verb != Verb::Lst || line.count() == 8;
    is_whole && first > second && second == Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{ConnId, Observed};

    fn finding(clause: ClauseId, message: &str) -> Finding {
        Finding {
            clause,
            oracle: "shape",
            entry: 0,
            conn: ConnId(0),
            message: message.into(),
            expected: String::new(),
            got: Observed::line(b""),
        }
    }

    fn mended(line: &str, clause: ClauseId, message: &str) -> Option<String> {
        let frame = Frame::line(line.to_owned());
        let mended = mend(&frame, ServerKind::Notification, &finding(clause, message))?;
        Some(String::from_utf8_lossy(&mended.line).into_owned())
    }

    #[test]
    fn lines_are_put_right_where_it_is_plain_how() {
        use ClauseId as Id;
        let cases = [
            ("CHG 5 NLN 0", Id::CHG_1, TOO_MANY, Some("CHG 5 NLN")),
            (
                "ADD 5 FL 9 b@x b 0",
                Id::ADD_1,
                TOO_MANY,
                Some("ADD 5 FL 9 b@x b"),
            ),
            (
                "NLN NLN b@x Bob B",
                Id::FRAME_3,
                "",
                Some("NLN NLN b@x Bob%20B"),
            ),
            (
                "NLN NLN b@x Bob\t B",
                Id::FRAME_3,
                "",
                Some("NLN NLN b@x Bob%09%20B"),
            ),
            ("MSG b@x Bob B 5", Id::FRAME_3, "", None),
            ("FLN 7 b@x", Id::TRID_9, "", Some("FLN b@x")),
            (
                "LST 5 FL 9 3 1 b@x b",
                Id::LST_2,
                COUNTS_SWAPPED,
                Some("LST 5 FL 9 1 3 b@x b"),
            ),
            ("LST 5 FL 9 3 1 b@x b", Id::LST_2, "", None),
            ("LST 5 FL 0 0", Id::LST_1, "", Some("LST 5 FL ? 0 0")),
            (
                "LST 5 FL 1 1 b@x b",
                Id::LST_1,
                "",
                Some("LST 5 FL ? 1 1 b@x b"),
            ),
            ("ADD 5 FL b@x b", Id::ADD_1, "", Some("ADD 5 FL ? b@x b")),
            ("REM 5 FL b@x", Id::REM_1, "", Some("REM 5 FL ? b@x")),
            ("GTC 5 N", Id::GTC_1, "", Some("GTC 5 ? N")),
            ("REA 5 b@x b", Id::REA_1, "", Some("REA 5 ? b@x b")),
            ("GTC 5 9", Id::GTC_1, "", None),
            ("CHG 5 BSY", Id::CHG_1, "", None),
        ];
        for (line, clause, message, right) in cases {
            assert_eq!(mended(line, clause, message).as_deref(), right, "{line}");
        }
    }
}
