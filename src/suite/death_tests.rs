//! Deaths of the server and second looks, told to the last word.

use std::time::Duration;

use super::suite_world::{Act, Run, World, many, options, run, run_in};
use crate::event::{NoticeKind, Verdict};
use crate::protocol::ClauseId;
use crate::scenario::test_support::scenario;

#[test]
fn what_passes_when_it_runs_again_says_how() {
    let once = |name: &str, _: bool, before: usize| match (name, before) {
        ("s/01", 0) => Act::Fail,
        _ => Act::Pass,
    };
    let mut one = options();
    one.jobs = 1;
    let alone = "it failed, and passed when it ran again";
    assert_eq!(run(many(3), one, once).reason("s/01"), alone);
    let beside = "not isolated: it failed beside others and passed alone";
    assert_eq!(run(many(3), options(), once).reason("s/01"), beside);
    let mut lonely = many(1);
    lonely.push(scenario("s/01", &["OUT-7"], &["alone"]));
    assert_eq!(run(lonely, options(), once).reason("s/01"), alone);
    let mut retries = options();
    retries.retries = 3;
    let twice = |name: &str, _: bool, before: usize| match (name, before) {
        ("s/01", 0 | 1) => Act::Fail,
        _ => Act::Pass,
    };
    let told = run(many(3), retries, twice);
    assert_eq!(told.reason("s/01"), "it failed 2 times and then passed");
}

#[test]
fn retries_are_as_many_as_asked_for() {
    for (retries, runs) in [(0, 2), (1, 3), (2, 4)] {
        let mut with = options();
        with.retries = retries;
        let run = run(many(3), with, |name, _, _| match name {
            "s/01" => Act::Fail,
            _ => Act::Pass,
        });
        assert_eq!(run.verdict("s/01"), Verdict::Failed);
        assert_eq!(run.count("s/01"), runs, "{retries} retries");
    }
}

/// All of many scenarios fail in the same way, the last one in another; each takes so long.
fn failing(millis: u64, retries: usize) -> Run {
    let world = World {
        takes: Duration::from_millis(millis),
        ..World::default()
    };
    let mut scenarios = many(8);
    scenarios.push(scenario("t/other", &["USR-5"], &[]));
    let mut options = options();
    options.retries = retries;
    run_in(world, scenarios, options, |_, _, _| Act::Fail)
}

#[test]
fn slow_failures_that_are_known_are_not_looked_at_again() {
    let slow = failing(500, 0);
    assert_eq!((slow.summary.totals.failed, slow.world.ran.len()), (9, 12));
    assert_eq!(slow.count("t/other"), 2);
    assert_eq!(failing(499, 0).world.ran.len(), 18);
    assert_eq!(failing(500, 1).world.ran.len(), 27);
}

fn killing(killer: &'static str) -> impl Fn(&str, bool, usize) -> Act {
    move |name, _, _| if name == killer { Act::Kill } else { Act::Pass }
}

#[test]
fn a_death_is_told_with_what_the_server_said() {
    let run = run(many(6), options(), killing("s/03"));
    let notice = (
        NoticeKind::Warning,
        "s/03 stops the server: it exited".to_owned(),
    );
    assert!(run.notices.contains(&notice), "{:?}", run.notices);
    let at = run.notices.iter().position(|told| *told == notice);
    assert_eq!(run.details[at.unwrap()], ["panic!"]);
    let failures = &run.result("s/03").failures;
    let clauses: Vec<_> = failures.iter().map(|one| one.clause).collect();
    assert_eq!(
        clauses,
        [Some(ClauseId::LIVE_1)],
        "its connections ended with it"
    );
    assert_eq!(failures[0].got.to_string(), "it exited");
}

