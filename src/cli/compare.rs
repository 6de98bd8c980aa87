//! `msnpspec compare`.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use msnpspec::event::Event;
use msnpspec::net::{Plan, RunOptions};
use msnpspec::report::compare::{Field, Side, page, read_sides, tables, text};
use msnpspec::report::{Format, Json, Palette, Reporter};
use msnpspec::scenario::ast::Scenario;

use super::args::{CompareArgs, TargetArgs};
use super::console::Console;
use super::exit::Exit;
use super::options::{self, Report};
use super::progress::{Progress, Watched};
use super::state::State;
use super::whole_file::WholeFile;
use super::{files, library};

/// The longest result that is read, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;
/// The most files.
const MOST: usize = 100;

/// Puts servers side by side.
pub(crate) fn compare(args: &CompareArgs, matches: &ArgMatches, console: Console) -> Exit {
    match compared(args, matches, console) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn compared(args: &CompareArgs, matches: &ArgMatches, console: Console) -> Result<Exit, Exit> {
    let wrong = |error: &dyn std::fmt::Display| {
        console.error(error);
        Exit::Usage
    };
    let asked = options::Asked {
        formats: &args.formats,
        outputs: &args.outputs,
        page: None,
    };
    let reports = options::reports(asked, matches).map_err(|error| wrong(&error))?;
    if args.files.len() > MOST {
        return Err(wrong(&format!("at most {MOST} files are compared")));
    }
    let mut sides = Vec::new();
    let mut exit = Exit::Success;
    // Files are read first: nothing is sent to a server before all of them are known to be sound.
    let (targets, results): (Vec<_>, Vec<_>) = args.files.iter().partition(|path| is_target(path));
    let targets: Vec<Contestant> = targets
        .into_iter()
        .map(|path| Contestant::read(path, args, console))
        .collect::<Result<_, _>>()?;
    for path in results {
        sides.extend(read(path).map_err(|error| wrong(&error))?);
    }
    for target in targets {
        let (more, ended) = target.played(args, console)?;
        sides.extend(more);
        exit = exit.max(ended);
    }
    let field = Field::new(sides);
    for report in &reports {
        exit = exit.max(written(&field, report, args.all, console));
    }
    Ok(exit)
}

/// A target file is YAML; all else is a result.
fn is_target(path: &Path) -> bool {
    matches!(path.extension(), Some(end) if end == "yaml" || end == "yml")
}

fn read(path: &Path) -> Result<Vec<Side>, String> {
    let source = files::read_up_to(path, LONGEST)?;
    read_sides(&source.path, &source.text).map_err(|error| error.to_string())
}

fn written(field: &Field, report: &Report, all: bool, console: Console) -> Exit {
    let palette = match report.to {
        None => console.palette(),
        Some(_) => Palette::plain(),
    };
    let told = match report.format {
        Format::Markdown => tables(field, all),
        Format::Html => page(field, all),
        _ => text(field, all, palette),
    };
    let Some(path) = &report.to else {
        return console.print(&told);
    };
    match WholeFile::create(path).and_then(|file| file.finish(&told)) {
        Ok(()) => Exit::Success,
        Err(error) => {
            console.error(&format!("cannot write {}: {error}", path.display()));
            Exit::NotRun
        }
    }
}

/// A server that is run.
struct Contestant {
    plan: Plan,
    state: Option<State>,
}

impl Contestant {
    fn read(path: &Path, args: &CompareArgs, console: Console) -> Result<Self, Exit> {
        let server = TargetArgs {
            target: path.display().to_string(),
            accounts: Vec::new(),
            account_file: None,
            disposable: args.disposable,
            remote: args.remote,
            timeout: None,
            log: None,
        };
        let target = server.read(console)?;
        let scenarios: Vec<Arc<Scenario>> = library::load(&[], console)?
            .into_iter()
            .map(Arc::new)
            .collect();
        target
            .check_remote(args.remote, scenarios.len())
            .map_err(|error| {
                console.error(&error);
                Exit::Usage
            })?;
        let plan = Plan {
            target,
            library: scenarios.clone(),
            scenarios,
            options: RunOptions {
                level: args.level,
                remote: args.remote,
                disposable: args.disposable,
                dialects: args.dialect.unwrap_or_default(),
                ..RunOptions::default()
            },
        };
        let state = State::beside(&server.target);
        Ok(Self { plan, state })
    }

    /// Runs the suite. What it came to, and the last whole result of before.
    fn played(self, args: &CompareArgs, console: Console) -> Result<(Vec<Side>, Exit), Exit> {
        let not_run = |error: &dyn std::fmt::Display| {
            console.error(error);
            Exit::NotRun
        };
        let name = self.plan.target.name.clone();
        let before = self.state.as_ref().and_then(State::last);
        let before = before.and_then(|source| read_sides(&source.path, &source.text).ok());
        let runtime = tokio::runtime::Runtime::new();
        let runtime = runtime.map_err(|error| not_run(&format!("cannot start: {error}")))?;
        let mut progress = Progress::new(Watched::now());
        let (mut json, mut document, mut aborted) = (Json::default(), Vec::new(), None);
        let mut lost = Ok(());
        let mut sink = |event: Event| {
            progress.take(&event);
            if let Event::Finished(summary) = &event {
                aborted.clone_from(&summary.aborted);
            }
            if let Err(error) = json
                .handle(&event, &mut document)
                .and_then(|()| document.flush())
            {
                lost = Err(error);
            }
        };
        let ended = runtime.block_on(msnpspec::net::run(self.plan, &mut sink));
        ended.map_err(|error| not_run(&error))?;
        lost.map_err(|error| not_run(&error))?;
        let document = String::from_utf8(document).map_err(|error| not_run(&error))?;
        let sides = read_sides(&name, &document).map_err(|error| not_run(&error))?;
        let same = |before: &Side| {
            let mut now = sides.iter();
            now.any(|side| side.dialect == before.dialect && before.level == args.level)
        };
        let mut all: Vec<Side> = before
            .unwrap_or_default()
            .into_iter()
            .filter(same)
            .collect();
        all.extend(sides);
        let Some(why) = aborted else {
            if let Some(state) = &self.state {
                state.keep(&document);
            }
            return Ok((all, Exit::Success));
        };
        console.error(&format!("{name}: {why}"));
        Ok((all, Exit::NotRun))
    }
}
