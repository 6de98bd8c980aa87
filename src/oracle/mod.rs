//! Passive judges over a [`Transcript`](crate::transcript::Transcript): an entry in, findings out.
//!
//! An oracle watches every line of every connection and accuses the server when a clause breaks,
//! wherever it breaks. It knows neither the server nor what a scenario wants; it knows what went
//! over the wire. What it cannot know (the transcript began in the middle, the client sent what
//! only the server understood, two connections raced) it does not accuse: no false alarm is worth
//! a true one. Behaviour that a clause accepts is no breach here.
//!
//! ```
//! use msnpspec::oracle;
//! use msnpspec::protocol::ServerKind;
//! use msnpspec::transcript::{ConnName, Party, Transcript, What};
//! use msnpspec::wire::Frame;
//! use std::time::Duration;
//!
//! let mut transcript = Transcript::default();
//! let alice = transcript.connect(ConnName::new("alice", "ns"), ServerKind::Notification);
//! for (party, line) in [(Party::Client, "VER 1 MSNP2"), (Party::Server, "VER 2 MSNP2")] {
//!     transcript.record(Duration::ZERO, alice, What::Frame(party, Frame::line(line)));
//! }
//! let findings = oracle::judge(&transcript);
//! assert_eq!(findings[0].clause.as_str(), "TRID-1");
//! assert_eq!(findings[0].entry, 1);
//! ```

mod admission;
mod answers;
mod asynchronous;
mod authentication;
mod batches;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod dialogue;
mod errors;
mod finding;
mod form;
mod framing;
mod judge;
mod line;
mod lists;
mod liveness;
mod mend;
mod messages;
mod notices;
mod numbering;
mod order;
mod outlined;
mod presence;
mod privacy;
mod refusals;
mod replies;
mod roster;
mod serials;
mod shape;
mod showing;
mod shown;
mod soundness;
mod stray;
mod unknown;
pub mod world;

use crate::protocol::ClauseId;

pub use finding::{Charge, Finding, Findings, Place};
pub use judge::{Judge, judge, oracles};
pub use line::{Line, Verb, number};
pub use stray::Stray;
pub use world::{Seen, World};

/// A judge of one idea.
///
/// All oracles share one [`World`], which has learnt from all entries before the present one and
/// not yet from that one.
pub trait Oracle: std::fmt::Debug + Send {
    /// The name used in reports and in coverage.
    fn name(&self) -> &'static str;

    /// The clauses that it can accuse.
    fn clauses(&self) -> &'static [ClauseId];

    /// Whether it looks at the server's lines alone, and at no other entries.
    fn is_for_lines(&self) -> bool {
        false
    }

    /// Whether it looks at lines as they came. All others look at a line as it should read, where
    /// only its form is wrong and it is plain what was meant.
    fn is_for_form(&self) -> bool {
        false
    }

    /// Looks at the next entry.
    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings);

    /// The transcript is over.
    fn end(&mut self, _world: &World, _out: &mut Findings) {}
}
