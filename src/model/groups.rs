//! Groups of contacts, from MSNP7 on: LSG, ADG, REG, RMG, and a group in ADD and REM.

use smallvec::smallvec;

use super::Model;
use super::command::{Command, GroupWord, Whom};
use super::line::Line;
use super::login::{error, refused};
use super::notification::replies;
use super::prediction::{Effect, Replies, Reply, Sights};
use super::value::{ConnId, GroupId, GroupSet, LabelId, MAX_GROUPS, UserId};
use crate::protocol::{ClauseId, List, Verb};
use crate::rules::{self, Truth, View, refusals};

impl Model {
    /// Whether contacts stand in groups.
    #[must_use]
    pub fn has_groups(&self) -> bool {
        self.takes(Verb::Adg)
    }

    /// The groups of a user that are there, that of who is in no other first; of one of whom that is
    /// not known, none.
    pub fn groups(&self, user: UserId) -> impl Iterator<Item = GroupId> + use<> {
        let groups = self.user(user).groups;
        let is_there = move |id: &GroupId| {
            let label = groups.labels.get(usize::from(id.0));
            !groups.doubt && (*id == GroupId::OTHERS || label.is_some_and(Option::is_some))
        };
        let count = if self.has_groups() { MAX_GROUPS + 1 } else { 0 };
        (0..count).map(GroupId).filter(is_there)
    }

    /// The name of a group; `None` where it has none that is known.
    #[must_use]
    pub fn label(&self, user: UserId, group: GroupId) -> Option<LabelId> {
        let groups = &self.user(user).groups;
        *groups.labels.get(usize::from(group.0))?
    }

    /// The groups that a contact is in; none where that is not known.
    #[must_use]
    pub fn groups_of(&self, user: UserId, contact: UserId) -> GroupSet {
        let groups = &self.user(user).groups;
        let members = groups.members.get(contact.index()).copied();
        members.filter(|_| !groups.doubt).unwrap_or_default()
    }

    /// A name that the user has given no group yet.
    #[must_use]
    pub fn fresh_label(&self, user: UserId) -> Option<LabelId> {
        let groups = &self.user(user).groups;
        let is_known = !groups.doubt && self.has_groups();
        (is_known && groups.named < LabelId::COUNT).then_some(LabelId(groups.named))
    }

    /// Whether the user can make one more.
    #[must_use]
    pub fn has_room_for_group(&self, user: UserId) -> bool {
        self.user(user).groups.made < MAX_GROUPS
    }

    /// Whether groups that the user made are there no more.
    #[must_use]
    pub fn has_removed_groups(&self, user: UserId) -> bool {
        self.groups(user).count() < usize::from(self.user(user).groups.made) + 1
    }

    fn exists(&self, user: UserId, group: GroupWord) -> Truth {
        match group.group() {
            _ if self.user(user).groups.doubt => Truth::Maybe,
            None => Truth::No,
            Some(group) => self.groups(user).any(|own| own == group).into(),
        }
    }

    /// Whether a contact is in a group.
    fn is_in(&self, user: UserId, contact: UserId, group: GroupId) -> Truth {
        let groups = self.groups_of(user, contact);
        let is_in = match groups.is_empty() {
            true => Truth::Maybe,
            false => groups.has(group).into(),
        };
        self.is_on(user, List::Forward, contact).and(is_in)
    }

    /// The lines that name the groups; `None` where it is not known which there are.
    pub(super) fn push_groups(&self, user: UserId, reply: &mut Reply) -> Option<()> {
        if self.user(user).groups.doubt {
            return None;
        }
        let (serial, total) = (self.serial(user), self.groups(user).count());
        let total = u8::try_from(total).unwrap_or(u8::MAX);
        let lines = (1..=total).map(|item| Line::Group(serial, item, total));
        reply.lines.extend(lines);
        Some(())
    }

    /// The groups that a line of the FL names.
    pub(super) fn groups_in_line(&self, user: UserId, contact: UserId) -> Option<GroupSet> {
        let groups = self.groups_of(user, contact);
        // Who was put into none may be in that of the others, or in none.
        let is_said = !groups.is_empty() && groups != GroupSet::only(GroupId::OTHERS);
        (self.has_groups() && is_said).then_some(groups)
    }

