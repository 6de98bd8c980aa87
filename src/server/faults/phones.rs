//! Faults of PRP and BPR.

use super::framing::decode;
use super::received::Received;
use super::sent::Sent;
use crate::protocol::Property;

/// Where the value of a property stands in a line that tells one.
fn value_place(sent: &Sent<'_>) -> Option<usize> {
    (sent.is("PRP") || sent.is("BPR")).then_some(4)
}

pub(super) fn without_number(sent: &mut Sent<'_>) {
    if sent.is("PRP") && sent.answers("PRP") {
        sent.take_out(2);
    }
}

pub(super) fn clearing_unanswered(received: &mut Received<'_>) {
    if received.is("PRP") && received.words.len() == 3 {
        received.ignore();
    }
}

/// How much of a number is kept.
const KEPT: usize = 64;

pub(super) fn long_cut(sent: &mut Sent<'_>) {
    if let Some(place) = value_place(sent)
        && let Some(short) = sent.text(place).get(..KEPT)
    {
        let short = short.to_owned();
        sent.set(place, short);
    }
}

/// Whether a PRP has a value that is too long.
fn is_too_long(received: &Received<'_>) -> bool {
    received.is("PRP") && received.text(3).len() > 95
}

pub(super) fn too_long_taken(received: &mut Received<'_>) {
    if is_too_long(received) {
        let number = received.notes.made_up_number(received.conn);
        let (trid, key, value) = (received.text(1), received.text(2), received.text(3));
        let line = format!("PRP {trid} {number} {key} {value}");
        received.answer(&line);
    }
}

/// Whether a PRP names a property that there is.
fn is_known(received: &Received<'_>) -> bool {
    Property::parse(received.text(2).as_bytes()).is_some()
}

pub(super) fn unknown_unanswered(received: &mut Received<'_>) {
    if received.is("PRP") && !is_known(received) && received.text(2).len() <= 3 {
        received.ignore();
    }
}

pub(super) fn long_key_unanswered(received: &mut Received<'_>) {
    if received.is("PRP") && received.text(2).len() > 3 {
        received.ignore();
    }
}

pub(super) fn line_breaks(sent: &mut Sent<'_>) {
    if value_place(sent).is_some() {
        sent.each(|word| decode(word, |byte| byte == b'\r' || byte == b'\n'));
    }
}

pub(super) fn news_without_handle(sent: &mut Sent<'_>) {
    if sent.is("BPR") && sent.asked(0) != "SYN" {
        sent.take_out(2);
    }
}

pub(super) fn changes_empty(sent: &mut Sent<'_>) {
    if sent.is("BPR") && sent.asked(0) == "PRP" {
        sent.words.truncate(4);
    }
}

pub(super) fn added_empty(sent: &mut Sent<'_>) {
    if sent.is("BPR") && sent.asked(0) == "ADD" {
        sent.words.truncate(4);
    }
}

/// Whether a line of a batch tells a phone number that is set.
fn is_number_in_batch(sent: &Sent<'_>, verb: &str) -> bool {
    sent.is(verb) && sent.answers("SYN") && sent.text(3).starts_with("PH") && sent.words.len() > 4
}

pub(super) fn batch_without_numbers(sent: &mut Sent<'_>) {
    if is_number_in_batch(sent, "PRP") {
        sent.drop();
    }
}

pub(super) fn batch_without_contacts_numbers(sent: &mut Sent<'_>) {
    if is_number_in_batch(sent, "BPR") {
        sent.drop();
    }
}

pub(super) fn batch_prp_without_number(sent: &mut Sent<'_>) {
    if sent.is("PRP") && sent.answers("SYN") {
        sent.take_out(2);
    }
}

pub(super) fn batch_bpr_without_handle(sent: &mut Sent<'_>) {
    if sent.is("BPR") && sent.answers("SYN") {
        sent.take_out(2);
    }
}
