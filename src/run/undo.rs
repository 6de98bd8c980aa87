//! Undoes what a script did to the accounts.

use super::environment::Lists;
use super::roster::Roster;
use super::session::{Session, Trouble, shown};
use crate::spec::ServerKind;
use crate::transcript::{Party, What};

/// The label of the connections of the clean-up in transcripts.
const LABEL: &str = "undo";

/// What a user may have changed.
#[derive(Debug, Clone, Copy, Default)]
struct Changed {
    lists: bool,
    name: bool,
}

impl Session {
    /// Ends all connections and, where the environment asks for it, undoes what fixture and steps
    /// changed. What is known of each account afterwards stands in it.
    pub(super) async fn undo(&mut self) {
        self.links.close_all();
        let changed: Vec<Changed> = (0..self.players.len())
            .map(|index| self.changed(index))
            .collect();
        let count = u32::try_from(changed.len()).unwrap_or(u32::MAX);
        let patience = self
            .login_patience()
            .saturating_mul(4)
            .saturating_mul(count);
        if self.env.cleanup {
            self.links.grant(patience);
        }
        for (index, changed) in changed.into_iter().enumerate() {
            if !changed.lists && !changed.name {
                self.note_untouched(index);
            } else if self.env.cleanup {
                let result = self.restore(index, changed.name).await;
                self.player_mut(index).account.lists = match result {
                    Ok(clean) if clean => Lists::Clean,
                    _ => Lists::Ours,
                };
            } else {
                self.player_mut(index).account.lists = Lists::Ours;
            }
        }
        self.links.close_all();
    }

    /// An account that nobody changed is clean if it was read and found so.
    fn note_untouched(&mut self, index: usize) {
        let player = self.player_mut(index);
        if player.found.as_ref() == Some(&Roster::default()) {
            player.account.lists = Lists::Clean;
        }
    }

    /// What a player's requests may have changed.
    fn changed(&self, index: usize) -> Changed {
        let player = self.player(index);
        let mut changed = Changed {
            lists: player.touched,
            name: false,
        };
        let shared = self.links.lock();
        for entry in shared.transcript.entries() {
            let is_own = shared
                .transcript
                .connection(entry.conn)
                .is_some_and(|conn| {
                    conn.kind == ServerKind::Notification && conn.name.user == player.user
                });
            if !is_own {
                continue;
            }
            match &entry.what {
                What::Frame(Party::Client, frame) => match frame.verb() {
                    b"ADD" | b"REM" | b"GTC" | b"BLP" => changed.lists = true,
                    b"REA" => changed.name = true,
                    _ => {}
                },
                What::Raw(Party::Client, _) => changed.lists = true,
                _ => {}
            }
        }
        changed
    }

    /// Logs in and puts everything back. Says whether lists and settings are as those of a new
    /// account: they are not where the settings were found otherwise on an account that is not
    /// disposable.
    async fn restore(&mut self, index: usize, name: bool) -> Result<bool, Trouble> {
        let slot = self.login(index, LABEL).await?.slot;
        let now = self.synchronise(slot).await?.roster;
        let mut wanted = Roster::default();
        if let Some(found) = self
            .player(index)
            .found
            .as_ref()
            .filter(|_| !self.env.disposable)
        {
            wanted.gtc.clone_from(&found.gtc);
            wanted.blp.clone_from(&found.blp);
        }
        for (verb, params) in now.changes(&wanted) {
            self.change(slot, verb, &params).await?;
        }
        if name {
            self.rename_back(index, slot).await?;
        }
        self.logout(slot).await;
        Ok(wanted == Roster::default())
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
        let expected = "REA accepted";
        let frame = self
            .ask(slot, "REA", &format!("{handle} {name}"), expected)
            .await?;
        if frame.verb() == b"REA" {
            self.player_mut(index).name = Some(name);
            return Ok(());
        }
        Err(Trouble::new(expected, shown(&frame)))
    }
}
