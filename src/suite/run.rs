//! What runs when, and what became of it: the run as a state machine, without I/O.
//!
//! The caller owns the sockets. It asks [`Suite::next_task`] for tasks until there is none, carries
//! them out side by side, and reports each with [`Suite::finished`]; events come from
//! [`Suite::poll_event`]. The run is over when [`Suite::is_over`] says so.
//!
//! ```text
//! ordinary ─▶ hostile ─▶ alone ─▶ second look (─▶ verify ─▶ waivers) ─▶ over
//!     each failure ─▶ is the server alive? ─▶ no: the death's own procedure (death.rs)
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::causes::Causes;
use super::confirmed::{Confirmed, notes_what_never_comes};
use super::exception::Exception;
use super::health::{Health, Look, Wear};
use super::omission::Omission;
use super::phase::{Phase, phase_of};
use super::plays::Verifying;
use super::pool::{Pool, Seat};
use super::tally::{Limits, Tally};
use super::task::{Done, SuiteOptions, Task};
use super::verdict::Assessor;
use crate::engine::{Cause, Limit, Outcome};
use crate::event::{
    Conclusion, Event, Failure, InDialect, Notice, NoticeKind, Rung, RungResult, ScenarioResult,
    SkipReason, Summary, Totals, Verdict,
};
use crate::scenario::ast::Scenario;
use crate::target::{Account, Environment};
use crate::transcript::Redactor;

/// A scenario in the run.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) phase: Phase,
    pub(crate) started: bool,
    /// The number of the task that ran it last.
    pub(super) last_start: u64,
    pub(crate) settled: bool,
    /// What the first run came to, where it did not pass.
    pub(crate) first: Option<ScenarioResult>,
    /// How often it was looked at again.
    pub(crate) looks: usize,
}

#[derive(Debug)]
pub(super) enum Running {
    Scenario { entry: usize, seats: Vec<Seat> },
    Check { seats: Vec<Seat> },
    Restart,
}

/// A run.
#[derive(Debug)]
pub struct Suite {
    pub(crate) options: SuiteOptions,
    pub(super) judge: Assessor,
    pub(crate) entries: Vec<Entry>,
    pub(crate) queue: VecDeque<usize>,
    pub(crate) phase: Phase,
    pub(super) pool: Pool,
    pub(super) running: BTreeMap<u64, Running>,
    pub(crate) next_id: u64,
    pub(super) health: Health,
    /// Scenarios that did not pass, or that were hostile, since the server was last seen alive.
    pub(crate) recent: BTreeSet<usize>,
    /// Those of them that had ended when the check under way began.
    pub(crate) looked: BTreeSet<usize>,
    /// Results since the server was last seen alive: silence of a dead server is no habit.
    pub(crate) silent: Vec<ScenarioResult>,
    /// Scenarios that found a dead server when they ran last, and how often that was so.
    pub(super) victims: BTreeMap<usize, usize>,
    /// What is known of deaths that nobody was found for.
    pub(super) wear: Wear,
    /// Results that are final if the server is still alive.
    pub(crate) held: Vec<(usize, ScenarioResult)>,
    /// Results of the second look that another may explain.
    pub(super) awaiting: Vec<(usize, ScenarioResult)>,
    pub(crate) deaths: usize,
    pub(super) verifying: Verifying,
    /// How far the first look came.
    pub(crate) ladder: Vec<RungResult>,
    /// What is wrong, each thing once.
    pub(crate) causes: Causes,
    /// What the server was seen twice to leave undone, with the failure that says so.
    pub(super) omissions: BTreeMap<Omission, Failure>,
    /// How often a precondition failed in silence on a rung, and the last such failure.
    pub(super) silences: BTreeMap<Rung, usize>,
    /// Failures that stood the second look.
    pub(super) confirmed: Confirmed,
    pub(crate) events: VecDeque<Event>,
    pub(crate) totals: Totals,
    pub(crate) limits: Limits,
    tally: Tally,
    /// Scenarios of which all was judged.
    pub(crate) judged: BTreeSet<String>,
    waited: BTreeMap<&'static str, Duration>,
    pub(super) errors: usize,
    pub(crate) aborted: Option<String>,
    pub(super) stopping: Option<String>,
    /// Nobody can log in.
    pub(crate) no_login: bool,
    /// Another dialect of the run follows.
    pub(super) goes_on: bool,
    finished: bool,
}

