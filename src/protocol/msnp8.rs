//! MSNP8 (client 5.0): a ticket of the login server in the place of a password (TWN), CVR before it, a
//! batch whose lines have neither TrID nor number and that says how long it is, one line for each
//! contact, and what a client can do (CHG, ILN, NLN).

use std::sync::OnceLock;

use super::asked::{Effect, asked};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::{
    Bits, Challenge, ClientId, Flag, Group, Groups, Handle, Is, Item, Key, List, Name, Privacy,
    Prompt, Response, Scheme, Serial, State, Total, Value, Word,
};
use super::message::{Message, form, plain};
use super::msnp7::MSNP7;
use super::role::{DS_NS, Direction, NS};
use super::verb::Verb;

/// MSNP8: MSNP7 and what differs.
pub(super) static MSNP8: Dialect = Dialect {
    name: "MSNP8",
    number: 8,
    before: Some(&MSNP7),
    rows: ROWS,
    gone: &[
        (Verb::Inf, Direction::ToServer),
        (Verb::Inf, Direction::ToClient),
    ],
    table: OnceLock::new(),
};

const ROWS: &[Message] = &[
    Message::request(
        Verb::Cvr,
        DS_NS,
        &[plain(&[
            Word("locale"),
            Word("system"),
            Word("version"),
            Word("processor"),
            Word("client"),
            Word("version"),
            Word("code base"),
            Handle,
        ])],
    )
    .asked(asked(ClauseId::CVER_2, &[Rung::Ver])),
    Message::response(
        Verb::Cvr,
        DS_NS,
        &[form(
            ClauseId::CVER_2,
            &[
                Word("newest"),
                Word("newest"),
                Word("oldest"),
                Word("download"),
                Word("information"),
            ],
        )
        .open()],
    )
    .to(&[Verb::Cvr]),
    Message::request(
        Verb::Usr,
        DS_NS,
        &[
            plain(&[Is("TWN"), Is("I"), Handle]),
            plain(&[Is("TWN"), Is("S"), Response]),
            plain(&[Scheme, Word("step"), Word("value")]),
        ],
    )
    .asked(
        asked(ClauseId::TWN_1, &[Rung::Ver])
            .result(ClauseId::TWN_2)
            .on(Rung::Usr)
            .changes(Effect::Presence),
    ),
    Message::response(
        Verb::Usr,
        DS_NS,
        &[
            form(ClauseId::TWN_1, &[Is("TWN"), Is("S"), Challenge]),
            form(
                ClauseId::TWN_2,
                &[Is("OK"), Handle, Name, Flag("verified"), Flag("kid")],
            ),
            form(ClauseId::TWN_2, &[Scheme, Word("step"), Word("value")]).open(),
        ],
    )
    .to(&[Verb::Usr]),
    // The counts are left out where the client's number is that of the server (BATCH-2).
    Message::request(Verb::Syn, NS, &[plain(&[Serial])]).asked(
        asked(ClauseId::BATCH_1, &[Rung::Usr])
            .result(ClauseId::BATCH_4)
            .on(Rung::Syn),
    ),
    Message::response(
        Verb::Syn,
        NS,
        &[form(ClauseId::BATCH_1, &[Serial, Total, Total]).optional(2)],
    )
    .to(&[Verb::Syn]),
    // outside the batch
    Message::response(Verb::Gtc, NS, &[form(ClauseId::GTC_1, &[Serial, Prompt])]).to(&[Verb::Gtc]),
    Message::response(Verb::Blp, NS, &[form(ClauseId::BLP_1, &[Serial, Privacy])]).to(&[Verb::Blp]),
    Message::response(Verb::Prp, NS, &[plain(&[Serial, Key, Value]).optional(1)]).to(&[Verb::Prp]),
    Message::response(
        Verb::Lsg,
        NS,
        &[form(
            ClauseId::LSG_1,
            &[Serial, Item, Total, Group, Word("name"), Word("0")],
        )
        .optional(3)],
    )
    .to(&[Verb::Lsg]),
    Message::response(
        Verb::Lst,
        NS,
        &[form(
            ClauseId::LREQ_1,
            &[List, Serial, Item, Total, Handle, Name, Groups],
        )
        .optional(3)],
    )
    .to(&[Verb::Lst]),
    // in the batch
    Message::response(Verb::Gtc, NS, &[form(ClauseId::BATCH_3, &[Prompt])]).bare(),
    Message::response(Verb::Blp, NS, &[form(ClauseId::BATCH_3, &[Privacy])]).bare(),
    Message::response(
        Verb::Prp,
        NS,
        &[form(ClauseId::BATCH_3, &[Key, Value]).optional(1)],
    )
    .bare(),
    Message::response(
        Verb::Lsg,
        NS,
        &[form(ClauseId::BATCH_3, &[Group, Word("name"), Word("0")])],
    )
    .bare(),
    Message::response(
        Verb::Lst,
        NS,
        &[form(ClauseId::BATCH_6, &[Handle, Name, Bits, Groups]).optional(1)],
    )
    .bare(),
    Message::response(
        Verb::Bpr,
        NS,
        &[form(ClauseId::BATCH_3, &[Key, Value]).optional(1)],
    )
    .bare(),
    // presence
    Message::request(Verb::Chg, NS, &[plain(&[State, ClientId])]).asked(
        asked(ClauseId::CAPS_1, &[Rung::Usr])
            .on(Rung::Chg)
            .changes(Effect::Presence),
    ),
    Message::response(Verb::Chg, NS, &[form(ClauseId::CAPS_1, &[State, ClientId])])
        .or_unasked()
        .to(&[Verb::Chg]),
    Message::response(
        Verb::Iln,
        NS,
        &[form(ClauseId::PRES_1, &[State, Handle, Name, ClientId]).shape(ClauseId::CAPS_2)],
    )
    .to(&[Verb::Chg, Verb::Add]),
    Message::response(
        Verb::Nln,
        NS,
        &[form(ClauseId::PRES_6, &[State, Handle, Name, ClientId]).shape(ClauseId::CAPS_2)],
    )
    .without_trid(),
];
