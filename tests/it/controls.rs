//! Negative cases have a control: where a request must be refused, a request of the same kind is
//! served in the same scenario. Else a server that refuses everything would pass.

mod lazy;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use msnpspec::engine::{Ending, Executor};
use msnpspec::protocol::{Direction, Grammar, ServerKind};
use msnpspec::scenario::ast::{
    Action, Expected, Fixture, LinePattern, Part, Scenario, SendItem, Stage, Step, WordKind,
};
use msnpspec::sim;

use crate::faults::{account, suite};
use lazy::{Lazy, Manner};

/// A command that a client sends, and the kind of server that it goes to.
type Asked = (&'static str, String);

const KINDS: [ServerKind; 3] = [
    ServerKind::Dispatch,
    ServerKind::Notification,
    ServerKind::Switchboard,
];

/// A word for a kind of server.
fn label(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Dispatch => "dispatch",
        ServerKind::Notification => "notification",
        ServerKind::Switchboard => "switchboard",
    }
}

/// What a scenario has refused, and what it has served.
#[derive(Default)]
struct Seen {
    refused: BTreeSet<Asked>,
    served: BTreeSet<Asked>,
    /// The last command on each connection.
    last: Vec<(String, Asked)>,
}

impl Seen {
    fn of(scenario: &Scenario) -> Self {
        let mut seen = Self::default();
        for user in &scenario.users {
            seen.fixture(&user.fixture);
        }
        seen.steps(&scenario.setup, false);
        seen.steps(&scenario.steps, true);
        seen
    }

    /// Commands that must be refused, and of which none is served.
    fn uncontrolled(&self) -> Vec<&Asked> {
        self.refused.difference(&self.served).collect()
    }

    fn fixture(&mut self, fixture: &Fixture) {
        let at_login = ["VER", "INF", "USR"];
        let (stage, settings) = match &fixture.stage {
            Stage::Offline => (&at_login[..0], &[][..]),
            Stage::LoggedIn => (&at_login[..], &[][..]),
            Stage::Synchronised => (&at_login[..], &["SYN"][..]),
            Stage::State(_) => (&at_login[..], &["SYN", "CHG"][..]),
        };
        let has_list =
            !fixture.forward.is_empty() || !fixture.allow.is_empty() || !fixture.block.is_empty();
        let lists = ["ADD"].iter().filter(|_| has_list);
        let gtc = ["GTC"].iter().filter(|_| fixture.gtc.is_some());
        let blp = ["BLP"].iter().filter(|_| fixture.blp.is_some());
        let all = stage
            .iter()
            .chain(settings)
            .chain(lists)
            .chain(gtc)
            .chain(blp);
        for verb in all {
            let asked = (label(ServerKind::Notification), (*verb).to_owned());
            self.served.insert(asked);
        }
    }

    fn steps(&mut self, steps: &[Step], judges: bool) {
        for step in steps {
            self.step(step, judges && !step.precondition);
        }
    }

    fn step(&mut self, step: &Step, judges: bool) {
        match &step.action {
            Action::Send(send) => {
                for item in &send.items {
                    if let Some(verb) = sent_verb(item) {
                        let name = send.conn.to_string();
                        self.last.retain(|(conn, _)| *conn != name);
                        self.last.push((name, (label(send.conn.kind()), verb)));
                    }
                }
            }
            Action::Expect(expect) => {
                self.expect(
                    &expect.conn.to_string(),
                    expect.conn.kind(),
                    &expect.what,
                    judges,
                );
            }
            Action::AnyOrder(steps) | Action::Repeat(_, steps) => self.steps(steps, judges),
            Action::OneOf(branches) => {
                // A branch that may be taken shows nothing of the others.
                let is_refusal = |branch: &Vec<Step>| {
                    let first = branch.first().map(|step| &step.action);
                    matches!(first, Some(Action::Expect(expect)) if is_refusal(&expect.what))
                };
                let varies =
                    |branch: &&Vec<Step>| branch.first().is_some_and(|step| step.varies.is_some());
                let mut plain = branches.iter().filter(|branch| !varies(branch));
                if plain.all(is_refusal) {
                    branches
                        .iter()
                        .for_each(|branch| self.steps(branch, judges));
                } else if !branches.iter().any(is_refusal) {
                    branches.iter().for_each(|branch| self.steps(branch, false));
                }
            }
            _ => {}
        }
    }

    fn expect(&mut self, conn: &str, kind: ServerKind, what: &Expected, judges: bool) {
        if let Expected::Line { pattern, .. } = what
            && !is_refusal(what)
        {
            for verb in verbs(pattern) {
                // Who rings was called, who is on a roster answered.
                let verb = match verb.as_str() {
                    "RNG" => "CAL",
                    "IRO" | "JOI" => "ANS",
                    "QNG" => "PNG",
                    _ => &verb,
                };
                self.served.insert((label(kind), verb.to_owned()));
            }
        } else if is_refusal(what) && judges {
            let at = self.last.iter().position(|(name, _)| name == conn);
            if let Some((_, asked)) = at.map(|at| self.last.swap_remove(at))
                && is_request(&asked)
            {
                self.refused.insert(asked);
            }
        }
    }
}

