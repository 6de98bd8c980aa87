//! The fault matrix over real sockets, scenarios in parallel: each planted fault is found and
//! rightly named, the clean server draws no finding, and the next pass says the same.

#![expect(clippy::unwrap_used, reason = "a test may fail")]
#![expect(clippy::print_stdout, reason = "the table is the evidence")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use msnpspec::diagnostic::Source;
use msnpspec::event::{Event, Failure};
use msnpspec::net::{Plan, RunOptions, ServeOptions, Serving, run};
use msnpspec::protocol::{ClauseId, Dialect, Level};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, Fault, FaultSet, faults};
use msnpspec::suite::Choice;
use msnpspec::target::{Lists, Target};
use tokio::sync::Semaphore;

use crate::faults::{is_consequence, is_oracle};
use crate::loopback::{block, carry_out, launched_with, library, practice};

/// How many servers are examined at the same time: most runs wait.
const SERVERS: usize = 12;
/// The deadline of a reply. Whatever the machine is busy with, a sound server keeps it.
const REPLY: Duration = Duration::from_secs(1);
/// How many accounts there are.
const ACCOUNTS: usize = 400;
/// How many passes say the same.
const PASSES: usize = 10;

/// Faults of accounts that nobody has used yet: whoever runs the suite must know them to be new.
const OF_NEW_ACCOUNTS: [Fault; 3] = [
    Fault::NEW_ACCOUNT_WITHOUT_BATCH,
    Fault::GTC_DEFAULT,
    Fault::BLP_DEFAULT,
];

/// What oracles say beyond the clauses of a fault and beyond what they say in memory, rightly too:
/// over sockets lists and settings are looked at once more behind each scenario.
const CONSEQUENCES: &[(&[Fault], &[ClauseId])] = &[
    // What was said to be done was not, or was not counted.
    (
        &[
            Fault::TOO_LONG_HANDLE_TAKEN,
            Fault::MALFORMED_HANDLE_ADDED,
            Fault::UNKNOWN_USER_ADDED,
            Fault::OPPOSITES_ECHOED,
            Fault::ADD_ANY_LIST,
            Fault::ADD_TO_RL,
            Fault::REM_FROM_RL,
            Fault::GTC_SAME_TAKEN,
            Fault::GTC_ANY_VALUE,
            Fault::BLP_SAME_TAKEN,
            Fault::BLP_ANY_VALUE,
        ],
        &[ClauseId::SYN_7, ClauseId::SER_2, ClauseId::GTC_5],
    ),
    // What was done was told to somebody else.
    (&[Fault::REPLY_TO_ANOTHER], &[ClauseId::SYN_7]),
    // What another sent at that moment decides whether the TrID is one of the same connection.
    (
        &[Fault::TRID_OF_ANOTHER],
        &[ClauseId::REPLY_4, ClauseId::REPLY_5, ClauseId::TRID_2],
    ),
    // Who is missing in one list stands in the other.
    (&[Fault::BATCH_CUT], &[ClauseId::REM_6]),
    // Who was missing in the list is there later.
    (&[Fault::LST_HIDES_LAST], &[ClauseId::SYN_7]),
    // No roster with this TrID came before the OK.
    (
        &[Fault::ROSTER_TRID_COUNTS, Fault::OK_BEFORE_ROSTER],
        &[ClauseId::ANS_2],
    ),
    // One removal takes more than it says.
    (&[Fault::REM_CLEARS_ALLOW_LIST], &[ClauseId::REM_1]),
];

/// Who found clauses broken: `step`, `notice`, or `oracle NAME`.
type Found = BTreeMap<ClauseId, BTreeSet<String>>;

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
         {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", name: \"User {{n}}\", to: {ACCOUNTS} }}\n",
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

fn is_right(fault: Fault, clause: ClauseId) -> bool {
    fault.clauses().contains(&clause)
}

/// What a run of the scenarios that speak of a clause of the fault finds.
async fn examine(library: Vec<Arc<Scenario>>, fault: Fault) -> Found {
    let speaks = |id: &ClauseId| is_right(fault, *id);
    let apt = library.iter().filter(|one| one.clauses.iter().any(speaks));
    let scenarios = apt.cloned().collect();
    // Only whoever runs the server can shut it down.
    let (_serving, target) = if fault == Fault::SHUTDOWN_UNTOLD {
        (None, launched_with("SIGTERM", &[fault], ACCOUNTS))
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
            timeout: Some(REPLY),
            jobs: Some(8),
            dialects: Choice::One(Dialect::first()),
            ..RunOptions::default()
        },
    };
    let mut found = Found::new();
    let mut say = |clause: ClauseId, by: String| {
        found.entry(clause).or_default().insert(by);
    };
    let mut note = |event| match event {
        Event::ScenarioFinished(result) => {
            for failure in result.failures.iter().chain(&result.notes) {
                if let Some(clause) = failure.clause {
                    say(clause, judge(failure));
                }
            }
        }
        // A server that lets nobody in cannot be tested, but is told what it breaks.
        Event::Notice(notice) => {
            let named = |id: &&ClauseId| {
                let breaks = format!("the server breaks {id} ");
                notice.detail.iter().any(|line| line.contains(&breaks))
            };
            for clause in fault.clauses().iter().filter(named) {
                say(*clause, "notice".to_owned());
            }
        }
        _ => {}
    };
    run(plan, &mut note).await.unwrap();
    found
}

