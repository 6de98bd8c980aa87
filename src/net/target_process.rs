//! The server under test: it runs in this process, in one that we started, or somewhere else.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::engine::TicketError;
use crate::net::doors::Doors;
use crate::net::ear::Ear;
use crate::net::process::{GRACE, LaunchError, Process};
use crate::net::serve::{ServeError, ServeOptions, Serving};
use crate::net::vitals::Vitals;
use crate::server::Config;
use crate::suite::Dead;
use crate::target::{Launch, Target};

/// Where the bundled server looks for free ports.
const PORTS: Range<u16> = 20_000..32_000;
/// How often it looks before it takes what the system gives.
const ATTEMPTS: usize = 20;
/// How long a process that seems dead is given to end.
const DYING: Duration = Duration::from_millis(200);
/// How long a wedged process is given to end in order.
const WEDGED: Duration = Duration::from_millis(500);

/// The owner of the server.
#[derive(Debug)]
pub(super) struct TargetProcess {
    kind: Mutex<Kind>,
    /// What processes used that are gone, the one that lived longest.
    vitals: Mutex<Option<Vitals>>,
    pub(super) ear: Ear,
    seed: u64,
}

#[derive(Debug)]
enum Kind {
    Builtin {
        doors: Doors,
        serving: Option<Serving>,
    },
    Launched {
        launch: Launch,
        process: Option<Box<Process>>,
        /// It was started before.
        begun: bool,
    },
    Foreign,
}

impl TargetProcess {
    pub(super) fn new(target: &Target, ear: Ear, seed: u64) -> Self {
        let kind = match &target.launch {
            _ if target.builtin => Kind::Builtin {
                doors: Doors::LOOPBACK,
                serving: None,
            },
            Some(launch) => Kind::Launched {
                launch: with_doors(launch, target),
                process: None,
                begun: false,
            },
            None => Kind::Foreign,
        };
        Self {
            kind: Mutex::new(kind),
            vitals: Mutex::default(),
            ear,
            seed,
        }
    }

    /// Starts the server if it is ours and does not run.
    pub(super) async fn start(&self) -> Result<(), LaunchError> {
        match &mut *self.kind.lock().await {
            Kind::Builtin { doors, serving } if serving.is_none() => {
                let started = if *doors == Doors::LOOPBACK {
                    self.serve_somewhere().await
                } else {
                    self.serve(*doors).await
                };
                let started = started.map_err(|error| LaunchError::Builtin(error.to_string()))?;
                // The next start takes the same ports.
                *doors = started.doors();
                *serving = Some(started);
            }
            Kind::Launched {
                launch,
                process,
                begun,
            } => {
                let runs = match process {
                    Some(process) => process.ended(Duration::ZERO).await.is_none(),
                    None => false,
                };
                if !runs {
                    let first = !std::mem::replace(begun, true);
                    if let Some(process) = process.take() {
                        self.keep(&process).await;
                        // Its children may still hold the ports.
                        process.stop(Duration::ZERO).await;
                    }
                    let ear = &self.ear;
                    *process = Some(Box::new(match first {
                        true => Process::launch(launch, ear).await?,
                        false => Process::relaunch(launch, ear).await?,
                    }));
                }
            }
            Kind::Builtin { .. } | Kind::Foreign => {}
        }
        Ok(())
    }

    /// Keeps what a process used that ends.
    async fn keep(&self, process: &Process) {
        let mut vitals = self.vitals.lock().await;
        *vitals = longer(vitals.take(), process.vitals());
    }

    async fn serve(&self, doors: Doors) -> Result<Serving, ServeError> {
        let config = Config {
            seed: self.seed,
            ..Config::default()
        };
        Serving::start(config, ServeOptions { doors, host: None }).await
    }

