//! A whole run: the server, the probe, the scenarios side by side, the end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinSet};

use crate::engine::Limit;
use crate::engine::Outcome;
use crate::event::{Conclusion, Event, Gates, Notice, NoticeKind, Scope, Summary};
use crate::net::clock::{now, stamp, today};
use crate::net::log::ServerLog;
use crate::net::signals::interrupted;
use crate::net::target_setup::{TargetSetup, Unprepared};
use crate::protocol::{DIALECTS, Dialect, Level};
use crate::scenario::ast::Scenario;
use crate::suite::{Choice, Chosen, Done, Handover, Round, Shard, Suite, SuiteOptions, Task};
use crate::target::{Account, Date, Environment, RemoteError, Target, Waivers};

/// How many scenarios run at the same time unless somebody says more.
const JOBS: usize = 16;

/// What is to be run, against what, and how.
#[derive(Debug)]
pub struct Plan {
    /// The server under test.
    pub target: Target,
    /// The scenarios, filtered already, whatever dialects they are for, and whatever shard.
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
    /// Which part of the scenarios of each dialect is played.
    pub shard: Option<Shard>,
    /// After so long it is ended in order, wherever it is.
    pub most: Option<Duration>,
    /// Takes what a launched server writes.
    pub log: Option<ServerLog>,
    /// What was chosen of the suite before.
    pub scope: Scope,
    /// What also fails the run.
    pub gates: Gates,
    /// Which dialects are tested.
    pub dialects: Choice,
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
            dialects: Choice::default(),
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
    let start = now();
    let setup = set_up(&mut target, &options, scenarios.len())?;
    let mut environment = target.environment();
    environment.segments = options.segments;
    environment.level = Some(options.level);
    // Before anything is told: whoever reads it may end the run.
    let mut interrupt = std::pin::pin!(ended_early(options.most));
    let accounts = std::mem::take(&mut target.accounts);
    let mut probes = Vec::new();
    let mut interrupted = None;
    let agreed = if scenarios.is_empty() {
        Ok(Vec::new())
    } else {
        let asked = ask(&setup, &environment, &accounts, &options, &mut probes);
        tokio::select! {
            agreed = asked => agreed,
            why = &mut interrupt => Err(Unprepared::new(*interrupted.insert(why))),
        }
    };
    let chosen = Chosen {
        scenarios: &scenarios,
        are_files: options.scope.files,
        shard: options.shard,
    };
    let known = agreed.as_deref().unwrap_or_default();
    let rounds = chosen.rounds(options.dialects, known);
    let mut suite_options = suite_options(&mut target, library, &options);
    begin(&suite_options, &chosen, &rounds, sink);
    let left = left_out(&options, known, setup.has_tickets());
    left.into_iter().for_each(&mut *sink);
    let mut run = Run {
        setup: Arc::new(setup),
        environment,
        are_many: rounds.len() > 1,
        refused: agreed.err().map(|unprepared| (unprepared, probes)),
        interrupted,
        log: options.log.clone(),
    };
    let (mut parts, mut before) = (Vec::new(), None);
    let mut left = rounds.len();
    for round in rounds {
        left -= 1;
        suite_options.dialect = round.dialect;
        let options = suite_options.clone();
        let (summary, handover) = run
            .play(
                round,
                options,
                (&accounts, before),
                left > 0,
                &mut interrupt,
                sink,
            )
            .await;
        parts.push(summary);
        before = Some(handover);
    }
    let summary = Summary::joined(parts, start.elapsed());
    let summary = summary.expect("a run has a round");
    let has_errors = before.is_some_and(|last| last.has_errors());
    let conclusion = Conclusion::judged(&summary, options.level, has_errors);
    sink(Event::Finished(summary.clone()));
    Ok(RunEnd {
        exit_code: conclusion.exit_code(&summary, options.gates),
        summary,
    })
}

/// What so many scripts need against a target, which takes on what the options say of it.
pub(super) fn set_up(
    target: &mut Target,
    options: &RunOptions,
    scripts: usize,
) -> Result<TargetSetup, RemoteError> {
    target.check_remote(options.remote, scripts)?;
    super::raise_file_limit();
    target.disposable |= options.disposable;
    if let Some(reply) = options.timeout {
        target.timeouts.reply = reply;
    }
    let log = options.log.clone();
    Ok(TargetSetup::new(target, options.remote, options.seed, log))
}

