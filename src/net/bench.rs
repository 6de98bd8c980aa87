//! What a target needs to be tested: its process, its commands, its accounts, and what it is like.

use std::sync::Arc;
use std::time::Duration;

use crate::event::{Observed, Rung};
use crate::net::command::Commands;
use crate::net::drive::{DriveOptions, drive_with};
use crate::net::ear::Ear;
use crate::net::host::Host;
use crate::net::log::ServerLog;
use crate::net::process::LaunchError;
use crate::run::{
    Account, Cause, Dead, Done, Ending, Environment, Executor, Outcome, Target, Work,
};
use crate::scenario::ast::Scenario;
use crate::spec::ClauseId;
use crate::transcript::{Entry, Party, Redactor, What};

/// How many accounts are tried before all are taken to be unusable.
const TRIED_ACCOUNTS: usize = 8;
/// So many accounts that the harness made, and that are refused, speak against the server.
const ENOUGH_REFUSALS: usize = 3;
/// How often a server that seems dead is looked at before it is given up.
const PATIENCE: usize = 4;
/// How often where it can be started again: that helps sooner than to wait.
const PATIENCE_WITH_OURS: usize = 2;
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

impl From<LaunchError> for Unprepared {
    fn from(error: LaunchError) -> Self {
        Self {
            why: error.to_string(),
            detail: error.output().to_vec(),
        }
    }
}

/// Everything that tasks share.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) host: Arc<Host>,
    commands: Commands,
    redactor: Redactor,
    drive: DriveOptions,
    seed: u64,
    /// The accounts were made by the harness: a password that is refused is right.
    knows_passwords: bool,
}

impl Bench {
    /// What is needed to run scenarios against a target. `remote`: it may be on another machine;
    /// `log` takes what a server of ours writes.
    pub(super) fn new(target: &Target, remote: bool, seed: u64, log: Option<ServerLog>) -> Self {
        let redactor = Redactor::new(target.accounts.iter().map(|a| a.password.clone()));
        Self {
            host: Arc::new(Host::new(target, Ear::new(redactor.clone(), log), seed)),
            commands: Commands::new(target, &redactor),
            redactor,
            drive: DriveOptions {
                connect: target.timeouts.connect,
                remote: target.remote || remote,
            },
            seed,
            knows_passwords: target.builtin || target.provision.is_some(),
        }
    }

    /// Starts the server and finds out what it is like. Accounts that cannot log in are left out.
    /// What was seen of the target meanwhile goes to `probes`.
    pub(super) async fn prepare(
        &self,
        mut environment: Environment,
        mut accounts: Vec<Account>,
        probes: &mut Vec<Outcome>,
    ) -> Result<(Environment, Vec<Account>), Unprepared> {
        self.host.start().await?;
        if let Some(doors) = self.host.doors().await {
            environment.dispatch = Some(doors.dispatch().to_string());
            environment.notification = Some(doors.notification().to_string());
        }
        if accounts.is_empty() {
            let why = "no account: give some with --account HANDLE:PASSWORD, or in a target file";
            return Err(Unprepared::new(why));
        }
        let all = accounts.clone();
        let mut refusals = Vec::new();
        for _ in 0..TRIED_ACCOUNTS {
            let two: Vec<Account> = accounts.iter().take(2).cloned().collect();
            if two.is_empty() {
                break;
            }
            self.commands.provide(&two).await?;
            self.commands.reset(&two).await?;
            let env = Arc::new(environment.clone());
            probes.push(self.first_look(&two, &env).await);
            let Some(outcome) = probes.last() else {
                break;
            };
            for after in &outcome.accounts {
                let known = accounts.iter_mut().find(|a| a.handle == after.handle);
                if let Some(known) = known {
                    known.lists = after.lists;
                    known.name = after.name.clone().or(known.name.take());
                }
            }
            if let (Ending::Inconclusive, Some(limit)) = (outcome.ending, outcome.limit) {
                let detail = match limit.is_flood() {
                    true => outcome.transcript.tail(LAST, &self.redactor),
                    false => Vec::new(),
                };
                let why = format!("{limit}; {}", limit.advice());
                return Err(Unprepared { why, detail });
            }
            if let (Some(learnt), Ending::Passed) = (&outcome.learnt, outcome.ending) {
                if let Some(answer) = foreign_dialect(outcome) {
                    return Err(Unprepared::new(no_common_dialect(&answer)));
                }
                environment.learn(learnt);
                environment.climb(&outcome.climbed);
                if let Some(refusal) = refusals.first() {
                    let why = format!("{refusal}, while another account can");
                    return Err(Unprepared::new(why));
                }
                return Ok((environment, accounts));
            }
            let handle = match &outcome.cause {
                Some(Cause::NotDisposable { handle, .. }) => handle,
                // A login that got no answer speaks against the server, not against the account.
                Some(cause @ Cause::LoginRefused { handle, .. }) if cause.is_about_account() => {
                    handle
                }
                _ => return Err(self.unprobed(outcome).await),
            };
            refusals.extend(outcome.cause.as_ref().map(ToString::to_string));
            accounts.retain(|account| account.handle != *handle);
        }
        // One password may be wrong; those of accounts that we made ourselves are not.
        if self.knows_passwords
            && refusals.len() >= ENOUGH_REFUSALS
            && let Some(outcome) = probes.last()
        {
            environment.climb(&outcome.climbed);
            return Ok((environment, all));
        }
        let why = match refusals.first() {
            Some(first) => format!("no account is usable: {first}"),
            None => "no account is usable".to_owned(),
        };
        let doubt = refusals.first().and_then(|first| broken_otherwise(first));
        refusals.drain(..refusals.len().min(1));
        refusals.extend(doubt);
        Err(Unprepared {
            why,
            detail: refusals,
        })
    }

