//! What the shape of a file cannot say: the order in which things must happen.
//!
//! Walks the steps once, in order, and follows what is bound, open and sent. Where branches meet
//! again it takes the side of the scenario: only what is wrong on every way is told.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{
    Action, Expect, Expected, Expr, LinePattern, Part, Payload, PayloadPattern, Scenario, SendItem,
    Stage, Step, Text, WordKind, WordPattern,
};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::protocol::ServerKind;
use crate::transcript::ConnName;

/// The mistakes of a scenario whose parts are right one by one.
#[must_use]
pub fn check(scenario: &Scenario) -> Vec<Diagnostic> {
    let mut state = State::default();
    for user in &scenario.users {
        if user.fixture.stage != Stage::Offline {
            let conn = ConnName::new(user.name.as_str(), ConnName::DEFAULT);
            state.conns.entry(conn).or_default().openness = Openness::Open;
        }
    }
    let mut linter = Linter {
        scenario,
        rounds: 0,
        found: Vec::new(),
    };
    linter.steps(&scenario.setup, &mut state);
    linter.steps(&scenario.steps, &mut state);
    linter.found
}

/// Whether a connection is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Openness {
    #[default]
    Never,
    Open,
    /// Open or closed, as the server likes.
    Either,
    Closed,
}

#[derive(Debug, Clone, Default)]
struct Conn {
    openness: Openness,
    /// The names of the TrIDs that were sent; the empty one for `{t}`.
    trids: BTreeSet<String>,
}

/// What is known before a step.
#[derive(Debug, Clone, Default)]
struct State {
    captures: BTreeSet<String>,
    conns: BTreeMap<ConnName, Conn>,
    payload: bool,
}

impl State {
    fn conn(&mut self, name: &ConnName) -> &mut Conn {
        self.conns.entry(name.clone()).or_default()
    }

    /// What is known where two ways meet.
    fn join(&mut self, other: Self) {
        self.captures.extend(other.captures);
        self.payload |= other.payload;
        for (name, conn) in other.conns {
            let own = self.conns.entry(name).or_default();
            own.trids.extend(conn.trids);
            if own.openness != conn.openness {
                own.openness = Openness::Either;
            }
        }
    }
}

/// What braces may mean where a text stands.
#[derive(Clone, Copy)]
struct Allowed {
    /// `{length}`.
    length: bool,
    /// `{t}` makes a TrID, where it else means the last one.
    fresh: bool,
}

struct Linter<'s> {
    scenario: &'s Scenario,
    rounds: usize,
    found: Vec<Diagnostic>,
}

