//! What the commands that only show something can be told.

use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use super::TargetArgs;

/// List scenarios, clauses, error codes, faults or personas, one a line, columns parted by tabs
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec list clauses | grep '^USR'
  msnpspec list scenarios | cut -f1
  msnpspec list codes
  msnpspec list faults | grep MSG")]
pub(crate) struct ListArgs {
    /// What to list
    pub(crate) what: Listed,

    /// Scenario files or folders; without any, the built-in suite
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// name, clauses, tags, description
    Scenarios,
    /// id, level, section, text
    Clauses,
    /// code, origin, name, cause
    Codes,
    /// name, clauses, description: what `serve --fault` can do wrong
    Faults,
    /// name, clauses, habits, description: the servers that `serve --persona` can be
    Personas,
    /// name, clauses: who judges every line
    Oracles,
    /// name, effect, description: what `fuzz` does to commands that were right
    Mutators,
}

/// Explain a clause, a group of clauses, an error code, or a word of the reports
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec explain USR-6        one clause: its text, level, section, and what tests it
  msnpspec explain USR          all clauses of a group
  msnpspec explain 217          an error code
  msnpspec explain blocked      a verdict, or a state of the ladder
  msnpspec explain XFR SB       a rung of the ladder
  msnpspec explain presence     an oracle")]
pub(crate) struct ExplainArgs {
    /// A clause (USR-6), a group (USR), an error code (911) or a word that a report uses (blocked)
    #[arg(required = true, value_name = "ID")]
    pub(crate) id: Vec<String>,
}

/// Show what stands behind each clause: scenarios, oracles, planted faults, lines of the server
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec coverage                     every clause, and the figures of each level
  msnpspec coverage USR-6 MSG           one clause and a group
  msnpspec coverage --format json | jq '.clauses[] | select(.oracles == [])'
  msnpspec coverage --check             in CI: does snapshots/coverage.txt still hold?
  msnpspec coverage --update            write it anew

A test counts for a clause only if a planted fault makes it fail and the failure names that clause.

Exit codes: 0 covered, 1 the file does not hold or a clause is not covered, 2 wrong usage or no
such file.")]
pub(crate) struct CoverageArgs {
    /// Only these clauses (USR-6) or groups (USR)
    #[arg(value_name = "ID", conflicts_with_all = ["check", "update"])]
    pub(crate) ids: Vec<String>,

    /// How to show it
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        conflicts_with_all = ["check", "update"]
    )]
    pub(crate) format: CoverageFormat,

    /// Compare with the committed file, and want each clause covered or untestable with a reason
    #[arg(long, conflicts_with = "update")]
    pub(crate) check: bool,

    /// Write the committed file
    #[arg(long)]
    pub(crate) update: bool,

    /// The committed file of --check and --update
    #[arg(long, value_name = "FILE", default_value = "snapshots/coverage.txt")]
    pub(crate) file: PathBuf,
}

/// How coverage is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// For people
    Human,
    /// One document
    Json,
}

/// Look at a server: dialects, accounts, addresses, delays, how far it has come, and what a run would
/// do to it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec doctor --target 127.0.0.1:1863
  msnpspec doctor --target 127.0.0.1:1863 --account alice@hotmail.com:secret-a \\
      --account bob@hotmail.com:secret-b --write my-server.yaml

Exit code: 0 the suite can be run, 2 wrong usage, 3 it cannot.")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) server: TargetArgs,

    /// Write a target file for this server; passwords stand in it as variables of the environment
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

/// Print the JSON Schema of scenario files, target files or results, for editors and scripts
#[derive(Debug, Args)]
#[command(after_help = "Example, with the YAML language server of most editors:
  msnpspec schema scenario > scenario.schema.json
  and in the first line of a scenario:
  # yaml-language-server: $schema=scenario.schema.json")]
pub(crate) struct SchemaArgs {
    /// Which files
    pub(crate) of: Schema,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schema {
    /// Scenario files
    Scenario,
    /// Target files
    Target,
    /// Results: what `run --format json` writes
    Result,
}

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  msnpspec completions bash > ~/.local/share/bash-completion/completions/msnpspec")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page, or write one for each command
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec man | man -l -
  msnpspec man --dir /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write msnpspec.1, msnpspec-run.1 … into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
