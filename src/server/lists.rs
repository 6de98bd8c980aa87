//! ADD, REM and REA: the lists change, and the other users' reverse lists with them.

use std::sync::Arc;

use super::Server;
use super::account::Account;
use super::group::GroupId;
use super::handle::{parse_handle, parse_name, printable};
use super::id::{AccountId, ConnId};
use super::list::{Change, ListName};
use super::outbox::More;
use super::phones::write_phones;
use super::request::{Outcome, Refusal, Request};

/// A list that the client may change. RL is the server's, and a client that writes on it is cut
/// off, as the service did.
fn writable(word: &[u8]) -> Result<ListName, Refusal> {
    match ListName::parse(word) {
        //= ADD-2
        //= REM-2
        Some(ListName::Reverse) => Err(Refusal::Close),
        Some(list) => Ok(list),
        //= ADD-14
        None => Err(Refusal::Error(201)),
    }
}

/// The group that a contact enters or leaves; only contacts on the FL are in groups.
fn read_group(list: ListName, group: Option<&[u8]>) -> Result<Option<GroupId>, Refusal> {
    match (list, group) {
        (_, None) => Ok(None),
        (ListName::Forward, Some(group)) => Ok(Some(GroupId::parse(group).ok_or(Refusal::Close)?)),
        _ => Err(Refusal::Close),
    }
}

impl Server {
    //= ADD-1
    //= ADD-3
    //= ADD-12
    pub(super) fn add(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let (list, handle, name, group) = match *request.params {
            [list, handle, name] => (list, handle, name, None),
            [list, handle, name, group] => (list, handle, name, Some(group)),
            _ => return Err(Refusal::Close),
        };
        let list = writable(list)?;
        let group = read_group(list, group)?;
        //= ADD-7
        let handle = parse_handle(handle).map_err(|_| Refusal::Error(201))?;
        //= NAME-4
        let name = parse_name(name).ok_or(Refusal::Error(209))?;
        if let Some(group) = group {
            //= INTO-4
            self.find_group(account, group)?;
            if let Some(contact) = self.contact(account, handle) {
                return self.enter_group(conn, account, contact, group, name, request);
            }
        }
        //= ADD-13
        let contact = self.addable(account, list, handle)?;
        self.enter(account, list, contact, name.into());
        self.put_into_group(account, contact, group);
        let serial = self.count(account, Change::Add(list));
        let (trid, code, id) = (request.trid(), list.as_str(), More(group));
        let handle = &self.directory[contact].handle;
        self.outbox.line(
            conn,
            format_args!("ADD {trid} {code} {serial} {handle} {name}{id}"),
        );
        match list {
            ListName::Forward => {
                if self.watches_phones(account).is_some() {
                    let contact = &self.directory[contact];
                    let with = (&mut self.outbox, &self.quirks);
                    //= BPR-3
                    write_phones(with, conn, serial, contact, account);
                }
                self.introduce_added(conn, account, contact, trid);
                self.enter_on_reverse_list(account, contact);
            }
            //= ADD-11
            //= PRES-9
            //= PRES-10
            ListName::Allow | ListName::Block | ListName::Reverse => {
                self.review_for(account, contact);
            }
        }
        Ok(())
    }

    /// The user behind a handle, where it can be put on a list.
    fn addable(
        &mut self,
        account: AccountId,
        list: ListName,
        handle: &str,
    ) -> Result<AccountId, Refusal> {
        let known = self.directory.find(handle);
        //= ADD-6
        if known == Some(account) || !self.directory.knows(handle) {
            return Err(Refusal::Error(205));
        }
        let user = &self.directory[account];
        let is_on = |there| {
            let is_there = known.is_some_and(|contact| user.list(there).contains(contact));
            is_there && self.quirks.minds_entry(there, list)
        };
        //= ADD-4
        if is_on(list) {
            return Err(Refusal::Error(215));
        }
        //= ADD-5
        let opposed = match list {
            ListName::Allow => is_on(ListName::Block),
            ListName::Block => is_on(ListName::Allow),
            ListName::Forward | ListName::Reverse => false,
        };
        if opposed {
            return Err(Refusal::Error(219));
        }
        //= ADD-8
        let watchers = known.map_or(0, |contact| self.directory[contact].reverse.len());
        let is_full = user.list(list).len() >= self.config.list_limit
            || (list == ListName::Forward && watchers >= self.config.rl_limit);
        if is_full {
            return Err(Refusal::Error(210));
        }
        let made = self.directory.find_or_make(handle);
        made.ok_or(Refusal::Error(205))
    }

    //= ADD-9
    //= ADD-10
    //= MIX-7
    //= SER-3
    //= TRID-5
    fn enter_on_reverse_list(&mut self, account: AccountId, contact: AccountId) {
        let (handle, name) = self.label(account);
        self.enter(contact, ListName::Reverse, account, Arc::clone(&name));
        let serial = self.count(contact, Change::Add(ListName::Reverse));
        if let Some(there) = self.directory[contact].presence {
            self.outbox.line(
                there.conn,
                format_args!("ADD 0 RL {serial} {handle} {name}"),
            );
        }
    }

