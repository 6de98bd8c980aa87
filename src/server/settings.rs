//! SYN, LST, GTC and BLP: what the server keeps for a user, shown and set.

use super::Server;
use super::handle::parse_number;
use super::id::{AccountId, ConnId};
use super::list::{Change, ListName};
use super::outbox::More;
use super::phones::write_phones;
use super::request::{Outcome, Refusal, Request};
use crate::protocol::{Property, Setting};

/// What a list is sent as a part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// A synchronisation.
    Batch,
    /// The list alone.
    List,
}

impl Server {
    //= SYN-1
    //= SYN-7
    //= SYN-8
    //= SYN-10
    pub(super) fn synchronise(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let [known] = request.params else {
            return Err(Refusal::Close);
        };
        let known = parse_number(known).ok_or(Refusal::Close)?;
        if let Some(presence) = &mut self.directory[account].presence {
            presence.has_synchronised = true;
        }
        let trid = request.trid();
        let serial = self.quirks.as_written(&self.directory, account).serial;
        let is_counted = self.connections.shape(conn).has_short_batch();
        let known = self.quirks.known_number(known, serial, is_counted);
        //= SYN-2
        //= SYN-9
        //= BATCH-2
        if known == serial {
            self.outbox.line(conn, format_args!("SYN {trid} {serial}"));
        } else if is_counted {
            self.send_short_batch(conn, account, trid);
        } else {
            self.outbox.line(conn, format_args!("SYN {trid} {serial}"));
            self.send_batch(conn, account, trid);
        }
        Ok(())
    }

    //= SYN-3
    //= SYN-4
    //= SYN-5
    //= MIX-4
    //= SYN-6
    //= SYNC-5
    pub(super) fn send_batch(&mut self, conn: ConnId, account: AccountId, trid: &str) {
        let (has_phones, phones_first) = (
            self.connections.shape(conn).has_phones(),
            self.quirks.sends_phones_first(),
        );
        if has_phones && phones_first {
            self.send_own_phones(conn, account, trid);
        }
        let user = self.quirks.as_written(&self.directory, account);
        let serial = user.serial;
        let prompt = Setting::Prompt.as_str(user.prompts);
        let privacy = Setting::Privacy.as_str(user.is_public);
        self.outbox
            .line(conn, format_args!("GTC {trid} {serial} {prompt}"));
        self.outbox
            .line(conn, format_args!("BLP {trid} {serial} {privacy}"));
        if has_phones && !phones_first {
            self.send_own_phones(conn, account, trid);
        }
        if self.connections.shape(conn).has_groups() {
            self.send_groups(conn, account, trid);
        }
        for list in self.quirks.batch(ListName::ALL) {
            self.send_list(conn, account, trid, list, Whole::Batch);
        }
    }

    //= SYNC-1
    //= SYNC-2
    //= SYNC-10
    fn send_own_phones(&mut self, conn: ConnId, account: AccountId, trid: &str) {
        let user = self.quirks.as_written(&self.directory, account);
        let serial = user.serial;
        for key in Property::ALL {
            let (value, key) = (More(user.phones.value(key)), key.as_str());
            self.outbox
                .line(conn, format_args!("PRP {trid} {serial} {key}{value}"));
        }
    }

    //= LST-4
    pub(super) fn show_list(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let [list] = request.params else {
            return Err(Refusal::Close);
        };
        //= LST-6
        let list = ListName::parse(list).ok_or(Refusal::Error(201))?;
        self.send_list(conn, account, request.trid(), list, Whole::List);
        Ok(())
    }

