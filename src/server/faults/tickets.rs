//! Faults of logins by ticket, and of what else came with MSNP8 and MSNP9 beside batches and presence.

use super::received::{Fate, Received};
use super::sent::Sent;
use crate::protocol::{Dialect, ServerKind};

pub(super) fn word_of_two(sent: &mut Sent<'_>) {
    if sent.is("USR") && sent.text(2) == "TWN" && sent.text(3) == "S" {
        sent.words.push(b"lc=1".to_vec());
    }
}

pub(super) fn ok_without_kid(sent: &mut Sent<'_>) {
    if sent.is("USR") && sent.text(2) == "OK" && sent.asked(2) == "TWN" {
        sent.words.truncate(6);
    }
}

/// What stands under it is who has begun to log in by a password.
const CLAIM: &str = "begun by a password";

pub(super) fn passwords_log_in(received: &mut Received<'_>) {
    let dialect = Dialect::named(received.peer().dialect.as_bytes());
    let takes_tickets = dialect.is_some_and(Dialect::takes_tickets);
    if !takes_tickets || !received.is("USR") || received.text(2) != "MD5" {
        return;
    }
    let trid = received.text(1).to_owned();
    if received.text(3) == "I" {
        let handle = received.text(4).as_bytes().to_vec();
        received.notes.remember(CLAIM, handle);
        received.answer(&format!("USR {trid} MD5 S 17.17"));
    } else if received.text(3) == "S" && received.words.len() == 5 {
        let claim = received
            .notes
            .memory
            .get(CLAIM)
            .cloned()
            .unwrap_or_default();
        let handle = String::from_utf8_lossy(&claim).into_owned();
        received.answer(&format!("USR {trid} OK {handle} {handle} 1 0"));
    }
}

pub(super) fn version_without_addresses(sent: &mut Sent<'_>) {
    // The ninth value names the user, from MSNP8 on.
    if sent.is("CVR") && !sent.asked(9).is_empty() {
        sent.words.truncate(5);
    }
}

pub(super) fn dispatch_knows_no_version(received: &mut Received<'_>) {
    if received.is("CVR") && received.kind == ServerKind::Dispatch {
        received.ignore();
    }
}

pub(super) fn ping_without_seconds(sent: &mut Sent<'_>) {
    if sent.is("QNG") {
        sent.words.truncate(1);
    }
}

fn answers_data(sent: &Sent<'_>) -> bool {
    sent.asked(0) == "MSG" && sent.asked(2) == "D"
}

pub(super) fn data_unacknowledged(sent: &mut Sent<'_>) {
    if sent.is("ACK") && answers_data(sent) {
        sent.drop();
    }
}

pub(super) fn data_to_nobody_is_282(sent: &mut Sent<'_>) {
    if sent.is("NAK") && answers_data(sent) {
        sent.set(0, "282");
    }
}

pub(super) fn data_in_another_mode_swallowed(received: &mut Received<'_>) {
    let is_data = memchr::memmem::find(&received.payload, b"application/x-msnmsgrp2p").is_some();
    if received.is("MSG") && received.text(2) != "D" && is_data {
        received.fate = Fate::Ignore;
    }
}

pub(super) fn page_taken(received: &mut Received<'_>) {
    if received.is("PAG") {
        let line = format!("PAG {} OK", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn page_to_a_device_taken(sent: &mut Sent<'_>) {
    if sent.asked(0) == "PGD" && sent.is_error() {
        let line = format!("PGD {} OK", sent.asked(1));
        sent.line(&line);
    }
}
