//! Faults of sessions: XFR SB, USR, CAL, RNG, ANS, IRO, JOI and BYE.

use super::received::{Fate, Received};
use super::sent::Sent;
use crate::protocol::ServerKind;

fn is_referral(sent: &Sent<'_>) -> bool {
    sent.is("XFR") && sent.text(2) == "SB"
}

pub(super) fn referral_without_cki(sent: &mut Sent<'_>) {
    if is_referral(sent) {
        sent.take_out(4);
    }
}

pub(super) fn board_nowhere(sent: &mut Sent<'_>) {
    if is_referral(sent) {
        sent.set(3, "127.0.0.1:1");
    }
}

pub(super) fn referral_twice(sent: &mut Sent<'_>) {
    if is_referral(sent) {
        sent.again();
    }
}

pub(super) fn any_referral(received: &mut Received<'_>) {
    if received.is("XFR") && received.words.len() == 3 {
        received.set(2, "SB");
    }
}

pub(super) fn entry_without_name(sent: &mut Sent<'_>) {
    let is_entry = sent.is("USR") && sent.text(2) == "OK";
    if is_entry && sent.asked(2) != "MD5" {
        sent.words.truncate(4);
    }
}

pub(super) fn board_before_entry(received: &mut Received<'_>) {
    let is_in = !received.peer().handle.is_empty();
    if received.kind != ServerKind::Switchboard || is_in {
        return;
    }
    match received.text(0) {
        "CAL" => {
            let line = format!("CAL {} RINGING 17", received.text(1));
            received.answer(&line);
        }
        "MSG" => {
            let line = format!("ACK {}", received.text(1));
            received.answer(&line);
        }
        _ => {}
    }
}

fn is_ringing(sent: &Sent<'_>) -> bool {
    sent.is("CAL") && sent.text(2) == "RINGING"
}

pub(super) fn session_is_a_word(sent: &mut Sent<'_>) {
    if is_ringing(sent) {
        let session = format!("s{}", sent.text(3));
        sent.set(3, session);
    }
}

pub(super) fn each_call_a_session(sent: &mut Sent<'_>) {
    if is_ringing(sent) {
        let calls = sent.notes.remember("calls", Vec::new());
        let count = calls.map_or(0, |calls| calls.len() + 1);
        sent.notes.remember("calls", vec![b'x'; count]);
        sent.count(3, |session| session + 1000 * (count as u64));
    }
}

pub(super) fn call_unanswered(sent: &mut Sent<'_>) {
    if is_ringing(sent) {
        sent.drop();
    }
}

/// Answers a call that reached nobody as if it rang.
pub(super) fn unreachable_rings(sent: &mut Sent<'_>) {
    if sent.is("217") && sent.answers("CAL") {
        let line = format!("CAL {} RINGING 17", sent.text(1));
        sent.line(&line);
    }
}

/// The callee hears of a call that was refused.
pub(super) fn refused_call_rings(sent: &mut Sent<'_>) {
    if !sent.is("217") || !sent.answers("CAL") {
        return;
    }
    let caller = sent.notes.peers.get(&sent.conn);
    let caller = caller.map_or("", |peer| &peer.handle).to_owned();
    if let Some(conn) = sent.notes.conn_of(sent.asked(2)) {
        let line = format!("RNG 17 127.0.0.1:1865 CKI 1.1.1 {caller} {caller}");
        sent.after_to(conn, &line);
    }
}

pub(super) fn present_rings(sent: &mut Sent<'_>) {
    if sent.is("215") && sent.answers("CAL") {
        sent.drop();
    }
}

pub(super) fn malformed_call_closes(received: &mut Received<'_>) {
    if received.is("CAL") && !received.text(2).contains('@') {
        received.fate = Fate::Close;
    }
}

