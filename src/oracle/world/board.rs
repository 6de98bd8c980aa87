//! Sessions of the switchboard, and the cookies that open them.

use super::id::UserId;
use crate::transcript::ConnId;
use foldhash::HashMap;

/// A session within one transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoardId(pub(super) usize);

/// A participant's place.
#[derive(Debug, Clone)]
pub struct Seat {
    /// The participant's connection.
    pub conn: ConnId,
    /// The participant.
    pub user: UserId,
    /// USR or ANS was sent here.
    pub asked: usize,
    /// It was answered here: the participant is in for certain.
    pub entered: usize,
    /// From here on the participant may be out.
    pub leaving: Option<usize>,
    /// From here on the participant is out for certain.
    pub left: Option<usize>,
}

/// A session.
#[derive(Debug, Default)]
pub struct Board {
    /// Its number, where CAL, RNG or ANS have named it.
    pub number: Option<Box<[u8]>>,
    /// Its creation was seen.
    pub is_whole: bool,
    /// All who have sat in it, in the order of entering.
    pub seats: Vec<Seat>,
}

impl Board {
    /// The place of a connection.
    #[must_use]
    pub fn seat(&self, conn: ConnId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.conn == conn)
    }

    /// The places that a user has or had.
    pub fn seats_of(&self, user: UserId) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(move |seat| seat.user == user)
    }

    /// The only place that a user ever had; `None` also where it had several.
    #[must_use]
    pub fn only_seat_of(&self, user: UserId) -> Option<&Seat> {
        let mut seats = self.seats_of(user);
        let seat = seats.next()?;
        seats.next().is_none().then_some(seat)
    }
}

/// What a cookie is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To open a session.
    Create,
    /// To join the session of this number.
    Join(Box<[u8]>),
}

/// A cookie that a server gave out.
#[derive(Debug, Clone)]
pub struct Cookie {
    /// To whom.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// It let somebody in, here.
    pub used: Option<usize>,
}

/// All sessions and cookies.
#[derive(Debug, Default)]
pub struct Boards {
    all: Vec<Board>,
    by_number: HashMap<Box<[u8]>, BoardId>,
    cookies: HashMap<Box<[u8]>, Cookie>,
    /// There may be cookies that nobody remembers.
    has_forgotten: bool,
}

impl Boards {
    /// A session.
    #[must_use]
    pub fn get(&self, id: BoardId) -> &Board {
        self.all.get(id.0).expect("an id is made with its session")
    }

    /// The session of a number.
    #[must_use]
    pub fn find(&self, number: &[u8]) -> Option<BoardId> {
        self.by_number.get(number).copied()
    }

    /// A cookie that was given out.
    #[must_use]
    pub fn cookie(&self, cookie: &[u8]) -> Option<&Cookie> {
        self.cookies.get(cookie)
    }

    /// Whether there may be sessions and cookies that nobody remembers.
    #[must_use]
    pub fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }

    pub(super) fn forget(&mut self) {
        *self = Self {
            has_forgotten: true,
            ..Self::default()
        };
    }

    pub(super) fn get_mut(&mut self, id: BoardId) -> &mut Board {
        let board = self.all.get_mut(id.0);
        board.expect("an id is made with its session")
    }

    pub(super) fn make(&mut self, is_whole: bool) -> BoardId {
        let id = BoardId(self.all.len());
        self.all.push(Board {
            is_whole,
            ..Board::default()
        });
        id
    }

    /// CAL has named a session. Somebody may have joined it by that number before; the connections
    /// of those who have are returned.
    pub(super) fn number(&mut self, id: BoardId, number: &[u8]) -> Vec<ConnId> {
        if self.get(id).number.is_some() {
            return Vec::new();
        }
        self.get_mut(id).number = Some(number.into());
        let other = self.by_number.insert(number.into(), id);
        let other = other.filter(|other| !self.get(*other).is_whole);
        let seats = other.map(|other| std::mem::take(&mut self.get_mut(other).seats));
        let seats = seats.unwrap_or_default();
        let conns = seats.iter().map(|seat| seat.conn).collect();
        self.get_mut(id).seats.extend(seats);
        conns
    }

    pub(super) fn issue(&mut self, cookie: &[u8], user: UserId, purpose: Purpose) {
        let cookie_is = Cookie {
            user,
            purpose,
            used: None,
        };
        self.cookies.insert(cookie.into(), cookie_is);
    }

    pub(super) fn use_up(&mut self, cookie: &[u8], index: usize) {
        if let Some(cookie) = self.cookies.get_mut(cookie) {
            cookie.used.get_or_insert(index);
        }
    }
}
