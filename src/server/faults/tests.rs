//! The table of faults, and a dialogue for some of each kind.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Fault, faults};
use crate::server::fixture::{Fixture, config};
use crate::server::{Config, ConnId, Door};

#[test]
fn every_fault_has_a_name_of_its_own_and_clauses() {
    let mut names = BTreeSet::new();
    let mut descriptions = BTreeSet::new();
    for fault in faults() {
        let name = fault.name();
        assert!(names.insert(name), "{name} twice");
        assert!(
            descriptions.insert(fault.description()),
            "{name} says what another says"
        );
        assert!(!fault.clauses().is_empty(), "{name}");
        let is_kebab =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(name.bytes().all(is_kebab), "{name}");
        assert!(fault.description().ends_with('.'), "{name}");
        let clauses: BTreeSet<_> = fault.clauses().iter().collect();
        assert_eq!(clauses.len(), fault.clauses().len(), "{name}");
    }
    assert!(faults().len() >= 120, "{}", faults().len());
}

fn faulty(faults: &[Fault]) -> Fixture {
    Fixture::with(Config {
        faults: faults.iter().copied().collect(),
        ..config()
    })
}

fn two_online(faults: &[Fault]) -> (Fixture, ConnId, ConnId) {
    let mut s = faulty(faults);
    let (alice, bob) = (s.online("alice", "NLN"), s.online("bob", "NLN"));
    (s, alice, bob)
}

#[test]
fn lines_are_spoilt() {
    let (mut s, alice, _) = two_online(&[Fault::ADD_OLD_NUMBER, Fault::ERROR_WITH_TEXT]);
    s.ask(
        alice,
        "ADD 1 AL bob@hotmail.com b",
        "ADD 1 AL 1 bob@hotmail.com b",
    );
    s.ask(alice, "ADD 2 AL bob@hotmail.com b", "215 2 failed");
}

#[test]
fn commands_are_spoilt() {
    let (mut s, alice, _) = two_online(&[Fault::ANY_CASE, Fault::MISSING_PARAMETERS_GUESSED]);
    s.ask(alice, "chg 1 BSY", "CHG 1 BSY");
    s.ask(alice, "CHG 2", "CHG 2 NLN");
}

#[test]
fn frames_are_doubled_dropped_misdirected_and_held() {
    let (mut s, alice, bob) = two_online(&[Fault::ADD_TOLD_LATE, Fault::REM_UNTOLD]);
    s.add(alice, "FL", "bob");
    s.nothing(bob);
    s.c(bob, "PNG");
    s.expect(bob, "ADD 0 RL * alice@hotmail.com *");
    s.expect(bob, "QNG");
    s.ask(
        alice,
        "REM 1 FL bob@hotmail.com",
        "REM 1 FL * bob@hotmail.com",
    );
    s.nothing(bob);
    let (mut s, alice, bob) = two_online(&[Fault::NLN_TWICE, Fault::REPLY_TO_ANOTHER]);
    s.add(bob, "FL", "alice");
    s.skip(alice);
    s.ask(alice, "CHG 1 BSY", "CHG 1 BSY");
    for _ in 0..2 {
        s.expect(bob, "NLN BSY alice@hotmail.com ALICE%20X");
    }
    s.c(bob, "REM 2 FL alice@hotmail.com");
    s.nothing(bob);
    s.expect(alice, "REM 2 FL * alice@hotmail.com");
}

#[test]
fn a_held_frame_goes_out_in_time() {
    let (mut s, alice, bob) = two_online(&[Fault::MESSAGES_OVERTAKE]);
    let a = s.session(alice, "alice");
    let b = s.join(a, bob, "bob");
    s.raw(a, b"MSG 1 U 1\r\n1MSG 2 U 1\r\n2MSG 3 U 1\r\n3");
    let mut order = String::new();
    for _ in 0..2 {
        order += std::str::from_utf8(&s.next(b).payload.unwrap()).unwrap();
    }
    s.nothing(b);
    let due = s.server.poll_timeout().unwrap();
    assert_eq!(due, Duration::from_millis(8));
    s.wait(1);
    order += std::str::from_utf8(&s.next(b).payload.unwrap()).unwrap();
    assert_eq!(order, "132");
}

#[test]
fn state_is_kept_too_long_or_too_short() {
    let mut s = faulty(&[Fault::GTC_FORGOTTEN, Fault::DROP_UNNOTICED]);
    let bob = s.online("bob", "NLN");
    s.add(bob, "FL", "alice");
    let alice = s.online("alice", "NLN");
    s.skip(bob);
    s.ask(alice, "GTC 1 N", "GTC 1 * N");
    s.hang_up(alice);
    s.nothing(bob);
    let alice = s.login("alice");
    s.expect(bob, "FLN alice@hotmail.com");
    s.ask(alice, "GTC 2 N", "GTC 2 * N");
}

