//! Fuzzing: what is generated, how it is judged, and how a finding is made small.
//!
//! A case is a [`Scenario`](crate::scenario::ast::Scenario): seed, reproducer, conformance test and
//! documentation are one format. The room knows neither sockets nor clocks: the caller hands in a
//! closure that executes a case, over the network or in memory.

mod campaign;
mod corpus;
pub mod dictionary;
mod entropy;
mod findings;
mod generate;
mod isolation;
mod judge;
mod mutate;
mod name;
mod reference;
mod result;
mod script;
mod shrink;
mod signature;
pub mod targets;
mod watch;

pub use campaign::{Campaign, Found, Options as CampaignOptions, Report, case_of};
pub use entropy::{Entropy, case_bytes, stream};
pub use findings::{Findings, Kept, Origin, Rate, Replayed, Reproducer, read_finding, replay};
pub use generate::{Case, Manner, generate};
pub use isolation::{Isolation, Lane, Tally};
pub use judge::{Verdict, blame, last_lines};
pub use mutate::{Effect, MUTATORS, Mutator};
pub use name::Name;
pub use reference::Reference;
pub use result::{CampaignError, CampaignResult, FindingRow};
pub use shrink::{Progress as ShrinkProgress, ShrinkError, Shrinker, Shrunk, Size, concise};
pub use signature::{Kind, Phase, Signature};
pub use watch::{MODEL, Sight, Watched, watch};
