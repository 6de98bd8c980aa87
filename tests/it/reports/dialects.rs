//! A run in two dialects: every format has a column, a suite or a word for each.

use std::sync::Arc;
use std::time::Duration;

use msnpspec::event::{
    ClauseResult, ClauseVerdict, Event, InDialect, RunInfo, ScenarioResult, Summary, Totals,
    Verdict,
};
use msnpspec::protocol::{ClauseId, Dialect};
use msnpspec::report::{Format, Human, Reporter};

use super::fixture::{assert_harmless, events, written_of};
use crate::snapshot;

fn msnp7() -> &'static Dialect {
    Dialect::named(b"MSNP7").expect("it is known")
}

/// Two scenarios in each: one passes in both, one fails in MSNP7 alone.
pub(super) fn run() -> Vec<Event> {
    let (mut info, mut failed, mut passed, mut cause, mut whole) = parts();
    let dialects = [Dialect::first(), msnp7()];
    info.dialects = dialects.to_vec();
    info.scenarios = 4;
    cause.dialects = [(msnp7(), cause.standing)].into();
    cause.shown_by = vec![failed.name.clone()];
    passed.verdict = Verdict::Passed;
    passed.failures.clear();
    let of = |result: &ScenarioResult, dialect| {
        let result = ScenarioResult {
            dialect,
            ..result.clone()
        };
        Event::ScenarioFinished(Arc::new(result))
    };
    let mut events = vec![Event::Started(info)];
    events.extend(dialects.map(|dialect| of(&passed, dialect)));
    let fine = ScenarioResult {
        name: failed.name.clone(),
        ..passed.clone()
    };
    events.push(of(&fine, Dialect::first()));
    failed.cause = Some(cause.id);
    events.push(of(&failed, msnp7()));
    let part = |dialect, failed: usize| InDialect {
        dialect,
        totals: Totals {
            passed: 2 - failed,
            failed,
            ..Totals::default()
        },
        ladder: Vec::new(),
        aborted: None,
    };
    let clause = |id: ClauseId, dialect, verdict| ClauseResult {
        id,
        dialect,
        level: id.level(),
        verdict,
        seen: None,
        untested: None,
        cause: (verdict == ClauseVerdict::Failed).then_some(cause.id),
    };
    whole.totals = Totals {
        passed: 3,
        failed: 1,
        ..Totals::default()
    };
    whole.dialects = vec![part(Dialect::first(), 0), part(msnp7(), 1)];
    whole.clauses = vec![
        clause(ClauseId::VER_1, Dialect::first(), ClauseVerdict::Passed),
        clause(ClauseId::USR_6, Dialect::first(), ClauseVerdict::Passed),
        clause(ClauseId::VER_1, msnp7(), ClauseVerdict::Passed),
        clause(ClauseId::USR_6, msnp7(), ClauseVerdict::Failed),
        clause(ClauseId::PRP_1, msnp7(), ClauseVerdict::Passed),
    ];
    whole.ladder.clear();
    whole.waited.clear();
    whole.causes = vec![cause];
    whole.took = Duration::from_secs(2);
    events.push(Event::Finished(whole));
    events
}

/// What is taken of the run with every verdict: its head, a failure, a pass, a cause, its end.
fn parts() -> (
    RunInfo,
    ScenarioResult,
    ScenarioResult,
    msnpspec::event::Cause,
    Summary,
) {
    let all = events();
    let result = |name: &str| {
        let results = all.iter().filter_map(|event| match event {
            Event::ScenarioFinished(result) => Some(result),
            _ => None,
        });
        let mut results = results.filter(|result| result.name == name);
        ScenarioResult::clone(results.next().expect("it is there"))
    };
    let (Some(Event::Started(info)), Some(Event::Finished(summary))) = (all.first(), all.last())
    else {
        panic!("a run has a beginning and an end")
    };
    let is_it = |cause: &&msnpspec::event::Cause| cause.clause == Some(ClauseId::USR_6);
    let cause = summary.causes.iter().find(is_it).expect("it is there");
    (
        info.clone(),
        result("auth/wrong-password"),
        result("version/hello"),
        cause.clone(),
        summary.clone(),
    )
}

#[test]
fn every_format_tells_dialects_apart() {
    let mut told = String::new();
    for format in Format::ALL {
        let mut reporter: Box<dyn Reporter + Send> = match format {
            Format::Human => Box::new(Human::default()),
            other => other.reporter(),
        };
        let text = written_of(reporter.as_mut(), run());
        assert_harmless(&text);
        for name in ["MSNP2", "MSNP7"] {
            assert!(text.contains(name), "{}: {text}", format.as_str());
        }
        let is_long = matches!(format, Format::Json | Format::Jsonl | Format::Html);
        if !is_long {
            told.push_str(&format!("=== {}\n{text}\n", format.as_str()));
        }
    }
    snapshot("report-dialects", &told);
}

#[test]
fn what_fails_in_one_dialect_is_told_as_failed_in_that_one() {
    let text = written_of(Format::Junit.reporter().as_mut(), run());
    let report = quick_junit::Report::deserialize_from_str(&text).expect("it is JUnit");
    let failing = report.test_suites.iter().filter(|suite| suite.failures > 0);
    let names: Vec<&str> = failing.map(|suite| suite.name.as_str()).collect();
    assert_eq!(names, ["MSNP7 auth"]);
    let page = written_of(Format::Html.reporter().as_mut(), run());
    let row = page.split("id=\"USR-6\"").nth(1).expect("it has a row");
    let row = row.split("</header>").next().unwrap_or_default();
    let (_, row) = row.split_once('>').expect("its first tag ends");
    let (first, last) = row.split_once("MSNP7").expect("a badge for each");
    assert!(
        first.contains("MSNP2 passed") && last.starts_with(" failed"),
        "{row}"
    );
    assert_eq!(page.matches("id=\"USR-6\"").count(), 1);
    let text = written_of(Format::Json.reporter().as_mut(), run());
    let part = msnpspec::report::read_result("r.json", &text).expect("it is read");
    assert_eq!(part.info.dialects, [Dialect::first(), msnp7()]);
    let of = part
        .results
        .iter()
        .filter(|it| it.name == "auth/wrong-password");
    let dialects: Vec<&Dialect> = of.map(|it| it.dialect).collect();
    assert_eq!(dialects, [Dialect::first(), msnp7()]);
    let shown: Vec<_> = part.causes[0].dialects.keys().copied().collect();
    assert_eq!(shown, [msnp7()]);
}
