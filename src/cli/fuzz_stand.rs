//! A server outside the process, as `msnpspec fuzz` uses it: cases side by side, each with accounts
//! of its own; what looks wrong is looked at again alone before the server is accused.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use msnpspec::fuzzer::{Kind, Sight, Verdict, blame, watch as watch_case};
use msnpspec::net::{Stand, StandError, Vitals, interrupted, now};
use msnpspec::run::{Dead, Ending, Known, Outcome};
use msnpspec::scenario::ast::Scenario;
use msnpspec::spec::Level;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// So many cases are suspects when the server dies of none alone.
const SUSPECTS: usize = 16;
/// A case that got no answer in time is given so many times the time, and so many times what a
/// login of somebody else took just before.
const PATIENCE: (u32, u32) = (2, 8);
/// How long a culprit is looked for.
const SEARCH: Duration = Duration::from_secs(120);

/// What was seen of the server that is no finding by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Answers came late, but came.
    pub(super) slow: u64,
    /// Cases failed beside others and passed alone.
    pub(super) not_isolated: u64,
    /// How often the server died or wedged.
    pub(super) deaths: u64,
}

/// A target, with accounts for several cases at once.
pub(super) struct Remote {
    runtime: Runtime,
    lanes: Vec<Mutex<Stand>>,
    /// Cases hold it for reading, who must be alone for writing.
    gate: RwLock<()>,
    level: Level,
    stopped: watch::Receiver<bool>,
    /// When all must be over.
    deadline: Option<Instant>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Why nothing more can be run.
    failure: Option<StandError>,
    /// The last cases, those that still run too.
    recent: VecDeque<Arc<Scenario>>,
    /// Causes that were looked at already.
    known: BTreeSet<String>,
    /// What kills the server, by the signature: one case, or several in this order.
    culprits: BTreeMap<String, Vec<Arc<Scenario>>>,
    tally: Tally,
}

