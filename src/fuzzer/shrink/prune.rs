//! Drops the steps that cannot stand any more: their captures, users or connections are gone.

use std::collections::{BTreeMap, BTreeSet};

use super::visit::{self, Seen};
use crate::protocol::ServerKind;
use crate::scenario::ast::{
    Action, Expect, Expected, Expr, LinePattern, PayloadPattern, Scenario, Send, SendItem, Stage,
    Step, Text,
};
use crate::transcript::ConnName;

/// Drops what cannot stand, with all that depends on it. Of a group with one branch or member the
/// group itself goes.
pub(super) fn prune(scenario: &mut Scenario) {
    let users: BTreeSet<String> = scenario
        .users
        .iter()
        .map(|user| user.name.clone())
        .collect();
    let mut known = Known::default();
    for user in &mut scenario.users {
        let fixture = &mut user.fixture;
        for list in [&mut fixture.forward, &mut fixture.allow, &mut fixture.block] {
            list.retain(|name| users.contains(name));
        }
        if fixture.stage != Stage::Offline {
            let conn = ConnName::new(user.name.as_str(), ConnName::DEFAULT);
            known.openness.insert(conn, Openness::Open);
        }
    }
    let pruner = Pruner {
        users,
        launch: scenario.needs.launch,
    };
    scenario.setup = pruner.steps(std::mem::take(&mut scenario.setup), &mut known);
    scenario.steps = pruner.steps(std::mem::take(&mut scenario.steps), &mut known);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Openness {
    Open,
    Either,
    Closed,
}

/// What holds before a step.
#[derive(Debug, Clone, Default)]
struct Known {
    captures: BTreeSet<String>,
    trids: BTreeSet<(ConnName, String)>,
    openness: BTreeMap<ConnName, Openness>,
    payload: bool,
}

impl Known {
    fn openness(&self, conn: &ConnName) -> Option<Openness> {
        self.openness.get(conn).copied()
    }

    /// What holds where two ways meet.
    fn join(&mut self, other: Self) {
        self.captures.extend(other.captures);
        self.trids.extend(other.trids);
        self.payload |= other.payload;
        for (conn, openness) in other.openness {
            let own = self.openness.entry(conn).or_insert(Openness::Either);
            if *own != openness {
                *own = Openness::Either;
            }
        }
    }
}

struct Pruner {
    users: BTreeSet<String>,
    launch: bool,
}

impl Pruner {
    fn steps(&self, steps: Vec<Step>, known: &mut Known) -> Vec<Step> {
        let mut kept = Vec::with_capacity(steps.len());
        for step in steps {
            self.step(step, known, &mut kept);
        }
        kept
    }

    fn step(&self, mut step: Step, known: &mut Known, kept: &mut Vec<Step>) {
        let stands = match &mut step.action {
            Action::Open { conn, address } => self.open(conn, address.as_ref(), known),
            Action::Send(send) => self.send(send, known),
            Action::Close(conn) | Action::Reset(conn) => {
                let is_open = matches!(
                    known.openness(conn),
                    Some(Openness::Open | Openness::Either)
                );
                if is_open {
                    known.openness.insert(conn.clone(), Openness::Closed);
                }
                is_open && self.users.contains(conn.user().as_str())
            }
            Action::Pause(conn) | Action::Resume(conn) => {
                matches!(
                    known.openness(conn),
                    Some(Openness::Open | Openness::Either)
                )
            }
            Action::Expect(expect) => self.expect(expect, step.optional, known),
            Action::AnyOrder(steps) => {
                let mut bound = known.clone();
                for step in &*steps {
                    if let Action::Expect(expect) = &step.action {
                        bind(expect, &mut bound);
                    }
                }
                let before = std::mem::replace(known, bound);
                *steps = self.steps(std::mem::take(steps), known);
                known.captures = before.captures;
                for step in &*steps {
                    if let Action::Expect(expect) = &step.action {
                        bind(expect, known);
                    }
                }
                if steps.len() == 1 {
                    let clause = step.clause;
                    for mut only in std::mem::take(steps) {
                        only.clause = only.clause.or(clause);
                        kept.push(only);
                    }
                    return;
                }
                !steps.is_empty()
            }
            Action::OneOf(branches) => {
                *branches = self.branches(std::mem::take(branches), known);
                if branches.len() == 1 {
                    kept.extend(std::mem::take(branches).into_iter().flatten().map(unmarked));
                    return;
                }
                !branches.is_empty()
            }
            Action::Repeat(_, steps) => {
                *steps = self.steps(std::mem::take(steps), known);
                !steps.is_empty()
            }
            Action::Settle | Action::Ticket { .. } => true,
            Action::StopServer | Action::StartServer => {
                for openness in known
                    .openness
                    .values_mut()
                    .filter(|openness| **openness == Openness::Open)
                {
                    *openness = Openness::Either;
                }
                self.launch
            }
        };
        if stands {
            kept.push(step);
        }
    }

    fn branches(&self, branches: Vec<Vec<Step>>, known: &mut Known) -> Vec<Vec<Step>> {
        let mut joined: Option<Known> = None;
        let mut kept = Vec::with_capacity(branches.len());
        for branch in branches {
            let mut way = known.clone();
            let head = branch.first().map(|step| step.at);
            let branch = self.steps(branch, &mut way);
            if head.is_none() || branch.first().map(|step| step.at) != head {
                continue;
            }
            kept.push(branch);
            match &mut joined {
                Some(joined) => joined.join(way),
                None => joined = Some(way),
            }
        }
        if let Some(joined) = joined {
            *known = joined;
        }
        kept
    }

    fn open(&self, conn: &ConnName, address: Option<&Text>, known: &mut Known) -> bool {
        let is_lost = address.is_none() && conn.kind() == ServerKind::Switchboard;
        let is_open = known.openness(conn) == Some(Openness::Open);
        let can = address.is_none_or(|text| self.text(text, None, known));
        if !self.users.contains(conn.user().as_str()) || is_lost || is_open || !can {
            return false;
        }
        known.openness.insert(conn.clone(), Openness::Open);
        true
    }

    fn send(&self, send: &mut Send, known: &mut Known) -> bool {
        let conn = &send.conn;
        let can = match known.openness(conn) {
            None => conn.kind() != ServerKind::Switchboard,
            Some(Openness::Closed) => false,
            Some(Openness::Open | Openness::Either) => true,
        };
        if !can || !self.users.contains(conn.user().as_str()) {
            return false;
        }
        send.items
            .retain(|item| visit::item_texts(item).all(|text| self.text(text, Some(()), known)));
        if send.items.is_empty() {
            return false;
        }
        known.openness.entry(conn.clone()).or_insert(Openness::Open);
        for name in visit::sent_trids(send) {
            known.trids.insert((send.conn.clone(), name));
        }
        known.payload |= send.items.iter().any(|item| {
            matches!(
                item,
                SendItem::Line {
                    payload: Some(_),
                    ..
                }
            )
        });
        true
    }

    fn expect(&self, expect: &mut Expect, optional: bool, known: &mut Known) -> bool {
        let conn = expect.conn.clone();
        if !self.users.contains(conn.user().as_str()) || known.openness(&conn).is_none() {
            return false;
        }
        if let Expected::Nothing { except } = &mut expect.what {
            except.retain(|line| self.line(line, &conn, known));
            return true;
        }
        let mut stands = true;
        visit::expected(&expect.what, &mut |seen| match seen {
            Seen::Text(text) => stands &= self.text_in(text, &conn, known),
            Seen::Binds(name) => {
                known.captures.insert(name.to_owned());
            }
            Seen::Compares(name) => stands &= known.captures.contains(name),
        });
        let same = matches!(
            &expect.what,
            Expected::Line {
                payload: Some(PayloadPattern::Same),
                ..
            }
        );
        if !stands || (same && !known.payload) {
            return false;
        }
        match &expect.what {
            Expected::Closed if !optional => known.openness.insert(conn, Openness::Closed),
            Expected::Closed | Expected::Refused => known.openness.insert(conn, Openness::Either),
            _ => None,
        };
        true
    }

    /// Whether a line that `nothing` excepts can be told.
    fn line(&self, line: &LinePattern, conn: &ConnName, known: &Known) -> bool {
        let mut stands = true;
        for pattern in &line.words {
            visit::word(&pattern.kind, false, &mut |seen| match seen {
                Seen::Text(text) => stands &= self.text_in(text, conn, known),
                Seen::Binds(name) | Seen::Compares(name) => {
                    stands &= known.captures.contains(name);
                }
            });
        }
        stands
    }

    fn text_in(&self, text: &Text, conn: &ConnName, known: &Known) -> bool {
        let mut stands = self.text(text, Some(()), known);
        visit::exprs(text, &mut |expr| {
            if let Expr::Trid(name) = expr {
                let name = name.clone().unwrap_or_default();
                stands &= known.trids.contains(&(conn.clone(), name));
            }
        });
        stands
    }

    /// Whether all that a text speaks of is known; TrIDs are another matter, or not allowed.
    fn text(&self, text: &Text, trids: Option<()>, known: &Known) -> bool {
        let mut stands = true;
        visit::exprs(text, &mut |expr| match expr {
            Expr::Capture(name) => stands &= known.captures.contains(name),
            Expr::Field(user, _) => stands &= self.users.contains(user),
            Expr::Trid(_) => stands &= trids.is_some(),
            _ => {}
        });
        stands
    }
}

/// Takes in what an expectation binds.
fn bind(expect: &Expect, known: &mut Known) {
    visit::expected(&expect.what, &mut |seen| {
        if let Seen::Binds(name) = seen {
            known.captures.insert(name.to_owned());
        }
    });
}

/// A step of a branch outside of it: what marks the branch means nothing there.
pub(super) fn unmarked(mut step: Step) -> Step {
    step.varies = None;
    step
}
