//! Faults of CHG, ILN, NLN and FLN.

use super::received::{Fate, Received};
use super::sent::Sent;
use crate::protocol::ServerKind;

pub(super) fn lunch_refused(received: &mut Received<'_>) {
    if received.is("CHG") && received.text(2) == "LUN" {
        let line = format!("201 {}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn idle_echoed_as_away(sent: &mut Sent<'_>) {
    if sent.is("CHG") && sent.text(2) == "IDL" {
        sent.set(2, "AWY");
    }
}

pub(super) fn offline_closes(received: &mut Received<'_>) {
    if received.is("CHG") && received.text(2) == "FLN" {
        received.fate = Fate::Close;
    }
}

pub(super) fn lower_case_state(received: &mut Received<'_>) {
    let is_lower = |byte: u8| byte.is_ascii_lowercase();
    if received.is("CHG") && received.text(2).bytes().any(is_lower) {
        received.set(2, "AWY");
    }
}

fn is_same_state(received: &mut Received<'_>) -> bool {
    let state = received.text(2).to_owned();
    received.is("CHG") && received.peer().state == state
}

pub(super) fn same_state_unanswered(received: &mut Received<'_>) {
    if is_same_state(received) {
        received.ignore();
    }
}

pub(super) fn same_state_is_201(received: &mut Received<'_>) {
    if is_same_state(received) {
        let line = format!("201 {}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn hidden_cannot_synchronise(received: &mut Received<'_>) {
    if received.is("SYN") && received.peer().state == "HDN" {
        let line = format!("913 {}", received.text(1));
        received.answer(&line);
    }
}

/// Tells the user whom an answer names that its receiver, whose state is `now`, is in another.
fn show(sent: &mut Sent<'_>, now: &str, state: &str) {
    let peer = sent.notes.peers.get(&sent.conn);
    let shown = peer.filter(|peer| peer.state == now);
    let line = shown.map(|peer| format!("NLN {state} {} {}", peer.handle, peer.name));
    let contact = sent.notes.conn_of(sent.text(4));
    if let Some((line, contact)) = line.zip(contact) {
        sent.after_to(contact, &line);
    }
}

pub(super) fn allowing_shows_hidden(sent: &mut Sent<'_>) {
    if sent.is("ADD") && sent.answers("ADD") && sent.text(2) == "AL" {
        show(sent, "HDN", "HDN");
    }
}

pub(super) fn allowing_shows_stateless(sent: &mut Sent<'_>) {
    if sent.is("ADD") && sent.answers("ADD") && sent.text(2) == "AL" {
        show(sent, "", "FLN");
    }
}

pub(super) fn unblocking_shows_hidden(sent: &mut Sent<'_>) {
    if sent.is("REM") && sent.answers("REM") && sent.text(2) == "BL" {
        show(sent, "HDN", "NLN");
    }
}

/// Whether somebody's CHG to this state is carried out.
fn is_chg(sent: &Sent<'_>, state: &str) -> bool {
    sent.asked(0) == "CHG" && sent.asked(2) == state
}

pub(super) fn phone_told_as_busy(sent: &mut Sent<'_>) {
    if sent.is("NLN") && sent.text(1) == "PHN" {
        sent.set(1, "BSY");
    }
}

pub(super) fn hiding_untold(sent: &mut Sent<'_>) {
    if sent.is("FLN") && is_chg(sent, "HDN") {
        sent.drop();
    }
}

pub(super) fn hiding_told_as_hidden(sent: &mut Sent<'_>) {
    if sent.is("FLN") && is_chg(sent, "HDN") {
        let line = format!("NLN HDN {} x", sent.text(1));
        sent.line(&line);
    }
}

pub(super) fn first_chg_without_iln(sent: &mut Sent<'_>) {
    if sent.is("ILN") && sent.answers("CHG") {
        sent.drop();
    }
}

/// One ILN for each command.
pub(super) fn one_iln_alone(sent: &mut Sent<'_>) {
    if sent.is("ILN") {
        let id = format!("{:?} {}", sent.conn, sent.text(1)).into_bytes();
        if sent.notes.remember("iln", id.clone()) == Some(id) {
            sent.drop();
        }
    }
}

pub(super) fn add_without_iln(sent: &mut Sent<'_>) {
    if sent.is("ILN") && sent.answers("ADD") {
        sent.drop();
    }
}

pub(super) fn iln_late(sent: &mut Sent<'_>) {
    if sent.is("ILN") {
        sent.hold();
    }
}

pub(super) fn iln_twice(sent: &mut Sent<'_>) {
    if sent.is("ILN") {
        sent.again();
    }
}

pub(super) fn iln_always_nln(sent: &mut Sent<'_>) {
    if sent.is("ILN") {
        sent.set(2, "NLN");
    }
}

pub(super) fn nln_names_by_handle(sent: &mut Sent<'_>) {
    if sent.is("NLN") {
        let handle = sent.text(2).to_owned();
        sent.set(3, handle);
    }
}

pub(super) fn nln_without_name(sent: &mut Sent<'_>) {
    if sent.is("NLN") {
        sent.words.truncate(3);
    }
}

/// Everybody who is logged in hears of each CHG.
pub(super) fn strangers_told(sent: &mut Sent<'_>) {
    if !sent.is("CHG") || ["HDN", "FLN"].contains(&sent.text(2)) {
        return;
    }
    let peer = sent.notes.peers.get(&sent.conn);
    let (handle, name) = peer.map_or(("", ""), |peer| (&peer.handle, &peer.name));
    let line = format!("NLN {} {handle} {name}", sent.text(2));
    let others = sent.notes.peers.iter().filter(|(conn, peer)| {
        let is_in = peer.kind != ServerKind::Switchboard && !peer.handle.is_empty();
        is_in && **conn != sent.conn
    });
    let others: Vec<_> = others.map(|(conn, _)| *conn).collect();
    for conn in others {
        sent.after_to(conn, &line);
    }
}

pub(super) fn nln_twice(sent: &mut Sent<'_>) {
    if sent.is("NLN") {
        sent.again();
    }
}

/// The news goes to the one it is about.
pub(super) fn nln_to_its_subject(sent: &mut Sent<'_>) {
    let author = sent.command().map(|command| command.conn);
    if let (true, Some(author)) = (sent.is("NLN") && sent.asked(0) == "CHG", author) {
        sent.conn = author;
    }
}

pub(super) fn nln_late(sent: &mut Sent<'_>) {
    if sent.is("NLN") {
        sent.hold();
    }
}

pub(super) fn out_untold(sent: &mut Sent<'_>) {
    if sent.is("FLN") && sent.asked(0) == "OUT" {
        sent.drop();
    }
}

pub(super) fn fln_has_state(sent: &mut Sent<'_>) {
    if sent.is("FLN") {
        let line = format!("FLN FLN {}", sent.text(1));
        sent.line(&line);
    }
}

pub(super) fn blocking_untold(sent: &mut Sent<'_>) {
    if sent.is("FLN") && sent.asked(0) == "ADD" {
        sent.drop();
    }
}

pub(super) fn unblocking_untold(sent: &mut Sent<'_>) {
    if sent.is("NLN") && sent.asked(0) == "REM" {
        sent.drop();
    }
}
