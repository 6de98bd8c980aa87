//! What `msnpspec merge` can be told.

use std::path::PathBuf;

use clap::Args;
use msnpspec::report::Format;

use crate::cli::values::format_parser;

/// Put the results of shards together
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec run --shard 1/2 --format json --output 1.json        on one machine
  msnpspec run --shard 2/2 --format json --output 2.json        on another
  msnpspec merge 1.json 2.json                                  as if it had been one run
  msnpspec merge *.json --format junit --output report.xml
  msnpspec fuzz --cases 100000 --shard 1/2 --result 1.json      campaigns too
  cp -r findings-1/. findings-2/. findings                      their --save folders: a finding's
                                                                name says what it is

Results of different targets, levels, seeds or numbers of shards are refused, and so is a shard or
a scenario that is there twice. Where a shard is missing the report is made and says so.

Exit codes: those of one run: 0 conforms, 1 does not, 2 wrong usage or a bad file, 3 not whole,
4 nothing ran.")]
pub(crate) struct MergeArgs {
    /// What `run --format json` or `fuzz --result` wrote
    #[arg(value_name = "RESULT", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// A report in this format, to standard output or to the --output that follows; repeatable
    #[arg(long = "format", value_name = "FORMAT", value_parser = format_parser())]
    pub(crate) formats: Vec<Format>,

    /// The file for the --format before it; repeatable
    #[arg(long = "output", value_name = "FILE")]
    pub(crate) outputs: Vec<PathBuf>,
}
