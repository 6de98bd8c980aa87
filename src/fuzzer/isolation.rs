//! Cases side by side on one server outside the process: what looks wrong is looked at again, alone
//! and patiently, before the server is accused; where it dies, `suite::Hunt` asks who did it.
//!
//! ```text
//! a case beside others ── passed, known ──▶ counted
//!          │ suspect
//!          ▼
//! alone: does the server live? ── no ──▶ the hunt ──▶ a death, with those that it takes
//!          │ yes, if slowly
//!          ▼
//! the case once more, alone ── passes ──▶ slow, or not isolated
//!          └── fails ──▶ a finding
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::judge::{Verdict, blame};
use super::signature::Kind;
use super::watch::{Sight, watch};
use crate::engine::{Ending, Outcome};
use crate::protocol::Level;
use crate::scenario::ast::Scenario;
use crate::suite::{AFTERMATH, Dead, Hunt, Move};
use crate::target::{Known, Timeouts};

/// So many cases are suspects when the server dies of none alone.
const SUSPECTS: usize = 16;
/// A case that got no answer in time is given so many times the time, and so many times what a
/// login of somebody else took just before.
const PATIENCE: (u32, u32) = (2, 8);
/// A server that seems dead because nothing came is given so many times the time.
const PATIENCE_WITH_SERVER: u32 = 4;
/// How long a culprit is looked for.
const SEARCH: Duration = Duration::from_secs(120);

/// A server as it is used for one case at a time, with accounts that nobody else uses.
pub trait Lane: Send {
    /// Plays a scenario, and does not look at the server afterwards.
    fn attempt(&mut self, scenario: &Scenario) -> Outcome;

    /// Whether the server serves somebody else in time.
    ///
    /// # Errors
    ///
    /// What is known of a server that does not.
    fn look(&mut self) -> Result<(), Dead>;

    /// Gets the server back, as new if it can be started from here. `false` where it stays dead.
    fn revive(&mut self, dead: Dead) -> bool;

    /// Nothing is done for so long.
    fn pause(&mut self, time: Duration);

    /// From now on replies are waited for this long.
    fn set_reply(&mut self, reply: Duration);

    /// How long is waited.
    fn timeouts(&self) -> Timeouts;

    /// Whether the server can be started again at any time.
    fn owns_server(&self) -> bool;

    /// The time, from any moment on.
    fn now(&self) -> Duration;

    /// Whether nothing more is to be played: it was stopped, the time is over, the server stays dead.
    fn is_over(&self) -> bool;
}

/// What was seen of a server that is no finding by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers came late, but came.
    pub slow: u64,
    /// Cases failed beside others and passed alone.
    pub not_isolated: u64,
    /// How often the server died or wedged.
    pub deaths: u64,
}

