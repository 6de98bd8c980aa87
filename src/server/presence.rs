//! CHG, ILN, NLN and FLN: who is shown to whom.
//!
//! A user is shown to a watcher who has the user on the FL while the user is in an online state and
//! the user's settings admit the watcher. Each entry of an FL remembers what its owner was told, so
//! NLN and FLN go out exactly when that has ceased to be true.

use std::fmt;
use std::sync::Arc;

use super::Server;
use super::account::{Account, Client, Sight, shown};
use super::handle::{parse_number, printable};
use super::id::{AccountId, ConnId};
use super::outbox::More;
use super::request::{Outcome, Refusal, Request};
use super::shape::Shape;
use crate::protocol::State;

/// Why a watcher's view of a user is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The user's state or name is new.
    News,
    /// What the user's client says of itself is new.
    Client,
    /// It may be that another user may see it than before.
    Review,
}

/// What a client says of itself, in the dialect of whoever reads it; of one of an early dialect that
/// is 0.
//= CAPS-2
//= OBJ-1
//= OBJ-2
//= MIX-2
pub(super) struct Said<'u>(&'u Client, Shape);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(client, shape) = self;
        if !shape.tells_client() {
            return Ok(());
        }
        let object = client.object.as_ref().filter(|_| shape.has_objects());
        write!(
            f,
            " {}{}",
            client.id.as_deref().unwrap_or("0"),
            More(object)
        )
    }
}

/// What the words behind the state in CHG say of the client. An object that is left out is taken away.
//= CAPS-4
//= OBJ-3
//= OBJ-5
fn parse_client(shape: Shape, words: &[&[u8]]) -> Result<Client, Refusal> {
    let (id, object) = match *words {
        [] if !shape.tells_client() => return Ok(Client::default()),
        [id] if shape.tells_client() => (id, None),
        [id, object] if shape.has_objects() => (id, Some(object)),
        _ => return Err(Refusal::Close),
    };
    let word = printable(id).filter(|_| parse_number(id).is_some());
    let object = match object.map(printable) {
        Some(None) => return Err(Refusal::Error(201)),
        Some(Some(object)) => Some(object.into()),
        None => None,
    };
    Ok(Client {
        id: Some(word.ok_or(Refusal::Error(201))?.into()),
        object,
    })
}

impl Server {
    //= CHG-1
    //= CHG-10
    pub(super) fn change_state(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let shape = self.connections.shape(conn);
        let [code, rest @ ..] = request.params else {
            return Err(Refusal::Close);
        };
        //= CHG-2
        //= CHG-9
        //= CHG-11
        let state = State::parse(code).ok_or(Refusal::Error(201))?;
        let client = parse_client(shape, rest)?;
        let user = &mut self.directory[account];
        let Some(presence) = user.presence.as_mut() else {
            return Err(Refusal::Close);
        };
        let before = presence.state.replace(state);
        let is_other_client = user.client != client;
        user.client = client;
        let (trid, code) = (request.trid(), state.as_str());
        //= CAPS-1
        //= CAPS-5
        let said = Said(&user.client, shape);
        self.outbox
            .line(conn, format_args!("CHG {trid} {code}{said}"));
        if before.is_none() || self.quirks.introduces_each_time() {
            //= PRES-1
            //= PRES-2
            //= PRES-11
            //= PRES-13
            self.introduce_contacts(conn, account, trid);
        } else if before == Some(State::Offline) && state != State::Offline {
            self.catch_up(account);
        }
        if state == State::Offline && before != Some(State::Offline) {
            self.remember(account);
        }
        let is_news = before.and_then(shown) != shown(state);
        if is_news && self.quirks.announces(before, state) {
            self.announce(account);
        } else if is_other_client && !is_news {
            //= CAPS-3
            //= OBJ-4
            self.tell_watchers(account, Cause::Client);
        }
        if before.is_none() && self.config.challenges {
            self.challenge_unasked(conn);
        }
        Ok(())
    }

    /// Tells every watcher of a user's new state or name.
    //= CHG-3
    //= CHG-4
    //= CHG-8
    //= PRES-6
    pub(super) fn announce(&mut self, subject: AccountId) {
        self.tell_watchers(subject, Cause::News);
    }

    /// Tells those watchers for whom a user has appeared or vanished.
    pub(super) fn review(&mut self, subject: AccountId) {
        self.tell_watchers(subject, Cause::Review);
    }

    /// Tells one watcher, if the user has appeared or vanished for it.
    pub(super) fn review_for(&mut self, subject: AccountId, watcher: AccountId) {
        self.tell(subject, watcher, Cause::Review);
    }

    fn tell_watchers(&mut self, subject: AccountId, cause: Cause) {
        let mut place = 0;
        while let Some(watcher) = self.directory[subject].reverse.at(place) {
            self.tell(subject, watcher, cause);
            place += 1;
        }
    }

