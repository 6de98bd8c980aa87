//! The fault matrix: each planted fault is found by the suite, and the finding names one of the
//! clauses that the fault breaks. In virtual time.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use msnpspec::engine::{Executor, Outcome};
use msnpspec::protocol::{Clause, ClauseId, Level};
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, Fault, FaultSet, faults};
use msnpspec::sim::{self, Chunking, SimOptions};
use msnpspec::target::{Account, Lists};
use msnpspec::transcript::Redactor;

/// A clause that is said to be broken, and who says so: a scenario, or `oracle NAME`.
type Finding = (ClauseId, String);

/// An account of the reference server's own pattern.
pub(crate) fn account(number: usize) -> Account {
    Account {
        name: Some(format!("User {number}")),
        lists: Lists::Clean,
        ..Account::new(format!("user{number}@hotmail.com"), format!("pw{number}"))
    }
}

/// Runs a scenario against a server with these faults.
pub(crate) fn run(scenario: &Arc<Scenario>, faults: FaultSet, chunk: Chunking) -> Outcome {
    let count = scenario.needs.accounts.max(scenario.users.len());
    let executor = Executor::new(
        Arc::clone(scenario),
        (1..=count).map(account).collect(),
        Arc::new(sim::environment_for(scenario)),
        1,
    );
    let config = Config {
        faults,
        ..Config::default()
    };
    let options = SimOptions {
        chunk,
        ..SimOptions::default()
    };
    sim::run(executor, config, options)
}

/// What steps and oracles find on a server with these faults while a scenario runs.
fn findings(scenario: &Arc<Scenario>, faults: FaultSet, chunk: Chunking) -> Vec<Finding> {
    let outcome = run(scenario, faults, chunk);
    let steps = outcome.failures.iter().filter_map(|failure| failure.clause);
    let steps = steps.map(|clause| (clause, scenario.name.clone()));
    let oracles = outcome.findings.iter();
    let oracles = oracles.map(|finding| (finding.clause, format!("{ORACLE}{}", finding.oracle)));
    steps.chain(oracles).collect()
}

/// What the name of an oracle begins with, and that of no scenario.
const ORACLE: &str = "oracle ";

/// Whether it is an oracle that says so.
pub(crate) fn is_oracle(by: &str) -> bool {
    by.starts_with(ORACLE)
}

/// Whether a finding names a clause that the fault breaks.
fn is_right(fault: Fault, (clause, _): &Finding) -> bool {
    fault.clauses().contains(clause)
}

/// What oracles say beyond the clauses of a fault, and rightly: one wrong deed breaks more.
const CONSEQUENCES: &[(Fault, &[ClauseId])] = &[
    // A message that was overtaken and is still to come when the script stops seems lost.
    (Fault::MESSAGES_OVERTAKE, &[ClauseId::MSG_1]),
];

/// Whether oracles name the clause with reason, though the fault is not for it.
pub(crate) fn is_consequence(fault: Fault, clause: ClauseId) -> bool {
    let known = CONSEQUENCES.iter().filter(|(of, _)| *of == fault);
    let mut known = known.flat_map(|(_, clauses)| *clauses);
    known.any(|known| *known == clause)
}

/// Whether an oracle accuses the server of what the fault does not do.
fn is_foreign(fault: Fault, finding: &Finding) -> bool {
    let is_known = is_right(fault, finding) || is_consequence(fault, finding.0);
    is_oracle(&finding.1) && !is_known
}

/// Whether a scenario speaks of a clause that the fault breaks.
fn is_apt(fault: Fault, scenario: &Scenario) -> bool {
    let mut clauses = scenario.clauses.iter();
    clauses.any(|clause| fault.clauses().contains(clause))
}

/// Whether the scenarios that speak of a clause of the fault, or oracles meanwhile, find it broken.
fn is_found(suite: &[Arc<Scenario>], fault: Fault, chunk: Chunking) -> bool {
    let set = FaultSet::from_iter([fault]);
    let apt = suite.iter().filter(|one| is_apt(fault, one));
    apt.flat_map(|one| findings(one, set, chunk))
        .any(|finding| is_right(fault, &finding))
}

/// What is found while those scenarios run that speak of a clause of the fault; where none of it is
/// right, what the first of the others finds.
fn examine(suite: &[Arc<Scenario>], fault: Fault, chunk: Chunking) -> BTreeSet<Finding> {
    let set = FaultSet::from_iter([fault]);
    let (apt, others): (Vec<_>, Vec<_>) = suite.iter().partition(|one| is_apt(fault, one));
    let mut found: BTreeSet<Finding> = apt
        .iter()
        .flat_map(|one| findings(one, set, chunk))
        .collect();
    if !found.iter().any(|finding| is_right(fault, finding)) {
        let mut rest = others.iter().flat_map(|one| findings(one, set, chunk));
        found.extend(rest.find(|finding| is_right(fault, finding)));
    }
    found
}

/// One fault's lines: what it breaks; for each of these clauses the first scenario that says so and
/// the oracles that do; and what oracles say of other clauses.
fn row(fault: Fault, found: &BTreeSet<Finding>) -> String {
    let clauses: Vec<&str> = fault.clauses().iter().map(|id| id.as_str()).collect();
    let mut text = format!("{fault} [{}]\n", clauses.join(" "));
    if !found.iter().any(|finding| is_right(fault, finding)) {
        text += "    not found\n";
    }
    for clause in fault.clauses() {
        let of_clause = || found.iter().filter(|(id, _)| id == clause);
        let step = of_clause().find(|finding| !is_oracle(&finding.1));
        let oracles = of_clause().filter(|finding| is_oracle(&finding.1));
        for (_, by) in step.into_iter().chain(oracles) {
            let _ = writeln!(text, "    {clause}: {by}");
        }
    }
    let others = found.iter().filter(|one| !is_right(fault, one));
    let others = others.filter(|finding| is_oracle(&finding.1));
    for (clause, by) in others {
        let _ = writeln!(text, "    but {clause} by {by}");
    }
    text
}

