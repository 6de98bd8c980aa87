//! What was typed. What it means is [`super::options`]' affair.

mod compare;
mod fuzz;
mod looking;
mod merge;
mod run;
mod serve;
mod shrink;
mod target;
mod transcripts;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::console::Color;

pub(crate) use compare::CompareArgs;
pub(crate) use fuzz::{FuzzArgs, Telling};
pub(crate) use looking::{
    CompletionsArgs, CoverageArgs, CoverageFormat, DoctorArgs, ExplainArgs, ListArgs, Listed,
    ManArgs, Schema, SchemaArgs,
};
pub(crate) use merge::MergeArgs;
pub(crate) use run::RunArgs;
pub(crate) use serve::ServeArgs;
pub(crate) use shrink::ShrinkArgs;
pub(crate) use target::TargetArgs;
pub(crate) use transcripts::{CheckArgs, ImportArgs, RecordArgs};

/// Everything that was typed.
#[derive(Debug, Parser)]
#[command(
    name = "msnpspec",
    version,
    about = "Says which clauses of the protocol an MSN Messenger server breaks",
    after_help = "Examples:
  msnpspec run                                   the built-in suite against the built-in server
  msnpspec run --target 127.0.0.1:1863 --account alice@hotmail.com:secret \\
                --account bob@hotmail.com:secret   against your own
  msnpspec explain USR-6                         what a clause says, and what tests it

Exit codes: 0 nothing broken, 1 something is, 2 wrong usage or bad file, 3 could not run, 4 nothing ran.",
    max_term_width = 100,
    infer_long_args = false,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// Use colours; `auto` does on a terminal and obeys NO_COLOR
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        display_order = 1000
    )]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<RunArgs>),
    Serve(ServeArgs),
    Fuzz(FuzzArgs),
    Merge(MergeArgs),
    Compare(CompareArgs),
    Check(CheckArgs),
    Import(ImportArgs),
    Record(RecordArgs),
    Shrink(ShrinkArgs),
    Doctor(DoctorArgs),
    List(ListArgs),
    Explain(ExplainArgs),
    Coverage(CoverageArgs),
    Schema(SchemaArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Reads the command line; the matches of the subcommand know the order of its options. Ends the
/// program where there is nothing to do but to tell something (help, version, wrong usage).
pub(crate) fn parse() -> (Cli, ArgMatches) {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let below = matches.subcommand().map(|(_, below)| below.clone());
    (cli, below.unwrap_or_default())
}
