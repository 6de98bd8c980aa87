//! Logins and fixtures held to their promises by hand-written dialogues.

use std::time::Duration;

use super::dialogue::{Dialogue, env};
use crate::engine::Ending;
use crate::target::Environment;
use crate::target::test_support::accounts;

const QUIET: Duration = Duration::from_millis(150);
const ALICE: &str = "{ alice: { state: NLN } }";
const CHANGE: &str = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY";

/// Says these, one for each request.
fn answers(it: &mut Dialogue, conn: usize, lines: &[&str]) {
    for line in lines {
        assert_eq!(it.wants().len(), 1, "{line}");
        it.say(conn, line);
    }
}

const LOGIN: [&str; 4] = [
    "VER 1 MSNP2",
    "INF 2 MD5",
    "USR 3 MD5 S 1.2",
    "USR 4 OK x@hotmail.com X",
];

/// Up to the SYN of the one who comes on this connection.
#[track_caller]
fn up_to_syn(it: &mut Dialogue, conn: usize) {
    it.expect(&[&format!("open {conn} ns:1")]);
    it.opened(conn);
    answers(it, conn, &LOGIN);
    it.expect(&[&format!("{conn} SYN 5 0")]);
}

fn batch(number: u32) -> String {
    let lists = ["FL", "AL", "BL", "RL"].map(|l| format!("LST 5 {l} {number} 0 0\r\n"));
    let head = format!("SYN 5 {number}\r\nGTC 5 {number} A\r\nBLP 5 {number} AL\r\n");
    head + &lists.concat()
}

#[test]
fn a_new_account_may_have_no_lists_at_all() {
    let mut it = Dialogue::new(ALICE, CHANGE);
    up_to_syn(&mut it, 0);
    it.say(0, "SYN 5 0");
    it.expect(&[]);
    assert_eq!(it.wait(), QUIET);
    it.expect(&["0 CHG 6 NLN"]);
    // Or lists that stand at nought.
    let mut it = Dialogue::new(ALICE, CHANGE);
    up_to_syn(&mut it, 0);
    it.raw(0, batch(0).as_bytes());
    it.expect(&["0 CHG 6 NLN"]);
    let mut it = Dialogue::new(ALICE, CHANGE);
    up_to_syn(&mut it, 0);
    it.say(0, "SYN 5 1");
    assert_eq!(it.wait(), Duration::from_secs(6));
    assert_eq!(it.outcome().ending, Ending::Blocked);
}

#[test]
fn a_greeting_is_in_our_dialect_and_package() {
    for (ver, inf, told) in [
        ("VER 1 MSNP3", "", "VER with MSNP2 / VER 1 MSNP3"),
        ("CVR 1 MSNP2", "", "VER with MSNP2 / CVR 1 MSNP2"),
        ("VER 1 msnp2", "INF 2 SHA1", "INF with MD5 / INF 2 SHA1"),
        ("VER 1 MSNP2", "VER 2 MD5", "INF with MD5 / VER 2 MD5"),
    ] {
        let mut it = Dialogue::new(ALICE, CHANGE);
        it.expect(&["open 0 ns:1"]);
        it.opened(0);
        it.expect(&["0 VER 1 MSNP2 CVR0"]);
        it.say(0, ver);
        if !inf.is_empty() {
            it.expect(&["0 INF 2"]);
            it.say(0, inf);
        }
        assert_eq!(it.failure(), format!("-: {told}"));
    }
}

#[test]
fn what_came_while_users_went_online_is_forgotten() {
    let steps = "  - S: nothing";
    let both = "{ alice: { state: NLN }, bob: { state: NLN } }";
    let mut it = Dialogue::new(both, steps);
    up_to_syn(&mut it, 0);
    it.raw(0, batch(1).as_bytes());
    up_to_syn(&mut it, 1);
    it.raw(1, batch(1).as_bytes());
    it.expect(&["0 CHG 6 NLN"]);
    it.say(0, "ILN 6 BSY dave@hotmail.com D");
    it.say(0, "CHG 6 NLN");
    it.say(0, "FLN carol@hotmail.com");
    it.expect(&["1 CHG 6 NLN"]);
    it.say(1, "CHG 6 NLN");
    it.wait();
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn a_login_may_take_three_reply_times() {
    let mut it = Dialogue::new(ALICE, CHANGE);
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["0 VER 1 MSNP2 CVR0"]);
    assert_eq!(it.wait(), Duration::from_secs(6));
    assert_eq!(it.failure(), "-: VER with MSNP2 / nothing within 6s");
}

#[test]
fn a_logout_is_waited_for_four_quiet_times() {
    let mut accounts = accounts();
    accounts[0].name = None;
    let mut it = Dialogue::with("[alice]", "  - C: VER {t} MSNP2", accounts, env());
    assert_eq!(it.log_in(0, "alice"), ["0 OUT"]);
    assert_eq!(it.wait(), QUIET * 4);
    it.expect(&["close 0", "open 1 ns:1"]);
}

#[test]
fn what_a_fixture_draws_is_found_at_its_user() {
    let users = "\n  alice: { state: NLN }\n  bob: { state: NLN }";
    let mut it = Dialogue::new(users, CHANGE);
    // The server confirms another handle than alice's, and another TrID than bob's.
    up_to_syn(&mut it, 0);
    it.raw(0, batch(1).as_bytes());
    it.expect(&["open 1 ns:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2 CVR0"]);
    it.say(1, "VER 7 MSNP2");
    it.say(1, "715 1");
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Blocked);
    let failure = &outcome.failures[0];
    assert_eq!(
        (&*failure.expected.text, failure.got.code()),
        ("VER with MSNP2", Some(715))
    );
    let lines: Vec<usize> = outcome.accusations.iter().map(|a| a.place.line).collect();
    assert_eq!(lines, [4, 5]);
}

