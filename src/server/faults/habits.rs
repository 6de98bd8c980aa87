//! Habits: what servers do in their own way. Some break a clause, some none; what each breaks is
//! said in the table.

use std::time::Duration;

use super::received::Received;
use super::sent::Sent;

/// How late presence comes where it is told in batches.
const BATCHED: Duration = Duration::from_millis(200);
/// How long a login takes where it does.
const LOGIN: Duration = Duration::from_millis(500);
/// The service on everybody's lists, and its name.
const SERVICE: &str = "service@hotmail.com Service";

pub(super) fn counts_swapped(sent: &mut Sent<'_>) {
    let item = match sent.text(0) {
        "LST" => 4,
        "IRO" => 2,
        _ => return,
    };
    if item + 1 < sent.words.len() {
        sent.words.swap(item, item + 1);
    }
}

fn has_a_word_more(sent: &mut Sent<'_>) {
    sent.words.push(b"0".to_vec());
}

pub(super) fn chg_has_a_word_more(sent: &mut Sent<'_>) {
    if sent.is("CHG") {
        has_a_word_more(sent);
    }
}

pub(super) fn add_has_a_word_more(sent: &mut Sent<'_>) {
    if sent.is("ADD") && sent.answers("ADD") {
        has_a_word_more(sent);
    }
}

/// Whether it is the OK of a login to a notification server.
fn is_login(sent: &Sent<'_>) -> bool {
    sent.is("USR") && sent.text(2) == "OK" && sent.asked(3) == "S"
}

pub(super) fn login_has_a_word_more(sent: &mut Sent<'_>) {
    if is_login(sent) {
        has_a_word_more(sent);
    }
}

pub(super) fn ringing_has_a_word_more(sent: &mut Sent<'_>) {
    if sent.is("CAL") {
        has_a_word_more(sent);
    }
}

pub(super) fn add_without_number(sent: &mut Sent<'_>) {
    if sent.is("ADD") {
        sent.take_out(3);
    }
}

pub(super) fn settings_without_number(sent: &mut Sent<'_>) {
    if (sent.is("GTC") && sent.answers("GTC")) || (sent.is("BLP") && sent.answers("BLP")) {
        sent.take_out(2);
    }
}

pub(super) fn lists_without_number(sent: &mut Sent<'_>) {
    if sent.is("LST") {
        sent.take_out(3);
    }
}

pub(super) fn presence_batched(sent: &mut Sent<'_>) {
    if sent.is_any(&["NLN", "FLN"]) {
        sent.delay(BATCHED);
    }
}

pub(super) fn login_takes_time(sent: &mut Sent<'_>) {
    if is_login(sent) || (sent.is("MSG") && sent.asked(3) == "S") {
        sent.delay(LOGIN);
    }
}

/// The service is the last on FL and AL, and online.
pub(super) fn service_contact(sent: &mut Sent<'_>) {
    let trid = sent.text(1).to_owned();
    if sent.is("CHG") && sent.answers("CHG") {
        let peer = sent.notes.peers.get(&sent.conn);
        let count = peer.and_then(|peer| peer.seen.get(b"CHG".as_slice()));
        if count == Some(&1) {
            sent.after(&format!("ILN {trid} NLN {SERVICE}"));
        }
        return;
    }
    if !sent.is("LST") || !["FL", "AL"].contains(&sent.text(2)) {
        return;
    }
    let (list, number) = (sent.text(2).to_owned(), sent.text(3).to_owned());
    let last = match (sent.text(4), sent.text(5)) {
        ("0", "0") => {
            sent.line(&format!("LST {trid} {list} {number} 1 1 {SERVICE}"));
            return;
        }
        (item, total) if item == total => item.parse().unwrap_or(0u64) + 1,
        _ => {
            sent.count(5, |total| total + 1);
            return;
        }
    };
    sent.count(5, |total| total + 1);
    sent.after(&format!(
        "LST {trid} {list} {number} {last} {last} {SERVICE}"
    ));
}

pub(super) fn out_without_echo(sent: &mut Sent<'_>) {
    if sent.is("OUT") && sent.answers("OUT") {
        sent.drop();
    }
}

pub(super) fn newcomer_untold(sent: &mut Sent<'_>) {
    if sent.is("JOI") && sent.answers("ANS") {
        sent.drop();
    }
}

pub(super) fn same_state_is_218(received: &mut Received<'_>) {
    let state = received.text(2).to_owned();
    if received.is("CHG") && !state.is_empty() && received.peer().state == state {
        let line = format!("218 {}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn ver_names_all(sent: &mut Sent<'_>) {
    let offered = sent.command().map_or(&[][..], |command| &command.words);
    let is_offered = offered.iter().any(|word| word == b"CVR0");
    if sent.is("VER") && sent.text(2) == "MSNP2" && is_offered {
        sent.words.push(b"CVR0".to_vec());
    }
}
