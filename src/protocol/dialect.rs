//! A dialect of the protocol as a value: what its messages look like, and what else differs.

use std::cmp::Ordering;
use std::fmt;
use std::sync::OnceLock;

use super::ladder::Rung;
use super::message::{Message, TridRule};
use super::role::{Direction, ServerKind};
use super::verb::Verb;

/// A dialect: what it says that the one before it does not.
pub struct Dialect {
    /// Its name in VER, such as `MSNP2`.
    pub name: &'static str,
    /// The number in its name: a later dialect has a greater one.
    pub number: u8,
    /// The dialect that it changes; `None` for the first.
    pub before: Option<&'static Self>,
    /// Rows that are new, or that stand for a row of the dialect before with the same verb and
    /// direction, on any of the same kinds of server.
    pub rows: &'static [Message],
    /// Messages that it has no more.
    pub gone: &'static [(Verb, Direction)],
    /// All of its rows, by verb; made when they are first asked for.
    pub(super) table: OnceLock<Table>,
}

/// All rows of a dialect.
#[derive(Debug)]
pub(super) struct Table {
    /// By the verb's index.
    by_verb: Vec<Vec<Message>>,
}

/// Whether a word of VER names a dialect, or stands for none.
#[must_use]
pub fn is_dialect(word: &[u8]) -> bool {
    word.starts_with(b"MSNP") || word == PACKAGE.as_bytes()
}

/// What clients of the time offered behind the dialects, and servers gave back.
pub const PACKAGE: &str = "CVR0";
/// What looks like a dialect, and is none.
pub const NO_DIALECT: &str = "MSNP97";

/// Whether a word of VER stands for no dialect.
#[must_use]
pub fn is_package(word: &str) -> bool {
    word == PACKAGE
}

/// By its name: its rows, and those of the dialects before it, are thousands of lines.
impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Dialect {
    /// The row for a verb, a direction and a kind of server; that of a batch where there is no other.
    #[must_use]
    pub fn find(&self, direction: Direction, kind: ServerKind, verb: Verb) -> Option<&Message> {
        let rows = self.rows_of(verb).iter();
        rows.filter(|row| row.direction == direction && row.kinds.contains(kind))
            .min_by_key(|row| row.is_bare)
    }

    /// The row of a line of a batch that has neither TrID nor number there (BATCH-3).
    #[must_use]
    pub fn find_bare(&self, verb: Verb) -> Option<&Message> {
        self.rows_of(verb).iter().find(|row| row.is_bare)
    }

    /// All rows of a verb.
    #[must_use]
    pub fn rows_of(&self, verb: Verb) -> &[Message] {
        let rows = verb.index().and_then(|at| self.table().by_verb.get(at));
        rows.map_or(&[], Vec::as_slice)
    }

    /// Whether the number of a session is decimal, as the draft has it. From MSNP3 on servers of today
    /// name sessions in other words, and clients take them (CAL-1).
    #[must_use]
    pub fn has_decimal_sessions(&self) -> bool {
        self.number <= 2
    }

    /// Whether a user logs in with a ticket of the login server, and has said before which client it
    /// is: from MSNP8 on.
    #[must_use]
    pub fn takes_tickets(&self) -> bool {
        self.number >= 8
    }

    /// Whether a server that speaks it stands on this rung at all.
    #[must_use]
    pub fn has_rung(&'static self, rung: Rung) -> bool {
        rung == Rung::Connect
            || self.requests().any(|row| row.rung == Some(rung))
            || self.lines().any(|row| row.rung == Some(rung))
    }

    /// All rows, by verb in the order of [`Verb::ALL`].
    pub fn messages(&self) -> impl Iterator<Item = &Message> + Clone {
        self.table().by_verb.iter().flatten()
    }

    /// Whether a request is answered by a batch whose lines have neither TrID nor number.
    #[must_use]
    pub fn has_bare_batch_of(&self, request: Verb) -> bool {
        self.messages()
            .any(|row| row.is_bare && row.answers.contains(&request))
    }

    /// Whether lines with this verb, sent in this direction, carry a TrID. An error does, and so
    /// does a line of a verb that nobody sends that way.
    #[must_use]
    pub fn has_trid(&self, direction: Direction, verb: Verb) -> bool {
        let rows = self.rows_of(verb).iter();
        let rows = rows.filter(|row| row.direction == direction);
        let row = rows.min_by_key(|row| row.is_bare);
        let is_known = || matches!(verb, Verb::Error(_)) || !self.rows_of(verb).is_empty();
        row.map_or_else(is_known, |row| row.trid != TridRule::Never)
    }

    /// Whether clients send this verb to any kind of server.
    #[must_use]
    pub fn is_request(&self, verb: Verb) -> bool {
        let mut rows = self.rows_of(verb).iter();
        rows.any(|row| row.direction == Direction::ToServer)
    }

    /// Whether a line with the verb `answer` may answer a request with the verb `request`.
    #[must_use]
    pub fn answers(&self, request: Verb, answer: Verb) -> bool {
        matches!(answer, Verb::Error(_))
            || self
                .rows_of(answer)
                .iter()
                .any(|row| row.answers.contains(&request))
    }

    /// Whether the server may send this message unasked, under TrID 0.
    #[must_use]
    pub fn may_bear_zero(&self, verb: Verb) -> bool {
        self.rows_of(verb).iter().any(Message::may_bear_zero)
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(|| {
            let mut by_verb: Vec<Vec<Message>> = match self.before {
                Some(before) => before.table().by_verb.clone(),
                None => Vec::new(),
            };
            by_verb.resize(Verb::ALL.len(), Vec::new());
            let mut rows_of = |verb: Verb, change: &dyn Fn(&mut Vec<Message>)| {
                if let Some(rows) = verb.index().and_then(|at| by_verb.get_mut(at)) {
                    change(rows);
                }
            };
            for (verb, direction) in self.gone {
                rows_of(*verb, &|rows| {
                    rows.retain(|row| row.direction != *direction);
                });
            }
            let before = |verb: Verb| self.before.map_or(&[][..], |it| it.rows_of(verb));
            let new = self.rows.iter().map(|row| row.over(before(row.verb)));
            let new: Vec<Message> = new.collect();
            for row in &new {
                rows_of(row.verb, &|rows| rows.retain(|other| !row.replaces(other)));
            }
            for row in &new {
                rows_of(row.verb, &|rows| rows.push(*row));
            }
            Table { by_verb }
        })
    }
}

impl PartialOrd for Dialect {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dialect {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Dialect {}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}
