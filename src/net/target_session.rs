//! Plays one scenario after the other against a target, for callers that branch on the outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{Ending, Outcome};
use crate::net::log::ServerLog;
use crate::net::target_setup::{TargetSetup, Unprepared};
use crate::net::vitals::Vitals;
use crate::protocol::Dialect;
use crate::scenario::ast::Scenario;
use crate::suite::{Choice, Chosen, Dead, Done, Work};
use crate::target::{Account, Environment, Known, RemoteError, Target};

/// How a target is used.
#[derive(Debug, Clone, Default)]
pub struct TargetOptions {
    /// The seed of everything random.
    pub seed: u64,
    /// The deadline of a reply, instead of the target's.
    pub timeout: Option<Duration>,
    /// The target may be on another machine.
    pub remote: bool,
    /// The accounts' lists may be emptied.
    pub disposable: bool,
    /// Everything that is sent is cut into segments of this many bytes.
    pub segments: Option<usize>,
    /// When the target must be ready.
    pub deadline: Option<Instant>,
    /// What is known to be wrong with it.
    pub known: Known,
    /// Takes what a launched server writes.
    pub log: Option<ServerLog>,
}

/// Why a scenario could not be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The target is on another machine and nobody allowed that.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The target could not be made ready.
    #[error("{why}")]
    Unprepared {
        /// Why, in one line.
        why: String,
        /// More lines: the server's last words, accounts that were refused.
        detail: Vec<String>,
    },
    /// The target lacks what the scenario needs.
    #[error("the scenario needs {0}")]
    Unmet(String),
    /// The scenario could not be started, or the server did not come back after it.
    #[error("{0}")]
    Unable(String),
    /// The server is dead and cannot be started from here.
    #[error("the server is dead: {why}")]
    Dead {
        /// What was seen.
        why: String,
        /// The last lines that it wrote.
        stderr: Vec<String>,
    },
}

impl From<Unprepared> for TargetError {
    fn from(error: Unprepared) -> Self {
        Self::Unprepared {
            why: error.why,
            detail: error.detail,
        }
    }
}

/// A target that was made ready: its server runs if it is ours, its habits are known, its accounts
/// are usable.
#[derive(Debug)]
pub struct TargetSession {
    setup: Arc<TargetSetup>,
    environment: Arc<Environment>,
    accounts: Vec<Account>,
    /// The dialects that the server agrees to, lowest first, where that was asked.
    agreed: Vec<&'static Dialect>,
    owns_server: bool,
    seed: u64,
    deaths: usize,
}

impl TargetSession {
    /// Makes a target ready.
    ///
    /// # Errors
    ///
    /// When that is not allowed, or does not succeed.
    pub async fn prepare(target: Target, options: &TargetOptions) -> Result<Self, TargetError> {
        Self::prepare_in(target, options, Choice::One(Dialect::first()), &[]).await
    }

    /// The same in another dialect: of those that are chosen the highest that the server agrees to
    /// and that any of these scenarios is for.
    ///
    /// # Errors
    ///
    /// When that is not allowed, or does not succeed.
    pub async fn prepare_in(
        mut target: Target,
        options: &TargetOptions,
        choice: Choice,
        scenarios: &[Arc<Scenario>],
    ) -> Result<Self, TargetError> {
        target.check_remote(options.remote, 0)?;
        super::raise_file_limit();
        target.disposable |= options.disposable;
        if let Some(reply) = options.timeout {
            target.timeouts.reply = reply;
        }
        let mut environment = target.environment();
        environment.segments = options.segments;
        let setup = Arc::new(TargetSetup::new(
            &target,
            options.remote,
            options.seed,
            options.log.clone(),
        ));
        let accounts = std::mem::take(&mut target.accounts);
        let (mut probes, mut agreed) = (Vec::new(), Vec::new());
        let preparing = async {
            if let Choice::Highest | Choice::All = choice {
                let asked = setup.agreement(environment.clone(), &accounts, true, &mut probes);
                agreed = asked.await?;
            }
            let chosen = Chosen {
                scenarios,
                are_files: false,
                shard: None,
            };
            let rounds = chosen.rounds(choice, &agreed);
            environment.dialect = rounds.last().map(|it| it.dialect).unwrap_or_default();
            setup.prepare(environment, accounts, &mut probes).await
        };
        let prepared = match options.deadline {
            None => preparing.await,
            Some(deadline) => {
                let late = Unprepared::new("the time was over before the target was ready");
                let prepared = tokio::time::timeout_at(deadline.into(), preparing).await;
                prepared.unwrap_or(Err(late))
            }
        };
        let (mut environment, accounts) = match prepared {
            Ok(prepared) => prepared,
            Err(unprepared) => {
                setup.process.stop().await;
                return Err(unprepared.into());
            }
        };
        environment.known = options.known.clone();
        Ok(Self {
            setup,
            environment: Arc::new(environment),
            accounts,
            agreed,
            owns_server: target.owns_server(),
            seed: options.seed,
            deaths: 0,
        })
    }

