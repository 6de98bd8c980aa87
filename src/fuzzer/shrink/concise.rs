//! A scenario in few words: logins become fixtures, the way to a switchboard, a call and a join
//! become parts.

use std::sync::Arc;

use regex_lite::{Captures, Regex};

use super::{fixtures, names};
use crate::diagnostic::Source;
use crate::engine::Outcome;
use crate::fuzzer::Signature;
use crate::protocol::ClauseId;
use crate::scenario::ast::Scenario;
use crate::scenario::{Embedded, load, print};

/// A part: what its steps look like, and how it is used. `@` stands for a user, each named; what a
/// part binds is named as there.
struct Part {
    steps: &'static [&'static str],
    /// A step that may stand anywhere among the last ones, or not at all.
    perhaps: &'static str,
    users: &'static [&'static str],
    path: &'static str,
    binds: &'static [&'static str],
}

/// So many other steps may stand between those of a part.
const BETWEEN: usize = 20;
const JOIN: &str = "shared/join.yaml";
const WORD: &str = r"[A-Za-z0-9_-]+";

const PARTS: [Part; 5] = [
    Part {
        steps: &[
            r"<who> C: XFR \{t\} SB",
            r"<who> S: XFR \{t\} SB \{<board>\} CKI \{<cookie>\}",
            r#"<who>@sb open: "\{<board>\}""#,
            r"<who>@sb C: USR \{t\} \{<who>\.handle\} \{<cookie>\}",
            r"<who>@sb S: USR \{t\} OK .*",
        ],
        perhaps: "",
        users: &["who"],
        path: "shared/board.yaml",
        binds: &["board", "cookie"],
    },
    Part {
        steps: &[
            r"<caller>@sb C: CAL \{t\} \{<callee>\.handle\}",
            r"<caller>@sb S: CAL \{t\} RINGING \{<session>\}",
            r"<callee> S: RNG \{<session>\} \{(?:<door>)\} CKI \{<key>\} .*",
            r#"<callee>@sb open: "\{<door>\}""#,
            r"<callee>@sb C: ANS \{t\} \{<callee>\.handle\} \{<key>\} \{<session>\}",
            r"<callee>@sb S: IRO \{t\} 1 1 \{<caller>\.handle\} .*",
            r"<callee>@sb S: ANS \{t\} OK",
        ],
        perhaps: r"<caller>@sb S: JOI \{<callee>\.handle\} .*",
        users: &["caller", "callee"],
        path: "shared/call.yaml",
        binds: &["session", "key"],
    },
    // The call may arrive before it is confirmed.
    Part {
        steps: &[
            r"<caller>@sb C: CAL \{t\} \{<callee>\.handle\}",
            r"<callee> S: RNG \{<session>\} \{(?:<door>)\} CKI \{<key>\} .*",
            r"<caller>@sb S: CAL \{t\} RINGING \{<session>\}",
            r#"<callee>@sb open: "\{<door>\}""#,
            r"<callee>@sb C: ANS \{t\} \{<callee>\.handle\} \{<key>\} \{<session>\}",
            r"<callee>@sb S: IRO \{t\} 1 1 \{<caller>\.handle\} .*",
            r"<callee>@sb S: ANS \{t\} OK",
        ],
        perhaps: r"<caller>@sb S: JOI \{<callee>\.handle\} .*",
        users: &["caller", "callee"],
        path: "shared/call.yaml",
        binds: &["session", "key"],
    },
    Part {
        steps: &[
            r"<caller>@sb C: CAL \{t\} \{<third>\.handle\}",
            r"<caller>@sb S: CAL \{t\} RINGING \{session\}",
            r"<third> S: RNG \{session\} \{(?:<third_door>)\} CKI \{<third_key>\} .*",
            r#"<third>@sb open: "\{<third_door>\}""#,
            r"<third>@sb C: ANS \{t\} \{<third>\.handle\} \{<third_key>\} \{session\}",
            r"<third>@sb S: IRO \{t\} 1 2 .*",
            r"<third>@sb S: IRO \{t\} 2 2 .*",
            r"<third>@sb S: ANS \{t\} OK",
        ],
        perhaps: r"[A-Za-z0-9_-]+@sb S: JOI \{<third>\.handle\} .*",
        users: &["caller", "third"],
        path: JOIN,
        binds: &["third_key"],
    },
    Part {
        steps: &[
            r"<caller>@sb C: CAL \{t\} \{<third>\.handle\}",
            r"<third> S: RNG \{session\} \{(?:<third_door>)\} CKI \{<third_key>\} .*",
            r"<caller>@sb S: CAL \{t\} RINGING \{session\}",
            r#"<third>@sb open: "\{<third_door>\}""#,
            r"<third>@sb C: ANS \{t\} \{<third>\.handle\} \{<third_key>\} \{session\}",
            r"<third>@sb S: IRO \{t\} 1 2 .*",
            r"<third>@sb S: IRO \{t\} 2 2 .*",
            r"<third>@sb S: ANS \{t\} OK",
        ],
        perhaps: r"[A-Za-z0-9_-]+@sb S: JOI \{<third>\.handle\} .*",
        users: &["caller", "third"],
        path: JOIN,
        binds: &["third_key"],
    },
];

