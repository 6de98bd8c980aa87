//! Shrinking against the reference server with planted faults, in virtual time.

use std::collections::BTreeMap;
use std::thread;

use msnpspec::diagnostic::Source;
use msnpspec::engine::Ending;
use msnpspec::event::Judge;
use msnpspec::fuzzer::{Reference, ShrinkError, Shrinker, Shrunk, Signature, Size};
use msnpspec::scenario::ast::{Action, Scenario, Stage};
use msnpspec::scenario::{Library, NoFiles, load, print};
use msnpspec::server::{Fault, FaultSet, faults};
use msnpspec::sim::{Chunking, SimOptions};

fn suite() -> Vec<Scenario> {
    Library::builtin()
        .expect("the suite loads")
        .into_scenarios()
}

fn named(name: &str) -> Scenario {
    let mut suite = suite().into_iter();
    let scenario = suite
        .find(|scenario| scenario.name == name)
        .expect("the suite has it");
    // As it is played.
    let dialect = scenario.written_for();
    scenario.in_dialect(dialect)
}

fn parsed(text: &str) -> Scenario {
    let source = Source::new("test.yaml", text);
    load("test", &source, &NoFiles)
        .expect("it is a scenario")
        .remove(0)
}

fn with(fault: Fault) -> Reference {
    Reference::with_faults(FaultSet::from_iter([fault]))
}

fn shrink(scenario: &Scenario, fault: Fault) -> Shrunk {
    let (faulty, sound) = (with(fault), Reference::default());
    let mut shrinker =
        Shrinker::new(|scenario| faulty.execute(scenario)).guard(|scenario| sound.passes(scenario));
    shrinker.shrink(scenario, None).expect("it fails")
}

/// The first scenario that speaks of a clause of the fault and fails because of it.
fn apt(suite: &[Scenario], fault: Fault) -> Option<&Scenario> {
    let faulty = with(fault);
    suite.iter().find(|scenario| {
        let speaks = scenario
            .clauses
            .iter()
            .any(|id| fault.clauses().contains(id));
        speaks && faulty.execute(scenario).ending == Ending::Failed
    })
}

/// Requests that change nothing, with their answers, put in wherever a user who is logged in is
/// about to send something; so that there are this many steps.
fn padded(scenario: &Scenario, steps: usize) -> Scenario {
    let mut padded = scenario.clone();
    let mut all = std::mem::take(&mut padded.setup);
    for step in &mut all {
        step.precondition = true;
    }
    padded.steps.splice(0..0, all);
    let sends = |scenario: &Scenario| {
        let steps = scenario.steps.iter().enumerate();
        let ready = steps.filter_map(|(index, step)| {
            let Action::Send(send) = &step.action else {
                return None;
            };
            let user = scenario
                .users
                .iter()
                .find(|user| user.name == send.conn.user())?;
            let is_in = user.fixture.stage != Stage::Offline && send.conn.label() == "ns";
            is_in.then(|| (index, user.name.clone()))
        });
        ready.collect::<Vec<_>>()
    };
    let mut round = 0;
    while padded.steps.len() < steps {
        let places = sends(&padded);
        let mut places = places.iter().cycle().skip(round * 7);
        let (index, user) = places.next().expect("somebody who is logged in sends");
        let index = *index;
        let (request, reply) = match round % 2 {
            0 => ("PNG", "QNG"),
            _ => ("URL {t} INBOX", "URL {t} ..."),
        };
        let users: Vec<&str> = scenario
            .users
            .iter()
            .map(|user| user.name.as_str())
            .collect();
        let text = format!(
            "description: x\nclauses: [USR-1]\nusers: [{}]\nsteps:\n  - {user} C: {request}\n  - {user} S: {reply}\n",
            users.join(", ")
        );
        padded.steps.splice(index..index, parsed(&text).steps);
        round += 1;
    }
    padded
}

