//! The suite, one task at a time: what may begin beside what.

use std::sync::Arc;
use std::time::Duration;

use super::run::Suite;
use super::suite_tests::probed;
use super::suite_world::{Act, accounts, many, options, run};
use super::task::{Dead, Done, Task, Work};
use crate::engine::test_support::outcome;
use crate::engine::{Cause, Ending};
use crate::event::test_support::failure;
use crate::event::{Event, Observed, Rung, RungState, Verdict};
use crate::protocol::ClauseId;
use crate::scenario::ast::{Fixture, Scenario};
use crate::scenario::test_support::{load_steps, scenario};
use crate::target::{Climb, Environment};

/// Scenarios of which each takes so many accounts.
fn needing(names: &[&str], count: usize) -> Vec<Arc<Scenario>> {
    let needing = |name: &&str| {
        let mut scenario = Scenario::clone(&scenario(name, &["USR-6"], &[]));
        scenario.needs.accounts = count;
        Arc::new(scenario)
    };
    names.iter().map(needing).collect()
}

/// What a task is about: a scenario's name, `check`, `patient check`, `restart`.
fn told(task: &Task) -> String {
    match &task.work {
        Work::Scenario { scenario, .. } => scenario.name.clone(),
        Work::Check { patient, .. } if *patient => "patient check".into(),
        Work::Check { .. } => "check".into(),
        Work::Restart => "restart".into(),
    }
}

/// The next task, which must be this.
#[track_caller]
fn next(suite: &mut Suite, wanted: &str) -> u64 {
    let task = suite.next_task().expect("a task");
    assert_eq!(told(&task), wanted);
    task.id
}

/// Nothing may begin now.
#[track_caller]
fn waits(suite: &mut Suite) {
    let task = suite.next_task();
    assert!(task.is_none(), "{:?}", task.map(|task| told(&task)));
}

fn end(suite: &mut Suite, id: u64, done: Done) {
    suite.finished(id, done, Duration::ZERO);
}

fn passed() -> Done {
    Done::Scenario(Box::new(outcome(Ending::Passed, Vec::new())))
}

fn failed() -> Done {
    let failures = vec![failure(None, "this", "that")];
    Done::Scenario(Box::new(outcome(Ending::Failed, failures)))
}

fn stopped(cause: Cause) -> Done {
    let mut outcome = outcome(Ending::Blocked, Vec::new());
    outcome.cause = Some(cause);
    Done::Scenario(Box::new(outcome))
}

/// The server did not let this account in.
fn refused(number: usize, got: &str) -> Done {
    stopped(Cause::LoginRefused {
        handle: format!("u{number}@hotmail.com"),
        rung: Rung::Usr,
        got: crate::event::test_support::observed(got),
        reason: format!("expected USR OK, got {got}"),
    })
}

fn dead(exited: bool) -> Done {
    Done::Check(Err(Dead {
        why: "no answer".into(),
        exited,
        ..Dead::default()
    }))
}

#[test]
fn what_fails_during_a_check_asks_for_another() {
    let mut suite = Suite::new(many(2), accounts(6), options());
    let (first, second) = (next(&mut suite, "s/00"), next(&mut suite, "s/01"));
    end(&mut suite, first, failed());
    let check = next(&mut suite, "check");
    waits(&mut suite);
    end(&mut suite, second, failed());
    end(&mut suite, check, Done::Check(Ok(())));
    let again = next(&mut suite, "check");
    end(&mut suite, again, Done::Check(Ok(())));
    next(&mut suite, "s/00");
}

#[test]
fn what_is_only_noted_asks_for_a_check_too() {
    let mut suite = Suite::new(many(2), accounts(1), options());
    let first = next(&mut suite, "s/00");
    let noted = probed(ClauseId::USR_9);
    end(&mut suite, first, Done::Scenario(Box::new(noted)));
    next(&mut suite, "check");
}

#[test]
fn where_nobody_can_log_in_no_login_proves_life() {
    let mut one = options();
    one.jobs = 1;
    let mut suite = Suite::new(many(2), accounts(1), one);
    let target = Environment {
        no_login: Some("nobody is let in".into()),
        ..Environment::default()
    };
    suite.learn(&target, accounts(2));
    let first = next(&mut suite, "s/00");
    end(&mut suite, first, failed());
    next(&mut suite, "s/01");
    let summary = suite.finish(Duration::ZERO, false);
    assert_eq!(summary.aborted, None);
}

