//! The harness as a well-behaved client: it logs in, brings users to where a scenario begins, puts
//! back what it changed, answers challenges, and takes the first look.

mod agree;
mod batch;
mod challenge;
mod fixture;
mod ladder;
mod lateness;
mod login;
mod probe;
mod residents;
mod undo;
mod wedge;

pub(crate) use agree::agree;
pub(crate) use challenge::Challenges;
pub(crate) use probe::{check, cleanup, probe};
