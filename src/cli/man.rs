//! `msnpspec man`.

use clap::CommandFactory;

use super::args::{Cli, ManArgs};
use super::console::Console;
use super::exit::Exit;

/// Prints the manual page, or writes those of all commands into a folder.
pub(crate) fn man(args: &ManArgs, console: Console) -> Exit {
    let Some(folder) = &args.dir else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
        rendered.expect("a vector takes all");
        return console.print(&String::from_utf8_lossy(&page));
    };
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    match written {
        Ok(()) => Exit::Success,
        Err(error) => {
            console.error(&format!("cannot write to {}: {error}", folder.display()));
            Exit::NotRun
        }
    }
}