impl Linter<'_> {
    fn error(&mut self, step: &Step, at: Span, message: String, help: Option<String>) {
        let error = Diagnostic::error(&step.source, at, message);
        self.found.push(match help {
            Some(help) => error.with_help(help),
            None => error,
        });
    }

    fn steps(&mut self, steps: &[Step], state: &mut State) {
        for step in steps {
            self.step(step, state);
        }
    }

    fn step(&mut self, step: &Step, state: &mut State) {
        match &step.action {
            Action::Open { conn, address } => self.open(step, conn, address.as_ref(), state),
            Action::Send(send) => {
                self.use_to_send(step, &send.conn, state);
                for item in &send.items {
                    self.item(step, &send.conn, item, state);
                }
            }
            Action::Close(conn) | Action::Reset(conn) => {
                self.needs_open(step, conn, state);
                state.conn(conn).openness = Openness::Closed;
            }
            Action::Pause(conn) | Action::Resume(conn) => self.needs_open(step, conn, state),
            Action::Expect(expect) => self.expect(step, expect, state),
            Action::AnyOrder(steps) => {
                for step in steps {
                    if let Action::Expect(expect) = &step.action {
                        bind(expect, state);
                    }
                }
                self.steps(steps, state);
            }
            Action::OneOf(branches) => self.branches(branches, state),
            Action::Repeat(rounds, steps) => {
                self.rounds += 1;
                self.steps(steps, state);
                // What holds before the first round may not hold before the second.
                if *rounds > 1 && self.rounds == 1 {
                    self.steps(steps, state);
                }
                self.rounds -= 1;
            }
            Action::Settle => {}
            Action::Ticket { conn, word, into } => {
                let allowed = Allowed {
                    length: false,
                    fresh: false,
                };
                self.text(step, conn, word, allowed, state);
                state.captures.insert(into.clone());
            }
            Action::StopServer | Action::StartServer => {
                if !self.scenario.needs.launch {
                    let message = "the scenario does not say that it owns the server's process";
                    let help = Some("needs: [launch]".to_owned());
                    self.error(step, step.at, message.to_owned(), help);
                }
                let conns = state.conns.values_mut();
                for conn in conns.filter(|conn| conn.openness == Openness::Open) {
                    conn.openness = Openness::Either;
                }
            }
        }
    }

    fn branches(&mut self, branches: &[Vec<Step>], state: &mut State) {
        let mut joined: Option<State> = None;
        for branch in branches {
            let mut way = state.clone();
            self.steps(branch, &mut way);
            match &mut joined {
                Some(joined) => joined.join(way),
                None => joined = Some(way),
            }
        }
        if let Some(joined) = joined {
            *state = joined;
        }
    }

    fn open(&mut self, step: &Step, conn: &ConnName, address: Option<&Text>, state: &mut State) {
        if state.conn(conn).openness == Openness::Open {
            let message = format!("{conn} is open already");
            let label = format!("{}@{}2", conn.user(), conn.kind().as_str());
            let help = format!("a second connection has a label of its own, such as {label}");
            self.error(step, step.at, message, Some(help));
        }
        if address.is_none() && conn.kind() == ServerKind::Switchboard {
            let message = "a switchboard has no address of its own".to_owned();
            let help = format!("{conn} open: \"{{board}}\", with what XFR or RNG gave");
            self.error(step, step.at, message, Some(help));
        }
        if let Some(address) = address {
            let allowed = Allowed {
                length: false,
                fresh: false,
            };
            self.text(step, conn, address, allowed, state);
        }
        state.conn(conn).openness = Openness::Open;
    }

    fn use_to_send(&mut self, step: &Step, conn: &ConnName, state: &mut State) {
        match state.conn(conn).openness {
            Openness::Never if conn.kind() == ServerKind::Switchboard => {
                self.never_opened(step, conn);
                state.conn(conn).openness = Openness::Either;
            }
            Openness::Never => state.conn(conn).openness = Openness::Open,
            Openness::Closed => {
                let message = format!("{conn} is closed");
                self.error(step, step.at, message, Some(open_again(conn, "again")));
                state.conn(conn).openness = Openness::Either;
            }
            Openness::Open | Openness::Either => {}
        }
    }

    fn needs_open(&mut self, step: &Step, conn: &ConnName, state: &mut State) {
        match state.conn(conn).openness {
            Openness::Never => {
                self.never_opened(step, conn);
                state.conn(conn).openness = Openness::Either;
            }
            Openness::Closed => {
                let message = format!("{conn} is closed already");
                self.error(step, step.at, message, None);
            }
            Openness::Open | Openness::Either => {}
        }
    }

    fn never_opened(&mut self, step: &Step, conn: &ConnName) {
        let message = format!("{conn} was never opened");
        self.error(step, step.at, message, Some(open_again(conn, "first")));
    }

    fn item(&mut self, step: &Step, conn: &ConnName, item: &SendItem, state: &mut State) {
        let fresh = |length| Allowed {
            length,
            fresh: true,
        };
        match item {
            SendItem::Line { text, payload } => {
                if let Some(Payload::Text(payload)) = payload {
                    self.text(step, conn, payload, fresh(false), state);
                }
                self.text(step, conn, text, fresh(payload.is_some()), state);
                state.payload |= payload.is_some();
            }
            SendItem::Raw(Payload::Text(text)) => {
                self.text(step, conn, text, fresh(false), state);
            }
            SendItem::Raw(_) => {}
        }
    }

    fn expect(&mut self, step: &Step, expect: &Expect, state: &mut State) {
        let conn = &expect.conn;
        if state.conn(conn).openness == Openness::Never {
            self.never_opened(step, conn);
            state.conn(conn).openness = Openness::Either;
        }
        match &expect.what {
            Expected::Line { pattern, payload } => {
                for word in &pattern.words {
                    self.word(step, conn, word, state);
                }
                if let Some(payload) = payload {
                    self.payload(step, conn, payload, state);
                }
            }
            Expected::Error(word) => {
                if let Some(word) = word {
                    self.word(step, conn, word, state);
                }
            }
            Expected::Refused => state.conn(conn).openness = Openness::Either,
            Expected::Closed => {
                state.conn(conn).openness = if step.optional {
                    Openness::Either
                } else {
                    Openness::Closed
                };
            }
            Expected::Nothing { except } => {
                for line in except {
                    self.except(step, conn, line, state);
                }
            }
        }
    }

    fn word(&mut self, step: &Step, conn: &ConnName, word: &WordPattern, state: &mut State) {
        self.kind(step, conn, word.at, &word.kind, state, true);
    }

    fn except(&mut self, step: &Step, conn: &ConnName, line: &LinePattern, state: &mut State) {
        for word in &line.words {
            self.kind(step, conn, word.at, &word.kind, state, false);
        }
    }

    fn kind(
        &mut self,
        step: &Step,
        conn: &ConnName,
        at: Span,
        kind: &WordKind,
        state: &mut State,
        binds: bool,
    ) {
        let allowed = Allowed {
            length: true,
            fresh: false,
        };
        match kind {
            WordKind::Capture(name) if binds => {
                state.captures.insert(name.clone());
            }
            WordKind::Capture(name) => self.captured(step, at, name, state),
            WordKind::Text(text) | WordKind::Above(text) => {
                self.text(step, conn, text, allowed, state);
            }
            WordKind::OneOf(kinds) => {
                for kind in kinds {
                    self.kind(step, conn, at, kind, state, binds);
                }
            }
            WordKind::Not(kind) => self.kind(step, conn, at, kind, state, false),
            WordKind::Any | WordKind::Range(..) | WordKind::Matches(_) => {}
        }
    }

    fn payload(
        &mut self,
        step: &Step,
        conn: &ConnName,
        payload: &PayloadPattern,
        state: &mut State,
    ) {
        match payload {
            PayloadPattern::Same if !state.payload => {
                let message = "no payload was sent before".to_owned();
                let help = "`same` is the payload that a client last sent in this scenario";
                self.error(step, step.at, message, Some(help.to_owned()));
            }
            PayloadPattern::Exactly(Payload::Text(text)) => {
                let allowed = Allowed {
                    length: false,
                    fresh: false,
                };
                self.text(step, conn, text, allowed, state);
            }
            _ => {}
        }
    }

    fn text(
        &mut self,
        step: &Step,
        conn: &ConnName,
        text: &Text,
        allowed: Allowed,
        state: &mut State,
    ) {
        for part in &text.parts {
            if let Part::Expr(expr) = part {
                self.expr(step, conn, text.at, expr, allowed, state);
            }
        }
    }

    fn expr(
        &mut self,
        step: &Step,
        conn: &ConnName,
        at: Span,
        expr: &Expr,
        allowed: Allowed,
        state: &mut State,
    ) {
        match expr {
            Expr::Capture(name) => self.captured(step, at, name, state),
            Expr::Trid(name) => {
                let name = name.clone().unwrap_or_default();
                if allowed.fresh {
                    state.conn(conn).trids.insert(name);
                } else if !state.conn(conn).trids.contains(&name) {
                    let shown = match name.as_str() {
                        "" => "t".to_owned(),
                        name => format!("t.{name}"),
                    };
                    let message = format!("no request with `{{{shown}}}` was sent on {conn}");
                    let help = "in what is expected it is the last one of the connection";
                    let at = locate(step, at, "t");
                    self.error(step, at, message, Some(help.to_owned()));
                }
            }
            Expr::Length if !allowed.length => {
                let message = "`{length}` stands for the length of a payload, and there is none";
                let help = "add `payload: …` to the step".to_owned();
                let at = locate(step, at, "length");
                self.error(step, at, message.to_owned(), Some(help));
            }
            Expr::Round if self.rounds == 0 => {
                let message = "`{i}` counts the rounds of a `repeat`, and there is none";
                self.error(step, locate(step, at, "i"), message.to_owned(), None);
            }
            Expr::Call(_, arguments) => {
                for argument in arguments {
                    self.expr(step, conn, at, argument, allowed, state);
                }
            }
            _ => {}
        }
    }

    fn captured(&mut self, step: &Step, at: Span, name: &str, state: &State) {
        if state.captures.contains(name) {
            return;
        }
        let known = state.captures.iter().map(String::as_str);
        let known = known.chain(["nobody", "length", "dialect"]);
        let help = match did_you_mean(name, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                format!("a capture is bound where it first stands in an expected line: {{{name}}}")
            }
        };
        let message = format!("nothing has bound `{name}`");
        self.error(step, locate(step, at, name), message, Some(help));
    }
}

