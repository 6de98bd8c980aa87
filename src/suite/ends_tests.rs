//! What the ends of connections mean to steps, and what groups make of lines and ends.

use std::time::Duration;

use super::dialogue::{Dialogue, env};
use crate::engine::{Cause, Ending};
use crate::protocol::Barrier;
use crate::target::test_support::accounts;
use crate::target::{Barriers, Environment};
use crate::transcript::{Party, What};

const ALICE: &str = "{ alice: { state: NLN } }";

fn with_ping() -> Environment {
    Environment {
        barriers: Barriers {
            notification: Some(Barrier::Ping),
            switchboard: None,
        },
        ..env()
    }
}

/// Alice is online; these are the steps.
fn online(steps: &str) -> (Dialogue, Vec<String>) {
    let mut it = Dialogue::with(ALICE, steps, accounts(), with_ping());
    let wants = it.log_in(0, "alice");
    (it, wants)
}

/// One user without a connection, asked for a version.
fn asked(steps: &str) -> Dialogue {
    let steps = format!("  - C: VER {{t}} MSNP2\n{steps}");
    let mut it = Dialogue::new("[alice]", &steps);
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["0 VER 1 MSNP2"]);
    it
}

#[test]
fn nothing_fails_on_an_end_that_no_step_explains() {
    let (mut it, _) = online("  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n  - S: nothing");
    it.say(0, "CHG 7 BSY");
    it.close(0);
    assert_eq!(it.failure(), "CHG-1: nothing / closed");
}

#[test]
fn nothing_takes_ends_that_are_explained() {
    let (mut it, _) = online("  - C: OUT\n  - S: closed\n  - S: nothing");
    it.close(0);
    assert_eq!(it.outcome().ending, Ending::Passed);
    let (mut it, _) = online("  - C: GTC {t} A\n  - S: 218 {t}\n  - S: nothing");
    it.raw(0, b"218 7\r\n");
    it.close(0);
    assert_eq!(it.outcome().ending, Ending::Passed);
    let (mut it, _) = online("  - C: close\n  - S: nothing");
    assert_eq!(it.outcome().ending, Ending::Passed);
    // Who was never logged in by a fixture has an error and an end told.
    let mut it = asked("  - S: error {t}\n  - S: nothing");
    it.raw(0, b"200 1\r\n");
    it.close(0);
    assert_eq!(it.failure(), "CHG-1: nothing / closed");
}

#[test]
fn an_end_that_is_awaited_answers_the_request() {
    let mut it = asked("  - S: closed");
    it.close(0);
    let outcome = it.outcome();
    assert_eq!((outcome.ending, outcome.round_trips), (Ending::Passed, 1));
    let mut it = asked("  - S: VER {t} MSNP2\n  - S: closed");
    it.say(0, "VER 1 MSNP2");
    it.close(0);
    assert_eq!(it.outcome().round_trips, 1);
}

#[test]
fn a_connection_lost_without_an_error_is_not_made_again() {
    let steps = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY";
    let (mut it, _) = online(steps);
    it.close(0);
    assert_eq!(it.failure(), "CHG-1: CHG 7 BSY / closed");
    let group = "  - C: CHG {t} BSY\n  - one of:\n      - S: CHG {t} BSY\n      - S: 201 {t}";
    let (mut it, _) = online(group);
    it.close(0);
    assert_eq!(it.failure(), "CHG-1: CHG 7 BSY | 201 7 / closed");
}

