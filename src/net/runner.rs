//! A whole run: the server, the probe, the scenarios side by side, the end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinSet};

use crate::engine::Limit;
use crate::event::{Event, Gates, NoticeKind, Scope, Summary};
use crate::net::bench::{Bench, Unprepared};
use crate::net::clock::{now, stamp, today};
use crate::net::log::ServerLog;
use crate::net::signals::interrupted;
use crate::protocol::Level;
use crate::scenario::ast::Scenario;
use crate::suite::{Done, Shard, Suite, SuiteOptions, Task};
use crate::target::{Date, Environment, RemoteError, Target, Waivers};

/// How many scenarios run at the same time unless somebody says more.
const JOBS: usize = 16;

/// What is to be run, against what, and how.
#[derive(Debug)]
pub struct Plan {
    /// The server under test.
    pub target: Target,
    /// The scenarios, filtered already.
    pub scenarios: Vec<Arc<Scenario>>,
    /// All scenarios, those that were filtered out among them: stale waivers are judged by them.
    pub library: Vec<Arc<Scenario>>,
    /// How.
    pub options: RunOptions,
}

/// How a run is done.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Which clauses can fail the run.
    pub level: Level,
    /// Variations are failures.
    pub strict: bool,
    /// How many scenarios run at the same time.
    pub jobs: Option<usize>,
    /// How often a scenario that failed also alone is run again.
    pub retries: usize,
    /// How often what failed, was flaky or inconclusive is played again to verify it.
    pub verify: u32,
    /// The first failure ends the run.
    pub fail_fast: bool,
    /// The seed of everything random.
    pub seed: u64,
    /// The deadline of a reply, instead of the target's.
    pub timeout: Option<Duration>,
    /// The target may be on another machine.
    pub remote: bool,
    /// The accounts' lists may be emptied.
    pub disposable: bool,
    /// Everything that is sent is cut into segments of this many bytes.
    pub segments: Option<usize>,
    /// Keep the transcripts of scenarios that passed.
    pub transcripts: bool,
    /// The day by which waivers are judged, instead of today.
    pub today: Option<Date>,
    /// Which part of the suite the scenarios are.
    pub shard: Option<Shard>,
    /// After so long it is ended in order, wherever it is.
    pub most: Option<Duration>,
    /// Takes what a launched server writes.
    pub log: Option<ServerLog>,
    /// What was chosen of the suite before.
    pub scope: Scope,
    /// What also fails the run.
    pub gates: Gates,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            level: Level::Must,
            strict: false,
            jobs: None,
            retries: 0,
            verify: 0,
            fail_fast: false,
            seed: 0,
            timeout: None,
            remote: false,
            disposable: false,
            segments: None,
            transcripts: false,
            today: None,
            shard: None,
            most: None,
            log: None,
            scope: Scope::default(),
            gates: Gates::default(),
        }
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// The summary, which was the last event too.
    pub summary: Summary,
    /// The exit code: 0, 1, 3 or 4.
    pub exit_code: u8,
}

/// Why a run was refused before anything happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The target is on another machine and nobody allowed that.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl RunError {
    /// The exit code: wrong usage.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Remote(_) => 2,
        }
    }
}

/// Carries out a run. Events go to `sink` in order, the last is always [`Event::Finished`];
/// Ctrl-C, SIGTERM and SIGHUP end the run in order.
///
/// # Errors
///
/// When the run is refused before anything happened; there are then no events. A server that
/// cannot be reached is no error here: it is told in an event, and by the exit code 3.
pub async fn run(plan: Plan, sink: &mut (dyn FnMut(Event) + Send)) -> Result<RunEnd, RunError> {
    let Plan {
        mut target,
        scenarios,
        library,
        options,
    } = plan;
    target.check_remote(options.remote, scenarios.len())?;
    super::raise_file_limit();
    target.disposable |= options.disposable;
    if let Some(reply) = options.timeout {
        target.timeouts.reply = reply;
    }
    let start = now();
    let runs = !scenarios.is_empty();
    let suite_options = suite_options(&mut target, library, &options);
    let mut environment = target.environment();
    environment.segments = options.segments;
    environment.level = Some(options.level);
    let bench = Arc::new(Bench::new(
        &target,
        options.remote,
        options.seed,
        options.log.clone(),
    ));
    let accounts = std::mem::take(&mut target.accounts);
    let mut suite = Suite::new(scenarios, accounts.clone(), suite_options);
    // Before anything is told: whoever reads it may end the run.
    let mut interrupt = std::pin::pin!(ended_early(options.most));
    pass_on(&mut suite, sink);
    let mut probes = Vec::new();
    let prepared = async {
        if runs {
            let probes = &mut probes;
            bench.prepare(environment, accounts, probes).await
        } else {
            Ok((environment, accounts))
        }
    };
    let prepared = tokio::select! {
        prepared = prepared => prepared,
        why = &mut interrupt => Err(Unprepared::new(why)),
    };
    let setup_failed = prepared.is_err();
    match prepared {
        Err(mut unprepared) => {
            let limit = probes.last().and_then(|probe| probe.limit);
            if limit.is_some_and(Limit::is_flood) {
                suite.probed(&probes);
            } else {
                unprepared.detail.extend(probes.iter().flat_map(seen));
            }
            suite.notice(
                NoticeKind::Error,
                unprepared.why.as_str(),
                unprepared.detail,
            );
            suite.stop(&unprepared.why);
        }
        Ok((environment, accounts)) => {
            suite.learn(&environment, accounts);
            suite.probed(&probes);
            let environment = Arc::new(environment);
            carry_out(&mut suite, &bench, &environment, &mut interrupt, sink).await;
        }
    }
    bench.host.stop().await;
    let lost = options.log.as_ref().and_then(ServerLog::failure);
    for text in bench.host.ear.told().into_iter().chain(lost) {
        suite.notice(NoticeKind::Warning, text, Vec::new());
    }
    let summary = suite.finish(start.elapsed(), setup_failed);
    pass_on(&mut suite, sink);
    Ok(RunEnd {
        summary,
        exit_code: suite.exit_code(),
    })
}

