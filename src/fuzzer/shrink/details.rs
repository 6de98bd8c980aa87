//! What is within steps, made smaller: options, words, bytes, rounds.

use std::sync::Arc;

use compact_str::ToCompactString;

use super::ddmin::{bisect, ddmin, ddmin_coarsely};
use super::trial::Trial;
use super::unfold::joined;
use crate::scenario::ast::{
    Action, Expected, Expr, Function, Part, Parts, Payload, PayloadPattern, Scenario, SendItem,
    Step, Text,
};

/// Words shorter than this are left alone.
const SHORT: usize = 4;

/// Takes options away that do not matter.
pub(super) fn options(trial: &mut Trial<'_, '_>) {
    let whole: [fn(&mut Scenario); 7] = [
        |scenario| scenario.segments = None,
        |scenario| scenario.timeout = None,
        |scenario| scenario.strict = false,
        |scenario| scenario.needs.launch = false,
        |scenario| scenario.needs.dispatch = false,
        |scenario| scenario.needs.challenges = false,
        |scenario| scenario.needs.accounts = scenario.users.len(),
    ];
    for change in whole {
        let mut candidate = trial.best().clone();
        change(&mut candidate);
        trial.attempt(candidate);
    }
    for index in 0..trial.best().steps.len() {
        let changes: [fn(&mut Step); 4] = [
            |step| {
                if let Action::Send(send) = &mut step.action {
                    send.segments = None;
                }
            },
            |step| {
                if let Action::Expect(expect) = &mut step.action {
                    expect.within = None;
                }
            },
            |step| {
                if let Action::Expect(expect) = &mut step.action {
                    expect.strict = false;
                    expect.exact = false;
                }
            },
            |step| {
                if let Action::Expect(expect) = &mut step.action
                    && let Expected::Nothing { except } = &mut expect.what
                {
                    except.clear();
                }
            },
        ];
        for change in changes {
            attempt_step(trial, index, change);
        }
    }
    payloads_by_reference(trial);
}

/// Tries a change of one step.
fn attempt_step(trial: &mut Trial<'_, '_>, index: usize, change: impl FnOnce(&mut Step)) -> bool {
    if trial.is_over() {
        return false;
    }
    let mut candidate = trial.best().clone();
    let Some(step) = candidate.steps.get_mut(index) else {
        return false;
    };
    change(step);
    trial.attempt(candidate)
}

/// A payload that is expected in the words in which it was sent becomes `same`, so that both can
/// become shorter.
fn payloads_by_reference(trial: &mut Trial<'_, '_>) {
    let mut sent: Option<Payload> = None;
    for index in 0..trial.best().steps.len() {
        let Some(step) = trial.best().steps.get(index) else {
            return;
        };
        match &step.action {
            Action::Send(send) => {
                for item in &send.items {
                    if let SendItem::Line {
                        payload: Some(payload),
                        ..
                    } = item
                    {
                        sent = Some(payload.clone());
                    }
                }
            }
            Action::Expect(expect) => {
                let Expected::Line {
                    payload: Some(PayloadPattern::Exactly(payload)),
                    ..
                } = &expect.what
                else {
                    continue;
                };
                if sent.as_ref().is_some_and(|sent| is_equal(sent, payload)) {
                    attempt_step(trial, index, |step| {
                        if let Action::Expect(expect) = &mut step.action
                            && let Expected::Line { payload, .. } = &mut expect.what
                        {
                            *payload = Some(PayloadPattern::Same);
                        }
                    });
                }
            }
            _ => {}
        }
    }
}

fn is_equal(one: &Payload, other: &Payload) -> bool {
    match (one, other) {
        (Payload::Text(one), Payload::Text(other)) => one.parts == other.parts,
        (Payload::Bytes(one), Payload::Bytes(other)) => one == other,
        (Payload::Filler(one), Payload::Filler(other)) => one == other,
        _ => false,
    }
}

