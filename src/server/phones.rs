//! PRP and BPR: a user's phone numbers, and what contacts are told of them.

use std::str;

use super::Server;
use super::account::Account;
use super::handle::printable;
use super::id::{AccountId, ConnId};
use super::list::Change;
use super::outbox::{More, Outbox};
use super::phone::Phones;
use super::quirks::Quirks;
use super::request::{Outcome, Refusal, Request};
use crate::protocol::{Property, decode_name};

/// The longest name of a property.
const MAX_KEY: usize = 3;
/// The longest phone number, as it is encoded.
const MAX_VALUE: usize = 95;

/// Reads a parameter as the value of a property, kept encoded.
fn parse_value(word: &[u8]) -> Option<&str> {
    //= PRP-9
    let value = printable(word)?;
    //= PRP-4
    //= PRP-5
    let is_text = str::from_utf8(&decode_name(word)).is_ok();
    (value.len() <= MAX_VALUE && is_text).then_some(value)
}

impl Server {
    //= PRP-1
    //= PRP-2
    //= PRP-10
    pub(super) fn set_phone(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let (key, value) = match *request.params {
            [key] => (key, None),
            [key, value] => (key, Some(parse_value(value).ok_or(Refusal::Close)?)),
            _ => return Err(Refusal::Close),
        };
        //= PRP-7
        if key.len() > MAX_KEY {
            return Err(Refusal::Close);
        }
        //= PRP-6
        let key = Property::parse(key).ok_or(Refusal::Error(715))?;
        //= PRP-3
        let is_news = self.directory[account].phones.set(key, value);
        let (trid, serial) = (request.trid(), self.count(account, Change::Phones));
        let (value, word) = (self.directory[account].phones.value(key), key.as_str());
        let value = More(value);
        self.outbox
            .line(conn, format_args!("PRP {trid} {serial} {word}{value}"));
        if is_news {
            self.tell_phone(account, key);
        }
        Ok(())
    }

    /// Tells every watcher of a user's new number. What they are shown is a part of what they
    /// synchronise, so it counts for them too.
    //= BPR-2
    //= MIX-6
    //= BPR-5
    fn tell_phone(&mut self, subject: AccountId, key: Property) {
        let watchers = self.directory[subject].reverse.iter();
        let watchers: Vec<_> = watchers.map(|entry| entry.account).collect();
        let strangers = self.quirks.strangers_told(&self.directory[subject]);
        for watcher in watchers.into_iter().chain(strangers) {
            if !shows_phones(&self.quirks, &self.directory[subject], watcher) {
                continue;
            }
            let serial = self.count(watcher, Change::Phones);
            if let Some(conn) = self.watches_phones(watcher) {
                let user = &self.directory[subject];
                write_phone(&mut self.outbox, conn, serial, user, key, &user.phones);
            }
        }
    }

    /// Where a user is told of others' phones: from its SYN on, in a dialect that has them.
    pub(super) fn watches_phones(&self, watcher: AccountId) -> Option<ConnId> {
        let presence = self.directory[watcher].presence?;
        let has_phones = self.connections.shape(presence.conn).has_phones();
        (presence.has_synchronised && has_phones).then_some(presence.conn)
    }
}

/// Whether a user's numbers are for another who has the user on the FL.
//= BPR-4
pub(super) fn shows_phones(quirks: &Quirks, user: &Account, watcher: AccountId) -> bool {
    user.admits(watcher) || quirks.shows_phones_to_barred()
}

/// Shows a contact's numbers to a watcher, set or not.
pub(super) fn write_phones(
    (outbox, quirks): (&mut Outbox, &Quirks),
    conn: ConnId,
    serial: u32,
    contact: &Account,
    watcher: AccountId,
) {
    let shown = if shows_phones(quirks, contact, watcher) {
        &contact.phones
    } else {
        Phones::NONE
    };
    for key in Property::SHOWN {
        write_phone(outbox, conn, serial, contact, key, shown);
    }
}

//= BPR-1
fn write_phone(
    outbox: &mut Outbox,
    conn: ConnId,
    serial: u32,
    contact: &Account,
    key: Property,
    shown: &Phones,
) {
    let (handle, value) = (&contact.handle, More(shown.value(key)));
    let key = key.as_str();
    outbox.line(conn, format_args!("BPR {serial} {handle} {key}{value}"));
}

#[cfg(test)]
mod tests {
    use crate::server::ConnId;
    use crate::server::fixture::Fixture;

    /// A user who has synchronised in MSNP5.
    fn synchronised(s: &mut Fixture, name: &str) -> ConnId {
        let c = s.online_in(name, "NLN", 5);
        s.c(c, "SYN 1 0");
        s.skip(c);
        c
    }

