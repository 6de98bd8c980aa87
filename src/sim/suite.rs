//! A whole run against one reference server, in memory and in virtual time: the first look, the
//! scenarios beside each other, second looks, checks, deaths. What `net` does over sockets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::options::SimOptions;
use super::stage::{ActorId, Stage};
use crate::engine::{Executor, Outcome};
use crate::event::{Event, Gates, NoticeKind, Scope};
use crate::protocol::{Dialect, Level};
use crate::scenario::ast::Scenario;
use crate::server::{Config, Pattern};
use crate::suite::{Dead, Done, Preparation, Suite, SuiteOptions, Unready, Work};
use crate::target::{Account, Environment, Habit, Timeouts, Waiver, Waivers};

/// The script of the first look; those of tasks have the task's number, from one on.
const PROBE: ActorId = 0;

/// A run in memory.
#[derive(Debug, Clone)]
pub struct SuiteRun {
    /// What is run.
    pub scenarios: Vec<Arc<Scenario>>,
    /// Which clauses can fail the run.
    pub level: Level,
    /// How many scenarios run at the same time.
    pub jobs: usize,
    /// The dialect that is tested.
    pub dialect: &'static Dialect,
    /// How many accounts there are, of the reference server's own pattern.
    pub accounts: u64,
    /// How long the harness waits.
    pub timeouts: Timeouts,
    /// The seed of everything random, on both sides.
    pub seed: u64,
    /// The server: its faults, its limits. Its accounts must be those of the pattern.
    pub config: Config,
    /// How the network behaves.
    pub options: SimOptions,
    /// How often what did not pass is played again.
    pub verify: u32,
    /// Whether the harness starts and stops the server itself.
    pub owns_server: bool,
    /// Known failures.
    pub waivers: Vec<Waiver>,
    /// What the server always does in its own way.
    pub habits: Vec<Habit>,
}

impl SuiteRun {
    /// A run of these scenarios as a user would begin it: 16 at a time, 60 accounts.
    #[must_use]
    pub fn new(scenarios: Vec<Arc<Scenario>>, config: Config) -> Self {
        Self {
            scenarios,
            level: Level::Practice,
            jobs: 16,
            dialect: Dialect::first(),
            accounts: 60,
            timeouts: Timeouts::default(),
            seed: 0,
            config,
            options: SimOptions::default(),
            verify: 0,
            owns_server: true,
            waivers: Vec::new(),
            habits: Vec::new(),
        }
    }

    /// Carries the run out. The last of the events is always [`Event::Finished`].
    #[must_use]
    pub fn play(self) -> Vec<Event> {
        let (mut theatre, accounts) = self.theatre();
        let options = SuiteOptions {
            dialect: theatre.environment.dialect,
            target: "simulated".to_owned(),
            level: self.level,
            strict: false,
            jobs: self.jobs,
            retries: 0,
            verify: self.verify,
            fail_fast: false,
            seed: self.seed,
            shard: None,
            scope: Scope::default(),
            started: None,
            gates: Gates::default(),
            max_connections: None,
            owns_server: self.owns_server,
            dispatch_refers: false,
            knows_passwords: true,
            challenges: false,
            transcripts: false,
            waivers: Waivers::new(self.waivers, None).with_habits(self.habits),
            library: self.scenarios.clone(),
        };
        let mut suite = Suite::new(self.scenarios, accounts.clone(), options);
        let mut probes = Vec::new();
        let setup_failed = match theatre.prepare(accounts, &mut probes) {
            Ok(accounts) => {
                suite.learn(&theatre.environment, accounts);
                suite.probed(&probes);
                theatre.carry_out(&mut suite);
                false
            }
            Err(unready) => {
                let why = unready.to_string();
                suite.notice(NoticeKind::Error, why.as_str(), Vec::new());
                suite.stop(&why);
                true
            }
        };
        suite.finish(theatre.stage.now(), setup_failed);
        std::iter::from_fn(|| suite.poll_event()).collect()
    }

    /// The first look alone: what is known of the server behind it. `None` where no account can be
    /// used.
    #[must_use]
    pub fn first_look(&self) -> Option<Environment> {
        let (mut theatre, accounts) = self.theatre();
        theatre.prepare(accounts, &mut Vec::new()).ok()?;
        Some(theatre.environment)
    }

    /// A server that nobody has looked at, and its accounts.
    fn theatre(&self) -> (Theatre, Vec<Account>) {
        let config = Config {
            seed: self.seed,
            ..self.config.clone()
        };
        let theatre = Theatre {
            environment: Environment {
                dialect: self.dialect,
                level: Some(self.level),
                owns_server: self.owns_server,
                ..environment(self.timeouts)
            },
            stage: Stage::new(config, self.options),
            seed: self.seed,
            tasks: BTreeMap::new(),
        };
        (theatre, (1..=self.accounts).map(account).collect())
    }
}

/// An account of the reference server, as a target file names it.
fn account(number: u64) -> Account {
    let known = Pattern::default().account(number);
    Account {
        name: Some(known.name),
        ..Account::new(known.handle, known.password)
    }
}

/// What is known of the simulated server before the first look.
fn environment(timeouts: Timeouts) -> Environment {
    Environment {
        dispatch: Some(super::DISPATCH.to_owned()),
        notification: Some(super::NOTIFICATION.to_owned()),
        timeouts,
        owns_server: true,
        disposable: true,
        ..Environment::default()
    }
}

/// Carries tasks out.
struct Theatre {
    stage: Stage,
    environment: Environment,
    seed: u64,
    tasks: BTreeMap<u64, Task>,
}

