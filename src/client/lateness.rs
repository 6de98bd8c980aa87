//! Lists that are written late: what was changed and acknowledged, a later session is shown only
//! after a while. Where that is so, it is told once, and whoever logs in waits until all is written.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Place;
use crate::engine::{Session, Trouble};
use crate::event::{Failure, Judge, Observed};
use crate::protocol::ClauseId;
use crate::target::Learnt;
use crate::transcript::ConnName;

/// Between a change and the next session: a server that keeps users for a moment after they have
/// left has forgotten them.
const PAUSE: Duration = Duration::from_millis(300);
/// So many changes are looked at. A server that writes once a second is between two writes in at
/// least one of three pauses.
const ROUNDS: usize = 4;
/// What is not shown by then is not late but lost.
const LATEST: Duration = Duration::from_secs(5);
/// A server that was once seen to be late may be later.
const LEAST: Duration = Duration::from_millis(1250);
/// The list that is changed.
const LIST: &str = "AL";

/// What was seen of the changes so far.
#[derive(Default)]
struct Seen {
    longest: Duration,
    /// What shows that one came late.
    failure: Option<Failure>,
}

impl Session {
    /// Finds out whether a change is shown late to the next session of a user who is not logged in.
    pub(super) async fn find_lateness(
        &mut self,
        player: usize,
        other: usize,
        learnt: &mut Learnt,
    ) -> Result<(), Trouble> {
        let since = self.links.lock().heard();
        let handle = self.player(other).account.handle.to_ascii_lowercase();
        let mut seen = Seen::default();
        for round in 0..ROUNDS {
            let verb = if round % 2 == 0 { "ADD" } else { "REM" };
            if !self.is_written(verb, player, &handle, &mut seen).await? {
                return Ok(());
            }
        }
        if let Some(failure) = seen.failure {
            self.failures.push(failure);
            // It is told by itself, and once.
            self.links.lock().judge.void_since(since);
            let late = seen.longest.max(LEAST);
            learnt.lists_late = Some(late);
            let mut env = (*self.env).clone();
            env.lists_late = Some(late);
            self.env = Arc::new(env);
        }
        Ok(())
    }

    /// Changes the list, and looks at it in later sessions until they show it; whether one did.
    async fn is_written(
        &mut self,
        verb: &str,
        player: usize,
        handle: &str,
        seen: &mut Seen,
    ) -> Result<bool, Trouble> {
        let slot = self.login(player, ConnName::DEFAULT).await?.slot;
        self.synchronise(slot).await?;
        let params = match verb {
            "ADD" => format!("{LIST} {handle} {handle}"),
            _ => format!("{LIST} {handle}"),
        };
        self.change(slot, verb, &params).await?;
        let changed = self.links.now();
        self.logout(slot).await;
        self.pause_until(changed + PAUSE).await;
        loop {
            let slot = self.login(player, ConnName::DEFAULT).await?.slot;
            let [_, allowed, _] = self.synchronise(slot).await?.contacts.lists;
            let took = self.links.now().saturating_sub(changed);
            if allowed.contains(handle) == (verb == "ADD") {
                self.logout(slot).await;
                seen.longest = seen.longest.max(took);
                return Ok(true);
            }
            if took > LATEST {
                self.logout(slot).await;
                return Ok(false);
            }
            if seen.failure.is_none() {
                seen.failure = self.late(slot, verb, handle, took);
            }
            self.logout(slot).await;
            self.pause_until(self.links.now() + PAUSE).await;
        }
    }

    /// The failure that a session shows which began too early.
    fn late(&mut self, slot: usize, verb: &str, handle: &str, took: Duration) -> Option<Failure> {
        let (expected, found) = match verb {
            "ADD" => (format!("{LIST} with {handle}"), "without"),
            _ => (format!("{LIST} without {handle}"), "with"),
        };
        let ms = took.as_millis();
        let got = format!("{LIST} {found} {handle}, {ms} ms after {verb} was answered");
        let mut trouble = Trouble::new(expected, Observed::Other(got)).on(slot);
        trouble.detail = Some("a change is shown late to a later session".to_owned());
        self.fail(Some(ClauseId::SYN_7), Place::nowhere(), trouble);
        let failure = self.failures.pop()?;
        Some(Failure {
            judge: Judge::of("lists"),
            ..failure
        })
    }

    async fn pause_until(&self, time: Duration) {
        let nothing = |_: &mut crate::engine::Shared| None::<()>;
        // That the time has passed is all that is wanted.
        let _ = self.links.until(time, "lists", nothing).await;
    }

    /// Where lists are written late, waits until what was changed last is written: a session that
    /// begins before would be shown the lists as they were.
    pub(crate) async fn rest_lists(&self) {
        let changed = self.links.lock().changed_at;
        if let Some((changed, late)) = changed.zip(self.env.lists_late) {
            self.pause_until(changed + late).await;
        }
    }
}
