//! Who plays in a script, and over which connections.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use crate::scenario::ast::Step;
use crate::target::{Account, ContactLists};
use crate::transcript::{ConnId, ConnName};
use crate::wire::Frame;

/// A user, and the account that plays it.
#[derive(Debug)]
pub(crate) struct Player {
    /// The name in the scenario; the handle where there is none.
    pub(crate) user: String,
    pub(crate) account: Account,
    /// The lists and settings when they were first read.
    pub(crate) found: Option<ContactLists>,
    /// The reverse list when it was first read.
    pub(crate) reverse: BTreeSet<String>,
    /// The reverse list when it was read for the clean-up.
    pub(crate) left: BTreeSet<String>,
    /// The properties that the account had first.
    pub(crate) properties: Option<BTreeMap<String, String>>,
    /// The friendly name that the account had first, encoded.
    pub(crate) first_name: Option<String>,
    /// The friendly name at the last login, encoded.
    pub(crate) name: Option<String>,
    /// Something was changed by the fixture.
    pub(crate) touched: bool,
}

/// A line that came before a step asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) frame: Frame,
    /// The setup brought it about: `nothing` does not accuse it.
    pub(crate) explained: bool,
}

/// A line that something the harness did itself lets us expect: words by their index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    words: Vec<(usize, String)>,
}

impl Due {
    pub(crate) fn new<const N: usize>(words: [(usize, &str); N]) -> Self {
        let words = words.into_iter().map(|(at, word)| (at, word.to_owned()));
        Self {
            words: words.collect(),
        }
    }

    pub(crate) fn is(&self, frame: &Frame) -> bool {
        self.words.iter().all(|(at, word)| {
            let got = frame.words().nth(*at);
            got.is_some_and(|got| got.eq_ignore_ascii_case(word.as_bytes()))
        })
    }
}

/// A named connection of a user, and what is known of it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: ConnName,
    pub(crate) conn: ConnId,
    pub(crate) player: usize,
    /// Asynchronous lines that no step has taken.
    pub(crate) pool: VecDeque<Kept>,
    /// Lines that may still come of what the fixture did: `nothing` does not accuse them.
    pub(crate) owed: Vec<Due>,
    /// The fixture logged the user in here.
    pub(crate) fixture: bool,
    /// Something was sent since the last barrier.
    pub(crate) acting: bool,
    /// A step knows that it is closed.
    pub(crate) known_closed: bool,
    /// The last answer was an error.
    pub(crate) after_error: bool,
    /// The last answer was 218, and nobody has seen yet whether the connection goes on behind it.
    pub(super) in_doubt: bool,
    /// What was sent since the last answer.
    pub(crate) unanswered: Vec<Bytes>,
    /// The TrID of the last request, where it had one.
    pub(crate) last_trid: Option<Bytes>,
    /// Optional steps that were not met yet.
    pub(crate) perhaps: Vec<Step>,
    /// The last line had a payload.
    pub(crate) after_payload: bool,
    /// A breach of the form of lines was told already.
    pub(super) told_form: bool,
    pub(crate) next_trid: u32,
}

impl Slot {
    pub(crate) fn keep(&mut self, frame: Frame) {
        self.pool.push_back(Kept {
            frame,
            explained: false,
        });
    }
}
