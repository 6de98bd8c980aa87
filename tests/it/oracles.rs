//! The oracles accuse nobody who is innocent: the suite against the clean reference server draws
//! no finding, however its bytes are cut and however long they travel.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use msnpspec::oracle;
use msnpspec::run::{Account, Executor, Lists};
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::Config;
use msnpspec::sim::{self, Chunking, SimOptions};
use msnpspec::transcript::{Redactor, Transcript};

/// An account of the reference server's own pattern.
fn account(number: usize) -> Account {
    Account {
        handle: format!("user{number}@hotmail.com"),
        password: format!("pw{number}"),
        name: Some(format!("User {number}")),
        lists: Lists::Clean,
    }
}

fn transcript(scenario: &Arc<Scenario>, options: SimOptions) -> Transcript {
    let count = scenario.needs.accounts.max(scenario.users.len());
    let accounts = (1..=count).map(account).collect();
    let environment = Arc::new(sim::environment());
    let executor = Executor::new(Arc::clone(scenario), accounts, environment, 1);
    sim::run(executor, Config::default(), options).transcript
}

/// The findings, each with the lines that led to it.
fn alarms(name: &str, transcript: &Transcript) -> String {
    let mut text = String::new();
    for finding in oracle::judge(transcript) {
        let _ = writeln!(
            text,
            "{name}: entry {}: {} by {}: {}: expected `{}`, got `{}`",
            finding.entry,
            finding.clause,
            finding.oracle,
            finding.message,
            finding.expected,
            finding.got
        );
    }
    if !text.is_empty() {
        for line in transcript.render(&Redactor::default()) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

fn expect_silence(options: SimOptions) {
    let scenarios = Library::builtin().unwrap().into_scenarios();
    assert!(scenarios.len() > 100, "the suite loads");
    let mut text = String::new();
    for scenario in scenarios {
        let scenario = Arc::new(scenario);
        text += &alarms(&scenario.name, &transcript(&scenario, options));
    }
    assert!(text.is_empty(), "false alarms:\n{text}");
}

#[test]
fn the_suite_against_the_clean_server_draws_no_finding() {
    expect_silence(SimOptions::default());
}

#[test]
fn nor_does_it_in_pieces_that_take_their_time() {
    expect_silence(SimOptions {
        chunk: Chunking::Bytes(7),
        latency: Duration::from_millis(40),
    });
}

#[test]
fn judging_is_the_same_line_by_line() {
    let scenarios = Library::builtin().unwrap().into_scenarios();
    for scenario in scenarios.into_iter().take(40) {
        let transcript = transcript(&Arc::new(scenario), SimOptions::default());
        let mut judge = oracle::Judge::new();
        let mut grown = Transcript::default();
        for conn in transcript.connections() {
            grown.connect(conn.name.clone(), conn.kind);
        }
        for entry in transcript.entries() {
            grown.record(entry.at, entry.conn, entry.what.clone());
            judge.entry(&grown, entry);
        }
        judge.end();
        assert_eq!(judge.into_findings(), oracle::judge(&transcript));
    }
}
