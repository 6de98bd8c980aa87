//! What the harness costs: 1,000 round trips through the executor and on a bare socket, against
//! the same server in one run; and the whole suite against its slowest scenario.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use md5::{Digest, Md5};
use msnpspec::diagnostic::Source;
use msnpspec::engine::{Ending, Executor};
use msnpspec::net::{Doors, DriveOptions, Plan, RunOptions, ServeOptions, Serving, drive, run};
use msnpspec::protocol::{Dialect, Level};
use msnpspec::scenario::ast::Scenario;
use msnpspec::scenario::{Library, NoFiles, load};
use msnpspec::server::Config;
use msnpspec::suite::Choice;
use msnpspec::target::{Account, Environment, Lists, Target};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

const ROUND_TRIPS: usize = 1000;

fn pings() -> Arc<Scenario> {
    let text = format!(
        "description: many pings\nclauses: [PNG-1]\nusers: {{ alice: {{ state: NLN }} }}\n\
         steps:\n  - repeat: {ROUND_TRIPS}\n    steps:\n      - C: \"URL {{t}} INBOX\"\n      \
         - S: \"URL {{t}} ...\"\n"
    );
    let scenarios = load("pings", &Source::new("pings.yaml", text), &NoFiles);
    Arc::new(scenarios.expect("the scenario is sound").remove(0))
}

async fn through_executor(scenario: Arc<Scenario>, environment: Arc<Environment>) -> Duration {
    let account = Account {
        name: Some("User 1".to_owned()),
        lists: Lists::Clean,
        ..Account::new("user1@hotmail.com", "pw1")
    };
    let options = DriveOptions {
        connect: Duration::from_secs(2),
        remote: false,
    };
    let begun = msnpspec::net::now();
    let outcome = drive(
        Executor::new(scenario, vec![account], environment, 1),
        options,
    )
    .await;
    assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
    begun.elapsed()
}

/// The same lines as the executor's login and steps, by hand.
async fn bare(address: SocketAddr) -> Duration {
    let begun = msnpspec::net::now();
    let stream = TcpStream::connect(address).await.expect("the server is up");
    stream.set_nodelay(true).expect("the socket is open");
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut line = String::new();
    let mut ask = async |request: String, last: &str| {
        write.write_all(request.as_bytes()).await.expect("written");
        loop {
            line.clear();
            read.read_line(&mut line).await.expect("a line");
            if line.starts_with(last) {
                return line.clone();
            }
        }
    };
    ask("VER 1 MSNP2 CVR0\r\n".into(), "VER").await;
    ask("INF 2\r\n".into(), "INF").await;
    let challenge = ask("USR 3 MD5 I user2@hotmail.com\r\n".into(), "USR").await;
    let challenge = challenge.split_whitespace().last().unwrap_or_default();
    let digest = hex::encode(Md5::digest(format!("{challenge}pw2")));
    ask(format!("USR 4 MD5 S {digest}\r\n"), "USR").await;
    ask("CHG 5 NLN\r\n".into(), "CHG").await;
    for trid in 0..ROUND_TRIPS {
        black_box(ask(format!("URL {trid} INBOX\r\n"), "URL").await);
    }
    begun.elapsed()
}

fn round_trips(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let (serving, environment) = runtime.block_on(async {
        let options = ServeOptions {
            doors: Doors::LOOPBACK,
            host: None,
        };
        let serving = Serving::start(Config::default(), options)
            .await
            .expect("a loopback port is free");
        let address = serving.doors().notification().to_string();
        let environment = Environment {
            dispatch: Some(address.clone()),
            notification: Some(address),
            disposable: true,
            ..Environment::default()
        };
        (serving, Arc::new(environment))
    });
    let address = serving.doors().notification();
    let scenario = pings();
    let mut group = criterion.benchmark_group("1000 round trips");
    group.sample_size(20);
    group.bench_function("executor", |bencher| {
        bencher.iter(|| {
            let work = through_executor(Arc::clone(&scenario), Arc::clone(&environment));
            runtime.block_on(async { tokio::spawn(work).await.expect("no panic") })
        });
    });
    group.bench_function("bare client", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async { tokio::spawn(bare(address)).await.expect("no panic") })
        });
    });
    group.finish();
}

fn suite(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let library = Library::builtin().expect("the suite is sound");
    let scenarios: Vec<Arc<Scenario>> =
        library.into_scenarios().into_iter().map(Arc::new).collect();
    let mut group = criterion.benchmark_group("suite");
    group.sample_size(10);
    group.bench_function("whole, against builtin", |bencher| {
        bencher.iter(|| {
            let plan = Plan {
                target: Target::builtin(),
                library: scenarios.clone(),
                scenarios: scenarios.clone(),
                options: RunOptions {
                    level: Level::Practice,
                    dialects: Choice::One(Dialect::first()),
                    ..RunOptions::default()
                },
            };
            let end = runtime.block_on(run(plan, &mut |event| {
                black_box(event);
            }));
            end.expect("the target is on loopback").exit_code
        });
    });
    group.finish();
}

criterion_group!(benches, round_trips, suite);
criterion_main!(benches);
