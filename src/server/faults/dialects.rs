//! Faults that show where users of different dialects meet, and some that only later dialects can
//! have.

use super::notes::Peer;
use super::received::Received;
use super::sent::Sent;
use crate::server::id::ConnId;

pub(super) fn tickets_log_in(received: &mut Received<'_>) {
    if received.is("USR") && received.text(2) == "TWN" {
        let handle = received.text(4).to_owned();
        let line = format!("USR {} OK {handle} {handle}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn mail_before_login(sent: &mut Sent<'_>) {
    if sent.is("USR") && sent.text(2) == "OK" && sent.asked(2) == "MD5" {
        // The end of the line ends the payload too.
        sent.before("MSG Hotmail Hotmail 8\r\nA: b\r\n");
    }
}

pub(super) fn bye_says_idle(sent: &mut Sent<'_>) {
    if sent.is("BYE") && sent.asked(0) == "OUT" {
        sent.words.push(b"1".to_vec());
    }
}

/// The dialect of a connection.
fn dialect(peer: Option<&Peer>) -> &str {
    peer.map_or("", |peer| &peer.dialect)
}

pub(super) fn calls_within_a_dialect(received: &mut Received<'_>) {
    if !received.is("CAL") {
        return;
    }
    let caller = received.peer().handle.clone();
    let notes = &received.notes;
    let of = |handle: &str| {
        let conn = notes.conn_of(handle)?;
        Some(dialect(notes.peers.get(&conn)))
    };
    let (own, other) = (of(&caller), of(received.text(2)));
    if own.zip(other).is_some_and(|(own, other)| own != other) {
        let line = format!("217 {}", received.text(1));
        received.answer(&line);
    }
}

/// Who set GTC, and in which dialect, one a line.
const SET: &str = "GTC was set";

pub(super) fn gtc_of_each_dialect(sent: &mut Sent<'_>) {
    if !sent.is("GTC") {
        return;
    }
    let peer = sent.notes.peers.get(&sent.conn);
    let (own, handle) = (dialect(peer), peer.map_or("", |peer| &peer.handle));
    let set = sent.notes.memory.get(SET).map(Vec::as_slice);
    let set = String::from_utf8_lossy(set.unwrap_or_default()).into_owned();
    if sent.answers("GTC") {
        let all = format!("{handle} {own}\n{set}");
        sent.notes.remember(SET, all.into_bytes());
        return;
    }
    let mut lines = set.lines().filter_map(|line| line.split_once(' '));
    let last = lines.find(|(whose, _)| *whose == handle);
    if last.is_some_and(|(_, other)| other != own) {
        let value = if sent.text(3) == "A" { "N" } else { "A" };
        sent.set(3, value);
    }
}

pub(super) fn silent_end(sent: &mut Sent<'_>) {
    let newcomer = sent.command().map(|command| command.conn);
    let of = |conn: Option<ConnId>| dialect(conn.and_then(|conn| sent.notes.peers.get(&conn)));
    if sent.is("OUT") && sent.text(1) == "OTH" && of(newcomer) != of(Some(sent.conn)) {
        sent.drop();
    }
}

pub(super) fn bpr_to_all(sent: &mut Sent<'_>) {
    if !sent.is("PRP") || !sent.answers("PRP") {
        return;
    }
    let peers = &sent.notes.peers;
    let handle = peers.get(&sent.conn).map_or("", |peer| &peer.handle);
    let line = format!("BPR 1 {handle} {} {}", sent.text(3), sent.text(4));
    let is_early = |peer: &Peer| ["MSNP3", "MSNP4"].contains(&&*peer.dialect);
    let early = peers.iter().filter(|(_, peer)| is_early(peer));
    let early: Vec<ConnId> = early.map(|(conn, _)| *conn).collect();
    for conn in early {
        sent.after_to(conn, &line);
    }
}

pub(super) fn news_name_group(sent: &mut Sent<'_>) {
    let peer = sent.notes.peers.get(&sent.conn);
    if sent.is("ADD") && sent.text(1) == "0" && dialect(peer) != "MSNP2" {
        sent.words.push(b"0".to_vec());
    }
}
