//! LSG, ADG, REG and RMG: the groups in which a user keeps its contacts.

use std::sync::Arc;

use super::Server;
use super::group::{Group, GroupId, Membership};
use super::handle::parse_name;
use super::id::{AccountId, ConnId};
use super::list::{Change, ListName};
use super::request::{Outcome, Refusal, Request};

/// The longest name of a group, as it is encoded.
const MAX_NAME: usize = 61;
/// From which length on a name ends the connection.
const FAR_TOO_LONG: usize = 128;

/// There is no such group.
const NO_GROUP: Refusal = Refusal::Error(224);

/// Reads a parameter as the name of a group, kept encoded.
fn parse_group_name(word: &[u8]) -> Result<Arc<str>, Refusal> {
    //= GRP-7
    if word.len() >= FAR_TOO_LONG {
        return Err(Refusal::Close);
    }
    if word.len() > MAX_NAME {
        return Err(Refusal::Error(229));
    }
    //= GRP-5
    let name = parse_name(word).ok_or(Refusal::Error(229))?;
    Ok(name.into())
}

/// The group that a parameter names.
fn parse_group(word: &[u8]) -> Result<GroupId, Refusal> {
    //= GRP-15
    GroupId::parse(word).ok_or(Refusal::Close)
}

impl Server {
    //= LSG-1
    pub(super) fn show_groups(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        self.send_groups(conn, account, request.trid());
        Ok(())
    }

    //= SYNC-6
    pub(super) fn send_groups(&mut self, conn: ConnId, account: AccountId, trid: &str) {
        let user = self.quirks.as_written(&self.directory, account);
        let (serial, total) = (user.serial, user.groups.all().len());
        for (Group { id, name }, item) in user.groups.all().iter().zip(1..) {
            let line = format_args!("LSG {trid} {serial} {item} {total} {id} {name} 0");
            self.outbox.line(conn, line);
        }
    }

    //= GRP-1
    //= GRP-4
    //= GRP-16
    //= GRP-17
    pub(super) fn add_group(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let [name, ..] = request.params else {
            return Err(Refusal::Close);
        };
        let name = parse_group_name(name)?;
        let made = self.directory[account].groups.add(Arc::clone(&name));
        //= GRP-6
        let id = made.ok_or(Refusal::Error(223))?;
        let (trid, serial) = (request.trid(), self.count(account, Change::Groups));
        self.outbox
            .line(conn, format_args!("ADG {trid} {serial} {name} {id} 0"));
        Ok(())
    }

    //= GRP-9
    //= GRP-18
    pub(super) fn rename_group(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let [id, name, ..] = request.params else {
            return Err(Refusal::Close);
        };
        let (id, name) = (parse_group(id)?, parse_group_name(name)?);
        let groups = &mut self.directory[account].groups;
        //= GRP-10
        if !groups.rename(id, Arc::clone(&name)) {
            return Err(NO_GROUP);
        }
        let (trid, serial) = (request.trid(), self.count(account, Change::Groups));
        self.outbox
            .line(conn, format_args!("REG {trid} {serial} {id} {name} 0"));
        Ok(())
    }

    /// Contacts that are in no other group leave the FL with it.
    //= GRP-11
    //= GRP-14
    pub(super) fn remove_group(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let [id] = request.params else {
            return Err(Refusal::Close);
        };
        let id = parse_group(id)?;
        //= GRP-12
        //= GRP-13
        if id == GroupId::OTHERS && !self.quirks.removes_the_others() {
            return Err(Refusal::Error(230));
        }
        self.find_group(account, id)?;
        let user = &mut self.directory[account];
        user.groups.remove(id);
        let mut lost = Vec::new();
        for entry in user.forward.iter_mut() {
            entry.groups.remove(id);
            if entry.groups.is_empty() {
                lost.push(entry.account);
            }
        }
        let (trid, serial) = (request.trid(), self.count(account, Change::Groups));
        self.outbox
            .line(conn, format_args!("RMG {trid} {serial} {id}"));
        for contact in lost {
            self.strike(account, ListName::Forward, contact);
            self.take_off_reverse_list(account, contact);
        }
        Ok(())
    }

    /// Refuses a group that the user does not have.
    pub(super) fn find_group(&self, account: AccountId, id: GroupId) -> Outcome {
        let has_it = self.directory[account].groups.contains(id);
        has_it.then_some(()).ok_or(NO_GROUP)
    }

    /// The contact on a user's FL that has this handle.
    pub(super) fn contact(&self, account: AccountId, handle: &str) -> Option<AccountId> {
        let contact = self.directory.find(handle)?;
        let is_there = self.directory[account].forward.contains(contact);
        is_there.then_some(contact)
    }

