//! MSNP7 (client 4.5): the referral names the server that refers.

use std::sync::OnceLock;

use super::clause::ClauseId;
use super::dialect::Dialect;
use super::message::Param::{Address, Cookie, Is, Word};
use super::message::{Message, form};
use super::msnp6::MSNP6;
use super::role::DS_NS;
use super::verb::Verb;

/// MSNP7: MSNP6 and what differs.
pub(super) static MSNP7: Dialect = Dialect {
    name: "MSNP7",
    number: 7,
    before: Some(&MSNP6),
    rows: ROWS,
    gone: &[],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[Message::response(
    Verb::Xfr,
    DS_NS,
    &[
        form(ClauseId::SBX_1, &[Is("SB"), Address, Is("CKI"), Cookie]).open(),
        // Then 0, and the address of the server that refers; servers of today leave them out.
        form(ClauseId::XFR_1, &[Is("NS"), Address, Word("0"), Address])
            .shape(ClauseId::XFR_4)
            .optional(2)
            .open(),
    ],
)
.or_unasked()
.to(&[Verb::Xfr, Verb::Usr])];