#[test]
fn cookies_open_too_much() {
    let (mut s, alice, _) = two_online(&[Fault::COOKIE_REUSABLE]);
    let words = s.ask(alice, "XFR 1 SB", "XFR 1 SB * CKI *");
    for _ in 0..2 {
        let board = s.open(Door::Switchboard);
        let line = format!("USR 1 alice@hotmail.com {}", words[5]);
        s.ask(board, &line, "USR 1 OK alice@hotmail.com *");
    }
}

#[test]
fn a_server_gets_stuck_or_falls() {
    let (mut s, alice, bob) = two_online(&[Fault::GARBAGE_STOPS_ALL]);
    s.c(alice, "%%%");
    s.c(bob, "PNG");
    s.nothing(bob);
    let (mut s, alice, bob) = two_online(&[Fault::GARBAGE_CLOSES_ALL]);
    s.c(alice, "%%%");
    s.closed(alice);
    s.closed(bob);
}

#[test]
fn a_silent_connection_holds_up_those_behind_it() {
    let mut s = faulty(&[Fault::SILENCE_BLOCKS_ALL]);
    let bob = s.online("bob", "NLN");
    let silent = s.open(Door::Notification);
    let late = s.open(Door::Notification);
    s.c(late, "VER 1 MSNP2");
    s.nothing(late);
    s.ask(bob, "PNG", "QNG");
    s.ask(silent, "VER 1 MSNP2", "VER 1 MSNP2");
    s.expect(late, "VER 1 MSNP2");
}

#[test]
fn several_faults_meet_in_one_line() {
    let mut s = faulty(&[
        Fault::LOWER_CASE_REPLIES,
        Fault::ADD_OLD_NUMBER,
        Fault::ADD_TWICE_IS_201,
        Fault::UNKNOWN_ERROR_CODE,
        Fault::BLOCK_ECHO_MISSING,
        Fault::ANSWERED_TWICE,
    ]);
    let alice = s.login("alice");
    let line = "ADD 1 AL bob@hotmail.com b";
    s.ask(alice, line, "add 1 AL 1 bob@hotmail.com b");
    s.ask(alice, line, "299 1");
    s.c(alice, "ADD 2 BL carol@hotmail.com c");
    s.nothing(alice);
    s.c(alice, "GTC 3 N");
    for _ in 0..2 {
        s.expect(alice, "GTC 3 * N");
    }
    s.nothing(alice);
}

#[test]
fn a_command_that_one_fault_answers_is_left_alone_by_others() {
    let (mut s, alice, _) = two_online(&[
        Fault::MISSING_PARAMETERS_GUESSED,
        Fault::SAME_STATE_UNANSWERED,
        Fault::SAME_STATE_IS_201,
    ]);
    s.ask(alice, "CHG 1", "201 1");
}

#[test]
fn words_and_numbers_are_added_swapped_and_left_out() {
    let mut s = faulty(&[
        Fault::CHG_HAS_A_WORD_MORE,
        Fault::ADD_HAS_A_WORD_MORE,
        Fault::COUNTS_SWAPPED,
        Fault::SETTINGS_WITHOUT_NUMBER,
        Fault::SAME_STATE_IS_218,
    ]);
    let alice = s.login("alice");
    s.ask(alice, "CHG 1 BSY", "CHG 1 BSY 0");
    s.ask(alice, "CHG 2 BSY", "218 2");
    for (trid, user) in (3..).zip(["bob", "carol"]) {
        let line = format!("{trid} AL {user}@hotmail.com x");
        let echo = format!("ADD {trid} AL * {user}@hotmail.com x 0");
        s.ask(alice, &format!("ADD {line}"), &echo);
    }
    s.c(alice, "LST 5 AL");
    s.expect(alice, "LST 5 AL 3 2 1 bob@hotmail.com x");
    s.expect(alice, "LST 5 AL 3 2 2 carol@hotmail.com x");
    s.ask(alice, "GTC 6 N", "GTC 6 N");
    let mut s = faulty(&[Fault::ADD_WITHOUT_NUMBER, Fault::LISTS_WITHOUT_NUMBER]);
    let alice = s.online("alice", "NLN");
    let line = "ADD 1 AL bob@hotmail.com x";
    s.ask(alice, line, "ADD 1 AL bob@hotmail.com x");
    s.ask(alice, "LST 2 AL", "LST 2 AL 1 1 bob@hotmail.com x");
}

#[test]
fn presence_and_logins_take_their_time() {
    let (mut s, alice, bob) = two_online(&[Fault::PRESENCE_BATCHED]);
    s.add(bob, "FL", "alice");
    s.skip(alice);
    s.ask(alice, "CHG 1 BSY", "CHG 1 BSY");
    s.nothing(bob);
    assert_eq!(s.server.poll_timeout(), Some(Duration::from_millis(200)));
    s.wait(1);
    s.expect(bob, "NLN BSY alice@hotmail.com *");
}

