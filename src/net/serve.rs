//! The reference server on real ports.
//!
//! One core behind a mutex, one task a connection. A task holds no buffer while its client is
//! quiet: what it reads goes through the stack, what it writes is freed once it is written.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use rustc_hash::FxHashMap;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::net::doors::Doors;
use crate::server::{Addresses, Config, ConnId, Door, Output, Server};

/// How many bytes are read at once.
const READ: usize = 8 * 1024;
/// From how many unsent bytes on no more is read from a client: it is to read first.
const BACKPRESSURE: usize = 128 * 1024;
/// How long a closed connection waits for its client to close too, so that what was sent last is
/// not lost to a reset.
const LINGER: Duration = Duration::from_millis(500);
/// How long a shutdown waits for clients to take what was sent to them.
const GRACE: Duration = Duration::from_secs(2);
/// How long accepting pauses when the system has no more sockets.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Where the server listens, and what it calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeOptions {
    /// The ports; port 0 lets the system choose.
    pub doors: Doors,
    /// The host that referrals and invitations name, where it is not the address listened on.
    pub host: Option<String>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            doors: Doors::LOOPBACK,
            host: None,
        }
    }
}

/// Gives the tickets of a service that runs.
#[derive(Debug, Clone)]
pub struct TicketDesk(Arc<Shared>);

impl TicketDesk {
    /// A ticket for whoever knows the password of an account.
    #[must_use]
    pub fn ticket(&self, handle: &str, password: &str) -> Option<String> {
        self.0
            .with(|server, now| server.issue_ticket(now, handle, password))
    }
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port could not be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A running reference server. Dropping it ends it at once.
#[derive(Debug)]
pub struct Serving {
    doors: Doors,
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Serving {
    /// Opens the ports and begins to serve.
    ///
    /// # Errors
    ///
    /// When a port cannot be had.
    pub async fn start(config: Config, options: ServeOptions) -> Result<Self, ServeError> {
        crate::net::raise_file_limit();
        let mut listeners = Vec::new();
        let mut taken = Vec::new();
        for (door, address) in options.doors.list() {
            let listening = crate::net::listen::listen(address);
            let named = listening.and_then(|listener| Ok((listener.local_addr()?, listener)));
            let (address, listener) =
                named.map_err(|source| ServeError::Listen { address, source })?;
            taken.push(address);
            listeners.push((door, listener));
        }
        let doors = Doors::bound(&taken).expect("as many ports are bound as were asked for");
        let max_queue = config.max_queue;
        let mut server = Server::new(config);
        server.set_addresses(Addresses {
            dispatch: named(doors.dispatch(), options.host.as_deref()),
            notification: named(doors.notification(), options.host.as_deref()),
            switchboard: named(doors.switchboard(), options.host.as_deref()),
        });
        let shared = Arc::new(Shared {
            core: Mutex::new(Core {
                server,
                clients: FxHashMap::default(),
                armed: None,
            }),
            start: crate::net::clock::now(),
            max_queue,
            rearmed: Notify::new(),
            emptied: Notify::new(),
            crashed: Notify::new(),
        });
        let mut tasks = vec![tokio::spawn(keep_time(Arc::clone(&shared)))];
        for (door, listener) in listeners {
            tasks.push(tokio::spawn(accept(Arc::clone(&shared), door, listener)));
        }
        Ok(Self {
            doors,
            shared,
            tasks,
        })
    }

    /// The ports that it listens on.
    #[must_use]
    pub fn doors(&self) -> Doors {
        self.doors
    }

    /// Ends when a planted fault has ended the service for good.
    pub async fn crashed(&self) {
        loop {
            let notified = self.shared.crashed.notified();
            if self.shared.lock().server.has_crashed() {
                return;
            }
            notified.await;
        }
    }

    /// Where tickets are given for logins of MSNP8 and later.
    #[must_use]
    pub fn ticket_desk(&self) -> TicketDesk {
        TicketDesk(Arc::clone(&self.shared))
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().clients.len()
    }

    /// Ends the service in order: no new connection, `OUT SSD` to everybody, what was sent is
    /// flushed, then all is closed.
    pub async fn shutdown(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            // The ports are free once the task is gone; that it was aborted is no news.
            let _aborted = task.await;
        }
        self.shared.with(|server, now| server.handle_shutdown(now));
        let emptied = async {
            loop {
                let notified = self.shared.emptied.notified();
                if self.shared.lock().clients.is_empty() {
                    break;
                }
                notified.await;
            }
        };
        // Whoever does not read within the grace time is cut off by the drop.
        let _in_time = tokio::time::timeout(GRACE, emptied).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        for client in self.shared.lock().clients.values() {
            client.end(State::Dead);
        }
    }
}

/// An address as it is handed out to clients.
fn named(address: SocketAddr, host: Option<&str>) -> String {
    match host {
        Some(host) => format!("{host}:{}", address.port()),
        None if address.ip().is_unspecified() => format!("127.0.0.1:{}", address.port()),
        None => address.to_string(),
    }
}

#[derive(Debug)]
struct Shared {
    core: Mutex<Core>,
    start: Instant,
    max_queue: usize,
    /// The next deadline became earlier.
    rearmed: Notify,
    /// The last client is gone.
    emptied: Notify,
    /// The service has ended for good.
    crashed: Notify,
}

#[derive(Debug)]
struct Core {
    server: Server,
    clients: FxHashMap<ConnId, Arc<Client>>,
    /// The deadline that the timekeeper waits for.
    armed: Option<Duration>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the server do something and hands out what it says.
    fn with<T>(&self, act: impl FnOnce(&mut Server, Duration) -> T) -> T {
        let mut core = self.lock();
        let result = act(&mut core.server, self.start.elapsed());
        self.deliver(&mut core);
        result
    }

