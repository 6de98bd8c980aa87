//! IMS: whether a user takes part in conversations.

use super::Server;
use super::id::{AccountId, ConnId};
use super::request::{Outcome, Refusal, Request};

impl Server {
    /// Turns calls off or on, for as long as the login lasts. The state that others see stays.
    //= IMS-1
    pub(super) fn switch_calls(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        let (word, takes_calls) = match request.params {
            [b"ON"] => ("ON", true),
            [b"OFF"] => ("OFF", false),
            //= IMS-4
            _ => return Err(Refusal::Close),
        };
        let user = &mut self.directory[account];
        let presence = user.presence.as_mut().ok_or(Refusal::Close)?;
        presence.takes_calls = takes_calls;
        let trid = request.trid();
        self.outbox.line(conn, format_args!("IMS {trid} 0 {word}"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::Fixture;

    #[test]
    fn who_turned_calls_off_neither_calls_nor_is_called() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online_in("alice", "NLN", 3), s.online("bob", "NLN"));
        s.add(bob, "FL", "alice");
        s.skip(alice);
        s.ask(alice, "IMS 1 OFF", "IMS 1 0 OFF");
        s.nothing(bob);
        s.ask(alice, "XFR 2 SB", "913 2");
        let b = s.session(bob, "bob");
        s.ask(b, "CAL 2 alice@hotmail.com", "217 2");
        s.nothing(alice);
        s.ask(alice, "CHG 3 BSY", "CHG 3 BSY");
        s.expect(bob, "NLN BSY alice@hotmail.com *");
        s.ask(alice, "IMS 4 ON", "IMS 4 0 ON");
        s.ask(b, "CAL 3 alice@hotmail.com", "CAL 3 RINGING *");
        s.expect(alice, "RNG * sb:1 CKI * bob@hotmail.com *");
        s.session(alice, "alice");
    }

    #[test]
    fn it_lasts_for_the_login_and_takes_two_words() {
        let mut s = Fixture::new();
        let alice = s.online_in("alice", "NLN", 3);
        s.ask(alice, "IMS 1 OFF", "IMS 1 0 OFF");
        s.hang_up(alice);
        let alice = s.online_in("alice", "NLN", 3);
        s.session(alice, "alice");
        for (line, dialect) in [
            ("IMS 1 off", 3),
            ("IMS 1", 7),
            ("IMS 1 0 ON", 7),
            ("IMS 1 ON", 2),
        ] {
            let alice = s.online_in("alice", "NLN", dialect);
            s.c(alice, line);
            s.closed(alice);
        }
    }
}
