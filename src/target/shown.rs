//! What a message may show of a target file: its keys, and the values that cannot hold a secret.
//!
//! Whatever else stands there is starred out, byte for byte, so that places still fit. Passwords are
//! not looked for by their key: it may be misspelt, an account may be written as a text, a word of a
//! command may be a password, and so may a comment.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::scenario::tree::{Node, Value};

/// What may be shown of a value, and of what is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Openness {
    /// All.
    Open,
    /// A handle, unless a password may be part of it.
    Handle,
    /// An address of the web, unless a secret may be part of it.
    Url,
    /// The first of some words.
    Program,
    /// The keys of a map.
    Keys,
    /// The keys, and what each holds.
    Account,
    /// As `Account`, of a command.
    Command,
    /// As `Account`, of each item of a list.
    Accounts,
    /// Nothing.
    Secret,
}

/// The source as messages may show it.
pub(super) fn shown(source: &Arc<Source>, root: &Node) -> Arc<Source> {
    let mut marks = Marks {
        kinds: vec![Kind::Between; source.text.len()],
        secrets: Vec::new(),
    };
    if let Value::Map(entries) = &root.value {
        for (key, value) in entries {
            let known = marks.key(key, value);
            marks.value(value, of_key(known));
        }
    } else {
        marks.value(root, Openness::Secret);
    }
    // An alias may show elsewhere what is a secret here.
    for span in std::mem::take(&mut marks.secrets) {
        marks.mark(span, Kind::Secret);
    }
    Source::new(source.path.as_str(), marks.apply(&source.text))
}

/// A message about a file that could not be read: nothing of it is known but where its lines end.
#[must_use]
pub fn blind(diagnostic: Diagnostic) -> Diagnostic {
    let text = &diagnostic.source.text;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let word = line.trim_start_matches([' ', '-']);
        let key = word.split(':').next().unwrap_or_default();
        let is_key = !key.is_empty() && of_key(key) != Openness::Secret;
        let end = match is_key {
            true => line.len() - word.len() + key.len() + 1,
            false => 0,
        };
        let (head, tail) = line.split_at_checked(end).unwrap_or(("", line));
        out.push_str(head);
        out.extend(tail.chars().map(starred));
    }
    let source = Source::new(diagnostic.source.path.as_str(), out);
    Diagnostic {
        source,
        ..diagnostic
    }
}

/// What stands under a key of the file.
fn of_key(key: &str) -> Openness {
    match key {
        "name" | "dispatch" | "notification" | "disposable" | "remote" | "max_connections"
        | "description" | "timeouts" | "map" | "waivers" | "habits" => Openness::Open,
        "accounts" => Openness::Accounts,
        "account_pattern" => Openness::Account,
        "provision" | "reset" | "launch" | "ticket" => Openness::Command,
        _ => Openness::Secret,
    }
}

/// What stands under a key of an account.
fn of_account(key: &str) -> Openness {
    match key {
        "handle" => Openness::Handle,
        "name" | "from" | "to" => Openness::Open,
        _ => Openness::Secret,
    }
}

/// What stands under a key of a command.
fn of_command(key: &str) -> Openness {
    match key {
        "within" | "cwd" | "ready" | "stop" => Openness::Open,
        "command" | "exec" => Openness::Program,
        "env" => Openness::Keys,
        "passport" | "header" => Openness::Url,
        _ => Openness::Secret,
    }
}

/// What a byte of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Punctuation, blanks, or a comment.
    Between,
    Shown,
    Secret,
}

struct Marks {
    kinds: Vec<Kind>,
    /// What stays secret, whatever else says of it.
    secrets: Vec<Span>,
}

impl Marks {
    fn mark(&mut self, span: Span, kind: Kind) {
        let end = span.end.min(self.kinds.len());
        if let Some(kinds) = self.kinds.get_mut(span.start.min(end)..end) {
            kinds.fill(kind);
        }
    }

