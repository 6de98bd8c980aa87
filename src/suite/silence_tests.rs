//! How silence is proved: what counts as an answer to a barrier, and when only time tells.

use std::time::Duration;

use super::dialogue::{Dialogue, env};
use crate::engine::{Ending, Limit};
use crate::protocol::Barrier;
use crate::target::test_support::accounts;
use crate::target::{Barriers, Environment};

const ALICE: &str = "{ alice: { state: NLN } }";
const QUIET: Duration = Duration::from_millis(150);
/// The quiet time where presence comes late.
const LONG: Duration = Duration::from_millis(350);

fn target(barrier: Option<Barrier>) -> Environment {
    Environment {
        dispatch: Some("ds:1".into()),
        barriers: Barriers {
            notification: barrier,
            switchboard: None,
        },
        ..env()
    }
}

/// Alice is online, and the first thing that the steps want is this.
#[track_caller]
fn online(target: Environment, steps: &str, wants: &[&str]) -> Dialogue {
    let mut it = Dialogue::with(ALICE, steps, accounts(), target);
    assert_eq!(it.log_in(0, "alice"), wants);
    it
}

/// Waits in vain, for so long, and then all is well.
#[track_caller]
fn ends_after(it: &mut Dialogue, time: Duration) {
    it.expect(&[]);
    assert!(!it.is_over());
    assert_eq!(it.wait(), time);
    assert_eq!(it.outcome().ending, Ending::Passed);
}

const CHANGED: &str = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n";

#[test]
fn two_pings_are_not_told_apart() {
    let steps = "  - C: PNG\n  - S: nothing";
    let mut it = online(target(Some(Barrier::Ping)), steps, &["0 PNG"]);
    ends_after(&mut it, QUIET);
    let wants = ["0 PNG", "0 URL 900000001 INBOX"];
    let mut it = online(target(Some(Barrier::Url)), steps, &wants);
    it.say(0, "URL 900000001 /x https://x /y");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn who_is_not_let_in_yet_has_no_barrier() {
    let steps = "  - C: VER {t} MSNP2\n  - S: nothing";
    let target = target(Some(Barrier::Ping));
    let mut it = Dialogue::with("[alice]", steps, accounts(), target);
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["0 VER 1 MSNP2"]);
    ends_after(&mut it, QUIET);
}

#[test]
fn what_came_before_a_ping_does_not_answer_it() {
    let steps = format!("{CHANGED}  - {{ S: nothing, except: [\"NLN ...\"] }}");
    let ping = || online(target(Some(Barrier::Ping)), &steps, &["0 CHG 7 BSY"]);
    let mut it = ping();
    it.raw(0, b"CHG 7 BSY\r\nNLN BSY bob@hotmail.com B\r\n");
    it.expect(&["0 PNG"]);
    assert!(!it.is_over());
    it.say(0, "QNG");
    let outcome = it.outcome();
    // Six requests of the login, one of the steps, one barrier.
    assert_eq!((outcome.ending, outcome.round_trips), (Ending::Passed, 8));
    let mut it = ping();
    it.raw(0, b"CHG 7 BSY\r\nQNG\r\n");
    it.expect(&["0 PNG"]);
    assert!(!it.is_over(), "the QNG was there before");
    it.say(0, "QNG");
    assert_eq!(it.failure(), "CHG-1: nothing but `NLN ...` / QNG");
}

#[test]
fn only_time_settles_what_acts_where_no_barrier_is() {
    let steps = "  - alice@ds C: VER {t} MSNP2\n  - S: nothing";
    let mut it = online(target(Some(Barrier::Ping)), steps, &["open 1 ds:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2"]);
    ends_after(&mut it, QUIET);
}

#[test]
fn the_servers_end_settles_a_connection_and_ours_does_not() {
    let steps = "  - alice@ds C: VER {t} MSNP2\n  - alice@ds S: closed\n  - S: nothing";
    let mut it = online(target(Some(Barrier::Ping)), steps, &["open 1 ds:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2"]);
    it.close(1);
    it.expect(&["0 PNG"]);
    let steps = "  - alice@ds C: VER {t} MSNP2\n  - alice@ds C: close\n  - S: nothing";
    let mut it = online(target(Some(Barrier::Ping)), steps, &["open 1 ds:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2", "close 1"]);
    ends_after(&mut it, QUIET);
}

#[test]
fn late_presence_is_waited_for_whatever_the_barrier_says() {
    let late = || Environment {
        presence_batched: true,
        ..target(Some(Barrier::Ping))
    };
    let steps = format!("{CHANGED}  - S: nothing");
    let mut it = online(late(), &steps, &["0 CHG 7 BSY"]);
    it.say(0, "CHG 7 BSY");
    ends_after(&mut it, LONG);
    let mut it = online(late(), "  - settle: true", &["0 PNG"]);
    it.say(0, "QNG");
    ends_after(&mut it, LONG);
}

