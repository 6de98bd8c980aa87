//! What is known of a value that a client changes and a server keeps, and since when.
//!
//! A request is carried out some time between its sending and its answer, so a value is certain
//! only while no request that may change it is under way, and only from the last answer on.
//! Requests that overlap and are answered in another order than they were sent leave it unknown:
//! replies may come in any order, so nobody knows which was carried out last.

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::id::UserId;

/// A value.
#[derive(Debug, Clone)]
pub struct Fact<T> {
    value: Option<T>,
    since: usize,
    under_way: u32,
    /// The request that brought the value.
    request: usize,
    /// A request of this session has made it so; else the server has only shown it.
    is_made: bool,
    /// What it was at the end of the last session.
    before: Option<T>,
}

impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self {
            value: None,
            since: 0,
            under_way: 0,
            request: 0,
            is_made: false,
            before: None,
        }
    }
}

impl<T: Copy + PartialEq> Fact<T> {
    /// The value, and the index of the entry from which on it is certain.
    #[must_use]
    pub fn sure(&self) -> Option<(T, usize)> {
        match self.under_way {
            0 => Some((self.value?, self.since)),
            _ => None,
        }
    }

    /// The value that the request sent at `index` met, where that was the only one under way.
    #[must_use]
    pub fn met_by(&self, index: usize) -> Option<T> {
        self.value
            .filter(|_| self.under_way == 1 && self.since <= index)
    }

    /// The same, where a request of this session has made it so. What a server has only shown may be
    /// what it has shown wrong.
    #[must_use]
    pub fn made_before(&self, index: usize) -> Option<T> {
        self.met_by(index).filter(|_| self.is_made)
    }

    /// The value, where nothing has changed it since the request sent at `index`.
    #[must_use]
    pub fn steady_since(&self, index: usize) -> Option<T> {
        self.value
            .filter(|_| self.under_way == 0 && self.since <= index)
    }

    /// The value at the end of the last session, where this one has not named it yet.
    #[must_use]
    pub fn from_before(&self) -> Option<T> {
        self.before
            .filter(|_| self.value.is_none() && self.under_way == 0)
    }

    /// A request that may change it was sent.
    pub(super) fn asked(&mut self) {
        self.under_way += 1;
    }

    /// Such a request was answered.
    pub(super) fn settled(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The server named it, in answer to the request sent at `request`; `is_change` where that was to
    /// make it so.
    pub(super) fn learn(&mut self, value: T, request: usize, index: usize, is_change: bool) {
        self.is_made = is_change || self.is_made && self.value == Some(value);
        self.value = (request >= self.request).then_some(value);
        self.since = index;
        self.request = self.request.max(request);
    }

    /// The server says that it is `value` already.
    pub(super) fn confirm(&mut self, value: T) {
        self.is_made |= self.value == Some(value);
    }

    /// Nobody knows any more.
    pub(super) fn forget(&mut self) {
        *self = Self {
            under_way: self.under_way,
            ..Self::default()
        };
    }

    /// A new session begins: what was asked in the last one is over.
    pub(super) fn renew(&mut self) {
        *self = Self {
            before: self.value.filter(|_| self.under_way == 0),
            ..Self::default()
        };
    }
}

/// Whether a user is on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// It is, for certain since this index.
    On(usize),
    /// It is not, for certain since this index.
    Off {
        /// Since when.
        since: usize,
        /// It was on the list earlier in the same session.
        was_on: bool,
    },
    /// Nobody can tell.
    Unknown,
}

#[derive(Debug, Clone, Copy, Default)]
struct Member {
    is_on: bool,
    since: usize,
    /// The request that brought it here.
    request: usize,
    /// Two requests crossed.
    is_unsure: bool,
    /// The whole list has been shown since.
    is_proven: bool,
    /// A request of this session has put it here or taken it off; else a list has only shown it.
    is_made: bool,
}

/// One of the four lists of a user, as far as this session has shown it.
#[derive(Debug, Default, Clone)]
pub struct ListFact {
    members: FxHashMap<UserId, Member>,
    /// Since when the whole list is known.
    whole: Option<usize>,
    under_way: u32,
    /// The index of the last request or line that changed it, or may have.
    changed: usize,
    /// From an earlier session of the user.
    is_old: bool,
    /// Whom an ADD that failed wanted on it, last.
    refused: FxHashSet<UserId>,
    /// Whom a REM that failed wanted off it, last.
    kept: FxHashSet<UserId>,
    /// The server has shown another list than it should: that was told, and what follows from it
    /// is not known.
    is_disputed: bool,
    /// An entry may stand twice: it was shown so, or put there when it was there.
    has_double: bool,
}

