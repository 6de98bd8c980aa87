//! The options that name a server under test.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::values::seconds;

/// The server under test.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// The server: `builtin`, HOST:PORT, or a target file
    #[arg(
        long,
        env = "MSNPSPEC_TARGET",
        default_value = "builtin",
        value_name = "TARGET"
    )]
    pub(crate) target: String,

    /// An account of a HOST:PORT target, for the harness alone; repeat it. `${NAME}` is taken from
    /// the environment (in single quotes: else `ps` shows the password to everybody)
    #[arg(long = "account", value_name = "HANDLE:PASSWORD[:NAME]")]
    pub(crate) accounts: Vec<String>,

    /// Accounts of a HOST:PORT target from a file, one HANDLE:PASSWORD[:NAME] a line
    #[arg(long, value_name = "FILE")]
    pub(crate) account_file: Option<PathBuf>,

    /// The accounts' lists may be emptied
    #[arg(long)]
    pub(crate) disposable: bool,

    /// The target may be on another machine
    #[arg(long)]
    pub(crate) remote: bool,

    /// How long to wait for a reply
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,

    /// Keep all that a launched server writes in FILE, without passwords
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}