/// A task under way.
struct Task {
    kind: Kind,
    begun: Duration,
}

enum Kind {
    Scenario {
        /// It stops and starts the server.
        owns: bool,
    },
    Check {
        account: Account,
        patient: bool,
        /// When the present look began.
        begun: Duration,
        /// Nothing is sent until then.
        pause: Option<Duration>,
    },
}

impl Theatre {
    /// The first look.
    fn prepare(
        &mut self,
        accounts: Vec<Account>,
        probes: &mut Vec<Outcome>,
    ) -> Result<Vec<Account>, Unready> {
        let mut preparation = Preparation::new(self.environment.clone(), accounts, true)?;
        loop {
            let env = Arc::new(preparation.environment().clone());
            let executor = Executor::probe(preparation.lookers(), env, self.seed);
            self.stage.enter(PROBE, executor);
            // A script ends, if by its own limit.
            let played = self.stage.play(None);
            let outcome = played.map_or_else(Outcome::unrun, |(_, outcome)| outcome);
            let looked = preparation.looked(&outcome);
            probes.push(outcome);
            if looked? {
                let (environment, accounts) = preparation.conclude();
                self.environment = environment;
                return Ok(accounts);
            }
        }
    }

    /// Carries out tasks beside each other until the run is over.
    fn carry_out(&mut self, suite: &mut Suite) {
        loop {
            while let Some(task) = suite.next_task() {
                if let Some(done) = self.begin(task.id, task.work) {
                    suite.finished(task.id, done, Duration::ZERO);
                }
            }
            if self.tasks.is_empty() {
                return;
            }
            let (id, done) = self.next_done();
            let begun = self.tasks.remove(&id).map(|task| task.begun);
            let took = self.stage.now().saturating_sub(begun.unwrap_or_default());
            suite.finished(id, done, took);
            if suite.is_dying() {
                self.cut_off();
            }
        }
    }

    /// Cuts off the scenarios under way, but for those that stop and start the server themselves.
    fn cut_off(&mut self) {
        let is_cut = |task: &Task| matches!(task.kind, Kind::Scenario { owns: false });
        let cut = self.tasks.iter().filter(|(_, task)| is_cut(task));
        let ids: Vec<u64> = cut.map(|(id, _)| *id).collect();
        for id in ids {
            self.stage.cut_off(id);
        }
    }

    /// Begins a task; gives what it comes to if that is known at once.
    fn begin(&mut self, id: u64, work: Work) -> Option<Done> {
        let env = Arc::new(self.environment.clone());
        let (kind, executor) = match work {
            Work::Scenario {
                scenario,
                accounts,
                seed,
            } => {
                let owns = scenario.needs.launch;
                let executor = Executor::new(scenario, accounts, env, seed);
                (Kind::Scenario { owns }, executor)
            }
            Work::Check {
                account,
                patient,
                pause,
            } => {
                let Some(account) = account else {
                    return Some(Done::Check(Ok(())));
                };
                let begun = self.stage.now();
                let kind = Kind::Check {
                    account,
                    patient,
                    begun,
                    pause: Some(begun + pause),
                };
                self.tasks.insert(id, Task { kind, begun });
                if pause.is_zero() {
                    self.look_again(id);
                }
                return None;
            }
            Work::Restart => {
                self.stage.restart();
                return Some(Done::Restart(Ok(())));
            }
        };
        let begun = self.stage.now();
        self.tasks.insert(id, Task { kind, begun });
        self.stage.enter(id, executor);
        None
    }

    /// Goes on until a task is done.
    fn next_done(&mut self) -> (u64, Done) {
        loop {
            let pauses = self.tasks.iter().filter_map(|(id, task)| match task.kind {
                Kind::Check { pause, .. } => Some((pause?, *id)),
                Kind::Scenario { .. } => None,
            });
            let pause = pauses.min();
            if let Some((id, outcome)) = self.stage.play(pause.map(|(until, _)| until)) {
                if let Some(done) = self.ended(id, outcome) {
                    return (id, done);
                }
            } else if let Some((_, id)) = pause {
                self.look_again(id);
            }
        }
    }

    /// A script is over; gives what its task comes to, unless that goes on.
    fn ended(&mut self, id: u64, outcome: Outcome) -> Option<Done> {
        let (now, is_up) = (self.stage.now(), self.stage.is_up());
        let environment = &self.environment;
        let task = self.tasks.get_mut(&id)?;
        match &mut task.kind {
            Kind::Scenario { owns } => {
                if *owns {
                    self.stage.start();
                }
                Some(Done::Scenario(Box::new(outcome)))
            }
            Kind::Check {
                patient,
                begun,
                pause,
                ..
            } => {
                if outcome.shows_life() {
                    return Some(Done::Check(Ok(())));
                }
                let is_over = now.saturating_sub(task.begun) >= environment.patience(*patient);
                if !is_over && is_up {
                    *pause = Some(now.max(*begun + environment.timeouts.reply));
                    return None;
                }
                Some(Done::Check(Err(Dead {
                    why: outcome.reason(),
                    exited: !is_up,
                    is_silent: is_up && outcome.is_silence(),
                    ..Dead::default()
                })))
            }
        }
    }

    /// A check has paused for long enough.
    fn look_again(&mut self, id: u64) {
        if let Some(task) = self.tasks.get_mut(&id)
            && let Kind::Check {
                account,
                begun,
                pause,
                ..
            } = &mut task.kind
        {
            *pause = None;
            *begun = self.stage.now();
            let env = Arc::new(self.environment.clone());
            let executor = Executor::check(account.clone(), env, self.seed);
            self.stage.enter(id, executor);
        }
    }
}
