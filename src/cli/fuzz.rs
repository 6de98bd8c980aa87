//! `msnpspec fuzz`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use md5::{Digest as _, Md5};
use msnpspec::fuzzer::{
    Campaign, CampaignOptions, Findings, Found, Manner, Name, Origin, Reference, Replayed, Report,
    Reproducer, Shrinker, Verdict, case_of, read_finding, replay,
};
use msnpspec::net::{Stand, StandError, StandOptions, now};
use msnpspec::run::{Outcome, Shard};
use msnpspec::scenario::NoFiles;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Fault, FaultSet};
use msnpspec::spec::Level;
use tokio::runtime::Runtime;

use super::args::level_parser;
use super::console::Console;
use super::exit::Exit;
use super::fuzz_report::Teller;
use super::target::TargetArgs;
use super::{files, snippet};

/// How often a case is executed while it is shrunk.
const SHRINK_BUDGET: usize = 1_500;
/// How long one finding is shrunk at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many cases there are where nobody says how many.
const CASES: u64 = 10_000;

/// Play random cases with several users against a server, and save what it does wrong
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec fuzz --cases 20000                        the built-in server, in memory
  msnpspec fuzz --target my-server.yaml --time 10m --save findings
  msnpspec fuzz --target my-server.yaml --replay findings
  msnpspec fuzz --cases 100000 --shard 2/4 --seed 7  the second of four parts

Case N of a seed is the same on every machine. A finding is shrunk and saved as a scenario that
`msnpspec run` replays.

Exit codes: 0 no finding; 1 a finding; 2 wrong usage or bad file; 3 could not run.")]
pub(crate) struct FuzzArgs {
    #[command(flatten)]
    server: TargetArgs,

    /// Play N cases, those of other shards counted [default: 10000, or until --time is over]
    #[arg(long, value_name = "N")]
    cases: Option<u64>,

    /// Play for so long, such as 90s, 10m or 2h
    #[arg(long, value_name = "TIME", value_parser = span)]
    time: Option<Duration>,

    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Only every N-th case: 2/3 is the second third
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// Play N cases at the same time; on a server outside the process it is one
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,

    /// Keep the cases that reached something new in DIR, and begin with those that are there
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,

    /// Save findings in DIR
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,

    /// Play the findings in DIR again, and say which are fixed
    #[arg(long, value_name = "DIR", conflicts_with_all = ["cases", "time", "corpus", "save", "shard"])]
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
enum Server {
    /// The reference server, in memory.
    Memory(Box<Reference>),
    /// A target. One case at a time.
    Stand(Box<Mutex<Remote>>),
}

struct Remote {
    runtime: Arc<Runtime>,
    stand: Stand,
    /// Why nothing more can be run.
    failure: Option<StandError>,
}

impl Server {
    fn execute(&self, scenario: &Scenario) -> Outcome {
        let remote = match self {
            Self::Memory(reference) => return reference.execute(scenario),
            Self::Stand(remote) => remote,
        };
        let mut remote = remote.lock().unwrap_or_else(PoisonError::into_inner);
        if remote.failure.is_some() {
            return Outcome::unrun();
        }
        let runtime = Arc::clone(&remote.runtime);
        match runtime.block_on(remote.stand.execute(scenario)) {
            Ok(outcome) => outcome,
            Err(StandError::Unmet(_)) => Outcome::unrun(),
            Err(error) => {
                remote.failure = Some(error);
                Outcome::unrun()
            }
        }
    }

    /// Why nothing more can be run.
    fn failure(&self) -> Option<String> {
        match self {
            Self::Memory(_) => None,
            Self::Stand(remote) => {
                let remote = remote.lock().unwrap_or_else(PoisonError::into_inner);
                let failure = remote.failure.as_ref()?;
                let mut lines = vec![failure.to_string()];
                if let StandError::Dead { stderr, .. } = failure {
                    lines.extend(stderr.iter().map(|line| format!("  {line}")));
                }
                Some(lines.join("\n"))
            }
        }
    }

    fn stop(self) {
        if let Self::Stand(remote) = self {
            let remote = remote.into_inner().unwrap_or_else(PoisonError::into_inner);
            remote.runtime.block_on(remote.stand.stop());
        }
    }
}

/// Fuzzes a server, or plays findings again.
pub(crate) fn fuzz(args: &FuzzArgs, console: Console) -> Exit {
    let (server, manner) = match ready(args, console) {
        Ok(ready) => ready,
        Err(exit) => return exit,
    };
    let exit = match &args.replay {
        Some(folder) => play_again(&server, folder, console),
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
        return Ok((Server::Memory(reference), manner));
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
    let remote = Remote {
        runtime: Arc::new(runtime),
        stand,
        failure: None,
    };
    Ok((Server::Stand(Box::new(Mutex::new(remote))), manner))
}

/// Set once somebody presses Ctrl-C.
fn interruption() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let (set, runtime) = (Arc::clone(&flag), Runtime::new());
    if let Ok(runtime) = runtime {
        std::thread::spawn(move || {
            if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                set.store(true, Ordering::Relaxed);
            }
        });
    }
    flag
}