impl ListFact {
    /// Whether `user` is on it.
    #[must_use]
    pub fn membership(&self, user: UserId) -> Membership {
        if self.is_old {
            return Membership::Unknown;
        }
        self.membership_ever(user)
    }

    /// The same, also by what an earlier session has shown.
    #[must_use]
    pub fn membership_ever(&self, user: UserId) -> Membership {
        if self.is_doubtful(user) {
            return Membership::Unknown;
        }
        self.recorded(user)
    }

    /// The same, as if what fails changed nothing: for the judge of what it has changed.
    #[must_use]
    pub fn recorded(&self, user: UserId) -> Membership {
        if self.under_way > 0 {
            return Membership::Unknown;
        }
        self.last_membership(user)
    }

    /// Whether the whole list is known, and no entry can stand twice.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.is_whole() && !self.has_double
    }

    /// Whether a request that failed may have moved `user` nevertheless. What follows from that
    /// breaks no other clause, so nobody relies on such an entry until the list has been shown.
    fn is_doubtful(&self, user: UserId) -> bool {
        match self.last_membership(user) {
            Membership::On(_) => self.kept.contains(&user),
            Membership::Off { .. } => self.refused.contains(&user),
            Membership::Unknown => false,
        }
    }

    /// Whether `user` was on it when the request sent at `index` came, where that was the only one
    /// under way.
    #[must_use]
    pub fn met_by(&self, user: UserId, index: usize) -> Membership {
        let since = match self.last_membership(user) {
            Membership::On(since) | Membership::Off { since, .. } => since,
            Membership::Unknown => return Membership::Unknown,
        };
        let is_met = self.under_way == 1 && !self.is_old && since <= index;
        if is_met && !self.is_doubtful(user) {
            self.last_membership(user)
        } else {
            Membership::Unknown
        }
    }

    fn last_membership(&self, user: UserId) -> Membership {
        match (self.members.get(&user), self.whole) {
            _ if self.is_disputed => Membership::Unknown,
            (Some(member), _) if member.is_unsure => Membership::Unknown,
            (Some(member), _) if member.is_on => Membership::On(member.since),
            (Some(member), _) => Membership::Off {
                since: member.since,
                was_on: true,
            },
            (None, Some(since)) => Membership::Off {
                since,
                was_on: false,
            },
            (None, None) => Membership::Unknown,
        }
    }

    /// Who is on it for certain, where nothing has changed it since `index`.
    pub fn steady_since(&self, index: usize) -> Option<impl Iterator<Item = UserId>> {
        let is_steady = self.under_way == 0 && self.changed <= index && !self.is_disputed;
        let sure_on = |member: &Member| member.is_on && !member.is_unsure;
        let on = self
            .members
            .iter()
            .filter(move |(_, member)| sure_on(member));
        is_steady.then(|| on.map(|(user, _)| *user))
    }

    /// Whether `user` was taken off it for certain by `index`.
    #[must_use]
    pub fn was_removed_by(&self, user: UserId, index: usize) -> bool {
        matches!(
            self.membership(user),
            Membership::Off { since, was_on: true } if since <= index
        )
    }

    /// Whether the whole list has been shown since `user` was put on it or taken off.
    #[must_use]
    pub fn is_proven(&self, user: UserId) -> bool {
        match self.members.get(&user) {
            Some(member) => member.is_proven,
            None => self.whole.is_some(),
        }
    }

    /// Whether a request of this session has put `user` on it or taken it off. What a list has only
    /// shown may be what it has shown wrong.
    #[must_use]
    pub fn is_made(&self, user: UserId) -> bool {
        let member = self.members.get(&user);
        member.is_some_and(|member| member.is_made)
    }

    /// Whether `user` has been on it, or was taken off it.
    #[must_use]
    pub fn has_had(&self, user: UserId) -> bool {
        self.members.contains_key(&user)
    }

    /// Whether the last ADD of `user` failed.
    #[must_use]
    pub fn was_refused(&self, user: UserId) -> bool {
        self.refused.contains(&user)
    }

    /// Whether the last REM of `user` failed.
    #[must_use]
    pub fn was_kept(&self, user: UserId) -> bool {
        self.kept.contains(&user)
    }

    /// An ADD of `user` failed.
    pub(super) fn refuse(&mut self, user: UserId) {
        self.refused.insert(user);
    }

    /// A REM of `user` failed, for whatever cause.
    pub(super) fn keep(&mut self, user: UserId) {
        self.kept.insert(user);
    }

    /// A REM of `user` failed because it is not on the list, the server says. Where it should be,
    /// that was told; where nobody knew, the next list says it.
    pub(super) fn miss(&mut self, user: UserId) {
        let is_old = self.is_old;
        if let Some(member) = self.members.get_mut(&user).filter(|_| !is_old) {
            member.is_unsure |= member.is_on;
        }
    }

    /// An ADD of `user` failed because it is on the list, the server says. Where it should not be,
    /// that was told.
    pub(super) fn meet(&mut self, user: UserId, index: usize) {
        let known = self.members.entry(user);
        let member = known.or_insert(Member {
            since: index,
            is_unsure: true,
            ..Member::default()
        });
        member.is_unsure |= !member.is_on;
    }

    /// Whether `user` is on it nobody knows any more.
    pub(super) fn doubt(&mut self, user: UserId) {
        let known = self.members.entry(user).or_default();
        known.is_unsure = true;
    }

    /// An entry of the owner's FL goes: what the lists of this kind have shown of `user` before
    /// does not prove that it is still there.
    pub(super) fn unprove(&mut self, user: UserId) {
        if let Some(member) = self.members.get_mut(&user) {
            member.is_proven = false;
        }
    }

    /// Whether it is known whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole.is_some()
    }

    /// Whether what is known comes from an earlier session of the user.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.is_old
    }

    pub(super) fn asked(&mut self, index: usize) {
        self.under_way += 1;
        self.changed = index;
    }

    pub(super) fn settled(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    pub(super) fn set(&mut self, user: UserId, is_on: bool, request: usize, since: usize) {
        let old = self.members.get(&user);
        let latest = old.map_or(0, |old| old.request);
        self.has_double |= is_on && old.is_some_and(|old| old.is_on);
        let member = Member {
            is_on,
            since,
            request: latest.max(request),
            is_unsure: request < latest,
            is_proven: false,
            is_made: true,
        };
        self.members.insert(user, member);
        self.refused.remove(&user);
        self.kept.remove(&user);
        self.changed = since;
    }

    /// The server showed the whole list, in answer to a request sent at `asked`; `is_unchanged`
    /// where nobody can have changed it since the last session.
    pub(super) fn learn(
        &mut self,
        shown: &[UserId],
        asked: usize,
        index: usize,
        is_unchanged: bool,
    ) {
        let distinct: FxHashSet<&UserId> = shown.iter().collect();
        self.has_double |= distinct.len() < shown.len();
        if self.under_way > 0 || self.changed > asked {
            return;
        }
        let is_known = !self.is_old || is_unchanged;
        self.is_disputed |= is_known && self.is_contradicted_by(&distinct);
        let mut members: FxHashMap<UserId, Member> =
            FxHashMap::with_capacity_and_hasher(shown.len(), FxBuildHasher);
        for user in shown {
            let old = self.members.get(user).filter(|_| !self.is_old);
            let member = Member {
                is_on: true,
                since: old.filter(|m| m.is_on).map_or(index, |m| m.since),
                request: asked,
                is_unsure: false,
                is_proven: true,
                is_made: old.is_some_and(|old| old.is_on && old.is_made),
            };
            members.insert(*user, member);
        }
        for (user, old) in &self.members {
            if !self.is_old && !members.contains_key(user) {
                let since = if old.is_on { index } else { old.since };
                let member = Member {
                    is_on: false,
                    since,
                    request: asked,
                    is_unsure: false,
                    is_proven: true,
                    is_made: !old.is_on && old.is_made,
                };
                members.insert(*user, member);
            }
        }
        self.members = members;
        self.refused.clear();
        self.kept.clear();
        self.whole = Some(self.whole.filter(|_| !self.is_old).unwrap_or(index));
        self.is_old = false;
    }

    /// Whether the server shows another list than requests have made.
    fn is_contradicted_by(&self, shown: &FxHashSet<&UserId>) -> bool {
        let is_wrong = |(user, member): (&UserId, &Member)| {
            !member.is_unsure && member.is_on != shown.contains(user)
        };
        let is_new = |user: &&UserId| !self.members.contains_key(user);
        let is_more = self.is_whole() && shown.iter().any(is_new);
        is_more || self.members.iter().any(is_wrong)
    }

    /// A new session of the user begins; others may have come between.
    pub(super) fn grow_old(&mut self) {
        if self.under_way > 0 {
            *self = Self::default();
        }
        self.is_old = true;
    }

    /// A request that may have changed any entry was answered.
    pub(super) fn forget_all(&mut self) {
        self.settled();
        self.forget();
    }

    /// Nobody knows any more; what is under way still is.
    pub(super) fn forget(&mut self) {
        *self = Self {
            under_way: self.under_way,
            changed: self.changed,
            ..Self::default()
        };
    }
}