/// Whether clients send this command to servers of this kind, and it is not the last of all.
fn is_request((kind, verb): &Asked) -> bool {
    let mut kinds = KINDS.into_iter().filter(|of| label(*of) == *kind);
    let is_known = |kind| {
        Grammar::new(kind, Direction::ToServer)
            .find(verb.as_bytes())
            .is_some()
    };
    kinds.any(is_known) && verb != "OUT"
}

/// The command that is sent, in capitals.
fn sent_verb(item: &SendItem) -> Option<String> {
    let SendItem::Line { text, .. } = item else {
        return None;
    };
    let Some(Part::Literal(words)) = text.parts.first() else {
        return None;
    };
    words.split_whitespace().next().map(str::to_ascii_uppercase)
}

/// The words with which an expected line may begin.
fn verbs(pattern: &LinePattern) -> Vec<String> {
    let literal = |kind: &WordKind| match kind {
        WordKind::Text(text) => match text.parts.first() {
            Some(Part::Literal(word)) => Some(word.to_string()),
            _ => None,
        },
        _ => None,
    };
    match pattern.words.first().map(|word| &word.kind) {
        Some(WordKind::OneOf(kinds)) => kinds.iter().filter_map(literal).collect(),
        Some(kind) => literal(kind).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Whether it is met by a server that does not do what it was asked for.
fn is_refusal(what: &Expected) -> bool {
    match what {
        Expected::Error(_) | Expected::Refused | Expected::Closed | Expected::Nothing { .. } => {
            true
        }
        Expected::Line { pattern, .. } => match pattern.words.first().map(|word| &word.kind) {
            Some(WordKind::Matches(_)) => true,
            _ => verbs(pattern)
                .iter()
                .any(|verb| verb.bytes().all(|byte| byte.is_ascii_digit()) || verb == "NAK"),
        },
    }
}

/// Scenarios whose refusals have no control, and why: by the beginning of the name.
const EXCUSED: &[(&str, &str)] = &[
    (
        "auth/dispatch-closes",
        "the close follows an answer, the referral",
    ),
    (
        "auth/nothing-that-is-not-in-the-draft",
        "no server need offer these commands",
    ),
    (
        "sync/lines-begin-with-a-command",
        "any answer will do: what is judged is how it begins",
    ),
    (
        "sync/one-answer",
        "any answer will do: what is judged is that there is one",
    ),
];

fn excuse(name: &str) -> Option<&'static str> {
    let mut all = EXCUSED.iter();
    all.find(|(prefix, _)| name.starts_with(prefix))
        .map(|(_, why)| *why)
}

#[test]
fn every_refusal_has_a_control_or_a_reason() {
    let mut text = String::new();
    let mut used = BTreeSet::new();
    for scenario in suite() {
        let seen = Seen::of(&scenario);
        for (_, verb) in seen.uncontrolled() {
            let reason = excuse(&scenario.name);
            used.extend(reason);
            let reason = reason.unwrap_or("NO REASON");
            let _ = writeln!(text, "{} ({verb}): {reason}", scenario.name);
        }
    }
    assert!(!text.contains("NO REASON"), "{text}");
    for (prefix, why) in EXCUSED {
        assert!(used.contains(why), "nothing needs the reason of {prefix}");
    }
}

/// What becomes of a scenario on a server that knows the login and, in its manner, nothing else.
fn ending(scenario: &Arc<Scenario>, manner: Manner) -> Ending {
    let count = scenario.needs.accounts.max(scenario.users.len());
    let accounts = (1..=count).map(account).collect();
    let environment = Arc::new(sim::environment_for(scenario));
    let executor = Executor::new(Arc::clone(scenario), accounts, environment, 1);
    Lazy::new(manner).run(executor).ending
}

#[test]
fn who_does_nothing_but_log_users_in_passes_no_controlled_refusal() {
    let mut tried = 0;
    let mut passed = Vec::new();
    for scenario in suite() {
        let seen = Seen::of(&scenario);
        if scenario.needs.launch || scenario.needs.dispatch {
            continue;
        }
        for manner in Manner::ALL {
            let mut controls = seen.refused.intersection(&seen.served);
            if !controls.any(|asked| manner.fails(&asked.1)) {
                continue;
            }
            tried += 1;
            if ending(&scenario, manner) == Ending::Passed {
                passed.push(format!("{manner:?}: {}", scenario.name));
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}
