//! The harness as a well-behaved client: it logs in, brings users to where a scenario begins, puts
//! back what it changed, and answers challenges.

mod batch;
mod challenge;
mod fixture;
mod login;
mod undo;

pub(crate) use batch::changes;
pub(crate) use challenge::Challenges;
