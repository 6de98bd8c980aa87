//! Every scenario of the suite is a test: against the reference server, in virtual time.
//!
//! A scenario's own name is the run with the bytes as they were written; `chunk-1/` and `chunk-7/`
//! stand before the runs with the bytes in pieces of that size, in both directions.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use msnpspec::engine::{Ending, Executor, Outcome};
use msnpspec::event::Failure;
use msnpspec::protocol::Level;
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::Config;
use msnpspec::sim::{self, Chunking, SimOptions};
use msnpspec::target::{Account, Lists};

/// Which breaches are failures here.
const LEVEL: Level = Level::Practice;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let scenarios = match Library::builtin() {
        Ok(library) => library.into_scenarios(),
        Err(error) => {
            let text = error.to_string();
            let trial = Trial::test("the suite loads", move || Err(text.into()));
            return libtest_mimic::run(&args, vec![trial]).exit_code();
        }
    };
    let groups = [
        ("", Chunking::Whole),
        ("chunk-1/", Chunking::Bytes(1)),
        ("chunk-7/", Chunking::Bytes(7)),
    ];
    let mut trials = Vec::new();
    for scenario in scenarios {
        let scenario = Arc::new(scenario);
        for (group, chunk) in groups {
            let name = format!("{group}{}", scenario.name);
            let scenario = Arc::clone(&scenario);
            trials.push(Trial::test(name, move || judge(&scenario, chunk)));
        }
    }
    libtest_mimic::run(&args, trials).exit_code()
}

fn judge(scenario: &Arc<Scenario>, chunk: Chunking) -> Result<(), Failed> {
    let options = SimOptions {
        chunk,
        ..SimOptions::default()
    };
    let count = scenario.needs.accounts.max(scenario.users.len());
    let executor = Executor::new(
        Arc::clone(scenario),
        (1..=count).map(account).collect(),
        Arc::new(sim::environment_for(scenario)),
        1,
    );
    let outcome = sim::run(executor, Config::default(), options);
    let within = |failure: &&Failure| failure.level.is_none_or(|level| level <= LEVEL);
    let breaches: Vec<&Failure> = outcome.failures.iter().filter(within).collect();
    if outcome.ending != Ending::Blocked && breaches.is_empty() {
        return Ok(());
    }
    Err(tell(&outcome, &breaches).into())
}

/// An account of the reference server's own pattern.
fn account(number: usize) -> Account {
    let handle = format!("user{number}@hotmail.com");
    Account {
        name: Some(format!("User {number}")),
        lists: Lists::Clean,
        ..Account::new(handle, format!("pw{number}"))
    }
}

fn tell(outcome: &Outcome, breaches: &[&Failure]) -> String {
    let mut text = format!("{:?}\n", outcome.ending);
    if let Some(cause) = &outcome.cause {
        let _ = writeln!(text, "{cause}");
    }
    for failure in breaches {
        let clause = failure.clause.map_or("precondition", |id| id.as_str());
        let _ = writeln!(text, "{}: {clause}", failure.place);
        let _ = writeln!(text, "    {}", failure.place.text.trim());
        let _ = writeln!(text, "  expected: {}", failure.expected);
        let _ = writeln!(text, "  got:      {}", failure.got);
        if let Some(detail) = &failure.detail {
            let _ = writeln!(text, "  detail:   {detail}");
        }
        for line in &failure.transcript {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}
