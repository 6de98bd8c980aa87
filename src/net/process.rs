//! A process of the target: started without a shell, watched, ended with all its children.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::engine::Limit;
use crate::net::clock::now;
use crate::net::ear::Ear;
use crate::net::failure::{limit_of, plain};
use crate::net::guard::Guard;
use crate::net::log::Source;
use crate::net::tail::Tail;
use crate::net::vitals::{PULSE, Vitals, Watch};
use crate::target::{Invocation, Launch, Signal};

/// How long it may take to end in order before it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// How often readiness is tried.
const TRY: Duration = Duration::from_millis(10);
/// How long until a start is tried again that found a port taken.
const AGAIN: Duration = Duration::from_millis(50);
/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(2);

/// Why a command of the target could not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// It could not even be started.
    #[error("cannot start `{command}`: {why}")]
    Start {
        /// The program.
        command: String,
        /// What the system says.
        why: String,
        /// The limit of our own that it is, if it is one.
        limit: Option<Limit>,
    },
    /// It ended before it was ready, or with a failure.
    #[error("`{command}` {how}")]
    Ended {
        /// The program.
        command: String,
        /// How it ended.
        how: String,
        /// The last lines that it wrote.
        output: Vec<String>,
    },
    /// It was not ready, or did not end, in time.
    #[error("`{command}` {what} within {within:?}")]
    Late {
        /// The program.
        command: String,
        /// What it did not do.
        what: String,
        /// The time that it had.
        within: Duration,
        /// The last lines that it wrote.
        output: Vec<String>,
    },
    /// The port is in use by somebody else.
    #[error(
        "something else already listens on {address}, a server of an earlier run perhaps: stop \
         it, or choose another port"
    )]
    Occupied {
        /// The address.
        address: String,
    },
    /// The bundled server could not start.
    #[error("{0}")]
    Builtin(String),
}

impl LaunchError {
    /// The limit of our own behind it, if it is one.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::Start { limit, .. } => *limit,
            _ => None,
        }
    }

    /// Whether a port is still in use, as we see it or as the process says.
    fn is_occupied(&self) -> bool {
        const SAID: [&str; 3] = [
            "in use",
            "EADDRINUSE",
            "Only one usage of each socket address",
        ];
        match self {
            Self::Occupied { .. } => true,
            Self::Ended { output, .. } => output
                .iter()
                .any(|line| SAID.iter().any(|said| line.contains(said))),
            _ => false,
        }
    }

    /// The last lines that the process wrote.
    #[must_use]
    pub fn output(&self) -> &[String] {
        match self {
            Self::Ended { output, .. } | Self::Late { output, .. } => output,
            Self::Start { .. } | Self::Occupied { .. } | Self::Builtin(_) => &[],
        }
    }
}

/// A running process. Dropping it kills it and its children.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    child: Child,
    /// The process group, until all of it is gone: children may outlive their parent.
    group: Option<u32>,
    tail: Arc<Mutex<Tail>>,
    readers: Vec<JoinHandle<()>>,
    watch: Arc<Mutex<Watch>>,
    watcher: Option<JoinHandle<()>>,
    guard: Option<Guard>,
    stop: Signal,
    /// Until then a server may still be about to begin.
    ready_by: Option<Instant>,
}

impl Process {
    /// Starts a command.
    pub(super) fn start(
        words: &[String],
        invocation: &Invocation,
        stop: Signal,
        ear: &Ear,
    ) -> Result<Self, LaunchError> {
        let (program, arguments) = words.split_first().map_or(("", words), |(p, a)| (p, a));
        let failed = |error: &io::Error| LaunchError::Start {
            command: program.to_owned(),
            why: plain(error),
            limit: limit_of(error),
        };
        let mut command = Command::new(program_path(program, invocation));
        command
            .args(arguments)
            .envs(&invocation.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(folder) = &invocation.folder {
            command.current_dir(folder);
        }
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let tail = Arc::new(Mutex::new(Tail::new(ear.clone())));
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(tokio::spawn(read(
                stdout,
                Source::Stdout,
                Arc::clone(&tail),
            )));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(tokio::spawn(read(
                stderr,
                Source::Stderr,
                Arc::clone(&tail),
            )));
        }
        Ok(Self {
            name: program.to_owned(),
            watch: Arc::new(Mutex::new(Watch::new(child.id()))),
            watcher: None,
            guard: None,
            group: child.id(),
            child,
            tail,
            readers,
            stop,
            ready_by: None,
        })
    }

