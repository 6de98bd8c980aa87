//! `msnpspec run`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use msnpspec::event::{Event, Gates, ScenarioResult, Scope, Summary, Verdict};
use msnpspec::net::{Plan, RunOptions};
use msnpspec::protocol::{DIALECTS, Dialect};
use msnpspec::report::{Format, Human, Reporter, printable};
use msnpspec::scenario::ast::Scenario;
use msnpspec::suite::{Choice, Chosen, Filter, Round, bless};
use msnpspec::target::Target;

use super::args::RunArgs;
use super::console::Console;
use super::exit::Exit;
use super::options::{self, Report};
use super::outputs::Outputs;
use super::progress::{Progress, Watched};
use super::replay::{self, Replay};
use super::sieve::Sieve;
use super::state::State;
use super::transcripts::Transcripts;
use super::whole_file::WholeFile;
use super::{library, list};

/// Runs scenarios against a server.
pub(crate) fn run(args: &RunArgs, matches: &ArgMatches, console: Console) -> Exit {
    match prepared(args, matches, console) {
        Ok(prepared) => prepared.carry_out(args, console),
        Err(exit) => exit,
    }
}

/// Everything that a run needs, checked before anything is sent.
struct Prepared {
    reports: Vec<Report>,
    target: Target,
    selected: Vec<Arc<Scenario>>,
    library: Vec<Arc<Scenario>>,
    /// Transcripts that are replayed.
    replays: Vec<Replay>,
    sieve: Sieve,
}

fn prepared(args: &RunArgs, matches: &ArgMatches, console: Console) -> Result<Prepared, Exit> {
    let wrong = |message: &dyn std::fmt::Display| {
        console.error(message);
        Exit::Usage
    };
    let asked = options::Asked {
        formats: &args.formats,
        outputs: &args.outputs,
        page: args.report.as_ref(),
    };
    let reports = options::reports(asked, matches).map_err(|error| wrong(&error))?;
    let target = args.server.read(console)?;
    let filter = args.filter.as_deref().map(Filter::parse).transpose();
    let filter = filter.map_err(|error| wrong(&format!("--filter: {error}")))?;
    let (recorded, paths): (Vec<PathBuf>, Vec<PathBuf>) = args
        .paths
        .iter()
        .cloned()
        .partition(|path| replay::is_transcript(path));
    let replays = replay::load(&recorded, console).ok_or(Exit::Usage)?;
    let mut library: Vec<Arc<Scenario>> = match paths.is_empty() && !recorded.is_empty() {
        true => Vec::new(),
        false => {
            let library = library::load(&paths, console)?;
            library.into_iter().map(Arc::new).collect()
        }
    };
    library.extend(replays.iter().map(|replay| Arc::clone(&replay.scenario)));
    let mut selected = match &filter {
        Some(filter) => filter.select(&library),
        None => library.clone(),
    };
    if args.rerun_failed {
        let failed = failed_before(args).map_err(|error| wrong(&error))?;
        selected.retain(|scenario| failed.contains(&scenario.name));
        if selected.is_empty() {
            console.warning(&"nothing that is chosen failed when it was last played");
        }
    }
    let sieve = Sieve::new(args, &target.name, &library, console)?;
    let is_in_vain = selected.is_empty() && !args.rerun_failed;
    if let Some(filter) = filter.as_ref().filter(|_| is_in_vain) {
        let hint = filter
            .hint(&library)
            .map(|near| format!("\ndid you mean `{near}`?"));
        let hint = hint.unwrap_or_else(|| "\n`msnpspec list scenarios` names all".to_owned());
        console.warning(&format!("the filter leaves no scenario{hint}"));
    }
    Ok(Prepared {
        reports,
        target,
        selected,
        library,
        replays,
        sieve,
    })
}

