//! What dialects after the first have brought: calls turned off, phone numbers, groups of contacts.

use super::person::{Move, Person};
use super::walk::{Told, Walk};
use crate::model::{
    Command, ConnId, Fitness, GroupId, GroupSet, GroupWord, NUMBERS, Phone, UserId, Whom,
};
use crate::protocol::{ClauseId, List};
use crate::rules::{Truth, View};

impl Walk<'_> {
    /// What a user who is logged in may do beyond the first dialect, each with its weight.
    pub(super) fn later_moves(&self, who: UserId) -> [(usize, Move); 7] {
        let calls = usize::from(self.model.has_switch_for_calls());
        let phones = usize::from(self.model.has_phones());
        let groups = usize::from(self.model.has_groups());
        let refuses = self.model.takes_calls(who) != Truth::Yes;
        let count = self.own_groups(who).count();
        let is_grouped = usize::from(self.grouped(who).next().is_some());
        let has_contacts = usize::from(self.contacts(who).next().is_some());
        let has_any = groups * count.min(1);
        [
            (calls * if refuses { 10 } else { 1 }, Move::SwitchCalls),
            (6 * phones, Move::SetPhone),
            (groups, Move::AskForGroups),
            (groups * if count < 2 { 7 } else { 2 }, Move::MakeGroup),
            (2 * has_any, Move::ChangeGroup),
            (groups + 6 * has_any * (1 + has_contacts), Move::EnterGroup),
            (5 * has_any * is_grouped, Move::LeaveGroup),
        ]
    }

    pub(super) fn do_later(&mut self, what: Move, who: UserId, conn: ConnId) {
        match what {
            Move::SwitchCalls => self.switch_calls(who, conn),
            Move::SetPhone => self.set_phone(who, conn),
            Move::AskForGroups => {
                self.act(conn, Command::Lsg, Told::default());
            }
            Move::MakeGroup => self.make_group(who, conn),
            Move::ChangeGroup => self.change_group(who, conn),
            Move::EnterGroup => self.enter_group(who, conn),
            Move::LeaveGroup => self.leave_group(who, conn),
            _ => {}
        }
    }

    fn switch_calls(&mut self, who: UserId, conn: ConnId) {
        let is_off = self.model.takes_calls(who) != Truth::Yes;
        let value = is_off || self.entropy.chance(40);
        self.act(conn, Command::Ims(Some(value)), Told::default());
    }

    fn set_phone(&mut self, who: UserId, conn: ConnId) {
        let key = self.entropy.pick(&NUMBERS).copied();
        let count = usize::from(Phone::COUNT);
        let value = u8::try_from(self.entropy.below(count)).unwrap_or_default();
        let key = key.filter(|_| !self.entropy.chance(12));
        self.act(conn, Command::Prp(key, Phone(value)), Told::default());
        self.doubt_numbers(who);
    }

    /// Whether it raises the numbers of those who are told nobody says.
    fn doubt_numbers(&mut self, by: UserId) {
        for (user, person) in self.model.users().zip(&mut self.people) {
            if user != by {
                person.doubt_number();
            }
        }
    }

    /// The groups that a user has made.
    fn own_groups(&self, who: UserId) -> impl Iterator<Item = GroupId> + use<> {
        let groups = self.model.groups(who);
        groups.filter(|group| *group != GroupId::OTHERS)
    }

    /// Who is surely on the FL.
    fn contacts(&self, who: UserId) -> impl Iterator<Item = UserId> + '_ {
        let users = self.model.users();
        users.filter(move |user| self.has(who, List::Forward, *user))
    }

    /// Contacts that are in a group that the user has made.
    fn grouped(&self, who: UserId) -> impl Iterator<Item = UserId> + '_ {
        let others = GroupSet::only(GroupId::OTHERS);
        let is_grouped = move |contact: &UserId| {
            let groups = self.model.groups_of(who, *contact);
            !groups.is_empty() && groups != others
        };
        self.contacts(who).filter(is_grouped)
    }

    /// One of the user's own groups, or now and then one that it does not have.
    fn some_group(&mut self, who: UserId) -> GroupWord {
        let own: Vec<GroupId> = self.own_groups(who).collect();
        let group = self.entropy.pick(&own).copied();
        match group.filter(|_| !self.entropy.chance(16)) {
            Some(group) => GroupWord::Own(who, group),
            None => GroupWord::Nobodys,
        }
    }

    fn make_group(&mut self, who: UserId, conn: ConnId) {
        let label = self.model.fresh_label(who);
        if let Some(label) = label.filter(|_| self.model.has_room_for_group(who)) {
            self.act(conn, Command::Adg(label), Told::default());
        }
    }

    /// Another name for a group, or its end.
    fn change_group(&mut self, who: UserId, conn: ConnId) {
        let group = self.some_group(who);
        match self.model.fresh_label(who) {
            Some(label) if self.entropy.below(2) == 0 => {
                self.act(conn, Command::Reg(group, label), Told::default());
            }
            _ => {
                let is_others = self.entropy.chance(24);
                let others = GroupWord::Own(who, GroupId::OTHERS);
                let group = if is_others { others } else { group };
                self.act(conn, Command::Rmg(group), Told::default());
                self.doubt_unknown();
            }
        }
    }

    fn enter_group(&mut self, who: UserId, conn: ConnId) {
        let contacts: Vec<UserId> = self.contacts(who).collect();
        let whom = match self.entropy.below(3) {
            0 => self.other(who),
            _ => self.entropy.pick(&contacts).copied(),
        };
        let Some(whom) = whom.or_else(|| self.other(who)) else {
            return;
        };
        let command = Command::Enter(Whom::User(whom), self.some_group(who));
        let is_new = !contacts.contains(&whom);
        let is_taken = self.model.fitness(conn, command) == Fitness::Fitting;
        let told = match is_new || !is_taken {
            true => Told::default(),
            false => Told::by(ClauseId::INTO_2),
        };
        self.act(conn, command, told);
        self.doubt_unknown();
    }

    fn leave_group(&mut self, who: UserId, conn: ConnId) {
        let grouped: Vec<UserId> = self.grouped(who).collect();
        let Some(contact) = self.entropy.pick(&grouped).copied() else {
            return;
        };
        let groups = self.model.groups_of(who, contact);
        let own: Vec<GroupId> = groups.iter().collect();
        let group = match self.entropy.pick(&own) {
            Some(group) if !self.entropy.chance(24) => GroupWord::Own(who, *group),
            _ => self.some_group(who),
        };
        self.act(
            conn,
            Command::Exit(Whom::User(contact), group),
            Told::default(),
        );
        self.doubt_unknown();
    }

    /// Of lists that are not known no number is kept.
    fn doubt_unknown(&mut self) {
        if !self.knows_all_lists() {
            self.people.iter_mut().for_each(Person::doubt_number);
        }
    }
}
