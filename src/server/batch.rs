//! The batch of MSNP8 and later: how long it is stands in the answer to SYN, each user has one line, and
//! nothing is said that the client knows already.

use std::sync::Arc;

use super::Server;
use super::group::{Group, Membership};
use super::id::{AccountId, ConnId};
use super::list::ListName;
use super::outbox::More;
use crate::protocol::Setting;

/// What a batch says of one user.
struct Contact {
    account: AccountId,
    /// The name that the owner gave, or else the user's own.
    name: Arc<str>,
    /// The lists that the user is on.
    bits: u8,
    /// Of a contact on the FL.
    groups: Option<Membership>,
}

/// What being on a list counts.
//= BATCH-7
//= BATCH-8
fn bit(list: ListName) -> u8 {
    match list {
        ListName::Forward => 1,
        ListName::Allow => 2,
        ListName::Block => 4,
        ListName::Reverse => 8,
    }
}

impl Server {
    /// Answers a SYN whose number is none of the present.
    //= BATCH-1
    //= BATCH-3
    //= BATCH-4
    //= BATCH-5
    //= BATCH-13
    //= BATCH-14
    //= SYN-5
    //= SYN-8
    pub(super) fn send_short_batch(&mut self, conn: ConnId, account: AccountId, trid: &str) {
        let contacts = self.contacts(account);
        let user = self.quirks.as_written(&self.directory, account);
        let (serial, count, groups) = (user.serial, contacts.len(), user.groups.all().len());
        let prompt = Setting::Prompt.as_str(user.prompts);
        let privacy = Setting::Privacy.as_str(user.is_public);
        let out = &mut self.outbox;
        out.line(conn, format_args!("SYN {trid} {serial} {count} {groups}"));
        let settings = [("GTC", prompt), ("BLP", privacy)];
        let [first, second] = match self.quirks.begins_with_prompt() {
            true => settings,
            false => [settings[1], settings[0]],
        };
        for (verb, value) in [first, second] {
            if self.quirks.tells_settings(count) {
                out.line(conn, format_args!("{verb} {value}"));
            }
        }
        //= BATCH-11
        for (key, value) in user.phones.numbers() {
            out.line(conn, format_args!("PRP {key} {value}"));
        }
        for Group { id, name } in user.groups.all() {
            out.line(conn, format_args!("LSG {id} {name} 0"));
        }
        for contact in &contacts {
            self.send_contact(conn, account, contact);
        }
    }

    //= BATCH-6
    //= BATCH-9
    //= BATCH-10
    //= BATCH-12
    fn send_contact(&mut self, conn: ConnId, owner: AccountId, contact: &Contact) {
        let numbers_follow = self.quirks.numbers_follow_contact();
        if !numbers_follow {
            self.send_numbers(conn, owner, contact);
        }
        let (user, name, bits) = (
            &self.directory[contact.account],
            &contact.name,
            contact.bits,
        );
        let (handle, groups) = (&user.handle, More(contact.groups));
        self.outbox
            .line(conn, format_args!("LST {handle} {name} {bits}{groups}"));
        if numbers_follow {
            self.send_numbers(conn, owner, contact);
        }
    }

    /// The phone numbers of a contact.
    //= BATCH-11
    fn send_numbers(&mut self, conn: ConnId, owner: AccountId, contact: &Contact) {
        let user = &self.directory[contact.account];
        let is_contact = contact.groups.is_some();
        if !is_contact || !super::phones::shows_phones(&self.quirks, user, owner) {
            return;
        }
        for (key, value) in user.phones.numbers() {
            self.outbox.line(conn, format_args!("BPR {key} {value}"));
        }
    }

    /// Everybody on a user's lists, once: first those on the FL, then those on the AL, the BL, the RL.
    fn contacts(&self, account: AccountId) -> Vec<Contact> {
        let user = self.quirks.as_written(&self.directory, account);
        let mut contacts: Vec<Contact> = Vec::new();
        let mut places = foldhash::HashMap::default();
        for list in self.quirks.batch(ListName::ALL) {
            for entry in user.list(list).iter() {
                if !self.quirks.joins_lists() {
                    places.clear();
                }
                let place = *places.entry(entry.account).or_insert_with(|| {
                    contacts.push(Contact {
                        account: entry.account,
                        name: Arc::clone(&entry.name),
                        bits: 0,
                        groups: None,
                    });
                    contacts.len() - 1
                });
                let Some(contact) = contacts.get_mut(place) else {
                    continue;
                };
                contact.bits |= bit(list);
                if list == ListName::Forward {
                    contact.groups = Some(entry.groups);
                }
            }
        }
        let mut place = 0..;
        contacts.retain(|contact| {
            let place = place.next().unwrap_or_default();
            self.quirks.shows_contact(contact.bits, place)
        });
        contacts
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::Fixture;

    #[test]
    fn a_batch_says_how_long_it_is_and_has_one_line_for_each_user() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.login_in("alice", 8), s.login_in("bob", 8));
        s.c(alice, "SYN 1 0");
        for line in ["SYN 1 1 0 1", "GTC A", "BLP AL", "LSG 0 ~ 0"] {
            s.expect(alice, line);
        }
        s.add(bob, "FL", "alice");
        s.skip(alice);
        s.add(alice, "FL", "bob");
        s.skip(bob);
        s.add(alice, "AL", "bob");
        s.add(alice, "BL", "carol");
        s.ask(bob, "PRP 2 PHM 0123", "PRP 2 4 PHM 0123");
        s.skip(alice);
        s.ask(alice, "ADG 3 Friends 0", "ADG 3 * Friends 1 0");
        s.c(alice, "SYN 4 2");
        for line in [
            "SYN 4 * 2 2",
            "GTC A",
            "BLP AL",
            "LSG 0 ~ 0",
            "LSG 1 Friends 0",
            "LST bob@hotmail.com bob 11 0",
            "BPR PHM 0123",
            "LST carol@hotmail.com carol 4",
        ] {
            s.expect(alice, line);
        }
        s.nothing(alice);
    }
}