/// Takes in what an expectation binds.
fn bind(expect: &Expect, state: &mut State) {
    fn collect(kind: &WordKind, captures: &mut BTreeSet<String>) {
        match kind {
            WordKind::Capture(name) => {
                captures.insert(name.clone());
            }
            WordKind::OneOf(kinds) => {
                for kind in kinds {
                    collect(kind, captures);
                }
            }
            _ => {}
        }
    }
    if let Expected::Line { pattern, .. } = &expect.what {
        for word in &pattern.words {
            collect(&word.kind, &mut state.captures);
        }
    }
}

fn open_again(conn: &ConnName, when: &str) -> String {
    match conn.kind() {
        ServerKind::Switchboard => format!("open it {when}: {conn} open: \"{{board}}\""),
        _ => format!("open it {when}: {conn} open: default"),
    }
}

/// The place of a name in braces within a text; of the whole text where it is not spelt out.
fn locate(step: &Step, at: Span, name: &str) -> Span {
    let Some(text) = step.source.text.get(at.start..at.end) else {
        return at;
    };
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let braces = text.find('{').unwrap_or_default();
    let found = text.match_indices(name).find(|(index, _)| {
        let (before, rest) = text.split_at(*index);
        let after = rest.get(name.len()..).unwrap_or_default();
        *index > braces && !before.ends_with(joins) && !after.starts_with(joins)
    });
    match found {
        Some((index, _)) => Span::new(at.start + index, at.start + index + name.len()),
        None => at,
    }
}