/// A server outside the process, with accounts for several cases at once.
#[derive(Debug)]
pub struct Isolation<L> {
    lanes: Vec<Mutex<L>>,
    /// Cases hold it for reading, who must be alone for writing.
    gate: RwLock<()>,
    level: Level,
    known: Known,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last cases, those that still run too.
    recent: VecDeque<Arc<Scenario>>,
    /// Causes that were looked at already.
    known: BTreeSet<String>,
    /// What kills the server, by the signature: one case, or several in this order.
    culprits: BTreeMap<String, Vec<Arc<Scenario>>>,
    tally: Tally,
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<L: Lane> Isolation<L> {
    /// A server with these lanes, at least one. `known` is no finding; clauses beyond `level` do
    /// not count.
    pub fn new(first: L, more: Vec<L>, known: Known, level: Level) -> Self {
        let lanes = std::iter::once(first).chain(more);
        Self {
            lanes: lanes.map(Mutex::new).collect(),
            gate: RwLock::new(()),
            level,
            known,
            state: Mutex::default(),
        }
    }

    /// How many cases can be played at the same time.
    pub fn jobs(&self) -> usize {
        self.lanes.len()
    }

    /// Does this with each of these, as many at the same time as cases can be played.
    pub fn for_each<T: Sync>(&self, all: &[T], work: impl Fn(&T) + Sync) {
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
    pub fn tally(&self) -> Tally {
        locked(&self.state).tally
    }

    /// What is known to be wrong with the server.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// What kills the server in this way, as far as it was found out.
    pub fn culprits(&self, signature: &str) -> Option<Vec<Arc<Scenario>>> {
        locked(&self.state).culprits.get(signature).cloned()
    }

    /// A lane that nobody uses, or one once it is free.
    pub fn lane(&self) -> MutexGuard<'_, L> {
        let free = self.lanes.iter().find_map(|lane| lane.try_lock().ok());
        match (free, self.lanes.first()) {
            (Some(free), _) => free,
            (None, Some(first)) => locked(first),
            (None, None) => unreachable!("there is a lane from the beginning"),
        }
    }

    /// The lanes, once all is over.
    pub fn into_lanes(self) -> impl Iterator<Item = L> {
        let lanes = self.lanes.into_iter();
        lanes.map(|lane| lane.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Plays a case of a campaign.
    pub fn execute(&self, scenario: &Arc<Scenario>) -> Outcome {
        {
            let mut state = locked(&self.state);
            state.recent.push_back(Arc::clone(scenario));
            while state.recent.len() > SUSPECTS + self.lanes.len() {
                state.recent.pop_front();
            }
        }
        let _beside = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let mut lane = self.lane();
        let outcome = self.attempt(&mut *lane, scenario);
        if !self.is_suspect(&mut *lane, &outcome) {
            return outcome;
        }
        let is_over = lane.is_over();
        drop((lane, _beside));
        if is_over {
            // Nobody knows whether it fails alone, and patiently.
            return Outcome::cut_off();
        }
        self.look_again(scenario, outcome)
    }

    /// Whether an outcome must be looked at again, alone.
    fn is_suspect(&self, lane: &mut L, outcome: &Outcome) -> bool {
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
            (false, true) => lane.look().is_err(),
            (false, false) => true,
        }
    }

    /// Plays a scenario alone: one that is made smaller, or played again.
    pub fn execute_alone(&self, scenario: &Scenario) -> Outcome {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut lane = self.lane();
        let mut outcome = self.attempt(&mut *lane, scenario);
        rest(&mut *lane);
        if !lane.is_over()
            && let Err(dead) = lane.look()
        {
            blame(&mut outcome, scenario, &dead);
            self.revive(&mut *lane, dead);
        }
        outcome
    }

    /// Plays cases one after the other; how the server died of them, if it did. It is then started
    /// again.
    pub fn kills(&self, cases: &[Arc<Scenario>]) -> Option<Dead> {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut lane = self.lane();
        let (_, dead) = self.play_all(&mut *lane, cases)?;
        self.revive(&mut *lane, dead.clone());
        Some(dead)
    }

    /// Plays a scenario beside others, with so long a deadline for replies.
    pub fn execute_beside(&self, scenario: &Scenario, reply: Option<Duration>) -> Outcome {
        let outcome = {
            let _beside = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            let mut lane = self.lane();
            match reply {
                Some(reply) => self.attempt_within(&mut *lane, scenario, reply),
                None => self.attempt(&mut *lane, scenario),
            }
        };
        if outcome.ending == Ending::Blocked {
            let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
            let mut lane = self.lane();
            if !lane.is_over()
                && let Err(dead) = lane.look()
            {
                self.revive(&mut *lane, dead);
            }
        }
        outcome
    }

    fn attempt(&self, lane: &mut L, scenario: &Scenario) -> Outcome {
        let mut outcome = lane.attempt(scenario);
        watch(&mut outcome, scenario, Sight::Partial);
        outcome.forgive(&self.known);
        outcome
    }

    fn attempt_within(&self, lane: &mut L, scenario: &Scenario, reply: Duration) -> Outcome {
        let before = lane.timeouts().reply;
        lane.set_reply(reply);
        let outcome = self.attempt(lane, scenario);
        lane.set_reply(before);
        outcome
    }

    /// Whether the server lives. One that only is slow is told, and lives.
    fn look_patiently(&self, lane: &mut L) -> Result<(), Dead> {
        let Err(dead) = lane.look() else {
            return Ok(());
        };
        // A connection that was refused or closed is no late answer.
        if dead.exited || !dead.is_silent {
            return Err(dead);
        }
        let reply = lane.timeouts().reply;
        lane.set_reply(reply * PATIENCE_WITH_SERVER);
        let looked = lane.look();
        lane.set_reply(reply);
        if looked.is_ok() {
            locked(&self.state).tally.slow += 1;
        }
        looked
    }

    /// Gets a dead server back. `false` where it stays dead.
    fn revive(&self, lane: &mut L, dead: Dead) -> bool {
        locked(&self.state).tally.deaths += 1;
        lane.revive(dead)
    }

    /// Looks at what failed in a case: at the server first, then at the case, alone and patiently
    /// where its failure may come from the others or from slowness.
    fn look_again(&self, scenario: &Arc<Scenario>, first: Outcome) -> Outcome {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut lane = self.lane();
        let begun = lane.now();
        if let Err(dead) = self.look_patiently(&mut *lane) {
            return self.died(&mut *lane, scenario, first, dead);
        }
        let canary = lane.now().saturating_sub(begun);
        let (verdict, told) = Verdict::of(&first, self.level);
        let is_late = matches!(verdict, Verdict::Timeout | Verdict::NoService)
            || told.iter().any(|(it, _)| it.actual == Kind::Timeout);
        if self.lanes.len() == 1 && !is_late {
            return first;
        }
        let reply = lane.timeouts().reply;
        let reply = match is_late {
            true => (reply * PATIENCE.0).max(canary * PATIENCE.1),
            false => reply,
        };
        let again = self.attempt_within(&mut *lane, scenario, reply);
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
        if let Err(dead) = self.look_patiently(&mut *lane) {
            return self.died(&mut *lane, scenario, again, dead);
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
        lane: &mut L,
        scenario: &Arc<Scenario>,
        mut outcome: Outcome,
        dead: Dead,
    ) -> Outcome {
        let mut suspects: Vec<Arc<Scenario>> = locked(&self.state).recent.drain(..).collect();
        blame(&mut outcome, scenario, &dead);
        let told = Verdict::of(&outcome, self.level).1.into_iter().next();
        let Some(name) = told.map(|(signature, _)| signature.to_string()) else {
            return outcome;
        };
        if locked(&self.state).culprits.contains_key(&name) {
            self.revive(lane, dead);
            return outcome;
        }
        // Mostly it is the one that was under way.
        let own = suspects.iter().position(|one| Arc::ptr_eq(one, scenario));
        let own = own.unwrap_or_else(|| {
            suspects.push(Arc::clone(scenario));
            suspects.len() - 1
        });
        let found = self.hunt(lane, &suspects, own, dead);
        let culprits = match found {
            Some(found) => {
                let found = found.into_iter().filter_map(|one| suspects.get(one));
                found.cloned().collect()
            }
            None => suspects,
        };
        let mut state = locked(&self.state);
        state.culprits.entry(name).or_insert(culprits);
        outcome
    }

    /// Plays suspects until it is known which of them stop the server.
    fn hunt(
        &self,
        lane: &mut L,
        suspects: &[Arc<Scenario>],
        first: usize,
        dead: Dead,
    ) -> Option<Vec<usize>> {
        let mut hunt = Hunt::new(suspects.len(), lane.owns_server()).beginning_with(first);
        let (begun, mut dead) = (lane.now(), Some(dead));
        loop {
            let spent = lane.now().saturating_sub(begun);
            match hunt.next_move(spent >= SEARCH || lane.is_over()) {
                Move::Restart => {
                    let is_back = match dead.take() {
                        Some(dead) => self.revive(lane, dead),
                        None => lane.revive(Dead::default()),
                    };
                    if !is_back {
                        break;
                    }
                    hunt.restarted();
                }
                Move::Play(numbers) => {
                    let row = numbers.iter().filter_map(|one| suspects.get(*one));
                    let row: Vec<Arc<Scenario>> = row.cloned().collect();
                    match self.play_all(lane, &row) {
                        Some((played, new)) => {
                            dead = Some(new);
                            hunt.was_cut(played);
                            hunt.died();
                        }
                        None => {
                            hunt.survived();
                        }
                    }
                }
                Move::Over => break,
            }
        }
        let found = hunt.culprits().map(<[_]>::to_vec);
        found.or_else(|| Some(vec![hunt.suspected()?]))
    }

    /// Plays cases until the server is dead: how many it took, and what is known of it.
    fn play_all(&self, lane: &mut L, cases: &[Arc<Scenario>]) -> Option<(usize, Dead)> {
        for (case, played) in cases.iter().zip(1..) {
            let outcome = self.attempt(lane, case);
            let has_passed = outcome.ending == Ending::Passed;
            let is_last = played == cases.len();
            if has_passed && is_last {
                rest(lane);
            }
            if lane.is_over() {
                return None;
            }
            if (!has_passed || is_last)
                && let Err(dead) = lane.look()
            {
                return Some((played, dead));
            }
        }
        None
    }
}

/// A server may die some milliseconds after the last step, after which nothing is expected.
fn rest(lane: &mut impl Lane) {
    let quiet = lane.timeouts().quiet;
    lane.pause(AFTERMATH.max(quiet));
}

#[cfg(test)]
#[path = "isolation_tests.rs"]
mod tests;
