//! Who is who: handles, names, and the values that the server handed out.

use crate::engine::AccountAfter;
use crate::model::{Capture, MAX_USERS, NameId, Names, SessionId, TicketId, UserId, Whom};
use crate::protocol::{Dialect, decode_name};

/// Values and names by what the model calls them.
#[derive(Debug)]
pub(super) struct People<'t> {
    dialect: &'static Dialect,
    accounts: &'t [AccountAfter],
    bound: Vec<(Capture, &'t [u8])>,
    names: Vec<(UserId, NameId, &'t [u8])>,
    /// Cookies that were handed out, whether or not the model knows what for.
    cookies: Vec<&'t [u8]>,
}

impl<'t> People<'t> {
    pub(super) fn new(accounts: &'t [AccountAfter], dialect: &'static Dialect) -> Self {
        Self {
            dialect,
            accounts: accounts.get(..MAX_USERS).unwrap_or(accounts),
            bound: Vec::with_capacity(16),
            names: Vec::new(),
            cookies: Vec::new(),
        }
    }

    /// The dialect that they speak.
    pub(super) fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    pub(super) fn count(&self) -> usize {
        self.accounts.len()
    }

    pub(super) fn handle(&self, user: UserId) -> &[u8] {
        let account = self.accounts.get(user.index());
        account.map_or(&[], |account| account.handle.as_bytes())
    }

    pub(super) fn bind(&mut self, capture: Capture, value: &'t [u8]) {
        self.bound.push((capture, value));
    }

    /// How much is bound; [`People::unbind`] goes back to there.
    pub(super) fn mark(&self) -> usize {
        self.bound.len()
    }

    pub(super) fn unbind(&mut self, mark: usize) {
        self.bound.truncate(mark);
    }

    pub(super) fn note_cookie(&mut self, cookie: &'t [u8]) {
        self.cookies.push(cookie);
    }

    /// Whether bytes hold a cookie that was handed out.
    pub(super) fn hold_cookie(&self, bytes: &[u8]) -> bool {
        self.cookies
            .iter()
            .any(|cookie| bytes.windows(cookie.len().max(1)).any(|it| it == *cookie))
    }

    /// Whether a word is this name of a user, however it is escaped.
    pub(super) fn is_name(&self, user: UserId, id: NameId, word: &[u8]) -> bool {
        let mut names = self.names.iter();
        let given = names.find(|(who, known, _)| (*who, *known) == (user, id));
        if let Some((_, _, given)) = given {
            return *given == word || decode_name(given) == decode_name(word);
        }
        true
    }

    /// The name that the server gives a user at its first login.
    pub(super) fn meet(&mut self, handle: &[u8], name: &'t [u8]) {
        let is_known = |user: UserId| {
            let mut names = self.names.iter();
            names.any(|(who, id, _)| (*who, *id) == (user, NameId::default()))
        };
        if let Some(user) = self.user(handle).filter(|user| !is_known(*user)) {
            self.names.push((user, NameId::default(), name));
        }
    }
}

impl<'t> Names<'t> for People<'t> {
    fn user(&self, handle: &[u8]) -> Option<UserId> {
        let is_it = |account: &AccountAfter| account.handle.as_bytes() == handle;
        let place = self.accounts.iter().position(is_it)?;
        u8::try_from(place).ok().map(UserId)
    }

    fn whom(&self, handle: &[u8]) -> Option<Whom> {
        if let Some(user) = self.user(handle) {
            return Some(Whom::User(user));
        }
        let is_plain = handle.iter().all(|byte| byte.is_ascii_alphanumeric());
        if is_plain && !handle.is_empty() {
            return Some(Whom::Malformed);
        }
        let local = handle.strip_suffix(b"@hotmail.com")?;
        let number = local.strip_prefix(b"nobody")?;
        number
            .iter()
            .all(u8::is_ascii_digit)
            .then_some(Whom::Nobody)
    }

    fn value(&self, capture: Capture) -> Option<&'t [u8]> {
        let mut bound = self.bound.iter();
        bound
            .find(|(known, _)| *known == capture)
            .map(|(_, value)| *value)
    }

    fn ticket(&self, cookie: &[u8]) -> Option<TicketId> {
        self.bound
            .iter()
            .find_map(|(capture, value)| match capture {
                Capture::Cookie(ticket) if *value == cookie => Some(*ticket),
                _ => None,
            })
    }

    fn session(&self, number: &[u8]) -> Option<SessionId> {
        self.bound
            .iter()
            .find_map(|(capture, value)| match capture {
                Capture::Session(session) if *value == number => Some(*session),
                _ => None,
            })
    }

    fn is_cookie(&self, word: &[u8]) -> bool {
        self.cookies.contains(&word)
    }

    fn rename(&mut self, user: UserId, name: &'t [u8]) -> NameId {
        let mut names = self.names.iter();
        let same = names.find(|(who, _, known)| {
            *who == user && (*known == name || decode_name(known) == decode_name(name))
        });
        if let Some((_, id, _)) = same {
            return *id;
        }
        let id = NameId(u16::try_from(self.names.len() + 1).unwrap_or(u16::MAX - 1));
        self.names.push((user, id, name));
        id
    }
}
