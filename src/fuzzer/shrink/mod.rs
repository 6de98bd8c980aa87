//! Shrinking: from a scenario that fails to the smallest part of it that fails in the same way.
//!
//! The scenario is unfolded first (preconditions become steps, loops their rounds, TrIDs get
//! names), and cut behind the step that failed. Then users go, steps, words and bytes, by delta
//! debugging. A step whose captures, users or connections are gone goes with all that depends on
//! it. What fails in another way than the [`Signature`](crate::fuzzer::Signature) says is no
//! candidate, and neither is what a server without faults fails too: taking away the step that
//! expects a line would else make an honest line look wrong.

mod batches;
mod concise;
mod ddmin;
mod details;
mod fixtures;
mod groups;
mod names;
mod prune;
mod runner;
mod shrinker;
mod size;
mod trial;
mod unfold;
mod units;
mod visit;

pub use concise::concise;
pub use runner::Progress;
pub use shrinker::{ShrinkError, Shrinker, Shrunk};
pub use size::Size;
