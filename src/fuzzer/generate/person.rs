//! What a case remembers of a user.

use compact_str::CompactString;

use crate::protocol::{ClauseId, ServerKind};
use crate::transcript::ConnName;

/// What a user does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    LogIn,
    FailToLogIn,
    Vary,
    Leave,
    ChangeState,
    Synchronise,
    AskForList,
    Set,
    Add,
    Remove,
    Rename,
    AskForExtra,
    Wander,
    OpenSession,
    Call,
    Answer,
    Message,
    LeaveSession,
    SwitchCalls,
    SetPhone,
    AskForGroups,
    MakeGroup,
    ChangeGroup,
    EnterGroup,
    LeaveGroup,
}

impl Move {
    /// How many there are.
    pub(super) const COUNT: usize = Self::LeaveGroup as usize + 1;
}

/// What a case remembers of a user beside what the model knows.
#[derive(Debug, Default)]
pub(super) struct Person {
    pub(super) name: &'static str,
    /// How many connections of each kind were named.
    pub(super) doors: [usize; 3],
    /// `{serN}` is bound to the number that it last synchronised with.
    pub(super) cached: Option<usize>,
    /// What a server breaks whose number is still that one; `None` where it may be.
    pub(super) outdated: Option<ClauseId>,
    /// SYN was sent in this session.
    pub(super) has_synchronised: bool,
    /// An FLN that others see need not be of what was done last.
    pub(super) may_yet_go: bool,
    /// How often it has chosen to do each.
    pub(super) moves: [u8; Move::COUNT],
}

impl Person {
    /// Another connection of this kind: its name.
    pub(super) fn next_conn(&mut self, door: ServerKind) -> ConnName {
        let (place, kind) = match door {
            ServerKind::Notification => (0, "ns"),
            ServerKind::Switchboard => (1, "sb"),
            ServerKind::Dispatch => (2, "ds"),
        };
        let count = self.doors.get_mut(place).map_or(1, |count| {
            *count += 1;
            *count
        });
        let mut label = CompactString::from(kind);
        if count > 1 {
            label.push_str(itoa::Buffer::new().format(count));
        }
        ConnName::new(self.name, label)
    }

    /// Lists or settings may have changed.
    pub(super) fn doubt_number(&mut self) {
        (self.cached, self.outdated) = (None, None);
    }

    /// How often it has chosen to do this.
    pub(super) fn times(&self, what: Move) -> usize {
        let times = self.moves.get(what as usize).copied();
        times.unwrap_or_default().into()
    }

    pub(super) fn note_move(&mut self, what: Move) {
        if let Some(times) = self.moves.get_mut(what as usize) {
            *times = times.saturating_add(1);
        }
    }
}
