//! Brings the users of a scenario to where its first step finds them.

use std::collections::BTreeSet;

use super::batch::changes;
use crate::engine::{Cause, Due, Session, Trouble};
use crate::event::Rung;
use crate::protocol::{List, State};
use crate::rules::{self, Presence, Truth, View};
use crate::scenario::ast::{Fixture, Scenario, Stage};
use crate::target::{ContactLists, Lists};
use crate::transcript::ConnName;

/// One user of the scenario, as wanted.
struct Wanted {
    stage: Stage,
    handle: String,
    contacts: ContactLists,
    slot: Option<usize>,
}

impl Wanted {
    fn state(&self) -> Option<&str> {
        match &self.stage {
            Stage::State(state) => Some(state),
            _ => None,
        }
    }
}

/// All of them, by number.
struct All<'w>(&'w [Wanted]);

impl View for All<'_> {
    type User = usize;

    fn is_on(&self, owner: usize, list: List, whom: usize) -> Truth {
        let lists = self.0.get(owner).map(|owner| &owner.contacts.lists);
        let on_it = lists.and_then(|lists| lists.get(list as usize));
        let is_on = |(on_it, whom): (&BTreeSet<_>, &Wanted)| on_it.contains(&whom.handle).into();
        on_it.zip(self.0.get(whom)).map_or(Truth::Maybe, is_on)
    }

    fn is_public(&self, user: usize) -> Truth {
        let user = self.0.get(user);
        user.is_some_and(|user| user.contacts.blp == "AL").into()
    }

    fn is(&self, user: usize, presence: Presence) -> Truth {
        let now = match self.0.get(user).map(|user| &user.stage) {
            None | Some(Stage::Offline) => Presence::Away,
            Some(Stage::LoggedIn | Stage::Synchronised) => Presence::Unset,
            Some(Stage::State(state)) => State::parse(state.as_bytes()).into(),
        };
        (now == presence).into()
    }
}

impl Session {
    /// Brings all users to where the scenario wants them. An error says which user it was about.
    pub(crate) async fn prepare(&mut self, scenario: &Scenario) -> Result<(), (usize, Trouble)> {
        if self.players.len() < scenario.users.len() {
            let (needed, given) = (scenario.users.len(), self.players.len());
            let cause = Cause::TooFewAccounts { needed, given };
            let mut trouble = Trouble::new(format!("{needed} accounts"), format!("{given}"));
            trouble.cause = Some(Box::new(cause));
            return Err((given, trouble));
        }
        for (player, user) in self.players.iter_mut().zip(&scenario.users) {
            player.user.clone_from(&user.name);
        }
        let mut all: Vec<Wanted> = Vec::new();
        for (index, user) in scenario.users.iter().enumerate() {
            all.push(Wanted {
                stage: user.fixture.stage.clone(),
                handle: self.player(index).account.handle.to_ascii_lowercase(),
                contacts: self.contacts_of(scenario, &user.fixture),
                slot: None,
            });
        }
        let is_new = scenario.is_of_new_accounts();
        for (index, wanted) in all.iter_mut().enumerate() {
            self.mark_user(scenario, index);
            self.knows_name(index, scenario)
                .map_err(|trouble| (index, trouble))?;
            let result = self.meet(index, wanted, is_new).await;
            result.map_err(|trouble| (index, trouble))?;
        }
        for index in 0..all.len() {
            self.refuse_foreign(index)
                .map_err(|trouble| (index, trouble))?;
        }
        let mut due = Vec::new();
        for index in 0..all.len() {
            self.mark_user(scenario, index);
            let result = self.arrange(index, &all, &mut due).await;
            result.map_err(|trouble| (index, trouble))?;
        }
        self.take_in(due).await;
        let mut due = Vec::new();
        for index in 0..all.len() {
            self.mark_user(scenario, index);
            let result = self.stage(index, &all, &mut due).await;
            result.map_err(|trouble| (index, trouble))?;
        }
        self.take_in(due).await;
        self.forget();
        Ok(())
    }

    fn mark_user(&self, scenario: &Scenario, index: usize) {
        let at = scenario.users.get(index).map(|user| user.at);
        self.links.mark(&scenario.source, at.unwrap_or_default());
    }

