//! JUnit XML, as CI services read it: a suite for each folder, a case for each scenario.
//!
//! A failed scenario is a `failure` of the type of its clause; a waived one is `skipped` with the
//! waiver's reason, since a red case would defeat the waiver, a blocked one with its cause, since one
//! cause would else be hundreds of red cases, and an inconclusive one with the limit; a flaky one is
//! a success with the failed attempt beside it (`flakyFailure`). What no scenario shows of what is
//! wrong is a case of the suite `first look`. A notice that fails the run is an `error` in a suite of
//! its own.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::Reporter;
use super::digest::Digest;
use super::text::printable;
use super::title::{counts, headline, shown_by_scenarios, why};
use crate::event::{
    Cause, Conclusion, Event, Failure, Notice, NoticeKind, RunInfo, ScenarioResult, Standing,
    Summary, Verdict,
};

/// Collects the run and writes one document.
#[derive(Debug)]
pub struct Junit {
    digest: Digest,
}

impl Default for Junit {
    fn default() -> Self {
        Self {
            digest: Digest::labelled(),
        }
    }
}

impl Reporter for Junit {
    fn handle(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.digest.take(event);
        let Some(summary) = &self.digest.summary else {
            return Ok(());
        };
        report(&self.digest, summary)
            .serialize(out)
            .map_err(io::Error::other)
    }
}

fn report(digest: &Digest, summary: &Summary) -> Report {
    let run = digest.run();
    let mut report = Report::new(format!("msnpspec: {}", printable(&run.target)));
    report.set_time(summary.took);
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for result in &digest.results {
        let (folder, _) = split(&result.name);
        let suite = suites.entry(folder).or_insert_with(|| {
            let mut suite = TestSuite::new(folder);
            suite.add_property(("target", printable(&run.target).as_ref()));
            suite.add_property(("level", run.level.as_str()));
            suite.add_property(("dialect", result.dialect.name));
            suite
        });
        suite.add_test_case(case(result, &summary.causes));
    }
    report.add_test_suites(suites.into_values());
    let causes = summary.causes.iter();
    let causes = causes.filter_map(|cause| cause_case(cause, &run));
    let causes: Vec<TestCase> = causes.collect();
    if !causes.is_empty() {
        let mut suite = TestSuite::new("first look");
        suite.add_test_cases(causes);
        report.add_test_suite(suite);
    }
    let grave = digest
        .notices
        .iter()
        .filter(|notice| notice.kind == NoticeKind::Error);
    let mut cases: Vec<TestCase> = grave.map(notice_case).collect();
    if let Some(reason) = &summary.aborted {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(printable(reason)).set_type("aborted");
        cases.push(TestCase::new("the run is carried to its end", status));
    }
    if let Some(Conclusion::Inconclusive(_)) = digest.conclusion() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        let sentence = digest.sentence();
        status.set_message(sentence).set_type("inconclusive");
        cases.push(TestCase::new("enough scenarios are judged", status));
    }
    if !cases.is_empty() {
        let mut suite = TestSuite::new("run");
        suite.add_test_cases(cases);
        report.add_test_suite(suite);
    }
    report
}

/// The folder and the rest of a scenario's name.
fn split(name: &str) -> (&str, &str) {
    let end = name.find('[').unwrap_or(name.len());
    let slash = name.get(..end).and_then(|path| path.rfind('/'));
    slash.map_or(("scenarios", name), |at| {
        let (folder, rest) = name.split_at(at);
        (folder, rest.strip_prefix('/').unwrap_or(rest))
    })
}

fn case(result: &ScenarioResult, causes: &[Cause]) -> TestCase {
    let (folder, _) = split(&result.name);
    let mut case = TestCase::new(printable(&result.name), status(result, causes));
    case.set_classname(folder).set_time(result.took);
    let clauses: Vec<&str> = result.clauses.iter().map(|id| id.as_str()).collect();
    case.add_property(("clauses", clauses.join(" ").as_str()));
    let place = result.failures.first().map(|failure| &failure.place);
    if let Some(place) = place.filter(|place| !place.file.is_empty()) {
        case.extra
            .insert("file".into(), printable(&place.file).as_ref().into());
        case.extra
            .insert("line".into(), place.line.to_string().as_str().into());
    }
    for variation in &result.variations {
        let text = format!("{}: {}", variation.clause, printable(&variation.seen));
        case.add_property(("varied", text.as_str()));
    }
    case
}