    pub(super) fn group_replies(&self, user: UserId, command: Command) -> Replies {
        match command {
            Command::Lsg => {
                let clause = ClauseId::LSG_1;
                let mut reply = Reply::new(clause, Effect::Nothing, &[]);
                let Some(()) = self.push_groups(user, &mut reply) else {
                    return smallvec![Reply::anything(clause, Effect::Nothing).staying()];
                };
                self.unless_unknown(reply)
            }
            Command::Adg(name) => {
                let group = GroupId(self.user(user).groups.made + 1);
                let line = Line::GroupMade(self.next_serial(user), name, user, group);
                let made = Reply::new(ClauseId::GRP_1, Effect::GroupMade(name), &[line]);
                self.unless_unknown(made)
            }
            Command::Reg(group, name) => {
                let line = Line::GroupRenamed(self.next_serial(user), group, name);
                let effect = group.group().map(|group| Effect::GroupRenamed(group, name));
                self.replies_about(user, group, (ClauseId::GRP_9, line, effect))
            }
            Command::Rmg(GroupWord::Own(_, GroupId::OTHERS)) => {
                let line = Line::Extra(Verb::Rmg);
                let echo = Reply::new(ClauseId::GRP_13, Effect::Nothing, &[line]);
                let any = Reply::new(ClauseId::GRP_13, Effect::Nothing, &[Line::AnyError]);
                self.or(smallvec![error(ClauseId::GRP_13, 230)], [any, echo])
            }
            Command::Rmg(group) => {
                let line = Line::GroupRemoved(self.next_serial(user), group);
                let effect = group.group().map(Effect::GroupRemoved);
                self.replies_about(user, group, (ClauseId::GRP_11, line, effect))
            }
            Command::Enter(whom, group) => self.enter_replies(user, whom, group),
            Command::Exit(whom, group) => self.exit_replies(user, whom, group),
            _ => Replies::new(),
        }
    }

    /// What comes of REG or RMG.
    fn replies_about(
        &self,
        user: UserId,
        group: GroupWord,
        (clause, line, effect): (ClauseId, Line, Option<Effect>),
    ) -> Replies {
        let exists = self.exists(user, group);
        let mut all = Replies::new();
        if let (Some(effect), Truth::Yes | Truth::Maybe) = (effect, exists) {
            all.push(Reply::new(clause, effect, &[line]));
        }
        if exists != Truth::Yes {
            let usual = Reply::refusal(&refusals::NO_GROUP, Effect::Nothing);
            // Some servers say that it was done, and do nothing.
            let echo = Reply::new(usual.clause, Effect::Nothing, &[line]);
            all.push(usual);
            all = self.or(all, [refused(ClauseId::GRP_10), echo]);
        }
        let is_kept = |member: UserId| {
            let groups = self.groups_of(user, member);
            group.group().is_some_and(|group| groups.has(group))
        };
        if clause == ClauseId::GRP_11 && self.users().any(is_kept) {
            // Not while anybody is in it.
            all = self.or(all, [error(clause, 226)]);
        }
        all
    }

    fn enter_replies(&self, user: UserId, whom: Whom, group: GroupWord) -> Replies {
        let Whom::User(whom) = whom else {
            return smallvec![
                Reply::new(ClauseId::ADD_6, Effect::Nothing, &[Line::AnyError]),
                refused(ClauseId::ADD_6),
            ];
        };
        if whom == user {
            return smallvec![Reply::anything(ClauseId::ADD_6, Effect::Unclear)];
        }
        let is_contact = self.is_on(user, List::Forward, whom);
        let line = Line::AddedInto(self.next_serial(user), whom, group);
        let (clause, effect) = match (group.group(), is_contact) {
            (None, _) | (_, Truth::Maybe) => (ClauseId::INTO_1, Effect::MaybeGroups),
            (Some(group), Truth::Yes) => (ClauseId::INTO_1, Effect::EnteredGroup(whom, group)),
            (Some(group), Truth::No) => (ClauseId::INTO_7, Effect::AddedInto(whom, group)),
        };
        let is_in = group
            .group()
            .map_or(Truth::No, |group| self.is_in(user, whom, group));
        let done = Reply::new(clause, effect, &[line]);
        let outcomes = rules::enter_group(self.exists(user, group), is_in);
        let all = replies(outcomes, &done, Effect::Nothing);
        let any = |clause| Reply::new(clause, Effect::Nothing, &[Line::AnyError]);
        match all.first().map(|first| first.clause) {
            Some(clause @ ClauseId::INTO_3) => self.or(all, [Reply { clause, ..done }]),
            Some(clause @ ClauseId::INTO_4) => self.or(all, [refused(clause)]),
            // Some let only those enter who are on the list.
            Some(clause @ ClauseId::INTO_7) => self.or(all, [any(clause)]),
            _ => all,
        }
    }

