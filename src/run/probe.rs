//! The scripts beside the scenarios: what the target is like, whether it lives, empty lists.

use std::time::Duration;

use super::environment::{Barrier, Barriers, Learnt};
use super::outcome::{Cause, Ending, Outcome};
use super::roster::Roster;
use super::session::Session;
use super::silence::Settled;
use super::trouble::{Trouble, came};
use crate::diagnostic::Place;
use crate::event::{Observed, Rung};
use crate::transcript::ConnName;

/// How often presence is compared with the barrier.
const ROUNDS: usize = 3;

/// Finds out what the target is like.
pub(super) async fn probe(mut session: Session) -> Outcome {
    let mut learnt = Learnt::default();
    let result = session.look_around(&mut learnt).await;
    let mut outcome = conclude(session, result).await;
    outcome.learnt = Some(learnt);
    outcome
}

/// Logs one account in and out, and enters a switchboard meanwhile where that worked before and a
/// server that no longer lets anybody in can be started again.
pub(super) async fn check(mut session: Session) -> Outcome {
    let result = match session.login(0, ConnName::DEFAULT).await {
        Ok(login) => {
            let visited = if session.env.has_board && session.env.owns_server {
                session.visit_board(login.slot).await
            } else {
                Ok(())
            };
            session.logout(login.slot).await;
            visited
        }
        Err(trouble) => Err(trouble),
    };
    conclude(session, result).await
}

/// Empties the lists of all accounts and puts their settings back.
pub(super) async fn cleanup(mut session: Session) -> Outcome {
    let mut result = Ok(());
    for index in 0..session.players.len() {
        if let Err(trouble) = session.empty(index).await {
            result = result.and(Err(trouble));
        }
    }
    conclude(session, result).await
}

async fn conclude(mut session: Session, result: Result<(), Trouble>) -> Outcome {
    let ending = match result {
        Ok(()) => Ending::Passed,
        Err(trouble) => {
            session.fail(None, nowhere(), trouble);
            Ending::Blocked
        }
    };
    session.undo().await;
    session.finish(ending)
}

/// The place of what stands in no file.
pub(super) fn nowhere() -> Place {
    Place {
        file: String::new(),
        line: 0,
        column: 0,
        text: String::new(),
    }
}

impl Session {
    async fn empty(&mut self, index: usize) -> Result<(), Trouble> {
        let slot = self.login(index, ConnName::DEFAULT).await?.slot;
        let batch = self.synchronise(slot).await?;
        self.player_mut(index).found = Some(batch.roster.clone());
        self.refuse_foreign(index)?;
        for (verb, params) in batch.roster.changes(&Roster::default()) {
            self.change(slot, verb, &params).await?;
        }
        self.player_mut(index).found = Some(Roster::default());
        self.logout(slot).await;
        Ok(())
    }

    /// A server that lets a user in can be tested: what goes wrong after that leaves the rest of
    /// the habits unknown, and the scenarios say what it breaks.
    async fn look_around(&mut self, learnt: &mut Learnt) -> Result<(), Trouble> {
        if self.players.is_empty() {
            return Err(Trouble::new("an account", "none"));
        }
        let login = match self.login(0, ConnName::DEFAULT).await {
            Ok(login) => login,
            Err(trouble) => {
                if trouble.cause.as_deref().is_some_and(Cause::is_about_all) {
                    learnt.dispatch_refers = self.refers().await;
                }
                return Err(trouble);
            }
        };
        learnt.dispatch_refers = login.referred_to.is_some();
        learnt.notification = login.referred_to;
        match self.find_habits(login.slot, learnt).await {
            Err(trouble) if trouble.cause.is_none() => Ok(()),
            result => result,
        }
    }

