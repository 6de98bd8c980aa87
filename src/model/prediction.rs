//! What may follow a command.

use smallvec::SmallVec;

use super::line::Line;
use super::value::{ConnId, GroupId, LabelId, NameId, Phone, SessionId, TicketId, UserId};
use crate::protocol::{ClauseId, List, Property, Setting, State};
use crate::rules::{Refusal, Truth};

/// What becomes of the connection after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum After {
    /// It stays open.
    Stays,
    /// The server closes it.
    Closes,
    /// Either.
    Unsure,
}

/// One way to answer a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The lines, in order; none at all is silence (or the close alone).
    pub lines: SmallVec<[Line; 4]>,
    /// Whether the connection outlives it.
    pub after: After,
    /// The clause that says so.
    pub clause: ClauseId,
    /// Nothing is known: any lines, or none, and perhaps a close.
    pub anything: bool,
    pub(super) effect: Effect,
}

/// What a command has changed, where it was answered so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// The server closes, as asked for by OUT.
    Left,
    /// Nothing but that the connection may be closed.
    MaybeClosed,
    /// Whatever the command and its connection could do may have been done.
    Unclear,
    Versioned,
    Informed,
    Challenged(Option<UserId>),
    LoggedIn(UserId),
    State(State),
    /// The user is in state FLN, or in that of before.
    MaybeOffline,
    Setting(Setting, bool),
    Added(List, UserId),
    Removed(List, UserId),
    /// The user may be on the list, or not.
    Membership(List, UserId),
    Renamed(NameId),
    /// SYN was answered with a batch, without, or nobody knows.
    Synchronised(Truth),
    /// Calls are on or off.
    Calls(bool),
    /// That is not known.
    MaybeCalls,
    Phone(Property, Phone),
    MaybePhone(Property),
    GroupMade(LabelId),
    GroupRenamed(GroupId, LabelId),
    GroupRemoved(GroupId),
    /// A user may have other groups now, and its contacts may be in others.
    MaybeGroups,
    /// A contact of the FL is in one more group.
    EnteredGroup(UserId, GroupId),
    /// It was put on the FL, into this group.
    AddedInto(UserId, GroupId),
    LeftGroup(UserId, GroupId),
    /// It may be on the FL, or not: it has left its last group, say.
    MaybeContact(UserId),
    Issued,
    /// The same, to somebody of whom it is not known whether it opens a switchboard.
    IssuedInDoubt,
    Entered(UserId, TicketId),
    Joined(UserId, TicketId, SessionId),
    Called(UserId),
    CallFailed,
    /// An invitation may have gone out.
    MaybeCalled,
    Sent,
}

impl Reply {
    pub(super) fn new(clause: ClauseId, effect: Effect, lines: &[Line]) -> Self {
        Self {
            lines: SmallVec::from_slice(lines),
            after: match effect {
                Effect::Left => After::Closes,
                Effect::MaybeClosed | Effect::Unclear => After::Unsure,
                _ => After::Stays,
            },
            clause,
            anything: false,
            effect,
        }
    }

    /// The usual error of a refusal.
    pub(super) fn refusal(refusal: &Refusal, effect: Effect) -> Self {
        Self::new(refusal.clause, effect, &[Line::Error(refusal.code)])
    }

    pub(super) fn closing(mut self) -> Self {
        self.after = After::Closes;
        self
    }

    pub(super) fn staying(mut self) -> Self {
        self.after = After::Stays;
        self
    }

    /// Anything at all.
    pub(super) fn anything(clause: ClauseId, effect: Effect) -> Self {
        Self {
            after: After::Unsure,
            anything: true,
            ..Self::new(clause, effect, &[])
        }
    }

    /// Whether no line answers and the connection stays.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        !self.anything && self.lines.is_empty() && self.after == After::Stays
    }
}

/// The ways to answer a command; the first is that of a server that follows every clause.
pub type Replies = SmallVec<[Reply; 3]>;

/// Whether a line has to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// It must.
    Must,
    /// It may.
    May,
}

/// A line that a connection sees because of a command, besides the reply; in no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sight {
    /// The connection: another one, or that of the command itself (ILN, the profile, the own JOI).
    pub conn: ConnId,
    /// The line.
    pub line: Line,
    /// Whether it has to come.
    pub duty: Duty,
    /// The clause that asks for it or allows it.
    pub clause: ClauseId,
}

/// What connections see besides the reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sights {
    /// What must and what may be seen. What is not listed must not be seen, unless `is_open`.
    pub list: SmallVec<[Sight; 6]>,
    /// Nothing can be said: any connection may see more, and none must see what is listed.
    pub is_open: bool,
}

/// What may follow a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The ways to answer it.
    pub replies: Replies,
    /// What is seen besides the reply.
    pub sights: Sights,
}

impl Prediction {
    /// Whether exactly one reply is right.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(&self.replies[..], [only] if !only.anything && only.after != After::Unsure)
    }
}
