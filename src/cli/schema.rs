//! `msnpspec schema`: JSON Schema for editors, which complete keys and underline slips with it.
//!
//! The schemas say what the readers of the files take, and a little less: what needs the whole file
//! (captures, users) is told when the file is read.

use msnpspec::scenario;

use super::args::{Schema, SchemaArgs};
use super::console::Console;
use super::exit::Exit;

/// Prints a schema.
pub(crate) fn schema(args: &SchemaArgs, console: Console) -> Exit {
    let schema = match args.of {
        Schema::Scenario => scenario::schema(),
        Schema::Target => msnpspec::target::target_schema(),
        Schema::Result => msnpspec::report::result_schema(),
    };
    console.print(&format!("{schema:#}\n"))
}