    //= REM-1
    //= REM-3
    //= REM-9
    pub(super) fn remove(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let (list, handle, group) = match *request.params {
            [list, handle] => (list, handle, None),
            [list, handle, group] => (list, handle, Some(group)),
            _ => return Err(Refusal::Close),
        };
        let list = writable(list)?;
        if let Some(group) = read_group(list, group)? {
            return self.leave_group(conn, account, handle, group, request);
        }
        //= REM-4
        //= REM-5
        let contact = self.known(handle).ok_or(Refusal::Error(216))?;
        if !self.strike(account, list, contact) {
            return Err(Refusal::Error(216));
        }
        let serial = self.count(account, Change::Remove(list));
        let (trid, code) = (request.trid(), list.as_str());
        let handle = &self.directory[contact].handle;
        self.outbox
            .line(conn, format_args!("REM {trid} {code} {serial} {handle}"));
        match list {
            //= REM-8
            //= OUTOF-4
            ListName::Forward => self.take_off_reverse_list(account, contact),
            //= PRES-10
            ListName::Allow | ListName::Block | ListName::Reverse => {
                self.review_for(account, contact);
            }
        }
        Ok(())
    }

    //= REM-6
    //= REM-7
    pub(super) fn take_off_reverse_list(&mut self, account: AccountId, contact: AccountId) {
        let (handle, _) = self.label(account);
        self.strike(contact, ListName::Reverse, account);
        let serial = self.count(contact, Change::Remove(ListName::Reverse));
        if let Some(there) = self.directory[contact].presence {
            self.outbox
                .line(there.conn, format_args!("REM 0 RL {serial} {handle}"));
        }
    }

    /// The own handle: a new friendly name. Another's: the name that the lists show for it.
    //= REA-1
    pub(super) fn rename(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let [handle, name] = request.params else {
            return Err(Refusal::Close);
        };
        //= NAME-3
        let name: Arc<str> = parse_name(name).ok_or(Refusal::Error(209))?.into();
        let whom = self.known(handle).ok_or(Refusal::Error(216))?;
        let user = &mut self.directory[account];
        let is_news = whom == account && user.name != name;
        if whom == account {
            user.name = Arc::clone(&name);
        } else if !rename_on_lists(user, whom, &name) {
            return Err(Refusal::Error(216));
        }
        let (trid, serial) = (request.trid(), self.count(account, Change::Name));
        let handle = &self.directory[whom].handle;
        self.outbox
            .line(conn, format_args!("REA {trid} {serial} {handle} {name}"));
        if is_news {
            self.announce(account);
        }
        Ok(())
    }

    /// Puts a user on a list where it is not.
    fn enter(&mut self, owner: AccountId, list: ListName, whom: AccountId, name: Arc<str>) {
        let user = &mut self.directory[owner];
        if self.quirks.writes(Change::Add(list), user) {
            user.list_mut(list).add(whom, name);
        }
    }

    /// Takes a user off a list; false where the user was not on it.
    pub(super) fn strike(&mut self, owner: AccountId, list: ListName, whom: AccountId) -> bool {
        let user = &mut self.directory[owner];
        let was_there = user.list(list).contains(whom);
        let is_spared = list == ListName::Forward && self.quirks.spares(user, whom);
        if !is_spared && self.quirks.writes(Change::Remove(list), user) {
            user.list_mut(list).remove(whom);
        }
        was_there
    }

    /// Counts a change of a user's lists or settings, and gives its number.
    pub(super) fn count(&mut self, owner: AccountId, change: Change) -> u32 {
        let user = &mut self.directory[owner];
        if self.quirks.counts(change, user) {
            user.next_serial()
        } else {
            user.serial
        }
    }

    /// The user behind a handle that came as a parameter, where anybody has dealt with it.
    pub(super) fn known(&self, handle: &[u8]) -> Option<AccountId> {
        self.directory.find(printable(handle)?)
    }

    /// A user's handle and friendly name.
    pub(super) fn label(&self, account: AccountId) -> (Arc<str>, Arc<str>) {
        let user = &self.directory[account];
        (Arc::clone(&user.handle), Arc::clone(&user.name))
    }
}

/// Whether the user was on any list.
fn rename_on_lists(user: &mut Account, whom: AccountId, name: &Arc<str>) -> bool {
    let mut is_listed = false;
    for list in ListName::ALL {
        if let Some(entry) = user.list_mut(list).entry_mut(whom) {
            entry.name = Arc::clone(name);
            is_listed = true;
        }
    }
    is_listed
}

#[cfg(test)]
mod tests {
    use crate::server::Config;
    use crate::server::fixture::{Fixture, config};

