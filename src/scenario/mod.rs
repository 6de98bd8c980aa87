//! Scenarios: YAML to steps and back, with the place of everything, and the matching of lines.
//!
//! A scenario is data: it knows neither sockets nor time. Loading expands `use:` parts and the rows
//! of a `matrix:`, so that whoever runs a scenario meets plain steps.

pub mod ast;
mod lint;
mod parse;
mod tree;

pub use parse::{FileError, Files, NoFiles, load};
