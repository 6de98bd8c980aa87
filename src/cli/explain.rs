//! `msnpspec explain`.

use msnpspec::diagnostic::did_you_mean;
use msnpspec::oracle::oracles;
use msnpspec::protocol::{Clause, ErrorCode, Level, Rung, error_codes};
use msnpspec::report::words::WORDS;
use msnpspec::report::{Palette, explain as text};
use msnpspec::scenario::ast::Scenario;

use super::args::ExplainArgs;
use super::clauses;
use super::console::Console;
use super::exit::Exit;
use super::library;

/// Explains a clause, a group of clauses, an error code, or a word of the reports.
pub(crate) fn explain(args: &ExplainArgs, console: Console) -> Exit {
    let palette = console.palette();
    let id = args.id.join(" ");
    if let Some(code) = id.parse().ok().and_then(ErrorCode::find) {
        return console.print(&text::code(code, &palette));
    }
    if let Ok(code) = id.parse() {
        console.error(&unknown(code));
        return Exit::Usage;
    }
    let mut texts = of_words(&id, &palette);
    match clauses::named(&id) {
        Ok(clauses) => {
            let scenarios = match library::load(&[], console) {
                Ok(scenarios) => scenarios,
                Err(exit) => return exit,
            };
            let of_clause = |clause| clause_text(clause, &scenarios, &palette);
            texts.extend(clauses.into_iter().map(of_clause));
        }
        Err(message) if texts.is_empty() => {
            console.error(&meant(&id).unwrap_or(message));
            return Exit::Usage;
        }
        Err(_) => {}
    }
    console.print(&texts.join("\n"))
}

/// What a word means: it may be one of several things.
fn of_words(id: &str, palette: &Palette) -> Vec<String> {
    let is_meant = |name: &str| name.eq_ignore_ascii_case(id);
    let words = WORDS.iter().filter(|word| is_meant(word.name));
    let mut texts: Vec<String> = words.map(|word| text::word(word, palette)).collect();
    let levels = Level::ALL
        .into_iter()
        .filter(|level| is_meant(level.as_str()));
    texts.extend(levels.map(|level| text::level_word(level, palette)));
    let rungs = Rung::ALL.into_iter().filter(|rung| is_meant(rung.as_str()));
    texts.extend(rungs.map(|rung| text::rung(rung, palette)));
    let oracles = oracles();
    for oracle in oracles.iter().filter(|oracle| is_meant(oracle.name())) {
        let clauses: Vec<&str> = oracle.clauses().iter().map(|id| id.as_str()).collect();
        texts.push(text::oracle(oracle.name(), &clauses, palette));
    }
    texts
}

/// Which word may be meant by one that is not known.
fn meant(id: &str) -> Option<String> {
    let oracles = oracles();
    let words = WORDS.iter().map(|word| word.name);
    let words = words.chain(Rung::ALL.into_iter().map(Rung::as_str));
    let words = words.chain(oracles.iter().map(|oracle| oracle.name()));
    let near = did_you_mean(&id.to_ascii_lowercase(), words)?;
    Some(format!("nothing is called `{id}`\ndid you mean `{near}`?"))
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
