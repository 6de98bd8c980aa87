//! Pretended servers for tests of the suite: a function says what becomes of each scenario.

use std::sync::Arc;
use std::time::Duration;

use super::run::Suite;
use super::suite_tests::probed;
use super::task::{Dead, Done, SuiteOptions, Task, Work};
use crate::engine::test_support::outcome;
use crate::engine::{Cause, Ending, Limit};
use crate::event::test_support::failure;
use crate::event::{
    Event, Gates, NoticeKind, Observed, Rung, ScenarioResult, Scope, Summary, Verdict,
};
use crate::protocol::{ClauseId, Dialect, Level};
use crate::scenario::ast::Scenario;
use crate::scenario::test_support::scenario;
use crate::target::{Account, Waivers};

pub(crate) fn options() -> SuiteOptions {
    SuiteOptions {
        dialect: Dialect::first(),
        target: "test".into(),
        level: Level::Must,
        strict: false,
        jobs: 4,
        retries: 0,
        verify: 0,
        fail_fast: false,
        seed: 1,
        shard: None,
        scope: Scope::default(),
        started: None,
        gates: Gates::default(),
        max_connections: None,
        owns_server: true,
        dispatch_refers: true,
        knows_passwords: false,
        challenges: true,
        transcripts: false,
        waivers: Waivers::default(),
        library: Vec::new(),
    }
}

pub(crate) fn accounts(count: usize) -> Vec<Account> {
    let account = |n| Account::new(format!("u{n}@hotmail.com"), "pw");
    (0..count).map(account).collect()
}

/// A pretended server.
pub(crate) struct World {
    pub(crate) alive: bool,
    pub(crate) owned: bool,
    /// How many scenarios run beside one another.
    pub(crate) most: usize,
    /// What ran, in order of its end.
    pub(crate) ran: Vec<String>,
    pub(crate) restarts: usize,
    /// How often it was looked whether the server lives.
    pub(crate) checks: usize,
    /// A dead server lives again once it was found dead.
    pub(super) heals: bool,
    /// It cannot be started again.
    pub(super) stuck: bool,
    /// How long each scenario takes.
    pub(crate) takes: Duration,
    /// This scenario ends only when nothing else is under way.
    pub(crate) slow: &'static str,
    /// A dead server's process lives.
    pub(super) wedges: bool,
    /// It dies some milliseconds after it was hurt: whoever looks at once does not see it.
    pub(super) lingers: bool,
    /// It is hurt, and dies of it soon.
    pub(super) dying: bool,
    /// What ran since it was started.
    pub(crate) since: Vec<String>,
    /// What was to be cut off.
    pub(crate) cut: Vec<String>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            alive: true,
            owned: true,
            most: 0,
            ran: Vec::new(),
            restarts: 0,
            checks: 0,
            heals: false,
            stuck: false,
            takes: Duration::from_millis(3),
            slow: "",
            wedges: false,
            lingers: false,
            dying: false,
            since: Vec::new(),
            cut: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Act {
    Pass,
    Fail,
    /// The steps are met, and an oracle finds the same as in all others.
    Seen,
    Kill,
    /// All of its steps are met, and the server dies of it.
    Hurt,
    /// The same, where this one has run since the server was started.
    HurtAfter(&'static str),
    /// The same, where so many have run since the server was started.
    Full(usize),
    /// A login is not answered in time, whether the server lives or not.
    Silent,
    /// The account that it got is refused, whether the server lives or not.
    Refuse,
    /// It cannot be run at all.
    Unable,
    /// A limit of our own stops it.
    Limit(Limit),
    /// A limit of our own keeps it from being begun.
    NotBegun(Limit),
}

pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) results: Vec<Arc<ScenarioResult>>,
    pub(crate) notices: Vec<(NoticeKind, String)>,
    pub(crate) details: Vec<Vec<String>>,
    pub(crate) summary: Summary,
    pub(crate) code: u8,
}

impl Run {
    pub(crate) fn result(&self, name: &str) -> &ScenarioResult {
        let found: Vec<_> = self.results.iter().filter(|r| r.name == name).collect();
        assert_eq!(found.len(), 1, "{name} has one verdict");
        found[0]
    }

    pub(crate) fn verdict(&self, name: &str) -> Verdict {
        self.result(name).verdict
    }

    pub(crate) fn reason(&self, name: &str) -> &str {
        self.result(name).reason.as_deref().unwrap_or_default()
    }

    /// How often a scenario ran.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.world.ran.iter().filter(|ran| *ran == name).count()
    }
}

/// Runs a suite to its end; `act` gets the name, whether others run beside it, and how often it
/// has run.
pub(crate) fn run(
    scenarios: Vec<Arc<Scenario>>,
    options: SuiteOptions,
    act: impl Fn(&str, bool, usize) -> Act,
) -> Run {
    run_in(World::default(), scenarios, options, act)
}

