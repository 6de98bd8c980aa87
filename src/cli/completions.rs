//! `msnpspec completions`.

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::console::Console;
use super::exit::Exit;

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionsArgs, console: Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "msnpspec", &mut script);
    console.print(&String::from_utf8_lossy(&script))
}
