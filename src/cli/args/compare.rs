//! What `msnpspec compare` can be told.

use std::path::PathBuf;

use clap::Args;
use msnpspec::protocol::Level;
use msnpspec::report::Format;
use msnpspec::suite::Choice;

use crate::cli::values::{ChoiceParser, comparison_parser, level_parser};

/// Put servers side by side, clause by clause
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec compare mine.yaml theirs.yaml                 runs the suite against both
  msnpspec run --target mine.yaml --format json --output monday.json
  msnpspec compare monday.json tuesday.json              one server: what has changed
  msnpspec compare *.json --all                          every clause, also those that all keep
  msnpspec compare *.json --format markdown --output servers.md --format html --output servers.html

A target file is run as `run --target` does it, and compared with its last whole result, which is
kept in .msnpspec/ beside it. Of several results of one target and dialect the newest is shown, with
what has changed since the one before.

Exit codes: 0 compared, 2 wrong usage or a bad file, 3 a server could not be run to its end.")]
pub(crate) struct CompareArgs {
    /// Target files, and what `run --format json` wrote
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// List every clause, also those that all keep
    #[arg(long)]
    pub(crate) all: bool,

    /// Of target files: which clauses can fail the run
    #[arg(long, value_name = "LEVEL", default_value = "must", value_parser = level_parser())]
    pub(crate) level: Level,

    /// Of target files: the dialect, or all
    #[arg(long, value_name = "DIALECT", value_parser = ChoiceParser)]
    pub(crate) dialect: Option<Choice>,

    /// Of target files: the accounts' lists may be emptied
    #[arg(long)]
    pub(crate) disposable: bool,

    /// Of target files: the target may be on another machine
    #[arg(long)]
    pub(crate) remote: bool,

    /// The comparison in this format, to standard output or to the --output that follows; repeatable
    #[arg(long = "format", value_name = "FORMAT", value_parser = comparison_parser())]
    pub(crate) formats: Vec<Format>,

    /// The file for the --format before it; repeatable
    #[arg(long = "output", value_name = "FILE")]
    pub(crate) outputs: Vec<PathBuf>,
}
