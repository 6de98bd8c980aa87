//! Which dialects the server agrees to, asked by VER alone.

use super::ladder::Ladder;
use super::probe::conclude;
use crate::engine::{Outcome, Session, Trouble};
use crate::event::{Observed, Rung};
use crate::protocol::{DIALECTS, Dialect};
use crate::target::Learnt;
use crate::transcript::ConnName;

/// Finds out which dialects the server agrees to: the highest alone, or each of them. The outcome's
/// `learnt` says it; where there is none, `climbed` says what came instead.
pub(crate) async fn agree(mut session: Session, each: bool) -> Outcome {
    let (mut learnt, mut ladder) = (Learnt::default(), Ladder::default());
    let result = session.find_agreed(each, &mut learnt, &mut ladder).await;
    let mut outcome = conclude(session, result).await;
    outcome.learnt = Some(learnt);
    outcome.climbed = ladder.climbed;
    outcome
}

impl Session {
    async fn find_agreed(
        &mut self,
        each: bool,
        learnt: &mut Learnt,
        ladder: &mut Ladder,
    ) -> Result<(), Trouble> {
        let mut highest_first = DIALECTS;
        // Those that need a ticket which cannot be had come last.
        let has_tickets = self.env.has_tickets;
        let is_closed = |it: &Dialect| it.takes_tickets() && !has_tickets;
        highest_first.sort_by_key(|it| (is_closed(it), std::cmp::Reverse(it.number)));
        let open = highest_first.partition_point(|it| !is_closed(it));
        let mut offers = highest_first.chunks(1);
        let since = self.links.now();
        let mut refused = None;
        if !each {
            let offered = highest_first.get(..open).unwrap_or_default();
            match self.try_offer(offered).await {
                Ok(agreed) => learnt.agrees.push(agreed),
                Err(trouble) => refused = Some(trouble),
            }
        }
        // A server may know its dialects, and not how to choose among several.
        while each || learnt.agrees.is_empty() {
            // Further offers would only cost time.
            if learnt.agrees.is_empty() && refused.as_ref().is_some_and(is_silence) {
                break;
            }
            let Some(offered) = offers.next() else { break };
            match self.try_offer(offered).await {
                Ok(agreed) => learnt.agrees.push(agreed),
                Err(trouble) => _ = refused.get_or_insert(trouble),
            }
        }
        learnt.agrees.sort();
        match refused.filter(|_| learnt.agrees.is_empty()) {
            Some(trouble) if trouble.observed().is_none() => Err(trouble),
            Some(trouble) => {
                self.climbed(ladder, Rung::Ver, since, Err(trouble));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// One offer on a connection of its own.
    async fn try_offer(
        &mut self,
        offered: &[&'static Dialect],
    ) -> Result<&'static Dialect, Trouble> {
        let first = self
            .env
            .notification
            .as_ref()
            .or(self.env.dispatch.as_ref());
        let Some(address) = first.map(|address| self.env.reach(address)) else {
            return Err(Trouble::new("the target's address", "none"));
        };
        let name = ConnName::new(self.player(0).user.clone(), ConnName::DEFAULT);
        let slot = self.open(0, name, &address).await?;
        let agreed = self.offer(slot, offered).await;
        self.links.close(self.slot(slot).conn, false);
        agreed
    }
}

/// Whether there was no connection, or no answer.
fn is_silence(trouble: &Trouble) -> bool {
    let came = trouble.observed();
    came.is_none_or(|came| matches!(came, Observed::Silence(_) | Observed::Unreachable(_)))
}
