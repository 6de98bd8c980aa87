//! TrIDs by name, so that a step that goes leaves no gap and a reply stays with its request.

use std::collections::BTreeMap;

use compact_str::format_compact;
use smallvec::smallvec;

use super::visit;
use crate::scenario::ast::{
    Action, Expect, Expected, Expr, Part, Parts, Scenario, SendItem, Step, Text, WordKind,
    WordPattern,
};
use crate::transcript::ConnName;

/// The names that are given begin so.
const PREFIX: &str = "r";
/// Literal TrIDs up to here are taken for a count that means nothing by itself.
const MOST: u32 = 9_999;

/// The scenario with a name for each TrID; `None` where it has names of that kind already.
///
/// A request that stands alone gets a name of its own, and so do the replies that carry its
/// number. Numbers that look chosen on purpose (0, leading zeros, large ones) stay.
pub(super) fn named(scenario: &Scenario) -> Option<Scenario> {
    let taken = |step: &Step| {
        let names = match &step.action {
            Action::Send(send) => visit::sent_trids(send),
            _ => Vec::new(),
        };
        names.iter().any(|name| is_given(name))
    };
    if scenario.steps.iter().any(taken) {
        return None;
    }
    let mut scenario = scenario.clone();
    let mut namer = Namer::default();
    namer.steps(&mut scenario.steps);
    Some(scenario)
}

fn is_given(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a TrID of one connection means now.
#[derive(Debug, Clone, Default)]
struct Meaning {
    /// The name of the last request.
    last: Option<String>,
    /// The names of numbers that stand in requests.
    numbers: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default)]
struct Namer {
    given: usize,
    meanings: BTreeMap<ConnName, Meaning>,
}

impl Namer {
    fn steps(&mut self, steps: &mut [Step]) {
        for step in steps {
            match &mut step.action {
                Action::Send(send) => {
                    for item in &mut send.items {
                        self.item(&send.conn, item);
                    }
                }
                Action::Expect(expect) => self.expect(expect),
                Action::AnyOrder(steps) | Action::Repeat(_, steps) => self.steps(steps),
                Action::OneOf(branches) => {
                    let before = self.meanings.clone();
                    for branch in branches {
                        self.meanings.clone_from(&before);
                        self.steps(branch);
                    }
                    self.meanings = before;
                }
                _ => {}
            }
        }
    }

    fn item(&mut self, conn: &ConnName, item: &mut SendItem) {
        let meaning = self.meanings.entry(conn.clone()).or_default();
        let mut made = 0;
        for text in visit::item_texts(item) {
            visit::exprs(text, &mut |expr| {
                made += usize::from(matches!(expr, Expr::Trid(None)));
            });
        }
        let SendItem::Line { text, .. } = item else {
            if made > 0 {
                meaning.last = None;
            }
            return;
        };
        let fresh = format!("{PREFIX}{}", self.given + 1);
        let in_line = text.parts.iter_mut().find_map(|part| match part {
            Part::Expr(Expr::Trid(name @ None)) => Some(name),
            _ => None,
        });
        match in_line {
            Some(name) if made == 1 => {
                self.given += 1;
                *name = Some(fresh.clone());
                meaning.last = Some(fresh);
            }
            _ if made > 0 => meaning.last = None,
            _ => {
                if let Some(number) = take_number(text, &fresh) {
                    self.given += 1;
                    meaning.numbers.insert(number, fresh);
                }
            }
        }
    }

    fn expect(&self, expect: &mut Expect) {
        let Some(meaning) = self.meanings.get(&expect.conn) else {
            return;
        };
        match &mut expect.what {
            Expected::Line { pattern, .. } => {
                for (index, word) in pattern.words.iter_mut().enumerate() {
                    meaning.word(word, index == 1);
                }
            }
            Expected::Error(Some(word)) => meaning.word(word, true),
            _ => {}
        }
    }
}

impl Meaning {
    /// Names what a word means. Only where a TrID stands is a number taken for one.
    fn word(&self, word: &mut WordPattern, is_trid: bool) {
        self.kind(&mut word.kind, is_trid);
    }

    fn kind(&self, kind: &mut WordKind, is_trid: bool) {
        match kind {
            WordKind::Text(text) | WordKind::Above(text) => {
                for part in &mut text.parts {
                    if let Part::Expr(expr) = part {
                        self.expr(expr);
                    }
                }
                let [Part::Literal(number)] = text.parts.as_slice() else {
                    return;
                };
                if let Some(name) = self.numbers.get(number.as_str()).filter(|_| is_trid) {
                    text.parts = smallvec![Part::Expr(Expr::Trid(Some(name.clone())))];
                }
            }
            WordKind::OneOf(kinds) => {
                for kind in kinds {
                    self.kind(kind, is_trid);
                }
            }
            WordKind::Not(kind) => self.kind(kind, is_trid),
            _ => {}
        }
    }

    fn expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Trid(name @ None) => name.clone_from(&self.last),
            Expr::Call(_, arguments) => {
                for argument in arguments {
                    self.expr(argument);
                }
            }
            _ => {}
        }
    }
}

