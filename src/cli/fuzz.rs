//! `msnpspec fuzz`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use msnpspec::fuzzer::{
    Campaign, CampaignOptions, CampaignResult, Findings, Found, Manner, Reference, Report, Sight,
    Verdict, generate,
};
use msnpspec::model::Model;
use msnpspec::net::{TargetOptions, TargetSession, interrupted, now};
use msnpspec::protocol::{DIALECTS, Dialect};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::FaultSet;
use msnpspec::suite::{Choice, Shard};
use msnpspec::target::{Known, Target};
use tokio::runtime::Runtime;

use super::args::{FuzzArgs, Telling};
use super::console::Console;
use super::exit::Exit;
use super::fuzz_findings::{self, Corpus, Saved, Shelf};
use super::fuzz_known;
use super::fuzz_report::{self, Teller};
use super::fuzz_server::Server;
use super::fuzz_target::Remote;

/// How many connections a case has at most, as a rule.
const CONNECTIONS: usize = 10;
/// How many cases there are where nobody says how many.
const CASES: u64 = 10_000;
/// So many cases are played at the same time at most unless somebody says more.
const JOBS: usize = 8;
/// A round on a target has so many cases for each that is played at the same time.
const ROUND: u64 = 32;
/// How often it is told how far it has come, and what was found.
const BEAT: Duration = Duration::from_secs(1);
/// How often the corpus and the result are written meanwhile.
const KEPT: Duration = Duration::from_secs(5);
/// Of the time that is given, what shrinking may keep for itself: one part in so many, and no more
/// than this for each finding.
const SHRINKING: (u32, Duration) = (3, Duration::from_secs(20));

/// Fuzzes a server, or plays findings again.
pub(crate) fn fuzz(args: &FuzzArgs, console: Console) -> Exit {
    let parent = args.result.as_deref().and_then(Path::parent);
    let folders = [args.save.as_deref(), args.corpus.as_deref(), parent];
    if let Err(error) = fuzz_findings::make_folders(folders.into_iter().flatten()) {
        console.error(&error);
        return Exit::Usage;
    }
    if args.dialect == Some(Choice::All) && args.result.is_some() {
        console.error(&"--result is of one dialect, not of all");
        return Exit::Usage;
    }
    let begun = now();
    let (server, manner, dialects) = match ready(args, begun, console) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    let exit = match &args.replay {
        Some(folder) => fuzz_findings::play_again(&server, folder, console),
        None => play_each(args, &server, (manner, &dialects), begun, console),
    };
    server.stop();
    exit
}

/// What a campaign may take.
#[derive(Debug, Clone, Copy)]
struct Budget {
    begun: Instant,
    time: Option<Duration>,
    cases: Option<u64>,
}

impl Budget {
    fn left(&self) -> Option<Duration> {
        let time = self.time?;
        Some(time.saturating_sub(self.begun.elapsed()))
    }
}

