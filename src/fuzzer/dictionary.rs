//! The protocol's words, and values that servers are known to trip over.

use std::sync::LazyLock;

use crate::protocol::{Answer, Dialect, Param, RequestRow, ServerKind, Verb};

/// What is no verb: an error code, or a word of nobody.
const NO_VERBS: [&str; 4] = ["217", "911", "XXX", "HELLO"];

/// Verbs of clients and servers, and what is no verb.
pub static VERBS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let verbs = Verb::ALL.iter().map(|verb| verb.as_str());
    verbs.chain(NO_VERBS).collect()
});

/// Numbers at the edges.
const NUMBERS: [&str; 4] = ["0", "1", "4294967295", "-1"];

/// Parameters that mean something somewhere.
pub static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut words = Dialect::vocabulary();
    words.retain(|word| !NUMBERS.contains(word));
    words.extend(NUMBERS);
    words
});

/// Transaction identifiers at the edges: legal ones first.
pub const TRIDS: [&str; 8] = [
    "0",
    "1",
    "255",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
];

/// What is no transaction identifier.
pub const BAD_TRIDS: [&str; 10] = [
    "-1",
    "+1",
    "x",
    "1x",
    "0x10",
    "1.5",
    "4294967296",
    "99999999999999999999999",
    "%31",
    "''",
];

/// Friendly names, percent-encoded, that are legal.
pub const NAMES: [&str; 8] = [
    "Al",
    "Al%20Ice",
    "%41l",
    "a%2Fb",
    "%E2%98%83",
    "100%25",
    "A%0D%0AB",
    "x.y-z_~",
];

/// Names that decode to no text or to nothing.
pub const BAD_NAMES: [&str; 8] = [
    "%",
    "%4",
    "%zz",
    "%FF",
    "%00",
    "%C3",
    "%0D%0AOUT%0D%0A",
    "%ED%A0%80",
];

/// Handles that nobody can have.
pub const BAD_HANDLES: [&str; 9] = [
    "@",
    "@@",
    "a",
    "a@",
    "@hotmail.com",
    "a@b@hotmail.com",
    "a%40hotmail.com",
    "*",
    "..",
];

/// Payload lengths that are wrong, whatever follows.
pub const BAD_LENGTHS: [&str; 9] = [
    "-1",
    "x",
    "0x5",
    "1e3",
    "99999",
    "2147483648",
    "4294967295",
    "18446744073709551616",
    "+5",
];

/// Payloads of texts, and of nothing.
const TEXTS: [&str; 6] = [
    "",
    "x",
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nhello",
    "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: a\r\n\r\n\r\n",
    "\r\n\r\n",
    "h\u{e9}llo \u{2603}",
];

/// Payloads that a server must carry unread: texts, and each request of a switchboard, alone and
/// with the one that ends it behind it.
pub static PAYLOADS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let dialect = Dialect::first();
    let requests = || {
        let rows = dialect.requests();
        rows.filter(|row| row.message.kinds.contains(ServerKind::Switchboard))
    };
    let line = |row: RequestRow| {
        let sample = |param: Param| param.sample().to_owned();
        format!("{}\r\n", row.message.example("1", sample))
    };
    let end = requests().find(|row| row.answer == Answer::End).map(line);
    let end = end.unwrap_or_default();
    let twice = requests().map(|row| line(row) + &end);
    let lines = requests().map(line).chain(twice);
    let lines = lines.map(|text| &*text.leak());
    TEXTS.into_iter().chain(lines).collect()
});

/// The words as libFuzzer's `-dict` wants them: one a line, in quotes.
#[must_use]
pub fn as_text() -> String {
    let all = VERBS
        .iter()
        .copied()
        .chain(WORDS.iter().copied())
        .chain(TRIDS)
        .chain(BAD_TRIDS);
    let all = all.chain(NAMES).chain(BAD_NAMES).chain(BAD_LENGTHS);
    let mut lines: Vec<String> = all.map(|word| format!("\"{word}\"\n")).collect();
    lines.sort();
    lines.dedup();
    lines.concat()
}