    fn contacts_of(&self, scenario: &Scenario, fixture: &Fixture) -> ContactLists {
        let handles = |names: &Vec<String>| {
            let index = |name: &String| scenario.users.iter().position(|user| user.name == *name);
            let handles = names.iter().filter_map(index);
            handles
                .map(|index| self.player(index).account.handle.to_ascii_lowercase())
                .collect()
        };
        let default = ContactLists::default();
        ContactLists {
            lists: [
                handles(&fixture.forward),
                handles(&fixture.allow),
                handles(&fixture.block),
            ],
            gtc: fixture.gtc.clone().unwrap_or(default.gtc),
            blp: fixture.blp.clone().unwrap_or(default.blp),
        }
    }

    /// A friendly name that is not given is learnt from a login. Without one, what compares names
    /// cannot be carried out.
    fn knows_name(&self, index: usize, scenario: &Scenario) -> Result<(), Trouble> {
        let player = self.player(index);
        let speaks = || {
            let expression = format!("{{{}.name}}", player.user);
            scenario.source.text.contains(&expression)
        };
        if self.env.no_login.is_none() || player.name.is_some() || !speaks() {
            return Ok(());
        }
        let expected = format!("the friendly name of {}", player.account.handle);
        Err(Trouble::new(
            expected,
            "none given, and no login that tells it",
        ))
    }

    /// Logs a user in where that is needed, and reads the lists where they are not known.
    async fn meet(
        &mut self,
        index: usize,
        wanted: &mut Wanted,
        is_new: bool,
    ) -> Result<(), Trouble> {
        let known = self.player(index).account.lists == Lists::Clean;
        let named = self.player(index).name.is_some();
        let is_plain = wanted.contacts == ContactLists::default();
        // What a new account is like is not to be put right before it is looked at.
        let is_left = is_new && self.env.disposable && !known;
        let can_read = !self.env.is_out(Rung::Syn) && !is_left;
        // Where lists cannot be read, nobody can have made a mess of them either.
        let is_ready = ((known || !can_read) && (named || is_left)) || self.env.no_login.is_some();
        if wanted.stage == Stage::Offline && is_plain && is_ready {
            return Ok(());
        }
        let slot = self.login(index, ConnName::DEFAULT).await?.slot;
        self.slot_mut(slot).fixture = true;
        wanted.slot = Some(slot);
        let reads =
            (!known && can_read) || matches!(wanted.stage, Stage::Synchronised | Stage::State(_));
        if reads {
            let batch = self.synchronise(slot).await?;
            let player = self.player_mut(index);
            player.found = Some(batch.contacts);
            player.reverse = batch.reverse;
        }
        Ok(())
    }

    /// An entry of a user's reverse list that no user of the scenario had made: left by an earlier
    /// scenario on a server that is slow to take it off, or by somebody else. What a scenario then
    /// finds wrong proves nothing.
    pub(crate) fn stale_entry(&self) -> Option<String> {
        let makes = |maker: &str, of: &str| {
            self.players.iter().any(|player| {
                let found = player.found.as_ref();
                let [forward, ..] = found.map_or(&NO_LISTS, |found| &found.lists);
                player.account.handle.eq_ignore_ascii_case(maker) && forward.contains(of)
            })
        };
        self.players.iter().find_map(|player| {
            let handle = player.account.handle.to_ascii_lowercase();
            let stale = player.reverse.iter().find(|maker| !makes(maker, &handle))?;
            Some(format!(
                "{stale} was on the reverse list of {handle} before the first step, though nobody \
                 here had put it there"
            ))
        })
    }

    /// Nothing of an account may be touched that others may have made.
    pub(crate) fn refuse_foreign(&self, index: usize) -> Result<(), Trouble> {
        let player = self.player(index);
        let entries = player.found.as_ref().map_or(0, ContactLists::entries);
        if entries == 0 || self.env.disposable || player.account.lists != Lists::Unknown {
            return Ok(());
        }
        let handle = player.account.handle.clone();
        let mut trouble = Trouble::new(
            format!("empty lists of {handle}, which is not disposable"),
            format!("{entries} entries"),
        );
        trouble.cause = Some(Box::new(Cause::NotDisposable { handle, entries }));
        Err(trouble)
    }

