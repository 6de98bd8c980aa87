//! Servers side by side, clause by clause: results of `run --format json`, read back.
//!
//! A result is a file of somebody's, and what a server said stands in it: nothing of it is markup.

mod field;
mod html;
mod markdown;
mod side;
mod text;

pub use field::{Change, Column, Field, Row};
pub use html::page;
pub use markdown::tables;
pub use side::{About, Cell, Side, read_sides};
pub use text::text;
