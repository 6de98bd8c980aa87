//! Undoes what a script did to the accounts.

use std::collections::BTreeSet;

use super::batch::{changes, is_property};
use crate::engine::{Session, Trouble};
use crate::event::Observed;
use crate::protocol::{Effect, ServerKind};
use crate::target::{ContactLists, Lists};
use crate::transcript::{Connection, Mark, Party, What};
use crate::wire::{Frame, Words};

/// The label of the connections of the clean-up in transcripts.
const LABEL: &str = "undo";

/// The TrIDs of the clean-up begin here: far from those of scenarios and barriers. Where clean-ups
/// are often not answered they follow those of the login.
const TRIDS: u32 = 800_000_000;
/// How many of them each user has. An answer that goes to another's connection is none there.
const TRIDS_EACH: u32 = 100_000;

/// A user whose changes are undone.
#[derive(Debug)]
struct Guest {
    index: usize,
    /// The friendly name was changed too.
    name: bool,
    /// The groups that were made, by their numbers.
    groups: BTreeSet<String>,
    /// The properties that were set.
    properties: BTreeSet<String>,
    slot: Option<usize>,
}

/// What a user may have changed.
#[derive(Debug, Default)]
struct Changed {
    lists: bool,
    name: bool,
    groups: BTreeSet<String>,
    properties: BTreeSet<String>,
}

impl Changed {
    fn is_nothing(&self) -> bool {
        let is_more = self.name || !self.groups.is_empty() || !self.properties.is_empty();
        !self.lists && !is_more
    }
}

impl Session {
    /// Ends all connections and, where the environment asks for it, undoes what fixture and steps
    /// changed. What is known of each account afterwards stands in it.
    pub(crate) async fn undo(&mut self) {
        let changed: Vec<Changed> = (0..self.players.len())
            .map(|index| self.changed(index))
            .collect();
        // Where lists are written late, a change of one's list may write another's anew as it was: all
        // must be there.
        let must_all = self.env.lists_late.is_some() && changed.iter().any(|one| one.lists);
        let is_cut = self.links.is_cut_off();
        let mut guests = Vec::new();
        for (index, changed) in changed.into_iter().enumerate() {
            if changed.is_nothing() && !must_all {
                self.note_untouched(index);
                continue;
            }
            self.player_mut(index).account.lists = Lists::Ours;
            if self.env.cleanup && !is_cut {
                // Only a new login tells what the name is now.
                let is_deaf = self.env.experience.is_often_deaf();
                let slot = self.live_slot(index);
                let slot = slot.filter(|_| !changed.name && !is_deaf);
                guests.push(Guest {
                    index,
                    name: changed.name,
                    groups: changed.groups,
                    properties: changed.properties,
                    slot,
                });
            }
        }
        let kept: Vec<usize> = guests.iter().filter_map(|guest| guest.slot).collect();
        for (index, slot) in self.slots.iter().enumerate() {
            if !kept.contains(&index) {
                self.links.close(slot.conn, false);
            }
        }
        let count = u32::try_from(guests.len()).unwrap_or(u32::MAX);
        let patience = self.login_patience().saturating_mul(4);
        self.links.grant(patience.saturating_mul(count));
        self.links.set_mark(Some(Mark::CleanUp));
        self.restore(guests).await;
        self.links.close_all();
    }

    /// A connection on which the user is still logged in and in step with the server.
    fn live_slot(&self, index: usize) -> Option<usize> {
        if !self.failures.is_empty() {
            return None;
        }
        self.slots.iter().position(|slot| {
            slot.player == index
                && slot.fixture
                && slot.unanswered.is_empty()
                && self.links.link(slot.conn, |link| {
                    link.end.is_none() && link.entered && link.at_line_start()
                })
        })
    }

    /// Puts everything back, with all users logged in: a change of one's forward list reaches the
    /// other's reverse list most surely while both are there.
    async fn restore(&mut self, mut guests: Vec<Guest>) {
        for guest in &mut guests {
            if guest.slot.is_none() {
                guest.slot = self
                    .login(guest.index, LABEL)
                    .await
                    .ok()
                    .map(|new| new.slot);
            }
        }
        for guest in &guests {
            let Some(slot) = guest.slot else { continue };
            match self.put_back(guest, slot).await {
                Ok(true) => self.player_mut(guest.index).account.lists = Lists::Clean,
                Ok(false) => {}
                Err(trouble) => {
                    let is_silent = matches!(trouble.observed(), Some(Observed::Silence(_)));
                    if is_silent {
                        self.env.experience.was_deaf();
                    }
                }
            }
        }
        if self.env.lists_late.is_some() {
            self.clear_reverse_lists(&guests).await;
        }
        for slot in guests.iter().filter_map(|guest| guest.slot) {
            self.logout(slot).await;
        }
        // Whoever uses the accounts next is to find them as they are now.
        if self.players.iter().any(|player| player.account.is_scarce) {
            self.rest_lists().await;
        }
    }