    /// Makes a user's lists and settings as wanted; logs out who is to be elsewhere.
    async fn arrange(
        &mut self,
        index: usize,
        all: &[Wanted],
        due: &mut Vec<(usize, Due)>,
    ) -> Result<(), Trouble> {
        let Some((wanted, slot)) = all.get(index).and_then(|w| Some((w, w.slot?))) else {
            return Ok(());
        };
        let synchronised = self.player(index).found.is_some();
        let found = self.player(index).found.clone().unwrap_or_default();
        let changes = changes(&found, &wanted.contacts);
        self.player_mut(index).account.lists = Lists::Ours;
        for (verb, params) in &changes {
            self.player_mut(index).touched = true;
            self.change(slot, verb, params).await?;
        }
        let [before, ..] = &found.lists;
        let [after, ..] = &wanted.contacts.lists;
        let removed = before.difference(after).map(|handle| ("REM", handle));
        let added = after.difference(before).map(|handle| ("ADD", handle));
        for (verb, handle) in removed.chain(added) {
            let other = all.iter().find(|other| other.handle == *handle);
            if let Some(other) = other.and_then(|other| other.slot) {
                let words = [(0, verb), (1, "0"), (2, "RL"), (4, &*wanted.handle)];
                due.push((other, Due::new(words)));
            }
        }
        if synchronised && wanted.stage == Stage::LoggedIn {
            self.logout(slot).await;
            let slot = self.login(index, ConnName::DEFAULT).await?.slot;
            self.slot_mut(slot).fixture = true;
        } else if wanted.stage == Stage::Offline {
            self.logout(slot).await;
            self.slot_mut(slot).fixture = false;
        }
        Ok(())
    }

    /// Brings a user online, and notes what that lets the others see.
    async fn stage(
        &mut self,
        index: usize,
        all: &[Wanted],
        due: &mut Vec<(usize, Due)>,
    ) -> Result<(), Trouble> {
        let Some((earlier, [wanted, ..])) = all.split_at_checked(index) else {
            return Ok(());
        };
        let (Some(slot), Some(state)) = (wanted.slot, wanted.state().map(str::to_owned)) else {
            return Ok(());
        };
        self.change_state(slot, &state).await?;
        let sees = |watcher, user| rules::sees(&All(all), watcher, user) == Truth::Yes;
        for (place, other) in earlier.iter().enumerate() {
            let (Some(other_slot), Some(other_state)) = (other.slot, other.state()) else {
                continue;
            };
            if sees(index, place) {
                let words = [(0, "ILN"), (2, other_state), (3, &*other.handle)];
                due.push((slot, Due::new(words)));
                // A server that was not done with telling the other's state may tell it to this one
                // too, who was there in time.
                let words = [(0, "NLN"), (1, other_state), (2, &*other.handle)];
                self.slot_mut(slot).owed.push(Due::new(words));
            }
            if sees(place, index) {
                let words = [(0, "NLN"), (1, &*state), (2, &*wanted.handle)];
                due.push((other_slot, Due::new(words)));
            }
        }
        Ok(())
    }

    async fn change_state(&mut self, slot: usize, state: &str) -> Result<(), Trouble> {
        let expected = format!("CHG {state} accepted");
        self.request(slot, "CHG", state, &expected).await
    }

    /// Takes in what is due, for the quiet time at most; what is still missing then is owed.
    pub(crate) async fn take_in(&mut self, mut due: Vec<(usize, Due)>) {
        let deadline = self.links.now() + self.quiet();
        loop {
            due.retain(|(slot, due)| {
                let pool = self.slots.get(*slot).map(|slot| &slot.pool);
                !pool.is_some_and(|pool| pool.iter().any(|kept| due.is(&kept.frame)))
            });
            let open = |slot: &usize| self.links.link(self.slot(*slot).conn, |l| l.end.is_none());
            let waiting = due.iter().map(|(slot, _)| *slot).filter(|slot| open(slot));
            let conns: Vec<_> = waiting.map(|slot| self.slot(slot).conn).collect();
            if conns.is_empty() {
                break;
            }
            match self.links.next_of(&conns, deadline, "presence").await {
                Ok((conn, Ok(frame))) => {
                    if let Some(slot) = self.slots.iter_mut().find(|slot| slot.conn == conn) {
                        slot.keep(frame);
                    }
                }
                Ok((_, Err(_))) => {}
                Err(_) => break,
            }
        }
        for (slot, due) in due {
            self.slot_mut(slot).owed.push(due);
        }
    }

    /// Forgets what came so far: the steps begin with a clean slate.
    fn forget(&mut self) {
        for slot in &mut self.slots {
            slot.pool.clear();
            slot.acting = false;
            slot.unanswered.clear();
            self.links.link(slot.conn, |link| link.inbox.clear());
        }
    }