/// The scenario as YAML, in as few words as the language has: it does the same, and it fails in the
/// same way as before or passes as before, by `execute`.
pub fn concise(scenario: &Scenario, mut execute: impl FnMut(&Scenario) -> Outcome) -> String {
    let mut fate = |scenario: &Scenario| {
        let outcome = execute(scenario);
        let told: Vec<_> = Signature::all(&outcome);
        (
            outcome.ending,
            told.first().map(|(signature, _)| signature.to_string()),
        )
    };
    let wanted = fate(scenario);
    let mut best = names::named(scenario).unwrap_or_else(|| scenario.clone());
    for user in 0..best.users.len() {
        // A scenario of logins alone stays one.
        let folded = fixtures::folded_login(&best, user).into_iter();
        let mut folded = folded.filter(|it| !it.steps.is_empty());
        if let Some(folded) = folded.find(|it| fate(it) == wanted) {
            best = folded;
        }
    }
    best.clauses = clauses(&best);
    let mut best = names::unnamed(&best);
    if fate(&best) != wanted {
        best = scenario.clone();
    }
    let mut text = print(&best);
    for part in &PARTS {
        if text.contains(part.path) {
            continue;
        }
        let folded = part.fold(&text, &best);
        let sound =
            folded.filter(|folded| reload(&best, folded).is_some_and(|it| fate(&it) == wanted));
        text = sound.unwrap_or(text);
    }
    retold(&best, text)
}

/// The text with the clauses that are left when parts bring about what others spoke for.
fn retold(best: &Scenario, text: String) -> String {
    let Some(scenario) = reload(best, &text) else {
        return text;
    };
    let line = |clauses: &[ClauseId]| {
        let names: Vec<_> = clauses.iter().map(|clause| clause.as_str()).collect();
        format!("clauses: [{}]\n", names.join(", "))
    };
    text.replacen(&line(&best.clauses), &line(&clauses(&scenario)), 1)
}

/// The clauses that the steps which are left speak for.
fn clauses(scenario: &Scenario) -> Vec<ClauseId> {
    let judged = scenario.steps.iter().filter(|step| !step.precondition);
    let mut left: Vec<_> = judged.filter_map(|step| step.clause).collect();
    left.sort_unstable();
    left.dedup();
    match left.is_empty() {
        true => scenario.clauses.clone(),
        false => left,
    }
}

fn reload(scenario: &Scenario, text: &str) -> Option<Scenario> {
    let source: Arc<Source> = Source::new(scenario.source.path.clone(), text);
    load(&scenario.name, &source, &Embedded).ok()?.pop()
}

/// What the names of a part stand for.
type Known = Vec<(String, String)>;

/// A line of the text, and the lines that belong to it.
struct Item<'t> {
    step: &'t str,
    lines: Vec<&'t str>,
}

