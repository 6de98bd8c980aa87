//! What is known to have been so all the time since an entry: a view for the rules.

use super::World;
use super::fact::Membership;
use super::user::UserId;
use crate::protocol::{List, Setting};
use crate::rules::{Presence, Truth, View};

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

    /// The same, but for a list that the request sent then wants to change: as that has met it.
    #[must_use]
    pub fn met_by(&self, index: usize, list: List) -> Since<'_> {
        let met = Some(list);
        Since {
            world: self,
            index,
            met,
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
}
