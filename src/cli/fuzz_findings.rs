//! What `msnpspec fuzz` keeps on disk: findings, and cases that reached something new.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use md5::{Digest as _, Md5};
use msnpspec::engine::Outcome;
use msnpspec::fuzzer::{
    Found, Kind, Name, Origin, Rate, Reference, Replayed, Report, Reproducer, Shrinker, Shrunk,
    Signature, Size, Verdict, case_of, read_finding, replay,
};
use msnpspec::net::now;
use msnpspec::scenario::ast::Scenario;
use msnpspec::scenario::{NoFiles, print};

use super::console::Console;
use super::exit::Exit;
use super::fuzz_server::Server;
use super::{files, snippet};

/// How often a case is executed while it is shrunk.
const SHRINK_BUDGET: usize = 1_500;
/// How long one finding is shrunk at most: in memory, and against a target.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));
/// It was played once, and did not fail.
const ONCE: Rate = Rate {
    failed: 0,
    plays: 1,
};
/// How often a finding is played again, to see how reliably it fails.
const REPLAYS: u32 = 20;
/// A finding that did not fail in so many replays is given up.
const IN_VAIN: u32 = 5;
/// The deadline of a reply while a failure is shrunk that consists in no reply.
const HASTE: Duration = Duration::from_millis(250);

/// Where findings go, and what they are made small with.
pub(super) struct Shelf<'s> {
    /// The folder.
    pub(super) folder: &'s Path,
    pub(super) server: &'s Server,
    pub(super) seed: u64,
    pub(super) console: Console,
}

/// A finding that was written down.
pub(super) struct Saved {
    /// The file, or the folder where the server dies of several cases only.
    pub(super) path: PathBuf,
    /// What it was made small to; `None` where it is several cases.
    pub(super) shrunk: Option<Shrunk>,
}

impl Saved {
    /// Whether it is as it was found.
    pub(super) fn is_whole(&self) -> bool {
        self.shrunk.as_ref().is_some_and(|it| it.executions == 0)
    }
}

impl Shelf<'_> {
    /// Writes a finding down as it is.
    pub(super) fn put(&self, found: &Found) -> Option<Saved> {
        self.write(found, whole)
    }

    /// Makes a finding small and writes it down.
    pub(super) fn shrink(&self, found: &Found) -> Option<Saved> {
        self.write(found, |case, found| self.make_small(case, found))
    }

    fn write(&self, found: &Found, how: impl FnOnce(&Scenario, &Found) -> Shrunk) -> Option<Saved> {
        let case = case_of(&found.bytes, found.manner, found.name, self.seed).scenario;
        let remote = self.server.remote();
        let culprits =
            remote.and_then(|remote| remote.cases.culprits(&found.signature.to_string()));
        let saved = match culprits.as_deref() {
            Some([]) | None => self.write_one(found, how(&case, found)),
            Some([only]) => self.write_one(found, how(only, found)),
            Some(cases) => write_several(self.folder, found, cases),
        };
        match saved {
            Ok(saved) => Some(saved),
            Err(error) => {
                let folder = self.folder.display();
                let why = format!("cannot write to {folder}: {error}");
                self.console.error(&why);
                None
            }
        }
    }

    fn write_one(&self, found: &Found, shrunk: Shrunk) -> std::io::Result<Saved> {
        let origin = match found.name {
            Name::Case(case) => Some(Origin {
                dialect: found.manner.dialect,
                seed: self.seed,
                case,
            }),
            Name::Child(..) | Name::OfCorpus(..) => None,
        };
        let file = Reproducer::new(&shrunk, origin);
        let path = self.folder.join(file.file_name);
        std::fs::create_dir_all(self.folder)?;
        std::fs::write(&path, file.text)?;
        Ok(Saved {
            path,
            shrunk: Some(shrunk),
        })
    }

    fn execute(&self, scenario: &Scenario, found: &Found, reply: Option<Duration>) -> Outcome {
        match self.server.remote() {
            Some(remote) if found.verdict != Verdict::Death => {
                remote.cases.execute_beside(scenario, reply)
            }
            _ => self.server.execute_alone(scenario),
        }
    }

    /// The smallest that fails so, or the case as it is where it does not fail again.
    fn make_small(&self, case: &Scenario, found: &Found) -> Shrunk {
        let (reference, begun) = (Reference::default(), now());
        let server = self.server;
        let remote = server.remote();
        let time = remote.map_or(PATIENCE.0, |_| PATIENCE.1);
        // Most of the time would be spent on waiting for what does not come.
        let haste = remote.filter(|_| found.signature.actual == Kind::Timeout);
        let haste = haste.map(|remote| HASTE.max(2 * remote.quiet()));
        let shrunk = Shrinker::new(|scenario| self.execute(scenario, found, haste))
            .guard(|scenario| reference.passes(scenario))
            .until(|| begun.elapsed() >= time || server.is_over())
            .budget(SHRINK_BUDGET)
            .shrink(case, Some(&found.signature));
        let mut shrunk = shrunk.unwrap_or_else(|_| whole(case, found));
        if haste.is_some() {
            (shrunk.replays, shrunk.failed) = (0, 0);
        }
        self.play_often(&mut shrunk, found, time);
        if shrunk.failed == 0 && shrunk.executions > 0 && !server.is_over() {
            // It slid into something that happened once.
            shrunk = whole(case, found);
            self.play_often(&mut shrunk, found, time);
        }
        shrunk
    }

    /// Sees how reliably it fails.
    fn play_often(&self, shrunk: &mut Shrunk, found: &Found, time: Duration) {
        let (server, begun) = (self.server, now());
        while shrunk.replays < REPLAYS && begun.elapsed() < time && !server.is_over() {
            let outcome = self.execute(&shrunk.scenario, found, None);
            if outcome.is_cut_off() {
                break;
            }
            let all = Signature::all(&outcome);
            shrunk.replays += 1;
            if let Some((_, failure)) = all.iter().find(|(it, _)| *it == shrunk.signature) {
                shrunk.failed += 1;
                shrunk.failure = (*failure).clone();
            }
            if shrunk.failed == 0 && shrunk.replays >= IN_VAIN {
                break;
            }
        }
    }
}

