//! What clients behind a proxy say to it before they speak with the server: SOCKS 4 and 5, and HTTP
//! CONNECT.

use std::collections::HashMap;

use bytes::Bytes;

use super::flow::{Event, Happening};
use crate::transcript::Party;

/// So many bytes may the talk with the proxy have, in each direction.
const LONGEST: usize = 8 * 1024;

/// How far the talk with the proxy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It goes on.
    More,
    /// Behind so many bytes the server is spoken with.
    Behind(usize),
    /// There is no proxy, or it is none of those.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Socks4,
    Socks5,
    Http,
}

/// The talk on one connection.
#[derive(Debug, Default)]
struct Tunnel {
    kind: Option<Kind>,
    client: Vec<u8>,
    server: Vec<u8>,
    is_client_through: bool,
    is_server_through: bool,
    is_none: bool,
}

/// The events without what is said to proxies.
pub(super) fn through(events: Vec<Event>) -> Vec<Event> {
    let mut tunnels: HashMap<usize, Tunnel> = HashMap::new();
    let mut out = Vec::with_capacity(events.len());
    for mut event in events {
        if let Happening::Sent(party, bytes) = &event.what {
            let tunnel = tunnels.entry(event.flow).or_default();
            match tunnel.take(*party, bytes) {
                Some(rest) if rest.is_empty() => continue,
                Some(rest) => event.what = Happening::Sent(*party, rest),
                None => continue,
            }
        }
        out.push(event);
    }
    out
}

impl Tunnel {
    /// What of these bytes is said to the server, or by it.
    fn take(&mut self, party: Party, bytes: &Bytes) -> Option<Bytes> {
        if self.is_none {
            return Some(bytes.clone());
        }
        if self.kind.is_none() {
            self.kind = match party {
                Party::Client => begins(bytes),
                Party::Server => None,
            };
            if self.kind.is_none() {
                self.is_none = true;
                return Some(bytes.clone());
            }
        }
        let kind = self.kind?;
        let (said, is_through) = match party {
            Party::Client => (&mut self.client, &mut self.is_client_through),
            Party::Server => (&mut self.server, &mut self.is_server_through),
        };
        if *is_through {
            return Some(bytes.clone());
        }
        said.extend_from_slice(bytes);
        let progress = match (kind, party) {
            (Kind::Socks4, Party::Client) => socks4_asked(said),
            (Kind::Socks4, Party::Server) => fixed(said, 8),
            (Kind::Socks5, Party::Client) => socks5_asked(said),
            (Kind::Socks5, Party::Server) => socks5_told(said),
            (Kind::Http, _) => head(said),
        };
        match progress {
            Progress::Behind(end) => {
                *is_through = true;
                let rest = said.split_off(end.min(said.len()));
                *said = Vec::new();
                Some(rest.into())
            }
            Progress::More if said.len() < LONGEST => None,
            Progress::More | Progress::None => {
                self.is_none = true;
                Some(std::mem::take(said).into())
            }
        }
    }
}

fn begins(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [5, count, ..] if *count > 0 && bytes.len() >= 2 => Some(Kind::Socks5),
        [4, 1, _, _, ..] => Some(Kind::Socks4),
        _ if bytes.starts_with(b"CONNECT ") => Some(Kind::Http),
        _ => None,
    }
}

fn fixed(said: &[u8], length: usize) -> Progress {
    match said.len() >= length {
        true => Progress::Behind(length),
        false => Progress::More,
    }
}

/// Version, command, port, address, user, a name where the address begins with three zeros.
fn socks4_asked(said: &[u8]) -> Progress {
    let Some(user) = said.get(8..).and_then(|rest| memchr::memchr(0, rest)) else {
        return Progress::More;
    };
    let end = 8 + user + 1;
    let is_named = matches!(said.get(4..8), Some([0, 0, 0, last]) if *last != 0);
    if !is_named {
        return Progress::Behind(end);
    }
    match said.get(end..).and_then(|rest| memchr::memchr(0, rest)) {
        Some(name) => Progress::Behind(end + name + 1),
        None => Progress::More,
    }
}

