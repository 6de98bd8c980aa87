//! Bytes to frames and back, without I/O.
//!
//! Knows lines, words and payloads; knows no command. The caller hands the decoder a rule that
//! says which lines announce a payload, so one codec serves every dialect, both
//! directions, and garbage.

mod decoder;
mod frame;

pub use decoder::{DecodeError, Decoder, Limits, PayloadRule};
pub use frame::{Frame, Terminator, UNKNOWN, Words, for_each_word, words};
