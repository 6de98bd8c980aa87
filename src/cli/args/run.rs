//! What `msnpspec run` can be told.

use std::path::PathBuf;

use clap::Args;
use msnpspec::protocol::Level;
use msnpspec::report::Format;
use msnpspec::suite::{Choice, Shard};

use super::target::TargetArgs;
use crate::cli::values::ChoiceParser;
use crate::cli::values::format_parser;
use crate::cli::values::level_parser;

/// Replay scenarios against a server and say which clauses it breaks
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec run                                       the built-in suite against the built-in server
  msnpspec run --target my-server.yaml               against a server described in a file
  msnpspec run --target 127.0.0.1:1863 --account alice@hotmail.com:secret \\
               --account bob@hotmail.com:secret --disposable
  msnpspec run -f 'USR and not tag:hostile'          some scenarios only
  msnpspec run --level practice --strict             everything, by the letter
  msnpspec run --dialect all                         MSNP2 to MSNP9, a column for each
  msnpspec run --format junit --output report.xml    for CI; people still read the terminal
  msnpspec run my-scenario.yaml other-scenarios/     your own scenarios
  msnpspec run --suite 2026.12                       what is newer than this set fails nothing
  msnpspec run --target my-server.yaml --rerun-failed    what failed last time
  msnpspec run --target my-server.yaml --baseline monday.json    only what is new fails
  msnpspec run bug.txt --target my-server.yaml       a transcript as it is, or a capture

Exit codes: 0 nothing broken at the level, 1 something is, or a waiver no longer applies, 2 wrong usage
or bad file, 3 could not run, 4 nothing ran. What is flaky alone, waived, or not tested is 0 and never
told as \"conforms\"; --fail-flaky and --require-complete make 1 of it.")]
pub(crate) struct RunArgs {
    /// Scenario files or folders, transcripts, captures; without any, the built-in suite
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) server: TargetArgs,

    /// Only these scenarios: names, folders, clauses, tag:WORD, joined by and, or, not, ( )
    #[arg(short, long, value_name = "EXPR", help_heading = "Which scenarios")]
    pub(crate) filter: Option<String>,

    /// Only this part of them: 2/3 is the second third
    #[arg(long, value_name = "I/N", help_heading = "Which scenarios")]
    pub(crate) shard: Option<Shard>,

    /// Only what was not sound when it was last played: of a target file, as .msnpspec/ beside it
    /// remembers
    #[arg(long, help_heading = "Which scenarios")]
    pub(crate) rerun_failed: bool,

    /// List the scenarios that would run, one a line, and stop
    #[arg(long, help_heading = "Which scenarios")]
    pub(crate) list: bool,

    /// Check everything and say what would be done, but connect to nothing
    #[arg(long, help_heading = "Which scenarios")]
    pub(crate) dry_run: bool,

    /// Which clauses can fail the run: must, draft (and must), or practice (and both)
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "must",
        value_parser = level_parser(),
        help_heading = "Judging"
    )]
    pub(crate) level: Level,

    /// The dialect to test, or all, one after the other; without it the highest that the server
    /// and msnpspec both speak
    #[arg(
        long,
        value_name = "DIALECT",
        value_parser = ChoiceParser,
        help_heading = "Judging"
    )]
    pub(crate) dialect: Option<Choice>,

    /// Take variations that a clause accepts for failures
    #[arg(long, help_heading = "Judging")]
    pub(crate) strict: bool,

    /// Run what fails up to N times more; what then passes is flaky
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Judging")]
    pub(crate) retries: u32,

    /// Fail the run for flaky scenarios too
    #[arg(long, help_heading = "Judging")]
    pub(crate) fail_flaky: bool,

    /// Fail the run where clauses of the level were not tested that could be
    #[arg(long, help_heading = "Judging")]
    pub(crate) require_complete: bool,

    /// A frozen set, such as 2026.12: what is newer is run and told, and fails nothing
    #[arg(long, value_name = "NAME", help_heading = "Judging")]
    pub(crate) suite: Option<String>,

    /// Tell only what is new since RESULT, which `--format json` wrote; what it knows fails nothing
    #[arg(
        long,
        value_name = "RESULT.json",
        conflicts_with_all = ["fail_fast", "bless"],
        help_heading = "Judging"
    )]
    pub(crate) baseline: Option<PathBuf>,

    /// Play what failed, was flaky or inconclusive N times more, alone, and tell how often it fails
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Judging")]
    pub(crate) verify: u32,

    /// Write today's failures to FILE as waivers with empty reasons
    #[arg(long, value_name = "FILE", help_heading = "Judging")]
    pub(crate) bless: Option<PathBuf>,

    /// How many scenarios run at the same time
    #[arg(
        short,
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = "How"
    )]
    pub(crate) jobs: Option<u16>,

    /// Stop at the first failure
    #[arg(long, help_heading = "How")]
    pub(crate) fail_fast: bool,

    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "How")]
    pub(crate) seed: u64,

    /// Cut everything that is sent into segments of N bytes
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "How"
    )]
    pub(crate) chunk: Option<u32>,

    /// A report in this format, to standard output or to the --output that follows; repeatable
    #[arg(
        long = "format",
        value_name = "FORMAT",
        value_parser = format_parser(),
        help_heading = "Reports"
    )]
    pub(crate) formats: Vec<Format>,

    /// The file for the --format before it; repeatable
    #[arg(long = "output", value_name = "FILE", help_heading = "Reports")]
    pub(crate) outputs: Vec<PathBuf>,

    /// Tell everything on the terminal: each failure with its proof, each notice to its end
    #[arg(long, help_heading = "Reports")]
    pub(crate) full: bool,

    /// Write a page to FILE
    #[arg(long, value_name = "FILE.html", help_heading = "Reports")]
    pub(crate) report: Option<PathBuf>,

    /// Write what was on the wire in each scenario to DIR/NAME.txt, without passwords
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub(crate) transcripts: Option<PathBuf>,
}
