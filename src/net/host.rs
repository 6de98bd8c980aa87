//! Whoever runs the server under test: this process, a process of ours, or somebody else.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::net::doors::Doors;
use crate::net::process::{GRACE, LaunchError, Process};
use crate::net::serve::{ServeOptions, Serving};
use crate::run::{Dead, Launch, Target};
use crate::server::Config;
use crate::transcript::Redactor;

/// How long a process that seems dead is given to end.
const DYING: Duration = Duration::from_millis(200);
/// How long a wedged process is given to end in order.
const WEDGED: Duration = Duration::from_millis(500);

/// The owner of the server.
#[derive(Debug)]
pub(super) struct Host {
    kind: Mutex<Kind>,
    redactor: Redactor,
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
        process: Option<Process>,
    },
    Foreign,
}

impl Host {
    pub(super) fn new(target: &Target, redactor: &Redactor, seed: u64) -> Self {
        let kind = match &target.launch {
            _ if target.builtin => Kind::Builtin {
                doors: Doors::LOOPBACK,
                serving: None,
            },
            Some(launch) => Kind::Launched {
                launch: launch.clone(),
                process: None,
            },
            None => Kind::Foreign,
        };
        Self {
            kind: Mutex::new(kind),
            redactor: redactor.clone(),
            seed,
        }
    }

    /// Starts the server if it is ours and does not run.
    pub(super) async fn start(&self) -> Result<(), LaunchError> {
        match &mut *self.kind.lock().await {
            Kind::Builtin { doors, serving } if serving.is_none() => {
                let config = Config {
                    seed: self.seed,
                    ..Config::default()
                };
                let options = ServeOptions {
                    doors: *doors,
                    host: None,
                };
                let started = Serving::start(config, options).await;
                let started = started.map_err(|error| LaunchError::Builtin(error.to_string()))?;
                // The next start takes the same ports.
                *doors = started.doors();
                *serving = Some(started);
            }
            Kind::Launched { launch, process } => {
                let runs = match process {
                    Some(process) => process.ended(Duration::ZERO).await.is_none(),
                    None => false,
                };
                if !runs {
                    drop(process.take());
                    *process = Some(Process::launch(launch, &self.redactor).await?);
                }
            }
            Kind::Builtin { .. } | Kind::Foreign => {}
        }
        Ok(())
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
                    process.stop(grace).await;
                }
            }
            Kind::Foreign => {}
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
            }
            dead.stderr = process.tail();
        }
        dead
    }
}