impl Suite {
    /// A run of these scenarios with these accounts.
    #[must_use]
    pub fn new(
        scenarios: Vec<Arc<Scenario>>,
        accounts: Vec<Account>,
        mut options: SuiteOptions,
    ) -> Self {
        options.jobs = options.jobs.max(1);
        let secrets = accounts.iter().map(|account| account.password.clone());
        let mut waivers = std::mem::take(&mut options.waivers);
        waivers.dialect = options.dialect;
        let judge = Assessor {
            dialect: options.dialect,
            level: options.level,
            strict: options.strict,
            transcripts: options.transcripts,
            looks_again: false,
            kept: 0,
            redactor: Redactor::new(secrets),
            waivers,
        };
        let entries = scenarios.into_iter().map(|scenario| Entry {
            phase: phase_of(&scenario),
            scenario,
            started: false,
            last_start: 0,
            settled: false,
            first: None,
            looks: 0,
        });
        let mut suite = Self {
            judge,
            entries: entries.collect(),
            queue: VecDeque::new(),
            phase: Phase::Ordinary,
            pool: Pool::new(accounts, false),
            running: BTreeMap::new(),
            next_id: 0,
            health: Health::Well,
            recent: BTreeSet::new(),
            looked: BTreeSet::new(),
            silent: Vec::new(),
            victims: BTreeMap::new(),
            wear: Wear::default(),
            held: Vec::new(),
            awaiting: Vec::new(),
            deaths: 0,
            verifying: Verifying::default(),
            ladder: Vec::new(),
            causes: Causes::default(),
            omissions: BTreeMap::new(),
            silences: BTreeMap::new(),
            confirmed: Confirmed::default(),
            events: VecDeque::new(),
            totals: Totals::default(),
            limits: Limits::default(),
            tally: Tally::default(),
            judged: BTreeSet::new(),
            waited: BTreeMap::new(),
            errors: 0,
            aborted: None,
            stopping: None,
            no_login: false,
            goes_on: false,
            finished: false,
            options,
        };
        let info = suite.options.info(suite.entries.len());
        suite.causes.go_on_in(suite.options.dialect);
        suite.events.push_back(Event::Started(info));
        suite.fill_queue();
        suite
    }

    /// What is known of the target only once it was probed, and which accounts are usable.
    pub fn learn(&mut self, environment: &Environment, accounts: Vec<Account>) {
        self.options.dispatch_refers = environment.dispatch_refers;
        self.options.challenges = environment.challenges;
        self.pool = Pool::new(accounts, environment.disposable);
        self.no_login = environment.no_login.is_some();
    }

    /// The next task that can be begun now; `None` while there is none, or no more.
    pub fn next_task(&mut self) -> Option<Task> {
        if self.phase == Phase::Over {
            return None;
        }
        if self.is_in_question() {
            return self.next_of_death();
        }
        loop {
            if let Some(task) = self.next_scenario() {
                return Some(task);
            }
            if !self.queue.is_empty() || !self.running.is_empty() {
                return None;
            }
            if self.phase == Phase::SecondLook {
                self.settle_awaiting();
            }
            self.phase = match self.phase {
                Phase::Ordinary => Phase::Hostile,
                Phase::Hostile => Phase::Alone,
                Phase::Alone => Phase::SecondLook,
                Phase::SecondLook => Phase::Verify,
                Phase::Verify => Phase::Recheck,
                Phase::Recheck | Phase::Over => {
                    self.phase = Phase::Over;
                    return None;
                }
            };
            self.fill_queue();
            if self.phase == Phase::SecondLook {
                self.block_by_omissions();
            }
        }
    }

