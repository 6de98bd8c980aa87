//! What is known of a user.

use std::collections::{BTreeSet, VecDeque};

use super::fact::{Fact, ListFact};
use super::id::UserId;
use crate::oracle::line::{Line, Verb, number};
use crate::protocol::{self, List, Setting};
use crate::rules::Presence;
use crate::transcript::ConnId;
use foldhash::HashMap;

/// A state, by its three letters.
pub type State = [u8; 3];

/// Logged in, and no CHG yet.
pub const UNSET: State = *b"...";
/// Logged out.
pub const GONE: State = *b"out";

/// In a state that the draft does not have.
pub(super) const ANY: State = *b"???";

/// How a user is present in a state; `None` where nobody knows.
fn presence(state: State) -> Option<Presence> {
    match state {
        UNSET => Some(Presence::Unset),
        GONE => Some(Presence::Away),
        state => Some(Some(protocol::State::parse(&state)?).into()),
    }
}

/// Why a list or a setting is found.
const EACH: &str = "there is one fact for each";
/// The most spans that are kept of one user.
const SPANS: usize = 64;
/// The most names that are kept of one user.
const NAMES: usize = 32;

/// A time in which a user may have been in a state.
#[derive(Debug, Clone, Copy)]
struct Span {
    state: State,
    /// The request that brought it was sent here.
    from: usize,
    /// Here it was over for certain.
    until: Option<usize>,
}

/// The states in which a user may have been, and when.
#[derive(Debug, Default)]
pub struct States {
    spans: VecDeque<Span>,
    /// Before this index anything is possible.
    unknown_until: usize,
    /// Anything is possible until a request is carried out.
    is_lost: bool,
    /// The latest request that was carried out.
    accepted: usize,
}

impl States {
    /// Whether the user may have been in `state` at any time from `low` on.
    #[must_use]
    pub fn may_have_been(&self, state: State, low: usize) -> bool {
        self.first_time(state, low).is_some()
    }

    /// The earliest time, `low` or later, at which the user may have been in `state`.
    #[must_use]
    pub fn first_time(&self, state: State, low: usize) -> Option<usize> {
        if self.is_lost || low < self.unknown_until {
            return Some(low);
        }
        let is_it = |span: &Span| span.state == state || span.state == ANY || state == ANY;
        let fits = |span: &&Span| is_it(span) && span.until.is_none_or(|end| end >= low);
        let times = self.spans.iter().filter(fits).map(|span| span.from);
        times.min().map(|from| from.max(low))
    }

    /// How the user was present all the time from `low` on.
    #[must_use]
    pub fn presence_since(&self, low: usize) -> Option<Presence> {
        let alive = |span: &&Span| span.until.is_none_or(|end| end >= low);
        let mut alive = self
            .spans
            .iter()
            .filter(alive)
            .map(|span| presence(span.state));
        let first = alive.next()?;
        let is_known = !self.is_lost && low >= self.unknown_until;
        first.filter(|_| is_known && alive.all(|other| other == first))
    }

    /// Whether a request sent at `index` found the user in `state`, whatever it has led to.
    #[must_use]
    pub fn was_before(&self, state: State, index: usize) -> bool {
        let alive = |span: &&Span| span.from < index && span.until.is_none();
        let mut alive = self.spans.iter().filter(alive).peekable();
        !self.is_lost
            && index >= self.unknown_until
            && alive.peek().is_some()
            && alive.all(|span| span.state == state)
    }

    pub(super) fn asked(&mut self, state: State, from: usize) {
        if self.spans.len() >= SPANS
            && let Some(lost) = self.spans.pop_front()
        {
            let end = lost.until.unwrap_or(from);
            self.unknown_until = self.unknown_until.max(end);
        }
        self.spans.push_back(Span {
            state,
            from,
            until: None,
        });
    }