#[test]
fn what_is_made_again_is_as_it_was() {
    let steps = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n  - C: GTC {t} A\n  - S: 218 {t}\n  \
        - C: CHG {t} IDL\n  - S: CHG {t} IDL";
    let mut it = Dialogue::new(ALICE, steps);
    assert_eq!(it.log_in(0, "alice"), ["0 CHG 7 BSY"]);
    it.say(0, "CHG 7 BSY");
    it.expect(&["0 GTC 8 A"]);
    it.raw(0, b"218 8\r\n");
    it.close(0);
    let mut asked = Vec::new();
    it.expect(&["0 CHG 9 IDL", "open 1 ns:1"]);
    it.opened(1);
    for answer in [
        "VER 1 MSNP2\r\n",
        "INF 2 MD5\r\n",
        "USR 3 MD5 S 1.2\r\n",
        "USR 4 OK alice@hotmail.com A\r\n",
        "SYN 5 3\r\nGTC 5 3 A\r\nBLP 5 3 AL\r\nLST 5 FL 3 0 0\r\nLST 5 AL 3 0 0\r\n\
         LST 5 BL 3 0 0\r\nLST 5 RL 3 0 0\r\n",
        "CHG 6 BSY\r\n",
    ] {
        asked.extend(it.wants());
        it.raw(1, answer.as_bytes());
    }
    assert_eq!(asked.last().map(String::as_str), Some("1 CHG 6 BSY"));
    assert_eq!(it.wants(), ["1 CHG 9 IDL"]);
    it.say(1, "CHG 9 IDL");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn a_connection_of_steps_that_logged_in_is_made_again_after_an_error() {
    let steps = "  - C: USR {t} MD5 S {md5('1.2', alice.password)}\n  - S: USR {t} OK ...\n  \
        - C: GTC {t} A\n  - S: 218 {t}\n  - C: CHG {t} BSY\n  - S: CHG {t} BSY";
    let mut it = Dialogue::new("[alice]", steps);
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.wants();
    it.say(0, "USR 1 OK alice@hotmail.com alice");
    it.expect(&["0 GTC 2 A"]);
    it.say(0, "218 2");
    it.expect(&["0 CHG 3 BSY"]);
    it.close(0);
    assert_eq!(it.log_in(1, "alice"), ["1 CHG 3 BSY"]);
    it.say(1, "CHG 3 BSY");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn who_was_shut_out_is_back_before_another_acts() {
    let both = "{ alice: { state: logged-in }, bob: {} }";
    let steps = "  - alice C: GTC {t} A\n  - alice S: 218 {t}\n  - bob C: VER {t} MSNP2";
    for is_closed in [true, false] {
        let mut it = Dialogue::with(both, steps, accounts(), with_ping());
        assert_eq!(it.log_in(0, "alice"), ["0 GTC 5 A"]);
        it.say(0, "218 5");
        it.expect(&["0 PNG"]);
        if is_closed {
            it.close(0);
            assert_eq!(it.log_in(1, "alice"), ["open 2 ns:1"]);
        } else {
            it.say(0, "QNG");
            it.expect(&["open 1 ns:1"]);
        }
    }
}

/// Alice is logged in and in doubt after these steps; then bob acts.
fn doubted(state: &str, steps: &str) -> Dialogue {
    let both = format!("{{ alice: {{ state: {state} }}, bob: {{}} }}");
    let steps = format!("{steps}\n  - bob C: VER {{t}} MSNP2");
    Dialogue::with(&both, &steps, accounts(), with_ping())
}

#[test]
fn who_is_not_shut_out_unknown_to_the_steps_is_left_as_they_left_it() {
    let refused = "  - alice C: GTC {t} A\n  - alice S: 218 {t}\n";
    let mut it = doubted("logged-in", &format!("{refused}  - alice S: closed"));
    assert_eq!(it.log_in(0, "alice"), ["0 GTC 5 A"]);
    it.say(0, "218 5");
    it.close(0);
    it.expect(&["open 1 ns:1"]);
    let mut it = doubted("logged-in", &format!("{refused}  - alice C: CHG {{t}} BSY"));
    assert_eq!(it.log_in(0, "alice"), ["0 GTC 5 A"]);
    it.say(0, "218 5");
    it.expect(&["0 CHG 6 BSY", "open 1 ns:1"]);
    // Who was never inside has nowhere to be led back to.
    let mut it = doubted("offline", refused);
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["0 GTC 1 A"]);
    it.raw(0, b"218 1\r\n");
    it.expect(&["open 1 ns:1"]);
}

#[test]
fn an_end_that_a_branch_awaits_is_taken_and_not_mended() {
    let steps = "  - C: GTC {t} A\n  - S: 218 {t}\n  - C: GTC {t} A\n  \
        - one of:\n      - S: 218 {t}\n      - S: closed";
    let (mut it, _) = online(steps);
    it.say(0, "218 7");
    it.expect(&["0 GTC 8 A"]);
    it.close(0);
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn a_choice_without_silence_fails_when_time_is_up() {
    let group = "  - one of:\n      - S: VER {t} MSNP2\n      - S: INF *";
    let mut it = asked(group);
    it.wait();
    assert_eq!(
        it.failure(),
        "CHG-1: VER 1 MSNP2 | INF * / nothing within 2s"
    );
    let mut it = asked(group);
    it.say(0, "NLN NLN bob@hotmail.com B");
    it.wait();
    let failure = &it.outcome().failures[0];
    let came = "what came instead: `NLN NLN bob@hotmail.com B`";
    assert_eq!(failure.detail.as_deref(), Some(came));
    let mut it = asked(group);
    it.wait();
    assert_eq!(it.outcome().failures[0].detail, None);
    let mut it = asked(group);
    it.say(0, "NLN NLN bob@hotmail.com B");
    it.say(0, "VER 1 MSNP3");
    let failure = &it.outcome().failures[0];
    assert_eq!(
        (failure.got.to_string().as_str(), &failure.detail),
        ("VER 1 MSNP3", &None)
    );
}

#[test]
fn strictness_of_one_branch_is_that_of_the_choice() {
    let strict = "  - one of:\n      - { S: \"VER {t} MSNP2\", strict: true }\n      - S: INF *";
    let mut it = asked(strict);
    it.say(0, "NLN NLN bob@hotmail.com B");
    assert!(it.failure().ends_with("/ NLN NLN bob@hotmail.com B"));
    let mut it = asked(&strict.replace("true", "false"));
    it.say(0, "NLN NLN bob@hotmail.com B");
    assert!(!it.is_over());
}

#[test]
fn a_line_counts_on_its_own_connection() {
    let steps = "  - C: VER {t} MSNP2\n  - alice@ns2 C: VER {t} MSNP2\n  - any order:\n      \
        - S: VER 1 *\n      - alice@ns2 S: VER 1 MSNP2";
    let mut it = Dialogue::new("[alice]", steps);
    for conn in 0..2 {
        it.wants();
        it.opened(conn);
    }
    it.expect(&["1 VER 1 MSNP2"]);
    it.say(1, "VER 1 MSNP2");
    it.say(0, "VER 1 MSNP2");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn an_optional_line_of_a_group_may_be_missing() {
    let group = "  - any order:\n      - { S: \"VER {t} *\", optional: true }\n      - S: closed";
    let mut it = asked(group);
    it.close(0);
    assert_eq!(it.outcome().ending, Ending::Passed);
    let group = group.replace("S: closed", "S: INF 9 *");
    let mut it = asked(&group);
    it.wait();
    assert_eq!(it.failure(), "CHG-1: INF 9 * / nothing within 2s");
}

#[test]
fn the_difference_is_told_in_words() {
    let mut it = asked("  - S: VER {t} MSNP2");
    it.say(0, "VER 2 MSNP2");
    let detail = it.outcome().failures[0].detail.clone();
    assert_eq!(detail.as_deref(), Some("word 2 is `2`, expected `1`"));
    let mut it = asked("  - S: error {t}");
    it.say(0, "999 1");
    let detail = it.outcome().failures[0].detail.clone();
    assert_eq!(detail.as_deref(), Some("`999 1` is no error of the table"));
}

#[test]
fn a_first_word_of_another_length_breaks_the_framing() {
    for line in ["VE", "V", "VERX 1", "9110 1", "Ver 1 MSNP2", "V3R 1"] {
        let mut it = asked("  - S: VER {t} MSNP2");
        it.say(0, line);
        let failure = it.failure();
        assert!(failure.starts_with("FRAME-2: "), "{line}: {failure}");
    }
    for line in ["VER", "911", "VER 2 MSNP2"] {
        let mut it = asked("  - S: VER {t} MSNP2");
        it.say(0, line);
        let failure = it.failure();
        assert!(failure.starts_with("CHG-1: "), "{line}: {failure}");
    }
}

/// What the server's side of a transcript ends with.
fn last_words(it: &mut Dialogue) -> Vec<String> {
    let outcome = it.outcome();
    let entries = outcome.transcript.entries().iter();
    let words = entries.filter_map(|entry| match &entry.what {
        What::Raw(Party::Server, bytes) => Some(format!("raw {}", bytes.escape_ascii())),
        What::Reset(Party::Server) => Some("reset".to_owned()),
        What::Closed(Party::Server) => Some("closed".to_owned()),
        _ => None,
    });
    words.collect()
}

#[test]
fn half_a_line_and_the_kind_of_end_are_written_down() {
    let mut it = asked("  - S: closed");
    it.raw(0, b"VER 1 MS");
    it.reset(0);
    assert_eq!(last_words(&mut it), ["raw VER 1 MS", "reset"]);
    let mut it = asked("  - S: closed");
    it.close(0);
    assert_eq!(last_words(&mut it), ["closed"]);
}

#[test]
fn waiting_is_added_up_by_what_it_was_for() {
    let steps = "  - S: nothing\n  - C: PNG\n  - S: nothing";
    let mut it = Dialogue::new(ALICE, steps);
    it.log_in(0, "alice");
    let first = it.wait();
    it.expect(&["0 PNG"]);
    let second = it.wait();
    assert!(first > Duration::ZERO && second > Duration::ZERO);
    assert_eq!(it.outcome().waited_for, [("quiet", first + second)]);
}

#[test]
fn a_connection_that_ends_before_it_is_made_is_unreachable() {
    let mut it = Dialogue::new(ALICE, "  - C: PNG");
    it.expect(&["open 0 ns:1"]);
    it.close(0);
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Blocked);
    assert!(outcome.cause.is_some(), "{outcome:?}");
    let Some(cause) = outcome.cause else { panic!() };
    assert!(matches!(cause, Cause::Unreachable { .. }), "{cause:?}");
}

/// Alice's connection is lost while she looks elsewhere; then she pings.
fn lost(users: &str, before: &str) -> Dialogue {
    let steps = format!(
        "{before}  - alice@ds C: VER {{t}} MSNP2\n  - alice@ds S: VER {{t}} MSNP2\n  - C: PNG"
    );
    let target = Environment {
        dispatch: Some("ds:1".into()),
        ..env()
    };
    Dialogue::with(users, &steps, accounts(), target)
}

fn lose(it: &mut Dialogue) {
    it.expect(&["open 1 ds:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2"]);
    it.close(0);
    it.say(1, "VER 1 MSNP2");
}

#[test]
fn a_step_on_a_connection_that_was_lost_without_a_word_fails() {
    let mut it = lost(ALICE, "  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n");
    assert_eq!(it.log_in(0, "alice"), ["0 CHG 7 BSY"]);
    it.say(0, "CHG 7 BSY");
    lose(&mut it);
    assert_eq!(it.failure(), "CHG-1: the connection alice open / closed");
}

#[test]
fn a_connection_of_steps_that_an_error_ended_is_opened_again() {
    let mut it = lost("[alice]", "  - C: VER {t} X\n  - S: error {t}\n");
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["0 VER 1 X"]);
    it.say(0, "715 1");
    lose(&mut it);
    it.expect(&["open 2 ns:1"]);
}

#[test]
fn what_is_asked_of_a_switchboard_that_an_error_ended_draws_its_end() {
    let steps = "  - alice@sb open: sb:1\n  - alice@sb C: CAL {t} x\n  \
        - alice@sb S: error {t}\n  - C: VER {t} MSNP2\n  - S: VER {t} MSNP2\n  \
        - alice@sb C: CAL {t} y\n  - alice@sb S: closed";
    let mut it = Dialogue::new("[alice]", steps);
    it.expect(&["open 0 sb:1"]);
    it.opened(0);
    it.expect(&["0 CAL 1 x"]);
    it.say(0, "208 1");
    it.expect(&["open 1 ns:1"]);
    it.opened(1);
    it.expect(&["1 VER 1 MSNP2"]);
    it.close(0);
    it.say(1, "VER 1 MSNP2");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn a_server_that_does_not_start_fails_the_step() {
    let steps = "  - server: stop\n  - server: start\n  - C: VER {t} MSNP2";
    let mut it = Dialogue::new("[alice]\nneeds: [launch]", steps);
    it.expect(&["stop", "start"]);
    it.wait();
    it.expect(&["start"]);
    it.wait();
    assert_eq!(it.failure(), "CHG-1: the server started / it does not run");
}

#[test]
fn a_server_may_take_five_reply_times_to_start_and_no_less_than_ten_seconds() {
    for (reply, patience) in [(3, 15), (1, 10)] {
        let mut target = env();
        target.timeouts.reply = Duration::from_secs(reply);
        let steps = "  - server: stop\n  - server: start\n  - C: PNG";
        let users = "[alice]\nneeds: [launch]";
        let mut it = Dialogue::with(users, steps, accounts(), target);
        it.expect(&["stop", "start"]);
        assert_eq!(it.wait(), Duration::from_secs(patience));
    }
}

#[test]
fn a_step_opens_what_it_names() {
    let steps = "  - alice open: default\n  - alice@sb open: 10.0.0.5\n  - alice@sb C: OUT";
    let mut it = Dialogue::new("[alice]", steps);
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["open 1 10.0.0.5:1863"]);
    it.opened(1);
    it.expect(&["1 OUT", "close 0", "close 1"]);
}

#[test]
fn a_line_that_nobody_asked_for_is_skipped_where_the_answer_follows() {
    for steps in [
        "  - S: VER {t} MSNP2",
        "  - one of:\n      - S: VER {t} MSNP2\n      - S: INF *",
    ] {
        let mut it = asked(steps);
        it.say(0, "VER 0 MSNP2");
        it.say(0, "INF 0 MD5");
        assert!(!it.is_over());
        it.say(0, "VER 1 MSNP2");
        assert_eq!(it.outcome().ending, Ending::Passed);
        let mut it = asked(steps);
        it.say(0, "VER 0 MSNP2");
        it.wait();
        assert!(it.failure().ends_with("/ VER 0 MSNP2"));
    }
}

#[test]
fn news_is_no_answer_under_another_trid() {
    let steps = "  - C: QRY {t} x\n  - one of:\n      - S: \"* {t} ...\"\n      - S: nothing\n        except: [\"* ...\"]";
    let (mut it, _) = online(steps);
    it.say(0, "REM 0 RL 7 bob@hotmail.com");
    while !it.is_over() {
        it.wait();
    }
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn an_optional_line_of_an_earlier_answer_takes_no_later_one() {
    let steps = "  - C: GTC {t} A\n  - { S: \"GTC {t} ...\", optional: true }\n  \
                 - C: GTC {t} N\n  - S: GTC {t} !3 N";
    let mut it = Dialogue::new(ALICE, steps);
    assert_eq!(it.log_in(0, "alice"), ["0 GTC 7 A", "0 GTC 8 N"]);
    it.say(0, "GTC 8 3 N");
    assert_eq!(it.failure(), "CHG-1: GTC 8 !3 N / GTC 8 3 N");
}
