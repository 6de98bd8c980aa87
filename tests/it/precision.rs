//! Precision: which clauses the suite accuses a server of, and which of them its fault breaks. The
//! whole run as a user begins it, one server a run, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use msnpspec::event::{Event, PROBE, Verdict};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, Fault, FaultSet, faults};
use msnpspec::sim::SuiteRun;
use msnpspec::spec::ClauseId;

use crate::faults::{for_each_fault, suite};

/// What one run says of a server.
#[derive(Debug, Default)]
struct Said {
    /// The clauses that fail it, with the scenarios that say so.
    accused: BTreeMap<ClauseId, BTreeSet<String>>,
    /// Verdicts other than failed and passed, with how many scenarios came to them.
    others: BTreeMap<&'static str, usize>,
    /// What kept the run from its end.
    aborted: Option<String>,
    /// How long it would have taken over a network, in seconds.
    took: f64,
}

/// Runs the suite against a server with these faults.
fn said(suite: &[Arc<Scenario>], faults: FaultSet) -> Said {
    let config = Config {
        faults,
        ..Config::default()
    };
    let mut said = Said::default();
    for event in SuiteRun::new(suite.to_vec(), config).play() {
        match event {
            Event::ScenarioFinished(result) if result.verdict == Verdict::Failed => {
                for clause in result.failures.iter().filter_map(|failure| failure.clause) {
                    let by = said.accused.entry(clause).or_default();
                    by.insert(result.name.clone());
                }
            }
            Event::ScenarioFinished(result) if result.verdict != Verdict::Passed => {
                *said.others.entry(result.verdict.as_str()).or_default() += 1;
            }
            Event::Finished(summary) => {
                said.took = summary.took.as_secs_f64();
                said.aborted = summary.aborted;
            }
            _ => {}
        }
    }
    said
}

/// A row of the table: what the fault breaks, what is accused beyond that and by whom.
fn row(fault: Fault, said: &Said) -> String {
    let own = fault.clauses();
    let is_found = own.iter().any(|clause| said.accused.contains_key(clause));
    let names = |clauses: &[ClauseId]| {
        let names: Vec<&str> = clauses.iter().map(|id| id.as_str()).collect();
        names.join(" ")
    };
    let mut text = format!("{fault} [{}] {:.1} s", names(own), said.took);
    for (verdict, count) in &said.others {
        let _ = write!(text, ", {count} {verdict}");
    }
    if !is_found {
        text += ", not found";
    }
    if let Some(why) = &said.aborted {
        let _ = write!(text, ", aborted: {why}");
    }
    text.push('\n');
    for (clause, by) in said.accused.iter().filter(|(id, _)| !own.contains(id)) {
        const TOLD: usize = 3;
        let told: Vec<&str> = by.iter().take(TOLD).map(String::as_str).collect();
        let _ = write!(text, "    {clause}: {} ({}", told.join(", "), by.len());
        text += if by.contains(PROBE) {
            ", probe)\n"
        } else {
            ")\n"
        };
    }
    text
}

/// Prints what each fault draws accusations of, beyond its own clauses.
#[test]
#[ignore = "a table to be read: 315 whole runs"]
fn the_table() {
    let suite = suite();
    let rows = for_each_fault(|fault| {
        let said = said(&suite, FaultSet::from_iter([fault]));
        let beyond = said
            .accused
            .keys()
            .filter(|id| !fault.clauses().contains(id));
        let row = row(fault, &said);
        // Whoever waits sees that it goes on.
        eprint!("{row}");
        (beyond.count(), row)
    });
    let mut rows: Vec<(usize, String)> = rows;
    rows.sort_by_key(|(beyond, _)| std::cmp::Reverse(*beyond));
    let text: String = rows.iter().map(|(_, row)| row.as_str()).collect();
    let wrong = rows.iter().filter(|(beyond, _)| *beyond > 0).count();
    println!("{text}");
    println!(
        "{wrong} of {} faults draw accusations of clauses that they do not break",
        faults().len()
    );
}

/// A server without a fault is accused of nothing.
#[test]
fn a_sound_server_is_accused_of_nothing() {
    let said = said(&suite(), FaultSet::default());
    assert!(said.accused.is_empty(), "{said:#?}");
    assert_eq!(said.aborted, None);
    assert_eq!(said.others, BTreeMap::new());
}
