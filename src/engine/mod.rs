//! Carries out one script against one server, with neither socket nor clock: connections,
//! deadlines, steps, silence.

mod about;
mod accusations;
mod broken;
mod effect;
mod executor;
mod expect;
mod groups;
mod limit;
mod link;
mod links;
#[cfg(test)]
mod links_tests;
mod outcome;
mod port;
mod reflex;
mod rest;
mod session;
mod silence;
mod slot;
mod steps;
#[cfg(test)]
pub(crate) mod test_support;
mod ticket;
mod ticket_error;
mod trouble;

pub(crate) use accusations::{Course, command_of, tell};
pub use executor::Executor;
pub use limit::Limit;
pub(crate) use links::{Links, Shared};
pub use outcome::{AccountAfter, Cause, Ending, Outcome};
pub use port::{Input, Output, Refusal, TicketRequest};
pub(crate) use reflex::{Reflex, Reflexed};
pub(crate) use session::{Session, error_code};
pub(crate) use silence::{Settled, absent};
pub(crate) use slot::Due;
pub(crate) use steps::Stop;
pub use ticket_error::TicketError;
pub(crate) use trouble::{Got, Trouble, came, told, told_late};
