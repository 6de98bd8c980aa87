//! The oracles accuse nobody who is innocent: the suite against the clean reference server draws
//! no finding, however its bytes are cut and however long they travel.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use msnpspec::engine::Executor;
use msnpspec::oracle;
use msnpspec::protocol::ServerKind;
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::Config;
use msnpspec::sim::{self, Chunking, SimOptions};
use msnpspec::target::{Account, Lists};
use msnpspec::transcript::{ConnName, Party, Redactor, Transcript, What};
use msnpspec::wire::Frame;
use proptest::prelude::*;

/// An account of the reference server's own pattern.
fn account(number: usize) -> Account {
    Account {
        name: Some(format!("User {number}")),
        lists: Lists::Clean,
        ..Account::new(format!("user{number}@hotmail.com"), format!("pw{number}"))
    }
}

fn transcript(scenario: &Arc<Scenario>, options: SimOptions) -> Transcript {
    let count = scenario.needs.accounts.max(scenario.users.len());
    let accounts = (1..=count).map(account).collect();
    let environment = Arc::new(sim::environment_for(scenario));
    let executor = Executor::new(Arc::clone(scenario), accounts, environment, 1);
    sim::run(executor, Config::default(), options).transcript
}

fn suite() -> Vec<Scenario> {
    let library = Library::builtin().expect("the suite loads");
    library.into_scenarios()
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
    let scenarios = suite();
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
    let scenarios = suite();
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

/// Words that mean something somewhere.
const WORDS: [&str; 44] = [
    "VER",
    "INF",
    "USR",
    "XFR",
    "SYN",
    "LST",
    "GTC",
    "BLP",
    "CHG",
    "ADD",
    "REM",
    "REA",
    "ILN",
    "NLN",
    "FLN",
    "RNG",
    "MSG",
    "OUT",
    "CAL",
    "ANS",
    "IRO",
    "JOI",
    "BYE",
    "ACK",
    "NAK",
    "PNG",
    "QNG",
    "217",
    "1",
    "2",
    "0",
    "18446744073709551615",
    "MSNP2",
    "MD5",
    "I",
    "S",
    "OK",
    "FL",
    "BL",
    "RL",
    "a@hotmail.com",
    "b@hotmail.com",
    "HDN",
    "RINGING",
];

fn what() -> impl Strategy<Value = What> {
    let party = prop_oneof![Just(Party::Client), Just(Party::Server)];
    let words = prop::collection::vec(prop::sample::select(&WORDS[..]), 0..8);
    let line = (party.clone(), words, any::<bool>()).prop_map(|(party, words, has_payload)| {
        let mut frame = Frame::line(words.join(" "));
        frame.payload = has_payload.then(|| (&b"x"[..]).into());
        What::Frame(party, frame)
    });
    prop_oneof![
        40 => line,
        1 => (party.clone(), any::<Vec<u8>>()).prop_map(|(p, bytes)| What::Raw(p, bytes.into())),
        1 => party.prop_map(What::Closed),
        1 => Just(What::Opened(String::new())),
    ]
}

proptest! {
    #![proptest_config(crate::tried(300))]

    /// Whatever two ends say to each other, it is judged without a panic.
    #[test]
    fn nonsense_is_judged_too(entries in prop::collection::vec((0..4usize, what()), 0..120)) {
        let mut transcript = Transcript::default();
        let labels = ["ns", "ns", "sb", "sb"];
        let conns = labels.map(|label| {
            let name = ConnName::new("alice", label);
            let kind: ServerKind = name.kind();
            transcript.connect(name, kind)
        });
        for (conn, what) in entries {
            transcript.record(Duration::ZERO, conns[conn], what);
        }
        let findings = oracle::judge(&transcript);
        prop_assert_eq!(&findings, &oracle::judge(&transcript));
        for finding in findings {
            let accused = &transcript.entries()[finding.entry];
            prop_assert_eq!(accused.conn, finding.conn);
        }
    }
}