    /// Starts a server again: what the one before leaves behind, a port that is still taken above
    /// all, is given the time that a start may take.
    pub(super) async fn relaunch(launch: &Launch, ear: &Ear) -> Result<Self, LaunchError> {
        let until = now() + launch.invocation.within;
        loop {
            match Self::launch(launch, ear).await {
                Err(error) if error.is_occupied() && now() < until => {
                    tokio::time::sleep(AGAIN).await;
                }
                launched => return launched,
            }
        }
    }

    /// Starts a server and waits until it is ready.
    pub(super) async fn launch(launch: &Launch, ear: &Ear) -> Result<Self, LaunchError> {
        for address in &launch.ready {
            if listens(address).await {
                let address = address.clone();
                return Err(LaunchError::Occupied { address });
            }
        }
        let invocation = &launch.invocation;
        let mut process = Self::start(&invocation.command, invocation, launch.stop, ear)?;
        process.guard = process.child.id().and_then(Guard::over);
        process.ready_by = Some(now() + invocation.within);
        let mut missing = "";
        let ready = async {
            for address in launch.ready.iter().chain(&launch.also) {
                missing = address;
                while !listens(address).await {
                    tokio::time::sleep(TRY).await;
                }
            }
        };
        let ended = tokio::select! {
            () = ready => {
                process.observe();
                return Ok(process);
            }
            () = tokio::time::sleep(invocation.within) => None,
            status = process.child.wait() => Some(status),
        };
        let command = process.name.clone();
        Err(match ended {
            Some(status) => LaunchError::Ended {
                command,
                how: early(status),
                output: process.last_words().await,
            },
            None => {
                process.kill().await;
                LaunchError::Late {
                    command,
                    what: format!("did not listen on {missing}"),
                    within: invocation.within,
                    output: process.last_words().await,
                }
            }
        })
    }

    /// Whether it lives, and may take more time until it serves.
    pub(super) fn may_begin(&mut self) -> bool {
        let has_time = self.ready_by.is_some_and(|until| now() < until);
        has_time && matches!(self.child.try_wait(), Ok(None))
    }

    /// From now on memory and open files are measured.
    fn observe(&mut self) {
        let watch = Arc::clone(&self.watch);
        self.watcher = Some(tokio::spawn(async move {
            let mut pulse = tokio::time::interval(PULSE);
            pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                pulse.tick().await;
                let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
                watch.measure();
            }
        }));
    }

    /// What it uses, as far as that is known.
    pub(super) fn vitals(&self) -> Option<Vitals> {
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.vitals()
    }

    /// The first line of a panic or a sanitizer, if it wrote one.
    pub(super) fn cry(&self) -> Option<String> {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.cry().map(str::to_owned)
    }

    /// Waits for a command to end well.
    pub(super) async fn complete(mut self, within: Duration) -> Result<(), LaunchError> {
        let command = self.name.clone();
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        if ended.is_ok() {
            // What it has left in the background is meant to live on: the server perhaps.
            self.group = None;
        }
        match ended {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(status) => Err(LaunchError::Ended {
                command,
                how: how(status),
                output: self.last_words().await,
            }),
            Err(_) => {
                self.kill().await;
                Err(LaunchError::Late {
                    command,
                    what: "did not end".to_owned(),
                    within,
                    output: self.last_words().await,
                })
            }
        }
    }

    /// How it ended, if it ends within this time.
    pub(super) async fn ended(&mut self, within: Duration) -> Option<String> {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        ended.ok().map(how)
    }

    /// The last lines that it wrote, so far.
    pub(super) fn tail(&self) -> Vec<String> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.lines()
    }

    /// Ends it in order: the signal, some time, then the end.
    pub(super) async fn stop(mut self, grace: Duration) {
        self.signal(self.stop);
        // A process that takes longer is killed.
        let _in_time = tokio::time::timeout(grace, self.child.wait()).await;
        self.kill().await;
    }

    /// Kills it and its children, and waits until all of them are gone.
    async fn kill(&mut self) {
        self.signal(Signal::Kill);
        // It is gone, or was never ours: nothing is left to be done in either case.
        let _gone = self.child.wait().await;
        let until = now() + GONE;
        while self.has_members() {
            if now() >= until {
                return;
            }
            tokio::time::sleep(TRY).await;
        }
        self.group = None;
    }

    /// Whether any process of the group is left, one that has ended and that nobody has waited for
    /// included.
    #[cfg(unix)]
    fn has_members(&self) -> bool {
        use rustix::process::{Pid, test_kill_process_group};
        let group = self.group.and_then(|id| i32::try_from(id).ok());
        let group = group.and_then(Pid::from_raw);
        group.is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    #[cfg(not(unix))]
    fn has_members(&self) -> bool {
        false
    }

    /// The last lines of a process that has ended: what is in the pipes still is read first.
    pub(super) async fn last_words(&mut self) -> Vec<String> {
        for reader in self.readers.drain(..) {
            // A child of its own may hold the pipe open.
            let _in_time = tokio::time::timeout(Duration::from_millis(200), reader).await;
        }
        self.tail()
    }

    #[cfg(unix)]
    fn signal(&self, signal: Signal) {
        use rustix::process::{Pid, Signal as System, kill_process_group};
        let signal = match signal {
            Signal::Term => System::TERM,
            Signal::Int => System::INT,
            Signal::Hup => System::HUP,
            Signal::Quit => System::QUIT,
            Signal::Kill => System::KILL,
        };
        let id = self.group.and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // It fails where the group is gone already.
            let _gone = kill_process_group(group, signal);
        }
    }

    #[cfg(not(unix))]
    fn signal(&self, _signal: Signal) {}
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::Kill);
        for task in self.readers.iter().chain(&self.watcher) {
            task.abort();
        }
    }
}

