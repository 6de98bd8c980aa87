//! `msnpspec explain`.

use msnpspec::diagnostic::did_you_mean;
use msnpspec::report::{Palette, explain as text};
use msnpspec::scenario::ast::Scenario;
use msnpspec::spec::{Clause, ErrorCode, error_codes};

use super::args::ExplainArgs;
use super::console::Console;
use super::exit::Exit;
use super::library;

/// Explains a clause, a group of clauses or an error code.
pub(crate) fn explain(args: &ExplainArgs, console: Console) -> Exit {
    let palette = console.palette();
    if let Some(code) = args.id.parse().ok().and_then(ErrorCode::find) {
        return console.print(&text::code(code, &palette));
    }
    let named = |clause: &&Clause| {
        let name = |name: &str| name.eq_ignore_ascii_case(&args.id);
        name(clause.name) || name(clause.group())
    };
    let clauses: Vec<&Clause> = Clause::all().iter().filter(named).collect();
    if clauses.is_empty() {
        console.error(&unknown(&args.id));
        return Exit::Usage;
    }
    let scenarios = match library::load(&[], console) {
        Ok(scenarios) => scenarios,
        Err(exit) => return exit,
    };
    let texts = clauses
        .into_iter()
        .map(|clause| clause_text(clause, &scenarios, &palette));
    console.print(&texts.collect::<Vec<_>>().join("\n"))
}

fn clause_text(clause: &Clause, scenarios: &[Scenario], palette: &Palette) -> String {
    let tests = scenarios
        .iter()
        .filter(|scenario| scenario.clauses.contains(&clause.id));
    let tests: Vec<(&str, &str)> = tests
        .map(|scenario| (scenario.name.as_str(), scenario.description.as_str()))
        .collect();
    text::clause(clause, &tests, palette)
}

fn unknown(id: &str) -> String {
    let upper = id.to_ascii_uppercase();
    if let Ok(code) = id.parse::<u16>() {
        let near = error_codes()
            .iter()
            .min_by_key(|known| known.code.abs_diff(code));
        let near = near.map_or(0, |known| known.code);
        return format!(
            "unknown error code `{id}`\nthe nearest is `{near}`; `msnpspec list codes` has them all"
        );
    }
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
