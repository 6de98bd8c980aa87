//! The server under test: where it is, who may log in, who owns its process.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::environment::{Account, Environment, Lists, Timeouts};
use super::invocation::Invocation;
use super::tickets::Tickets;
use super::waiver::{Habit, Waiver};
use crate::diagnostic::Diagnostic;
use crate::protocol::DEFAULT_PORT;

/// How many accounts the bundled server is used with.
const BUILTIN_ACCOUNTS: u32 = 64;

/// A server under test.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in reports.
    pub name: String,
    /// The bundled reference server, started in-process; the addresses are then filled in late.
    pub builtin: bool,
    /// Where a client connects first, `host:port`.
    pub dispatch: Option<String>,
    /// The notification server, `host:port`; without it logins follow the dispatch server.
    pub notification: Option<String>,
    /// Who may log in.
    pub accounts: Vec<Account>,
    /// Makes an account before its first use; `{handle}`, `{password}` and `{name}` are filled in.
    pub provision: Option<Invocation>,
    /// Starts the server; the harness then owns its process.
    pub launch: Option<Launch>,
    /// Runs before each scenario. With `{handle}` in it, it runs for each account of the scenario;
    /// without, it is taken to reset the whole server, and scenarios run one at a time.
    pub reset: Option<Invocation>,
    /// The harness may empty the accounts' lists.
    pub disposable: bool,
    /// The server may be on another machine.
    pub remote: bool,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How many connections the server stands.
    pub max_connections: Option<usize>,
    /// Addresses that the server hands out and what to connect to instead.
    pub map: BTreeMap<String, String>,
    /// What the server always does in its own way.
    pub habits: Vec<Habit>,
    /// How a login ticket is had, for MSNP8 and later; `None`: the bundled server's are had of itself,
    /// and with no other can those dialects be logged in to.
    pub tickets: Option<Tickets>,
    /// Known failures.
    pub waivers: Vec<Waiver>,
    /// What is doubtful in the file, and does not keep it from being used.
    pub warnings: Vec<Diagnostic>,
}

/// How the server's process is started and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The command; `within` is the time until it must be ready.
    pub invocation: Invocation,
    /// It is ready once each of these addresses accepts a connection.
    pub ready: Vec<String>,
    /// So must each of these, which something in front of the server may hold before it starts.
    pub also: Vec<String>,
    /// The signal for an orderly end.
    pub stop: Signal,
}

/// A signal that ends a process in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signal {
    /// SIGTERM.
    #[default]
    Term,
    /// SIGINT.
    Int,
    /// SIGHUP.
    Hup,
    /// SIGQUIT.
    Quit,
    /// SIGKILL: no orderly end at all.
    Kill,
}

impl Signal {
    /// All, by name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("SIGTERM", Self::Term),
        ("SIGINT", Self::Int),
        ("SIGHUP", Self::Hup),
        ("SIGQUIT", Self::Quit),
        ("SIGKILL", Self::Kill),
    ];
}

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address: write HOST:PORT, such as 127.0.0.1:1863")]
pub struct AddressError(pub String);

/// What is sent, in words.
fn sent(scenarios: usize) -> String {
    match scenarios {
        0 => "scenarios again and again, hostile ones among them".to_owned(),
        1 => "a scenario, perhaps a hostile one".to_owned(),
        many => format!("{many} scenarios, hostile ones among them"),
    }
}

/// The target is not on this machine, and nobody said that it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} is not on this machine: with --remote (or `remote: true`) the harness sends it \
     {}: logins of {accounts}, list changes and messages", sent(*.scenarios)
)]
pub struct RemoteError {
    /// The first address that is elsewhere.
    pub address: String,
    /// How many scenarios would be sent; 0 where nobody can tell.
    pub scenarios: usize,
    /// Which accounts would log in, in words.
    pub accounts: String,
}

impl Target {
    /// The bundled reference server, on loopback ports of the system's choice.
    #[must_use]
    pub fn builtin() -> Self {
        let account = |n: u32| Account {
            name: Some(format!("User {n}")),
            lists: Lists::Clean,
            ..Account::new(format!("user{n}@hotmail.com"), format!("pw{n}"))
        };
        Self {
            builtin: true,
            accounts: (1..=BUILTIN_ACCOUNTS).map(account).collect(),
            disposable: true,
            ..Self::empty("builtin")
        }
    }

    /// A server that is named on the command line.
    ///
    /// # Errors
    ///
    /// When it is no address.
    pub fn address(address: &str, accounts: Vec<Account>) -> Result<Self, AddressError> {
        let address = checked_address(address)?;
        Ok(Self {
            dispatch: Some(address.clone()),
            accounts,
            ..Self::empty(&address)
        })
    }

    pub(crate) fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            builtin: false,
            dispatch: None,
            notification: None,
            accounts: Vec::new(),
            provision: None,
            launch: None,
            reset: None,
            disposable: false,
            remote: false,
            timeouts: Timeouts::default(),
            max_connections: None,
            map: BTreeMap::new(),
            habits: Vec::new(),
            tickets: None,
            waivers: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether the harness makes the accounts: a password that is refused is right.
    #[must_use]
    pub fn knows_passwords(&self) -> bool {
        self.builtin || self.provision.is_some()
    }