#[test]
fn all_is_settled_when_each_connection_is() {
    let mut it = online(target(Some(Barrier::Ping)), "  - settle: true", &["0 PNG"]);
    assert!(!it.is_over());
    it.say(0, "QNG");
    let outcome = it.outcome();
    assert_eq!(
        (outcome.ending, outcome.waited),
        (Ending::Passed, Duration::ZERO)
    );
    let steps = "  - alice@ds C: VER {t} MSNP2\n  - settle: true\n  - settle: true";
    let mut it = online(target(Some(Barrier::Ping)), steps, &["open 1 ds:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2", "0 PNG"]);
    it.say(0, "QNG");
    assert_eq!(it.wait(), QUIET);
    // Nothing acts any more, and the one of which only time tells has been quiet since.
    it.expect(&["0 PNG"]);
    it.say(0, "QNG");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn what_was_answered_before_a_login_harms_nobody() {
    let steps = "  - alice@ds C: VER {t} MSNP2\n  - alice@ds S: VER {t} MSNP2\n  \
        - settle: true\n  - S: nothing";
    let mut it = online(target(Some(Barrier::Ping)), steps, &["open 1 ds:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2"]);
    it.say(1, "VER 1 MSNP2");
    for _ in ["settle", "nothing"] {
        it.expect(&["0 PNG"]);
        it.say(0, "QNG");
    }
    assert_eq!(it.outcome().waited, Duration::ZERO);
}

#[test]
fn one_quiet_time_is_for_all_connections() {
    let steps = "  - alice@ds C: VER {t} MSNP2\n  - S: nothing\n  - alice@ds S: nothing\n  \
        - alice@ds C: INF {t}\n  - alice@ds S: nothing";
    let mut it = online(target(None), steps, &["open 1 ds:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2"]);
    assert_eq!(it.wait(), QUIET);
    it.expect(&["1 INF 2"]);
    ends_after(&mut it, QUIET);
}

#[test]
fn what_comes_before_the_quiet_time_is_over_decides_at_once() {
    let steps = "  - alice@ds C: BAD {t}\n  - one of:\n      - alice@ds S: closed\n      \
        - alice@ds S: nothing\n";
    let begun = || {
        let mut it = online(target(None), steps, &["open 1 ds:1"]);
        it.opened(1);
        it.expect(&["1 BAD 1"]);
        it
    };
    let mut it = begun();
    it.close(1);
    let outcome = it.outcome();
    assert_eq!(
        (outcome.ending, outcome.waited),
        (Ending::Passed, Duration::ZERO)
    );
    ends_after(&mut begun(), QUIET);
}

#[test]
fn the_servers_own_end_shows_that_it_has_seen_ours() {
    let users = "{ alice: { state: NLN }, bob: { state: NLN } }";
    for (how, shows) in [
        ("close", "end"),
        ("close", "FLN"),
        ("reset", "FLN"),
        ("reset", ""),
    ] {
        let nothing = "{ alice S: nothing, except: [\"FLN ...\"] }";
        let steps = format!("  - bob C: {how}\n  - {nothing}");
        let target = target(Some(Barrier::Ping));
        let mut it = Dialogue::with(users, &steps, accounts(), target);
        assert_eq!(it.log_in(0, "alice"), ["open 1 ns:1"]);
        assert_eq!(it.enter(1, "bob"), ["0 CHG 6 NLN"]);
        it.say(0, "CHG 6 NLN");
        it.expect(&["1 CHG 6 NLN"]);
        it.say(1, "CHG 6 NLN");
        it.expect(&[&format!("{how} 1")]);
        match shows {
            "end" => it.close(1),
            "FLN" => it.say(0, "FLN bob@hotmail.com"),
            _ => assert_eq!(it.wait(), QUIET),
        }
        if !shows.is_empty() {
            it.expect(&["0 PNG"]);
            it.say(0, "QNG");
        }
        assert_eq!(it.outcome().ending, Ending::Passed, "{how} {shows}");
    }
}

#[test]
fn a_setting_that_is_not_known_is_not_asked_for() {
    let same = || target(Some(Barrier::SameMode));
    // The batch told it.
    let nothing = "  - S: nothing";
    let mut it = online(same(), nothing, &["0 GTC 900000001 A"]);
    it.say(0, "218 900000001");
    assert_eq!(it.outcome().ending, Ending::Passed);
    // It is being changed, here or by another connection of the same user.
    let here = "  - C: GTC {t} N\n  - S: nothing";
    ends_after(&mut online(same(), here, &["0 GTC 7 N"]), QUIET);
    let changed = "  - C: GTC {t} N\n  - S: GTC {t} * N\n  - S: nothing";
    let mut it = online(same(), changed, &["0 GTC 7 N"]);
    it.say(0, "GTC 7 4 N");
    it.expect(&["0 GTC 900000001 N"]);
    let there = "  - alice@ns2 C: GTC {t} N\n  - alice@ns2 S: error\n  - S: nothing";
    let mut it = online(same(), there, &["open 1 ns:1"]);
    it.opened(1);
    it.expect(&["1 GTC 1 N"]);
    it.say(1, "302 1");
    ends_after(&mut it, QUIET);
}

#[test]
fn a_barrier_that_changes_something_accuses_nobody() {
    let target = target(Some(Barrier::SameMode));
    let mut it = online(target, "  - S: nothing", &["0 GTC 900000001 A"]);
    it.say(0, "GTC 900000001 4 A");
    let outcome = it.outcome();
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
    assert_eq!(outcome.ending, Ending::Inconclusive);
    assert_eq!(outcome.limit, Some(Limit::Effect));
}

#[test]
fn each_line_that_comes_renews_the_quiet_time() {
    let mut it = online(target(None), "  - settle: true", &[]);
    it.pass(QUIET - Duration::from_millis(1));
    it.say(0, "FLN bob@hotmail.com");
    ends_after(&mut it, QUIET);
}

#[test]
fn a_server_that_never_rests_does_not_keep_us_for_ever() {
    let mut it = online(target(None), "  - settle: true", &[]);
    for _ in 0..1000 {
        if it.is_over() {
            break;
        }
        it.pass(QUIET - Duration::from_millis(1));
        it.say(0, "FLN bob@hotmail.com");
    }
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Inconclusive);
    assert_eq!(outcome.limit, Some(Limit::Time(Duration::from_secs(60))));
}

