//! What a reader of one direction of a connection needs to know of its lines.

use super::dialect::Dialect;
use super::handle::SERVICE;
use super::message::{Message, Param, PayloadForm, TridRule};
use super::msnp2::MSNP2;
use super::role::{Direction, ServerKind};
use super::verb::Verb;
use crate::wire::{PayloadRule, words};

/// A dialect, a kind of server and a direction: enough to read a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grammar {
    /// What client and server have agreed on; MSNP2 until they have.
    pub dialect: &'static Dialect,
    /// What kind of server it is.
    pub kind: ServerKind,
    /// Who speaks.
    pub direction: Direction,
}

impl Grammar {
    /// The grammar of a connection on which no dialect is agreed on yet.
    #[must_use]
    pub fn new(kind: ServerKind, direction: Direction) -> Self {
        Self {
            dialect: &MSNP2,
            kind,
            direction,
        }
    }

    /// The row for a verb, as it is written.
    #[must_use]
    pub fn find(self, verb: &[u8]) -> Option<&'static Message> {
        self.row(Verb::parse(verb))
    }

    /// The row for a verb.
    #[must_use]
    pub fn row(self, verb: Verb) -> Option<&'static Message> {
        self.dialect.find(self.direction, self.kind, verb)
    }

    /// The row for a line: of a verb that a batch has in a form of its own the one whose form the line
    /// has (BATCH-3).
    pub fn read<'w>(
        self,
        line: impl Iterator<Item = &'w [u8]> + Clone,
    ) -> Option<&'static Message> {
        let mut params = line.clone();
        let verb = Verb::parse(params.next()?);
        let row = self.row(verb);
        let is_told = self.direction == Direction::ToClient;
        let bare = self.dialect.find_bare(verb).filter(|_| is_told);
        let (Some(numbered), Some(bare)) = (row, bare) else {
            return row;
        };
        if numbered.is_bare {
            return row;
        }
        let is_number = |word| Param::Serial.fits(word);
        let has_number =
            !numbered.begins_with_number() || params.clone().next().is_none_or(is_number);
        let behind = params.clone().skip(numbered.first_param() - 1);
        let is_bare = bare
            .form(params.clone())
            .is_some_and(|form| form.fits(params.clone()));
        let is_numbered = numbered
            .form(behind.clone())
            .is_some_and(|form| form.fits(behind));
        let takes_bare = !has_number || (is_bare && !is_numbered);
        Some(if takes_bare { bare } else { numbered })
    }

    /// Whether the word behind the verb of a line is a TrID. An error has one, and so has a line of
    /// a verb that nobody sends that way.
    pub fn has_trid<'w>(self, line: impl Iterator<Item = &'w [u8]> + Clone) -> bool {
        let mut words = line.clone();
        let mut verb = || Verb::parse(words.next().unwrap_or_default());
        match self.read(line) {
            Some(row) => row.trid != TridRule::Never,
            None => self.dialect.has_trid(self.direction, verb()),
        }
    }

    /// The length of the payload that a line announces, as the last word of the line: `None` where
    /// the message has no payload or the line has no parameters.
    #[must_use]
    pub fn payload_word(self, line: &[u8]) -> Option<&[u8]> {
        let mut words = words(line);
        let verb = Verb::parse(words.next()?);
        let is_number = |word: &&[u8]| word.iter().all(u8::is_ascii_digit);
        if matches!(verb, Verb::Error(_)) {
            // From MSNP13 on an error may say more than its code.
            let has_more = self.dialect.is_outlined() && self.direction == Direction::ToClient;
            return words.nth(1).filter(is_number).filter(|_| has_more);
        }
        match self.row(verb)?.payload {
            PayloadForm::None => None,
            PayloadForm::LengthLast => words.last(),
            PayloadForm::LengthIfNumber => words.skip(1).last().filter(is_number),
        }
    }

    /// Whether a line says where it ends, with what comes behind it: a payload of so many bytes is
    /// there where the message has one, and the line gives its length. Else a reader may take the
    /// payload for lines, or lines for the payload.
    #[must_use]
    pub fn is_bounded(self, line: &[u8], payload: Option<usize>) -> bool {
        let verb = words(line).next().unwrap_or_default();
        let row = self.find(verb);
        let Some(row) = row.filter(|row| row.payload != PayloadForm::None) else {
            return payload.is_none();
        };
        let count = words(line).count().saturating_sub(row.first_param());
        let length = words(line).last();
        let length = length.and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        row.takes(count) && payload.is_some() && length == payload
    }

    /// The same in another dialect.
    fn of(self, dialect: &'static Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// Whether this dialect has a message that another does not have.
    #[must_use]
    pub fn adds(self, to: &'static Dialect, verb: &[u8]) -> bool {
        self.find(verb).is_some() && self.of(to).find(verb).is_none()
    }

    /// How many words this dialect may have added to the end of a line, over another dialect.
    pub fn added_words<'w>(
        self,
        to: &'static Dialect,
        line: impl Iterator<Item = &'w [u8]> + Clone,
    ) -> usize {
        let form = |grammar: Self| {
            let row = grammar.find(line.clone().next()?)?;
            row.form(line.clone().skip(row.first_param()))
        };
        let (Some(here), Some(there)) = (form(self), form(self.of(to))) else {
            return 0;
        };
        if here.is_open && here.params.len() > there.params.len() {
            return usize::MAX;
        }
        let more = here.params.len().saturating_sub(there.params.len());
        more.max(here.least().saturating_sub(there.least()))
    }

    /// The parameters that this dialect wants at the end of a line and another, in whose form the line
    /// is written, does not have.
    pub fn missing<'w>(
        self,
        written: &'static Dialect,
        line: impl Iterator<Item = &'w [u8]> + Clone,
    ) -> &'static [Param] {
        let row = |grammar: Self| grammar.find(line.clone().next()?);
        let (Some(here), Some(there)) = (row(self), row(self.of(written))) else {
            return &[];
        };
        let params = line.skip(here.first_param());
        let (Some(here), Some(there)) = (here.form(params.clone()), there.form(params.clone()))
        else {
            return &[];
        };
        let count = params.clone().count();
        let is_written = there.fits(params) && here.extends(there);
        let missing = here.params.get(count..here.least());
        missing.filter(|_| is_written).unwrap_or_default()
    }

    /// Whether a line is a message of the service itself, which a notification server sends at any
    /// time (USR-17).
    pub fn is_of_service<'w>(self, mut words: impl Iterator<Item = &'w [u8]>) -> bool {
        let row = words.next().and_then(|verb| self.find(verb));
        self.kind != ServerKind::Switchboard
            && row.is_some_and(Message::is_spoken)
            && words.next() == Some(SERVICE)
    }

    /// Whether any message has a payload.
    #[must_use]
    pub fn has_payloads(self) -> bool {
        self.dialect.messages().any(|row| {
            row.direction == self.direction
                && row.kinds.contains(self.kind)
                && row.payload != PayloadForm::None
        })
    }

    /// Whether the server may send the line at any time, between the lines of an answer too: what
    /// it sends unasked, and initial states, whose place beside the answer that they belong to
    /// differs.
    pub fn may_come_between<'w>(self, mut words: impl Iterator<Item = &'w [u8]> + Clone) -> bool {
        let Some(row) = self.read(words.clone()) else {
            return false;
        };
        match row.trid {
            TridRule::Never => row.answers.is_empty() || self.comes_unasked(row),
            TridRule::Request => row.is_initial_state(),
            TridRule::RequestOrZero => words.nth(1) == Some(b"0"),
        }
    }

    /// Whether a line of a batch is one that may come long after the last that was counted, since the
    /// server also sends it of itself.
    fn comes_unasked(self, row: &Message) -> bool {
        let other = self.row(row.verb).filter(|_| row.is_bare);
        other.is_some_and(|other| other.trid == TridRule::Never && other.answers.is_empty())
    }
}

