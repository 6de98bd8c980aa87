//! What a target needs before it is tested: its process, its commands, its accounts, and what is
//! known of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::{Executor, Outcome};
use crate::net::clock::now;
use crate::net::command::Commands;
use crate::net::drive::{Cut, DriveOptions, Helpers, drive_with};
use crate::net::ear::Ear;
use crate::net::log::ServerLog;
use crate::net::process::LaunchError;
use crate::net::target_process::TargetProcess;
use crate::net::tickets::Office;
use crate::protocol::{DIALECTS, Dialect};
use crate::scenario::ast::Scenario;
use crate::suite::{Dead, Done, Preparation, Unready, Work, agreed, forgive_foreign_dialect};
use crate::target::{Account, Environment, Target};
use crate::transcript::{Entry, Party, Redactor, What};

/// How many lines of a flood are told.
const LAST: usize = 4;
/// How long a server that has just been started, and does not serve yet, is left alone.
const AGAIN: Duration = Duration::from_millis(50);

/// Why a run could not begin.
#[derive(Debug)]
pub(super) struct Unprepared {
    pub(super) why: String,
    pub(super) detail: Vec<String>,
}

impl Unprepared {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            detail: Vec::new(),
        }
    }
}

impl From<Unready> for Unprepared {
    fn from(unready: Unready) -> Self {
        Self::new(unready.to_string())
    }
}

impl From<LaunchError> for Unprepared {
    fn from(error: LaunchError) -> Self {
        Self {
            why: error.to_string(),
            detail: error.output().to_vec(),
        }
    }
}

