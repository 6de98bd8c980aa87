//! Accounts: what the service keeps of each user, logged in or not.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::config::{Account as Given, Accounts};
use super::group::Groups;
use super::id::{AccountId, ConnId};
use super::list::{List, ListName};
use super::phone::Phones;
use crate::protocol::{Setting, State, encode_name};
use foldhash::HashMap;
use foldhash::fast::RandomState;

/// The code that others may see of a state.
//= CHG-5
//= PRES-14
pub(super) fn shown(state: State) -> Option<&'static str> {
    state.is_online().then(|| state.as_str())
}

/// A user's presence on the notification server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Presence {
    /// Where the user is logged in.
    pub(super) conn: ConnId,
    /// What the last CHG chose; `None` before the first.
    pub(super) state: Option<State>,
    /// Whether the user can be called, and call (IMS).
    pub(super) takes_calls: bool,
    /// Whether SYN has come on this login.
    pub(super) has_synchronised: bool,
}

impl Presence {
    /// That of a user who has just logged in.
    pub(super) fn new(conn: ConnId) -> Self {
        Self {
            conn,
            state: None,
            takes_calls: true,
            has_synchronised: false,
        }
    }
}

/// What a user's client says of itself in CHG: from MSNP8 on what it can do, from MSNP9 on the object
/// that the user shows. In earlier dialects it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Client {
    /// What it can do, as it was sent.
    pub(super) id: Option<Arc<str>>,
    /// The object, as it was sent.
    pub(super) object: Option<Arc<str>>,
}

/// How a user last saw a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) contact: AccountId,
    pub(super) state: &'static str,
    pub(super) name: Arc<str>,
    pub(super) client: Client,
}

/// One user, logged in or not.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) handle: Arc<str>,
    password: Box<str>,
    /// The friendly name, encoded.
    pub(super) name: Arc<str>,
    /// The number of the last change to the lists and settings; never 0.
    pub(super) serial: u32,
    /// GTC is A.
    pub(super) prompts: bool,
    /// BLP is AL.
    pub(super) is_public: bool,
    pub(super) phones: Phones,
    pub(super) groups: Groups,
    pub(super) forward: List,
    allow: List,
    block: List,
    pub(super) reverse: List,
    pub(super) presence: Option<Presence>,
    /// What the client of this login has said last.
    pub(super) client: Client,
    /// In state FLN: what the user saw when it went there.
    pub(super) last_seen: Vec<Sight>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}

impl Account {
    fn new(given: &Given) -> Self {
        Self {
            handle: given.handle.as_str().into(),
            password: given.password.as_str().into(),
            //= FRAME-3
            name: encode_name(given.name.as_bytes()).into(),
            //= SYN-11
            serial: 1,
            //= GTC-4
            prompts: true,
            //= BLP-4
            is_public: true,
            phones: Phones::default(),
            groups: Groups::default(),
            forward: List::default(),
            allow: List::default(),
            block: List::default(),
            reverse: List::default(),
            presence: None,
            client: Client::default(),
            last_seen: Vec::new(),
        }
    }

    pub(super) fn list(&self, name: ListName) -> &List {
        match name {
            ListName::Forward => &self.forward,
            ListName::Allow => &self.allow,
            ListName::Block => &self.block,
            ListName::Reverse => &self.reverse,
        }
    }

    pub(super) fn list_mut(&mut self, name: ListName) -> &mut List {
        match name {
            ListName::Forward => &mut self.forward,
            ListName::Allow => &mut self.allow,
            ListName::Block => &mut self.block,
            ListName::Reverse => &mut self.reverse,
        }
    }

    /// Whether a setting has its first value.
    pub(super) fn setting_mut(&mut self, setting: Setting) -> &mut bool {
        match setting {
            Setting::Prompt => &mut self.prompts,
            Setting::Privacy => &mut self.is_public,
        }
    }