    /// Takes in how a task ended and how long it took.
    pub fn finished(&mut self, id: u64, done: Done, took: Duration) {
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        match (running, done) {
            (Running::Scenario { entry, seats }, Done::Scenario(outcome)) => {
                self.pool.learn(&seats, &outcome.accounts);
                let refused = self.refused_account(&outcome);
                self.pool.release(seats);
                for (what, how_long) in &outcome.waited_for {
                    *self.waited.entry(what).or_default() += *how_long;
                }
                if refused {
                    if !self.is_suspect(entry) {
                        self.queue.push_front(entry);
                    }
                    self.try_again(entry);
                } else if let Some(scenario) = self.scenario(entry) {
                    if outcome.is_victim() {
                        *self.victims.entry(entry).or_default() += 1;
                    } else {
                        self.victims.remove(&entry);
                    }
                    self.judge.looks_again = self.phase == Phase::SecondLook;
                    let result = self.judge.judge(&scenario, &outcome, took);
                    self.take_result(entry, result, outcome.limit);
                }
            }
            (Running::Scenario { entry, seats }, Done::Unable(reason)) => {
                self.pool.release(seats);
                self.drop_suspect(entry);
                if let Some(scenario) = self.scenario(entry) {
                    let mut result = self.judge.untold(&scenario, took);
                    result.verdict = Verdict::Inconclusive;
                    result.reason = Some(reason);
                    self.settle(entry, result);
                }
            }
            (Running::Scenario { entry, seats }, Done::Limit(limit)) => {
                self.pool.release(seats);
                self.not_begun(entry, limit, took);
            }
            (Running::Check { seats }, Done::Check(alive)) => {
                self.pool.release(seats);
                self.checked(alive, took);
            }
            (Running::Restart, Done::Restart(result)) => self.restarted(result, took),
            // A task that ends as another kind of task would: the caller's mistake, and harmless.
            _ => {}
        }
    }

