//! All lines of a text in which a line of the protocol stands, with what stands before or over it.

use std::collections::HashMap;

use super::dumps::undumped;
use super::find::{self, Found};
use super::lines::{Logical, lines};
use super::marks::{Ends, INDENT, tokens};
use super::scheme::{Clue, Learned, learn};
use crate::protocol::is_verb;
use crate::transcript::Party;
use crate::transcript::read::{ReadError, ReadMistake};

/// So many lines over a line of the protocol may be its heading.
const HIGHEST: usize = 8;
/// So many bytes of a heading are looked at.
const WIDEST: usize = 1_000;

/// A line of the protocol in a line of the text.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// The line of the text.
    pub(super) line: usize,
    pub(super) found: Found,
    /// What stands before it and behind it.
    pub(super) beside: String,
    /// What stands over it; none where it stands right below the sample before.
    pub(super) above: Option<Above>,
    /// Nothing stands before it that could tell who speaks.
    pub(super) is_bare: bool,
}

/// What stands over a line.
#[derive(Debug, Clone, Default)]
pub(super) struct Above {
    pub(super) text: String,
    pub(super) ends: Option<Ends>,
}

/// What a text holds.
#[derive(Debug)]
pub(super) struct Survey<'t> {
    pub(super) lines: Vec<Logical<'t>>,
    /// Lines that are read: those within fences, where there are any.
    pub(super) inside: Vec<bool>,
    pub(super) samples: Vec<Sample>,
}

/// What was learned of a text.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) learned: Learned,
    /// The speaker stands over a line, not before it.
    pub(super) is_above: bool,
    pub(super) is_reversed: bool,
}

pub(super) fn is_fence(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '>']);
    line.starts_with("```") || line.starts_with("~~~")
}

/// Looks for lines of the protocol.
pub(super) fn survey(text: &str) -> Survey<'_> {
    let mut lines = undumped(lines(text));
    drop_dots(&mut lines);
    let mut samples = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let text: &str = &line.text;
        let before = at.checked_sub(1).and_then(|at| lines.get(at));
        let is_below_ends = || {
            before.is_some_and(|line| {
                find::find(&line.text).is_none() && Ends::of(head(&line.text)).is_some()
            })
        };
        let found = find::find(text).or_else(|| {
            let mut places = find::places_behind_junk(text);
            is_below_ends().then(|| {
                places.find_map(|start| find::at(text, start).filter(|found| !found.is_weak))
            })?
        });
        if let Some(found) = found {
            samples.push(sample(at, text, found));
        }
    }
    let inside = fenced(&lines, &samples);
    samples.retain(|sample| inside.get(sample.line) == Some(&true));
    let mut survey = Survey {
        lines,
        inside,
        samples,
    };
    survey.look_up();
    survey.drop_tails();
    survey
}

