//! MSG, ACK and NAK: what participants say to each other.

use super::Server;
use super::connection::Seat;
use super::id::ConnId;
use super::request::{Outcome, Refusal, Request};

/// What a sender wants to hear of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// U: nothing.
    Unacknowledged,
    /// N: its failure.
    Failure,
    /// A: its success or failure; D, of data, the same.
    Both,
}

impl Mode {
    //= DATA-4
    fn parse(word: &[u8], has_data: bool) -> Option<Self> {
        match word {
            b"D" if has_data => Some(Self::Both),
            b"U" => Some(Self::Unacknowledged),
            b"N" => Some(Self::Failure),
            b"A" => Some(Self::Both),
            _ => None,
        }
    }
}

/// Whether a message says that it is data between two clients.
fn speaks_of_data(payload: &[u8]) -> bool {
    memchr::memmem::find(payload, b"application/x-msnmsgrp2p").is_some()
}

impl Server {
    /// Passes a message on, byte for byte, to everybody else in the session.
    //= MSG-1
    //= MSG-2
    //= MSG-3
    //= MSG-8
    //= MSG-9
    //= MSG-11
    //= BYE-4
    //= BYE-5
    pub(super) fn relay(&mut self, conn: ConnId, seat: Seat, request: &Request<'_>) -> Outcome {
        let [mode, _length] = request.params else {
            return Err(Refusal::Close);
        };
        //= MSG-10
        let has_data = self.connections.shape(conn).has_objects();
        let is_data = *mode == b"D";
        let mode = Mode::parse(mode, has_data).ok_or(Refusal::Close)?;
        //= DATA-3
        if has_data && !is_data && speaks_of_data(request.payload) {
            return Err(Refusal::Close);
        }
        let session = self.sessions.get(seat.session).ok_or(Refusal::Close)?;
        let sender = session.participant(conn).ok_or(Refusal::Close)?;
        let (handle, name) = (&sender.handle, &sender.name);
        let (payload, length) = (request.payload, request.payload.len());
        let mut is_delivered = false;
        for other in session.others(conn) {
            if self
                .quirks
                .mutes(&self.directory[other.account], seat.account)
            {
                continue;
            }
            let line = format_args!("MSG {handle} {name} {length}");
            self.outbox.frame(other.conn, line, payload);
            is_delivered = true;
        }
        let trid = request.trid();
        match (mode, is_delivered) {
            //= MSG-6
            //= DATA-2
            (Mode::Failure | Mode::Both, false) => {
                self.outbox.line(conn, format_args!("NAK {trid}"));
            }
            //= MSG-7
            //= ACK-1
            //= DATA-1
            (Mode::Both, true) => self.outbox.line(conn, format_args!("ACK {trid}")),
            //= MSG-4
            //= MSG-5
            (Mode::Unacknowledged, _) | (Mode::Failure, true) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::Fixture;

    #[test]
    fn payloads_arrive_byte_for_byte() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let carol = s.online("carol", "NLN");
        let a = s.session(alice, "alice");
        let (b, c) = (s.join(a, bob, "bob"), s.join(a, carol, "carol"));
        s.skip(b);
        let longest = vec![b'x'; 1664];
        for payload in [&b""[..], b"OUT\r\nCAL 1 x\r\n", b"\0\xff\xfe\r", &longest] {
            let mut bytes = format!("MSG 5 N {}\r\n", payload.len()).into_bytes();
            bytes.extend_from_slice(payload);
            for chunk in bytes.chunks(3) {
                s.raw(a, chunk);
            }
            for other in [b, c] {
                let frame = s.next(other);
                let line = format!("MSG alice@hotmail.com ALICE%20X {}", payload.len());
                assert_eq!(frame.line, line);
                assert_eq!(frame.payload.as_deref(), Some(payload));
                s.nothing(other);
            }
        }
        s.nothing(a);
        s.c(b, "MSG 6 A 0");
        s.expect(b, "ACK 6");
        s.c(b, "MSG 7 U 0");
        s.nothing(b);
        s.expect(a, "MSG bob@hotmail.com BOB%20X 0");
        s.expect(a, "MSG bob@hotmail.com BOB%20X 0");
        s.nothing(a);
    }

    #[test]
    fn data_is_for_those_who_have_it() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online_in("alice", "NLN", 9), s.online("bob", "NLN"));
        let a = s.session(alice, "alice");
        s.c(a, "MSG 1 D 0");
        s.expect(a, "NAK 1");
        let b = s.join(a, bob, "bob");
        s.c(a, "MSG 2 D 0");
        s.expect(a, "ACK 2");
        s.expect(b, "MSG alice@hotmail.com ALICE%20X 0");
        let data = "Content-Type: application/x-msnmsgrp2p\r\n\r\n";
        let length = data.len();
        s.raw(a, format!("MSG 3 N {length}\r\n{data}").as_bytes());
        s.closed(a);
        s.expect(b, "BYE alice@hotmail.com");
        s.c(b, "MSG 4 D 0");
        s.closed(b);
    }

    #[test]
    fn alone_in_the_session() {
        let mut s = Fixture::new();
        let alice = s.online("alice", "NLN");
        let a = s.session(alice, "alice");
        s.raw(a, b"MSG 1 U 2\r\nhiMSG 2 N 2\r\nhiMSG 3 A 2\r\nhi");
        s.expect(a, "NAK 2");
        s.expect(a, "NAK 3");
        s.nothing(a);
    }

    #[test]
    fn the_name_is_that_of_the_joining() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        let a = s.session(alice, "alice");
        let b = s.join(a, bob, "bob");
        s.ask(
            alice,
            "REA 1 alice@hotmail.com new",
            "REA 1 * alice@hotmail.com new",
        );
        s.add(alice, "BL", "bob");
        s.c(a, "MSG 1 N 0");
        s.expect(b, "MSG alice@hotmail.com ALICE%20X 0");
    }

    #[test]
    fn bad_messages_close_and_others_go_on() {
        let mut s = Fixture::new();
        let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
        for line in [
            "MSG 1 n 2\r\nhi",
            "MSG 1 X 2\r\nhi",
            "MSG 1 N 1665",
            "MSG 1 N -1",
            "MSG 1 N x",
            "MSG 1 N 99999999999999999999999",
            "MSG 1 N",
            "MSG 1",
        ] {
            let a = s.session(alice, "alice");
            let b = s.join(a, bob, "bob");
            s.c(a, line);
            s.closed(a);
            s.expect(b, "BYE alice@hotmail.com");
            s.nothing(b);
        }
        s.c(alice, "MSG 1 N 2\r\nhi");
        s.closed(alice);
    }
}
