//! One reference server and many scripts beside each other, with one clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use super::addresses::{door, ticket_of};
use super::options::{Cutter, SimOptions};
use crate::engine::{Executor, Input, Outcome, Output, TicketError};
use crate::server::{Config, ConnId as ServerConn, Output as ServerOutput, Server};
use crate::transcript::ConnId;

/// The place of a script on the stage.
pub(super) type ActorId = u64;

/// A client's end of a connection.
type Wire = (ActorId, ConnId);

/// Something on its way.
#[derive(Debug)]
enum Parcel {
    Open(Wire, String),
    ToServer(Wire, Bytes),
    ServerSees(Wire),
    ToClient(Wire, Input),
    Stopped(ActorId),
    Ticket(ActorId, Result<String, TicketError>),
    Started(ActorId),
}

/// One connection, seen from the client.
#[derive(Debug, Default)]
struct Pipe {
    server: Option<ServerConn>,
    /// The client does not read; what waits for it.
    paused: bool,
    waiting: Vec<Input>,
}

/// A script, and when it began.
struct Actor {
    executor: Executor,
    since: Duration,
}

/// The server and all scripts.
pub(super) struct Stage {
    now: Duration,
    server: Option<Server>,
    config: Config,
    /// When the present server started.
    started: Duration,
    options: SimOptions,
    cutter: Cutter,
    /// What is on its way, and when it arrives: what left first arrives first.
    flights: VecDeque<(Duration, Parcel)>,
    actors: BTreeMap<ActorId, Actor>,
    pipes: BTreeMap<Wire, Pipe>,
    names: BTreeMap<ServerConn, Wire>,
    /// Scripts that are over.
    ended: VecDeque<(ActorId, Outcome)>,
}

impl Stage {
    /// A server that runs. It hands out the addresses of this network, whatever `config` says.
    pub(super) fn new(mut config: Config, options: SimOptions) -> Self {
        config.addresses = super::addresses();
        Self {
            now: Duration::ZERO,
            server: Some(Server::new(config.clone())),
            config,
            started: Duration::ZERO,
            cutter: Cutter::new(options.chunk),
            options,
            flights: VecDeque::new(),
            actors: BTreeMap::new(),
            pipes: BTreeMap::new(),
            names: BTreeMap::new(),
            ended: VecDeque::new(),
        }
    }

    /// The time.
    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// Whether the server runs.
    pub(super) fn is_up(&self) -> bool {
        self.server.is_some()
    }

    /// A script begins.
    pub(super) fn enter(&mut self, id: ActorId, executor: Executor) {
        let since = self.now;
        self.actors.insert(id, Actor { executor, since });
        self.carry_out(id);
    }

    /// Goes on until a script is over, or until this time. At least one must be given: a script
    /// that has begun, or a time.
    pub(super) fn play(&mut self, until: Option<Duration>) -> Option<(ActorId, Outcome)> {
        loop {
            if let Some(ended) = self.ended.pop_front() {
                return Some(ended);
            }
            self.serve();
            let alarm = self.next_alarm();
            let next = alarm.into_iter().chain(until).min();
            let due = |(at, _): &mut (Duration, Parcel)| next.is_none_or(|next| *at <= next);
            if let Some((at, parcel)) = self.flights.pop_front_if(due) {
                self.now = self.now.max(at);
                self.deliver(parcel);
                continue;
            }
            match (alarm, until) {
                (_, Some(until)) if alarm.is_none_or(|alarm| until <= alarm) => {
                    self.now = self.now.max(until);
                    return None;
                }
                (Some(alarm), _) => self.ring(alarm),
                // A script always waits for something; it is told the time, should it not.
                (None, _) => self.wake(|_| true, Some(Duration::MAX)),
            }
            if self.actors.is_empty() && self.ended.is_empty() && until.is_none() {
                return None;
            }
        }
    }

    /// Ends the server as a kill does, and starts another.
    pub(super) fn restart(&mut self) {
        self.crash();
        self.start();
    }

    /// Starts the server if it does not run.
    pub(super) fn start(&mut self) {
        if self.server.is_none() {
            self.server = Some(Server::new(self.config.clone()));
            self.started = self.now;
            self.names.clear();
        }
    }

    /// A script is cut off.
    pub(super) fn cut_off(&mut self, id: ActorId) {
        let now = self.now;
        if let Some(actor) = self.actors.get_mut(&id) {
            actor.executor.cut_off(now.saturating_sub(actor.since));
            self.carry_out(id);
        }
    }

    fn crash(&mut self) {
        self.server = None;
        for (_, wire) in std::mem::take(&mut self.names) {
            self.cut(wire);
        }
    }

    /// The server's end of a connection is gone.
    fn cut(&mut self, wire: Wire) {
        if let Some(pipe) = self.pipes.get_mut(&wire) {
            pipe.server = None;
        }
        self.send(Parcel::ToClient(wire, Input::Closed(wire.1)));
    }

    fn server_time(&self) -> Duration {
        self.now.saturating_sub(self.started)
    }

    fn next_alarm(&self) -> Option<Duration> {
        let server = self.server.as_ref().and_then(Server::poll_timeout);
        let server = server.map(|alarm| alarm + self.started);
        let scripts = self.actors.values().filter_map(Actor::alarm);
        server.into_iter().chain(scripts).min()
    }

    fn ring(&mut self, alarm: Duration) {
        self.now = self.now.max(alarm);
        let since = self.server_time();
        if let Some(server) = &mut self.server
            && server.poll_timeout().is_some_and(|due| due <= since)
        {
            server.handle_timeout(since);
        }
        let now = self.now;
        self.wake(|actor| actor.alarm().is_some_and(|due| due <= now), None);
    }

