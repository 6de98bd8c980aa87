//! What the oracles find while a scenario runs is what they find in its transcript afterwards, and
//! tells no password.

use msnpspec::oracle;
use msnpspec::server::{Fault, FaultSet, faults};
use msnpspec::sim::Chunking;

use crate::faults::{account, run, suite};

/// Every so manyth fault is looked at.
const SAMPLE: usize = 20;

fn sample() -> impl Iterator<Item = Fault> {
    faults().iter().copied().step_by(SAMPLE)
}

#[test]
fn live_and_offline_findings_are_equal() {
    let mut found = 0;
    let suite = suite();
    for (nth, fault) in sample().enumerate() {
        for scenario in suite.iter().skip(nth % 4).step_by(4) {
            let outcome = run(scenario, FaultSet::from_iter([fault]), Chunking::Whole);
            let offline = oracle::judge(&outcome.transcript);
            assert_eq!(outcome.findings, offline, "{fault}, {}", scenario.name);
            found += offline.len();
        }
    }
    assert!(found > 500, "only {found} findings to compare");
}

#[test]
fn no_password_is_told() {
    let suite = suite();
    let apt = suite.iter().filter(|one| one.name.starts_with("auth/"));
    let apt: Vec<_> = apt.collect();
    let mut told = 0;
    for fault in [Fault::ANY_PASSWORD, Fault::OTHER_DIALECT]
        .into_iter()
        .chain(sample())
    {
        for scenario in &apt {
            let outcome = run(scenario, FaultSet::from_iter([fault]), Chunking::Whole);
            let text = format!("{:?}", outcome.accusations);
            let accounts = 1..=scenario.needs.accounts.max(scenario.users.len());
            for password in accounts.map(|number| account(number).password) {
                assert!(!text.contains(&password), "{fault}, {}", scenario.name);
            }
            told += outcome.accusations.len();
        }
    }
    assert!(told > 20, "only {told} accusations to read");
}