impl Prepared {
    fn carry_out(self, args: &RunArgs, console: Console) -> Exit {
        if args.list {
            return self.list(args, console);
        }
        if let Err(error) = self
            .target
            .check_remote(args.server.remote, self.selected.len())
        {
            console.error(&error);
            return Exit::Usage;
        }
        if args.dry_run {
            return self.dry_run(args, console);
        }
        let log = match args.server.log(&self.target, console) {
            Ok(log) => log,
            Err(exit) => return exit,
        };
        let opened = Writers::open(&self.reports, args, console);
        let mut writers = match opened {
            Ok(writers) => writers,
            Err(exit) => return exit,
        };
        let name = self.target.name.clone();
        let is_told = self
            .reports
            .iter()
            .any(|it| it.format == Format::Human && it.to.is_none());
        let replays = self.replays;
        writers.replayed = replays.iter().map(|it| it.scenario.name.clone()).collect();
        let plan = Plan {
            target: self.target,
            scenarios: self.selected,
            library: self.library,
            options: RunOptions {
                log,
                // What a transcript is compared with.
                transcripts: args.transcripts.is_some() || !replays.is_empty(),
                ..run_options(args)
            },
        };
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                console.error(&format!("cannot start: {error}"));
                return Exit::NotRun;
            }
        };
        let mut sieve = self.sieve;
        let mut sink = |event: Event| {
            for event in sieve.take(event) {
                writers.take(&event);
            }
        };
        let ended = runtime.block_on(msnpspec::net::run(plan, &mut sink));
        let mut replayed = Vec::new();
        std::mem::swap(&mut replayed, &mut writers.results);
        let mut written = writers.finish(console);
        for result in &replayed {
            let replay = replays.iter().find(|it| it.scenario.name == result.name);
            let Some(divergence) = replay.and_then(|it| it.divergence(result, &name)) else {
                continue;
            };
            if is_told {
                written = written.max(console.print(&format!("\n{}", divergence.text)));
            }
            if !divergence.is_mended {
                written = written.max(Exit::Failure);
            }
        }
        match ended {
            Ok(end) => {
                let sifted = sieve.finish();
                written.max(sifted.unwrap_or(Exit::of_run(end.exit_code)))
            }
            Err(error) => {
                console.error(&error);
                Exit::Usage
            }
        }
    }

    /// What would be played in which dialect, as far as that is known before the server is asked.
    fn rounds(&self, args: &RunArgs) -> Vec<Round> {
        let chosen = Chosen {
            scenarios: &self.selected,
            are_files: !args.paths.is_empty(),
            shard: args.shard,
        };
        chosen.rounds(args.dialect.unwrap_or_default(), &DIALECTS)
    }

    fn list(&self, args: &RunArgs, console: Console) -> Exit {
        let rounds = self.rounds(args);
        let all = rounds.iter().flat_map(|round| &round.scenarios);
        let mut seen = BTreeSet::new();
        let once = all.filter(|it| seen.insert(it.name.as_str()));
        let rows: Vec<String> = once.map(|it| list::scenario_row(it)).collect();
        match console.print(&list::lines(&rows)) {
            Exit::Success if rows.is_empty() => Exit::Nothing,
            exit => exit,
        }
    }

    fn dry_run(&self, args: &RunArgs, console: Console) -> Exit {
        let rounds = self.rounds(args);
        let all = || rounds.iter().flat_map(|round| &round.scenarios);
        let users = all().map(|scenario| scenario.needs.accounts).max();
        let dialects: Vec<&Dialect> = rounds.iter().map(|round| round.dialect).collect();
        let is_asked = !self.target.builtin && !matches!(args.dialect, Some(Choice::One(_)));
        let mut text = format!(
            "would run {} of {} scenarios against {}, {}{}, level {}\n",
            all().count(),
            self.library.len(),
            printable(&self.target.name),
            Dialect::names(&dialects),
            if is_asked {
                " if it agrees to that"
            } else {
                ""
            },
            args.level,
        );
        text.push_str(&format!(
            "accounts: {}; one scenario needs {}\n",
            self.target.accounts.len(),
            users.unwrap_or_default()
        ));
        for round in &rounds {
            for scenario in &round.scenarios {
                let name = printable(&scenario.name);
                match rounds.len() {
                    1 => text.push_str(&format!("  {name}\n")),
                    _ => text.push_str(&format!("  {} {name}\n", round.dialect)),
                }
            }
        }
        text.push_str("nothing was connected to or sent\n");
        match console.print(&text) {
            Exit::Success if all().next().is_none() => Exit::Nothing,
            exit => exit,
        }
    }
}

/// What was not sound when it was last played.
fn failed_before(args: &RunArgs) -> Result<BTreeSet<String>, String> {
    let target = &args.server.target;
    let state = State::beside(target).ok_or_else(|| {
        format!(
            "--rerun-failed goes with a target file, beside which runs are remembered, \
             and not with {target}"
        )
    });
    state?.failed()
}