    fn deliver(&self, core: &mut Core) {
        while let Some(output) = core.server.poll_output() {
            match output {
                Output::Send(conn, bytes) => {
                    //= LIVE-2
                    if let Some(client) = core.clients.get(&conn)
                        && !client.push(&bytes, self.max_queue)
                    {
                        core.server.handle_close(self.start.elapsed(), conn);
                    }
                }
                Output::Close(conn) => {
                    if let Some(client) = core.clients.get(&conn) {
                        client.end(State::Closing);
                    }
                }
            }
        }
        if core.server.has_crashed() {
            self.crashed.notify_waiters();
        }
        let next = core.server.poll_timeout();
        if next.is_some() && (core.armed.is_none() || next < core.armed) {
            core.armed = next;
            self.rearmed.notify_one();
        }
    }

    fn forget(&self, conn: ConnId) {
        let mut core = self.lock();
        core.clients.remove(&conn);
        core.server.handle_close(self.start.elapsed(), conn);
        self.deliver(&mut core);
        if core.clients.is_empty() {
            self.emptied.notify_waiters();
        }
    }
}

/// What a connection's task shares with the others.
#[derive(Debug, Default)]
struct Client {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    bytes: BytesMut,
    state: State,
    /// The task, while it waits; one that runs looks here before it waits again.
    waiting: Option<Waker>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Closed once the queue is empty.
    Closing,
    /// Given up.
    Dead,
}

impl Client {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues bytes; `false` where the client reads too slowly and is given up.
    fn push(&self, bytes: &[u8], limit: usize) -> bool {
        let mut queue = self.lock();
        if queue.state != State::Open {
            return true;
        }
        let fits = queue.bytes.len() + bytes.len() <= limit;
        if fits {
            queue.bytes.extend_from_slice(bytes);
        } else {
            queue.bytes = BytesMut::new();
            queue.state = State::Dead;
        }
        queue.wake();
        fits
    }

    /// The connection is to end in this way.
    fn end(&self, state: State) {
        let mut queue = self.lock();
        if queue.state == State::Open || state == State::Dead {
            queue.state = state;
        }
        queue.wake();
    }

    /// Writes what can be written now, and asks to be woken by what comes next; how many bytes are
    /// left, and the state.
    fn flush(&self, stream: &mut TcpStream, cx: &mut Context<'_>) -> io::Result<(usize, State)> {
        let mut queue = self.lock();
        while !queue.bytes.is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, &queue.bytes) {
                Poll::Ready(written) => queue.bytes.advance(written?),
                Poll::Pending => break,
            }
        }
        if queue.bytes.is_empty() {
            // A quiet connection holds no memory.
            queue.bytes = BytesMut::new();
        }
        queue.waiting = Some(cx.waker().clone());
        Ok((queue.bytes.len(), queue.state))
    }
}

impl Queue {
    fn wake(&mut self) {
        if let Some(task) = self.waiting.take() {
            task.wake();
        }
    }
}

async fn accept(shared: Arc<Shared>, door: Door, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let client = Arc::new(Client::default());
                let conn = {
                    let mut core = shared.lock();
                    let conn = core.server.handle_open(shared.start.elapsed(), door);
                    core.clients.insert(conn, Arc::clone(&client));
                    shared.deliver(&mut core);
                    conn
                };
                tokio::spawn(converse(Arc::clone(&shared), conn, client, stream));
            }
            // Connections that died in the queue are reported here too: go on.
            Err(_) => tokio::time::sleep(EXHAUSTED).await,
        }
    }
}

/// Serves one connection to its end.
async fn converse(shared: Arc<Shared>, conn: ConnId, client: Arc<Client>, mut stream: TcpStream) {
    let orderly =
        stream.set_nodelay(true).is_ok() && talk(&shared, conn, &client, &mut stream).await;
    if orderly && stream.shutdown().await.is_ok() {
        // The client closes too, or it does not: the time-out is no news.
        let _in_time = tokio::time::timeout(LINGER, drain(&stream)).await;
    }
    drop(stream);
    shared.forget(conn);
}

