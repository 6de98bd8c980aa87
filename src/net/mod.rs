//! The tokio shell: sockets, clocks, processes. The only room that has them.
//!
//! The cores decide; this room carries bytes, time and signals to them and back: a scenario's
//! sockets to its executor ([`drive`]), the ports of the reference server to its core
//! ([`Serving`]), a target's process to the suite.

mod serve;

pub use serve::{Doors, ServeError, ServeOptions, Serving};

use std::time::Instant;

/// The one clock of the crate.
#[expect(
    clippy::disallowed_methods,
    reason = "this room owns the clock; everybody else gets time as an argument"
)]
fn now() -> Instant {
    Instant::now()
}

/// Lets the process have as many sockets as the system allows; a failure changes nothing.
#[cfg(unix)]
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // A smaller limit only means fewer connections, which are then refused one by one.
    let _unchanged = setrlimit(Resource::Nofile, raised);
}

#[cfg(not(unix))]
fn raise_file_limit() {}