#[test]
fn where_nobody_can_log_in_only_the_offline_are_played() {
    let online = load_steps("  - C: PNG");
    let mut offline = online.clone();
    offline.users[0].fixture = Fixture::default();
    let mut probe = outcome(Ending::Passed, Vec::new());
    let refused = failure(Some(ClauseId::USR_2), "USR OK", "nothing");
    probe.climbed = vec![Climb {
        rung: Rung::Usr,
        state: RungState::Silent,
        failure: Some(refused),
    }];
    for (mut scenario, is_run) in [(online, false), (offline, true)] {
        scenario.name = "s/00".into();
        let mut suite = Suite::new(vec![Arc::new(scenario)], accounts(2), options());
        suite.probed(std::slice::from_ref(&probe));
        assert_eq!(suite.next_task().is_some(), is_run);
        let summary = suite.finish(Duration::ZERO, false);
        let causes = summary.causes.iter();
        let told: Vec<_> = causes
            .map(|one| (one.clause, one.rung, one.blocks))
            .collect();
        let blocked = usize::from(!is_run);
        let usr = (Some(ClauseId::USR_2), Some(Rung::Usr), blocked);
        assert_eq!((told, summary.totals.blocked), (vec![usr], blocked));
    }
}

#[test]
fn what_a_probe_has_found_decides_what_is_run() {
    let mut needy = Scenario::clone(&scenario("a", &["OUT-6"], &[]));
    (needy.needs.dispatch, needy.needs.accounts) = (true, 2);
    needy.needs.challenges = true;
    let mut plain = options();
    (plain.dispatch_refers, plain.challenges) = (false, false);
    let mut suite = Suite::new(vec![Arc::new(needy)], accounts(1), plain);
    let target = Environment {
        dispatch_refers: true,
        challenges: true,
        ..Environment::default()
    };
    suite.learn(&target, accounts(2));
    next(&mut suite, "a");
}

#[test]
fn a_dying_server_is_left_alone_until_all_have_ended() {
    let names = ["s/00", "s/01", "s/02"];
    let mut suite = Suite::new(needing(&names, 1), accounts(6), options());
    let ids = names.map(|name| next(&mut suite, name));
    end(&mut suite, ids[0], failed());
    let check = next(&mut suite, "check");
    end(&mut suite, check, dead(true));
    waits(&mut suite);
    // Who is refused now will be tried all the same, and once.
    end(&mut suite, ids[1], refused(1, "911 4"));
    waits(&mut suite);
    end(&mut suite, ids[2], passed());
    let restart = next(&mut suite, "restart");
    waits(&mut suite);
    end(&mut suite, restart, Done::Restart(Ok(())));

    let Some(Task { id, work }) = suite.next_task() else {
        panic!("a trial")
    };
    let Work::Scenario { accounts, .. } = work else {
        panic!("{work:?}")
    };
    let refused = Cause::LoginRefused {
        handle: accounts[0].handle.clone(),
        rung: Rung::Usr,
        got: Observed::line(b"911 4"),
        reason: "expected USR OK, got 911 4".into(),
    };
    end(&mut suite, id, stopped(refused));
    let first = next(&mut suite, "s/00");
    waits(&mut suite);
    end(&mut suite, first, passed());
    let check = next(&mut suite, "check");
    waits(&mut suite);
    end(&mut suite, check, Done::Check(Ok(())));
    // Who cannot be run is no suspect any more.
    let second = next(&mut suite, "s/01");
    end(&mut suite, second, Done::Unable("no account".into()));
    let check = next(&mut suite, "check");
    end(&mut suite, check, Done::Check(Ok(())));
    let mut played = Vec::new();
    while let Some(task) = suite.next_task() {
        let done = match task.work {
            Work::Scenario { scenario, .. } => {
                played.push(scenario.name.clone());
                passed()
            }
            Work::Check { .. } => Done::Check(Ok(())),
            Work::Restart => Done::Restart(Ok(())),
        };
        end(&mut suite, task.id, done);
    }
    let [alone, pairs, whole] = [1, 4, 2];
    assert_eq!(played.len(), alone + pairs + whole, "{played:?}");
    assert!(!played.contains(&"s/01".to_owned()));
    assert!(suite.is_over());
    let totals = suite.finish(Duration::ZERO, false).totals;
    assert_eq!((totals.flaky, totals.inconclusive, totals.all()), (2, 1, 3));
}

#[test]
fn an_own_server_that_stays_silent_is_started_again() {
    let mut suite = Suite::new(many(1), accounts(6), options());
    let only = next(&mut suite, "s/00");
    end(&mut suite, only, failed());
    let check = next(&mut suite, "check");
    end(&mut suite, check, dead(false));
    let check = next(&mut suite, "patient check");
    end(&mut suite, check, dead(false));
    next(&mut suite, "restart");
}

