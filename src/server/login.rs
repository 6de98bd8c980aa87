//! VER, INF and USR: from a connection to a logged-in user; and OUT, the way back.

use md5::{Digest, Md5};

use super::Server;
use super::account::{Client, Presence};
use super::connection::{Attempt, End, Login, Phase};
use super::handle::{BadHandle, parse_handle};
use super::id::{AccountId, ConnId};
use super::outbox::More;
use super::request::{Outcome, Refusal, Request};
use crate::protocol::{Dialect, ServerKind};

/// The security package of passwords, up to MSNP7.
const PASSWORDS: &str = "MD5";
/// That of tickets, from MSNP8 on.
const TICKETS: &str = "TWN";

/// A login command at the wrong time.
const NOT_EXPECTED: Refusal = Refusal::ErrorAndClose(715);

impl Server {
    pub(super) fn login_command(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        match request.verb {
            "VER" => self.agree_on_dialect(conn, request),
            "INF" => self.name_packages(conn, request),
            "USR" => self.authenticate(conn, request),
            "OUT" => self.sign_out(conn),
            //= CVER-2
            "CVR" if self.has_dialect(conn) && self.connections.shape(conn).takes_tickets() => {
                self.extra_command(conn, request)
            }
            //= USR-13
            //= USR-14
            //= TWN-13
            _ => Err(Refusal::ErrorAndClose(302)),
        }
    }

    fn login(&mut self, conn: ConnId) -> Result<&mut Login, Refusal> {
        match self.connections.get_mut(conn).map(|c| &mut c.phase) {
            Some(Phase::Login(login)) => Ok(login),
            _ => Err(Refusal::Close),
        }
    }

    //= VER-10
    fn agree_on_dialect(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let connection = self.connections.get_mut(conn).ok_or(Refusal::Close)?;
        //= VER-8
        if connection.dialect.is_some() {
            return Err(NOT_EXPECTED);
        }
        //= VER-3
        //= VER-4
        let known = request.params.iter().map(|word| Dialect::named(word));
        let is_spoken = |dialect: &&'static Dialect| self.config.dialects.contains(dialect);
        let common = known.flatten().filter(is_spoken);
        let trid = request.trid();
        //= NEGO-2
        //= NEGO-4
        //= NEGO-6
        if let Some(highest) = self.quirks.dialect(common.collect()) {
            connection.agree(highest, self.quirks.speaks(highest));
            //= VER-1
            //= VER-2
            //= VER-9
            //= NEGO-3
            self.outbox.line(conn, format_args!("VER {trid} {highest}"));
        } else {
            //= VER-5
            //= VER-6
            //= NEGO-5
            self.outbox.line(conn, format_args!("VER {trid} 0"));
            //= VER-7
            self.end(conn, End::FailedVer);
        }
        Ok(())
    }

    fn has_dialect(&self, conn: ConnId) -> bool {
        let connection = self.connections.get(conn);
        connection.is_some_and(|connection| connection.dialect.is_some())
    }

    fn name_packages(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let has_dialect = self.has_dialect(conn);
        let login = self.login(conn)?;
        //= INF-3
        if !has_dialect || login.has_inf {
            return Err(NOT_EXPECTED);
        }
        login.has_inf = true;
        //= INF-1
        //= INF-2
        //= PKG-1
        let trid = request.trid();
        self.outbox
            .line(conn, format_args!("INF {trid} {PASSWORDS}"));
        Ok(())
    }

    fn authenticate(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let [package, step, value] = request.params else {
            return Err(Refusal::Close);
        };
        if !self.has_dialect(conn) {
            return Err(NOT_EXPECTED);
        }
        //= USR-11
        //= TWN-10
        //= TWN-6
        if *package != self.package(conn).as_bytes() {
            return Err(Refusal::Close);
        }
        match *step {
            b"I" => self.begin_login(conn, request, value),
            b"S" => self.finish_login(conn, request, value),
            _ => Err(Refusal::Close),
        }
    }