    /// The next event, in order.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Nothing is left to do and nothing is under way: [`Suite::finish`] may be called.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over && self.running.is_empty()
    }

    /// Begins no more scenarios: what is left is skipped for this reason. What runs may go on.
    pub fn stop(&mut self, reason: &str) {
        self.stopping.get_or_insert_with(|| reason.to_owned());
        self.aborted.get_or_insert_with(|| reason.to_owned());
        self.health = Health::Well;
        self.phase = Phase::Over;
    }

    /// Forgets what is under way: it was cut off and will not be reported.
    pub fn abandon(&mut self) {
        self.running.clear();
    }

    /// A notice, said now.
    pub fn notice(&mut self, kind: NoticeKind, text: impl Into<String>, detail: Vec<String>) {
        if kind == NoticeKind::Error {
            self.errors += 1;
        }
        let text = text.into();
        self.events.push_back(Event::Notice(Notice {
            kind,
            text,
            detail,
            of: None,
        }));
    }

    /// The exceptions that the server was proved to stop of: causes tell of them.
    #[must_use]
    pub fn told_exceptions(&self) -> Vec<Exception> {
        self.causes.exceptions()
    }

    /// The end of the run: settles what is open and gives the summary, which is also the last event.
    /// `took` is the time of the whole run; with `setup_failed` nothing is said of single scenarios.
    pub fn finish(&mut self, took: Duration, setup_failed: bool) -> Summary {
        if !self.finished && !setup_failed {
            self.settle_rest();
            self.tell_limits();
            self.tell_all_unproved();
            if !self.goes_on {
                self.judge_waivers();
            }
        }
        let summary = self.summary(took);
        if !self.finished {
            self.finished = true;
            self.events.push_back(Event::Finished(summary.clone()));
        }
        summary
    }

    fn summary(&self, took: Duration) -> Summary {
        let causes = self.causes.list();
        let is_part = self.options.scope.is_part() || self.options.shard.is_some();
        Summary {
            totals: self.totals,
            dialects: vec![InDialect {
                dialect: self.judge.dialect,
                totals: self.totals,
                ladder: self.ladder.clone(),
                aborted: self.aborted.clone(),
            }],
            clauses: self.tally.results(&causes, is_part, self.judge.dialect),
            ladder: self.ladder.clone(),
            causes,
            took,
            waited: self
                .waited
                .iter()
                .map(|(what, how_long)| ((*what).to_owned(), *how_long))
                .collect(),
            aborted: self.aborted.clone(),
        }
    }

    /// The exit code of the run, after [`Suite::finish`].
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let summary = self.summary(Duration::ZERO);
        let conclusion = Conclusion::judged(&summary, self.options.level, self.errors > 0);
        conclusion.exit_code(&summary, self.options.gates)
    }

    /// Whether the outcome only tells that an account cannot be used; it is left out from now on.
    fn refused_account(&mut self, outcome: &Outcome) -> bool {
        let (handle, even_proven) = match &outcome.cause {
            Some(Cause::NotDisposable { handle, .. }) => (handle, true),
            // A login that got no answer speaks against the server, not against the account.
            Some(cause @ Cause::LoginRefused { handle, .. }) if cause.is_about_account() => {
                (handle, false)
            }
            _ => return false,
        };
        let is_odd_one = !even_proven && self.pool.is_odd_one(handle);
        let retired = self.pool.retire(handle, even_proven);
        if retired && let Some(cause) = &outcome.cause {
            if is_odd_one && !self.options.knows_passwords {
                self.stop(&format!("{cause}, while another account can"));
                return true;
            }
            let text = format!("an account is left out: {cause}");
            self.notice(NoticeKind::Warning, text, Vec::new());
        }
        if self.pool.usable() == 0 {
            self.stop("no account is usable");
        }
        retired
    }

    fn take_result(&mut self, entry: usize, result: ScenarioResult, limit: Option<Limit>) {
        // What is played again for a waiver has its verdict: to be judged has marked the waiver.
        if self.in_death(entry, &result) || self.phase == Phase::Recheck {
            return;
        }
        if let (Verdict::Inconclusive, Some(limit)) = (result.verdict, limit) {
            self.stopped_short(entry, result, limit);
            return;
        }
        if result.rung.is_some() {
            self.silent.push(result.clone());
        }
        if self.no_login {
            self.count_silences();
        }
        let failed = matches!(result.verdict, Verdict::Failed | Verdict::Blocked);
        if failed || result.verdict == Verdict::Waived || !result.notes.is_empty() {
            self.recent.insert(entry);
            self.doubt(Look::Alarmed);
        } else if self.is_hostile(entry) && !self.no_login {
            self.recent.insert(entry);
            self.doubt(Look::Calm);
        }
        if result.verdict == Verdict::Passed {
            self.forget_silences(entry);
        }
        // What lies beyond the level explains what needs it as well as what fails the run.
        self.confirm(&result.notes);
        if self.phase == Phase::Verify {
            self.settle_if_alive(entry, result);
        } else if self.phase == Phase::SecondLook {
            if let Some(result) = self.first_that_counts(entry, result) {
                self.looked_again(entry, result);
            }
        } else if !failed {
            if result.verdict == Verdict::Waived {
                self.confirm(&result.failures);
            }
            if notes_what_never_comes(&result) {
                self.awaiting.push((entry, result));
                return;
            }
            self.settle_if_alive(entry, result);
        } else {
            if self.options.fail_fast {
                let reason = format!("not run: {} failed, and --fail-fast", result.name);
                self.stopping.get_or_insert(reason);
            }
            if let Some(entry) = self.entries.get_mut(entry) {
                entry.first = Some(result);
            }
        }
    }

    /// A scenario has its final verdict, unless the check that is due finds the server dead.
    pub(super) fn settle_if_alive(&mut self, entry: usize, result: ScenarioResult) {
        if self.recent.contains(&entry) {
            self.held.push((entry, result));
        } else {
            self.settle(entry, result);
        }
    }

    /// The server was seen alive after all that had ended when the check began.
    pub(super) fn settle_held(&mut self) {
        let looked = std::mem::take(&mut self.looked);
        self.recent.retain(|entry| !looked.contains(entry));
        let (seen, held): (Vec<_>, Vec<_>) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(entry, _)| looked.contains(entry));
        self.held = held;
        for (entry, result) in seen {
            self.settle(entry, result);
        }
    }

    /// A scenario has its final verdict.
    pub(crate) fn settle(&mut self, entry: usize, result: ScenarioResult) {
        let Some(state) = self.entries.get(entry) else {
            return;
        };
        if state.settled {
            return;
        }
        if let Some(result) = self.unless_verified(entry, result) {
            self.settle_now(entry, result);
        }
    }

    pub(super) fn settle_now(&mut self, entry: usize, result: ScenarioResult) {
        if let Some(state) = self.entries.get_mut(entry)
            && !std::mem::replace(&mut state.settled, true)
        {
            self.tell(result);
        }
    }

    /// Tells a final result.
    pub(crate) fn tell(&mut self, mut result: ScenarioResult) {
        self.name_cause(&mut result);
        if !result.is_first_look() {
            self.totals.count(result.verdict);
        }
        self.mind_limits(false);
        self.tally.take(&result);
        if is_judged(&result) {
            self.judged.insert(result.name.clone());
        }
        self.events
            .push_back(Event::ScenarioFinished(Arc::new(result)));
    }

    pub(crate) fn skip(&mut self, entry: usize, reason: SkipReason) {
        if let Some(scenario) = self.scenario(entry) {
            let mut result = self.judge.untold(&scenario, Duration::ZERO);
            result.verdict = Verdict::Skipped;
            result.reason = Some(reason.to_string());
            result.skipped = Some(reason);
            self.settle(entry, result);
        }
    }

    /// Gives a verdict to everything that has none.
    fn settle_rest(&mut self) {
        for (entry, result) in std::mem::take(&mut self.held) {
            self.settle(entry, result);
        }
        self.settle_awaiting();
        self.settle_verified();
        let reason = self.stopping.clone().or_else(|| self.aborted.clone());
        let why = reason.unwrap_or_else(|| "not run".to_owned());
        let reason = SkipReason::Stopped { why };
        for index in 0..self.entries.len() {
            match self.entries.get_mut(index).and_then(|e| e.first.take()) {
                Some(first) => self.settle(index, first),
                None => self.skip(index, reason.clone()),
            }
        }
    }

    pub(crate) fn scenario(&self, entry: usize) -> Option<Arc<Scenario>> {
        self.entries
            .get(entry)
            .map(|entry| Arc::clone(&entry.scenario))
    }
}

