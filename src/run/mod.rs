//! Runs scenarios with neither socket nor clock: which, in what order, against what, and what
//! became of them.

mod filter;
mod pattern;
#[cfg(test)]
mod test_support;
mod waivers;

pub use filter::{Filter, FilterError, Shard, ShardError};
pub use pattern::{Pattern, PatternError};
pub use waivers::{Date, DateError, Stale, Waiver, Waivers, bless, message_of};
