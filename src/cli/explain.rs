//! `msnpspec explain`.

use msnpspec::oracle::oracles;
use msnpspec::report::{Palette, explain as text};
use msnpspec::scenario::ast::Scenario;
use msnpspec::spec::{Clause, ErrorCode, error_codes};

use super::args::ExplainArgs;
use super::clauses;
use super::console::Console;
use super::exit::Exit;
use super::library;

/// Explains a clause, a group of clauses or an error code.
pub(crate) fn explain(args: &ExplainArgs, console: Console) -> Exit {
    let palette = console.palette();
    if let Some(code) = args.id.parse().ok().and_then(ErrorCode::find) {
        return console.print(&text::code(code, &palette));
    }
    if let Ok(code) = args.id.parse() {
        console.error(&unknown(code));
        return Exit::Usage;
    }
    let clauses = match clauses::named(&args.id) {
        Ok(clauses) => clauses,
        Err(message) => {
            console.error(&message);
            return Exit::Usage;
        }
    };
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
    let oracles = oracles();
    let judges = oracles
        .iter()
        .filter(|oracle| oracle.clauses().contains(&clause.id));
    let judges: Vec<&str> = judges.map(|oracle| oracle.name()).collect();
    text::clause(clause, &tests, &judges, palette)
}

fn unknown(code: u16) -> String {
    let near = error_codes()
        .iter()
        .min_by_key(|known| known.code.abs_diff(code));
    let near = near.map_or(0, |known| known.code);
    format!(
        "unknown error code `{code}`\nthe nearest is `{near}`; `msnpspec list codes` has them all"
    )
}
