//! Faults of MSG, ACK and NAK.

use std::time::Duration;

use super::received::{Fate, Received};
use super::sent::Sent;
use crate::protocol::{MAX_MESSAGE, ServerKind};

fn is_message(sent: &Sent<'_>) -> bool {
    sent.is("MSG") && sent.asked(0) == "MSG"
}

/// Whether somebody's message in this mode is passed on.
fn is_mode(sent: &Sent<'_>, mode: &str) -> bool {
    is_message(sent) && sent.asked(2) == mode
}

fn sender(sent: &Sent<'_>) -> Option<crate::server::ConnId> {
    sent.command().map(|command| command.conn)
}

pub(super) fn to_sender(sent: &mut Sent<'_>) {
    if let (true, Some(sender)) = (is_message(sent), sender(sent)) {
        sent.copy_to(sender);
    }
}

/// Of several receivers the first gets it alone.
pub(super) fn to_first_alone(sent: &mut Sent<'_>) {
    let Some(command) = sent.command().filter(|_| is_message(sent)) else {
        return;
    };
    let id = format!("{:?} {}", command.conn, command.text(1)).into_bytes();
    if sent.notes.remember("message", id.clone()) == Some(id) {
        sent.drop();
    }
}

pub(super) fn twice(sent: &mut Sent<'_>) {
    if is_message(sent) {
        sent.again();
    }
}

/// Everybody on the switchboard gets it, whatever the session.
pub(super) fn to_all_sessions(sent: &mut Sent<'_>) {
    if !is_message(sent) {
        return;
    }
    let (own, sender) = (sent.conn, sender(sent));
    let others = sent.notes.peers.iter().filter(|(conn, peer)| {
        let is_seated = peer.kind == ServerKind::Switchboard && !peer.handle.is_empty();
        is_seated && **conn != own && Some(**conn) != sender
    });
    let others: Vec<_> = others.map(|(conn, _)| *conn).collect();
    for conn in others {
        sent.copy_to(conn);
    }
}

pub(super) fn without_name(sent: &mut Sent<'_>) {
    if is_message(sent) {
        let handle = sent.text(1).to_owned();
        sent.set(2, handle);
    }
}

pub(super) fn from_its_receiver(sent: &mut Sent<'_>) {
    let receiver = sent.notes.peers.get(&sent.conn);
    if let (true, Some(receiver)) = (is_message(sent), receiver) {
        let handle = receiver.handle.clone();
        sent.set(1, handle);
    }
}

fn change_payload(sent: &mut Sent<'_>, change: impl FnOnce(&[u8]) -> Vec<u8>) {
    if is_message(sent) {
        sent.payload = change(&sent.payload);
        let length = sent.payload.len().to_string();
        sent.set(3, length);
    }
}

pub(super) fn line_ends_changed(sent: &mut Sent<'_>) {
    change_payload(sent, |payload| {
        let mut made = payload.to_vec();
        made.retain(|byte| *byte != b'\r');
        made
    });
}

pub(super) fn ends_at_nul(sent: &mut Sent<'_>) {
    change_payload(sent, |payload| {
        let end = payload.iter().position(|byte| *byte == 0);
        let end = end.unwrap_or(payload.len());
        payload.get(..end).unwrap_or_default().to_vec()
    });
}

pub(super) fn made_utf_8(sent: &mut Sent<'_>) {
    change_payload(sent, |payload| {
        String::from_utf8_lossy(payload).into_owned().into_bytes()
    });
}

pub(super) fn trimmed(sent: &mut Sent<'_>) {
    change_payload(sent, |payload| payload.trim_ascii_end().to_vec());
}

/// What holds no MIME is not passed on.
pub(super) fn mime_alone(sent: &mut Sent<'_>) {
    if is_message(sent) && !sent.payload.starts_with(b"MIME-Version") {
        sent.drop();
    }
}

fn acknowledge(sent: &mut Sent<'_>, mode: &str, verb: &str) {
    if let (true, Some(sender)) = (is_mode(sent, mode), sender(sent)) {
        let line = format!("{verb} {}", sent.asked(1));
        sent.after_to(sender, &line);
    }
}

pub(super) fn mode_u_acknowledged(sent: &mut Sent<'_>) {
    acknowledge(sent, "U", "ACK");
}

pub(super) fn mode_n_acknowledged(sent: &mut Sent<'_>) {
    acknowledge(sent, "N", "ACK");
}

pub(super) fn mode_n_refused(sent: &mut Sent<'_>) {
    acknowledge(sent, "N", "NAK");
}

pub(super) fn failure_acknowledged(sent: &mut Sent<'_>) {
    if sent.is("NAK") {
        sent.set(0, "ACK");
    }
}

pub(super) fn success_refused(sent: &mut Sent<'_>) {
    if sent.is("ACK") {
        sent.set(0, "NAK");
    }
}

/// Every third message takes longer; not by much, since thousands are sent at times.
pub(super) fn overtaken(sent: &mut Sent<'_>) {
    if !is_message(sent) {
        return;
    }
    let count = sent.notes.remember("messages", Vec::new());
    let count = count.map_or(0, |count| count.len() + 1);
    sent.notes.remember("messages", vec![b'x'; count]);
    if count % 3 == 1 {
        sent.delay(Duration::from_millis(8));
    }
}

pub(super) fn empty_dropped(sent: &mut Sent<'_>) {
    if is_message(sent) && sent.payload.is_empty() {
        sent.drop();
    }
}

pub(super) fn long_cut(sent: &mut Sent<'_>) {
    change_payload(sent, |payload| {
        payload
            .get(..payload.len().min(1024))
            .unwrap_or_default()
            .to_vec()
    });
}

/// The server takes more than it may, and passes on what it may.
pub(super) fn over_long_cut(received: &mut Received<'_>) {
    received.payload.truncate(MAX_MESSAGE);
}

pub(super) fn long_closes(received: &mut Received<'_>) {
    if received.is("MSG") && received.payload.len() > 1024 {
        received.fate = Fate::Close;
    }
}

pub(super) fn any_mode(received: &mut Received<'_>) {
    let is_seated = received.kind == ServerKind::Switchboard && !received.peer().handle.is_empty();
    if is_seated && received.is("MSG") && received.words.len() == 4 {
        let mode = received.text(2).to_owned();
        if !["U", "N", "A"].contains(&mode.as_str()) {
            received.set(2, "U");
        }
    }
}

/// A line of a payload that reads OUT ends the sender's part in the session.
pub(super) fn payload_obeyed(received: &mut Received<'_>) {
    let mut lines = received.payload.split(|byte| *byte == b'\n');
    if lines.any(|line| line.trim_ascii() == b"OUT") {
        received.fate = Fate::Close;
    }
}

pub(super) fn taken_on_other_servers(received: &mut Received<'_>) {
    if received.kind != ServerKind::Switchboard && received.is("MSG") {
        let line = format!("ACK {}", received.text(1));
        received.answer(&line);
    }
}
