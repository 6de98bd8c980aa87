//! Lists for `grep`, `cut` and `awk`: one thing a line, columns parted by one tab, no header.

use super::text::printable;
use crate::protocol::{Clause, ErrorCode, Origin};

/// `id`, `level`, `section`, `text`.
#[must_use]
pub fn clause(clause: &Clause) -> String {
    row([
        clause.name,
        clause.level.as_str(),
        clause.section,
        clause.text,
    ])
}

/// `name`, `clauses` and `tags` (each parted by spaces, `-` where there are none), `description`.
#[must_use]
pub fn scenario(name: &str, clauses: &[&str], tags: &[&str], description: &str) -> String {
    let or_dash = |words: &[&str]| match words {
        [] => "-".to_owned(),
        words => words.join(" "),
    };
    row([name, &or_dash(clauses), &or_dash(tags), description])
}

/// `code`, `origin` (draft or practice), `name`, `cause`.
#[must_use]
pub fn code(code: &ErrorCode) -> String {
    let origin = match code.origin {
        Origin::Draft => "draft",
        Origin::Practice => "practice",
    };
    row([&code.code.to_string(), origin, code.name, code.cause])
}

/// `name`, `clauses` (parted by spaces, the main one first), `description`.
#[must_use]
pub fn fault(name: &str, clauses: &[&str], description: &str) -> String {
    row([name, &clauses.join(" "), description])
}

/// `name`, `clauses` and `habits` (each parted by spaces), `description`.
#[must_use]
pub fn persona(name: &str, clauses: &[&str], habits: &[&str], description: &str) -> String {
    row([name, &clauses.join(" "), &habits.join(" "), description])
}

/// `name`, `clauses` (parted by spaces).
#[must_use]
pub fn oracle(name: &str, clauses: &[&str]) -> String {
    row([name, &clauses.join(" ")])
}

fn row<const COLUMNS: usize>(columns: [&str; COLUMNS]) -> String {
    columns.map(printable).join("\t")
}
