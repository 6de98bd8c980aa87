//! The scripts that an executor carries out: a scenario, and what stands beside the scenarios.

use std::sync::Arc;

use super::play;
use crate::client::{self, Challenges};
use crate::engine::{Executor, Links, Session};
use crate::scenario::ast::Scenario;
use crate::target::{Account, Environment};

/// The first look asks for more than any scenario: it has so many times as long.
const LOOK: u32 = 4;

impl Executor {
    /// A scenario, its users played by the accounts in this order. The seed decides what is random
    /// (the handle of nobody); the same seed gives the same bytes.
    #[must_use]
    pub fn new(
        scenario: Arc<Scenario>,
        accounts: Vec<Account>,
        env: Arc<Environment>,
        seed: u64,
    ) -> Self {
        let scenario = scenario.shared_in_dialect(env.dialect);
        let links = Links::new(play::budget(&scenario, &env));
        let session = Session::new(links.clone(), env, accounts, seed);
        Self::start(links, Box::pin(play::run(session, scenario)))
    }

    /// Finds out what the target is like; the outcome's `learnt` says it. Takes one account or
    /// two: presence is looked at only with two.
    #[must_use]
    pub fn probe(accounts: Vec<Account>, env: Arc<Environment>, seed: u64) -> Self {
        let (links, session) = own(play::BUDGET_REPLIES * LOOK, env, accounts, seed);
        Self::start(links, Box::pin(client::probe(session)))
    }

    /// Finds out which dialects the target agrees to, the highest or each; the outcome's `learnt`
    /// says it.
    #[must_use]
    pub fn agree(account: Account, each: bool, env: Arc<Environment>, seed: u64) -> Self {
        let (links, session) = own(play::BUDGET_REPLIES, env, vec![account], seed);
        Self::start(links, Box::pin(client::agree(session, each)))
    }

    /// Finds out whether the target lives: logs one account in and out, and enters a switchboard
    /// meanwhile where the environment says that this worked, and that the harness can start the
    /// server again.
    #[must_use]
    pub fn check(account: Account, env: Arc<Environment>, seed: u64) -> Self {
        let (links, session) = own(play::BUDGET_REPLIES, env, vec![account], seed);
        Self::start(links, Box::pin(client::check(session)))
    }

    /// Empties the accounts' lists and puts their settings back to the defaults.
    #[must_use]
    pub fn cleanup(accounts: Vec<Account>, env: Arc<Environment>, seed: u64) -> Self {
        let count = u32::try_from(accounts.len()).unwrap_or(u32::MAX).max(1);
        let replies = play::BUDGET_REPLIES.saturating_mul(count);
        let (links, session) = own(replies, env, accounts, seed);
        Self::start(links, Box::pin(client::cleanup(session)))
    }
}

/// A session of the harness's own, for as long as this many replies may take.
fn own(replies: u32, env: Arc<Environment>, accounts: Vec<Account>, seed: u64) -> (Links, Session) {
    let links = Links::new(env.timeouts.reply.saturating_mul(replies));
    links.lock().reflex = Challenges::reflex(&[], env.dialect);
    let session = Session::new(links.clone(), env, accounts, seed);
    (links, session)
}
