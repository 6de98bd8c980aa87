//! `msnpspec shrink`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use msnpspec::diagnostic::did_you_mean;
use msnpspec::engine::Outcome;
use msnpspec::fuzzer::{
    Kind, Reference, Reproducer, ShrinkError, ShrinkProgress, Shrinker, Shrunk, Signature,
};
use msnpspec::net::{TargetError, TargetOptions, TargetSession, interrupted, now};
use msnpspec::protocol::{ClauseId, Dialect, Level};
use msnpspec::report::printable;
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::suite::Choice;
use msnpspec::target::Target;
use tokio::runtime::Runtime;

use super::args::ShrinkArgs;
use super::console::Console;
use super::exit::Exit;
use super::library;

/// The deadline of a reply while a failure is shrunk that consists in no reply.
const HASTE: Duration = Duration::from_millis(250);

/// Shrinks a scenario.
pub(crate) fn shrink(args: &ShrinkArgs, console: Console) -> Exit {
    match shrunk(args, console) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn shrunk(args: &ShrinkArgs, console: Console) -> Result<Exit, Exit> {
    let target = args.server.read(console)?;
    let rows = scenarios(&args.scenario, console)?;
    let is_new = args.output.as_deref().is_some_and(|file| !file.exists());
    if let Some(file) = &args.output {
        // So that the search is not in vain.
        let mut open = std::fs::OpenOptions::new();
        if let Err(error) = open.append(true).create(true).open(file) {
            console.error(&format!("cannot write {}: {error}", file.display()));
            return Err(Exit::Usage);
        }
    }
    let exit = on_stand(args, target, &rows, console);
    if let Some(file) = args
        .output
        .as_deref()
        .filter(|_| is_new && exit != Ok(Exit::Failure))
    {
        // What is left behind is empty and does no harm.
        let _ = std::fs::remove_file(file);
    }
    exit
}

/// Makes the target ready, searches, and leaves it.
fn on_stand(
    args: &ShrinkArgs,
    target: Target,
    rows: &[Scenario],
    console: Console,
) -> Result<Exit, Exit> {
    let options = TargetOptions {
        seed: args.seed,
        timeout: args.server.timeout,
        remote: args.server.remote,
        disposable: args.server.disposable,
        segments: None,
        deadline: None,
        known: msnpspec::target::Known::default(),
        log: args.server.log(&target, console)?,
    };
    let runtime = Runtime::new().map_err(|error| {
        console.error(&format!("cannot start: {error}"));
        Exit::NotRun
    })?;
    let choice = args.dialect.map_or(Choice::Highest, Choice::One);
    let all: Vec<Arc<Scenario>> = rows.iter().cloned().map(Arc::new).collect();
    let session = runtime.block_on(TargetSession::prepare_in(target, &options, choice, &all));
    let mut session = session.map_err(|error| told(&error, console))?;
    let exit = search(args, rows, &runtime, &mut session, console);
    runtime.block_on(session.stop());
    exit
}

/// The scenarios of a file, or those of the built-in suite that have this name, rows without theirs
/// too.
fn scenarios(path: &Path, console: Console) -> Result<Vec<Scenario>, Exit> {
    let name = path.to_string_lossy();
    if path.exists() || name.ends_with(".yaml") || name.ends_with(".yml") {
        return library::load(&[path.to_path_buf()], console);
    }
    let suite = Library::builtin().map_or_else(|_| Vec::new(), Library::into_scenarios);
    let is_it = |scenario: &&Scenario| {
        let file = scenario.name.split('[').next();
        scenario.name == name || file == Some(&*name)
    };
    let found: Vec<Scenario> = suite.iter().filter(is_it).cloned().collect();
    if found.is_empty() {
        let names = suite.iter().map(|scenario| scenario.name.as_str());
        let hint = did_you_mean(&name, names).map(|near| format!("\ndid you mean `{near}`?"));
        console.error(&format!(
            "{name} is neither a file nor a scenario of the built-in suite{}",
            hint.unwrap_or_default()
        ));
        return Err(Exit::Usage);
    }
    Ok(found)
}

/// Tells why nothing could be run.
fn told(error: &TargetError, console: Console) -> Exit {
    let detail = match error {
        TargetError::Unprepared { detail, .. } => detail.as_slice(),
        TargetError::Dead { stderr, .. } => stderr.as_slice(),
        _ => &[],
    };
    let mut lines = vec![error.to_string()];
    lines.extend(detail.iter().map(|line| format!("  {line}")));
    console.error(&lines.join("\n"));
    match error {
        TargetError::Remote(_) => Exit::Usage,
        _ => Exit::NotRun,
    }
}

/// Looks for a row that fails, and shrinks it.
fn search(
    args: &ShrinkArgs,
    rows: &[Scenario],
    runtime: &Runtime,
    session: &mut TargetSession,
    console: Console,
) -> Result<Exit, Exit> {
    let mut unable: Option<String> = None;
    let dialect = session.environment().dialect;
    for scenario in rows.iter().filter(|row| row.is_for(dialect)) {
        let outcome = match runtime.block_on(session.execute(scenario)) {
            Ok(outcome) => outcome,
            Err(error @ TargetError::Unmet(_)) => {
                unable.get_or_insert(error.to_string());
                continue;
            }
            Err(error) => return Err(told(&error, console)),
        };
        if let Some(signature) = wanted(&outcome, args, dialect) {
            let mut session = Session {
                args,
                runtime,
                session,
                failure: None,
                is_stopped: stopped_by_signal(runtime),
            };
            let mut scenario = scenario.clone().in_dialect(dialect);
            scenario.limit_to(dialect);
            return session.shrink(&scenario, &signature, console);
        }
        unable = unable.or_else(|| outcome.why_blocked());
    }
    let name = args.scenario.display();
    if let Some(row) = rows
        .iter()
        .find(|_| !rows.iter().any(|row| row.is_for(dialect)))
    {
        let only = row.names_of_dialects().join(", ");
        unable.get_or_insert_with(|| format!("it is not for {dialect} but for {only}"));
    }
    if let Some(why) = unable {
        console.error(&format!("{name} could not be carried out: {why}"));
        return Err(Exit::NotRun);
    }
    let clause = args.clause.map(|clause| format!(" for {clause}"));
    console.warning(&format!(
        "{name} does not fail{} at level {}: there is nothing to shrink, nothing was written",
        clause.unwrap_or_default(),
        args.level
    ));
    Ok(Exit::Success)
}

/// The failure to be kept.
fn wanted(outcome: &Outcome, args: &ShrinkArgs, dialect: &'static Dialect) -> Option<Signature> {
    let counts = |clause: ClauseId| match args.clause {
        Some(wanted) => clause == wanted,
        None => {
            let level = clause.level_in(dialect);
            level <= args.level && level != Level::Open
        }
    };
    let mut all = Signature::all(outcome).into_iter();
    let found = all.find(|(signature, _)| signature.clause.is_none_or(counts));
    found.map(|(signature, _)| signature)
}

/// What a search works with.
struct Session<'s> {
    args: &'s ShrinkArgs,
    runtime: &'s Runtime,
    session: &'s mut TargetSession,
    /// Why nothing more can be run.
    failure: Option<TargetError>,
    /// Somebody has pressed Ctrl-C.
    is_stopped: Arc<AtomicBool>,
}