    /// The request sent at `from` was carried out by `index`.
    pub(super) fn accepted(&mut self, from: usize, index: usize) {
        for span in &mut self.spans {
            if span.from < from && span.until.is_none() {
                span.until = Some(index);
            }
            // Two requests crossed: either state may be the present one.
            if span.from == from && from < self.accepted {
                span.until = None;
            }
        }
        self.accepted = self.accepted.max(from);
        // What was asked before sight was lost is forgotten with everything else.
        if self.is_lost && from >= self.unknown_until {
            self.is_lost = false;
            self.unknown_until = index;
        }
    }

    pub(super) fn refused(&mut self, from: usize) {
        self.spans.retain(|span| span.from != from);
    }

    pub(super) fn forget(&mut self, index: usize) {
        self.spans.clear();
        self.unknown_until = index;
        self.is_lost = true;
    }
}

/// A user.
#[derive(Debug)]
pub struct User {
    /// Itself.
    pub id: UserId,
    /// The handle as it was first spelled.
    pub handle: Box<[u8]>,
    /// The handle stands in several spellings: servers differ in whether they are one user.
    pub is_ambiguous: bool,
    /// The notification connection on which the user is logged in.
    pub login: Option<ConnId>,
    /// Where the last login was answered.
    pub(super) logged_in: usize,
    /// Something was sent for this user that only the server understood: nothing is certain until
    /// the next login.
    pub is_blurred: bool,
    lists: [ListFact; 4],
    /// GTC, BLP: whether it has its first value.
    pub(super) settings: [Fact<bool>; 2],
    /// IMS: whether calls are on.
    pub calls: Fact<bool>,
    /// CHG.
    pub states: States,
    /// The friendly names that the user has had, or may have, decoded.
    pub names: BTreeSet<Vec<u8>>,
    /// The user may have names that were not seen.
    pub(super) has_lost_names: bool,
    /// The names by which lists and rosters know the user, decoded.
    nicknames: BTreeSet<Vec<u8>>,
    /// Users who were seen to put this one on their FL.
    pub adders: BTreeSet<UserId>,
    /// Whom the user has taken off the FL.
    pub unwatched: BTreeSet<UserId>,
    /// Users who ever asked to put this one on their FL.
    pub ever_added_by: BTreeSet<UserId>,
    /// The highest serial number that the server has named.
    pub serial: u64,
    /// The same at the time of the last login.
    pub serial_before: u64,
}

impl User {
    fn new(id: UserId, handle: &[u8]) -> Self {
        Self {
            id,
            handle: handle.into(),
            is_ambiguous: false,
            login: None,
            logged_in: 0,
            is_blurred: false,
            lists: Default::default(),
            settings: Default::default(),
            calls: Fact::default(),
            states: States::default(),
            names: BTreeSet::new(),
            has_lost_names: false,
            nicknames: BTreeSet::new(),
            adders: BTreeSet::new(),
            unwatched: BTreeSet::new(),
            ever_added_by: BTreeSet::new(),
            serial: 0,
            serial_before: 0,
        }
    }

