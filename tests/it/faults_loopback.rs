//! Planted faults over real sockets, scenarios in parallel.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;
use std::time::Duration;

use msnpspec::diagnostic::Source;
use msnpspec::event::Event;
use msnpspec::net::{Plan, RunOptions, ServeOptions, Serving, run};
use msnpspec::run::{Lists, Target};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, Fault, FaultSet, faults};
use msnpspec::spec::{ClauseId, Level};
use tokio::sync::Semaphore;

use crate::loopback::{block, launched_with, library};

/// How many servers are examined at the same time.
const SERVERS: usize = 6;

/// Faults that a run over sockets cannot name: where all logins are refused as if the passwords were
/// wrong, it says that no account is usable, and exits with 3.
const UNNAMED: [Fault; 2] = [Fault::CHALLENGE_OF_ANOTHER, Fault::DIGEST_SWAPPED];

/// Faults of accounts that nobody has used yet: whoever runs the suite must know them to be new.
const OF_NEW_ACCOUNTS: [Fault; 3] = [
    Fault::NEW_ACCOUNT_WITHOUT_BATCH,
    Fault::GTC_DEFAULT,
    Fault::BLP_DEFAULT,
];

/// A server with the fault, which somebody else runs.
async fn foreign(fault: Fault) -> (Serving, Target) {
    let config = Config {
        faults: FaultSet::from_iter([fault]),
        ..Config::default()
    };
    let serving = Serving::start(config, ServeOptions::default())
        .await
        .unwrap();
    let doors = serving.doors();
    let text = format!(
        "dispatch: {}\nnotification: {}\ndisposable: true\naccount_pattern: \
         {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", name: \"User {{n}}\", to: 400 }}\n",
        doors.dispatch(),
        doors.notification()
    );
    let mut target = Target::from_yaml(&Source::new("faulty.yaml", text)).unwrap();
    if OF_NEW_ACCOUNTS.contains(&fault) {
        for account in &mut target.accounts {
            account.lists = Lists::Clean;
        }
    }
    (serving, target)
}

/// Whether a run of the scenarios that speak of a clause of the fault finds it broken.
async fn is_found(library: Vec<Arc<Scenario>>, fault: Fault) -> bool {
    let speaks = |id: &ClauseId| fault.clauses().contains(id);
    let apt = library.iter().filter(|one| one.clauses.iter().any(speaks));
    let scenarios = apt.cloned().collect();
    // Only whoever runs the server can shut it down.
    let (_serving, target) = if fault == Fault::SHUTDOWN_UNTOLD {
        (None, launched_with("SIGTERM", &[fault]))
    } else {
        let (serving, target) = foreign(fault).await;
        (Some(serving), target)
    };
    let plan = Plan {
        target,
        scenarios,
        library,
        options: RunOptions {
            level: Level::Practice,
            timeout: Some(Duration::from_secs(1)),
            jobs: Some(8),
            ..RunOptions::default()
        },
    };
    let mut found = false;
    let mut note = |event| {
        if let Event::ScenarioFinished(result) = event {
            let failures = result.failures.iter().chain(&result.notes);
            found |= failures
                .filter_map(|failure| failure.clause)
                .any(|id| speaks(&id));
        }
    };
    run(plan, &mut note).await.unwrap();
    found
}

/// Those of the faults that no run finds.
fn lost(faults: impl IntoIterator<Item = Fault>) -> Vec<Fault> {
    let library = library();
    block(async {
        let turns = Arc::new(Semaphore::new(SERVERS));
        let examine = |fault| {
            let (turns, library) = (Arc::clone(&turns), library.clone());
            tokio::spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                (fault, is_found(library, fault).await)
            })
        };
        let tasks: Vec<_> = faults.into_iter().map(examine).collect();
        let mut lost = Vec::new();
        for task in tasks {
            let (fault, found) = task.await.unwrap();
            if !found {
                lost.push(fault);
            }
        }
        lost
    })
}

#[test]
fn some_of_each_kind_are_found() {
    let some = [
        Fault::OTHER_DIALECT,
        Fault::INF_WITHOUT_PACKAGE,
        Fault::TWO_BLANKS,
        Fault::TRID_16_BITS,
        Fault::ANY_PASSWORD,
        Fault::BATCH_ORDER,
        Fault::ADD_TOLD_TO_THE_ADDER,
        Fault::DROP_UNNOTICED,
        Fault::COOKIE_REUSABLE,
        Fault::ROSTER_FROM_ZERO,
        Fault::MESSAGES_OVERTAKE,
        Fault::NOTIFICATION_WITHOUT_VER,
        Fault::REFERRAL_TRID,
        Fault::SHUTDOWN_UNTOLD,
        Fault::BATCH_TRID_ZERO,
        Fault::GTC_DEFAULT,
    ];
    assert_eq!(lost(some), []);
}

#[test]
#[ignore = "takes minutes: many runs wait in vain, as they should"]
fn all_are_found() {
    assert_eq!(lost(faults().iter().copied()), UNNAMED);
}