    fn exit_replies(&self, user: UserId, whom: Whom, group: GroupWord) -> Replies {
        let Whom::User(whom) = whom else {
            return smallvec![
                Reply::new(ClauseId::OUTOF_3, Effect::Nothing, &[Line::AnyError]),
                refused(ClauseId::OUTOF_3),
            ];
        };
        let is_contact = self.is_on(user, List::Forward, whom);
        let is_in = group
            .group()
            .map_or(Truth::No, |group| self.is_in(user, whom, group));
        let line = Line::RemovedFrom(self.next_serial(user), whom, group);
        let groups = self.groups_of(user, whom);
        let (clause, effect) = match group.group() {
            Some(group) if is_in == Truth::Yes && groups.len() > 1 => {
                (ClauseId::OUTOF_1, Effect::LeftGroup(whom, group))
            }
            _ => (ClauseId::OUTOF_2, Effect::MaybeContact(whom)),
        };
        let done = Reply::new(clause, effect, &[line]);
        let outcomes = rules::leave_group(self.exists(user, group), is_in);
        let mut all = replies(outcomes, &done, Effect::Nothing);
        if is_contact != Truth::Yes {
            // Which of the two is said first is open.
            all.insert(0, Reply::refusal(&refusals::ABSENT, Effect::Nothing));
        }
        match is_in {
            Truth::Yes => all,
            Truth::No | Truth::Maybe => self.or(all, [refused(ClauseId::OUTOF_3)]),
        }
    }

    pub(super) fn make_group(&mut self, user: UserId, name: LabelId) {
        let groups = &mut self.user_mut(user).groups;
        groups.made = groups.made.saturating_add(1);
        groups.named = groups.named.max(name.0.saturating_add(1));
        if let Some(label) = groups.labels.get_mut(usize::from(groups.made)) {
            *label = Some(name);
        }
        self.bump(user);
    }

    pub(super) fn rename_group(&mut self, user: UserId, group: GroupId, name: LabelId) {
        let groups = &mut self.user_mut(user).groups;
        groups.named = groups.named.max(name.0.saturating_add(1));
        if let Some(label) = groups.labels.get_mut(usize::from(group.0)) {
            *label = Some(name);
        }
        self.bump(user);
    }

    /// Whoever was in this group alone may have left the FL with it.
    pub(super) fn remove_group(&mut self, user: UserId, group: GroupId, out: &mut Sights) {
        let mut left = Vec::new();
        for contact in self.users() {
            let before = self.groups_of(user, contact);
            let is_alone = before.is_empty() || before == GroupSet::only(group);
            if is_alone && self.is_on(user, List::Forward, contact) != Truth::No {
                left.push(contact);
            }
            self.set_groups(user, contact, before.without(group));
        }
        let groups = &mut self.user_mut(user).groups;
        if let Some(label) = groups.labels.get_mut(usize::from(group.0)) {
            *label = None;
        }
        self.bump(user);
        for contact in left {
            self.doubt_contact(user, contact, out);
        }
    }

    /// A contact may be on the FL, or not.
    pub(super) fn doubt_contact(&mut self, user: UserId, contact: UserId, out: &mut Sights) {
        self.set_list(user, List::Forward, contact, Truth::Maybe);
        self.set_groups(user, contact, GroupSet::default());
        self.bump(user);
        self.bump(contact);
        out.is_open = true;
    }

    pub(super) fn set_groups(&mut self, user: UserId, contact: UserId, to: GroupSet) {
        let groups = &mut self.user_mut(user).groups;
        if let Some(members) = groups.members.get_mut(contact.index()) {
            *members = to;
        }
    }

    /// A contact is put on the FL: into this group, which need not be said where it is none.
    pub(super) fn add_into(
        &mut self,
        conn: ConnId,
        user: UserId,
        (contact, group): (UserId, GroupId),
        out: &mut Sights,
    ) {
        self.add(conn, user, List::Forward, contact, out);
        self.set_groups(user, contact, GroupSet::only(group));
    }

    pub(super) fn change_groups(&mut self, user: UserId, contact: UserId, to: GroupSet) {
        self.set_groups(user, contact, to);
        self.bump(user);
    }

    fn unless_unknown(&self, done: Reply) -> Replies {
        let clause = done.clause;
        self.or(smallvec![done], [refused(clause)])
    }

    /// The replies, and what others are known to do, unless it is known that the server does not.
    pub(super) fn or(&self, mut all: Replies, others: impl IntoIterator<Item = Reply>) -> Replies {
        if !self.offers_extras() {
            all.extend(others);
        }
        all
    }
}
