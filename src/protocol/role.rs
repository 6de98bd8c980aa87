//! Who speaks to whom: the kinds of server, and the two directions.

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerKind {
    /// Negotiates the version and refers the client to a notification server (draft, 4.1).
    Dispatch,
    /// Logs the client in, keeps its lists, tells presence (draft, 4.2).
    Notification,
    /// Carries the messages of a session (draft, 4.3).
    Switchboard,
}

impl ServerKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dispatch, Self::Notification, Self::Switchboard];

    /// The two letters of referrals and transcripts: `ds`, `ns`, `sb`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dispatch => "ds",
            Self::Notification => "ns",
            Self::Switchboard => "sb",
        }
    }
}

/// Which way a line travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a client to a server.
    ToServer,
    /// From a server to a client.
    ToClient,
}

/// A set of server kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// On the dispatch server.
    pub dispatch: bool,
    /// On the notification server.
    pub notification: bool,
    /// On the switchboard.
    pub switchboard: bool,
}

impl Kinds {
    /// Whether the set holds `kind`.
    #[must_use]
    pub fn contains(self, kind: ServerKind) -> bool {
        match kind {
            ServerKind::Dispatch => self.dispatch,
            ServerKind::Notification => self.notification,
            ServerKind::Switchboard => self.switchboard,
        }
    }

    /// All kinds of both sets.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            dispatch: self.dispatch || other.dispatch,
            notification: self.notification || other.notification,
            switchboard: self.switchboard || other.switchboard,
        }
    }

    /// Whether a kind is in both sets.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        ServerKind::ALL
            .into_iter()
            .any(|kind| self.contains(kind) && other.contains(kind))
    }
}

/// The dispatch and the notification server.
pub(super) const DS_NS: Kinds = Kinds {
    dispatch: true,
    notification: true,
    switchboard: false,
};
/// The notification server.
pub(super) const NS: Kinds = Kinds {
    dispatch: false,
    notification: true,
    switchboard: false,
};
/// The switchboard.
pub(super) const SB: Kinds = Kinds {
    dispatch: false,
    notification: false,
    switchboard: true,
};
/// Every kind of server.
pub(super) const ALL: Kinds = Kinds {
    dispatch: true,
    notification: true,
    switchboard: true,
};
