//! MSNP2 as rows: the draft's sections 6 to 8; for CVR, REA, URL, SND, FND, PNG and QNG the
//! practice of the deployed service.

use std::sync::OnceLock;

use super::asked::{Answer, Effect, asked, told};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Param::{
    self, Address, Challenge, Cookie, Handle, Is, Item, Length, List, Mode, Name, OneOf, Privacy,
    Prompt, Response, Scheme, Sender, Serial, SessionId, State, Total, Word,
};
use super::message::{Form, Message, form, plain};
use super::role::{ALL, DS_NS, NS, SB};
use super::verb::Verb;

/// The dialect of the draft.
pub static MSNP2: Dialect = Dialect {
    name: "MSNP2",
    number: 2,
    before: None,
    rows: ROWS,
    gone: &[],
    table: OnceLock::new(),
};

/// What a client says of its system: locale, operating system and version, processor, name and
/// version of the client.
const SYSTEM: Form = plain(&[
    Word("locale"),
    Word("system"),
    Word("version"),
    Word("processor"),
    Word("client"),
    Word("version"),
]);

/// A message, as others get it.
const SPOKEN: Form = form(ClauseId::MSG_1, &[Sender, Name, Length]).shape(ClauseId::MSG_2);

/// A referral to a switchboard, which is the same in all dialects.
pub(super) const TO_SWITCHBOARD: Form =
    form(ClauseId::SBX_1, &[Is("SB"), Address, Is("CKI"), Cookie]).open();

