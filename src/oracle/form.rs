//! Where the parts of a line stand, by the form that it should have.

use super::line::{Verb, number};
use super::world::Told;
use crate::protocol::{Form, Grammar, Param};
use crate::wire::{Frame, Words};

/// The form of a line, and the place of its first parameter.
fn form_of(grammar: Grammar, frame: &Frame) -> Option<(&'static Form, usize)> {
    let row = grammar.read(frame.words())?;
    let first = row.first_param();
    Some((row.form(frame.words().skip(first))?, first))
}

/// Where a parameter of this kind stands in a line that is about as long as it should be.
fn place_of(grammar: Grammar, frame: &Frame, param: Param) -> Option<usize> {
    let (form, first) = form_of(grammar, frame)?;
    Some(first + form.place_of(param)?)
}

/// Where a line counts its items; the total stands behind.
pub(super) fn place_of_item(grammar: Grammar, frame: &Frame) -> Option<usize> {
    place_of(grammar, frame, Param::Item)
}

/// The place of the friendly name at the end of a line; the handle stands before it.
pub(super) fn place_of_name(grammar: Grammar, frame: &Frame) -> Option<usize> {
    place_of(grammar, frame, Param::Name)
}

/// How many words stand behind the name: as many as can be what may stand there.
pub(super) fn words_behind_name(grammar: Grammar, frame: &Frame) -> Option<usize> {
    let (form, _) = form_of(grammar, frame)?;
    let words: Words<'_> = frame.words().collect();
    behind_name(form, &words)
}

/// The same for the words of a line.
pub(super) fn behind_name(form: &Form, words: &[&[u8]]) -> Option<usize> {
    let behind = form.params.get(form.place_of(Param::Name)? + 1..)?;
    let fits = |count: usize| {
        let last = words.get(words.len().checked_sub(count)?..)?;
        let mut pairs = behind.iter().zip(last);
        pairs.all(|(param, word)| param.fits(word)).then_some(count)
    };
    let most = behind.len();
    let least = form.least().saturating_sub(form.params.len() - most);
    (least..=most).rev().find_map(fits)
}

/// The most words that a line of this form may have; `None` where there is no bound.
pub(super) fn most_words(grammar: Grammar, frame: &Frame) -> Option<usize> {
    let (form, first) = form_of(grammar, frame)?;
    form.most().checked_add(first)
}

/// Where the serial number should stand that a line leaves out: with it, the line would be as it
/// should.
pub(super) fn place_of_missing_number(grammar: Grammar, frame: &Frame) -> Option<usize> {
    let (form, first) = form_of(grammar, frame)?;
    let at = form.place_of(Param::Serial)?;
    let before = frame.words().skip(first).take(at);
    let number = std::iter::once(&b"0"[..]);
    let whole = before.chain(number).chain(frame.words().skip(first + at));
    (form.params.len() > 1 && form.fits(whole)).then_some(first + at)
}

/// Whether a line names the total where the next item should stand.
pub(super) fn has_counts_swapped(grammar: Grammar, told: &Told<'_, '_>, next: u64) -> bool {
    let line = &told.line;
    let Some(at) = place_of_item(grammar, told.frame) else {
        return false;
    };
    let (first, second) = (number(line.word(at)), number(line.word(at + 1)));
    // Without its number a line has its total where the item should stand.
    let is_whole = || {
        let form = form_of(grammar, told.frame);
        form.is_some_and(|(form, first)| form.fits(told.frame.words().skip(first)))
    };
    (line.verb != Verb::Lst || is_whole()) && first > second && second == Some(next)
}
