//! The model on every line of a case: innocent cases, faults, and what clauses leave open.

use std::time::Duration;

use msnpspec::engine::{AccountAfter, Outcome};
use msnpspec::fuzzer::{MODEL, Manner, Reference, Sight, Watched, case_bytes, generate, watch};
use msnpspec::protocol::ServerKind;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Fault, FaultSet};
use msnpspec::target::Lists;
use msnpspec::transcript::{ConnName, Party, Transcript, What};
use msnpspec::wire::Frame;

/// What the model, and it alone, says of an outcome.
fn told(outcome: &mut Outcome, scenario: &Scenario, sight: Sight) -> (Watched, Option<String>) {
    let (watched, _) = watch(outcome, scenario, sight);
    let mut failures = outcome.accusations.iter();
    let failure = failures.find(|failure| failure.judge.as_str() == MODEL);
    let told = failure.map(|failure| {
        let clause = failure.clause.map_or("-", |clause| clause.as_str());
        let lines = failure.transcript.join("\n    ");
        format!(
            "{clause}: expected {}, got {}\n    {lines}",
            failure.expected, failure.got
        )
    });
    (watched, told)
}

fn play(server: &Reference, seed: u64, number: u64, sight: Sight) -> (Watched, Option<String>) {
    let case = generate(&case_bytes(seed, number), Manner::default());
    let mut outcome = server.execute(&case.scenario);
    told(&mut outcome, &case.scenario, sight)
}

#[test]
fn the_model_allows_every_line_of_the_reference_server() {
    let server = Reference::default();
    let mut all = Watched::default();
    for number in 0..700 {
        let (watched, told) = play(&server, 21, number, Sight::Whole);
        assert_eq!(told, None, "case {number}");
        all.add(watched);
        let (_, told) = play(&server, 21, number, Sight::Partial);
        assert_eq!(told, None, "case {number}, of which less is known");
    }
    // A model that looked away would prove nothing.
    assert!(all.judged_share() >= 85, "{all:?}");
    // Mostly what the model says is possible, and a share of what is not.
    assert!((70..=95).contains(&all.possible_share()), "{all:?}");
    assert!(all.impossible * 100 >= all.possible * 3, "{all:?}");
}

/// Faults that the model must see in the lines of generated cases.
const FAULTS: [Fault; 14] = [
    Fault::ANSWERED_TWICE,
    Fault::BLOCKED_SEE_CHANGES,
    Fault::BYE_TWICE,
    Fault::EACH_CALL_A_SESSION,
    Fault::ILN_EACH_TIME,
    Fault::JOIN_UNTOLD,
    Fault::MESSAGE_TO_SENDER,
    Fault::MODE_N_ACKNOWLEDGED,
    Fault::NLN_TWICE,
    Fault::ONLINE_UNTOLD,
    Fault::REMOVED_STILL_TOLD,
    Fault::RINGS_TWICE,
    Fault::ROSTER_FROM_ZERO,
    Fault::STRANGERS_TOLD,
];

#[test]
fn the_model_sees_faults_in_the_lines_of_cases() {
    for fault in FAULTS {
        let server = Reference::with_faults(FaultSet::from_iter([fault]));
        let is_seen = |number| play(&server, 1, number, Sight::Whole).1.is_some();
        assert!((0..700).any(is_seen), "{fault}");
    }
}

#[test]
#[ignore = "minutes: how many of all faults the model alone sees; run it with --nocapture"]
#[expect(clippy::print_stdout, reason = "the number is what it is run for")]
fn most_faults_are_seen_by_the_model_alone() {
    let faults = msnpspec::server::faults();
    let seen = faults.iter().filter(|fault| {
        let server = Reference::with_faults(FaultSet::from_iter([**fault]));
        (0..400).any(|number| play(&server, 1, number, Sight::Whole).1.is_some())
    });
    let seen: Vec<&Fault> = seen.collect();
    let lost = faults.iter().filter(|fault| !seen.contains(fault));
    let lost: Vec<String> = lost.map(ToString::to_string).collect();
    println!("{} of {}, not {lost:?}", seen.len(), faults.len());
    assert!(seen.len() * 2 > faults.len());
}

