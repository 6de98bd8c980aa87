//! The suite against servers that are a function: alive or dead, breaking this or that.

use std::sync::Arc;
use std::time::Duration;

use super::run::Suite;
use super::suite_world::{Act, accounts, many, options, run};
use super::task::{Done, Task, Work};
use crate::engine::test_support::outcome;
use crate::engine::{Cause, Ending};
use crate::event::test_support::{failure, place};
use crate::event::{Event, NoticeKind, Observed, Rung, Verdict};
use crate::protocol::ClauseId;
use crate::scenario::ast::Scenario;
use crate::scenario::test_support::scenario;
use crate::target::{Waiver, Waivers};

#[test]
fn everything_runs_once_side_by_side_and_the_lonely_alone() {
    let mut scenarios = vec![scenario("a/lone", &["OUT-7"], &["alone"])];
    scenarios.push(scenario("hostile/x", &["FRAME-6"], &["hostile"]));
    scenarios.extend(many(9));
    let run = run(scenarios, options(), |name, beside, _| {
        assert!(name != "a/lone" || !beside);
        Act::Pass
    });
    assert_eq!((run.summary.totals.passed, run.code), (11, 0));
    assert_eq!(run.world.most, 4);
    assert_eq!(run.world.ran[9..], ["hostile/x", "a/lone"]);
    assert_eq!(run.world.ran.len(), 11);
}

#[test]
fn a_failure_is_seen_twice_and_what_passes_alone_is_flaky() {
    let run = run(many(6), options(), |name, beside, _| match name {
        "s/01" => Act::Fail,
        "s/02" if beside => Act::Fail,
        _ => Act::Pass,
    });
    assert_eq!(run.verdict("s/01"), Verdict::Failed);
    assert_eq!(run.verdict("s/02"), Verdict::Flaky);
    assert_eq!((run.summary.totals.passed, run.code), (4, 1));
    assert_eq!(run.world.ran.len(), 8);
}

#[test]
fn retries_make_flaky_never_passed() {
    let mut with_retries = options();
    with_retries.retries = 3;
    let run = run(many(2), with_retries, |name, _, before| {
        if name == "s/01" && before < 3 {
            Act::Fail
        } else {
            Act::Pass
        }
    });
    assert_eq!(run.verdict("s/01"), Verdict::Flaky);
    assert_eq!(run.code, 0);
}

#[test]
fn the_one_that_kills_the_server_is_named_once_and_the_run_goes_on() {
    let run = run(many(12), options(), |name, _, _| match name {
        "s/05" => Act::Kill,
        _ => Act::Pass,
    });
    assert_eq!(run.verdict("s/05"), Verdict::Failed);
    assert_eq!(run.summary.totals.passed, 11);
    let failures = &run
        .results
        .iter()
        .find(|r| r.name == "s/05")
        .unwrap()
        .failures;
    assert_eq!(failures[0].clause, Some(ClauseId::LIVE_1));
    let named = run.notices.iter().filter(|(_, text)| text.contains("s/05"));
    assert_eq!(named.count(), 1, "{:?}", run.notices);
    assert_eq!(run.code, 1);
    assert!(run.world.restarts >= 1);
}

#[test]
fn several_killers_are_all_found() {
    let run = run(many(12), options(), |name, _, _| match name {
        "s/02" | "s/03" | "s/09" => Act::Kill,
        _ => Act::Pass,
    });
    assert_eq!(run.summary.totals.failed, 3, "{:?}", run.notices);
    assert_eq!(run.summary.totals.passed, 9);
}

#[test]
fn a_server_that_dies_only_of_company_is_told_and_fails_the_run() {
    let run = run(many(8), options(), |name, beside, _| match name {
        "s/03" if beside => Act::Kill,
        _ => Act::Pass,
    });
    assert_eq!(run.summary.totals.failed, 0);
    assert!(run.summary.totals.flaky > 0);
    assert_eq!(run.verdict("s/03"), Verdict::Flaky);
    assert!(
        run.notices
            .iter()
            .any(|(kind, _)| *kind == NoticeKind::Error)
    );
    assert_eq!(run.code, 1);
}

