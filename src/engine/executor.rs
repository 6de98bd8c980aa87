//! Drives a script: four methods, with time as an argument, and no I/O.
//!
//! A script is a plain `async fn` over [`Links`]; the executor polls it whenever something
//! happened or the time that it waits for has come. There is no runtime and no waker behind it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::links::Links;
use super::outcome::Outcome;
use super::port::{Input, Output};

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
    /// Begins a script that talks over these connections.
    pub(crate) fn start(links: Links, script: Script) -> Self {
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
