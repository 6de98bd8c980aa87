//! Precision: which clauses the suite accuses a server of, and which of them its faults break. The
//! whole run as a user begins it, one server a run, in virtual time.
//!
//! What is not yet right stands in `snapshots/precision*.snap`: a line for each server that is accused
//! of what it does not break, or of which a fault goes unseen. The whole takes minutes:
//! `INSTA_UPDATE=always cargo test --release --test it precision::each -- --ignored`. `cargo test` takes a
//! sample: nothing may be wrong there that does not stand in those lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use msnpspec::event::{ClauseVerdict, Event, Failure, PROBE, SkipReason, Verdict};
use msnpspec::protocol::{ClauseId, DIALECTS, Dialect, Level};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, Fault, FaultSet, Persona, faults, personas};
use msnpspec::sim::SuiteRun;

use crate::faults::suite;

/// What one run says of a server.
#[derive(Debug, Default)]
struct Said {
    /// The clauses that fail it, with the scenarios that say so.
    accused: BTreeMap<ClauseId, BTreeSet<String>>,
    /// What shows each of them first.
    shown: BTreeMap<ClauseId, String>,
    /// The clauses of scenarios that could not be judged because of a cause.
    blocked: BTreeSet<ClauseId>,
    /// Clauses of which nothing was said, with the broken clause at which what tests them ended.
    kept: BTreeMap<ClauseId, ClauseId>,
    /// Blocked scenarios that name no cause, or one without a clause.
    unexplained: BTreeSet<String>,
    /// The clauses by which scenarios are blocked.
    blocking: BTreeSet<ClauseId>,
    /// Verdicts other than failed and passed, with how many scenarios came to them.
    others: BTreeMap<&'static str, usize>,
    /// What kept the run from its end.
    aborted: Option<String>,
    /// How long it would have taken over a network, in seconds.
    took: f64,
}

/// The first dialect in which all of these faults can show.
fn dialect_of(suite: &[Arc<Scenario>], faults: &[Fault]) -> &'static Dialect {
    // Its first clause is what it is about, and a scenario may need a later dialect than that.
    let own = faults.iter().filter_map(|fault| fault.clauses().first());
    let since = own.map(|clause| {
        let about = suite
            .iter()
            .filter(|one| one.clauses.first() == Some(clause));
        let first = about.map(|one| one.written_for().number).min();
        first.unwrap_or(clause.clause().since)
    });
    let since = since.max();
    let since = since.unwrap_or_default();
    let mut dialects = DIALECTS.into_iter();
    dialects
        .find(|dialect| dialect.number >= since)
        .unwrap_or_default()
}

/// How the reason begins of a scenario that failed, and whose steps could not be carried out.
const UNENDED: &str = "it could not be carried out to its end";

/// Runs the suite against a server with these faults.
fn said(suite: &[Arc<Scenario>], faults: FaultSet, dialect: &'static Dialect) -> Said {
    let config = Config {
        faults,
        ..Config::default()
    };
    let mut said = Said::default();
    let mut blocked = Vec::new();
    let run = SuiteRun {
        dialect,
        ..SuiteRun::new(suite.to_vec(), config)
    };
    for event in run.play() {
        match event {
            Event::ScenarioFinished(result) => {
                let failures = result
                    .failures
                    .iter()
                    .filter(|_| result.verdict == Verdict::Failed);
                for failure in failures {
                    let Some(clause) = failure.clause else {
                        continue;
                    };
                    let by = said.accused.entry(clause).or_default();
                    by.insert(result.name.clone());
                    let shown = said.shown.entry(clause);
                    shown.or_insert_with(|| shown_by(failure));
                }
                let is_elsewhere = matches!(result.skipped, Some(SkipReason::Dialects { .. }));
                if !matches!(result.verdict, Verdict::Failed | Verdict::Passed) && !is_elsewhere {
                    *said.others.entry(result.verdict.as_str()).or_default() += 1;
                }
                let why = result.reason.as_deref().unwrap_or_default();
                // An oracle has seen something else, and nobody can say more of its clauses.
                if result.verdict == Verdict::Failed && why.starts_with(UNENDED) {
                    said.blocked.extend(&result.clauses);
                }
                if result.verdict == Verdict::Blocked {
                    said.blocked.extend(&result.clauses);
                    blocked.push((result.name.clone(), result.cause));
                }
            }
            Event::Finished(summary) => {
                let cause_of = |id| summary.causes.iter().find(|cause| Some(cause.id) == id);
                let untested = summary.clauses.iter();
                let untested = untested.filter(|it| it.verdict == ClauseVerdict::Untested);
                for clause in untested {
                    let cause = cause_of(clause.cause);
                    if let Some(cause) = cause.and_then(|cause| cause.clause) {
                        said.kept.insert(clause.id, cause);
                    }
                }
                let failed = summary.clauses.iter();
                for clause in failed.filter(|clause| clause.verdict == ClauseVerdict::Failed) {
                    said.accused.entry(clause.id).or_default();
                }
                for (name, id) in blocked.drain(..) {
                    let cause = cause_of(id);
                    match cause.and_then(|cause| cause.clause) {
                        Some(clause) => said.blocking.insert(clause),
                        None => said.unexplained.insert(name),
                    };
                }
                said.took = summary.took.as_secs_f64();
                said.aborted = summary.aborted;
            }
            _ => {}
        }
    }
    said
}

