//! How much a text that stands somewhere looks like a line of the protocol, and whose it is: for
//! readers of logs, who know neither the dialect nor who speaks.

use super::dialects::DIALECTS;
use super::message::{Form, Message, Param, PayloadForm, TridRule};
use super::role::Direction;
use super::verb::Verb;

/// Verbs of dialects that are not known row by row: they are recognised, and nothing is known of
/// their words.
const LATER: &[&str] = &[
    "ADC", "ADL", "FQY", "GCF", "LKP", "NFY", "PUT", "RML", "SBP", "SBS", "SDG", "SDC", "UBM",
    "UBN", "UBX", "UUM", "UUN", "UUX", "DEL", "NOT", "CHL", "QRY", "UBT", "UUT",
];

/// Those of them, and of the others, that may end in the length of a payload in some dialect.
const CARRIERS: &[&str] = &[
    "ADL", "FQY", "GCF", "MSG", "NFY", "NOT", "PAG", "PUT", "RML", "SDG", "UBM", "UBN", "UBX",
    "UUM", "UUN", "UUX", "DEL", "QRY", "IPG", "UBT", "UUT",
];

/// How well a line fits what each of the two may say, in some dialect. Zero: not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Likeness {
    /// As a line of a client.
    pub client: u8,
    /// As a line of a server.
    pub server: u8,
    /// It is of a verb that either may say, of which no words are known.
    pub is_later: bool,
}

impl Likeness {
    /// Of this line, in words.
    #[must_use]
    pub fn of(words: &[&[u8]]) -> Self {
        Self {
            client: best(Direction::ToServer, words),
            server: best(Direction::ToClient, words),
            is_later: words.first().is_some_and(|verb| is_later(verb)),
        }
    }

    /// Whether it may be a line at all.
    #[must_use]
    pub fn is_some(self) -> bool {
        self.client > 0 || self.server > 0 || self.is_later
    }

    /// Who says it, where only one of the two does; what clients say is told apart from what servers
    /// say by words that have a form of their own.
    #[must_use]
    pub fn speaker(self) -> Option<Direction> {
        match self.client.cmp(&self.server) {
            std::cmp::Ordering::Greater => Some(Direction::ToServer),
            std::cmp::Ordering::Less => Some(Direction::ToClient),
            std::cmp::Ordering::Equal => None,
        }
    }
}

/// Whether a word is a verb or a code, of whatever dialect.
#[must_use]
pub fn is_verb(word: &[u8]) -> bool {
    Verb::parse(word) != Verb::Other || is_later(word)
}

fn is_later(word: &[u8]) -> bool {
    LATER.iter().any(|verb| verb.as_bytes() == word)
}

/// The length of the payload that a line announces in some dialect, whoever says it.
#[must_use]
pub fn payload_in_any(direction: Direction, words: &[&[u8]]) -> Option<u64> {
    let (verb, last) = (words.first()?, words.last()?);
    if words.len() < 2 || !CARRIERS.iter().any(|own| own.as_bytes() == *verb) {
        return None;
    }
    let own = Verb::parse(verb);
    let mut rows = DIALECTS
        .iter()
        .flat_map(|dialect| dialect.rows_of(own))
        .filter(|row| row.direction == direction)
        .peekable();
    if rows.peek().is_some() && !is_later(verb) {
        rows.find(|row| row.payload == PayloadForm::LengthLast)?;
    } else if direction == Direction::ToClient && own == Verb::Qry {
        return None;
    }
    let is_number = !last.is_empty() && last.iter().all(u8::is_ascii_digit);
    let length = is_number.then(|| std::str::from_utf8(last).ok()?.parse().ok())??;
    // An answer has its TrID there.
    let is_trid_alone = words.len() == 2 && direction == Direction::ToClient && own != Verb::Not;
    (!is_trid_alone).then_some(length)
}

fn best(direction: Direction, words: &[&[u8]]) -> u8 {
    let Some((verb, behind)) = words.split_first() else {
        return 0;
    };
    let verb = Verb::parse(verb);
    if let Verb::Error(_) = verb {
        let is_numbered = behind.first().is_some_and(|word| is_number(word));
        return u8::from(direction == Direction::ToClient && is_numbered && behind.len() <= 2);
    }
    let rows = DIALECTS.iter().flat_map(|dialect| dialect.rows_of(verb));
    let own = rows.filter(|row| row.direction == direction);
    own.map(|row| of_row(row, behind)).max().unwrap_or_default()
}