const ROWS: &[Message] = &[
    // login (7.1 to 7.3)
    Message::request(Verb::Ver, DS_NS, &[plain(&[Param::Dialect]).open()])
        .asked(asked(ClauseId::VER_1, &[Rung::Connect]).on(Rung::Ver)),
    Message::response(
        Verb::Ver,
        DS_NS,
        &[form(ClauseId::VER_1, &[Param::Dialect]).open()],
    )
    .to(&[Verb::Ver]),
    Message::request(Verb::Inf, DS_NS, &[plain(&[])])
        .asked(asked(ClauseId::INF_1, &[Rung::Ver]).on(Rung::Inf)),
    Message::response(Verb::Inf, DS_NS, &[form(ClauseId::INF_1, &[Scheme]).open()])
        .to(&[Verb::Inf]),
    Message::request(
        Verb::Usr,
        DS_NS,
        &[
            plain(&[Is("MD5"), Is("I"), Handle]),
            plain(&[Is("MD5"), Is("S"), Response]),
            plain(&[Scheme, Word("step"), Word("value")]),
        ],
    )
    .asked(
        asked(ClauseId::USR_1, &[Rung::Inf])
            .result(ClauseId::USR_2)
            .on(Rung::Usr)
            .changes(Effect::Presence),
    ),
    Message::response(
        Verb::Usr,
        DS_NS,
        &[
            form(ClauseId::USR_1, &[Is("MD5"), Is("S"), Challenge]).open(),
            // Clear text passwords need no challenge.
            form(ClauseId::USR_2, &[Is("CTP")]).open(),
            form(ClauseId::USR_2, &[Is("OK"), Handle, Name]),
            form(ClauseId::USR_2, &[Scheme, Word("step"), Word("value")]).open(),
        ],
    )
    .to(&[Verb::Usr]),
    Message::response(
        Verb::Xfr,
        DS_NS,
        &[
            TO_SWITCHBOARD,
            form(ClauseId::XFR_1, &[Is("NS"), Address])
                .shape(ClauseId::XFR_4)
                .open(),
        ],
    )
    .or_unasked()
    .to(&[Verb::Xfr, Verb::Usr]),
    // lists and settings (7.4 to 7.8)
    Message::request(Verb::Syn, NS, &[plain(&[Serial])]).asked(
        asked(ClauseId::SYN_1, &[Rung::Usr])
            .result(ClauseId::SYN_3)
            .also(ClauseId::SYN_10)
            .on(Rung::Syn),
    ),
    Message::response(Verb::Syn, NS, &[form(ClauseId::SYN_1, &[Serial])]).to(&[Verb::Syn]),
    Message::request(Verb::Lst, NS, &[plain(&[List])])
        .asked(asked(ClauseId::LST_1, &[Rung::Syn]).in_part(ClauseId::LST_4)),
    Message::response(
        Verb::Lst,
        NS,
        &[form(ClauseId::LST_1, &[List, Serial, Item, Total, Handle, Name]).optional(2)],
    )
    .to(&[Verb::Lst, Verb::Syn])
    .told(told(&[
        ClauseId::SYN_3,
        ClauseId::SYN_5,
        ClauseId::LST_1,
        ClauseId::LST_3,
    ])),
    Message::request(Verb::Gtc, NS, &[plain(&[Prompt])]).asked(
        asked(ClauseId::GTC_1, &[Rung::Syn])
            .on(Rung::Settings)
            .changes(Effect::Prompt),
    ),
    Message::response(Verb::Gtc, NS, &[form(ClauseId::GTC_1, &[Serial, Prompt])])
        .to(&[Verb::Gtc, Verb::Syn]),
    Message::request(Verb::Blp, NS, &[plain(&[Privacy])]).asked(
        asked(ClauseId::BLP_1, &[Rung::Syn])
            .on(Rung::Settings)
            .changes(Effect::Privacy),
    ),
    Message::response(Verb::Blp, NS, &[form(ClauseId::BLP_1, &[Serial, Privacy])])
        .to(&[Verb::Blp, Verb::Syn]),
    Message::request(Verb::Add, NS, &[plain(&[List, Handle, Name])]).asked(
        asked(ClauseId::ADD_1, &[Rung::Syn])
            .on(Rung::Lists)
            .changes(Effect::Adds),
    ),
    Message::response(
        Verb::Add,
        NS,
        &[form(ClauseId::ADD_1, &[List, Serial, Handle, Name]).unasked(ClauseId::ADD_10)],
    )
    .or_unasked()
    .to(&[Verb::Add])
    .told(told(&[ClauseId::ADD_10])),
    Message::request(Verb::Rem, NS, &[plain(&[List, Handle])]).asked(
        asked(ClauseId::REM_1, &[Rung::Syn])
            .on(Rung::Lists)
            .changes(Effect::Removes),
    ),
    Message::response(
        Verb::Rem,
        NS,
        &[form(ClauseId::REM_1, &[List, Serial, Handle]).unasked(ClauseId::REM_7)],
    )
    .or_unasked()
    .to(&[Verb::Rem])
    .told(told(&[ClauseId::REM_7])),
    Message::request(Verb::Rea, NS, &[plain(&[Handle, Name])])
        .asked(asked(ClauseId::REA_1, &[Rung::Usr]).changes(Effect::Name)),
    Message::response(
        Verb::Rea,
        NS,
        &[form(ClauseId::REA_1, &[Serial, Handle, Name])],
    )
    .to(&[Verb::Rea]),
    // presence (7.7, 7.9)
    Message::request(Verb::Chg, NS, &[plain(&[State])]).asked(
        asked(ClauseId::CHG_1, &[Rung::Usr])
            .on(Rung::Chg)
            .changes(Effect::Presence),
    ),
    Message::response(Verb::Chg, NS, &[form(ClauseId::CHG_1, &[State])])
        .or_unasked()
        .to(&[Verb::Chg]),
    Message::response(
        Verb::Iln,
        NS,
        &[form(ClauseId::PRES_1, &[State, Handle, Name]).shape(ClauseId::PRES_4)],
    )
    .to(&[Verb::Chg, Verb::Add])
    .told(
        told(&[ClauseId::PRES_1, ClauseId::PRES_3])
            .on(Rung::Presence, &[Rung::Lists, Rung::Chg])
            .stray(ClauseId::PRES_2),
    ),
    Message::response(
        Verb::Nln,
        NS,
        &[form(ClauseId::PRES_6, &[State, Handle, Name]).shape(ClauseId::PRES_4)],
    )
    .without_trid()
    .told(told(&[ClauseId::PRES_6, ClauseId::CHG_3]).on(Rung::Presence, &[Rung::Lists, Rung::Chg])),
    Message::response(Verb::Fln, NS, &[form(ClauseId::PRES_7, &[Handle])])
        .without_trid()
        .told(
            told(&[ClauseId::PRES_7, ClauseId::CHG_4])
                .on(Rung::Presence, &[Rung::Lists, Rung::Chg])
                .farewell()
                .stray(ClauseId::PRES_12),
        ),
    // to a switchboard and into it (8)
    Message::request(Verb::Xfr, NS, &[plain(&[Is("SB")]), plain(&[Word("kind")])])
        .asked(asked(ClauseId::SBX_1, &[Rung::Chg]).on(Rung::Xfr)),
    Message::response(
        Verb::Rng,
        NS,
        &[form(
            ClauseId::RNG_1,
            &[SessionId, Address, Is("CKI"), Cookie, Handle, Name],
        )],
    )
    .without_trid()
    .told(
        told(&[ClauseId::RNG_1])
            .on(Rung::Cal, &[])
            .stray(ClauseId::RNG_3),
    ),
    Message::request(Verb::Usr, SB, &[plain(&[Handle, Cookie])]).asked(
        asked(ClauseId::SBU_1, &[Rung::Xfr])
            .on(Rung::SbUsr)
            .by(Answer::Ok)
            .changes(Effect::Presence)
            .follows(&[Verb::Xfr]),
    ),
    Message::response(
        Verb::Usr,
        SB,
        &[form(ClauseId::SBU_1, &[Is("OK"), Handle, Name])],
    )
    .to(&[Verb::Usr]),
    Message::request(Verb::Cal, SB, &[plain(&[Handle])]).asked(
        asked(ClauseId::CAL_1, &[Rung::SbUsr])
            .on(Rung::Cal)
            .changes(Effect::Presence)
            .follows(&[Verb::Xfr]),
    ),
    Message::response(
        Verb::Cal,
        SB,
        &[form(ClauseId::CAL_1, &[Is("RINGING"), SessionId])],
    )
    .to(&[Verb::Cal]),
    Message::request(Verb::Ans, SB, &[plain(&[Handle, Cookie, SessionId])]).asked(
        asked(ClauseId::ANS_1, &[Rung::Cal])
            .on(Rung::Ans)
            .by(Answer::Ok)
            .changes(Effect::Presence)
            .follows(&[Verb::Rng]),
    ),
    Message::response(Verb::Ans, SB, &[form(ClauseId::ANS_1, &[Is("OK")])]).to(&[Verb::Ans]),
    Message::response(
        Verb::Iro,
        SB,
        &[form(ClauseId::ANS_2, &[Item, Total, Handle, Name])],
    )
    .to(&[Verb::Ans])
    .told(told(&[ClauseId::ANS_2]).on(Rung::Ans, &[])),
    Message::response(Verb::Joi, SB, &[form(ClauseId::JOI_1, &[Handle, Name])])
        .without_trid()
        .told(told(&[ClauseId::JOI_1]).on(Rung::Ans, &[])),
    Message::response(
        Verb::Bye,
        SB,
        &[form(ClauseId::BYE_1, &[Handle, Word("1")]).optional(1)],
    )
    .without_trid()
    .told(told(&[ClauseId::BYE_1]).on(Rung::Ans, &[]).farewell()),
    // messages (8.5), and those that a notification server sends itself (7.11)
    Message::request(Verb::Msg, SB, &[plain(&[Mode, Length])])
        .with_payload()
        .asked(
            asked(ClauseId::MSG_1, &[Rung::Ans])
                .on(Rung::Msg)
                .by(Answer::Nothing)
                .follows(&[Verb::Rng, Verb::Iro, Verb::Joi]),
        ),
    Message::response(Verb::Msg, SB, &[SPOKEN])
        .without_trid()
        .with_payload()
        .told(told(&[ClauseId::MSG_1]).on(Rung::Msg, &[])),
    Message::response(Verb::Msg, NS, &[SPOKEN])
        .without_trid()
        .with_payload(),
    Message::response(Verb::Ack, SB, &[plain(&[])]).to(&[Verb::Msg]),
    Message::response(Verb::Nak, SB, &[plain(&[])]).to(&[Verb::Msg]),
    // the end (7.10)
    Message::request(Verb::Out, DS_NS, &[plain(&[])])
        .without_trid()
        .asked(
            asked(ClauseId::OUT_1, &[Rung::Usr])
                .on(Rung::Out)
                .by(Answer::End)
                .changes(Effect::Presence),
        ),
    Message::request(Verb::Out, SB, &[plain(&[])])
        .without_trid()
        .asked(
            asked(ClauseId::BYE_3, &[Rung::SbUsr])
                .result(ClauseId::BYE_1)
                .on(Rung::Out)
                .by(Answer::End)
                .changes(Effect::Presence),
        ),
    Message::response(
        Verb::Out,
        ALL,
        &[form(ClauseId::OUT_1, &[OneOf(&["OTH", "SSD"])])
            .shape(ClauseId::OUT_5)
            .optional(1)],
    )
    .without_trid()
    .told(told(&[]).stray(ClauseId::OUT_3)),
    // what the draft leaves out
    Message::request(Verb::Cvr, NS, &[SYSTEM]).asked(asked(ClauseId::CVR_1, &[Rung::Usr])),
    Message::response(
        Verb::Cvr,
        NS,
        &[form(
            ClauseId::CVR_1,
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
    Message::response(
        Verb::Cvq,
        DS_NS,
        &[plain(&[
            Word("newest"),
            Word("newest"),
            Word("oldest"),
            Word("download"),
            Word("information"),
        ])],
    )
    .to(&[Verb::Cvq]),
    Message::request(
        Verb::Fnd,
        NS,
        &[plain(&[
            Word("fname"),
            Word("lname"),
            Word("city"),
            Word("state"),
            Word("country"),
        ])],
    ),
    Message::response(
        Verb::Fnd,
        NS,
        &[form(
            ClauseId::FND_1,
            &[
                Item,
                Total,
                Word("fname"),
                Word("lname"),
                Word("city"),
                Word("state"),
                Word("country"),
            ],
        )
        .optional(5)
        .open()],
    )
    .to(&[Verb::Fnd]),
    Message::request(Verb::Snd, NS, &[plain(&[Handle])]),
    Message::response(Verb::Snd, NS, &[form(ClauseId::SND_1, &[Is("OK")])]).to(&[Verb::Snd]),
    Message::request(
        Verb::Url,
        NS,
        &[plain(&[Word("page"), Word("value")]).optional(1)],
    )
    .asked(asked(ClauseId::URL_1, &[Rung::Usr])),
    Message::response(
        Verb::Url,
        NS,
        &[form(ClauseId::URL_1, &[Word("address"), Word("login")]).open()],
    )
    .to(&[Verb::Url]),
    Message::request(Verb::Png, NS, &[plain(&[])])
        .without_trid()
        .asked(asked(ClauseId::PNG_1, &[Rung::Usr]).by(Answer::Line(Verb::Qng))),
    Message::response(
        Verb::Qng,
        NS,
        &[form(ClauseId::PNG_1, &[Word("seconds")]).optional(1)],
    )
    .without_trid()
    .to(&[Verb::Png]),
];
