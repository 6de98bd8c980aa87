//! How a server is set up: accounts, addresses, limits, time-outs.

use std::fmt::{self, Write as _};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::faults::FaultSet;
use crate::protocol::{DIALECTS, Dialect, MAX_MESSAGE};

/// Everything that [`Server::new`](crate::server::Server::new) needs. `Config::default()` is a
/// server with a hundred thousand accounts, `user1@hotmail.com` with the password `pw1` and so on.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who can log in.
    pub accounts: Accounts,
    /// The dialects that it speaks, the first and the last; all that are known by default.
    pub dialects: RangeInclusive<&'static Dialect>,
    /// What referrals and invitations name.
    pub addresses: Addresses,
    /// The seed of challenges, cookies and session numbers. Whoever knows it can forge cookies.
    pub seed: u64,
    /// The Unix time in seconds at the server's time zero.
    pub epoch: u64,
    /// The most entries on each of FL, AL and BL; one more draws 210.
    pub list_limit: usize,
    /// The most entries on an RL; one more draws 210 for the user who adds.
    pub rl_limit: usize,
    /// The longest payload of a MSG in bytes; a longer one closes its connection.
    pub max_message: usize,
    /// The longest line in bytes, without its terminator; a longer one closes its connection.
    pub max_line: usize,
    /// How long a connection may be without a command before its user is in.
    pub login_timeout: Duration,
    /// How long a cookie of XFR or RNG is good for.
    pub cookie_timeout: Duration,
    /// How many unused XFR cookies one user may hold; one more draws 714.
    pub cookie_limit: usize,
    /// How long a logged-in user may send nothing; `None`: for ever.
    pub notification_idle: Option<Duration>,
    /// How long a participant of a session may send nothing; `None`: for ever.
    pub switchboard_idle: Option<Duration>,
    /// Whether clients of MSNP6 and later are challenged: soon after their first CHG, and every few
    /// minutes from then on.
    pub challenges: bool,
    /// How many bytes the caller holds for a client that does not read before it gives the client
    /// up. The server itself holds nothing back: the sockets' owner keeps this limit.
    pub max_queue: usize,
    /// The deviations from the protocol that are planted; none by default.
    pub faults: FaultSet,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            accounts: Accounts::default(),
            dialects: all_dialects(),
            addresses: Addresses::default(),
            seed: 0,
            epoch: 0,
            list_limit: 150,
            rl_limit: 1000,
            max_message: MAX_MESSAGE,
            max_line: 4096,
            login_timeout: Duration::from_secs(60),
            cookie_timeout: Duration::from_secs(120),
            cookie_limit: 1000,
            notification_idle: None,
            switchboard_idle: Some(Duration::from_secs(15 * 60)),
            challenges: true,
            max_queue: 4 * 1024 * 1024,
            faults: FaultSet::default(),
        }
    }
}

/// From the first to the last.
fn all_dialects() -> RangeInclusive<&'static Dialect> {
    let [first, .., last] = DIALECTS;
    first..=last
}

/// The addresses that the server hands out, as `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Of the dispatch server itself, in `XFR … NS` from MSNP7 on.
    pub dispatch: String,
    /// In `XFR … NS`.
    pub notification: String,
    /// In `XFR … SB` and `RNG`.
    pub switchboard: String,
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            dispatch: "127.0.0.1:1863".to_owned(),
            notification: "127.0.0.1:1864".to_owned(),
            switchboard: "127.0.0.1:1865".to_owned(),
        }
    }
}

/// Who can log in: the listed accounts, and those of the pattern.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Numbered accounts, made when somebody first logs in to one or adds it.
    pub pattern: Option<Pattern>,
    /// Accounts by name; they go before the pattern.
    pub listed: Vec<Account>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            pattern: Some(Pattern::default()),
            listed: Vec::new(),
        }
    }
}

