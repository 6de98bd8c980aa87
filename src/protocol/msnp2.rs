//! MSNP2 as rows: the draft's sections 6 to 8; for CVR, REA, URL, SND, FND, PNG and QNG the
//! practice of the deployed service.

use std::sync::OnceLock;

use super::clause::ClauseId;
use super::dialect::Dialect;
use super::message::Param::{
    self, Address, Challenge, Cookie, Handle, Is, Item, Length, List, Mode, Name, OneOf, Privacy,
    Prompt, Response, Scheme, Sender, Serial, SessionId, State, Total, Word,
};
use super::message::{Form, Message, form, plain};
use super::role::{ALL, DS_NS, Kinds, NS, SB};
use super::verb::Verb;

/// The dialect of the draft.
pub static MSNP2: Dialect = Dialect {
    name: "MSNP2",
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

const ROWS: &[Message] = &[
    // login (7.1 to 7.3)
    Message::request(Verb::Ver, DS_NS, &[plain(&[Param::Dialect]).open()]),
    Message::response(
        Verb::Ver,
        DS_NS,
        &[form(ClauseId::VER_1, &[Param::Dialect]).open()],
    )
    .to(&[Verb::Ver]),
    Message::request(Verb::Inf, DS_NS, &[plain(&[])]),
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
            form(ClauseId::SBX_1, &[Is("SB"), Address, Is("CKI"), Cookie]).open(),
            form(ClauseId::XFR_1, &[Is("NS"), Address])
                .shape(ClauseId::XFR_4)
                .open(),
        ],
    )
    .or_unasked()
    .to(&[Verb::Xfr, Verb::Usr]),
    // lists and settings (7.4 to 7.8)
    Message::request(Verb::Syn, NS, &[plain(&[Serial])]),
    Message::response(Verb::Syn, NS, &[form(ClauseId::SYN_1, &[Serial])]).to(&[Verb::Syn]),
    Message::request(Verb::Lst, NS, &[plain(&[List])]),
    Message::response(
        Verb::Lst,
        NS,
        &[form(ClauseId::LST_1, &[List, Serial, Item, Total, Handle, Name]).optional(2)],
    )
    .to(&[Verb::Lst, Verb::Syn]),
    Message::request(Verb::Gtc, NS, &[plain(&[Prompt])]),
    Message::response(Verb::Gtc, NS, &[form(ClauseId::GTC_1, &[Serial, Prompt])])
        .to(&[Verb::Gtc, Verb::Syn]),
    Message::request(Verb::Blp, NS, &[plain(&[Privacy])]),
    Message::response(Verb::Blp, NS, &[form(ClauseId::BLP_1, &[Serial, Privacy])])
        .to(&[Verb::Blp, Verb::Syn]),
    Message::request(Verb::Add, NS, &[plain(&[List, Handle, Name])]),
    Message::response(
        Verb::Add,
        NS,
        &[form(ClauseId::ADD_1, &[List, Serial, Handle, Name]).unasked(ClauseId::ADD_10)],
    )
    .or_unasked()
    .to(&[Verb::Add]),
    Message::request(Verb::Rem, NS, &[plain(&[List, Handle])]),
    Message::response(
        Verb::Rem,
        NS,
        &[form(ClauseId::REM_1, &[List, Serial, Handle]).unasked(ClauseId::REM_7)],
    )
    .or_unasked()
    .to(&[Verb::Rem]),
    Message::request(Verb::Rea, NS, &[plain(&[Handle, Name])]),
    Message::response(
        Verb::Rea,
        NS,
        &[form(ClauseId::REA_1, &[Serial, Handle, Name])],
    )
    .to(&[Verb::Rea]),
    // presence (7.7, 7.9)
    Message::request(Verb::Chg, NS, &[plain(&[State])]),
    Message::response(Verb::Chg, NS, &[form(ClauseId::CHG_1, &[State])])
        .or_unasked()
        .to(&[Verb::Chg]),
    Message::response(
        Verb::Iln,
        NS,
        &[form(ClauseId::PRES_1, &[State, Handle, Name]).shape(ClauseId::PRES_4)],
    )
    .to(&[Verb::Chg, Verb::Add]),
    Message::response(
        Verb::Nln,
        NS,
        &[form(ClauseId::PRES_6, &[State, Handle, Name]).shape(ClauseId::PRES_4)],
    )
    .without_trid(),
    Message::response(Verb::Fln, NS, &[form(ClauseId::PRES_7, &[Handle])]).without_trid(),
    // to a switchboard and into it (8)
    Message::request(Verb::Xfr, NS, &[plain(&[Is("SB")]), plain(&[Word("kind")])]),
    Message::response(
        Verb::Rng,
        NS,
        &[form(
            ClauseId::RNG_1,
            &[SessionId, Address, Is("CKI"), Cookie, Handle, Name],
        )],
    )
    .without_trid(),
    Message::request(Verb::Usr, SB, &[plain(&[Handle, Cookie])]),
    Message::response(
        Verb::Usr,
        SB,
        &[form(ClauseId::SBU_1, &[Is("OK"), Handle, Name])],
    )
    .to(&[Verb::Usr]),
    Message::request(Verb::Cal, SB, &[plain(&[Handle])]),
    Message::response(
        Verb::Cal,
        SB,
        &[form(ClauseId::CAL_1, &[Is("RINGING"), SessionId])],
    )
    .to(&[Verb::Cal]),
    Message::request(Verb::Ans, SB, &[plain(&[Handle, Cookie, SessionId])]),
    Message::response(Verb::Ans, SB, &[form(ClauseId::ANS_1, &[Is("OK")])]).to(&[Verb::Ans]),
    Message::response(
        Verb::Iro,
        SB,
        &[form(ClauseId::ANS_2, &[Item, Total, Handle, Name])],
    )
    .to(&[Verb::Ans]),
    Message::response(Verb::Joi, SB, &[form(ClauseId::JOI_1, &[Handle, Name])]).without_trid(),
    Message::response(
        Verb::Bye,
        SB,
        &[form(ClauseId::BYE_1, &[Handle, Word("1")]).optional(1)],
    )
    .without_trid(),
    // messages (8.5), and those that a notification server sends itself (7.11)
    Message::request(Verb::Msg, SB, &[plain(&[Mode, Length])]).with_payload(),
    Message::response(
        Verb::Msg,
        Kinds {
            notification: true,
            ..SB
        },
        &[form(ClauseId::MSG_1, &[Sender, Name, Length]).shape(ClauseId::MSG_2)],
    )
    .without_trid()
    .with_payload(),
    Message::response(Verb::Ack, SB, &[plain(&[])]).to(&[Verb::Msg]),
    Message::response(Verb::Nak, SB, &[plain(&[])]).to(&[Verb::Msg]),
    // the end (7.10)
    Message::request(Verb::Out, ALL, &[plain(&[])]).without_trid(),
    Message::response(
        Verb::Out,
        ALL,
        &[form(ClauseId::OUT_1, &[OneOf(&["OTH", "SSD"])])
            .shape(ClauseId::OUT_5)
            .optional(1)],
    )
    .without_trid(),
    // what the draft leaves out
    Message::request(Verb::Cvr, NS, &[SYSTEM]),
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
    ),
    Message::response(
        Verb::Url,
        NS,
        &[form(ClauseId::URL_1, &[Word("address"), Word("login")]).open()],
    )
    .to(&[Verb::Url]),
    Message::request(Verb::Png, NS, &[plain(&[])]).without_trid(),
    Message::response(
        Verb::Qng,
        NS,
        &[form(ClauseId::PNG_1, &[Word("seconds")]).optional(1)],
    )
    .without_trid()
    .to(&[Verb::Png]),
];

