//! Faults of SYN, LST, GTC and BLP.

use super::received::Received;
use super::sent::Sent;

/// The number that a SYN names, where it is one.
fn named(received: &Received<'_>) -> Option<u32> {
    let number = received.text(2);
    let is_number = received.is("SYN") && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| number.parse().ok())?
}

/// Every client seems to know nothing.
pub(super) fn syn_always_full(received: &mut Received<'_>) {
    if named(received).is_some() {
        received.set(2, "0");
    }
}

/// A client that knows nothing seems to know what a new account holds.
pub(super) fn new_account_without_batch(received: &mut Received<'_>) {
    if named(received) == Some(0) {
        received.set(2, "1");
    }
}

pub(super) fn syn_without_number(sent: &mut Sent<'_>) {
    if sent.is("SYN") {
        sent.words.truncate(2);
    }
}

pub(super) fn syn_old_number(sent: &mut Sent<'_>) {
    if sent.is("SYN") {
        sent.count(2, |number| number.saturating_sub(1).max(1));
    }
}

pub(super) fn batch_without_blp(sent: &mut Sent<'_>) {
    if sent.answers("SYN") && sent.is("BLP") {
        sent.drop();
    }
}

/// Of each list the first entry alone.
pub(super) fn batch_cut(sent: &mut Sent<'_>) {
    if sent.answers("SYN") && sent.is("LST") {
        match sent.text(4) {
            "0" | "1" => sent.count(5, |total| total.min(1)),
            _ => sent.drop(),
        }
    }
}

pub(super) fn batch_old_number(sent: &mut Sent<'_>) {
    if sent.answers("SYN") && sent.is_any(&["GTC", "BLP", "LST"]) {
        let place = if sent.is("LST") { 3 } else { 2 };
        sent.count(place, |number| number.saturating_sub(1));
    }
}

pub(super) fn second_syn_unanswered(received: &mut Received<'_>) {
    if received.is("SYN") && received.times_before() > 0 {
        received.ignore();
    }
}

pub(super) fn second_syn_alone(sent: &mut Sent<'_>) {
    if !sent.answers("SYN") || sent.is("SYN") {
        return;
    }
    let peer = sent.notes.peers.get(&sent.conn);
    let count = peer.and_then(|peer| peer.seen.get(b"SYN".as_slice()));
    if count.is_some_and(|count| *count > 1) {
        sent.drop();
    }
}

pub(super) fn syn_number_overflows(sent: &mut Sent<'_>) {
    if sent.is("SYN") && sent.asked(2) == "4294967295" {
        sent.set(2, "4294967296");
    }
}

fn is_list_answer(sent: &Sent<'_>) -> bool {
    sent.is("LST") && sent.answers("LST")
}

pub(super) fn lst_without_name(sent: &mut Sent<'_>) {
    if is_list_answer(sent) {
        sent.words.truncate(7);
    }
}

pub(super) fn lst_from_zero(sent: &mut Sent<'_>) {
    if is_list_answer(sent) {
        sent.count(4, |item| item.saturating_sub(1));
    }
}

pub(super) fn lst_total_too_high(sent: &mut Sent<'_>) {
    if is_list_answer(sent) && sent.text(4) != "0" {
        sent.count(5, |total| total + 1);
    }
}

/// Whether a line says that a list is empty: it names nobody.
fn is_empty_list(sent: &Sent<'_>) -> bool {
    is_list_answer(sent) && sent.text(4) == "0" && sent.words.len() == 6
}

pub(super) fn empty_lst_unanswered(sent: &mut Sent<'_>) {
    if is_empty_list(sent) {
        sent.drop();
    }
}

pub(super) fn empty_lst_counts_one(sent: &mut Sent<'_>) {
    if is_empty_list(sent) {
        sent.set(4, "1");
        sent.set(5, "1");
    }
}

