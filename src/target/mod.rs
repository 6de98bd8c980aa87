//! What is tested: the target file, its accounts, how it is launched, its waivers, and what was
//! learnt of it.

mod contact_lists;
mod date;
mod description;
mod environment;
mod file;
mod file_tickets;
mod file_waivers;
mod invocation;
mod known;
mod named;
mod pattern;
mod schema;
mod shown;
mod sieve;
#[cfg(test)]
mod target_tests;
#[cfg(test)]
pub(crate) mod test_support;
mod tickets;
mod waiver;
mod waivers;

pub(crate) use contact_lists::{ContactLists, OWN_LISTS};
pub use date::{Date, DateError};
pub use description::{AddressError, Launch, RemoteError, Signal, Target, is_loopback};
pub use environment::{Account, Barriers, Climb, Environment, Experience, Learnt, Lists, Timeouts};
pub use invocation::Invocation;
pub use known::Known;
pub(crate) use known::{Look, is_nearly_right};
pub use pattern::{Pattern, PatternError};
pub use schema::target_schema;
pub use shown::blind;
pub use sieve::Residents;
pub(crate) use sieve::Sieve;
pub use tickets::{PASSWORD, Tickets};
pub use waiver::{Habit, Waiver, Whose};
pub use waivers::{Stale, Waivers};
