//! The accounts of a run: each belongs to one scenario at a time.

use std::collections::VecDeque;

use crate::engine::AccountAfter;
use crate::target::Account;

/// Where so many are free, each rests for a good while before it is used again.
const PLENTY: usize = 40;

/// An account's place in the pool.
pub(crate) type Seat = usize;

/// All accounts, and who is free: the one that has rested longest goes first. Where they are
/// disposable they all take turns, so that a server that stores changes late has time; else those
/// that have logged in before go before the others, and few accounts are touched.
#[derive(Debug, Default)]
pub(super) struct Pool {
    slots: Vec<Slot>,
    /// All take turns.
    rotates: bool,
    proven: VecDeque<Seat>,
    fresh: VecDeque<Seat>,
    /// Fresh ones that are taken last: for second looks at what only a fresh account shows.
    spare: VecDeque<Seat>,
}

#[derive(Debug)]
struct Slot {
    account: Account,
    proven: bool,
    retired: bool,
    /// A scenario has had it.
    used: bool,
}

impl Pool {
    pub(crate) fn new(accounts: Vec<Account>, rotates: bool) -> Self {
        let slots = accounts.into_iter().map(|account| Slot {
            account,
            proven: false,
            retired: false,
            used: false,
        });
        let slots: Vec<Slot> = slots.collect();
        Self {
            fresh: (0..slots.len()).collect(),
            proven: VecDeque::new(),
            spare: VecDeque::new(),
            rotates,
            slots,
        }
    }

    /// All accounts, as they are known now, but those that turned out to be unusable.
    pub(super) fn all(&self) -> Vec<Account> {
        let usable = self.slots.iter().filter(|slot| !slot.retired);
        usable.map(|slot| slot.account.clone()).collect()
    }

