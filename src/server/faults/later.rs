//! Faults of what later dialects have beside phone numbers and groups.

use super::received::Received;
use super::sent::Sent;

pub(super) fn cvr0_unoffered(sent: &mut Sent<'_>) {
    let offered = sent.command().map_or(&[][..], |command| &command.words);
    let is_offered = offered.iter().any(|word| word == b"CVR0");
    if sent.is("VER") && sent.text(2) != "0" && !is_offered {
        sent.words.push(b"CVR0".to_vec());
    }
}

pub(super) fn offer_without_cvr0_unanswered(received: &mut Received<'_>) {
    if received.is("VER") && !received.words.iter().any(|word| word == b"CVR0") {
        received.ignore();
    }
}

pub(super) fn lone_cvr0_taken(received: &mut Received<'_>) {
    if received.is("VER") && received.text(2) == "CVR0" && received.words.len() == 3 {
        received.set(2, "MSNP2");
    }
}

pub(super) fn lone_cvr0_named(sent: &mut Sent<'_>) {
    if sent.is("VER") && sent.asked(2) == "CVR0" && sent.asked(3).is_empty() {
        sent.set(2, "CVR0");
    }
}

pub(super) fn ctp_offered(sent: &mut Sent<'_>) {
    if sent.is("INF") {
        sent.words.push(b"CTP".to_vec());
    }
}

pub(super) fn verified_in_words(sent: &mut Sent<'_>) {
    if sent.is("USR") && sent.text(2) == "OK" {
        sent.set(5, "yes");
    }
}

pub(super) fn referral_ends_in_1(sent: &mut Sent<'_>) {
    if sent.is("XFR") && sent.text(2) == "NS" {
        sent.set(4, "1");
    }
}

pub(super) fn sdc_without_ok(sent: &mut Sent<'_>) {
    if sent.is("SDC") {
        sent.words.truncate(2);
    }
}

pub(super) fn malformed_sdc_taken(sent: &mut Sent<'_>) {
    if sent.is("503") && sent.asked(0) == "SDC" {
        let line = format!("SDC {} OK", sent.asked(1));
        sent.line(&line);
    }
}

/// A line PNG in the payload of such a command is obeyed.
fn obey(received: &mut Received<'_>, verb: &str) {
    let has_ping = received.payload.windows(5).any(|part| part == b"PNG\r\n");
    if received.is(verb) && has_ping {
        received.replies.push("QNG".to_owned());
    }
}

pub(super) fn sdc_obeyed(received: &mut Received<'_>) {
    obey(received, "SDC");
}

pub(super) fn pag_obeyed(received: &mut Received<'_>) {
    obey(received, "PAG");
}

pub(super) fn pag_answered(sent: &mut Sent<'_>) {
    if sent.is("800") && sent.asked(0) == "PAG" {
        let line = format!("PAG {} OK", sent.asked(1));
        sent.line(&line);
    }
}

pub(super) fn ims_without_zero(sent: &mut Sent<'_>) {
    if sent.is("IMS") {
        sent.take_out(2);
    }
}

/// Calls that are to be turned off stay on.
pub(super) fn ims_without_effect(received: &mut Received<'_>) {
    if received.is("IMS") && received.text(2) == "OFF" {
        let line = format!("IMS {} 0 OFF", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn deaf_to_xfr_after_ims(received: &mut Received<'_>) {
    if received.is("XFR") && received.peer().seen.contains_key(b"IMS".as_slice()) {
        received.ignore();
    }
}

pub(super) fn ims_of_any_value(received: &mut Received<'_>) {
    if received.is("IMS") && !["ON", "OFF"].contains(&received.text(2)) {
        let line = format!("IMS {} 0 {}", received.text(1), received.text(2));
        received.answer(&line);
    }
}
