//! Properties of generated cases.

use msnpspec::diagnostic::Source;
use msnpspec::fuzzer::{Manner, Reference, case_bytes, generate};
use msnpspec::oracle;
use msnpspec::run::{Ending, Outcome};
use msnpspec::scenario::{self, NoFiles};
use msnpspec::transcript::Redactor;

fn alarm(outcome: &Outcome, text: &str) -> Option<String> {
    if outcome.ending == Ending::Passed && outcome.accusations.is_empty() {
        return None;
    }
    let mut told = format!("{:?}\n{text}\n", outcome.ending);
    for failure in outcome.failures.iter().chain(&outcome.accusations) {
        let clause = failure.clause.map_or("-", |clause| clause.as_str());
        told += &format!(
            "{clause} by {}: expected {}, got {} ({:?})\n",
            failure.by, failure.expected, failure.got, failure.detail
        );
    }
    for line in outcome.transcript.render(&Redactor::default()) {
        told += &format!("    {line}\n");
    }
    Some(told)
}

#[test]
fn explore() {
    let n: u64 = std::env::var("N")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2000);
    let from: u64 = std::env::var("FROM")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let mut options = msnpspec::sim::SimOptions::default();
    if std::env::var("CHUNK").is_ok() {
        options.chunk = msnpspec::sim::Chunking::Random(3);
        options.latency = std::time::Duration::from_millis(37);
    }
    let server = Reference::default().over(options);
    let mut bad = 0;
    let mut kinds = std::collections::BTreeMap::new();
    for number in from..from + n {
        let case = generate(&case_bytes(1, number), Manner::default());
        let printed = if std::env::var("BRIEF").is_ok() {
            String::new()
        } else {
            scenario::print(&case.scenario)
        };
        let outcome = server.execute(&case.scenario);
        if let Some(told) = alarm(&outcome, &printed) {
            bad += 1;
            let first = outcome
                .failures
                .iter()
                .chain(&outcome.accusations)
                .next()
                .map(|f| {
                    format!(
                        "{:?} {} | {} | {}",
                        f.clause.map(|c| c.as_str()),
                        f.by,
                        f.expected,
                        f.got.split(' ').next().unwrap_or("")
                    )
                });
            let first = first.unwrap_or_default();
            let e: &mut (usize, String) = kinds.entry(first).or_default();
            e.0 += 1;
            if e.1.is_empty() || e.1.len() > told.len() {
                e.1 = format!("case {number}\n{told}");
            }
        }
    }
    let mut all: Vec<_> = kinds.into_iter().collect();
    all.sort_by_key(|(_, (n, _))| std::cmp::Reverse(*n));
    for (kind, (n, _)) in &all {
        eprintln!("{n:5} {kind}");
    }
    for (kind, (_, told)) in all.iter().take(4) {
        eprintln!("=== {kind}\n{told}");
    }
    assert_eq!(bad, 0);
}

#[test]
fn what_is_printed_loads_back() {
    for number in 0..500 {
        let case = generate(&case_bytes(2, number), Manner::default());
        let printed = scenario::print(&case.scenario);
        let source = Source::new("printed.yaml", &printed);
        let loaded = scenario::load("case", &source, &NoFiles)
            .unwrap_or_else(|found| panic!("{found:?}\n{printed}"));
        let texts: Vec<String> = loaded.iter().map(scenario::print).collect();
        assert_eq!(texts, [printed]);
    }
}

#[test]
fn live_findings_are_those_of_the_transcript() {
    let server = Reference::default();
    for number in 0..300 {
        let case = generate(&case_bytes(3, number), Manner::default());
        let outcome = server.execute(&case.scenario);
        assert_eq!(outcome.findings, oracle::judge(&outcome.transcript));
    }
}
