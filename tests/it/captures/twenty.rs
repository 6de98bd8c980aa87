//! Twenty users at once: a capture of their run is judged as the run was, on a server that does
//! everything right and on each with a fault.

use std::path::PathBuf;
use std::sync::Arc;

use msnpspec::oracle;
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::FaultSet;
use msnpspec::sim::Chunking;

use super::{Link, captured, said, segments};
use crate::faults::{for_each_fault, run};

/// How many faults must be seen in what the twenty say.
const SEEN: usize = 40;

fn twenty() -> Arc<Scenario> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("tests/data/captures/twenty-users.yaml");
    let library = Library::from_paths(&[file]).expect("the scenario is good");
    let mut scenarios = library.into_scenarios();
    let scenario = Arc::new(scenarios.remove(0));
    assert_eq!(scenario.users.len(), 20);
    scenario
}

#[test]
fn a_capture_of_twenty_users_is_judged_as_their_run_was() {
    let scenario = twenty();
    let judge = |faults: FaultSet| {
        let live = run(&scenario, faults, Chunking::Whole);
        let segments = segments(&live.transcript);
        let capture = captured(&segments, Link::Ethernet);
        let found = oracle::judge(&capture.transcript);
        (said(&live.findings), said(&found), capture.notes)
    };
    let (live, found, notes) = judge(FaultSet::default());
    assert_eq!((live.len(), found.len()), (0, 0), "{live:?} {found:?}");
    assert_eq!(notes, [""; 0]);
    let found = for_each_fault(|fault| {
        let (live, found, _) = judge(FaultSet::from_iter([fault]));
        assert_eq!(found, live, "{}", fault.name());
        !live.is_empty()
    });
    let seen = found.into_iter().filter(|is_seen| *is_seen).count();
    assert!(seen >= SEEN, "only {seen} faults show");
}
