//! Clauses that are named on the command line: by id or by group.

use msnpspec::diagnostic::did_you_mean;
use msnpspec::protocol::Clause;

/// The clauses of an id (`USR-6`) or a group (`USR`), in any case of letters; else what is wrong
/// with the name, and what may be meant.
pub(crate) fn named(id: &str) -> Result<Vec<&'static Clause>, String> {
    let is_named = |clause: &&Clause| {
        let name = |name: &str| name.eq_ignore_ascii_case(id);
        name(clause.name) || name(clause.group())
    };
    let clauses: Vec<&Clause> = Clause::all().iter().filter(is_named).collect();
    if clauses.is_empty() {
        return Err(unknown(id));
    }
    Ok(clauses)
}

fn unknown(id: &str) -> String {
    let upper = id.to_ascii_uppercase();
    let known = Clause::all()
        .iter()
        .flat_map(|clause| [clause.name, clause.group()]);
    match did_you_mean(&upper, known) {
        Some(near) => format!(
            "unknown clause `{id}`\ndid you mean `{near}`? `msnpspec list clauses` has them all"
        ),
        None => format!("unknown clause `{id}`\n`msnpspec list clauses` has them all"),
    }
}
