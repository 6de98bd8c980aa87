//! Faults of error lines.

use super::sent::Sent;
use crate::protocol::ServerKind;

/// Whether it is an error of a client that is logged in.
fn is_late_error(sent: &Sent<'_>) -> bool {
    sent.is_error() && !sent.is_any(&["911", "302"])
}

/// Whether it goes to a client of the switchboard.
fn is_on_board(sent: &Sent<'_>) -> bool {
    let peer = sent.notes.peers.get(&sent.conn);
    peer.is_some_and(|peer| peer.kind == ServerKind::Switchboard)
}

/// Puts another code in the place of one, where it answers one of these commands.
fn recode(sent: &mut Sent<'_>, verbs: &[&str], code: &str, other: &str) {
    let is_asked = verbs.is_empty() || verbs.contains(&sent.asked(0));
    if sent.is(code) && is_asked {
        sent.set(0, other);
    }
}

pub(super) fn without_trid(sent: &mut Sent<'_>) {
    if is_late_error(sent) {
        sent.words.truncate(1);
    }
}

pub(super) fn trid_zero(sent: &mut Sent<'_>) {
    if is_late_error(sent) {
        sent.set(1, "0");
    }
}

pub(super) fn unknown_code(sent: &mut Sent<'_>) {
    if is_late_error(sent) {
        sent.set(0, "299");
    }
}

pub(super) fn word_for_a_code(sent: &mut Sent<'_>) {
    if is_late_error(sent) {
        sent.set(0, "ERR");
    }
}

pub(super) fn text(sent: &mut Sent<'_>) {
    if is_late_error(sent) {
        sent.words.push(b"failed".to_vec());
    }
}

pub(super) fn no_domain_is_201(sent: &mut Sent<'_>) {
    recode(sent, &["USR"], "206", "201");
}

pub(super) fn failed_login_is_910(sent: &mut Sent<'_>) {
    if !is_on_board(sent) {
        recode(sent, &["USR"], "911", "910");
    }
}

pub(super) fn not_logged_in_is_500(sent: &mut Sent<'_>) {
    recode(sent, &[], "302", "500");
}

pub(super) fn same_prompt_is_201(sent: &mut Sent<'_>) {
    recode(sent, &["GTC"], "218", "201");
}

pub(super) fn same_privacy_is_219(sent: &mut Sent<'_>) {
    recode(sent, &["BLP"], "218", "219");
}

pub(super) fn opposite_is_215(sent: &mut Sent<'_>) {
    recode(sent, &["ADD"], "219", "215");
}

pub(super) fn twice_is_201(sent: &mut Sent<'_>) {
    recode(sent, &["ADD"], "215", "201");
}

pub(super) fn unknown_user_is_216(sent: &mut Sent<'_>) {
    recode(sent, &["ADD"], "205", "216");
}

pub(super) fn malformed_is_500(sent: &mut Sent<'_>) {
    recode(sent, &["ADD"], "201", "500");
}

pub(super) fn missing_is_201(sent: &mut Sent<'_>) {
    recode(sent, &["REM"], "216", "201");
}

pub(super) fn hidden_referral_is_201(sent: &mut Sent<'_>) {
    if sent.answers("XFR")
        && sent
            .notes
            .peers
            .get(&sent.conn)
            .is_some_and(|p| p.state == "HDN")
    {
        sent.set(0, "201");
    }
}

pub(super) fn early_referral_is_500(sent: &mut Sent<'_>) {
    if sent.answers("XFR")
        && sent
            .notes
            .peers
            .get(&sent.conn)
            .is_some_and(|p| !p.handle.is_empty() && p.state.is_empty())
    {
        sent.set(0, "500");
    }
}

pub(super) fn bad_cookie_is_500(sent: &mut Sent<'_>) {
    if is_on_board(sent) {
        recode(sent, &["USR", "ANS"], "911", "500");
    }
}

pub(super) fn unreachable_is_201(sent: &mut Sent<'_>) {
    recode(sent, &["CAL"], "217", "201");
}

pub(super) fn present_is_217(sent: &mut Sent<'_>) {
    recode(sent, &["CAL"], "215", "217");
}

pub(super) fn malformed_callee_is_500(sent: &mut Sent<'_>) {
    recode(sent, &["CAL"], "208", "500");
}
