//! MSNP6 (client 3.6): the server challenges the client (CHL, answered by QRY), a login says whether the
//! address is verified, and pages come as IPG.

use std::sync::OnceLock;

use super::clause::ClauseId;
use super::dialect::Dialect;
use super::message::Param::{Challenge, Handle, Is, Length, Name, OneOf, Scheme, Word};
use super::message::{Message, form, plain};
use super::msnp5::MSNP5;
use super::role::{DS_NS, NS};
use super::verb::Verb;

/// MSNP6: MSNP5 and what differs.
pub(super) static MSNP6: Dialect = Dialect {
    name: "MSNP6",
    number: 6,
    before: Some(&MSNP5),
    rows: ROWS,
    gone: &[],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[
    Message::response(
        Verb::Usr,
        DS_NS,
        &[
            form(ClauseId::USR_1, &[Is("MD5"), Is("S"), Challenge]).open(),
            // Clear text passwords need no challenge.
            form(ClauseId::USR_2, &[Is("CTP")]).open(),
            // The last: whether the address is verified. Known servers leave it out, or say more.
            form(
                ClauseId::USR_2,
                &[Is("OK"), Handle, Name, OneOf(&["0", "1"])],
            )
            .optional(1)
            .open(),
            form(ClauseId::USR_2, &[Scheme, Word("step"), Word("value")]).open(),
        ],
    )
    .to(&[Verb::Usr]),
    // A client may ask for a challenge.
    Message::request(Verb::Chl, NS, &[plain(&[])]),
    Message::response(
        Verb::Chl,
        NS,
        &[form(ClauseId::CHL_1, &[Word("challenge")])],
    )
    .or_unasked()
    .to(&[Verb::Chl])
    .obliges(Verb::Qry),
    Message::request(Verb::Qry, NS, &[plain(&[Word("product"), Length])]).with_payload(),
    Message::response(Verb::Qry, NS, &[form(ClauseId::CHL_2, &[])]).to(&[Verb::Qry]),
    Message::response(Verb::Ipg, NS, &[plain(&[Length])])
        .without_trid()
        .with_payload(),
];
