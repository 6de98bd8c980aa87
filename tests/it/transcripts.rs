//! Raw transcripts: what is written reads back as it was and is judged alike; what people write is
//! understood or refused with a place.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;
use std::time::Duration;

use msnpspec::engine::Executor;
use msnpspec::oracle::{self, Finding};
use msnpspec::protocol::ServerKind;
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, Fault};
use msnpspec::sim::{self, SimOptions};
use msnpspec::target::{Account, Lists};
use msnpspec::transcript::read::{ReadMistake, read};
use msnpspec::transcript::{ConnName, Party, Redactor, Transcript, What};
use msnpspec::wire::{Frame, Terminator};
use proptest::prelude::*;

fn transcript(scenario: &Arc<Scenario>, fault: Option<&str>) -> Transcript {
    let account = |n: usize| Account {
        name: Some(format!("User {n}")),
        lists: Lists::Clean,
        ..Account::new(format!("user{n}@hotmail.com"), format!("pw{n}"))
    };
    let count = scenario.needs.accounts.max(scenario.users.len());
    let environment = Arc::new(sim::environment_for(scenario));
    let accounts = (1..=count).map(account).collect();
    let executor = Executor::new(Arc::clone(scenario), accounts, environment, 1);
    let config = Config {
        faults: fault
            .map(|name| Fault::find(name).unwrap())
            .into_iter()
            .collect(),
        ..Config::default()
    };
    sim::run(executor, config, SimOptions::default()).transcript
}

/// What a finding says, without the numbers of connections, which reading may give anew.
fn said(findings: &[Finding]) -> Vec<(usize, String, String)> {
    let said = findings.iter().map(|it| {
        let clause = format!("{} by {}", it.clause, it.oracle);
        (
            it.entry,
            clause,
            format!("{}: {} / {}", it.message, it.expected, it.got),
        )
    });
    said.collect()
}

/// What happened, by the names of the connections.
fn told(transcript: &Transcript) -> Vec<(Duration, String, usize, What)> {
    let told = transcript.entries().iter().map(|entry| {
        let conn = transcript.connection(entry.conn).unwrap();
        (
            entry.at,
            conn.name.to_string(),
            conn.nth,
            entry.what.clone(),
        )
    });
    told.collect()
}

#[test]
fn what_a_run_writes_reads_back_and_is_judged_alike() {
    let library = Library::builtin().unwrap();
    let faults = [
        None,
        Some("batch-order"),
        Some("trid-off-by-one"),
        Some("nln-twice"),
    ];
    let mut findings = 0;
    for scenario in library.into_scenarios() {
        let scenario = Arc::new(scenario);
        for fault in faults {
            let live = transcript(&scenario, fault);
            // The redactor masks the responses to challenges only.
            let text = live.render_timed(&Redactor::default()).join("\n");
            let read =
                read(&text).unwrap_or_else(|found| panic!("{}: {found:?}\n{text}", scenario.name));
            let judged = oracle::judge(&read.transcript);
            assert_eq!(
                said(&judged),
                said(&oracle::judge(&live)),
                "{}\n{text}",
                scenario.name
            );
            assert_eq!(read.places.len(), live.entries().len(), "{}", scenario.name);
            findings += judged.len();
        }
    }
    assert!(findings > 100, "the faults are found: {findings}");
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(b"MSG".to_vec()),
        Just(b"MSG 3 N 5".to_vec()),
        Just(b" <raw> ".to_vec()),
        Just(b"..".to_vec()),
        Just(b"\\n".to_vec()),
        Just(b"\\".to_vec()),
        "[ -~]{0,6}".prop_map(String::into_bytes),
        any::<Vec<u8>>(),
    ];
    prop::collection::vec(word, 0..4).prop_map(|words| {
        let mut line = words.concat();
        line.retain(|byte| *byte != b'\n');
        line
    })
}

fn what() -> impl Strategy<Value = What> {
    let party = || prop_oneof![Just(Party::Client), Just(Party::Server)];
    let end = prop_oneof![Just(Terminator::CrLf), Just(Terminator::Lf)];
    let payload = prop::option::of(any::<Vec<u8>>());
    let sized = (party(), any::<Vec<u8>>()).prop_map(|(party, payload)| {
        let line = format!("MSG 3 N {}", payload.len());
        What::Frame(party, Frame::with_payload(line, payload))
    });
    let odd =
        (party(), bytes(), end, payload).prop_map(|(party, mut line, terminator, payload)| {
            while line.last() == Some(&b'\r') {
                line.pop();
            }
            let payload = payload.map(Into::into);
            What::Frame(
                party,
                Frame {
                    line: line.into(),
                    terminator,
                    payload,
                    is_hidden: false,
                },
            )
        });
    prop_oneof![
        4 => sized,
        8 => odd,
        1 => (party(), any::<Vec<u8>>()).prop_map(|(party, raw)| What::Raw(party, raw.into())),
        1 => party().prop_map(What::Closed),
        1 => party().prop_map(What::Reset),
    ]
}

