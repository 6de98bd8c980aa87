//! The scripts beside the scenarios, against the reference server.

use std::sync::Arc;
use std::time::Duration;

use super::{Chunking, SimOptions, environment, run};
use crate::diagnostic::Source;
use crate::engine::{Cause, Ending, Executor, Outcome};
use crate::protocol::{Barrier, Dialect};
use crate::scenario::{NoFiles, load};
use crate::server::Config;
use crate::target::{Account, Environment, Lists};

fn account(number: usize) -> Account {
    Account::new(format!("user{number}@hotmail.com"), format!("pw{number}"))
}

/// A target of which only the dispatch server is known.
fn unknown() -> Environment {
    Environment {
        dispatch: environment().dispatch,
        ..Environment::default()
    }
}

fn probe(accounts: usize, env: Environment, options: SimOptions) -> Outcome {
    let accounts = (1..=accounts).map(account).collect();
    let executor = Executor::probe(accounts, Arc::new(env), 1);
    run(executor, Config::default(), options)
}

#[test]
fn a_probe_finds_out_what_the_server_is_like() {
    for latency in [Duration::ZERO, Duration::from_millis(3)] {
        let options = SimOptions {
            latency,
            chunk: Chunking::Bytes(5),
        };
        let outcome = probe(2, unknown(), options);
        assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
        let learnt = outcome.learnt.unwrap();
        assert_eq!(learnt.notification, environment().notification);
        assert!(learnt.dispatch_refers);
        assert_eq!(learnt.barriers.notification, Some(Barrier::Ping));
        assert_eq!(learnt.barriers.switchboard, Some(Barrier::CallSelf));
        assert!(!learnt.presence_batched);
        assert!(outcome.accounts.iter().all(|a| a.lists == Lists::Clean));
        assert_eq!(outcome.accounts[0].name.as_deref(), Some("User 1"));
        assert_eq!(outcome.waited, Duration::ZERO, "{:?}", outcome.waited_for);
    }
}

#[test]
fn a_probe_sees_whether_it_is_challenged() {
    for (dialect, challenges, is_challenged) in [
        ("MSNP6", true, true),
        ("MSNP6", false, false),
        ("MSNP5", true, false),
    ] {
        let env = Environment {
            dialect: Dialect::named(dialect.as_bytes()).unwrap(),
            ..unknown()
        };
        let executor = Executor::probe(vec![account(1), account(2)], Arc::new(env), 1);
        let config = Config {
            challenges,
            ..Config::default()
        };
        let outcome = run(executor, config, SimOptions::default());
        assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
        assert_eq!(outcome.learnt.unwrap().challenges, is_challenged);
    }
}

#[test]
fn a_probe_makes_do_with_one_account() {
    let env = Environment {
        notification: environment().notification,
        ..unknown()
    };
    let outcome = probe(1, env, SimOptions::default());
    let learnt = outcome.learnt.unwrap();
    assert_eq!(learnt.notification, None);
    assert!(learnt.dispatch_refers);
    assert_eq!(learnt.barriers.notification, Some(Barrier::Ping));
}

#[test]
fn a_probe_says_what_keeps_an_account_out() {
    let wrong = Account::new("user1@hotmail.com", "not it");
    let executor = Executor::probe(vec![wrong], Arc::new(unknown()), 1);
    let outcome = run(executor, Config::default(), SimOptions::default());
    assert_eq!(outcome.ending, Ending::Blocked);
    let Some(Cause::LoginRefused { handle, reason, .. }) = outcome.cause else {
        panic!("{:?}", outcome.cause)
    };
    assert_eq!(handle, "user1@hotmail.com");
    assert!(reason.contains("got 911"), "{reason}");

    let mut nowhere = unknown();
    nowhere.dispatch = Some("127.0.0.1:9".into());
    let outcome = probe(1, nowhere, SimOptions::default());
    assert!(matches!(outcome.cause, Some(Cause::Unreachable { .. })));
}

#[test]
fn a_check_logs_in_and_out() {
    let executor = Executor::check(account(7), Arc::new(unknown()), 1);
    let outcome = run(executor, Config::default(), SimOptions::default());
    assert_eq!(outcome.ending, Ending::Passed);
    assert!(outcome.transcript.entries().len() > 10);
}

const CHANGES: &str = r#"
description: changes a lot
clauses: [ADD-1]
users:
  alice: { state: NLN, FL: [bob], BL: [carol], GTC: N }
  bob: { state: NLN, AL: [alice] }
  carol: {}