#[cfg(test)]
mod tests {
    use crate::protocol::{Direction, Grammar, PayloadForm, ServerKind, TridRule};
    use crate::wire::words;

    /// Lines as the draft shows them, with other names and numbers: they hold the rows to it.
    const LINES: &[&str] = &[
        "ns C VER 1 MSNP2 MSNP3 CVR0",
        "ns S VER 1 MSNP2",
        "ns C INF 2",
        "ns S INF 2 MD5",
        "ns C USR 3 MD5 I alice@hotmail.com",
        "ns S USR 3 MD5 S 989048851.1851137130",
        "ns C USR 4 MD5 S 23e54a439a6a17d15025f4c6cbd0f6b5",
        "ns S USR 4 OK alice@hotmail.com Alice%20A",
        "ds S XFR 3 NS 10.0.0.1:1863",
        "ns C SYN 5 0",
        "ns S SYN 5 11",
        "ns S GTC 5 11 A",
        "ns S BLP 5 11 AL",
        "ns S LST 5 FL 11 1 2 bob@hotmail.com Bob",
        "ns S LST 5 BL 11 0 0",
        "ns C LST 6 RL",
        "ns C GTC 7 N",
        "ns C BLP 8 BL",
        "ns C ADD 9 FL carol@passport.com Carol",
        "ns S ADD 9 FL 12 carol@passport.com Carol",
        "ns S ADD 0 RL 13 dave@hotmail.com Dave",
        "ns C REM 10 AL bob@hotmail.com",
        "ns S REM 10 AL 14 bob@hotmail.com",
        "ns C CHG 11 NLN",
        "ns S CHG 11 NLN",
        "ns S ILN 11 BSY bob@hotmail.com Bob",
        "ns S NLN IDL bob@hotmail.com Bob",
        "ns S FLN bob@hotmail.com",
        "ns C XFR 12 SB",
        "ns S XFR 12 SB 10.0.0.2:1864 CKI 17262740.1050826919.32308",
        "ns S RNG 11752013 10.0.0.2:1864 CKI 849102291.520491113 alice@hotmail.com Alice",
        "sb C USR 1 alice@hotmail.com 17262740.1050826919.32308",
        "sb S USR 1 OK alice@hotmail.com Alice",
        "sb C CAL 2 bob@hotmail.com",
        "sb S CAL 2 RINGING 11752013",
        "sb C ANS 1 bob@hotmail.com 849102291.520491113 11752013",
        "sb S IRO 1 1 1 alice@hotmail.com Alice",
        "sb S ANS 1 OK",
        "sb S JOI bob@hotmail.com Bob",
        "sb C MSG 3 U 133",
        "sb S MSG alice@hotmail.com Alice 133",
        "sb S ACK 3",
        "sb S NAK 3",
        "sb S BYE bob@hotmail.com",
        "sb S BYE bob@hotmail.com 1",
        "sb C OUT",
        "ns S OUT OTH",
        "ns S OUT SSD",
    ];

