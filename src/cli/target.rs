//! The options that name a server under test, and what they mean.

use std::path::Path;

use msnpspec::net::ServerLog;
use msnpspec::target::{Account, Target};

use super::args::TargetArgs;
use super::console::Console;
use super::exit::Exit;
use super::{files, snippet};

/// An account that cannot be taken; by its number, where it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum BadAccount {
    #[error("account {0} is not HANDLE:PASSWORD or HANDLE:PASSWORD:NAME")]
    Form(usize),
    #[error("{0} stands twice among the accounts: two users of a scenario would be one")]
    Twice(String),
}

impl TargetArgs {
    /// The target that was named: `builtin`, a file, or an address. What is wrong is told.
    pub(crate) fn read(&self, console: Console) -> Result<Target, Exit> {
        let wrong = |message: &dyn std::fmt::Display| {
            console.error(message);
            Exit::Usage
        };
        let accounts = self.accounts().map_err(|error| wrong(&error))?;
        let name = self.target.as_str();
        let path = Path::new(name);
        let is_file = path.is_file()
            || matches!(path.extension(), Some(end) if end == "yaml" || end == "yml");
        if (name == "builtin" || is_file) && !accounts.is_empty() {
            let where_else = if is_file {
                "stand in the target file"
            } else {
                "are made as needed"
            };
            return Err(wrong(&format!(
                "--account goes with --target HOST:PORT; the accounts of {name} {where_else}"
            )));
        }
        if name == "builtin" {
            return Ok(Target::builtin());
        }
        if is_file {
            let source = files::read(path).map_err(|error| wrong(&error))?;
            let target = Target::from_yaml_with(&source, &variable).map_err(|diagnostics| {
                snippet::tell(&diagnostics, console);
                Exit::Usage
            })?;
            snippet::tell(&target.warnings, console);
            return Ok(target);
        }
        Target::address(name, accounts).map_err(|error| {
            let help = "a target is `builtin`, HOST:PORT, or a file that ends in .yaml";
            wrong(&format!("{error}\n{help}"))
        })
    }

    /// The file for what the server of this target writes, opened; what is wrong is told.
    pub(crate) fn log(&self, target: &Target, console: Console) -> Result<Option<ServerLog>, Exit> {
        let Some(path) = &self.log else {
            return Ok(None);
        };
        if target.launch.is_none() {
            let name = &target.name;
            console.error(&format!(
                "--log goes with a target that the harness launches: {name} has no `launch:`"
            ));
            return Err(Exit::Usage);
        }
        ServerLog::create(path).map(Some).map_err(|error| {
            console.error(&format!("cannot write {}: {error}", path.display()));
            Exit::Usage
        })
    }

    /// The accounts that were typed.
    fn accounts(&self) -> Result<Vec<Account>, BadAccount> {
        let read = |(at, text): (usize, &String)| {
            let mut parts = text.splitn(3, ':');
            match (parts.next(), parts.next(), parts.next()) {
                (Some(handle), Some(password), name)
                    if !handle.is_empty() && !password.is_empty() =>
                {
                    Ok(Account {
                        name: name.map(str::to_owned),
                        ..Account::new(handle, password)
                    })
                }
                _ => Err(BadAccount::Form(at + 1)),
            }
        };
        let accounts = self.accounts.iter().enumerate().map(read);
        let accounts = accounts.collect::<Result<Vec<Account>, _>>()?;
        for (at, account) in accounts.iter().enumerate() {
            let mut before = accounts.iter().take(at);
            if before.any(|known| known.is_of(&account.handle)) {
                return Err(BadAccount::Twice(account.handle.clone()));
            }
        }
        Ok(accounts)
    }
}

/// A variable of the environment, for a target file.
#[expect(clippy::disallowed_methods, reason = "it is what the user has set")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_account_is_not_repeated() {
        let mut args = TargetArgs {
            target: "127.0.0.1:1".into(),
            accounts: vec!["a@b:pw:A B".into(), "topsecret".into()],
            disposable: false,
            remote: false,
            timeout: None,
            log: None,
        };
        let error = args.accounts().unwrap_err();
        assert_eq!(error, BadAccount::Form(2));
        assert!(!error.to_string().contains("topsecret"));
        args.accounts = vec!["a@b:pw:A:B".into()];
        let accounts = args.accounts().unwrap();
        assert_eq!(accounts[0].name.as_deref(), Some("A:B"));
        args.accounts = vec!["a@b:pw".into(), "c@d:pw".into(), "A@B:other".into()];
        let error = args.accounts().unwrap_err();
        assert_eq!(error, BadAccount::Twice("A@B".into()));
    }
}
