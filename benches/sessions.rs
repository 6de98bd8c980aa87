//! What checking costs over loopback: sessions (connect, log in, reset) and round trips, through
//! the executor with every oracle behind it, and on a bare tokio socket, against the same server
//! in one run.
//!
//! Client and server have a thread each. A ping-pong across cores measures how fast the machine
//! wakes up, so the process is bound to one core: `taskset -c 1 cargo bench --bench sessions`;
//! or several connections are in flight, as here in any case. Sessions end by a reset, which
//! leaves no port in TIME_WAIT.
//!
//! With `BOOFUZZ_PYTHON=venv/bin/python`, an interpreter that has boofuzz, its way of sending a
//! session is measured beside ours: see `boofuzz_session.py`.

use std::future::Future;
use std::hint::black_box;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use md5::{Digest, Md5};
use msnpspec::diagnostic::Source;
use msnpspec::engine::{Ending, Executor, Outcome};
use msnpspec::net::{Doors, DriveOptions, ServeOptions, Serving, drive, now};
use msnpspec::scenario::ast::Scenario;
use msnpspec::scenario::{NoFiles, load};
use msnpspec::server::Config;
use msnpspec::sim::{self, SimOptions};
use msnpspec::target::{Account, Environment, Lists};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many connections are in flight.
const FLIGHT: u64 = 16;
/// How many round trips a connection makes.
const ROUND_TRIPS: u64 = 500;
/// boofuzz makes up so many states and a few more.
const MOST_CASES: u64 = 1000;

const SESSION: &str = "\
description: a user logs in and is cut off
clauses: [USR-1]
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
";

fn scenario(text: String) -> Arc<Scenario> {
    let scenarios = load("bench", &Source::new("bench.yaml", text), &NoFiles);
    Arc::new(scenarios.expect("the scenario is sound").remove(0))
}

/// What boofuzz sends too.
const STATE: &str = "  - C: SYN {t} 0
  - S: SYN {t} {serial}
  - S: GTC {t} {serial} A
  - S: BLP {t} {serial} AL
  - S: LST {t} FL {serial} 0 0
  - S: LST {t} AL {serial} 0 0
  - S: LST {t} BL {serial} 0 0
  - S: LST {t} RL {serial} 0 0
  - C: CHG {t} XYZ
  - S: refused
";

/// So many requests.
fn trips(round_trips: u64) -> String {
    format!(
        "  - repeat: {round_trips}\n    steps:\n      - C: URL {{t}} INBOX\n      \
         - S: URL {{t}} ...\n"
    )
}

/// Everything that a session needs.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    environment: Arc<Environment>,
    scenario: Arc<Scenario>,
    round_trips: u64,
}

impl Target {
    /// After the login come these steps, then a reset; the bare client makes as many round trips.
    fn new(address: SocketAddr, steps: &str, round_trips: u64) -> Self {
        let environment = Environment {
            dispatch: Some(address.to_string()),
            notification: Some(address.to_string()),
            disposable: true,
            cleanup: false,
            ..Environment::default()
        };
        Self {
            address,
            environment: Arc::new(environment),
            scenario: scenario(format!("{SESSION}{steps}  - C: reset\n")),
            round_trips,
        }
    }

    fn executor(&self, user: u64, environment: &Arc<Environment>) -> Executor {
        let account = Account {
            name: Some(format!("User {user}")),
            lists: Lists::Clean,
            ..Account::new(format!("user{user}@hotmail.com"), format!("pw{user}"))
        };
        let (scenario, environment) = (Arc::clone(&self.scenario), Arc::clone(environment));
        Executor::new(scenario, vec![account], environment, 1)
    }

    async fn checked(self, user: u64) {
        let options = DriveOptions {
            connect: Duration::from_secs(2),
            remote: false,
        };
        let executor = self.executor(user, &self.environment);
        accept(&drive(executor, options).await);
    }

    /// The same lines by hand, without a look at more than their first word.
    async fn bare(self, user: u64) {
        let stream = TcpStream::connect(self.address).await;
        let stream = stream.expect("the server is up");
        stream.set_nodelay(true).expect("the socket is open");
        stream.set_zero_linger().expect("the socket is open");
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
        let challenge = ask(format!("USR 3 MD5 I user{user}@hotmail.com\r\n"), "USR").await;
        let challenge = challenge.split_whitespace().last().unwrap_or_default();
        let digest = hex::encode(Md5::digest(format!("{challenge}pw{user}")));
        ask(format!("USR 4 MD5 S {digest}\r\n"), "USR").await;
        for trid in 5..5 + self.round_trips {
            black_box(ask(format!("URL {trid} INBOX\r\n"), "URL").await);
        }
    }
}

/// Nothing is wrong with it, say the steps and every oracle.
fn accept(outcome: &Outcome) {
    assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
    assert_eq!(outcome.findings, []);
}