proptest! {
    #![proptest_config(crate::tried(1000))]

    #[test]
    fn whatever_is_written_reads_back(entries in prop::collection::vec((0..4usize, what()), 1..20)) {
        let mut transcript = Transcript::default();
        let conns = [("alice", "ns"), ("alice", "sb"), ("alice", "sb"), ("bob", "ds")].map(|(user, label)| {
            let name = ConnName::new(user, label);
            let kind: ServerKind = name.kind();
            let conn = transcript.connect(name, kind);
            transcript.record(Duration::ZERO, conn, What::Opened("h:1".into()));
            conn
        });
        for (at, (conn, what)) in entries.into_iter().enumerate() {
            transcript.record(Duration::from_millis(at as u64), *conns.get(conn).unwrap(), what);
        }
        let text = transcript.render_timed(&Redactor::default()).join("\n");
        let read = read(&text);
        prop_assert!(read.is_ok(), "{:?}\n{}", read, text);
        prop_assert_eq!(told(&read.unwrap().transcript), told(&transcript), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_inside_itself(text in "(?s)([CS]: |>>> |\\.\\. |MSG 1 N 4|-- |\n|```|#|<raw>|\\PC){0,40}") {
        match read(&text) {
            Ok(read) => prop_assert_eq!(read.places.len(), read.transcript.entries().len()),
            Err(found) => for mistake in found {
                prop_assert!(mistake.start <= mistake.end && mistake.end <= text.len().max(1));
            }
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    let read = read(text).unwrap_or_else(|found| panic!("{found:?}"));
    read.transcript.render(&Redactor::default())
}

const LOGIN: [&str; 5] = [
    "c1 C: <open>",
    "c1 C: VER 1 MSNP2",
    "c1 S: VER 1 MSNP2",
    "c1 C: INF 2",
    "c1 S: INF 2 MD5",
];

#[test]
fn people_write_it_in_many_ways() {
    for text in [
        "C: VER 1 MSNP2\nS: VER 1 MSNP2\nC: INF 2\nS: INF 2 MD5\n",
        "   C: VER 1 MSNP2\r\n   S: VER 1\r\n   .. MSNP2\r\n\r\n   C: INF 2\r\n   S: INF 2 MD5",
        ">>> VER 1 MSNP2\\r\\n\n<<< VER 1 MSNP2\\r\\n\n>>> INF 2\\r\\n\n<<< INF 2 MD5\\r\\n",
        "# mine\n> VER 1 MSNP2\n< VER 1 MSNP2\n> INF 2\n< INF 2 MD5",
        "12:00:00 -> VER 1 MSNP2\n12:00:00 <- VER 1 MSNP2\n12:00:01 -> INF 2\n12:00:01 <- INF 2 MD5",
        "It breaks:\n\n```\nC: VER 1 MSNP2\nS: VER 1 MSNP2\n```\nand then\n```text\nC: INF 2\nS: INF 2 MD5\n```\nC: no more",
        "\u{feff}Client: VER 1 MSNP2\nServer: VER 1 MSNP2\nClient: INF 2\nServer: INF 2 MD5",
    ] {
        assert_eq!(lines(text), LOGIN, "{text}");
    }
}

#[test]
fn connections_are_told_apart() {
    let text = "C: VER 1 MSNP2\n--\nC: USR 1 a@b.c 1.2\nS: USR 1 OK a@b.c A\nbob@sb S: BYE a@b.c";
    let expected = [
        "c1 C: <open>",
        "c1 C: VER 1 MSNP2",
        "c2@sb C: <open>",
        "c2@sb C: USR 1 a@b.c 1.2",
        "c2@sb S: USR 1 OK a@b.c A",
        "bob@sb S: BYE a@b.c",
    ];
    assert_eq!(lines(text), expected);
}

#[test]
fn payloads_are_read_in_every_form() {
    let expected = [".. A: b\\r\\n", ".. \\r\\n", ".. h\u{e9}"];
    for below in [
        ".. A: b\\r\\n\\r\\nh\\xc3\\xa9",
        ".. A: b\n..\n.. h\u{e9}",
        "A: b\n\nh\u{e9}",
        "0000  41 3a 20 62 0d 0a 0d 0a 68 c3 a9   A: b....h..",
    ] {
        let text = format!("a@sb C: MSG 3 N 11\n{below}\na@sb S: ACK 3\n");
        let read = lines(&text);
        let (head, tail) = read.split_first().unwrap();
        assert_eq!(head, "a@sb C: MSG 3 N 11");
        let (last, payload) = tail.split_last().unwrap();
        assert_eq!(
            (payload, last.as_str()),
            (&expected.map(str::to_owned)[..], "a@sb S: ACK 3")
        );
    }
}

#[test]
fn what_fits_in_no_way_is_asked_about() {
    let mistake = |text: &str| {
        let found = read(text).unwrap_err();
        let first = found.first().unwrap().clone();
        (
            text.get(first.start..first.end).unwrap().to_owned(),
            first.mistake,
        )
    };
    assert_eq!(
        mistake("C: VER 1\nhello there"),
        ("hello there".into(), ReadMistake::Stranger)
    );
    assert_eq!(mistake(".. more"), (".. more".into(), ReadMistake::Orphan));
    let missing = ReadMistake::MissingPayload(5);
    assert_eq!(
        mistake("a@sb C: MSG 3 N 5\na@sb S: ACK 3"),
        ("a@sb C: MSG 3 N 5".into(), missing)
    );
    let (place, wrong) = mistake("a@sb C: MSG 3 N 5\n.. far too long\n");
    assert_eq!(place, "a@sb C: MSG 3 N 5\n.. far too long");
    assert!(wrong.to_string().contains("has 12 or"), "{wrong}");
    assert_eq!(mistake("# nothing").1, ReadMistake::Nothing);
}
