//! The tokio shell: sockets, clocks, processes. The only room that has them.
//!
//! The cores decide; this room carries bytes, time and signals to them and back: a scenario's
//! sockets to its executor ([`drive`]), the ports of the reference server to its core
//! ([`Serving`]), what clients and a server say to each other to a [`Tape`] ([`Recording`]), a target's process and everything else of a run to the suite ([`run`]).

mod clock;
mod command;
mod doors;
mod drive;
mod ear;
mod examine;
mod failure;
mod guard;
mod listen;
mod log;
#[cfg(target_os = "linux")]
mod proc;
mod process;
mod record;
mod runner;
mod serve;
mod signals;
mod tail;
mod tape;
mod target_process;
mod target_session;
mod target_setup;
mod tickets;
mod vitals;

pub use clock::{now, today};
pub use doors::Doors;
pub use drive::{DriveOptions, drive};
pub use examine::{Examination, examine};
pub use log::ServerLog;
pub use process::LaunchError;
pub use record::{RecordError, RecordEvent, RecordOptions, Recording, Sink};
pub use runner::{Plan, RunEnd, RunError, RunOptions, run};
pub use serve::{ServeError, ServeOptions, Serving, TicketDesk};
pub use signals::{Signals, interrupted};
pub use tape::{Piece, Recorded, Tape, Track};
pub use target_session::{TargetError, TargetOptions, TargetSession};
pub use tickets::LoginServer;
pub use vitals::{Gauge, Vitals};

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