/// A conversation in lines `alice C: …`, `alice@sb S: …`; `closed` is the end.
fn outcome(text: &str) -> Outcome {
    let mut transcript = Transcript::default();
    let mut conns: Vec<(&str, msnpspec::transcript::ConnId)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (head, said) = line.split_once(": ").expect("a name and a line");
        let (name, party) = head.split_once(' ').expect("a name and a party");
        let known = conns.iter().find(|(known, _)| *known == name);
        let conn = known.map(|(_, conn)| *conn).unwrap_or_else(|| {
            let (user, label) = name.split_once('@').unwrap_or((name, "ns"));
            let kind = match label {
                "sb" => ServerKind::Switchboard,
                _ => ServerKind::Notification,
            };
            let conn = transcript.connect(ConnName::new(user, label), kind);
            transcript.record(Duration::ZERO, conn, What::Opened("there".to_owned()));
            conns.push((name, conn));
            conn
        });
        let party = match party {
            "C" => Party::Client,
            _ => Party::Server,
        };
        let what = match said.split_once(" + ") {
            _ if said == "closed" => What::Closed(party),
            Some((head, payload)) => What::Frame(
                party,
                Frame::with_payload(head.to_owned(), payload.to_owned()),
            ),
            None => What::Frame(party, Frame::line(said.to_owned())),
        };
        transcript.record(Duration::ZERO, conn, what);
    }
    let account = |number: u8| AccountAfter {
        handle: format!("user{number}@hotmail.com"),
        name: None,
        lists: Lists::Clean,
    };
    Outcome {
        transcript,
        accounts: (1..=2).map(account).collect(),
        ..Outcome::unrun()
    }
}

/// A login, and what follows it.
fn after_login(user: u8, rest: &str) -> String {
    let name = if user == 1 { "alice" } else { "bob" };
    format!(
        "{name} C: VER 1 MSNP2 CVR0\n{name} S: VER 1 MSNP2 CVR0\n{name} C: INF 2\n\
         {name} S: INF 2 MD5 CTP\n{name} C: USR 3 MD5 I user{user}@hotmail.com\n\
         {name} S: USR 3 MD5 S 123.45\n{name} C: USR 4 MD5 S 0\n\
         {name} S: USR 4 OK user{user}@hotmail.com Name\n{rest}"
    )
}

fn judged(text: &str) -> Option<String> {
    let scenario = generate(&[], Manner::default()).scenario;
    told(&mut outcome(text), &scenario, Sight::Whole).1
}