#[test]
fn a_later_session_sees_what_was_written_a_second_ago() {
    let mut s = faulty(&[Fault::LISTS_WRITTEN_LATE]);
    let alice = s.login("alice");
    s.ask(
        alice,
        "ADD 1 AL bob@hotmail.com b",
        "ADD 1 AL 2 bob@hotmail.com b",
    );
    s.ask(alice, "LST 2 AL", "LST 2 AL 2 1 1 bob@hotmail.com b");
    s.hang_up(alice);
    let alice = s.login("alice");
    s.ask(alice, "LST 3 AL", "LST 3 AL 1 0 0");
    s.wait(1);
    s.c(alice, "GTC 4 N");
    s.skip(alice);
    s.ask(alice, "LST 5 AL", "LST 5 AL 3 1 1 bob@hotmail.com b");
}

#[test]
fn what_is_malformed_closes_or_is_not_answered() {
    let malformed = [
        "ADD 1 AL bob b",
        "LST 1 XX",
        "CHG x NLN",
        "HELLO",
        "GTC 1 X",
    ];
    for line in malformed {
        let (mut s, alice, bob) = two_online(&[Fault::MALFORMED_CLOSES]);
        s.c(alice, line);
        s.closed(alice);
        s.ask(bob, "PNG", "QNG");
    }
    let (mut s, alice, _) = two_online(&[Fault::MALFORMED_UNANSWERED]);
    for line in malformed {
        s.c(alice, line);
        s.nothing(alice);
    }
    s.ask(alice, "PNG", "QNG");
}

#[test]
fn much_is_told_unasked_and_a_service_is_everywhere() {
    let mut s = faulty(&[Fault::BATCH_AT_LOGIN, Fault::PRESENCE_AT_LOGIN]);
    let enter = |s: &mut Fixture, name: &str| {
        let conn = s.greet();
        s.authenticate(conn, name, &format!("pw-{name}"));
        s.expect(conn, "USR 4 OK * *");
        s.expect(conn, "MSG Hotmail Hotmail *");
        conn
    };
    let bob = enter(&mut s, "bob");
    s.c(bob, "CHG 5 NLN");
    let alice = enter(&mut s, "alice");
    s.skip(alice);
    s.add(alice, "FL", "bob");
    s.hang_up(alice);
    let alice = enter(&mut s, "alice");
    for line in [
        "SYN 0 2",
        "GTC 0 2 A",
        "BLP 0 2 AL",
        "LST 0 FL 2 1 1 bob@hotmail.com bob",
        "LST 0 AL 2 0 0",
        "LST 0 BL 2 0 0",
        "LST 0 RL 2 0 0",
        "NLN NLN bob@hotmail.com BOB%20X",
    ] {
        s.expect(alice, line);
    }
    let mut s = faulty(&[Fault::SERVICE_CONTACT]);
    let alice = s.login("alice");
    s.c(alice, "CHG 1 NLN");
    s.expect(alice, "CHG 1 NLN");
    s.expect(alice, "ILN 1 NLN service@hotmail.com Service");
    s.ask(alice, "CHG 2 BSY", "CHG 2 BSY");
    s.nothing(alice);
    s.add(alice, "FL", "bob");
    s.c(alice, "LST 3 FL");
    s.expect(alice, "LST 3 FL 2 1 2 bob@hotmail.com bob");
    s.expect(alice, "LST 3 FL 2 2 2 service@hotmail.com Service");
    s.ask(alice, "REM 4 FL service@hotmail.com", "216 4");
}

#[test]
fn a_server_without_faults_has_nothing_in_its_way() {
    let s = Fixture::new();
    assert!(s.server.outbox.tamper.is_none());
    assert!(s.server.config.faults.is_empty());
}

#[test]
fn a_success_that_is_made_up_has_a_number_of_its_own() {
    let (mut s, alice, _) = two_online(&[Fault::GTC_SAME_TAKEN, Fault::UNKNOWN_USER_ADDED]);
    s.ask(alice, "SYN 1 1", "SYN 1 1");
    s.ask(alice, "GTC 2 A", "GTC 2 2 A");
    s.ask(alice, "GTC 3 N", "GTC 3 3 N");
    let line = "ADD 4 FL nobody@hotmail.com n";
    s.ask(alice, line, "ADD 4 FL 4 nobody@hotmail.com n");
    s.ask(alice, "BLP 5 BL", "BLP 5 5 BL");
    s.ask(alice, "SYN 6 5", "SYN 6 5");
    s.ask(alice, "LST 7 FL", "LST 7 FL 5 0 0");
}