    /// How many accounts there are, those left out that turned out to be unusable.
    pub(crate) fn usable(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.retired).count()
    }

    pub(crate) fn free(&self) -> usize {
        self.proven.len() + self.fresh.len() + self.spare.len()
    }

    /// Takes this many accounts, or none.
    pub(crate) fn take(&mut self, count: usize) -> Option<Vec<Seat>> {
        if self.free() < count {
            return None;
        }
        let mut seats = Vec::with_capacity(count);
        while seats.len() < count {
            let (first, second) = if self.rotates {
                (&mut self.fresh, &mut self.proven)
            } else {
                (&mut self.proven, &mut self.fresh)
            };
            let seat = first.pop_front().or_else(|| second.pop_front());
            seats.push(seat.or_else(|| self.spare.pop_front())?);
        }
        Some(seats)
    }

    /// The same, of those that nobody has used, as far as there are any: the first look begins at
    /// the other end.
    pub(super) fn take_new(&mut self, count: usize) -> Option<Vec<Seat>> {
        if self.free() < count {
            return None;
        }
        let mut seats = Vec::with_capacity(count);
        while seats.len() < count {
            let seat = self.spare.pop_front().or_else(|| self.fresh.pop_back());
            seats.push(seat.or_else(|| self.proven.pop_front())?);
        }
        Some(seats)
    }

    /// Keeps so many that nobody has used for later.
    pub(crate) fn set_aside(&mut self, count: usize) {
        for _ in 0..count {
            self.spare.extend(self.fresh.pop_back());
        }
    }

    pub(crate) fn accounts(&self, seats: &[Seat]) -> Vec<Account> {
        let is_scarce = !self.rotates || self.free() < PLENTY;
        let slots = seats.iter().filter_map(|seat| self.slots.get(*seat));
        let account = |slot: &Slot| Account {
            is_scarce,
            ..slot.account.clone()
        };
        slots.map(account).collect()
    }

    /// Takes in what a scenario has learnt of its accounts.
    pub(crate) fn learn(&mut self, seats: &[Seat], after: &[AccountAfter]) {
        for (seat, after) in seats.iter().zip(after) {
            if let Some(slot) = self.slots.get_mut(*seat)
                && slot.account.handle == after.handle
            {
                slot.account.lists = after.lists;
                if let Some(name) = &after.name {
                    slot.account.name = Some(name.clone());
                    slot.proven = true;
                }
            }
        }
    }

    /// Gives accounts back.
    pub(crate) fn release(&mut self, seats: Vec<Seat>) {
        for seat in seats {
            if let Some(slot) = self.slots.get_mut(seat) {
                slot.used = true;
            }
            match self.slots.get(seat) {
                Some(slot) if slot.retired => {}
                Some(slot) if slot.proven => self.proven.push_back(seat),
                Some(_) => self.fresh.push_back(seat),
                None => {}
            }
        }
    }

    /// Whether nobody has used an account before, while another has logged in.
    pub(super) fn is_odd_one(&self, handle: &str) -> bool {
        let is_new = |slot: &Slot| slot.account.handle == handle && !slot.used && !slot.proven;
        self.slots.iter().any(is_new) && self.slots.iter().any(|slot| slot.proven)
    }

    /// Leaves an account out from now on, unless it has logged in before; whether it did so.
    pub(super) fn retire(&mut self, handle: &str, even_proven: bool) -> bool {
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| slot.account.handle == handle && !slot.retired);
        match slot {
            Some(slot) if even_proven || !slot.proven => {
                slot.retired = true;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Lists;

    fn pool(count: usize) -> Pool {
        let accounts = (0..count).map(|n| Account::new(format!("u{n}@hotmail.com"), "pw"));
        Pool::new(accounts.collect(), false)
    }

    #[test]
    fn disposable_accounts_take_turns() {
        let accounts = (0..3).map(|n| Account::new(format!("u{n}@hotmail.com"), "pw"));
        let mut pool = Pool::new(accounts.collect(), true);
        for turn in [0, 1, 2, 0] {
            let seats = pool.take(1).unwrap();
            assert_eq!(seats, [turn]);
            let after = AccountAfter {
                handle: format!("u{turn}@hotmail.com"),
                name: Some("U".into()),
                lists: Lists::Clean,
            };
            pool.learn(&seats, &[after]);
            pool.release(seats);
        }
    }

    #[test]
    fn an_account_is_scarce_where_few_are_free() {
        let is_scarce = |count: usize, rotates| {
            let accounts = (0..count).map(|n| Account::new(format!("u{n}@hotmail.com"), "pw"));
            let mut pool = Pool::new(accounts.collect(), rotates);
            let seats = pool.take(1).unwrap();
            pool.accounts(&seats)[0].is_scarce
        };
        assert!(is_scarce(PLENTY, true) && !is_scarce(PLENTY + 1, true));
        assert!(is_scarce(PLENTY + 1, false));
    }

    #[test]
    fn accounts_are_exclusive_and_known_ones_come_first() {
        let mut pool = pool(3);
        let first = pool.take(2).unwrap();
        assert!(pool.take(2).is_none());
        let after = AccountAfter {
            handle: "u1@hotmail.com".into(),
            name: Some("One".into()),
            lists: Lists::Clean,
        };
        pool.learn(&first[1..], &[after]);
        pool.release(first);
        assert_eq!(pool.take(1).unwrap(), [1]);
        assert_eq!(pool.take(1).unwrap(), [2]);
    }

    #[test]
    fn new_accounts_come_from_the_other_end_and_some_are_kept_for_later() {
        let mut pool = pool(4);
        let new = pool.take_new(1).unwrap();
        pool.set_aside(1);
        assert_eq!(new, [3]);
        assert_eq!(pool.take(2).unwrap(), [0, 1]);
        assert_eq!(pool.take_new(1).unwrap(), [2]);
        assert!(pool.take_new(1).is_none());
        pool.release(new);
        pool.set_aside(1);
        assert_eq!((pool.free(), pool.take(1).unwrap()), (1, vec![3]));
    }

    #[test]
    fn a_refused_account_is_left_out() {
        let mut pool = pool(2);
        let seats = pool.take(1).unwrap();
        assert!(pool.retire("u0@hotmail.com", false));
        assert!(!pool.retire("u0@hotmail.com", false));
        pool.release(seats);
        assert_eq!((pool.usable(), pool.free()), (1, 1));
    }

    /// The first account, once it has logged in.
    fn logged_in() -> AccountAfter {
        AccountAfter {
            handle: "u0@hotmail.com".into(),
            name: Some("U".into()),
            lists: Lists::Clean,
        }
    }

    #[test]
    fn who_is_refused_at_once_while_another_can_log_in_is_odd() {
        let mut pool = pool(2);
        let is_odd = |pool: &Pool| pool.is_odd_one("u1@hotmail.com");
        assert!(!is_odd(&pool), "nobody has logged in");
        let seats = pool.take(1).unwrap();
        pool.learn(&seats, &[logged_in()]);
        assert!(is_odd(&pool) && !pool.is_odd_one("u0@hotmail.com"));
        let other = pool.take(1).unwrap();
        pool.release(other);
        assert!(!is_odd(&pool), "what a scenario did may have locked it");
    }

    #[test]
    fn an_account_that_has_worked_is_left_out_only_where_that_does_not_matter() {
        let mut pool = pool(1);
        let seats = pool.take(1).unwrap();
        pool.learn(&seats, &[logged_in()]);
        assert!(!pool.retire("u0@hotmail.com", false));
        assert!(pool.retire("u0@hotmail.com", true));
    }
}