/// A server in a thread of its own, for as long as the process lives.
fn serve() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let options = ServeOptions {
                doors: Doors::LOOPBACK,
                host: None,
            };
            let serving = Serving::start(Config::default(), options).await;
            let serving = serving.expect("a loopback port is free");
            tell.send(serving.doors().notification())
                .expect("the main thread waits for it");
            std::future::pending::<()>().await;
        });
    });
    told.recv().expect("the server tells its address")
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// How long it takes to do so many sessions, some in flight at any time.
fn measure<F: Future<Output = ()> + 'static>(
    runtime: &Runtime,
    sessions: u64,
    one: impl Fn(u64) -> F + Clone + 'static,
) -> Duration {
    let begun: Instant = now();
    let tasks = LocalSet::new();
    for lane in 0..FLIGHT.min(sessions) {
        let one = one.clone();
        tasks.spawn_local(async move {
            for _ in (lane..sessions).step_by(16) {
                one(lane + 1).await;
            }
        });
    }
    runtime.block_on(tasks);
    begun.elapsed()
}

fn compare(criterion: &mut Criterion, name: &str, target: &Target, each: u64) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(each));
    group.sample_size(20);
    group.bench_function("checked", |bencher| {
        bencher.iter_custom(|sessions| {
            let target = target.clone();
            measure(&runtime, sessions, move |user| target.clone().checked(user))
        });
    });
    group.bench_function("bare", |bencher| {
        bencher.iter_custom(|sessions| {
            let target = target.clone();
            measure(&runtime, sessions, move |user| target.clone().bare(user))
        });
    });
    group.finish();
}

/// How long it takes to do so many sessions, shared out among a thread for each target.
fn side_by_side(targets: &[Target], sessions: u64) -> Duration {
    let share = sessions.div_ceil(targets.len() as u64);
    let begun: Instant = now();
    std::thread::scope(|scope| {
        for target in targets {
            scope.spawn(move || {
                let target = target.clone();
                measure(&runtime(), share, move |user| target.clone().checked(user))
            });
        }
    });
    begun
        .elapsed()
        .mul_f64(sessions as f64 / (share * targets.len() as u64) as f64)
}

/// The session that boofuzz sends, through the executor and by boofuzz.
#[expect(
    clippy::disallowed_methods,
    reason = "an optional tool is named by the environment"
)]
fn beside_boofuzz(criterion: &mut Criterion, address: SocketAddr) {
    let Some(python) = std::env::var_os("BOOFUZZ_PYTHON") else {
        return;
    };
    let runtime = runtime();
    let target = Target::new(address, STATE, 0);
    let mut group = criterion.benchmark_group("boofuzz's cases");
    group.throughput(Throughput::Elements(1));
    group.sample_size(10);
    group.bench_function("checked", |bencher| {
        bencher.iter_custom(|sessions| {
            let target = target.clone();
            measure(&runtime, sessions, move |user| target.clone().checked(user))
        });
    });
    // One process of boofuzz keeps one core busy; cases of ours are played side by side.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut targets = vec![target.clone()];
    targets.resize_with(cores, || Target::new(serve(), STATE, 0));
    group.bench_function(format!("checked, on {cores} cores"), |bencher| {
        bencher.iter_custom(|sessions| side_by_side(&targets, sessions));
    });
    group.bench_function("checked, in memory", |bencher| {
        let environment = Arc::new(sim::environment());
        bencher.iter(|| {
            let executor = target.executor(1, &environment);
            let outcome = sim::run(executor, Config::default(), SimOptions::default());
            accept(&outcome);
        });
    });
    for logging in ["none", "off", "defaults"] {
        group.bench_function(format!("boofuzz, logging {logging}"), |bencher| {
            bencher.iter_custom(|cases| {
                let output = Command::new(&python)
                    .arg(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/benches/boofuzz_session.py"
                    ))
                    .args(["--port", &address.port().to_string()])
                    .args(["--cases", &cases.min(MOST_CASES).to_string()])
                    .args(["--logging", logging])
                    .output()
                    .expect("the interpreter starts");
                let answer = String::from_utf8_lossy(&output.stdout);
                let seconds = answer.trim().parse().unwrap_or_else(|_| {
                    panic!("boofuzz: {}", String::from_utf8_lossy(&output.stderr))
                });
                let spent = Duration::from_secs_f64(seconds);
                spent.mul_f64(cases as f64 / cases.min(MOST_CASES) as f64)
            });
        });
    }
    group.finish();
}

fn sessions(criterion: &mut Criterion) {
    let address = serve();
    compare(criterion, "sessions", &Target::new(address, "", 0), 1);
    let target = Target::new(address, &trips(ROUND_TRIPS), ROUND_TRIPS);
    compare(criterion, "round trips", &target, ROUND_TRIPS);
    beside_boofuzz(criterion, address);
}

criterion_group!(benches, sessions);
criterion_main!(benches);