#[test]
fn a_foreign_server_that_stays_dead_ends_the_run_with_one_notice() {
    let mut foreign = options();
    foreign.owns_server = false;
    let run = run(many(20), foreign, |name, _, _| match name {
        "s/02" => Act::Kill,
        _ => Act::Pass,
    });
    assert_eq!(run.notices.len(), 1, "{:?}", run.notices);
    assert_eq!(run.results.len(), 20);
    assert!(run.summary.totals.skipped >= 14);
    assert!(run.summary.aborted.is_some());
    assert_eq!(run.code, 1);
    assert!(run.world.ran.len() <= 6);
}

#[test]
fn killing_in_the_second_look_is_seen_too() {
    let mut one = options();
    one.jobs = 1;
    let run = run(many(3), one, |name, _, before| match (name, before) {
        ("s/01", 0) => Act::Fail,
        ("s/01", _) => Act::Kill,
        _ => Act::Pass,
    });
    let failed = run.results.iter().find(|r| r.name == "s/01").unwrap();
    assert_eq!(failed.failures[0].clause, Some(ClauseId::LIVE_1));
}

#[test]
fn fail_fast_skips_the_rest_but_still_looks_twice() {
    let mut fast = options();
    fast.fail_fast = true;
    fast.jobs = 1;
    let run = run(many(5), fast, |name, _, _| match name {
        "s/01" => Act::Fail,
        _ => Act::Pass,
    });
    let totals = run.summary.totals;
    assert_eq!((totals.passed, totals.failed, totals.skipped), (1, 1, 3));
}

#[test]
fn unmet_needs_are_skipped_with_the_reason() {
    let mut needy = Scenario::clone(&scenario("a", &["OUT-6"], &[]));
    needy.needs.launch = true;
    let mut crowd = Scenario::clone(&scenario("b", &["OUT-6"], &[]));
    crowd.needs.accounts = 7;
    let mut foreign = options();
    foreign.owns_server = false;
    let run = run(
        vec![Arc::new(needy), Arc::new(crowd)],
        foreign,
        |_, _, _| Act::Pass,
    );
    assert_eq!((run.summary.totals.skipped, run.code), (2, 4));
    let reasons: Vec<_> = run
        .results
        .iter()
        .map(|r| r.reason.as_deref().unwrap())
        .collect();
    assert!(reasons.contains(&"needs 7 accounts, the target has 6"));
}

#[test]
fn stale_waivers_fail_the_run_and_live_ones_save_it() {
    let waivers = |text: &str| {
        let waiver = Waiver::new(text, "known", place()).unwrap();
        let mut options = options();
        options.waivers = Waivers::new(vec![waiver], None);
        options.library = many(3);
        options
    };
    let failing = |name: &str, _: bool, _: usize| match name {
        "s/01" => Act::Fail,
        _ => Act::Pass,
    };
    let saved = run(many(3), waivers("s/01"), failing);
    assert_eq!((saved.verdict("s/01"), saved.code), (Verdict::Waived, 0));
    assert_eq!((saved.world.ran.len(), saved.world.checks), (3, 1));
    let stale = run(many(3), waivers("s/02"), |_, _, _| Act::Pass);
    assert_eq!((stale.summary.totals.passed, stale.code), (3, 1));
    assert_eq!(stale.count("s/02"), 2, "it is played once more before");
    let late = run(many(3), waivers("s/02"), |name, _, before| match name {
        "s/02" if before == 1 => Act::Fail,
        _ => Act::Pass,
    });
    assert_eq!((late.summary.totals.passed, late.code), (3, 0));
    assert_eq!(late.results.len(), 3);
}

#[test]
fn what_stops_at_one_breach_makes_no_waiver_of_another_stale() {
    let told = |act: Act| {
        let scenarios = || vec![scenario("t/x", &["USR-6", "VER-1"], &[])];
        let waiver = |text: &str| Waiver::new(text, "known", place()).unwrap();
        let mut options = options();
        options.waivers = Waivers::new(vec![waiver("t/x"), waiver("VER-1")], None);
        options.library = scenarios();
        let told = run(scenarios(), options, |_, _, _| act);
        assert_eq!(told.verdict("t/x"), Verdict::Waived);
        told.code
    };
    assert_eq!(
        told(Act::Fail),
        0,
        "its steps ended before VER-1 was judged"
    );
    assert_eq!(told(Act::Seen), 1, "all of its steps were met");
}

