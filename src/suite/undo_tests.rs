//! What is undone of a scenario, and on which connection.

use std::time::Duration;

use super::dialogue::{Dialogue, env};
use crate::engine::Ending;
use crate::protocol::Dialect;
use crate::target::test_support::accounts;
use crate::target::{Environment, Lists};

const ALICE: &str = "{ alice: { state: NLN } }";
const ADDS: &str = "  - C: ADD {t} AL bob@hotmail.com B\n  - S: ADD {t} AL * bob@hotmail.com *";

fn cleaning() -> Environment {
    Environment {
        cleanup: true,
        ..env()
    }
}

/// A whole batch of lists that are empty but for these entries of AL.
fn batch(trid: u32, blp: &str, allowed: &[&str]) -> String {
    let mut lines = format!("SYN {trid} 4\r\nGTC {trid} 4 A\r\nBLP {trid} 4 {blp}\r\n");
    for (at, handle) in allowed.iter().enumerate() {
        let (at, all) = (at + 1, allowed.len());
        lines += &format!("LST {trid} AL 4 {at} {all} {handle} X\r\n");
    }
    let empty = if allowed.is_empty() {
        "FL AL BL RL"
    } else {
        "FL BL RL"
    };
    for list in empty.split(' ') {
        lines += &format!("LST {trid} {list} 4 0 0\r\n");
    }
    lines
}

#[test]
fn a_list_is_put_back_on_the_connection_that_is_there() {
    let mut it = Dialogue::with(ALICE, ADDS, accounts(), cleaning());
    let added = "0 ADD 7 AL bob@hotmail.com B";
    assert_eq!(it.log_in(0, "alice"), [added]);
    it.say(0, "ADD 7 AL 4 bob@hotmail.com B");
    it.expect(&["0 SYN 800000001 0"]);
    it.raw(0, batch(800_000_001, "AL", &["bob@hotmail.com"]).as_bytes());
    it.expect(&["0 REM 800000002 AL bob@hotmail.com"]);
    it.say(0, "REM 800000002 AL 5 bob@hotmail.com");
    it.expect(&["0 OUT"]);
    it.close(0);
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Passed);
    assert_eq!(outcome.accounts[0].lists, Lists::Clean);
}

#[test]
fn what_left_a_line_open_or_failed_is_put_back_on_a_new_connection() {
    let open = "  - C: { raw: \"ADD 9 AL\" }";
    let mut it = Dialogue::with(ALICE, open, accounts(), cleaning());
    let wants = it.log_in(0, "alice");
    assert_eq!(wants, ["0 ADD 9 AL", "close 0", "open 1 ns:1"]);
    // Also where something was answered since.
    let open = format!("{open}\n  - S: QNG");
    let mut it = Dialogue::with(ALICE, &open, accounts(), cleaning());
    assert_eq!(it.log_in(0, "alice"), ["0 ADD 9 AL"]);
    it.say(0, "QNG");
    it.expect(&["close 0", "open 1 ns:1"]);
    let mut it = Dialogue::with(ALICE, ADDS, accounts(), cleaning());
    it.log_in(0, "alice");
    it.say(0, "ADD 7 BL 4 bob@hotmail.com B");
    it.expect(&["close 0", "open 1 ns:1"]);
}

#[test]
fn a_connection_that_has_ended_puts_nothing_back() {
    let steps = format!("{ADDS}\n  - C: OUT\n  - S: closed");
    let mut it = Dialogue::with(ALICE, &steps, accounts(), cleaning());
    it.log_in(0, "alice");
    it.say(0, "ADD 7 AL 4 bob@hotmail.com B");
    it.expect(&["0 OUT"]);
    it.close(0);
    it.expect(&["open 1 ns:1"]);
}

#[test]
fn who_changed_nothing_is_not_asked_again() {
    let steps = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY";
    let mut it = Dialogue::with(ALICE, steps, accounts(), cleaning());
    it.log_in(0, "alice");
    it.say(0, "CHG 7 BSY");
    it.expect(&["close 0"]);
    assert_eq!(it.outcome().accounts[0].lists, Lists::Clean);
}

