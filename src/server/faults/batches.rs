//! Faults of batches that say how long they are.

use super::received::Received;
use super::sent::Sent;

/// Whether it is the answer to SYN that announces a batch.
fn announces(sent: &Sent<'_>) -> bool {
    sent.is("SYN") && sent.words.len() == 5
}

/// Whether it is a line of a batch that has neither TrID nor number.
fn is_bare(sent: &Sent<'_>, verb: &str) -> bool {
    sent.is(verb) && sent.answers("SYN") && sent.text(1) != sent.asked(1)
}

/// Whether it shows a user by the lists that it is on.
fn is_entry(sent: &Sent<'_>) -> bool {
    is_bare(sent, "LST")
}

pub(super) fn uncounted(sent: &mut Sent<'_>) {
    if announces(sent) && sent.asked(2) == "0" {
        sent.words.truncate(4);
    }
}

pub(super) fn up_to_date_gets_settings(sent: &mut Sent<'_>) {
    let is_up_to_date = sent.is("SYN") && sent.words.len() == 3 && sent.asked(2) == sent.text(2);
    if is_up_to_date {
        sent.after("GTC A");
        sent.after("BLP AL");
    }
}

pub(super) fn lines_have_trid(sent: &mut Sent<'_>) {
    if is_bare(sent, "GTC") || is_bare(sent, "LST") {
        let trid = sent.asked(1).to_owned();
        sent.insert(1, &trid);
    }
}

pub(super) fn one_too_many_counted(sent: &mut Sent<'_>) {
    if announces(sent) && sent.text(3) != "0" {
        sent.count(3, |contacts| contacts + 1);
    }
}

pub(super) fn allowed_shown_as_contacts(sent: &mut Sent<'_>) {
    if is_entry(sent) && matches!(sent.text(3), "2" | "10") {
        sent.count(3, |bits| bits + 1);
    }
}

pub(super) fn blocked_in_groups(sent: &mut Sent<'_>) {
    if is_entry(sent) && sent.words.len() == 4 {
        sent.words.push(b"1".to_vec());
    }
}

pub(super) fn unnamed_group(sent: &mut Sent<'_>) {
    if is_entry(sent) && sent.text(4) == "0" {
        sent.set(4, "0,29");
    }
}

pub(super) fn invented_number(sent: &mut Sent<'_>) {
    if is_bare(sent, "BLP") {
        sent.after("PRP PHW 000");
    }
}

pub(super) fn numbers_before_contacts(sent: &mut Sent<'_>) {
    if is_bare(sent, "LSG") && sent.text(1) == "0" {
        sent.after("BPR PHM 000");
    }
}

pub(super) fn list_is_500(received: &mut Received<'_>) {
    if received.is("LST") || received.is("LSG") {
        let line = format!("500 {}", received.text(1));
        received.answer(&line);
    }
}
