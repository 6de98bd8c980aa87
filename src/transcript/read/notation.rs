//! One line of a raw transcript: who says what, on which connection, and when.

use std::sync::LazyLock;
use std::time::Duration;

use regex_lite::Regex;

use crate::transcript::Party;

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement<'t> {
    pub(super) at: Option<Stamp>,
    /// `alice@sb`, where the line names it.
    pub(super) name: Option<&'t str>,
    pub(super) party: Party,
    /// What is said, without white space at its ends.
    pub(super) text: &'t str,
}

/// A time stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// The time of day.
    Clock(Duration),
    /// Since the recording began.
    Elapsed(Duration),
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line<'t> {
    Blank,
    Comment,
    /// `--`: the next connection.
    Next,
    /// `..`: more of the line before.
    More(&'t str),
    Says(Statement<'t>),
    Other,
}

static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\A[\[(]?(?:\d{4}-\d\d-\d\d[T ])?(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:Z|[+-]\d\d:?\d\d)?[\])]?[ \t]+",
    )
});
static SECONDS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\A[\[(]?\+?(\d{1,9})[.,](\d{1,9})s?[\])]?:?[ \t]+"));
static SIDE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\A(?:([^\s:<>#]+(?:#\d+)?)[ \t]+)?(?:(C|c|[Cc]lient|CLIENT)|S|s|[Ss]erver|SERVER)(?:[ \t]*(?:-+>|=>|\u{2192})[ \t]*(?:[CScs]|[Cc]lient|[Ss]erver))?[ \t]*:(?:[ \t]|\z)",
    )
});
static ARROW: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\A(?:([^\s:<>#-][^\s:<>#]*)[ \t]+)?(?:(>{2,3}|-{1,2}>|=>|\u{2192})|(<{2,3}|<-{1,2}|<=|\u{2190})|(>)[ \t]|(<)[ \t])[ \t]*",
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant, and a test uses it")
}

/// Reads one line.
pub(super) fn line(text: &str) -> Line<'_> {
    let text = text.trim_matches([' ', '\t', '\r']);
    if text.is_empty() {
        return Line::Blank;
    }
    if text.starts_with('#') {
        return Line::Comment;
    }
    if text.len() >= 2 && text.bytes().all(|byte| byte == b'-') {
        return Line::Next;
    }
    if let Some(more) = text.strip_prefix("..") {
        return Line::More(more.strip_prefix([' ', '\t']).unwrap_or(more));
    }
    let (at, rest) = stamp(text);
    match says(rest) {
        Some((name, party, text)) => Line::Says(Statement {
            at,
            name,
            party,
            text: text.trim_matches([' ', '\t']),
        }),
        None => Line::Other,
    }
}

fn says(text: &str) -> Option<(Option<&str>, Party, &str)> {
    if let Some(found) = SIDE.captures(text) {
        let party = match found.get(2) {
            Some(_) => Party::Client,
            None => Party::Server,
        };
        let rest = text.get(found.get(0)?.end()..)?;
        return Some((found.get(1).map(|name| name.as_str()), party, rest));
    }
    let found = ARROW.captures(text)?;
    let party = match found.get(2).or_else(|| found.get(4)) {
        Some(_) => Party::Client,
        None => Party::Server,
    };
    let rest = text.get(found.get(0)?.end()..)?;
    Some((found.get(1).map(|name| name.as_str()), party, rest))
}

/// A time stamp in front, and what follows it.
fn stamp(text: &str) -> (Option<Stamp>, &str) {
    let rest = |end: usize| text.get(end..).unwrap_or_default();
    if let Some(found) = CLOCK.captures(text) {
        let part = |n: usize| found.get(n).map_or("0", |it| it.as_str());
        let number = |n: usize| part(n).parse::<u64>().unwrap_or_default();
        let seconds = (number(1) * 60 + number(2)) * 60 + number(3);
        let at = Duration::from_secs(seconds) + fraction(part(4));
        return (
            Some(Stamp::Clock(at)),
            rest(found.get(0).map_or(0, |all| all.end())),
        );
    }
    if let Some(found) = SECONDS.captures(text) {
        let part = |n: usize| found.get(n).map_or("0", |it| it.as_str());
        let at = Duration::from_secs(part(1).parse().unwrap_or_default()) + fraction(part(2));
        return (
            Some(Stamp::Elapsed(at)),
            rest(found.get(0).map_or(0, |all| all.end())),
        );
    }
    (None, text)
}

/// The digits behind a decimal point, at most nine.
fn fraction(digits: &str) -> Duration {
    let nanos = format!("{digits:0<9}").parse().unwrap_or_default();
    Duration::from_nanos(nanos)
}

/// Takes escapes back: `\r`, `\n`, `\t`, `\\` and `\xHH`. What is no escape stays as it is.
pub(in crate::transcript) fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let (byte, used) = match (first, tail) {
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'\\', ..]) => (b'\\', 2),
            (b'\\', [b'x', high, low, ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, 4),
                _ => (b'\\', 1),
            },
            _ => (*first, 1),
        };
        out.push(byte);
        rest = rest.get(used..).unwrap_or_default();
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> (Option<&str>, Party, &str) {
        match line(text) {
            Line::Says(it) => (it.name, it.party, it.text),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_notation_is_understood() {
        let (client, server) = (Party::Client, Party::Server);
        for (text, name, party) in [
            ("C: VER 1", None, client),
            ("   S: VER 1", None, server),
            ("S->C: VER 1", None, server),
            ("C -> S: VER 1", None, client),
            ("Client: VER 1", None, client),
            ("server: VER 1", None, server),
            (">>> VER 1", None, client),
            ("<<< VER 1", None, server),
            (">>>VER 1", None, client),
            ("> VER 1", None, client),
            ("< VER 1", None, server),
            ("-> VER 1", None, client),
            ("<- VER 1", None, server),
            ("<-- VER 1", None, server),
            ("\u{2192} VER 1", None, client),
            ("alice C: VER 1", Some("alice"), client),
            ("alice@sb S: VER 1", Some("alice@sb"), server),
            ("alice@sb#2 S: VER 1", Some("alice@sb#2"), server),
            ("alice > VER 1", Some("alice"), client),
            ("12:00:01 C: VER 1", None, client),
            ("[12:00:01.5] alice <<< VER 1", Some("alice"), server),
            ("2001-02-03T12:00:01Z bob C: VER 1", Some("bob"), client),
            ("0.250 bob C: VER 1", Some("bob"), client),
        ] {
            assert_eq!(said(text), (name, party, "VER 1"), "{text}");
        }
        assert_eq!(said("S:"), (None, server, ""));
    }

    #[test]
    fn what_says_nothing_is_known() {
        for (text, expected) in [
            ("", Line::Blank),
            (" \t", Line::Blank),
            ("# C: VER 1", Line::Comment),
            ("---", Line::Next),
            ("..  more", Line::More(" more")),
            ("VER 1 MSNP2", Line::Other),
            ("Then the server says: no", Line::Other),
            ("C drive", Line::Other),
        ] {
            assert_eq!(line(text), expected, "{text}");
        }
    }

    #[test]
    fn stamps_are_times() {
        let at = |text| match line(text) {
            Line::Says(it) => it.at.map(|at| match at {
                Stamp::Clock(at) | Stamp::Elapsed(at) => at.as_millis(),
            }),
            _ => None,
        };
        assert_eq!(at("1.250 C: A"), Some(1250));
        assert_eq!(at("[00:01:02,003] C: A"), Some(62_003));
        assert_eq!(at("C: A"), None);
    }

    #[test]
    fn escapes_are_taken_back_and_nothing_else() {
        assert_eq!(unescape(r"a\r\n\t\\\xff\q\x4"), b"a\r\n\t\\\xff\\q\\x4");
    }
}