#[test]
fn settings_that_were_found_otherwise_are_put_back_unless_all_is_disposable() {
    for disposable in [false, true] {
        let mut accounts = accounts();
        accounts[0].lists = Lists::Unknown;
        let target = Environment {
            disposable,
            ..cleaning()
        };
        let users = "{ alice: { state: synchronised } }";
        let mut it = Dialogue::with(users, "  - C: PNG", accounts, target);
        it.expect(&["open 0 ns:1"]);
        it.opened(0);
        for answer in [
            "VER 1 MSNP2",
            "INF 2 MD5",
            "USR 3 MD5 S 1.2",
            "USR 4 OK alice@hotmail.com A",
        ] {
            it.wants();
            it.say(0, answer);
        }
        it.expect(&["0 SYN 5 0"]);
        it.raw(0, batch(5, "BL", &[]).as_bytes());
        it.expect(&["0 BLP 6 AL"]);
        it.say(0, "BLP 6 5 AL");
        // What was sent has no answer yet, so that the clean-up logs in anew.
        it.expect(&["0 PNG", "close 0", "open 1 ns:1"]);
        it.opened(1);
        for answer in [
            "VER 1 MSNP2",
            "INF 2 MD5",
            "USR 3 MD5 S 1.2",
            "USR 4 OK alice@hotmail.com A",
        ] {
            it.wants();
            it.say(1, answer);
        }
        it.expect(&["1 SYN 800000001 0"]);
        it.raw(1, batch(800_000_001, "AL", &[]).as_bytes());
        let next = if disposable {
            "1 OUT"
        } else {
            "1 BLP 800000002 BL"
        };
        it.expect(&[next]);
    }
}

/// A script that took too long: alice has added somebody.
fn halted() -> Dialogue {
    let pings = "  - repeat: 99\n    steps:\n      - C: PNG\n      - S: QNG";
    let steps = format!("{ADDS}\n{pings}");
    let mut it = Dialogue::with(ALICE, &steps, accounts(), cleaning());
    it.log_in(0, "alice");
    it.say(0, "ADD 7 AL 4 bob@hotmail.com B");
    for _ in 0..99 {
        if it.wants() != ["0 PNG"] {
            break;
        }
        it.pass(Duration::from_millis(1900));
        it.say(0, "QNG");
    }
    it
}

#[test]
fn what_was_halted_is_undone_all_the_same() {
    let mut it = halted();
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2 CVR0"]);
    assert!(!it.is_over());
}

#[test]
fn a_connection_whose_login_fails_is_closed_at_the_end() {
    let mut it = halted();
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2 CVR0"]);
    it.say(1, "VER 0");
    it.say(1, "715 1");
    it.expect(&["close 1"]);
    assert_eq!(it.outcome().accounts[0].lists, Lists::Ours);
}

#[test]
fn where_lists_are_written_late_nobody_logs_in_before_they_are_written() {
    let late = Duration::from_secs(2);
    let alone = || accounts().into_iter().take(1).collect();
    let waiting = || Environment {
        lists_late: Some(late),
        ..cleaning()
    };
    let mut it = Dialogue::with(ALICE, ADDS, alone(), waiting());
    it.log_in(0, "alice");
    it.say(0, "201 7");
    it.expect(&["close 0"]);
    assert_eq!(it.wait(), late);
    it.expect(&["open 1 ns:1"]);
    // On the connection that is there nothing is waited for, but behind it.
    let mut it = Dialogue::with(ALICE, ADDS, alone(), waiting());
    it.log_in(0, "alice");
    it.say(0, "ADD 7 AL 4 bob@hotmail.com B");
    it.expect(&["0 SYN 800000001 0"]);
    let left = "LST 800000001 RL 4 1 1 alice@hotmail.com alice";
    let shown = batch(800_000_001, "AL", &["bob@hotmail.com"]);
    let shown = shown.replace("LST 800000001 RL 4 0 0", left);
    it.raw(0, shown.as_bytes());
    it.expect(&["0 REM 800000002 AL bob@hotmail.com"]);
    it.say(0, "REM 800000002 AL 5 bob@hotmail.com");
    // What a REM has left on a reverse list goes with another.
    it.expect(&["0 ADD 800000003 FL alice@hotmail.com alice@hotmail.com"]);
    it.say(0, "ADD 800000003 FL 6 alice@hotmail.com alice@hotmail.com");
    it.expect(&["0 REM 800000004 FL alice@hotmail.com"]);
    it.say(0, "REM 800000004 FL 7 alice@hotmail.com");
    it.expect(&["0 OUT"]);
    it.close(0);
    assert!(!it.is_over());
    assert_eq!(it.wait(), late);
    assert_eq!(it.outcome().accounts[0].lists, Lists::Clean);
}

