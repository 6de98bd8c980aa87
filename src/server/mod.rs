//! The reference server: dispatch, notification and switchboard for MSNP2 to MSNP9, in memory; and the
//! login server that gives out tickets, as [`Server::issue_ticket`].
//!
//! Bytes go in, bytes come out; there is neither a socket nor a clock here. Time is an argument,
//! counted from the server's start, and chance comes from a seed: the same calls give the same
//! bytes. Whoever owns the sockets calls `handle_*`, then [`Server::poll_output`] until it gives
//! `None`, then waits for bytes or for [`Server::poll_timeout`].
//!
//! ```
//! use std::time::Duration;
//! use msnpspec::server::{Config, Door, Output, Server};
//!
//! let mut server = Server::new(Config::default());
//! let conn = server.handle_open(Duration::ZERO, Door::Single);
//! server.handle_input(Duration::ZERO, conn, b"VER 1 MSNP2\r\n");
//! assert_eq!(server.poll_output(), Some(Output::Send(conn, "VER 1 MSNP2\r\n".into())));
//! assert_eq!(server.poll_output(), None);
//! ```
//!
//! Where the draft and the deployed service differ, the server follows the draft on clauses of
//! level `draft` and the service on clauses of level `practice`. `//= USR-6` stands above the line
//! that makes the clause USR-6 true.
//!
//! The room must not know the judges' model of the protocol, nor they it: they share `protocol`'s data.

mod account;
mod batch;
mod challenge;
mod config;
mod connection;
mod cookie;
mod extras;
mod faults;
#[cfg(test)]
mod fixture;
mod group;
mod groups;
mod handle;
mod id;
mod implementation;
mod ims;
mod list;
mod lists;
mod login;
mod message;
mod outbox;
mod personas;
mod phone;
mod phones;
mod presence;
#[cfg(test)]
mod properties;
mod quirks;
mod random;
mod request;
mod route;
mod session;
mod settings;
mod shape;
mod switchboard;
mod tickets;

use std::collections::VecDeque;
use std::time::Duration;

pub use config::{Account, Accounts, Addresses, Config, Pattern};
pub use connection::Door;
pub use faults::{Fault, FaultSet, faults, habits};
pub use id::ConnId;
pub use implementation::{Implementation, implementations};
pub use outbox::Output;
pub use personas::{Persona, personas};

use account::Directory;
use connection::{Connections, End};
use cookie::Cookies;
use faults::Tamper;
use outbox::Outbox;
use quirks::Quirks;
use random::Random;
use session::Sessions;
use tickets::Tickets;

/// A whole service: all its accounts, connections and sessions.
#[derive(Debug)]
pub struct Server {
    config: Config,
    now: Duration,
    random: Random,
    directory: Directory,
    connections: Connections,
    cookies: Cookies,
    tickets: Tickets,
    sessions: Sessions,
    outbox: Outbox,
    /// Connections with unread commands, left until the outbox has emptied.
    backlog: VecDeque<ConnId>,
    is_down: bool,
    quirks: Quirks,
}

impl Server {
    /// A server at its time zero.
    #[must_use]
    pub fn new(mut config: Config) -> Self {
        let mut random = Random::new(config.seed);
        Self {
            now: Duration::ZERO,
            directory: Directory::new(std::mem::take(&mut config.accounts)),
            connections: Connections::default(),
            cookies: Cookies::default(),
            tickets: Tickets::default(),
            sessions: Sessions::new(random.next()),
            outbox: Outbox::new(Tamper::new(config.faults)),
            backlog: VecDeque::new(),
            is_down: false,
            quirks: Quirks::new(config.faults),
            random,
            config,
        }
    }

    /// Changes the addresses that are handed out from now on, as when the ports were not known
    /// before.
    pub fn set_addresses(&mut self, addresses: Addresses) {
        self.config.addresses = addresses;
    }

    /// A client has connected. After [`Server::handle_shutdown`] it is closed at once.
    pub fn handle_open(&mut self, now: Duration, door: Door) -> ConnId {
        self.set_time(now);
        let conn = self.connections.next_id();
        if self.is_down || !self.quirks.accepts(conn) {
            self.outbox.close(conn);
        } else {
            self.connections.open(conn, door, now, self.limits());
            self.rearm(conn);
        }
        conn
    }

    fn set_time(&mut self, now: Duration) {
        self.now = now;
        self.outbox.tick(now);
    }

    /// A client has sent bytes, cut anywhere. Bytes of a closed connection are ignored.
    //= FRAME-8
    pub fn handle_input(&mut self, now: Duration, conn: ConnId, bytes: &[u8]) {
        self.set_time(now);
        if let Some(connection) = self.connections.get_mut(conn) {
            let read = self.quirks.reads(&connection.decoder, bytes);
            connection.decoder.push(read);
            self.work(conn);
        }
    }

    /// The client has closed its connection, or the network has lost it.
    //= PRES-8
    //= BYE-2
    pub fn handle_close(&mut self, now: Duration, conn: ConnId) {
        self.set_time(now);
        self.outbox.client_left();
        self.end(conn, End::Lost);
    }

    /// Time has passed: does what is due. May be called at any time.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.set_time(now);
        while let Some(conn) = self.connections.due(now) {
            self.give_up_or_rearm(conn);
        }
    }

    /// When [`Server::handle_timeout`] should be called next; `None` where nothing is waited for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let alarms = [self.connections.next_alarm(), self.outbox.next_alarm()];
        alarms.into_iter().flatten().min()
    }

    /// The next thing that the server wants done.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outbox.pop() {
                return Some(output);
            }
            let conn = self.backlog.pop_front()?;
            self.resume(conn);
        }
    }

    /// Whether a quirk has ended the service for good: whoever has a process for it may let that die
    /// too.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        let tamper = self.outbox.tamper.as_ref();
        tamper.is_some_and(|tamper| tamper.has_crashed())
    }

    /// Ends the service in order: `OUT SSD` to everybody who is logged in, then every connection
    /// is closed. Later calls find nobody.
    //= OUT-6
    pub fn handle_shutdown(&mut self, now: Duration) {
        self.set_time(now);
        self.is_down = true;
        for conn in self.connections.ids() {
            self.shut_down(conn);
        }
        self.sessions = Sessions::new(self.random.next());
        self.cookies = Cookies::default();
        self.backlog.clear();
    }
}
