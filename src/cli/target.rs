//! The options that name a server under test, and what they mean.

use std::collections::HashSet;
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
    #[error("account {0} names the variable `{1}`, which is not set")]
    Unset(usize, String),
    #[error("account {0} has `${{` without a `}}`")]
    Open(usize),
    #[error("--account-file: {0}")]
    File(String),
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

    /// The accounts that were typed, and those of the file.
    fn accounts(&self) -> Result<Vec<Account>, BadAccount> {
        let read = |(at, text): (usize, &String)| {
            let mut parts = text.splitn(3, ':').map(|part| filled(part, at + 1));
            let mut next = || parts.next().transpose();
            let mut parts = [next()?, next()?, next()?].into_iter();
            let mut next = || parts.next().flatten();
            match (next(), next(), next()) {
                (Some(handle), Some(password), name)
                    if !handle.is_empty() && !password.is_empty() =>
                {
                    Ok(Account {
                        name,
                        ..Account::new(handle, password)
                    })
                }
                _ => Err(BadAccount::Form(at + 1)),
            }
        };
        let mut typed = self.accounts.clone();
        if let Some(path) = &self.account_file {
            let source = files::read(path).map_err(BadAccount::File)?;
            let lines = source.text.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            typed.extend(lines.map(str::to_owned));
        }
        let accounts = typed.iter().enumerate().map(read);
        let accounts = accounts.collect::<Result<Vec<Account>, _>>()?;
        let mut handles = HashSet::new();
        for account in &accounts {
            if !handles.insert(account.handle.to_ascii_lowercase()) {
                return Err(BadAccount::Twice(account.handle.clone()));
            }
        }
        Ok(accounts)
    }
}

/// A part of an account with variables put where `${NAME}` stands. What they hold is taken as it is.
fn filled(text: &str, at: usize) -> Result<String, BadAccount> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, behind) = behind.split_once('}').ok_or(BadAccount::Open(at))?;
        let value = variable(name).ok_or_else(|| BadAccount::Unset(at, name.to_owned()))?;
        out = out + before + &value;
        rest = behind;
    }
    Ok(out + rest)
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
            account_file: None,
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

    #[test]
    fn passwords_come_from_the_environment_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts");
        std::fs::write(&path, "# mine\na@b:secret:A\n\n c@d:${PATH}\n").unwrap();
        let mut args = TargetArgs {
            target: "127.0.0.1:1".into(),
            accounts: vec!["e@f:x${PATH}y".into()],
            account_file: Some(path),
            disposable: false,
            remote: false,
            timeout: None,
            log: None,
        };
        // What a variable holds is taken as it is: this one has colons in it.
        let path = variable("PATH").unwrap();
        let accounts = args.accounts().unwrap();
        let passwords: Vec<&str> = accounts.iter().map(|it| it.password.as_str()).collect();
        assert_eq!(passwords, [&format!("x{path}y"), "secret", path.as_str()]);
        args.accounts = vec!["a@b:${MSNPSPEC_NO_SUCH_VARIABLE}".into()];
        let error = args.accounts().unwrap_err();
        assert!(matches!(error, BadAccount::Unset(1, _)), "{error}");
        args.accounts = vec!["a@b:${secret".into()];
        assert_eq!(args.accounts().unwrap_err(), BadAccount::Open(1));
        args.accounts.clear();
        args.account_file = Some(folder.path().join("none"));
        assert!(matches!(args.accounts().unwrap_err(), BadAccount::File(_)));
    }
}