#[test]
fn the_only_one_that_ran_is_tried_where_that_can_be() {
    let mut one = options();
    one.jobs = 1;
    let told = run(many(3), one, killing("s/00"));
    assert_eq!((told.count("s/00"), told.world.restarts), (2, 2));
    assert_eq!(told.verdict("s/00"), Verdict::Failed);
    let failures = told.result("s/00").failures.iter();
    let clauses: Vec<_> = failures.map(|failure| failure.clause).collect();
    assert_eq!(
        clauses,
        [Some(ClauseId::LIVE_1)],
        "its connections ended with it"
    );
    let mut foreign = options();
    (foreign.jobs, foreign.owns_server) = (1, false);
    let told = run(many(3), foreign, killing("s/00"));
    assert_eq!(
        told.result("s/00").failures[0].clause,
        Some(ClauseId::LIVE_1)
    );
}

#[test]
fn a_server_that_comes_back_by_itself_is_not_started_again() {
    for owned in [false, true] {
        let world = World {
            heals: true,
            ..World::default()
        };
        let mut options = options();
        options.owns_server = owned;
        let run = run_in(world, many(8), options, |name, beside, _| match name {
            "s/03" if beside => Act::Kill,
            _ => Act::Pass,
        });
        assert_eq!(run.world.restarts, 0);
        assert_eq!(run.verdict("s/03"), Verdict::Flaky);
        let (kind, text) = run.notices.first().unwrap();
        assert_eq!(*kind, NoticeKind::Warning);
        assert!(text.contains("stopped answering (it exited)"), "{text}");
        assert!(run.details[0].contains(&"s/03".to_owned()));
        assert!(run.details[0].contains(&"panic!".to_owned()));
    }
}

#[test]
fn a_server_that_cannot_be_started_again_ends_the_run() {
    let world = World {
        stuck: true,
        ..World::default()
    };
    let run = run_in(world, many(12), options(), killing("s/02"));
    let why = "the server could not be started again: no such file";
    assert_eq!(run.summary.aborted.as_deref(), Some(why));
    assert_eq!(run.notices.last().unwrap().1, why);
    let detail = run.details.last().unwrap();
    assert!(detail[0].starts_with("while these ran: s/0"), "{detail:?}");
    assert!(detail[0].contains("s/02"), "{detail:?}");
    assert_eq!(detail[1..], ["the new one's words"]);
    let own = run.results.iter().filter(|result| result.name == "s/02");
    assert!(
        own.flat_map(|result| &result.failures)
            .all(|one| one.clause == Some(ClauseId::USR_6))
    );
    for n in 0..12 {
        let name = format!("s/{n:02}");
        let result = run.result(&name);
        let failed = result
            .failures
            .iter()
            .any(|one| one.got == crate::event::Observed::Closed);
        assert_eq!(failed, name == "s/02", "{name}");
    }
}

#[test]
fn many_deaths_end_the_run() {
    let all = |_: &str, _: bool, _: usize| Act::Kill;
    let mut one = options();
    one.jobs = 1;
    let run = run(many(40), one, all);
    let why = run.summary.aborted.as_deref().unwrap();
    assert_eq!(why, "the server died 21 times");
    assert_eq!(run.summary.totals.failed, 21);
    assert_eq!(run.world.restarts, 41);
}

#[test]
fn a_failure_draws_a_look_at_the_server() {
    let one = |name: &str, _: bool, _: usize| match name {
        "s/03" => Act::Fail,
        _ => Act::Pass,
    };
    // Once for the failure, once for that of the second look.
    assert_eq!(run(many(6), options(), one).world.checks, 2);
    let all = |_: &str, _: bool, _: usize| Act::Fail;
    // What fails while it is looked draws one more look.
    assert_eq!(run(many(6), options(), all).world.checks, 10);
    let mut alone = options();
    alone.jobs = 1;
    let told = run(many(3), alone, killing("s/00"));
    assert_eq!((told.world.checks, told.world.restarts), (2, 2));
    // Once it is found dead, once the culprit has killed it alone.
    let told = run(many(6), options(), killing("s/03"));
    assert_eq!((told.world.checks, told.world.restarts), (2, 2));
}

