//! `msnpspec import`.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use msnpspec::fuzzer::{Reference, concise};
use msnpspec::scenario::{import as make, print};
use msnpspec::suite::accused;

use super::args::ImportArgs;
use super::check;
use super::console::Console;
use super::exit::Exit;

/// Makes a scenario of a transcript.
pub(crate) fn import(args: &ImportArgs, console: Console) -> Exit {
    let Some((_, reading)) = check::recording(&args.file, console) else {
        return Exit::Usage;
    };
    let name = super::files::shown(&args.file);
    let scenario = make(&reading.transcript, &name, &accused(&reading.transcript));
    if scenario.steps.is_empty() {
        console.error(&format!("{name}: nothing in it can be replayed: it has no login, and no referral to the switchboard that it \
             speaks with"));
        return Exit::Usage;
    }
    let yaml = match args.concise {
        true => {
            let reference = Reference::default();
            concise(&scenario, |scenario| reference.execute(scenario))
        }
        false => print(&scenario),
    };
    match &args.output {
        None => console.print(&yaml),
        Some(path) if path == Path::new("-") => console.print(&yaml),
        Some(path) => match write(path, &yaml, args.force) {
            Ok(()) => Exit::Success,
            Err(error) => {
                console.error(&format!("cannot write {}: {error}", path.display()));
                Exit::Usage
            }
        },
    }
}

fn write(path: &Path, yaml: &str, force: bool) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let opened = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            std::io::Error::new(error.kind(), "the file exists (--force writes over it)")
        }
        _ => error,
    });
    opened?.write_all(yaml.as_bytes())
}