/// Takes the TrID out of `VER 1 …` and puts a name in; gives the number.
fn take_number(text: &mut Text, name: &str) -> Option<String> {
    let Some(Part::Literal(literal)) = text.parts.first() else {
        return None;
    };
    let (verb, rest) = literal.split_once(' ')?;
    let end = rest.find(' ').unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    // The word may go on in an expression.
    let is_whole = !rest.is_empty() || text.parts.len() == 1;
    let value: u32 = number.parse().ok()?;
    let is_plain = (1..=MOST).contains(&value) && value.to_string() == number;
    let is_command = verb.len() == 3 && verb.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_whole || !is_plain || !is_command {
        return None;
    }
    let number = number.to_owned();
    let mut parts: Parts = smallvec![
        Part::Literal(format_compact!("{verb} ")),
        Part::Expr(Expr::Trid(Some(name.to_owned()))),
    ];
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.into()));
    }
    parts.extend(text.parts.iter().skip(1).cloned());
    text.parts = parts;
    Some(number)
}

/// Takes the names out again where `{t}` says the same: where a reply belongs to the last request
/// of its connection. Those that stay are numbered anew.
pub(super) fn unnamed(scenario: &Scenario) -> Scenario {
    let mut last: BTreeMap<ConnName, String> = BTreeMap::new();
    let mut needed: Vec<String> = Vec::new();
    let mut perhaps: Vec<(ConnName, String)> = Vec::new();
    for step in &scenario.steps {
        if let Action::Send(send) = &step.action {
            for name in visit::sent_trids(send) {
                last.insert(send.conn.clone(), name);
            }
        }
        for (conn, name) in visit::expected_trids(step) {
            if last.get(&conn) != Some(&name) {
                needed.push(name);
            } else if may_wait(step) {
                perhaps.push((conn, name));
            }
        }
        // Within a group requests and replies alternate in ways not followed here.
        let within = match &step.action {
            Action::Send(_) => Vec::new(),
            _ => inner_trids(step),
        };
        if !within.is_empty() {
            needed.extend(within);
            let expected = visit::expected_trids(step).into_iter();
            needed.extend(expected.map(|(_, name)| name));
        }
    }
    // What is optional is waited for behind later requests too.
    let is_late = |(conn, name): &(ConnName, String)| last.get(conn) != Some(name);
    needed.extend(perhaps.into_iter().filter(is_late).map(|(_, name)| name));
    needed.retain(|name| is_given(name));
    let mut names = BTreeMap::new();
    for name in needed {
        let number = names.len() + 1;
        names
            .entry(name)
            .or_insert_with(|| format!("{PREFIX}{number}"));
    }
    let mut scenario = scenario.clone();
    strip(&mut scenario.steps, &names);
    scenario
}

/// Whether a step, or one within it, is optional.
fn may_wait(step: &Step) -> bool {
    let within = match &step.action {
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => steps.iter().any(may_wait),
        Action::OneOf(branches) => branches.iter().flatten().any(may_wait),
        _ => false,
    };
    within || step.optional
}

/// The names of the TrIDs that the steps of a group make.
fn inner_trids(step: &Step) -> Vec<String> {
    match &step.action {
        Action::Send(send) => visit::sent_trids(send),
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => {
            steps.iter().flat_map(inner_trids).collect()
        }
        Action::OneOf(branches) => branches.iter().flatten().flat_map(inner_trids).collect(),
        _ => Vec::new(),
    }
}

fn strip(steps: &mut [Step], needed: &BTreeMap<String, String>) {
    let strip_text = |text: &mut Text| {
        for part in &mut text.parts {
            if let Part::Expr(expr) = part {
                strip_expr(expr, needed);
            }
        }
    };
    for step in steps {
        match &mut step.action {
            Action::Send(send) => {
                for item in &mut send.items {
                    if let SendItem::Line { text, .. } = item {
                        strip_text(text);
                    }
                }
            }
            Action::Expect(expect) => match &mut expect.what {
                Expected::Line { pattern, .. } => {
                    for word in &mut pattern.words {
                        strip_kind(&mut word.kind, needed);
                    }
                }
                Expected::Error(Some(word)) => strip_kind(&mut word.kind, needed),
                _ => {}
            },
            Action::AnyOrder(steps) | Action::Repeat(_, steps) => strip(steps, needed),
            Action::OneOf(branches) => {
                for branch in branches {
                    strip(branch, needed);
                }
            }
            _ => {}
        }
    }
}

fn strip_kind(kind: &mut WordKind, needed: &BTreeMap<String, String>) {
    match kind {
        WordKind::Text(text) | WordKind::Above(text) => {
            for part in &mut text.parts {
                if let Part::Expr(expr) = part {
                    strip_expr(expr, needed);
                }
            }
        }
        WordKind::OneOf(kinds) => {
            for kind in kinds {
                strip_kind(kind, needed);
            }
        }
        WordKind::Not(kind) => strip_kind(kind, needed),
        _ => {}
    }
}

fn strip_expr(expr: &mut Expr, needed: &BTreeMap<String, String>) {
    match expr {
        Expr::Trid(Some(name)) if is_given(name) => {
            *expr = Expr::Trid(needed.get(name).cloned());
        }
        Expr::Call(_, arguments) => {
            for argument in arguments {
                strip_expr(argument, needed);
            }
        }
        _ => {}
    }
}
