//! A proxy between real clients and a server that records what both say.
//!
//! Referrals to notification servers and switchboards are rewritten to ports of the proxy, so the
//! whole conversation goes through it. What cannot be read is passed on as it is.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::net::tape::{Piece, Recorded, Tape, Track};
use crate::oracle::Finding;
use crate::protocol::{Direction, Param, Saying};
use crate::transcript::{Party, Redactor};
use crate::wire::Frame;

/// How many bytes are read at once.
const READ: usize = 16 * 1024;
/// How many addresses of referrals get a port of the proxy; more are passed on unchanged.
const MOST_DOORS: usize = 1000;
/// How long accepting pauses when the system has no more sockets.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Takes what is recorded, in order.
pub type Sink = Box<dyn FnMut(RecordEvent) + Send>;

/// Something that a recording has to say.
#[derive(Debug)]
pub enum RecordEvent {
    /// A line of the transcript, or a finding on the line before it.
    Recorded(Recorded),
    /// Something outside the conversation went wrong, in words.
    Trouble(String),
}

/// Between whom the proxy stands.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// The server, `host:port`.
    pub target: String,
    /// Addresses that the server hands out and what to connect to instead.
    pub map: std::collections::BTreeMap<String, String>,
    /// How long a connection to the server may take.
    pub connect: Duration,
    /// What no line may show.
    pub redactor: Redactor,
}

/// Why recording could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct RecordError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

/// A running proxy. Dropping it ends it at once.
#[derive(Debug)]
pub struct Recording {
    listen: SocketAddr,
    shared: Arc<Shared>,
}

impl Recording {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// When the port cannot be had.
    pub async fn start(options: RecordOptions, sink: Sink) -> Result<Self, RecordError> {
        crate::net::raise_file_limit();
        let failed = |source| RecordError {
            address: options.listen,
            source,
        };
        let listener = crate::net::listen::listen(options.listen).map_err(failed)?;
        let listen = listener.local_addr().map_err(failed)?;
        let doors = HashMap::from([(options.target.clone(), listen)]);
        let target = options.target.clone();
        let shared = Arc::new(Shared {
            desk: Mutex::new(Desk {
                tape: Tape::without(options.redactor.clone()),
                sink,
            }),
            doors: tokio::sync::Mutex::new(doors),
            tasks: Mutex::new(JoinSet::new()),
            start: crate::net::clock::now(),
            options,
        });
        shared.spawn(accept(Arc::clone(&shared), listener, target));
        Ok(Self { listen, shared })
    }

    /// Where clients connect.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Ends the recording: connections are cut, what the end shows is judged. Gives all findings
    /// that stand.
    pub async fn stop(self) -> Vec<Finding> {
        let mut tasks = std::mem::take(&mut *self.shared.tasks());
        tasks.shutdown().await;
        let mut desk = self.shared.desk();
        let findings = desk.tape.finish().to_vec();
        desk.tell();
        findings
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.shared.tasks().abort_all();
    }
}

/// The tape and whoever listens to it.
struct Desk {
    tape: Tape,
    sink: Sink,
}

impl Desk {
    fn tell(&mut self) {
        for recorded in self.tape.take() {
            (self.sink)(RecordEvent::Recorded(recorded));
        }
    }
}

struct Shared {
    desk: Mutex<Desk>,
    /// The port of the proxy that stands for an address of the server.
    doors: tokio::sync::Mutex<HashMap<String, SocketAddr>>,
    tasks: Mutex<JoinSet<()>>,
    start: Instant,
    options: RecordOptions,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks();
        // Those that are over are let go.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Does something with the tape, and tells what comes of it.
    fn tape<T>(&self, act: impl FnOnce(&mut Tape, Duration) -> T) -> T {
        let mut desk = self.desk();
        let result = act(&mut desk.tape, self.start.elapsed());
        desk.tell();
        result
    }

    fn trouble(&self, text: String) {
        (self.desk().sink)(RecordEvent::Trouble(text));
    }

    /// What to connect to for an address that the server hands out.
    fn reachable(&self, address: &str) -> String {
        let mapped = self.options.map.get(address);
        mapped.map_or_else(|| address.to_owned(), Clone::clone)
    }
}

