//! `msnpspec fuzz`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use msnpspec::fuzzer::{
    Campaign, CampaignOptions, CampaignResult, Findings, Found, Manner, Reference, Report, Sight,
    Verdict, watch,
};
use msnpspec::net::{Stand, StandOptions, interrupted, now};
use msnpspec::run::{Outcome, Shard};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Fault, FaultSet};
use msnpspec::spec::Level;
use tokio::runtime::Runtime;

use super::args::level_parser;
use super::console::Console;
use super::exit::Exit;
use super::fuzz_findings::{self, Shelf};
use super::fuzz_report::{self, Teller};
use super::fuzz_stand::Remote;
use super::target::TargetArgs;

/// How many connections a case has at most, as a rule.
const CONNECTIONS: usize = 10;
/// How many cases there are where nobody says how many.
const CASES: u64 = 10_000;

/// Play random cases with several users against a server, and save what it does wrong
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec fuzz --cases 20000                        the built-in server, in memory
  msnpspec fuzz --target my-server.yaml --time 10m --save findings
  msnpspec fuzz --target my-server.yaml --replay findings
  msnpspec fuzz --cases 100000 --shard 2/4 --seed 7 --result 2.json
                                                     the second of four parts, to be merged

Case N of a seed is the same on every machine. A finding is shrunk and saved as a scenario that
`msnpspec run` replays.

Ctrl-C ends it in order: what was found is saved and summed up.

Exit codes: 0 no finding; 1 a finding; 2 wrong usage or bad file; 3 could not run; 4 nothing was
played.")]
pub(crate) struct FuzzArgs {
    #[command(flatten)]
    server: TargetArgs,

    /// Play N cases, those of other shards counted [default: 10000, or until --time is over]
    #[arg(long, value_name = "N")]
    cases: Option<u64>,

    /// Play for so long, such as 90s, 10m or 2h; what is found on a target is shrunk afterwards
    #[arg(long, value_name = "TIME", value_parser = span)]
    time: Option<Duration>,

    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Only every N-th case: 2/3 is the second third
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// Play N cases at the same time; on a target each takes five accounts of its own
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,

    /// Keep the cases that reached something new in DIR, and begin with those that are there
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,

    /// Save findings in DIR
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,

    /// Write what it came to, as JSON, to FILE: for `msnpspec merge`
    #[arg(long, value_name = "FILE")]
    result: Option<PathBuf>,

    /// Play the findings in DIR again, and say which are fixed
    #[arg(long, value_name = "DIR", conflicts_with_all = ["cases", "time", "corpus", "save", "shard", "result"])]
    replay: Option<PathBuf>,

    /// Mutate each case that reached something new N times
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1000))]
    children: u64,

    /// Which clauses can fail: each level includes the ones before it
    #[arg(long, default_value = "must", value_name = "LEVEL", value_parser = level_parser())]
    level: Level,

    /// The server offers CVR, REA, URL, SND, FND and PNG
    #[arg(long)]
    extras: bool,

    /// Send nothing that a client may not send
    #[arg(long)]
    friendly: bool,

    /// Plant a fault in the built-in server; repeat it for several
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    faults: Vec<Fault>,
}

/// A time such as `90s`, `10m`, `2h`, or seconds alone.
fn span(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (text.get(..at), 1),
        Some((at, 'm')) => (text.get(..at), 60),
        Some((at, 'h')) => (text.get(..at), 3600),
        _ => (Some(text), 1),
    };
    let number: Option<u64> = number.and_then(|number| number.parse().ok());
    let seconds = number.and_then(|number| number.checked_mul(unit));
    seconds
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| "write a time such as 90s, 10m or 2h".to_owned())
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::find(name).ok_or_else(|| "no such fault: see `msnpspec list faults`".to_owned())
}

/// What cases are executed against.
pub(super) enum Server {
    /// The reference server, in memory.
    Memory(Box<Reference>, Arc<AtomicBool>),
    /// A target.
    Stand(Box<Remote>),
}