/// Who judged.
fn judge(failure: &Failure) -> String {
    match failure.oracle() {
        Some((oracle, _)) => format!("oracle {oracle}"),
        None => "step".to_owned(),
    }
}

/// What is found of each of these faults.
fn pass(faults: impl IntoIterator<Item = Fault>) -> BTreeMap<Fault, Found> {
    let library = library();
    block(async {
        let turns = Arc::new(Semaphore::new(SERVERS));
        let examined = |fault| {
            let (turns, library) = (Arc::clone(&turns), library.clone());
            tokio::spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                (fault, examine(library, fault).await)
            })
        };
        let tasks: Vec<_> = faults.into_iter().map(examined).collect();
        let mut all = BTreeMap::new();
        for task in tasks {
            let (fault, found) = task.await.unwrap();
            all.insert(fault, found);
        }
        all
    })
}

/// A line for each fault: the clauses that it breaks and that are named. That a server which nobody
/// can start again serves nobody any more is said of a scenario only where none ran beside it; so
/// LIVE-1 stands only where the fault is for it.
fn table(all: &BTreeMap<Fault, Found>) -> String {
    let mut text = String::new();
    for (fault, found) in all {
        let is_by_the_way =
            |clause| clause == ClauseId::LIVE_1 && fault.clauses().first() != Some(&clause);
        let named = found.keys().filter(|clause| is_right(*fault, **clause));
        let named = named.filter(|clause| !is_by_the_way(**clause));
        let named: Vec<&str> = named.map(|clause| clause.as_str()).collect();
        let _ = writeln!(text, "{fault}: {}", named.join(" "));
    }
    text
}

fn is_known(fault: Fault, clause: ClauseId) -> bool {
    let follows = CONSEQUENCES
        .iter()
        .any(|(faults, clauses)| faults.contains(&fault) && clauses.contains(&clause));
    follows || is_consequence(fault, clause)
}

/// Each fault is found by one of its clauses, and no oracle accuses the server of what the fault
/// does not do.
fn all_is_right(all: &BTreeMap<Fault, Found>) {
    let mut wrong = Vec::new();
    for (fault, found) in all {
        if !found.keys().any(|clause| is_right(*fault, *clause)) {
            wrong.push(format!("{fault} is not found"));
        }
        for (clause, judges) in found {
            let is_expected = is_right(*fault, *clause) || is_known(*fault, *clause);
            let strays = judges
                .iter()
                .filter(|judge| is_oracle(judge) && !is_expected);
            wrong.extend(strays.map(|judge| format!("{fault}: {clause} by {judge}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn some_of_each_kind_are_found() {
    all_is_right(&pass([
        Fault::OTHER_DIALECT,
        Fault::INF_WITHOUT_PACKAGE,
        Fault::TWO_BLANKS,
        Fault::TRID_16_BITS,
        Fault::DIGEST_SWAPPED,
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
    ]));
}

/// `cargo test --test it faults_loopback::all_are_found -- --ignored --nocapture` prints the table.
#[test]
#[ignore = "takes minutes: many runs wait in vain, as they should"]
fn all_are_found() {
    let all = pass(faults().iter().copied());
    print!("{}", table(&all));
    all_is_right(&all);
}

#[test]
#[ignore = "takes a quarter of an hour"]
fn ten_passes_say_the_same() {
    let all = pass(faults().iter().copied());
    let first = table(&all);
    print!("{first}");
    all_is_right(&all);
    let mut differs = Vec::new();
    for number in 2..=PASSES {
        let all = pass(faults().iter().copied());
        all_is_right(&all);
        let next = table(&all);
        let unlike = next.lines().zip(first.lines()).filter(|(a, b)| a != b);
        let unlike: Vec<String> = unlike.map(|(a, b)| format!("-{b}\n+{a}\n")).collect();
        println!("pass {number}: {} differences", unlike.len());
        differs.extend(unlike);
    }
    assert!(differs.is_empty(), "{}", differs.concat());
}

#[test]
#[ignore = "takes minutes: the whole suite, ten times"]
fn the_clean_server_draws_no_finding() {
    let count = library().len();
    for number in 1..=PASSES {
        let ran = block(carry_out(Target::builtin(), library(), practice()));
        let totals = ran.summary().totals;
        println!("{number}: {totals:?}");
        assert_eq!(ran.end.exit_code, 0, "{}", ran.complaints());
        let notes = ran
            .results()
            .map(|result| result.notes.len())
            .sum::<usize>();
        assert_eq!(
            (totals.flaky, totals.blocked, notes),
            (0, 0, 0),
            "{}",
            ran.complaints()
        );
        assert!(
            totals.passed + totals.skipped == count,
            "{}",
            ran.complaints()
        );
    }
}