impl Part {
    /// The text with the first place where the part would do in its words.
    fn fold(&self, text: &str, scenario: &Scenario) -> Option<String> {
        let (head, steps) = text.split_once("steps:\n")?;
        let items = items(steps);
        for from in 0..items.len() {
            let Some((taken, found)) = self.found(items.get(from..)?) else {
                continue;
            };
            let users = self.players(&found, scenario)?;
            let (before, after) = items.split_at(from);
            let mut out = format!("{head}steps:\n");
            let lines = before.iter().flat_map(|item| &item.lines);
            lines.for_each(|line| out += &format!("{line}\n"));
            out += &format!("  - use: {}\n    with: {{ {users} }}\n", self.path);
            let left = after
                .iter()
                .enumerate()
                .filter(|(at, _)| !taken.contains(at));
            let lines = left.flat_map(|(_, item)| &item.lines);
            let mut rest: String = lines.map(|line| format!("{line}\n")).collect();
            let name = |group: &str| value_of(&found, group);
            for bind in self.binds {
                let own = name(bind)?;
                rest = rest.replace(&format!("{{{own}}}"), &format!("{{{bind}}}"));
            }
            return Some(out + &rest);
        }
        None
    }

    /// Who plays whom in the part.
    fn players(&self, found: &[(String, String)], scenario: &Scenario) -> Option<String> {
        let mut users: Vec<String> = Vec::new();
        for group in self.users {
            users.push(format!("{group}: {}", value_of(found, group)?));
        }
        if self.path == JOIN {
            let mut all = scenario.users.iter().map(|user| user.name.as_str());
            let is_named = |user: &&str| found.iter().any(|(_, value)| value == user);
            let other = all.find(|user| !is_named(user))?;
            users.insert(1, format!("other: {other}"));
        }
        Some(users.join(", "))
    }

    /// Which items the part takes from here on, and what stands for what. What others say between
    /// them is left alone.
    fn found(&self, items: &[Item<'_>]) -> Option<(Vec<usize>, Known)> {
        let mut known: Known = Vec::new();
        let (mut taken, mut at) = (Vec::new(), 0);
        for step in self.steps {
            let most = if taken.is_empty() { 1 } else { BETWEEN };
            let near = items.iter().enumerate().skip(at).take(most);
            let found = near.map(|(at, item)| (at, item.step));
            let (found, _) = found
                .into_iter()
                .find(|(_, it)| matches(step, it, &mut known))?;
            taken.push(found);
            at = found + 1;
        }
        if !self.perhaps.is_empty() {
            let near = items.iter().enumerate().take(at + BETWEEN);
            for (at, item) in near {
                if matches(self.perhaps, item.step, &mut known) {
                    taken.push(at);
                }
            }
        }
        Some((taken, known))
    }
}

/// Whether a step looks so, by what is known; what is new in it becomes known.
fn matches(pattern: &str, step: &str, known: &mut Known) -> bool {
    let mut expression = String::from("^");
    let mut rest = pattern;
    let mut new: Vec<String> = Vec::new();
    while let Some((before, group)) = rest.split_once('<') {
        let Some((group, after)) = group.split_once('>') else {
            break;
        };
        expression += before;
        let value = known.iter().find(|(it, _)| it == group);
        match value {
            Some((_, value)) => expression += value,
            None if new.iter().any(|it| it == group) => return false,
            None => {
                expression += &format!("(?P<{group}>{WORD})");
                new.push(group.to_owned());
            }
        }
        rest = after;
    }
    expression += rest;
    expression.push('$');
    let Ok(expression) = Regex::new(&expression) else {
        return false;
    };
    let Some(found) = expression.captures(step) else {
        return false;
    };
    let value =
        |found: &Captures<'_>, group: &str| found.name(group).map(|it| it.as_str().to_owned());
    known.extend(new.into_iter().filter_map(|group| {
        let value = value(&found, &group)?;
        Some((group, value))
    }));
    true
}

fn value_of<'k>(known: &'k [(String, String)], group: &str) -> Option<&'k str> {
    let found = known.iter().find(|(it, _)| it == group);
    found.map(|(_, value)| value.as_str())
}

/// The steps of a text, each with the lines below it.
fn items(steps: &str) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = Vec::new();
    for line in steps.lines() {
        match (line.strip_prefix("  - "), items.last_mut()) {
            (Some(step), _) => items.push(Item {
                step,
                lines: vec![line],
            }),
            (None, Some(item)) => item.lines.push(line),
            (None, None) => {}
        }
    }
    items
}
