//! Puts a line right whose form is not, where it is plain how it should read: the accusation of its
//! form stands, and everything else is judged by what the server meant.

use super::finding::Finding;
use super::form::{
    most_words, place_of_item, place_of_missing_number, place_of_name, words_behind_name,
};
use super::shape::{COUNTS_SWAPPED, TOO_MANY};
use super::world::Seen;
use crate::protocol::{ClauseId, Direction, Grammar, Verb};
use crate::wire::{Frame, UNKNOWN, Words};

/// The line as it should read, by what was found of its form; `None` where it may stay as it is,
/// or nobody can tell.
pub(super) fn put_right(seen: &Seen<'_, '_>, findings: &[Finding]) -> Option<Frame> {
    let told = seen.told()?;
    let grammar = seen.conn.grammar(Direction::ToClient);
    let of_line = findings.iter().rev();
    let of_line = of_line.take_while(|finding| finding.entry == seen.place.entry);
    let mut mended: Option<Frame> = None;
    for finding in of_line {
        let frame = mended.as_ref().unwrap_or(told.frame);
        mended = mend(frame, grammar, finding).or(mended);
    }
    mended
}

fn mend(frame: &Frame, grammar: Grammar, finding: &Finding) -> Option<Frame> {
    let name;
    let mut words: Words<'_> = frame.words().collect();
    if finding.clause == ClauseId::TRID_9 && words.len() > 1 {
        words.remove(1);
    } else if finding.clause == ClauseId::SYN_4 && words.get(1) == Some(&&b"0"[..]) {
        *words.get_mut(1)? = finding.expected.as_bytes();
    } else if finding.clause == ClauseId::BATCH_3 {
        words = without_numbers(grammar, &words)?;
    } else if finding.clause == ClauseId::FRAME_3 {
        let at = place_of_name(grammar, frame)?;
        let end = words
            .len()
            .checked_sub(words_behind_name(grammar, frame)?)?;
        let (first, last) = (words.get(at)?, words.get(end.checked_sub(1)?)?);
        name = (at + 1 < end).then(|| encoded(&frame.line, first, last))??;
        words.drain(at + 1..end);
        *words.get_mut(at)? = &name;
    } else if finding.message == TOO_MANY {
        words.truncate(most_words(grammar, frame)?);
    } else if finding.message == COUNTS_SWAPPED {
        let at = place_of_item(grammar, frame).filter(|at| at + 1 < words.len())?;
        words.swap(at, at + 1);
    } else if finding.oracle == "shape" {
        words.insert(place_of_missing_number(grammar, frame)?, UNKNOWN);
    } else {
        return None;
    }
    Some(frame.with_words(&words))
}

/// A line of a batch without the TrID and the number that it should not bear.
fn without_numbers<'w>(grammar: Grammar, words: &[&'w [u8]]) -> Option<Words<'w>> {
    let (verb, params) = words.split_first()?;
    let row = grammar.dialect.find_bare(Verb::parse(verb))?;
    let rest = (1..=2).filter_map(|count| params.get(count..));
    let fits = |rest: &&[&'w [u8]]| {
        let params = rest.iter().copied();
        row.form(params.clone())
            .is_some_and(|form| form.is_whole(params))
    };
    let rest = rest.into_iter().find(fits)?;
    Some(std::iter::once(*verb).chain(rest.iter().copied()).collect())
}

/// What stands in a line from this word of it to that, with its blanks encoded.
fn encoded(line: &[u8], first: &[u8], last: &[u8]) -> Option<Vec<u8>> {
    let place = |word: &[u8]| word.as_ptr().addr().checked_sub(line.as_ptr().addr());
    let mut name = Vec::new();
    for byte in line.get(place(first)?..place(last)? + last.len())? {
        match byte {
            b' ' => name.extend_from_slice(b"%20"),
            b'\t' => name.extend_from_slice(b"%09"),
            byte => name.push(*byte),
        }
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Dialect, MSNP2, ServerKind};
    use crate::transcript::{ConnId, Observed};

    const GRAMMAR: Grammar = Grammar {
        dialect: &MSNP2,
        kind: ServerKind::Notification,
        direction: Direction::ToClient,
    };

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
        let mended = mend(&frame, GRAMMAR, &finding(clause, message))?;
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
            (
                "MSG b@x Bob B 5",
                Id::FRAME_3,
                "",
                Some("MSG b@x Bob%20B 5"),
            ),
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
        let batch = Finding {
            expected: "7".into(),
            ..finding(Id::SYN_4, "")
        };
        let line = Frame::line("GTC 0 5 A".to_owned());
        let right = mend(&line, GRAMMAR, &batch).unwrap();
        assert_eq!(right.line, "GTC 7 5 A");
        let other = Frame::line("GTC 6 5 A".to_owned());
        assert_eq!(mend(&other, GRAMMAR, &batch), None);
        for (line, clause, message, right) in cases {
            assert_eq!(mended(line, clause, message).as_deref(), right, "{line}");
        }
    }

    #[test]
    fn a_tab_in_a_name_is_no_group() {
        let grammar = Grammar {
            dialect: Dialect::named(b"MSNP7").unwrap(),
            ..GRAMMAR
        };
        let mended = |line: &'static str| {
            let frame = Frame::line(line);
            let mended = mend(&frame, grammar, &finding(ClauseId::FRAME_3, ""))?;
            Some(String::from_utf8_lossy(&mended.line).into_owned())
        };
        let wanted = "ADD 8 AL 4 b@x a%09b";
        assert_eq!(mended("ADD 8 AL 4 b@x a\tb").as_deref(), Some(wanted));
        let grouped = mended("ADD 8 FL 4 b@x a b 3");
        assert_eq!(grouped.as_deref(), Some("ADD 8 FL 4 b@x a%20b 3"));
        assert_eq!(mended("ADD 8 FL 4 b@x a 3"), None);
    }
}