    async fn find_habits(&mut self, first: usize, learnt: &mut Learnt) -> Result<(), Trouble> {
        self.read_lists(first, 0).await?;
        let second = if self.players.len() > 1 {
            Some(self.arrive(1).await?)
        } else {
            None
        };
        for index in 0..self.players.len().min(2) {
            self.refuse_foreign(index)?;
        }
        if learnt.notification.is_none() {
            learnt.dispatch_refers = self.refers().await;
        }
        let first = self
            .find_notification_barrier(first, second, learnt)
            .await?;
        self.go_online(first).await?;
        if let Some(second) = second {
            learnt.presence_batched = self.presence_lags(first, second, learnt).await?;
        }
        self.find_switchboard_barrier(first, second, learnt).await;
        Ok(())
    }

    async fn arrive(&mut self, player: usize) -> Result<usize, Trouble> {
        let slot = self.login(player, ConnName::DEFAULT).await?.slot;
        self.read_lists(slot, player).await?;
        Ok(slot)
    }

    async fn read_lists(&mut self, slot: usize, player: usize) -> Result<(), Trouble> {
        let batch = self.synchronise(slot).await?;
        self.player_mut(player).found = Some(batch.roster);
        Ok(())
    }

    async fn go_online(&mut self, slot: usize) -> Result<(), Trouble> {
        let frame = self.ask(slot, "CHG", "NLN", "CHG NLN accepted").await?;
        if frame.verb() == b"CHG" {
            return Ok(());
        }
        Err(Trouble::new("CHG NLN accepted", came(&frame))
            .on(slot)
            .at(Rung::Chg))
    }

    /// Whether the dispatch server refers; trouble on the way means that it does not.
    async fn refers(&mut self) -> bool {
        if self.env.notification.is_none() {
            return false;
        }
        let last = self.players.len() - 1;
        self.greet_only(last).await.unwrap_or(false)
    }

    /// How long a candidate may take: a server that ignores it must not cost a whole reply time.
    fn patience(&self) -> Duration {
        (self.quiet() * 4).min(self.reply)
    }

    /// Whether a candidate is answered twice, with nothing else on any connection.
    async fn is_barrier(&mut self, barrier: Barrier, slot: usize, others: &[usize]) -> bool {
        self.take_in(Vec::new()).await;
        for slot in others.iter().chain([&slot]) {
            self.discard(*slot);
        }
        for _ in 0..2 {
            let patience = self.patience();
            if self.raise(slot, barrier, patience).await != Settled::Answered {
                return false;
            }
        }
        others.iter().chain([&slot]).all(|slot| {
            let conn = self.slot(*slot).conn;
            self.links.link(conn, |link| link.end.is_none())
                && (barrier == Barrier::SameSerial || self.is_silent(*slot))
        })
    }

    fn is_silent(&self, slot: usize) -> bool {
        let conn = self.slot(slot).conn;
        self.links.link(conn, |link| link.inbox.is_empty())
    }

    fn discard(&mut self, slot: usize) {
        self.slot_mut(slot).pool.clear();
        let conn = self.slot(slot).conn;
        self.links.link(conn, |link| link.inbox.clear());
    }

    /// Tries the candidates; logs in again where one ended the connection.
    async fn find_notification_barrier(
        &mut self,
        mut slot: usize,
        second: Option<usize>,
        learnt: &mut Learnt,
    ) -> Result<usize, Trouble> {
        let others: Vec<usize> = second.into_iter().collect();
        for barrier in Barrier::NOTIFICATION {
            let conn = self.slot(slot).conn;
            if self.links.link(conn, |link| link.end.is_some()) {
                slot = self.arrive(0).await?;
            }
            if self.is_barrier(barrier, slot, &others).await {
                learnt.barriers.notification = Some(barrier);
                break;
            }
        }
        let conn = self.slot(slot).conn;
        if self.links.link(conn, |link| link.end.is_some()) {
            slot = self.arrive(0).await?;
        }
        self.env = std::sync::Arc::new({
            let mut env = (*self.env).clone();
            env.barriers = learnt.barriers;
            env
        });
        Ok(slot)
    }

