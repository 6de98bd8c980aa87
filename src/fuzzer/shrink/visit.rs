//! Walks over the texts and expressions of steps.

use crate::scenario::ast::{
    Action, Expect, Expected, Expr, Part, Payload, PayloadPattern, Send, SendItem, Step, Text,
    WordKind,
};
use crate::transcript::ConnName;

/// The connections of a step and of the steps within it, in order.
pub(super) fn conns_of(step: &Step) -> Vec<&ConnName> {
    match &step.action {
        Action::Open { conn, .. }
        | Action::Close(conn)
        | Action::Reset(conn)
        | Action::Pause(conn)
        | Action::Resume(conn)
        | Action::Ticket { conn, .. }
        | Action::Send(Send { conn, .. })
        | Action::Expect(Expect { conn, .. }) => vec![conn],
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => {
            steps.iter().flat_map(conns_of).collect()
        }
        Action::OneOf(branches) => branches.iter().flatten().flat_map(conns_of).collect(),
        Action::Settle | Action::StopServer | Action::StartServer => Vec::new(),
    }
}

/// How many steps these are, counting those within groups.
pub(super) fn count(steps: &[Step]) -> usize {
    let sizes = steps.iter().map(|step| match &step.action {
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => 1 + count(steps),
        Action::OneOf(branches) => 1 + branches.iter().map(|branch| count(branch)).sum::<usize>(),
        _ => 1,
    });
    sizes.sum()
}

/// The expressions of a text, those within calls too.
pub(super) fn exprs(text: &Text, visit: &mut impl FnMut(&Expr)) {
    for part in &text.parts {
        if let Part::Expr(expr) = part {
            within(expr, visit);
        }
    }
}

fn within(expr: &Expr, visit: &mut impl FnMut(&Expr)) {
    visit(expr);
    if let Expr::Call(_, arguments) = expr {
        for argument in arguments {
            within(argument, visit);
        }
    }
}

/// The texts of what is sent.
pub(super) fn item_texts(item: &SendItem) -> impl Iterator<Item = &Text> {
    let (line, payload) = match item {
        SendItem::Line { text, payload } => (Some(text), payload.as_ref()),
        SendItem::Raw(payload) => (None, Some(payload)),
    };
    let payload = payload.and_then(|payload| match payload {
        Payload::Text(text) => Some(text),
        Payload::Bytes(_) | Payload::Filler(_) => None,
    });
    payload.into_iter().chain(line)
}

/// The texts within a word that is expected, and the captures that it may bind: `visit` gets a
/// text, or the name of a capture and whether it is bound (it may be compared alone).
pub(super) fn word(kind: &WordKind, binds: bool, visit: &mut impl FnMut(Seen<'_>)) {
    match kind {
        WordKind::Capture(name) if binds => visit(Seen::Binds(name)),
        WordKind::Capture(name) => visit(Seen::Compares(name)),
        WordKind::Text(text) | WordKind::Above(text) => visit(Seen::Text(text)),
        WordKind::OneOf(kinds) => {
            for kind in kinds {
                word(kind, binds, visit);
            }
        }
        WordKind::Not(kind) => word(kind, false, visit),
        WordKind::Any | WordKind::Range(..) | WordKind::Matches(_) => {}
    }
}

/// What stands in an expectation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen<'s> {
    /// A text.
    Text(&'s Text),
    /// A capture that is bound here, unless it is bound already.
    Binds(&'s str),
    /// A capture that must be bound.
    Compares(&'s str),
}

/// What stands in an expectation, but for the lines that `nothing` excepts.
pub(super) fn expected(what: &Expected, visit: &mut impl FnMut(Seen<'_>)) {
    match what {
        Expected::Line { pattern, payload } => {
            for pattern in &pattern.words {
                word(&pattern.kind, true, visit);
            }
            if let Some(PayloadPattern::Exactly(Payload::Text(text))) = payload {
                visit(Seen::Text(text));
            }
        }
        Expected::Error(Some(pattern)) => word(&pattern.kind, true, visit),
        Expected::Error(None) | Expected::Refused | Expected::Closed | Expected::Nothing { .. } => {
        }
    }
}

/// The names of the TrIDs that a step expects, those within groups too, each with its connection;
/// the empty name for `{t}`.
pub(super) fn expected_trids(step: &Step) -> Vec<(ConnName, String)> {
    let mut names = Vec::new();
    match &step.action {
        Action::Expect(expect) => expected(&expect.what, &mut |seen| {
            let Seen::Text(text) = seen else { return };
            exprs(text, &mut |expr| {
                if let Expr::Trid(name) = expr {
                    names.push((expect.conn.clone(), name.clone().unwrap_or_default()));
                }
            });
        }),
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => {
            names.extend(steps.iter().flat_map(expected_trids));
        }
        Action::OneOf(branches) => {
            names.extend(branches.iter().flatten().flat_map(expected_trids));
        }
        _ => {}
    }
    names
}

/// The names of the TrIDs that a step makes.
pub(super) fn sent_trids(send: &Send) -> Vec<String> {
    let mut names = Vec::new();
    for text in send.items.iter().flat_map(item_texts) {
        exprs(text, &mut |expr| {
            if let Expr::Trid(name) = expr {
                names.push(name.clone().unwrap_or_default());
            }
        });
    }
    names
}

/// The verb of a line that is sent, where it is written out.
pub(super) fn sent_verb(item: &SendItem) -> Option<&str> {
    let SendItem::Line { text, .. } = item else {
        return None;
    };
    match text.parts.first() {
        Some(Part::Literal(literal)) => literal.split(' ').next(),
        _ => None,
    }
}

/// A word that is expected, where it is written out.
pub(super) fn plain_word(kind: &WordKind) -> Option<&str> {
    match kind {
        WordKind::Text(text) => match text.parts.as_slice() {
            [Part::Literal(literal)] => Some(literal),
            _ => None,
        },
        _ => None,
    }
}