    /// An account that nobody changed is clean if it was read and found so.
    fn note_untouched(&mut self, index: usize) {
        let player = self.player_mut(index);
        if player.found.as_ref() == Some(&ContactLists::default()) {
            player.account.lists = Lists::Clean;
        }
    }

    /// What a player's requests may have changed.
    fn changed(&self, index: usize) -> Changed {
        let (player, dialect) = (self.player(index), self.env.dialect);
        let mut changed = Changed {
            lists: player.touched,
            ..Changed::default()
        };
        let shared = self.links.lock();
        let conns = shared.transcript.connections().iter();
        let is_own = |conn: &Connection| {
            conn.kind == ServerKind::Notification && conn.name.user() == player.user
        };
        let own: Vec<bool> = conns.map(is_own).collect();
        for entry in shared.transcript.entries() {
            // A barrier that changed something has touched its player.
            if own.get(entry.conn.0) != Some(&true) || entry.mark == Some(Mark::Barrier) {
                continue;
            }
            match &entry.what {
                What::Frame(Party::Client, frame) => {
                    let row = dialect.request(ServerKind::Notification, frame.verb());
                    let effect = row.map_or(Effect::Nothing, |row| row.effect);
                    changed.lists |= effect.is_of_lists();
                    changed.name |= effect == Effect::Name;
                    if effect == Effect::Properties {
                        changed.properties.extend(property_set(frame));
                    }
                }
                What::Frame(Party::Server, frame) => changed.groups.extend(group_made(frame)),
                What::Raw(Party::Client, _) => changed.lists = true,
                _ => {}
            }
        }
        changed
    }

    /// Puts back what one user changed. Says whether lists and settings are as those of a new
    /// account: they are not where the settings were found otherwise on an account that is not
    /// disposable.
    async fn put_back(&mut self, guest: &Guest, slot: usize) -> Result<bool, Trouble> {
        if !self.env.experience.is_often_deaf() {
            let nth = u32::try_from(guest.index).unwrap_or_default();
            let own = TRIDS.saturating_add(nth.saturating_mul(TRIDS_EACH));
            self.slot_mut(slot).next_trid = own;
        }
        let had = self.player(guest.index).properties.clone();
        let batch = self.synchronise(slot).await?;
        self.player_mut(guest.index).left = batch.reverse;
        let now = batch.contacts;
        let mut wanted = ContactLists::default();
        let found = self.player(guest.index).found.as_ref();
        if let Some(found) = found.filter(|_| !self.env.disposable) {
            wanted.gtc.clone_from(&found.gtc);
            wanted.blp.clone_from(&found.blp);
        }
        for (verb, params) in changes(&now, &wanted) {
            self.change(slot, verb, &params).await?;
        }
        if guest.name {
            self.rename_back(guest.index, slot).await?;
        }
        for group in batch.groups.intersection(&guest.groups) {
            self.change(slot, "RMG", group).await?;
        }
        for key in &guest.properties {
            let value = had.as_ref().and_then(|had| had.get(key));
            let params = value.map_or_else(|| key.clone(), |value| format!("{key} {value}"));
            self.change(slot, "PRP", &params).await?;
        }
        Ok(wanted == ContactLists::default())
    }

    /// Where lists are written late, a REM may leave its entry on the other's reverse list: it goes
    /// with another ADD and REM while both are there.
    async fn clear_reverse_lists(&mut self, guests: &[Guest]) {
        for owner in guests {
            let owner = self.player(owner.index);
            let (left, handle) = (owner.left.clone(), owner.account.handle.clone());
            for maker in guests {
                let name = self.player(maker.index).account.handle.to_ascii_lowercase();
                let Some(slot) = maker.slot.filter(|_| left.contains(&name)) else {
                    continue;
                };
                let entry = format!("FL {handle}");
                let added = self.change(slot, "ADD", &format!("{entry} {handle}")).await;
                if added.is_ok() {
                    // Nothing more can be done.
                    let _ = self.change(slot, "REM", &entry).await;
                }
            }
        }
    }

    async fn rename_back(&mut self, index: usize, slot: usize) -> Result<(), Trouble> {
        let player = self.player(index);
        let handle = player.account.handle.clone();
        let Some(name) = player
            .first_name
            .clone()
            .filter(|first| Some(first) != player.name.as_ref())
        else {
            return Ok(());
        };
        let params = format!("{handle} {name}");
        self.request(slot, "REA", &params, "REA accepted").await?;
        self.player_mut(index).name = Some(name);
        Ok(())
    }
}

/// The property that a PRP sets.
fn property_set(frame: &Frame) -> Option<String> {
    let key = frame.words().nth(2)?;
    is_property(key).then(|| String::from_utf8_lossy(key).into_owned())
}

/// The number of the group that the answer to an ADG has named.
fn group_made(frame: &Frame) -> Option<String> {
    let words: Words<'_> = frame.words().collect();
    match *words.as_slice() {
        [b"ADG", _, _, _, group, ..] => Some(String::from_utf8_lossy(group).into_owned()),
        _ => None,
    }
}
