//! The loop that carries what one side does to the other.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use super::addresses::{door, ticket_of};
use super::options::{Cutter, SimOptions};
use crate::engine::{Executor, Input, Outcome, Output, TicketError};
use crate::server::{Config, ConnId as ServerConn, Output as ServerOutput, Server};
use crate::transcript::ConnId;

/// Runs a script against a reference server of its own. The server hands out the addresses of
/// this network, whatever `config` says.
#[must_use]
pub fn run(executor: Executor, mut config: Config, options: SimOptions) -> Outcome {
    config.addresses = super::addresses();
    World {
        now: Duration::ZERO,
        executor,
        server: Some(Server::new(config.clone())),
        config,
        started: Duration::ZERO,
        cutter: Cutter::new(options.chunk),
        options,
        flights: VecDeque::new(),
        pipes: BTreeMap::new(),
        names: BTreeMap::new(),
    }
    .run()
}

/// Something on its way.
#[derive(Debug)]
enum Parcel {
    /// A client's connection arrives at an address.
    Open(ConnId, String),
    ToServer(ConnId, Bytes),
    ServerSees(ConnId),
    ToClient(ConnId, Bytes),
    ClientSees(ConnId),
    Refused(ConnId),
    Accepted(ConnId),
    Stopped,
    Ticket(Result<String, TicketError>),
    Started,
}

/// One connection, seen from the client.
#[derive(Debug, Default)]
struct Pipe {
    server: Option<ServerConn>,
    /// The client does not read; what waits for it.
    paused: bool,
    waiting: Vec<Parcel>,
}

struct World {
    now: Duration,
    executor: Executor,
    server: Option<Server>,
    config: Config,
    /// When the present server started.
    started: Duration,
    options: SimOptions,
    cutter: Cutter,
    /// What is on its way, and when it arrives. Each is as long on its way as any other: what
    /// left first arrives first.
    flights: VecDeque<(Duration, Parcel)>,
    pipes: BTreeMap<ConnId, Pipe>,
    names: BTreeMap<ServerConn, ConnId>,
}

impl World {
    fn run(mut self) -> Outcome {
        loop {
            self.carry_out();
            if let Some(outcome) = self.executor.outcome() {
                return outcome;
            }
            self.serve();
            let alarm = self.next_alarm();
            let due = |(at, _): &mut (Duration, Parcel)| alarm.is_none_or(|alarm| *at <= alarm);
            if let Some((at, parcel)) = self.flights.pop_front_if(due) {
                self.now = self.now.max(at);
                self.deliver(parcel);
                continue;
            }
            match alarm {
                Some(alarm) => self.ring(alarm),
                // A script always waits for something; it is told the time, should it not.
                None => self.executor.handle_timeout(Duration::MAX),
            }
        }
    }

    fn next_alarm(&self) -> Option<Duration> {
        let server = self.server.as_ref().and_then(Server::poll_timeout);
        let server = server.map(|alarm| alarm + self.started);
        let executor = self.executor.poll_timeout();
        server.into_iter().chain(executor).min()
    }

    fn ring(&mut self, alarm: Duration) {
        self.now = self.now.max(alarm);
        let since = self.now.saturating_sub(self.started);
        if let Some(server) = &mut self.server
            && server.poll_timeout().is_some_and(|due| due <= since)
        {
            server.handle_timeout(since);
        }
        if self
            .executor
            .poll_timeout()
            .is_some_and(|due| due <= self.now)
        {
            self.executor.handle_timeout(self.now);
        }
    }

    fn send(&mut self, parcel: Parcel) {
        let at = self.now + self.options.latency;
        self.flights.push_back((at, parcel));
    }

