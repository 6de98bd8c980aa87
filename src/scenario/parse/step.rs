//! Steps: the key that says who does what, and the modifiers beside it.

use super::reader::{Reader, Str, key_text};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::protocol::{Clause, ClauseId, DIALECTS, Dialect};
use crate::scenario::ast::{Action, Era, Step, TICKET, Varies};
use crate::scenario::tree::{Node, Value};
use crate::transcript::ConnName;

/// The most rounds of a `repeat`.
const MAX_ROUNDS: u64 = 1_000_000;

const MODIFIERS: [&str; 15] = [
    "clause",
    "varies",
    "seen",
    "optional",
    "strict",
    "exact",
    "within",
    "payload",
    "segments",
    "except",
    "with",
    "precondition",
    "since",
    "until",
    "as",
];
const GROUPS: [&str; 7] = [
    "any order",
    "one of",
    "repeat",
    "settle",
    "use",
    "server",
    "steps",
];

/// The keys of a step that name no connection.
#[cfg(test)]
pub(in crate::scenario) fn step_keys() -> impl Iterator<Item = &'static str> {
    MODIFIERS.into_iter().chain(GROUPS)
}

/// What the main key of a step says.
pub(super) enum Head {
    Send(ConnName),
    Expect(ConnName),
    Open(ConnName),
    Ticket(ConnName),
    AnyOrder,
    OneOf,
    Repeat,
    Settle,
    Use,
    Server,
}

/// A step's map, its keys told apart.
pub(super) struct Parsed<'n> {
    pub(super) head: Head,
    /// The main key as it is written, for messages.
    pub(super) name: String,
    pub(super) at: Span,
    pub(super) value: &'n Node,
    pub(super) modifiers: Vec<(&'n str, &'n Node, &'n Node)>,
}

impl<'n> Parsed<'n> {
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        let found = self.modifiers.iter().find(|(key, ..)| *key == name);
        found.map(|(_, _, value)| *value)
    }
}

