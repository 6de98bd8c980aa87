//! Executor and reference server joined in memory, in virtual time.
//!
//! Nothing here waits: where nothing is in flight, time jumps to the next deadline. The same
//! scenario, server, options and seeds give the same transcript, whatever the machine does.

mod addresses;
mod options;
#[cfg(test)]
mod script_tests;
mod stage;
mod suite;
mod world;

pub use addresses::{DISPATCH, NOTIFICATION, SWITCHBOARD, addresses, environment, environment_for};
pub use options::{Chunking, SimOptions};
pub use suite::SuiteRun;
pub use world::run;