#[test]
fn what_clauses_leave_open_passes() {
    for rest in [
        "alice C: OUT\nalice S: closed",
        "alice C: OUT\nalice S: OUT\nalice S: closed",
        "alice C: CHG 5 NLN\nalice S: CHG 5 NLN\nalice C: CHG 6 NLN\nalice S: CHG 6 NLN",
        "alice C: CHG 5 NLN\nalice S: CHG 5 NLN\nalice C: CHG 6 NLN\nalice S: 218 6",
        "alice C: XFR 5 SB\nalice S: 913 5",
        "alice C: XFR 5 SB\nalice S: XFR 5 SB 127.0.0.1:1865 CKI 1.2",
        "alice C: XFR 5 SB\nalice S: XFR 5 SB 127.0.0.1:1865 CKI 1.2\n\
         alice C: CHG 6 NLN\nalice S: CHG 6 NLN\n\
         alice C: XFR 7 SB\nalice S: XFR 7 SB 127.0.0.1:1865 CKI 3.4",
        "alice C: XFR 5 XX\nalice S: 201 5\nalice C: PNG\nalice S: QNG",
        "alice C: XFR 5 XX\nalice S: closed",
        "alice C: GTC 5 X\nalice S: closed",
        "alice C: PNG\nalice S: QNG 50",
        "alice C: SYN 5 0\nalice S: SYN 5 0",
        "alice S: MSG Hotmail Hotmail 3 + abc\nalice C: PNG\nalice S: QNG",
        "alice C: ADD 5 FL user1@hotmail.com me\nalice S: 205 5",
        "alice C: XXX 5\nalice S: closed",
        "alice C: XXX 5\nalice C: PNG\nalice S: QNG",
        "alice C: INF 5\nalice S: 715 5\nalice S: closed",
        "alice C: GTC 5 A\nalice S: 218 5\nalice C: CHG 6 NLN\nalice S: closed",
    ] {
        let text = after_login(1, rest);
        assert_eq!(judged(&text), None, "{rest}");
    }
    let board = "alice C: CHG 5 NLN\nalice S: CHG 5 NLN\nalice C: XFR 6 SB\n\
                 alice S: XFR 6 SB 127.0.0.1:1865 CKI 1.2\nalice@sb C: USR 1 user1@hotmail.com 1.2\n\
                 alice@sb S: USR 1 OK user1@hotmail.com Name\n";
    for rest in [
        "alice@sb C: MSG 2 N 1 + x\nalice@sb S: NAK 2",
        "alice@sb C: MSG 2 N 1 + x\nalice@sb C: CAL 3 nobody1@hotmail.com\nalice@sb S: 217 3",
        "alice@sb C: MSG 2 A 1 + x\nalice@sb S: NAK 2",
        "alice@sb C: OUT\nalice@sb S: closed",
        "alice@sb C: OUT\nalice@sb S: OUT\nalice@sb S: closed",
    ] {
        let text = after_login(1, &format!("{board}{rest}"));
        assert_eq!(judged(&text), None, "{rest}");
    }
}

#[test]
fn what_no_clause_allows_is_told_with_the_clause() {
    for (rest, clause) in [
        ("alice C: CHG 5 NLN\nalice S: CHG 5 BSY", "CHG-1"),
        ("alice C: GTC 5 A\nalice S: GTC 5 3 A", "GTC-3"),
        ("alice C: GTC 5 N\nalice S: 218 5", "GTC-1"),
        (
            "alice C: ADD 5 RL user2@hotmail.com x\nalice S: ADD 5 RL 2 user2@hotmail.com x",
            "ADD-2",
        ),
        (
            "alice C: REM 5 FL user2@hotmail.com\nalice S: REM 5 FL 2 user2@hotmail.com",
            "REM-5",
        ),
        (
            "alice C: CHG 5 HDN\nalice S: CHG 5 HDN\nalice C: XFR 6 SB\nalice S: XFR 6 SB a CKI 1",
            "SBX-4",
        ),
        (
            "alice C: PNG\nalice S: QNG\nalice S: NLN NLN user2@hotmail.com Name",
            "PRES-5",
        ),
        ("alice C: PNG\nalice S: QNG\nalice S: closed", "REPLY-4"),
        ("alice C: URL 5 INBOX\nalice C: PNG\nalice S: QNG", "URL-1"),
    ] {
        let told = judged(&after_login(1, rest)).unwrap_or_default();
        assert!(told.starts_with(&format!("{clause}:")), "{rest}: {told}");
    }
}

#[test]
fn after_bytes_of_no_sense_the_model_is_silent_there_alone() {
    let nonsense = after_login(1, "alice C: ADD 5 FL\nalice S: LST 9 FL 1 0 0");
    assert_eq!(judged(&nonsense), None);
    let elsewhere = after_login(2, "bob C: CHG 5 NLN\nbob S: CHG 5 IDL");
    let both = format!("{nonsense}\n{elsewhere}");
    assert!(judged(&both).is_some_and(|told| told.starts_with("CHG-1:")));
}