steps:
  - C: ADD {t} AL {bob.handle} {bob.handle}
  - S: ADD {t} AL * {bob.handle} ...
  - C: BLP {t} BL
  - S: BLP {t} * BL
  - C: REA {t} {alice.handle} Someone%20Else
  - S: REA {t} ...
"#;

fn scenario(text: &str) -> Arc<crate::scenario::ast::Scenario> {
    let source = Source::new("test.yaml", text);
    let all = load("test", &source, &NoFiles).unwrap_or_else(|errors| panic!("{}", errors[0]));
    Arc::new(all.into_iter().next().unwrap())
}

fn changed(env: Environment) -> Outcome {
    let accounts = (1..=3).map(account).collect();
    let executor = Executor::new(scenario(CHANGES), accounts, Arc::new(env), 1);
    run(executor, Config::default(), SimOptions::default())
}

#[test]
fn a_scenario_undoes_what_it_did() {
    let outcome = changed(unknown());
    assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
    assert!(outcome.accounts.iter().all(|a| a.lists == Lists::Clean));
    assert_eq!(outcome.accounts[0].name.as_deref(), Some("User 1"));
    let text = outcome
        .transcript
        .render(&crate::transcript::Redactor::default());
    let said = text.iter().filter_map(|line| line.split_once(" C: "));
    let mut since = said.skip_while(|(_, line)| !line.starts_with("SYN 800000001"));
    let (conn, first) = since.next().expect("somebody undoes something");
    let same = since.filter(|(name, _)| *name == conn);
    let rest = same.map(|(_, line)| line);
    let rest = rest.take_while(|line| !line.starts_with("<closed>"));
    let undone: Vec<&str> = [first].into_iter().chain(rest).collect();
    let expected = [
        "SYN 800000001 0",
        "REM 800000002 FL user2@hotmail.com",
        "REM 800000003 AL user2@hotmail.com",
        "REM 800000004 BL user3@hotmail.com",
        "GTC 800000005 A",
        "BLP 800000006 AL",
        "REA 800000007 user1@hotmail.com User%201",
        "OUT",
    ];
    assert_eq!(undone, expected);
    // Each user has TrIDs of its own: an answer that goes to another's connection is none there.
    let of_bob = text.iter().filter_map(|line| line.split_once(" C: "));
    let of_bob: Vec<&str> = of_bob
        .map(|(_, line)| line)
        .skip_while(|line| !line.starts_with("SYN 800100001"))
        .take(2)
        .collect();
    assert_eq!(
        of_bob,
        ["SYN 800100001 0", "REM 800100002 AL user1@hotmail.com"]
    );
}

#[test]
fn fresh_accounts_are_left_as_they_are() {
    let env = Environment {
        cleanup: false,
        ..unknown()
    };
    let outcome = changed(env);
    assert_eq!(outcome.ending, Ending::Passed);
    let names = outcome.transcript.connections().iter();
    assert!(names.clone().all(|conn| conn.name.label() != "undo"));
    assert_eq!(outcome.accounts[0].lists, Lists::Ours);
    assert_eq!(outcome.accounts[2].lists, Lists::Clean);
}

#[test]
fn the_same_seeds_give_the_same_transcript() {
    let transcript = |seed: u64| {
        let options = SimOptions {
            chunk: Chunking::Random(seed),
            latency: Duration::from_micros(50),
        };
        let accounts = (1..=3).map(account).collect();
        let executor = Executor::new(scenario(CHANGES), accounts, Arc::new(unknown()), 1);
        let outcome = run(executor, Config::default(), options);
        assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
        outcome.transcript
    };
    assert_eq!(transcript(1), transcript(1));
}

const RESTART: &str = r#"
description: the server goes and comes back
clauses: [OUT-6]
users:
  alice: { state: NLN }
needs: [launch]
steps:
  - server: stop
  - S: OUT SSD
  - S: closed
  - server: start
  - alice open: default
  - C: VER {t} MSNP2
  - S: VER {t} MSNP2 ...
"#;

#[test]
fn the_server_goes_and_comes_back() {
    let executor = Executor::new(
        scenario(RESTART),
        vec![account(1)],
        Arc::new(environment()),
        1,
    );
    let outcome = run(executor, Config::default(), SimOptions::default());
    assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
}
