//! What the protocol says, as data: the clauses, the command table, the error codes.
//!
//! Everything here is a fact with a source: the draft (draft-movva-msn-messenger-protocol-00) or
//! the practice of the deployed service. No behaviour lives here: `server` and the judges share
//! this data and nothing else, so that a wrong belief on one side is not a wrong belief on both.

mod asked;
mod barrier;
mod batch;
mod catalogue;
mod changes;
mod clause;
mod clauses;
mod dialect;
#[cfg(test)]
mod dialect_tests;
mod dialects;
mod error_code;
mod example;
mod grammar;
mod handle;
mod inference;
mod ladder;
mod likeness;
mod list;
mod message;
mod msnp10;
#[cfg(test)]
mod msnp10_tests;
mod msnp2;
#[cfg(test)]
mod msnp2_tests;
mod msnp3;
mod msnp4;
mod msnp5;
mod msnp6;
mod msnp7;
mod msnp8;
mod msnp9;
mod outline;
mod property;
mod requests;
mod role;
mod saying;
mod setting;
mod state;
mod successors;
mod untestable;
mod verb;

pub use asked::{Answer, Asked, Effect, Told};
pub use barrier::{BARRIERS, Barrier, BarrierRow, Filling, Knowledge};
pub use changes::Change;
pub use clause::{Clause, ClauseId, Level, UnknownClause};
pub use dialect::{Dialect, NO_DIALECT, PACKAGE, is_dialect, is_package};
pub use dialects::DIALECTS;
pub use error_code::{ErrorCode, Origin, error_codes};
pub use grammar::{Grammar, Passage};
pub use handle::{
    DEFAULT_PORT, MAX_HANDLE, MAX_MESSAGE, MAX_NAME, ONLINE_STATES, decode_name, encode_name,
    join_name,
};
pub use inference::{Inference, Inferred};
pub use ladder::Rung;
pub use likeness::{Likeness, is_offer, is_verb, payload_in_any};
pub use list::List;
pub use message::{Form, Message, Param, PayloadForm, TridRule};
pub use msnp2::MSNP2;
pub use property::Property;
pub use requests::{LineRow, RequestRow};
pub use role::{Direction, Kinds, ServerKind};
pub use saying::{Saying, secrets};
pub use setting::Setting;
pub use state::State;
pub use verb::Verb;
