//! A batch that has said how long it is (BATCH-1), while it comes and until the next matter.

use bytes::Bytes;

use super::World;
use super::id::UserId;
use super::request::Request;
use crate::oracle::line::{Line, Verb, number};
use crate::protocol::{List, Setting, decode_name};
use crate::transcript::ConnId;

/// After how many round trips, one after the other, a batch that is not whole will not become so.
const ROUNDS: u32 = 2;
/// The most lines of one batch that are remembered.
const MOST: usize = 10_000;
/// What some servers show in the place of RL (BATCH-8).
const PENDING: u64 = 16;

/// What a batch says of one user.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Who it is.
    pub user: UserId,
    /// The lists.
    pub bits: u64,
    /// Where the line stands.
    pub entry: usize,
    /// The line.
    pub line: Bytes,
    /// The numbers of groups at its end.
    pub groups: Bytes,
}

impl Contact {
    /// Whether it is on this list, as the batch says.
    #[must_use]
    pub fn is_on(&self, list: List) -> bool {
        let stands_for_reverse = list == List::Reverse && self.bits & PENDING != 0;
        self.bits & u64::from(list.bit()) != 0 || stands_for_reverse
    }
}

/// What has come of a batch. What is judged of it stands in `batches`.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The entry of the SYN.
    pub asked: usize,
    /// The number of the lists that the client has named.
    pub known: u64,
    /// The number of the lists.
    pub serial: u64,
    /// How many lines of LST and of LSG are to come; none where no batch is to come.
    pub counts: Option<(u64, u64)>,
    /// Whom its LST lines have shown.
    pub contacts: Vec<Contact>,
    /// The numbers of the groups that its LSG lines have named.
    pub groups: Vec<Bytes>,
    /// How many lines of LSG have come.
    pub group_lines: u64,
    /// GTC and BLP have come.
    pub settings: [bool; 2],
    /// How far down the order of the batch it has come.
    pub stage: u8,
    /// Where its last line stands.
    pub last: usize,
    /// That line.
    pub last_line: Bytes,
    /// How many round trips the connection had seen when it began.
    round: u32,
    /// Another SYN came before it was whole, or another login: what belongs to it, nobody knows.
    pub is_void: bool,
    /// What it shows was learnt.
    pub is_settled: bool,
    /// A line could not be read.
    pub is_garbled: bool,
}

/// The place of a line in the order of a batch (BATCH-5); none of a line that is none of a batch.
#[must_use]
pub fn stage(verb: Verb) -> Option<u8> {
    match verb {
        Verb::Gtc => Some(1),
        Verb::Blp => Some(2),
        Verb::Prp => Some(3),
        Verb::Lsg => Some(4),
        Verb::Lst | Verb::Bpr => Some(5),
        _ => None,
    }
}

impl Batch {
    /// What the answer to a SYN begins.
    fn begin(request: &Request, line: &Line<'_>, index: usize, round: u32) -> Self {
        Self {
            asked: request.index,
            known: number(request.words().word(2)).unwrap_or_default(),
            serial: number(line.word(2)).unwrap_or_default(),
            counts: number(line.word(3)).zip(number(line.word(4))),
            last: index,
            last_line: Bytes::copy_from_slice(line.text()),
            round,
            is_void: !request.is_sound,
            ..Self::default()
        }
    }

