//! The protocol as a small state machine for several users and connections.
//!
//! A [`Model`] says of each [`Command`] on each connection which replies are allowed, by which
//! clause, and what the other connections must and may see: everything else they must not. It is
//! made from the clauses and from what is known of the practice, never from the reference server.
//!
//! Where practice differs, several replies are allowed. Whoever cannot see which of them came
//! (a generator that writes a case) calls [`Model::step`]: the model goes on with less knowledge,
//! and later predictions widen, up to "anything". Whoever has seen it calls [`Model::replies`] and
//! then [`Model::settle`] with the reply that came.
//!
//! ```
//! use msnpspec::model::{Command, Line, Model, Offer, Target};
//! use msnpspec::protocol::ServerKind;
//!
//! let mut model = Model::new(2, Target::default());
//! let conn = model.open(ServerKind::Notification);
//! let prediction = model.step(conn, Command::Ver(Offer::Own));
//! assert_eq!(prediction.replies[0].lines[..], [Line::Ver]);
//! assert!(prediction.is_certain());
//! ```

mod ask;
mod command;
mod effect;
mod groups;
mod line;
mod login;
mod notification;
mod phones;
mod possible;
mod prediction;
mod presence;
mod read;
mod rows;
mod switchboard;
mod table;
#[cfg(test)]
mod tests;
mod unseen;
mod value;
mod word;
mod world;

pub use command::{Command, GroupWord, Key, ListWord, Mode, Offer, Whom};
pub use line::Line;
pub use possible::Fitness;
pub use prediction::{After, Duty, Prediction, Replies, Reply, Sight, Sights};
pub use read::{Names, Said};
pub use table::{Cell, Phase, ReplyKind, STRAY, Transition, knows};

pub use value::{
    ConnId, GroupId, GroupSet, LabelId, MAX_GROUPS, MAX_USERS, NUMBERS, NameId, Phone, SessionId,
    TicketId, UserId, UserSet,
};
pub use word::{Capture, Version, Word, Words};
pub use world::Target;

pub use crate::protocol::{List, Property, State};
pub use crate::rules::Truth;

use world::{Conn, Session, Ticket, User};

/// All that is known of the users, connections and sessions of a case.
#[derive(Debug, Clone)]
pub struct Model {
    target: Target,
    users: [User; MAX_USERS],
    count: u8,
    conns: Vec<Conn>,
    sessions: Vec<Session>,
    tickets: Vec<Ticket>,
}
