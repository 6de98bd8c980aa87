//! Findings as files: written, told apart, read back, replayed.

use msnpspec::diagnostic::Source;
use msnpspec::fuzzer::{
    Findings, Kept, Origin, Reference, Replayed, Reproducer, Shrinker, Shrunk, Signature,
    read_finding, replay,
};
use msnpspec::protocol::Dialect;
use msnpspec::scenario::ast::Scenario;
use msnpspec::scenario::{Library, NoFiles};
use msnpspec::server::{Fault, FaultSet};

fn with(fault: Fault) -> Reference {
    Reference::with_faults(FaultSet::from_iter([fault]))
}

fn shrunk(name: &str, fault: Fault) -> Shrunk {
    let library = Library::builtin().expect("the suite loads");
    let mut scenarios = library.scenarios().iter();
    let scenario = scenarios.find(|scenario| scenario.name == name);
    let (faulty, sound) = (with(fault), Reference::default());
    Shrinker::new(|scenario| faulty.execute(scenario))
        .guard(|scenario| sound.passes(scenario))
        .shrink(scenario.expect("the suite has it"), None)
        .expect("it fails")
}

fn read(reproducer: &Reproducer) -> Kept {
    let source = Source::new(reproducer.file_name.as_str(), reproducer.text.as_str());
    let mut kept = read_finding("found", &source, &NoFiles).expect("it is a scenario");
    kept.remove(0)
}

#[test]
fn a_file_says_what_failed_and_how_to_have_it_again() {
    let shrunk = shrunk("presence/hide-and-return", Fault::HIDING_UNTOLD);
    let origin = Origin {
        dialect: Dialect::first(),
        seed: 7,
        case: 123,
    };
    let reproducer = Reproducer::new(&shrunk, Some(origin));
    assert_eq!(reproducer.file_name, "chg-4_step_fln_timeout.yaml");
    insta::assert_snapshot!(reproducer.text, @r"
    # Found by msnpspec fuzz --dialect MSNP2 --seed 7, case 123.
    # CHG-4 (must): Going HDN from online reaches the watchers as FLN.
    # expected: FLN user1@hotmail.com
    # got:      nothing within 2s
    # judged by: step
    # Play it again with `msnpspec fuzz --replay FOLDER`.
    # failed in 20 of 20 replays
    # signature: chg-4_step_fln_timeout
    description: Going HDN from online reaches the watchers as FLN.
    clauses: [CHG-4]
    dialects: [MSNP2]
    users:
      alice: { state: NLN }
      bob: { state: NLN, FL: [alice] }
    steps:
      - alice C: CHG {t} HDN
      - alice S: CHG {t} HDN
        clause: CHG-1
      - bob S: FLN {alice.handle}
    ");
    let kept = read(&reproducer);
    assert_eq!(kept.signature, Some(shrunk.signature.to_string()));
    assert_eq!(kept.rate, Some((20, 20)));
}

#[test]
fn a_race_is_played_until_it_can_be_called_fixed() {
    let shrunk = shrunk("presence/hide-and-return", Fault::HIDING_UNTOLD);
    let mut kept = read(&Reproducer::new(&shrunk, None));
    for (rate, plays) in [
        (Some((20, 20)), 1),
        (Some((10, 20)), 5),
        (Some((3, 20)), 20),
        (Some((1, 20)), 60),
        (Some((0, 5)), 17),
        (None, 20),
    ] {
        kept.rate = rate;
        assert_eq!(kept.plays(), plays, "{rate:?}");
    }
    kept.rate = Some((3, 20));
    let mut number = 0;
    let raced = replay(&kept, |scenario: &Scenario| {
        number += 1;
        let fault = match number % 7 {
            0 => Fault::HIDING_UNTOLD,
            _ => Fault::BYE_UNTOLD,
        };
        Ok(with(fault).execute(scenario))
    });
    let Replayed::StillFails(_, rate) = raced else {
        panic!("{raced:?}");
    };
    assert_eq!((rate.failed, rate.plays), (2, 20));
}

#[test]
fn a_replay_tells_fixed_from_failing_and_from_what_cannot_run() {
    let shrunk = shrunk("presence/hide-and-return", Fault::HIDING_UNTOLD);
    let kept = read(&Reproducer::new(&shrunk, None));
    let on = |fault: Fault| {
        replay(&kept, |scenario: &Scenario| {
            Ok(with(fault).execute(scenario))
        })
    };
    for _ in 0..20 {
        assert!(matches!(on(Fault::HIDING_UNTOLD), Replayed::StillFails(..)));
    }
    assert!(matches!(on(Fault::BYE_UNTOLD), Replayed::Fixed(_)));
    let other = on(Fault::LOWER_CASE_REPLIES);
    assert!(matches!(other, Replayed::FailsOtherwise(..)), "{other:?}");
    let broken = on(Fault::DIGEST_SWAPPED);
    assert!(
        matches!(
            broken,
            Replayed::CouldNotRun(_) | Replayed::FailsOtherwise(..)
        ),
        "{broken:?}"
    );
    let gone = replay(&kept, |_| Err("no connection".to_owned()));
    assert_eq!(gone, Replayed::CouldNotRun("no connection".to_owned()));
}

#[test]
fn a_signature_is_written_once_and_counted() {
    let one = shrunk("presence/hide-and-return", Fault::HIDING_UNTOLD);
    let two = shrunk("switchboard/caller-leaves", Fault::BYE_UNTOLD);
    let mut findings = Findings::default();
    assert!(findings.is_empty());
    findings.know(two.signature.cause());
    assert!(findings.take(&one.signature.cause()));
    assert!(!findings.take(&one.signature.cause()));
    assert!(!findings.take(&two.signature.cause()));
    let counts: Vec<(String, usize)> = findings
        .counts()
        .map(|(signature, count)| (signature.to_owned(), count))
        .collect();
    let [one, two] = [one, two].map(|shrunk| shrunk.signature.cause());
    assert_eq!(counts, [(two, 1), (one, 2)]);
    assert_eq!(findings.len(), 2);
}

#[test]
fn what_a_server_says_cannot_break_the_file() {
    let mut shrunk = shrunk("presence/hide-and-return", Fault::HIDING_UNTOLD);
    let hostile = "x\nsteps: []\r\n# signature: y\u{1b}[2J".repeat(40);
    shrunk.failure.got = msnpspec::event::Observed::Line(hostile);
    shrunk.failure.expected = "\u{85}\u{2028}{\"".into();
    let reproducer = Reproducer::new(&shrunk, None);
    let kept = read(&reproducer);
    assert_eq!(kept.signature, Some(shrunk.signature.to_string()));
    assert_eq!(kept.scenario.steps.len(), shrunk.scenario.steps.len());
    let name = Signature {
        by: msnpspec::event::Judge::of("../../etc/passwd\0"),
        command: Some("a/b\\c".into()),
        ..shrunk.signature
    };
    let name = name.to_string();
    let is_plain =
        |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "_-+".contains(char);
    assert!(name.chars().all(is_plain), "{name}");
}
