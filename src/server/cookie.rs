//! Cookies: what opens the switchboard, once, for one user, for a while.

use std::collections::VecDeque;
use std::time::Duration;

use super::id::{AccountId, SessionId};
use super::random::Random;
use foldhash::HashMap;

/// What a cookie is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To open a session (XFR).
    Open,
    /// To join this one (RNG).
    Join(SessionId),
}

#[derive(Debug)]
struct Ticket {
    account: AccountId,
    purpose: Purpose,
}

/// The cookies that nobody has used yet.
#[derive(Debug, Default)]
pub(super) struct Cookies {
    issued: u64,
    tickets: HashMap<String, Ticket>,
    /// In the order of issue, which is that of expiry: all are good for the same time.
    expiries: VecDeque<(Duration, String)>,
    /// How many unused ones each user holds to open sessions with.
    held: HashMap<AccountId, usize>,
}

impl Cookies {
    /// A new cookie: three dotted numbers, as the service made them.
    //= SBX-6
    pub(super) fn issue(
        &mut self,
        random: &mut Random,
        account: AccountId,
        purpose: Purpose,
        expires: Duration,
    ) -> String {
        self.issued += 1;
        let (issued, when) = (self.issued, expires.as_secs());
        let cookie = format!("{issued}.{when}.{}", random.next());
        let ticket = Ticket { account, purpose };
        self.tickets.insert(cookie.clone(), ticket);
        self.expiries.push_back((expires, cookie.clone()));
        if purpose == Purpose::Open {
            *self.held.entry(account).or_default() += 1;
        }
        cookie
    }

    /// Takes a cookie, where it is good for this user and this purpose.
    //= SBU-2
    //= SBU-3
    //= SBU-4
    pub(super) fn redeem(&mut self, cookie: &str, account: AccountId, purpose: Purpose) -> bool {
        let is_good = self
            .tickets
            .get(cookie)
            .is_some_and(|ticket| ticket.account == account && ticket.purpose == purpose);
        if is_good {
            self.discard(cookie);
        }
        is_good
    }

    /// Makes void what a user holds to open sessions with.
    pub(super) fn void(&mut self, account: AccountId) {
        self.tickets
            .retain(|_, ticket| ticket.account != account || ticket.purpose != Purpose::Open);
    }

    /// Whose cookie this is and what for, where it is good.
    pub(super) fn look_at(&self, cookie: &str) -> Option<(AccountId, Purpose)> {
        let ticket = self.tickets.get(cookie)?;
        Some((ticket.account, ticket.purpose))
    }

    /// Throws away what has expired.
    pub(super) fn expire(&mut self, now: Duration) {
        while let Some((at, _)) = self.expiries.front()
            && *at <= now
            && let Some((_, cookie)) = self.expiries.pop_front()
        {
            self.discard(&cookie);
        }
    }

    /// How many unused cookies a user holds to open sessions with.
    pub(super) fn held(&self, account: AccountId) -> usize {
        self.held.get(&account).copied().unwrap_or_default()
    }

    fn discard(&mut self, cookie: &str) {
        let Some(ticket) = self.tickets.remove(cookie) else {
            return;
        };
        if ticket.purpose == Purpose::Open
            && let Some(held) = self.held.get_mut(&ticket.account)
        {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&ticket.account);
            }
        }
    }
}