    /// A contact has been put on the FL: into this group, or among the others.
    //= INTO-7
    pub(super) fn put_into_group(
        &mut self,
        account: AccountId,
        contact: AccountId,
        group: Option<GroupId>,
    ) {
        let user = &mut self.directory[account];
        let group = group.or(self.quirks.group_of_the_ungrouped(&user.groups));
        if let (Some(entry), Some(group)) = (user.forward.entry_mut(contact), group) {
            entry.groups = Membership::only(group);
        }
    }

    /// A contact of the FL enters one more group. Nobody else hears of it.
    //= INTO-1
    //= INTO-2
    //= INTO-6
    pub(super) fn enter_group(
        &mut self,
        conn: ConnId,
        account: AccountId,
        contact: AccountId,
        group: GroupId,
        name: &str,
        request: &Request<'_>,
    ) -> Outcome {
        let entry = self.directory[account].forward.entry_mut(contact);
        //= INTO-3
        let entry = entry.filter(|entry| !entry.groups.contains(group));
        let groups = &mut entry.ok_or(Refusal::Error(215))?.groups;
        if self.quirks.moves_between_groups() {
            *groups = Membership::only(group);
        }
        groups.insert(group);
        let (trid, serial) = (request.trid(), self.count(account, Change::Groups));
        let handle = &self.directory[contact].handle;
        self.outbox.line(
            conn,
            format_args!("ADD {trid} FL {serial} {handle} {name} {group}"),
        );
        Ok(())
    }

