//! The way of a command: from the bytes of a connection to its handler; and the ends of
//! connections.

use std::time::Duration;

use super::Server;
use super::connection::{End, Phase};
use super::id::{AccountId, ConnId};
use super::request::{Outcome, Refusal, Request};

use crate::protocol::Setting;
use crate::wire::{Frame, Limits, Words};

impl Server {
    pub(super) fn limits(&self) -> Limits {
        self.quirks.limits(Limits {
            line: self.config.max_line,
            payload: self.config.max_message,
        })
    }

    /// Carries out what a connection has sent, until the outbox is full.
    //= FRAME-9
    //= FRAME-11
    //= REPLY-2
    pub(super) fn work(&mut self, conn: ConnId) {
        if self.quirks.holds_up(conn) {
            return;
        }
        while let Some(connection) = self.connections.get_mut(conn) {
            if connection.parked {
                return;
            }
            if self.outbox.is_full() {
                connection.parked = true;
                self.backlog.push_back(conn);
                return;
            }
            match connection.decoder.next_frame() {
                Ok(Some(frame)) => self.carry_out(conn, &frame),
                Ok(None) => return,
                //= FRAME-15
                //= LIVE-1
                //= MSG-10
                //= PAY-1
                Err(error) => {
                    self.after_unreadable(&error);
                    self.end(conn, End::Refused);
                }
            }
        }
    }