impl Session<'_> {
    fn shrink(
        &mut self,
        scenario: &Scenario,
        signature: &Signature,
        console: Console,
    ) -> Result<Exit, Exit> {
        let begun = now();
        let result = match self.hastily(scenario, signature) {
            Some(shrunk) => Ok(shrunk),
            None => self.search(scenario, signature),
        };
        if let Some(error) = &self.failure {
            told(error, console);
        }
        match result {
            Ok(shrunk) => {
                tell(&shrunk, scenario, begun.elapsed(), console);
                write(&shrunk, self.args, console)
            }
            Err(ShrinkError::Broken(why)) => {
                console.error(&format!("it could not be carried out again: {why}"));
                Err(Exit::NotRun)
            }
            Err(error) => {
                let text = "it failed in one execution and not in the next";
                console.error(&format!("{text} ({error}): that cannot be shrunk"));
                Err(Exit::Failure)
            }
        }
    }

    /// Where the failure is that nothing comes, most of the time would be spent on waiting for it:
    /// searches with a short deadline. The result must fail with the long one too.
    fn hastily(&mut self, scenario: &Scenario, signature: &Signature) -> Option<Shrunk> {
        if signature.actual != Kind::Timeout || self.args.server.timeout.is_some() {
            return None;
        }
        let patience = self.session.set_reply(HASTE);
        if patience <= HASTE {
            self.session.set_reply(patience);
            return None;
        }
        let shrunk = self.search(scenario, signature);
        self.session.set_reply(patience);
        let shrunk = shrunk.ok()?;
        let outcome = self.execute(&shrunk.scenario);
        let mut all = Signature::all(&outcome).into_iter();
        let (_, failure) = all.find(|(it, _)| it == signature)?;
        let failure = failure.clone();
        Some(Shrunk { failure, ..shrunk })
    }

    fn search(
        &mut self,
        scenario: &Scenario,
        signature: &Signature,
    ) -> Result<Shrunk, ShrinkError> {
        let begun = now();
        let (args, is_stopped) = (self.args, Arc::clone(&self.is_stopped));
        let is_lost = std::cell::Cell::new(false);
        let is_over = || {
            let is_late = args.time.is_some_and(|time| begun.elapsed() >= time);
            is_late || is_lost.get() || is_stopped.load(Ordering::Relaxed)
        };
        let reference = Reference::default();
        let line = Line::new(Console::is_watched());
        let executions = usize::try_from(args.executions).unwrap_or(usize::MAX);
        let result = Shrinker::new(|scenario| {
            let outcome = self.execute(scenario);
            is_lost.set(self.failure.is_some());
            outcome
        })
        .guard(|scenario| reference.passes(scenario))
        .until(is_over)
        .watched(|progress| line.show(progress))
        .budget(executions)
        .replays(args.replays)
        .shrink(scenario, Some(signature));
        line.clear();
        result
    }

    /// Executes a scenario; where that is impossible, the outcome says nothing.
    fn execute(&mut self, scenario: &Scenario) -> Outcome {
        if self.failure.is_some() {
            return Outcome::unrun();
        }
        match self.runtime.block_on(self.session.execute(scenario)) {
            Ok(outcome) => outcome,
            Err(TargetError::Unmet(_)) => Outcome::unrun(),
            Err(error) => {
                self.failure = Some(error);
                Outcome::unrun()
            }
        }
    }
}

