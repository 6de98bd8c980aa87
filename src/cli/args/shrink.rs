//! What `msnpspec shrink` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use msnpspec::protocol::{ClauseId, Dialect, Level};

use super::target::TargetArgs;
use crate::cli::values::dialect_parser;
use crate::cli::values::level_parser;
use crate::cli::values::seconds;

/// Find the smallest part of a failing scenario that still fails in the same way
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec shrink bug.yaml --target my-server.yaml -o small.yaml
  msnpspec shrink lists/add --target 127.0.0.1:1863 --account alice@hotmail.com:secret \\
                  --account bob@hotmail.com:secret --disposable
  msnpspec shrink bug.yaml --target my-server.yaml --clause REM-4 --time 60 > small.yaml

Users go first, then steps, words and bytes; what fails for another reason is not kept. The result
is a scenario for `msnpspec run`. Ctrl-C ends the search with the smallest that was found.

Exit codes: 0 the scenario passes: there is nothing to shrink, and nothing is written; 1 it fails,
and the smallest part was written; 2 wrong usage or bad file; 3 could not run.")]
pub(crate) struct ShrinkArgs {
    /// A scenario file, or the name of a scenario of the built-in suite; of a matrix, the first
    /// row that fails
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,

    #[command(flatten)]
    pub(crate) server: TargetArgs,

    /// Write the result to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Keep the failure of this clause, where there are several; else the first
    #[arg(long, value_name = "CLAUSE")]
    pub(crate) clause: Option<ClauseId>,

    /// Which clauses can fail: each level includes the ones before it
    #[arg(long, default_value = "must", value_name = "LEVEL", value_parser = level_parser())]
    pub(crate) level: Level,

    /// The dialect in which it fails; without it the highest that the server speaks and that the
    /// scenario is for
    #[arg(long, value_name = "DIALECT", value_parser = dialect_parser())]
    pub(crate) dialect: Option<&'static Dialect>,

    /// Execute scenarios N times at most
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) executions: u32,

    /// Search for so long at most
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) time: Option<Duration>,

    /// Execute the result N times to see how reliably it fails
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) replays: u32,

    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}
