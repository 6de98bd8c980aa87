//! Who stands on everybody's lists for good: a service, a newsletter, whom no user has added and no
//! user can remove.

use std::sync::Arc;

use crate::diagnostic::Place;
use crate::engine::{Session, Trouble, came, error_code};
use crate::protocol::ClauseId;
use crate::target::{ContactLists, Learnt, OWN_LISTS, Residents};

/// More would be the lists of users, not a server's own contacts.
const MOST: usize = 4;

impl Session {
    /// Finds those whom both users have on a list, and whom the second cannot take off it. Asks
    /// where the harness may empty lists alone.
    pub(super) async fn find_residents(
        &mut self,
        slot: usize,
        learnt: &mut Learnt,
    ) -> Result<(), Trouble> {
        let suspects = self.on_both_lists();
        if suspects.is_empty() || suspects.len() > MOST || !self.env.disposable {
            return Ok(());
        }
        let mut refused = Vec::new();
        for (list, handle) in &suspects {
            let expected = "an answer to REM";
            let entry = format!("{list} {handle}");
            let answer = self.ask(slot, "REM", &entry, expected).await?;
            if error_code(&answer).is_some() {
                let expected = format!("REM n {list} number {handle}");
                let trouble = Trouble::new(expected, came(&answer)).on(slot);
                refused.push(((list.clone(), handle.clone()), self.seen(trouble)));
            }
        }
        let batch = self.synchronise(slot).await?;
        let player = self.slot(slot).player;
        self.player_mut(player).found = Some(batch.contacts);
        let residents: Residents = suspects
            .into_iter()
            .filter(|(list, handle)| self.is_on(player, list, handle))
            .collect();
        // The batches before and behind the refusal show that the contact is there.
        let mut shown = refused.into_iter();
        let shown = shown.find(|(entry, _)| residents.contains(entry));
        if let Some((_, trouble)) = shown {
            self.fail(Some(ClauseId::REM_1), Place::nowhere(), trouble);
        }
        for player in &mut self.players {
            if let Some(found) = &mut player.found {
                leave_out(found, &residents);
            }
        }
        learnt.residents = Arc::new(residents);
        self.links.lock().residents = Arc::clone(&learnt.residents);
        Ok(())
    }

    /// The list and the handle of each whom the first two users have on it, and who is no user of
    /// ours.
    fn on_both_lists(&self) -> Residents {
        let mut suspects = Residents::new();
        let [Some(first), Some(second), ..] = self
            .players
            .iter()
            .map(|player| player.found.as_ref())
            .collect::<Vec<_>>()[..]
        else {
            return suspects;
        };
        let is_ours = |handle: &str| {
            let mut players = self.players.iter();
            players.any(|player| player.account.is_of(handle))
        };
        let lists = OWN_LISTS.iter().zip(first.lists.iter().zip(&second.lists));
        for (list, (first, second)) in lists {
            let both = first.intersection(second).filter(|handle| !is_ours(handle));
            suspects.extend(both.map(|handle| ((*list).to_owned(), handle.clone())));
        }
        suspects
    }

    fn is_on(&self, player: usize, list: &str, handle: &str) -> bool {
        let found = self.player(player).found.as_ref();
        let mut lists = found
            .into_iter()
            .flat_map(|found| OWN_LISTS.iter().zip(&found.lists));
        lists.any(|(name, on_it)| *name == list && on_it.contains(handle))
    }
}

fn leave_out(found: &mut ContactLists, residents: &Residents) {
    for (list, on_it) in OWN_LISTS.iter().zip(&mut found.lists) {
        on_it.retain(|handle| !residents.contains(&((*list).to_owned(), handle.clone())));
    }
}
