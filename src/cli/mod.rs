//! The command line: what was typed ([`args`]), what it means ([`options`]), and a file for each
//! command. Only this room prints, reads the environment and knows exit codes.

mod args;
mod check;
mod clauses;
mod clock;
mod compare;
mod completions;
mod console;
mod coverage;
mod doctor;
mod exit;
mod explain;
mod files;
mod fuzz;
mod fuzz_findings;
mod fuzz_known;
mod fuzz_report;
mod fuzz_server;
mod fuzz_target;
mod import;
mod library;
mod list;
mod man;
mod merge;
mod options;
mod outputs;
mod progress;
mod record;
mod replay;
mod run;
mod schema;
mod serve;
mod shrink;
mod sieve;
mod snippet;
mod state;
mod target;
mod transcripts;
mod values;
mod whole_file;

use std::process::ExitCode;

use args::Command;
use console::Console;

/// Does what was typed.
pub(crate) fn main() -> ExitCode {
    let (args, matches) = args::parse();
    let console = Console::new(args.color);
    let exit = match args.command {
        Command::Run(args) => run::run(&args, &matches, console),
        Command::Check(args) => check::check(&args, &matches, console),
        Command::Import(args) => import::import(&args, console),
        Command::Serve(args) => serve::serve(&args, console),
        Command::Record(args) => record::record(&args, console),
        Command::Shrink(args) => shrink::shrink(&args, console),
        Command::Fuzz(args) => fuzz::fuzz(&args, console),
        Command::Merge(args) => merge::merge(&args, &matches, console),
        Command::Doctor(args) => doctor::doctor(&args, console),
        Command::Compare(args) => compare::compare(&args, &matches, console),
        Command::List(args) => list::list(&args, console),
        Command::Coverage(args) => coverage::coverage(&args, console),
        Command::Explain(args) => explain::explain(&args, console),
        Command::Schema(args) => schema::schema(&args, console),
        Command::Completions(args) => completions::completions(&args, console),
        Command::Man(args) => man::man(&args, console),
    };
    Console::settled(exit).into()
}
