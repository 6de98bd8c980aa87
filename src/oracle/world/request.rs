//! Requests, and how far their answers have come.

use std::time::Duration;

use bytes::Bytes;
use smallvec::SmallVec;

use super::id::UserId;
use crate::oracle::line::{Cuts, Line, Verb, number};
use crate::protocol::{Dialect, Direction, List, Param, ServerKind};

/// A request of a client.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What it asks.
    pub verb: Verb,
    /// The dialect in which it was sent.
    pub dialect: &'static Dialect,
    /// The index of its entry.
    pub index: usize,
    /// When it was sent.
    pub at: Duration,
    /// How many round trips the connection had seen, one after the other.
    pub round: u32,
    /// A known command with a valid TrID and the right number of parameters, on a connection on
    /// which the server still listens.
    pub is_sound: bool,
    /// What is wrong with it.
    pub flaw: Option<Flaw>,
    /// The latest request on any connection that had been answered when it was sent.
    pub floor: usize,
    /// Whether the connection had been let in when it was sent.
    pub is_inside: bool,
    /// How far the answer has come.
    pub progress: Progress,
    line: Bytes,
    cuts: Cuts,
}

impl Request {
    /// A request whose line has been cut.
    pub(super) fn new(verb: Verb, (line, cuts): (Bytes, Cuts), index: usize, at: Duration) -> Self {
        Self {
            verb,
            dialect: <&Dialect>::default(),
            index,
            at,
            round: 0,
            is_sound: false,
            floor: 0,
            flaw: None,
            is_inside: false,
            progress: Progress::default(),
            line,
            cuts,
        }
    }

    /// The line, cut into words.
    #[must_use]
    pub fn words(&self) -> Line<'_> {
        Line::with_cuts(&self.line, self.cuts)
    }

    /// The line itself.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// Whether it puts a contact into a group or takes it out of one: it need not change the list.
    #[must_use]
    pub fn names_group(&self) -> bool {
        if !matches!(self.verb, Verb::Add | Verb::Rem) {
            return false;
        }
        let (direction, kind) = (Direction::ToServer, ServerKind::Notification);
        let row = self.dialect.find(direction, kind, self.verb);
        let place = row.and_then(|row| row.place_of(Param::Group));
        place.is_some_and(|place| self.words().count() > place)
    }

    /// Whether a line with this verb may answer it.
    #[must_use]
    pub fn is_answered_by(&self, answer: Verb) -> bool {
        self.dialect.answers(self.verb, answer)
    }

    /// Whether a line that answers it repeats what it said.
    #[must_use]
    pub fn is_repeated_by(&self, line: &Line<'_>) -> bool {
        let asked = self.words();
        match line.verb {
            Verb::Gtc | Verb::Blp => asked.word(2) == line.word(3),
            Verb::Chg | Verb::Lst => asked.word(2) == line.word(2),
            Verb::Add | Verb::Rem => {
                asked.word(2) == line.word(2) && asked.word(3).eq_ignore_ascii_case(line.word(4))
            }
            _ => true,
        }
    }

    /// What an answer with this line is to the request.
    #[must_use]
    pub fn step(&self, line: &Line<'_>) -> Step {
        match (self.verb, line.verb) {
            (_, Verb::Iln | Verb::Iro) => Step::Part,
            // The lines of the batch stand for themselves.
            (Verb::Syn, Verb::Syn) if self.dialect.has_bare_batch_of(Verb::Syn) => Step::Last,
            (Verb::Syn, Verb::Syn) => {
                let own = number(self.words().word(2));
                match number(line.word(2)) {
                    given if given == own => Step::Last,
                    _ => Step::Part,
                }
            }
            (Verb::Syn, Verb::Lst) => match list_bit(line) {
                Some(bit) if ends_list(line) && self.progress.lists | bit == 0b1111 => Step::Last,
                _ => Step::Part,
            },
            // The other lines of the batch, in whatever dialect.
            (Verb::Syn, verb) if self.is_answered_by(verb) && !is_error(verb) => Step::Part,
            (Verb::Lst, Verb::Lst) if !ends_list(line) => Step::Part,
            (Verb::Lsg, Verb::Lsg) if number(line.word(3)) < number(line.word(4)) => Step::Part,
            (Verb::Fnd, Verb::Fnd) if number(line.word(2)) < number(line.word(3)) => Step::Part,
            _ => Step::Last,
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The command is not in capitals.
    Case,
    /// Not a command for this kind of server.
    Command,
    /// The TrID is none.
    Trid,
    /// Too few or too many parameters.
    Count,
    /// Bytes that no parameter should hold, or a mode that MSG does not have.
    Content,
}

/// What a line is to the answer that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// More belongs to it, or may.
    Part,
    /// The answer is whole.
    Last,
}

