//! MSNP3 (client 2.0): the referral has a third value, IMS turns invitations off, and URL and SND say
//! more. The forms are those of original clients and of servers made against them.

use std::sync::OnceLock;

use super::asked::{Effect, asked};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::{Address, Is, OneOf, Word};
use super::message::{Message, form, plain};
use super::msnp2::{MSNP2, TO_SWITCHBOARD};
use super::role::{DS_NS, NS};
use super::verb::Verb;

/// MSNP3: MSNP2 and what differs.
pub(super) static MSNP3: Dialect = Dialect {
    name: "MSNP3",
    number: 3,
    before: Some(&MSNP2),
    rows: ROWS,
    gone: &[],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[
    Message::response(
        Verb::Xfr,
        DS_NS,
        &[
            TO_SWITCHBOARD,
            // The third value is 0; servers of today leave it out.
            form(ClauseId::REFER_1, &[Is("NS"), Address, Word("0")])
                .shape(ClauseId::XFR_4)
                .optional(1)
                .open(),
        ],
    )
    .or_unasked()
    .to(&[Verb::Xfr, Verb::Usr]),
    Message::request(Verb::Ims, NS, &[plain(&[OneOf(&["ON", "OFF"])])])
        .asked(asked(ClauseId::IMS_1, &[Rung::Usr]).changes(Effect::Presence)),
    // The number is always 0: it is no serial number.
    Message::response(
        Verb::Ims,
        NS,
        &[form(ClauseId::IMS_1, &[Is("0"), Word("value")])],
    )
    .to(&[Verb::Ims]),
    Message::request(
        Verb::Url,
        NS,
        &[plain(&[Word("page"), Word("value")]).optional(1)],
    )
    .asked(asked(ClauseId::LINK_1, &[Rung::Usr])),
    Message::response(
        Verb::Url,
        NS,
        &[form(
            ClauseId::LINK_1,
            &[Word("address"), Word("login"), Word("site")],
        )
        .optional(1)
        .open()],
    )
    .to(&[Verb::Url]),
    Message::request(
        Verb::Snd,
        NS,
        &[plain(&[Word("address"), Word("locale"), Word("library")]).optional(2)],
    ),
    Message::response(Verb::Snd, NS, &[form(ClauseId::INVM_1, &[Is("OK")])]).to(&[Verb::Snd]),
];
