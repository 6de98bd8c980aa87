//! A user's groups, and which of them a contact is in.

use std::fmt;
use std::sync::Arc;

use super::handle::parse_number;

/// The most groups of a user.
const MAX_GROUPS: u8 = 30;

/// The number of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupId(u8);

impl GroupId {
    /// The group of those who are in no other. It cannot be removed.
    pub(super) const OTHERS: Self = Self(0);

    pub(super) fn parse(word: &[u8]) -> Option<Self> {
        let number = u8::try_from(parse_number(word)?).ok()?;
        (number < MAX_GROUPS).then_some(Self(number))
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The groups that a contact is in: a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Membership(u32);

/// Whoever is put into no group is in that of the others.
//= INTO-5
//= OUTOF-2
impl Default for Membership {
    fn default() -> Self {
        Self::only(GroupId::OTHERS)
    }
}

impl Membership {
    pub(super) fn only(group: GroupId) -> Self {
        Self(1 << group.0)
    }

    pub(super) fn contains(self, group: GroupId) -> bool {
        self.0 & Self::only(group).0 != 0
    }

    pub(super) fn insert(&mut self, group: GroupId) {
        self.0 |= Self::only(group).0;
    }

    pub(super) fn remove(&mut self, group: GroupId) {
        self.0 &= !Self::only(group).0;
    }

    /// Whether it is more than one group.
    pub(super) fn is_several(self) -> bool {
        self.0.count_ones() > 1
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The numbers, joined by commas.
//= SYNC-7
impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = (0..MAX_GROUPS).map(GroupId);
        let mut comma = "";
        for group in groups.filter(|group| self.contains(*group)) {
            write!(f, "{comma}{group}")?;
            comma = ",";
        }
        Ok(())
    }
}

/// A group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: GroupId,
    /// The name, encoded.
    pub(super) name: Arc<str>,
}

/// A user's groups, by number.
#[derive(Debug, Clone)]
pub(super) struct Groups(Vec<Group>);

/// The one group of a user who never made any, under the name that says so.
//= SYNC-9
impl Default for Groups {
    fn default() -> Self {
        Self(vec![Group {
            id: GroupId::OTHERS,
            name: "~".into(),
        }])
    }
}

impl Groups {
    pub(super) fn all(&self) -> &[Group] {
        &self.0
    }

    fn find_mut(&mut self, id: GroupId) -> Option<&mut Group> {
        self.0.iter_mut().find(|group| group.id == id)
    }

    /// The group with the highest number.
    pub(super) fn last(&self) -> Option<GroupId> {
        self.0.last().map(|group| group.id)
    }

    /// Gives a group another name, where there is one with this number.
    pub(super) fn rename(&mut self, id: GroupId, name: Arc<str>) -> bool {
        let group = self.find_mut(id);
        group.map(|group| group.name = name).is_some()
    }

    pub(super) fn contains(&self, id: GroupId) -> bool {
        self.0.iter().any(|group| group.id == id)
    }

    /// Makes a group under the lowest number that is free; `None` where there are too many.
    //= GRP-2
    //= GRP-3
    //= GRP-8
    pub(super) fn add(&mut self, name: Arc<str>) -> Option<GroupId> {
        let mut ids = (0..MAX_GROUPS).map(GroupId);
        let id = ids.find(|id| !self.contains(*id))?;
        let place = self.0.partition_point(|group| group.id.0 < id.0);
        self.0.insert(place, Group { id, name });
        Some(id)
    }

    pub(super) fn remove(&mut self, id: GroupId) {
        self.0.retain(|group| group.id != id);
    }
}
