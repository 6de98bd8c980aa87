//! Properties of generated cases: nobody innocent is accused, the guilty are, and a case is the
//! same wherever it is made.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use msnpspec::diagnostic::Source;
use msnpspec::engine::{Ending, Outcome};
use msnpspec::fuzzer::{
    Campaign, CampaignOptions, MUTATORS, Manner, Reference, Report, Sight, case_bytes, generate,
    watch,
};
use msnpspec::model::Model;
use msnpspec::oracle;
use msnpspec::protocol::{ClauseId, Dialect, Level};
use msnpspec::scenario::ast::{Action, Scenario};
use msnpspec::scenario::{self, NoFiles};
use msnpspec::server::{Fault, FaultSet};
use msnpspec::sim::{Chunking, SimOptions};
use msnpspec::transcript::Redactor;
use proptest::prelude::*;

/// What is wrong with an outcome on a server that does nothing wrong.
fn alarm(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    if outcome.ending == Ending::Passed && outcome.accusations.is_empty() {
        return None;
    }
    let mut told = format!("{:?}\n{}\n", outcome.ending, scenario::print(scenario));
    for failure in outcome.failures.iter().chain(&outcome.accusations) {
        let clause = failure.clause.map_or("-", |clause| clause.as_str());
        let _ = writeln!(
            told,
            "{clause} by {}: expected {}, got {} ({:?})",
            failure.judge, failure.expected, failure.got, failure.detail
        );
    }
    for line in outcome.transcript.render(&Redactor::default()) {
        let _ = writeln!(told, "    {line}");
    }
    Some(told)
}

fn expect_innocence(dialect: &'static Dialect, seed: u64, cases: u64, options: SimOptions) {
    let server = Reference::default().over(options);
    let manner = Manner {
        dialect,
        ..Manner::default()
    };
    for number in 0..cases {
        let case = generate(&case_bytes(seed, number), manner);
        let mut outcome = server.execute(&case.scenario);
        assert_eq!(outcome.dialect, dialect);
        watch(&mut outcome, &case.scenario, Sight::Whole);
        if let Some(told) = alarm(&case.scenario, &outcome) {
            panic!("{dialect}, seed {seed}, case {number}: {told}");
        }
    }
}

#[test]
fn the_reference_server_is_innocent() {
    expect_innocence(Dialect::first(), 1, 1500, SimOptions::default());
}

#[test]
fn in_later_dialects_it_is_innocent_too() {
    for dialect in Model::dialects().skip(1) {
        expect_innocence(dialect, 1, 120, SimOptions::default());
    }
}

#[test]
fn in_pieces_and_late_it_is_innocent_too() {
    for seed in 0..4 {
        expect_innocence(
            Model::dialects()
                .nth_back(usize::try_from(seed).unwrap())
                .unwrap(),
            100 + seed,
            150,
            SimOptions {
                chunk: Chunking::Random(seed),
                latency: Duration::from_millis(7 * seed),
            },
        );
    }
}

#[test]
fn a_server_without_extras_gets_cases_without_them() {
    let manner = Manner {
        has_extras: false,
        has_dispatch: false,
        users: 2,
        hostile: 0,
        ..Manner::default()
    };
    for number in 0..300 {
        let case = generate(&case_bytes(5, number), manner);
        assert!(case.scenario.users.len() <= 3 && case.mutators.is_empty());
        let text = scenario::print(&case.scenario);
        for verb in ["PNG", "URL", "CVR", "SND", "FND", "REA"] {
            assert!(!text.contains(&format!("C: {verb}")), "{text}");
        }
    }
}

/// Where one port serves all, VER on what should become a switchboard is an ordinary login.
#[test]
fn on_a_switchboard_only_its_own_commands_are_said() {
    let manner = Manner {
        hostile: 0,
        ..Manner::default()
    };
    let mut said = BTreeSet::new();
    for number in 0..300 {
        let case = generate(&case_bytes(6, number), manner);
        let text = scenario::print(&case.scenario);
        let lines = text.lines().filter_map(|line| line.split_once("@sb"));
        let sent = lines.filter_map(|(_, line)| line.split_once(" C: "));
        let verbs = sent.filter_map(|(_, line)| line.split(' ').next());
        // What is closed or reset is no command.
        let verbs = verbs.filter(|verb| verb.chars().all(|char| char.is_ascii_uppercase()));
        said.extend(verbs.map(str::to_owned));
    }
    let own = ["ANS", "CAL", "MSG", "OUT", "USR", "XYZ"];
    assert_eq!(said, own.map(str::to_owned).into());
}

