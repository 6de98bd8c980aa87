//! The target's commands that make and reset accounts.

use std::collections::HashSet;

use tokio::sync::Mutex;

use crate::net::ear::Ear;
use crate::net::process::{LaunchError, Process};
use crate::target::{Account, Invocation, Signal, Target};
use crate::transcript::Redactor;

/// Runs `provision` and `reset`.
#[derive(Debug)]
pub(super) struct Commands {
    provision: Option<Invocation>,
    reset: Option<Invocation>,
    ear: Ear,
    /// Handles of accounts that were made.
    made: Mutex<HashSet<String>>,
}

impl Commands {
    pub(super) fn new(target: &Target, redactor: &Redactor) -> Self {
        Self {
            provision: target.provision.clone(),
            reset: target.reset.clone(),
            ear: Ear::new(redactor.clone(), None),
            made: Mutex::default(),
        }
    }

    /// Makes the accounts that were not made yet, one after the other.
    pub(super) async fn provide(&self, accounts: &[Account]) -> Result<(), LaunchError> {
        let Some(provision) = &self.provision else {
            return Ok(());
        };
        for account in accounts {
            let mut made = self.made.lock().await;
            if !made.contains(&account.handle) {
                self.run(provision, &provision.for_account(account)).await?;
                made.insert(account.handle.clone());
            }
        }
        Ok(())
    }

    /// Resets the accounts, or the whole server.
    pub(super) async fn reset(&self, accounts: &[Account]) -> Result<(), LaunchError> {
        let Some(reset) = &self.reset else {
            return Ok(());
        };
        if !reset.is_per_account() {
            return self.run(reset, &reset.command).await;
        }
        for account in accounts {
            self.run(reset, &reset.for_account(account)).await?;
        }
        Ok(())
    }

    /// The server is a new one: it may know none of the accounts.
    pub(super) async fn forget(&self) {
        self.made.lock().await.clear();
    }

    async fn run(&self, invocation: &Invocation, words: &[String]) -> Result<(), LaunchError> {
        let process = Process::start(words, invocation, Signal::Term, &self.ear)?;
        process.complete(invocation.within).await
    }
}