    /// Counts a change of the lists or settings, and gives its number.
    //= SER-1
    //= NUM-2
    //= SER-2
    pub(super) fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.checked_add(1).unwrap_or(1);
        self.serial
    }

    /// Whether the user's settings let another see and call the user.
    //= BLP-6
    //= BLP-7
    pub(super) fn admits(&self, other: AccountId) -> bool {
        let is_admitted = self.is_public || self.allow.contains(other);
        is_admitted && !self.block.contains(other)
    }

    /// Whether the user takes part in conversations: is shown, and has not turned calls off.
    pub(super) fn converses(&self) -> bool {
        self.shown_state().is_some() && self.presence.is_some_and(|there| there.takes_calls)
    }

    /// The state that others may see, where the user is online and not hidden.
    pub(super) fn shown_state(&self) -> Option<&'static str> {
        shown(self.presence?.state?)
    }
}

/// All accounts, and those that can still be made.
#[derive(Debug)]
pub(super) struct Directory {
    given: Accounts,
    accounts: Vec<Account>,
    /// By the handle in lower case.
    by_handle: HashMap<Box<str>, AccountId>,
}

impl Directory {
    pub(super) fn new(given: Accounts) -> Self {
        let mut directory = Self {
            accounts: Vec::with_capacity(given.listed.len()),
            by_handle: HashMap::with_capacity_and_hasher(
                given.listed.len(),
                RandomState::default(),
            ),
            given,
        };
        for account in std::mem::take(&mut directory.given.listed) {
            if directory.find(&account.handle).is_none() {
                directory.insert(&account);
            }
        }
        directory
    }

    /// The account of a handle, if it has been made.
    //= HANDLE-6
    pub(super) fn find(&self, handle: &str) -> Option<AccountId> {
        self.by_handle.get(&*lower_case(handle)).copied()
    }

    /// The account of a handle, made if need be; `None` where the service has no such user.
    pub(super) fn find_or_make(&mut self, handle: &str) -> Option<AccountId> {
        self.find(handle).or_else(|| {
            let given = self.given.pattern.as_ref()?.find(handle)?;
            Some(self.insert(&given))
        })
    }

    /// Makes an account without a password for a user whom the service does not have.
    pub(super) fn invent(&mut self, handle: &str) -> AccountId {
        self.insert(&Given {
            handle: handle.to_owned(),
            password: String::new(),
            name: handle.to_owned(),
        })
    }

    /// All accounts that have been made.
    pub(super) fn ids(&self) -> impl Iterator<Item = AccountId> + use<> {
        let count = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        (0..count).map(AccountId)
    }

    /// Whether the service has such a user, made or not.
    pub(super) fn knows(&self, handle: &str) -> bool {
        self.password(handle).is_some()
    }

    /// The password that belongs to a handle.
    pub(super) fn password(&self, handle: &str) -> Option<Cow<'_, str>> {
        match self.find(handle) {
            Some(account) => Some(Cow::Borrowed(&*self[account].password)),
            None => {
                let given = self.given.pattern.as_ref()?.find(handle)?;
                Some(Cow::Owned(given.password))
            }
        }
    }

    fn insert(&mut self, given: &Given) -> AccountId {
        let count = u32::try_from(self.accounts.len());
        let id = AccountId(count.expect("memory ends before 2^32 accounts"));
        self.accounts.push(Account::new(given));
        self.by_handle
            .insert(lower_case(&given.handle).into_owned().into(), id);
        id
    }
}

impl Index<AccountId> for Directory {
    type Output = Account;

    fn index(&self, id: AccountId) -> &Account {
        self.accounts
            .get(id.0 as usize)
            .expect("ids come from the directory, and no account is ever taken out")
    }
}

impl IndexMut<AccountId> for Directory {
    fn index_mut(&mut self, id: AccountId) -> &mut Account {
        self.accounts
            .get_mut(id.0 as usize)
            .expect("ids come from the directory, and no account is ever taken out")
    }
}

fn lower_case(handle: &str) -> Cow<'_, str> {
    if handle.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(handle.to_ascii_lowercase())
    } else {
        Cow::Borrowed(handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_accounts_with_one_handle_counts() {
        let given = |handle: &str, password: &str| Given {
            handle: handle.to_owned(),
            password: password.to_owned(),
            name: "A".to_owned(),
        };
        let directory = Directory::new(Accounts {
            pattern: None,
            listed: vec![given("a@hotmail.com", "one"), given("A@hotmail.com", "two")],
        });
        assert_eq!(directory.password("A@HOTMAIL.com").as_deref(), Some("one"));
        assert_eq!(directory.password("user1@hotmail.com"), None);
    }
}
