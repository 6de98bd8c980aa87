//! `msnpspec coverage`.

use msnpspec::oracle::oracles;
use msnpspec::report::coverage::{self as report, Coverage, Matrix, Place, Sources};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{faults, implementations};

use super::args::{CoverageArgs, CoverageFormat};
use super::console::Console;
use super::exit::Exit;
use super::{clauses, files, library};

/// Which fault is found under which clause: what the tests last accepted.
const MATRIX: &str = include_str!("../../snapshots/fault-matrix.snap");

/// Shows what stands behind clauses, or compares it with the committed file, or writes that file.
pub(crate) fn coverage(args: &CoverageArgs, console: Console) -> Exit {
    let mut wanted = Vec::new();
    for id in &args.ids {
        match clauses::named(id) {
            Ok(clauses) => wanted.extend(clauses.into_iter().map(|clause| clause.id)),
            Err(message) => {
                console.error(&message);
                return Exit::Usage;
            }
        }
    }
    let scenarios = match library::load(&[], console) {
        Ok(scenarios) => scenarios,
        Err(exit) => return exit,
    };
    let coverage = Coverage::new(&sources(&scenarios));
    if args.check {
        return check(args, &coverage, console);
    }
    if args.update {
        return update(args, &coverage, console);
    }
    let coverage = coverage.only(|clause| wanted.is_empty() || wanted.contains(&clause.id));
    match args.format {
        CoverageFormat::Human => console.print(&report::human(&coverage, &console.palette())),
        CoverageFormat::Json => match report::json(&coverage) {
            Ok(text) => console.print(&text),
            Err(error) => {
                console.error(&error);
                Exit::NotRun
            }
        },
    }
}

fn sources(scenarios: &[Scenario]) -> Sources {
    let scenarios = scenarios.iter();
    let faults = faults().iter();
    let lines = implementations().iter();
    Sources {
        scenarios: scenarios
            .map(|one| (one.name.clone(), one.clauses.clone()))
            .collect(),
        oracles: oracles()
            .iter()
            .map(|one| (one.name().to_owned(), one.clauses().to_vec()))
            .collect(),
        faults: faults
            .map(|one| (one.name().to_owned(), one.clauses().to_vec()))
            .collect(),
        implementation: lines
            .map(|one| {
                let file = one.file.to_owned();
                let place = Place {
                    file,
                    line: one.line,
                };
                (one.clause, place)
            })
            .collect(),
        matrix: Matrix::parse(MATRIX),
    }
}

/// Compares with the committed file; each clause must be covered, or have a reason not to be.
fn check(args: &CoverageArgs, coverage: &Coverage, console: Console) -> Exit {
    let committed = match files::read(&args.file) {
        Ok(source) => source,
        Err(message) => {
            console.error(&format!(
                "{message}\n`msnpspec coverage --update` writes it, from the repository's folder"
            ));
            return Exit::Usage;
        }
    };
    let changes = report::changes(&committed.text, &report::snapshot(coverage));
    let lines: String = changes.iter().map(|line| format!("{line}\n")).collect();
    let mut exit = console.print(&lines);
    if !changes.is_empty() {
        console.error(&format!(
            "{} does not hold any more (- was, + is)\nread the difference, then write it with \
             `msnpspec coverage --update`",
            args.file.display()
        ));
        exit = exit.max(Exit::Failure);
    }
    exit.max(tell_problems(coverage, console))
}

fn update(args: &CoverageArgs, coverage: &Coverage, console: Console) -> Exit {
    if let Err(error) = std::fs::write(&args.file, report::snapshot(coverage)) {
        console.error(&format!("cannot write {}: {error}", args.file.display()));
        return Exit::NotRun;
    }
    tell_problems(coverage, console)
}

fn tell_problems(coverage: &Coverage, console: Console) -> Exit {
    let problems = report::problems(coverage);
    for problem in &problems {
        console.error(problem);
    }
    if problems.is_empty() {
        Exit::Success
    } else {
        Exit::Failure
    }
}