/// Fewer rounds of each `repeat`.
pub(super) fn loops(trial: &mut Trial<'_, '_>) {
    for index in 0..trial.best().steps.len() {
        let rounds = trial.best().steps.get(index).map(|step| &step.action);
        let Some(Action::Repeat(rounds, _)) = rounds else {
            continue;
        };
        let rounds = usize::try_from(*rounds).unwrap_or(usize::MAX);
        bisect(1, rounds, |fewer| {
            attempt_step(trial, index, |step| {
                if let Action::Repeat(rounds, _) = &mut step.action {
                    *rounds = u32::try_from(fewer).unwrap_or(*rounds);
                }
            })
        });
    }
}

/// Fewer words in what is sent. A judge that only knows what the scenario expects cannot tell a
/// worse request from a worse answer: without a guard, its requests stay as they are.
pub(super) fn words(trial: &mut Trial<'_, '_>) {
    if !trial.may_change_requests() {
        return;
    }
    for (index, at) in items(trial.best()) {
        let Some(SendItem::Line { text, .. }) = item(trial.best(), index, at) else {
            continue;
        };
        let mut words = split(text);
        if words.len() < 2 {
            continue;
        }
        let rest = words.split_off(1);
        ddmin(rest, |rest| {
            let all: Vec<Vec<Part>> = words.iter().chain(rest).cloned().collect();
            attempt_item(trial, index, at, |item| {
                if let SendItem::Line { text, .. } = item {
                    text.parts = join(&all);
                }
            })
        });
    }
}

/// Fewer bytes in what is sent: in words (only with a guard, as for [`words`]) and in payloads.
pub(super) fn bytes(trial: &mut Trial<'_, '_>) {
    loops(trial);
    for (index, at) in items(trial.best()) {
        if trial.may_change_requests() {
            long_words(trial, index, at);
        }
        payload(trial, index, at);
    }
}

/// The places of all items that steps send, outside of groups.
fn items(scenario: &Scenario) -> Vec<(usize, usize)> {
    let sends = scenario.steps.iter().enumerate();
    let items = sends.flat_map(|(index, step)| {
        let count = match &step.action {
            Action::Send(send) => send.items.len(),
            _ => 0,
        };
        (0..count).map(move |item| (index, item))
    });
    items.collect()
}

fn item(scenario: &Scenario, index: usize, at: usize) -> Option<&SendItem> {
    match &scenario.steps.get(index)?.action {
        Action::Send(send) => send.items.get(at),
        _ => None,
    }
}

/// Tries a change of one item.
fn attempt_item(
    trial: &mut Trial<'_, '_>,
    index: usize,
    at: usize,
    change: impl FnOnce(&mut SendItem),
) -> bool {
    attempt_step(trial, index, |step| {
        if let Action::Send(send) = &mut step.action
            && let Some(item) = send.items.get_mut(at)
        {
            change(item);
        }
    })
}

fn long_words(trial: &mut Trial<'_, '_>, index: usize, at: usize) {
    let Some(SendItem::Line { text, .. }) = item(trial.best(), index, at) else {
        return;
    };
    let count = text.parts.len();
    for part in 0..count {
        let set = |parts: &mut Parts, new: Part| {
            if let Some(part) = parts.get_mut(part) {
                *part = new;
            }
        };
        let Some(SendItem::Line { text, .. }) = item(trial.best(), index, at) else {
            return;
        };
        if let Some(Part::Literal(literal)) = text.parts.get(part).cloned() {
            long_literal(trial, &literal, |trial, literal| {
                attempt_item(trial, index, at, |item| {
                    if let SendItem::Line { text, .. } = item {
                        set(&mut text.parts, Part::Literal(literal.into()));
                    }
                })
            });
        }
    }
    let Some(SendItem::Line { text, .. }) = item(trial.best(), index, at) else {
        return;
    };
    fewer_times(text.parts.clone(), |parts| {
        attempt_item(trial, index, at, |item| {
            if let SendItem::Line { text, .. } = item {
                text.parts = parts;
            }
        })
    });
}

