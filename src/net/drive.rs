//! One executor on real sockets.
//!
//! All sockets of a script are polled in one task: between a line of the server and the step that
//! waits for it stands neither a channel nor another task.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use crate::engine::{Executor, Input, Limit, Outcome, Output, Refusal, TicketError};
use crate::net::clock::now;
use crate::net::failure::{limit_of, plain};
use crate::net::target_process::TargetProcess;
use crate::net::tickets::Office;
use crate::target::is_loopback;
use crate::transcript::ConnId;

/// How many bytes are read at once.
const READ: usize = 16 * 1024;
/// A connection that brings more than this is cut: no scenario is about so much.
const MOST: usize = 16 * 1024 * 1024;

/// How sockets are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriveOptions {
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// Addresses that are not on loopback may be connected to.
    pub remote: bool,
}

/// Runs a script to its end.
pub async fn drive(executor: Executor, options: DriveOptions) -> Outcome {
    let cut = Box::pin(std::future::pending());
    drive_with(executor, options, Helpers::default(), cut).await
}

/// Who does for a script what is none of sockets.
#[derive(Debug, Clone, Default)]
pub(super) struct Helpers {
    /// Stops and starts the server.
    pub(super) process: Option<Arc<TargetProcess>>,
    /// Gives login tickets.
    pub(super) office: Option<Arc<Office>>,
}

/// Runs a script that may stop and start the server, and is cut off when `cut` is over.
pub(super) async fn drive_with(
    executor: Executor,
    options: DriveOptions,
    helpers: Helpers,
    cut: Cut,
) -> Outcome {
    let start = now();
    let mut drive = Drive {
        executor,
        options,
        start,
        links: Vec::new(),
        timer: Box::pin(tokio::time::sleep_until(start.into())),
        armed: None,
        helpers,
        controls: VecDeque::new(),
        ticket: None,
        cut: Some(cut),
    };
    loop {
        drive.perform();
        if let Some(outcome) = drive.executor.outcome() {
            drive.perform();
            // A stop or a start that is cut off would leave the server in between.
            drive.links.clear();
            for control in drive.controls {
                control.await;
            }
            return outcome;
        }
        poll_fn(|cx| drive.poll(cx)).await;
    }
}

type Connecting = Pin<Box<dyn Future<Output = Result<TcpStream, Refusal>> + Send>>;
/// Over when a script is to be cut off.
pub(super) type Cut = Pin<Box<dyn Future<Output = ()> + Send>>;
type Control = Pin<Box<dyn Future<Output = Option<Input>> + Send>>;

/// One connection.
#[derive(Default)]
struct Link {
    state: State,
    /// What could not be written yet, a segment each.
    unsent: VecDeque<Bytes>,
    paused: bool,
    received: usize,
}

#[derive(Default)]
enum State {
    #[default]
    None,
    Connecting(Connecting),
    Open(TcpStream),
    /// We have ended ours: what still comes is thrown away, so that no reset overtakes what was
    /// sent.
    Leaving(TcpStream),
}

struct Drive {
    executor: Executor,
    options: DriveOptions,
    start: Instant,
    links: Vec<Link>,
    timer: Pin<Box<Sleep>>,
    /// What the timer is set to. It is left alone when the deadline only moves on: most never pass.
    armed: Option<Duration>,
    helpers: Helpers,
    /// The ticket that is being had.
    ticket: Option<Control>,
    /// Stops and starts of the server, one after the other.
    controls: VecDeque<Control>,
    /// Until it was cut off.
    cut: Option<Cut>,
}

impl Drive {
    /// Does everything that the executor wants done.
    fn perform(&mut self) {
        while let Some(output) = self.executor.poll_output() {
            match output {
                Output::Open { conn, address } => {
                    let connecting = Box::pin(connect(address, self.options));
                    *self.link(conn) = Link {
                        state: State::Connecting(connecting),
                        ..Link::default()
                    };
                }
                Output::Send { conn, bytes } => {
                    let link = self.link(conn);
                    link.unsent.push_back(bytes);
                    link.write();
                }
                Output::Close(conn) => self.link(conn).leave(),
                Output::Reset(conn) => self.link(conn).reset(),
                Output::Pause(conn) => self.link(conn).paused = true,
                Output::Resume(conn) => self.link(conn).paused = false,
                Output::StopServer => {
                    let process = self.helpers.process.clone();
                    self.controls.push_back(Box::pin(async move {
                        process?.stop().await;
                        Some(Input::ServerStopped)
                    }));
                }
                Output::Ticket(request) => {
                    let office = self.helpers.office.clone();
                    self.ticket = Some(Box::pin(async move {
                        let given = match office {
                            Some(office) => office.ticket(request).await,
                            None => Err(TicketError::NoSource),
                        };
                        Some(Input::Ticket(given))
                    }));
                }
                Output::StartServer => {
                    let process = self.helpers.process.clone();
                    self.controls.push_back(Box::pin(async move {
                        // A server that does not start is told by the deadline of the step.
                        process?.start().await.ok()?;
                        Some(Input::ServerStarted)
                    }));
                }
            }
        }
    }

