//! A run: which scenario when and with whom, the first look, second looks, deaths, causes,
//! verdicts.

mod baseline;
mod blame;
mod bless;
mod blocking;
mod causes;
mod check;
mod confirmed;
mod consequence;
#[cfg(test)]
mod consequence_tests;
mod death;
#[cfg(test)]
mod death_tests;
mod dialects;
#[cfg(test)]
mod dialogue;
#[cfg(test)]
mod ends_tests;
mod exception;
#[cfg(test)]
mod executor_tests;
mod filter;
mod first_look;
#[cfg(test)]
mod fixture_tests;
mod frozen;
mod handover;
mod health;
mod hunt;
#[cfg(test)]
mod known_tests;
mod limits;
#[cfg(test)]
mod limits_tests;
mod needs;
#[cfg(test)]
mod noted_tests;
mod omission;
mod pair;
mod phase;
mod play;
mod plays;
mod pool;
mod preparation;
#[cfg(test)]
mod probe_tests;
mod run;
mod scripts;
mod second_look;
mod sifting;
#[cfg(test)]
mod silence_tests;
#[cfg(test)]
mod suite_tests;
#[cfg(test)]
mod suite_world;
mod tally;
mod task;
mod turns;
#[cfg(test)]
mod turns_tests;
#[cfg(test)]
mod undo_tests;
mod verdict;
mod verify;
#[cfg(test)]
mod verify_tests;
mod wear;
mod weight;

pub use baseline::{Baseline, NoBaseline};
pub use bless::bless;
pub use check::{accused, check, conclude, has_server, remarks, spoken, summed_up};
pub use death::AFTERMATH;
pub use dialects::{Choice, Chosen, Round};
pub use exception::{Exception, Listener};
pub use filter::{Filter, FilterError, Shard, ShardError};
pub use frozen::{Entry, Frozen, NoSuite, entries, suites};
pub use handover::Handover;
pub use hunt::{Hunt, Move};
pub use preparation::{Preparation, Unready, agreed, forgive_foreign_dialect};
pub use run::Suite;
pub use task::{Dead, Done, SuiteOptions, Task, Work, is_cry};