/// A campaign in each dialect, with its share of what is left.
fn play_each(
    args: &FuzzArgs,
    server: &Server,
    (manner, dialects): (Manner, &[&'static Dialect]),
    begun: Instant,
    console: Console,
) -> Exit {
    let mut all = Budget {
        begun,
        time: args.time,
        cases: args.cases.or((args.time.is_none()).then_some(CASES)),
    };
    let mut worst = None;
    for (dialect, rest) in dialects.iter().zip((1..=dialects.len()).rev()) {
        let share = u64::try_from(rest).unwrap_or(1).max(1);
        let own = Budget {
            begun: if rest == dialects.len() { begun } else { now() },
            time: match rest == dialects.len() {
                true => all.time.map(|time| time / u32::try_from(rest).unwrap_or(1)),
                false => all
                    .left()
                    .map(|left| left / u32::try_from(rest).unwrap_or(1)),
            },
            cases: all.cases.map(|cases| cases.div_ceil(share)),
        };
        all.cases = all.cases.zip(own.cases).map(|(all, own)| all - own);
        let manner = Manner { dialect, ..manner };
        let exit = play(args, server, manner, own, console);
        worst = worst.max(Some(exit));
        if server.is_over() || exit == Exit::Usage {
            break;
        }
    }
    worst.unwrap_or(Exit::Nothing)
}

/// A target, what it is like, and the dialects that it is fuzzed in.
type Ready = (Server, Manner, Vec<&'static Dialect>);

/// Of the dialects to which a server agrees, those that are fuzzed.
fn chosen(choice: Choice, agreed: &[&'static Dialect]) -> Vec<&'static Dialect> {
    let known = Model::dialects().filter(|dialect| agreed.contains(dialect));
    match choice {
        Choice::One(dialect) => vec![dialect],
        Choice::Highest => known.rev().take(1).collect(),
        Choice::All => known.collect(),
    }
}

/// Why nothing can be fuzzed on a server that agrees to these dialects.
fn no_common(agreed: &[&'static Dialect]) -> String {
    let known: Vec<&Dialect> = Model::dialects().collect();
    format!(
        "fuzz knows {}, the server agrees to {}",
        Dialect::names(&known),
        Dialect::names(agreed)
    )
}

/// A scenario for all dialects that fuzz knows, and for no other.
fn any_case() -> Arc<Scenario> {
    let mut scenario = generate(&[], Manner::default()).scenario;
    scenario.steps.clear();
    scenario.clauses.clear();
    scenario.dialects = Model::dialects().map(|it| it.name.to_owned()).collect();
    Arc::new(scenario)
}

/// Makes the target ready.
fn ready(args: &FuzzArgs, begun: Instant, console: Console) -> Result<Ready, Exit> {
    let deadline = args.time.and_then(|time| begun.checked_add(time));
    let choice = args.dialect.unwrap_or_default();
    let mut manner = Manner::default();
    if args.friendly {
        manner.hostile = 0;
    }
    if args.server.target == "builtin" {
        args.server.log(&Target::builtin(), console)?;
        let faults: FaultSet = args.faults.iter().copied().collect();
        let reference = Box::new(Reference::with_faults(faults));
        let server = Server::Memory(reference, interruption(), deadline);
        return Ok((server, manner, chosen(choice, &DIALECTS)));
    }
    let unable = |error: &dyn std::fmt::Display| {
        console.error(error);
        Exit::NotRun
    };
    if !args.faults.is_empty() {
        console.error(&"--fault goes with the built-in server");
        return Err(Exit::Usage);
    }
    let target = args.server.read(console)?;
    let most = target.max_connections;
    let runtime = Runtime::new().map_err(|error| unable(&format!("cannot start: {error}")))?;
    let known = match args.no_known {
        true => Known::default(),
        false => fuzz_known::look(args, &target, &runtime, console),
    };
    let options = TargetOptions {
        seed: args.seed,
        timeout: args.server.timeout,
        remote: args.server.remote,
        disposable: args.server.disposable,
        segments: None,
        deadline,
        known: known.clone(),
        log: args.server.log(&target, console)?,
    };
    let asked = if args.replay.is_some() {
        Choice::All
    } else {
        choice
    };
    let any = [any_case()];
    let session = runtime.block_on(TargetSession::prepare_in(target, &options, asked, &any));
    let session = session.map_err(|error| unable(&error))?;
    let dialects = chosen(choice, session.agreed());
    if dialects.is_empty() {
        let why = no_common(session.agreed());
        runtime.block_on(session.stop());
        return Err(unable(&why));
    }
    let no_login = session.environment().no_login.clone();
    let needs = match no_login {
        Some(why) => Some(format!("nobody can log in, and fuzzing needs that: {why}")),
        None => {
            (session.usable() < 2).then(|| "fuzzing needs two accounts, better five".to_owned())
        }
    };
    if let Some(needs) = needs {
        runtime.block_on(session.stop());
        return Err(unable(&needs));
    }
    manner.users = manner.users.min(session.usable() - 1);
    manner.has_extras = args.extras;
    manner.has_dispatch = session.environment().dispatch.is_some();
    let users = manner.users + 1;
    let stood = most.map_or(usize::MAX, |most| most / CONNECTIONS);
    let asked = args.jobs.map(usize::from);
    let jobs = asked.unwrap_or(JOBS).min(stood).max(1);
    let remote = Remote::new(runtime, session, users, jobs, (args.level, deadline));
    if let Some(asked) = asked.filter(|asked| remote.cases.jobs() < *asked) {
        console.warning(&format!(
            "{} cases at the same time instead of {asked}: each takes {users} accounts and up to \
             {CONNECTIONS} connections (max_connections)",
            remote.cases.jobs(),
        ));
    }
    Ok((Server::Target(Box::new(remote)), manner, dialects))
}

/// How many cases this machine plays at the same time.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(JOBS))
}

/// Set once somebody presses Ctrl-C.
fn interruption() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let (set, runtime) = (Arc::clone(&flag), Runtime::new());
    if let Ok(runtime) = runtime {
        let inside = runtime.enter();
        let interrupted = interrupted();
        drop(inside);
        std::thread::spawn(move || {
            runtime.block_on(interrupted);
            set.store(true, Ordering::Relaxed);
        });
    }
    flag
}

/// What the campaign is given.
fn campaign_options(
    args: &FuzzArgs,
    server: &Server,
    (manner, cases): (Manner, Option<u64>),
    corpus: Vec<Vec<u8>>,
) -> CampaignOptions {
    let (index, count) = args.shard.map_or((0, 1), Shard::part);
    let own = || args.jobs.map_or_else(cores, usize::from);
    let jobs = server.remote().map_or_else(own, |it| it.cases.jobs());
    let options = CampaignOptions {
        seed: args.seed,
        cases,
        shard: (index as u64, count as u64),
        jobs,
        manner,
        known: server
            .remote()
            .map(|it| it.cases.known().clone())
            .unwrap_or_default(),
        level: args.level,
        children: args.children.max(u64::from(!corpus.is_empty())),
        corpus,
        ..CampaignOptions::default()
    };
    match server {
        Server::Memory(..) => options,
        Server::Target(_) => CampaignOptions {
            round: ROUND * jobs as u64,
            sight: Sight::Partial,
            ..options
        },
    }
}

fn play(
    args: &FuzzArgs,
    server: &Server,
    manner: Manner,
    budget: Budget,
    console: Console,
) -> Exit {
    let corpus = match fuzz_findings::read_corpus(args.corpus.as_deref()) {
        Ok(corpus) => corpus,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let options = campaign_options(args, server, (manner, budget.cases), corpus);
    let mut teller = Teller::new(console, args.format == Telling::Human);
    teller.begins(&args.server.target, args.seed, &options);
    let execute = |scenario: &Arc<Scenario>| server.execute(scenario);
    // What is found is told soon, and time is left to make it small.
    let (beat, reserve) = (Mutex::new(now()), AtomicU64::new(0));
    let is_time_to_shrink = || {
        let reserve = Duration::from_millis(reserve.load(Ordering::Relaxed));
        budget.left().is_some_and(|left| left <= reserve)
    };
    let pause = || {
        let last = *beat.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed() >= BEAT || server.is_over() || is_time_to_shrink()
    };
    let mut campaign = Campaign::new(options, &execute).pausing(&pause);
    let playing = now();
    let mut findings = Findings::default();
    let mut unshrunk = Vec::new();
    let shelf = args.save.as_deref().map(|folder| Shelf {
        folder,
        server,
        seed: args.seed,
        console,
    });
    let mut corpus = Corpus::new(args.corpus.as_deref());
    let mut kept_at = None;
    while !server.is_over() && !is_time_to_shrink() {
        *beat.lock().unwrap_or_else(PoisonError::into_inner) = now();
        let goes_on = campaign.round();
        take_news(
            campaign.report(),
            shelf.as_ref(),
            server,
            (&mut findings, &mut unshrunk),
            &teller,
        );
        let kept = reserved((args, budget), server, unshrunk.len());
        reserve.store(kept, Ordering::Relaxed);
        teller.progress(campaign.report(), server, playing.elapsed());
        // What hours have found outlives whatever ends them.
        if kept_at.is_none_or(|at: Instant| at.elapsed() >= KEPT) {
            kept_at = Some(now());
            corpus.keep(campaign.report());
            // Where it cannot be written, that is told at the end.
            let _later = write_result(args, campaign.report(), budget.begun.elapsed());
        }
        if !goes_on {
            break;
        }
    }
    let (report, played) = (campaign.into_report(), playing.elapsed());
    let left = shelf.map_or(0, |shelf| shrink_all(&shelf, &unshrunk, &mut teller));
    teller.finished(&report, server, played);
    if left > 0 && args.save.is_some() {
        console.notice(&format!(
            "{left} findings were not shrunk: they are saved whole"
        ));
    }
    for text in server.remote().iter().flat_map(|it| it.exceptions()) {
        console.warning(&text);
    }
    let kept = corpus.finish(&report);
    let kept = kept.and(write_result(args, &report, budget.begun.elapsed()));
    conclude(budget, &report, server, kept, console)
}

/// How many milliseconds are kept for shrinking so many findings.
fn reserved((args, budget): (&FuzzArgs, Budget), server: &Server, unshrunk: usize) -> u64 {
    let (Some(time), Some(remote), Some(_)) = (budget.time, server.remote(), &args.save) else {
        return 0;
    };
    let most = SHRINKING.1 * u32::try_from(unshrunk).unwrap_or(u32::MAX);
    let share = most / u32::try_from(remote.cases.jobs()).unwrap_or(1);
    let kept = share.min(time / SHRINKING.0).as_millis();
    u64::try_from(kept).unwrap_or(u64::MAX)
}

/// Saves and tells what is new; what takes long to make small is made so at the end.
fn take_news(
    report: &Report,
    shelf: Option<&Shelf<'_>>,
    server: &Server,
    (findings, unshrunk): (&mut Findings, &mut Vec<Found>),
    teller: &Teller,
) {
    let found = report.found.iter();
    let news = found.filter(|(cause, _)| findings.take(cause));
    for (_, found) in news {
        teller.shrinks(found);
        // Against a target that takes long: it is done at the end, for several at once.
        let is_now = server.remote().is_none() && !server.is_over();
        let saved = shelf.and_then(|shelf| match is_now {
            true => shelf.shrink(found),
            false => shelf.put(found),
        });
        teller.found(found, saved.as_ref());
        if !is_now {
            unshrunk.push(found.clone());
        }
    }
}

/// Makes findings of a target small, several at the same time; how many are left as they are.
fn shrink_all(shelf: &Shelf<'_>, unshrunk: &[Found], teller: &mut Teller) -> usize {
    let Some(remote) = shelf.server.remote() else {
        return unshrunk.len();
    };
    let (told, done) = (Mutex::new(teller), AtomicU64::new(0));
    remote.cases.for_each(unshrunk, |found| {
        if remote.is_over() {
            return;
        }
        let saved = shelf.shrink(found);
        let is_whole = saved.as_ref().is_some_and(Saved::is_whole);
        done.fetch_add(u64::from(!is_whole), Ordering::Relaxed);
        let teller = told.lock().unwrap_or_else(PoisonError::into_inner);
        teller.shrunk(found, saved.as_ref());
    });
    let done = usize::try_from(done.into_inner()).unwrap_or(usize::MAX);
    unshrunk.len().saturating_sub(done)
}

/// Writes the result where it was asked for.
fn write_result(args: &FuzzArgs, report: &Report, took: Duration) -> Result<(), String> {
    let Some(path) = &args.result else {
        return Ok(());
    };
    let asked = args.cases.or((args.time.is_none()).then_some(CASES));
    let result = CampaignResult::of(
        report,
        &args.server.target,
        (args.level, args.seed, asked),
        args.shard.map(|shard| shard.to_string()),
        u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    );
    fuzz_report::write(&result, path)
}

/// How it ends.
fn conclude(
    budget: Budget,
    report: &Report,
    server: &Server,
    kept: Result<(), String>,
    console: Console,
) -> Exit {
    let broken = report.verdicts.get(&Verdict::Blocked).copied();
    let is_in_vain = broken == Some(report.cases) && report.found.is_empty();
    let in_vain = (is_in_vain && !server.is_stopped()).then(|| {
        "no case could be carried out: see `msnpspec run` for what stands in the way".to_owned()
    });
    let failure = server.failure().or(kept.err()).or(in_vain);
    if let Some(failure) = &failure {
        console.error(failure);
    } else if server.is_stopped() {
        console.notice(&"interrupted");
    } else if report.cases == 0 && budget.time.is_some() {
        console.notice(&"the time was over before the first case");
    } else if report.cases == 0 {
        console.notice(&"no case was to be played: see --cases and --shard");
    }
    match (report.found.is_empty(), failure) {
        (false, _) => Exit::Failure,
        (true, Some(_)) => Exit::NotRun,
        (true, None) if report.cases == 0 && !server.is_stopped() => Exit::Nothing,
        (true, None) => Exit::Success,
    }
}