    /// Does what the script wants done.
    fn carry_out(&mut self) {
        while let Some(output) = self.executor.poll_output() {
            match output {
                Output::Open { conn, address } => self.send(Parcel::Open(conn, address)),
                Output::Send { conn, mut bytes } => {
                    while let Some(piece) = self.cutter.cut(&mut bytes) {
                        self.send(Parcel::ToServer(conn, piece));
                    }
                }
                Output::Close(conn) | Output::Reset(conn) => self.send(Parcel::ServerSees(conn)),
                Output::Pause(conn) => self.pipes.entry(conn).or_default().paused = true,
                Output::Resume(conn) => {
                    let pipe = self.pipes.entry(conn).or_default();
                    pipe.paused = false;
                    for parcel in std::mem::take(&mut pipe.waiting) {
                        self.deliver(parcel);
                    }
                }
                Output::StopServer => {
                    let since = self.now.saturating_sub(self.started);
                    if let Some(server) = &mut self.server {
                        server.handle_shutdown(since);
                    }
                    self.serve();
                    self.server = None;
                    self.send(Parcel::Stopped);
                }
                Output::Ticket(request) => {
                    let since = self.now.saturating_sub(self.started);
                    let given = ticket_of(self.server.as_mut(), since, &request);
                    self.send(Parcel::Ticket(given));
                }
                Output::StartServer => {
                    self.server = Some(Server::new(self.config.clone()));
                    self.started = self.now;
                    self.names.clear();
                    self.send(Parcel::Started);
                }
            }
        }
    }

    /// Does what the server wants done.
    fn serve(&mut self) {
        while let Some(output) = self.server.as_mut().and_then(Server::poll_output) {
            match output {
                ServerOutput::Send(conn, mut bytes) => {
                    let Some(conn) = self.names.get(&conn).copied() else {
                        continue;
                    };
                    while let Some(piece) = self.cutter.cut(&mut bytes) {
                        self.send(Parcel::ToClient(conn, piece));
                    }
                }
                ServerOutput::Close(conn) => {
                    if let Some(conn) = self.names.remove(&conn) {
                        if let Some(pipe) = self.pipes.get_mut(&conn) {
                            pipe.server = None;
                        }
                        self.send(Parcel::ClientSees(conn));
                    }
                }
            }
        }
    }

    fn deliver(&mut self, parcel: Parcel) {
        let since = self.now.saturating_sub(self.started);
        match parcel {
            Parcel::Open(conn, address) => {
                let answer = match (self.server.as_mut(), door(&address)) {
                    (Some(server), Some(door)) => {
                        let there = server.handle_open(since, door);
                        self.names.insert(there, conn);
                        self.pipes.entry(conn).or_default().server = Some(there);
                        Parcel::Accepted(conn)
                    }
                    _ => Parcel::Refused(conn),
                };
                self.send(answer);
            }
            Parcel::ToServer(conn, bytes) => {
                let there = self.pipes.get(&conn).and_then(|pipe| pipe.server);
                if let (Some(server), Some(there)) = (self.server.as_mut(), there) {
                    server.handle_input(since, there, &bytes);
                }
            }
            Parcel::ServerSees(conn) => {
                let there = self
                    .pipes
                    .get_mut(&conn)
                    .and_then(|pipe| pipe.server.take());
                if let (Some(server), Some(there)) = (self.server.as_mut(), there) {
                    self.names.remove(&there);
                    server.handle_close(since, there);
                }
            }
            Parcel::ToClient(conn, _) | Parcel::ClientSees(conn)
                if self.pipes.get(&conn).is_some_and(|pipe| pipe.paused) =>
            {
                self.pipes.entry(conn).or_default().waiting.push(parcel);
            }
            Parcel::ToClient(conn, bytes) => self.tell(Input::Data(conn, bytes)),
            Parcel::ClientSees(conn) => self.tell(Input::Closed(conn)),
            Parcel::Accepted(conn) => self.tell(Input::Opened(conn)),
            Parcel::Refused(conn) => {
                self.tell(Input::OpenFailed(conn, "connection refused".into()));
            }
            Parcel::Stopped => self.tell(Input::ServerStopped),
            Parcel::Ticket(given) => self.tell(Input::Ticket(given)),
            Parcel::Started => self.tell(Input::ServerStarted),
        }
    }

    fn tell(&mut self, input: Input) {
        self.executor.handle_input(self.now, input);
    }
}