/// Fewer rounds of each `{repeat(…)}` of a text.
fn fewer_times(parts: Parts, mut attempt: impl FnMut(Parts) -> bool) {
    let mut best = parts;
    for index in 0..best.len() {
        let Some(Part::Expr(Expr::Call(Function::Repeat, arguments))) = best.get(index) else {
            continue;
        };
        let [what, Expr::Number(times)] = arguments.as_slice() else {
            continue;
        };
        let (what, most) = (what.clone(), usize::try_from(*times).unwrap_or(usize::MAX));
        bisect(0, most, |times| {
            let arguments = vec![what.clone(), Expr::Number(times as u64)];
            let mut parts = best.clone();
            if let Some(part) = parts.get_mut(index) {
                *part = Part::Expr(Expr::Call(Function::Repeat, arguments));
            }
            let is_taken = attempt(parts.clone());
            if is_taken {
                best = parts;
            }
            is_taken
        });
    }
}

/// Shortens the long words of a literal, one after the other.
fn long_literal(
    trial: &mut Trial<'_, '_>,
    literal: &str,
    mut attempt: impl FnMut(&mut Trial<'_, '_>, String) -> bool,
) {
    let mut words: Vec<String> = literal.split(' ').map(str::to_owned).collect();
    for at in 0..words.len() {
        let Some(word) = words.get(at).filter(|word| word.len() >= SHORT).cloned() else {
            continue;
        };
        let with = |words: &[String], word: String| {
            let mut words = words.to_vec();
            if let Some(place) = words.get_mut(at) {
                *place = word;
            }
            words
        };
        let short = ddmin_coarsely(word.chars().collect(), |chars| {
            let literal = with(&words, chars.iter().collect()).join(" ");
            !literal.is_empty() && attempt(trial, literal)
        });
        words = with(&words, short.into_iter().collect());
    }
}

fn payload(trial: &mut Trial<'_, '_>, index: usize, at: usize) {
    let payload = match item(trial.best(), index, at) {
        Some(
            SendItem::Line {
                payload: Some(payload),
                ..
            }
            | SendItem::Raw(payload),
        ) => payload.clone(),
        _ => return,
    };
    let mut attempt = |shorter: Payload| {
        attempt_item(trial, index, at, |item| {
            if let SendItem::Line {
                payload: Some(payload),
                ..
            }
            | SendItem::Raw(payload) = item
            {
                *payload = shorter;
            }
        })
    };
    match payload {
        Payload::Filler(length) => {
            bisect(0, length, |length| attempt(Payload::Filler(length)));
        }
        Payload::Bytes(bytes) => {
            ddmin_coarsely(bytes.to_vec(), |bytes| {
                attempt(Payload::Bytes(Arc::from(bytes)))
            });
        }
        Payload::Text(text) => {
            let pieces: Vec<Part> = text.parts.iter().flat_map(pieces).collect();
            let left = ddmin_coarsely(pieces, |pieces| {
                let parts = pieces.iter().cloned().fold(Parts::new(), joined);
                attempt(Payload::Text(Text { at: text.at, parts }))
            });
            let parts = left.into_iter().fold(Parts::new(), joined);
            fewer_times(parts, |parts| {
                attempt(Payload::Text(Text { at: text.at, parts }))
            });
        }
    }
}

/// A part in its smallest pieces: letters, and expressions whole.
fn pieces(part: &Part) -> Vec<Part> {
    match part {
        Part::Literal(literal) => {
            let chars = literal.chars();
            chars
                .map(|char| Part::Literal(char.to_compact_string()))
                .collect()
        }
        Part::Expr(_) => vec![part.clone()],
    }
}

/// A line by its words, split at each blank.
fn split(text: &Text) -> Vec<Vec<Part>> {
    let mut words: Vec<Vec<Part>> = vec![Vec::new()];
    for part in &text.parts {
        match part {
            Part::Literal(literal) => {
                for (index, piece) in literal.split(' ').enumerate() {
                    if index > 0 {
                        words.push(Vec::new());
                    }
                    if let Some(word) = words.last_mut().filter(|_| !piece.is_empty()) {
                        word.push(Part::Literal(piece.into()));
                    }
                }
            }
            Part::Expr(_) => {
                if let Some(word) = words.last_mut() {
                    word.push(part.clone());
                }
            }
        }
    }
    words
}

fn join(words: &[Vec<Part>]) -> Parts {
    let blank = [Part::Literal(" ".into())];
    let parts = words.join(&blank[..]);
    parts.into_iter().fold(Parts::new(), joined)
}