/// The port of the proxy that stands for this address; made when it is first named.
async fn door(shared: &Arc<Shared>, address: &str) -> Option<SocketAddr> {
    let mut doors = shared.doors.lock().await;
    if let Some(door) = doors.get(address) {
        return Some(*door);
    }
    if doors.len() >= MOST_DOORS {
        shared.trouble(format!(
            "{address}: too many addresses; this one goes past the proxy"
        ));
        return None;
    }
    let any = SocketAddr::new(shared.options.listen.ip(), 0);
    let bound = crate::net::listen::listen(any);
    match bound.and_then(|listener| Ok((listener.local_addr()?, listener))) {
        Ok((here, listener)) => {
            doors.insert(address.to_owned(), here);
            let target = shared.reachable(address);
            shared.spawn(accept(Arc::clone(shared), listener, target));
            Some(here)
        }
        Err(error) => {
            shared.trouble(format!("{address}: no port for it here: {error}"));
            None
        }
    }
}

/// Boxed: a connection that it accepts may open a port of its own, and so call it again.
fn accept(
    shared: Arc<Shared>,
    listener: TcpListener,
    target: String,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        loop {
            match listener.accept().await {
                Ok((client, _)) => {
                    shared.spawn(connection(Arc::clone(&shared), client, target.clone()));
                }
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            }
        }
    })
}

async fn connection(shared: Arc<Shared>, client: TcpStream, target: String) {
    let connecting = TcpStream::connect(&target);
    let server = match tokio::time::timeout(shared.options.connect, connecting).await {
        Ok(Ok(server)) => server,
        Ok(Err(error)) => return shared.trouble(format!("{target}: {error}")),
        Err(_) => return shared.trouble(format!("{target}: no connection in time")),
    };
    // A missing option costs time, no more.
    let _quick = (client.set_nodelay(true), server.set_nodelay(true));
    let track = shared.tape(|tape, now| tape.open(now, &target));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        carry(&shared, track, Party::Client, from_client, to_server),
        carry(&shared, track, Party::Server, from_server, to_client),
    );
    shared.tape(|tape, _| tape.forget(track));
}

/// Carries what one end sends to the other, until it ends.
async fn carry(
    shared: &Arc<Shared>,
    track: Track,
    party: Party,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
) {
    let mut buffer = vec![0; READ];
    let mut is_writable = true;
    loop {
        let (rest, is_over) = match from.read(&mut buffer).await {
            Ok(0) => (
                shared.tape(|tape, now| tape.end(now, track, party, true)),
                true,
            ),
            Err(_) => (
                shared.tape(|tape, now| tape.end(now, track, party, false)),
                true,
            ),
            Ok(count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                let pieces = shared.tape(|tape, now| tape.bytes(now, track, party, bytes));
                (onward(shared, party, pieces).await, false)
            }
        };
        // Whoever does not take it any more is told so by the end of its own stream; what the
        // other end still says is recorded.
        if is_writable && to.write_all(&rest).await.is_err() {
            is_writable = false;
        }
        if is_over {
            let _gone = to.shutdown().await;
            return;
        }
    }
}

/// The bytes for the other end: as they came, but for addresses.
async fn onward(shared: &Arc<Shared>, party: Party, pieces: Vec<Piece>) -> Bytes {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Raw(bytes) => out.extend_from_slice(&bytes),
            Piece::Frame(frame) => {
                let frame = match (party, referral(&frame)) {
                    (Party::Server, Some(address)) => match door(shared, &address).await {
                        Some(here) => rewritten(&frame, &address, here),
                        None => frame,
                    },
                    _ => frame,
                };
                out.extend_from_slice(&frame.to_bytes());
            }
        }
    }
    out.into()
}

/// The address that a line refers its client to.
fn referral(frame: &Frame) -> Option<String> {
    let words: Vec<&[u8]> = frame.words().take(8).collect();
    let said = Saying::of(Direction::ToClient, &words)?;
    let address = said.get(Param::Address)?;
    let address = std::str::from_utf8(address).ok()?;
    let (_, port) = address.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    Some(address.to_owned())
}

/// The line with the proxy's own address.
fn rewritten(frame: &Frame, address: &str, here: SocketAddr) -> Frame {
    let line = &frame.line[..];
    let at = memchr::memmem::find(line, address.as_bytes());
    let Some((head, tail)) = at.and_then(|at| line.split_at_checked(at)) else {
        return frame.clone();
    };
    let tail = tail.strip_prefix(address.as_bytes()).unwrap_or_default();
    let line = [head, here.to_string().as_bytes(), tail].concat();
    Frame {
        line: line.into(),
        ..frame.clone()
    }
}