fn whole(case: &Scenario, found: &Found) -> Shrunk {
    Shrunk {
        scenario: case.clone(),
        text: print(case),
        signature: found.signature.clone(),
        failure: found.failure.clone(),
        before: Size::of(case),
        after: Size::of(case),
        executions: 0,
        is_cut_short: true,
        is_guarded: false,
        replays: 0,
        failed: 0,
    }
}

/// Writes cases that are one finding together: a folder, a file each, in their order.
fn write_several(folder: &Path, found: &Found, cases: &[Arc<Scenario>]) -> std::io::Result<Saved> {
    // Those of another campaign take the server down in another way: they are not mixed.
    let case = found.name.to_string().replace([' ', '.'], "-");
    let folder = folder.join(format!("{}_case-{case}", found.signature));
    std::fs::create_dir_all(&folder)?;
    let count = cases.len();
    for (case, number) in cases.iter().zip(1..) {
        let name = case.name.rsplit('/').next().unwrap_or_default();
        let plain = name.replace(|char: char| !char.is_ascii_alphanumeric(), "-");
        let text = format!(
            "# {number} of {count} cases that were played in this order before the server died: \
             {}.\n# No one of them is known to kill it alone; `msnpspec fuzz --replay` plays \
             them all.\n# signature: {}\n{}",
            found.failure.got.to_string().replace(char::is_control, " "),
            found.signature,
            print(case)
        );
        std::fs::write(folder.join(format!("{number:02}-{plain}.yaml")), text)?;
    }
    Ok(Saved {
        path: folder,
        shrunk: None,
    })
}

