//! Faults of ADD and REM.

use super::framing::replace;
use super::received::Received;
use super::sent::Sent;

/// Whether it is the echo of an ADD or REM.
fn is_echo(sent: &Sent<'_>, verb: &str) -> bool {
    sent.is(verb) && sent.answers(verb) && sent.text(2) != "RL"
}

/// Whether it is the news that somebody added or removed the receiver.
fn is_news(sent: &Sent<'_>, verb: &str) -> bool {
    sent.is(verb) && sent.text(2) == "RL"
}

/// Answers a refused ADD or REM as if it had been carried out.
fn succeed(sent: &mut Sent<'_>, code: &str, verb: &str) {
    if sent.is(code) && sent.answers(verb) {
        let number = sent.notes.made_up_number(sent.conn);
        let (trid, list) = (sent.text(1), sent.asked(2));
        let line = format!("{verb} {trid} {list} {number} {}", sent.asked(3));
        let name = sent.asked(4).to_owned();
        sent.line(&line);
        if verb == "ADD" {
            sent.words.push(name.into());
        }
    }
}

pub(super) fn block_echo_missing(sent: &mut Sent<'_>) {
    if is_echo(sent, "ADD") && sent.text(2) == "BL" {
        sent.drop();
    }
}

pub(super) fn add_old_number(sent: &mut Sent<'_>) {
    if is_echo(sent, "ADD") {
        sent.count(3, |number| number.saturating_sub(1));
    }
}

pub(super) fn add_echo_without_name(sent: &mut Sent<'_>) {
    if is_echo(sent, "ADD") && sent.text(2) == "AL" {
        sent.words.truncate(5);
    }
}

fn answer_as_done(received: &mut Received<'_>) {
    let number = received.notes.made_up_number(received.conn);
    let (verb, trid) = (received.text(0), received.text(1));
    let (list, handle) = (received.text(2), received.text(3));
    let line = match verb {
        "ADD" => format!("ADD {trid} {list} {number} {handle} {}", received.text(4)),
        _ => format!("REM {trid} {list} {number} {handle}"),
    };
    received.answer(&line);
}

pub(super) fn add_to_rl(received: &mut Received<'_>) {
    if received.is("ADD") && received.text(2) == "RL" {
        answer_as_done(received);
    }
}

pub(super) fn rem_from_rl(received: &mut Received<'_>) {
    if received.is("REM") && received.text(2) == "RL" {
        answer_as_done(received);
    }
}

pub(super) fn add_any_list(received: &mut Received<'_>) {
    let is_list = ["FL", "AL", "BL", "RL"].contains(&received.text(2));
    if received.is("ADD") && received.words.len() == 5 && !is_list {
        answer_as_done(received);
    }
}

pub(super) fn add_twice_echoed(sent: &mut Sent<'_>) {
    succeed(sent, "215", "ADD");
}

pub(super) fn opposites_echoed(sent: &mut Sent<'_>) {
    succeed(sent, "219", "ADD");
}

pub(super) fn unknown_user_added(sent: &mut Sent<'_>) {
    succeed(sent, "205", "ADD");
}

pub(super) fn malformed_handle_added(sent: &mut Sent<'_>) {
    if ["FL", "AL", "BL"].contains(&sent.asked(2)) {
        succeed(sent, "201", "ADD");
    }
}

pub(super) fn missing_entry_removed(sent: &mut Sent<'_>) {
    succeed(sent, "216", "REM");
}

pub(super) fn add_untold(sent: &mut Sent<'_>) {
    if is_news(sent, "ADD") {
        sent.drop();
    }
}

pub(super) fn add_told_late(sent: &mut Sent<'_>) {
    if is_news(sent, "ADD") {
        sent.hold();
    }
}

pub(super) fn rem_untold(sent: &mut Sent<'_>) {
    if is_news(sent, "REM") {
        sent.drop();
    }
}

pub(super) fn add_told_twice(sent: &mut Sent<'_>) {
    if is_news(sent, "ADD") {
        sent.again();
    }
}

/// The news goes to the one who added, not to the one who was added.
pub(super) fn add_told_to_the_adder(sent: &mut Sent<'_>) {
    let adder = sent.command().map(|command| command.conn);
    if let (true, Some(adder)) = (is_news(sent, "ADD"), adder) {
        sent.conn = adder;
    }
}

/// Whoever is put on AL or BL is told of it as of the RL.
pub(super) fn allowing_told(sent: &mut Sent<'_>) {
    if !is_echo(sent, "ADD") || sent.text(2) == "FL" {
        return;
    }
    let peer = sent.notes.peers.get(&sent.conn);
    let adder = peer.map_or("", |peer| &peer.handle).to_owned();
    if let Some(conn) = sent.notes.conn_of(sent.text(4)) {
        let list = sent.text(2);
        let line = format!("ADD 0 {list} 1000 {adder} {adder}");
        sent.after_to(conn, &line);
    }
}

pub(super) fn echo_plus_for_blank(sent: &mut Sent<'_>) {
    if is_echo(sent, "ADD") {
        sent.each(|word| replace(word, b"%20", b"+"));
    }
}

pub(super) fn echo_names_by_handle(sent: &mut Sent<'_>) {
    if is_echo(sent, "ADD") {
        let handle = sent.text(4).to_owned();
        sent.set(5, handle);
    }
}

pub(super) fn rem_without_number(sent: &mut Sent<'_>) {
    if is_echo(sent, "REM") {
        sent.take_out(3);
    }
}

pub(super) fn names_cut(received: &mut Received<'_>) {
    cut_name(received, 0, 129);
}

pub(super) fn too_long_names_cut(received: &mut Received<'_>) {
    cut_name(received, 388, 387);
}

fn cut_name(received: &mut Received<'_>, from: usize, length: usize) {
    let place = match received.text(0) {
        "ADD" => 4,
        "REA" => 3,
        _ => return,
    };
    if let Some(name) = received.words.get_mut(place)
        && name.len() >= from
    {
        name.truncate(length);
    }
}