#[test]
fn what_is_cut_off_ends_at_once_and_undoes_nothing() {
    let mut it = Dialogue::with(ALICE, ADDS, accounts(), cleaning());
    it.log_in(0, "alice");
    it.cut_off();
    it.expect(&["close 0"]);
    let outcome = it.outcome();
    assert!(outcome.is_cut_off() && !outcome.is_victim());
    assert_eq!(outcome.ending, Ending::Inconclusive);
    assert_eq!(outcome.failures, []);
    assert_eq!(outcome.accounts[0].lists, Lists::Ours);
}

#[test]
fn who_was_never_answered_when_it_was_cut_off_has_done_no_harm() {
    let mut it = Dialogue::with(ALICE, ADDS, accounts(), cleaning());
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["0 VER 1 MSNP2 CVR0"]);
    it.cut_off();
    let outcome = it.outcome();
    assert!(outcome.is_cut_off() && outcome.is_victim());
}

#[test]
fn where_connections_are_often_deaf_a_clean_up_logs_in_anew() {
    let env = cleaning();
    for _ in 0..3 {
        let mut it = Dialogue::with(ALICE, ADDS, accounts(), env.clone());
        it.log_in(0, "alice");
        it.say(0, "ADD 7 AL 4 bob@hotmail.com B");
        it.expect(&["0 SYN 800000001 0"]);
        while !it.is_over() {
            it.wait();
        }
        assert_eq!(it.outcome().accounts[0].lists, Lists::Ours);
    }
    let mut it = Dialogue::with(ALICE, ADDS, accounts(), env);
    it.log_in(0, "alice");
    it.say(0, "ADD 7 AL 4 bob@hotmail.com B");
    it.expect(&["close 0", "open 1 ns:1"]);
    assert_eq!(it.enter(1, "alice"), ["1 OUT"]);
    it.close(1);
    assert_eq!(it.outcome().accounts[0].lists, Lists::Clean);
}

#[test]
fn groups_that_were_made_are_removed_and_no_others() {
    let adds = "  - C: ADG {t} New 0\n  - S: ADG {t} * New ...";
    let target = Environment {
        dialect: Dialect::named(b"MSNP7").unwrap(),
        ..cleaning()
    };
    let mut it = Dialogue::about("GRP-1", ALICE, adds, accounts(), target);
    assert_eq!(it.log_in(0, "alice"), ["0 ADG 7 New 0"]);
    it.say(0, "ADG 7 4 New 2 0");
    it.expect(&["0 SYN 800000001 0"]);
    let lists = batch(800_000_001, "AL", &[]);
    let group = |item, id| format!("LSG 800000001 4 {item} 3 {id} X 0\r\n");
    let groups = group(1, 0) + &group(2, 1) + &group(3, 2);
    let (settings, rest) = lists.split_at(lists.find("LST").unwrap());
    it.raw(0, format!("{settings}{groups}{rest}").as_bytes());
    it.expect(&["0 RMG 800000002 2"]);
    it.say(0, "RMG 800000002 5 2");
    it.expect(&["0 OUT"]);
    it.close(0);
    assert_eq!(it.outcome().accounts[0].lists, Lists::Clean);
}

#[test]
fn phone_numbers_get_the_value_that_they_had() {
    let sets = "  - C: PRP {t} PHH 777\n  - S: PRP {t} * PHH 777";
    let target = Environment {
        dialect: Dialect::named(b"MSNP5").unwrap(),
        ..cleaning()
    };
    let mut it = Dialogue::about("PRP-1", ALICE, sets, accounts(), target);
    assert_eq!(it.log_in(0, "alice"), ["0 PRP 7 PHH 777"]);
    it.say(0, "PRP 7 4 PHH 777");
    it.expect(&["0 SYN 800000001 0"]);
    it.raw(0, batch(800_000_001, "AL", &[]).as_bytes());
    it.expect(&["0 PRP 800000002 PHH"]);
    it.say(0, "PRP 800000002 5 PHH");
    it.expect(&["0 OUT"]);
    it.close(0);
    assert_eq!(it.outcome().accounts[0].lists, Lists::Clean);
}
