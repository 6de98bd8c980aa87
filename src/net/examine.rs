//! A first look at a target by itself: what is there, and what a run would do to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{Ending, Outcome};
use crate::event::Summary;
use crate::net::clock::now;
use crate::net::runner::{RunError, RunOptions, set_up, suite_options};
use crate::net::signals::interrupted;
use crate::net::target_setup::{TargetSetup, Unprepared};
use crate::protocol::{Dialect, Direction, Param};
use crate::suite::Suite;
use crate::target::{Account, Environment, Target};
use crate::transcript::{ConnId, Party, What, escape};

/// So many accounts are tried, and no more once so long has passed.
const MOST_ACCOUNTS: usize = 16;
const ENOUGH: Duration = Duration::from_millis(1_200);

/// What a first look at a target found.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The dialects that the server agrees to and that can be logged in to, lowest first.
    pub dialects: Vec<&'static Dialect>,
    /// What is known of the server.
    pub environment: Environment,
    /// The accounts that were tried, each with what keeps it from logging in.
    pub accounts: Vec<(String, Option<String>)>,
    /// The addresses that the server hands out, by the line that does: once each.
    pub addresses: Vec<(&'static str, String)>,
    /// How long the server took to answer, in order; answers that never came are not among them.
    pub delays: Vec<Duration>,
    /// The ladder and what is wrong on it, in the highest dialect.
    pub summary: Summary,
    /// Why there is no more to tell: what is wrong, and what was seen.
    pub refused: Option<(String, Vec<String>)>,
}

/// Looks at a target: asks for its dialects, climbs the ladder in the highest, and logs its accounts
/// in. Ctrl-C ends it.
///
/// # Errors
///
/// Where the target is on another machine and nobody allowed that.
pub async fn examine(mut target: Target, options: &RunOptions) -> Result<Examination, RunError> {
    let start = now();
    let setup = set_up(&mut target, options, 1)?;
    let environment = target.environment();
    let accounts = std::mem::take(&mut target.accounts);
    let mut suite = suite_options(&mut target, Vec::new(), options);
    let mut probes = Vec::new();
    let mut found = Found::default();
    let looking = look(
        &setup,
        environment.clone(),
        &accounts,
        &mut probes,
        &mut found,
        start,
    );
    let learnt = tokio::select! {
        learnt = looking => learnt,
        () = interrupted() => Err(Unprepared::new("interrupted")),
    };
    setup.end_round().await;
    suite.dialect = found.dialects.last().copied().unwrap_or_default();
    let mut suite = Suite::new(Vec::new(), accounts.clone(), suite);
    let (environment, refused) = match learnt {
        Ok(environment) => {
            suite.learn(&environment, accounts);
            suite.probed(&probes);
            (environment, None)
        }
        Err(refused) => (environment, Some((refused.why, refused.detail))),
    };
    let (mut addresses, mut delays) = (Vec::new(), Vec::new());
    for outcome in &probes {
        handed_out(outcome, &mut addresses);
        waited_for(outcome, &mut delays);
    }
    delays.sort_unstable();
    Ok(Examination {
        dialects: found.dialects,
        environment,
        accounts: found.accounts,
        addresses,
        delays,
        summary: suite.finish(start.elapsed(), refused.is_some()),
        refused,
    })
}

/// What was found before anything went wrong.
#[derive(Debug, Default)]
struct Found {
    dialects: Vec<&'static Dialect>,
    accounts: Vec<(String, Option<String>)>,
}

async fn look(
    setup: &TargetSetup,
    environment: Environment,
    accounts: &[Account],
    probes: &mut Vec<Outcome>,
    found: &mut Found,
    start: Instant,
) -> Result<Environment, Unprepared> {
    found.dialects = setup
        .agreement(environment.clone(), accounts, true, probes)
        .await?;
    if accounts.is_empty() && !found.dialects.is_empty() {
        return Ok(environment);
    }
    // Where not even VER is answered, the first look says why.
    let stranger = [Account::new("nobody@hotmail.com", "")];
    let lookers = match accounts {
        [] => &stranger[..],
        _ => accounts,
    };
    let dialect = found.dialects.last().copied().unwrap_or_default();
    let environment = Environment {
        dialect,
        ..environment
    };
    let prepared = setup.prepare(environment, lookers.to_vec(), probes).await;
    let (environment, _) = prepared?;
    if environment.no_login.is_some() {
        return Ok(environment);
    }
    let env = Arc::new(environment.clone());
    for account in accounts.iter().take(MOST_ACCOUNTS) {
        if start.elapsed() > ENOUGH && !found.accounts.is_empty() {
            break;
        }
        let outcome = setup.log_in(account.clone(), Arc::clone(&env)).await;
        let why = (outcome.ending != Ending::Passed).then(|| outcome.reason());
        found.accounts.push((account.handle.clone(), why));
    }
    Ok(environment)
}

/// The addresses in what a server said.
fn handed_out(outcome: &Outcome, all: &mut Vec<(&'static str, String)>) {
    let transcript = &outcome.transcript;
    for entry in transcript.entries() {
        let What::Frame(Party::Server, frame) = &entry.what else {
            continue;
        };
        let conn = transcript.connection(entry.conn);
        let row = conn.and_then(|conn| conn.grammar(Direction::ToClient).read(frame.words()));
        let word = row.and_then(|row| frame.words().nth(row.place_of(Param::Address)?));
        let (Some(row), Some(word)) = (row, word) else {
            continue;
        };
        let told = (row.verb.as_str(), escape(word));
        if !all.contains(&told) {
            all.push(told);
        }
    }
}

/// How long each answer took that has the TrID of a request.
fn waited_for(outcome: &Outcome, all: &mut Vec<Duration>) {
    let mut asked: BTreeMap<(ConnId, &[u8]), Duration> = BTreeMap::new();
    for entry in outcome.transcript.entries() {
        let What::Frame(party, frame) = &entry.what else {
            continue;
        };
        let Some(trid) = frame.words().nth(1) else {
            continue;
        };
        match party {
            Party::Client => {
                asked.insert((entry.conn, trid), entry.at);
            }
            Party::Server => {
                let asked = asked.remove(&(entry.conn, trid));
                all.extend(asked.map(|at| entry.at.saturating_sub(at)));
            }
        }
    }
}
