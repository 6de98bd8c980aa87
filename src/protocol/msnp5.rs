//! MSNP5 (client 3.0): pages (PAG), mailed invitations (SDC) and notices (NOT). A notification server
//! counts payloads from here on.

use std::sync::OnceLock;

use super::dialect::Dialect;
use super::message::Param::{Handle, Is, Length, Name, Word};
use super::message::{Message, plain};
use super::msnp4::MSNP4;
use super::role::NS;
use super::verb::Verb;

/// MSNP5: MSNP4 and what differs.
pub(super) static MSNP5: Dialect = Dialect {
    name: "MSNP5",
    number: 5,
    before: Some(&MSNP4),
    rows: ROWS,
    gone: &[],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[
    Message::response(Verb::Not, NS, &[plain(&[Length])])
        .without_trid()
        .with_payload(),
    Message::request(Verb::Pag, NS, &[plain(&[Handle, Length])]).with_payload(),
    Message::request(
        Verb::Sdc,
        NS,
        &[plain(&[
            Word("address"),
            Word("locale"),
            Word("library"),
            Word("code base"),
            Word("X"),
            Word("X"),
            Name,
            Length,
        ])],
    )
    .with_payload(),
    Message::response(Verb::Sdc, NS, &[plain(&[Is("OK")])]).to(&[Verb::Sdc]),
];