fn status(result: &ScenarioResult, causes: &[Cause]) -> TestCaseStatus {
    let reason = why(result, causes);
    match result.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Blocked if result.cause.is_some() => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
        Verdict::Skipped | Verdict::Waived | Verdict::Inconclusive => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{}: {reason}", result.verdict.as_str()));
            status
        }
        Verdict::Flaky => {
            let mut rerun = TestRerun::new(NonSuccessKind::Failure);
            rerun
                .set_message(reason)
                .set_description(describe(&result.failures));
            let mut status = TestCaseStatus::success();
            status.add_rerun(rerun);
            status
        }
        Verdict::Failed | Verdict::Blocked => {
            let kind = if result.verdict == Verdict::Failed {
                NonSuccessKind::Failure
            } else {
                NonSuccessKind::Error
            };
            let mut status = TestCaseStatus::non_success(kind);
            match (&result.reason, result.failures.first()) {
                (None, Some(failure)) => status.set_message(difference(failure)),
                (_, _) => status.set_message(reason),
            };
            let clause = result.failures.first().and_then(|failure| failure.clause);
            status.set_type(clause.map_or("blocked", |id| id.as_str()));
            status.set_description(describe(&result.failures));
            status
        }
    }
}

/// What no scenario shows: the first look does, or what it blocks.
fn cause_case(cause: &Cause, run: &RunInfo) -> Option<TestCase> {
    if shown_by_scenarios(cause).next().is_some() {
        return None;
    }
    let mut status = match cause.standing {
        Standing::Fails => TestCaseStatus::non_success(match cause.clause {
            Some(_) => NonSuccessKind::Failure,
            None => NonSuccessKind::Error,
        }),
        _ if cause.blocks > 0 => TestCaseStatus::skipped(),
        _ => return None,
    };
    let message = format!("{} ({})", headline(cause), counts(cause, run));
    status.set_message(message);
    if cause.standing == Standing::Fails {
        status.set_type(cause.clause.map_or("no clause", |id| id.as_str()));
        status.set_description(describe(std::slice::from_ref(&cause.failure)));
    }
    Some(TestCase::new(headline(cause), status))
}

fn notice_case(notice: &Notice) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    let lines: Vec<_> = notice.detail.iter().map(|line| printable(line)).collect();
    status
        .set_message(printable(&notice.text))
        .set_type("notice");
    status.set_description(lines.join("\n"));
    TestCase::new(printable(&notice.text), status)
}

fn difference(failure: &Failure) -> String {
    let clause = failure.clause.map_or(String::new(), |id| format!("{id}: "));
    let (expected, got) = (printable(&failure.expected.text), failure.got.to_string());
    let got = printable(&got);
    format!("{clause}expected {expected}, got {got}")
}

/// The failures in full: place, both sides, clause, transcript.
fn describe<F: Borrow<Failure>>(failures: &[F]) -> String {
    let mut out = String::new();
    for failure in failures {
        let failure = failure.borrow();
        if !failure.place.file.is_empty() {
            let place = failure.place.to_string();
            let text = printable(&failure.place.text);
            let _ = writeln!(out, "{}: {text}", printable(&place));
        }
        let _ = writeln!(out, "expected {}", printable(&failure.expected.text));
        let _ = writeln!(out, "     got {}", printable(&failure.got.to_string()));
        if let Some(detail) = &failure.detail {
            let _ = writeln!(out, "{}", printable(detail));
        }
        if let Some(clause) = failure.clause.map(|id| id.clause()) {
            let _ = writeln!(out, "{} ({}): {}", clause.name, clause.level, clause.text);
        }
        for line in &failure.transcript {
            let _ = writeln!(out, "  {}", printable(line));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_in_a_matrix_row_is_no_folder() {
        assert_eq!(split("a/b[x=1/2]"), ("a", "b[x=1/2]"));
        assert_eq!(split("b"), ("scenarios", "b"));
    }
}