fn play(args: &FuzzArgs, server: &Server, manner: Manner, console: Console) -> Exit {
    let corpus = match read_corpus(args.corpus.as_deref()) {
        Ok(corpus) => corpus,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let (index, count) = args.shard.map_or((0, 1), Shard::part);
    let options = CampaignOptions {
        seed: args.seed,
        cases: args.cases.or((args.time.is_none()).then_some(CASES)),
        first: 0,
        shard: (index as u64, count as u64),
        jobs: match server {
            Server::Memory(_) => usize::from(args.jobs),
            Server::Stand(_) => 1,
        },
        manner,
        level: args.level,
        children: args.children.max(u64::from(!corpus.is_empty())),
        corpus,
    };
    let (begun, is_stopped) = (now(), interruption());
    let execute = |scenario: &Scenario| server.execute(scenario);
    let mut campaign = Campaign::new(options, &execute);
    let mut teller = Teller::new(console);
    let mut findings = Findings::default();
    loop {
        let is_late = args.time.is_some_and(|time| begun.elapsed() >= time);
        if is_late || is_stopped.load(Ordering::Relaxed) || server.failure().is_some() {
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
            let saved = save(args, server, manner, &found, console);
            teller.found(&found, saved.as_deref());
        }
        teller.progress(campaign.report(), begun.elapsed());
        if !goes_on {
            break;
        }
    }
    let report = campaign.into_report();
    teller.finished(&report, begun.elapsed());
    let kept = keep_corpus(args.corpus.as_deref(), &report);
    let broken = report.verdicts.get(&Verdict::Broken).copied();
    let in_vain = (broken == Some(report.cases) && report.found.is_empty()).then(|| {
        "no case could be carried out: see `msnpspec run` for what stands in the way".to_owned()
    });
    let failure = server.failure().or(kept.err()).or(in_vain);
    if let Some(failure) = &failure {
        console.error(failure);
    }
    match (report.found.is_empty(), failure) {
        (false, _) => Exit::Failure,
        (true, Some(_)) => Exit::NotRun,
        (true, None) => Exit::Success,
    }
}

/// Makes a finding small and writes it down; the file.
fn save(
    args: &FuzzArgs,
    server: &Server,
    manner: Manner,
    found: &Found,
    console: Console,
) -> Option<PathBuf> {
    let folder = args.save.as_deref()?;
    let case = case_of(&found.bytes, manner, found.name, args.seed);
    let (reference, begun) = (Reference::default(), now());
    let shrunk = Shrinker::new(|scenario| server.execute(scenario))
        .guard(|scenario| reference.passes(scenario))
        .until(|| begun.elapsed() >= PATIENCE || server.failure().is_some())
        .budget(SHRINK_BUDGET)
        .shrink(&case.scenario, Some(&found.signature));
    let shrunk = match shrunk {
        Ok(shrunk) => shrunk,
        Err(error) => {
            console.warning(&format!("case {}: {error}", found.name));
            return None;
        }
    };
    let origin = match found.name {
        Name::Case(case) => Some(Origin {
            seed: args.seed,
            case,
        }),
        Name::Child(..) | Name::OfCorpus(..) => None,
    };
    let file = Reproducer::new(&shrunk, origin);
    let path = folder.join(file.file_name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, file.text));
    match written {
        Ok(()) => Some(path),
        Err(error) => {
            console.error(&format!("cannot write {}: {error}", path.display()));
            None
        }
    }
}

/// The files of a folder with this ending, by name.
fn listed(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let told = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|it| it == ending) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_corpus(folder: Option<&Path>) -> Result<Vec<Vec<u8>>, String> {
    let Some(folder) = folder.filter(|folder| folder.exists()) else {
        return Ok(Vec::new());
    };
    let read = |path: PathBuf| {
        std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    listed(folder, "case")?.into_iter().map(read).collect()
}

fn keep_corpus(folder: Option<&Path>, report: &Report) -> Result<(), String> {
    let Some(folder) = folder else {
        return Ok(());
    };
    let told = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(told)?;
    for bytes in report.kept.values() {
        let name = hex::encode(Md5::digest(bytes));
        std::fs::write(folder.join(format!("{name}.case")), bytes).map_err(told)?;
    }
    Ok(())
}

/// Plays the findings of a folder again.
fn play_again(server: &Server, folder: &Path, console: Console) -> Exit {
    let paths = match listed(folder, "yaml") {
        Ok(paths) => paths,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let mut worst = if paths.is_empty() {
        Exit::Nothing
    } else {
        Exit::Success
    };
    for path in paths {
        let name = path.display().to_string();
        let source = match files::read(&path) {
            Ok(source) => source,
            Err(error) => {
                console.error(&error);
                return Exit::Usage;
            }
        };
        let kept = match read_finding(&name, &source, &NoFiles) {
            Ok(kept) => kept,
            Err(diagnostics) => {
                snippet::tell(&diagnostics, console);
                return Exit::Usage;
            }
        };
        for finding in kept {
            let execute = |scenario: &Scenario| match server.failure() {
                Some(why) => Err(why),
                None => Ok(server.execute(scenario)),
            };
            let (text, exit) = match replay(&finding, execute) {
                Replayed::Fixed => ("fixed".to_owned(), Exit::Success),
                Replayed::StillFails(_) => ("still failing".to_owned(), Exit::Failure),
                Replayed::FailsOtherwise(failure, _) => (
                    format!(
                        "fails otherwise: expected {}, got {}",
                        failure.expected, failure.got
                    ),
                    Exit::Failure,
                ),
                Replayed::CouldNotRun(why) => (format!("could not run: {why}"), Exit::NotRun),
            };
            worst = worst.max(exit);
            if console.print(&format!("{name}: {text}\n")) != Exit::Success {
                return Exit::NotRun;
            }
        }
    }
    worst
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
