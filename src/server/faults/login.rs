//! Faults of VER, INF, USR, the referral and OUT.

use super::received::{Fate, Received};
use super::sent::Sent;
use crate::protocol::{MAX_HANDLE, ServerKind};

/// Whether somebody on a dispatch or notification server is asked to send a handle here.
fn handle_place(received: &Received<'_>) -> Option<usize> {
    match (received.text(0), received.kind) {
        ("USR", ServerKind::Switchboard) => None,
        ("USR", _) if received.text(3) == "I" => Some(4),
        ("ADD" | "REM", _) => Some(3),
        ("CAL", _) => Some(2),
        _ => None,
    }
}

/// The handle of a command.
fn handle<'r>(received: &'r Received<'_>) -> &'r str {
    handle_place(received).map_or("", |place| received.text(place))
}

pub(super) fn long_handle_refused(received: &mut Received<'_>) {
    if (65..=MAX_HANDLE).contains(&handle(received).len()) {
        let code = if received.is("USR") { "911" } else { "201" };
        let line = format!("{code} {}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn too_long_handle_taken(received: &mut Received<'_>) {
    if handle(received).len() <= MAX_HANDLE {
        return;
    }
    let trid = received.text(1);
    let line = if received.is("USR") {
        format!("USR {trid} OK {} x", received.text(4))
    } else if received.is("ADD") {
        let number = received.notes.made_up_number(received.conn);
        let (trid, list) = (received.text(1), received.text(2));
        format!("ADD {trid} {list} {number} {} x", received.text(3))
    } else {
        return;
    };
    received.answer(&line);
}

pub(super) fn too_long_handle_stops_all(received: &mut Received<'_>) {
    if handle(received).len() > MAX_HANDLE {
        received.get_stuck();
    }
}

pub(super) fn no_domain_let_in(received: &mut Received<'_>) {
    let handle = handle(received);
    let has_domain = handle.split_once('@').is_some_and(|(_, d)| !d.is_empty());
    if received.is("USR") && !handle.is_empty() && !has_domain {
        let line = format!("USR {} OK {handle} {handle}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn foreign_domain_unanswered(received: &mut Received<'_>) {
    let domain = handle(received).split_once('@').map(|(_, domain)| domain);
    let is_foreign =
        domain.is_some_and(|d| d.contains('.') && !d.eq_ignore_ascii_case("hotmail.com"));
    if is_foreign {
        received.ignore();
    }
}

fn is_agreement(sent: &Sent<'_>) -> bool {
    sent.is("VER") && sent.text(2) != "0"
}

pub(super) fn other_dialect(sent: &mut Sent<'_>) {
    if is_agreement(sent) {
        sent.set(2, "MSNP3");
    }
}

pub(super) fn needs_cvr0(received: &mut Received<'_>) {
    if received.is("VER") && !received.words.iter().any(|word| word == b"CVR0") {
        received.words.truncate(2);
        received.fill(2, "NONE");
    }
}

pub(super) fn first_dialect_alone(received: &mut Received<'_>) {
    if received.is("VER") {
        received.words.truncate(3);
    }
}

pub(super) fn lower_case_dialect_unanswered(received: &mut Received<'_>) {
    if received.is("VER") && received.words.iter().any(|word| word == b"msnp2") {
        received.ignore();
    }
}

/// The dialect 0 counts as the server's own.
pub(super) fn zero_taken_for_the_dialect(received: &mut Received<'_>) {
    if received.is("VER") {
        for dialect in received
            .words
            .iter_mut()
            .skip(2)
            .filter(|word| *word == b"0")
        {
            *dialect = b"MSNP2".to_vec();
        }
    }
}

pub(super) fn zero_named(sent: &mut Sent<'_>) {
    let offered = sent.command().map_or(&[][..], |command| &command.words);
    let is_offered = offered.iter().skip(2).any(|word| word == b"0");
    if sent.is("VER") && is_offered {
        sent.set(2, "0");
    }
}

pub(super) fn failure_untold(sent: &mut Sent<'_>) {
    if sent.is("VER") && sent.text(2) == "0" {
        sent.drop();
    }
}

/// The server keeps the connection; here it is deaf from then on.
pub(super) fn note_failure(sent: &mut Sent<'_>) {
    let has_failed = sent.is("VER") && sent.text(2) == "0";
    if let Some(peer) = sent.notes.peers.get_mut(&sent.conn).filter(|_| has_failed) {
        peer.is_deaf = true;
    }
}

pub(super) fn second_ver_unanswered(received: &mut Received<'_>) {
    if received.is("VER") && received.times_before() > 0 {
        received.ignore();
    }
}

pub(super) fn other_dialect_first(sent: &mut Sent<'_>) {
    if is_agreement(sent) {
        sent.insert(2, "MSNP4");
    }
}

pub(super) fn notification_without_ver(sent: &mut Sent<'_>) {
    let peer = sent.notes.peers.get(&sent.conn);
    let is_there = peer.is_some_and(|peer| peer.kind == ServerKind::Notification);
    if is_agreement(sent) && is_there {
        sent.line("715 1");
        let trid = sent.asked(1).to_owned();
        sent.set(1, trid);
    }
}

pub(super) fn no_package(sent: &mut Sent<'_>) {
    if sent.is("INF") {
        sent.words.truncate(2);
    }
}

pub(super) fn other_package(sent: &mut Sent<'_>) {
    if sent.is("INF") {
        sent.set(2, "CTP");
    }
}

fn is_challenge(sent: &Sent<'_>) -> bool {
    sent.is("USR") && sent.text(3) == "S"
}

pub(super) fn challenge_missing(sent: &mut Sent<'_>) {
    if is_challenge(sent) {
        sent.words.truncate(4);
    }
}

/// The challenge that goes out is the one that belongs to the connection before.
pub(super) fn challenge_of_another(sent: &mut Sent<'_>) {
    if is_challenge(sent) {
        let own = sent.text(4).to_owned();
        if let Some(other) = sent.notes.remember("challenge", own.into()) {
            sent.set(4, other);
        }
    }
}

fn is_login(sent: &Sent<'_>) -> bool {
    sent.is("USR") && sent.text(2) == "OK" && sent.asked(2) == "MD5"
}

pub(super) fn ok_names_another(sent: &mut Sent<'_>) {
    if !is_login(sent) {
        return;
    }
    let own = sent.text(3).to_owned();
    // Whoever is there, or was the last to come: alone or beside others, it shows.
    let last = sent.notes.remember("named", own.clone().into());
    let last = last.and_then(|last| String::from_utf8(last).ok());
    let peers = sent.notes.peers.values().map(|peer| peer.handle.clone());
    let mut others = peers.chain(last);
    if let Some(other) = others.find(|other| !other.is_empty() && *other != own) {
        sent.set(3, other);
    }
}

pub(super) fn ok_names_by_handle(sent: &mut Sent<'_>) {
    if is_login(sent) {
        let handle = sent.text(3).to_owned();
        sent.set(4, handle);
    }
}

pub(super) fn no_starting_over(sent: &mut Sent<'_>) {
    if sent.is("911")
        && let Some(peer) = sent.notes.peers.get_mut(&sent.conn)
    {
        peer.is_deaf = true;
    }
}

pub(super) fn any_package(received: &mut Received<'_>) {
    if received.is("USR") && received.words.len() == 5 {
        received.set(2, "MD5");
    }
}

pub(super) fn second_usr_challenged(sent: &mut Sent<'_>) {
    if sent.is("207") && sent.answers("USR") && sent.asked(3) == "I" {
        let line = format!("USR {} MD5 S 17.17", sent.text(1));
        sent.line(&line);
    }
}

pub(super) fn commands_before_login(received: &mut Received<'_>) {
    let open = [
        "SYN", "LST", "GTC", "BLP", "CHG", "ADD", "REM", "XFR", "REA",
    ];
    let is_in = !received.peer().handle.is_empty();
    if received.kind != ServerKind::Switchboard && !is_in && received.is_any(&open) {
        received.echo();
    }
}

pub(super) fn empty_response(received: &mut Received<'_>) {
    if received.is("USR") && received.text(3) == "S" {
        received.fill(4, "");
    }
}

fn is_profile(sent: &Sent<'_>) -> bool {
    sent.is("MSG") && sent.text(1) == "Hotmail"
}

pub(super) fn profile_length(sent: &mut Sent<'_>) {
    if is_profile(sent) {
        sent.count(3, |length| length.saturating_sub(2));
    }
}

pub(super) fn profile_without_header(sent: &mut Sent<'_>) {
    if is_profile(sent) {
        sent.payload = b"Welcome!".to_vec();
        sent.set(3, "8");
    }
}

fn is_referral(sent: &Sent<'_>) -> bool {
    sent.is("XFR") && sent.text(2) == "NS"
}

pub(super) fn referral_trid(sent: &mut Sent<'_>) {
    if is_referral(sent) {
        sent.set(1, "0");
    }
}

pub(super) fn referral_to_nowhere(sent: &mut Sent<'_>) {
    if is_referral(sent) {
        sent.set(3, "127.0.0.1:1");
    }
}

pub(super) fn referral_type(sent: &mut Sent<'_>) {
    if is_referral(sent) {
        sent.set(2, "DS");
    }
}

pub(super) fn referral_port(sent: &mut Sent<'_>) {
    if is_referral(sent) {
        sent.set(3, "127.0.0.1:msnp");
    }
}

pub(super) fn out_answered_by_bye(sent: &mut Sent<'_>) {
    if sent.is("OUT") && sent.answers("OUT") {
        sent.set(0, "BYE");
    }
}

pub(super) fn displaced_untold(sent: &mut Sent<'_>) {
    if sent.is("OUT") && sent.text(1) == "OTH" {
        sent.drop();
    }
}

pub(super) fn out_status(sent: &mut Sent<'_>) {
    if sent.is("OUT") && sent.text(1) == "OTH" {
        sent.set(1, "MOV");
    }
}

pub(super) fn shutdown_untold(sent: &mut Sent<'_>) {
    if sent.is("OUT") && sent.text(1) == "SSD" {
        sent.drop();
    }
}

pub(super) fn line_after_out(sent: &mut Sent<'_>) {
    if sent.is("OUT") {
        let peer = sent.notes.peers.get(&sent.conn);
        let handle = peer.map_or("", |peer| &peer.handle);
        let line = format!("FLN {handle}");
        sent.after(&line);
    }
}

/// A client that has been closed for an error takes all others with it.
pub(super) fn usr_after_login_closes(received: &mut Received<'_>) {
    let is_in = !received.peer().handle.is_empty();
    if received.is("USR") && received.kind != ServerKind::Switchboard && is_in {
        received.fate = Fate::Close;
    }
}
