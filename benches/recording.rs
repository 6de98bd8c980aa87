//! What a recording adds to a round trip: the median of PNG → QNG straight to the server, and
//! through the proxy, which judges each line and writes it down before it passes it on. One client
//! at a time, then 200 clients that are there at once and say something ten times a second each.
//!
//! What is told as the time of an iteration is the median round trip.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use md5::{Digest, Md5};
use msnpspec::net::{
    Doors, RecordEvent, RecordOptions, Recorded, Recording, ServeOptions, Serving, now,
};
use msnpspec::server::Config;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// How many clients are there at once.
const CROWD: usize = 200;
/// How often each of them says something.
const PACE: Duration = Duration::from_millis(100);
/// How many round trips each makes for one sample.
const TRIPS: u32 = 10;

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// A server and a proxy before it, in a thread each; their addresses.
fn stand() -> (SocketAddr, SocketAddr) {
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
                .expect("somebody waits for it");
            std::future::pending::<()>().await;
        });
    });
    let server: SocketAddr = told.recv().expect("the server tells its address");
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let mut file = tempfile::tempfile().expect("there is room for a file");
            let sink = Box::new(move |event: RecordEvent| {
                if let RecordEvent::Recorded(Recorded::Line(line)) = event {
                    writeln!(file, "{line}").expect("there is room for it");
                }
            });
            let options = RecordOptions {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                target: server.to_string(),
                map: std::collections::BTreeMap::new(),
                connect: Duration::from_secs(2),
                redactor: msnpspec::transcript::Redactor::default(),
            };
            let recording = Recording::start(options, sink).await;
            let recording = recording.expect("a loopback port is free");
            tell.send(recording.listen())
                .expect("somebody waits for it");
            std::future::pending::<()>().await;
        });
    });
    (server, told.recv().expect("the proxy tells its address"))
}

/// Somebody who is logged in.
struct Client {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    line: String,
}

impl Client {
    async fn log_in(address: SocketAddr, user: usize) -> Self {
        let stream = TcpStream::connect(address).await;
        let stream = stream.expect("somebody listens");
        stream.set_nodelay(true).expect("the socket is open");
        let (read, write) = stream.into_split();
        let mut client = Self {
            read: BufReader::new(read),
            write,
            line: String::new(),
        };
        client.ask("VER 1 MSNP2 CVR0\r\n", "VER").await;
        client.ask("INF 2\r\n", "INF").await;
        let begin = format!("USR 3 MD5 I user{user}@hotmail.com\r\n");
        client.ask(&begin, "USR").await;
        let challenge = client.line.split_whitespace().last().unwrap_or_default();
        let digest = hex::encode(Md5::digest(format!("{challenge}pw{user}")));
        let end = format!("USR 4 MD5 S {digest}\r\n");
        client.ask(&end, "USR").await;
        client
    }

    async fn ask(&mut self, request: &str, reply: &str) {
        let sent = self.write.write_all(request.as_bytes()).await;
        sent.expect("the connection stands");
        loop {
            self.line.clear();
            let read = self.read.read_line(&mut self.line).await;
            assert!(read.expect("the connection stands") > 0, "it was ended");
            if self.line.starts_with(reply) {
                return;
            }
        }
    }

    async fn round_trip(&mut self) -> Duration {
        let begun = now();
        self.ask("PNG\r\n", "QNG").await;
        begun.elapsed()
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The median round trip of one client.
fn alone(runtime: &Runtime, client: &mut Client, trips: u64) -> Duration {
    runtime.block_on(async {
        let mut times = Vec::new();
        for _ in 0..trips.max(3) {
            times.push(client.round_trip().await);
        }
        median(times)
    })
}

/// The median round trip where all say something now and then.
fn together(runtime: &Runtime, clients: &mut Vec<Client>) -> Duration {
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async {
        let count = u32::try_from(clients.len()).unwrap_or(u32::MAX);
        let turns = clients.drain(..).enumerate().map(|(at, mut client)| {
            let offset = PACE * u32::try_from(at).unwrap_or(0) / count;
            tokio::task::spawn_local(async move {
                let mut ticks =
                    tokio::time::interval_at(tokio::time::Instant::now() + offset, PACE);
                let mut times = Vec::new();
                for _ in 0..TRIPS {
                    ticks.tick().await;
                    times.push(client.round_trip().await);
                }
                (client, times)
            })
        });
        let turns: Vec<_> = turns.collect();
        let mut times = Vec::new();
        for turn in turns {
            let (client, more) = turn.await.expect("it is carried out");
            clients.push(client);
            times.extend(more);
        }
        median(times)
    })
}

fn recording(criterion: &mut Criterion) {
    let runtime = runtime();
    let (server, proxy) = stand();
    let doors = [("direct", server), ("through the proxy", proxy)];
    let mut group = criterion.benchmark_group("round trip, one client");
    for (name, address) in doors {
        let mut client = runtime.block_on(Client::log_in(address, 1));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|trips| {
                let trips_as_u32 = u32::try_from(trips).unwrap_or(u32::MAX);
                alone(&runtime, &mut client, trips) * trips_as_u32
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("round trip, 200 clients");
    group.sample_size(10);
    for (at, (name, address)) in doors.into_iter().enumerate() {
        let users = 1 + at * CROWD..=(at + 1) * CROWD;
        let mut clients: Vec<Client> = runtime.block_on(async {
            let mut clients = Vec::new();
            for user in users {
                clients.push(Client::log_in(address, user).await);
            }
            clients
        });
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|samples| {
                let samples = u32::try_from(samples).unwrap_or(u32::MAX);
                together(&runtime, &mut clients) * samples
            });
        });
    }
    group.finish();
}

criterion_group!(benches, recording);
criterion_main!(benches);
