//! Integration tests.

mod architecture;
mod captures;
mod ci;
mod circles;
mod cli;
mod controls;
mod corpus;
mod faults;
mod faults_loopback;
mod findings;
mod fuzz_build;
mod fuzz_personas;
mod harness;
mod import;
mod live_offline;
mod logs;
mod loopback;
mod misbehaving;
mod model;
mod oracles;
mod precision;
mod probing;
mod properties;
mod races;
mod recording;
mod reports;
mod scenario_errors;
mod scenario_print;
mod shrink;
mod sound_variants;
mod spelling;
mod traceability;
mod transcripts;
mod waivers;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// Compares with a snapshot in `/snapshots`.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A property that is tried so often, with the same cases in each run; `PROPTEST_CASES` and
/// `PROPTEST_RNG_SEED` choose others.
#[expect(
    clippy::disallowed_methods,
    reason = "whether the number of cases was chosen is told by the environment alone"
)]
fn tried(cases: u32) -> ProptestConfig {
    let from_outside = ProptestConfig::default();
    let is_chosen = std::env::var_os("PROPTEST_CASES").is_some();
    let rng_seed = match from_outside.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    ProptestConfig {
        cases: if is_chosen { from_outside.cases } else { cases },
        rng_seed,
        failure_persistence: None,
        ..from_outside
    }
}
