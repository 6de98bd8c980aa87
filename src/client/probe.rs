//! The scripts beside the scenarios: what the target is like, whether it lives, empty lists.

use std::time::Duration;

use super::batch::changes;
use super::ladder::Ladder;
use crate::diagnostic::Place;
use crate::engine::{Cause, Ending, Limit, Outcome, Session, Settled, Trouble, came, told_late};
use crate::event::{Observed, Rung};
use crate::protocol::{Barrier, ClauseId, ServerKind, Verb};
use crate::target::{Barriers, ContactLists, Learnt};
use crate::transcript::{ConnName, Party, What};

/// A login may take as long on a server that makes keys.
const LOGIN: Duration = Duration::from_secs(1);
/// The name of a second login, beside one that has no answer yet.
const AGAIN: &str = "again";
/// How often presence is compared with the barrier.
const ROUNDS: usize = 3;

/// Finds out what the target is like.
pub(crate) async fn probe(mut session: Session) -> Outcome {
    let mut learnt = Learnt::default();
    let mut ladder = Ladder::default();
    let result = session.look_around(&mut learnt, &mut ladder).await;
    session.patience = None;
    let mut outcome = conclude(session, result).await;
    outcome.learnt = Some(learnt);
    outcome.climbed = ladder.climbed;
    outcome.climbed.sort_by_key(|climb| climb.rung);
    outcome
}

