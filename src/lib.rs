//! Conformance test harness and protocol fuzzer for MSN Messenger servers (MSNP2 to MSNP9).
//!
//! The library does what the program `msnpspec` does: it plays scenarios against a server, judges
//! every line that the server says by the clauses of the protocol, and tells what is wrong by its
//! causes, each with the transcript that proves it.
//!
//! # Test a server from its own tests
//!
//! A server that is written in Rust runs in the same process as its tests. Give the harness two
//! accounts or more that are for it alone: it changes their lists.
//!
//! ```
//! # #[cfg(feature = "net")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use msnpspec::{Account, Harness, Target};
//!
//! let runtime = tokio::runtime::Runtime::new()?;
//! let judged = runtime.block_on(async {
//!     // Here your server begins. In its place: the reference server, on ports of the system's choice.
//!     let server = msnpspec::net::Serving::start(Default::default(), Default::default()).await?;
//!     let address = server.doors().notification().to_string();
//!
//!     let accounts = (1..=5).map(|n| Account::new(format!("user{n}@hotmail.com"), format!("pw{n}")));
//!     let target = Target::address(&address, accounts.collect())?;
//!     let judged = Harness::new(target).only("BLP").run().await?;
//!     server.shutdown().await;
//!     Ok::<_, Box<dyn std::error::Error>>(judged)
//! })?;
//!
//! for (scenario, result) in judged.tests() {
//!     assert_eq!(result, Ok(()), "{scenario}");
//! }
//! assert!(judged.is_unbroken(), "{judged}");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "net"))]
//! # fn main() {}
//! ```
//!
//! With `libtest-mimic`, a `Trial` for each pair of `tests()` makes each scenario a test of its own
//! that an IDE shows by name. A target file says more than an address does: see
//! [`Target::from_yaml`].
//!
//! # The rooms
//!
//! Each imports only what stands above it here.
//!
//! | room | what is in it |
//! | --- | --- |
//! | [`wire`] | bytes and frames |
//! | [`protocol`] | what the protocol says, as data: clauses, dialects, rows of messages, error codes |
//! | [`transcript`], [`diagnostic`] | what was seen; a message about a place in a text |
//! | [`rules`] | what the protocol means, said once for all judges |
//! | [`model`], [`oracle`] | the protocol as a state machine; judges of each line |
//! | [`event`], [`scenario`], [`target`] | what happened in a run; what is played; against what |
//! | [`engine`], [`client`], [`suite`] | one script; the harness as a client; a whole run |
//! | [`server`], [`sim`] | the reference server; scripts and server joined in memory |
//! | [`fuzzer`], [`report`], `net` | generated cases; how a run is told; sockets and processes |
//!
//! # Features
//!
//! `net` (sockets, processes; needs tokio) and `cli` (the program), both on unless
//! `default-features = false`. Without them the rooms below work in memory: [`sim`] plays a scenario
//! against the reference server in virtual time.

pub mod client;
pub mod diagnostic;
pub mod engine;
pub mod event;
pub mod fuzzer;
#[cfg(feature = "net")]
mod harness;
pub mod model;
#[cfg(feature = "net")]
pub mod net;
pub mod oracle;
pub mod protocol;
pub mod report;
pub mod rules;
pub mod scenario;
pub mod server;
pub mod sim;
pub mod suite;
pub mod target;
pub mod transcript;
pub mod wire;

#[cfg(feature = "net")]
pub use harness::{Harness, HarnessError, Judged};
#[cfg(feature = "net")]
pub use net::RunOptions;
pub use protocol::{ClauseId, Dialect, Level};
pub use target::{Account, Target};
