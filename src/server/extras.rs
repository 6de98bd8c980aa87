//! CVR, URL, SND, FND and PNG: what MSNP2 clients send and the draft leaves out. SDC and PAG, from
//! MSNP5 on: invitations by mail, and pages.

use super::Server;
use super::id::ConnId;
use super::outbox::More;
use super::request::{Outcome, Refusal, Request};

/// The version of the client that every client is told to have.
const CLIENT: &str = "1.0.0863";
/// Where it is to be had.
const DOWNLOAD: &str = "http://messenger.hotmail.com/setup.exe";
/// Where every page of the service begins.
const LOGIN_PAGE: &str = "http://www.hotmail.com/cgi-bin/dasp/hminfo_shell.asp";
/// The number of the service's pages.
const SITE: u32 = 2;

/// In how many seconds a client is to send the next PNG.
const PING_WITHIN: u32 = 50;

/// Nobody has a device for pages here.
//= PAG-1
const NOT_PAGED: Refusal = Refusal::Error(800);

impl Server {
    pub(super) fn extra_command(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        match request.verb {
            "CVR" => self.recommend_version(conn, request),
            "URL" => self.name_page(conn, request),
            "SND" => self.send_invitation(conn, request),
            //= PAG-2
            //= SDC-3
            "SDC" => self.mail_invitation(conn, request),
            "PAG" => Err(NOT_PAGED),
            "PGD" => self.page_device(request),
            "FND" => self.search(conn, request),
            "PNG" => self.ping(conn),
            _ => Err(Refusal::Close),
        }
    }

    //= CVR-1
    //= CVER-1
    //= CVER-2
    fn recommend_version(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let trid = request.trid();
        let line = format_args!("CVR {trid} {CLIENT} {CLIENT} {CLIENT} {DOWNLOAD} {DOWNLOAD}");
        self.outbox.line(conn, line);
        Ok(())
    }

    //= URL-1
    //= LINK-1
    fn name_page(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let page = match request.params.first().copied() {
            Some(b"INBOX") => "/cgi-bin/inbox",
            Some(b"COMPOSE") => "/cgi-bin/compose",
            Some(b"MESSAGE") => "/cgi-bin/getmsg",
            Some(b"FOLDERS") => "/cgi-bin/folders",
            Some(b"PASSWORD") => "/cgi-bin/password",
            Some(b"PERSON") => "/cgi-bin/options",
            _ => return Err(Refusal::Error(201)),
        };
        let (trid, shape) = (request.trid(), self.connections.shape(conn));
        let site = More(shape.numbers_site().then_some(SITE));
        self.outbox
            .line(conn, format_args!("URL {trid} {page} {LOGIN_PAGE}{site}"));
        Ok(())
    }

    /// Takes an address, or the number of a search's hit. Nothing is mailed.
    //= SND-1
    //= INVM-1
    fn send_invitation(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let is_addressee = request.params.first().is_some_and(|word| {
            let is_number = word.iter().all(u8::is_ascii_digit);
            is_number || (word.is_ascii() && word.contains(&b'@'))
        });
        if !is_addressee {
            return Err(Refusal::ErrorAndClose(503));
        }
        let trid = request.trid();
        self.outbox.line(conn, format_args!("SND {trid} OK"));
        Ok(())
    }

    /// Takes a letter to whoever has an address. Nothing is mailed.
    //= SDC-1
    fn mail_invitation(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        let [address, locale, ..] = request.params else {
            return Err(Refusal::Close);
        };
        let is_address = address.is_ascii() && address.contains(&b'@');
        //= SDC-2
        if !is_address || !locale.starts_with(b"0x") {
            return Err(Refusal::ErrorAndClose(503));
        }
        let trid = request.trid();
        self.outbox.line(conn, format_args!("SDC {trid} OK"));
        Ok(())
    }

    //= PGD-1
    fn page_device(&self, request: &Request<'_>) -> Outcome {
        match request.params {
            [_, b"1" | b"2", _] => Err(NOT_PAGED),
            [_, device, _] if device.iter().all(u8::is_ascii_digit) => Err(Refusal::Error(201)),
            _ => Err(Refusal::Close),
        }
    }