/// One account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The handle, in the spelling that the server shows.
    pub handle: String,
    /// The password in clear: challenges need it.
    pub password: String,
    /// The friendly name as plain text, not yet encoded.
    pub name: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("handle", &self.handle)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Numbered accounts. In each text `{n}` stands for the number, `{n:02}` for the number with
/// leading zeros to at least two digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The handle.
    pub handle: String,
    /// The password.
    pub password: String,
    /// The friendly name as plain text, not yet encoded.
    pub name: String,
    /// The first number.
    pub from: u64,
    /// The last number.
    pub to: u64,
}

impl Default for Pattern {
    fn default() -> Self {
        Self {
            handle: "user{n}@hotmail.com".to_owned(),
            password: "pw{n}".to_owned(),
            name: "User {n}".to_owned(),
            from: 1,
            to: 100_000,
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern")
            .field("handle", &self.handle)
            .field("name", &self.name)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

impl Pattern {
    /// The account of one number.
    #[must_use]
    pub fn account(&self, n: u64) -> Account {
        Account {
            handle: render(&self.handle, n),
            password: render(&self.password, n),
            name: render(&self.name, n),
        }
    }

    /// The account whose handle this is, without regard to case.
    #[must_use]
    pub fn find(&self, handle: &str) -> Option<Account> {
        let n = match Placeholder::find(&self.handle) {
            None => self.from,
            Some(place) => {
                let digits = strip_prefix(handle, place.before)?;
                let end = digits.len().checked_sub(place.after.len())?;
                let digits = digits.get(..end)?;
                digits.parse().ok()?
            }
        };
        let account = (self.from..=self.to)
            .contains(&n)
            .then(|| self.account(n))?;
        account
            .handle
            .eq_ignore_ascii_case(handle)
            .then_some(account)
    }
}

/// Where a number goes into a text.
struct Placeholder<'t> {
    before: &'t str,
    width: usize,
    after: &'t str,
}

impl<'t> Placeholder<'t> {
    fn find(text: &'t str) -> Option<Self> {
        let mut braces = text.match_indices('{');
        let (before, rest) = braces.find_map(|(at, _)| {
            let (before, brace) = text.split_at_checked(at)?;
            Some((before, brace.strip_prefix("{n")?))
        })?;
        let (width, after) = rest.split_once('}')?;
        let width = match width.strip_prefix(":0") {
            Some(digits) => digits.parse().ok().filter(|width| *width <= 20)?,
            None if width.is_empty() => 0,
            None => return None,
        };
        Some(Self {
            before,
            width,
            after,
        })
    }
}

fn render(mut template: &str, n: u64) -> String {
    let mut text = String::with_capacity(template.len() + 20);
    while let Some(place) = Placeholder::find(template) {
        text += place.before;
        write!(text, "{n:0width$}", width = place.width)
            .expect("a string takes as much as memory holds");
        template = place.after;
    }
    text + template
}

fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_knows_its_handles_and_no_others() {
        let pattern = Pattern {
            handle: "user{n:03}@hotmail.com".to_owned(),
            to: 20,
            ..Pattern::default()
        };
        let found = pattern.find("USER007@Hotmail.com").unwrap();
        assert_eq!(found.handle, "user007@hotmail.com");
        assert_eq!((&*found.password, &*found.name), ("pw7", "User 7"));
        for stranger in [
            "user7@hotmail.com",
            "user021@hotmail.com",
            "user000@hotmail.com",
        ] {
            assert_eq!(pattern.find(stranger), None, "{stranger}");
        }
        for garbage in [
            "",
            "user",
            "user@hotmail.com",
            "user+07@hotmail.com",
            "é",
            "us\u{e9}r",
        ] {
            assert_eq!(pattern.find(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn passwords_stay_out_of_debug_output() {
        let config = Config::default();
        let shown = format!("{config:?}{:?}", Pattern::default().account(5));
        assert!(!shown.contains("pw"), "{shown}");
    }
}