#[test]
fn an_account_that_cannot_log_in_is_left_out_and_the_scenario_runs_with_another() {
    let refuse = |suite: &mut Suite| {
        let task = suite.next_task().unwrap();
        let Work::Scenario { accounts, .. } = &task.work else {
            panic!("{task:?}")
        };
        let mut refused = outcome(Ending::Blocked, Vec::new());
        refused.cause = Some(Cause::LoginRefused {
            handle: accounts[0].handle.clone(),
            rung: Rung::Usr,
            got: Observed::line(b"911 4"),
            reason: "911".into(),
        });
        suite.finished(task.id, Done::Scenario(Box::new(refused)), Duration::ZERO);
    };
    let mut user = Scenario::clone(&scenario("s", &["USR-6"], &[]));
    user.needs.accounts = 1;
    let mut suite = Suite::new(vec![Arc::new(user)], accounts(2), options());
    refuse(&mut suite);
    refuse(&mut suite);
    assert!(suite.next_task().is_none() && suite.is_over());
    let summary = suite.finish(Duration::ZERO, false);
    assert_eq!(summary.aborted.as_deref(), Some("no account is usable"));
    assert_eq!(suite.exit_code(), 3);
}

#[test]
fn an_interrupted_run_reports_everything() {
    let mut suite = Suite::new(many(5), accounts(2), options());
    assert!(suite.next_task().is_some());
    suite.stop("interrupted");
    suite.abandon();
    assert!(suite.is_over());
    let summary = suite.finish(Duration::ZERO, false);
    assert_eq!((summary.totals.skipped, suite.exit_code()), (5, 3));
}

/// What an oracle found while the target was probed.
pub(crate) fn probed(clause: ClauseId) -> crate::engine::Outcome {
    let accusation = crate::event::Failure {
        judge: crate::event::Judge::of("order"),
        detail: Some("out of order".into()),
        ..failure(Some(clause), "x", "y")
    };
    let mut probe = outcome(Ending::Passed, Vec::new());
    probe.accusations = vec![accusation.clone(), accusation];
    probe
}

#[test]
fn what_oracles_see_of_a_probe_is_told_as_a_scenario_of_its_own() {
    for (clause, failed) in [(ClauseId::SYN_3, 1), (ClauseId::USR_9, 0)] {
        let mut suite = Suite::new(Vec::new(), accounts(1), options());
        suite.probed(&[probed(clause), probed(clause)]);
        let summary = suite.finish(Duration::ZERO, false);
        assert_eq!((summary.totals.all(), summary.causes.len()), (0, 1));
        assert_eq!(suite.exit_code(), if failed == 1 { 1 } else { 4 });
        let mut told = Vec::new();
        while let Some(event) = suite.poll_event() {
            if let Event::ScenarioFinished(result) = event {
                assert_eq!((&*result.name, result.failures.len()), ("probe", 1));
                told.push(result);
            }
        }
        assert_eq!(told.len(), failed);
    }
}

#[test]
fn connections_are_counted_before_a_scenario_begins() {
    for (most, beside) in [(1, 1), (3, 1), (4, 2), (7, 3), (100, 4)] {
        let mut limited = options();
        limited.max_connections = Some(most);
        let run = run(many(9), limited, |_, _, _| Act::Pass);
        assert_eq!(run.summary.totals.passed, 9);
        assert_eq!(run.world.most, beside, "{most} connections");
    }
}