/// Logs one account in and out, and enters a switchboard meanwhile where that worked before and a
/// server that no longer lets anybody in can be started again.
pub(crate) async fn check(mut session: Session) -> Outcome {
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
pub(crate) async fn cleanup(mut session: Session) -> Outcome {
    let mut result = Ok(());
    for index in 0..session.players.len() {
        if let Err(trouble) = session.empty(index).await {
            result = result.and(Err(trouble));
        }
    }
    conclude(session, result).await
}

pub(super) async fn conclude(mut session: Session, result: Result<(), Trouble>) -> Outcome {
    let ending = match result {
        Ok(()) => Ending::Passed,
        Err(trouble) => {
            session.fail(None, Place::nowhere(), trouble);
            Ending::Blocked
        }
    };
    session.undo().await;
    session.finish(ending)
}

impl Session {
    async fn empty(&mut self, index: usize) -> Result<(), Trouble> {
        let slot = self.login(index, ConnName::DEFAULT).await?.slot;
        let batch = self.synchronise(slot).await?;
        self.player_mut(index).found = Some(batch.contacts.clone());
        self.refuse_foreign(index)?;
        for (verb, params) in changes(&batch.contacts, &ContactLists::default()) {
            self.change(slot, verb, &params).await?;
        }
        self.player_mut(index).found = Some(ContactLists::default());
        self.logout(slot).await;
        Ok(())
    }

    /// Climbs the ladder, and finds out on the way how silence is proved.
    async fn look_around(
        &mut self,
        learnt: &mut Learnt,
        ladder: &mut Ladder,
    ) -> Result<(), Trouble> {
        if self.players.is_empty() {
            return Err(Trouble::new("an account", "none"));
        }
        self.patience = Some(self.env.timeouts.reply.max(LOGIN));
        let since = self.links.now();
        let mut login = self.login(0, ConnName::DEFAULT).await;
        let is_silent =
            |trouble: &Trouble| matches!(trouble.observed(), Some(Observed::Silence(_)));
        // A process that was just started may be slow with the first thing that it does; and one
        // whose first answer comes while a second is waited for is slow with everything.
        let mut is_slow = false;
        if let Err(trouble) = &login
            && is_silent(trouble)
        {
            let slot = trouble.slot;
            login = self.login(0, AGAIN).await;
            is_slow = self.has_answered(slot).await;
        }
        let login = match login {
            Err(trouble) if is_slow && is_silent(&trouble) => {
                let limit = Limit::Slow(self.env.timeouts.reply);
                return Err(Trouble::new(*trouble.expected, limit));
            }
            Ok(login) => login,
            Err(trouble) => return self.stopped_at_login(trouble, learnt, ladder).await,
        };
        let rungs = [Rung::Connect, Rung::Ver, Rung::Inf, Rung::Usr].into_iter();
        let dialect = self.env.dialect;
        for rung in rungs.filter(|rung| dialect.has_rung(*rung)) {
            self.climbed(ladder, rung, since, Ok(()));
        }
        learnt.dispatch_refers = login.referred_to.is_some();
        learnt.notification = login.referred_to;
        let climbed = self.climb(login.slot, learnt, ladder).await;
        learnt.challenges = self.was_challenged();
        self.patience = Some(self.env.timeouts.reply.max(LOGIN));
        learnt.is_wedged = self.find_wedge(ladder).await;
        match climbed {
            Err(trouble) if trouble.cause.is_none() => Ok(()),
            Err(trouble) => match trouble.cause.as_deref() {
                // That one user is not let in is for scenarios to say.
                Some(Cause::LoginRefused { .. }) => {
                    self.doubt_logins(ladder).await;
                    Ok(())
                }
                _ => Err(trouble),
            },
            Ok(()) => Ok(()),
        }
    }

    /// Somebody was not let in. Those who were before have the right passwords: where they are all
    /// refused by now, logins do not work.
    async fn doubt_logins(&mut self, ladder: &mut Ladder) {
        let mut refused = None;
        for player in 0..self.players.len() {
            if self.player(player).first_name.is_none() {
                continue;
            }
            match self.login(player, ConnName::DEFAULT).await {
                Err(trouble) if trouble.observed().is_some_and(Observed::is_answer) => {
                    refused = Some(trouble);
                }
                _ => return,
            }
        }
        if let Some(trouble) = refused {
            let at = trouble.rung.unwrap_or(Rung::Usr);
            ladder.falls(at);
            let now = self.links.now();
            self.climbed(ladder, at, now, Err(trouble));
            ladder.give_up(at);
        }
    }

    /// Whether an answer that was waited for in vain has come by now.
    async fn has_answered(&mut self, slot: Option<usize>) -> bool {
        let Some(slot) = slot else {
            return false;
        };
        let conn = self.slot(slot).conn;
        let now = self.links.now();
        while let Ok(Ok(frame)) = self.links.next(conn, now, "reply").await {
            if !self.may_come(slot, &frame) {
                return true;
            }
        }
        false
    }

    /// Nobody gets in. An account that is refused may be replaced by another; what the server does
    /// to everybody is a rung that is out.
    async fn stopped_at_login(
        &mut self,
        mut trouble: Trouble,
        learnt: &mut Learnt,
        ladder: &mut Ladder,
    ) -> Result<(), Trouble> {
        if matches!(trouble.cause.as_deref(), Some(Cause::Unreachable { .. })) {
            return Err(trouble);
        }
        let is_about_account = trouble
            .cause
            .as_deref()
            .is_some_and(Cause::is_about_account);
        let at = trouble.rung.unwrap_or(Rung::Connect);
        let now = self.links.now();
        let dialect = self.env.dialect;
        let below = Rung::ALL.into_iter().filter(|rung| *rung < at);
        for rung in below.filter(|rung| dialect.has_rung(*rung)) {
            self.climbed(ladder, rung, now, Ok(()));
        }
        trouble = self.seen(trouble);
        if at == Rung::Ver && self.dispatch_agrees().await {
            trouble = trouble.breaks(ClauseId::VER_10);
        }
        self.climbed(ladder, at, now, Err(trouble.clone()));
        ladder.give_up(at);
        if trouble.observed().is_some_and(Observed::is_answer) {
            learnt.dispatch_refers = self.refers().await;
        }
        if is_about_account || trouble.observed().is_none() {
            return Err(trouble);
        }
        self.cause = trouble.cause.map(|cause| *cause);
        Ok(())
    }

    async fn climb(
        &mut self,
        first: usize,
        learnt: &mut Learnt,
        ladder: &mut Ladder,
    ) -> Result<(), Trouble> {
        let since = self.links.now();
        let read = self.read_lists(first, 0).await;
        let read = read.map_err(|trouble| self.seen(trouble));
        let took = self.links.now().saturating_sub(since);
        learnt.batch_is_prompt = read.is_ok() && took <= self.quiet();
        let first = self.stand_again(first, 0).await?;
        self.climbed(ladder, Rung::Syn, since, read);
        let second = if self.players.len() > 1 {
            Some(self.arrive(1, ladder).await?)
        } else {
            None
        };
        if let Some(second) = second {
            self.find_residents(second, learnt).await?;
        }
        for index in 0..self.players.len().min(2) {
            self.refuse_foreign(index)?;
        }
        if learnt.notification.is_none() {
            learnt.dispatch_refers = self.refers().await;
        }
        let first = self
            .find_notification_barrier(first, second, learnt, ladder)
            .await?;
        // The first user is left as it was found, where there is another.
        let (first, second) = match second {
            Some(second) => (first, Some(self.climb_settings(second, ladder).await?)),
            None => (self.climb_settings(first, ladder).await?, None),
        };
        let first = self.climb_state(first, ladder).await?;
        if let Some(second) = second {
            self.climb_pair(first, second, learnt, ladder).await?;
        } else {
            let first = self.climb_lists_alone(first, ladder).await?;
            if ladder.may_climb(Rung::Xfr) {
                self.find_switchboard_barrier(first, None, learnt, ladder)
                    .await;
            }
            self.leave(first, ladder).await;
        }
        Ok(())
    }

    /// What takes two: lists, presence, a session.
    async fn climb_pair(
        &mut self,
        first: usize,
        second: usize,
        learnt: &mut Learnt,
        ladder: &mut Ladder,
    ) -> Result<(), Trouble> {
        let second = self.climb_together(first, second, ladder).await?;
        if ladder.may_climb(Rung::Presence) {
            let since = self.links.now();
            match self.presence_lags(first, second, learnt).await {
                Ok(lags) => {
                    learnt.presence_batched = lags;
                    self.climbed(ladder, Rung::Presence, since, Ok(()));
                }
                Err(trouble) => {
                    self.climbed(ladder, Rung::Presence, since, Err(trouble));
                }
            }
        } else {
            if ladder.holds(Rung::Chg) {
                // To be called one must be online.
                let _ = self.go_online(second).await;
            }
        }
        // Who is not online has no right to a switchboard.
        let board = match ladder.may_climb(Rung::Xfr) {
            true => {
                let second = Some(second);
                self.find_switchboard_barrier(first, second, learnt, ladder)
                    .await
            }
            false => None,
        };
        if let Some(board) = board {
            self.climb_session(board, second, ladder).await;
        } else {
            ladder.give_up(Rung::SbUsr);
        }
        let players = [first, second].map(|slot| self.slot(slot).player);
        self.leave(second, ladder).await;
        // A server that puts off what it tells may put off what it writes.
        if learnt.presence_batched && ladder.holds(Rung::Lists) {
            let [first, second] = players;
            self.find_lateness(second, first, learnt).await?;
        }
        Ok(())
    }

    async fn arrive(&mut self, player: usize, ladder: &Ladder) -> Result<usize, Trouble> {
        let slot = self.login(player, ConnName::DEFAULT).await?.slot;
        if ladder.holds(Rung::Syn) {
            self.read_lists(slot, player).await?;
        }
        Ok(slot)
    }

    async fn read_lists(&mut self, slot: usize, player: usize) -> Result<(), Trouble> {
        let batch = self.synchronise(slot).await?;
        let is_whole = batch.is_whole() || batch.is_empty();
        let missing = batch.missing();
        self.player_mut(player).found = Some(batch.contacts);
        if is_whole {
            return Ok(());
        }
        let got = Observed::Other(format!("a batch without {missing}"));
        let expected = "GTC, BLP and all of LST FL, AL, BL, RL";
        let trouble = Trouble::new(expected, got).on(slot).at(Rung::Syn);
        Err(trouble.breaks(ClauseId::SYN_3))
    }

    pub(super) async fn go_online(&mut self, slot: usize) -> Result<(), Trouble> {
        self.request(slot, "CHG", "NLN", "CHG NLN accepted").await
    }

    /// Whether the server has challenged its client.
    fn was_challenged(&self) -> bool {
        let shared = self.links.lock();
        let mut entries = shared.transcript.entries().iter();
        entries.any(|entry| match &entry.what {
            What::Frame(Party::Server, frame) => Verb::parse(frame.verb()) == Verb::Chl,
            _ => false,
        })
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

    /// Whether a candidate is answered twice, with nothing else on any connection. The second time
    /// its TrID is a usual one, lower than the first: a server that answers only rising ones would
    /// be deaf to all that follows a barrier.
    async fn is_barrier(&mut self, barrier: Barrier, slot: usize, others: &[usize]) -> bool {
        self.take_in(Vec::new()).await;
        for slot in others.iter().chain([&slot]) {
            self.discard(*slot);
        }
        let patience = self.patience();
        let own = &mut self.slot_mut(slot).next_trid;
        *own += 1;
        let trids = [*own, self.barrier_trid()];
        for trid in trids.into_iter().rev() {
            let settled = self.raise_as(slot, barrier, trid, patience).await;
            if settled != Settled::Answered {
                return false;
            }
        }
        others.iter().chain([&slot]).all(|slot| {
            let conn = self.slot(*slot).conn;
            self.links.link(conn, |link| link.end.is_none())
                && (barrier.row().brings_more || self.is_silent(*slot))
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
        ladder: &Ladder,
    ) -> Result<usize, Trouble> {
        let others: Vec<usize> = second.into_iter().collect();
        for barrier in Barrier::all(ServerKind::Notification) {
            let conn = self.slot(slot).conn;
            if self.links.link(conn, |link| link.end.is_some()) {
                slot = self.arrive(0, ladder).await?;
            }
            if self.is_barrier(barrier, slot, &others).await {
                learnt.barriers.notification = Some(barrier);
                break;
            }
        }
        let conn = self.slot(slot).conn;
        if self.links.link(conn, |link| link.end.is_some()) {
            slot = self.arrive(0, ladder).await?;
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
        self.go_online(second).await?;
        let mut lags = false;
        for round in 0..ROUNDS {
            let patience = self.login_patience();
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
            match shown.await {
                Ok(true) => {}
                Ok(false) if round == 0 => {
                    let trouble = Trouble::new("NLN", Observed::Closed);
                    return Err(trouble.on(second).at(Rung::Presence));
                }
                Err(late) if round == 0 => {
                    if self.sees_at_first(second).await? {
                        // There is presence: what is wrong with it is for scenarios to say.
                        return Ok(false);
                    }
                    let got = told_late(&late, patience);
                    return Err(Trouble::new("NLN", got).on(second).at(Rung::Presence));
                }
                _ => break,
            }
            let took = self.links.now().saturating_sub(changed);
            lags |= learnt.barriers.notification.is_some() || took * 3 > self.env.timeouts.quiet;
        }
        Ok(lags)
    }

    /// Whether a user who comes online is shown a contact that is there already.
    async fn sees_at_first(&mut self, second: usize) -> Result<bool, Trouble> {
        let player = self.slot(second).player;
        self.logout(second).await;
        let slot = self.login(player, ConnName::DEFAULT).await?.slot;
        self.discard(slot);
        self.go_online(slot).await?;
        match self.hear(slot, b"ILN", "ILN").await {
            Ok(_) => Ok(true),
            Err(trouble) if trouble.observed().is_some() => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }

    /// Tries the candidates on switchboards of the first user; without one there is none. Gives a
    /// switchboard that is still open.
    async fn find_switchboard_barrier(
        &mut self,
        first: usize,
        second: Option<usize>,
        learnt: &mut Learnt,
        ladder: &mut Ladder,
    ) -> Option<usize> {
        for barrier in Barrier::all(ServerKind::Switchboard) {
            let board = self.climb_board(first, ladder).await?;
            learnt.has_board = true;
            let others: Vec<usize> = second.into_iter().chain([first]).collect();
            if self.is_barrier(barrier, board, &others).await {
                learnt.barriers = Barriers {
                    switchboard: Some(barrier),
                    ..learnt.barriers
                };
                return Some(board);
            }
        }
        self.climb_board(first, ladder).await
    }

    /// A new switchboard of the first user.
    async fn climb_board(&mut self, first: usize, ladder: &mut Ladder) -> Option<usize> {
        let since = self.links.now();
        match self.enter_board(first).await {
            Ok(board) => {
                self.climbed(ladder, Rung::Xfr, since, Ok(()));
                self.climbed(ladder, Rung::SbUsr, since, Ok(()));
                Some(board)
            }
            Err(trouble) => {
                let at = trouble.rung.unwrap_or(Rung::Xfr);
                if at == Rung::SbUsr {
                    self.climbed(ladder, Rung::Xfr, since, Ok(()));
                }
                self.climbed(ladder, at, since, Err(trouble));
                None
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
        let frame = self.ask(first, "XFR", "SB", expected).await;
        let frame = frame.map_err(|trouble| trouble.at(Rung::Xfr))?;
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
        let at_board = |trouble: Trouble| {
            let trouble = Trouble {
                rung: None,
                ..trouble
            };
            trouble.at(Rung::SbUsr).breaks(ClauseId::SBX_2)
        };
        let slot = self.open(player, name, &address).await;
        let slot = slot.map_err(at_board)?;
        let params = format!("{handle} {cookie}");
        self.request(slot, "USR", &params, "USR OK").await?;
        Ok(slot)
    }
}