/// Makes the folders that the campaign will write to: it is no good to learn afterwards that this
/// cannot be done.
pub(super) fn make_folders<'f>(folders: impl Iterator<Item = &'f Path>) -> Result<(), String> {
    let mut folders = folders.filter(|folder| !folder.as_os_str().is_empty());
    folders.try_for_each(|folder| {
        let told = |error| format!("cannot make {}: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(told)
    })
}

/// What is in a folder, by name: files with this ending, or folders.
fn listed(folder: &Path, ending: Option<&str>) -> Result<Vec<PathBuf>, String> {
    let told = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let is_wanted = match ending {
            Some(ending) => path.extension().is_some_and(|it| it == ending),
            None => path.is_dir(),
        };
        if is_wanted {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The cases that earlier campaigns kept.
pub(super) fn read_corpus(folder: Option<&Path>) -> Result<Vec<Vec<u8>>, String> {
    let Some(folder) = folder.filter(|folder| folder.exists()) else {
        return Ok(Vec::new());
    };
    let read = |path: PathBuf| {
        std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let paths = listed(folder, Some("case"))?;
    paths.into_iter().map(read).collect()
}

/// Keeps the cases that reached something new.
pub(super) struct Corpus<'c> {
    folder: Option<&'c Path>,
    /// What this campaign has written so far.
    written: BTreeSet<PathBuf>,
    failed: Option<String>,
}

impl<'c> Corpus<'c> {
    pub(super) fn new(folder: Option<&'c Path>) -> Self {
        Self {
            folder,
            written: BTreeSet::new(),
            failed: None,
        }
    }

    /// Writes what is new.
    pub(super) fn keep(&mut self, report: &Report) {
        let Some(folder) = self.folder.filter(|_| self.failed.is_none()) else {
            return;
        };
        let kept = report.kept.values();
        let mut new = kept.map(|bytes| (file_of(folder, bytes), bytes));
        let written = std::fs::create_dir_all(folder).and_then(|()| {
            new.try_for_each(|(path, bytes)| {
                if !self.written.contains(&path) {
                    std::fs::write(&path, bytes)?;
                    self.written.insert(path);
                }
                Ok(())
            })
        });
        if let Err(error) = written {
            self.failed = Some(format!("cannot write {}: {error}", folder.display()));
        }
    }

    /// Writes the rest, and takes away what has turned out to show nothing of its own.
    pub(super) fn finish(mut self, report: &Report) -> Result<(), String> {
        self.keep(report);
        if let Some(folder) = self.folder.filter(|_| self.failed.is_none()) {
            let kept = report.kept.values();
            let kept: BTreeSet<PathBuf> = kept.map(|bytes| file_of(folder, bytes)).collect();
            for path in self.written.difference(&kept) {
                // One file too many does no harm.
                let _stays = std::fs::remove_file(path);
            }
        }
        self.failed.map_or(Ok(()), Err)
    }
}

fn file_of(folder: &Path, bytes: &[u8]) -> PathBuf {
    folder.join(format!("{}.case", hex::encode(Md5::digest(bytes))))
}

/// Plays the findings of a folder again, and says what became of each.
pub(super) fn play_again(server: &Server, folder: &Path, console: Console) -> Exit {
    let found = listed(folder, Some("yaml")).and_then(|files| Ok((files, listed(folder, None)?)));
    let (files, folders) = match found {
        Ok(found) => found,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let mut told = Vec::new();
    let mut tell = |name: &Path, replayed: Replayed| {
        let (text, exit) = words(replayed);
        told.push(exit);
        console.print(&format!("{}: {text}\n", name.display()))
    };
    for path in files {
        match read(&path, console) {
            Ok(kept) => {
                for finding in kept {
                    let execute = |scenario: &Scenario| match server.failure() {
                        Some(why) => Err(why),
                        None => Ok(server.execute_alone(scenario)),
                    };
                    if tell(&path, replay(&finding, execute)) != Exit::Success {
                        return Exit::NotRun;
                    }
                }
            }
            Err(exit) => return exit,
        }
    }
    for path in folders {
        let replayed = match play_several(server, &path, console) {
            Ok(replayed) => replayed,
            Err(exit) => return exit,
        };
        if tell(&path, replayed) != Exit::Success {
            return Exit::NotRun;
        }
    }
    let count = |exit: Exit| told.iter().filter(|it| **it == exit).count();
    if told.is_empty() {
        console.notice(&format!("no finding in {}", folder.display()));
    } else {
        console.notice(&format!(
            "{} fixed, {} still failing, {} could not run",
            count(Exit::Success),
            count(Exit::Failure),
            count(Exit::NotRun)
        ));
    }
    told.iter().copied().max().unwrap_or(Exit::Nothing)
}

fn read(path: &Path, console: Console) -> Result<Vec<msnpspec::fuzzer::Kept>, Exit> {
    let source = files::read(path).map_err(|error| {
        console.error(&error);
        Exit::Usage
    })?;
    let name = path.display().to_string();
    read_finding(&name, &source, &NoFiles).map_err(|diagnostics| {
        snippet::tell(&diagnostics, console);
        Exit::Usage
    })
}

fn words(replayed: Replayed) -> (String, Exit) {
    match replayed {
        Replayed::Fixed(Rate { plays: 1, .. }) => ("fixed".to_owned(), Exit::Success),
        Replayed::Fixed(Rate { plays, .. }) => {
            (format!("fixed: it passes in {plays} plays"), Exit::Success)
        }
        Replayed::StillFails(_, rate) if rate.failed == rate.plays => {
            ("still failing".to_owned(), Exit::Failure)
        }
        Replayed::StillFails(_, Rate { failed, plays }) => (
            format!("still failing, in {failed} of {plays} plays"),
            Exit::Failure,
        ),
        Replayed::FailsOtherwise(failure, _) => (
            format!(
                "fails otherwise: expected {}, got {}",
                failure.expected, failure.got
            ),
            Exit::Failure,
        ),
        Replayed::CouldNotRun(why) => (format!("could not run: {why}"), Exit::NotRun),
    }
}

/// Plays the cases of a folder one after the other: does the server die of them?
fn play_several(server: &Server, folder: &Path, console: Console) -> Result<Replayed, Exit> {
    let paths = listed(folder, Some("yaml")).map_err(|error| {
        console.error(&error);
        Exit::Usage
    })?;
    let mut cases = Vec::new();
    for path in paths {
        let kept = read(&path, console)?.into_iter();
        cases.extend(kept.map(|kept| Arc::new(kept.scenario)));
    }
    let Some(remote) = server.remote() else {
        let why = "it is about a server that dies: give a --target".to_owned();
        return Ok(Replayed::CouldNotRun(why));
    };
    if let Some(why) = server.failure() {
        return Ok(Replayed::CouldNotRun(why));
    }
    let Some((first, dead)) = cases.first().zip(remote.cases.kills(&cases)) else {
        return Ok(server
            .failure()
            .map_or(Replayed::Fixed(ONCE), Replayed::CouldNotRun));
    };
    let mut outcome = Outcome::unrun();
    msnpspec::fuzzer::blame(&mut outcome, first, &dead);
    let failure = outcome.failures.into_iter().next();
    let failed = Rate { failed: 1, ..ONCE };
    Ok(failure.map_or(Replayed::Fixed(ONCE), |failure| {
        Replayed::StillFails(Box::new(failure), failed)
    }))
}