    /// Shows a key. A word alone is no key: it may be what somebody meant as a value.
    fn key<'n>(&mut self, key: &'n Node, value: &Node) -> &'n str {
        match &key.value {
            Value::Scalar(scalar) if !value.is_missing() => {
                self.mark(key.span, Kind::Shown);
                &scalar.text
            }
            _ => {
                self.secrets.push(key.span);
                ""
            }
        }
    }

    fn value(&mut self, node: &Node, openness: Openness) {
        match (&node.value, openness) {
            (Value::Scalar(scalar), _) => match openness.shows(&scalar.text) {
                true => self.mark(node.span, Kind::Shown),
                false => self.secrets.push(node.span),
            },
            (Value::List(items), _) => {
                for (at, item) in items.iter().enumerate() {
                    let below = match openness {
                        Openness::Accounts => Openness::Account,
                        Openness::Program if at == 0 => Openness::Open,
                        Openness::Open => Openness::Open,
                        _ => Openness::Secret,
                    };
                    self.value(item, below);
                }
            }
            (Value::Map(entries), _) => {
                for (key, value) in entries {
                    let known = self.key(key, value);
                    let below = match openness {
                        Openness::Open => Openness::Open,
                        Openness::Account => of_account(known),
                        Openness::Command => of_command(known),
                        _ => Openness::Secret,
                    };
                    self.value(value, below);
                }
            }
        }
    }

    fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut is_comment, mut before) = (false, '\n');
        for (at, char) in text.char_indices() {
            is_comment &= char != '\n';
            let kind = self.kinds.get(at).copied().unwrap_or(Kind::Secret);
            is_comment |= kind == Kind::Between && char == '#' && before.is_whitespace();
            before = char;
            let is_shown = match kind {
                Kind::Shown => true,
                Kind::Between => !is_comment && "{}[]:,-?&*|>'\"#".contains(char),
                Kind::Secret => false,
            };
            match is_shown {
                true => out.push(char),
                false if kind == Kind::Between && char == ' ' => out.push(' '),
                false => out.push_str(&starred(char)),
            }
        }
        out
    }
}

impl Openness {
    fn shows(self, text: &str) -> bool {
        match self {
            Self::Open => true,
            Self::Handle => text.contains('@') && !without_numbers(text).contains(':'),
            Self::Url => !text.contains(['@', '?', '$']),
            Self::Program
            | Self::Keys
            | Self::Account
            | Self::Command
            | Self::Accounts
            | Self::Secret => false,
        }
    }
}

/// The text of a pattern without its `{n:02}`.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split("{n:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|char: char| char.is_ascii_digit());
        out.push_str(rest.strip_prefix('}').unwrap_or(":"));
    }
    out
}

