//! Importing: what a run recorded becomes a scenario that passes on the same server, and that a
//! change of one line of the server breaks at that line.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;

use msnpspec::diagnostic::Source;
use msnpspec::engine::{Ending, Executor, Outcome};
use msnpspec::fuzzer::{Reference, concise};
use msnpspec::protocol::ClauseId;
use msnpspec::scenario::ast::{Scenario, Stage};
use msnpspec::scenario::{Embedded, Library, NoFiles, import, load, print};
use msnpspec::server::{Config, Fault};
use msnpspec::sim::{self, SimOptions};
use msnpspec::suite::accused;
use msnpspec::target::{Account, Lists};
use msnpspec::transcript::Redactor;
use msnpspec::transcript::read::read;
use proptest::prelude::*;

fn play(scenario: &Scenario, fault: Option<&str>) -> Outcome {
    let account = |n: usize| Account {
        name: Some(format!("User {n}")),
        lists: Lists::Clean,
        ..Account::new(format!("user{n}@hotmail.com"), format!("pw{n}"))
    };
    let count = scenario.needs.accounts.max(scenario.users.len());
    let environment = Arc::new(sim::environment_for(scenario));
    let accounts = (1..=count).map(account).collect();
    let executor = Executor::new(Arc::new(scenario.clone()), accounts, environment, 1);
    let config = Config {
        faults: fault
            .map(|name| Fault::find(name).unwrap())
            .into_iter()
            .collect(),
        ..Config::default()
    };
    sim::run(executor, config, SimOptions::default())
}

/// Imports a text, by way of the YAML that a user gets.
fn imported(name: &str, text: &str) -> (Scenario, String) {
    let reading = read(text).unwrap_or_else(|found| panic!("{name}: {found:?}\n{text}"));
    let yaml = print(&import(
        &reading.transcript,
        name,
        &accused(&reading.transcript),
    ));
    let source = Source::new(format!("{name}.yaml"), yaml.as_str());
    let loaded = load(name, &source, &NoFiles);
    let mut scenarios = loaded.unwrap_or_else(|found| panic!("{name}: {found:?}\n{yaml}"));
    (scenarios.remove(0), yaml)
}

#[test]
fn what_a_run_recorded_passes_on_the_same_server() {
    let library = Library::builtin().unwrap();
    let (mut all, mut bad) = (0, Vec::new());
    for scenario in library.into_scenarios() {
        let recorded = play(&scenario, None);
        let text = recorded
            .transcript
            .render_timed(&Redactor::default())
            .join("\n");
        if text.len() > 256 * 1024 {
            // A flood is longer than a scenario file may be.
            continue;
        }
        let (again, _) = imported(&scenario.name, &text);
        let outcome = play(&again, None);
        all += 1;
        if outcome.ending != Ending::Passed {
            let why = outcome.failures.first().map(|it| {
                format!(
                    "{}: {}: expected {}, got {}",
                    it.place, it.place.text, it.expected, it.got
                )
            });
            bad.push((scenario.name.clone(), why));
        }
    }
    let told: Vec<String> = bad
        .iter()
        .map(|(name, why)| format!("{name}: {why:?}"))
        .collect();
    assert!(
        bad.is_empty(),
        "{} of {all} do not pass:\n{}",
        bad.len(),
        told.join("\n")
    );
    assert!(all > 800, "nearly all are imported: {all}");
}

/// Ten transcripts as people write them, with the notation that each shows.
const WRITTEN: [(&str, &str); 10] = [
    ("plain", include_str!("../data/transcripts/plain.txt")),
    ("draft", include_str!("../data/transcripts/draft.txt")),
    ("arrows", include_str!("../data/transcripts/arrows.txt")),
    ("angles", include_str!("../data/transcripts/angles.txt")),
    ("stamped", include_str!("../data/transcripts/stamped.log")),
    ("markdown", include_str!("../data/transcripts/markdown.md")),
    (
        "two-users",
        include_str!("../data/transcripts/two-users.txt"),
    ),
    ("escapes", include_str!("../data/transcripts/escapes.txt")),
    ("dump", include_str!("../data/transcripts/dump.txt")),
    ("lines", include_str!("../data/transcripts/lines.txt")),
];