    /// One watcher's view of one user, brought up to date.
    //= PRES-5
    fn tell(&mut self, subject: AccountId, watcher: AccountId, cause: Cause) {
        let state = self.visible_state(subject, watcher);
        let Some(conn) = self.listens_on(watcher) else {
            return;
        };
        let Some(entry) = self.directory[watcher].forward.entry_mut(subject) else {
            if self.quirks.tells_former_watchers() {
                self.send_presence(conn, subject, state);
            }
            return;
        };
        //= PRES-12
        let shows_client = self.connections.shape(conn).tells_client();
        let is_news = match (state, cause) {
            (Some(_), Cause::News) => true,
            (Some(_), Cause::Client) => !entry.is_shown || shows_client,
            (Some(_), Cause::Review) => !entry.is_shown,
            (None, _) => entry.is_shown,
        };
        if is_news {
            entry.is_shown = state.is_some();
            self.send_presence(conn, subject, state);
        }
    }

    //= PRES-4
    //= MIX-1
    //= PRES-14
    //= TRID-9
    fn send_presence(&mut self, conn: ConnId, subject: AccountId, state: Option<&str>) {
        let user = &self.directory[subject];
        let (handle, name) = (&user.handle, &user.name);
        let said = self.said(user, conn);
        match state {
            Some(state) => self
                .outbox
                .line(conn, format_args!("NLN {state} {handle} {name}{said}")),
            None => self.outbox.line(conn, format_args!("FLN {handle}")),
        }
    }

