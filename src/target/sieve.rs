//! Leaves out what a target is known to do of itself: a contact on everybody's lists that nobody
//! has put there.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;

use crate::protocol::{Grammar, Param, Rung};
use crate::wire::{Frame, Words};

/// Contacts that stand on everybody's lists and cannot be removed: the list, and the handle in
/// lower case.
pub type Residents = BTreeSet<(String, String)>;

/// The most lines of one list that are held back.
const MAX_HELD: usize = 1024;

/// Leaves out of what comes on a connection what residents make of it.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// The lines of a list that has not come to its end, and the numbers of contacts among them.
    held: Vec<Frame>,
}

impl Sieve {
    /// Puts into `inbox` what is left when this line has come: often nothing, or the lines that
    /// were held back.
    pub(crate) fn pass(
        &mut self,
        frame: Frame,
        grammar: Grammar,
        residents: &Residents,
        inbox: &mut VecDeque<Frame>,
    ) {
        if residents.is_empty() {
            inbox.push_back(frame);
            return;
        }
        let part = part_of_list(&frame, grammar);
        if part.is_none() && !self.held.is_empty() && is_number_of_contact(&frame, grammar) {
            self.hold(frame, inbox);
            return;
        }
        let is_of_held =
            |first: &Frame| part.is_some() && first.words().take(3).eq(frame.words().take(3));
        if !self.held.first().is_some_and(is_of_held) {
            inbox.extend(self.held.drain(..));
        }
        let Some(is_last) = part else {
            if !is_presence_of_one(&frame, grammar, residents) {
                inbox.push_back(frame);
            }
            return;
        };
        self.hold(frame, inbox);
        if is_last {
            inbox.extend(without(&self.held, grammar, residents));
            self.held.clear();
        }
    }

    fn hold(&mut self, frame: Frame, inbox: &mut VecDeque<Frame>) {
        if self.held.len() >= MAX_HELD {
            inbox.extend(self.held.drain(..));
        }
        self.held.push(frame);
    }
}

/// Whether a line of a list is its last one; `None` for other lines.
fn part_of_list(frame: &Frame, grammar: Grammar) -> Option<bool> {
    let row = grammar.find(frame.verb()).filter(|row| row.shows_entry())?;
    let word = |param| frame.words().nth(row.place_of(param)?);
    Some(word(Param::Item)? == word(Param::Total)?)
}

/// Whether a line tells a number of a contact: those of a batch stand between the entries of the list.
fn is_number_of_contact(frame: &Frame, grammar: Grammar) -> bool {
    let row = grammar.dialect.line(grammar.kind, frame.verb());
    row.is_some_and(|row| row.comes_unasked() && row.message.has(Param::Key))
}

/// Whether a line tells the state of a resident.
fn is_presence_of_one(frame: &Frame, grammar: Grammar, residents: &Residents) -> bool {
    let row = grammar.dialect.line(grammar.kind, frame.verb());
    if row.is_none_or(|row| row.rung != Some(Rung::Presence)) {
        return false;
    }
    let message = grammar.find(frame.verb());
    let place = message.and_then(|message| message.place_of(Param::Handle));
    let handle = place.and_then(|place| frame.words().nth(place));
    handle.is_some_and(|handle| is_resident(handle, residents))
}

fn is_resident(handle: &[u8], residents: &Residents) -> bool {
    let handle = String::from_utf8_lossy(handle).to_ascii_lowercase();
    residents.iter().any(|(_, known)| *known == handle)
}

/// A list without its residents.
fn without(lines: &[Frame], grammar: Grammar, residents: &Residents) -> Vec<Frame> {
    let is_entry = |frame: &&Frame| part_of_list(frame, grammar).is_some();
    let is_kept = |frame: &&Frame| {
        let words: Words<'_> = frame.words().collect();
        let [_, _, list, _, _, _, handle, ..] = *words.as_slice() else {
            return true;
        };
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        !residents.contains(&(text(list), text(handle).to_ascii_lowercase()))
    };
    let kept: Vec<&Frame> = lines.iter().filter(is_kept).collect();
    if kept.len() == lines.len() {
        return lines.to_vec();
    }
    let total = kept.iter().copied().filter(is_entry).count();
    let mut at = 0;
    let each = kept.into_iter().map(|frame| match is_entry(&frame) {
        true => {
            at += 1;
            numbered(frame, usize::MAX, at, total)
        }
        false => frame.clone(),
    });
    let mut left: Vec<Frame> = each.collect();
    if let (0, Some(first)) = (total, lines.first()) {
        left.insert(0, numbered(first, 6, 0, 0));
    }
    left
}