    /// Looks at the server. One that we have just started may listen before it serves: while it has
    /// said nothing it is looked at again, until its time is over; in silence, twice.
    async fn first_look(&self, accounts: &[Account], env: &Arc<Environment>) -> Outcome {
        let mut was_silent = false;
        loop {
            let executor = Executor::probe(accounts.to_vec(), Arc::clone(env), self.seed);
            let outcome = self.drive(executor).await;
            let is_silent = !outcome.waited.is_zero();
            let is_done =
                has_spoken(&outcome) || (was_silent && is_silent) || !self.host.may_begin().await;
            if is_done {
                return outcome;
            }
            was_silent |= is_silent;
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn unprobed(&self, outcome: &Outcome) -> Unprepared {
        let why = match &outcome.cause {
            Some(cause @ Cause::Unreachable { .. }) => cause.to_string(),
            _ => format!("the server cannot be tested: {}", reason(outcome)),
        };
        let dead = self.host.obituary(why).await;
        let mut detail = dead.stderr;
        let reached = !matches!(outcome.cause, Some(Cause::Unreachable { .. }));
        if let Some(failure) = outcome.failures.first().filter(|_| reached) {
            detail.extend(failure.transcript.iter().cloned());
        }
        Unprepared {
            why: dead.why,
            detail,
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
                let restarted = self.host.restart().await;
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
        let _now = self.host.ear.during(&scenario.name);
        let outcome = self
            .drive(Executor::new(scenario, accounts, environment, seed))
            .await;
        if owns && let Err(error) = self.host.start().await {
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
        let pause = environment.timeouts.reply;
        let mut tries = match patient {
            true if environment.owns_server => PATIENCE_WITH_OURS,
            true => PATIENCE,
            false => 1,
        };
        loop {
            let (why, is_silent) = match &account {
                Some(account) => {
                    let env = Arc::clone(&environment);
                    let executor = Executor::check(account.clone(), env, self.seed);
                    let outcome = self.drive(executor).await;
                    // What stops us says nothing against the server.
                    if is_alive(&outcome) || outcome.ending == Ending::Inconclusive {
                        return Ok(());
                    }
                    (reason(&outcome), outcome.is_silence())
                }
                None => return Ok(()),
            };
            tries -= 1;
            let mut dead = self.host.obituary(why).await;
            dead.is_silent = is_silent && !dead.exited;
            if tries == 0 || dead.exited {
                return Err(dead);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn drive(&self, executor: Executor) -> Outcome {
        drive_with(executor, self.drive, Some(Arc::clone(&self.host))).await
    }
}

/// The answer to VER of a server that speaks none of the dialects that were offered: `VER 1 0`, or
/// what is left of the offer without them.
fn foreign_dialect(outcome: &Outcome) -> Option<String> {
    let mut climbed = outcome.climbed.iter();
    let ver = climbed.find(|climb| climb.rung == Rung::Ver && !climb.state.holds())?;
    let Observed::Line(line) = &ver.failure.as_ref()?.got else {
        return None;
    };
    let mut words = line.split(' ');
    let is_ver = words.next() == Some("VER") && words.next().is_some();
    let mut rest = words.peekable();
    let is_sound = rest.peek().is_some() && rest.all(|word| word == "0" || word == "CVR0");
    (is_ver && is_sound).then(|| line.clone())
}

fn no_common_dialect(answer: &str) -> String {
    format!(
        "the server speaks no dialect that msnpspec tests: to an offer of MSNP2 it answers `{answer}`"
    )
}

/// What is wrong with a server that lets nobody in, where it is not the accounts.
fn broken_otherwise(refusal: &str) -> Option<String> {
    let (clause, condition) = if refusal.contains("expected USR OK, got ") {
        (ClauseId::USR_2, "where the passwords are right")
    } else if refusal.contains("expected a challenge") {
        (ClauseId::USR_1, "where the accounts exist")
    } else {
        return None;
    };
    let clause = clause.clause();
    Some(format!(
        "{condition}, the server breaks {} ({}): {}",
        clause.name, clause.level, clause.text
    ))
}

/// Whether any line of the server came.
fn has_spoken(outcome: &Outcome) -> bool {
    let is_line = |entry: &Entry| matches!(entry.what, What::Frame(Party::Server, _));
    outcome.transcript.entries().iter().any(is_line)
}

/// Whether a check found a server that answers: to refuse the account is an answer.
fn is_alive(outcome: &Outcome) -> bool {
    match &outcome.cause {
        _ if outcome.ending == Ending::Passed => true,
        Some(Cause::LoginRefused { got, .. }) => got.is_answer(),
        Some(Cause::NotDisposable { .. }) => true,
        _ => false,
    }
}

/// Why a probe or a check did not succeed, in one line.
fn reason(outcome: &Outcome) -> String {
    /// What a server sent may be long, and is no text perhaps.
    const LONGEST: usize = 200;
    let mut line = match (&outcome.cause, outcome.failures.first()) {
        (Some(cause), _) => cause.to_string(),
        (None, Some(failure)) => format!("expected {}, got {}", failure.expected, failure.got),
        (None, None) => "it does not answer as a server of MSNP2 does".to_owned(),
    };
    if let Some((at, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(at);
        line.push('…');
    }
    line
}