    #[test]
    fn numbers_are_set_cleared_and_kept() {
        let mut s = Fixture::new();
        let c = s.login_in("alice", 5);
        s.ask(c, "PRP 1 PHH 01%2034", "PRP 1 2 PHH 01%2034");
        s.ask(c, "PRP 2 PHM %0D%0A", "PRP 2 3 PHM %0D%0A");
        s.ask(c, "PRP 3 PHW 7", "PRP 3 4 PHW 7");
        s.ask(c, "PRP 4 PHW", "PRP 4 5 PHW");
        s.ask(c, "PRP 5 MOB Y", "PRP 5 6 MOB N");
        s.ask(c, "PRP 6 MBE Y", "PRP 6 7 MBE N");
        let longest = "5".repeat(95);
        s.ask(
            c,
            &format!("PRP 7 PHW {longest}"),
            &format!("PRP 7 8 PHW {longest}"),
        );
        let c = s.login_in("alice", 6);
        s.c(c, "SYN 8 0");
        s.expect(c, "SYN 8 8");
        s.expect(c, "GTC 8 8 A");
        s.expect(c, "BLP 8 8 AL");
        s.expect(c, "PRP 8 8 PHH 01%2034");
        s.expect(c, &format!("PRP 8 8 PHW {longest}"));
        s.expect(c, "PRP 8 8 PHM %0D%0A");
        s.expect(c, "PRP 8 8 MOB N");
        s.expect(c, "PRP 8 8 MBE N");
        s.expect(c, "LST 8 FL 8 0 0");
    }

    #[test]
    fn what_is_no_property_is_refused() {
        let mut s = Fixture::new();
        let c = s.login_in("alice", 5);
        for (line, answer) in [
            ("PRP 1 PHX 5", "715 1"),
            ("PRP 2 phh 5", "715 2"),
            ("PRP 3 MFN x", "715 3"),
            ("PRP 4 P", "715 4"),
            ("SYN 5 1", "SYN 5 1"),
        ] {
            s.ask(c, line, answer);
        }
        let too_long = format!("PRP 1 PHH {}", "5".repeat(96));
        for line in [
            "PRP 1 PHHH 5",
            &too_long,
            "PRP 1 PHH %FF",
            "PRP 1",
            "PRP 1 PHH 1 2",
        ] {
            let c = s.login_in("alice", 5);
            s.c(c, line);
            s.closed(c);
        }
        let c = s.login_in("alice", 4);
        s.c(c, "PRP 1 PHH 5");
        s.closed(c);
    }

    #[test]
    fn watchers_are_told_of_changes_in_their_own_dialect() {
        let mut s = Fixture::new();
        let (bob, carol) = (synchronised(&mut s, "bob"), s.online("carol", "NLN"));
        s.add(bob, "FL", "alice");
        s.add(carol, "FL", "alice");
        let alice = synchronised(&mut s, "alice");
        s.skip(bob);
        s.skip(carol);
        s.ask(alice, "PRP 1 PHH 5", "PRP 1 4 PHH 5");
        s.expect(bob, "BPR 3 alice@hotmail.com PHH 5");
        s.ask(alice, "PRP 2 PHH 5", "PRP 2 5 PHH 5");
        s.ask(alice, "PRP 3 MOB Y", "PRP 3 6 MOB N");
        s.nothing(bob);
        s.ask(alice, "PRP 4 PHH", "PRP 4 7 PHH");
        s.expect(bob, "BPR 4 alice@hotmail.com PHH");
        s.nothing(carol);
        s.add(alice, "BL", "bob");
        s.expect(bob, "FLN alice@hotmail.com");
        s.ask(alice, "PRP 5 PHW 9", "PRP 5 9 PHW 9");
        s.nothing(bob);
        let bob = s.login_in("bob", 5);
        s.ask(alice, "PRP 6 PHM 8", "PRP 6 10 PHM 8");
        s.nothing(bob);
    }

    #[test]
    fn contacts_are_shown_in_the_batch_and_when_they_are_added() {
        let mut s = Fixture::new();
        let alice = synchronised(&mut s, "alice");
        s.ask(alice, "PRP 1 PHW 7", "PRP 1 2 PHW 7");
        let bob = synchronised(&mut s, "bob");
        s.c(bob, "ADD 2 FL alice@hotmail.com a");
        s.expect(bob, "ADD 2 FL 2 alice@hotmail.com a");
        for rest in ["PHH", "PHW 7", "PHM", "MOB N"] {
            s.expect(bob, &format!("BPR 2 alice@hotmail.com {rest}"));
        }
        s.expect(bob, "ILN 2 NLN alice@hotmail.com ALICE%20X");
        s.nothing(bob);
        s.skip(alice);
        s.add(alice, "BL", "bob");
        s.skip(bob);
        s.c(bob, "SYN 3 0");
        for _ in 0..8 {
            s.next(bob);
        }
        s.expect(bob, "LST 3 FL 2 1 1 alice@hotmail.com a");
        for rest in ["PHH", "PHW", "PHM", "MOB N"] {
            s.expect(bob, &format!("BPR 2 alice@hotmail.com {rest}"));
        }
        s.expect(bob, "LST 3 AL 2 0 0");
        s.skip(bob);
        s.ask(bob, "LST 4 FL", "LST 4 FL 2 1 1 alice@hotmail.com a");
        let late = s.login_in("bob", 5);
        s.c(late, "ADD 5 FL carol@hotmail.com c");
        s.expect(late, "ADD 5 FL 3 carol@hotmail.com c");
        s.nothing(late);
    }
}