    /// Goes on with a connection of the backlog.
    pub(super) fn resume(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.parked = false;
            self.work(conn);
        }
    }

    fn carry_out(&mut self, conn: ConnId, frame: &Frame) {
        if self.outbox.tamper.is_some() {
            self.carry_out_tampered(conn, frame);
            return;
        }
        //= FRAME-4
        //= FRAME-5
        let words: Words<'_> = frame.words().collect();
        let payload = frame.payload.as_deref().unwrap_or_default();
        self.obey(conn, &words, payload);
    }

    pub(super) fn obey(&mut self, conn: ConnId, words: &[&[u8]], payload: &[u8]) {
        //= FRAME-16
        if words.is_empty() {
            return;
        }
        let Some(connection) = self.connections.get_mut(conn) else {
            return;
        };
        connection.active = self.now;
        connection.decide(words);
        //= LREQ-3
        let request = Request::parse(connection.grammar(), words, payload);
        let outcome = match &request {
            Ok(request) => self.answer(conn, request),
            Err(refusal) => Err(*refusal),
        };
        let request = request.ok();
        let outcome = self.after_command(conn, request.as_ref(), outcome);
        self.conclude(conn, request.and_then(|request| request.id), outcome);
    }

    //= REPLY-4
    fn answer(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let Some(connection) = self.connections.get(conn) else {
            return Ok(());
        };
        match connection.phase {
            Phase::Undecided | Phase::Login(_) => self.login_command(conn, request),
            Phase::Online(account) => self.notification_command(conn, account, request),
            Phase::Lobby => self.lobby_command(conn, request),
            Phase::Seated(seat) => self.session_command(conn, seat, request),
        }
    }

    fn notification_command(
        &mut self,
        conn: ConnId,
        account: AccountId,
        request: &Request<'_>,
    ) -> Outcome {
        self.before_command(account, request);
        match request.verb {
            "SYN" => self.synchronise(conn, account, request),
            "LST" => self.show_list(conn, account, request),
            "GTC" => self.set(conn, account, request, Setting::Prompt),
            "BLP" => self.set(conn, account, request, Setting::Privacy),
            "ADD" => self.add(conn, account, request),
            "REM" => self.remove(conn, account, request),
            "REA" => self.rename(conn, account, request),
            "CHG" => self.change_state(conn, account, request),
            "XFR" => self.refer_to_switchboard(conn, account, request),
            "PRP" => self.set_phone(conn, account, request),
            "CHL" => self.challenge_who_asks(conn, request),
            "QRY" => self.check_answer(conn, request),
            "LSG" => self.show_groups(conn, account, request),
            "ADG" => self.add_group(conn, account, request),
            "REG" => self.rename_group(conn, account, request),
            "RMG" => self.remove_group(conn, account, request),
            "IMS" => self.switch_calls(conn, account, request),
            "OUT" => self.sign_out(conn),
            //= USR-12
            //= TWN-9
            "USR" => Err(Refusal::Error(207)),
            //= VER-8
            "VER" | "INF" => Err(Refusal::ErrorAndClose(715)),
            _ => self.extra_command(conn, request),
        }
    }

    //= REPLY-1
    //= REPLY-3
    //= REPLY-5
    //= ERR-1
    //= ERR-2
    //= ERR-3
    //= ERR-4
    fn conclude(&mut self, conn: ConnId, trid: Option<&str>, outcome: Outcome) {
        let (code, closes) = match outcome {
            Ok(()) => return,
            Err(Refusal::Error(code)) => (Some(code), false),
            Err(Refusal::ErrorAndClose(code)) => (Some(code), true),
            Err(Refusal::Close) => (None, true),
        };
        if let (Some(code), Some(trid)) = (code, trid) {
            self.outbox.line(conn, format_args!("{code} {trid}"));
        }
        if closes {
            self.end(conn, End::Refused);
        }
    }

    /// Ends a connection, with all that follows from it.
    pub(super) fn end(&mut self, conn: ConnId, end: End) {
        if self.outlives(conn, end) {
            return;
        }
        if end != End::Lost {
            self.outbox.close(conn);
        }
        self.forget(conn, end);
    }

    /// Does what follows from the end of a connection.
    pub(super) fn forget(&mut self, conn: ConnId, end: End) {
        let Some(connection) = self.connections.remove(conn) else {
            return;
        };
        self.after_end(conn, &connection.phase);
        match connection.phase {
            Phase::Online(account) => self.log_out(account),
            Phase::Seated(seat) => self.leave_session(conn, seat, end),
            Phase::Undecided | Phase::Login(_) | Phase::Lobby => {}
        }
    }

    /// Sets the alarm that the connection's phase asks for.
    pub(super) fn rearm(&mut self, conn: ConnId) {
        let at = [self.deadline(conn), self.challenge_alarm(conn)];
        self.connections.arm(conn, at.into_iter().flatten().min());
    }

    fn deadline(&self, conn: ConnId) -> Option<Duration> {
        let connection = self.connections.get(conn)?;
        let patience = match connection.phase {
            Phase::Undecided | Phase::Login(_) | Phase::Lobby => Some(self.config.login_timeout),
            Phase::Online(_) => self.config.notification_idle,
            Phase::Seated(_) => self.config.switchboard_idle,
        };
        connection.active.checked_add(patience?)
    }

    /// An alarm went off. Commands do not move it, so it may be early.
    //= LIVE-5
    pub(super) fn give_up_or_rearm(&mut self, conn: ConnId) {
        let is_due = |at: Option<Duration>| at.is_some_and(|at| at <= self.now);
        if is_due(self.deadline(conn)) {
            self.end(conn, End::Idle);
        } else if is_due(self.challenge_alarm(conn)) {
            self.go_on_challenging(conn);
        } else {
            self.rearm(conn);
        }
    }

    /// Ends a connection because the service ends; nobody else hears of it.
    pub(super) fn shut_down(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.remove(conn) else {
            return;
        };
        if let Phase::Online(account) = connection.phase {
            self.directory[account].presence = None;
            self.outbox.line(conn, format_args!("OUT SSD"));
        }
        self.outbox.close(conn);
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::{Fixture, config};
    use crate::server::{Config, Door, Output, Server};
    use std::time::Duration;

    #[test]
    fn white_space_line_ends_and_chunks() {
        let mut s = Fixture::new();
        let c = s.login("alice");
        s.raw(
            c,
            b"\r\n \t\r\n\nCHG \t 1  NLN \t \nPNG\r\nSYN 0004294967295 1\r\n",
        );
        s.expect(c, "CHG 1 NLN");
        s.expect(c, "QNG");
        s.expect(c, "SYN 0004294967295 1");
        for byte in b"CHG 0 BSY\r\n" {
            s.nothing(c);
            s.raw(c, &[*byte]);
        }
        s.expect(c, "CHG 0 BSY");
        s.nothing(c);
    }

    #[test]
    fn garbage_closes_its_connection_alone() {
        let mut s = Fixture::new();
        let bob = s.online("bob", "NLN");
        for garbage in [
            &b"XYZ 1\r\n"[..],
            b"chg 1 NLN\r\n",
            b"NLN NLN bob@hotmail.com b\r\n",
            b"ACK 1\r\n",
            b"CAL 1 bob@hotmail.com\r\n",
            b"CHG x NLN\r\n",
            b"CHG -1 NLN\r\n",
            b"CHG +1 NLN\r\n",
            b"CHG 4294967296 NLN\r\n",
            b"CHG 1\r\n",
            b"CHG 1 NLN NLN\r\n",
            b"CHG\r\n",
            b"PNG 1\r\n",
            b"CVR 1 0x0409 win 4.10 i386 MSMSGS 1.0.0863 x\r\n",
            b"911\r\n",
            b"\0\xff\xfe\r\n",
            &[b'A'; 5000],
        ] {
            let c = s.login("alice");
            s.raw(c, garbage);
            s.closed(c);
            s.raw(c, b"PNG\r\n");
        }
        s.ask(bob, "PNG", "QNG");
    }

    #[test]
    fn raw_bytes_in_parameters_draw_errors() {
        let mut s = Fixture::new();
        let c = s.login("alice");
        for (line, answer) in [
            (&b"ADD 1 FL b\xf6b@hotmail.com b"[..], "201 1"),
            (b"ADD 2 FL bob@hotmail.com b\xf6b", "209 2"),
            (b"ADD 3 FL bob@hotmail.com b\x01b", "209 3"),
            (b"REA 4 alice@hotmail.com \xff", "209 4"),
            (b"CHG 5 \xff\xff\xff", "201 5"),
            (b"LST 6 \0", "201 6"),
            (b"XFR 7 \xff", "201 7"),
            (b"CHG 8 NLN\rX", "201 8"),
        ] {
            s.raw(c, line);
            s.raw(c, b"\r\n");
            s.expect(c, answer);
        }
        s.nothing(c);
    }

    #[test]
    fn logins_that_do_not_come() {
        let mut s = Fixture::new();
        let doors = [
            Door::Single,
            Door::Dispatch,
            Door::Notification,
            Door::Switchboard,
        ];
        let silent = doors.map(|door| s.open(door));
        s.wait(30);
        let slow = s.greet();
        let alice = s.online("alice", "NLN");
        s.wait(29);
        silent.into_iter().for_each(|c| s.nothing(c));
        s.wait(1);
        silent.into_iter().for_each(|c| s.closed(c));
        s.nothing(slow);
        s.wait(30);
        s.closed(slow);
        s.wait(100_000);
        s.nothing(alice);
        assert_eq!(s.server.poll_timeout(), None);
    }

    #[test]
    fn idle_participants_are_given_up() {
        let mut s = Fixture::with(Config {
            switchboard_idle: Some(Duration::from_secs(100)),
            notification_idle: Some(Duration::from_secs(500)),
            ..config()
        });
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let a = s.session(alice, "alice");
        let b = s.join(a, bob, "bob");
        s.wait(60);
        s.c(b, "MSG 1 U 0");
        s.skip(a);
        s.wait(60);
        s.closed(a);
        s.expect(b, "BYE alice@hotmail.com 1");
        s.nothing(b);
        assert_eq!(s.server.poll_timeout(), Some(Duration::from_secs(160)));
        s.wait(380);
        s.closed(alice);
    }

    #[test]
    fn shutdown() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        s.add(bob, "FL", "alice");
        s.skip(alice);
        let a = s.session(alice, "alice");
        let b = s.join(a, bob, "bob");
        let early = s.greet();
        s.shut_down();
        for user in [alice, bob] {
            s.expect(user, "OUT SSD");
            s.closed(user);
        }
        for other in [a, b, early] {
            s.closed(other);
        }
        let late = s.open(Door::Notification);
        s.closed(late);
        assert_eq!(s.server.poll_timeout(), None);
    }

    #[test]
    fn a_flood_of_commands_is_answered_piece_by_piece() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.login("alice"), s.login("bob"));
        for n in 1..=20 {
            s.add(alice, "FL", &format!("user{n}"));
        }
        let flood = b"SYN 1 0\r\n".repeat(2000);
        let server = &mut s.server;
        server.handle_input(Duration::ZERO, alice, &flood);
        server.handle_input(Duration::ZERO, alice, b"PNG\r\n");
        assert_eq!(server.backlog, [alice]);
        let mut held = 0;
        let mut answers = 0;
        server.handle_input(Duration::ZERO, bob, b"PNG\r\n");
        let mut last = Vec::new();
        while let Some(Output::Send(conn, frame)) = server.poll_output() {
            held = held.max(server.outbox.len());
            if conn == alice {
                answers += usize::from(frame.starts_with(b"SYN"));
                last = frame.to_vec();
            }
        }
        assert_eq!((answers, &last[..]), (2000, &b"QNG\r\n"[..]));
        assert!(held < 300 * 1024, "{held}");
    }

    #[test]
    fn the_same_calls_give_the_same_bytes() {
        let talk = |seed| {
            let mut server = Server::new(Config { seed, ..config() });
            let conn = server.handle_open(Duration::ZERO, Door::Single);
            let lines = b"VER 1 MSNP2\r\nUSR 2 MD5 I alice@hotmail.com\r\n";
            server.handle_input(Duration::from_secs(3), conn, lines);
            std::iter::from_fn(move || server.poll_output()).collect::<Vec<_>>()
        };
        assert_eq!(talk(1), talk(1));
        assert_ne!(talk(1), talk(2));
    }
}
