//! `--verify`: what did not pass is played again, and told with how often it failed.

use super::suite_world::{Act, many, options, run};
use super::task::SuiteOptions;
use crate::engine::Limit;
use crate::event::{Plays, Verdict};

fn verify(times: u32) -> SuiteOptions {
    SuiteOptions {
        verify: times,
        ..options()
    }
}

#[test]
fn what_failed_is_played_again_and_told_with_how_often_it_failed() {
    // It fails twice, and then in each second play.
    let told = run(many(3), verify(10), |name, _, before| match name {
        "s/01" if before < 2 || before % 2 == 0 => Act::Fail,
        _ => Act::Pass,
    });
    assert_eq!(told.count("s/01"), 2 + 10);
    assert_eq!((told.count("s/00"), told.count("s/02")), (1, 1));
    let result = told.result("s/01");
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(result.plays, Some(Plays { of: 10, failed: 5 }));
    let reason = result.reason.as_deref();
    assert_eq!(reason, Some("it failed in 5 of 10 further plays"));
    assert_eq!((told.summary.totals.failed, told.code), (1, 1));
}

#[test]
fn what_fails_no_more_is_flaky_with_a_bound() {
    let told = run(many(2), verify(20), |name, _, before| match name {
        "s/01" if before < 2 => Act::Fail,
        _ => Act::Pass,
    });
    let result = told.result("s/01");
    assert_eq!((result.verdict, told.code), (Verdict::Flaky, 0));
    assert_eq!(result.plays, Some(Plays { of: 20, failed: 0 }));
    assert_eq!(
        result.reason.as_deref(),
        Some(
            "it failed twice, and then in none of 20 further plays: it fails in at most 14 % of all \
             (95 % sure)"
        )
    );
}

#[test]
fn what_is_flaky_stays_so_and_is_counted() {
    let told = run(many(2), verify(4), |name, _, before| match name {
        "s/01" if before == 0 || before == 3 => Act::Fail,
        _ => Act::Pass,
    });
    let result = told.result("s/01");
    assert_eq!(result.verdict, Verdict::Flaky);
    assert_eq!(result.plays, Some(Plays { of: 4, failed: 1 }));
}

#[test]
fn a_limit_of_ours_gives_way_to_plays_that_say_something() {
    let limit = Limit::Lines(1000);
    for (after, verdict, code) in [
        (Act::Pass, Verdict::Passed, 0),
        (Act::Fail, Verdict::Failed, 1),
        (Act::Limit(limit), Verdict::Inconclusive, 0),
    ] {
        let told = run(many(60), verify(3), |name, _, before| match name {
            "s/01" if before == 0 => Act::Limit(limit),
            "s/01" => after,
            _ => Act::Pass,
        });
        let result = told.result("s/01");
        assert_eq!((result.verdict, told.code), (verdict, code));
        let of = result.plays.map(|plays| plays.of);
        let expected = if verdict == Verdict::Inconclusive {
            0
        } else {
            3
        };
        assert_eq!(of, Some(expected));
    }
}

#[test]
fn a_scenario_that_stops_the_server_is_not_played_again_for_it() {
    let told = run(many(3), verify(10), |name, _, _| match name {
        "s/01" => Act::Kill,
        _ => Act::Pass,
    });
    assert_eq!(told.verdict("s/01"), Verdict::Failed);
    assert!(told.count("s/01") < 4);
    assert_eq!(told.result("s/01").plays, None);
}

#[test]
fn a_further_play_that_stops_the_server_is_told_as_that() {
    let told = run(many(3), verify(10), |name, _, before| match name {
        "s/01" if before < 3 => Act::Fail,
        "s/01" => Act::Kill,
        _ => Act::Pass,
    });
    let result = told.result("s/01");
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(result.failures[0].judge, crate::event::Judge::Process);
    assert!(told.summary.aborted.is_none());
    assert_eq!(told.summary.totals.all(), 3);
}

#[test]
fn without_it_nothing_is_played_more_often() {
    let told = run(many(2), options(), |name, _, _| match name {
        "s/01" => Act::Fail,
        _ => Act::Pass,
    });
    assert_eq!((told.count("s/01"), told.result("s/01").plays), (2, None));
}