#[test]
fn each_death_is_counted_and_told_of_the_one_who_did_it() {
    let all = |_: &str, _: bool, _: usize| Act::Kill;
    let told = run(many(40), options(), all);
    let why = told.summary.aborted.as_deref();
    assert_eq!(why, Some("the server died 21 times"));
    assert_eq!((told.summary.totals.failed, told.world.restarts), (21, 41));
    for n in 0..20 {
        let failures = &told.result(&format!("s/{n:02}")).failures;
        assert_eq!(failures[0].clause, Some(ClauseId::LIVE_1), "{n}");
    }
    // Those that ran when it was given up keep what they have seen.
    assert_eq!(told.verdict("s/20"), Verdict::Failed);
    assert_eq!(
        told.result("s/20").failures[0].got,
        crate::event::Observed::Closed
    );
    assert_eq!(told.verdict("s/39"), Verdict::Skipped);
}

/// The server dies of `s/00`; `s/01` ends when that is known, like this.
fn ending_late(how: Act) -> Run {
    let world = World {
        slow: "s/01",
        ..World::default()
    };
    run_in(world, many(4), options(), move |name, _, before| {
        match (name, before) {
            ("s/00", _) => Act::Kill,
            ("s/01", 0) => how,
            _ => Act::Pass,
        }
    })
}

#[test]
fn who_ends_while_the_server_is_dead_is_tried_with_the_others() {
    let told = ending_late(Act::Pass);
    assert_eq!(told.verdict("s/01"), Verdict::Passed);
    assert_eq!(told.verdict("s/00"), Verdict::Failed);
    // Nobody answers it: it is not waited for.
    assert_eq!(told.world.cut, ["s/01"]);
    let refused = ending_late(Act::Refuse);
    assert_eq!(refused.verdict("s/01"), Verdict::Passed);
    assert_eq!(refused.count("s/01"), 2);
    let unable = ending_late(Act::Unable);
    assert_eq!(unable.reason("s/01"), "no port is left");
    assert_eq!(unable.verdict("s/00"), Verdict::Failed);
    assert_eq!(unable.count("s/01"), 1);
}

#[test]
fn a_server_that_hangs_is_started_again() {
    let world = World {
        wedges: true,
        ..World::default()
    };
    let told = run_in(world, many(6), options(), killing("s/03"));
    assert_eq!(told.verdict("s/03"), Verdict::Failed);
    // It is given time once: it is slow perhaps.
    assert_eq!((told.world.restarts, told.world.checks), (2, 3));
    // What it wrote when it was found so is told, not what it made of later looks.
    let [(_, blame)] = told.notices.as_slice() else {
        panic!("{:?}", told.notices);
    };
    assert_eq!(blame, "s/03 stops the server: it exited");
    assert_eq!(told.details, [["look 3"]]);
    assert_eq!(told.summary.totals.passed, 5);
}

#[test]
fn who_hangs_the_server_is_told_with_what_it_wrote_first() {
    let world = World {
        wedges: true,
        ..World::default()
    };
    let mut one = options();
    one.jobs = 1;
    let told = run_in(world, many(3), one, killing("s/00"));
    assert_eq!((told.world.restarts, told.world.checks), (2, 3));
    assert_eq!(told.details, [["look 3"]]);
}

fn hostile(name: &str) -> std::sync::Arc<crate::scenario::ast::Scenario> {
    scenario(name, &["MSG-10"], &["hostile"])
}

fn one_at_a_time() -> super::task::SuiteOptions {
    let mut one = options();
    one.jobs = 1;
    one
}

#[test]
fn a_death_just_after_the_last_step_is_charged_to_who_took_it() {
    for jobs in [1, 4] {
        let world = World {
            lingers: true,
            ..World::default()
        };
        let mut options = options();
        options.jobs = jobs;
        let all = ["h/0", "h/1", "h/2"].map(hostile).to_vec();
        let told = run_in(world, all, options, |name, _, _| match name {
            "h/1" => Act::Hurt,
            _ => Act::Pass,
        });
        let failures = &told.result("h/1").failures;
        let clauses: Vec<_> = failures.iter().map(|one| one.clause).collect();
        assert_eq!(clauses, [Some(ClauseId::LIVE_1)], "{jobs} jobs");
        assert_eq!(told.verdict("h/0"), Verdict::Passed);
        assert_eq!(told.verdict("h/2"), Verdict::Passed);
        assert_eq!(told.summary.totals.failed, 1);
    }
}