    fn link(&mut self, conn: ConnId) -> &mut Link {
        if self.links.len() <= conn.0 {
            self.links.resize_with(conn.0 + 1, Link::default);
        }
        self.links
            .get_mut(conn.0)
            .expect("the list was just made long enough")
    }

    fn tell(&mut self, input: Input) {
        self.executor.handle_input(self.start.elapsed(), input);
    }

    /// Waits for anything to happen, and tells the executor.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut happened = false;
        for index in 0..self.links.len() {
            let Some(link) = self.links.get_mut(index) else {
                continue;
            };
            if let Poll::Ready(input) = link.poll(ConnId(index), cx) {
                self.tell(input);
                happened = true;
            }
        }
        if let Some(control) = self.controls.front_mut()
            && let Poll::Ready(input) = control.as_mut().poll(cx)
        {
            self.controls.pop_front();
            // The next one may begin: it is polled in the next round.
            happened = true;
            if let Some(input) = input {
                self.tell(input);
            }
        }
        if let Some(ticket) = &mut self.ticket
            && let Poll::Ready(input) = ticket.as_mut().poll(cx)
        {
            self.ticket = None;
            happened = true;
            if let Some(input) = input {
                self.tell(input);
            }
        }
        if let Some(cut) = &mut self.cut
            && cut.as_mut().poll(cx).is_ready()
        {
            self.cut = None;
            self.executor.cut_off(self.start.elapsed());
            happened = true;
        }
        if happened {
            return Poll::Ready(());
        }
        self.poll_timer(cx)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(due) = self.executor.poll_timeout() else {
                return Poll::Pending;
            };
            if self.armed.is_none_or(|armed| due < armed) {
                let at = tokio::time::Instant::from_std(self.start + due);
                self.timer.as_mut().reset(at);
                self.armed = Some(due);
            }
            ready!(self.timer.as_mut().poll(cx));
            self.armed = None;
            let now = self.start.elapsed();
            if now >= due {
                self.executor.handle_timeout(now);
                return Poll::Ready(());
            }
        }
    }
}