/// Set once a signal wants the program to end.
fn stopped_by_signal(runtime: &Runtime) -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    runtime.spawn(async move {
        interrupted().await;
        flag.store(true, Ordering::Relaxed);
    });
    stopped
}

/// A live line on standard error, where somebody watches it.
struct Line(ProgressBar);

impl Line {
    fn new(is_watched: bool) -> Self {
        let target = if is_watched {
            ProgressDrawTarget::stderr_with_hz(15)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{elapsed_precise} {spinner} {wide_msg}");
        bar.set_style(style.expect("the template is right"));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    fn show(&self, progress: &ShrinkProgress) {
        let size = progress.size;
        self.0.set_message(format!(
            "{}: {} users, {} steps, {} bytes after {} of {} executions",
            progress.doing,
            size.users,
            size.steps,
            size.bytes,
            progress.executions,
            progress.budget
        ));
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// Tells what was found, on standard error.
fn tell(shrunk: &Shrunk, scenario: &Scenario, took: Duration, console: Console) {
    let (before, after) = (shrunk.before, shrunk.after);
    let failure = &shrunk.failure;
    let clause = shrunk.signature.clause.map_or("", ClauseId::as_str);
    console.notice(&format!(
        "{}: {} users, {} steps, {} bytes became {} users, {} steps, {} bytes \
         ({} executions, {took:.1?})",
        printable(&scenario.name),
        before.users,
        before.steps,
        before.bytes,
        after.users,
        after.steps,
        after.bytes,
        shrunk.executions,
    ));
    console.notice(&format!(
        "{clause}: expected {}, got {}; it fails in {} of {} replays",
        failure.expected, failure.got, shrunk.failed, shrunk.replays
    ));
    if shrunk.is_cut_short {
        console.warning(&"the search was ended early: there may be a smaller one");
    }
    if !shrunk.is_guarded {
        console.warning(
            &"the reference server fails the scenario too, so nothing tells a wrong server from a \
              scenario that became wrong: read the result with care",
        );
    }
    if shrunk.failed < shrunk.replays {
        console.warning(&"it does not fail each time: the failure may depend on timing");
    }
}

fn write(shrunk: &Shrunk, args: &ShrinkArgs, console: Console) -> Result<Exit, Exit> {
    let text = Reproducer::new(shrunk, None).text;
    let Some(file) = &args.output else {
        return match console.print(&text) {
            Exit::Success => Ok(Exit::Failure),
            exit => Err(exit),
        };
    };
    match std::fs::write(file, text) {
        Ok(()) => Ok(Exit::Failure),
        Err(error) => {
            console.error(&format!("cannot write {}: {error}", file.display()));
            Err(Exit::NotRun)
        }
    }
}