    /// Whether the harness can stop and start the server.
    #[must_use]
    pub fn owns_server(&self) -> bool {
        self.builtin || self.launch.is_some()
    }

    /// The target as scripts see it before it was probed.
    #[must_use]
    pub fn environment(&self) -> Environment {
        Environment {
            dispatch: self.dispatch.clone(),
            notification: self.notification.clone(),
            map: self.map.clone(),
            timeouts: self.timeouts,
            owns_server: self.owns_server(),
            disposable: self.disposable,
            cleanup: self.reset.is_none(),
            ..Environment::default()
        }
    }

    /// Refuses a target on another machine unless the file or the user allows it.
    ///
    /// # Errors
    ///
    /// When an address is not on loopback; a name other than `localhost` never is.
    pub fn check_remote(&self, allowed: bool, scenarios: usize) -> Result<(), RemoteError> {
        if self.remote || allowed || self.builtin {
            return Ok(());
        }
        let mut addresses = [&self.dispatch, &self.notification]
            .into_iter()
            .flatten()
            .chain(self.map.values());
        match addresses.find(|address| !is_loopback(address)) {
            None => Ok(()),
            Some(address) => Err(RemoteError {
                address: address.clone(),
                scenarios,
                accounts: match self.accounts.as_slice() {
                    [] => "no account".to_owned(),
                    [one] => one.handle.clone(),
                    [first, .., last] => format!(
                        "{} accounts ({} to {})",
                        self.accounts.len(),
                        first.handle,
                        last.handle
                    ),
                },
            }),
        }
    }
}

/// Whether the address is on this machine, by its look.
#[must_use]
pub fn is_loopback(address: &str) -> bool {
    let (host, _) = split_address(address);
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Host and port text; brackets of an IPv6 address are taken off.
fn split_address(address: &str) -> (&str, Option<&str>) {
    if let Some(rest) = address.strip_prefix('[')
        && let Some((host, tail)) = rest.split_once(']')
    {
        return (host, tail.strip_prefix(':'));
    }
    match address.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        Some(_) => (address, None),
        None => (address, None),
    }
}

/// An address with its port, the default one where it names none.
pub(super) fn checked_address(address: &str) -> Result<String, AddressError> {
    let (host, port) = split_address(address);
    let host_is_fine = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':'));
    let port = match port {
        None => Some(DEFAULT_PORT),
        Some(port) => port.parse().ok().filter(|port| *port > 0),
    };
    match port {
        Some(port) if host_is_fine && host.contains(':') => {
            match host.parse::<std::net::Ipv6Addr>() {
                Ok(_) => Ok(format!("[{host}]:{port}")),
                Err(_) => Err(AddressError(address.to_owned())),
            }
        }
        Some(port) if host_is_fine => Ok(format!("{host}:{port}")),
        _ => Err(AddressError(address.to_owned())),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn addresses_are_checked_and_completed() {
        for (text, full) in [
            ("127.0.0.1:1863", "127.0.0.1:1863"),
            ("localhost", "localhost:1863"),
            ("::1", "[::1]:1863"),
            ("[::1]:99", "[::1]:99"),
        ] {
            assert_eq!(checked_address(text).as_deref(), Ok(full));
        }
        for bad in [
            "",
            ":1863",
            "a:b",
            "a:0",
            "a:70000",
            "msn://x:1",
            "a b:1",
            "x:1:2",
        ] {
            assert!(checked_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_loopback_needs_no_leave() {
        for (address, here) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("localhost:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("10.0.0.1:1", false),
            ("localhost.example.net:1", false),
            ("msn.example.net:1", false),
        ] {
            let target = Target::address(address, Vec::new()).unwrap();
            assert_eq!(target.check_remote(false, 3).is_ok(), here, "{address}");
            assert!(target.check_remote(true, 3).is_ok());
        }
        let mut mapped = Target::address("127.0.0.1:1", Vec::new()).unwrap();
        mapped.map.insert("a:1".into(), "10.0.0.5:1".into());
        let refused = mapped.check_remote(false, 3).unwrap_err().to_string();
        assert!(refused.starts_with("10.0.0.5:1 is not on this machine"));
    }

    #[test]
    fn placeholders_are_filled_once() {
        let mut account = Account::new("a@hotmail.com", "se{name}cret");
        account.name = Some("{password} {handle}".into());
        let invocation = Invocation {
            command: vec!["mk".into(), "{handle}:{password}".into(), "{name}".into()],
            folder: None,
            env: BTreeMap::new(),
            within: Duration::ZERO,
        };
        assert_eq!(
            invocation.for_account(&account),
            ["mk", "a@hotmail.com:se{name}cret", "{password} {handle}"]
        );
    }

    #[test]
    fn passwords_are_not_shown() {
        let target = Target::builtin();
        assert!(!format!("{target:?}").contains("pw1"));
    }
}