    /// Whether a change of state reaches a watcher only after the barriers are answered.
    async fn presence_lags(
        &mut self,
        first: usize,
        second: usize,
        learnt: &Learnt,
    ) -> Result<bool, Trouble> {
        let handle = self.player(self.slot(first).player).account.handle.clone();
        let watcher = self.slot(second).player;
        self.player_mut(watcher).touched = true;
        self.change(second, "ADD", &format!("FL {handle} {handle}"))
            .await?;
        self.go_online(second).await?;
        let mut lags = false;
        for round in 0..ROUNDS {
            let patience = self.patience();
            let state = if round % 2 == 0 { "BSY" } else { "NLN" };
            self.discard(second);
            self.ask(first, "CHG", state, "CHG accepted").await?;
            let changed = self.links.now();
            if let Some(barrier) = learnt.barriers.notification {
                for slot in [first, second] {
                    self.raise(slot, barrier, patience).await;
                }
            }
            let conn = self.slot(second).conn;
            let links = self.links.clone();
            let is_shown =
                move || links.link(conn, |link| link.inbox.iter().any(|f| f.verb() == b"NLN"));
            if learnt.barriers.notification.is_some() && is_shown() {
                continue;
            }
            let links = self.links.clone();
            let shown = links.until(changed + patience, "presence", |shared| {
                let link = shared.link_mut(conn)?;
                let shown = link.inbox.iter().any(|f| f.verb() == b"NLN");
                (shown || link.end.is_some()).then_some(shown)
            });
            // A server without presence has none that could come late.
            if shown.await != Ok(true) {
                break;
            }
            let took = self.links.now().saturating_sub(changed);
            lags |= learnt.barriers.notification.is_some() || took * 3 > self.env.timeouts.quiet;
        }
        Ok(lags)
    }

    /// Tries the candidates on switchboards of the first user; without one there is none.
    async fn find_switchboard_barrier(
        &mut self,
        first: usize,
        second: Option<usize>,
        learnt: &mut Learnt,
    ) {
        for barrier in Barrier::SWITCHBOARD {
            let Ok(board) = self.enter_board(first).await else {
                return;
            };
            learnt.has_board = true;
            let others: Vec<usize> = second.into_iter().chain([first]).collect();
            if self.is_barrier(barrier, board, &others).await {
                learnt.barriers = Barriers {
                    switchboard: Some(barrier),
                    ..learnt.barriers
                };
                return;
            }
        }
    }

    /// Whether the way into a switchboard is open: to be refused is an answer.
    async fn visit_board(&mut self, slot: usize) -> Result<(), Trouble> {
        let entered = match self.go_online(slot).await {
            Ok(()) => self.enter_board(slot).await.map(drop),
            Err(trouble) => Err(trouble),
        };
        match entered {
            Err(trouble) if !trouble.observed().is_some_and(Observed::is_answer) => {
                let expected = format!("to get into a switchboard ({})", trouble.expected);
                Err(Trouble::new(expected, trouble.got))
            }
            _ => Ok(()),
        }
    }

    async fn enter_board(&mut self, first: usize) -> Result<usize, Trouble> {
        let expected = "a referral to a switchboard";
        let frame = self.ask(first, "XFR", "SB", expected).await?;
        let words: Vec<String> = frame
            .words()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ["XFR", _, "SB", address, "CKI", cookie] = *words.as_slice() else {
            return Err(Trouble::new(expected, came(&frame)).on(first).at(Rung::Xfr));
        };
        let player = self.slot(first).player;
        let name = ConnName::new(self.player(player).user.clone(), "sb");
        let address = self.env.reach(address);
        let handle = self.player(player).account.handle.clone();
        let slot = self.open(player, name, &address).await?;
        let frame = self
            .ask(slot, "USR", &format!("{handle} {cookie}"), "USR OK")
            .await?;
        if frame.words().nth(2) == Some(b"OK") {
            return Ok(slot);
        }
        Err(Trouble::new("USR OK", came(&frame))
            .on(slot)
            .at(Rung::SbUsr))
    }
}