/// Whether anybody accepts connections there. A socket that found nobody but itself (which happens
/// where the system hands out source ports) is nobody.
async fn listens(address: &str) -> bool {
    let Ok(stream) = TcpStream::connect(address).await else {
        return false;
    };
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => local != peer,
        _ => false,
    }
}

/// A program with a relative path is meant from the folder that the command runs in.
fn program_path(program: &str, invocation: &Invocation) -> std::path::PathBuf {
    match &invocation.folder {
        Some(folder) if program.contains('/') => {
            let path = folder.join(program);
            std::path::absolute(&path).unwrap_or(path)
        }
        _ => program.into(),
    }
}

/// How a server ended that had not begun to listen.
fn early(status: io::Result<ExitStatus>) -> String {
    let is_daemon = status.as_ref().is_ok_and(ExitStatus::success);
    let hint = if is_daemon {
        ": if it has put itself into the background, let it run in the foreground, where the \
         harness can watch and end it"
    } else {
        ""
    };
    format!("{} before it was ready{hint}", how(status))
}

fn how(status: io::Result<ExitStatus>) -> String {
    match status {
        Err(error) => format!("cannot be watched: {}", plain(&error)),
        Ok(status) => {
            #[cfg(unix)]
            if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
                return format!("was ended by signal {signal}{}", name_of(signal));
            }
            match status.code() {
                Some(code) => format!("exited with status {code}"),
                None => "ended".to_owned(),
            }
        }
    }
}

/// The name of a signal by which servers die.
#[cfg(unix)]
fn name_of(signal: i32) -> &'static str {
    use rustix::process::Signal;
    match Signal::from_named_raw(signal) {
        Some(Signal::ABORT) => " (SIGABRT)",
        Some(Signal::SEGV) => " (SIGSEGV)",
        Some(Signal::BUS) => " (SIGBUS)",
        Some(Signal::ILL) => " (SIGILL)",
        Some(Signal::FPE) => " (SIGFPE)",
        Some(Signal::TRAP) => " (SIGTRAP)",
        Some(Signal::SYS) => " (SIGSYS)",
        Some(Signal::XCPU) => " (SIGXCPU)",
        Some(Signal::KILL) => " (SIGKILL)",
        Some(Signal::TERM) => " (SIGTERM)",
        _ => "",
    }
}

async fn read(mut from: impl AsyncRead + Unpin, source: Source, tail: Arc<Mutex<Tail>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 {
            break;
        }
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.push(source, buffer.get(..length).unwrap_or_default());
    }
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    tail.end(source);
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
