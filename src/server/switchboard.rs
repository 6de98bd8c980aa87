//! XFR SB, USR, CAL, RNG, ANS, IRO, JOI and BYE: the way into a session and out of it.

use std::sync::Arc;

use super::Server;
use super::connection::{End, Phase, Seat};
use super::cookie::Purpose;
use super::handle::{BadHandle, parse_handle, printable};
use super::id::{AccountId, ConnId, SessionId};
use super::request::{Outcome, Refusal, Request};
use super::session::{Invitation, Participant};

/// A cookie that does not open.
const NOT_ADMITTED: Refusal = Refusal::ErrorAndClose(911);
/// How many CALs in a row may fail before they draw 713.
const MAX_FAILED_CALLS: u8 = 5;

impl Server {
    //= SBX-1
    //= SBX-2
    pub(super) fn refer_to_switchboard(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        //= SBX-7
        if !matches!(request.params, [b"SB"]) {
            return Err(Refusal::Error(201));
        }
        //= SBX-3
        //= SBX-4
        //= SBX-5
        //= IMS-3
        let user = &self.directory[account];
        if !user.converses() && !self.quirks.refers_hidden(user) {
            return Err(Refusal::Error(913));
        }
        self.cookies.expire(self.now);
        if self.cookies.held(account) >= self.config.cookie_limit {
            return Err(Refusal::Error(714));
        }
        let cookie = self.issue_cookie(account, Purpose::Open);
        let (trid, address) = (request.trid(), &self.config.addresses.switchboard);
        let line = format_args!("XFR {trid} SB {address} CKI {cookie}");
        self.outbox.line(conn, line);
        Ok(())
    }

    fn issue_cookie(&mut self, account: AccountId, purpose: Purpose) -> String {
        let expires = self.now.saturating_add(self.config.cookie_timeout);
        self.cookies
            .issue(&mut self.random, account, purpose, expires)
    }

    pub(super) fn lobby_command(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        match request.verb {
            "USR" => self.open_session(conn, request),
            "ANS" => self.answer_call(conn, request),
            "OUT" => self.leave_switchboard(conn),
            //= SBU-6
            _ => Err(Refusal::ErrorAndClose(302)),
        }
    }

    pub(super) fn session_command(
        &mut self,
        conn: ConnId,
        seat: Seat,
        request: &Request<'_>,
    ) -> Outcome {
        match request.verb {
            "CAL" => self.call(conn, seat, request),
            "MSG" => self.relay(conn, seat, request),
            "OUT" => self.leave_switchboard(conn),
            _ => Err(Refusal::Error(207)),
        }
    }

    //= SBU-1
    //= SBU-5
    fn open_session(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let [handle, cookie] = request.params else {
            return Err(Refusal::Close);
        };
        let account = self.admit(handle, cookie, Purpose::Open)?;
        let session = self.quirks.session_number(self.sessions.new_id());
        self.sit_down(conn, Seat { session, account });
        let (trid, (handle, name)) = (request.trid(), self.label(account));
        self.outbox
            .line(conn, format_args!("USR {trid} OK {handle} {name}"));
        Ok(())
    }

    fn admit(
        &mut self,
        handle: &[u8],
        cookie: &[u8],
        purpose: Purpose,
    ) -> Result<AccountId, Refusal> {
        self.cookies.expire(self.now);
        let account = self.known(handle).ok_or(NOT_ADMITTED)?;
        let cookie = printable(cookie).ok_or(NOT_ADMITTED)?;
        let is_honoured = self.quirks.honours(cookie, &self.cookies, account, purpose);
        if is_honoured || self.cookies.redeem(cookie, account, purpose) {
            Ok(account)
        } else {
            Err(NOT_ADMITTED)
        }
    }

