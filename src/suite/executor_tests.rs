//! Executors held to their promises by hand-written dialogues.

use std::time::Duration;

use super::dialogue::{Dialogue, env};
use crate::engine::{Cause, Ending, Limit};
use crate::protocol::Barrier;
use crate::target::test_support::accounts;
use crate::target::{Barriers, Environment, Lists};

const REPLY: Duration = Duration::from_secs(2);
const QUIET: Duration = Duration::from_millis(150);

/// One user without a connection, asked for a version.
fn asked(steps: &str) -> Dialogue {
    let steps = format!("  - C: VER {{t}} MSNP2\n{steps}");
    let mut dialogue = Dialogue::new("[alice]", &steps);
    dialogue.expect(&["open 0 ns:1"]);
    dialogue.opened(0);
    dialogue.expect(&["0 VER 1 MSNP2"]);
    dialogue
}

fn with_ping() -> Environment {
    Environment {
        barriers: Barriers {
            notification: Some(Barrier::Ping),
            switchboard: None,
        },
        ..env()
    }
}

const ALICE: &str = "{ alice: { state: NLN } }";
const BOTH: &str = "{ alice: { state: NLN }, bob: { state: NLN } }";

#[test]
fn a_step_is_met_by_its_line() {
    let mut it = asked("  - S: VER {t} MSNP2");
    it.say(0, "VER 1 MSNP2");
    it.expect(&["close 0"]);
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Passed);
    assert_eq!((outcome.round_trips, outcome.waited), (1, Duration::ZERO));
}

#[test]
fn silence_ends_at_the_deadline() {
    let mut it = asked("  - S: VER {t} MSNP2");
    assert_eq!(it.wait(), REPLY);
    let outcome = it.outcome();
    assert_eq!((outcome.ending, outcome.waited), (Ending::Failed, REPLY));
    assert_eq!(outcome.failures[0].got.to_string(), "nothing within 2s");
    assert_eq!(outcome.waited_for, [("reply", REPLY)]);
}

#[test]
fn one_byte_a_second_ends_at_the_deadline() {
    let mut it = asked("  - S: VER {t} MSNP2");
    for _ in 0..2 {
        it.raw(0, b"V");
        it.pass(Duration::from_secs(1));
    }
    assert_eq!(it.failure(), "CHG-1: VER 1 MSNP2 / nothing within 2s");
}

#[test]
fn asynchronous_lines_do_not_move_the_deadline() {
    let mut it = asked("  - S: VER {t} MSNP2");
    for _ in 0..2 {
        it.say(0, "FLN bob@hotmail.com");
        it.pass(Duration::from_secs(1));
    }
    let outcome = it.outcome();
    let detail = outcome.failures[0].detail.as_deref();
    let came = "what came instead: `FLN bob@hotmail.com`, `FLN bob@hotmail.com`";
    assert_eq!(detail, Some(came));
}

#[test]
fn an_endless_line_is_cut_off() {
    let mut it = asked("  - S: VER {t} MSNP2");
    for _ in 0..100 {
        it.raw(0, &[b'x'; 1000]);
    }
    it.expect(&["close 0"]);
    let told = it.failure();
    assert_eq!(
        told,
        "FRAME-1: VER 1 MSNP2 / byte 0: a line of more than 8192 bytes"
    );
}

#[test]
fn a_huge_payload_is_not_waited_for() {
    let mut it = asked("  - S: VER {t} MSNP2");
    it.say(0, "MSG Hotmail Hotmail 4294967295");
    let told = it.failure();
    assert!(
        told.starts_with("FRAME-6: VER 1 MSNP2 / byte 0: a payload"),
        "{told}"
    );
}

#[test]
fn a_reset_in_the_middle_is_told() {
    let mut it = asked("  - S: VER {t} MSNP2");
    it.raw(0, b"VER 1");
    it.reset(0);
    assert_eq!(it.failure(), "CHG-1: VER 1 MSNP2 / reset");
}

#[test]
fn garbage_breaks_the_framing() {
    let mut it = asked("  - S: VER {t} MSNP2");
    it.raw(0, b"\xff\x00\x01 hello\r\n");
    assert_eq!(it.failure(), "FRAME-2: VER 1 MSNP2 / \\xff\\x00\\x01 hello");
    let mut it = asked("  - S: VER {t} MSNP2");
    it.raw(0, b"MSG Hotmail Hotmail 3\r\nabcdVER 1 MSNP2\r\n");
    assert_eq!(it.failure(), "FRAME-6: VER 1 MSNP2 / dVER 1 MSNP2");
}

