//! Faults of lines, words, payloads and segments.

use super::notes::Word;
use super::received::{Fate, Received};
use super::sent::Sent;
use crate::protocol::{Direction, Grammar, ServerKind, TridRule};

/// The commands in which somebody's name goes out.
const NAMED: [&str; 9] = [
    "NLN", "ILN", "LST", "ADD", "REA", "JOI", "IRO", "RNG", "MSG",
];

pub(super) fn line_feed_alone(sent: &mut Sent<'_>) {
    sent.ending = b"\n";
}

pub(super) fn lower_case(sent: &mut Sent<'_>) {
    if sent.is_any(&["CHG", "ADD", "REM"]) {
        let verb = sent.text(0).to_lowercase();
        sent.set(0, verb);
    }
}

pub(super) fn long_verb(sent: &mut Sent<'_>) {
    if sent.is_any(&["JOI", "NLN"]) {
        let verb = sent.text(0).to_owned() + "E";
        sent.set(0, verb);
    }
}

pub(super) fn raw_blanks(sent: &mut Sent<'_>) {
    sent.each(|word| replace(word, b"%20", b" "));
}

/// Undoes the encoding of bytes beyond ASCII.
pub(super) fn raw_letters(sent: &mut Sent<'_>) {
    sent.each(|word| decode(word, |byte| byte >= 0x80));
}

pub(super) fn raw_tabs(sent: &mut Sent<'_>) {
    sent.each(|word| decode(word, |byte| byte == b'\t'));
}

pub(super) fn line_breaks_in_names(sent: &mut Sent<'_>) {
    if sent.is_any(&NAMED) {
        sent.each(|word| decode(word, |byte| byte == b'\r' || byte == b'\n'));
    }
}

/// Takes UTF-8 for Latin-1.
pub(super) fn latin_1(sent: &mut Sent<'_>) {
    sent.each(|word| {
        let word = replace(word, b"%C3%A", b"%E");
        replace(&replace(&word, b"%C3%8", b"%C"), b"%C3%B", b"%F")
    });
}

pub(super) fn one_blank_only(received: &mut Received<'_>) {
    let line = received.line.trim_ascii();
    if line.windows(2).any(|pair| pair.trim_ascii().is_empty()) {
        received.fate = Fate::Close;
    }
}

pub(super) fn tab_is_no_blank(received: &mut Received<'_>) {
    if received.line.contains(&b'\t') {
        received.fate = Fate::Close;
    }
}

pub(super) fn no_trailing_blank(received: &mut Received<'_>) {
    if received.line.len() > received.line.trim_ascii_end().len() {
        received.fate = Fate::Close;
    }
}

pub(super) fn line_end_after_payload(sent: &mut Sent<'_>) {
    if sent.is("MSG") {
        sent.payload.extend_from_slice(b"\r\n");
    }
}

pub(super) fn length_in_letters(sent: &mut Sent<'_>) {
    if let (true, Ok(text)) = (sent.is("MSG"), std::str::from_utf8(&sent.payload)) {
        let count = text.chars().count().to_string();
        sent.set(3, count);
    }
}

pub(super) fn any_case(received: &mut Received<'_>) {
    let verb = received.text(0).to_uppercase();
    received.set(0, verb);
}

pub(super) fn two_blanks(sent: &mut Sent<'_>) {
    sent.separator = b"  ";
}

pub(super) fn trailing_blank(sent: &mut Sent<'_>) {
    sent.ending = b" \r\n";
}

/// Whether any server knows the command.
fn is_known(verb: &[u8]) -> bool {
    let kinds = [ServerKind::Notification, ServerKind::Switchboard];
    let directions = [Direction::ToServer, Direction::ToClient];
    kinds.into_iter().any(|kind| {
        let mut found = directions.into_iter();
        found.any(|direction| Grammar::new(kind, direction).find(verb).is_some())
    })
}

pub(super) fn unknown_command(received: &mut Received<'_>) {
    let verb = received.text(0);
    let is_verb = verb.len() == 3 && verb.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_verb && !is_known(verb.as_bytes()) {
        let line = format!("{verb} {} OK", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn encoded_command(received: &mut Received<'_>) {
    let verb = received.words.first().map(|verb| decode(verb, |_| true));
    received.set(0, verb.unwrap_or_default());
}

pub(super) fn foreign_command(received: &mut Received<'_>) {
    let board = ["CAL", "ANS"];
    let others = [
        "SYN", "LST", "GTC", "BLP", "CHG", "ADD", "REM", "XFR", "VER", "INF",
    ];
    match received.kind {
        ServerKind::Switchboard if received.is_any(&others) => received.echo(),
        ServerKind::Switchboard => {}
        _ if received.is_any(&board) => {
            let (verb, trid) = (received.text(0), received.text(1));
            let line = match verb {
                "CAL" => format!("CAL {trid} RINGING 17"),
                _ => format!("ANS {trid} OK"),
            };
            received.answer(&line);
        }
        _ => {}
    }
}

pub(super) fn server_command(received: &mut Received<'_>) {
    let server = [
        "NLN", "FLN", "ILN", "RNG", "JOI", "BYE", "IRO", "ACK", "NAK", "QNG",
    ];
    if received.is_any(&server) {
        received.echo();
    }
}

pub(super) fn extra_parameters(received: &mut Received<'_>) {
    let Some(verb) = received.words.first() else {
        return;
    };
    if let Some(row) = Grammar::new(received.kind, Direction::ToServer).find(verb) {
        let before = if row.trid == TridRule::Never { 1 } else { 2 };
        received
            .words
            .truncate(row.max_params.saturating_add(before));
    }
}

pub(super) fn missing_parameters(received: &mut Received<'_>) {
    match received.text(0) {
        "CHG" => received.fill(2, "NLN"),
        "GTC" => received.fill(2, "N"),
        "LST" => received.fill(2, "FL"),
        "BLP" => received.fill(2, "BL"),
        "SYN" => received.fill(2, "0"),
        "XFR" => received.fill(2, "SB"),
        "VER" => received.fill(2, "MSNP2"),
        "ADD" => {
            let handle = received.text(3).to_owned();
            received.fill(4, handle);
        }
        _ => {}
    }
}

pub(super) fn empty_line(received: &mut Received<'_>) {
    if received.words.is_empty() {
        received.get_stuck();
    }
}

pub(super) fn empty_line_closes_all(received: &mut Received<'_>) {
    if received.words.is_empty() {
        received.fate = Fate::CloseAll;
    }
}

pub(super) fn raw_bytes(received: &mut Received<'_>) {
    if received.line.iter().any(|byte| *byte >= 0x80) {
        received.get_stuck();
    }
}

/// Puts one text in another's place everywhere.
pub(super) fn replace(word: &[u8], what: &[u8], by: &[u8]) -> Word {
    let mut rest = word;
    let mut made = Word::new();
    while let Some(byte) = rest.first() {
        if let Some(after) = rest.strip_prefix(what) {
            made.extend_from_slice(by);
            rest = after;
        } else {
            made.push(*byte);
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    made
}

/// Decodes those of the encoded bytes that are wanted.
pub(super) fn decode(word: &[u8], is_wanted: impl Fn(u8) -> bool) -> Word {
    let mut rest = word;
    let mut made = Word::new();
    while let Some(byte) = rest.first() {
        let digits = rest.get(1..3).filter(|_| *byte == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (byte, length) = match decoded.filter(|byte| is_wanted(*byte)) {
            Some(decoded) => (decoded, 3),
            None => (*byte, 1),
        };
        made.push(byte);
        rest = rest.get(length..).unwrap_or_default();
    }
    made
}
