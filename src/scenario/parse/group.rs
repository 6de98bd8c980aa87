//! Groups of steps: any order, one of several ways.

use super::reader::{Reader, key_text};
use super::step::{Parsed, inherit};
use crate::diagnostic::Diagnostic;
use crate::scenario::ast::{Action, Expected, Step};
use crate::scenario::tree::{Node, Value};

impl Reader<'_> {
    pub(super) fn any_order(&self, parsed: &Parsed<'_>) -> Option<Action> {
        let steps = self.steps(parsed.value, "`any order`");
        for step in &steps {
            let fits = match &step.action {
                Action::Expect(expect) => !matches!(expect.what, Expected::Nothing { .. }),
                _ => false,
            };
            if !fits {
                let message = "`any order` holds only lines, errors and ends that are expected";
                let error = Diagnostic::error(&step.source, step.at, message);
                self.loader
                    .push(error.with_help("`nothing` and what is sent stand outside of it"));
                return None;
            }
        }
        Some(Action::AnyOrder(steps))
    }

    pub(super) fn one_of(&self, parsed: &Parsed<'_>) -> Option<Action> {
        let nodes = self.list(parsed.value, "`one of`")?;
        if nodes.len() < 2 {
            self.error(parsed.at, "`one of` needs two branches or more");
            return None;
        }
        let mut branches = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let steps = self.branch(node);
            let Some(first) = steps.first() else {
                continue;
            };
            let Action::Expect(expect) = &first.action else {
                let message = "a branch begins with what is expected";
                let error = Diagnostic::error(&first.source, first.at, message);
                self.loader
                    .push(error.with_help("the first `S:` that is met chooses the branch"));
                return None;
            };
            let nothing = matches!(expect.what, Expected::Nothing { .. });
            if first.optional {
                let message = "a branch cannot begin with what is optional";
                self.error(first.at, message);
                return None;
            }
            if nothing && index + 1 < nodes.len() {
                let message = "`nothing` can only be the last branch";
                let help = "silence is known only when no other branch was met";
                self.error_help(first.at, message, help);
                return None;
            }
            branches.push(steps);
        }
        Some(Action::OneOf(branches))
    }

    /// A step, or a map of `steps` with what marks the branch.
    fn branch(&self, node: &Node) -> Vec<Step> {
        let Value::Map(entries) = &node.value else {
            return self.step(node, true);
        };
        let find = |name: &str| {
            let found = entries.iter().find(|(key, _)| key_text(key) == name);
            found.map(|(_, value)| value)
        };
        let Some(steps) = find("steps").filter(|_| find("repeat").is_none()) else {
            return self.step(node, true);
        };
        for (key, _) in entries {
            let word = key_text(key);
            if !["steps", "varies", "seen", "clause"].contains(&word) {
                self.unknown(key.span, "key", word, ["steps", "varies", "seen", "clause"]);
            }
        }
        let mut steps = self.steps(steps, "`steps`");
        let varies = self.varies(find("varies"), find("seen"));
        if let Some(first) = steps.first_mut()
            && varies.is_some()
        {
            first.varies = varies;
        }
        if let Some(clause) = find("clause").and_then(|node| self.clause(node)) {
            for step in &mut steps {
                step.clause = step.clause.or(Some(clause));
                inherit(step);
            }
        }
        steps
    }
}
