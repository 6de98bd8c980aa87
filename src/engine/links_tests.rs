//! Connections: what is kept of what the server says, how much of it, and what is sent.

use std::time::Duration;

use bytes::Bytes;

use super::limit::{FREE_BYTES, Limit};
use super::links::Links;
use super::port::{Input, Output};
use crate::protocol::ServerKind;
use crate::transcript::{ConnId, ConnName};

const SECOND: Duration = Duration::from_secs(1);

fn one() -> (Links, ConnId) {
    let links = Links::new(SECOND);
    let name = ConnName::new("alice", "ns");
    let conn = links.open(name, ServerKind::Notification, "ns:1");
    links.lock().take_in(Duration::ZERO, Input::Opened(conn));
    links.lock().outputs.clear();
    (links, conn)
}

fn say(links: &Links, conn: ConnId, text: &str) {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    links
        .lock()
        .take_in(Duration::ZERO, Input::Data(conn, bytes));
}

#[test]
fn a_user_is_let_in_by_an_ok() {
    for verb in ["USR", "ANS"] {
        let (links, conn) = one();
        for (line, is_in) in [("x 1 MD5 S 1.2", false), ("x 2 OK", true), ("x 3 x", true)] {
            say(
                &links,
                conn,
                &format!("{}\r\n", line.replacen('x', verb, 1)),
            );
            assert_eq!(links.link(conn, |link| link.entered), is_in, "{line}");
        }
    }
}

#[test]
fn what_the_server_says_of_the_user_is_kept() {
    let (links, conn) = one();
    for (line, serial) in [
        ("SYN 1 5", "5"),
        ("ADD 2 FL 6 bob@hotmail.com b", "6"),
        ("REM 3 FL 7 bob@hotmail.com", "7"),
        ("GTC 4 8 N", "8"),
        ("BLP 5 9 BL", "9"),
        ("REA 6 10 alice@hotmail.com a", "10"),
        ("CHG 7 BSY", "10"),
    ] {
        say(&links, conn, &format!("{line}\r\n"));
        let known = links.link(conn, |link| link.serial.clone());
        assert_eq!(known.as_deref(), Some(serial.as_bytes()), "{line}");
    }
    let known = links.link(conn, |link| (link.prompt.clone(), link.state.clone()));
    let words = known.0.as_deref().zip(known.1.as_deref());
    assert_eq!(words, Some((&b"N"[..], &b"BSY"[..])));
}

#[test]
fn a_server_may_not_say_more_than_the_limit() {
    let (links, conn) = one();
    let line = format!("QNG {}\r\n", "x".repeat(1000));
    let most = FREE_BYTES / line.len();
    for _ in 0..most {
        say(&links, conn, &line);
    }
    assert_eq!(links.lock().halted, None);
    say(&links, conn, &line);
    assert_eq!(links.lock().halted, Some(Limit::Bytes(FREE_BYTES)));
    links.grant(SECOND);
    assert_eq!(links.lock().halted, None);
    say(&links, conn, "QNG\r\n");
    assert_eq!(links.link(conn, |link| link.inbox.len()), most + 1);
}

#[test]
fn who_asks_for_more_may_be_told_more() {
    let floods = |requests: usize| {
        let (links, conn) = one();
        for _ in 0..requests {
            links.send(conn, Bytes::from_static(b"PNG\r\n"), None, []);
        }
        say(&links, conn, &"QNG\r\n".repeat(20_000));
        links.link(conn, |link| link.inbox.len())
    };
    assert_eq!(floods(0), 10_000);
    assert_eq!(floods(100), 15_000);
    assert_eq!(floods(300), 20_000);
}

#[test]
fn all_connections_are_closed_at_once_and_only_once() {
    let (links, first) = one();
    let second = links.open(ConnName::new("bob", "ns"), ServerKind::Notification, "ns:1");
    links.lock().outputs.clear();
    links.close_all();
    links.close_all();
    let told: Vec<Output> = links.lock().outputs.drain(..).collect();
    assert_eq!(told, [Output::Close(first), Output::Close(second)]);
}

#[test]
fn segments_are_as_long_as_they_were_asked_for() {
    let (links, conn) = one();
    links.send(conn, Bytes::from_static(b"PNG\r\n"), Some(2), []);
    links.send(conn, Bytes::from_static(b"QNG\r\n"), None, []);
    let sent: Vec<Output> = links.lock().outputs.drain(..).collect();
    let want = ["PN", "G\r", "\n", "QNG\r\n"].map(|bytes| Output::Send {
        conn,
        bytes: Bytes::from_static(bytes.as_bytes()),
    });
    assert_eq!(sent, want);
}
