//! Faults of what presence says of clients from MSNP8 on, and of objects from MSNP9 on.

use super::received::{Fate, Received};
use super::sent::Sent;

/// The place of the client id in a line that shows a contact, where there is one.
fn place(sent: &Sent<'_>) -> Option<usize> {
    let place = match sent.text(0) {
        "NLN" => 4,
        "ILN" => 5,
        _ => return None,
    };
    (place < sent.words.len()).then_some(place)
}

pub(super) fn echoed_as_0(sent: &mut Sent<'_>) {
    if sent.answers("CHG") && sent.is("CHG") {
        sent.set(3, "0");
    }
}

pub(super) fn untold(sent: &mut Sent<'_>) {
    if let Some(place) = place(sent) {
        sent.set(place, "0");
    }
}

pub(super) fn large_closes(received: &mut Received<'_>) {
    let id = received.text(3).parse::<u64>();
    if received.is("CHG") && id.is_ok_and(|id| id > 0x7fff_ffff) {
        received.fate = Fate::Close;
    }
}

pub(super) fn zero_left_out(sent: &mut Sent<'_>) {
    if let Some(place) = place(sent).filter(|place| sent.text(*place) == "0") {
        sent.words.truncate(place);
    }
}

pub(super) fn object_untold(sent: &mut Sent<'_>) {
    if let Some(place) = place(sent) {
        sent.words.truncate(place + 1);
    }
}

pub(super) fn object_made_up(sent: &mut Sent<'_>) {
    let place = place(sent).filter(|place| sent.words.len() == place + 1);
    let peer = sent.notes.peers.get(&sent.conn);
    if place.is_some() && peer.is_some_and(|peer| peer.dialect == "MSNP9") {
        sent.words.push(b"%3Cmsnobj%20Own%3D%221%22%2F%3E".to_vec());
    }
}