/// How far the answer to a request has come.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The number of the SYN reply.
    pub serial: Option<u64>,
    /// How many lines have come.
    pub lines: u32,
    /// What came last.
    pub last: Option<Verb>,
    /// The list that is being shown.
    pub list: Option<List>,
    /// The item that came last in it.
    pub item: u64,
    /// How many items it has.
    pub total: u64,
    /// Who has been shown in it, or in the roster.
    pub members: Vec<UserId>,
    /// The items were not numbered as they should be: what was shown is not known.
    pub is_garbled: bool,
    /// Which lists have been shown whole, a bit each.
    lists: u8,
}

impl Progress {
    /// Whether `list` has been shown whole in a batch.
    #[must_use]
    pub fn has_shown(&self, list: List) -> bool {
        self.lists & bit(list) != 0
    }

    /// Whether a line of the list that is being shown, or the first of another, is numbered as it
    /// should be.
    #[must_use]
    pub fn fits(&self, line: &Line<'_>) -> bool {
        let numbers = number(line.word(4)).zip(number(line.word(5)));
        let shown = self
            .list
            .filter(|list| List::parse(line.word(2)) == Some(*list));
        match (numbers, shown) {
            (Some((item, total)), Some(_)) => self.counts_on(line.verb, item, total),
            (Some((item, total)), None) => Self::default().counts_on(line.verb, item, total),
            (None, _) => false,
        }
    }

    fn counts_on(&self, verb: Verb, item: u64, total: u64) -> bool {
        let is_empty = verb == Verb::Lst && item == 0 && total == 0 && self.item == 0;
        let is_next = item == self.item.saturating_add(1)
            && item <= total
            && (item == 1 || total == self.total);
        is_next || is_empty
    }

    pub(super) fn advance(&mut self, line: &Line<'_>) {
        self.lines += 1;
        // Properties and groups have their place between settings and lists.
        if !Dialect::is_added_to_batch(line.verb) {
            self.last = Some(line.verb);
        }
        let (item, total) = match line.verb {
            Verb::Syn => {
                self.serial = number(line.word(2));
                return;
            }
            Verb::Lst => {
                let list = List::parse(line.word(2));
                if self.list != list || list.is_none() {
                    self.begin(list);
                }
                (number(line.word(4)), number(line.word(5)))
            }
            Verb::Iro => (number(line.word(2)), number(line.word(3))),
            _ => return,
        };
        let (Some(item), Some(total)) = (item, total) else {
            self.is_garbled = true;
            return;
        };
        let fits = self.counts_on(line.verb, item, total);
        self.is_garbled |= !fits;
        self.item = item;
        self.total = total;
        if line.verb == Verb::Lst && ends_list(line) {
            self.lists |= list_bit(line).unwrap_or_default();
        }
    }

    fn begin(&mut self, list: Option<List>) {
        self.list = list;
        self.item = 0;
        self.total = 0;
        self.members.clear();
        self.is_garbled = false;
    }
}

fn is_error(verb: Verb) -> bool {
    matches!(verb, Verb::Error(_))
}

fn bit(list: List) -> u8 {
    1 << list as u8
}

fn list_bit(line: &Line<'_>) -> Option<u8> {
    List::parse(line.word(2)).map(bit)
}

/// Whether an LST line is the last of its list.
#[must_use]
pub fn ends_list(line: &Line<'_>) -> bool {
    let (item, total) = (number(line.word(4)), number(line.word(5)));
    total.is_none() || item.is_none() || item >= total
}

/// The requests of a connection that bear one TrID.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// Those without a whole answer, oldest first.
    pub(super) waiting: SmallVec<[Box<Request>; 1]>,
    /// The last that was answered.
    pub(super) done: Option<Box<Request>>,
    /// The last MSG: it may be acknowledged, and need not be.
    pub(super) message: Option<Box<Request>>,
    /// Something unknown was sent with this TrID: whatever comes may be its answer.
    pub(super) is_wild: bool,
    /// A request that ILNs may follow has borne it.
    brings_presence: bool,
    /// Two such have: which one an ILN follows cannot be known.
    pub(super) is_presence_shared: bool,
}

impl Slot {
    /// Another request waits for its answer.
    pub(super) fn wait(&mut self, request: Box<Request>) {
        if request.is_answered_by(Verb::Iln) {
            self.is_presence_shared |= self.brings_presence;
            self.brings_presence = true;
        }
        self.waiting.push(request);
    }

    /// Which of the waiting requests a line answers.
    pub(super) fn answered_by(&self, verb: Verb) -> Option<usize> {
        self.waiting
            .iter()
            .position(|request| request.is_answered_by(verb))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_kept() {
        let line = Bytes::from_static(b"GTC 9 N");
        let cuts = Line::read(&line).cuts();
        let request = Request::new(Verb::Gtc, (line, cuts), 0, Duration::ZERO);
        assert_eq!(request.line(), b"GTC 9 N");
    }
}