fn shown_by(failure: &Failure) -> String {
    let why = failure.detail.as_deref().unwrap_or_default();
    let expected = &failure.expected.text;
    format!("{expected} / {} / {why}", failure.got)
}

impl Said {
    /// The clauses that are accused and that none of these faults breaks.
    fn foreign(&self, faults: &[Fault]) -> Vec<ClauseId> {
        let accused = self.accused.keys().copied();
        accused.filter(|clause| !breaks(faults, *clause)).collect()
    }

    /// Those of the faults that nothing accuses, and that keep no scenario from telling.
    fn unseen(&self, faults: &[Fault]) -> Vec<Fault> {
        let is_kept = |clause: &ClauseId| {
            let by = self.kept.get(clause);
            by.is_some_and(|by| breaks(faults, *by))
        };
        let is_told = |clause: &ClauseId| {
            let is_known = self.accused.contains_key(clause) || self.blocked.contains(clause);
            is_known || is_kept(clause)
        };
        let can_be_told = |fault: &Fault| {
            let mut clauses = fault.clauses().iter();
            clauses.any(|clause| clause.level() != Level::Open)
        };
        let faults = faults.iter().copied().filter(can_be_told);
        faults
            .filter(|fault| !fault.clauses().iter().any(is_told))
            .collect()
    }

    /// What is not right about what was said of a server with these faults; empty where all is.
    fn wrong(&self, faults: &[Fault]) -> String {
        let mut text = String::new();
        for clause in self.foreign(faults) {
            let _ = write!(text, " {clause}");
        }
        for fault in self.unseen(faults) {
            let _ = write!(text, ", {fault} unseen");
        }
        let strange = self
            .blocking
            .iter()
            .filter(|clause| !breaks(faults, **clause));
        for clause in strange {
            let _ = write!(text, ", blocked by {clause}");
        }
        if !self.unexplained.is_empty() {
            text += ", blocked by no clause";
        }
        text
    }
}

fn breaks(faults: &[Fault], clause: ClauseId) -> bool {
    faults.iter().any(|fault| fault.clauses().contains(&clause))
}

/// A server, by name, and what it does wrong.
type Subject = (String, Vec<Fault>);

fn each_fault() -> Vec<Subject> {
    let each = faults().iter();
    each.map(|fault| (fault.to_string(), vec![*fault]))
        .collect()
}

fn each_persona() -> Vec<Subject> {
    let subject = |persona: &Persona| (persona.name.to_owned(), persona.quirks.to_vec());
    personas().iter().map(subject).collect()
}

/// How many servers with three faults there are.
const TRIPLES: usize = 300;

/// Faults that leave nothing for others to show in: nobody can log in, or nobody is served.
fn leaves_room(fault: Fault) -> bool {
    const ROOMLESS: [ClauseId; 9] = [
        ClauseId::LIVE_1,
        ClauseId::LIVE_2,
        ClauseId::LIVE_3,
        ClauseId::LIVE_4,
        ClauseId::VER_1,
        ClauseId::VER_10,
        ClauseId::INF_2,
        ClauseId::USR_1,
        ClauseId::USR_2,
    ];
    !fault
        .clauses()
        .iter()
        .any(|clause| ROOMLESS.contains(clause))
}

