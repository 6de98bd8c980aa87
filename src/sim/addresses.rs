//! The addresses of the simulated network.

use std::time::Duration;

use crate::engine::{TicketError, TicketRequest};
use crate::protocol::Barrier;
use crate::scenario::ast::Scenario;
use crate::server::{Addresses, Door, Server};
use crate::target::{Barriers, Environment};

/// Where a client begins.
pub const DISPATCH: &str = "127.0.0.1:1863";
/// Where the dispatch server refers to.
pub const NOTIFICATION: &str = "127.0.0.1:1864";
/// Where conversations take place.
pub const SWITCHBOARD: &str = "127.0.0.1:1865";

/// What the simulated server hands out.
#[must_use]
pub fn addresses() -> Addresses {
    Addresses {
        dispatch: DISPATCH.to_owned(),
        notification: NOTIFICATION.to_owned(),
        switchboard: SWITCHBOARD.to_owned(),
    }
}

/// What a script is told about the simulated server: all its habits are known, and its accounts
/// are fresh.
#[must_use]
pub fn environment() -> Environment {
    Environment {
        dispatch: Some(DISPATCH.to_owned()),
        notification: Some(NOTIFICATION.to_owned()),
        barriers: Barriers {
            notification: Some(Barrier::Ping),
            switchboard: Some(Barrier::CallMalformed),
        },
        dispatch_refers: true,
        challenges: true,
        owns_server: true,
        disposable: true,
        cleanup: false,
        ..Environment::default()
    }
}

/// What a script is told that plays a scenario in the dialect that it is written for.
#[must_use]
pub fn environment_for(scenario: &Scenario) -> Environment {
    Environment {
        dialect: scenario.written_for(),
        ..environment()
    }
}

/// What the login server of the simulated network answers.
pub(super) fn ticket_of(
    server: Option<&mut Server>,
    now: Duration,
    request: &TicketRequest,
) -> Result<String, TicketError> {
    let server = server.ok_or(TicketError::Unreachable)?;
    let given = server.issue_ticket(now, &request.handle, &request.password);
    given.ok_or(TicketError::Status(401))
}

/// The door behind an address; `None` where nobody listens.
pub(super) fn door(address: &str) -> Option<Door> {
    match address {
        DISPATCH => Some(Door::Dispatch),
        NOTIFICATION => Some(Door::Notification),
        SWITCHBOARD => Some(Door::Switchboard),
        _ => None,
    }
}
