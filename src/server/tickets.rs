//! Tickets: what the login server of the service gives for a password, and what a client of MSNP8 or
//! later logs in with.

use std::collections::VecDeque;
use std::time::Duration;

use super::Server;
use super::connection::Attempt;
use super::id::AccountId;

/// How long a ticket is good for.
const LIFE: Duration = Duration::from_secs(30);
/// No more tickets are kept: the oldest goes first.
const MOST: usize = 100_000;

/// A ticket that was given out.
#[derive(Debug)]
struct Ticket {
    word: Box<str>,
    account: AccountId,
    until: Duration,
}

/// The tickets that are still good, oldest first.
#[derive(Debug, Default)]
pub(super) struct Tickets(VecDeque<Ticket>);

impl Tickets {
    fn expire(&mut self, now: Duration) {
        while self.0.pop_front_if(|ticket| ticket.until <= now).is_some() {}
    }
}

impl Server {
    /// What the login server of the service answers: a ticket for whoever knows the password, and
    /// nothing for anybody else.
    pub fn issue_ticket(&mut self, now: Duration, handle: &str, password: &str) -> Option<String> {
        self.set_time(now);
        let is_known = self.directory.password(handle)? == password;
        let account = self.directory.find_or_make(handle).filter(|_| is_known)?;
        let word = format!(
            "t={:08x}{:08x}{:08x}&p=",
            self.random.next(),
            self.random.next(),
            self.random.next()
        );
        self.tickets.expire(now);
        if self.tickets.0.len() >= MOST {
            self.tickets.0.pop_front();
        }
        self.tickets.0.push_back(Ticket {
            word: word.as_str().into(),
            account,
            until: now.saturating_add(LIFE),
        });
        Some(word)
    }

    /// The word that a client hands to the login server.
    pub(super) fn ticket_word(&self) -> String {
        format!(
            "ct={},rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1",
            self.unix_time()
        )
    }

    /// The account of a ticket, where it is that of the user who logs in.
    //= TWN-8
    //= TWN-12
    pub(super) fn account_of_ticket(
        &mut self,
        attempt: &Attempt,
        word: &[u8],
    ) -> Option<AccountId> {
        let account = self.directory.find_or_make(&attempt.handle)?;
        let mut good = self.tickets.0.iter().filter(|it| it.until > self.now);
        let ticket = good.find(|ticket| ticket.word.as_bytes() == word);
        let is_own = ticket.is_some_and(|ticket| ticket.account == account);
        let is_taken = self.quirks.takes_ticket(ticket.is_some(), is_own);
        is_taken.then_some(account)
    }
}

#[cfg(test)]
mod tests {
    use crate::server::Door;
    use crate::server::fixture::Fixture;
    use std::time::Duration;

    #[test]
    fn a_ticket_logs_in_its_own_user_for_a_while() {
        let mut s = Fixture::new();
        let ticket = |s: &mut Fixture, password| {
            s.server
                .issue_ticket(Duration::ZERO, "alice@hotmail.com", password)
        };
        assert_eq!(ticket(&mut s, "wrong"), None);
        let word = ticket(&mut s, "pw-alice").unwrap();
        for (name, word, is_in) in [
            ("alice", word.as_str(), true),
            ("alice", &word, true),
            ("bob", &word, false),
            ("alice", "t=1", false),
            ("nobody", &word, false),
        ] {
            let c = s.greet_in(8);
            s.bring(c, name, word);
            if is_in {
                s.expect(c, "USR 4 OK alice@hotmail.com ALICE%20X 1 0");
            } else {
                s.expect(c, "911 4");
                s.closed(c);
            }
        }
    }

    #[test]
    fn passwords_are_of_no_use_and_versions_come_first() {
        let mut s = Fixture::new();
        for line in ["USR 3 MD5 I alice@hotmail.com", "INF 2", "SYN 1 0"] {
            let c = s.greet_in(9);
            s.c(c, line);
            s.try_line(c);
            s.closed(c);
        }
        let c = s.open(Door::Notification);
        s.ask(c, "VER 1 MSNP9 CVR0", "VER 1 MSNP9");
        let version = "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 6.0.0602 MSMSGS alice@hotmail.com";
        s.ask(c, version, "CVR 2 * * * * *");
        s.c(c, "USR 3 TWN S t=1");
        s.expect(c, "715 3");
        s.closed(c);
    }
}
