//! A scenario as YAML that loads back to an equal scenario.
//!
//! What was put in while loading stays put in: a printed scenario has neither parts nor a matrix.

use std::fmt::Write as _;
use std::time::Duration;

use super::ast::{
    Action, Expect, Expected, Fixture, Needs, Payload, PayloadPattern, Scenario, Send, SendItem,
    Stage, Step, TICKET, User,
};
use super::source_form;
use crate::protocol::{List, Setting};

/// The YAML text of a scenario; its name is the file's, so it does not stand in it.
#[must_use]
pub fn print(scenario: &Scenario) -> String {
    let mut out = String::new();
    field(&mut out, "description", &quote(&scenario.description));
    let clauses = scenario.clauses.iter().map(|clause| clause.as_str());
    list(&mut out, "clauses", clauses);
    list(&mut out, "tags", scenario.tags.iter().map(String::as_str));
    list(
        &mut out,
        "dialects",
        scenario.dialects.iter().map(String::as_str),
    );
    list(
        &mut out,
        "aliases",
        scenario.aliases.iter().map(String::as_str),
    );
    needs(&mut out, &scenario.needs, scenario.users.len());
    if scenario.strict {
        field(&mut out, "strict", "true");
    }
    if let Some(segments) = scenario.segments {
        field(&mut out, "segments", &segments.to_string());
    }
    if let Some(timeout) = scenario.timeout {
        field(&mut out, "timeout", &duration(timeout));
    }
    users(&mut out, &scenario.users);
    let mut printer = Printer { out };
    if !scenario.setup.is_empty() {
        printer.out.push_str("setup:\n");
        printer.steps(&scenario.setup, 1, true, None);
    }
    printer.out.push_str("steps:\n");
    printer.steps(&scenario.steps, 1, false, None);
    printer.out
}

fn field(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key}: {value}");
}

fn list<'t>(out: &mut String, key: &str, items: impl Iterator<Item = &'t str>) {
    let items: Vec<String> = items.map(quote_in_list).collect();
    if !items.is_empty() {
        field(out, key, &format!("[{}]", items.join(", ")));
    }
}

fn needs(out: &mut String, needs: &Needs, users: usize) {
    let mut items = Vec::new();
    if needs.launch {
        items.push("launch".to_owned());
    }
    if needs.dispatch {
        items.push("dispatch".to_owned());
    }
    if needs.challenges {
        items.push("challenges".to_owned());
    }
    if needs.accounts > users {
        items.push(format!("accounts: {}", needs.accounts));
    }
    if !items.is_empty() {
        field(out, "needs", &format!("[{}]", items.join(", ")));
    }
}

fn users(out: &mut String, users: &[User]) {
    if users.iter().all(|user| user.fixture == Fixture::default()) {
        list(out, "users", users.iter().map(|user| user.name.as_str()));
        return;
    }
    out.push_str("users:\n");
    for user in users {
        let fixture = match fixture(&user.fixture) {
            nothing if nothing.is_empty() => "{}".to_owned(),
            items => format!("{{ {items} }}"),
        };
        let _ = writeln!(out, "  {}: {fixture}", user.name);
    }
}

fn fixture(fixture: &Fixture) -> String {
    let mut items = Vec::new();
    match &fixture.stage {
        Stage::Offline => {}
        Stage::LoggedIn => items.push("state: logged-in".to_owned()),
        Stage::Synchronised => items.push("state: synchronised".to_owned()),
        Stage::State(code) => items.push(format!("state: {code}")),
    }
    for list in List::ALL {
        let members = fixture.list(list).filter(|members| !members.is_empty());
        let members = members.map(|members| format!("{}: [{}]", list.as_str(), members.join(", ")));
        items.extend(members);
    }
    for setting in Setting::ALL {
        let value = fixture.setting(setting);
        items.extend(value.map(|value| format!("{}: {value}", setting.verb().as_str())));
    }
    items.join(", ")
}

fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis.is_multiple_of(1000) {
        format!("{}s", millis / 1000)
    } else {
        format!("{millis}ms")
    }
}

