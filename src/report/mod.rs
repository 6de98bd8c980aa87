//! Reports: the one ordered stream of events as text for people, scripts and CI services.
//!
//! A reporter sees [`Event`]s and a writer, and nothing else: no server, no clock, no terminal.
//! What a server sent is hostile here as well: every format writes it in a form that can neither
//! steer a terminal nor leave the place that the format gave it.

mod again;
pub mod compare;
mod conclusion;
pub mod coverage;
mod dialects;
mod digest;
pub mod explain;
mod fold;
mod format;
mod github;
mod html;
mod human;
mod json;
mod jsonl;
mod junit;
pub mod list;
mod markdown;
mod merge;
mod palette;
mod rows;
mod schema;
mod tap;
mod text;
mod title;
mod wire;
pub mod words;
mod xml;

use std::io;

pub use conclusion::{reasons, sentence};
pub use format::Format;
pub use github::Github;
pub use html::Html;
pub use human::{Human, Judged};
pub use json::Json;
pub use jsonl::Jsonl;
pub use junit::Junit;
pub use markdown::Markdown;
pub use merge::{MergeError, Part, merge, read_result};
pub use palette::Palette;
pub use schema::result_schema;
pub use tap::Tap;
pub use text::{printable, seconds};

use crate::event::Event;

/// Writes what happens in one format.
///
/// Events come in order; [`Event::Finished`] is the last. A format that is one document writes it
/// then.
pub trait Reporter {
    /// Takes the next event and writes what there is to write.
    ///
    /// # Errors
    ///
    /// What the writer says.
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()>;
}