/// A line of a list, cut to so many words, with this place and this number of entries.
fn numbered(frame: &Frame, most: usize, item: impl Display, total: impl Display) -> Frame {
    let (item, total) = (item.to_string(), total.to_string());
    let mut words: Words<'_> = frame.words().collect();
    if let [_, _, _, _, at, of, ..] = words.as_mut_slice() {
        (*at, *of) = (item.as_bytes(), total.as_bytes());
    }
    words.truncate(most);
    frame.with_words(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Dialect, Direction, ServerKind};

    fn sieved(lines: &[&str]) -> Vec<String> {
        sieved_in(Dialect::first(), lines)
    }

    fn sieved_in(dialect: &'static Dialect, lines: &[&str]) -> Vec<String> {
        let resident = |list: &str| (list.to_owned(), "service@x".to_owned());
        let residents = [resident("FL"), resident("AL")].into();
        let grammar = Grammar {
            dialect,
            ..Grammar::new(ServerKind::Notification, Direction::ToClient)
        };
        let mut sieve = Sieve::default();
        let mut left = VecDeque::new();
        for line in lines {
            let frame = Frame::line((*line).to_owned());
            sieve.pass(frame, grammar, &residents, &mut left);
        }
        let text = |frame: &Frame| String::from_utf8_lossy(&frame.line).into_owned();
        left.iter().map(text).collect()
    }

    #[test]
    fn residents_are_left_out_and_the_rest_is_counted_anew() {
        let lines = [
            "LST 5 FL 9 1 1 Service@x S",
            "LST 5 AL 9 1 3 a@x a",
            "LST 5 AL 9 2 3 service@x S",
            "LST 5 AL 9 3 3 b@x b",
            "LST 5 BL 9 1 1 service@x S",
            "ILN 6 NLN service@x S",
            "NLN NLN service@x S",
            "FLN service@x",
            "NLN NLN b@x b",
        ];
        let left = [
            "LST 5 FL 9 0 0",
            "LST 5 AL 9 1 2 a@x a",
            "LST 5 AL 9 2 2 b@x b",
            "LST 5 BL 9 1 1 service@x S",
            "NLN NLN b@x b",
        ];
        assert_eq!(sieved(&lines), left);
    }

    #[test]
    fn numbers_of_contacts_stand_between_the_entries() {
        let lines = [
            "LST 5 FL 9 1 3 a@x a 0",
            "BPR 9 a@x PHH 5",
            "LST 5 FL 9 2 3 b@x b 0",
            "BPR 9 b@x PHH",
            "LST 5 FL 9 3 3 service@x S",
            "LST 5 AL 9 1 1 service@x S",
        ];
        let left = [
            "LST 5 FL 9 1 2 a@x a 0",
            "BPR 9 a@x PHH 5",
            "LST 5 FL 9 2 2 b@x b 0",
            "BPR 9 b@x PHH",
            "LST 5 AL 9 0 0",
        ];
        let later = Dialect::named(b"MSNP7").unwrap();
        assert_eq!(sieved_in(later, &lines), left);
        // Where another answer comes, the list has ended without its end.
        let lines = ["LST 5 FL 9 1 2 a@x a 0", "BPR 9 a@x PHH 5", "CHG 6 NLN"];
        assert_eq!(sieved_in(later, &lines), lines);
    }

    #[test]
    fn a_list_without_an_end_is_not_lost() {
        let lines = ["LST 5 FL 9 1 2 a@x a", "LST 5 AL 9 0 0", "QNG"];
        assert_eq!(sieved(&lines), lines);
        let many: Vec<String> = (0..MAX_HELD + 1)
            .map(|at| format!("LST 5 FL 9 {at} 99999 a@x a"))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(sieved(&many).len() >= MAX_HELD);
    }
}