    /// Whether the user is logged in on a connection of the transcript, and all that it sent was
    /// understood.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.login.is_some() && !self.is_blurred && !self.is_ambiguous
    }

    /// One of the lists.
    #[must_use]
    pub fn list(&self, list: List) -> &ListFact {
        self.lists.get(list as usize).expect(EACH)
    }

    pub(super) fn list_mut(&mut self, list: List) -> &mut ListFact {
        self.lists.get_mut(list as usize).expect(EACH)
    }

    /// One of the settings: whether it has its first value.
    #[must_use]
    pub fn setting(&self, setting: Setting) -> &Fact<bool> {
        self.settings.get(setting as usize).expect(EACH)
    }

    pub(super) fn setting_mut(&mut self, setting: Setting) -> &mut Fact<bool> {
        self.settings.get_mut(setting as usize).expect(EACH)
    }

    /// Whether the user may have had this friendly name.
    #[must_use]
    pub fn may_be_called(&self, name: &[u8]) -> bool {
        let is_full = self.names.len() >= NAMES || self.nicknames.len() >= NAMES;
        // Clients give the handle for a name that they do not know; that makes it none.
        let is_nickname = self.nicknames.contains(name) && *self.handle != *name;
        let is_known = self.names.contains(name) || is_nickname;
        self.has_lost_names || self.names.is_empty() || is_full || is_known
    }

    /// Whether anybody has called the user so.
    #[must_use]
    pub fn is_known_as(&self, name: &[u8]) -> bool {
        self.names.contains(name) || self.nicknames.contains(name)
    }

    /// Whether the user is known to have no other friendly name than the handle.
    #[must_use]
    pub fn is_named_as_handle(&self) -> bool {
        let is_handle = |known: &Vec<u8>| known.eq_ignore_ascii_case(&self.handle);
        !self.has_lost_names && !self.names.is_empty() && self.names.iter().all(is_handle)
    }

    pub(super) fn add_nickname(&mut self, name: &[u8]) {
        if self.nicknames.len() < NAMES {
            self.nicknames.insert(name.to_vec());
        }
    }

    pub(super) fn add_name(&mut self, name: &[u8]) {
        if self.names.len() < NAMES {
            self.names.insert(name.to_vec());
        }
    }

    /// Nothing that was learnt is certain any more.
    pub(super) fn blur(&mut self, index: usize) {
        self.is_blurred = true;
        self.forget(index);
    }

    pub(super) fn forget(&mut self, index: usize) {
        self.forget_settings(index);
        self.names.clear();
        self.has_lost_names = true;
    }

    /// Lists, settings and states are not known any more.
    pub(super) fn forget_settings(&mut self, index: usize) {
        self.lists.iter_mut().for_each(ListFact::forget);
        self.settings.iter_mut().for_each(Fact::forget);
        self.calls.forget();
        self.states.forget(index);
        self.serial = 0;
        self.serial_before = 0;
    }

    pub(super) fn see_serial(&mut self, line: &Line<'_>) {
        self.serial = self.serial.max(serial(line).unwrap_or_default());
    }
}

/// The serial number that a line names.
#[must_use]
pub fn serial(line: &Line<'_>) -> Option<u64> {
    match line.verb {
        Verb::Syn | Verb::Gtc | Verb::Blp | Verb::Rea => number(line.word(2)),
        Verb::Lst | Verb::Add | Verb::Rem => number(line.word(3)),
        _ => None,
    }
}

/// All users, found by handle.
#[derive(Debug, Default)]
pub struct Users {
    all: Vec<User>,
    by_handle: HashMap<Box<[u8]>, UserId>,
}

impl Users {
    /// The user of a handle, where anybody has been called so.
    #[must_use]
    pub fn find(&self, handle: &[u8]) -> Option<UserId> {
        if let Some(id) = self.by_handle.get(handle) {
            return Some(*id);
        }
        self.by_handle.get(&*handle.to_ascii_lowercase()).copied()
    }

    /// How many users have been named.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// A user.
    #[must_use]
    pub fn get(&self, id: UserId) -> &User {
        self.all.get(id.0).expect("an id is made with its user")
    }

    pub(super) fn get_mut(&mut self, id: UserId) -> &mut User {
        self.all.get_mut(id.0).expect("an id is made with its user")
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut User> {
        self.all.iter_mut()
    }

    /// The user of a handle, made where nobody has been called so.
    pub(super) fn intern(&mut self, handle: &[u8]) -> UserId {
        if let Some(id) = self.by_handle.get(handle).copied() {
            self.note_spelling(id, handle);
            return id;
        }
        let folded = handle.to_ascii_lowercase();
        if let Some(id) = self.by_handle.get(&*folded).copied() {
            self.note_spelling(id, handle);
            return id;
        }
        let id = UserId(self.all.len());
        self.all.push(User::new(id, handle));
        self.by_handle.insert(folded.into(), id);
        id
    }

    fn note_spelling(&mut self, id: UserId, handle: &[u8]) {
        let user = self.get_mut(id);
        if *user.handle != *handle {
            user.is_ambiguous = true;
        }
    }
}