    //= LST-1
    //= LREQ-1
    //= LST-2
    //= LST-5
    fn send_list(
        &mut self,
        conn: ConnId,
        account: AccountId,
        trid: &str,
        name: ListName,
        whole: Whole,
    ) {
        let (shape, is_forward) = (self.connections.shape(conn), name == ListName::Forward);
        let shows_phones = shape.has_phones() && whole == Whole::Batch && is_forward;
        let shows_groups = shape.has_groups() && is_forward;
        let user = self.quirks.as_written(&self.directory, account);
        let (list, serial, code) = (user.list(name), user.serial, name.as_str());
        let total = list.len();
        //= LST-3
        if total == 0 {
            self.outbox
                .line(conn, format_args!("LST {trid} {code} {serial} 0 0"));
        }
        for (entry, item) in list.iter().zip(1..) {
            let (handle, name) = (&self.directory[entry.account].handle, &entry.name);
            //= SYNC-8
            //= LREQ-2
            let groups = More(shows_groups.then_some(entry.groups));
            let line =
                format_args!("LST {trid} {code} {serial} {item} {total} {handle} {name}{groups}");
            self.outbox.line(conn, line);
            if shows_phones {
                let contact = &self.directory[entry.account];
                let with = (&mut self.outbox, &self.quirks);
                //= SYNC-3
                //= SYNC-4
                write_phones(with, conn, serial, contact, account);
            }
        }
    }

    //= GTC-1
    //= GTC-5
    //= BLP-1
    //= BLP-5
    //= NUM-1
    pub(super) fn set(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
        setting: Setting,
    ) -> Outcome {
        let [word] = request.params else {
            return Err(Refusal::Close);
        };
        //= GTC-6
        //= BLP-8
        let value = setting.parse(word).ok_or(Refusal::Close)?;
        let present = self.directory[account].setting_mut(setting);
        //= GTC-2
        //= GTC-3
        //= SETT-2
        //= BLP-2
        //= BLP-3
        if *present == value {
            return Err(Refusal::Error(218));
        }
        *present = value;
        let serial = self.count(account, Change::Setting);
        let (verb, trid, value) = (request.verb, request.trid(), setting.as_str(value));
        self.outbox
            .line(conn, format_args!("{verb} {trid} {serial} {value}"));
        //= BLP-9
        if setting == Setting::Privacy {
            self.review(account);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::Fixture;

    #[test]
    fn a_new_account_synchronises_from_nothing() {
        let mut s = Fixture::new();
        let c = s.login("alice");
        s.c(c, "SYN 8 0");
        for line in [
            "SYN 8 1",
            "GTC 8 1 A",
            "BLP 8 1 AL",
            "LST 8 FL 1 0 0",
            "LST 8 AL 1 0 0",
            "LST 8 BL 1 0 0",
            "LST 8 RL 1 0 0",
        ] {
            s.expect(c, line);
        }
        s.ask(c, "SYN 9 1", "SYN 9 1");
        s.nothing(c);
    }

    #[test]
    fn what_was_set_is_there_at_the_next_login() {
        let mut s = Fixture::new();
        let alice = s.login("alice");
        s.add(alice, "FL", "bob");
        s.add(alice, "FL", "carol");
        s.add(alice, "BL", "dave");
        s.ask(alice, "GTC 1 N", "GTC 1 5 N");
        s.ask(alice, "BLP 2 BL", "BLP 2 6 BL");
        s.hang_up(alice);
        let bob = s.login("bob");
        s.add(bob, "FL", "alice");
        let alice = s.login("alice");
        s.c(alice, "SYN 8 6");
        for line in [
            "SYN 8 7",
            "GTC 8 7 N",
            "BLP 8 7 BL",
            "LST 8 FL 7 1 2 bob@hotmail.com bob",
            "LST 8 FL 7 2 2 carol@hotmail.com carol",
            "LST 8 AL 7 0 0",
            "LST 8 BL 7 1 1 dave@hotmail.com dave",
            "LST 8 RL 7 1 1 bob@hotmail.com BOB%20X",
        ] {
            s.expect(alice, line);
        }
        s.nothing(alice);
        s.c(alice, "SYN 9 4294967295");
        s.expect(alice, "SYN 9 7");
        s.expect(alice, "GTC 9 7 N");
    }

    #[test]
    fn settings_refuse_their_own_value_and_others() {
        let mut s = Fixture::new();
        let c = s.login("alice");
        s.ask(c, "GTC 1 A", "218 1");
        s.ask(c, "BLP 2 AL", "218 2");
        s.ask(c, "LST 3 XX", "201 3");
        s.ask(c, "SYN 4 1", "SYN 4 1");
        for line in ["GTC 5 X", "BLP 5 FL", "SYN 5 x", "GTC 5", "SYN 5 1 1"] {
            let c = s.login("alice");
            s.c(c, line);
            s.closed(c);
        }
    }
}