/// The same, in another world.
pub(super) fn run_in(
    mut world: World,
    scenarios: Vec<Arc<Scenario>>,
    options: SuiteOptions,
    act: impl Fn(&str, bool, usize) -> Act,
) -> Run {
    world.owned = options.owns_server;
    let mut suite = Suite::new(scenarios, accounts(6), options);
    let mut tasks: Vec<Task> = Vec::new();
    for _ in 0..10_000 {
        while let Some(task) = suite.next_task() {
            tasks.push(task);
        }
        let scenarios = |tasks: &[Task]| {
            let run = |task: &&Task| matches!(task.work, Work::Scenario { .. });
            tasks.iter().filter(run).count()
        };
        world.most = world.most.max(scenarios(&tasks));
        let beside = scenarios(&tasks) > 1;
        if tasks.is_empty() {
            break;
        }
        let is_slow = |task: &Task| name(task).is_some_and(|name| name == world.slow);
        let at = tasks.iter().position(|task| !is_slow(task));
        let task = tasks.remove(at.unwrap_or_default());
        let done = perform(&mut world, &task.work, beside, &act);
        suite.finished(task.id, done, world.takes);
        if suite.is_dying() {
            world.cut.extend(tasks.iter().filter_map(name));
        }
    }
    assert!(suite.is_over(), "the run comes to its end");
    let summary = suite.finish(Duration::from_secs(1), false);
    let code = suite.exit_code();
    let (mut results, mut notices, mut last) = (Vec::new(), Vec::new(), None);
    let mut details = Vec::new();
    while let Some(event) = suite.poll_event() {
        match &event {
            Event::ScenarioFinished(result) => results.push(Arc::clone(result)),
            Event::Notice(notice) => {
                notices.push((notice.kind, notice.text.clone()));
                details.push(notice.detail.clone());
            }
            _ => {}
        }
        last = Some(event);
    }
    assert!(matches!(last, Some(Event::Finished(_))));
    Run {
        world,
        results,
        notices,
        details,
        summary,
        code,
    }
}

/// The scenario of a task.
fn name(task: &Task) -> Option<String> {
    match &task.work {
        Work::Scenario { scenario, .. } => Some(scenario.name.clone()),
        _ => None,
    }
}

fn perform(
    world: &mut World,
    work: &Work,
    beside: bool,
    act: &impl Fn(&str, bool, usize) -> Act,
) -> Done {
    match work {
        Work::Scenario {
            scenario, accounts, ..
        } => {
            let before = world.ran.iter().filter(|n| **n == scenario.name).count();
            world.ran.push(scenario.name.clone());
            let clause = scenario.clauses.first().copied();
            let act = act(&scenario.name, beside, before);
            if act == Act::Unable {
                return Done::Unable("no port is left".into());
            }
            if act == Act::Refuse {
                let mut refused = outcome(Ending::Blocked, Vec::new());
                refused.cause = Some(Cause::LoginRefused {
                    handle: accounts
                        .first()
                        .map_or("u5@hotmail.com".into(), |a| a.handle.clone()),
                    rung: Rung::Usr,
                    got: Observed::line(b"911 4"),
                    reason: "expected USR OK, got 911 4".into(),
                });
                return Done::Scenario(Box::new(refused));
            }
            if act == Act::Silent {
                let mut silent = outcome(Ending::Blocked, vec![failure(None, "VER", "nothing")]);
                silent.rung = Some(Rung::Ver);
                return Done::Scenario(Box::new(silent));
            }
            play(world, &scenario.name, clause, act)
        }
        Work::Check { pause, .. } => {
            world.checks += 1;
            world.alive &= !world.dying || pause.is_zero();
            if world.alive {
                return Done::Check(Ok(()));
            }
            world.alive = world.heals;
            Done::Check(Err(Dead {
                why: "it exited".into(),
                exited: world.owned && !world.heals && !world.wedges,
                stderr: vec![match world.wedges {
                    true => format!("look {}", world.checks),
                    false => "panic!".into(),
                }],
                ..Dead::default()
            }))
        }
        Work::Restart if world.stuck => Done::Restart(Err(Dead {
            why: "no such file".into(),
            exited: true,
            stderr: vec!["the new one's words".into()],
            ..Dead::default()
        })),
        Work::Restart => {
            world.alive = true;
            world.dying = false;
            world.since.clear();
            world.restarts += 1;
            Done::Restart(Ok(()))
        }
    }
}

/// A scenario is played in the world as it is.
fn play(world: &mut World, name: &str, clause: Option<ClauseId>, act: Act) -> Done {
    world.alive &= !world.dying;
    if !world.alive {
        return Done::Scenario(Box::new(outcome(Ending::Blocked, Vec::new())));
    }
    let has_run = |name: &str| world.since.iter().any(|ran| ran == name);
    let hurts = match act {
        Act::Hurt => true,
        Act::HurtAfter(first) => has_run(first),
        Act::Full(count) => world.since.len() + 1 >= count,
        _ => false,
    };
    world.since.push(name.to_owned());
    if hurts {
        world.dying = world.lingers;
        world.alive = world.lingers;
    }
    match act {
        Act::Unable | Act::Refuse | Act::Silent => unreachable!("answered before"),
        Act::NotBegun(limit) => Done::Limit(limit),
        Act::Limit(limit) => {
            let mut stopped = outcome(Ending::Inconclusive, Vec::new());
            stopped.limit = Some(limit);
            Done::Scenario(Box::new(stopped))
        }
        Act::Pass | Act::Hurt | Act::HurtAfter(_) | Act::Full(_) => {
            Done::Scenario(Box::new(outcome(Ending::Passed, Vec::new())))
        }
        Act::Fail => {
            let failures = vec![failure(clause, "this", "that")];
            Done::Scenario(Box::new(outcome(Ending::Failed, failures)))
        }
        Act::Seen => Done::Scenario(Box::new(probed(ClauseId::SYN_3))),
        Act::Kill => {
            world.alive = false;
            let failures = vec![failure(clause, "this", "closed")];
            Done::Scenario(Box::new(outcome(Ending::Failed, failures)))
        }
    }
}

pub(crate) fn many(count: usize) -> Vec<Arc<Scenario>> {
    (0..count)
        .map(|n| scenario(&format!("s/{n:02}"), &["USR-6"], &[]))
        .collect()
}