    /// The state in which a user shows itself to another who watches it.
    //= CHG-5
    //= PRES-9
    //= BLP-9
    pub(super) fn visible_state(
        &self,
        subject: AccountId,
        watcher: AccountId,
    ) -> Option<&'static str> {
        let user = &self.directory[subject];
        let shown = user.shown_state()?;
        if user.admits(watcher) {
            return Some(shown);
        }
        self.quirks.state_for_barred(user, watcher)
    }

    /// Where a watcher can be told of others: not before its first CHG, and not in state FLN.
    //= CHG-6
    //= PRES-13
    fn listens_on(&self, watcher: AccountId) -> Option<ConnId> {
        let presence = self.directory[watcher].presence?;
        match presence.state? {
            State::Offline => None,
            State::Hidden if self.quirks.deafens_hidden() => None,
            State::Online(_) | State::Hidden => Some(presence.conn),
        }
    }

    fn introduce_contacts(&mut self, conn: ConnId, account: AccountId, trid: &str) {
        let mut place = 0;
        while let Some(contact) = self.directory[account].forward.at(place) {
            self.introduce(conn, account, contact, trid);
            place += 1;
        }
    }

    /// Shows a contact that has just been put on the FL.
    //= PRES-3
    //= PRES-11
    pub(super) fn introduce_added(
        &mut self,
        conn: ConnId,
        account: AccountId,
        contact: AccountId,
        trid: &str,
    ) {
        if self.listens_on(account).is_some() {
            self.introduce(conn, account, contact, trid);
        }
    }

    //= PRES-4
    fn introduce(&mut self, conn: ConnId, account: AccountId, contact: AccountId, trid: &str) {
        let state = self.visible_state(contact, account);
        let leaked = || self.quirks.state_in_iln(&self.directory[contact], account);
        let Some(state) = state.or_else(leaked) else {
            return;
        };
        if let Some(entry) = self.directory[account].forward.entry_mut(contact) {
            entry.is_shown = true;
        }
        let user = &self.directory[contact];
        let (handle, name, said) = (&user.handle, &user.name, self.said(user, conn));
        let line = format_args!("ILN {trid} {state} {handle} {name}{said}");
        self.outbox.line(conn, line);
    }

    /// What a user's client says of itself, as lines to this connection have it.
    pub(super) fn said<'u>(&self, user: &'u Account, conn: ConnId) -> Said<'u> {
        Said(&user.client, self.connections.shape(conn))
    }

    /// Keeps what a user sees who goes to state FLN and will be told nothing there.
    fn remember(&mut self, account: AccountId) {
        let shown = self.directory[account].forward.iter();
        let contacts = shown.filter(|e| e.is_shown).map(|e| e.account);
        let seen = contacts.filter_map(|contact| self.sight(contact, account));
        self.directory[account].last_seen = seen.collect();
    }

    fn sight(&self, contact: AccountId, watcher: AccountId) -> Option<Sight> {
        Some(Sight {
            contact,
            state: self.visible_state(contact, watcher)?,
            name: Arc::clone(&self.directory[contact].name),
            client: self.directory[contact].client.clone(),
        })
    }

    /// Tells a user who leaves state FLN what was missed in it.
    fn catch_up(&mut self, account: AccountId) {
        for seen in std::mem::take(&mut self.directory[account].last_seen) {
            let now = self.sight(seen.contact, account);
            let is_news = now.is_some_and(|now| now != seen);
            let cause = if is_news { Cause::News } else { Cause::Review };
            self.tell(seen.contact, account, cause);
        }
        let mut place = 0;
        while let Some(contact) = self.directory[account].forward.at(place) {
            self.tell(contact, account, Cause::Review);
            place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::server::ConnId;
    use crate::server::fixture::Fixture;

    /// Alice, whom bob and carol have on their FL; all online.
    fn watched() -> (Fixture, ConnId, ConnId, ConnId) {
        let mut s = Fixture::new();
        let (bob, carol) = (s.online("bob", "NLN"), s.online("carol", "HDN"));
        s.add(bob, "FL", "alice");
        s.add(carol, "FL", "alice");
        let alice = s.online("alice", "NLN");
        for watcher in [bob, carol] {
            s.expect(watcher, "NLN NLN alice@hotmail.com ALICE%20X");
            s.nothing(watcher);
        }
        (s, alice, bob, carol)
    }

    #[test]
    fn each_sees_of_a_client_what_its_own_dialect_has() {
        let mut s = Fixture::new();
        let watchers = [7, 8, 9].map(|dialect| {
            let name = ["bob", "carol", "dave"][dialect - 7];
            let conn = s.online_in(name, "NLN", u8::try_from(dialect).unwrap());
            s.add(conn, "FL", "alice");
            conn
        });
        let alice = s.login_in("alice", 9);
        let told = |s: &mut Fixture, said: &str, ends: [Option<&str>; 3]| {
            s.c(alice, said);
            for (watcher, end) in watchers.into_iter().zip(ends) {
                if let Some(end) = end {
                    s.expect(
                        watcher,
                        &format!("NLN NLN alice@hotmail.com ALICE%20X{end}"),
                    );
                }
                s.nothing(watcher);
            }
        };
        told(
            &mut s,
            "CHG 1 NLN 4294967295 %3Co%3E",
            [Some(""), Some(" 4294967295"), Some(" 4294967295 %3Co%3E")],
        );
        s.expect(alice, "CHG 1 NLN 4294967295 %3Co%3E");
        s.skip(alice);
        told(&mut s, "CHG 2 NLN 4294967295 %3Co%3E", [None; 3]);
        told(&mut s, "CHG 3 NLN 0", [None, Some(" 0"), Some(" 0")]);
        s.expect(alice, "CHG 2 NLN 4294967295 %3Co%3E");
        s.expect(alice, "CHG 3 NLN 0");
        s.ask(alice, "CHG 4 NLN 4294967296", "201 4");
        s.c(alice, "CHG 5 NLN");
        s.closed(alice);
    }

    #[test]
    fn every_change_once() {
        let (mut s, alice, bob, _) = watched();
        for state in ["BSY", "IDL", "BRB", "AWY", "PHN", "LUN", "NLN"] {
            s.ask(alice, &format!("CHG 1 {state} "), &format!("CHG 1 {state}"));
            s.expect(bob, &format!("NLN {state} alice@hotmail.com ALICE%20X"));
        }
        s.ask(alice, "CHG 2 NLN", "CHG 2 NLN");
        s.nothing(bob);
        s.ask(alice, "CHG 3 HDN", "CHG 3 HDN");
        s.expect(bob, "FLN alice@hotmail.com");
        s.ask(alice, "CHG 4 FLN", "CHG 4 FLN");
        s.nothing(bob);
        s.ask(alice, "CHG 5 AWY", "CHG 5 AWY");
        s.expect(bob, "NLN AWY alice@hotmail.com ALICE%20X");
        for bad in ["nln", "XXX", "ILN", "\u{e9}"] {
            s.ask(alice, &format!("CHG 6 {bad}"), "201 6");
        }
        s.nothing(bob);
    }

    #[test]
    fn leaving_by_out_by_loss_and_hidden() {
        let (mut s, alice, bob, carol) = watched();
        s.ask(alice, "OUT", "OUT");
        s.closed(alice);
        s.expect(bob, "FLN alice@hotmail.com");
        s.expect(carol, "FLN alice@hotmail.com");
        let alice = s.online("alice", "PHN");
        s.expect(bob, "NLN PHN alice@hotmail.com ALICE%20X");
        s.hang_up(alice);
        s.expect(bob, "FLN alice@hotmail.com");
        let alice = s.online("alice", "HDN");
        s.hang_up(alice);
        s.nothing(bob);
    }

    #[test]
    fn a_second_login_is_offline_until_its_first_chg() {
        let (mut s, _, bob, _) = watched();
        let alice = s.login("alice");
        s.expect(bob, "FLN alice@hotmail.com");
        s.ask(alice, "CHG 1 NLN", "CHG 1 NLN");
        s.expect(bob, "NLN NLN alice@hotmail.com ALICE%20X");
    }

    #[test]
    fn contacts_at_the_first_chg_and_never_again() {
        let (mut s, alice, bob, _) = watched();
        s.add(alice, "FL", "bob");
        s.add(alice, "FL", "carol");
        s.add(alice, "FL", "dave");
        let alice = s.login("alice");
        s.skip(bob);
        s.ask(bob, "CHG 1 BRB", "CHG 1 BRB");
        s.nothing(alice);
        s.c(alice, "CHG 2 HDN");
        s.expect(alice, "CHG 2 HDN");
        s.expect(alice, "ILN 2 BRB bob@hotmail.com BOB%20X");
        s.nothing(alice);
        s.ask(alice, "CHG 3 NLN", "CHG 3 NLN");
        s.nothing(alice);
    }

    #[test]
    fn an_added_contact_is_shown_with_the_adds_trid() {
        let mut s = Fixture::new();
        let (alice, _bob) = (s.online("alice", "NLN"), s.online("bob", "LUN"));
        s.c(alice, "ADD 9 FL bob@hotmail.com b");
        s.expect(alice, "ADD 9 FL 2 bob@hotmail.com b");
        s.expect(alice, "ILN 9 LUN bob@hotmail.com BOB%20X");
        s.nothing(alice);
    }

    #[test]
    fn a_removed_contact_is_silent() {
        let (mut s, alice, bob, _) = watched();
        s.ask(
            bob,
            "REM 1 FL alice@hotmail.com",
            "REM 1 FL * alice@hotmail.com",
        );
        s.skip(alice);
        s.ask(alice, "CHG 2 AWY", "CHG 2 AWY");
        s.nothing(bob);
    }

    #[test]
    fn blocking_hides_and_unblocking_shows() {
        let (mut s, alice, bob, carol) = watched();
        s.add(alice, "BL", "bob");
        s.expect(bob, "FLN alice@hotmail.com");
        s.nothing(carol);
        s.ask(alice, "CHG 1 BSY", "CHG 1 BSY");
        s.nothing(bob);
        let bob = s.online("bob", "NLN");
        s.nothing(bob);
        s.ask(
            bob,
            "REM 2 FL alice@hotmail.com",
            "REM 2 FL * alice@hotmail.com",
        );
        s.add(bob, "FL", "alice");
        s.nothing(bob);
        s.skip(alice);
        s.ask(
            alice,
            "REM 3 BL bob@hotmail.com",
            "REM 3 BL * bob@hotmail.com",
        );
        s.expect(bob, "NLN BSY alice@hotmail.com ALICE%20X");
        s.nothing(bob);
    }

    #[test]
    fn the_closed_mode_shows_only_to_the_allowed() {
        let (mut s, alice, bob, carol) = watched();
        s.skip(alice);
        s.add(alice, "AL", "carol");
        s.ask(alice, "BLP 1 BL", "BLP 1 * BL");
        s.expect(bob, "FLN alice@hotmail.com");
        s.nothing(carol);
        s.add(alice, "AL", "bob");
        s.expect(bob, "NLN NLN alice@hotmail.com ALICE%20X");
        s.ask(
            alice,
            "REM 2 AL carol@hotmail.com",
            "REM 2 AL * carol@hotmail.com",
        );
        s.expect(carol, "FLN alice@hotmail.com");
        s.ask(alice, "BLP 3 AL", "BLP 3 * AL");
        s.expect(carol, "NLN NLN alice@hotmail.com ALICE%20X");
        s.nothing(bob);
    }

    #[test]
    fn who_was_offline_is_told_what_was_missed() {
        let (mut s, alice, bob, carol) = watched();
        s.ask(bob, "CHG 1 FLN", "CHG 1 FLN");
        s.ask(carol, "CHG 1 FLN", "CHG 1 FLN");
        s.ask(alice, "CHG 2 BSY", "CHG 2 BSY");
        s.nothing(bob);
        s.c(bob, "CHG 3 NLN");
        s.expect(bob, "CHG 3 NLN");
        s.expect(bob, "NLN BSY alice@hotmail.com ALICE%20X");
        s.hang_up(alice);
        s.expect(bob, "FLN alice@hotmail.com");
        s.nothing(carol);
        s.c(carol, "CHG 4 NLN");
        s.expect(carol, "CHG 4 NLN");
        s.expect(carol, "FLN alice@hotmail.com");
        s.ask(carol, "CHG 5 FLN", "CHG 5 FLN");
        s.ask(carol, "CHG 6 NLN", "CHG 6 NLN");
    }
}
