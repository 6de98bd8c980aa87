//! Shrinking in memory: a planted crash that takes six commands, among noise, down to the commands
//! that it takes; with the twenty replays at the end.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use msnpspec::diagnostic::Source;
use msnpspec::fuzzer::{Reference, Shrinker, Shrunk};
use msnpspec::scenario::ast::Scenario;
use msnpspec::scenario::{NoFiles, load};
use msnpspec::server::{Fault, FaultSet};

/// The commands that the crash takes, and some that it does not.
const BEFORE: &str = "\
description: a crash among noise
clauses: [LIVE-1]
users: { mallory: { state: NLN }, bob: { state: NLN, FL: [mallory] }, carol: { state: BSY } }
steps:
";
const CRASH: [&str; 5] = [
    "ADD {t} AL {bob.handle} {bob.handle}|ADD {t} AL * {bob.handle} ...",
    "SYN {t} 99|SYN {t} *",
    "REM {t} AL {bob.handle}|REM {t} AL * {bob.handle}",
    "XFR {t} SB|XFR {t} SB ...",
    "CHG {t} HDN|CHG {t} HDN",
];
const NOISE: [(&str, &str); 5] = [
    ("bob", "URL {t} INBOX|URL {t} ..."),
    ("mallory", "PNG|QNG"),
    ("carol", "CHG {t} AWY|CHG {t} AWY"),
    ("bob", "CHG {t} LUN|CHG {t} LUN"),
    ("mallory", "URL {t} INBOX|URL {t} ..."),
];

/// So many steps, the crash at their end.
fn scenario(steps: usize) -> Scenario {
    let mut text = BEFORE.to_owned();
    let mut noise = NOISE.iter().cycle();
    let mut say = |user: &str, pair: &str| {
        let (request, reply) = pair.split_once('|').unwrap_or((pair, "..."));
        text += &format!("  - {user} C: {request}\n  - {user} S: {reply}\n");
        if request.starts_with("SYN") {
            for line in ["GTC", "BLP", "LST", "LST", "LST", "LST"] {
                text += &format!("  - {user} S: {line} {{t}} ...\n");
            }
        }
    };
    let between = (steps / 2).saturating_sub(8) / CRASH.len();
    for crash in CRASH {
        for (user, pair) in noise.by_ref().take(between) {
            say(user, pair);
        }
        say("mallory", crash);
    }
    let scenarios = load("crash", &Source::new("crash.yaml", text), &NoFiles);
    scenarios.expect("the scenario is sound").remove(0)
}

fn shrink(scenario: &Scenario) -> Shrunk {
    let faulty = Reference::with_faults(FaultSet::from_iter([Fault::CRASH_AFTER_SIX]));
    let sound = Reference::default();
    let mut shrinker =
        Shrinker::new(|scenario| faulty.execute(scenario)).guard(|scenario| sound.passes(scenario));
    shrinker.shrink(scenario, None).expect("the server dies")
}

fn shrinking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shrink");
    group.sample_size(20);
    for steps in [30, 200, 1000] {
        let scenario = scenario(steps);
        let shrunk = shrink(&scenario);
        assert!(shrunk.is_guarded && shrunk.failed == 20, "{}", shrunk.text);
        assert_eq!(shrunk.after.sends, CRASH.len(), "{}", shrunk.text);
        let name = format!("{steps} steps, {} executions", shrunk.executions);
        group.bench_function(name, |bencher| {
            bencher.iter(|| shrink(black_box(&scenario)));
        });
    }
    group.finish();
}

criterion_group!(benches, shrinking);
criterion_main!(benches);
