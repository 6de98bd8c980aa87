//! What tests share: accounts.

use crate::target::{Account, Lists};

/// Accounts `alice@hotmail.com` and so on, with clean lists.
pub(crate) fn accounts() -> Vec<Account> {
    let names = ["alice", "bob", "carol"];
    let account = |name: &str| Account {
        name: Some(name.to_uppercase()),
        lists: Lists::Clean,
        ..Account::new(format!("{name}@hotmail.com"), "secret")
    };
    names.into_iter().map(account).collect()
}