fn run_options(args: &RunArgs) -> RunOptions {
    let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    RunOptions {
        level: args.level,
        strict: args.strict,
        jobs: args.jobs.map(usize::from),
        retries: size(args.retries),
        verify: args.verify,
        fail_fast: args.fail_fast,
        seed: args.seed,
        timeout: args.server.timeout,
        remote: args.server.remote,
        disposable: args.server.disposable,
        segments: args.chunk.map(size),
        transcripts: args.transcripts.is_some(),
        today: None,
        shard: args.shard,
        most: None,
        log: None,
        scope: Scope {
            filter: match args.rerun_failed {
                true => Some("--rerun-failed".to_owned()),
                false => args.filter.clone(),
            },
            files: !args.paths.is_empty(),
        },
        dialects: args.dialect.unwrap_or_default(),
        gates: Gates {
            flaky: args.fail_flaky,
            incomplete: args.require_complete,
        },
    }
}

/// Everything that a run writes.
struct Writers {
    outputs: Outputs,
    progress: Progress,
    transcripts: Option<Transcripts>,
    /// Where waivers go.
    bless: Option<WholeFile>,
    /// The first transcript that could not be written.
    lost: Option<std::io::Error>,
    /// Why the run did not come to its end, so far.
    aborted: Option<String>,
    /// What waivers are written for.
    open: Vec<Arc<ScenarioResult>>,
    summary: Option<Summary>,
    /// The scenarios that replay transcripts, and what became of them.
    replayed: Vec<String>,
    results: Vec<Arc<ScenarioResult>>,
}

impl Writers {
    /// Opens all files, so that a run is not in vain.
    fn open(reports: &[Report], args: &RunArgs, console: Console) -> Result<Self, Exit> {
        let wrong = |message: &dyn std::fmt::Display| {
            console.error(message);
            Exit::Usage
        };
        let transcripts = args
            .transcripts
            .as_deref()
            .map(Transcripts::create)
            .transpose();
        let transcripts = transcripts.map_err(|error| wrong(&format!("--transcripts: {error}")))?;
        if args.bless.as_deref() == Some(Path::new(&args.server.target)) {
            let target = &args.server.target;
            return Err(wrong(&format!(
                "--bless {target} would write the waivers over the target file: name another file"
            )));
        }
        let bless = args.bless.as_deref().map(|path| {
            let file = WholeFile::create(path);
            file.map_err(|error| wrong(&format!("cannot write {}: {error}", path.display())))
        });
        let bless = bless.transpose()?;
        let again = options::again(args);
        let human = |palette| -> Box<dyn Reporter + Send> {
            Box::new(Human::new(palette, &again).full(args.full))
        };
        let outputs = Outputs::open(reports, console.palette(), &human, &again);
        Ok(Self {
            outputs: outputs.map_err(|error| wrong(&error))?,
            progress: Progress::new(Watched::now()),
            transcripts,
            bless,
            lost: None,
            aborted: Some("it was not run".to_owned()),
            open: Vec::new(),
            summary: None,
            replayed: Vec::new(),
            results: Vec::new(),
        })
    }

    fn take(&mut self, event: &Event) {
        self.progress.take(event);
        self.outputs.handle(event, &self.progress);
        if let (Event::Started(run), Some(transcripts)) = (event, &mut self.transcripts)
            && run.dialects.len() > 1
        {
            transcripts.sort_by_dialect();
        }
        if let Event::Finished(summary) = event {
            self.aborted.clone_from(&summary.aborted);
            self.summary = Some(summary.clone());
        }
        let Event::ScenarioFinished(result) = event else {
            return;
        };
        if self.replayed.contains(&result.name) {
            self.results.push(Arc::clone(result));
        }
        if let Some(transcripts) = &mut self.transcripts {
            let written = transcripts.write(result);
            self.lost = self.lost.take().or(written.err());
        }
        let is_open = matches!(
            result.verdict,
            Verdict::Failed | Verdict::Blocked | Verdict::Flaky
        );
        if is_open && self.bless.is_some() {
            self.open.push(Arc::clone(result));
        }
    }

    /// Tells what could not be written, and writes the waivers.
    fn finish(self, console: Console) -> Exit {
        let mut exit = Exit::Success;
        let mut lost = |message: &dyn std::fmt::Display| {
            console.error(message);
            exit = Exit::NotRun;
        };
        for error in self.outputs.finish() {
            lost(&error);
        }
        if let Some(error) = &self.lost {
            lost(&format!("transcripts are missing: {error}"));
        }
        match (self.bless, &self.aborted) {
            (Some(_), Some(why)) => {
                lost(&format!(
                    "no waivers are written, and those of before stay: not everything was judged \
                     ({why})"
                ));
            }
            (Some(file), None) => {
                let text = bless(&self.open, self.summary.as_ref());
                if let Err(error) = file.finish(&text) {
                    lost(&format!("cannot write the waivers: {error}"));
                }
            }
            (None, _) => {}
        }
        exit
    }
}