/// A text as a YAML scalar.
fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " {}@%._/+=|*()!,'-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && !text.ends_with(' ') && text.chars().all(plain) {
        return text.to_owned();
    }
    quote_always(text)
}

/// The same inside of brackets and braces, where more characters mean something.
fn quote_in_list(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/+-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && text.chars().all(plain) {
        return text.to_owned();
    }
    quote_always(text)
}

fn quote_always(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(char),
            char if char.is_alphanumeric() => out.push(char),
            char => {
                let code = u32::from(char);
                let _ = if code > 0xffff {
                    write!(out, "\\U{code:08x}")
                } else {
                    write!(out, "\\u{code:04x}")
                };
            }
        }
    }
    out.push('"');
    out
}

fn payload(payload: &Payload) -> String {
    match payload {
        Payload::Text(text) => {
            let source = source_form::text(text);
            if source == "same" {
                return "{ text: same }".to_owned();
            }
            quote(&source)
        }
        other => bytes(other),
    }
}

/// Bytes in braces; a text under `raw`.
fn bytes(payload: &Payload) -> String {
    match payload {
        Payload::Text(text) => format!("{{ raw: {} }}", quote_always(&source_form::text(text))),
        Payload::Bytes(bytes) => format!("{{ hex: \"{}\" }}", hex::encode(bytes)),
        Payload::Filler(length) => format!("{{ bytes: {length} }}"),
    }
}

struct Printer {
    out: String,
}

