//! Faults of replies and of transaction identifiers.

use std::time::Duration;

use super::notes::Until;
use super::received::{Fate, Received};
use super::sent::Sent;

pub(super) fn remove_error_unanswered(sent: &mut Sent<'_>) {
    if sent.is_error() && sent.answers("REM") {
        sent.drop();
    }
}

/// A reply takes a while to write, …
pub(super) fn slow_replies(sent: &mut Sent<'_>) {
    if sent.is_any(&["GTC", "BLP"]) && sent.is_reply() && !sent.answers("SYN") {
        sent.delay(Duration::from_millis(10));
    }
}

/// … and what comes meanwhile is not read.
pub(super) fn deaf_while_busy(received: &mut Received<'_>) {
    let conn = received.conn;
    let mut held = received.notes.held.iter();
    if held.any(|held| held.conn == conn && held.until != Until::NextCommand) {
        received.ignore();
    }
}

pub(super) fn deaf_after_error(sent: &mut Sent<'_>) {
    if sent.is_error()
        && let Some(peer) = sent.notes.peers.get_mut(&sent.conn)
    {
        peer.is_deaf = true;
    }
}

pub(super) fn unasked_reply(sent: &mut Sent<'_>) {
    if sent.is_reply() && sent.is("CHG") {
        sent.after("BLP 4000000000 1 AL");
    }
}

pub(super) fn answered_twice(sent: &mut Sent<'_>) {
    let is_setting = sent.is_any(&["GTC", "BLP"]) && !sent.answers("SYN");
    if sent.is_reply() && (is_setting || sent.is("REM")) {
        sent.again();
    }
}

pub(super) fn success_and_error(sent: &mut Sent<'_>) {
    let is_setting = sent.is_any(&["GTC", "BLP"]) && !sent.answers("SYN");
    if is_setting && sent.is_reply() {
        let line = format!("500 {}", sent.text(1));
        sent.after(&line);
    }
}

/// The reply goes to whoever sent the last command before this one.
pub(super) fn reply_to_another(sent: &mut Sent<'_>) {
    let Some(other) = sent.notes.previous.as_ref().map(|command| command.conn) else {
        return;
    };
    if sent.is("REM") && sent.is_reply() && sent.notes.peers.contains_key(&other) {
        sent.conn = other;
    }
}

pub(super) fn trid_off_by_one(sent: &mut Sent<'_>) {
    let is_setting = sent.is_any(&["GTC", "BLP"]) && !sent.answers("SYN");
    if sent.is_reply() && (is_setting || sent.is_any(&["REM", "URL"])) {
        sent.count(1, |trid| trid + 1);
    }
}

/// The TrID of the last command that somebody else sent.
pub(super) fn trid_of_another(sent: &mut Sent<'_>) {
    let previous = sent.notes.previous.as_ref();
    let trid = previous.map_or("", |command| command.text(1)).to_owned();
    if !trid.is_empty() && sent.is("GTC") && sent.answers("GTC") {
        sent.set(1, trid);
    }
}

pub(super) fn trid_16_bits(sent: &mut Sent<'_>) {
    if sent.is_reply() {
        sent.count(1, |trid| trid % 65536);
    }
}

pub(super) fn trid_signed(sent: &mut Sent<'_>) {
    let trid: i64 = sent.text(1).parse().unwrap_or_default();
    if sent.is_reply() && trid > i64::from(i32::MAX) {
        sent.set(1, (trid - (1 << 32)).to_string());
    }
}

pub(super) fn trid_zero_refused(received: &mut Received<'_>) {
    if received.text(1) == "0" {
        received.fate = Fate::Close;
    }
}

pub(super) fn trids_must_rise(received: &mut Received<'_>) {
    let Ok(trid) = received.text(1).parse::<u64>() else {
        return;
    };
    let last = received.peer().last_trid.replace(trid);
    if last.is_some_and(|last| trid <= last) {
        received.ignore();
    }
}

pub(super) fn batch_trid_zero(sent: &mut Sent<'_>) {
    if sent.answers("SYN") && sent.is("LST") {
        sent.set(1, "0");
    }
}

pub(super) fn roster_trid_counts(sent: &mut Sent<'_>) {
    if sent.is("IRO") {
        sent.count(1, |trid| trid + 1);
    }
}

pub(super) fn iln_trid_zero(sent: &mut Sent<'_>) {
    if sent.is("ILN") {
        sent.set(1, "0");
    }
}

pub(super) fn unasked_add_has_trid(sent: &mut Sent<'_>) {
    if sent.is("ADD") && sent.text(1) == "0" {
        let trid = sent.asked(1).to_owned();
        sent.set(1, trid);
    }
}

pub(super) fn unasked_rem_has_trid(sent: &mut Sent<'_>) {
    if sent.is("REM") && sent.text(1) == "0" {
        let trid = sent.asked(1).to_owned();
        sent.set(1, trid);
    }
}

pub(super) fn any_trid(received: &mut Received<'_>) {
    let trid = received.text(1);
    let is_number = trid.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number && !received.is_any(&["PNG", "OUT"]) {
        received.set(1, "0");
    }
}

pub(super) fn missing_trid(received: &mut Received<'_>) {
    let is_number = received.text(1).bytes().all(|byte| byte.is_ascii_digit());
    let may_lack = received.is_any(&[
        "USR", "SYN", "LST", "GTC", "BLP", "CHG", "ADD", "REM", "XFR",
    ]);
    let least = match received.text(0) {
        "USR" | "ADD" => 4,
        "REM" => 3,
        _ => 2,
    };
    if may_lack && !is_number && received.words.len() == least {
        received.words.insert(1, b"0".to_vec());
    }
}

fn insert_trid(sent: &mut Sent<'_>, verbs: &[&str]) {
    if sent.is_any(verbs) {
        sent.insert(1, "0");
    }
}

pub(super) fn presence_has_trid(sent: &mut Sent<'_>) {
    insert_trid(sent, &["NLN", "FLN"]);
}

pub(super) fn session_lines_have_trid(sent: &mut Sent<'_>) {
    insert_trid(sent, &["JOI", "BYE"]);
}

pub(super) fn ring_has_trid(sent: &mut Sent<'_>) {
    insert_trid(sent, &["RNG"]);
}