/// Takes away the dots that stand for the carriage return of each line.
fn drop_dots(lines: &mut [Logical<'_>]) {
    let is_said = |line: &&Logical<'_>| find::places(&line.text).next() == Some(0);
    let (mut dotted, mut plain) = (0, 0);
    for line in lines.iter().filter(is_said) {
        match line.text.ends_with('.') {
            true => dotted += 1,
            false => plain += 1,
        }
    }
    if dotted < 2 || plain * 10 > dotted {
        return;
    }
    for line in lines {
        if line.text.ends_with('.') {
            line.text.to_mut().pop();
        }
    }
}

fn sample(line: usize, text: &str, found: Found) -> Sample {
    let before = text.get(..found.start).unwrap_or_default();
    let behind = text.get(found.end..).unwrap_or_default();
    let trimmed = before.trim();
    // What is left of the headers of a packet may hold anything but arrows.
    let is_junk = !trimmed.contains(' ')
        && !trimmed.ends_with(':')
        && !trimmed.chars().all(char::is_alphanumeric)
        && tokens(trimmed).all(|it| it.chars().all(char::is_alphanumeric));
    let is_bare = trimmed.is_empty() || is_junk;
    Sample {
        line,
        found,
        beside: format!("{before} {}", find::without_end(behind)),
        above: None,
        is_bare,
    }
}

/// Which lines stand within fences; all of them where most samples stand outside.
fn fenced(lines: &[Logical<'_>], samples: &[Sample]) -> Vec<bool> {
    let mut is_inside = false;
    let mut inside: Vec<bool> = lines
        .iter()
        .map(|line| {
            let is_mark = is_fence(&line.text);
            is_inside ^= is_mark;
            is_inside && !is_mark
        })
        .collect();
    let strong = samples.iter().filter(|sample| !sample.found.is_weak);
    let within = strong
        .clone()
        .filter(|sample| inside.get(sample.line) == Some(&true));
    if within.count() * 2 < strong.count().max(1) {
        inside.fill(true);
    }
    inside
}

/// The beginning of a line.
fn head(text: &str) -> &str {
    let mut end = text.len().min(WIDEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

impl<'t> Survey<'t> {
    pub(super) fn is_empty(&self) -> bool {
        self.samples.iter().all(|sample| sample.found.is_weak)
    }

    /// Finds what stands over each sample.
    fn look_up(&mut self) {
        let mut last: Option<usize> = None;
        for sample in &mut self.samples {
            let from = last.map_or(0, |last| last + 1);
            let from = from.max(sample.line.saturating_sub(HIGHEST));
            let between = self.lines.get(from..sample.line).unwrap_or_default();
            let own = self.lines.get(sample.line);
            sample.above = match own.and_then(|line| line.heading.clone()) {
                Some(text) => Some(Above { text, ends: None }),
                None => above(between),
            };
            last = Some(sample.line);
        }
    }

    /// What many lines have in brackets behind what they say is none of it: `(18 bytes)`.
    fn drop_tails(&mut self) {
        let tail = |text: &str| -> Option<(usize, String)> {
            let close = text
                .chars()
                .next_back()
                .filter(|char| ")]}".contains(*char))?;
            let open = match close {
                ')' => '(',
                ']' => '[',
                _ => '{',
            };
            let at = text.rfind(open).filter(|at| *at > 3)?;
            let is_apart = text.get(..at)?.ends_with(' ');
            is_apart.then(|| (at, skeleton(text.get(at..).unwrap_or_default())))
        };
        let said = |sample: &Sample, lines: &[Logical<'_>]| {
            let line = lines.get(sample.line)?;
            tail(line.text.get(sample.found.start..sample.found.end)?)
        };
        let mut counts: HashMap<String, usize> = HashMap::new();
        for sample in &self.samples {
            if let Some((_, shape)) = said(sample, &self.lines) {
                *counts.entry(shape).or_default() += 1;
            }
        }
        let strong = self.samples.iter().filter(|it| !it.found.is_weak).count();
        let Some((shape, _)) = counts
            .into_iter()
            .find(|(_, count)| *count > 1 && *count * 10 >= strong * 7)
        else {
            return;
        };
        for sample in &mut self.samples {
            if let Some((at, _)) = said(sample, &self.lines).filter(|(_, own)| *own == shape)
                && let Some(line) = self.lines.get(sample.line)
            {
                let end = sample.found.start + at;
                let text = line.text.get(..end).unwrap_or_default();
                if let Some(found) = find::at(text, sample.found.start) {
                    sample.found = found;
                }
            }
        }
    }

    /// The lines that stand over a sample, without a gap.
    pub(super) fn over(&self, sample: &Sample) -> std::ops::Range<usize> {
        let from = sample.line.saturating_sub(HIGHEST);
        let above = self.lines.get(from..sample.line).unwrap_or_default();
        let gap = above.iter().rposition(|line| line.text.trim().is_empty());
        let is_all = gap.is_some_and(|gap| gap + 1 == above.len());
        let from = match gap.filter(|_| !is_all) {
            Some(gap) => from + gap + 1,
            None => from,
        };
        from..sample.line
    }

    /// What a sample says.
    pub(super) fn said(&self, sample: &Sample) -> &str {
        let line = self.lines.get(sample.line);
        let text = line.and_then(|line| line.text.get(sample.found.start..sample.found.end));
        text.unwrap_or_default()
    }

    /// How this text tells who speaks.
    pub(super) fn learned(&self) -> Option<Lesson> {
        let strong: Vec<&Sample> = self.samples.iter().filter(|it| !it.found.is_weak).collect();
        let hints = self.hints(&strong);
        let learn_from = |is_above: bool| {
            let clues: Vec<Clue<'_>> = strong
                .iter()
                .zip(&hints)
                .filter_map(|(sample, hint)| clue(sample, *hint, is_above))
                .collect();
            // Lines that have nothing over them count against it.
            let learned = learn(&clues)?;
            let lacking = 1.0 - clues.len() as f64 / strong.len() as f64;
            Some(Learned {
                score: learned.score - 10.0 * lacking,
                ..learned
            })
        };
        let (beside, above) = (learn_from(false), learn_from(true));
        let is_above = match (&beside, &above) {
            (Some(beside), Some(above)) => above.score > beside.score,
            (beside, _) => beside.is_none(),
        };
        let learned = if is_above { above? } else { beside? };
        Some(Lesson {
            is_reversed: learned.is_reversed,
            learned,
            is_above,
        })
    }

    /// By the order: of two lines with one verb and one number the first asks.
    fn hints(&self, strong: &[&Sample]) -> Vec<Option<Party>> {
        let mut asked: HashMap<(&str, &str), usize> = HashMap::new();
        let mut hints = vec![None; strong.len()];
        for (at, sample) in strong.iter().enumerate() {
            let mut words = self.said(sample).split_ascii_whitespace();
            let (Some(verb), Some(trid)) = (words.next(), words.next()) else {
                continue;
            };
            if !trid.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            match asked.remove(&(verb, trid)) {
                Some(before) => {
                    if let Some(hint) = hints.get_mut(before) {
                        *hint = Some(Party::Client);
                    }
                    if let Some(hint) = hints.get_mut(at) {
                        *hint = Some(Party::Server);
                    }
                }
                None => {
                    asked.insert((verb, trid), at);
                }
            }
        }
        hints
    }

    /// The text has lines of the protocol, and nothing tells who says them.
    pub(super) fn undirected(&self, text: &str) -> ReadError {
        let first = self.samples.iter().find(|sample| !sample.found.is_weak);
        let place = first.and_then(|sample| self.lines.get(sample.line));
        let place = place.map_or((0, 0), |line| line.place);
        let form = if text.contains("Escape character is") || text.contains("Connected to ") {
            "a session by hand, as telnet or nc shows it"
        } else if self.samples.iter().all(|sample| sample.is_bare) {
            "a stream as raw text, as \"Follow TCP stream\" shows it"
        } else {
            "lines that do not tell who speaks"
        };
        ReadError {
            start: place.0,
            end: place.1,
            mistake: ReadMistake::NoDirections(form),
        }
    }
}

/// What is known of who says a line, by what stands beside it, or over it where nothing does.
fn clue(sample: &Sample, hint: Option<Party>, is_above: bool) -> Option<Clue<'_>> {
    let above = sample.above.as_ref().filter(|_| is_above && sample.is_bare);
    if is_above && sample.is_bare && above.is_none() {
        return None;
    }
    let own = sample.found.likeness.speaker().map(Party::from);
    // Only clients offer several dialects, but for servers that give the offer back.
    let is_offer = sample.found.is_offer && hint != Some(Party::Server);
    let (tokens, ends) = match above {
        Some(above) => (of_heading(&above.text), above.ends.clone()),
        None => {
            let beside = head(&sample.beside);
            (tokens(beside).collect(), Ends::of(beside))
        }
    };
    Some(Clue {
        tokens,
        ends,
        proof: own.or(is_offer.then_some(Party::Client)),
        hint,
    })
}

/// The tokens of a heading; that it is set in is one of them.
pub(super) fn of_heading(text: &str) -> Vec<&str> {
    let mut all: Vec<&str> = tokens(head(text)).collect();
    if text.starts_with('\t') || text.starts_with("  ") {
        all.push(INDENT);
    }
    all
}

/// What the lines between two samples say of the second.
fn above(between: &[Logical<'_>]) -> Option<Above> {
    let is_text = |line: &&Logical<'_>| !line.text.trim().is_empty() && !is_fence(&line.text);
    let mut known = between.iter().rev().filter(is_text).peekable();
    let nearest = known.peek()?;
    let mut found = Above {
        text: head(&nearest.text).to_owned(),
        ends: None,
    };
    for line in known {
        if let Some(ends) = Ends::of(head(&line.text)) {
            found.text = head(&line.text).to_owned();
            found.ends = Some(ends);
            return Some(found);
        }
    }
    let joined: Vec<&str> = between.iter().map(|line| head(&line.text)).collect();
    found.ends = Ends::of_packet(&joined.join(" "));
    Some(found)
}

/// The shape of a text: words that hold a digit are all the same.
pub(super) fn skeleton(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_alphanumeric() {
            let end = rest.find(|char: char| !char.is_alphanumeric());
            let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
            match word.bytes().any(|byte| byte.is_ascii_digit()) {
                true => out.push('0'),
                false => out.push_str(word),
            }
            rest = tail;
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

/// Whether a word looks like a verb that nobody knows.
pub(super) fn is_command(word: &str) -> bool {
    let is_upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    is_verb(word.as_bytes()) || (word.len() == 3 && word.bytes().all(is_upper))
}
