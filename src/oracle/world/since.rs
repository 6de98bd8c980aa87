//! What is known to have been so all the time since an entry: a view for the rules.

use super::World;
use super::fact::Membership;
use super::id::UserId;
use super::request::Request;
use crate::oracle::line::Verb;
use crate::protocol::{List, Setting};
use crate::rules::{self, Outcomes, Presence, Truth, View};

/// What has been so since an entry.
#[derive(Debug, Clone, Copy)]
pub struct Since<'w> {
    world: &'w World,
    index: usize,
    /// A list as the request that was sent then has met it, where no other was under way.
    met: Option<List>,
}

impl World {
    /// What has been so since the entry of this index.
    #[must_use]
    pub fn since(&self, index: usize) -> Since<'_> {
        let met = None;
        Since {
            world: self,
            index,
            met,
        }
    }

    /// What may come of a user's ADD or REM, by what it has met; nothing is said of other requests, nor
    /// of those that name a group: who is in which nobody keeps in mind here.
    #[must_use]
    pub fn outcomes_of(&self, owner: UserId, request: &Request) -> Outcomes {
        let asked = request.words();
        let list = List::parse(asked.word(2)).filter(|list| *list != List::Reverse);
        let list = list.filter(|_| !request.names_group());
        let Some((list, whom)) = list.zip(self.users.find(asked.word(3))) else {
            return Outcomes::new();
        };
        let view = Since {
            world: self,
            index: request.index,
            met: Some(list),
        };
        match request.verb {
            Verb::Add => rules::add(&view, owner, list, whom),
            Verb::Rem => rules::remove(&view, owner, list, whom),
            _ => Outcomes::new(),
        }
    }
}

impl View for Since<'_> {
    type User = UserId;

    fn is_on(&self, owner: UserId, list: List, whom: UserId) -> Truth {
        let (owner, is_met) = (self.world.user(owner), self.met == Some(list));
        let fact = owner.list(list);
        let membership = match is_met {
            true => fact.met_by(whom, self.index),
            false => fact.membership(whom),
        };
        match membership {
            _ if !owner.is_sure() || self.world.user(whom).is_ambiguous => Truth::Maybe,
            Membership::On(since) if since <= self.index => Truth::Yes,
            Membership::Off { since, .. } if since <= self.index => Truth::No,
            _ => Truth::Maybe,
        }
    }

    fn is_public(&self, user: UserId) -> Truth {
        let user = self.world.user(user);
        match user.setting(Setting::Privacy).sure() {
            Some((is_public, since)) if since <= self.index && user.is_sure() => is_public.into(),
            _ => Truth::Maybe,
        }
    }

    /// Who is away may be logged in elsewhere; and what FLN does is the server's choice (CHG-2).
    fn is(&self, user: UserId, presence: Presence) -> Truth {
        let user = self.world.user(user);
        match user.states.presence_since(self.index) {
            Some(Presence::Offline) | None => Truth::Maybe,
            Some(_) if !user.is_sure() => Truth::Maybe,
            Some(now) => (now == presence).into(),
        }
    }

    fn takes_calls(&self, user: UserId) -> Truth {
        let user = self.world.user(user);
        match user.calls.sure() {
            Some((is_on, since)) if since <= self.index && user.is_sure() => is_on.into(),
            _ => Truth::Maybe,
        }
    }
}