#[test]
fn what_the_setup_brought_about_is_no_breach_of_silence() {
    let settle = format!("{CHANGED}  - settle: true");
    let nothing = "  - S: nothing";
    let before = format!("{ALICE}\nsetup:\n{settle}");
    let among = format!("{settle}\n{nothing}");
    for (users, steps, ending) in [
        (before.as_str(), nothing, Ending::Passed),
        (ALICE, among.as_str(), Ending::Failed),
    ] {
        let target = target(Some(Barrier::Ping));
        let mut it = Dialogue::with(users, steps, accounts(), target);
        assert_eq!(it.log_in(0, "alice"), ["0 CHG 7 BSY"]);
        it.raw(0, b"CHG 7 BSY\r\nNLN BSY bob@hotmail.com B\r\n");
        for _ in ["what acts", "all", "nothing"] {
            it.expect(&["0 PNG"]);
            it.say(0, "QNG");
        }
        assert_eq!(it.outcome().ending, ending);
    }
}

#[test]
fn the_late_answer_to_a_barrier_is_nobodys_breach() {
    let steps = format!("  - S: nothing\n{CHANGED}  - S: nothing");
    let first = "0 URL 900000001 INBOX";
    let mut it = online(target(Some(Barrier::Url)), &steps, &[first]);
    assert_eq!(it.wait(), Duration::from_secs(2));
    it.expect(&["0 CHG 7 BSY"]);
    it.raw(0, b"CHG 7 BSY\r\nURL 900000001 /x https://x /y\r\n");
    it.expect(&["0 URL 900000002 INBOX"]);
    it.say(0, "URL 900000002 /x https://x /y");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn an_optional_line_is_no_breach_of_silence() {
    let steps = "  - C: CHG {t} BSY\n  - { S: \"NLN BSY * *\", optional: true }\n  \
        - S: CHG {t} BSY\n  - S: nothing";
    let mut it = online(target(Some(Barrier::Ping)), steps, &["0 CHG 7 BSY"]);
    it.raw(0, b"CHG 7 BSY\r\nNLN BSY bob@hotmail.com B\r\n");
    it.expect(&["0 PNG"]);
    it.say(0, "QNG");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn the_whole_script_has_a_deadline() {
    let steps = "  - repeat: 1000\n    steps:\n      - C: VER {t} MSNP2\n      - S: VER {t} MSNP2";
    let mut it = Dialogue::new("[alice]", steps);
    it.wants();
    it.opened(0);
    for trid in 1..1000 {
        it.pass(Duration::from_secs(1));
        it.say(0, &format!("VER {trid} MSNP2"));
        if it.is_over() {
            break;
        }
    }
    assert!(it.now <= Duration::from_secs(62), "{:?}", it.now);
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Inconclusive);
    assert_eq!(outcome.limit, Some(Limit::Time(Duration::from_secs(60))));
}

#[test]
fn what_a_failure_is_about_is_no_barrier() {
    let steps = "  - C: GTC {t} X\n  - one of:\n      - S: refused\n      - S: nothing";
    for (barrier, sent, answer) in [
        (Barrier::Ping, "0 PNG", "QNG"),
        (Barrier::Url, "0 URL 900000001 INBOX", "URL 900000001 x"),
    ] {
        let mut it = online(target(Some(barrier)), steps, &["0 GTC 7 X", sent]);
        it.say(0, "GTC 7 4 X");
        it.say(0, answer);
        let outcome = it.outcome();
        let command = outcome.failures[0].command.as_deref();
        assert_eq!(command, Some("GTC"), "{sent}");
    }
}