/// Reads and writes until the connection ends; `true` where the server ended it in order.
async fn talk(shared: &Shared, conn: ConnId, client: &Client, stream: &mut TcpStream) -> bool {
    let turn = |cx: &mut Context<'_>| {
        let mut space = [MaybeUninit::uninit(); READ];
        loop {
            let Ok((unsent, state)) = client.flush(stream, cx) else {
                return Poll::Ready(false);
            };
            match state {
                State::Dead => return Poll::Ready(false),
                State::Closing if unsent == 0 => return Poll::Ready(true),
                State::Open if unsent < BACKPRESSURE => {}
                State::Closing | State::Open => return Poll::Pending,
            }
            let mut buffer = ReadBuf::uninit(&mut space);
            match ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(false),
            }
            // What the server says to this client now is written in the next round.
            client.lock().waiting = None;
            shared.with(|server, now| server.handle_input(now, conn, buffer.filled()));
        }
    };
    poll_fn(turn).await
}

/// Reads and throws away until the client closes.
async fn drain(stream: &TcpStream) {
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut [0; READ]) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Calls the server when a deadline has passed.
async fn keep_time(shared: Arc<Shared>) {
    loop {
        let next = {
            let mut core = shared.lock();
            core.armed = core.server.poll_timeout();
            core.armed
        };
        match next {
            None => shared.rearmed.notified().await,
            Some(at) => {
                let at = tokio::time::Instant::from_std(shared.start + at);
                tokio::select! {
                    () = tokio::time::sleep_until(at) => {
                        shared.with(Server::handle_timeout);
                    }
                    () = shared.rearmed.notified() => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn line(stream: &mut TcpStream) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let byte = stream.read_u8().await.unwrap();
            line.push(byte);
        }
        String::from_utf8(line).unwrap()
    }

    async fn login(address: SocketAddr, n: u32) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"VER 1 MSNP2\r\nINF 2\r\n").await.unwrap();
        assert_eq!(line(&mut stream).await, "VER 1 MSNP2\r\n");
        assert_eq!(line(&mut stream).await, "INF 2 MD5\r\n");
        let first = format!("USR 3 MD5 I user{n}@hotmail.com\r\n");
        stream.write_all(first.as_bytes()).await.unwrap();
        let challenge = line(&mut stream).await;
        let challenge = challenge.split_whitespace().last().unwrap().to_owned();
        let digest = {
            use md5::{Digest, Md5};
            hex::encode(Md5::digest(format!("{challenge}pw{n}")))
        };
        let second = format!("USR 4 MD5 S {digest}\r\n");
        stream.write_all(second.as_bytes()).await.unwrap();
        assert!(line(&mut stream).await.starts_with("USR 4 OK"));
        stream
    }

    async fn serving() -> Serving {
        Serving::start(Config::default(), ServeOptions::default())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_shutdown_says_so_and_frees_the_ports() {
        let serving = serving().await;
        let doors = serving.doors();
        let mut stream = login(doors.notification(), 1).await;
        serving.shutdown().await;
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert!(rest.ends_with("OUT SSD\r\n"), "{rest}");
        assert!(TcpStream::connect(doors.dispatch()).await.is_err());
        let options = ServeOptions { doors, host: None };
        let again = Serving::start(Config::default(), options).await.unwrap();
        assert_eq!(again.doors(), doors);
        login(doors.notification(), 1).await;
    }

    #[tokio::test]
    async fn a_client_that_goes_is_forgotten() {
        let serving = serving().await;
        let stream = login(serving.doors().notification(), 1).await;
        assert_eq!(serving.connections(), 1);
        let emptied = serving.shared.emptied.notified();
        drop(stream);
        emptied.await;
        assert_eq!(serving.connections(), 0);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_given_up_and_others_go_on() {
        let config = Config {
            max_queue: 64 * 1024,
            ..Config::default()
        };
        let serving = Serving::start(config, ServeOptions::default())
            .await
            .unwrap();
        let address = serving.doors().notification();
        let deaf = login(address, 1).await;
        let mut other = login(address, 2).await;
        // What it does not read piles up: it is read from no more, so that it cannot go on either.
        let flood = "PNG\r\n".repeat(1000);
        let mut sent = 0;
        while sent < 200_000 {
            match deaf.try_write(flood.as_bytes()) {
                Ok(_) => sent += 1,
                Err(_) => break,
            }
        }
        other.write_all(b"PNG\r\n").await.unwrap();
        loop {
            let line = line(&mut other).await;
            if line.starts_with("QNG") {
                break;
            }
        }
    }
}
