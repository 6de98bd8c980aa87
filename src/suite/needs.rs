//! What a scenario needs of the ladder: derived from its fixture and its steps, never written by
//! hand.

use std::collections::BTreeSet;

use crate::event::Rung;
use crate::protocol::{Dialect, ServerKind};
use crate::scenario::ast::{
    Action, Expect, Expected, Fixture, Part, Payload, Scenario, SendItem, Stage, Step, Text,
    WordKind,
};
use crate::transcript::ConnName;

/// The rungs that a scenario stands on in a dialect.
pub(super) fn rungs_of(scenario: &Scenario, dialect: &'static Dialect) -> BTreeSet<Rung> {
    let mut needs = BTreeSet::new();
    for user in &scenario.users {
        of_fixture(&user.fixture, dialect, &mut needs);
    }
    of_steps(&scenario.setup, dialect, &mut needs);
    of_steps(&scenario.steps, dialect, &mut needs);
    needs
}

/// Whether a scenario sends on a connection on which it has not heard an answer yet: a server that
/// takes one read for one command may lose what comes second.
pub(super) fn sends_at_once(scenario: &Scenario) -> bool {
    let mut open = BTreeSet::new();
    sends_in(&scenario.setup, &mut open) || sends_in(&scenario.steps, &mut open)
}

fn sends_in<'s>(steps: &'s [Step], open: &mut BTreeSet<&'s ConnName>) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Send(send) => send.items.len() > 1 || !open.insert(&send.conn),
        Action::Expect(expect) => {
            open.remove(&expect.conn);
            false
        }
        Action::AnyOrder(steps) => sends_in(steps, open),
        Action::Repeat(_, steps) => (0..2).any(|_| sends_in(steps, open)),
        Action::OneOf(branches) => branches.iter().any(|steps| sends_in(steps, open)),
        _ => false,
    })
}

/// What brings a user to where a scenario finds it.
fn of_fixture(fixture: &Fixture, dialect: &'static Dialect, needs: &mut BTreeSet<Rung>) {
    if fixture.is_offline() {
        return;
    }
    needs.extend([Rung::Ver, Rung::Usr]);
    if dialect.has_rung(Rung::Inf) {
        needs.insert(Rung::Inf);
    }
    let has_lists = [&fixture.forward, &fixture.allow, &fixture.block]
        .iter()
        .any(|list| !list.is_empty());
    let has_settings = fixture.gtc.is_some() || fixture.blp.is_some();
    if has_lists {
        needs.extend([Rung::Syn, Rung::Lists]);
    }
    if has_settings {
        needs.extend([Rung::Syn, Rung::Settings]);
    }
    match &fixture.stage {
        Stage::Offline | Stage::LoggedIn => {}
        Stage::Synchronised => {
            needs.insert(Rung::Syn);
        }
        Stage::State(_) => {
            needs.extend([Rung::Syn, Rung::Chg]);
        }
    }
}

fn of_steps(steps: &[Step], dialect: &'static Dialect, needs: &mut BTreeSet<Rung>) {
    for step in steps {
        match &step.action {
            Action::Send(send) => {
                let kind = send.conn.kind();
                needs.extend(
                    send.items
                        .iter()
                        .filter_map(|item| of_item(dialect, kind, item)),
                );
            }
            Action::Expect(expect) => needs.extend(of_expectation(dialect, expect)),
            Action::AnyOrder(steps) | Action::Repeat(_, steps) => of_steps(steps, dialect, needs),
            // One of several branches may do without what the others need.
            Action::OneOf(branches) => {
                let of_branch = |branch: &Vec<Step>| {
                    let mut of_branch = BTreeSet::new();
                    of_steps(branch, dialect, &mut of_branch);
                    of_branch
                };
                let common = branches.iter().map(of_branch);
                let common =
                    common.reduce(|one, other| one.intersection(&other).copied().collect());
                needs.extend(common.unwrap_or_default());
            }
            _ => {}
        }
    }
}

fn of_item(dialect: &'static Dialect, kind: ServerKind, item: &SendItem) -> Option<Rung> {
    let text = match item {
        SendItem::Line { text, .. } | SendItem::Raw(Payload::Text(text)) => text,
        SendItem::Raw(_) => return None,
    };
    dialect.request(kind, first_word(text)?)?.rung
}

fn of_expectation(dialect: &'static Dialect, expect: &Expect) -> Option<Rung> {
    let Expected::Line { pattern, .. } = &expect.what else {
        return None;
    };
    match &pattern.words.first()?.kind {
        WordKind::Text(text) => {
            let verb = first_word(text)?;
            dialect.rung_of_line(expect.conn.kind(), &verb)
        }
        _ => None,
    }
}

/// The first word of a text, where it is a plain one.
fn first_word(text: &Text) -> Option<String> {
    let Part::Literal(literal) = text.parts.first()? else {
        return None;
    };
    let word = literal
        .split(|char: char| char.is_ascii_whitespace())
        .next()?;
    Some(word.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::test_support::load_steps;

    fn needs(steps: &str) -> Vec<&'static str> {
        rungs_of(&load_steps(steps), Dialect::first())
            .into_iter()
            .map(Rung::as_str)
            .collect()
    }

    #[test]
    fn what_is_sent_before_an_answer_came_is_sent_at_once() {
        let at_once = |steps: &str| sends_at_once(&load_steps(steps));
        let each = "  - C: CHG 1 BSY\n  - S: CHG 1 BSY\n  - C: CHG 2 AWY";
        assert!(!at_once(each));
        assert!(at_once("  - C: CHG 1 BSY\n  - C: CHG 2 AWY"));
        assert!(at_once("  - repeat: 2\n    steps:\n      - C: PNG"));
        let answered = "  - repeat: 2\n    steps:\n      - C: PNG\n      - S: QNG";
        assert!(!at_once(answered));
    }

    #[test]
    fn needs_come_from_users_and_steps() {
        let of_alice = ["VER", "INF", "USR", "SYN", "CHG"];
        assert_eq!(needs("  - C: PNG"), of_alice);
        let more = |rung: &'static str| {
            let mut all = of_alice.to_vec();
            all.push(rung);
            all
        };
        assert_eq!(needs("  - C: ADD {t} FL a@b a"), more("ADD/REM"));
        assert_eq!(needs("  - S: NLN NLN * *"), more("presence"));
        assert_eq!(needs("  - S: nothing"), of_alice);
        let both = "  - one of:\n      - { S: \"NLN NLN * *\" }\n      - { S: nothing }";
        assert_eq!(needs(both), of_alice);
        let on_board = "  - alice@sb open: \"ns:1\"\n  - alice@sb C: USR 1 a b";
        assert_eq!(needs(on_board), more("USR (switchboard)"));
    }
}