proptest! {
    #![proptest_config(crate::tried(128))]

    #[test]
    fn any_bytes_are_a_case(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        seed in any::<u64>(),
        delay in 0..60u64,
    ) {
        let case = generate(&bytes, Manner::default());
        prop_assert!(scenario::lint(&case.scenario).is_empty(), "{}", scenario::print(&case.scenario));
        let options = SimOptions {
            chunk: Chunking::Random(seed),
            latency: Duration::from_millis(delay),
        };
        let outcome = Reference::default().over(options).execute(&case.scenario);
        let told = alarm(&case.scenario, &outcome);
        prop_assert!(told.is_none(), "{}", told.unwrap_or_default());
        prop_assert_eq!(outcome.findings, oracle::judge(&outcome.transcript));
    }

    #[test]
    fn what_is_printed_loads_back(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let case = generate(&bytes, Manner::default());
        let printed = scenario::print(&case.scenario);
        let source = Source::new("printed.yaml", &printed);
        let loaded = scenario::load("case", &source, &NoFiles);
        let Ok(loaded) = loaded else {
            return Err(TestCaseError::fail(format!("{loaded:?}\n{printed}")));
        };
        let texts: Vec<String> = loaded.iter().map(scenario::print).collect();
        prop_assert_eq!(texts, [printed]);
        let again = Reference::default().execute(&loaded[0]).transcript;
        let once = Reference::default().execute(&case.scenario).transcript;
        prop_assert_eq!(again, once);
    }
}

#[test]
fn every_mutator_is_used() {
    let mut used = BTreeSet::new();
    let mut hostile = 0;
    for number in 0..4000 {
        let case = generate(&case_bytes(9, number), Manner::default());
        hostile += u32::from(!case.mutators.is_empty());
        used.extend(case.mutators);
    }
    let missing = MUTATORS
        .iter()
        .filter(|mutator| !used.contains(mutator.name));
    let missing: Vec<&str> = missing.map(|mutator| mutator.name).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!((400..2000).contains(&hostile), "{hostile} of 4000");
}

