//! The program `msnpspec`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