pub(crate) fn suite() -> Vec<Arc<Scenario>> {
    let library = Library::builtin().expect("the suite loads");
    library.into_scenarios().into_iter().map(Arc::new).collect()
}

/// Does something with each fault, on all cores; the results are in the order of the faults.
pub(crate) fn for_each_fault<T: Send>(work: impl Fn(Fault) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut results = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Some(fault) = faults().get(next.fetch_add(1, Ordering::Relaxed)) {
                        done.push((*fault, work(*fault)));
                    }
                    done
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|done| done.expect("no fault makes the harness panic"))
            .collect::<Vec<_>>()
    });
    results.sort_by_key(|(fault, _)| *fault);
    results.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn the_matrix() {
    let suite = suite();
    let found = for_each_fault(|fault| examine(&suite, fault, Chunking::Whole));
    let rows = faults().iter().zip(&found);
    let rows: String = rows.map(|(fault, found)| row(*fault, found)).collect();
    crate::snapshot("fault-matrix", &rows);
    no_oracle_strays(found.iter());
    let mut missed = Vec::new();
    let mut named = BTreeSet::new();
    for (fault, found) in faults().iter().zip(found) {
        let right: Vec<&Finding> = found.iter().filter(|one| is_right(*fault, one)).collect();
        if right.is_empty() {
            missed.push(fault);
        }
        let steps = right.into_iter().filter(|finding| !is_oracle(&finding.1));
        named.extend(steps.map(|(clause, _)| *clause));
    }
    assert!(missed.is_empty(), "nothing finds {missed:?}");
    every_clause_is_named(&named);
}

/// No oracle accuses a server of what its fault does not do.
fn no_oracle_strays<'f>(found: impl Iterator<Item = &'f BTreeSet<Finding>>) {
    let strays = faults().iter().zip(found).flat_map(|(fault, found)| {
        let strays = found.iter().filter(|one| is_foreign(*fault, one));
        strays.map(move |(clause, by)| format!("{fault}: {clause} by {by}"))
    });
    let strays: Vec<String> = strays.collect();
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
#[ignore = "takes minutes: each scenario against each fault"]
fn no_oracle_strays_in_any_scenario() {
    let suite = suite();
    let found = for_each_fault(|fault| {
        let set = FaultSet::from_iter([fault]);
        let all = suite
            .iter()
            .flat_map(|one| findings(one, set, Chunking::Whole));
        all.filter(|finding| is_oracle(&finding.1))
            .collect::<BTreeSet<Finding>>()
    });
    no_oracle_strays(found.iter());
}

/// Each clause that a run can fail for is named by a scenario for some fault that breaks it, or has a reason.
fn every_clause_is_named(named: &BTreeSet<ClauseId>) {
    for clause in Clause::all() {
        let has_reason = clause.untestable().is_some();
        let can_fail = clause.level != Level::Open;
        let is_named = named.contains(&clause.id);
        assert!(
            is_named || has_reason || !can_fail,
            "no fault shows {}",
            clause.name
        );
        assert!(!(is_named && has_reason), "{} is testable", clause.name);
    }
}

/// Faults of segments that hold several commands do not show where none does; and whoever reads no
/// line that comes in pieces does nothing at all there, the controls included.
const ABOUT_SEGMENTS: [Fault; 5] = [
    Fault::SEGMENT_IS_COMMAND,
    Fault::ONE_COMMAND_A_SEGMENT,
    Fault::ENTRY_ENDS_SEGMENT,
    Fault::CALL_ENDS_SEGMENT,
    Fault::ANSWER_ENDS_SEGMENT,
];

#[test]
fn every_fault_is_found_byte_by_byte_too() {
    let suite = suite();
    let whole = for_each_fault(|fault| is_found(&suite, fault, Chunking::Whole));
    let single = for_each_fault(|fault| is_found(&suite, fault, Chunking::Bytes(1)));
    let pairs = faults().iter().zip(whole.into_iter().zip(single));
    let lost = pairs.filter(|(_, (whole, single))| *whole && !single);
    let lost: Vec<Fault> = lost.map(|(fault, _)| *fault).collect();
    assert_eq!(lost, ABOUT_SEGMENTS);
}

/// A fault that shows in nothing but the reply to CVR.
const IDLE: Fault = Fault::CVR_SHORT;

#[test]
fn a_fault_that_does_not_show_changes_no_byte() {
    let suite = suite();
    let silent = suite.iter().filter(|scenario| {
        let mut about = scenario.clauses.iter();
        // From MSNP8 on each login says CVR.
        !scenario.own_dialect().takes_tickets()
            && !about.any(|clause| [ClauseId::CVR_1, ClauseId::CVER_1].contains(clause))
    });
    for scenario in silent {
        let [clean, idle] = [FaultSet::default(), FaultSet::from_iter([IDLE])].map(|faults| {
            let outcome = run(scenario, faults, Chunking::Whole);
            outcome.transcript.render(&Redactor::default())
        });
        assert_eq!(clean, idle, "{}", scenario.name);
    }
}