/// Waits until the run is to end before its time; why.
fn ended_early(most: Option<Duration>) -> impl Future<Output = &'static str> {
    let interrupted = interrupted();
    let late = async move {
        match most {
            Some(most) => tokio::time::sleep(most).await,
            None => std::future::pending().await,
        }
    };
    async {
        tokio::select! {
            () = interrupted => "interrupted",
            () = late => "the time is over",
        }
    }
}

/// What oracles saw of a server that cannot be tested, a line each.
fn seen(probe: &crate::engine::Outcome) -> impl Iterator<Item = String> {
    probe.accusations.iter().filter_map(|accusation| {
        let (oracle, message) = accusation.oracle()?;
        let (clause, level) = (accusation.clause?, accusation.level?);
        Some(format!(
            "{clause} ({level}): {message} (the oracle {oracle})"
        ))
    })
}

fn suite_options(
    target: &mut Target,
    library: Vec<Arc<Scenario>>,
    options: &RunOptions,
) -> SuiteOptions {
    let one_at_a_time = target
        .reset
        .as_ref()
        .is_some_and(|reset| !reset.is_per_account());
    let day = options.today.unwrap_or_else(today);
    SuiteOptions {
        dialect: target.dialect,
        target: target.name.clone(),
        level: options.level,
        strict: options.strict,
        jobs: if one_at_a_time {
            1
        } else {
            options.jobs.unwrap_or(JOBS)
        },
        retries: options.retries,
        verify: options.verify,
        fail_fast: options.fail_fast,
        seed: options.seed,
        shard: options.shard,
        scope: options.scope.clone(),
        started: Some(stamp()),
        gates: options.gates,
        max_connections: target.max_connections,
        owns_server: target.owns_server(),
        dispatch_refers: false,
        knows_passwords: target.builtin || target.provision.is_some(),
        challenges: false,
        transcripts: options.transcripts,
        waivers: Waivers::new(std::mem::take(&mut target.waivers), Some(day))
            .with_habits(std::mem::take(&mut target.habits)),
        library,
    }
}

fn pass_on(suite: &mut Suite, sink: &mut (dyn FnMut(Event) + Send)) {
    while let Some(event) = suite.poll_event() {
        sink(event);
    }
}

/// Runs tasks side by side until the suite is over.
async fn carry_out(
    suite: &mut Suite,
    bench: &Arc<Bench>,
    environment: &Arc<Environment>,
    interrupt: &mut (impl Future<Output = &'static str> + Unpin),
    sink: &mut (dyn FnMut(Event) + Send),
) {
    let mut tasks = JoinSet::new();
    let mut ids: HashMap<Id, (u64, Instant)> = HashMap::new();
    loop {
        while let Some(task) = suite.next_task() {
            let bench = Arc::clone(bench);
            let environment = Arc::clone(environment);
            let Task { id, work } = task;
            let handle = tasks.spawn(async move { bench.perform(work, environment).await });
            ids.insert(handle.id(), (id, now()));
        }
        pass_on(suite, sink);
        let joined = tokio::select! {
            joined = tasks.join_next_with_id() => joined,
            why = &mut *interrupt => {
                suite.notice(NoticeKind::Warning, why, Vec::new());
                suite.stop(why);
                tasks.shutdown().await;
                suite.abandon();
                return;
            }
        };
        let Some(joined) = joined else {
            return;
        };
        let (task, done) = match joined {
            Ok((task, done)) => (task, done),
            Err(error) => (
                error.id(),
                Done::Unable(format!("a mistake of the harness: {error}")),
            ),
        };
        if let Some((id, begun)) = ids.remove(&task) {
            suite.finished(id, done, begun.elapsed());
        }
        if suite.is_dying() {
            bench.cut_off();
        }
    }
}