#[test]
fn the_form_of_lines_is_told_by_the_scenarios_about_it() {
    let steps = "  - C: VER {t} MSNP2\n  - S: VER {t} MSNP2\n  - C: INF {t}\n  - S: INF {t} MD5";
    for (clause, line) in [
        ("FRAME-1", &b"VER 1 MSNP2\n"[..]),
        ("FRAME-10", b"VER 1  MSNP2\r\n"),
        ("FRAME-10", b"VER 1 MSNP2 \r\n"),
    ] {
        for (clauses, failures) in [("FRAME-1, FRAME-10", vec![clause]), ("VER-1", vec![])] {
            let mut it = Dialogue::about(clauses, "[alice]", steps, accounts(), env());
            it.expect(&["open 0 ns:1"]);
            it.opened(0);
            it.expect(&["0 VER 1 MSNP2"]);
            it.raw(0, line);
            it.expect(&["0 INF 2"]);
            it.say(0, "INF  2 MD5");
            let outcome = it.outcome();
            assert_eq!(outcome.ending == Ending::Passed, failures.is_empty());
            let told = outcome.failures;
            let told: Vec<&str> = told.iter().map(|f| f.clause.unwrap().as_str()).collect();
            assert_eq!(told, failures);
        }
    }
}

#[test]
fn a_sound_form_draws_nothing() {
    let steps = "  - C: VER {t} MSNP2\n  - S: VER {t} MSNP2";
    for (line, told) in [
        ("VER 1 MSNP2\r\n", None),
        ("VER 1\tMSNP2\r\n", Some("`VER 1\\tMSNP2`")),
        ("VER 1 MSNP2 \r\n", Some("`VER 1 MSNP2 `")),
        ("VER 1  MSNP2\r\n", Some("`VER 1  MSNP2`")),
    ] {
        let mut it = Dialogue::about("FRAME-10", "[alice]", steps, accounts(), env());
        it.expect(&["open 0 ns:1"]);
        it.opened(0);
        it.raw(0, line.as_bytes());
        let failures = it.outcome().failures;
        assert_eq!(
            failures
                .first()
                .map(|failure| failure.got.to_string())
                .as_deref(),
            told
        );
    }
}

#[test]
fn a_flood_halts_the_script() {
    let mut it = asked("  - S: VER {t} MSNP2");
    let line = "FLN bob@hotmail.com\r\n".repeat(1000);
    for _ in 0..110 {
        it.raw(0, line.as_bytes());
    }
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Inconclusive);
    assert_eq!(outcome.limit, Some(Limit::Lines(10_050)));
    assert!(outcome.transcript.entries().len() <= 10_100);
}

#[test]
fn an_error_for_another_request_fails_at_once() {
    let mut it = asked("  - S: VER {t} MSNP2");
    it.say(0, "500 9");
    assert_eq!(it.failure(), "ERR-1: VER 1 MSNP2 / 500 9");
    let mut it = asked("  - S: error {t}");
    it.say(0, "999 1");
    let outcome = it.outcome();
    let detail = outcome.failures[0].detail.as_deref();
    assert_eq!(detail, Some("`999 1` is no error of the table"));
}

#[test]
fn refused_is_an_error_for_the_last_request_or_an_end() {
    let mut it = asked("  - S: refused");
    it.say(0, "715 1");
    assert_eq!(it.outcome().ending, Ending::Passed);
    let mut it = asked("  - S: refused");
    it.close(0);
    assert_eq!(it.outcome().ending, Ending::Passed);
    let mut it = asked("  - S: refused");
    it.say(0, "715 2");
    assert_eq!(it.outcome().ending, Ending::Failed);
}