    /// Whether all that it has announced has come.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.has_all_counted() && self.settings == [true, true]
    }

    /// Whether all lines that it has counted have come.
    #[must_use]
    pub fn has_all_counted(&self) -> bool {
        let came = (self.contacts.len() as u64, self.group_lines);
        self.counts
            .is_none_or(|(contacts, groups)| came.0 >= contacts && came.1 >= groups)
    }

    /// Whether more lines may come that belong to it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.counts.is_some() && !self.is_whole() && !self.is_void
    }

    /// Whether so many round trips have been made since that nothing of it is still to come.
    #[must_use]
    pub fn is_overdue(&self, round: u32) -> bool {
        round.saturating_sub(self.round) >= ROUNDS
    }

    /// Whether it shows the lists, and nothing of it is in doubt.
    #[must_use]
    pub fn shows_lists(&self) -> bool {
        let is_counted = self
            .counts
            .is_some_and(|(contacts, _)| self.contacts.len() as u64 == contacts);
        is_counted && self.is_whole() && !self.is_void && !self.is_garbled
    }

    fn take(&mut self, line: &Line<'_>, index: usize, user: Option<UserId>) {
        let Some(stage) = stage(line.verb) else {
            return;
        };
        // Who speaks of contacts before the first has not come to them.
        if line.verb != Verb::Bpr {
            self.stage = self.stage.max(stage);
        }
        self.last = index;
        self.last_line = Bytes::copy_from_slice(line.text());
        let word = |at| Bytes::copy_from_slice(line.word(at));
        match (line.verb, user) {
            (Verb::Gtc | Verb::Blp, _) => {
                let [prompt, privacy] = &mut self.settings;
                *(if line.verb == Verb::Gtc {
                    prompt
                } else {
                    privacy
                }) = true;
            }
            (Verb::Lsg, _) if self.groups.len() < MOST => {
                self.groups.push(word(1));
                self.group_lines += 1;
            }
            (Verb::Lst, Some(user)) if self.contacts.len() < MOST => {
                let bits = number(line.word(3));
                self.is_garbled |= bits.is_none() || self.contacts.iter().any(|it| it.user == user);
                self.contacts.push(Contact {
                    user,
                    bits: bits.unwrap_or_default(),
                    entry: index,
                    line: self.last_line.clone(),
                    groups: word(4),
                });
            }
            (Verb::Lsg | Verb::Lst, _) => self.is_void = true,
            _ => {}
        }
    }
}

impl World {
    /// Where it answers a SYN, in a dialect whose batches say how long they are, one begins.
    pub(super) fn begin_batch(&mut self, id: ConnId, request: &Request, line: &Line<'_>) {
        let is_answer = (request.verb, line.verb) == (Verb::Syn, Verb::Syn);
        if !is_answer || !request.dialect.has_bare_batch_of(Verb::Syn) {
            return;
        }
        let index = self.index;
        let conn = self.conn_mut(id);
        let round = conn.round;
        let mut batch = Batch::begin(request, line, index, round);
        let before = conn.counted.as_ref();
        batch.is_void |= before.is_some_and(|it| !it.is_whole() && !it.is_overdue(round));
        conn.counted = Some(Box::new(batch));
    }

    /// A line of a batch that bears neither TrID nor number.
    pub(super) fn take_bare(&mut self, id: ConnId, line: &Line<'_>) {
        let index = self.index;
        let Some(me) = self.conn_mut(id).user else {
            return;
        };
        let is_contact = line.verb == Verb::Lst && line.count() > 2;
        let contact = is_contact.then(|| self.users.intern(line.word(1)));
        if let Some(contact) = contact {
            let name = decode_name(line.word(2));
            self.users.get_mut(contact).add_nickname(&name);
        }
        let Some(batch) = self.conn_mut(id).counted.as_mut() else {
            return;
        };
        batch.take(line, index, contact);
        let (asked, is_void) = (batch.asked, batch.is_void);
        let user = self.users.get_mut(me);
        let Some(setting) = Setting::of(line.verb) else {
            return;
        };
        let is_sure = !is_void && user.login == Some(id);
        let value = setting.parse(line.word(1)).filter(|_| is_sure);
        let fact = user.setting_mut(setting);
        match value {
            Some(value) => fact.learn(value, asked, index, false),
            None => fact.forget(),
        }
    }

    /// Another matter begins: what a whole batch has shown is so.
    pub(super) fn settle_batch(&mut self, id: ConnId) {
        let conn = self.conn_mut(id);
        let Some(me) = conn.user else {
            return;
        };
        let Some(batch) = conn
            .counted
            .as_mut()
            .filter(|it| !it.is_settled && it.is_whole())
        else {
            return;
        };
        batch.is_settled = true;
        let batch = Batch::clone(batch);
        if batch.counts.is_none() || self.users.get(me).login != Some(id) {
            return;
        }
        let user = self.users.get_mut(me);
        let is_unchanged = batch.serial <= user.serial_before;
        for list in List::ALL {
            let fact = user.list_mut(list);
            if !batch.shows_lists() {
                fact.forget();
                continue;
            }
            let on = batch.contacts.iter().filter(|it| it.is_on(list));
            let members: Vec<UserId> = on.map(|it| it.user).collect();
            fact.learn(&members, batch.asked, batch.last, is_unchanged);
        }
        if batch.shows_lists() {
            let contacts = batch.contacts.iter();
            for contact in contacts.filter(|it| it.is_on(List::Forward)) {
                self.users.get_mut(contact.user).adders.insert(me);
            }
        }
    }
}
