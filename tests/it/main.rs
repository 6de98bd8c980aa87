//! Integration tests.

mod architecture;
mod captures;
mod cli;
mod corpus;
mod faults;
mod faults_loopback;
mod findings;
mod fuzz_build;
mod import;
mod live_offline;
mod loopback;
mod misbehaving;
mod model;
mod oracles;
mod probing;
mod properties;
mod races;
mod recording;
mod reports;
mod scenario_errors;
mod scenario_print;
mod shrink;
mod traceability;
mod transcripts;

/// Compares with a snapshot in `/snapshots`.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