/// The fault's failure in its smallest form, checked in every way.
fn checked(scenario: &Scenario, fault: Fault) -> Shrunk {
    let shrunk = shrink(scenario, fault);
    let told = format!("{fault} in {}:\n{}", scenario.name, shrunk.text);
    assert!(shrunk.is_guarded && !shrunk.is_cut_short, "{told}");
    assert_eq!((shrunk.failed, shrunk.replays), (20, 20), "{told}");
    assert!(shrunk.after <= shrunk.before, "{told}");
    assert!(Reference::default().passes(&shrunk.scenario), "{told}");
    let again = parsed(&shrunk.text);
    let outcome = with(fault).execute(&again);
    let mut signatures = Signature::all(&outcome).into_iter();
    assert!(signatures.any(|(it, _)| it == shrunk.signature), "{told}");
    assert_eq!(print(&again), shrunk.text, "{told}");
    shrunk
}

#[test]
fn what_is_shrunk_fails_as_before_whatever_the_fault() {
    let suite = suite();
    let few: Vec<Fault> = faults().iter().copied().step_by(8).collect();
    let shares = few.chunks(few.len().div_ceil(4));
    let count: usize = thread::scope(|scope| {
        let threads: Vec<_> = shares
            .map(|share| {
                let suite = &suite;
                scope.spawn(move || {
                    let found = share.iter().filter_map(|fault| {
                        let scenario = apt(suite, *fault)?;
                        Some(checked(scenario, *fault))
                    });
                    found.count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert!(count > 35, "{count} of {}", few.len());
}

#[test]
fn padding_goes_and_nothing_else_stays() {
    for (name, fault) in [
        ("switchboard/caller-leaves", Fault::BYE_UNTOLD),
        ("switchboard/coming-back", Fault::JOIN_UNTOLD),
        ("presence/hide-and-return", Fault::HIDING_UNTOLD),
        (
            "lists/removed-contact-is-watched-no-more",
            Fault::REMOVED_STILL_TOLD,
        ),
    ] {
        let short = checked(&named(name), fault);
        let long = padded(&named(name), 200);
        assert!(Reference::default().passes(&long), "{name}");
        let shrunk = checked(&long, fault);
        assert!(shrunk.before.steps > 150, "{:?}", shrunk.before);
        assert_eq!(shrunk.signature, short.signature);
        assert_eq!(shrunk.after, short.after, "{}\n{}", short.text, shrunk.text);
        assert!(shrunk.executions < 400, "{}", shrunk.executions);
    }
}

#[test]
fn a_finding_is_shrunk_to_what_a_person_would_write() {
    let shrunk = checked(
        &padded(&named("presence/hide-and-return"), 200),
        Fault::HIDING_UNTOLD,
    );
    insta::assert_snapshot!(shrunk.text, @r"
    description: a user who hides and comes back is shown offline, then online
    clauses: [CHG-4]
    users:
      alice: { state: NLN }
      bob: { state: NLN, FL: [alice] }
    steps:
      - alice C: CHG {t} HDN
      - alice S: CHG {t} HDN
        clause: CHG-1
      - bob S: FLN {alice.handle}
    ");
    let shrunk = checked(&named("auth/login"), Fault::DIGEST_SWAPPED);
    insta::assert_snapshot!(shrunk.text, @r"
    description: the MD5 of challenge and password logs the user in
    clauses: [USR-2]
    users: [alice]
    setup:
      - alice C: VER {t} {dialect}
      - alice S: VER {t} {dialect} ...
      - alice C: USR {t} MD5 I {alice.handle}
      - alice S: USR {t} MD5 S {challenge}
    steps:
      - alice C: USR {t} MD5 S {md5(challenge, alice.password)}
      - alice S: USR {t} OK ...
    ");
}

#[test]
fn logins_become_fixtures_where_that_is_shorter() {
    let text = r"
description: REM of what is not there is refused
clauses: [REM-4]
users: [alice, bob]
steps:
  - C: VER 1 MSNP2
  - S: VER 1 MSNP2 ...
  - C: INF 2
  - S: INF 2 MD5
  - C: USR 3 MD5 I {alice.handle}
  - S: USR 3 MD5 S {challenge}
  - C: USR 4 MD5 S {md5(challenge, alice.password)}
  - S: USR 4 OK {alice.handle} *
  - C: SYN 5 0
  - S: SYN 5 *
  - S: GTC 5 * A
  - S: BLP 5 * AL
  - S: LST 5 FL * 0 0
  - S: LST 5 AL * 0 0
  - S: LST 5 BL * 0 0
  - S: LST 5 RL * 0 0
  - C: CHG 6 NLN
  - S: CHG 6 NLN
  - C: GTC 7 N
  - S: GTC 7 * N
  - C: REM 8 FL {bob.handle}
  - S: 216 8
";
    let shrunk = checked(&parsed(text), Fault::REMOVE_ERROR_UNANSWERED);
    insta::assert_snapshot!(shrunk.text, @r"
    description: REM of what is not there is refused
    clauses: [REM-4]
    users:
      alice: { state: logged-in }
      bob: {}
    steps:
      - alice C: REM {t} FL {bob.handle}
      - alice S: 216 {t}
    ");
}

#[test]
fn a_crash_is_shrunk_to_the_six_commands_that_it_takes() {
    let name = "hostile/hiding-after-a-bit-of-everything";
    let shrunk = checked(&padded(&named(name), 200), Fault::CRASH_AFTER_SIX);
    insta::assert_snapshot!(shrunk.text, @r"
    description: a user who did a bit of everything hides, and the service lives on
    clauses: [LIVE-1]
    users:
      mallory: { state: NLN }
      bob: {}
    setup:
      - mallory C: ADD {t} AL {bob.handle} {bob.handle}
      - mallory S: ADD {t} AL * {bob.handle} ...
      - mallory C: SYN {t.r1} 0
      - mallory S: SYN {t.r1} *
      - mallory S: GTC {t.r1} ...
      - mallory S: BLP {t.r1} ...
      - repeat: 4
        steps:
          - mallory S: LST {t.r1} ...
            optional: true
      - mallory C: REM {t} AL {bob.handle}
      - mallory S: REM {t} AL * {bob.handle}
      - mallory C: XFR {t} SB
      - mallory S: XFR {t} SB ...
    steps:
      - mallory C: CHG {t} HDN
      - mallory S: CHG {t} HDN
    ");
    assert!(shrunk.executions < 100, "{}", shrunk.executions);
}

#[test]
fn the_same_input_gives_the_same_result() {
    let scenario = padded(&named("switchboard/caller-leaves"), 120);
    let one = shrink(&scenario, Fault::BYE_UNTOLD);
    let two = shrink(&scenario, Fault::BYE_UNTOLD);
    assert_eq!((one.text, one.executions), (two.text, two.executions));
}

#[test]
fn the_budget_and_the_time_are_kept() {
    let scenario = padded(&named("switchboard/caller-leaves"), 200);
    let faulty = with(Fault::BYE_UNTOLD);
    let sound = Reference::default();
    let mut sizes = Vec::new();
    for budget in [1, 4, 8, 12] {
        let mut executions = 0;
        let mut shrinker = Shrinker::new(|scenario| {
            executions += 1;
            faulty.execute(scenario)
        })
        .guard(|scenario| sound.passes(scenario))
        .budget(budget)
        .replays(3);
        let shrunk = shrinker.shrink(&scenario, None).unwrap();
        drop(shrinker);
        assert!(shrunk.executions <= budget && shrunk.is_cut_short);
        assert_eq!(executions, shrunk.executions + 3);
        assert_eq!(shrunk.failed, 3, "{}", shrunk.text);
        sizes.push(shrunk.after);
    }
    assert!(sizes.is_sorted_by(|one, two| one >= two), "{sizes:?}");
    let mut asked = 0;
    let mut shrinker = Shrinker::new(|scenario| faulty.execute(scenario)).until(|| {
        asked += 1;
        asked > 3
    });
    assert!(shrinker.shrink(&scenario, None).unwrap().is_cut_short);
}

#[test]
fn progress_is_told_and_only_gets_smaller() {
    let scenario = padded(&named("switchboard/caller-leaves"), 100);
    let faulty = with(Fault::BYE_UNTOLD);
    let mut seen: BTreeMap<&str, Size> = BTreeMap::new();
    let mut last = usize::MAX;
    let mut shrinker = Shrinker::new(|scenario| faulty.execute(scenario)).watched(|progress| {
        assert!(progress.size.steps <= last || progress.doing == "the whole");
        last = progress.size.steps;
        seen.insert(progress.doing, progress.size);
    });
    shrinker.shrink(&scenario, None).unwrap();
    drop(shrinker);
    assert!(
        seen.contains_key("users") && seen.contains_key("steps"),
        "{seen:?}"
    );
}

#[test]
fn what_does_not_fail_is_told() {
    let scenario = named("auth/login");
    let sound = Reference::default();
    let mut shrinker = Shrinker::new(|scenario| sound.execute(scenario));
    assert_eq!(
        shrinker.shrink(&scenario, None).unwrap_err(),
        ShrinkError::Passes
    );
    // Where the fixture fails, nothing can be said.
    let faulty = with(Fault::DIGEST_SWAPPED);
    let mut shrinker = Shrinker::new(|scenario| faulty.execute(scenario));
    let error = shrinker.shrink(&named("presence/hide-and-return"), None);
    assert!(matches!(error, Err(ShrinkError::Broken(_))), "{error:?}");
    let shrunk = shrink(&scenario, Fault::DIGEST_SWAPPED);
    let hiding = with(Fault::HIDING_UNTOLD);
    let mut shrinker = Shrinker::new(|scenario| hiding.execute(scenario));
    let scenario = named("presence/hide-and-return");
    let error = shrinker
        .shrink(&scenario, Some(&shrunk.signature))
        .unwrap_err();
    assert!(matches!(error, ShrinkError::Other(_)), "{error}");
}

#[test]
fn loops_and_payloads_shrink_too() {
    let text = r#"
description: messages of every size arrive
clauses: [MSG-9]
users:
  alice: { state: NLN, FL: [bob] }
  bob: { state: NLN, AL: [alice] }
  carol: { state: BSY }
steps:
  - alice C: XFR {t} SB
  - alice S: XFR {t} SB {board} CKI {cookie}
  - alice@sb open: "{board}"
  - alice@sb C: USR 1 {alice.handle} {cookie}
  - alice@sb S: USR 1 OK {alice.handle} {alice.name}
  - alice@sb C: CAL 2 {bob.handle}
  - alice@sb S: CAL 2 RINGING {session}
  - bob S: RNG {session} {door} CKI {key} {alice.handle} {alice.name}
  - bob@sb open: "{door}"
  - bob@sb C: ANS 1 {bob.handle} {key} {session}
  - bob@sb S: IRO 1 1 1 {alice.handle} {alice.name}
  - bob@sb S: ANS 1 OK
  - alice@sb S: JOI {bob.handle} {bob.name}
  - repeat: 4
    steps:
      - alice@sb C: MSG {t} N {length}
        payload: "hello {i}"
      - bob@sb S: MSG * * {length}
        payload: same
  - alice@sb C: MSG {t} N {length}
    payload: { bytes: 1500 }
  - bob@sb S: MSG * * {length}
    payload: { bytes: 1500 }
"#;
    let shrunk = checked(&parsed(text), Fault::LONG_MESSAGE_CLOSES);
    assert!(shrunk.text.contains("bytes: 1025"), "{}", shrunk.text);
    assert!(!shrunk.text.contains("hello"), "{}", shrunk.text);
    assert_eq!(shrunk.after.users, 2);
    assert_eq!(shrunk.after.steps, 14, "{}", shrunk.text);
}

#[test]
fn a_network_in_pieces_changes_nothing() {
    let options = SimOptions {
        chunk: Chunking::Bytes(3),
        latency: std::time::Duration::from_millis(20),
    };
    let faulty = with(Fault::BYE_UNTOLD).over(options);
    let sound = Reference::default();
    let scenario = padded(&named("switchboard/caller-leaves"), 80);
    let mut shrinker =
        Shrinker::new(|scenario| faulty.execute(scenario)).guard(|scenario| sound.passes(scenario));
    let slow = shrinker.shrink(&scenario, None).unwrap();
    assert_eq!(slow.failed, slow.replays);
    assert_eq!(slow.after, shrink(&scenario, Fault::BYE_UNTOLD).after);
}

/// What a campaign plays: requests of every kind, and no more expected than is needed to go on.
const CASE: &str = r#"
description: a bit of everything
clauses: [LIVE-1]
users:
  alice: { state: logged-in }
  bob: { state: NLN, FL: [carol] }
  carol: { state: logged-in }
steps:
  - alice C: SYN {t} 0
  - carol C: SYN {t} 7
  - settle: true
  - alice C: CHG {t} NLN
  - settle: true
  - alice C: ADD {t} FL {bob.handle} Bob
  - carol C: ADD {t} AL {alice.handle} {alice.handle}
  - settle: true
  - carol C: CHG {t} BSY
  - alice C: GTC {t} N
  - settle: true
  - bob C: ADD {t} FL {alice.handle} {alice.handle}
  - settle: true
  - alice C: BLP {t} BL
  - settle: true
  - alice C: LST {t} FL
  - settle: true
  - alice C: ADD {t} AL {bob.handle} {bob.handle}
  - settle: true
  - alice C: CHG {t} AWY
  - settle: true
  - alice C: GTC {t} N
  - alice C: REM {t} FL {carol.handle}
  - settle: true
  - bob C: XFR {t} SB
  - bob S: XFR {t} SB {board} CKI {cookie}
  - bob@sb open: "{board}"
  - bob@sb C: USR {t} {bob.handle} {cookie}
  - bob@sb C: CAL {t} {carol.handle}
  - carol S: RNG {session} {door} CKI {key} ...
  - carol@sb open: "{door}"
  - carol@sb C: ANS {t} {carol.handle} {key} {session}
  - settle: true
  - bob@sb C: CAL {t} {nobody}
  - bob@sb C: MSG {t} A {length}
    payload: "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nh\u00e9llo "
  - settle: true
  - carol@sb C: MSG {t} N {length}
    payload: { bytes: 700 }
  - settle: true
  - carol@sb C: OUT
  - settle: true
  - bob@sb C: MSG {t} N {length}
    payload: "anybody?"
  - settle: true
  - alice C: CHG {t} HDN
  - settle: true
  - alice C: REM {t} FL {bob.handle}
  - settle: true
  - alice C: XFR {t} SB
  - settle: true
  - bob C: OUT
  - settle: true
  - carol C: CHG {t} NLN
  - settle: true
"#;

#[test]
fn what_only_oracles_see_is_shrunk_too() {
    let case = parsed(CASE);
    assert!(Reference::default().passes(&case));
    let seen = |fault: &Fault| {
        let outcome = with(*fault).execute(&case);
        let first = Signature::all(&outcome).into_iter().next();
        first.is_some_and(|(signature, _)| signature.by != msnpspec::event::Judge::Step)
    };
    let seen: Vec<Fault> = faults().iter().copied().step_by(5).filter(seen).collect();
    assert!(seen.len() > 15, "{}", seen.len());
    thread::scope(|scope| {
        for share in seen.chunks(seen.len().div_ceil(4)) {
            let case = &case;
            scope.spawn(move || {
                for fault in share {
                    let shrunk = checked(case, *fault);
                    let told = format!("{fault}: {:?}\n{}", shrunk.after, shrunk.text);
                    assert!(shrunk.after.sends <= 8, "{told}");
                    assert!(shrunk.executions < 150, "{told}");
                }
            });
        }
    });
}

#[test]
fn what_fails_in_a_login_is_told_by_its_steps() {
    let shrunk = checked(&parsed(CASE), Fault::INF_WITHOUT_PACKAGE);
    insta::assert_snapshot!(shrunk.text, @r"
    description: a bit of everything
    clauses: [INF-1]
    users: [alice]
    steps:
      - alice C: VER {t} MSNP2
      - alice S: VER {t} MSNP2 ...
      - alice C: INF {t}
      - alice S: INF {t} MD5 ...
    ");
}

#[test]
fn a_choice_of_the_server_is_never_made_for_it() {
    let text = "
description: a name with a tab in it comes back as it may be sent, or is refused
clauses: [FRAME-3]
users: { alice: { state: NLN }, bob: {} }
steps:
  - alice C: ADD {t} FL {bob.handle} a%09b
  - one of:
      - alice S: ADD {t} FL ...
      - alice S: error {t}
      - alice S: closed
";
    let shrunk = shrink(&parsed(text), Fault::RAW_TABS);
    assert!(matches!(shrunk.failure.judge, Judge::Oracle(_)));
    // A server that is mended and chooses otherwise is accused of nothing.
    let demands = shrunk.scenario.steps.iter().filter(|step| {
        let is_demand = matches!(step.action, Action::Expect(_));
        is_demand && !step.precondition
    });
    assert_eq!(demands.count(), 0, "{}", print(&shrunk.scenario));
}
