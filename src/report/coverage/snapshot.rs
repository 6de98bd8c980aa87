//! The committed form: a line for each clause, which changes when the coverage does and not when
//! code moves within a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::row::Row;
use super::table::Coverage;

/// What the file says about itself.
const HEAD: &str = "\
# Clause by clause: level, state, scenarios that name it, oracles that can accuse it, faults that
# break it (in brackets: found under another clause), files of the server that implement it.
# Written by `msnpspec coverage --update`; `msnpspec coverage --check` compares.
";

/// The whole file.
#[must_use]
pub fn snapshot(coverage: &Coverage) -> String {
    let mut text = HEAD.to_owned();
    for row in &coverage.rows {
        text.push_str(&line(row));
        text.push('\n');
    }
    text
}

fn line(row: &Row) -> String {
    let clause = row.clause;
    let state = row.state().as_str();
    let mut text = format!("{:<9} {:<8} {state:<10}", clause.name, clause.level);
    let _ = write!(text, " scenarios {}", row.scenarios.len());
    let faults = row.faults.iter().map(|fault| {
        if fault.found_by.is_empty() {
            format!("({})", fault.name)
        } else {
            fault.name.clone()
        }
    });
    let faults: Vec<String> = faults.collect();
    for (title, words) in [
        ("oracles", row.oracles.join(" ")),
        ("faults", faults.join(" ")),
        ("in", row.files().join(" ")),
    ] {
        let words = if words.is_empty() { "-" } else { &words };
        let _ = write!(text, "; {title} {words}");
    }
    text
}

/// How a committed file differs from what it should be: `-` before a line of the file, `+` before
/// the line that is true now. Line ends do not count.
#[must_use]
pub fn changes(committed: &str, now: &str) -> Vec<String> {
    let [old, new] = [committed, now].map(by_clause);
    let mut changes = Vec::new();
    for (key, line) in &new {
        match old.get(key) {
            Some(known) if known == line => {}
            Some(known) => changes.extend([format!("-{known}"), format!("+{line}")]),
            None => changes.push(format!("+{line}")),
        }
    }
    let gone = old.iter().filter(|(key, _)| !new.contains_key(*key));
    changes.extend(gone.map(|(_, line)| format!("-{line}")));
    if changes.is_empty() && !committed.lines().eq(now.lines()) {
        changes.push("the lines are not in their order, or the head is another".to_owned());
    }
    changes
}

/// The lines about clauses, by clause.
fn by_clause(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let keyed = lines.filter_map(|line| Some((line.split_whitespace().next()?, line)));
    keyed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_line_by_line() {
        let old = "# head\nA-1 x\nB-1 y\nC-1 z\n";
        assert!(changes(old, &old.replace('\n', "\r\n")).is_empty());
        let new = "# head\nA-1 x\nB-1 yy\nD-1 w\n";
        assert_eq!(changes(old, new), ["-B-1 y", "+B-1 yy", "+D-1 w", "-C-1 z"]);
        assert_eq!(changes(old, "# head\nB-1 y\nA-1 x\nC-1 z\n").len(), 1);
        assert_eq!(changes("", "A-1 x\n"), ["+A-1 x"]);
    }
}
