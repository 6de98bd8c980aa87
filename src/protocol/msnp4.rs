//! MSNP4 (client 2.1): CVR and SND name the code base of the client.

use std::sync::OnceLock;

use super::asked::asked;
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::Word;
use super::message::{Form, Message, form, plain};
use super::msnp3::MSNP3;
use super::role::{DS_NS, NS};
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

/// What a client says of its system: locale, operating system and version, processor, name and
/// version of the client, name of the code base.
const SYSTEM: Form = plain(&[
    Word("locale"),
    Word("system"),
    Word("version"),
    Word("processor"),
    Word("client"),
    Word("version"),
    Word("code base"),
])
.optional(1);

const ROWS: &[Message] = &[
    Message::request(Verb::Cvr, NS, &[SYSTEM]).asked(asked(ClauseId::CVER_1, &[Rung::Usr])),
    Message::response(
        Verb::Cvr,
        NS,
        &[form(
            ClauseId::CVER_1,
            &[
                Word("newest"),
                Word("newest"),
                Word("oldest"),
                Word("download"),
                Word("information"),
            ],
        )
        .optional(1)
        .open()],
    )
    .to(&[Verb::Cvr]),
    Message::request(Verb::Cvq, DS_NS, &[SYSTEM]),
    Message::request(
        Verb::Snd,
        NS,
        &[plain(&[
            Word("address"),
            Word("locale"),
            Word("library"),
            Word("code base"),
        ])
        .optional(3)],
    ),
];