/// Enough to read a line at a door that leads to more than one kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// What client and server have agreed on.
    pub dialect: &'static Dialect,
    /// Who speaks.
    pub direction: Direction,
}

impl PayloadRule for Passage {
    fn length<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        let mut kinds = [ServerKind::Notification, ServerKind::Switchboard].into_iter();
        kinds.find_map(|kind| {
            let (dialect, direction) = (self.dialect, self.direction);
            let grammar = Grammar {
                dialect,
                kind,
                direction,
            };
            grammar.payload_word(line)
        })
    }
}

impl PayloadRule for Grammar {
    fn length<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        self.payload_word(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_bounded_by_the_length_that_it_gives() {
        let sb = Grammar::new(ServerKind::Switchboard, Direction::ToServer);
        assert!(sb.is_bounded(b"MSG 3 N 5", Some(5)) && sb.is_bounded(b"CAL 3 a@b", None));
        for (line, payload) in [
            ("MSG 3 N 5", None),
            ("MSG 3 N 5", Some(4)),
            ("MSG 3 N x 5", Some(5)),
            ("MSG 3 N five", Some(5)),
            ("CAL 3 a@b 5", Some(5)),
            ("XYZ 3 5", Some(5)),
        ] {
            assert!(!sb.is_bounded(line.as_bytes(), payload), "{line}");
        }
    }

    #[test]
    fn what_a_dialect_adds() {
        let msnp7 = Grammar {
            dialect: Dialect::named(b"MSNP7").unwrap(),
            ..Grammar::new(ServerKind::Notification, Direction::ToClient)
        };
        let added = |line: &str| msnp7.added_words(&MSNP2, words(line.as_bytes()));
        assert_eq!(added("CHG 5 NLN"), 0);
        assert_eq!(added("XFR 3 NS a:1 0 b:1"), usize::MAX);
        assert!(msnp7.adds(&MSNP2, b"NOT") && !msnp7.adds(&MSNP2, b"CHG"));
        assert!(!msnp7.adds(&MSNP2, b"XYZ"));
    }
}