#[test]
fn what_people_write_replays_and_a_changed_line_is_found() {
    let mut wrong = 0;
    for (name, text) in WRITTEN {
        let (scenario, yaml) = imported(name, text);
        let outcome = play(&scenario, None);
        let why = outcome.failures.first();
        assert_eq!(outcome.ending, Ending::Passed, "{name}: {why:#?}\n{yaml}");
        // The line that a change is made in, and what of it.
        let (from, to) = text
            .lines()
            .find_map(|line| line.strip_prefix("# change "))
            .and_then(|change| change.split_once(" => "))
            .unwrap_or_else(|| panic!("{name} names no change"));
        let (head, tail) = text.rsplit_once(from).unwrap();
        let text = format!("{head}{to}{tail}");
        let (changed, changed_yaml) = imported(name, &text);
        let outcome = play(&changed, None);
        if !accused(&read(&text).unwrap().transcript).is_empty() {
            // The transcript is wrong, and the server is not.
            assert_eq!(outcome.ending, Ending::Passed, "{name}:\n{changed_yaml}");
            wrong += 1;
            continue;
        }
        let first = outcome
            .failures
            .first()
            .unwrap_or_else(|| panic!("{name}:\n{changed_yaml}"));
        // The step that fails is the first in which the two scenarios differ.
        let mut pairs = yaml.lines().zip(changed_yaml.lines());
        let differs = pairs.position(|(a, b)| a != b && a.starts_with("  - "));
        assert_eq!(
            differs,
            first.place.line.checked_sub(1),
            "{name}:\n{changed_yaml}"
        );
    }
    assert!(
        (1..10).contains(&wrong),
        "some changes break a clause: {wrong}"
    );
}

#[test]
fn a_report_of_a_breach_becomes_a_test() {
    let text = "C: VER 1 MSNP2\nS: VER 1 MSNP2\nC: INF 2\nS: INF 2 MD5\n\
                C: USR 3 MD5 I a@hotmail.com\nS: USR 3 MD5 S 1.2\n\
                C: USR 4 MD5 S 0123456789abcdef0123456789abcdef\nS: USR 4 OK a@hotmail.com Ann\n\
                C: CHG 5 IDL\nS: CHG 5 AWY\nC: CHG 6 BSY\nS: CHG 6 BSY\n";
    let (scenario, yaml) = imported("bug", text);
    let sound = play(&scenario, None);
    assert_eq!(sound.ending, Ending::Passed, "{yaml}");
    assert!(sound.accusations.is_empty(), "{:?}", sound.accusations);
    let broken = play(&scenario, Some("idle-echoed-as-away"));
    let accused: Vec<_> = broken.accusations.iter().map(|one| one.clause).collect();
    assert_eq!(accused, [Some(ClauseId::CHG_1)]);
}

/// Imports a text in few words; what is read back has the parts of the suite.
fn in_few_words(name: &str, text: &str) -> (Scenario, String) {
    let reading = read(text).unwrap();
    let reference = Reference::default();
    let yaml = concise(
        &import(&reading.transcript, name, &accused(&reading.transcript)),
        |it| reference.execute(it),
    );
    let source = Source::new(format!("{name}.yaml"), yaml.as_str());
    let loaded = load(name, &source, &Embedded);
    let mut scenarios = loaded.unwrap_or_else(|found| panic!("{name}: {found:?}\n{yaml}"));
    (scenarios.remove(0), yaml)
}

#[test]
fn in_few_words_it_does_the_same() {
    let mut folded = 0;
    for (name, text) in WRITTEN {
        let (scenario, yaml) = in_few_words(name, text);
        let outcome = play(&scenario, None);
        assert_eq!(outcome.ending, Ending::Passed, "{name}:\n{yaml}");
        let fixtures = scenario.users.iter().map(|user| &user.fixture);
        folded += fixtures.filter(|it| it.stage != Stage::Offline).count();
        let change = text.lines().find_map(|line| line.strip_prefix("# change "));
        let (from, to) = change.and_then(|change| change.split_once(" => ")).unwrap();
        let (head, tail) = text.rsplit_once(from).unwrap();
        let text = format!("{head}{to}{tail}");
        let is_wrong = !accused(&read(&text).unwrap().transcript).is_empty();
        let wanted = if is_wrong {
            Ending::Passed
        } else {
            Ending::Failed
        };
        let (changed, yaml) = in_few_words(name, &text);
        assert_eq!(play(&changed, None).ending, wanted, "{name}:\n{yaml}");
    }
    assert!(folded >= 5, "{folded}");
    let (_, yaml) = in_few_words(
        "two users",
        include_str!("../data/transcripts/two-users.txt"),
    );
    let wanted = "description: imported from two users\nclauses: [BYE-1]\nusers:\n  \
                  alice: { state: NLN }\n  bob: { state: NLN }\nsteps:\n  \
                  - use: shared/board.yaml\n    with: { who: alice }\n  \
                  - use: shared/call.yaml\n    with: { caller: alice, callee: bob }\n  \
                  - alice@sb C: OUT\n  - bob@sb S: BYE {alice.handle}\n    clause: BYE-1\n";
    assert_eq!(yaml, wanted);
}