impl Entry {
    /// Whether its first run failed under a clause.
    pub(crate) fn has_failed(&self) -> bool {
        let mut first = self.first.iter();
        first.any(|first| first.verdict == Verdict::Failed)
    }

    /// Whether what failed is a breach that others only wait for in vain.
    pub(super) fn is_about_an_omission(&self) -> bool {
        self.first.as_ref().is_some_and(|first| {
            let named = |omission: Omission, one| omission.is_named_by(one, first.dialect);
            let mut failures = first.failures.iter();
            failures.any(|one| Omission::of(one).is_some_and(|omission| named(omission, one)))
        })
    }
}

impl Running {
    /// How many users are under way.
    pub(crate) fn users(&self) -> usize {
        match self {
            Self::Scenario { seats, .. } => seats.len(),
            Self::Check { .. } | Self::Restart => 0,
        }
    }
}

/// Whether a scenario came to an end that says something of all its clauses: what stops at one breach
/// says nothing of the others.
fn is_judged(result: &ScenarioResult) -> bool {
    match result.verdict {
        Verdict::Passed => true,
        Verdict::Failed | Verdict::Waived => result.is_met,
        _ => false,
    }
}

pub(super) fn accounts_of(scenario: &Scenario) -> usize {
    scenario.needs.accounts.max(scenario.users.len())
}
