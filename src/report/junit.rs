//! JUnit XML, as CI services read it: a suite for each folder, a case for each scenario.
//!
//! A failed scenario is a `failure` of the type of its clause; a waived one is `skipped` with the
//! waiver's reason, since a red case would defeat the waiver, a blocked one with its cause, since one
//! cause would else be hundreds of red cases, and an inconclusive one with the limit; a flaky one is
//! a success with the failed attempt beside it (`flakyFailure`). What no scenario shows of what is
//! wrong is a case of the suite `first look`. A notice that fails the run is an `error` in a suite of
//! its own.
//!
//! Elements and attributes are those of the strict schemas alone (`junit-10.xsd` of the xUnit plug-in of
//! Jenkins): clauses and variations of a case stand in its `system-out`.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use super::Reporter;
use super::digest::Digest;
use super::text::printable;
use super::title::{counts, headline, shown_by_scenarios, why};
use super::xml::Element;
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
        let document = report(&self.digest, summary).document();
        out.write_all(document.as_bytes())
    }
}

/// How many cases there are, and how many of a kind.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    took: Duration,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.took += other.took;
    }
}

/// A suite in the making.
#[derive(Debug, Default)]
struct Suite {
    properties: Vec<(&'static str, String)>,
    cases: Vec<Element>,
    count: Count,
}

/// How a case ended.
enum Outcome {
    Passed,
    Skipped(String),
    /// It passed when it was looked at again.
    Flaky(Element),
    Failed(Element),
    /// It could not be judged.
    Error(Element),
}

impl Suite {
    fn add(&mut self, case: Element, outcome: Outcome, took: Duration, told: &str) {
        let mut count = Count {
            tests: 1,
            took,
            ..Count::default()
        };
        let case = case.with("time", seconds(took));
        let case = match outcome {
            Outcome::Passed => case,
            Outcome::Skipped(message) => {
                count.skipped = 1;
                case.child(Element::new("skipped").with("message", message))
            }
            Outcome::Flaky(rerun) => case.child(rerun),
            Outcome::Failed(failure) => {
                count.failures = 1;
                case.child(failure)
            }
            Outcome::Error(error) => {
                count.errors = 1;
                case.child(error)
            }
        };
        self.count.add(count);
        self.cases.push(match told {
            "" => case,
            told => case.child(Element::new("system-out").text(told)),
        });
    }

    fn element(self, name: &str) -> Element {
        let mut suite = Element::new("testsuite")
            .with("name", name)
            .with("tests", self.count.tests.to_string())
            .with("failures", self.count.failures.to_string())
            .with("errors", self.count.errors.to_string())
            .with("skipped", self.count.skipped.to_string())
            .with("time", seconds(self.count.took));
        if !self.properties.is_empty() {
            let all = self.properties.into_iter();
            suite = suite.child(all.fold(Element::new("properties"), |all, (name, value)| {
                let property = Element::new("property").with("name", name);
                all.child(property.with("value", value))
            }));
        }
        self.cases.into_iter().fold(suite, Element::child)
    }
}

/// A time as the schemas want it: seconds, without a unit.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn report(digest: &Digest, summary: &Summary) -> Element {
    let run = digest.run();
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for result in &digest.results {
        let folder = printable(split(&result.name).0);
        let suite = suites.entry(folder.to_string()).or_insert_with(|| Suite {
            properties: vec![
                ("target", printable(&run.target).into_owned()),
                ("level", run.level.as_str().to_owned()),
                ("dialect", result.dialect.name.to_owned()),
            ],
            ..Suite::default()
        });
        let case = Element::new("testcase")
            .with("name", printable(&result.name))
            .with("classname", folder);
        let outcome = outcome(result, &summary.causes);
        suite.add(case, outcome, result.took, &told(result));
    }
    let mut suites: Vec<(String, Suite)> = suites.into_iter().collect();
    let mut look = Suite::default();
    for cause in &summary.causes {
        if let Some((name, outcome)) = cause_case(cause, &run) {
            add_case(&mut look, "first look", name, outcome);
        }
    }
    suites.push(("first look".to_owned(), look));
    suites.push(("run".to_owned(), grave(digest, summary)));
    suites.retain(|(_, suite)| suite.count.tests > 0);
    let mut count = Count::default();
    suites.iter().for_each(|(_, suite)| count.add(suite.count));
    let report = Element::new("testsuites")
        .with("name", format!("msnpspec: {}", printable(&run.target)))
        .with("tests", count.tests.to_string())
        .with("failures", count.failures.to_string())
        .with("errors", count.errors.to_string())
        .with("time", seconds(summary.took));
    let suites = suites.into_iter();
    let suites = suites.map(|(name, suite)| suite.element(&name));
    suites.fold(report, Element::child)
}