    /// Logs a user in again whose connection the server closed after an error.
    pub(crate) async fn revive(&mut self, slot: usize) -> Result<(), Trouble> {
        let (name, player, conn) = {
            let slot = self.slot(slot);
            (slot.name.clone(), slot.player, slot.conn)
        };
        let (synchronised, state) = self.links.link(conn, |link| {
            let state = link.state.as_deref().map(String::from_utf8_lossy);
            (link.serial.is_some(), state.map(String::from))
        });
        let (pool, owed) = {
            let slot = self.slot_mut(slot);
            (
                std::mem::take(&mut slot.pool),
                std::mem::take(&mut slot.owed),
            )
        };
        self.login(player, name.label()).await?;
        self.slot_mut(slot).fixture = true;
        if synchronised {
            self.synchronise(slot).await?;
        }
        if let Some(state) = state {
            self.change_state(slot, &state).await?;
        }
        let handle = self.player(player).account.handle.clone();
        let revived = self.slot_mut(slot);
        revived.pool = pool;
        revived.owed = owed;
        let conn = revived.conn;
        self.links.link(conn, |link| link.inbox.clear());
        for (index, other) in self.slots.iter_mut().enumerate() {
            if index != slot {
                other.owed.push(Due::new([(0, "FLN"), (1, &*handle)]));
                other.owed.push(Due::new([(0, "NLN"), (2, &*handle)]));
            }
        }
        Ok(())
    }
}

/// The lists of one of whom nothing is known.
static NO_LISTS: [BTreeSet<String>; 3] = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::engine::Links;
    use crate::target::test_support::accounts;

    const STATE: Stage = Stage::Synchronised;

    fn wanted(handle: &str, lists: [&[&str]; 3], blp: &str, state: &str) -> Wanted {
        let list = |handles: &[&str]| handles.iter().map(|&handle| handle.to_owned()).collect();
        Wanted {
            stage: match state {
                "" => STATE,
                state => Stage::State(state.to_owned()),
            },
            handle: handle.to_owned(),
            contacts: ContactLists {
                lists: lists.map(list),
                blp: blp.to_owned(),
                ..ContactLists::default()
            },
            slot: None,
        }
    }

    #[test]
    fn who_is_shown_to_whom() {
        let watcher = |forward: &[&str]| wanted("w", [forward, &[], &[]], "AL", "NLN");
        let shown = |allow: &[&str], block: &[&str], blp: &str, state: &str| {
            let all = [
                watcher(&["x"]),
                wanted("x", [&[], allow, block], blp, state),
            ];
            rules::sees(&All(&all), 0, 1) == Truth::Yes
        };
        assert!(shown(&[], &[], "AL", "NLN"));
        assert!(shown(&[], &[], "AL", "BSY"));
        assert!(shown(&["w"], &[], "BL", "NLN"));
        assert!(!shown(&[], &[], "BL", "NLN"));
        assert!(!shown(&[], &["w"], "AL", "NLN"));
        assert!(!shown(&["w"], &["w"], "BL", "NLN"));
        assert!(!shown(&[], &[], "AL", "HDN"));
        assert!(!shown(&[], &[], "AL", ""));
        let strangers = [watcher(&["y"]), wanted("x", [&[], &[], &[]], "AL", "NLN")];
        assert_eq!(rules::sees(&All(&strangers), 0, 1), Truth::No);
    }

    #[test]
    fn an_entry_is_stale_that_nobody_here_has_made() {
        let links = Links::new(Duration::ZERO);
        let mut session = Session::new(links, Arc::default(), accounts(), 1);
        let (alice, bob) = ("alice@hotmail.com", "bob@hotmail.com");
        assert_eq!(session.stale_entry(), None);
        session.player_mut(0).reverse = BTreeSet::from([bob.to_owned()]);
        let told = session.stale_entry().unwrap();
        assert!(told.starts_with(bob), "{told}");
        // Another than bob has alice on the list; then bob has somebody else; then alice.
        for (maker, contact, is_stale) in [(2, alice, true), (1, bob, true), (1, alice, false)] {
            let mut found = ContactLists::default();
            found.lists[0].insert(contact.to_owned());
            session.player_mut(maker).found = Some(found);
            assert_eq!(session.stale_entry().is_some(), is_stale);
        }
    }

    #[test]
    fn what_is_due_is_known_by_its_words() {
        let due = Due::new([(0, "NLN"), (2, "Bob@hotmail.com")]);
        let is = |line: &'static str| due.is(&crate::wire::Frame::line(line));
        assert!(is("NLN BSY bob@hotmail.com Bob"));
        assert!(!is("FLN BSY bob@hotmail.com Bob"));
        assert!(!is("NLN BSY carol@hotmail.com Bob"));
        assert!(!is("NLN BSY"));
    }
}