#[test]
fn a_third_who_joins_is_a_part_too() {
    let text = "description: x\nclauses: [MSG-1]\nusers:\n  alice: { state: NLN }\n  \
                bob: { state: NLN }\n  carol: { state: NLN }\nsteps:\n  \
                - use: shared/board.yaml\n    with: { who: alice }\n  \
                - use: shared/call.yaml\n    with: { caller: alice, callee: bob }\n  \
                - use: shared/join.yaml\n    with: { caller: bob, other: alice, third: carol }\n  \
                - carol@sb C: OUT\n  - alice@sb S: BYE {carol.handle}\n";
    let source = Source::new("three.yaml", text);
    let three = load("three", &source, &Embedded).unwrap().remove(0);
    let recorded = play(&three, None).transcript;
    let text = recorded.render_timed(&Redactor::default()).join("\n");
    let (scenario, yaml) = in_few_words("three", &text);
    assert_eq!(play(&scenario, None).ending, Ending::Passed, "{yaml}");
    for part in ["shared/board.yaml", "shared/call.yaml", "shared/join.yaml"] {
        assert!(yaml.contains(part), "{part}:\n{yaml}\n{text}");
    }
}

#[test]
fn what_the_proxy_wrote_is_imported_too() {
    let text = include_str!("../data/transcripts/two-users.txt");
    let digest = "a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5";
    let ringing = "alice@sb S: CAL 2 RINGING 11752013\n";
    assert!(text.contains(digest) && text.contains(ringing));
    // Responses are not kept, and a call may arrive before it is confirmed.
    let text = text.replace(digest, "{md5(challenge, password)}");
    let (before, after) = text.split_once(ringing).unwrap();
    let (rng, after) = after.split_once('\n').unwrap();
    let text = format!("{before}{rng}\n{ringing}{after}");
    let (scenario, yaml) = imported("recorded", &text);
    assert_eq!(play(&scenario, None).ending, Ending::Passed, "{yaml}");
    let (scenario, yaml) = in_few_words("recorded", &text);
    assert_eq!(play(&scenario, None).ending, Ending::Passed, "{yaml}");
    assert!(
        yaml.contains("shared/call.yaml") && yaml.contains("state: NLN"),
        "{yaml}"
    );
}

/// Words as they stand in transcripts, and some that do not.
fn word() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "VER",
        "INF",
        "USR",
        "SYN",
        "CHG",
        "ADD",
        "REM",
        "LST",
        "MSG",
        "XFR",
        "CAL",
        "RNG",
        "ANS",
        "IRO",
        "JOI",
        "BYE",
        "OUT",
        "PNG",
        "QNG",
        "ACK",
        "NAK",
        "GTC",
        "BLP",
        "0",
        "1",
        "2",
        "7",
        "4294967295",
        "MSNP2",
        "MD5",
        "I",
        "S",
        "OK",
        "FL",
        "AL",
        "SB",
        "NS",
        "CKI",
        "U",
        "N",
        "A",
        "alice@hotmail.com",
        "bob@hotmail.com",
        "Alice@Hotmail.com",
        "1.2.3.4:1863",
        "17262740.1",
        "alice",
        "*",
        "...",
        "{x}",
        "{",
        "}}",
        "/x/",
        "!a",
        "error",
        "closed",
        "nothing",
        "refused",
        "%20",
        "0..5",
        "200",
        "911",
        "\\x00",
        "\\xff",
        "\\x20",
        "'",
        "\"",
        "#",
        ":",
        "-",
        "&a",
        "|",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => "[ -~]{0,6}", 1 => "\\PC{0,3}"]
}

fn line() -> impl Strategy<Value = String> {
    let who = prop::sample::select(vec![
        "",
        "alice ",
        "bob ",
        "alice@sb ",
        "bob@sb2 ",
        "alice#2 ",
        "x-y ",
        "true ",
        "null ",
        "Alice ",
    ]);
    let words = prop::collection::vec(word(), 0..7);
    let said = (who, prop::bool::ANY, words).prop_map(|(who, is_client, words)| {
        let party = if is_client { "C" } else { "S" };
        format!("{who}{party}: {}", words.join(" "))
    });
    let other = prop::sample::select(vec![
        "alice C: <open>",
        "alice S: <closed>",
        "alice C: <closed>",
        "bob S: <reset>",
        "alice@sb C: <reset>",
        "alice C: <raw> \\x00abc",
        ".. hello",
        ".. a\\r\\n",
        "..",
        "",
        "# note",
        "alice C: MSG 5 N 7",
        "alice@sb S: MSG bob@hotmail.com Bob 9",
    ]);
    prop_oneof![4 => said, 1 => other.prop_map(str::to_owned)]
}

proptest! {
    #![proptest_config(crate::tried(1500))]

    #[test]
    fn whatever_is_imported_loads(lines in prop::collection::vec(line(), 0..24)) {
        if let Ok(reading) = read(&lines.join("\n")) {
            let scenario = import(&reading.transcript, "any", &accused(&reading.transcript));
            prop_assume!(!scenario.steps.is_empty());
            let yaml = print(&scenario);
            let loaded = load("any", &Source::new("any.yaml", yaml.as_str()), &NoFiles);
            prop_assert!(loaded.is_ok(), "{}\n{loaded:?}\n{yaml}", lines.join("\n"));
        }
    }
}
