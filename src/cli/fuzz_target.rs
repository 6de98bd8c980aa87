//! A server outside the process, as `msnpspec fuzz` uses it: a target with its sockets and clocks
//! as lanes of [`Isolation`], which decides what is played when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use msnpspec::engine::Outcome;
use msnpspec::fuzzer::{Isolation, Lane};
use msnpspec::net::{TargetError, TargetSession, Vitals, interrupted, now};
use msnpspec::protocol::Level;
use msnpspec::scenario::ast::Scenario;
use msnpspec::suite::Dead;
use msnpspec::target::Timeouts;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// A target, with accounts for several cases at once.
pub(super) struct Remote {
    shared: Arc<Shared>,
    pub(super) cases: Isolation<Seat>,
}

/// What all lanes share.
struct Shared {
    runtime: Runtime,
    stopped: watch::Receiver<bool>,
    begun: Instant,
    /// When all must be over.
    deadline: Option<Instant>,
    /// Why nothing more can be run.
    failure: Mutex<Option<TargetError>>,
}

/// Accounts of a target, for one case at a time.
pub(super) struct Seat {
    shared: Arc<Shared>,
    session: TargetSession,
}

impl Remote {
    /// A target that was made ready, its accounts shared out among `jobs` cases of `users` users.
    pub(super) fn new(
        runtime: Runtime,
        mut session: TargetSession,
        users: usize,
        jobs: usize,
        (level, deadline): (Level, Option<Instant>),
    ) -> Self {
        let jobs = jobs.min(session.usable() / users).max(1);
        let share = session.usable() / jobs;
        let others: Vec<TargetSession> = (1..jobs).filter_map(|_| session.split(share)).collect();
        let (stop, stopped) = watch::channel(false);
        runtime.spawn(async move {
            interrupted().await;
            // Nobody listens once all is over.
            let _over = stop.send(true);
        });
        let known = session.environment().known.clone();
        let shared = Arc::new(Shared {
            runtime,
            stopped,
            begun: now(),
            deadline,
            failure: Mutex::default(),
        });
        let seat = |session| Seat {
            shared: Arc::clone(&shared),
            session,
        };
        let others = others.into_iter().map(seat).collect();
        let cases = Isolation::new(seat(session), others, known, level);
        Self { shared, cases }
    }

    /// Somebody wants it to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.shared.is_stopped()
    }

    /// Nothing more is to be played.
    pub(super) fn is_over(&self) -> bool {
        self.shared.is_over()
    }

    /// How long silence is waited for.
    pub(super) fn quiet(&self) -> Duration {
        self.cases.lane().timeouts().quiet
    }

    /// What the server uses, where its process is ours.
    pub(super) fn vitals(&self) -> Option<Vitals> {
        let seat = self.cases.lane();
        self.shared.runtime.block_on(seat.session.vitals())
    }

    /// The exceptions that the server wrote of, where its process is ours, a line each.
    pub(super) fn exceptions(&self) -> Vec<String> {
        self.cases.lane().session.exceptions()
    }

    /// Why nothing more can be run.
    pub(super) fn failure(&self) -> Option<String> {
        let failure = self.shared.failure();
        let failure = failure.as_ref()?;
        let mut lines = vec![failure.to_string()];
        if let TargetError::Dead { stderr, .. } = failure {
            lines.extend(stderr.iter().map(|line| format!("  {line}")));
        }
        Some(lines.join("\n"))
    }

    /// Ends the server, if it is ours.
    pub(super) fn stop(self) {
        for seat in self.cases.into_lanes() {
            self.shared.runtime.block_on(seat.session.stop());
        }
    }
}

impl Shared {
    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    fn is_over(&self) -> bool {
        let is_late = self.deadline.is_some_and(|deadline| now() >= deadline);
        self.is_stopped() || is_late || self.failure().is_some()
    }

    fn failure(&self) -> MutexGuard<'_, Option<TargetError>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_up(&self, error: TargetError) {
        self.failure().get_or_insert(error);
    }

    /// Does this unless somebody stops it or the time is over before.
    fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut stopped = self.stopped.clone();
        let late = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|it| *it) => None,
                () = late => None,
                done = work => Some(done),
            }
        })
    }
}

impl Lane for Seat {
    fn attempt(&mut self, scenario: &Scenario) -> Outcome {
        if self.shared.failure().is_some() {
            return Outcome::cut_off();
        }
        self.session.speak(scenario.own_dialect());
        match self.shared.in_time(self.session.attempt(scenario)) {
            Some(Ok(outcome)) => outcome,
            Some(Err(TargetError::Unmet(_))) => Outcome::unrun(),
            Some(Err(error)) => {
                self.shared.give_up(error);
                Outcome::unrun()
            }
            None => Outcome::cut_off(),
        }
    }

    fn look(&mut self) -> Result<(), Dead> {
        self.shared.in_time(self.session.look()).unwrap_or(Ok(()))
    }

    fn revive(&mut self, dead: Dead) -> bool {
        match self.shared.in_time(self.session.revive(dead)) {
            Some(revived) => revived.map_err(|error| self.shared.give_up(error)).is_ok(),
            None => false,
        }
    }

    fn pause(&mut self, time: Duration) {
        self.shared
            .in_time(async { tokio::time::sleep(time).await });
    }

    fn set_reply(&mut self, reply: Duration) {
        self.session.set_reply(reply);
    }

    fn timeouts(&self) -> Timeouts {
        self.session.environment().timeouts
    }

    fn owns_server(&self) -> bool {
        self.session.owns_server()
    }

    fn now(&self) -> Duration {
        self.shared.begun.elapsed()
    }

    fn is_over(&self) -> bool {
        self.shared.is_over()
    }
}
