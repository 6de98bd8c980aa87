//! The recording proxy over real sockets: the suite runs through it as without it, everything is
//! written down, and what a server breaks is told.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use msnpspec::diagnostic::Source;
use msnpspec::event::Verdict;
use msnpspec::net::{
    LoginServer, RecordEvent, RecordOptions, Recorded, Recording, RunOptions, ServeOptions, Serving,
};
use msnpspec::oracle::Finding;
use msnpspec::protocol::{DIALECTS, Dialect, Level};
use msnpspec::scenario::{Accused, import};
use msnpspec::server::{Config, Fault};
use msnpspec::suite::{Choice, check, spoken};
use msnpspec::target::{Target, Tickets};
use msnpspec::transcript::read::{Reading, read};

use super::loopback::{Ran, block, carry_out, practice, selected};

struct Session {
    ran: Ran,
    lines: Vec<String>,
    troubles: Vec<String>,
    findings: Vec<Finding>,
}

/// Runs scenarios through a proxy before a reference server of its own, on three ports.
async fn record(faults: &[&str], filter: &str, dialect: &'static Dialect) -> Session {
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
        redactor: msnpspec::transcript::Redactor::default(),
    };
    let sink = Box::new(move |event: RecordEvent| listener.lock().unwrap().push(event));
    let recording = Recording::start(options, sink).await.unwrap();
    let at = "127.0.0.1:0".parse().unwrap();
    let login = LoginServer::start(serving.ticket_desk(), at).await.unwrap();
    let target = Target {
        builtin: false,
        tickets: Some(Tickets::Passport(login.url())),
        dispatch: Some(recording.listen().to_string()),
        ..Target::builtin()
    };
    let options = RunOptions {
        dialects: Choice::One(dialect),
        ..practice()
    };
    let ran = carry_out(target, selected(filter), options).await;
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
    let session = block(record(
        &[],
        "switchboard/* or messages/* or presence/*",
        Dialect::first(),
    ));
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
    let session = block(record(
        &[fault.name()],
        "sync/full-batch or auth/*",
        Dialect::first(),
    ));
    let first = session.findings.first().unwrap();
    assert!(fault.clauses().contains(&first.clause), "{first:?}");
}

/// What was written down, read again.
fn reread(session: &Session) -> (Arc<Source>, Reading) {
    let text = session.lines.join("\n") + "\n";
    let reading = read(&text).unwrap_or_else(|mistakes| {
        let first = mistakes.first().unwrap();
        let near = text.get(first.start..first.end).unwrap_or_default();
        panic!("{first}: {near}")
    });
    (Source::new("session.txt", text), reading)
}

/// What each later dialect adds: names of groups, phone numbers, pages, answers to challenges, and what was
/// there before in its new forms.
const LATER: &str = "phones/* or groups/* or pages/* or challenges/* or lists/add or sync/full-batch \
                     or switchboard/call";

#[test]
fn each_dialect_is_recorded_read_and_judged_in_its_own_forms() {
    for dialect in DIALECTS {
        let session = block(record(&[], LATER, dialect));
        let ran = &session.ran;
        assert_eq!(ran.end.exit_code, 0, "{dialect}: {}", ran.complaints());
        assert_eq!(session.findings, [], "{dialect}");
        let (source, reading) = reread(&session);
        assert_eq!(spoken(&reading), [dialect]);
        let checked = check(&source, &reading, Level::Practice);
        assert_eq!(checked.failures, [], "{dialect}");
        assert_eq!(checked.dialect, dialect);
        let payloads = ["PAG", "QRY", "NOT", "SDC", "IPG"];
        let has = |verb: &str| {
            session
                .lines
                .iter()
                .any(|line| line.contains(&format!(": {verb} ")))
        };
        let found: Vec<&str> = payloads.into_iter().filter(|verb| has(verb)).collect();
        assert_eq!(found.is_empty(), dialect.number < 5, "{dialect}: {found:?}");
        // Each payload stands below its line, and nothing of it was taken for a line.
        let raw = session.lines.iter().filter(|line| line.contains("<raw>"));
        assert_eq!(raw.count(), 0, "{dialect}");
    }
}

#[test]
fn users_of_different_dialects_are_each_judged_in_their_own() {
    let msnp7 = Dialect::named(b"MSNP7").unwrap();
    let session = block(record(&[], "dialects/conversation", msnp7));
    assert_eq!(session.ran.end.exit_code, 0, "{}", session.ran.complaints());
    assert_eq!(session.findings, []);
    let (source, reading) = reread(&session);
    assert!(spoken(&reading).len() > 1, "{:?}", spoken(&reading));
    let checked = check(&source, &reading, Level::Practice);
    assert_eq!(checked.failures, []);
    // The same lines, all of them taken for those of the first dialect, are not in order.
    let mut text = session.lines.join("\n") + "\n";
    for dialect in spoken(&reading) {
        text = text.replace(&format!("VER 1 {dialect}"), "VER 1 MSNP2");
    }
    let reading = read(&text)
        .map(|reading| check(&Source::new("x", text.clone()), &reading, Level::Practice));
    assert!(reading.map_or(true, |checked| !checked.failures.is_empty()));
}

#[test]
fn what_a_server_breaks_in_a_later_dialect_is_found_in_its_recording() {
    let fault = Fault::find("challenge-of-two-words").unwrap();
    for name in ["MSNP6", "MSNP7"] {
        let dialect = Dialect::named(name.as_bytes()).unwrap();
        let session = block(record(&[fault.name()], "challenges/form", dialect));
        let is_it = |finding: &Finding| fault.clauses().contains(&finding.clause);
        let told = &session.findings;
        assert!(!told.is_empty() && told.iter().all(is_it), "{told:?}");
        let (source, reading) = reread(&session);
        let checked = check(&source, &reading, Level::Practice);
        let clauses = checked.failures.iter().filter_map(|failure| failure.clause);
        let clauses: Vec<_> = clauses.collect();
        assert!(
            clauses
                .iter()
                .any(|clause| fault.clauses().contains(clause)),
            "{clauses:?}"
        );
    }
}

#[test]
fn a_recording_of_a_later_dialect_becomes_a_scenario_of_it() {
    let msnp7 = Dialect::named(b"MSNP7").unwrap();
    let session = block(record(&[], "groups/new-group", msnp7));
    assert_eq!(session.ran.end.exit_code, 0, "{}", session.ran.complaints());
    let (_, reading) = reread(&session);
    let scenario = import(&reading.transcript, "session", &Accused::new());
    assert!(scenario.is_for(msnp7), "{:?}", scenario.names_of_dialects());
    assert!(!scenario.is_for(Dialect::first()));
    assert_eq!(scenario.written_for(), msnp7);
}