impl Server {
    /// Plays a case of the campaign.
    fn execute(&self, scenario: &Arc<Scenario>) -> Outcome {
        match self {
            Self::Memory(reference, _) => reference.execute_shared(Arc::clone(scenario)),
            Self::Stand(remote) => remote.execute(scenario),
        }
    }

    /// Plays a scenario while nothing else is played.
    pub(super) fn execute_alone(&self, scenario: &Scenario) -> Outcome {
        match self {
            Self::Memory(reference, _) => {
                let mut outcome = reference.execute(scenario);
                watch(&mut outcome, scenario, Sight::Whole);
                outcome
            }
            Self::Stand(remote) => remote.execute_alone(scenario),
        }
    }

    /// The target, where it is outside the process.
    pub(super) fn remote(&self) -> Option<&Remote> {
        match self {
            Self::Memory(..) => None,
            Self::Stand(remote) => Some(remote),
        }
    }

    /// Somebody pressed Ctrl-C.
    pub(super) fn is_stopped(&self) -> bool {
        match self {
            Self::Memory(_, stopped) => stopped.load(Ordering::Relaxed),
            Self::Stand(remote) => remote.is_stopped(),
        }
    }

    /// Why nothing more can be run.
    pub(super) fn failure(&self) -> Option<String> {
        self.remote().and_then(Remote::failure)
    }

    fn stop(self) {
        if let Self::Stand(remote) = self {
            remote.stop();
        }
    }
}

/// Fuzzes a server, or plays findings again.
pub(crate) fn fuzz(args: &FuzzArgs, console: Console) -> Exit {
    let parent = args.result.as_deref().and_then(Path::parent);
    let folders = [args.save.as_deref(), args.corpus.as_deref(), parent];
    if let Err(error) = fuzz_findings::make_folders(folders.into_iter().flatten()) {
        console.error(&error);
        return Exit::Usage;
    }
    let (server, manner) = match ready(args, console) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    let exit = match &args.replay {
        Some(folder) => fuzz_findings::play_again(&server, folder, console),
        None => play(args, &server, manner, console),
    };
    server.stop();
    exit
}

/// Makes the target ready.
fn ready(args: &FuzzArgs, console: Console) -> Result<(Server, Manner), Exit> {
    let mut manner = Manner::default();
    if args.friendly {
        manner.hostile = 0;
    }
    if args.server.target == "builtin" {
        let faults: FaultSet = args.faults.iter().copied().collect();
        let reference = Box::new(Reference::with_faults(faults));
        return Ok((Server::Memory(reference, interruption()), manner));
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
    let options = StandOptions {
        seed: args.seed,
        timeout: args.server.timeout,
        remote: args.server.remote,
        disposable: args.server.disposable,
        segments: None,
    };
    let runtime = Runtime::new().map_err(|error| unable(&format!("cannot start: {error}")))?;
    let stand = runtime.block_on(Stand::prepare(target, &options));
    let stand = stand.map_err(|error| unable(&error))?;
    if stand.usable() < 2 {
        runtime.block_on(stand.stop());
        return Err(unable(&"fuzzing needs two accounts, better five"));
    }
    manner.users = manner.users.min(stand.usable() - 1);
    manner.has_extras = args.extras;
    manner.has_dispatch = stand.environment().dispatch.is_some();
    let users = manner.users + 1;
    let stood = most.map_or(usize::MAX, |most| most / CONNECTIONS);
    let jobs = usize::from(args.jobs).min(stood).max(1);
    let remote = Remote::new(runtime, stand, users, jobs, args.level);
    if remote.jobs() < usize::from(args.jobs) {
        console.warning(&format!(
            "{} cases at the same time instead of {}: each takes {users} accounts and up to \
             {CONNECTIONS} connections (max_connections)",
            remote.jobs(),
            args.jobs
        ));
    }
    Ok((Server::Stand(Box::new(remote)), manner))
}

/// Set once somebody presses Ctrl-C.
fn interruption() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let (set, runtime) = (Arc::clone(&flag), Runtime::new());
    if let Ok(runtime) = runtime {
        std::thread::spawn(move || {
            runtime.block_on(interrupted());
            set.store(true, Ordering::Relaxed);
        });
    }
    flag
}