    /// What is known of the target.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The dialects that the server agrees to, lowest first; none where it was not asked.
    #[must_use]
    pub fn agreed(&self) -> &[&'static Dialect] {
        &self.agreed
    }

    /// What comes next is played in this dialect.
    pub fn speak(&mut self, dialect: &'static Dialect) {
        if self.environment.dialect != dialect {
            Arc::make_mut(&mut self.environment).dialect = dialect;
        }
    }

    /// How many accounts can be used.
    #[must_use]
    pub fn usable(&self) -> usize {
        self.accounts.len()
    }

    /// From now on replies are waited for this long; gives the deadline before.
    pub fn set_reply(&mut self, reply: Duration) -> Duration {
        let environment = Arc::make_mut(&mut self.environment);
        std::mem::replace(&mut environment.timeouts.reply, reply)
    }

    /// Whether the server's process is ours: it is started again when it dies.
    #[must_use]
    pub fn owns_server(&self) -> bool {
        self.owns_server
    }

    /// How often the server has died.
    #[must_use]
    pub fn deaths(&self) -> usize {
        self.deaths
    }

    /// Gives so many of the accounts to a session of their own, at the same server; `None` where
    /// there are not so many.
    pub fn split(&mut self, accounts: usize) -> Option<Self> {
        let rest = self.accounts.len().checked_sub(accounts)?;
        Some(Self {
            setup: Arc::clone(&self.setup),
            environment: Arc::clone(&self.environment),
            accounts: self.accounts.split_off(rest),
            agreed: self.agreed.clone(),
            owns_server: self.owns_server,
            seed: self.seed,
            deaths: 0,
        })
    }

    /// Runs a scenario, its users played by one account after the other, and cleans up as a run does.
    /// After one that did not pass the server is looked at, and started again where it is dead and ours.
    ///
    /// # Errors
    ///
    /// When the scenario could not be run. A server that dies of it and comes back is no error:
    /// the outcome tells what was seen.
    pub async fn execute(&mut self, scenario: &Scenario) -> Result<Outcome, TargetError> {
        let outcome = self.attempt(scenario).await?;
        if outcome.ending != Ending::Passed {
            self.look_after().await?;
        }
        Ok(outcome)
    }

    /// Runs a scenario, and does not look at the server whatever comes of it. Where the server has
    /// written a panic or what a sanitizer says, nothing counts as passed until it is revived.
    ///
    /// # Errors
    ///
    /// When the scenario could not be run.
    pub async fn attempt(&mut self, scenario: &Scenario) -> Result<Outcome, TargetError> {
        self.meets(scenario)?;
        let count = scenario.needs.accounts.max(scenario.users.len());
        let accounts: Vec<Account> = self.accounts.iter().take(count).cloned().collect();
        let environment = Arc::clone(&self.environment);
        let scenario = Arc::new(scenario.clone());
        let work = Work::Scenario {
            scenario,
            accounts,
            seed: self.seed,
        };
        let mut outcome = match self.setup.perform(work, environment).await {
            Done::Scenario(outcome) => *outcome,
            Done::Unable(why) => return Err(TargetError::Unable(why)),
            _ => return Err(TargetError::Unable("it was not run".into())),
        };
        for after in &outcome.accounts {
            let mut known = self.accounts.iter_mut();
            if let Some(known) = known.find(|account| account.handle == after.handle) {
                known.lists = after.lists;
                known.name = after.name.clone().or(known.name.take());
            }
        }
        // What a server kept of them against the clean-up disturbs as few others as possible.
        let played = count.min(self.accounts.len());
        self.accounts.rotate_left(played);
        if outcome.ending == Ending::Passed && self.setup.process.cry().await.is_some() {
            outcome.ending = Ending::Blocked;
        }
        Ok(outcome)
    }

