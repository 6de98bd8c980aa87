//! Faults that show where several come, call or go at the same moment.

use std::time::Duration;

use super::notes::Notes;
use super::received::Received;
use super::sent::Sent;
use crate::server::id::ConnId;

/// What happens within so long happens at the same moment.
const MOMENT: Duration = Duration::from_millis(50);
/// So many participants are lost without harm.
const LOSSES: usize = 2;
/// So many logins of one user at the same moment do no harm.
const LOGINS: usize = 4;
/// So often a user logs in at once after its connection was lost, without harm.
const RETURNS: usize = 2;

/// A client has gone without a word.
pub(super) fn lost(notes: &mut Notes, conn: ConnId) {
    notes.crowd.challenged.remove(&conn);
    let Some(peer) = notes.peers.get(&conn).filter(|p| !p.handle.is_empty()) else {
        return;
    };
    // Nobody says VER on a switchboard, whatever door leads there.
    if peer.seen.contains_key(b"VER".as_slice()) {
        notes.crowd.lost = Some((peer.handle.clone(), notes.now));
        return;
    }
    let (count, last) = notes.crowd.losses;
    let is_same_moment = notes.now.saturating_sub(last) < MOMENT;
    let count = if is_same_moment { count + 1 } else { 1 };
    notes.crowd.losses = (count, notes.now);
    notes.is_stuck |= notes.crowd.counts_losses && count > LOSSES;
}

/// Nobody is served once several participants were lost at the same moment.
pub(super) fn losses_wedge(received: &mut Received<'_>) {
    received.notes.crowd.counts_losses = true;
    received.notes.crowd.losses = (0, Duration::ZERO);
}

/// Who answers a challenge; notes who gets one.
fn challenged(received: &mut Received<'_>) -> Option<String> {
    let conn = received.conn;
    match (received.text(0), received.text(2), received.text(3)) {
        ("USR", "MD5", "I") => {
            let handle = received.text(4).to_ascii_lowercase();
            received.notes.crowd.challenged.insert(conn, handle);
            None
        }
        ("USR", "MD5", "S") => received.notes.crowd.challenged.get(&conn).cloned(),
        _ => None,
    }
}

/// Nobody is served once a user has come back at once several times.
pub(super) fn returns_wedge(received: &mut Received<'_>) {
    let Some(handle) = challenged(received) else {
        return;
    };
    let now = received.notes.now;
    let crowd = &mut received.notes.crowd;
    let lost = crowd.lost.take_if(|(lost, at)| {
        lost.eq_ignore_ascii_case(&handle) && now.saturating_sub(*at) < MOMENT
    });
    crowd.returns += usize::from(lost.is_some());
    if crowd.returns > RETURNS {
        received.get_stuck();
    }
}

/// Nobody is served once several logins of one user are under way at the same moment.
pub(super) fn logins_wedge(received: &mut Received<'_>) {
    let Some(handle) = challenged(received) else {
        return;
    };
    let waiting = received.notes.crowd.challenged.values();
    if waiting.filter(|other| **other == handle).count() > LOGINS {
        received.get_stuck();
    }
    received.notes.crowd.challenged.remove(&received.conn);
}

/// The user to whom a cookie is handed out, and the cookie.
fn handed_out(sent: &Sent<'_>, verb: &str, place: usize) -> Option<(String, String)> {
    let peer = sent.notes.peers.get(&sent.conn)?;
    sent.is(verb)
        .then(|| (peer.handle.clone(), sent.text(place).to_owned()))
}

/// Makes those of the cookies void that are this user's.
fn revoke(cookies: &mut Vec<(String, String)>, user: &str, void: &mut Vec<String>) {
    let theirs = cookies.extract_if(.., |(of, _)| of == user);
    void.extend(theirs.map(|(_, cookie)| cookie));
}

pub(super) fn ring_voids_ring(sent: &mut Sent<'_>) {
    if let Some(ring) = handed_out(sent, "RNG", 4) {
        let crowd = &mut sent.notes.crowd;
        revoke(&mut crowd.rings, &ring.0, &mut crowd.void);
        crowd.rings.push(ring);
    }
}

pub(super) fn ring_voids_referral(sent: &mut Sent<'_>) {
    let referral = handed_out(sent, "XFR", 5);
    let ring = handed_out(sent, "RNG", 4);
    let crowd = &mut sent.notes.crowd;
    crowd.referrals.extend(referral);
    if let Some((callee, _)) = ring {
        revoke(&mut crowd.referrals, &callee, &mut crowd.void);
    }
}

pub(super) fn referral_voids_ring(sent: &mut Sent<'_>) {
    let ring = handed_out(sent, "RNG", 4);
    let referral = handed_out(sent, "XFR", 5);
    let crowd = &mut sent.notes.crowd;
    crowd.rings.extend(ring);
    if let Some((user, _)) = referral {
        revoke(&mut crowd.rings, &user, &mut crowd.void);
    }
}

/// What is void opens nothing.
pub(super) fn void_refused(received: &mut Received<'_>) {
    // Where one door leads everywhere, the first command says what is behind it.
    let is_entry = received.is("ANS") || (received.is("USR") && received.text(2).contains('@'));
    let cookie = received.text(3);
    if is_entry && received.notes.crowd.void.iter().any(|void| *void == cookie) {
        let line = format!("911 {}", received.text(1));
        received.answer(&line);
    }
}

/// Who has left the notification server calls in vain.
pub(super) fn caller_offline_unanswered(received: &mut Received<'_>) {
    let caller = received.peer().handle.clone();
    if received.is("CAL") && received.notes.conn_of(&caller).is_none() {
        received.ignore();
    }
}