    /// Searches a directory of nobody: the accounts have neither first names nor cities.
    //= FND-1
    //= FIND-1
    fn search(&mut self, conn: ConnId, request: &Request<'_>) -> Outcome {
        if self.connections.shape(conn).has_no_search() {
            return Err(Refusal::Error(502));
        }
        let keys = ["fname=", "lname=", "city=", "state=", "country="];
        let is_search = request
            .params
            .iter()
            .zip(keys)
            .all(|(word, key)| word.starts_with(key.as_bytes()));
        let is_vague = |word: &&[u8]| matches!(*word, b"fname=*" | b"lname=*");
        if !is_search || request.params.iter().any(is_vague) {
            return Err(Refusal::Error(201));
        }
        let trid = request.trid();
        self.outbox.line(conn, format_args!("FND {trid} 0 0"));
        Ok(())
    }

    //= PNG-1
    //= QNG-1
    //= QNG-2
    fn ping(&mut self, conn: ConnId) -> Outcome {
        let within = More(
            self.connections
                .shape(conn)
                .has_objects()
                .then_some(PING_WITHIN),
        );
        self.outbox.line(conn, format_args!("QNG{within}"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::fixture::Fixture;

    #[test]
    fn what_the_draft_leaves_out() {
        let mut s = Fixture::new();
        let c = s.login("alice");
        for (line, answer) in [
            ("PNG", "QNG"),
            (
                "CVR 1 0x0409 win 4.10 i386 MSMSGS 1.0.0863",
                "CVR 1 1.0.0863 1.0.0863 * * *",
            ),
            ("URL 2 INBOX", "URL 2 * *"),
            ("URL 3 COMPOSE bob@hotmail.com", "URL 3 * *"),
            ("URL 4 NOWHERE", "201 4"),
            ("SND 5 friend@example.com", "SND 5 OK"),
            (
                "FND 6 fname=A lname=B city=* state=* country=US",
                "FND 6 0 0",
            ),
            ("FND 7 fname=* lname=B city=* state=* country=US", "201 7"),
            ("FND 8 a b c d e", "201 8"),
            ("SND 9 friend", "503 9"),
        ] {
            s.ask(c, line, answer);
        }
        s.closed(c);
    }

    #[test]
    fn letters_and_pages_are_taken_with_their_payload() {
        let mut s = Fixture::new();
        let c = s.login_in("alice", 5);
        let letter = |trid, to: &str, text: &str| {
            let length = text.len();
            format!("SDC {trid} {to} 0x0409 MSMSGS MSMSGS X X A%20l {length}\r\n{text}")
        };
        let friend = "friend@example.com";
        s.raw(c, letter(1, friend, "OUT\r\nPNG\r\n").as_bytes());
        s.expect(c, "SDC 1 OK");
        s.raw(c, letter(2, friend, "").as_bytes());
        s.expect(c, "SDC 2 OK");
        s.raw(c, b"PAG 3 bob@hotmail.com 5\r\nOUT\r\nPNG\r\n");
        s.expect(c, "800 3");
        s.expect(c, "QNG");
        s.nothing(c);
        s.raw(c, letter(4, "friend", "hello").as_bytes());
        s.expect(c, "503 4");
        s.closed(c);
        for line in [
            "PAG 1 bob@hotmail.com -1",
            "SDC 1 a@b 0x0409 M M X X A x",
            "PAG 1 b@c 99999",
        ] {
            let c = s.login_in("alice", 5);
            s.c(c, line);
            s.closed(c);
        }
    }

    #[test]
    fn later_dialects_say_more() {
        let mut s = Fixture::new();
        let c = s.login_in("alice", 3);
        s.ask(c, "URL 1 INBOX", "URL 1 * * 2");
        s.ask(c, "SND 2 friend@example.com 0x0409 MSMSGS", "SND 2 OK");
        s.c(c, "SND 3 friend@example.com 0x0409 MSMSGS MSMSGS");
        s.closed(c);
        let c = s.login_in("alice", 3);
        s.c(c, "CVR 3 0x0409 winnt 5.1 i386 MSMSGS 2.1.1047 MSMSGS");
        s.closed(c);
        let c = s.login_in("alice", 4);
        let system = "0x0409 winnt 5.1 i386 MSMSGS 2.1.1047";
        for client in [system, &format!("{system} MSMSGS")] {
            s.ask(c, &format!("CVR 3 {client}"), "CVR 3 * * * * *");
        }
        s.ask(c, "SND 4 bob@example.com 0x0409 MSMSGS MSMSGS", "SND 4 OK");
    }
}