    /// Tells some scripts what time it is.
    fn wake(&mut self, whom: impl Fn(&Actor) -> bool, time: Option<Duration>) {
        let ids = self.actors.iter().filter(|(_, actor)| whom(actor));
        let ids: Vec<ActorId> = ids.map(|(id, _)| *id).collect();
        for id in ids {
            if let Some(actor) = self.actors.get_mut(&id) {
                let since = self.now.saturating_sub(actor.since);
                actor.executor.handle_timeout(time.unwrap_or(since));
                self.carry_out(id);
            }
        }
    }

    fn send(&mut self, parcel: Parcel) {
        let at = self.now + self.options.latency;
        self.flights.push_back((at, parcel));
    }

    /// Does what a script wants done.
    fn carry_out(&mut self, id: ActorId) {
        while let Some(output) = self
            .actors
            .get_mut(&id)
            .and_then(|actor| actor.executor.poll_output())
        {
            match output {
                Output::Open { conn, address } => self.send(Parcel::Open((id, conn), address)),
                Output::Send { conn, mut bytes } => {
                    while let Some(piece) = self.cutter.cut(&mut bytes) {
                        self.send(Parcel::ToServer((id, conn), piece));
                    }
                }
                Output::Close(conn) | Output::Reset(conn) => {
                    self.send(Parcel::ServerSees((id, conn)));
                }
                Output::Pause(conn) => self.pipes.entry((id, conn)).or_default().paused = true,
                Output::Resume(conn) => {
                    let pipe = self.pipes.entry((id, conn)).or_default();
                    pipe.paused = false;
                    for input in std::mem::take(&mut pipe.waiting) {
                        self.send(Parcel::ToClient((id, conn), input));
                    }
                }
                Output::StopServer => {
                    let since = self.server_time();
                    if let Some(server) = &mut self.server {
                        server.handle_shutdown(since);
                    }
                    self.serve();
                    self.crash();
                    self.send(Parcel::Stopped(id));
                }
                Output::Ticket(request) => {
                    let since = self.server_time();
                    let server = self.server.as_mut();
                    let given = ticket_of(server, since, &request);
                    self.send(Parcel::Ticket(id, given));
                }
                Output::StartServer => {
                    self.start();
                    self.send(Parcel::Started(id));
                }
            }
        }
        let outcome = self.actors.get_mut(&id).and_then(|a| a.executor.outcome());
        if let Some(outcome) = outcome {
            self.actors.remove(&id);
            let open = self.pipes.range((id, ConnId(0))..=(id, ConnId(usize::MAX)));
            let open: Vec<Wire> = open.map(|(wire, _)| *wire).collect();
            for wire in open {
                self.send(Parcel::ServerSees(wire));
            }
            self.ended.push_back((id, outcome));
        }
    }

    /// Does what the server wants done.
    fn serve(&mut self) {
        while let Some(output) = self.server.as_mut().and_then(Server::poll_output) {
            match output {
                ServerOutput::Send(conn, mut bytes) => {
                    let Some(wire) = self.names.get(&conn).copied() else {
                        continue;
                    };
                    while let Some(piece) = self.cutter.cut(&mut bytes) {
                        self.send(Parcel::ToClient(wire, Input::Data(wire.1, piece)));
                    }
                }
                ServerOutput::Close(conn) => {
                    if let Some(wire) = self.names.remove(&conn) {
                        self.cut(wire);
                    }
                }
            }
        }
        if self.server.as_ref().is_some_and(Server::has_crashed) {
            self.crash();
        }
    }

    fn deliver(&mut self, parcel: Parcel) {
        let since = self.server_time();
        match parcel {
            Parcel::Open(wire, address) => {
                let answer = match (self.server.as_mut(), door(&address)) {
                    (Some(server), Some(door)) => {
                        let there = server.handle_open(since, door);
                        self.names.insert(there, wire);
                        self.pipes.entry(wire).or_default().server = Some(there);
                        Input::Opened(wire.1)
                    }
                    _ => Input::OpenFailed(wire.1, "connection refused".into()),
                };
                self.send(Parcel::ToClient(wire, answer));
            }
            Parcel::ToServer(wire, bytes) => {
                let there = self.pipes.get(&wire).and_then(|pipe| pipe.server);
                if let (Some(server), Some(there)) = (self.server.as_mut(), there) {
                    server.handle_input(since, there, &bytes);
                }
            }
            Parcel::ServerSees(wire) => {
                let there = self.pipes.remove(&wire).and_then(|pipe| pipe.server);
                if let (Some(server), Some(there)) = (self.server.as_mut(), there) {
                    self.names.remove(&there);
                    server.handle_close(since, there);
                }
            }
            Parcel::ToClient(wire, input) => match self.pipes.get_mut(&wire) {
                Some(pipe) if pipe.paused => pipe.waiting.push(input),
                _ => self.tell(wire.0, input),
            },
            Parcel::Stopped(id) => self.tell(id, Input::ServerStopped),
            Parcel::Ticket(id, given) => self.tell(id, Input::Ticket(given)),
            Parcel::Started(id) => self.tell(id, Input::ServerStarted),
        }
    }

    fn tell(&mut self, id: ActorId, input: Input) {
        if let Some(actor) = self.actors.get_mut(&id) {
            let since = self.now.saturating_sub(actor.since);
            actor.executor.handle_input(since, input);
            self.carry_out(id);
        }
    }
}

impl Actor {
    fn alarm(&self) -> Option<Duration> {
        self.executor.poll_timeout().map(|due| due + self.since)
    }
}