/// Three faults at a time, by chance, always the same; all of them show in the first dialect.
fn triples() -> Vec<Subject> {
    let usable: Vec<Fault> = faults()
        .iter()
        .copied()
        .filter(|f| leaves_room(*f) && dialect_of(&[], &[*f]) == Dialect::first())
        .collect();
    let mut state = 10_u64;
    let mut draw = || {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let count = u64::try_from(usable.len()).expect("they are few");
        let place = usize::try_from((z ^ (z >> 31)) % count).expect("they are few");
        *usable.get(place).expect("it is below their count")
    };
    let mut triples = BTreeMap::new();
    while triples.len() < TRIPLES {
        let three: BTreeSet<Fault> = [draw(), draw(), draw()].into();
        if three.len() == 3 {
            let names: Vec<&str> = three.iter().map(|fault| fault.name()).collect();
            triples.insert(names.join(" + "), three.into_iter().collect());
        }
    }
    triples.into_iter().collect()
}

/// Judges these servers on all cores: what is not right about each, in their order.
fn judge(subjects: &[Subject], tell: impl Fn(&Subject, &Said) + Sync) -> Vec<String> {
    let suite = suite();
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(subject) = subjects.get(place) else {
                return done;
            };
            let faults = subject.1.iter().copied().collect();
            let said = said(&suite, faults, dialect_of(&suite, &subject.1));
            tell(subject, &said);
            done.push((place, said.wrong(&subject.1)));
        }
    };
    let mut results: Vec<(usize, String)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|done| done.expect("no server makes the harness panic"))
            .collect()
    });
    results.sort();
    results.into_iter().map(|(_, wrong)| wrong).collect()
}

/// A line for each server about which something is not right, and their number.
fn lines(subjects: &[Subject], wrong: &[String]) -> String {
    let rows = subjects
        .iter()
        .zip(wrong)
        .filter(|(_, wrong)| !wrong.is_empty());
    let rows: String = rows
        .map(|((name, _), wrong)| format!("{name}:{wrong}\n"))
        .collect();
    format!(
        "{} of {} are not right\n{rows}",
        rows.lines().count(),
        subjects.len()
    )
}

/// Judges all servers and compares with the snapshot.
fn all(name: &str, subjects: &[Subject]) {
    let wrong = judge(subjects, |_, _| {});
    crate::snapshot(name, &lines(subjects, &wrong));
}

/// The single things that are not right about a server.
fn things(wrong: &str) -> BTreeSet<&str> {
    let (clauses, others) = wrong.split_once(", ").unwrap_or((wrong, ""));
    let clauses = clauses.split_whitespace();
    let all = clauses.chain(others.split(", "));
    all.filter(|thing| !thing.is_empty()).collect()
}

/// Judges each n-th server: nothing is wrong that does not stand in its line of the snapshot.
fn sample(snapshot: &str, subjects: Vec<Subject>, n: usize) {
    let sample: Vec<Subject> = subjects.into_iter().step_by(n).collect();
    let wrong = judge(&sample, |_, _| {});
    let known = |name: &str| {
        let mut lines = snapshot.lines();
        lines
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_default()
    };
    let new = sample.iter().zip(&wrong).filter_map(|((name, _), wrong)| {
        let known = known(name);
        let is_known = things(wrong).is_subset(&things(known));
        (!is_known).then(|| format!("{name}:{wrong}\n  was:{known}"))
    });
    let new: Vec<String> = new.collect();
    assert!(new.is_empty(), "{}", new.join("\n"));
}

#[test]
fn what_is_wrong_is_compared_thing_by_thing() {
    let wrong = " CHG-1 ADD-3, x unseen, blocked by CHG-1";
    let all = ["CHG-1", "ADD-3", "x unseen", "blocked by CHG-1"];
    assert_eq!(things(wrong), all.into());
    assert!(things(" ADD-3").is_subset(&things(wrong)));
    assert!(!things(" ADD-4").is_subset(&things(wrong)));
    assert!(things(", x unseen").is_subset(&things(wrong)));
    assert!(!things(", x unseen").is_subset(&things(" CHG-1")));
}