/// Whether all that is known is that nothing came in time.
fn is_silence(dead: &Dead) -> bool {
    dead.why.contains("got nothing within") || dead.why.contains("no connection within")
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Remote {
    /// A target that was made ready, its accounts shared out among `jobs` cases of `users` users.
    pub(super) fn new(
        runtime: Runtime,
        mut stand: Stand,
        users: usize,
        jobs: usize,
        (level, deadline): (Level, Option<Instant>),
    ) -> Self {
        let mut lanes = Vec::new();
        let jobs = jobs.min(stand.usable() / users).max(1);
        let share = stand.usable() / jobs;
        for _ in 1..jobs {
            lanes.extend(stand.split(share).map(Mutex::new));
        }
        lanes.insert(0, Mutex::new(stand));
        let (stop, stopped) = watch::channel(false);
        runtime.spawn(async move {
            interrupted().await;
            // Nobody listens once all is over.
            let _over = stop.send(true);
        });
        Self {
            runtime,
            lanes,
            gate: RwLock::new(()),
            level,
            stopped,
            deadline,
            state: Mutex::default(),
        }
    }

    /// How many cases can be played at the same time.
    pub(super) fn jobs(&self) -> usize {
        self.lanes.len()
    }

    /// Somebody wants it to end.
    pub(super) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// The time is over.
    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| now() >= deadline)
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

    /// Does this with each of these, as many at the same time as cases can be played.
    pub(super) fn for_each<T: Sync>(&self, all: &[T], work: impl Fn(&T) + Sync) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in &self.lanes {
                scope.spawn(|| {
                    while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                        work(one);
                    }
                });
            }
        });
    }

    /// What was seen beside findings.
    pub(super) fn tally(&self) -> Tally {
        locked(&self.state).tally
    }

    /// What the server uses, where its process is ours.
    pub(super) fn vitals(&self) -> Option<Vitals> {
        let stand = locked(self.lanes.first()?);
        self.runtime.block_on(stand.vitals())
    }

    /// The exceptions that the server wrote of, where its process is ours, a line each.
    pub(super) fn exceptions(&self) -> Vec<String> {
        self.lanes
            .first()
            .map_or_else(Vec::new, |lane| locked(lane).exceptions())
    }

    /// Why nothing more can be run.
    pub(super) fn failure(&self) -> Option<String> {
        let state = locked(&self.state);
        let failure = state.failure.as_ref()?;
        let mut lines = vec![failure.to_string()];
        if let StandError::Dead { stderr, .. } = failure {
            lines.extend(stderr.iter().map(|line| format!("  {line}")));
        }
        Some(lines.join("\n"))
    }

    /// What kills the server in this way, as far as it was found out.
    pub(super) fn culprits(&self, signature: &str) -> Option<Vec<Arc<Scenario>>> {
        locked(&self.state).culprits.get(signature).cloned()
    }

    /// Ends the server, if it is ours.
    pub(super) fn stop(self) {
        for lane in self.lanes {
            let stand = lane.into_inner().unwrap_or_else(PoisonError::into_inner);
            self.runtime.block_on(stand.stop());
        }
    }

    /// Plays a case of a campaign.
    pub(super) fn execute(&self, scenario: &Arc<Scenario>) -> Outcome {
        let shared = Arc::clone(scenario);
        {
            let mut state = locked(&self.state);
            state.recent.push_back(shared);
            while state.recent.len() > SUSPECTS + self.lanes.len() {
                state.recent.pop_front();
            }
        }
        let _beside = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let mut lane = self.lane();
        let outcome = self.attempt(&mut lane, scenario);
        if !self.is_suspect(&mut lane, &outcome) {
            return outcome;
        }
        drop((lane, _beside));
        if self.is_over() {
            // Nobody knows whether it fails alone, and patiently.
            return Outcome::cut_off();
        }
        self.look_again(scenario, outcome)
    }

    /// Whether an outcome must be looked at again, alone.
    fn is_suspect(&self, lane: &mut Stand, outcome: &Outcome) -> bool {
        let (verdict, told) = Verdict::of(outcome, self.level);
        if verdict == Verdict::Passed || outcome.is_cut_off() {
            return false;
        }
        let is_known = {
            let state = locked(&self.state);
            let mut known = told.iter().map(|(it, _)| state.known.contains(&it.cause()));
            !told.is_empty() && known.all(|known| known)
        };
        // A line that came, if the wrong one, shows that the server lives.
        let is_answered = matches!(verdict, Verdict::Step | Verdict::Oracle);
        // Nothing is said against the server where a case could not be carried out.
        let is_told = is_known || told.is_empty();
        match (is_answered, is_told) {
            (true, true) => false,
            (true, false) => self.lanes.len() > 1,
            // One way to fail may hide another behind it: whether the server lives is looked at.
            (false, true) => self.glance(lane).is_err(),
            (false, false) => true,
        }
    }

    /// Plays a scenario alone: one that is made smaller, or played again.
    pub(super) fn execute_alone(&self, scenario: &Scenario) -> Outcome {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut lane = self.lane();
        let mut outcome = self.attempt(&mut lane, scenario);
        // A server may die of the last step, after which nothing is expected.
        let quiet = lane.environment().timeouts.quiet;
        let _waited = self.in_time(async { tokio::time::sleep(quiet).await });
        if !self.is_over()
            && let Err(dead) = self.glance(&mut lane)
        {
            blame(&mut outcome, scenario, &dead);
            self.revive(&mut lane, dead);
        }
        outcome
    }

    /// Plays cases one after the other; how the server died of them, if it did. It is then started
    /// again.
    pub(super) fn kills(&self, cases: &[Arc<Scenario>]) -> Option<Dead> {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.play_all(&mut self.lane(), cases).map(|(_, dead)| dead)
    }

    /// Plays a scenario beside others, with so long a deadline for replies.
    pub(super) fn execute_beside(&self, scenario: &Scenario, reply: Option<Duration>) -> Outcome {
        let outcome = {
            let _beside = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            let mut lane = self.lane();
            let before = reply.map(|reply| lane.set_reply(reply));
            let outcome = self.attempt(&mut lane, scenario);
            before.map(|before| lane.set_reply(before));
            outcome
        };
        if outcome.ending == Ending::Blocked && !self.is_over() {
            let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
            let mut lane = self.lane();
            if let Err(dead) = self.glance(&mut lane) {
                self.revive(&mut lane, dead);
            }
        }
        outcome
    }

    /// What is known to be wrong with the server.
    pub(super) fn known(&self) -> Known {
        self.lane().environment().known.clone()
    }

    /// How long silence is waited for.
    pub(super) fn quiet(&self) -> Duration {
        self.lane().environment().timeouts.quiet
    }

    /// Nothing more is to be played.
    pub(super) fn is_over(&self) -> bool {
        self.is_stopped() || self.is_late() || locked(&self.state).failure.is_some()
    }

    /// A lane that nobody uses.
    fn lane(&self) -> MutexGuard<'_, Stand> {
        let free = self.lanes.iter().find_map(|lane| lane.try_lock().ok());
        match (free, self.lanes.first()) {
            (Some(free), _) => free,
            (None, Some(first)) => locked(first),
            (None, None) => unreachable!("there is a lane from the beginning"),
        }
    }

    fn attempt(&self, lane: &mut Stand, scenario: &Scenario) -> Outcome {
        if locked(&self.state).failure.is_some() {
            return Outcome::cut_off();
        }
        match self.in_time(lane.attempt(scenario)) {
            Some(Ok(mut outcome)) => {
                watch_case(&mut outcome, scenario, Sight::Partial);
                lane.environment().known.forgive(&mut outcome);
                outcome
            }
            Some(Err(StandError::Unmet(_))) => Outcome::unrun(),
            None => Outcome::cut_off(),
            Some(Err(error)) => {
                self.give_up(error);
                Outcome::unrun()
            }
        }
    }

    fn give_up(&self, error: StandError) {
        locked(&self.state).failure.get_or_insert(error);
    }

    /// Whether the server lives. One that only is slow is told, and lives.
    fn look(&self, lane: &mut Stand) -> Result<(), Dead> {
        let Err(dead) = self.glance(lane) else {
            return Ok(());
        };
        // A connection that was refused or closed is no late answer.
        if dead.exited || !is_silence(&dead) {
            return Err(dead);
        }
        let reply = lane.environment().timeouts.reply;
        lane.set_reply(reply * PATIENCE.0 * 2);
        let looked = self.glance(lane);
        lane.set_reply(reply);
        if looked.is_ok() {
            locked(&self.state).tally.slow += 1;
        }
        looked
    }

    /// Whether the server answers in time.
    fn glance(&self, lane: &mut Stand) -> Result<(), Dead> {
        self.in_time(lane.look()).unwrap_or(Ok(()))
    }

    /// Gets a dead server back. `false` where it stays dead.
    fn revive(&self, lane: &mut Stand, dead: Dead) -> bool {
        locked(&self.state).tally.deaths += 1;
        match self.in_time(lane.revive(dead)) {
            Some(revived) => revived.map_err(|error| self.give_up(error)).is_ok(),
            None => false,
        }
    }

    /// Looks at what failed in a case: at the server first, then at the case, alone and patiently
    /// where its failure may come from the others or from slowness.
    fn look_again(&self, scenario: &Scenario, first: Outcome) -> Outcome {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut lane = self.lane();
        let begun = now();
        if let Err(dead) = self.look(&mut lane) {
            return self.died(&mut lane, scenario, first, dead);
        }
        let canary = begun.elapsed();
        let (verdict, told) = Verdict::of(&first, self.level);
        let is_late = matches!(verdict, Verdict::Timeout | Verdict::NoService)
            || told.iter().any(|(it, _)| it.actual == Kind::Timeout);
        if self.lanes.len() == 1 && !is_late {
            return first;
        }
        let reply = lane.environment().timeouts.reply;
        if is_late {
            lane.set_reply((reply * PATIENCE.0).max(canary * PATIENCE.1));
        }
        let again = self.attempt(&mut lane, scenario);
        lane.set_reply(reply);
        if again.is_cut_off() {
            return again;
        }
        let (verdict, told_again) = Verdict::of(&again, self.level);
        if verdict == Verdict::Passed {
            let mut state = locked(&self.state);
            match is_late {
                true => state.tally.slow += 1,
                false => state.tally.not_isolated += 1,
            }
            return again;
        }
        if let Err(dead) = self.look(&mut lane) {
            return self.died(&mut lane, scenario, again, dead);
        }
        let mut state = locked(&self.state);
        // What was told first, and not again, was looked at as well.
        let told = told.iter().chain(&told_again);
        state
            .known
            .extend(told.map(|(signature, _)| signature.cause()));
        again
    }

    /// The server died while the case was played, or before: looks for who did it.
    fn died(
        &self,
        lane: &mut Stand,
        scenario: &Scenario,
        mut outcome: Outcome,
        dead: Dead,
    ) -> Outcome {
        let suspects: Vec<Arc<Scenario>> = locked(&self.state).recent.drain(..).collect();
        blame(&mut outcome, scenario, &dead);
        let signature = |outcome: &Outcome| {
            let told = Verdict::of(outcome, self.level).1.into_iter().next();
            told.map(|(signature, _)| signature.to_string())
        };
        let Some(name) = signature(&outcome) else {
            return outcome;
        };
        let is_known = locked(&self.state).culprits.contains_key(&name);
        let mut culprits = suspects.clone();
        if self.revive(lane, dead) && !is_known {
            let own = [Arc::new(scenario.clone())];
            if self.play_all(lane, &own).is_some() {
                culprits = own.to_vec();
            } else if let Some(fewer) = self.bisect(lane, &suspects) {
                culprits = fewer;
            }
        }
        let mut state = locked(&self.state);
        state.culprits.entry(name).or_insert(culprits);
        drop(state);
        outcome
    }

    /// Plays cases until the server is dead: after how many, and how. It is then started again.
    fn play_all(&self, lane: &mut Stand, cases: &[Arc<Scenario>]) -> Option<(usize, Dead)> {
        for (at, case) in cases.iter().enumerate() {
            self.attempt(lane, case);
            if self.is_over() {
                return None;
            }
            if let Err(dead) = self.glance(lane) {
                self.revive(lane, dead.clone());
                return Some((at, dead));
            }
        }
        None
    }

    /// The shortest end of these cases that kills the server, as far as it is found in time.
    fn bisect(&self, lane: &mut Stand, cases: &[Arc<Scenario>]) -> Option<Vec<Arc<Scenario>>> {
        let begun = now();
        let is_late = |begun: Instant| begun.elapsed() >= SEARCH || self.is_over();
        // What was played before may help, so the first death only makes for a server that has just
        // been started.
        self.play_all(lane, cases)?;
        let (last, _) = self.play_all(lane, cases)?;
        let (mut low, mut high) = (0, last);
        let mut is_fresh = true;
        while low < high && !is_late(begun) {
            let middle = (low + high).div_ceil(2);
            let part = cases.get(middle..=last)?;
            let death = self.play_all(lane, part);
            is_fresh = death.is_some();
            match death {
                Some((at, _)) if middle + at == last => low = middle,
                Some(_) | None => high = middle - 1,
            }
        }
        // What cases before had left behind may have helped: it must do without, on a server that
        // has just been started.
        while low > 0 {
            let was_fresh = is_fresh;
            is_fresh = self.play_all(lane, cases.get(low..=last)?).is_some();
            match (is_fresh, was_fresh) {
                (true, true) => break,
                (true, false) => {}
                (false, _) => low = if is_late(begun) { 0 } else { low / 2 },
            }
        }
        cases.get(low..=last).map(<[_]>::to_vec)
    }
}
