//! Phone numbers, from MSNP5 on: PRP for the own, BPR for those of contacts.

use smallvec::smallvec;

use super::Model;
use super::line::Line;
use super::login::{ignored, refused};
use super::prediction::{Duty, Effect, Replies, Reply, Sight, Sights};
use super::value::{ConnId, Phone, UserId};
use super::world::truth;
use crate::protocol::{ClauseId, List, Property, Verb};
use crate::rules::{self, Presence, Truth, View, refusals};

impl Model {
    /// Whether a user can turn calls off.
    #[must_use]
    pub fn has_switch_for_calls(&self) -> bool {
        self.takes(Verb::Ims)
    }

    /// Whether the dialect has phone numbers.
    #[must_use]
    pub fn has_phones(&self) -> bool {
        self.takes(Verb::Prp)
    }

    /// A user's number; `None` where it is not known.
    fn phone(&self, user: UserId, key: Property) -> Option<Phone> {
        let (phone, is_doubtful) = *self.user(user).phones.get(key as usize)?;
        (!is_doubtful).then_some(phone)
    }

    pub(super) fn property_replies(
        &self,
        user: UserId,
        key: Option<Property>,
        value: Phone,
    ) -> Replies {
        let Some(key) = key else {
            let clause = ClauseId::PRP_6;
            let usual = Reply::refusal(&refusals::NO_PROPERTY, Effect::Nothing);
            let echo = Reply::new(clause, Effect::Unclear, &[Line::Extra(Verb::Prp)]);
            return self.or(smallvec![usual], [refused(clause), ignored(clause), echo]);
        };
        let clause = match value.text() {
            None => ClauseId::PRP_2,
            Some(text) if text.len() == LONGEST => ClauseId::PRP_4,
            Some(_) => ClauseId::PRP_1,
        };
        let line = Line::Own(self.next_serial(user), key, Some(value));
        self.offered(clause, line, Effect::Phone(key, value))
    }

    /// The own properties in a batch; what nobody sets is said in any way.
    pub(super) fn push_properties(&self, user: UserId, reply: &mut Reply) {
        let serial = self.serial(user);
        for key in Property::ALL {
            let phone = self.phone(user, key);
            reply.lines.push(match phone.and_then(Phone::text) {
                Some(_) => Line::Own(serial, key, phone),
                None => Line::OwnInBatch(serial, key, phone),
            });
        }
    }

    /// A user has set a number: its watchers are told.
    pub(super) fn change_phone(
        &mut self,
        user: UserId,
        key: Property,
        value: Phone,
        out: &mut Sights,
    ) {
        let before = self.phone(user, key);
        if let Some(own) = self.user_mut(user).phones.get_mut(key as usize) {
            *own = (value, false);
        }
        self.bump(user);
        let is_news = before.is_some_and(|before| before != value);
        for watcher in self.users() {
            if self.is_on(watcher, List::Forward, user) != Truth::No {
                self.bump(watcher);
                let told = Told::new(ClauseId::BPR_2, is_news);
                self.tell_phone(user, watcher, key, told, out);
            }
        }
    }

    /// A user may have set a number.
    pub(super) fn doubt_phone(&mut self, user: UserId, key: Property) {
        if let Some((_, doubt)) = self.user_mut(user).phones.get_mut(key as usize) {
            *doubt = true;
        }
        self.users().for_each(|user| self.bump(user));
    }

    /// The numbers of a contact that was put on the FL.
    pub(super) fn introduce_phones(
        &self,
        user: UserId,
        contact: UserId,
        is_new: bool,
        out: &mut Sights,
    ) {
        if !self.has_phones() {
            return;
        }
        for key in Property::SHOWN {
            let is_set = self
                .phone(contact, key)
                .is_some_and(|it| it.text().is_some());
            let told = Told::new(ClauseId::BPR_3, is_new && is_set);
            self.tell_phone(contact, user, key, told, out);
        }
    }

    /// SYN was answered: with a batch, the numbers of all contacts come.
    pub(super) fn synchronised(&mut self, user: UserId, has_batch: Truth, out: &mut Sights) {
        self.user_mut(user).synchronised = (true, false);
        if has_batch == Truth::No || !self.has_phones() {
            return;
        }
        for contact in self.users() {
            for key in Property::SHOWN {
                let is_set = self
                    .phone(contact, key)
                    .is_some_and(|it| it.text().is_some());
                let is_due = has_batch == Truth::Yes && is_set;
                let told = Told::new(ClauseId::SYNC_3, is_due);
                self.tell_phone(contact, user, key, told, out);
            }
        }
    }

    /// A watcher is told a number of a user, where the user lets it know.
    fn tell_phone(
        &self,
        user: UserId,
        watcher: UserId,
        key: Property,
        told: Told,
        out: &mut Sights,
    ) {
        let Some(conn) = self.login_of(watcher) else {
            return;
        };
        let knows = truth(self.user(watcher).synchronised);
        if self.is_on(watcher, List::Forward, user) == Truth::No || knows == Truth::No {
            return;
        }
        let shown = rules::shows_numbers(self, user, watcher);
        let (phone, is_sure) = (self.phone(user, key), self.is_told(watcher, conn));
        let mut say = |value, duty| {
            out.list.push(Sight {
                conn,
                line: Line::Contacts(user, key, value),
                duty,
                clause: told.clause,
            });
        };
        if shown != Truth::No {
            let is_due = told.is_due && shown == Truth::Yes && is_sure && knows == Truth::Yes;
            say(phone, if is_due { Duty::Must } else { Duty::May });
        }
        if shown != Truth::Yes {
            // What nobody sets is said of anybody.
            let none = Some(Phone::default()).filter(|_| key != Property::Pages);
            say(none, Duty::May);
        }
    }

    /// Whether a user is surely there, in a state in which it hears of others.
    fn is_told(&self, user: UserId, conn: ConnId) -> bool {
        let is_here = self
            .is(user, Presence::Online)
            .or(self.is(user, Presence::Hidden));
        is_here == Truth::Yes && !self.user(user).has_rival && self.is_sure(conn)
    }
}

/// The longest number that everybody takes.
const LONGEST: usize = 95;

/// Which clause is about it, and whether it must be told.
#[derive(Clone, Copy)]
struct Told {
    clause: ClauseId,
    is_due: bool,
}

impl Told {
    fn new(clause: ClauseId, is_due: bool) -> Self {
        Self { clause, is_due }
    }
}