#[test]
fn lines_that_nobody_took_are_found_later() {
    let steps = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n  - S: NLN AWY bob@hotmail.com *";
    let mut it = Dialogue::new(ALICE, steps);
    assert_eq!(it.log_in(0, "alice"), ["0 CHG 7 BSY"]);
    it.say(0, "NLN AWY bob@hotmail.com Bob");
    it.say(0, "CHG 7 BSY");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn strict_lets_nothing_come_between() {
    let steps = "  - C: CHG {t} BSY\n  - { S: \"CHG {t} BSY\", strict: true }";
    let mut it = Dialogue::new(ALICE, steps);
    it.log_in(0, "alice");
    it.say(0, "NLN AWY bob@hotmail.com Bob");
    assert_eq!(
        it.failure(),
        "CHG-1: CHG 7 BSY / NLN AWY bob@hotmail.com Bob"
    );
}

#[test]
fn nothing_accuses_what_nobody_took() {
    let steps = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n  - S: nothing";
    for (line, ending) in [
        ("NLN AWY bob@hotmail.com Bob", Ending::Failed),
        ("MSG Hotmail Hotmail 0", Ending::Passed),
        ("MSG  Hotmail  Hotmail  0", Ending::Passed),
    ] {
        let mut it = Dialogue::with(ALICE, steps, accounts(), with_ping());
        it.log_in(0, "alice");
        it.say(0, line);
        it.say(0, "CHG 7 BSY");
        it.expect(&["0 PNG"]);
        it.say(0, "QNG");
        let outcome = it.outcome();
        assert_eq!((outcome.ending, outcome.waited), (ending, Duration::ZERO));
    }
}

#[test]
fn the_acting_connection_is_settled_before_the_silent_one() {
    let steps = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n  \
                 - { bob S: nothing, except: [\"FLN *\"] }";
    let mut it = Dialogue::with(BOTH, steps, accounts(), with_ping());
    let wants = it.log_in(0, "alice");
    assert_eq!(wants, ["open 1 ns:1"]);
    it.opened(1);
    bob_logs_in(&mut it);
    it.expect(&["0 CHG 7 BSY"]);
    it.say(0, "CHG 7 BSY");
    it.expect(&["0 PNG"]);
    it.say(0, "QNG");
    it.expect(&["1 PNG"]);
    it.say(1, "FLN alice@hotmail.com");
    it.say(1, "QNG");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

/// Bob on connection 1, alice online already on connection 0.
fn bob_logs_in(it: &mut Dialogue) {
    for (want, answer) in [
        ("1 VER 1 MSNP2 CVR0", "VER 1 MSNP2"),
        ("1 INF 2", "INF 2 MD5"),
        ("1 USR 3 MD5 I bob@hotmail.com", "USR 3 MD5 S 1.2"),
        (
            "1 USR 4 MD5 S 9e1d7eb1fcb55cbcf9cfb0aaba91ad8c",
            "USR 4 OK bob@hotmail.com Bob",
        ),
    ] {
        let wants = it.wants();
        if !want.contains("MD5 S") {
            assert_eq!(wants, [want]);
        }
        it.say(1, answer);
    }
    it.expect(&["1 SYN 5 0"]);
    let lists = ["FL", "AL", "BL", "RL"].map(|list| format!("LST 5 {list} 1 0 0\r\n"));
    it.raw(
        1,
        format!("SYN 5 1\r\nGTC 5 1 A\r\nBLP 5 1 AL\r\n{}", lists.concat()).as_bytes(),
    );
    let wants = it.wants();
    assert_eq!(wants, ["0 CHG 6 NLN"]);
    it.say(0, "CHG 6 NLN");
    it.expect(&["1 CHG 6 NLN"]);
    it.say(1, "CHG 6 NLN");
}

#[test]
fn without_a_barrier_silence_takes_the_quiet_time() {
    let mut it = asked("  - S: nothing");
    it.expect(&[]);
    assert_eq!(it.wait(), QUIET);
    let outcome = it.outcome();
    assert_eq!((outcome.ending, outcome.waited), (Ending::Passed, QUIET));

    // A line that is left open would swallow the barrier.
    let steps = "  - C: { raw: \"CHG 9\" }\n  - S: nothing";
    let mut it = Dialogue::with(ALICE, steps, accounts(), with_ping());
    it.log_in(0, "alice");
    assert_eq!(it.wait(), QUIET);
    assert_eq!(it.outcome().ending, Ending::Passed);
}

const ANSWER_OR_NOTHING: &str = "  - C: MSG {t} N {length}\n    payload: x\n  - one of:
      - S: error {t}
      - S: closed
      - S: nothing
        varies: FRAME-12
        seen: silence";

#[test]
fn one_of_takes_the_branch_that_is_met() {
    for what in ["error", "close", "silence", "other"] {
        let mut it = Dialogue::with(ALICE, ANSWER_OR_NOTHING, accounts(), with_ping());
        it.log_in(0, "alice");
        // A notification server reads no payload: the barrier would be taken for the rest of it.
        match what {
            "error" => it.say(0, "200 7"),
            "close" => it.close(0),
            "other" => it.say(0, "CHG 7 NLN"),
            _ => {}
        }
        if !it.is_over() {
            it.wait();
        }
        let outcome = it.outcome();
        match what {
            "silence" => {
                assert_eq!(outcome.variations[0].seen, "silence");
                assert_eq!(outcome.waited, QUIET);
            }
            "other" => {
                let failure = &outcome.failures[0];
                assert_eq!(failure.expected.text, "an error 7 | closed | nothing");
                assert_eq!(failure.got.to_string(), "CHG 7 NLN");
            }
            _ => assert!(outcome.variations.is_empty(), "{what}"),
        }
        let passed = outcome.ending == Ending::Passed;
        assert_eq!(passed, what != "other", "{what}");
    }
}

#[test]
fn a_group_in_any_order_is_met_in_any_order() {
    let group = "  - any order:\n      - S: VER {t} *\n      - S: OUT {a}\n      - S: closed";
    let mut it = asked(group);
    it.say(0, "OUT SSD");
    it.say(0, "VER 1 MSNP2");
    it.close(0);
    assert_eq!(it.outcome().ending, Ending::Passed);
    let mut it = asked(group);
    it.say(0, "VER 1 MSNP2");
    it.close(0);
    assert_eq!(it.failure(), "CHG-1: OUT {a} | closed / closed");
}

#[test]
fn an_optional_line_is_not_waited_for() {
    let steps = "  - { S: \"VER {t} MSNP2\", optional: true }\n  - S: INF 5 *";
    let mut it = asked(steps);
    it.say(0, "INF 5 MD5");
    assert_eq!(it.outcome().ending, Ending::Passed);
    let mut it = asked(steps);
    it.say(0, "VER 1 MSNP2");
    it.say(0, "INF 5 MD5");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn a_connection_lost_to_an_error_is_made_again() {
    let steps = "  - C: GTC {t} A\n  - S: 218 {t}\n  - C: CHG {t} BSY\n  - S: CHG {t} BSY";
    // The end is seen before or after the next request leaves.
    for late in [false, true] {
        let mut it = Dialogue::new(ALICE, steps);
        assert_eq!(it.log_in(0, "alice"), ["0 GTC 7 A"]);
        if late {
            it.say(0, "218 7");
            it.expect(&["0 CHG 8 BSY"]);
            it.close(0);
        } else {
            it.raw(0, b"218 7\r\n");
            it.wants();
            it.close(0);
        }
        assert_eq!(it.log_in(1, "alice"), ["1 CHG 8 BSY"]);
        it.say(1, "CHG 8 BSY");
        assert_eq!(it.outcome().ending, Ending::Passed);
    }
}

/// Alice, known clean or not, up to the batch of her SYN.
fn syncs(lists: Lists, batch: &[&str]) -> Dialogue {
    let mut accounts = accounts();
    accounts[0].lists = lists;
    let steps = "  - C: CHG {t} BSY\n  - S: CHG {t} BSY";
    let mut it = Dialogue::with("{ alice: { state: NLN } }", steps, accounts, env());
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
    it.raw(0, format!("{}\r\n", batch.join("\r\n")).as_bytes());
    it
}

#[test]
fn foreign_entries_are_not_touched() {
    let batch = [
        "SYN 5 9",
        "GTC 5 9 A",
        "BLP 5 9 AL",
        "LST 5 FL 9 1 1 mum@hotmail.com Mum",
        "LST 5 AL 9 0 0",
        "LST 5 BL 9 0 0",
        "LST 5 RL 9 0 0",
    ];
    let mut it = syncs(Lists::Unknown, &batch);
    it.expect(&["close 0"]);
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Blocked);
    assert_eq!(outcome.failures[0].clause, None);
    let handle = "alice@hotmail.com".to_owned();
    assert_eq!(
        outcome.cause,
        Some(Cause::NotDisposable { handle, entries: 1 })
    );
}

#[test]
fn a_failure_on_a_stale_reverse_list_is_none() {
    let stale = "LST 5 RL 9 1 1 mum@hotmail.com Mum";
    let shown = "LST 7 FL 9 0 0";
    for (reverse, answer, ending) in [
        (stale, shown, Ending::Blocked),
        ("LST 5 RL 9 0 0", shown, Ending::Failed),
        // A state has nothing to do with lists.
        (stale, "201 7", Ending::Failed),
    ] {
        let batch = [
            "SYN 5 9",
            "GTC 5 9 A",
            "BLP 5 9 AL",
            "LST 5 FL 9 0 0",
            "LST 5 AL 9 0 0",
            "LST 5 BL 9 0 0",
            reverse,
        ];
        let mut it = syncs(Lists::Clean, &batch);
        it.expect(&["0 CHG 6 NLN"]);
        it.say(0, "CHG 6 NLN");
        it.expect(&["0 CHG 7 BSY"]);
        it.say(0, answer);
        let outcome = it.outcome();
        assert_eq!(outcome.ending, ending);
        let failure = &outcome.failures[0];
        assert_eq!(failure.clause.is_none(), ending == Ending::Blocked);
        let detail = failure.detail.as_deref().unwrap_or_default();
        assert_eq!(
            detail.starts_with("mum@hotmail.com was on"),
            ending == Ending::Blocked
        );
    }
}

#[test]
fn what_cannot_be_reached_breaks_the_fixture() {
    let mut it = Dialogue::new(ALICE, "  - C: CHG {t} BSY\n  - S: CHG {t} BSY");
    it.expect(&["open 0 ns:1"]);
    assert_eq!(it.wait(), Duration::from_secs(2));
    it.expect(&["reset 0"]);
    let outcome = it.outcome();
    assert_eq!(outcome.ending, Ending::Blocked);
    assert!(matches!(outcome.cause, Some(Cause::Unreachable { .. })));
}

#[test]
fn what_is_sent_is_cut_and_paused_as_asked() {
    let steps = "  - { C: \"VER {t} X\", segments: 4 }\n  - C: pause\n  - C: resume\n  \
                 - C: [\"INF {t}\", \"INF {t}\"]\n  - C: reset";
    let mut it = Dialogue::new("[alice]", steps);
    it.wants();
    it.opened(0);
    let expected = [
        "0 VER ",
        "0 1 X\r",
        "0 \n",
        "pause 0",
        "resume 0",
        "0 INF 2\r\nINF 3",
        "reset 0",
    ];
    it.expect(&expected);
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn rounds_bind_captures_of_their_own() {
    let steps = "  - repeat: 2\n    steps:\n      - C: VER {t} X{i}\n      - S: VER {t} {x}\n";
    let mut it = Dialogue::new("[alice]", steps);
    it.wants();
    it.opened(0);
    it.expect(&["0 VER 1 X1"]);
    it.say(0, "VER 1 A");
    it.expect(&["0 VER 2 X2"]);
    it.say(0, "VER 2 B");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn passwords_stay_out_of_failures() {
    let steps = "  - C: USR {t} CTP S {alice.password}\n  - S: USR {t} OK";
    let mut it = Dialogue::new("[alice]", steps);
    it.wants();
    it.opened(0);
    it.say(0, "911 1 secret");
    let outcome = it.outcome();
    let text = format!("{:?}", outcome.failures);
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn the_server_is_stopped_and_started() {
    let text = "[alice]\nneeds: [launch]";
    let steps = "  - server: stop\n  - server: start\n  - C: VER {t} MSNP2";
    let mut it = Dialogue::new(text, steps);
    it.expect(&["stop", "start"]);
    it.restarted();
    it.expect(&["open 0 ns:1"]);
}

#[test]
fn a_server_that_was_stopped_is_started_whatever_failed() {
    let text = "[alice]\nneeds: [launch]";
    let steps = "  - C: VER {t} MSNP2\n  - server: stop\n  - S: OUT SSD\n  - server: start";
    let mut it = Dialogue::new(text, steps);
    it.expect(&["open 0 ns:1"]);
    it.opened(0);
    it.expect(&["0 VER 1 MSNP2", "stop"]);
    it.close(0);
    it.expect(&["start"]);
    it.restarted();
    assert_eq!(it.outcome().ending, Ending::Failed);
}

#[test]
fn a_group_too_finds_its_connection_again() {
    let steps = "  - C: GTC {t} A\n  - S: 218 {t}\n  - C: CHG {t} BSY\n  - one of:\n      \
                 - S: CHG {t} BSY\n      - S: error {t}";
    let mut it = Dialogue::new(ALICE, steps);
    assert_eq!(it.log_in(0, "alice"), ["0 GTC 7 A"]);
    it.say(0, "218 7");
    it.expect(&["0 CHG 8 BSY"]);
    it.close(0);
    assert_eq!(it.log_in(1, "alice"), ["1 CHG 8 BSY"]);
    it.say(1, "CHG 8 BSY");
    assert_eq!(it.outcome().ending, Ending::Passed);
}

#[test]
fn a_name_that_nobody_told_is_learnt() {
    let mut accounts = accounts();
    accounts[0].name = None;
    let steps = "  - C: VER {t} {alice.name}\n  - C: close";
    let mut it = Dialogue::with("[alice]", steps, accounts, env());
    assert_eq!(it.log_in(0, "alice"), ["0 OUT"]);
    it.close(0);
    it.expect(&["open 1 ns:1"]);
    it.opened(1);
    it.expect(&["1 VER 5 alice", "close 1"]);
    assert_eq!(it.outcome().accounts[0].name.as_deref(), Some("alice"));
}