/// Replies that a case does not read are no breach of a silence that it expects later.
#[test]
fn what_is_left_unread_is_meant_by_no_silence() {
    let mut seen = 0;
    for number in 0..300 {
        let case = generate(&case_bytes(9, number), Manner::default());
        let steps = case.scenario.steps.iter();
        for step in steps.filter(|step| matches!(step.action, Action::Settle)) {
            assert!(step.precondition, "case {number}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

fn campaign(options: CampaignOptions, server: &Reference) -> Report {
    let execute = |scenario: &Arc<Scenario>| server.execute_shared(Arc::clone(scenario));
    let mut campaign = Campaign::new(options, &execute);
    campaign.run(|_| false);
    campaign.into_report()
}

#[test]
fn the_same_seed_gives_the_same_corpus() {
    let options = CampaignOptions {
        cases: Some(240),
        ..CampaignOptions::default()
    };
    let server = Reference::default();
    let whole = campaign(options.clone(), &server);
    let jobs = CampaignOptions {
        jobs: 3,
        ..options.clone()
    };
    assert_eq!(campaign(jobs, &server).corpus_hash(), whole.corpus_hash());
    let mut merged = Report::default();
    for index in [2, 0, 3, 1] {
        let options = CampaignOptions {
            shard: (index, 4),
            ..options.clone()
        };
        merged.merge(campaign(options, &server));
    }
    assert_eq!(merged.corpus_hash(), whole.corpus_hash());
    assert_eq!(merged.covered, whole.covered);
    assert_eq!(merged.kept, whole.kept);
    assert_eq!(
        (merged.cases, merged.verdicts),
        (whole.cases, whole.verdicts.clone())
    );
    let other = CampaignOptions { seed: 2, ..options };
    assert_ne!(campaign(other, &server).corpus_hash(), whole.corpus_hash());
    let (seen, known) = whole.known_transitions();
    assert!(seen > 50 && seen < known, "{seen} of {known}");
    assert_eq!(
        whole.covered.len(),
        seen,
        "the model knows all that it sees"
    );
}

#[test]
fn children_reach_further() {
    let options = CampaignOptions {
        cases: Some(200),
        children: 2,
        ..CampaignOptions::default()
    };
    let server = Reference::default();
    let report = campaign(options, &server);
    assert!(report.children > 20, "{}", report.children);
    assert_eq!(report.cases, 200 + report.children);
    assert!(report.found.is_empty(), "{:?}", report.found);
}

/// The number of the first case that finds a fault, of so many.
fn first_to_find(fault: Fault, most: u64) -> Option<u64> {
    let server = Reference::with_faults(FaultSet::from_iter([fault]));
    (0..most).find(|number| {
        let case = generate(&case_bytes(1, *number), Manner::default());
        let outcome = server.execute(&case.scenario);
        let clauses = outcome.failures.iter().chain(&outcome.accusations);
        clauses.count() > 0
    })
}

#[test]
#[ignore = "minutes: how many cases each planted fault takes; run it with --nocapture"]
fn most_planted_faults_are_found() {
    let faults = msnpspec::server::faults();
    let firsts: Vec<Option<u64>> = std::thread::scope(|scope| {
        let parts = faults.chunks(faults.len().div_ceil(4));
        let workers: Vec<_> = parts
            .map(|part| {
                scope.spawn(|| {
                    part.iter()
                        .map(|fault| first_to_find(*fault, 2000))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let done = workers.into_iter().map(|worker| worker.join().unwrap());
        done.flatten().collect()
    });
    let table: String = faults
        .iter()
        .zip(&firsts)
        .map(|(fault, first)| format!("{fault} {first:?}\n"))
        .collect();
    let found = firsts.iter().flatten().count();
    assert!(
        found * 10 > faults.len() * 8,
        "{found} of {}:\n{table}",
        faults.len()
    );
}

/// Faults that random play reaches, of every part of the protocol.
const REACHABLE: [Fault; 20] = [
    Fault::LINE_FEED_ALONE,
    Fault::SEGMENT_IS_COMMAND,
    Fault::REMOVE_ERROR_UNANSWERED,
    Fault::ANSWERED_TWICE,
    Fault::TRID_OFF_BY_ONE,
    Fault::BATCH_TRID_ZERO,
    Fault::PRESENCE_HAS_TRID,
    Fault::NEEDS_CVR0,
    Fault::DIGEST_SWAPPED,
    Fault::ANY_PASSWORD,
    Fault::SYN_WITHOUT_NUMBER,
    Fault::BATCH_WITHOUT_BLP,
    Fault::LST_FROM_ZERO,
    Fault::ADD_NOT_KEPT,
    Fault::OPPOSITES_TAKEN,
    Fault::ILN_EACH_TIME,
    Fault::REMOVED_STILL_TOLD,
    Fault::ONE_SESSION_NUMBER,
    Fault::CRASH_AFTER_SIX,
    Fault::GARBAGE_STOPS_ALL,
];

#[test]
fn planted_faults_are_found() {
    let lost = REACHABLE
        .into_iter()
        .filter(|fault| first_to_find(*fault, 600).is_none());
    let lost: Vec<Fault> = lost.collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// A command that fails however it is written does not fail for the way it is written.
#[test]
fn disguises_are_blamed_for_what_fails_only_in_disguise() {
    let disguises = ["FRAME-4", "FRAME-5", "FRAME-8", "TRID-2"];
    let blamed = |fault: Fault| -> BTreeSet<&str> {
        let options = CampaignOptions {
            cases: Some(600),
            level: Level::Practice,
            ..CampaignOptions::default()
        };
        let server = Reference::with_faults(FaultSet::from_iter([fault]));
        let report = campaign(options, &server);
        assert!(!report.found.is_empty(), "{fault:?}");
        let clauses = report
            .found
            .values()
            .filter_map(|found| found.failure.clause);
        let clauses = clauses.map(ClauseId::as_str);
        clauses
            .filter(|clause| disguises.contains(clause))
            .collect()
    };
    assert_eq!(blamed(Fault::SECOND_SYN_UNANSWERED), BTreeSet::new());
    assert_eq!(blamed(Fault::EMPTY_LST_UNANSWERED), BTreeSet::new());
    assert_eq!(blamed(Fault::SEGMENT_IS_COMMAND), ["FRAME-8"].into());
    assert_eq!(blamed(Fault::ONE_BLANK_ONLY), ["FRAME-4"].into());
}
