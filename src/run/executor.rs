//! Drives a script: four methods, with time as an argument, and no I/O.
//!
//! A script is a plain `async fn` over [`Links`]; the executor polls it whenever something
//! happened or the time that it waits for has come. There is no runtime and no waker behind it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::environment::{Account, Environment};
use super::links::Links;
use super::outcome::Outcome;
use super::port::{Input, Output};
use super::{probe, script, session::Session};
use crate::scenario::ast::Scenario;

type Script = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Runs one script: a scenario, a probe, a check or a clean-up.
///
/// Time is what has passed since the executor was made.
pub struct Executor {
    links: Links,
    script: Option<Script>,
    outcome: Option<Outcome>,
    /// What the script has asked for and nobody has fetched yet.
    outputs: VecDeque<Output>,
    /// When the script must be woken.
    wake_at: Option<Duration>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor")
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

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
        let links = Links::new(script::budget(&scenario, &env));
        let session = Session::new(links.clone(), env, accounts, seed);
        Self::start(links, Box::pin(script::run(session, scenario)))
    }

    /// Finds out what the target is like; the outcome's `learnt` says it. Takes one account or
    /// two: presence is looked at only with two.
    #[must_use]
    pub fn probe(accounts: Vec<Account>, env: Arc<Environment>, seed: u64) -> Self {
        let links = Links::new(script::BUDGET_REPLIES * env.timeouts.reply);
        let session = Session::new(links.clone(), env, accounts, seed);
        Self::start(links, Box::pin(probe::probe(session)))
    }

    /// Finds out whether the target lives: logs one account in and out, and enters a switchboard
    /// meanwhile where the environment says that this worked, and that the harness can start the
    /// server again.
    #[must_use]
    pub fn check(account: Account, env: Arc<Environment>, seed: u64) -> Self {
        let links = Links::new(script::BUDGET_REPLIES * env.timeouts.reply);
        let session = Session::new(links.clone(), env, vec![account], seed);
        Self::start(links, Box::pin(probe::check(session)))
    }

    /// Empties the accounts' lists and puts their settings back to the defaults.
    #[must_use]
    pub fn cleanup(accounts: Vec<Account>, env: Arc<Environment>, seed: u64) -> Self {
        let count = u32::try_from(accounts.len()).unwrap_or(u32::MAX).max(1);
        let budget = (script::BUDGET_REPLIES * env.timeouts.reply).saturating_mul(count);
        let links = Links::new(budget);
        let session = Session::new(links.clone(), env, accounts, seed);
        Self::start(links, Box::pin(probe::cleanup(session)))
    }

    fn start(links: Links, script: Script) -> Self {
        let mut executor = Self {
            links,
            script: Some(script),
            outcome: None,
            outputs: VecDeque::new(),
            wake_at: None,
        };
        executor.advance();
        executor
    }

    /// Takes in what happened outside.
    pub fn handle_input(&mut self, now: Duration, input: Input) {
        self.links.lock().take_in(now, input);
        self.advance();
    }

    /// Says that time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        {
            let mut shared = self.links.lock();
            shared.now = shared.now.max(now);
        }
        self.advance();
    }

    /// Ends the script now: there is nobody to answer any more. It says no more than it has seen,
    /// and puts nothing back.
    pub fn cut_off(&mut self, now: Duration) {
        self.links.cut_off();
        self.handle_timeout(now);
    }

    /// The next thing to be done outside; `None` when all is done for now.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `handle_timeout` must be called at the latest; `None` once the script is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.script.as_ref()?;
        self.wake_at
    }

    /// What the script came to, once it is over; given once. Outputs may be left to be done.
    pub fn outcome(&mut self) -> Option<Outcome> {
        self.outcome.take()
    }

    fn advance(&mut self) {
        if let Some(script) = &mut self.script {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(outcome) = script.as_mut().poll(&mut context) {
                self.script = None;
                self.outcome = Some(outcome);
            }
        }
        let mut shared = self.links.lock();
        self.outputs.append(&mut shared.outputs);
        self.wake_at = shared.wake_at;
    }
}