/// Those of the dialects that can be logged in to without a ticket.
fn without_tickets(agreed: Vec<&'static Dialect>) -> Result<Vec<&'static Dialect>, Unprepared> {
    let (needing, free): (Vec<&Dialect>, Vec<&Dialect>) = agreed
        .into_iter()
        .partition(|dialect| dialect.takes_tickets());
    if free.is_empty() && !needing.is_empty() {
        let names = Dialect::names(&needing);
        return Err(Unprepared {
            why: format!("the server speaks {names}, and a login there needs a ticket"),
            detail: vec![TICKET_HELP.to_owned()],
        });
    }
    Ok(free)
}

/// What a target file says of tickets.
const TICKET_HELP: &str = "say in a target file how one is had: \
    `ticket: { passport: \"http://127.0.0.1:8081/login\" }`";

/// Everything that tasks share.
#[derive(Debug)]
pub(super) struct TargetSetup {
    pub(super) process: Arc<TargetProcess>,
    office: Arc<Office>,
    commands: Commands,
    redactor: Redactor,
    drive: DriveOptions,
    seed: u64,
    /// Rises when scenarios under way are cut off.
    cuts: watch::Sender<u64>,
    /// The accounts were made by the harness: a password that is refused is right.
    knows_passwords: bool,
    owns_server: bool,
}

impl TargetSetup {
    /// What is needed to run scenarios against a target. `remote`: it may be on another machine;
    /// `log` takes what a server of ours writes.
    pub(super) fn new(target: &Target, remote: bool, seed: u64, log: Option<ServerLog>) -> Self {
        let redactor = Redactor::new(target.accounts.iter().map(|a| a.password.clone()));
        let process = TargetProcess::new(target, Ear::new(redactor.clone(), log), seed);
        let process = Arc::new(process);
        let office = Office::new(target, Arc::clone(&process), remote);
        Self {
            process,
            office: Arc::new(office),
            commands: Commands::new(target, &redactor),
            redactor,
            drive: DriveOptions {
                connect: target.timeouts.connect,
                remote: target.remote || remote,
            },
            seed,
            cuts: watch::Sender::new(0),
            knows_passwords: target.knows_passwords(),
            owns_server: target.owns_server(),
        }
    }

    /// Starts the server and finds out what it is like. Accounts that cannot log in are left out.
    /// What was seen of the target meanwhile goes to `probes`.
    pub(super) async fn prepare(
        &self,
        mut environment: Environment,
        accounts: Vec<Account>,
        probes: &mut Vec<Outcome>,
    ) -> Result<(Environment, Vec<Account>), Unprepared> {
        self.process.start().await?;
        if let Some(doors) = self.process.doors().await {
            environment.dispatch = Some(doors.dispatch().to_string());
            environment.notification = Some(doors.notification().to_string());
        }
        let knows_passwords = self.knows_passwords;
        let (all, before) = (accounts.clone(), environment.clone());
        let mut preparation = Preparation::new(environment, accounts, knows_passwords)?;
        loop {
            let lookers = preparation.lookers();
            self.commands.provide(&lookers).await?;
            self.commands.reset(&lookers).await?;
            let env = Arc::new(preparation.environment().clone());
            let mut outcome = self.first_look(&lookers, &env).await;
            if outcome.learnt.as_ref().is_some_and(|it| it.is_wedged) {
                self.process.restart().await?;
            }
            let mut looked = preparation.looked(&outcome);
            if let Err(Unready::ForeignDialect { agrees, .. }) = &mut looked {
                forgive_foreign_dialect(&mut outcome);
                // To name one that the server does not speak is a mistake that is easily mended.
                let asked = self.ask(&all, true, &before).await;
                *agrees = agreed(&asked).unwrap_or_default();
            }
            let looked = match looked {
                Ok(is_ready) => Ok(is_ready),
                Err(unready) => Err(self.unprepared(unready, &outcome).await),
            };
            probes.push(outcome);
            if looked? {
                return Ok(preparation.conclude());
            }
        }
    }

    /// Whether login tickets can be had.
    pub(super) fn has_tickets(&self) -> bool {
        self.office.has_source()
    }

    /// Starts the server and asks it which dialects it agrees to, the highest or each. What was seen
    /// of it goes to `probes` where it shares none with us.
    pub(super) async fn agreement(
        &self,
        mut environment: Environment,
        accounts: &[Account],
        each: bool,
        probes: &mut Vec<Outcome>,
    ) -> Result<Vec<&'static Dialect>, Unprepared> {
        if self.process.doors().await.is_some() {
            return Ok(DIALECTS.to_vec());
        }
        self.process.start().await?;
        environment.dialect = Dialect::first();
        let has_tickets = self.office.has_source();
        environment.has_tickets = has_tickets;
        let mut outcome = self.ask(accounts, each, &environment).await;
        match agreed(&outcome) {
            Ok(agreed) if has_tickets => Ok(agreed),
            Ok(agreed) => without_tickets(agreed),
            Err(unready) => {
                forgive_foreign_dialect(&mut outcome);
                probes.push(outcome);
                Err(unready.into())
            }
        }
    }

    async fn ask(&self, accounts: &[Account], each: bool, env: &Environment) -> Outcome {
        let env = Arc::new(env.clone());
        let player = accounts.first().cloned();
        let player = player.unwrap_or_else(|| Account::new("nobody", ""));
        let script = || Executor::agree(player.clone(), each, Arc::clone(&env), self.seed);
        self.until_it_serves(script).await
    }

    /// Looks at the server. One that we have just started may listen before it serves: while it has
    /// said nothing, and was not waited for, it is looked at again until its time is over.
    async fn first_look(&self, accounts: &[Account], env: &Arc<Environment>) -> Outcome {
        let script = || Executor::probe(accounts.to_vec(), Arc::clone(env), self.seed);
        self.until_it_serves(script).await
    }

    async fn until_it_serves(&self, script: impl Fn() -> Executor) -> Outcome {
        loop {
            let outcome = self.drive(script()).await;
            let is_silent = !outcome.waited.is_zero();
            if has_spoken(&outcome) || is_silent || !self.process.may_begin().await {
                return outcome;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Why a target is not ready, with what else can be told.
    async fn unprepared(&self, unready: Unready, outcome: &Outcome) -> Unprepared {
        let why = unready.to_string();
        let shown = || {
            outcome
                .failures
                .first()
                .map(|first| first.transcript.clone())
        };
        match unready {
            Unready::Limit(limit) if limit.is_flood() => Unprepared {
                why,
                detail: outcome.transcript.tail(LAST, &self.redactor),
            },
            Unready::AllRefused { doubt, .. } => Unprepared {
                why,
                detail: doubt.into_iter().collect(),
            },
            Unready::Unreachable(_) | Unready::Untestable(_) => {
                let reached = matches!(unready, Unready::Untestable(_));
                let dead = self.process.obituary(why).await;
                let mut detail = dead.stderr;
                detail.extend(reached.then(shown).flatten().unwrap_or_default());
                Unprepared {
                    why: dead.why,
                    detail,
                }
            }
            _ => Unprepared::new(why),
        }
    }

    pub(super) async fn perform(&self, work: Work, environment: Arc<Environment>) -> Done {
        match work {
            Work::Scenario {
                scenario,
                accounts,
                seed,
            } => self.scenario(scenario, accounts, seed, environment).await,
            Work::Check {
                account,
                patient,
                pause,
            } => {
                tokio::time::sleep(pause).await;
                Done::Check(self.check(account, patient, environment).await)
            }
            Work::Restart => {
                let restarted = self.process.restart().await;
                self.commands.forget().await;
                Done::Restart(restarted.map_err(|error| Dead {
                    why: error.to_string(),
                    exited: true,
                    stderr: error.output().to_vec(),
                    ..Dead::default()
                }))
            }
        }
    }

    /// Ends a server of ours, so that the next dialect finds a new one.
    pub(super) async fn end_round(&self) {
        self.process.stop().await;
        if self.owns_server {
            self.commands.forget().await;
        }
    }

    /// Whether the next dialect finds a server that knows nothing of this one.
    pub(super) fn begins_anew(&self) -> bool {
        self.owns_server
    }

    pub(super) async fn scenario(
        &self,
        scenario: Arc<Scenario>,
        accounts: Vec<Account>,
        seed: u64,
        environment: Arc<Environment>,
    ) -> Done {
        let ready = async {
            self.commands.provide(&accounts).await?;
            self.commands.reset(&accounts).await
        };
        if let Err(error) = ready.await {
            return match error.limit() {
                Some(limit) => Done::Limit(limit),
                None => Done::Unable(error.to_string()),
            };
        }
        let owns = scenario.needs.launch;
        let _now = self.process.ear.during(&scenario.name);
        let cut: Cut = match owns {
            // It stops the server, and starts it again.
            true => Box::pin(std::future::pending()),
            false => Box::pin(cut_off(self.cuts.subscribe())),
        };
        let executor = Executor::new(scenario, accounts, environment, seed);
        let outcome = self.drive_until(executor, cut).await;
        if owns && let Err(error) = self.process.start().await {
            return Done::Unable(format!("the server does not come back: {error}"));
        }
        Done::Scenario(Box::new(outcome))
    }

    /// Runs the target's `reset`, if it has one.
    pub(super) async fn reset(&self, accounts: &[Account]) -> Result<(), LaunchError> {
        self.commands.reset(accounts).await
    }

    pub(super) async fn check(
        &self,
        account: Option<Account>,
        patient: bool,
        environment: Arc<Environment>,
    ) -> Result<(), Dead> {
        let start = now();
        loop {
            let begun = now();
            let (why, is_silent) = match &account {
                Some(account) => {
                    let env = Arc::clone(&environment);
                    let outcome = self.log_in(account.clone(), env).await;
                    if outcome.shows_life() {
                        return Ok(());
                    }
                    (outcome.reason(), outcome.is_silence())
                }
                None => return Ok(()),
            };
            let mut dead = self.process.obituary(why).await;
            dead.is_silent = is_silent && !dead.exited;
            if start.elapsed() >= environment.patience(patient) || dead.exited {
                return Err(dead);
            }
            let next = begun + environment.timeouts.reply;
            tokio::time::sleep_until(next.into()).await;
        }
    }

    /// Logs an account in, and out again.
    pub(super) async fn log_in(&self, account: Account, environment: Arc<Environment>) -> Outcome {
        self.drive(Executor::check(account, environment, self.seed))
            .await
    }

    /// Cuts off the scenarios under way: the server is dead.
    pub(super) fn cut_off(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    async fn drive(&self, executor: Executor) -> Outcome {
        self.drive_until(executor, Box::pin(std::future::pending()))
            .await
    }

    async fn drive_until(&self, executor: Executor, cut: Cut) -> Outcome {
        let process = Some(Arc::clone(&self.process));
        let office = Some(Arc::clone(&self.office));
        drive_with(executor, self.drive, Helpers { process, office }, cut).await
    }
}

/// Over once scenarios are cut off.
async fn cut_off(mut cuts: watch::Receiver<u64>) {
    if cuts.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Whether any line of the server came.
fn has_spoken(outcome: &Outcome) -> bool {
    let is_line = |entry: &Entry| matches!(entry.what, What::Frame(Party::Server, _));
    outcome.transcript.entries().iter().any(is_line)
}
