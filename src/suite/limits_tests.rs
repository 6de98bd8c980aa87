//! Limits of the harness's own accuse nobody.

use std::time::Duration;

use super::dialogue::Dialogue;
use super::suite_world::{Act, many, options, run};
use super::task::SuiteOptions;
use crate::engine::{Ending, Limit, Outcome, Refusal};
use crate::event::{NoticeKind, Verdict};

/// What becomes of a script whose second connection cannot be made.
fn refused(steps: &str, refusal: impl Into<Refusal>) -> Outcome {
    let mut it = Dialogue::new("[alice]", steps);
    it.wants();
    it.opened(0);
    it.say(0, "VER 1 MSNP2");
    it.wants();
    it.refuse(1, refusal);
    it.outcome()
}

#[test]
fn a_connection_that_we_cannot_open_says_nothing_of_the_server() {
    for last in [
        "  - alice@ns2 C: VER {t} MSNP2",
        "  - alice@sb open: \"ns:1\"",
        "  - alice@sb open: \"ns:1\"\n  - alice@sb S: closed",
    ] {
        let steps = format!("  - C: VER 1 MSNP2\n  - S: VER 1 MSNP2\n{last}");
        let outcome = refused(&steps, Limit::Ports);
        assert_eq!(outcome.ending, Ending::Inconclusive, "{last}");
        assert_eq!(outcome.limit, Some(Limit::Ports));
        assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        let refused = refused(&steps, "connection refused");
        assert_eq!(refused.ending, Ending::Failed, "{last}");
    }
}

const TIME: Limit = Limit::Time(Duration::from_secs(60));

#[test]
fn what_scenarios_share_may_be_enough_for_one_alone() {
    for limit in [
        Limit::Descriptors,
        Limit::Ports,
        Limit::Memory,
        Limit::Lookup,
    ] {
        for act in [Act::Limit(limit), Act::NotBegun(limit)] {
            let run = run(many(10), options(), |name, beside, _| match name {
                "s/01" if beside => act,
                _ => Act::Pass,
            });
            assert_eq!(run.verdict("s/01"), Verdict::Passed);
            assert_eq!((run.code, run.count("s/01")), (0, 2));
            let [(kind, text)] = run.notices.as_slice() else {
                panic!("one notice: {:?}", run.notices);
            };
            assert_eq!(*kind, NoticeKind::Warning);
            assert!(text.contains(&limit.to_string()), "{text}");
            assert!(text.ends_with(limit.advice()), "{text}");
            assert_eq!(run.world.checks, 0, "nothing speaks against the server");
        }
    }
}

#[test]
fn a_failure_after_a_limit_gets_its_second_look() {
    let act = |then: [Act; 2]| {
        move |name: &str, _: bool, before: usize| match (name, before) {
            ("s/01", 0) => Act::Limit(Limit::Descriptors),
            ("s/01", 1) => then[0],
            ("s/01", _) => then[1],
            _ => Act::Pass,
        }
    };
    let run_as = |then| run(many(40), options(), act(then));
    let failed = run_as([Act::Fail, Act::Fail]);
    assert_eq!(
        (failed.verdict("s/01"), failed.count("s/01")),
        (Verdict::Failed, 3)
    );
    let flaky = run_as([Act::Fail, Act::Pass]);
    assert_eq!(flaky.verdict("s/01"), Verdict::Flaky);
    let unclear = run_as([Act::Fail, Act::Limit(TIME)]);
    assert_eq!(
        (unclear.verdict("s/01"), unclear.code),
        (Verdict::Inconclusive, 0)
    );
    assert_eq!(unclear.reason("s/01"), TIME.to_string());
}

#[test]
fn a_twentieth_may_be_inconclusive_and_no_more() {
    let stops = |count: usize, all: usize, options: SuiteOptions| {
        run(many(all), options, move |name, _, _| {
            match name[2..].parse::<usize>().unwrap() < count {
                true => Act::Limit(TIME),
                false => Act::Pass,
            }
        })
    };
    let few = stops(2, 40, options());
    assert_eq!((few.code, few.summary.totals.inconclusive), (0, 2));
    assert_eq!(few.count("s/00"), 1, "more time is not to be had alone");
    assert_eq!(few.summary.aborted, None);
    let many = stops(3, 40, options());
    assert_eq!((many.code, many.summary.totals.inconclusive), (3, 3));
    let why = many.summary.aborted.as_deref().unwrap();
    assert!(
        why.starts_with("3 of 40 scenarios are inconclusive: the script"),
        "{why}"
    );
    assert!(why.ends_with(TIME.advice()), "{why}");
    assert_eq!(many.summary.totals.failed, 0);
    let mut options = options();
    options.jobs = 1;
    let all = stops(40, 40, options);
    assert_eq!((all.code, all.summary.totals.inconclusive), (3, 5));
    assert_eq!(all.summary.totals.skipped, 35, "more would not tell more");
}
