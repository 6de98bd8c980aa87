//! The ports of the reference server.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::server::Door;

/// The ports that the server listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    /// One port for everything.
    Single(SocketAddr),
    /// A port for each kind of server.
    Three {
        /// The dispatch server.
        dispatch: SocketAddr,
        /// The notification server.
        notification: SocketAddr,
        /// The switchboard.
        switchboard: SocketAddr,
    },
}

impl Doors {
    /// Three ports of the system's choice on 127.0.0.1.
    pub const LOOPBACK: Self = {
        let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Self::Three {
            dispatch: any,
            notification: any,
            switchboard: any,
        }
    };

    pub(super) fn list(self) -> Vec<(Door, SocketAddr)> {
        match self {
            Self::Single(address) => vec![(Door::Single, address)],
            Self::Three {
                dispatch,
                notification,
                switchboard,
            } => vec![
                (Door::Dispatch, dispatch),
                (Door::Notification, notification),
                (Door::Switchboard, switchboard),
            ],
        }
    }

    /// The same with the ports that were really taken.
    pub(super) fn bound(taken: &[SocketAddr]) -> Option<Self> {
        match *taken {
            [address] => Some(Self::Single(address)),
            [dispatch, notification, switchboard] => Some(Self::Three {
                dispatch,
                notification,
                switchboard,
            }),
            _ => None,
        }
    }

    /// Where a client begins.
    #[must_use]
    pub fn dispatch(self) -> SocketAddr {
        match self {
            Self::Single(address) => address,
            Self::Three { dispatch, .. } => dispatch,
        }
    }

    /// The notification server.
    #[must_use]
    pub fn notification(self) -> SocketAddr {
        match self {
            Self::Single(address) => address,
            Self::Three { notification, .. } => notification,
        }
    }

    /// The switchboard.
    #[must_use]
    pub fn switchboard(self) -> SocketAddr {
        match self {
            Self::Single(address) => address,
            Self::Three { switchboard, .. } => switchboard,
        }
    }
}