/// What the campaign is given.
fn campaign_options(
    args: &FuzzArgs,
    server: &Server,
    manner: Manner,
    corpus: Vec<Vec<u8>>,
) -> CampaignOptions {
    let (index, count) = args.shard.map_or((0, 1), Shard::part);
    let jobs = server.remote().map_or(usize::from(args.jobs), Remote::jobs);
    let options = CampaignOptions {
        seed: args.seed,
        cases: args.cases.or((args.time.is_none()).then_some(CASES)),
        shard: (index as u64, count as u64),
        jobs,
        manner,
        level: args.level,
        children: args.children.max(u64::from(!corpus.is_empty())),
        corpus,
        ..CampaignOptions::default()
    };
    match server {
        Server::Memory(..) => options,
        Server::Stand(_) => CampaignOptions {
            round: 4 * jobs as u64,
            sight: Sight::Partial,
            ..options
        },
    }
}

fn play(args: &FuzzArgs, server: &Server, manner: Manner, console: Console) -> Exit {
    let corpus = match fuzz_findings::read_corpus(args.corpus.as_deref()) {
        Ok(corpus) => corpus,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let options = campaign_options(args, server, manner, corpus);
    let begun = now();
    let execute = |scenario: &Arc<Scenario>| server.execute(scenario);
    let mut campaign = Campaign::new(options, &execute);
    let mut teller = Teller::new(console);
    let mut findings = Findings::default();
    let mut unshrunk = Vec::new();
    let shelf = args.save.as_deref().map(|folder| Shelf {
        folder,
        server,
        seed: args.seed,
        console,
    });
    loop {
        let is_late = args.time.is_some_and(|time| begun.elapsed() >= time);
        if is_late || server.is_stopped() || server.failure().is_some() {
            break;
        }
        let goes_on = campaign.round();
        let news: Vec<Found> = campaign
            .report()
            .found
            .values()
            .filter(|found| findings.take(&found.signature))
            .cloned()
            .collect();
        for found in news {
            teller.shrinks(&found);
            // Against a target that takes long: it is done at the end, for several at once.
            let saved = shelf.as_ref().and_then(|shelf| match server {
                Server::Memory(..) if !server.is_stopped() => shelf.shrink(&found),
                _ => shelf.put(&found),
            });
            teller.found(&found, saved.as_ref());
            unshrunk.push(found);
        }
        teller.progress(campaign.report(), server, begun.elapsed());
        if !goes_on {
            break;
        }
    }
    if let (Some(shelf), Some(remote)) = (&shelf, server.remote()) {
        let told = Mutex::new(&mut teller);
        remote.for_each(&unshrunk, |found| {
            if !server.is_stopped() && server.failure().is_none() {
                let saved = shelf.shrink(found);
                let teller = told.lock().unwrap_or_else(PoisonError::into_inner);
                teller.shrunk(found, saved.as_ref());
            }
        });
    }
    let report = campaign.into_report();
    teller.finished(&report, server, begun.elapsed());
    let kept = fuzz_findings::keep_corpus(args.corpus.as_deref(), &report);
    let kept = kept.and(write_result(args, &report, begun.elapsed()));
    conclude(&report, server, kept, console)
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
fn conclude(report: &Report, server: &Server, kept: Result<(), String>, console: Console) -> Exit {
    let broken = report.verdicts.get(&Verdict::Broken).copied();
    let is_in_vain = broken == Some(report.cases) && report.found.is_empty();
    let in_vain = (is_in_vain && !server.is_stopped()).then(|| {
        "no case could be carried out: see `msnpspec run` for what stands in the way".to_owned()
    });
    let failure = server.failure().or(kept.err()).or(in_vain);
    if let Some(failure) = &failure {
        console.error(failure);
    } else if server.is_stopped() {
        console.notice(&"interrupted: findings that were not shrunk yet are saved whole");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(span("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(span("7"), Ok(Duration::from_secs(7)));
        for bad in ["", "m", "0", "-1s", "1.5m", "9é", "99999999999999999999h"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