#[test]
fn deaths_of_trials_are_not_counted() {
    let run = run(many(60), options(), |_, _, _| Act::Kill);
    let why = run.summary.aborted.as_deref().unwrap();
    assert_eq!(why, "the server died 21 times");
    assert_eq!(run.world.restarts, 41);
}

#[test]
fn a_check_takes_an_account_if_there_is_any() {
    let mut suite = Suite::new(many(1), Vec::new(), options());
    let only = next(&mut suite, "s/00");
    end(&mut suite, only, failed());
    let check = suite.next_task().map(|task| task.work);
    assert!(
        matches!(check, Some(Work::Check { account: None, .. })),
        "{check:?}"
    );
    let mut scenarios = many(1);
    scenarios.extend(needing(&["t/one"], 1));
    let mut suite = Suite::new(scenarios, accounts(1), options());
    let mut tasks: Vec<Task> = std::iter::from_fn(|| suite.next_task()).collect();
    tasks.sort_by_key(told);
    let [idle, holder] = tasks.as_slice() else {
        panic!("{tasks:?}")
    };
    end(&mut suite, idle.id, failed());
    waits(&mut suite);
    end(&mut suite, holder.id, passed());
    let check = suite.next_task().map(|task| task.work);
    let is_whole = matches!(
        check,
        Some(Work::Check {
            account: Some(_),
            ..
        })
    );
    assert!(is_whole, "{check:?}");
}

#[test]
fn one_account_stays_free_for_checks() {
    let mut suite = Suite::new(needing(&["a", "b"], 2), accounts(4), options());
    next(&mut suite, "a");
    waits(&mut suite);
    let mut suite = Suite::new(needing(&["a", "b"], 2), accounts(5), options());
    next(&mut suite, "a");
    next(&mut suite, "b");
    let mut suite = Suite::new(needing(&["a"], 4), accounts(4), options());
    next(&mut suite, "a");
}

#[test]
fn a_scenario_begins_once_however_often_it_runs() {
    let mut suite = Suite::new(many(1), accounts(2), options());
    let begun = |suite: &mut Suite| {
        let events = std::iter::from_fn(|| suite.poll_event());
        let begun = events.filter(|event| matches!(event, Event::ScenarioStarted(..)));
        begun.count()
    };
    let first = next(&mut suite, "s/00");
    assert_eq!(begun(&mut suite), 1);
    end(&mut suite, first, failed());
    let check = next(&mut suite, "check");
    end(&mut suite, check, Done::Check(Ok(())));
    next(&mut suite, "s/00");
    assert_eq!(begun(&mut suite), 0);
}

#[test]
fn an_account_that_belongs_to_others_is_left_out() {
    let mut suite = Suite::new(needing(&["a"], 1), accounts(2), options());
    for number in 0..2 {
        let id = next(&mut suite, "a");
        let handle = format!("u{number}@hotmail.com");
        let foreign = Cause::NotDisposable { handle, entries: 3 };
        end(&mut suite, id, stopped(foreign));
    }
    waits(&mut suite);
    let summary = suite.finish(Duration::ZERO, false);
    assert_eq!(summary.aborted.as_deref(), Some("no account is usable"));
}

#[test]
fn a_login_without_an_answer_speaks_against_the_server() {
    let mut suite = Suite::new(needing(&["a"], 1), accounts(3), options());
    let id = next(&mut suite, "a");
    end(&mut suite, id, refused(0, "closed"));
    let check = next(&mut suite, "check");
    end(&mut suite, check, Done::Check(Ok(())));
    let again = next(&mut suite, "a");
    end(&mut suite, again, refused(0, "closed"));
    let mut verdicts = Vec::new();
    let check = next(&mut suite, "check");
    end(&mut suite, check, Done::Check(Ok(())));
    while let Some(event) = suite.poll_event() {
        if let Event::ScenarioFinished(result) = event {
            verdicts.push(result.verdict);
        }
    }
    assert_eq!(verdicts, [Verdict::Blocked]);
}

#[test]
fn each_user_under_way_may_have_two_connections() {
    let names = ["a", "b"];
    for (most, beside) in [(5, 1), (6, 2)] {
        let mut limited = options();
        limited.max_connections = Some(most);
        let run = run(needing(&names, 2), limited, |_, _, _| Act::Pass);
        assert_eq!(run.world.most, beside, "{most} connections");
    }
}
