//! Scenarios: YAML to steps and back, with the place of everything, and the matching of lines.
//!
//! A scenario is data: it knows neither sockets nor time. Loading expands `use:` parts and the rows
//! of a `matrix:`, so that runners meet plain steps.

pub mod ast;
mod dialects;
mod eval;
mod import;
mod library;
mod lint;
mod maker;
mod matcher;
mod parse;
mod print;
mod render;
mod schema;
mod source_form;
pub(crate) mod tree;
mod trids;
mod values;

#[cfg(test)]
pub(crate) mod test_support;

pub use eval::{Mark, Prepared, Scope};
pub use import::{Accused, import, import_from};
pub use library::{Embedded, Library, LibraryError};
pub use lint::check as lint;
pub use matcher::{Mismatch, Wanted};
pub use parse::{Composer, FileError, Files, NoFiles, load};
pub use print::print;
pub use schema::schema;
pub use values::{EvalError, Identity, filler};
