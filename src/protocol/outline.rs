//! MSNP11 to MSNP21 in outline: enough to read their lines with what follows them, and to tell them
//! from the dialects before. What the lines mean is not said here, and nobody judges it.

use std::sync::OnceLock;

use super::dialect::Dialect;
use super::message::Param::{ClientId, Handle, Is, Item, Length, Name, Object, State, Total, Word};
use super::message::{Form, Message, Param, PayloadForm, plain};
use super::msnp10::MSNP10;
use super::role::{NS, SB};
use super::verb::Verb;

macro_rules! outlines {
    ($($name:ident $number:literal;)*) => {
        $(static $name: Dialect = Dialect {
            name: stringify!($name),
            number: $number,
            before: Some(&MSNP10),
            rows: ROWS,
            gone: &[],
            table: OnceLock::new(),
        };)*

        /// The dialects that are known in outline alone, oldest first.
        pub(super) static OUTLINES: &[&Dialect] = &[$(&$name),*];
    };
}

outlines! {
    MSNP11 11;
    MSNP12 12;
    MSNP13 13;
    MSNP14 14;
    MSNP15 15;
    MSNP16 16;
    MSNP17 17;
    MSNP18 18;
    MSNP19 19;
    MSNP20 20;
    MSNP21 21;
}

impl Message {
    /// Its last parameter is the length of a payload, where it is a number.
    const fn with_payload_or_none(mut self) -> Self {
        self.payload = PayloadForm::LengthIfNumber;
        self
    }
}

/// Where a contact's account is: 1 for this service, 32 for another. From MSNP14 on.
const NETWORK: Param = Param::Bits;

/// A handle behind its network: `1:alice@example.com`. From MSNP18 on.
const AT: Param = Param::Tagged("1:", &Handle);
/// What is told of a contact; the abilities may be two sums.
const PRESENCE: &[Form] = &[
    plain(&[State, AT, Name, Word("abilities"), Object]).optional(1),
    plain(&[State, Handle, NETWORK, Name, Word("abilities"), Object]).optional(1),
];

/// What is new since MSNP10. Of a line that has a payload in one answer and none in another
/// (`ADL 7 OK`, `ADL 0 62`) the last word says so by being a number.
const ROWS: &[Message] = &[
    // after login: settings of the service, and a line that nobody knows the meaning of
    Message::response(Verb::Sbs, NS, &[plain(&[Word("0"), Word("null")]).open()]).without_trid(),
    Message::request(Verb::Gcf, NS, &[plain(&[Word("file")])]),
    Message::response(
        Verb::Gcf,
        NS,
        &[plain(&[Word("file"), Length]), plain(&[Length])],
    )
    .or_unasked()
    .with_payload(),
    // status texts, and whatever else a user shows
    Message::request(Verb::Uux, NS, &[plain(&[Length])]).with_payload(),
    Message::response(Verb::Uux, NS, &[plain(&[Word("0")]).optional(1)]).to(&[Verb::Uux]),
    Message::response(
        Verb::Ubx,
        NS,
        &[plain(&[Handle, NETWORK, Length]), plain(&[Handle, Length])],
    )
    .without_trid()
    .with_payload(),
    // lists
    Message::request(Verb::Adl, NS, &[plain(&[Length])]).with_payload(),
    Message::response(Verb::Adl, NS, &[plain(&[Word("OK")])])
        .or_unasked()
        .to(&[Verb::Adl])
        .with_payload_or_none(),
    Message::request(Verb::Rml, NS, &[plain(&[Length])]).with_payload(),
    Message::response(Verb::Rml, NS, &[plain(&[Word("OK")])])
        .or_unasked()
        .to(&[Verb::Rml])
        .with_payload_or_none(),
    Message::request(Verb::Fqy, NS, &[plain(&[Length])]).with_payload(),
    Message::response(Verb::Fqy, NS, &[plain(&[Length])])
        .or_unasked()
        .to(&[Verb::Fqy])
        .with_payload_or_none(),
    // from user to user, through the notification server
    Message::request(Verb::Uun, NS, &[plain(&[Handle, Word("type"), Length])]).with_payload(),
    Message::response(Verb::Uun, NS, &[plain(&[Word("OK")])]).to(&[Verb::Uun]),
    Message::response(Verb::Ubn, NS, &[plain(&[Handle, Word("type"), Length])])
        .without_trid()
        .with_payload(),
    Message::request(
        Verb::Uum,
        NS,
        &[plain(&[Handle, NETWORK, Word("type"), Length])],
    )
    .with_payload(),
    Message::response(Verb::Uum, NS, &[plain(&[Word("OK")])]).to(&[Verb::Uum]),
    Message::response(
        Verb::Ubm,
        NS,
        &[plain(&[Handle, NETWORK, Word("type"), Length]).open()],
    )
    .without_trid()
    .with_payload(),
    // circles, and in MSNP21 nearly everything
    Message::request(Verb::Put, NS, &[plain(&[Length])]).with_payload_or_none(),
    Message::response(Verb::Put, NS, &[plain(&[Word("OK"), Length]).optional(1)])
        .or_unasked()
        .to(&[Verb::Put])
        .with_payload_or_none(),
    Message::request(Verb::Del, NS, &[plain(&[Length])]).with_payload_or_none(),
    Message::response(Verb::Del, NS, &[plain(&[Word("OK"), Length]).optional(1)])
        .or_unasked()
        .to(&[Verb::Del])
        .with_payload_or_none(),
    Message::request(Verb::Sdg, NS, &[plain(&[Length])]).with_payload_or_none(),
    Message::response(Verb::Sdg, NS, &[plain(&[Word("OK"), Length]).optional(1)])
        .or_unasked()
        .to(&[Verb::Sdg])
        .with_payload_or_none(),
    Message::response(Verb::Nfy, NS, &[plain(&[Word("what"), Length])])
        .without_trid()
        .with_payload(),
    Message::response(Verb::Rfs, NS, &[plain(&[]).open()]).without_trid(),
    // presence: from MSNP14 on with the network, behind the handle or before it
    Message::response(Verb::Iln, NS, PRESENCE).to(&[Verb::Chg]),
    Message::response(Verb::Nln, NS, PRESENCE).without_trid(),
    Message::response(
        Verb::Fln,
        NS,
        &[plain(&[AT]).open(), plain(&[Handle, NETWORK]).open()],
    )
    .without_trid(),
    // login, and the way to another server
    Message::request(
        Verb::Usr,
        NS,
        &[
            plain(&[Is("SSO"), Is("I"), Handle]),
            plain(&[Is("SSO"), Is("S"), Param::Response]).open(),
            plain(&[Is("TWN"), Is("I"), Handle]),
            plain(&[Is("TWN"), Is("S"), Param::Response]).open(),
            plain(&[Is("SHA"), Is("A"), Param::Response]).open(),
        ],
    ),
    // who is in a session: from MSNP12 on with what the client can do
    Message::response(
        Verb::Iro,
        SB,
        &[plain(&[Item, Total, Handle, Name, ClientId]).open()],
    )
    .to(&[Verb::Ans]),
    Message::response(Verb::Joi, SB, &[plain(&[Handle, Name, ClientId]).open()]).without_trid(),
    // gone since MSNP9, and read where nobody knows the dialect
    Message::request(Verb::Pag, NS, &[plain(&[Word("to"), Length]).optional(1)]).with_payload(),
    Message::response(Verb::Not, NS, &[plain(&[Length])])
        .without_trid()
        .with_payload(),
];
