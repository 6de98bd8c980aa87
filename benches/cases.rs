//! Whole cases in memory: a server of its own, an executor, ten commands of a client, and every
//! oracle over what was said. One core, no socket.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use msnpspec::diagnostic::Source;
use msnpspec::engine::{Ending, Executor, Outcome};
use msnpspec::fuzzer::{Campaign, CampaignOptions, Manner, Reference, case_bytes, generate};
use msnpspec::model::Model;
use msnpspec::oracle;
use msnpspec::protocol::Dialect;
use msnpspec::scenario::ast::Scenario;
use msnpspec::scenario::{NoFiles, load};
use msnpspec::server::{Config, Server};
use msnpspec::sim::{self, SimOptions};
use msnpspec::target::{Account, Environment, Lists};
use msnpspec::transcript::{Party, What};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ten commands, from the login to the end.
const CASE: &str = "\
description: ten commands
clauses: [REPLY-1]
users: [alice]
steps:
  - C: VER {t} MSNP2 CVR0
  - S: VER {t} MSNP2 ...
  - C: INF {t}
  - S: INF {t} MD5 ...
  - C: USR {t} MD5 I {alice.handle}
  - S: USR {t} MD5 S {challenge}
  - C: USR {t} MD5 S {md5(challenge, alice.password)}
  - S: USR {t} OK {alice.handle} ...
  - C: SYN {t} 0
  - S: SYN {t} {serial}
  - S: GTC {t} {serial} A
  - S: BLP {t} {serial} AL
  - S: LST {t} FL {serial} 0 0
  - S: LST {t} AL {serial} 0 0
  - S: LST {t} BL {serial} 0 0
  - S: LST {t} RL {serial} 0 0
  - C: CHG {t} NLN
  - S: CHG {t} NLN
  - C: ADD {t} FL {nobody} Nobody
  - S: error
  - C: BLP {t} BL
  - S: BLP {t} * BL
  - C: REA {t} {alice.handle} Someone%20Else
  - S: REA {t} ...
  - C: OUT
  - S: closed
";

/// The same in two users: what each does is told to the other.
const PAIR: &str = "\
description: two users see each other
clauses: [REPLY-1]
users: { alice: { state: NLN, FL: [bob] }, bob: { state: NLN } }
steps:
  - bob C: CHG {t} BSY
  - bob S: CHG {t} BSY
  - alice S: NLN BSY {bob.handle} ...
  - C: CHG {t} AWY
  - S: CHG {t} AWY
";

fn scenario(name: &str, text: &str) -> Arc<Scenario> {
    let scenarios = load(name, &Source::new(name, text), &NoFiles);
    Arc::new(scenarios.expect("the scenario is sound").remove(0))
}

fn accounts(count: usize) -> Vec<Account> {
    let account = |number| Account {
        name: Some(format!("User {number}")),
        lists: Lists::Clean,
        ..Account::new(format!("user{number}@hotmail.com"), format!("pw{number}"))
    };
    (1..=count).map(account).collect()
}

fn execute(
    scenario: &Arc<Scenario>,
    accounts: &[Account],
    environment: &Arc<Environment>,
    config: &Config,
) -> Outcome {
    let executor = Executor::new(
        Arc::clone(scenario),
        accounts.to_vec(),
        Arc::clone(environment),
        1,
    );
    sim::run(executor, config.clone(), SimOptions::default())
}

fn cases(criterion: &mut Criterion) {
    let environment = Arc::new(sim::environment());
    let config = Config::default();
    for (name, text, users) in [("ten commands", CASE, 1), ("two users", PAIR, 2)] {
        let scenario = scenario(name, text);
        let accounts = accounts(users);
        let run = || execute(&scenario, &accounts, &environment, &config);
        let outcome = run();
        assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
        assert_eq!(outcome.findings, []);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(1));
        group.bench_function("executed and judged", |bencher| bencher.iter(run));
        group.bench_function("judged again", |bencher| {
            bencher.iter(|| oracle::judge(black_box(&outcome.transcript)));
        });
        group.finish();
    }
}

/// Cases that nobody wrote, in the first dialect and in the last that walks know; counted in tens of
/// commands, for they differ in length.
fn generated(criterion: &mut Criterion) {
    let last = Model::dialects().next_back().unwrap_or_default();
    for dialect in [Dialect::first(), last] {
        generated_in(criterion, dialect);
    }
}

fn generated_in(criterion: &mut Criterion, dialect: &'static Dialect) {
    const CASES: u64 = 200;
    let reference = Reference::default();
    let manner = Manner {
        dialect,
        ..Manner::default()
    };
    let make = |number| generate(&case_bytes(1, number), manner).scenario;
    let execute = |number| reference.execute_shared(Arc::new(make(number)));
    let commands = |outcome: &Outcome| {
        let entries = outcome.transcript.entries().iter();
        let sent = entries.filter(|entry| {
            matches!(
                entry.what,
                What::Frame(Party::Client, _) | What::Raw(Party::Client, _)
            )
        });
        sent.count() as u64
    };
    let tens = (0..CASES)
        .map(|number| commands(&execute(number)))
        .sum::<u64>()
        / 10;
    let mut group = criterion.benchmark_group(format!("generated in {dialect}"));
    group.throughput(Throughput::Elements(tens));
    group.sample_size(20);
    // The whole of a campaign: oracles and the model on every line, verdicts, coverage.
    group.bench_function("generated, executed and judged", |bencher| {
        let execute = |scenario: &Arc<Scenario>| reference.execute_shared(Arc::clone(scenario));
        bencher.iter(|| {
            let options = CampaignOptions {
                cases: Some(CASES),
                manner,
                ..CampaignOptions::default()
            };
            let mut campaign = Campaign::new(options, &execute);
            campaign.run(|_| false);
            let report = campaign.into_report();
            assert!(report.found.is_empty(), "{:?}", report.found);
        });
    });
    group.bench_function("generated and executed", |bencher| {
        bencher.iter(|| {
            for number in 0..CASES {
                black_box(execute(number));
            }
        });
    });
    group.bench_function("generated", |bencher| {
        bencher.iter(|| {
            for number in 0..CASES {
                black_box(make(number));
            }
        });
    });
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("made");
    let config = Config::default();
    group.bench_function("server", |bencher| {
        bencher.iter_batched(|| config.clone(), Server::new, BatchSize::SmallInput);
    });
    group.bench_function("judge", |bencher| bencher.iter(oracle::Judge::new));
    group.finish();
}

criterion_group!(benches, cases, generated, parts);
criterion_main!(benches);