#[test]
fn a_name_that_nobody_can_tell_is_not_compared() {
    let target = || Environment {
        no_login: Some("nobody can log in".into()),
        ..env()
    };
    let run = |name: Option<&str>, target: Environment, step: &str| {
        let mut accounts = accounts();
        accounts[0].name = name.map(str::to_owned);
        Dialogue::with("[alice]", step, accounts, target)
    };
    let names = "  - C: VER {t} {alice.name}";
    let mut it = run(None, target(), names);
    assert_eq!(
        it.failure(),
        "-: the friendly name of alice@hotmail.com / none given, and no login that tells it"
    );
    for mut it in [
        run(Some("A"), target(), names),
        run(None, target(), "  - C: VER {t} MSNP2"),
        run(None, env(), names),
    ] {
        it.expect(&["open 0 ns:1"]);
        assert!(!it.is_over());
    }
}

const BOTH: &str = "{ alice: { state: NLN, FL: [bob] }, bob: { state: NLN } }";

/// Alice has bob on her forward list; both were logged in.
fn listed(steps: &str) -> Dialogue {
    let mut it = Dialogue::new(BOTH, steps);
    up_to_syn(&mut it, 0);
    it.raw(0, batch(1).as_bytes());
    up_to_syn(&mut it, 1);
    it.raw(1, batch(1).as_bytes());
    it.expect(&["0 ADD 6 FL bob@hotmail.com bob@hotmail.com"]);
    it.say(0, "ADD 6 FL 2 bob@hotmail.com bob@hotmail.com");
    it
}

#[test]
fn who_is_put_on_a_list_is_told_before_anybody_goes_online() {
    let mut it = listed(CHANGE);
    it.expect(&[]);
    it.say(1, "ADD 0 RL 2 alice@hotmail.com A");
    it.expect(&["0 CHG 7 NLN"]);
    it.say(0, "CHG 7 NLN");
    it.expect(&["1 CHG 6 NLN"]);
    it.say(1, "CHG 6 NLN");
    // Alice is shown bob.
    it.expect(&[]);
    it.say(0, "NLN NLN bob@hotmail.com B");
    it.expect(&["0 CHG 8 BSY"]);
    it.say(0, "CHG 8 BSY");
    assert_eq!(it.outcome().waited, Duration::ZERO);
}

#[test]
fn who_came_later_may_be_told_of_the_earlier_state_too() {
    for (line, is_excused) in [("NLN NLN", true), ("NLN BSY", false)] {
        let users = "{ bob: { state: NLN }, alice: { state: NLN, FL: [bob] } }";
        let mut accounts = accounts();
        accounts.swap(0, 1);
        let mut it = Dialogue::with(users, "  - alice S: nothing", accounts, env());
        up_to_syn(&mut it, 0);
        it.raw(0, batch(1).as_bytes());
        up_to_syn(&mut it, 1);
        it.raw(1, batch(1).as_bytes());
        it.expect(&["1 ADD 6 FL bob@hotmail.com bob@hotmail.com"]);
        it.say(1, "ADD 6 FL 2 bob@hotmail.com bob@hotmail.com");
        it.say(0, "ADD 0 RL 2 alice@hotmail.com A");
        it.expect(&["0 CHG 6 NLN"]);
        it.say(0, "CHG 6 NLN");
        it.expect(&["1 CHG 7 NLN"]);
        it.say(1, "CHG 7 NLN");
        it.say(1, "ILN 7 NLN bob@hotmail.com B");
        it.say(1, &format!("{line} bob@hotmail.com B"));
        it.wait();
        let outcome = it.outcome();
        assert_eq!(outcome.ending == Ending::Passed, is_excused, "{line}");
    }
}

#[test]
fn who_is_told_late_is_not_accused_of_it() {
    let mut it = listed("  - bob S: nothing");
    assert_eq!(it.wait(), QUIET);
    it.expect(&["0 CHG 7 NLN"]);
    it.say(0, "CHG 7 NLN");
    it.expect(&["1 CHG 6 NLN"]);
    it.say(1, "CHG 6 NLN");
    it.say(0, "NLN NLN bob@hotmail.com B");
    it.expect(&[]);
    it.say(1, "ADD 0 RL 2 alice@hotmail.com A");
    it.wait();
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn others_may_see_who_is_made_again_come_and_go() {
    let both = "{ alice: { state: NLN }, bob: { state: NLN } }";
    let steps = "  - C: GTC {t} A\n  - S: 218 {t}\n  - C: CHG {t} NLN\n  \
        - S: CHG {t} NLN\n  - bob S: nothing";
    let mut it = Dialogue::new(both, steps);
    up_to_syn(&mut it, 0);
    it.raw(0, batch(1).as_bytes());
    up_to_syn(&mut it, 1);
    it.raw(1, batch(1).as_bytes());
    it.expect(&["0 CHG 6 NLN"]);
    it.say(0, "CHG 6 NLN");
    it.expect(&["1 CHG 6 NLN"]);
    it.say(1, "CHG 6 NLN");
    it.expect(&["0 GTC 7 A"]);
    it.say(0, "218 7");
    it.expect(&["0 CHG 8 NLN"]);
    it.close(0);
    up_to_syn(&mut it, 2);
    it.raw(2, batch(1).as_bytes());
    it.expect(&["2 CHG 6 NLN"]);
    it.say(2, "CHG 6 NLN");
    it.expect(&["2 CHG 8 NLN"]);
    it.say(1, "FLN alice@hotmail.com");
    it.say(1, "NLN NLN alice@hotmail.com A");
    it.say(2, "CHG 8 NLN");
    it.wait();
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Passed, "{:?}", outcome.failures);
}