    fn sit_down(&mut self, conn: ConnId, seat: Seat) {
        let (handle, name) = self.label(seat.account);
        let participant = Participant {
            conn,
            account: seat.account,
            handle,
            name,
            failed_calls: 0,
        };
        self.sessions.join(seat.session, participant);
        let login = self.directory[seat.account].presence.map(|it| it.conn);
        let shape = login.map(|login| self.connections.shape(login));
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.phase = Phase::Seated(seat);
            connection.take_shape(shape);
        }
        self.rearm(conn);
    }

    /// Only the callee's settings towards the caller count: not the caller's own, not those of the
    /// others in the session.
    //= CAL-9
    //= CAL-11
    fn call(&mut self, conn: ConnId, seat: Seat, request: &Request<'_>) -> Outcome {
        let [handle] = request.params else {
            return Err(Refusal::Close);
        };
        let handle = match parse_handle(handle) {
            Ok(handle) => handle,
            Err(BadHandle::ForeignDomain) => return self.count_failed_call(conn, seat),
            //= CAL-10
            Err(BadHandle::NoDomain | BadHandle::Malformed) => {
                return Err(Refusal::Error(208));
            }
        };
        //= CAL-6
        let Some(callee) = self.directory.find(handle) else {
            return self.count_failed_call(conn, seat);
        };
        //= CAL-8
        //= RNG-3
        if self.is_present_or_called(seat.session, callee) {
            return Err(Refusal::Error(215));
        }
        let Some(rang) = self.reachable_at(callee, seat) else {
            return self.count_failed_call(conn, seat);
        };
        self.invite(conn, seat, callee, rang);
        //= CAL-1
        //= MIX-3
        let (trid, session) = (request.trid(), seat.session);
        self.outbox
            .line(conn, format_args!("CAL {trid} RINGING {session}"));
        self.ring(seat, callee, rang);
        Ok(())
    }

    //= CAL-7
    fn count_failed_call(&mut self, conn: ConnId, seat: Seat) -> Outcome {
        let session = self.sessions.get_mut(seat.session);
        let Some(caller) = session.and_then(|session| session.participant_mut(conn)) else {
            return Err(Refusal::Close);
        };
        if caller.failed_calls >= MAX_FAILED_CALLS {
            return Err(Refusal::Error(713));
        }
        caller.failed_calls += 1;
        Err(Refusal::Error(217))
    }

    fn is_present_or_called(&self, session: SessionId, callee: AccountId) -> bool {
        let here = self.directory[callee].presence.map(|there| there.conn);
        self.sessions.get(session).is_some_and(|session| {
            let is_called = session.invitations.iter().any(|invitation| {
                invitation.callee == callee
                    && Some(invitation.rang) == here
                    && invitation.expires > self.now
            });
            is_called || session.has(callee)
        })
    }

    /// The connection on which a callee can be rung by this caller.
    //= CHG-7
    //= CAL-3
    //= CAL-4
    //= CAL-5
    //= BLP-6
    //= BLP-7
    //= IMS-2
    fn reachable_at(&self, callee: AccountId, seat: Seat) -> Option<ConnId> {
        let user = &self.directory[callee];
        let is_reachable = user.converses() && user.admits(seat.account);
        let rings = self.rings(callee, seat, is_reachable);
        user.presence.filter(|_| rings).map(|there| there.conn)
    }

    fn invite(&mut self, conn: ConnId, seat: Seat, callee: AccountId, rang: ConnId) {
        let expires = self.now.saturating_add(self.config.cookie_timeout);
        let Some(session) = self.sessions.get_mut(seat.session) else {
            return;
        };
        session.invitations.retain(|old| old.callee != callee);
        session.invitations.push(Invitation {
            callee,
            rang,
            expires,
        });
        if let Some(caller) = session.participant_mut(conn) {
            caller.failed_calls = 0;
        }
    }

    //= RNG-1
    //= ROOM-1
    //= RNG-2
    fn ring(&mut self, seat: Seat, callee: AccountId, rang: ConnId) {
        let session = seat.session;
        self.cookies.expire(self.now);
        let cookie = self.issue_cookie(callee, Purpose::Join(session));
        let address = &self.config.addresses.switchboard;
        let (handle, name) = self.label(seat.account);
        let line = format_args!("RNG {session} {address} CKI {cookie} {handle} {name}");
        self.outbox.line(rang, line);
    }

    //= ANS-1
    //= ANS-4
    //= ANS-5
    fn answer_call(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let [handle, cookie, session] = request.params else {
            return Err(Refusal::Close);
        };
        let session = SessionId::parse(session).ok_or(NOT_ADMITTED)?;
        let account = self.admit(handle, cookie, Purpose::Join(session))?;
        if self.sessions.get(session).is_some_and(|s| s.has(account)) {
            return Err(NOT_ADMITTED);
        }
        let trid = request.trid();
        self.send_roster(conn, session, trid);
        self.outbox.line(conn, format_args!("ANS {trid} OK"));
        self.sit_down(conn, Seat { session, account });
        self.announce_newcomer(session, conn);
        Ok(())
    }

    /// Names those who are in the session to one who is not yet.
    //= ANS-2
    //= ANS-3
    //= ANS-6
    fn send_roster(&mut self, conn: ConnId, session: SessionId, trid: &str) {
        let Some(session) = self.sessions.get(session) else {
            self.send_former_roster(conn, session, trid);
            return;
        };
        let total = session.participants.len();
        for (participant, item) in session.participants.iter().zip(1..) {
            let (handle, name) = (&participant.handle, &participant.name);
            let line = format_args!("IRO {trid} {item} {total} {handle} {name}");
            self.outbox.line(conn, line);
        }
    }

    //= JOI-1
    //= JOI-2
    fn announce_newcomer(&mut self, session: SessionId, conn: ConnId) {
        let Some(session) = self.sessions.get(session) else {
            return;
        };
        let Some(newcomer) = session.participant(conn) else {
            return;
        };
        for participant in &session.participants {
            let (handle, name) = (&newcomer.handle, &newcomer.name);
            self.outbox
                .line(participant.conn, format_args!("JOI {handle} {name}"));
        }
    }

    /// The switchboard closes without a word (draft, 8.6).
    //= BYE-1
    //= ROOM-2
    //= BYE-3
    fn leave_switchboard(&mut self, conn: ConnId) -> Outcome {
        self.end(conn, End::LeftSession);
        Ok(())
    }

    /// Tells those who remain.
    //= BYE-1
    //= BYE-2
    pub(super) fn leave_session(&mut self, conn: ConnId, seat: Seat, end: End) {
        self.sessions.leave(seat.session, conn);
        let handle = Arc::clone(&self.directory[seat.account].handle);
        let session = self.sessions.get(seat.session);
        for participant in session.map_or(&[][..], |session| &session.participants) {
            let line = match end {
                End::Idle => format_args!("BYE {handle} 1"),
                _ => format_args!("BYE {handle}"),
            };
            self.outbox.line(participant.conn, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::{Fixture, config};
    use crate::server::{Config, Door};

    #[test]
    fn a_call_is_rung_answered_and_left() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "BRB"));
        let a = s.session(alice, "alice");
        let call = s.ask(a, "CAL 2 BOB@hotmail.com", "CAL 2 RINGING *");
        let ring = s.expect(bob, "RNG * sb:1 CKI * alice@hotmail.com ALICE%20X");
        assert_eq!(ring[1], call[3]);
        s.ask(a, "CAL 3 bob@hotmail.com", "215 3");
        s.nothing(bob);
        let b = s.open(Door::Switchboard);
        s.c(b, &format!("ANS 9 bob@hotmail.com {} {}", ring[4], ring[1]));
        s.expect(b, "IRO 9 1 1 alice@hotmail.com ALICE%20X");
        s.expect(b, "ANS 9 OK");
        s.expect(b, "JOI bob@hotmail.com BOB%20X");
        s.nothing(b);
        s.expect(a, "JOI bob@hotmail.com BOB%20X");
        s.ask(a, "CAL 4 bob@hotmail.com", "215 4");
        s.ask(a, "CAL 5 alice@hotmail.com", "215 5");
        s.c(b, "OUT");
        s.closed(b);
        s.expect(a, "BYE bob@hotmail.com");
        s.ask(
            a,
            "CAL 6 bob@hotmail.com",
            &format!("CAL 6 RINGING {}", ring[1]),
        );
        s.expect(bob, "RNG * * CKI * * *");
    }

    #[test]
    fn three_in_a_session_outlive_the_notification_server() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let carol = s.online("carol", "NLN");
        let a = s.session(alice, "alice");
        let b = s.join(a, bob, "bob");
        s.hang_up(alice);
        s.hang_up(bob);
        s.ask(b, "CAL 2 carol@hotmail.com", "CAL 2 RINGING *");
        let ring = s.expect(carol, "RNG * * CKI * bob@hotmail.com BOB%20X");
        let c = s.open(Door::Switchboard);
        s.c(
            c,
            &format!("ANS 1 carol@hotmail.com {} {}", ring[4], ring[1]),
        );
        s.expect(c, "IRO 1 1 2 alice@hotmail.com ALICE%20X");
        s.expect(c, "IRO 1 2 2 bob@hotmail.com BOB%20X");
        s.expect(c, "ANS 1 OK");
        s.expect(a, "JOI carol@hotmail.com CAROL%20X");
        s.expect(b, "JOI carol@hotmail.com CAROL%20X");
        s.hang_up(b);
        s.expect(a, "BYE bob@hotmail.com");
        s.nothing(a);
    }

    #[test]
    fn who_cannot_be_called() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "HDN"));
        let carol = s.online("carol", "NLN");
        s.add(carol, "BL", "alice");
        let dave = s.online("dave", "NLN");
        s.ask(dave, "BLP 1 BL", "BLP 1 * BL");
        for handle in [
            "bob@hotmail.com",
            "carol@hotmail.com",
            "dave@hotmail.com",
            "user1@hotmail.com",
            "nobody@hotmail.com",
            "bob@hotmail",
        ] {
            let a = s.session(alice, "alice");
            s.ask(a, &format!("CAL 2 {handle}"), "217 2");
        }
        for callee in [bob, carol, dave] {
            s.nothing(callee);
        }
        let a = s.session(alice, "alice");
        for handle in ["hello", "@@a", "a\u{e9}@hotmail.com"] {
            s.ask(a, &format!("CAL 3 {handle}"), "208 3");
        }
        s.add(alice, "BL", "dave");
        s.add(dave, "AL", "alice");
        s.ask(a, "CAL 4 dave@hotmail.com", "CAL 4 RINGING *");
    }

    #[test]
    fn the_sixth_failing_call_in_a_row() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let a = s.session(alice, "alice");
        for _ in 0..5 {
            s.ask(a, "CAL 1 carol@hotmail.com", "217 1");
        }
        s.ask(a, "CAL 2 carol@hotmail.com", "713 2");
        s.ask(a, "CAL 3 bob@hotmail.com", "CAL 3 RINGING *");
        s.ask(a, "CAL 4 carol@hotmail.com", "217 4");
        s.expect(bob, "RNG * * CKI * * *");
    }

    #[test]
    fn referrals_need_a_state_that_shows() {
        let mut s = Fixture::new();
        let c = s.login("alice");
        s.ask(c, "XFR 1 SB", "913 1");
        s.ask(c, "CHG 2 HDN", "CHG 2 HDN");
        s.ask(c, "XFR 3 SB", "913 3");
        s.ask(c, "CHG 4 IDL", "CHG 4 IDL");
        s.ask(c, "XFR 5 NS", "201 5");
        let one = s.ask(c, "XFR 6 SB", "XFR 6 SB sb:1 CKI *");
        let two = s.ask(c, "XFR 7 SB", "XFR 7 SB sb:1 CKI *");
        for cookie in [&two[5], &one[5]] {
            let board = s.open(Door::Switchboard);
            let line = format!("USR 1 alice@hotmail.com {cookie}");
            s.ask(board, &line, "USR 1 OK alice@hotmail.com ALICE%20X");
        }
    }

    #[test]
    fn cookies_open_once_for_one_user_for_a_while() {
        let mut s = Fixture::with(Config {
            cookie_limit: 2,
            ..config()
        });
        let alice = s.online("alice", "NLN");
        let cookie = s.ask(alice, "XFR 1 SB", "XFR 1 SB * CKI *")[5].clone();
        for line in [
            format!("USR 1 bob@hotmail.com {cookie}"),
            "USR 1 alice@hotmail.com 1.2.3".to_owned(),
            format!("ANS 1 alice@hotmail.com {cookie} 5"),
            format!("USR 1 nobody@hotmail.com {cookie}"),
        ] {
            let board = s.open(Door::Switchboard);
            s.ask(board, &line, "911 1");
            s.closed(board);
        }
        let usr = format!("USR 1 alice@hotmail.com {cookie}");
        let board = s.open(Door::Switchboard);
        s.ask(board, &usr, "USR 1 OK * *");
        let board = s.open(Door::Switchboard);
        s.ask(board, &usr, "911 1");
        let late = s.ask(alice, "XFR 2 SB", "XFR 2 SB * CKI *")[5].clone();
        s.ask(alice, "XFR 3 SB", "XFR 3 SB * CKI *");
        s.ask(alice, "XFR 4 SB", "714 4");
        s.wait(120);
        let board = s.open(Door::Switchboard);
        s.ask(board, &format!("USR 1 alice@hotmail.com {late}"), "911 1");
        s.ask(alice, "XFR 5 SB", "XFR 5 SB * CKI *");
    }

    #[test]
    fn nothing_succeeds_before_a_cookie() {
        let mut s = Fixture::new();
        for line in ["CAL 1 bob@hotmail.com", "MSG 1 N 2\r\nhi"] {
            let board = s.open(Door::Switchboard);
            s.c(board, line);
            s.expect(board, "302 1");
            s.closed(board);
        }
        for line in [
            "VER 1 MSNP2",
            "SYN 1 0",
            "OUT",
            "USR 1 MD5 I alice@hotmail.com",
        ] {
            let board = s.open(Door::Switchboard);
            s.c(board, line);
            s.closed(board);
        }
    }

    #[test]
    fn a_session_that_all_have_left_has_no_roster() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let a = s.session(alice, "alice");
        s.ask(a, "CAL 2 bob@hotmail.com", "CAL 2 RINGING *");
        let ring = s.expect(bob, "RNG * * CKI * * *");
        s.hang_up(a);
        assert_eq!(s.server.sessions.count(), 0);
        let b = s.open(Door::Switchboard);
        let wrong = format!("ANS 1 bob@hotmail.com {} {}1", ring[4], ring[1]);
        s.ask(b, &wrong, "911 1");
        s.closed(b);
        let b = s.open(Door::Switchboard);
        s.c(b, &format!("ANS 1 bob@hotmail.com {} {}", ring[4], ring[1]));
        s.expect(b, "ANS 1 OK");
        s.expect(b, "JOI bob@hotmail.com BOB%20X");
        s.ask(b, "MSG 2 N 0", "NAK 2");
    }

    #[test]
    fn a_call_that_nobody_answered_can_be_made_again() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let a = s.session(alice, "alice");
        s.ask(a, "CAL 1 bob@hotmail.com", "CAL 1 RINGING *");
        let ring = s.expect(bob, "RNG * * CKI * * *");
        s.wait(119);
        s.ask(a, "CAL 2 bob@hotmail.com", "215 2");
        s.wait(1);
        s.ask(a, "CAL 3 bob@hotmail.com", "CAL 3 RINGING *");
        let b = s.open(Door::Switchboard);
        let late = format!("ANS 1 bob@hotmail.com {} {}", ring[4], ring[1]);
        s.ask(b, &late, "911 1");
    }

    #[test]
    fn a_callee_who_logs_in_again_can_be_called_again() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let a = s.session(alice, "alice");
        s.ask(a, "CAL 2 bob@hotmail.com", "CAL 2 RINGING *");
        let first = s.expect(bob, "RNG * * CKI * * *");
        let bob = s.online("bob", "NLN");
        s.ask(a, "CAL 3 bob@hotmail.com", "CAL 3 RINGING *");
        let second = s.expect(bob, "RNG * * CKI * * *");
        let b = s.open(Door::Switchboard);
        s.c(
            b,
            &format!("ANS 1 bob@hotmail.com {} {}", second[4], second[1]),
        );
        s.expect(b, "IRO 1 1 1 * *");
        let b = s.open(Door::Switchboard);
        s.ask(
            b,
            &format!("ANS 1 bob@hotmail.com {} {}", first[4], first[1]),
            "911 1",
        );
        s.expect(a, "JOI bob@hotmail.com *");
        s.nothing(a);
    }
}