/// Tells what the run is, and why there may be nothing to be played.
fn begin(
    options: &SuiteOptions,
    chosen: &Chosen<'_>,
    rounds: &[Round],
    sink: &mut (dyn FnMut(Event) + Send),
) {
    let mut info = options.info(rounds.iter().map(|round| round.scenarios.len()).sum());
    info.dialects = rounds.iter().map(|round| round.dialect).collect();
    let nothing = (info.scenarios == 0).then(|| nothing_of(chosen, rounds));
    sink(Event::Started(info));
    if let Some(text) = nothing.flatten() {
        sink(notice(NoticeKind::Warning, text));
    }
}

/// Which dialects can be tested, where not one is named.
async fn ask(
    setup: &TargetSetup,
    environment: &Environment,
    accounts: &[Account],
    options: &RunOptions,
    probes: &mut Vec<Outcome>,
) -> Result<Vec<&'static Dialect>, Unprepared> {
    let each = match options.dialects {
        Choice::One(dialect) => return Ok(vec![dialect]),
        // Of a part of the suite there may be nothing in the highest.
        Choice::Highest => options.scope.is_part(),
        Choice::All => true,
    };
    let environment = environment.clone();
    setup.agreement(environment, accounts, each, probes).await
}

/// Which dialects the server does not agree to, where all are wanted and it agrees to others.
fn left_out(options: &RunOptions, agreed: &[&'static Dialect], has_tickets: bool) -> Option<Event> {
    let left = DIALECTS.iter().filter(|dialect| !agreed.contains(dialect));
    let left: Vec<&Dialect> = left.copied().collect();
    let is_all = options.dialects == Choice::All;
    let is_told = is_all && !left.is_empty() && !agreed.is_empty();
    is_told.then(|| {
        let why = match has_tickets {
            true => "",
            false => ", and without `ticket:` in a target file nobody logs in after MSNP7",
        };
        let (left, agreed) = (Dialect::names(&left), Dialect::names(agreed));
        let text = format!("not judged in {left}: the server agrees to {agreed}{why}");
        notice(NoticeKind::Info, text)
    })
}

fn notice(kind: NoticeKind, text: String) -> Event {
    let detail = Vec::new();
    Event::Notice(Notice {
        kind,
        text,
        detail,
        of: None,
    })
}

/// Why nothing is left to be played of what was chosen.
fn nothing_of(chosen: &Chosen<'_>, rounds: &[Round]) -> Option<String> {
    let first = chosen.scenarios.first()?;
    let mut dialects = rounds.iter().map(|round| round.dialect);
    let is_there = |dialect| chosen.scenarios.iter().any(|one| one.is_for(dialect));
    if dialects.clone().any(is_there) {
        return Some("the shard has no scenario: there are fewer scenarios than shards".to_owned());
    }
    let (dialect, others) = (dialects.next()?, first.names_of_dialects().join(", "));
    Some(format!(
        "what was chosen is not for {dialect} but for {others}"
    ))
}

/// A run under way.
struct Run {
    setup: Arc<TargetSetup>,
    environment: Environment,
    /// It is made in more than one dialect.
    are_many: bool,
    /// Why it cannot begin, and what was seen of the server.
    refused: Option<(Unprepared, Vec<Outcome>)>,
    /// Why it was ended before its time.
    interrupted: Option<&'static str>,
    log: Option<ServerLog>,
}

impl Run {
    /// Plays the scenarios of one dialect.
    async fn play(
        &mut self,
        round: Round,
        options: SuiteOptions,
        (accounts, before): (&[Account], Option<Handover>),
        goes_on: bool,
        interrupt: &mut (impl Future<Output = &'static str> + Unpin),
        sink: &mut (dyn FnMut(Event) + Send),
    ) -> (Summary, Handover) {
        let start = now();
        let (dialect, are_many) = (round.dialect, self.are_many);
        let mut sink = |event| match event {
            Event::Started(_) | Event::Finished(_) => {}
            Event::Notice(mut notice) if are_many => {
                notice.text = format!("{dialect}: {}", notice.text);
                sink(Event::Notice(notice));
            }
            other => sink(other),
        };
        let sink: &mut (dyn FnMut(Event) + Send) = &mut sink;
        let mut accounts = accounts.to_vec();
        if let Some(before) = &before
            && !self.setup.begins_anew()
        {
            accounts.clone_from(&before.accounts);
        }
        let runs = !round.scenarios.is_empty();
        let mut suite = Suite::new(round.scenarios, accounts.clone(), options);
        if let Some(before) = before {
            suite.take_over(before);
        }
        if let Some(why) = self.interrupted.filter(|_| self.refused.is_none()) {
            suite.stop(why);
        }
        let mut setup_failed = false;
        if runs && !suite.is_stopping() {
            let environment = Environment {
                dialect,
                ..self.environment.clone()
            };
            let mut probes = Vec::new();
            match self
                .prepare(environment, accounts, &mut probes, interrupt)
                .await
            {
                Err(unprepared) => {
                    setup_failed = true;
                    tell_unprepared(&mut suite, unprepared, &probes);
                }
                Ok((environment, accounts)) => {
                    suite.learn(&environment, accounts);
                    suite.probed(&probes);
                    let environment = Arc::new(environment);
                    let why =
                        carry_out(&mut suite, &self.setup, &environment, interrupt, sink).await;
                    self.interrupted = self.interrupted.or(why);
                }
            }
        }
        self.setup.end_round().await;
        let lost = self.log.as_ref().and_then(ServerLog::failure);
        let told = suite.told_exceptions();
        for text in self.setup.process.ear.told(&told).into_iter().chain(lost) {
            suite.notice(NoticeKind::Warning, text, Vec::new());
        }
        if goes_on {
            suite.goes_on();
        }
        let summary = suite.finish(start.elapsed(), setup_failed);
        pass_on(&mut suite, sink);
        (summary, suite.hand_over())
    }

    /// Makes the server ready; what was seen of it goes to `probes`.
    async fn prepare(
        &mut self,
        environment: Environment,
        accounts: Vec<Account>,
        probes: &mut Vec<Outcome>,
        interrupt: &mut (impl Future<Output = &'static str> + Unpin),
    ) -> Result<(Environment, Vec<Account>), Unprepared> {
        if let Some((refused, seen)) = self.refused.take() {
            probes.extend(seen);
            return Err(refused);
        }
        tokio::select! {
            prepared = self.setup.prepare(environment, accounts, probes) => prepared,
            why = interrupt => Err(Unprepared::new(*self.interrupted.insert(why))),
        }
    }
}

/// Tells why a dialect cannot be tested, and what was seen of the server.
fn tell_unprepared(suite: &mut Suite, mut unprepared: Unprepared, probes: &[Outcome]) {
    let limit = probes.last().and_then(|probe| probe.limit);
    if limit.is_some_and(Limit::is_flood) {
        suite.probed(probes);
    } else {
        unprepared.detail.extend(probes.iter().flat_map(seen));
    }
    let why = unprepared.why;
    suite.notice(NoticeKind::Error, why.as_str(), unprepared.detail);
    suite.stop(&why);
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

pub(super) fn suite_options(
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
        dialect: Dialect::first(),
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
        knows_passwords: target.knows_passwords(),
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

/// Runs tasks side by side until the suite is over; gives why it was ended before.
async fn carry_out(
    suite: &mut Suite,
    setup: &Arc<TargetSetup>,
    environment: &Arc<Environment>,
    interrupt: &mut (impl Future<Output = &'static str> + Unpin),
    sink: &mut (dyn FnMut(Event) + Send),
) -> Option<&'static str> {
    let mut tasks = JoinSet::new();
    let mut ids: HashMap<Id, (u64, Instant)> = HashMap::new();
    loop {
        while let Some(task) = suite.next_task() {
            let setup = Arc::clone(setup);
            let environment = Arc::clone(environment);
            let Task { id, work } = task;
            let handle = tasks.spawn(async move { setup.perform(work, environment).await });
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
                return Some(why);
            }
        };
        let joined = joined?;
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
            setup.cut_off();
        }
    }
}
