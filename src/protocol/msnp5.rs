//! MSNP5 (client 3.0): phone numbers (PRP for the own, BPR for those of contacts), pages (PAG), mailed
//! invitations (SDC) and notices (NOT). A notification server counts payloads from here on.

use std::sync::OnceLock;

use super::asked::{Answer, Effect, asked, told};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::{Handle, Is, Key, Length, Name, Serial, Value, Word};
use super::message::{Message, form, plain};
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
    Message::request(Verb::Prp, NS, &[plain(&[Key, Value]).optional(1)])
        .asked(asked(ClauseId::PRP_1, &[Rung::Syn]).changes(Effect::Properties)),
    // What it looks like is one clause's matter in a batch and another's outside.
    Message::response(Verb::Prp, NS, &[plain(&[Serial, Key, Value]).optional(1)])
        .to(&[Verb::Prp, Verb::Syn]),
    Message::response(
        Verb::Bpr,
        NS,
        &[plain(&[Serial, Handle, Key, Value]).optional(1)],
    )
    .without_trid()
    .told(told(&[ClauseId::BPR_1, ClauseId::BPR_2, ClauseId::BPR_3]).stray(ClauseId::BPR_5)),
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
    .with_payload()
    .asked(asked(ClauseId::SDC_1, &[Rung::Usr]).by(Answer::Ok)),
    Message::response(Verb::Sdc, NS, &[form(ClauseId::SDC_1, &[Is("OK")])]).to(&[Verb::Sdc]),
];