    /// Serves on ports below those that the system gives to outgoing connections: one of these
    /// would be lost to such a connection while the server is down.
    async fn serve_somewhere(&self) -> Result<Serving, ServeError> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let first = std::process::id().wrapping_mul(7919) % u32::from(PORTS.end - PORTS.start);
        let first = u16::try_from(first).unwrap_or_default();
        for _ in 0..ATTEMPTS {
            let next = NEXT.fetch_add(3, Ordering::Relaxed);
            let offset = first.wrapping_add(next) % (PORTS.end - PORTS.start - 3);
            let port = |n| SocketAddr::from((Ipv4Addr::LOCALHOST, PORTS.start + offset + n));
            let doors = Doors::Three {
                dispatch: port(0),
                notification: port(1),
                switchboard: port(2),
            };
            if let Ok(serving) = self.serve(doors).await {
                return Ok(serving);
            }
        }
        self.serve(Doors::LOOPBACK).await
    }

    /// Stops the server in order, if it is ours.
    pub(super) async fn stop(&self) {
        self.stop_within(GRACE).await;
    }

    /// Ends what is left of the server and starts it again.
    pub(super) async fn restart(&self) -> Result<(), LaunchError> {
        self.stop_within(WEDGED).await;
        self.start().await
    }

    async fn stop_within(&self, grace: Duration) {
        match &mut *self.kind.lock().await {
            Kind::Builtin { serving, .. } => {
                if let Some(serving) = serving.take() {
                    serving.shutdown().await;
                }
            }
            Kind::Launched { process, .. } => {
                if let Some(process) = process.take() {
                    self.keep(&process).await;
                    process.stop(grace).await;
                }
            }
            Kind::Foreign => {}
        }
    }

    /// A login ticket of the bundled server.
    pub(super) async fn ticket(&self, handle: &str, password: &str) -> Result<String, TicketError> {
        match &*self.kind.lock().await {
            Kind::Builtin {
                serving: Some(serving),
                ..
            } => {
                let given = serving.ticket_desk().ticket(handle, password);
                given.ok_or(TicketError::Status(401))
            }
            Kind::Builtin { serving: None, .. } => Err(TicketError::Unreachable),
            Kind::Launched { .. } | Kind::Foreign => Err(TicketError::NoSource),
        }
    }

    /// The ports of the bundled server.
    pub(super) async fn doors(&self) -> Option<Doors> {
        match &*self.kind.lock().await {
            Kind::Builtin { doors, .. } => Some(*doors),
            Kind::Launched { .. } | Kind::Foreign => None,
        }
    }

    /// What is known of a server that seems dead for this reason.
    pub(super) async fn obituary(&self, why: String) -> Dead {
        let mut dead = Dead {
            why,
            ..Dead::default()
        };
        if let Kind::Launched {
            process: Some(process),
            ..
        } = &mut *self.kind.lock().await
        {
            if let Some(how) = process.ended(DYING).await {
                dead.why = format!("the server {how}");
                dead.exited = true;
                dead.stderr = process.last_words().await;
            } else {
                dead.stderr = process.tail();
            }
            dead.cried = process.cry().is_some();
        }
        dead
    }

    /// Whether the server is a process of ours that lives and may take more time until it serves.
    pub(super) async fn may_begin(&self) -> bool {
        match &mut *self.kind.lock().await {
            Kind::Launched { process, .. } => process.as_mut().is_some_and(|it| it.may_begin()),
            Kind::Builtin { .. } | Kind::Foreign => false,
        }
    }

    /// What a server of ours wrote that no sound one writes, whether it lives or not.
    pub(super) async fn cry(&self) -> Option<Dead> {
        let mut kind = self.kind.lock().await;
        let Kind::Launched {
            process: Some(process),
            ..
        } = &mut *kind
        else {
            return None;
        };
        let cry = process.cry()?;
        let how = process.ended(DYING).await;
        Some(Dead {
            exited: how.is_some(),
            why: match how {
                Some(how) => format!("the server {how}"),
                None => format!("the server wrote `{cry}`"),
            },
            cried: true,
            is_silent: false,
            stderr: process.tail(),
        })
    }

    /// What the server uses, if its process is ours: of several that lived one after the other, the
    /// one that lived longest.
    pub(super) async fn vitals(&self) -> Option<Vitals> {
        let kind = self.kind.lock().await;
        let now = match &*kind {
            Kind::Launched { process, .. } => process.as_ref().and_then(|it| it.vitals()),
            Kind::Builtin { .. } | Kind::Foreign => None,
        };
        let before = self.vitals.lock().await.clone();
        longer(before, now)
    }
}

/// A server is ready once all that the target names accepts connections: of several processes one
/// may be there before the others.
fn with_doors(launch: &Launch, target: &Target) -> Launch {
    let mut launch = launch.clone();
    let doors = [&target.dispatch, &target.notification];
    for door in doors.into_iter().flatten() {
        if !launch.ready.contains(door) {
            launch.also.push(door.clone());
        }
    }
    launch
}

fn longer(one: Option<Vitals>, other: Option<Vitals>) -> Option<Vitals> {
    let both = [one, other].into_iter().flatten();
    both.max_by_key(|vitals| vitals.lived)
}
