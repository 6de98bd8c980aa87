//! Planted faults: named deviations of the reference server, each tied to the clauses that it
//! breaks. They show that every test bites.
//!
//! Most are made by [`Tamper`], which stands between the server and the world, sees each command
//! and each frame, and may drop, double, rewrite, misdirect or hold it; the files of the groups
//! hold one function for each. The others are decisions of the server itself: the policies of
//! `quirks`. Without a fault there is no `Tamper`, and the server behaves as if neither folder
//! existed.

mod batches;
mod challenges;
mod clients;
mod crowds;
mod dialects;
mod errors;
mod extras;
mod fault;
mod framing;
mod groups;
mod habits;
mod later;
mod lists;
mod login;
mod messages;
mod notes;
mod phones;
mod presence;
mod received;
mod row;
mod sent;
mod settings;
mod switchboard;
mod table;
mod tamper;
#[cfg(test)]
mod tests;
mod tickets;
mod transactions;

pub use fault::{FaultSet, faults, habits};
pub use row::Fault;

pub(super) use received::Fate;
pub(super) use tamper::Tamper;