    #[test]
    fn lines_of_the_draft_are_of_their_rows() {
        for text in LINES {
            let all: Vec<&str> = text.split(' ').collect();
            let kind = match all[0] {
                "ds" => ServerKind::Dispatch,
                "ns" => ServerKind::Notification,
                _ => ServerKind::Switchboard,
            };
            let direction = match all[1] {
                "C" => Direction::ToServer,
                _ => Direction::ToClient,
            };
            let line = all[2..].join(" ");
            let grammar = Grammar::new(kind, direction);
            let row = grammar.find(all[2].as_bytes()).expect(text);
            let params = words(line.as_bytes()).skip(row.first_param());
            let params: Vec<&[u8]> = params.collect();
            let form = row.form(params.iter().copied()).expect(text);
            assert!(form.fits(params.iter().copied()), "{text}: {form:?}");
            let is_number = all.get(3).is_some_and(|word| word.parse::<u32>().is_ok());
            let bears_trid = is_number && all[2] != "RNG";
            assert_eq!(row.trid != TridRule::Never, bears_trid, "{text}");
            assert_eq!(
                row.payload == PayloadForm::LengthLast,
                all[2] == "MSG",
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_out_of_form_does_not_fit() {
        for (line, place) in [
            ("ADD 9 FL 12 carol", "a handle"),
            ("LST 5 FL x 1 2 bob@hotmail.com Bob", "a number"),
            ("XFR 12 SB 10.0.0.2:x CKI 1", "a port"),
            ("CHG 11", "a state"),
        ] {
            let grammar = Grammar::new(ServerKind::Notification, Direction::ToClient);
            let line: Vec<&[u8]> = words(line.as_bytes()).collect();
            let row = grammar.find(line[0]).expect(place);
            let params = || line.iter().copied().skip(2);
            let form = row.form(params()).expect(place);
            assert!(!form.fits(params()), "{place}");
        }
    }
}
