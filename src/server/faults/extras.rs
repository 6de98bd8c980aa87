//! Faults of the commands that the draft leaves out, and of the service as a whole.

use super::notes::Word;
use super::received::{Fate, Received};
use super::sent::Sent;

pub(super) fn cvr_short(sent: &mut Sent<'_>) {
    if sent.is("CVR") {
        sent.words.truncate(3);
    }
}

pub(super) fn rename_untold(sent: &mut Sent<'_>) {
    if sent.is("NLN") && sent.asked(0) == "REA" {
        sent.drop();
    }
}

pub(super) fn rename_without_number(sent: &mut Sent<'_>) {
    if sent.is("REA") {
        sent.take_out(2);
    }
}

pub(super) fn url_trid_zero(sent: &mut Sent<'_>) {
    if sent.is("URL") {
        sent.set(1, "0");
    }
}

pub(super) fn snd_without_ok(sent: &mut Sent<'_>) {
    if sent.is("SND") {
        sent.words.truncate(2);
    }
}

pub(super) fn fnd_short(sent: &mut Sent<'_>) {
    if sent.is("FND") {
        sent.words.truncate(3);
    }
}

pub(super) fn ping_echoed(sent: &mut Sent<'_>) {
    if sent.is("QNG") {
        sent.set(0, "PNG");
    }
}

/// After what no server should have to read, nothing is heard any more.
pub(super) fn garbage_stops_all(received: &mut Received<'_>) {
    let is_verb = |word: &[u8]| word.iter().all(|byte| byte.is_ascii_alphabetic());
    if received.words.first().is_some_and(|verb| !is_verb(verb)) {
        received.get_stuck();
    }
}

pub(super) fn garbage_closes_all(received: &mut Received<'_>) {
    let is_verb = |word: &[u8]| word.iter().all(|byte| byte.is_ascii_alphabetic());
    if received.words.first().is_some_and(|verb| !is_verb(verb)) {
        received.fate = Fate::CloseAll;
    }
}

/// What one connection must have had answered, in this order and with anything in between, before
/// it can end the service.
const DEEDS: [&str; 5] = ["CHG", "ADD", "SYN", "REM", "XFR"];

/// Counts the successes that lead to the crash.
pub(super) fn count_deeds(sent: &mut Sent<'_>) {
    if !sent.is_reply() {
        return;
    }
    let verb = sent.text(0).to_owned();
    if let Some(peer) = sent.notes.peers.get_mut(&sent.conn)
        && DEEDS.get(peer.deeds) == Some(&verb.as_str())
    {
        peer.deeds += 1;
    }
}

/// What the notes hold once the service has ended.
pub(super) const GONE: &str = "gone";

/// The service is gone as if its process had died: every connection drops, and so does each that
/// is made later.
pub(super) fn crash_at_the_sixth(received: &mut Received<'_>) {
    let is_ready = received.peer().deeds == DEEDS.len();
    if is_ready && received.is("CHG") && received.text(2) == "HDN" {
        received.notes.remember(GONE, Word::new());
    }
    if received.notes.memory.contains_key(GONE) {
        received.fate = Fate::CloseAll;
    }
}

/// How much one client is sent before everybody waits for it.
const PATIENCE: usize = 24 * 1024;

/// Counts what goes to each client, as if none had read it.
pub(super) fn slow_reader_stops_all(sent: &mut Sent<'_>) {
    let length: usize = sent.words.iter().map(|word| word.len() + 1).sum();
    let Some(peer) = sent.notes.peers.get_mut(&sent.conn) else {
        return;
    };
    if peer.unheard + length + sent.payload.len() > PATIENCE {
        sent.notes.is_stuck = true;
    }
}
