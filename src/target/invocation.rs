//! A command of the target's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::environment::Account;

/// A command, run without a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it runs; `None`: where the harness runs.
    pub folder: Option<PathBuf>,
    /// Variables that are added to its environment.
    pub env: BTreeMap<String, String>,
    /// How long it may take.
    pub within: Duration,
}

impl Invocation {
    /// The command with `{handle}`, `{password}` and `{name}` filled in.
    #[must_use]
    pub fn for_account(&self, account: &Account) -> Vec<String> {
        let name = account.name.as_deref().unwrap_or(&account.handle);
        let fill = |word: &String| {
            // One pass each, so that a name that holds `{password}` shows none.
            fill(
                word,
                &[
                    ("{handle}", &account.handle),
                    ("{password}", &account.password),
                    ("{name}", name),
                ],
            )
        };
        self.command.iter().map(fill).collect()
    }

    /// Whether it is about one account.
    #[must_use]
    pub fn is_per_account(&self) -> bool {
        self.command.iter().any(|word| word.contains("{handle}"))
    }
}

/// Replaces each key where it stands in the template, and never in what was put in.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((at, key, value)) = values
        .iter()
        .filter_map(|(key, value)| Some((rest.find(key)?, *key, *value)))
        .min_by_key(|(at, ..)| *at)
    {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        out.push_str(value);
        rest = tail.strip_prefix(key).unwrap_or_default();
    }
    out + rest
}