/// The methods, perhaps user and password, and the request.
fn socks5_asked(said: &[u8]) -> Progress {
    let at = |place: usize| said.get(place).copied().map(usize::from);
    let Some(count) = at(1) else {
        return Progress::More;
    };
    let mut next = 2 + count;
    if at(next) == Some(1) {
        let Some(user) = at(next + 1) else {
            return Progress::More;
        };
        let Some(password) = at(next + 2 + user) else {
            return Progress::More;
        };
        next += 3 + user + password;
    }
    match at(next) {
        Some(5) => address(said, next),
        Some(_) => Progress::None,
        None => Progress::More,
    }
}

/// The method, perhaps that the password is right, and the answer.
fn socks5_told(said: &[u8]) -> Progress {
    let next = match said.get(2) {
        Some(1) => 4,
        _ => 2,
    };
    match said.get(next) {
        Some(5) => address(said, next),
        Some(_) => Progress::None,
        None => Progress::More,
    }
}

/// A request or an answer of SOCKS 5, which ends in an address.
fn address(said: &[u8], from: usize) -> Progress {
    let length = match said.get(from + 3) {
        Some(1) => Some(4),
        Some(4) => Some(16),
        Some(3) => said.get(from + 4).map(|length| 1 + usize::from(*length)),
        Some(_) => return Progress::None,
        None => None,
    };
    match length.map(|length| from + 4 + length + 2) {
        Some(end) if said.len() >= end => Progress::Behind(end),
        _ => Progress::More,
    }
}

fn head(said: &[u8]) -> Progress {
    match memchr::memmem::find(said, b"\r\n\r\n") {
        Some(at) => Progress::Behind(at + 4),
        None => Progress::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(parts: &[(Party, &[u8])]) -> Vec<(Party, Vec<u8>)> {
        let mut tunnel = Tunnel::default();
        let said = parts.iter().filter_map(|(party, bytes)| {
            let rest = tunnel.take(*party, &Bytes::copy_from_slice(bytes))?;
            (!rest.is_empty()).then(|| (*party, rest.to_vec()))
        });
        said.collect()
    }

    const C: Party = Party::Client;
    const S: Party = Party::Server;

    #[test]
    fn what_is_said_to_a_proxy_is_left_out() {
        let hello = vec![(C, b"VER 1\r\n".to_vec()), (S, b"VER 2\r\n".to_vec())];
        let own: [(Party, &[u8]); 2] = [(C, b"VER 1\r\n"), (S, b"VER 2\r\n")];
        let socks5: [(Party, &[u8]); 7] = [
            (C, b"\x05\x02\x00\x02"),
            (S, b"\x05\x02"),
            (C, b"\x01\x01u\x01p"),
            (S, b"\x01\x00"),
            (C, b"\x05\x01\x00\x03\x03a.b\x07\x47"),
            (S, b"\x05\x00\x00\x01\x0a\x00"),
            (S, b"\x00\x01\x00\x00"),
        ];
        let socks4: [(Party, &[u8]); 2] = [
            (C, b"\x04\x01\x07\x47\x00\x00\x00\x01me\0a.b\0"),
            (S, b"\x00\x5a\x00\x00\x00\x00\x00\x00"),
        ];
        let http: [(Party, &[u8]); 2] = [
            (C, b"CONNECT a.b:1863 HTTP/1.1\r\nHost: a.b\r\n\r\n"),
            (S, b"HTTP/1.1 200 OK\r\n\r\n"),
        ];
        for before in [&socks5[..], &socks4[..], &http[..], &[]] {
            let parts = [before, &own[..]].concat();
            assert_eq!(said(&parts), hello, "{before:?}");
        }
    }
}