#[test]
fn a_sound_server_is_accused_of_nothing() {
    let last = DIALECTS.last().copied().unwrap_or_default();
    assert_eq!(said(&suite(), FaultSet::default(), last).accused.len(), 0);
    let said = said(&suite(), FaultSet::default(), Dialect::first());
    assert!(said.accused.is_empty(), "{said:#?}");
    assert_eq!(said.aborted, None);
    assert_eq!(said.others, BTreeMap::new());
}

#[test]
fn a_fault_is_told_under_its_own_clauses() {
    sample(
        include_str!("../../snapshots/precision.snap"),
        each_fault(),
        16,
    );
}

#[test]
fn three_faults_are_told_under_their_own_clauses() {
    sample(
        include_str!("../../snapshots/precision-triples.snap"),
        triples(),
        30,
    );
}

#[test]
fn a_persona_is_accused_of_what_it_breaks() {
    let known = include_str!("../../snapshots/precision-personas.snap");
    sample(known, each_persona(), 1);
}

/// Of lists that are written late one thing is told, whatever the scenarios do.
#[test]
fn lists_that_are_written_late_are_told_once() {
    let unhurried = Persona::find("unhurried").expect("it is a persona");
    let said = said(&suite(), unhurried.faults(), Dialect::first());
    let accused: Vec<ClauseId> = said.accused.keys().copied().collect();
    assert_eq!(accused, [ClauseId::SYN_7], "{said:#?}");
    let by = said.accused.get(&ClauseId::SYN_7).into_iter().flatten();
    assert_eq!(by.collect::<Vec<_>>(), [PROBE]);
    assert_eq!(said.others, BTreeMap::new());
}

#[test]
#[ignore = "said by the test above, unless it is better than it was"]
fn each_persona_is_accused_of_what_it_breaks() {
    all("precision-personas", &each_persona());
}

#[test]
#[ignore = "takes minutes: a whole run for each fault"]
fn each_fault_is_told_under_its_own_clauses() {
    all("precision", &each_fault());
}

#[test]
#[ignore = "takes minutes: 300 whole runs"]
fn each_triple_is_told_under_its_own_clauses() {
    all("precision-triples", &triples());
}

/// A row of the table: what a server breaks, what is accused beyond that and by whom.
fn row((name, faults): &Subject, said: &Said) -> String {
    let mut text = format!("{name}{} {:.1} s", said.wrong(faults), said.took);
    for (verdict, count) in &said.others {
        let _ = write!(text, ", {count} {verdict}");
    }
    if let Some(why) = &said.aborted {
        let _ = write!(text, ", aborted: {why}");
    }
    text.push('\n');
    for clause in said.foreign(faults) {
        const TOLD: usize = 3;
        let by = said.accused.get(&clause).into_iter().flatten();
        let by: BTreeSet<&str> = by.map(String::as_str).collect();
        let told: Vec<&str> = by.iter().take(TOLD).copied().collect();
        let _ = write!(text, "    {clause}: {} ({}", told.join(", "), by.len());
        text += if by.contains(PROBE) {
            ", probe)\n"
        } else {
            ")\n"
        };
        if let Some(shown) = said.shown.get(&clause) {
            let _ = writeln!(text, "      {shown}");
        }
    }
    text
}

/// Prints what these servers draw accusations of, beyond what they break.
#[expect(clippy::print_stderr, reason = "whoever waits sees that it goes on")]
fn table(subjects: &[Subject]) {
    let wrong = judge(subjects, |subject, said| eprint!("{}", row(subject, said)));
    eprintln!("{}", lines(subjects, &wrong));
}

/// Those servers whose names the variable `ONLY` holds, parted by commas; all where it is not set.
#[expect(
    clippy::disallowed_methods,
    reason = "a table for who works on the judges; no option of the tool"
)]
fn only(subjects: Vec<Subject>) -> Vec<Subject> {
    let Ok(names) = std::env::var("ONLY") else {
        return subjects;
    };
    let names: BTreeSet<&str> = names.split(',').map(str::trim).collect();
    let chosen = subjects
        .into_iter()
        .filter(|(name, _)| names.contains(name.as_str()));
    chosen.collect()
}

#[test]
#[ignore = "a table to be read: with --exact --nocapture"]
fn the_table() {
    table(&only(each_fault()));
}

#[test]
#[ignore = "a table to be read"]
fn the_table_of_personas() {
    table(&only(each_persona()));
}

#[test]
#[ignore = "a table to be read"]
fn the_table_of_triples() {
    table(&only(triples()));
}