#[test]
fn what_is_hostile_and_passes_is_looked_at_once_more() {
    let all = ["h/0", "h/1", "h/2"].map(hostile).to_vec();
    let told = run(all.clone(), one_at_a_time(), |_, _, _| Act::Pass);
    assert_eq!((told.world.checks, told.summary.totals.passed), (3, 3));
    // One look serves all that had ended when it began.
    let told = run(all, options(), |_, _, _| Act::Pass);
    assert!(told.world.checks < 3, "{}", told.world.checks);
    assert_eq!(told.summary.totals.passed, 3);
    let told = run(many(3), one_at_a_time(), |_, _, _| Act::Pass);
    assert_eq!(told.world.checks, 0);
}

#[test]
fn whoever_finds_a_dead_server_is_no_suspect() {
    // What hurts is not hostile, so nobody looks: the next one finds it dead.
    let told = run(many(3), one_at_a_time(), |name, _, before| {
        match (name, before) {
            ("s/00", 0) => Act::Hurt,
            _ => Act::Pass,
        }
    });
    assert_eq!(told.verdict("s/01"), Verdict::Passed);
    assert_eq!((told.count("s/01"), told.summary.totals.failed), (2, 0));
    let (kind, text) = told.notices.last().unwrap();
    assert_eq!(*kind, NoticeKind::Error);
    assert_eq!(text, "the server stopped answering once; not reproduced");
    assert_eq!(told.code, 1, "it does not conform");
}

#[test]
fn whoever_runs_when_a_count_is_full_is_not_accused() {
    // Twice it stops at the tenth scenario, whichever that is.
    let full = std::cell::Cell::new(0);
    let mut all: Vec<_> = (0..12).map(|n| hostile(&format!("h/{n:02}"))).collect();
    all.extend(many(2));
    let told = run(all, options(), |_, _, _| match full.get() {
        10 | 30 => {
            full.set(full.get() + 1);
            Act::Hurt
        }
        _ => {
            full.set(full.get() + 1);
            Act::Pass
        }
    });
    assert_eq!(told.summary.totals.failed, 0, "{:?}", told.notices);
    assert!(told.summary.totals.flaky > 0);
    assert_eq!(told.code, 1);
    let words = "the server stopped answering once; not reproduced";
    assert!(told.notices.iter().any(|(_, text)| text == words));
}

#[test]
fn two_that_stop_the_server_together_are_both_named() {
    let all: Vec<_> = (0..4).map(|n| hostile(&format!("h/{n}"))).collect();
    let told = run(all, options(), |name, _, _| match name {
        "h/3" => Act::HurtAfter("h/1"),
        _ => Act::Pass,
    });
    let failure = &told.result("h/3").failures[0];
    assert_eq!(failure.clause, Some(ClauseId::LIVE_1));
    assert_eq!(failure.detail.as_deref(), Some("after h/1"));
    assert_eq!(failure.transcript, ["# h/1", "# h/3"]);
    let words = "h/3 stops the server after h/1: it exited";
    assert!(told.notices.iter().any(|(_, text)| text == words));
    assert_eq!(told.summary.totals.failed, 1);
    assert_eq!(told.code, 1);
}

#[test]
fn floods_that_stop_the_server_together_break_the_clause_of_floods() {
    let flood = |n| scenario(&format!("h/{n}"), &["LIVE-3"], &["hostile"]);
    let all: Vec<_> = (0..3).map(flood).collect();
    let told = run(all, options(), |name, _, _| match name {
        "h/2" => Act::HurtAfter("h/1"),
        _ => Act::Pass,
    });
    let clause = told.result("h/2").failures[0].clause;
    assert_eq!(clause, Some(ClauseId::LIVE_3));
}