    /// A contact of the FL leaves a group. From its last one it goes to the others. Nobody else hears
    /// of it.
    //= OUTOF-1
    //= OUTOF-5
    pub(super) fn leave_group(
        &mut self,
        conn: ConnId,
        account: AccountId,
        handle: &[u8],
        group: GroupId,
        request: &Request<'_>,
    ) -> Outcome {
        self.find_group(account, group)?;
        let contact = self.known(handle).ok_or(Refusal::Error(216))?;
        let entry = self.directory[account].forward.entry_mut(contact);
        let entry = entry.ok_or(Refusal::Error(216))?;
        //= OUTOF-3
        if !entry.groups.contains(group) {
            return Err(Refusal::Error(225));
        }
        entry.groups.remove(group);
        if entry.groups.is_empty() {
            entry.groups = Membership::default();
        }
        let (trid, serial) = (request.trid(), self.count(account, Change::Groups));
        let handle = &self.directory[contact].handle;
        self.outbox.line(
            conn,
            format_args!("REM {trid} FL {serial} {handle} {group}"),
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::Fixture;

    #[test]
    fn groups_are_made_renamed_shown_and_removed() {
        let mut s = Fixture::new();
        let c = s.login_in("alice", 7);
        s.ask(c, "LSG 1", "LSG 1 1 1 1 0 ~ 0");
        s.ask(c, "ADG 2 Old%20Friends 0", "ADG 2 2 Old%20Friends 1 0");
        s.ask(c, "ADG 3 Work 0", "ADG 3 3 Work 2 0");
        s.ask(c, "REG 4 1 Friends 0", "REG 4 4 1 Friends 0");
        s.ask(c, "REG 5 0 Others 0", "REG 5 5 0 Others 0");
        let c = s.login_in("alice", 7);
        s.c(c, "SYN 6 0");
        for _ in 0..8 {
            s.next(c);
        }
        s.expect(c, "LSG 6 5 1 3 0 Others 0");
        s.expect(c, "LSG 6 5 2 3 1 Friends 0");
        s.expect(c, "LSG 6 5 3 3 2 Work 0");
        s.expect(c, "LST 6 FL 5 0 0");
        s.skip(c);
        s.ask(c, "RMG 7 1", "RMG 7 6 1");
        s.ask(c, "ADG 8 Work 0", "ADG 8 7 Work 1 0");
        let bob = s.login_in("bob", 7);
        s.ask(bob, "LSG 1", "LSG 1 1 1 1 0 ~ 0");
        s.ask(bob, "RMG 2 1", "224 2");
        let c = s.login_in("alice", 6);
        s.c(c, "SYN 9 0");
        for _ in 0..8 {
            s.next(c);
        }
        s.expect(c, "LST 9 FL 7 0 0");
    }

    #[test]
    fn refusals_change_nothing() {
        let mut s = Fixture::new();
        let c = s.login_in("alice", 7);
        let (long, longer) = ("n".repeat(62), "n".repeat(128));
        for (line, answer) in [
            ("REG 1 5 x 0", "224 1"),
            ("RMG 2 5", "224 2"),
            ("RMG 3 0", "230 3"),
            (&format!("ADG 4 {long} 0"), "229 4"),
            (&format!("REG 5 0 {long} 0"), "229 5"),
            ("ADG 6 %FF 0", "229 6"),
            ("LSG 7", "LSG 7 1 1 1 0 ~ 0"),
        ] {
            s.ask(c, line, answer);
        }
        for id in 1..30 {
            s.ask(
                c,
                &format!("ADG 8 g{id} 0"),
                &format!("ADG 8 * g{id} {id} 0"),
            );
        }
        s.ask(c, "ADG 9 more 0", "223 9");
        s.ask(c, "SYN 10 30", "SYN 10 30");
        for line in [
            "RMG 1 30",
            "RMG 1 x",
            "RMG 1 -1",
            "REG 1 30 x 0",
            &format!("ADG 1 {longer} 0"),
        ] {
            let c = s.login_in("alice", 7);
            s.c(c, line);
            s.closed(c);
        }
        let c = s.login_in("alice", 6);
        s.c(c, "ADG 1 x 0");
        s.closed(c);
    }

    #[test]
    fn contacts_enter_and_leave_groups() {
        let mut s = Fixture::new();
        let (c, bob) = (s.login_in("alice", 7), s.login("bob"));
        s.ask(c, "ADG 1 one 0", "ADG 1 2 one 1 0");
        s.ask(c, "ADG 2 two 0", "ADG 2 3 two 2 0");
        s.ask(
            c,
            "ADD 3 FL bob@hotmail.com b 1",
            "ADD 3 FL 4 bob@hotmail.com b 1",
        );
        s.expect(bob, "ADD 0 RL 2 alice@hotmail.com ALICE%20X");
        s.ask(
            c,
            "ADD 4 FL bob@hotmail.com b 2",
            "ADD 4 FL 5 bob@hotmail.com b 2",
        );
        s.ask(
            c,
            "ADD 5 FL carol@hotmail.com c",
            "ADD 5 FL 6 carol@hotmail.com c",
        );
        s.c(c, "LST 6 FL");
        s.expect(c, "LST 6 FL 6 1 2 bob@hotmail.com b 1,2");
        s.expect(c, "LST 6 FL 6 2 2 carol@hotmail.com c 0");
        for (line, answer) in [
            ("ADD 7 FL bob@hotmail.com b 2", "215 7"),
            ("ADD 8 FL bob@hotmail.com b", "215 8"),
            ("ADD 9 FL bob@hotmail.com b 9", "224 9"),
            ("ADD 10 FL dave@hotmail.com d 9", "224 10"),
            ("REM 11 FL bob@hotmail.com 9", "224 11"),
            ("REM 12 FL bob@hotmail.com 0", "225 12"),
            ("REM 13 FL dave@hotmail.com 1", "216 13"),
            (
                "REM 14 FL bob@hotmail.com 1",
                "REM 14 FL 7 bob@hotmail.com 1",
            ),
            (
                "REM 15 FL bob@hotmail.com 2",
                "REM 15 FL 8 bob@hotmail.com 2",
            ),
        ] {
            s.ask(c, line, answer);
        }
        s.c(c, "LST 16 FL");
        s.expect(c, "LST 16 FL 8 1 2 bob@hotmail.com b 0");
        s.skip(c);
        s.nothing(bob);
        s.ask(
            c,
            "REM 17 FL bob@hotmail.com",
            "REM 17 FL 9 bob@hotmail.com",
        );
        s.expect(bob, "REM 0 RL 3 alice@hotmail.com");
        s.nothing(bob);
        s.ask(
            c,
            "ADD 18 AL bob@hotmail.com b",
            "ADD 18 AL 10 bob@hotmail.com b",
        );
        s.ask(c, "LST 19 AL", "LST 19 AL 10 1 1 bob@hotmail.com b");
        for line in [
            "ADD 1 AL carol@hotmail.com c 0",
            "REM 1 AL bob@hotmail.com 0",
            "ADD 1 FL dave@hotmail.com d 30",
            "ADD 1 FL dave@hotmail.com d x",
        ] {
            let c = s.login_in("alice", 7);
            s.c(c, line);
            s.closed(c);
        }
        let c = s.login_in("alice", 6);
        s.c(c, "ADD 1 FL dave@hotmail.com d 0");
        s.closed(c);
    }

    #[test]
    fn who_is_in_no_other_group_leaves_with_it() {
        let mut s = Fixture::new();
        let (c, bob) = (s.login_in("alice", 7), s.login("bob"));
        let carol = s.login("carol");
        s.ask(c, "ADG 1 one 0", "ADG 1 2 one 1 0");
        s.ask(
            c,
            "ADD 2 FL bob@hotmail.com b 1",
            "ADD 2 FL 3 bob@hotmail.com b 1",
        );
        s.ask(
            c,
            "ADD 3 FL carol@hotmail.com c 1",
            "ADD 3 FL 4 carol@hotmail.com c 1",
        );
        s.ask(
            c,
            "ADD 4 FL carol@hotmail.com c 0",
            "ADD 4 FL 5 carol@hotmail.com c 0",
        );
        s.skip(bob);
        s.skip(carol);
        s.ask(c, "RMG 5 1", "RMG 5 6 1");
        s.expect(bob, "REM 0 RL 3 alice@hotmail.com");
        s.nothing(carol);
        s.ask(c, "LST 6 FL", "LST 6 FL 6 1 1 carol@hotmail.com c 0");
    }
}