    /// The one security package that a client can log in with.
    fn package(&self, conn: ConnId) -> &'static str {
        match self.connections.shape(conn).takes_tickets() {
            true => TICKETS,
            false => PASSWORDS,
        }
    }

    fn begin_login(&mut self, conn: ConnId, request: &Request<'_>, handle: &[u8]) -> Outcome {
        self.login(conn)?.attempt = None;
        let handle = parse_handle(handle).map_err(|bad| match bad {
            //= HANDLE-3
            //= HANDLE-4
            BadHandle::NoDomain => Refusal::Error(206),
            BadHandle::ForeignDomain | BadHandle::Malformed => Refusal::Error(911),
        })?;
        match self.login(conn)?.kind {
            ServerKind::Dispatch => self.refer_to_notification(conn, request),
            _ => self.challenge(conn, request, handle),
        }
    }

    //= XFR-1
    //= XFR-2
    //= XFR-3
    //= XFR-4
    //= REFER-1
    //= REFER-2
    //= REFER-3
    fn refer_to_notification(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let (trid, addresses) = (request.trid(), &self.config.addresses);
        let (shape, address) = (self.connections.shape(conn), &addresses.notification);
        let zero = More(shape.marks_referral().then_some("0"));
        let own = More(shape.names_referrer().then_some(&addresses.dispatch));
        self.outbox
            .line(conn, format_args!("XFR {trid} NS {address}{zero}{own}"));
        self.end(conn, End::Referral);
        Ok(())
    }

    /// Challenges anybody, or asks anybody for a ticket: whether the handle is a user's shows only at
    /// the response.
    //= USR-1
    //= USR-9
    //= TWN-1
    fn challenge(&mut self, conn: ConnId, request: &Request<'_>, handle: &str) -> Outcome {
        let (shape, package) = (self.connections.shape(conn), self.package(conn));
        let challenge = match shape.takes_tickets() {
            true => self.ticket_word(),
            false => format!("{}.{}", self.unix_time(), self.random.next()),
        };
        let attempt = self.quirks.challenged(Box::new(Attempt {
            handle: handle.to_owned(),
            challenge,
        }));
        let (trid, challenge) = (request.trid(), &attempt.challenge);
        self.outbox
            .line(conn, format_args!("USR {trid} {package} S {challenge}"));
        self.login(conn)?.attempt = Some(attempt);
        Ok(())
    }

    fn finish_login(&mut self, conn: ConnId, request: &Request<'_>, response: &[u8]) -> Outcome {
        //= USR-10
        //= TWN-5
        let attempt = self.login(conn)?.attempt.take();
        let attempt = self.quirks.responded(attempt).ok_or(NOT_EXPECTED)?;
        //= USR-5
        //= TWN-3
        //= TWN-11
        let takes_tickets = self.connections.shape(conn).takes_tickets();
        let verified = match takes_tickets {
            true => self.account_of_ticket(&attempt, response),
            false => self.verify(&attempt, response),
        };
        let account = self.let_in(&attempt, response, verified);
        //= USR-6
        //= USR-7
        //= USR-8
        //= TWN-4
        //= TWN-7
        let account = account.ok_or(match takes_tickets {
            true => Refusal::ErrorAndClose(911),
            false => Refusal::Error(911),
        })?;
        self.log_in(conn, account, request);
        Ok(())
    }

    /// The account, where the response is right.
    //= USR-15
    //= USR-16
    fn verify(&mut self, attempt: &Attempt, response: &[u8]) -> Option<AccountId> {
        let password = self.directory.password(&attempt.handle)?;
        let digest = Md5::new()
            .chain_update(&attempt.challenge)
            .chain_update(password.as_bytes())
            .finalize();
        if !response.eq_ignore_ascii_case(hex::encode(digest).as_bytes()) {
            return None;
        }
        self.directory.find_or_make(&attempt.handle)
    }

    fn log_in(&mut self, conn: ConnId, account: AccountId, request: &Request<'_>) {
        self.displace(account);
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.phase = Phase::Online(account);
        }
        self.rearm(conn);
        self.directory[account].presence = Some(Presence::new(conn));
        self.directory[account].client = Client::default();
        //= USR-2
        //= USR-3
        //= USR-4
        let (trid, user) = (request.trid(), &self.directory[account]);
        let (handle, name) = (&user.handle, &user.name);
        let shape = self.connections.shape(conn);
        //= VERIF-1
        let verified = More(shape.tells_verified().then_some("1"));
        //= TWN-2
        let kid = More(shape.takes_tickets().then_some("0"));
        self.outbox.line(
            conn,
            format_args!("USR {trid} OK {handle} {name}{verified}{kid}"),
        );
        self.send_profile(conn);
        self.after_login(conn, account);
    }

    /// Ends an older login of the same user.
    //= OUT-3
    //= MIX-5
    //= OUT-4
    //= OUT-5
    //= LIVE-4
    fn displace(&mut self, account: AccountId) {
        if let Some(older) = self.directory[account].presence {
            self.outbox.line(older.conn, format_args!("OUT OTH"));
            self.end(older.conn, End::Displaced);
        }
    }

    //= USR-17
    //= HOT-1
    //= HOT-2
    //= NOT-1
    fn send_profile(&mut self, conn: ConnId) {
        let profile = format!(
            "MIME-Version: 1.0\r\n\
             Content-Type: text/x-msmsgsprofile; charset=UTF-8\r\n\
             LoginTime: {}\r\n\r\n",
            self.unix_time()
        );
        let length = profile.len();
        self.outbox.frame(
            conn,
            format_args!("MSG Hotmail Hotmail {length}"),
            profile.as_bytes(),
        );
    }

    //= OUT-1
    //= OUT-2
    //= OUT-7
    //= PRES-7
    pub(super) fn sign_out(&mut self, conn: ConnId) -> Outcome {
        self.outbox.line(conn, format_args!("OUT"));
        self.end(conn, End::SignedOut);
        Ok(())
    }

    pub(super) fn log_out(&mut self, account: AccountId) {
        let user = &mut self.directory[account];
        user.presence = None;
        user.last_seen = Vec::new();
        user.forward.forget_shown();
        self.announce(account);
        self.after_logout(account);
    }

    pub(super) fn unix_time(&self) -> u64 {
        self.config.epoch.saturating_add(self.now.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::DIALECTS;
    use crate::server::fixture::{Fixture, config};
    use crate::server::{Accounts, Config, Door};
    use std::time::Duration;

    #[test]
    fn a_dispatch_server_refers_and_closes() {
        let mut s = Fixture::new();
        let c = s.open(Door::Dispatch);
        s.ask(c, "VER 1 MSNP2 CVR0", "VER 1 MSNP2");
        s.ask(c, "INF 2", "INF 2 MD5");
        s.ask(c, "USR 3 MD5 I alice", "206 3");
        s.nothing(c);
        s.ask(c, "USR 4 MD5 I alice@hotmail.com", "XFR 4 NS ns:1");
        s.closed(c);
    }

    #[test]
    fn the_right_response_logs_in_and_brings_the_profile() {
        let mut s = Fixture::new();
        let c = s.greet();
        s.authenticate(c, "alice", "pw-alice");
        s.expect(c, "USR 4 OK alice@hotmail.com ALICE%20X");
        let profile = s.next(c);
        assert_eq!(profile.line, "MSG Hotmail Hotmail 95");
        assert_eq!(
            profile.payload.unwrap(),
            "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsprofile; charset=UTF-8\r\n\
             LoginTime: 1700000000\r\n\r\n"
        );
        s.ask(c, "USR 5 MD5 I alice@hotmail.com", "207 5");
        s.ask(c, "USR 6 MD5 S 0", "207 6");
        s.ask(c, "SYN 7 1", "SYN 7 1");
        s.ask(c, "VER 8 MSNP2", "715 8");
        s.closed(c);
    }

    #[test]
    fn after_a_wrong_response_the_client_starts_over() {
        let mut s = Fixture::new();
        let c = s.greet();
        s.authenticate(c, "alice", "wrong");
        s.expect(c, "911 4");
        s.nothing(c);
        s.authenticate(c, "nobody", "pw-nobody");
        s.expect(c, "911 4");
        s.authenticate(c, "alice", "pw-alice");
        s.expect(c, "USR 4 OK alice@hotmail.com *");
    }

    #[test]
    fn no_challenge_comes_twice() {
        let mut s = Fixture::new();
        let c = s.greet();
        let first = s.ask(c, "USR 3 MD5 I alice@hotmail.com", "USR 3 MD5 S *");
        let again = s.ask(c, "USR 4 MD5 I alice@hotmail.com", "USR 4 MD5 S *");
        assert_ne!(first[4], again[4]);
        let replayed = Fixture::response(&first[4], "pw-alice");
        s.ask(c, &format!("USR 5 MD5 S {replayed}"), "911 5");
        s.ask(c, &format!("USR 6 MD5 S {replayed}"), "715 6");
        s.closed(c);
    }

    #[test]
    fn a_new_attempt_ends_the_old() {
        let mut s = Fixture::new();
        let c = s.greet();
        let words = s.ask(c, "USR 3 MD5 I alice@hotmail.com", "USR 3 MD5 S *");
        s.ask(c, "USR 4 MD5 I bob", "206 4");
        let response = Fixture::response(&words[4], "pw-alice");
        s.ask(c, &format!("USR 5 MD5 S {response}"), "715 5");
    }

    #[test]
    fn whoever_is_in_is_not_waited_for() {
        let mut s = Fixture::new();
        s.greet();
        assert_eq!(s.server.poll_timeout(), Some(Duration::from_secs(60)));
        let mut s = Fixture::new();
        s.login("alice");
        assert_eq!(s.server.poll_timeout(), None);
    }

    #[test]
    fn digits_and_handles_in_any_case() {
        let mut s = Fixture::new();
        let c = s.greet();
        let words = s.ask(c, "USR 3 MD5 I ALICE@hotmail.com", "USR 3 MD5 S *");
        let response = Fixture::response(&words[4], "pw-alice").to_uppercase();
        s.c(c, &format!("USR 4 MD5 S {response}"));
        s.expect(c, "USR 4 OK alice@hotmail.com *");
    }

    #[test]
    fn numbered_accounts_are_made_when_needed() {
        let mut s = Fixture::new();
        let c = s.greet();
        s.authenticate(c, "user20", "pw20");
        s.expect(c, "USR 4 OK user20@hotmail.com User%2020");
        let c = s.greet();
        s.authenticate(c, "user21", "pw21");
        s.expect(c, "911 4");
    }

    #[test]
    fn an_empty_password_and_one_of_any_letters() {
        let mut given = config();
        given.accounts = Accounts {
            pattern: None,
            listed: given.accounts.listed,
        };
        given.accounts.listed[0].password = String::new();
        given.accounts.listed[1].password = "\u{e9} \r\n\0%".to_owned();
        let mut s = Fixture::with(given);
        let c = s.greet();
        s.authenticate(c, "bob", "\u{e9} \r\n\0%");
        s.expect(c, "USR 4 OK bob@hotmail.com *");
        let c = s.greet();
        s.ask(c, "USR 3 MD5 I alice@hotmail.com", "USR 3 MD5 S *");
        s.c(c, "USR 4 MD5 S ");
        s.closed(c);
    }

    #[test]
    fn dialects() {
        for (line, answer, closes) in [
            ("VER 1 msnp2", "VER 1 MSNP2", false),
            ("VER 1 0 MSNP99 FOO MSNP2 BAR", "VER 1 MSNP2", false),
            ("VER 1 MSNP2 msnp5 MSNP4 MSNP3", "VER 1 MSNP5", false),
            ("VER 1 MSNP7 CVR0", "VER 1 MSNP7", false),
            ("VER 1 MSNP99", "VER 1 0", true),
            ("VER 1 0", "VER 1 0", true),
            ("VER 1 CVR0", "VER 1 0", true),
        ] {
            let mut s = Fixture::new();
            for door in [Door::Single, Door::Dispatch, Door::Notification] {
                let c = s.open(door);
                s.ask(c, line, answer);
                if closes {
                    s.closed(c);
                } else {
                    s.ask(c, "VER 2 MSNP2", "715 2");
                    s.closed(c);
                }
            }
        }
    }

    #[test]
    fn no_dialect_is_spoken_outside_the_range() {
        let [_, first, last, ..] = DIALECTS;
        let mut s = Fixture::with(Config {
            dialects: first..=last,
            ..config()
        });
        for (offer, answer) in [
            ("MSNP2", "0"),
            ("MSNP5 MSNP6 MSNP7 MSNP2", "0"),
            ("MSNP7 MSNP3", "MSNP3"),
            ("MSNP3 MSNP4 MSNP5", "MSNP4"),
        ] {
            let c = s.open(Door::Notification);
            s.ask(c, &format!("VER 1 {offer}"), &format!("VER 1 {answer}"));
        }
    }

    #[test]
    fn referrals_and_logins_have_the_shape_of_the_dialect() {
        let mut s = Fixture::new();
        for (number, referral, ok) in [
            (2, "XFR 3 NS ns:1", "alice@hotmail.com ALICE%20X"),
            (3, "XFR 3 NS ns:1 0", "alice@hotmail.com ALICE%20X"),
            (5, "XFR 3 NS ns:1 0", "alice@hotmail.com ALICE%20X"),
            (6, "XFR 3 NS ns:1 0", "alice@hotmail.com ALICE%20X 1"),
            (7, "XFR 3 NS ns:1 0 ds:1", "alice@hotmail.com ALICE%20X 1"),
        ] {
            let dialect = format!("MSNP{number}");
            let c = s.open(Door::Dispatch);
            s.ask(c, &format!("VER 1 {dialect}"), &format!("VER 1 {dialect}"));
            s.ask(c, "USR 3 MD5 I alice@hotmail.com", referral);
            s.closed(c);
            let c = s.greet_in(number);
            s.authenticate(c, "alice", "pw-alice");
            s.expect(c, &format!("USR 4 OK {ok}"));
        }
    }

    #[test]
    fn what_comes_too_early_is_refused() {
        for (line, answer) in [
            ("INF 1", Some("715 1")),
            ("USR 1 MD5 I alice@hotmail.com", Some("715 1")),
            ("SYN 1 0", Some("302 1")),
            ("CHG 1 NLN", Some("302 1")),
            ("CVR 1 0x0409 win 4.10 i386 MSMSGS 1.0.0863", Some("302 1")),
            ("PNG", None),
            ("CAL 1 bob@hotmail.com", None),
            ("OUT", Some("OUT")),
        ] {
            for door in [Door::Single, Door::Dispatch, Door::Notification] {
                let mut s = Fixture::new();
                let c = s.open(door);
                s.c(c, line);
                if let Some(answer) = answer {
                    s.expect(c, answer);
                }
                s.closed(c);
            }
        }
    }

    #[test]
    fn bad_logins() {
        for (line, answer) in [
            ("USR 3 MD5 I alice", Some("206 3")),
            ("USR 3 MD5 I alice@", Some("206 3")),
            ("USR 3 MD5 I alice@example.com", Some("911 3")),
            (
                "USR 3 MD5 S 00000000000000000000000000000000",
                Some("715 3"),
            ),
            ("USR 3 CKI I alice@hotmail.com", None),
            ("USR 3 MD5 X alice@hotmail.com", None),
        ] {
            let mut s = Fixture::new();
            let c = s.greet();
            s.c(c, line);
            match answer {
                Some("715 3") => {
                    s.expect(c, "715 3");
                    s.closed(c);
                }
                Some(answer) => {
                    s.expect(c, answer);
                    s.ask(c, "USR 4 MD5 I bob@hotmail.com", "USR 4 MD5 S *");
                }
                None => s.closed(c),
            }
        }
    }

    #[test]
    fn a_second_login_ends_the_first() {
        let mut s = Fixture::new();
        let first = s.online("alice", "NLN");
        let second = s.login("alice");
        s.expect(first, "OUT OTH");
        s.closed(first);
        s.ask(second, "CHG 9 NLN", "CHG 9 NLN");
        s.hang_up(first);
        s.ask(second, "PNG", "QNG");
    }

    #[test]
    fn the_single_door_leads_everywhere() {
        let mut s = Fixture::new();
        let c = s.open(Door::Single);
        s.ask(c, "VER 1 MSNP2", "VER 1 MSNP2");
        s.authenticate(c, "alice", "pw-alice");
        s.expect(c, "USR 4 OK alice@hotmail.com *");
        s.expect(c, "MSG Hotmail Hotmail *");
        s.ask(c, "CHG 5 NLN", "CHG 5 NLN");
        let words = s.ask(c, "XFR 6 SB", "XFR 6 SB * CKI *");
        let board = s.open(Door::Single);
        let usr = format!("USR 1 alice@hotmail.com {}\r\nMSG 2 N 3\r\nabc", words[5]);
        s.raw(board, usr.as_bytes());
        s.expect(board, "USR 1 OK alice@hotmail.com *");
        s.expect(board, "NAK 2");
        s.nothing(board);
    }
}