/// As many bytes, of which nothing is told but where the line ends.
fn starred(char: char) -> String {
    match char {
        '\n' | '\r' => char.to_string(),
        char => "*".repeat(char.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    /// All that is told of a file.
    fn told(text: &str) -> String {
        let source = Source::new("t.yaml", text);
        let (errors, target) = match Target::from_yaml(&source) {
            Ok(target) => (target.warnings.clone(), Some(target)),
            Err(errors) => (errors, None),
        };
        let waivers = target.iter().flat_map(|target| &target.waivers);
        let places = waivers.map(|waiver| format!("{:?}", waiver.place));
        let all = errors.iter().map(|error| {
            assert_eq!(error.source.text.len(), text.len());
            format!("{error}\n{}", error.source.text)
        });
        all.chain(places).collect()
    }

    #[test]
    fn no_spelling_shows_a_password() {
        let start = "dispatch: 127.0.0.1:1863\nbogus: 1\n";
        for text in [
            "accounts:\n  - { handle: a@b.c, pasword: S3cr3t }",
            "accounts:\n  - { handle: a@b.c, Password: S3cr3t }",
            "accounts:\n  - handle: a@b.c\n    pass: S3cr3t",
            "accounts:\n  - handle: a@b.c\n    password:\n      S3cr3t",
            "accounts:\n  - handle: a@b.c\n    password: |\n      S3cr3t\n      name: S3cr3t",
            "accounts:\n  - handle: a@b.c\n    password: \"x\n      S3cr3t: y\"",
            "accounts: [a@b.c:S3cr3t]",
            "accounts: [{ a@b.c: S3cr3t }]",
            "accounts: [{ handle: a@b.c, S3cr3t }]",
            "accounts: [{ handle: \"a@b.c:S3cr3t\" }]",
            "accounts: { a@b.c: S3cr3t }",
            "accounts: [[a@b.c, S3cr3t]]",
            "acounts: [{ handle: a@b.c, password: S3cr3t }]",
            "account_pattern: { handle: \"u{n}@b.c\", passwd: S3cr3t, to: 3 }",
            "account_pattern: { handle: \"u{n}@b.c\", password: \"{nS3cr3t}\", to: 3 }",
            "account_pattern: { handle: \"u{n:S3cr3t}@b.c\", password: x, to: 3 }",
            "account_pattern: { handle: S3cr3t, password: \"u{n}@b.c\", to: 3 }",
            "x: &p S3cr3t\naccounts: [{ handle: a@b.c, password: *p }]",
            "waivers: [{ match: &p S3cr3t, reason: x }]\naccounts: [{ handle: a@b.c, password: *p }]",
            "launch: { command: [./server, --admin-password, S3cr3t], foo: 1 }",
            "launch: { command: [./server], env: { ADMIN: S3cr3t } }",
            "provision: { command: S3cr3t }",
            "ticket: { fixed: S3cr3t, foo: 1 }",
            "ticket: { passport: \"http://u:S3cr3t@h/\", foo: 1 }",
            "accounts: [] # the password of a@b.c is S3cr3t",
            "# S3cr3t\naccounts: 5",
            // What is no YAML at all.
            "accounts: [{ handle: a@b.c, password: S3cr3t }",
            "accounts:\n  - { handle: a@b.c, password: \"S3cr3t }",
            "accounts:\n  - handle: a@b.c\n   password: S3cr3t\n    name: [",
            "password: S3cr3t\nS3cr3t: *x",
            "accounts: !!str S3cr3t",
        ] {
            let text = format!("{start}{text}\n");
            let told = told(&text);
            assert!(!told.is_empty(), "{text}");
            assert!(!told.to_lowercase().contains("s3cr3t"), "{text}\n{told}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        let text = "name: mine\ndispatch: 127.0.0.1:1863 # here\naccounts:\n  \
                    - { handle: a@b.c, pasword: x, name: \"A B\" }\n\
                    account_pattern: { handle: \"u{n:02}@b.c\", to: 7 }\n\
                    launch: { command: [./server, -p], env: { KEY: v }, ready: { tcp: \"h:1\" } }\n\
                    waivers:\n  - { match: \"USR-6\", reason: \"it is\", foo: 1 }\n";
        let Err(errors) = Target::from_yaml(&Source::new("t.yaml", text)) else {
            panic!("no error");
        };
        assert_eq!(
            errors.first().unwrap().source.text,
            "name: mine\ndispatch: 127.0.0.1:1863 * ****\naccounts:\n  \
             - { handle: a@b.c, pasword: *, name: \"A B\" }\n\
             account_pattern: { handle: \"u{n:02}@b.c\", to: 7 }\n\
             launch: { command: [./server, **], env: { KEY: * }, ready: { tcp: \"h:1\" } }\n\
             waivers:\n  - { match: \"USR-6\", reason: \"it is\", foo: 1 }\n"
        );
    }

    #[test]
    fn a_stale_waiver_on_the_line_of_a_password_does_not_show_it() {
        let text = "{ dispatch: \"127.0.0.1:1863\", accounts: [{ handle: a@b.c, password: S3cr3t }], \
                    waivers: [{ match: USR-6, reason: x }] }";
        let target = Target::from_yaml(&Source::new("t.yaml", text)).unwrap();
        let place = format!("{:?}", target.waivers.first().unwrap().place);
        assert!(
            place.contains("USR-6") && !place.contains("S3cr3t"),
            "{place}"
        );
    }
}
