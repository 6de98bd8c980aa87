//! The recording proxy over real sockets: the suite runs through it as without it, everything is
//! written down, and what a server breaks is told.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use msnpspec::event::Verdict;
use msnpspec::net::{RecordEvent, RecordOptions, Recorded, Recording, ServeOptions, Serving};
use msnpspec::oracle::Finding;
use msnpspec::server::{Config, Fault};
use msnpspec::target::Target;

use super::loopback::{Ran, block, carry_out, practice, selected};

struct Session {
    ran: Ran,
    lines: Vec<String>,
    troubles: Vec<String>,
    findings: Vec<Finding>,
}

/// Runs scenarios through a proxy before a reference server of its own, on three ports.
async fn record(faults: &[&str], filter: &str) -> Session {
    let faults = faults.iter().map(|name| Fault::find(name).unwrap());
    let config = Config {
        faults: faults.collect(),
        ..Config::default()
    };
    let serving = Serving::start(config, ServeOptions::default())
        .await
        .unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let options = RecordOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        target: serving.doors().dispatch().to_string(),
        map: std::collections::BTreeMap::new(),
        connect: Duration::from_secs(5),
    };
    let sink = Box::new(move |event: RecordEvent| listener.lock().unwrap().push(event));
    let recording = Recording::start(options, sink).await.unwrap();
    let target = Target {
        builtin: false,
        dispatch: Some(recording.listen().to_string()),
        ..Target::builtin()
    };
    let ran = carry_out(target, selected(filter), practice()).await;
    let findings = recording.stop().await;
    let mut session = Session {
        ran,
        lines: Vec::new(),
        troubles: Vec::new(),
        findings,
    };
    for event in told.lock().unwrap().drain(..) {
        match event {
            RecordEvent::Recorded(Recorded::Line(line)) => session.lines.push(line),
            RecordEvent::Recorded(Recorded::Finding(_)) => {}
            RecordEvent::Trouble(text) => session.troubles.push(text),
        }
    }
    session
}

#[test]
fn the_suite_runs_through_it_and_nobody_is_accused() {
    let session = block(record(&[], "switchboard/* or messages/* or presence/*"));
    let is_good = |verdict: Verdict| matches!(verdict, Verdict::Passed | Verdict::Skipped);
    let ran = &session.ran;
    assert!(
        ran.results().all(|it| is_good(it.verdict)),
        "{}",
        ran.complaints()
    );
    assert_eq!(session.findings, []);
    assert_eq!(session.troubles, [""; 0]);
    let count = |what: &str| {
        session
            .lines
            .iter()
            .filter(|line| line.contains(what))
            .count()
    };
    assert!(
        count("MSG") > 100 && count(" C: ANS ") > 10,
        "the switchboards go through it"
    );
    let secret = |line: &&String| line.contains(" MD5 S ") && line.contains(" C: ");
    let responses: Vec<&String> = session.lines.iter().filter(secret).collect();
    assert!(responses.len() > 10);
    for line in responses {
        assert!(
            line.ends_with(" MD5 S {md5(challenge, password)}"),
            "{line}"
        );
    }
}

#[test]
fn what_the_server_breaks_is_told() {
    let fault = Fault::find("batch-order").unwrap();
    let session = block(record(&[fault.name()], "sync/full-batch or auth/*"));
    let first = session.findings.first().unwrap();
    assert!(fault.clauses().contains(&first.clause), "{first:?}");
}
