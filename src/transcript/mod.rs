//! What was seen: the one record that scenarios, judges and reports share.
//!
//! All connections of a run stand together, in one order. Bytes are kept as they came; passwords
//! leave this room only through a [`Redactor`].

pub mod capture;
mod escape;
mod excerpt;
pub mod log;
mod masks;
mod observed;
mod proof;
pub mod read;
mod record;
mod redact;
mod text;

pub use escape::escape;
pub use masks::is_redacted;
pub use observed::Observed;
pub use proof::{Told, proof_of_end};
pub use record::{ConnId, ConnName, Connection, Entry, Mark, Party, Transcript, What};
pub use redact::{RESPONSE, Redactor, TICKET, is_masked};