impl Link {
    /// What happened on this connection, if anything did.
    fn poll(&mut self, conn: ConnId, cx: &mut Context<'_>) -> Poll<Input> {
        if let State::Connecting(connecting) = &mut self.state {
            return Poll::Ready(match ready!(connecting.as_mut().poll(cx)) {
                Ok(stream) => {
                    self.state = State::Open(stream);
                    self.write();
                    Input::Opened(conn)
                }
                Err(why) => {
                    self.state = State::None;
                    Input::OpenFailed(conn, why)
                }
            });
        }
        self.poll_write(cx);
        let mut space = [MaybeUninit::uninit(); READ];
        loop {
            let (stream, leaving) = match &mut self.state {
                State::Open(stream) if !self.paused => (stream, false),
                State::Leaving(stream) => (stream, true),
                _ => return Poll::Pending,
            };
            let mut buffer = ReadBuf::uninit(&mut space);
            let read = ready!(Pin::new(stream).poll_read(cx, &mut buffer));
            let bytes = buffer.filled();
            match read {
                Ok(()) if !bytes.is_empty() && leaving => {}
                Ok(()) if !bytes.is_empty() && self.received + bytes.len() <= MOST => {
                    self.received += bytes.len();
                    return Poll::Ready(Input::Data(conn, Bytes::copy_from_slice(bytes)));
                }
                ended => {
                    let in_order = ended.is_ok() && bytes.is_empty();
                    return match std::mem::take(&mut self.state) {
                        // The server waits for our end now: it is not kept waiting.
                        State::Open(_) if in_order => Poll::Ready(Input::Closed(conn)),
                        State::Open(_) => Poll::Ready(Input::Reset(conn)),
                        // It has seen to our end.
                        State::Leaving(_) => Poll::Ready(Input::Closed(conn)),
                        State::None | State::Connecting(_) => Poll::Pending,
                    };
                }
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while !self.unsent.is_empty() {
            let Some(stream) = self.stream() else {
                return;
            };
            if stream.poll_write_ready(cx).is_pending() {
                return;
            }
            self.write();
        }
    }

    /// Writes what can be written now, a system call for each segment.
    fn write(&mut self) {
        while let Some(mut bytes) = self.unsent.pop_front() {
            let Some(stream) = self.stream() else {
                self.unsent.push_front(bytes);
                return;
            };
            match stream.try_write(&bytes) {
                Ok(written) if written == bytes.len() => {}
                Ok(written) => {
                    bytes.advance(written);
                    self.unsent.push_front(bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unsent.push_front(bytes);
                    return;
                }
                // The reading side tells how the connection ended, after what came before.
                Err(_) => self.unsent.clear(),
            }
        }
    }

    fn stream(&self) -> Option<&TcpStream> {
        match &self.state {
            State::Open(stream) | State::Leaving(stream) => Some(stream),
            State::None | State::Connecting(_) => None,
        }
    }

    /// Ends our stream in order.
    fn leave(&mut self) {
        self.state = match std::mem::take(&mut self.state) {
            State::Open(mut stream) => {
                self.write_last(&stream);
                // A TCP stream is shut down at once; a failure means that it is down already.
                let mut cx = Context::from_waker(Waker::noop());
                let _down = Pin::new(&mut stream).poll_shutdown(&mut cx);
                State::Leaving(stream)
            }
            State::Leaving(stream) => State::Leaving(stream),
            State::None | State::Connecting(_) => State::None,
        };
    }

    /// Writes what is left, as far as the socket takes it.
    fn write_last(&mut self, stream: &TcpStream) {
        while let Some(bytes) = self.unsent.pop_front() {
            if stream.try_write(&bytes).is_err() {
                self.unsent.clear();
            }
        }
    }

    fn reset(&mut self) {
        if let Some(stream) = self.stream() {
            // Without it the close is an orderly one: nothing better can be done.
            let _orderly = stream.set_zero_linger();
        }
        *self = Self::default();
    }
}

/// Opens a connection.
async fn connect(address: String, options: DriveOptions) -> Result<TcpStream, Refusal> {
    let connecting = async {
        let addresses: Vec<SocketAddr> = match address.parse() {
            Ok(address) => vec![address],
            // The server would learn who asks for its name, and so would others.
            Err(_) if !options.remote && !is_loopback(&address) => {
                return Err(Limit::Stranger.into());
            }
            Err(_) => match tokio::net::lookup_host(&address).await {
                Ok(found) => found.collect(),
                Err(error) => {
                    return Err(Refusal {
                        reason: plain(&error),
                        limit: limit_of(&error).or(Some(Limit::Lookup)),
                    });
                }
            },
        };
        let mut why = Refusal::from("the name has no address");
        let mut was_tried = false;
        for address in addresses {
            if address.ip().is_unspecified() {
                why = "it is the address of no machine".into();
                continue;
            }
            if !options.remote && !address.ip().to_canonical().is_loopback() {
                why = Limit::Remote(address).into();
                continue;
            }
            match TcpStream::connect(address).await {
                // Where nobody listens, a socket may find itself.
                Ok(stream) if stream.local_addr().is_ok_and(|local| local == address) => {
                    why = "connection refused".into();
                }
                Ok(stream) => {
                    // Delayed small writes would only cost time.
                    let _slower = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => {
                    let limit = limit_of(&error);
                    // What another address has said of the server counts for more.
                    if limit.is_none() || !was_tried {
                        let reason = plain(&error);
                        why = Refusal { reason, limit };
                    }
                    was_tried = true;
                }
            }
        }
        Err(why)
    };
    match tokio::time::timeout(options.connect, connecting).await {
        Ok(result) => result,
        Err(_) => Err(Refusal::late(options.connect)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_name_of_a_host_is_looked_up_unless_other_machines_are_allowed() {
        let options = DriveOptions {
            connect: Duration::from_secs(5),
            remote: false,
        };
        for address in ["secret-data.attacker.example:1863", "localhost.example:1"] {
            let refusal = connect(address.to_owned(), options).await.unwrap_err();
            assert_eq!(refusal.limit, Some(Limit::Stranger), "{address}");
        }
        // Names of this machine are no secret: here nobody listens.
        let refusal = connect("localhost:1".to_owned(), options)
            .await
            .unwrap_err();
        assert_eq!(refusal.limit, None);
    }
}
