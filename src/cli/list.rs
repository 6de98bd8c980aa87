//! `msnpspec list`.

use msnpspec::fuzzer::{Effect, MUTATORS, Mutator};
use msnpspec::oracle::{Oracle, oracles};
use msnpspec::protocol::{Clause, error_codes};
use msnpspec::report::list as row;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Fault, Persona, faults, personas};

use super::args::{ListArgs, Listed};
use super::console::Console;
use super::exit::Exit;
use super::library;

/// Lists scenarios, clauses, error codes, faults, personas, oracles or mutators.
pub(crate) fn list(args: &ListArgs, console: Console) -> Exit {
    if args.what != Listed::Scenarios && !args.paths.is_empty() {
        console.error(&"PATH goes with `list scenarios` only");
        return Exit::Usage;
    }
    let rows: Vec<String> = match args.what {
        Listed::Clauses => Clause::all().iter().map(row::clause).collect(),
        Listed::Codes => error_codes().iter().map(row::code).collect(),
        Listed::Oracles => oracles()
            .iter()
            .map(|oracle| oracle_row(&**oracle))
            .collect(),
        Listed::Mutators => MUTATORS.iter().map(mutator_row).collect(),
        Listed::Faults => faults().iter().map(fault_row).collect(),
        Listed::Personas => personas().iter().map(persona_row).collect(),
        Listed::Scenarios => match library::load(&args.paths, console) {
            Ok(scenarios) => scenarios.iter().map(scenario_row).collect(),
            Err(exit) => return exit,
        },
    };
    console.print(&lines(&rows))
}

/// The scenarios, as `list scenarios` and `run --list` print them.
pub(crate) fn scenario_row(scenario: &Scenario) -> String {
    let clauses: Vec<&str> = scenario.clauses.iter().map(|id| id.as_str()).collect();
    let tags: Vec<&str> = scenario.tags.iter().map(String::as_str).collect();
    row::scenario(&scenario.name, &clauses, &tags, &scenario.description)
}

fn fault_row(fault: &Fault) -> String {
    let clauses: Vec<&str> = fault.clauses().iter().map(|id| id.as_str()).collect();
    row::fault(fault.name(), &clauses, fault.description())
}

fn persona_row(persona: &Persona) -> String {
    let clauses = persona.clauses();
    let clauses: Vec<&str> = clauses.iter().map(|id| id.as_str()).collect();
    let habits: Vec<&str> = persona.quirks.iter().map(|quirk| quirk.name()).collect();
    row::persona(persona.name, &clauses, &habits, persona.description)
}

fn mutator_row(mutator: &Mutator) -> String {
    let effect = match mutator.effect {
        Effect::Same => "same",
        Effect::Refused => "refused",
        Effect::Open => "open",
    };
    format!("{}\t{effect}\t{}", mutator.name, mutator.text)
}

fn oracle_row(oracle: &dyn Oracle) -> String {
    let clauses: Vec<&str> = oracle.clauses().iter().map(|id| id.as_str()).collect();
    row::oracle(oracle.name(), &clauses)
}

/// The rows, each with its line end.
pub(crate) fn lines(rows: &[String]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}