/// Only who has entered by USR may call.
pub(super) fn only_first_invites(received: &mut Received<'_>) {
    let has_answered = received.peer().seen.contains_key(b"ANS".as_slice());
    if received.is("CAL") && has_answered {
        let line = format!("913 {}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn no_ring(sent: &mut Sent<'_>) {
    if sent.is("RNG") {
        sent.drop();
    }
}

pub(super) fn ring_without_name(sent: &mut Sent<'_>) {
    if sent.is("RNG") {
        sent.words.truncate(6);
    }
}

pub(super) fn ring_names_callee(sent: &mut Sent<'_>) {
    if sent.is("RNG") {
        let callee = sent.asked(2).to_owned();
        sent.set(5, callee);
    }
}

pub(super) fn ring_other_session(sent: &mut Sent<'_>) {
    if sent.is("RNG") {
        sent.count(1, |session| session + 1);
    }
}

/// It rings at the one who calls.
pub(super) fn ring_to_caller(sent: &mut Sent<'_>) {
    let caller = sent.command().map(|command| command.conn);
    if let (true, Some(caller)) = (sent.is("RNG"), caller) {
        sent.conn = caller;
    }
}

pub(super) fn rings_twice(sent: &mut Sent<'_>) {
    if sent.is("RNG") {
        sent.again();
    }
}

/// The OK goes out before the first line of the roster.
pub(super) fn ok_before_roster(sent: &mut Sent<'_>) {
    let line = format!("ANS {} OK", sent.text(1));
    if sent.is("IRO") && sent.text(2) == "1" {
        sent.before(&line);
    } else if sent.is("ANS") && sent.asked(0) == "ANS" {
        sent.drop();
    }
}

pub(super) fn answer_without_ok(sent: &mut Sent<'_>) {
    if sent.is("ANS") {
        sent.words.truncate(2);
    }
}

pub(super) fn roster_from_zero(sent: &mut Sent<'_>) {
    if sent.is("IRO") {
        sent.count(2, |item| item.saturating_sub(1));
    }
}

/// Unless it is the only one.
pub(super) fn roster_without_last(sent: &mut Sent<'_>) {
    if sent.is("IRO") && sent.text(3) != "1" {
        if sent.text(2) == sent.text(3) {
            sent.drop();
        }
        sent.count(3, |total| total.saturating_sub(1));
    }
}

/// The newcomer hears of itself before it gets the roster.
pub(super) fn join_before_roster(sent: &mut Sent<'_>) {
    if sent.is("IRO") && sent.text(2) == "1" {
        let newcomer = sent.asked(2).to_owned();
        sent.before(&format!("JOI {newcomer} {newcomer}"));
    }
}

pub(super) fn roster_total_with_newcomer(sent: &mut Sent<'_>) {
    if sent.is("IRO") {
        sent.count(3, |total| total + 1);
    }
}

/// The newcomer stands at the roster's end.
pub(super) fn roster_with_newcomer(sent: &mut Sent<'_>) {
    if sent.is("IRO") {
        sent.count(3, |total| total + 1);
        let (trid, total) = (sent.text(1).to_owned(), sent.text(3).to_owned());
        let is_last = sent.text(2).parse().map(|item: u64| item + 1) == total.parse();
        let newcomer = sent.asked(2).to_owned();
        if is_last {
            sent.after(&format!("IRO {trid} {total} {total} {newcomer} x"));
        }
    }
}

fn is_own_join(sent: &Sent<'_>) -> bool {
    sent.is("JOI") && sent.asked(0) == "ANS" && sent.command().is_some_and(|c| c.conn == sent.conn)
}

pub(super) fn join_untold(sent: &mut Sent<'_>) {
    if sent.is("JOI") && !is_own_join(sent) {
        sent.drop();
    }
}

pub(super) fn join_twice(sent: &mut Sent<'_>) {
    if sent.is("JOI") && !is_own_join(sent) {
        sent.again();
    }
}

pub(super) fn own_join_as_bye(sent: &mut Sent<'_>) {
    if is_own_join(sent) {
        sent.words.truncate(2);
        sent.set(0, "BYE");
    }
}

pub(super) fn bye_untold(sent: &mut Sent<'_>) {
    if sent.is("BYE") && sent.asked(0) == "OUT" {
        sent.drop();
    }
}

pub(super) fn bye_twice(sent: &mut Sent<'_>) {
    if sent.is("BYE") {
        sent.again();
    }
}

pub(super) fn loss_untold(sent: &mut Sent<'_>) {
    if sent.is("BYE") && sent.command().is_none() {
        sent.drop();
    }
}

/// Nobody who answered can be told apart from the one who called.
pub(super) fn answer_of_another(sent: &mut Sent<'_>) {
    if sent.is("JOI") {
        let handle = sent.text(1).to_owned();
        if let Some(other) = sent.notes.remember("joined", handle.into()) {
            sent.set(1, other);
        }
    }
}
