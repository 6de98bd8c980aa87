//! MSNP9 (client 6.0): objects such as pictures (CHG, ILN, NLN), data in messages, and how long a client
//! may be silent (QNG). Lists are no more asked for.

use std::sync::OnceLock;

use super::asked::{Answer, asked};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::{ClientId, DataMode, Handle, Length, Name, Object, State, Word};
use super::message::{Message, form, plain};
use super::msnp8::MSNP8;
use super::role::{Direction, NS, SB};
use super::verb::Verb;

/// MSNP9: MSNP8 and what differs.
pub(super) static MSNP9: Dialect = Dialect {
    name: "MSNP9",
    number: 9,
    before: Some(&MSNP8),
    rows: ROWS,
    gone: &[
        (Verb::Lst, Direction::ToServer),
        (Verb::Lsg, Direction::ToServer),
        (Verb::Pag, Direction::ToServer),
    ],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[
    Message::request(
        Verb::Chg,
        NS,
        &[plain(&[State, ClientId, Object]).optional(1)],
    ),
    Message::response(
        Verb::Chg,
        NS,
        &[form(ClauseId::CAPS_1, &[State, ClientId, Object]).optional(1)],
    )
    .or_unasked()
    .to(&[Verb::Chg]),
    Message::response(
        Verb::Iln,
        NS,
        &[
            form(ClauseId::PRES_1, &[State, Handle, Name, ClientId, Object])
                .shape(ClauseId::CAPS_2)
                .optional(1),
        ],
    )
    .to(&[Verb::Chg, Verb::Add]),
    Message::response(
        Verb::Nln,
        NS,
        &[
            form(ClauseId::PRES_6, &[State, Handle, Name, ClientId, Object])
                .shape(ClauseId::CAPS_2)
                .optional(1),
        ],
    )
    .without_trid(),
    Message::request(Verb::Pgd, NS, &[plain(&[Handle, Word("device"), Length])]).with_payload(),
    Message::request(Verb::Msg, SB, &[plain(&[DataMode, Length])]).with_payload(),
    Message::request(Verb::Png, NS, &[plain(&[])])
        .without_trid()
        .asked(asked(ClauseId::QNG_2, &[Rung::Usr]).by(Answer::Line(Verb::Qng))),
    Message::response(Verb::Qng, NS, &[form(ClauseId::QNG_2, &[Word("seconds")])])
        .without_trid()
        .to(&[Verb::Png]),
];