#[test]
fn seeds_are_those_of_the_name_on_every_machine() {
    let seed = |name: &str, seed: u64| {
        let mut options = options();
        options.seed = seed;
        let mut suite = Suite::new(vec![scenario(name, &["USR-6"], &[])], accounts(2), options);
        match suite.next_task().map(|task| task.work) {
            Some(Work::Scenario { seed, .. }) => seed,
            other => panic!("{other:?}"),
        }
    };
    // FNV-1a, as its authors give it.
    assert_eq!(seed("a", 0), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(seed("foobar", 0), 0x8594_4171_f739_67e8);
    assert_eq!(seed("a", 1), 0xaf63_dc4c_8601_ec8d);
    assert_eq!(seed("a", 4), 0xaf63_dc4c_8601_ec88);
}

#[test]
fn needs_that_are_met_let_a_scenario_run() {
    let needing = |dispatch: bool, dialects: &[&str]| {
        let mut needy = Scenario::clone(&scenario("a", &["OUT-6"], &[]));
        needy.needs.dispatch = dispatch;
        needy.dialects = dialects.iter().map(|&dialect| dialect.into()).collect();
        vec![Arc::new(needy)]
    };
    let reason = |scenarios, refers| {
        let mut options = options();
        options.dispatch_refers = refers;
        let run = run(scenarios, options, |_, _, _| Act::Pass);
        run.results[0].reason.clone().unwrap_or_default()
    };
    assert_eq!(reason(needing(true, &[]), true), "");
    assert_eq!(reason(needing(false, &[]), false), "");
    assert!(reason(needing(true, &[]), false).contains("dispatch server that refers"));
    assert_eq!(reason(needing(false, &["MSNP2"]), true), "");
    assert_eq!(reason(needing(false, &["MSNP8", "MSNP2"]), true), "");
    let foreign = reason(needing(false, &["MSNP8", "MSNP9"]), true);
    assert_eq!(foreign, "is for MSNP8, MSNP9 only");
}

#[test]
fn what_cannot_be_run_is_inconclusive_and_what_was_waited_for_is_added_up() {
    let mut suite = Suite::new(many(3), accounts(6), options());
    let tasks: Vec<Task> = std::iter::from_fn(|| suite.next_task()).collect();
    assert!(!suite.is_over());
    let [first, second, third] = tasks.as_slice() else {
        panic!("{tasks:?}")
    };
    for task in [first, second] {
        let mut slow = outcome(Ending::Passed, Vec::new());
        slow.waited_for.push(("reply", Duration::from_secs(2)));
        suite.finished(task.id, Done::Scenario(Box::new(slow)), Duration::ZERO);
    }
    let why = "no such command".to_owned();
    suite.finished(third.id, Done::Unable(why.clone()), Duration::ZERO);
    assert!(suite.next_task().is_none() && suite.is_over());
    let summary = suite.finish(Duration::ZERO, false);
    let totals = summary.totals;
    assert_eq!((totals.passed, totals.inconclusive), (2, 1));
    assert_eq!(
        summary.waited,
        [("reply".to_owned(), Duration::from_secs(4))]
    );
    assert_eq!(suite.exit_code(), 3);
    let mut finished = 0;
    let mut reasons = Vec::new();
    suite.finish(Duration::ZERO, false);
    while let Some(event) = suite.poll_event() {
        match event {
            Event::Finished(_) => finished += 1,
            Event::ScenarioFinished(result) => reasons.extend(result.reason.clone()),
            _ => {}
        }
    }
    assert_eq!((finished, reasons), (1, vec![why]));
}

#[test]
fn a_run_that_could_not_begin_says_nothing_of_scenarios() {
    let mut suite = Suite::new(many(3), accounts(2), options());
    suite.stop("no server");
    let summary = suite.finish(Duration::ZERO, true);
    assert_eq!(summary.totals.all(), 0);
    assert_eq!(suite.exit_code(), 3);
}

#[test]
fn a_run_is_not_over_while_something_is_under_way() {
    let mut suite = Suite::new(many(1), accounts(2), options());
    assert!(!suite.is_over());
    let task = suite.next_task().expect("there is one");
    suite.stop("interrupted");
    assert!(!suite.is_over());
    let passed = outcome(Ending::Passed, Vec::new());
    suite.finished(task.id, Done::Scenario(Box::new(passed)), Duration::ZERO);
    assert!(suite.is_over());
    assert_eq!(suite.finish(Duration::ZERO, false).totals.passed, 1);
}

#[test]
fn what_oracles_see_is_looked_at_again_and_not_everywhere() {
    let all = run(many(20), options(), |_, _, _| Act::Seen);
    assert_eq!(all.summary.totals.failed, 20);
    assert_eq!(all.world.ran.len(), 22, "two second looks are enough");
    let once = run(many(20), options(), |name, _, before| {
        let is_first = name == "s/03" && before == 0;
        if is_first { Act::Seen } else { Act::Pass }
    });
    assert_eq!(once.summary.totals.flaky, 1);
    assert_eq!(once.verdict("s/03"), Verdict::Flaky);
}

/// What a suite at this level makes of the outcome of its only scenario.
pub(crate) fn judged(
    outcome: &crate::engine::Outcome,
    level: crate::protocol::Level,
) -> crate::event::ScenarioResult {
    let mut assessor = super::verdict::Assessor {
        dialect: crate::protocol::Dialect::first(),
        level,
        strict: false,
        transcripts: false,
        looks_again: false,
        kept: 0,
        redactor: crate::transcript::Redactor::default(),
        waivers: Waivers::default(),
    };
    assessor.judge(&scenario("a", &["CHG-1"], &[]), outcome, Duration::ZERO)
}
