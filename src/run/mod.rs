//! Runs scenarios with neither socket nor clock: which, in what order, against what, and what
//! became of them.

mod accusations;
mod bless;
mod blocking;
mod broken;
mod causes;
mod challenge;
mod check;
mod consequence;
#[cfg(test)]
mod consequence_tests;
mod date;
mod death;
#[cfg(test)]
mod death_tests;
#[cfg(test)]
mod dialogue;
#[cfg(test)]
mod ends_tests;
mod environment;
mod exception;
mod executor;
#[cfg(test)]
mod executor_tests;
mod expect;
mod filter;
mod first_look;
mod fixture;
#[cfg(test)]
mod fixture_tests;
mod groups;
mod hunt;
mod known;
#[cfg(test)]
mod known_tests;
mod ladder;
mod lateness;
mod limit;
mod limits;
#[cfg(test)]
mod limits_tests;
mod link;
mod links;
#[cfg(test)]
mod links_tests;
mod login;
mod needs;
#[cfg(test)]
mod noted_tests;
mod outcome;
mod pair;
mod pattern;
mod pool;
mod port;
mod preparation;
mod probe;
#[cfg(test)]
mod probe_tests;
mod reflex;
mod residents;
mod rest;
mod roster;
mod script;
mod scripts;
mod second_look;
mod session;
mod sieve;
mod silence;
#[cfg(test)]
mod silence_tests;
mod steps;
mod stray;
mod suite;
#[cfg(test)]
mod suite_tests;
#[cfg(test)]
mod suite_world;
mod tally;
mod target;
mod target_file;
mod target_schema;
#[cfg(test)]
mod target_tests;
mod target_waivers;
mod task;
#[cfg(test)]
pub(crate) mod test_support;
mod trouble;
mod turns;
#[cfg(test)]
mod turns_tests;
mod undo;
#[cfg(test)]
mod undo_tests;
mod verdict;
mod verify;
#[cfg(test)]
mod verify_tests;
mod waivers;
mod wear;
mod weight;

pub use crate::protocol::Barrier;
pub use bless::bless;
pub use check::{check, conclude, summed_up};
pub use date::{Date, DateError};
pub use death::AFTERMATH;
pub use environment::{Account, Barriers, Climb, Environment, Experience, Learnt, Lists, Timeouts};
pub use exception::{Exception, Listener};
pub use executor::Executor;
pub use filter::{Filter, FilterError, Shard, ShardError};
pub use hunt::{Hunt, Move};
pub use known::Known;
pub use limit::Limit;
pub use outcome::{AccountAfter, Cause, Ending, Outcome};
pub use pattern::{Pattern, PatternError};
pub use port::{Input, Output, Refusal};
pub use preparation::{Preparation, Unready, forgive_foreign_dialect};
pub use sieve::Residents;
pub use suite::Suite;
pub use target::{AddressError, Invocation, Launch, RemoteError, Signal, Target, is_loopback};
pub use target_schema::target_schema;
pub use task::{Dead, Done, SuiteOptions, Task, Work, is_cry};
pub use waivers::{Habit, Stale, Waiver, Waivers, Whose};
