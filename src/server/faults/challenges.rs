//! Faults of CHL and QRY.

use super::received::Received;
use super::sent::Sent;

pub(super) fn of_two_words(sent: &mut Sent<'_>) {
    if sent.is("CHL") {
        sent.words.push(b"1".to_vec());
    }
}

pub(super) fn answer_names_product(sent: &mut Sent<'_>) {
    if sent.is("QRY") {
        let product = sent.asked(2).as_bytes().to_vec();
        sent.words.push(product);
    }
}

pub(super) fn wrong_answer_is_201(sent: &mut Sent<'_>) {
    if sent.is("540") {
        sent.set(0, "201");
    }
}

pub(super) fn before_login(sent: &mut Sent<'_>) {
    if sent.is("USR") && sent.text(3) == "S" {
        sent.after_to(sent.conn, &format!("CHL 0 {EARLY}"));
    }
}

/// The challenge that comes too early, and what the harness answers.
const EARLY: &str = "31415926535897932384";
const ANSWER: &[u8] = b"5900baf7ab746df3bef2c20e04dd1f94";

/// What answers such a challenge does no harm.
pub(super) fn answers_before_login(received: &mut Received<'_>) {
    if received.is("QRY") && received.payload == ANSWER {
        received.ignore();
    }
}

/// Whose challenge waits for an answer.
const WAITING: &str = "challenged";

pub(super) fn note_challenge(sent: &mut Sent<'_>) {
    if sent.is("CHL") {
        let conn = format!("{:?}", sent.conn);
        sent.notes.remember(WAITING, conn.into_bytes());
    }
}

pub(super) fn deaf_to_blp(received: &mut Received<'_>) {
    let conn = format!("{:?}", received.conn);
    let waits = received.notes.memory.get(WAITING) == Some(&conn.into_bytes());
    if waits && received.is("QRY") {
        received.notes.memory.remove(WAITING);
    } else if waits && received.is("BLP") {
        received.ignore();
    }
}
