//! Faults of LSG, ADG, REG and RMG, and of groups in ADD, REM and LST.

use super::received::Received;
use super::sent::Sent;

/// What no faulty line is asked by: a change of groups that succeeds.
fn made_up(received: &mut Received<'_>) {
    let number = received.notes.made_up_number(received.conn);
    let rest = received.words.iter().skip(2);
    let rest: Vec<_> = rest.map(|word| String::from_utf8_lossy(word)).collect();
    let line = format!(
        "{} {} {number} {}",
        received.text(0),
        received.text(1),
        rest.join(" ")
    );
    received.answer(&line);
}

pub(super) fn adg_name_last(sent: &mut Sent<'_>) {
    if sent.is("ADG") && sent.words.len() > 4 {
        sent.words.swap(3, 4);
    }
}

pub(super) fn group_id_twice(sent: &mut Sent<'_>) {
    if sent.is("ADG") {
        sent.set(4, "1");
    }
}

/// Where the name of a group stands in a line.
fn name_place(sent: &Sent<'_>) -> Option<usize> {
    match sent.text(0) {
        "ADG" => Some(3),
        "REG" => Some(4),
        "LSG" => Some(6),
        _ => None,
    }
}

pub(super) fn names_cut(sent: &mut Sent<'_>) {
    let Some(place) = name_place(sent) else {
        return;
    };
    let name = sent.text(place).split_once('%');
    if let Some((head, _)) = name.filter(|(head, _)| !head.is_empty()) {
        let head = head.to_owned();
        sent.set(place, head);
    }
}

pub(super) fn too_many_unanswered(sent: &mut Sent<'_>) {
    if sent.is("223") {
        sent.drop();
    }
}

/// Puts 201 in the place of the errors with these codes, in answer to these commands.
fn is_201(sent: &mut Sent<'_>, codes: &[&str], verbs: &[&str]) {
    if sent.is_any(codes) && verbs.contains(&sent.asked(0)) {
        sent.set(0, "201");
    }
}

pub(super) fn long_name_is_201(sent: &mut Sent<'_>) {
    is_201(sent, &["229"], &["ADG", "REG"]);
}

/// Whether it is about what may be a group, but not group 0.
fn names_a_group(received: &Received<'_>) -> bool {
    let id = received.text(2).parse();
    id.is_ok_and(|id: u8| (1..30).contains(&id))
}

pub(super) fn reg_not_kept(received: &mut Received<'_>) {
    if received.is("REG") && received.words.len() > 3 && names_a_group(received) {
        made_up(received);
    }
}

pub(super) fn no_group_is_201(sent: &mut Sent<'_>) {
    is_201(sent, &["224"], &["REG", "RMG"]);
}

pub(super) fn rmg_not_kept(received: &mut Received<'_>) {
    if received.is("RMG") && received.words.len() == 3 && names_a_group(received) {
        made_up(received);
    }
}

pub(super) fn group_0_is_201(sent: &mut Sent<'_>) {
    is_201(sent, &["230"], &["RMG"]);
}

pub(super) fn bad_group_unanswered(received: &mut Received<'_>) {
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    if (received.is("REG") || received.is("RMG")) && !is_number(received.text(2)) {
        received.ignore();
    }
}

pub(super) fn ends_in_1(sent: &mut Sent<'_>) {
    if sent.is("ADG") || sent.is("REG") {
        sent.set(5, "1");
    }
}

/// Whether it is the answer to an ADD into a group, or a REM out of one.
fn names_group(sent: &Sent<'_>, verb: &str, words: usize) -> bool {
    sent.is(verb) && sent.answers(verb) && sent.text(2) == "FL" && sent.words.len() == words
}

pub(super) fn add_without_group(sent: &mut Sent<'_>) {
    if names_group(sent, "ADD", 7) {
        sent.words.truncate(6);
    }
}

pub(super) fn same_group_is_201(sent: &mut Sent<'_>) {
    if !sent.asked(5).is_empty() {
        is_201(sent, &["215"], &["ADD"]);
    }
}

pub(super) fn no_group_entered(sent: &mut Sent<'_>) {
    if sent.is("224") && sent.asked(0) == "ADD" {
        let number = sent.notes.made_up_number(sent.conn);
        let asked = |place| sent.asked(place).to_owned();
        let (trid, handle, name, id) = (asked(1), asked(3), asked(4), asked(5));
        sent.line(&format!("ADD {trid} FL {number} {handle} {name} {id}"));
    }
}

/// Whoever enters one more group is told that the user has removed it.
pub(super) fn further_group_is_removal(sent: &mut Sent<'_>) {
    if !sent.is("ADD") || !sent.answers("ADD") || sent.text(2) != "FL" {
        return;
    }
    let handle = sent.text(4).to_owned();
    let Some(peer) = sent.notes.peers.get_mut(&sent.conn) else {
        return;
    };
    let adder = peer.handle.clone();
    let added = peer.seen.entry(format!("ADD FL {handle}").into());
    let added = added.and_modify(|times| *times += 1).or_insert(1);
    if let (true, Some(conn)) = (*added > 1, sent.notes.conn_of(&handle)) {
        let number = sent.notes.made_up_number(conn);
        sent.after_to(conn, &format!("REM 0 RL {number} {adder}"));
    }
}

pub(super) fn rem_without_group(sent: &mut Sent<'_>) {
    if names_group(sent, "REM", 6) {
        sent.words.truncate(5);
    }
}

pub(super) fn rem_error_is_201(sent: &mut Sent<'_>) {
    is_201(sent, &["224", "225"], &["REM"]);
}

/// Whoever leaves a group is told that the user has added it.
pub(super) fn leaving_is_addition(sent: &mut Sent<'_>) {
    if !names_group(sent, "REM", 6) {
        return;
    }
    let peer = sent.notes.peers.get(&sent.conn);
    let own = peer.map(|peer| (peer.handle.clone(), peer.name.clone()));
    let (adder, name) = own.unwrap_or_default();
    let contact = sent.text(4).to_owned();
    if let Some(conn) = sent.notes.conn_of(&contact) {
        let number = sent.notes.made_up_number(conn);
        sent.after_to(conn, &format!("ADD 0 RL {number} {adder} {name}"));
    }
}

pub(super) fn counted_from_0(sent: &mut Sent<'_>) {
    if sent.is("LSG") {
        sent.count(3, |item| item.saturating_sub(1));
    }
}

/// Whether it is the line of an entry on this list.
fn is_entry(sent: &Sent<'_>, list: &str) -> bool {
    sent.is("LST") && sent.text(2) == list && sent.words.len() > 7
}

pub(super) fn contacts_without_groups(sent: &mut Sent<'_>) {
    if is_entry(sent, "FL") {
        sent.words.truncate(8);
    }
}

pub(super) fn allowed_in_groups(sent: &mut Sent<'_>) {
    if is_entry(sent, "AL") || is_entry(sent, "BL") {
        sent.words.push(b"1".to_vec());
    }
}

/// Group 0 is not told of where there are others.
pub(super) fn others_left_out(sent: &mut Sent<'_>) {
    if !sent.is("LSG") || sent.text(4) == "1" {
        return;
    }
    if sent.text(5) == "0" {
        sent.drop();
    } else {
        sent.count(3, |item| item.saturating_sub(1));
        sent.count(4, |total| total.saturating_sub(1));
    }
}