    #[test]
    fn adding_and_removing_reach_the_reverse_list() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.login("alice"), s.login("bob"));
        s.ask(
            alice,
            "ADD 1 FL BOB@hotmail.com Bob%2e",
            "ADD 1 FL 2 bob@hotmail.com Bob%2e",
        );
        s.expect(bob, "ADD 0 RL 2 alice@hotmail.com ALICE%20X");
        s.ask(
            alice,
            "ADD 2 AL bob@hotmail.com b",
            "ADD 2 AL 3 bob@hotmail.com b",
        );
        s.nothing(bob);
        s.ask(
            bob,
            "LST 3 RL",
            "LST 3 RL 2 1 1 alice@hotmail.com ALICE%20X",
        );
        s.ask(
            alice,
            "REM 4 FL bob@hotmail.com",
            "REM 4 FL 4 bob@hotmail.com",
        );
        s.expect(bob, "REM 0 RL 3 alice@hotmail.com");
        s.ask(bob, "LST 5 RL", "LST 5 RL 3 0 0");
        s.ask(alice, "LST 6 AL", "LST 6 AL 4 1 1 bob@hotmail.com b");
    }

    #[test]
    fn refusals_change_nothing() {
        let mut s = Fixture::new();
        let c = s.login("alice");
        s.add(c, "AL", "bob");
        s.add(c, "BL", "carol");
        let long = "n".repeat(388);
        for (line, answer) in [
            ("ADD 1 AL bob@hotmail.com b", "215 1"),
            ("ADD 1 BL bob@hotmail.com b", "219 1"),
            ("ADD 1 AL carol@hotmail.com c", "219 1"),
            ("ADD 1 FL nobody@hotmail.com n", "205 1"),
            ("ADD 1 FL alice@hotmail.com n", "205 1"),
            ("ADD 1 FL a@b n", "201 1"),
            ("ADD 1 FL bob n", "201 1"),
            ("ADD 1 FL bob@hotmail.com %FF", "209 1"),
            (&format!("ADD 1 FL bob@hotmail.com {long}"), "209 1"),
            ("ADD 1 XL bob@hotmail.com b", "201 1"),
            ("REM 1 FL bob@hotmail.com", "216 1"),
            ("REM 1 BL nobody@hotmail.com", "216 1"),
            ("REM 1 BL nobody", "216 1"),
            ("REM 1 XL bob@hotmail.com", "201 1"),
            ("REA 1 dave@hotmail.com d", "216 1"),
            ("REA 1 alice@hotmail.com %FF", "209 1"),
        ] {
            s.ask(c, line, answer);
        }
        s.ask(c, "LST 2 AL", "LST 2 AL 3 1 1 bob@hotmail.com bob");
        for line in [
            "ADD 1 RL bob@hotmail.com b",
            "REM 1 RL bob@hotmail.com",
            "ADD 1 FL bob@hotmail.com",
            "REM 1 FL",
        ] {
            let c = s.login("alice");
            s.c(c, line);
            s.closed(c);
        }
    }

    #[test]
    fn full_lists() {
        let mut s = Fixture::with(Config {
            list_limit: 2,
            rl_limit: 2,
            ..config()
        });
        let alice = s.login("alice");
        s.add(alice, "FL", "dave");
        s.add(alice, "FL", "user7");
        s.ask(alice, "ADD 1 FL user8@hotmail.com u", "210 1");
        s.c(alice, "LST 2 FL");
        s.expect(alice, "LST 2 FL 3 1 2 dave@hotmail.com dave");
        s.expect(alice, "LST 2 FL 3 2 2 user7@hotmail.com user7");
    }

    #[test]
    fn a_full_reverse_list() {
        let mut s = Fixture::with(Config {
            rl_limit: 1,
            ..config()
        });
        let (alice, bob) = (s.login("alice"), s.login("bob"));
        s.add(alice, "FL", "dave");
        s.ask(bob, "ADD 1 FL dave@hotmail.com d", "210 1");
        s.ask(
            bob,
            "ADD 2 AL dave@hotmail.com d",
            "ADD 2 AL 2 dave@hotmail.com d",
        );
    }

    #[test]
    fn renaming() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "BSY"), s.online("bob", "NLN"));
        s.add(bob, "FL", "alice");
        s.skip(alice);
        s.ask(
            alice,
            "REA 1 alice@hotmail.com A%0D%0A",
            "REA 1 3 alice@hotmail.com A%0D%0A",
        );
        s.expect(bob, "NLN BSY alice@hotmail.com A%0D%0A");
        s.ask(
            alice,
            "REA 2 alice@hotmail.com A%0D%0A",
            "REA 2 4 alice@hotmail.com A%0D%0A",
        );
        s.nothing(bob);
        s.ask(
            bob,
            "REA 3 alice@hotmail.com nick",
            "REA 3 3 alice@hotmail.com nick",
        );
        s.nothing(alice);
        s.ask(bob, "LST 4 FL", "LST 4 FL 3 1 1 alice@hotmail.com nick");
    }
}