#[test]
fn many_that_fill_a_server_are_told_as_a_row() {
    let all: Vec<_> = (0..6).map(|n| hostile(&format!("h/{n}"))).collect();
    let told = run(all, options(), |_, _, _| Act::Full(4));
    let accused = told.results.iter().find(|r| r.verdict == Verdict::Failed);
    let failure = &accused.unwrap().failures[0];
    assert_eq!(failure.clause, Some(ClauseId::LIVE_1));
    let before = failure.detail.as_deref().unwrap();
    assert_eq!(before.split(", ").count(), 3, "{before}");
}

#[test]
fn a_scenario_about_another_clause_of_life_is_told_under_it() {
    let all = vec![scenario("h/slow", &["MSG-1", "LIVE-2"], &["hostile"])];
    let told = run(all, options(), |_, _, _| Act::Kill);
    let clause = told.result("h/slow").failures[0].clause;
    assert_eq!(clause, Some(ClauseId::LIVE_2));
}

#[test]
fn who_has_met_all_steps_has_shown_that_its_own_clause_holds() {
    let all = vec![scenario("h/slow", &["LIVE-2"], &["hostile"])];
    let told = run(all, options(), |_, _, _| Act::Hurt);
    let clause = told.result("h/slow").failures[0].clause;
    assert_eq!(clause, Some(ClauseId::LIVE_1));
}

/// Twice the server stops when so many have come; what of it a flood does alone.
fn worn_out(flood: impl Fn() -> Act) -> Run {
    let full = std::cell::Cell::new(0);
    let mut all = many(12);
    all.push(scenario("h/flood", &["LIVE-3"], &["hostile"]));
    run(all, options(), |name, _, _| {
        full.set(full.get() + 1);
        match (name, full.get()) {
            ("h/flood", _) => flood(),
            (_, 10) => Act::Kill,
            _ => Act::Pass,
        }
    })
}

#[test]
fn where_nobody_is_found_those_that_wear_it_out_are_tried() {
    let told = worn_out(|| Act::Kill);
    let failure = &told.result("h/flood").failures[0];
    assert_eq!(failure.clause, Some(ClauseId::LIVE_3));
    assert_eq!(told.count("h/flood"), 1);
    assert_eq!(told.summary.totals.failed, 1, "{:?}", told.notices);
    // It runs in its turn where it does no harm alone.
    let told = worn_out(|| Act::Pass);
    assert_eq!(told.verdict("h/flood"), Verdict::Passed);
    assert_eq!((told.count("h/flood"), told.summary.totals.failed), (2, 0));
    assert_eq!(told.code, 1);
}

#[test]
fn where_it_is_known_that_a_server_wears_out_nobody_is_hunted_for_that() {
    // It dies of each tenth that comes.
    let world = World::default();
    let mut all = many(150);
    all.push(scenario("h/flood", &["LIVE-3"], &["hostile"]));
    let told = run_in(world, all, options(), |name, _, _| match name {
        "h/flood" => Act::Kill,
        _ => Act::Full(10),
    });
    let totals = told.summary.totals;
    assert_eq!(
        (totals.failed, totals.skipped),
        (1, 0),
        "{:?}",
        told.notices
    );
    assert!(totals.passed > 130, "{totals:?}");
    let words = "the server stopped answering once; not reproduced";
    assert!(told.notices.iter().any(|(_, text)| text == words));
}

#[test]
fn the_silence_of_a_dead_server_puts_no_rung_out() {
    let told = run(many(12), options(), |name, _, before| {
        match (name, before) {
            ("s/00", 0) => Act::Kill,
            ("s/01" | "s/02" | "s/03", 0) => Act::Silent,
            _ => Act::Pass,
        }
    });
    assert_eq!(told.summary.ladder, [], "{:?}", told.notices);
    let alive = run(many(12), options(), |name, _, before| {
        match (name, before) {
            ("s/01" | "s/02" | "s/03", 0) => Act::Silent,
            _ => Act::Pass,
        }
    });
    assert_eq!(alive.summary.ladder.len(), 1, "it lives, and is silent");
}