impl Reader<'_> {
    /// A list of steps, parts put in.
    pub(super) fn steps(&self, node: &Node, what: &str) -> Vec<Step> {
        let Some(items) = self.list(node, what) else {
            return Vec::new();
        };
        if items.is_empty() {
            self.error(node.span, format!("{what} has no step"));
        }
        items
            .iter()
            .flat_map(|item| self.step(item, false))
            .collect()
    }

    pub(super) fn step(&self, node: &Node, branch: bool) -> Vec<Step> {
        if !self.count_step(node.span) {
            return Vec::new();
        }
        let Some(parsed) = self.keys(node, branch) else {
            return Vec::new();
        };
        let era = self.era(&parsed);
        if let Head::Use = parsed.head {
            let mut steps = self.part(&parsed);
            steps.iter_mut().for_each(|it| it.era = it.era.within(era));
            return steps;
        }
        let Some(action) = self.action(&parsed) else {
            return Vec::new();
        };
        let flag = |name: &str| {
            let node = parsed.get(name);
            node.and_then(|node| self.boolean(node, &format!("`{name}`")))
                .unwrap_or_default()
        };
        let mut step = Step {
            source: self.source.clone(),
            at: parsed.at,
            action,
            clause: parsed.get("clause").and_then(|node| self.clause(node)),
            varies: self.varies(parsed.get("varies"), parsed.get("seen")),
            optional: flag("optional"),
            precondition: self.precondition || flag("precondition"),
            era,
        };
        inherit(&mut step);
        vec![step]
    }

    /// Finds the main key and checks the others against it.
    fn keys<'n>(&self, node: &'n Node, branch: bool) -> Option<Parsed<'n>> {
        let entries = self.map(node, "a step")?;
        let mut head: Option<Parsed<'n>> = None;
        let mut modifiers = Vec::new();
        let mut failed = false;
        for (key, value) in entries {
            let raw = key_text(key);
            if MODIFIERS.contains(&raw) || raw == "steps" {
                modifiers.push((raw, key, value));
                continue;
            }
            let str = self.text(key, "a key")?;
            match self.head(&str) {
                None => failed = true,
                Some(found) => {
                    if let Some(first) = &head {
                        let message =
                            format!("a step does one thing: `{}` and `{}`", first.name, str.text);
                        self.error_help(key.span, message, "begin each step with `- `");
                        return None;
                    }
                    let end = match &value.value {
                        Value::Scalar(_) => value.span.end,
                        _ => key.span.end,
                    };
                    head = Some(Parsed {
                        head: found,
                        name: str.text.to_string(),
                        at: Span::new(key.span.start, end),
                        value,
                        modifiers: Vec::new(),
                    });
                }
            }
        }
        if failed {
            return None;
        }
        let Some(mut parsed) = head else {
            let help = "a step is `alice C: …`, `alice S: …`, `alice@sb open: …`, `any order:`, \
                        `one of:`, `repeat:`, `settle:`, `use:` or `server:`";
            self.error_help(node.span, "the step does not say who does what", help);
            return None;
        };
        parsed.modifiers = modifiers;
        self.check_modifiers(&parsed, branch).then_some(parsed)
    }

    fn head(&self, key: &Str<'_>) -> Option<Head> {
        let text = &*key.text;
        match text {
            "any order" => return Some(Head::AnyOrder),
            "one of" => return Some(Head::OneOf),
            "repeat" => return Some(Head::Repeat),
            "settle" => return Some(Head::Settle),
            "use" => return Some(Head::Use),
            "server" => return Some(Head::Server),
            _ => {}
        }
        let (who, what) = text.rsplit_once(' ').unwrap_or(("", text));
        match what {
            "C" => self.conn(key, who).map(Head::Send),
            "S" => self.conn(key, who).map(Head::Expect),
            "open" => self.conn(key, who).map(Head::Open),
            "ticket" => self.conn(key, who).map(Head::Ticket),
            _ => {
                let known = MODIFIERS.iter().chain(&GROUPS).copied();
                let mut error =
                    Diagnostic::error(self.source, key.all(), format!("unknown key `{text}`"));
                error = if let Some(meant) = did_you_mean(text, known) {
                    error.with_help(format!("did you mean `{meant}`?"))
                } else if matches!(what, "c" | "s") {
                    let meant = format!("{who} {}", what.to_uppercase());
                    error.with_help(format!("did you mean `{}`?", meant.trim()))
                } else {
                    error.with_help("a step is `alice C: …` or `alice S: …`")
                };
                self.loader.push(error);
                None
            }
        }
    }

    /// Whose connection: `alice`, `alice@sb`, `@sb`, or nothing for the first user's.
    fn conn(&self, key: &Str<'_>, who: &str) -> Option<ConnName> {
        let who = who.trim_end();
        let (user, label) = who.split_once('@').unwrap_or((who, ConnName::DEFAULT));
        if !["sb", "ns", "ds"]
            .iter()
            .any(|kind| label.starts_with(kind))
        {
            let at = who.len() - label.len();
            let message = format!("unknown connection `{label}`");
            let help = "a label begins with sb, ns or ds: alice@sb, alice@sb2, alice@ds";
            self.error_help(key.span(at..who.len()), message, help);
            return None;
        }
        let Some(first) = self.users.first() else {
            let help = "declare one: `users: [alice]`";
            self.error_help(key.all(), "the scenario has no user", help);
            return None;
        };
        if user.is_empty() {
            return Some(ConnName::new(first.name.as_str(), label));
        }
        if !self.is_user(user) {
            let span = key.span(0..user.len());
            self.unknown(span, "user", user, self.user_names());
            return None;
        }
        Some(ConnName::new(user, label))
    }

    fn check_modifiers(&self, parsed: &Parsed<'_>, branch: bool) -> bool {
        let allowed: &[&str] = match parsed.head {
            Head::Send(_) => &["clause", "payload", "segments", "precondition"],
            Head::Expect(_) => &[
                "clause",
                "payload",
                "optional",
                "strict",
                "exact",
                "within",
                "except",
                "precondition",
            ],
            Head::Open(_) | Head::AnyOrder | Head::OneOf => &["clause", "precondition"],
            Head::Repeat => &["steps", "clause", "precondition"],
            Head::Ticket(_) => &["as", "precondition"],
            Head::Settle | Head::Server => &["precondition"],
            Head::Use => &["with"],
        };
        let mut good = true;
        for (name, key, _) in &parsed.modifiers {
            let varies = matches!(*name, "varies" | "seen");
            let is_era = matches!(*name, "since" | "until");
            if allowed.contains(name) || is_era || (varies && branch) {
                continue;
            }
            good = false;
            let message = format!("`{name}` does not go with `{}`", parsed.name);
            if varies {
                let help = "it marks a branch of `one of`";
                self.error_help(key.span, message, help);
            } else {
                self.error(key.span, message);
            }
        }
        good
    }

    /// The dialects that a step is for.
    fn era(&self, parsed: &Parsed<'_>) -> Era {
        let dialect = |name: &str| {
            let str = self.text(parsed.get(name)?, &format!("`{name}`"))?;
            let found = Dialect::named(str.text.as_bytes());
            if found.is_none() {
                let known = DIALECTS.iter().map(|dialect| dialect.name);
                self.unknown(str.all(), "dialect", &str.text, known);
            }
            found
        };
        Era {
            since: dialect("since"),
            until: dialect("until"),
        }
    }

    pub(super) fn varies(&self, clause: Option<&Node>, seen: Option<&Node>) -> Option<Varies> {
        let Some(node) = clause else {
            if let Some(seen) = seen {
                let message = "`seen` goes with `varies`, which is missing";
                self.error(seen.span, message);
            }
            return None;
        };
        let clause = self.clause(node)?;
        if !clause.has_variations() {
            let message = format!("{clause} accepts no other behaviour");
            let help = "`varies` names a clause that has an `accept` in the catalogue";
            self.error_help(node.span, message, help);
        }
        let seen = seen.and_then(|node| self.text(node, "`seen`"));
        let seen = seen.map(|str| str.text.into_owned());
        Some(Varies { clause, seen })
    }

    pub(super) fn clause(&self, node: &Node) -> Option<ClauseId> {
        let str = self.text(node, "the clause")?;
        self.clause_of(&str)
    }

    pub(super) fn clause_of(&self, str: &Str<'_>) -> Option<ClauseId> {
        let found = Clause::all().iter().find(|clause| clause.name == str.text);
        if found.is_none() {
            let known = Clause::all().iter().map(|clause| clause.name);
            self.unknown(str.all(), "clause", &str.text, known);
        }
        found.map(|clause| clause.id)
    }

    fn action(&self, parsed: &Parsed<'_>) -> Option<Action> {
        match &parsed.head {
            Head::Send(conn) => self.send(parsed, conn),
            Head::Expect(conn) => {
                let what = self.expected(parsed, conn)?;
                self.expect(parsed, conn, what).map(Action::Expect)
            }
            Head::Open(conn) => {
                let str = self.text(parsed.value, "the address (or `default`)")?;
                let address = match &*str.text {
                    "default" => None,
                    text => Some(self.expressions(&str, 0..text.len())?),
                };
                let conn = conn.clone();
                Some(Action::Open { conn, address })
            }
            Head::Ticket(conn) => {
                let str = self.text(parsed.value, "the word that the server gave")?;
                let word = self.expressions(&str, 0..str.text.len())?;
                let into = match parsed.get("as") {
                    Some(node) => self.text(node, "`as`")?.text.into_owned(),
                    None => TICKET.to_owned(),
                };
                let conn = conn.clone();
                Some(Action::Ticket { conn, word, into })
            }
            Head::AnyOrder => self.any_order(parsed),
            Head::OneOf => self.one_of(parsed),
            Head::Repeat => {
                let rounds = self.number(parsed.value, "`repeat`", 1..MAX_ROUNDS + 1)?;
                let Some(steps) = parsed.get("steps") else {
                    self.error(parsed.at, "`repeat` needs `steps`");
                    return None;
                };
                let steps = self.steps(steps, "`steps`");
                Some(Action::Repeat(u32::try_from(rounds).ok()?, steps))
            }
            Head::Settle => {
                if self.boolean(parsed.value, "`settle`")? {
                    return Some(Action::Settle);
                }
                self.error(parsed.value.span, "`settle` is always `true`");
                None
            }
            Head::Server => {
                let str = self.text(parsed.value, "`stop` or `start`")?;
                match &*str.text {
                    "stop" => Some(Action::StopServer),
                    "start" => Some(Action::StartServer),
                    other => {
                        self.unknown(str.all(), "action", other, ["stop", "start"]);
                        None
                    }
                }
            }
            Head::Use => None,
        }
    }
}

/// What a group says of itself holds for its steps.
pub(super) fn inherit(step: &mut Step) {
    let (clause, precondition) = (step.clause, step.precondition);
    let each = |inner: &mut Step| {
        inner.clause = inner.clause.or(clause);
        inner.precondition |= precondition;
        inherit(inner);
    };
    match &mut step.action {
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => steps.iter_mut().for_each(each),
        Action::OneOf(branches) => branches.iter_mut().flatten().for_each(each),
        _ => {}
    }
}
