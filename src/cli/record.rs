//! `msnpspec record`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use msnpspec::net::{RecordEvent, RecordOptions, Recorded, Recording, Signals};
use msnpspec::oracle::Finding;
use msnpspec::protocol::Level;
use msnpspec::report::printable;
use msnpspec::target::Target;
use msnpspec::transcript::Redactor;

use super::args::RecordArgs;
use super::console::Console;
use super::exit::Exit;
use super::{files, snippet};

/// Records until a signal ends it.
pub(crate) fn record(args: &RecordArgs, console: Console) -> Exit {
    let target = match target(args, console) {
        Ok(target) => target,
        Err(exit) => return exit,
    };
    let strangers = !args.listen.ip().is_loopback();
    if strangers && !args.remote {
        console.error(&format!(
            "{} can be reached from other machines\nsay --remote if that is meant",
            args.listen
        ));
        return Exit::Usage;
    }
    let paper = match Paper::open(args.output.as_deref(), args.force) {
        Ok(paper) => paper,
        Err(error) => {
            let path = args.output.clone().unwrap_or_default();
            console.error(&format!("cannot write {}: {error}", path.display()));
            return Exit::Usage;
        }
    };
    let options = RecordOptions {
        listen: args.listen,
        target: target.address,
        map: target.map,
        connect: target.connect,
        redactor: target.redactor.clone(),
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.error(&format!("cannot start: {error}"));
            return Exit::NotRun;
        }
    };
    let desk = Desk {
        paper,
        room: u64::from(args.max_size.get()) << 20,
        redactor: target.redactor,
        level: args.level,
        console,
        failed: None,
    };
    runtime.block_on(until_signal(options, desk, console))
}

async fn until_signal(options: RecordOptions, desk: Desk, console: Console) -> Exit {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            console.error(&format!("cannot listen for signals: {error}"));
            return Exit::NotRun;
        }
    };
    let target = options.target.clone();
    let level = desk.level;
    let desk = Arc::new(Mutex::new(desk));
    let told = Arc::clone(&desk);
    let sink = Box::new(move |event: RecordEvent| {
        told.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(event);
    });
    let recording = match Recording::start(options, sink).await {
        Ok(recording) => recording,
        Err(error) => {
            console.error(&error);
            return Exit::NotRun;
        }
    };
    console.notice(&format!(
        "recording {} -> {target}; Ctrl-C ends it",
        recording.listen()
    ));
    signals.next().await;
    let findings = recording.stop().await;
    let desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = &desk.failed {
        console.error(&format!("the transcript is not complete: {error}"));
        return Exit::NotRun;
    }
    let breaches = findings.iter().filter(|it| is_breach(it, level)).count();
    console.notice(&match breaches {
        0 => "no finding".to_owned(),
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    });
    match breaches {
        0 => Exit::Success,
        _ => Exit::Failure,
    }
}

fn is_breach(finding: &Finding, level: Level) -> bool {
    finding.clause.clause().level <= level
}

/// The server, as far as a proxy needs to know it.
struct Server {
    address: String,
    map: BTreeMap<String, String>,
    connect: Duration,
    redactor: Redactor,
}

fn target(args: &RecordArgs, console: Console) -> Result<Server, Exit> {
    let wrong = |message: &dyn std::fmt::Display| {
        console.error(message);
        Exit::Usage
    };
    let path = Path::new(&args.target);
    let is_file =
        path.is_file() || matches!(path.extension(), Some(end) if end == "yaml" || end == "yml");
    let target = if is_file {
        let source = files::read(path).map_err(|error| wrong(&error))?;
        Target::from_yaml_with(&source, &super::target::variable).map_err(|diagnostics| {
            snippet::tell(&diagnostics, console);
            Exit::Usage
        })?
    } else {
        Target::address(&args.target, Vec::new()).map_err(|error| {
            let help = "a target is HOST:PORT, or a file that ends in .yaml";
            wrong(&format!("{error}\n{help}"))
        })?
    };
    target.check_remote(args.remote, 0).map_err(|error| {
        wrong(&format!(
            "{} is not on this machine: say --remote if that is meant",
            error.address
        ))
    })?;
    let address = target.dispatch.or(target.notification);
    let address = address.ok_or_else(|| wrong(&"the target has no address"))?;
    Ok(Server {
        address,
        map: target.map,
        connect: target.timeouts.connect,
        redactor: Redactor::new(target.accounts.into_iter().map(|it| it.password)),
    })
}

/// Where the transcript goes.
enum Paper {
    Stdout,
    File(File),
}

impl Paper {
    fn open(path: Option<&Path>, force: bool) -> io::Result<Self> {
        let path = match path {
            None => return Ok(Self::Stdout),
            Some(path) if path == Path::new("-") => return Ok(Self::Stdout),
            Some(path) => path,
        };
        let mut options = File::options();
        options.write(true);
        let file = if force {
            options.create(true).truncate(true).open(path)
        } else {
            options.create_new(true).open(path)
        };
        file.map(Self::File).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                io::Error::new(error.kind(), "the file exists (--force writes over it)")
            }
            _ => error,
        })
    }

    /// Writes a line at once: nothing is kept back that a crash could lose.
    fn write(&mut self, line: &str) -> io::Result<()> {
        let line = format!("{line}\n");
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(line.as_bytes()).and_then(|()| out.flush())
            }
            Self::File(file) => file.write_all(line.as_bytes()),
        }
    }
}

/// Takes what is recorded.
struct Desk {
    paper: Paper,
    /// How many more bytes the transcript may have.
    room: u64,
    redactor: Redactor,
    level: Level,
    console: Console,
    /// Why the transcript ended early.
    failed: Option<io::Error>,
}

impl Desk {
    fn take(&mut self, event: RecordEvent) {
        match event {
            RecordEvent::Recorded(Recorded::Line(line)) if self.failed.is_none() => {
                if let Err(error) = self.write(&line) {
                    self.console
                        .error(&format!("cannot write the transcript: {error}"));
                    self.failed = Some(error);
                }
            }
            RecordEvent::Recorded(Recorded::Line(_)) => {}
            RecordEvent::Recorded(Recorded::Finding(finding)) => self.tell(&finding),
            RecordEvent::Trouble(text) => self.console.warning(&text),
        }
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let size = line.len() as u64 + 1;
        let Some(room) = self.room.checked_sub(size) else {
            self.paper
                .write("# the transcript has become too large: what follows is not in it")?;
            return Err(io::Error::other(
                "it has become too large (--max-size); the conversation goes on",
            ));
        };
        self.room = room;
        self.paper.write(line)
    }

    fn tell(&self, finding: &Finding) {
        let clause = finding.clause.clause();
        let expected = match finding.expected.as_str() {
            "" => String::new(),
            expected => format!(": expected `{}`", printable(expected)),
        };
        let text = format!(
            "{} ({}, {}): {}{expected}, got `{}`",
            finding.clause,
            clause.level,
            finding.oracle,
            printable(&finding.message),
            printable(&finding.got.to_string())
        );
        let text = self.redactor.apply(&text);
        if is_breach(finding, self.level) {
            self.console.finding(&text);
        } else {
            self.console.notice(&format!("beyond the level: {text}"));
        }
    }
}