fn of_row(row: &Message, behind: &[&[u8]]) -> u8 {
    let params = match row.trid {
        TridRule::Never => behind,
        _ => match behind.split_first() {
            Some((trid, params)) if is_number(trid) => params,
            _ => return 0,
        },
    };
    let has_trid = u8::from(row.trid != TridRule::Never);
    let fitting = row
        .forms
        .iter()
        .filter(|form| form.fits(params.iter().copied()));
    let best = fitting.map(|form| telling(form, params)).max();
    best.map_or(0, |told| 1 + has_trid + told)
}

/// How many words of a line have a form of their own there, and look like it.
fn telling(form: &Form, params: &[&[u8]]) -> u8 {
    let words = form.params.iter().zip(params);
    let told = words.map(|(param, word)| match param.untagged() {
        Param::Is(_) => 2,
        Param::OneOf(_) | Param::Mode | Param::DataMode | Param::Handle | Param::Guid => 2,
        Param::Serial | Param::Item | Param::Total | Param::Length | Param::ClientId => 1,
        Param::Address => u8::from(word.contains(&b'.') && word.contains(&b':')),
        _ => 0,
    });
    told.fold(0, u8::saturating_add)
}

fn is_number(word: &[u8]) -> bool {
    (1..=10).contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

/// Whether a line offers dialects, more than one, as only clients do; a server that answers with the
/// whole offer is rare.
#[must_use]
pub fn is_offer(words: &[&[u8]]) -> bool {
    let is_ver = words
        .first()
        .is_some_and(|verb| Verb::parse(verb) == Verb::Ver);
    is_ver
        && words
            .iter()
            .skip(2)
            .filter(|word| super::is_dialect(word))
            .count()
            > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::words;

    fn speaker(line: &str) -> Option<Direction> {
        let words: Vec<&[u8]> = words(line.as_bytes()).collect();
        Likeness::of(&words).speaker()
    }

    #[test]
    fn what_only_one_of_the_two_says_is_known() {
        for line in [
            "INF 2",
            "USR 3 MD5 I a@b.c",
            "USR 1 a@b.c 17.2",
            "ANS 1 a@b.c 17.2 5",
            "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 6.0.0602 MSMSGS a@b.c",
            "XFR 8 SB",
            "CAL 2 a@b.c",
            "MSG 3 N 133",
            "PNG",
        ] {
            assert_eq!(speaker(line), Some(Direction::ToServer), "{line}");
        }
        for line in [
            "INF 2 MD5",
            "USR 4 OK a@b.c A",
            "USR 4 OK a@b.c A 1 0",
            "XFR 8 SB 10.0.0.1:1863 CKI 17.2",
            "CAL 2 RINGING 17",
            "JOI a@b.c A",
            "IRO 1 1 1 a@b.c A",
            "LST 5 FL 1 1 1 a@b.c A",
            "NLN NLN a@b.c A",
            "RNG 7 10.0.0.1:1863 CKI 5 a@b.c A",
            "911 4",
            "QNG 40",
        ] {
            assert_eq!(speaker(line), Some(Direction::ToClient), "{line}");
        }
        for line in [
            "CHG 5 NLN",
            "OUT",
            "USR 3 MD5 S 17.2",
            "VER 1 MSNP2",
            "Dispatching",
            "VER command: VER",
            "UBX a@b 5",
        ] {
            assert_eq!(speaker(line), None, "{line}");
        }
    }

    #[test]
    fn payloads_of_any_dialect_are_seen() {
        let length = |direction, line: &str| {
            let words: Vec<&[u8]> = words(line.as_bytes()).collect();
            payload_in_any(direction, &words)
        };
        let (client, server) = (Direction::ToServer, Direction::ToClient);
        assert_eq!(length(client, "MSG 3 N 133"), Some(133));
        assert_eq!(length(server, "MSG a@b A 7"), Some(7));
        assert_eq!(length(server, "UBX a@b 56"), Some(56));
        assert_eq!(length(client, "QRY 7 id 32"), Some(32));
        assert_eq!(length(server, "QRY 7"), None);
        assert_eq!(length(server, "ADL 7 OK"), None);
        assert_eq!(length(server, "GCF 0 6328"), Some(6328));
        assert_eq!(length(client, "CHG 7 NLN 5"), None);
    }
}