/// A case that is no scenario.
fn add_case(suite: &mut Suite, class: &str, name: impl Into<String>, outcome: Outcome) {
    let case = Element::new("testcase")
        .with("name", name)
        .with("classname", class);
    suite.add(case, outcome, Duration::ZERO, "");
}

/// What fails the run without being a scenario.
fn grave(digest: &Digest, summary: &Summary) -> Suite {
    let mut suite = Suite::default();
    let notices = digest.notices.iter();
    for notice in notices.filter(|notice| notice.kind == NoticeKind::Error) {
        let outcome = Outcome::Error(notice_error(notice));
        add_case(&mut suite, "run", printable(&notice.text), outcome);
    }
    let mut add = |name: &str, kind: &str, message: String| {
        let error = ended("error", message, kind);
        add_case(&mut suite, "run", name, Outcome::Error(error));
    };
    if let Some(reason) = &summary.aborted {
        add(
            "the run is carried to its end",
            "aborted",
            printable(reason).into_owned(),
        );
    }
    if let Some(Conclusion::Inconclusive(_)) = digest.conclusion() {
        add(
            "enough scenarios are judged",
            "inconclusive",
            digest.sentence(),
        );
    }
    suite
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

/// A `failure`, an `error`, or a `flakyFailure`.
fn ended(element: &'static str, message: impl Into<String>, kind: &str) -> Element {
    Element::new(element)
        .with("message", message)
        .with("type", kind)
}

/// What else is known of a scenario.
fn told(result: &ScenarioResult) -> String {
    let clauses: Vec<&str> = result.clauses.iter().map(|id| id.as_str()).collect();
    let mut out = format!("clauses: {}", clauses.join(" "));
    for variation in &result.variations {
        let seen = printable(&variation.seen);
        let _ = write!(out, "\nvaried: {}: {seen}", variation.clause);
    }
    out
}

fn outcome(result: &ScenarioResult, causes: &[Cause]) -> Outcome {
    let reason = why(result, causes);
    match result.verdict {
        Verdict::Passed => Outcome::Passed,
        Verdict::Blocked if result.cause.is_some() => Outcome::Skipped(reason),
        Verdict::Skipped | Verdict::Waived | Verdict::Inconclusive => {
            Outcome::Skipped(format!("{}: {reason}", result.verdict.as_str()))
        }
        Verdict::Flaky => {
            let rerun = ended("flakyFailure", reason, kind(result, "flaky"));
            Outcome::Flaky(rerun.text(describe(&result.failures)))
        }
        Verdict::Failed | Verdict::Blocked => {
            let message = match (&result.reason, result.failures.first()) {
                (None, Some(failure)) => difference(failure),
                (_, _) => reason,
            };
            let kind = kind(result, "blocked");
            let text = describe(&result.failures);
            match result.verdict {
                Verdict::Failed => Outcome::Failed(ended("failure", message, kind).text(text)),
                _ => Outcome::Error(ended("error", message, kind).text(text)),
            }
        }
    }
}

/// The clause that the first failure names.
fn kind<'k>(result: &'k ScenarioResult, otherwise: &'k str) -> &'k str {
    let clause = result.failures.first().and_then(|failure| failure.clause);
    clause.map_or(otherwise, |id| id.as_str())
}

/// What no scenario shows: the first look does, or what it blocks.
fn cause_case(cause: &Cause, run: &RunInfo) -> Option<(String, Outcome)> {
    if shown_by_scenarios(cause).next().is_some() {
        return None;
    }
    let message = format!("{} ({})", headline(cause), counts(cause, run));
    let outcome = match (cause.standing, cause.clause) {
        (Standing::Fails, clause) => {
            let text = describe(std::slice::from_ref(&cause.failure));
            match clause {
                Some(id) => Outcome::Failed(ended("failure", message, id.as_str()).text(text)),
                None => Outcome::Error(ended("error", message, "no clause").text(text)),
            }
        }
        _ if cause.blocks > 0 => Outcome::Skipped(message),
        _ => return None,
    };
    Some((headline(cause), outcome))
}

fn notice_error(notice: &Notice) -> Element {
    let lines: Vec<_> = notice.detail.iter().map(|line| printable(line)).collect();
    ended("error", printable(&notice.text), "notice").text(lines.join("\n"))
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