impl Printer {
    fn line(&mut self, level: usize, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "  ".repeat(level));
    }

    /// The steps of a list whose dashes stand at `level`. `precondition` is what the steps inherit;
    /// `varies` marks the first, where it stands in a branch of its own.
    fn steps(&mut self, steps: &[Step], level: usize, precondition: bool, within: Option<&Step>) {
        for step in steps {
            self.step(step, level, precondition, within);
        }
    }

    fn step(&mut self, step: &Step, level: usize, precondition: bool, group: Option<&Step>) {
        match &step.action {
            Action::Open { conn, address } => {
                let address = match address {
                    Some(text) => quote(&source_form::no_keyword(text)),
                    None => "default".to_owned(),
                };
                self.line(level, &format!("- {conn} open: {address}"));
            }
            Action::Send(send) => self.send(send, level),
            Action::Close(conn) => self.line(level, &format!("- {conn} C: close")),
            Action::Reset(conn) => self.line(level, &format!("- {conn} C: reset")),
            Action::Pause(conn) => self.line(level, &format!("- {conn} C: pause")),
            Action::Resume(conn) => self.line(level, &format!("- {conn} C: resume")),
            Action::Expect(expect) => self.expect(expect, level),
            Action::AnyOrder(steps) => {
                self.line(level, "- any order:");
                self.steps(
                    steps,
                    level + 3,
                    precondition || step.precondition,
                    Some(step),
                );
            }
            Action::OneOf(branches) => {
                self.line(level, "- one of:");
                for branch in branches {
                    self.branch(branch, level + 3, precondition || step.precondition, step);
                }
            }
            Action::Repeat(rounds, steps) => {
                self.line(level, &format!("- repeat: {rounds}"));
                self.line(level + 1, "steps:");
                self.steps(
                    steps,
                    level + 2,
                    precondition || step.precondition,
                    Some(step),
                );
            }
            Action::Ticket { conn, word, into } => {
                let word = quote(&source_form::no_keyword(word));
                self.line(level, &format!("- {conn} ticket: {word}"));
                if into != TICKET {
                    self.line(level + 1, &format!("as: {into}"));
                }
            }
            Action::Settle => self.line(level, "- settle: true"),
            Action::StopServer => self.line(level, "- server: stop"),
            Action::StartServer => self.line(level, "- server: start"),
        }
        if let Some(clause) = step.clause.filter(|_| inherits(group) != step.clause) {
            self.line(level + 1, &format!("clause: {clause}"));
        }
        if step.optional {
            self.line(level + 1, "optional: true");
        }
        for (key, dialect) in [("since", step.era.since), ("until", step.era.until)] {
            if let Some(dialect) = dialect {
                self.line(level + 1, &format!("{key}: {dialect}"));
            }
        }
        if step.precondition && !precondition {
            self.line(level + 1, "precondition: true");
        }
    }

    fn branch(&mut self, branch: &[Step], level: usize, precondition: bool, group: &Step) {
        let varies = branch.first().and_then(|step| step.varies.as_ref());
        if let [only] = branch {
            self.step(only, level, precondition, Some(group));
        } else {
            self.line(level, "- steps:");
            self.steps(branch, level + 3, precondition, Some(group));
        }
        if let Some(varies) = varies {
            self.line(level + 1, &format!("varies: {}", varies.clause));
            if let Some(seen) = &varies.seen {
                self.line(level + 1, &format!("seen: {}", quote(seen)));
            }
        }
    }

    fn send(&mut self, send: &Send, level: usize) {
        let conn = &send.conn;
        match send.items.as_slice() {
            [
                SendItem::Line {
                    text,
                    payload: body,
                },
            ] => {
                let text = quote(&source_form::no_keyword(text));
                self.line(level, &format!("- {conn} C: {text}"));
                if let Some(body) = body {
                    self.line(level + 1, &format!("payload: {}", payload(body)));
                }
            }
            [SendItem::Raw(raw)] => self.line(level, &format!("- {conn} C: {}", bytes(raw))),
            items => {
                self.line(level, &format!("- {conn} C:"));
                for item in items {
                    self.item(item, level + 3);
                }
            }
        }
        if let Some(segments) = send.segments {
            self.line(level + 1, &format!("segments: {segments}"));
        }
    }

    fn item(&mut self, item: &SendItem, level: usize) {
        match item {
            SendItem::Line {
                text,
                payload: None,
            } => self.line(level, &format!("- {}", quote(&source_form::text(text)))),
            SendItem::Line {
                text,
                payload: Some(body),
            } => {
                let text = quote(&source_form::text(text));
                self.line(level, &format!("- line: {text}"));
                self.line(level + 1, &format!("payload: {}", payload(body)));
            }
            SendItem::Raw(raw) => self.line(level, &format!("- {}", bytes(raw))),
        }
    }

    fn expect(&mut self, expect: &Expect, level: usize) {
        let what = match &expect.what {
            Expected::Line { pattern, .. } => quote(&source_form::line(pattern)),
            Expected::Error(None) => "error".to_owned(),
            Expected::Error(Some(word)) => {
                quote(&format!("error {}", source_form::word(&word.kind)))
            }
            Expected::Refused => "refused".to_owned(),
            Expected::Closed => "closed".to_owned(),
            Expected::Nothing { .. } => "nothing".to_owned(),
        };
        self.line(level, &format!("- {} S: {what}", expect.conn));
        match &expect.what {
            Expected::Line {
                payload: Some(pattern),
                ..
            } => {
                let pattern = payload_pattern(pattern);
                self.line(level + 1, &format!("payload: {pattern}"));
            }
            Expected::Nothing { except } if !except.is_empty() => {
                self.line(level + 1, "except:");
                for line in except {
                    let line = quote(&source_form::line(line));
                    self.line(level + 2, &format!("- {line}"));
                }
            }
            _ => {}
        }
        if expect.strict {
            self.line(level + 1, "strict: true");
        }
        if expect.exact {
            self.line(level + 1, "exact: true");
        }
        if let Some(within) = expect.within {
            self.line(level + 1, &format!("within: {}", duration(within)));
        }
    }
}

/// The clause that the steps of a group have unless they say another.
fn inherits(group: Option<&Step>) -> Option<crate::protocol::ClauseId> {
    group.and_then(|group| group.clause)
}

fn payload_pattern(pattern: &PayloadPattern) -> String {
    match pattern {
        PayloadPattern::Same => "same".to_owned(),
        PayloadPattern::Exactly(bytes) => payload(bytes),
        PayloadPattern::Length(length) => format!("{{ length: {length} }}"),
        PayloadPattern::Matches(regex) => {
            format!("{{ matches: {} }}", quote_always(regex.pattern()))
        }
    }
}