/// The last entry is not shown, nor counted.
pub(super) fn lst_hides_last(sent: &mut Sent<'_>) {
    if !is_list_answer(sent) {
        return;
    }
    match (sent.text(4), sent.text(5)) {
        ("1", "1") => {
            sent.words.truncate(6);
            sent.set(4, "0");
            sent.set(5, "0");
        }
        (item, total) if item == total && item != "0" => sent.drop(),
        _ => sent.count(5, |total| total.saturating_sub(1)),
    }
}

pub(super) fn lst_old_number(sent: &mut Sent<'_>) {
    if is_list_answer(sent) {
        sent.count(3, |number| number.saturating_sub(1));
    }
}

pub(super) fn rl_cannot_be_asked(received: &mut Received<'_>) {
    if received.is("LST") && received.text(2) == "RL" {
        let line = format!("201 {}", received.text(1));
        received.answer(&line);
    }
}

pub(super) fn any_list_shown(received: &mut Received<'_>) {
    let is_list = ["FL", "AL", "BL", "RL"].contains(&received.text(2));
    if received.is("LST") && received.words.len() == 3 && !is_list {
        let line = format!("LST {} {} 1 0 0", received.text(1), received.text(2));
        received.answer(&line);
    }
}

pub(super) fn gtc_old_value(sent: &mut Sent<'_>) {
    if sent.is("GTC") && sent.answers("GTC") {
        let other = if sent.text(3) == "A" { "N" } else { "A" };
        sent.set(3, other);
    }
}

pub(super) fn blp_old_value(sent: &mut Sent<'_>) {
    if sent.is("BLP") && sent.answers("BLP") {
        let other = if sent.text(3) == "AL" { "BL" } else { "AL" };
        sent.set(3, other);
    }
}

/// Says that a setting was made that was so before.
fn same_value(sent: &mut Sent<'_>, verb: &str) {
    // What names no value has none that was so before.
    if sent.is("218") && sent.answers(verb) && !sent.asked(2).is_empty() {
        let number = sent.notes.made_up_number(sent.conn);
        let line = format!("{verb} {} {number} {}", sent.text(1), sent.asked(2));
        sent.line(&line);
    }
}

/// The same, of the default and where the user has never set it.
fn default_value(sent: &mut Sent<'_>, verb: &'static str, default: &str) {
    let peer = sent.notes.peers.get(&sent.conn);
    let user = peer.map_or("", |peer| &peer.handle).as_bytes().to_vec();
    let mut setters = sent.notes.memory.get(verb).cloned().unwrap_or_default();
    let has_set = setters
        .split(|byte| *byte == b' ')
        .any(|setter| setter == user);
    if !has_set && sent.asked(2) == default {
        same_value(sent, verb);
    }
    if sent.is(verb) && sent.answers(verb) {
        setters.extend([&user[..], b" "].concat());
        sent.notes.remember(verb, setters);
    }
}

pub(super) fn gtc_default_taken(sent: &mut Sent<'_>) {
    default_value(sent, "GTC", "A");
}

pub(super) fn blp_default_taken(sent: &mut Sent<'_>) {
    default_value(sent, "BLP", "AL");
}

pub(super) fn gtc_same_taken(sent: &mut Sent<'_>) {
    same_value(sent, "GTC");
}

pub(super) fn blp_same_taken(sent: &mut Sent<'_>) {
    same_value(sent, "BLP");
}

fn any_value(received: &mut Received<'_>, verb: &str, values: [&str; 2]) {
    if received.is(verb) && received.words.len() == 3 && !values.contains(&received.text(2)) {
        let number = received.notes.made_up_number(received.conn);
        let line = format!("{verb} {} {number} {}", received.text(1), received.text(2));
        received.answer(&line);
    }
}

pub(super) fn gtc_any_value(received: &mut Received<'_>) {
    any_value(received, "GTC", ["A", "N"]);
}

pub(super) fn blp_any_value(received: &mut Received<'_>) {
    any_value(received, "BLP", ["AL", "BL"]);
}