    fn meets(&self, scenario: &Scenario) -> Result<(), TargetError> {
        let needs = &scenario.needs;
        let (wanted, usable) = (
            needs.accounts.max(scenario.users.len()),
            self.accounts.len(),
        );
        let unmet = if needs.launch && !self.owns_server {
            "a server that the harness starts itself (`launch:` in the target)".to_owned()
        } else if needs.dispatch && !self.environment.dispatch_refers {
            "a dispatch server that refers to a notification server".to_owned()
        } else if needs.challenges && !self.environment.challenges {
            "a server that challenges its clients (CHL)".to_owned()
        } else if wanted > usable {
            format!("{wanted} accounts, the target has {usable}")
        } else {
            return Ok(());
        };
        Err(TargetError::Unmet(unmet))
    }

    /// Sees whether the server lives; starts it again where it does not and is ours.
    async fn look_after(&mut self) -> Result<(), TargetError> {
        match self.look().await {
            Ok(()) => Ok(()),
            Err(dead) => self.revive(dead).await,
        }
    }

    /// Whether the server lives: a login of the first account is served in time, and it wrote
    /// neither a panic nor what a sanitizer says.
    ///
    /// # Errors
    ///
    /// What is known of a server that does not.
    pub async fn look(&self) -> Result<(), Dead> {
        if let Some(cry) = self.setup.process.cry().await {
            return Err(cry);
        }
        // Life is proved by a login.
        if self.environment.no_login.is_some() {
            return Ok(());
        }
        self.check(false).await
    }

    /// Gets a dead server back: starts it again where it is ours, else waits whether it was only
    /// slow or somebody else starts it.
    ///
    /// # Errors
    ///
    /// When it stays dead.
    pub async fn revive(&mut self, dead: Dead) -> Result<(), TargetError> {
        self.deaths += 1;
        let environment = Arc::clone(&self.environment);
        if self.owns_server {
            return match self.setup.perform(Work::Restart, environment).await {
                Done::Restart(Err(new)) => Err(TargetError::Dead {
                    why: format!("it could not be started again: {}", new.why),
                    stderr: new.stderr,
                }),
                _ => Ok(()),
            };
        }
        // The target's `reset` may start it; where it does not, the check tells.
        let _unchanged = self.setup.reset(&self.accounts).await;
        match self.check(true).await {
            Ok(()) => Ok(()),
            Err(_) => Err(TargetError::Dead {
                why: dead.why,
                stderr: dead.stderr,
            }),
        }
    }

    /// What the server's processes use, where they are ours and the system tells: of several that
    /// lived one after the other, the one that lived longest.
    pub async fn vitals(&self) -> Option<Vitals> {
        self.setup.process.vitals().await
    }

    /// The exceptions that a server of ours wrote of, a line each.
    #[must_use]
    pub fn exceptions(&self) -> Vec<String> {
        self.setup.process.ear.told(&[])
    }

    async fn check(&self, patient: bool) -> Result<(), Dead> {
        let account = self.accounts.first().cloned();
        let environment = Arc::clone(&self.environment);
        self.setup.check(account, patient, environment).await
    }

    /// Ends the server in order, if it is ours.
    pub async fn stop(self) {
        self.setup.process.stop().await;
    }
}
