//! The scenarios that PATHs name, or the built-in suite; what is wrong with them is told here.

use std::path::PathBuf;

use msnpspec::scenario::ast::Scenario;
use msnpspec::scenario::{Library, LibraryError};

use super::console::Console;
use super::exit::Exit;
use super::snippet;

/// The scenarios of files and folders; without any path, the built-in suite.
pub(crate) fn load(paths: &[PathBuf], console: Console) -> Result<Vec<Scenario>, Exit> {
    let library = if paths.is_empty() {
        Library::builtin()
    } else {
        Library::from_paths(paths)
    };
    match library {
        Ok(library) => return Ok(library.into_scenarios()),
        Err(LibraryError::Scenarios(diagnostics)) => snippet::tell(&diagnostics, console),
        Err(error) => console.error(&error),
    }
    Err(Exit::Usage)
}
