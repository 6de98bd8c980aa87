//! MSNP4 (client 2.1): SND names the code base of the client.

use std::sync::OnceLock;

use super::dialect::Dialect;
use super::message::Param::Word;
use super::message::{Message, plain};
use super::msnp3::MSNP3;
use super::role::NS;
use super::verb::Verb;

/// MSNP4: MSNP3 and what differs.
pub(super) static MSNP4: Dialect = Dialect {
    name: "MSNP4",
    number: 4,
    before: Some(&MSNP3),
    rows: ROWS,
    gone: &[],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[Message::request(
    Verb::Snd,
    NS,
    &[plain(&[
        Word("address"),
        Word("locale"),
        Word("library"),
        Word("code base"),
    ])
    .optional(3)],
)];
