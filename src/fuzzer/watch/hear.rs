//! Whether what came is a line of the model.

use super::lines::{Words, verb};
use super::people::People;
use crate::model::{Capture, GroupId, GroupSet, Line, Names, UserId, Word};
use crate::protocol::{Dialect, decode_name};

/// Whether words are this line, which says the same at any time.
pub(super) fn is_fixed(dialect: &'static Dialect, line: Line, words: Words<'_>) -> bool {
    let Some(pattern) = line.words(dialect) else {
        return false;
    };
    let is_text = |(wanted, got): (&Word, &&[u8])| matches!(wanted, Word::Text(text) if text.as_bytes() == *got);
    pattern.len() == words.len() && pattern.iter().zip(words).all(is_text)
}

/// Whether words are this line, under this TrID. Values seen for the first time are bound.
pub(super) fn is_line<'t>(
    people: &mut People<'t>,
    line: Line,
    words: Words<'t>,
    trid: &[u8],
) -> bool {
    let Some(pattern) = line.words(people.dialect()) else {
        return matches!(line, Line::AnyError | Line::Refused) && is_error(words);
    };
    let mark = people.mark();
    let mut words = words.iter().copied();
    for (at, wanted) in pattern.iter().enumerate() {
        if *wanted == Word::Rest {
            return true;
        }
        // An entry of a list has the name that ADD gave it.
        let wanted = match line {
            Line::Added(..) | Line::AddedInto(..) if at == 5 => Word::Any,
            _ => *wanted,
        };
        let fits = words
            .next()
            .is_some_and(|got| is_word(people, wanted, got, trid));
        if !fits {
            people.unbind(mark);
            return false;
        }
    }
    let is_whole = words.next().is_none();
    if !is_whole {
        people.unbind(mark);
    }
    is_whole
}

/// Whether it is an error of the table.
pub(super) fn is_error(words: Words<'_>) -> bool {
    let verb = verb(words);
    verb.len() == 3 && verb.iter().all(u8::is_ascii_digit)
}

fn is_word<'t>(people: &mut People<'t>, wanted: Word, got: &'t [u8], trid: &[u8]) -> bool {
    match wanted {
        Word::Text(text) => text.as_bytes() == got,
        Word::TrId => is_trid(got, trid),
        Word::Number(number) => number_of(got) == Some(u64::from(number)),
        Word::Handle(user) => people.handle(user) == got,
        Word::Name(user, name) => people.is_name(user, name, got),
        Word::Length => number_of(got).is_some(),
        Word::Capture(capture) => is_value(people, capture, got),
        Word::Label(label) => decode_name(label.text().as_bytes()) == decode_name(got),
        Word::Encoded(text) => decode_name(text.as_bytes()) == decode_name(got),
        Word::Groups(user, groups) => are_groups(people, user, groups, got),
        _ => true,
    }
}

/// Whether a word names exactly these groups, in any order.
fn are_groups<'t>(people: &People<'t>, user: UserId, groups: GroupSet, got: &'t [u8]) -> bool {
    let named: Vec<&[u8]> = got.split(|byte| *byte == b',').collect();
    let number_of = |group: GroupId| match group {
        GroupId::OTHERS => Some(&b"0"[..]),
        group => people.value(Capture::Group(user, group)),
    };
    let is_there = |group: GroupId| number_of(group).is_none_or(|number| named.contains(&number));
    named.len() == usize::from(groups.len()) && groups.iter().all(is_there)
}

/// Addresses and challenges are what they are; which numbers go with which changes is judged by
/// others.
fn is_value<'t>(people: &mut People<'t>, capture: Capture, got: &'t [u8]) -> bool {
    match capture {
        Capture::Challenge(_) | Capture::Notification(_) | Capture::Board(_) => true,
        Capture::Serial(..) => {
            let is_number = number_of(got).is_some();
            if is_number && people.value(capture).is_none() {
                people.bind(capture, got);
            }
            is_number
        }
        Capture::Cookie(_) | Capture::Session(_) | Capture::Group(..) => {
            match people.value(capture) {
                Some(known) => known == got,
                None => {
                    people.bind(capture, got);
                    true
                }
            }
        }
    }
}

/// A TrID by what it says: the same number is the same one, however it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TrId<'t> {
    Number(u64),
    Word(&'t [u8]),
}

impl<'t> TrId<'t> {
    pub(super) fn of(word: &'t [u8]) -> Self {
        number_of(word).map_or(Self::Word(word), Self::Number)
    }
}

/// The same number, however it is written.
pub(super) fn is_trid(got: &[u8], trid: &[u8]) -> bool {
    // The same number with other digits begins with zeros.
    let is_padded = |word: &[u8]| word.first() == Some(&b'0');
    got == trid
        || ((is_padded(got) || is_padded(trid))
            && number_of(got).is_some()
            && number_of(got) == number_of(trid))
}

fn number_of(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() >= 20 {
        return None;
    }
    let mut digits = word.iter();
    digits.try_fold(0u64, |sum, digit| {
        let is_digit = digit.is_ascii_digit();
        is_digit.then(|| sum * 10 + u64::from(digit - b'0'))
    })
}

/// A line in words, for whoever reads a finding.
pub(super) fn describe(people: &People<'_>, line: Line, trid: &[u8]) -> String {
    let Some(pattern) = line.words(people.dialect()) else {
        return match line {
            Line::Closed => "the end of the connection".to_owned(),
            _ => "an error".to_owned(),
        };
    };
    let words = pattern.iter().map(|word| match word {
        Word::Text(text) => (*text).to_owned(),
        Word::TrId => String::from_utf8_lossy(trid).into_owned(),
        Word::Number(number) => number.to_string(),
        Word::Handle(user) => String::from_utf8_lossy(people.handle(*user)).into_owned(),
        Word::Rest => "...".to_owned(),
        _ => "*".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
