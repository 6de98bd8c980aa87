//! Errors against their causes.

use crate::oracle::dialogue::{accuses, silent};

#[test]
fn refusals_of_what_was_not_understood() {
    silent("alice C: ADD 8 FL bob@hotmail.com b\nalice S: 205 8");
    silent("alice in\nalice C: ADD 9 FL b\\xe9@hotmail.com x\nalice S: 217 9");
    let start = "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\n";
    silent(&format!(
        "{start}alice C: USR 2 MD5 S alice\nalice S: 201 2"
    ));
    let asked = format!("{start}alice C: USR 2 MD5 I alice@hotmail.com\n");
    silent(&format!("{asked}alice C: CHG 3 NLN\nalice S: 500 3"));
    let response =
        "alice S: USR 2 MD5 S 1.2\nalice C: USR 3 MD5 S 00000000000000000000000000000000\n";
    let piped = "alice C: XFR 9 SB\nalice S: USR 3 OK alice@hotmail.com a\nalice S: 302 9";
    silent(&format!("{asked}{response}{piped}"));
}

#[test]
fn refusals_that_may_have_another_cause() {
    let on = "alice on NLN\nalice C: ";
    silent(&format!("{on}LST 9 XL\nalice S: 201 9"));
    silent(&format!("{on}LST 9 RL\nalice S: 300 9"));
    silent(&format!("{on}SYN 9 0\nalice S: 201 9"));
    silent(&format!("{on}XFR 9 NS\nalice S: 201 9"));
    silent(&format!("{on}CHG 9 NLN\nalice S: 500 9"));
    silent("alice on HDN\nalice C: SYN 9 0\nalice S: 500 9");
    accuses("CHG-10", "alice on HDN\nalice C: CHG 9 HDN\nalice S: 201 9");
    for state in ["ZZZ", "FLN"] {
        let chg = format!("alice C: CHG 8 {state}\nalice S: CHG 8 {state}\n");
        silent(&format!(
            "alice in\n{chg}alice C: CHG 9 {state}\nalice S: 201 9"
        ));
    }
    let twice = "alice on NLN FL=bob\nalice C: ADD 9 FL bob@hotmail.com";
    let name = "n".repeat(100);
    accuses("ADD-4", &format!("{twice} {name}\nalice S: 209 9"));
    accuses("ADD-4", &format!("{twice} {name}n\nalice S: 216 9"));
    let unknown = "alice@sb C: USR 1 alice@hotmail.com 6\nalice@sb S: 500 1";
    silent(unknown);
    let known = "alice on NLN\nalice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 6\n";
    silent(&format!("{known}{unknown}"));
}

#[test]
fn calls_that_may_fail() {
    let board = "alice on NLN\nalice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 5\n\
         alice@sb C: USR 1 alice@hotmail.com 5\nalice@sb S: USR 1 OK alice@hotmail.com alice\n";
    let bob = "bob on NLN AL=alice\n";
    let call = |trid: u32, answer: &str| {
        format!("alice@sb C: CAL {trid} bob@hotmail.com\nalice@sb S: {answer}\n")
    };
    let rings = call(2, "CAL 2 RINGING 7");
    let fails = call(3, "217 3");
    accuses("CAL-1", &format!("{bob}{board}{fails}"));
    accuses("CAL-1", &format!("{bob}{board}dave <open>\n{fails}"));
    accuses(
        "CAL-7",
        &format!("{bob}{board}bob C: <closed>\n{}", call(3, "201 3")),
    );
    silent(&format!("{bob}{board}{fails}").replace("AL=alice\n", "AL=alice\nbob C: OUT\n"));
    silent(&format!("{bob}{board}{}", call(3, "206 3")));
    silent(&format!("{bob}{board}{rings}{fails}"));
    let second = "two C: USR 1 MD5 I bob@hotmail.com\n";
    silent(&format!("{bob}{board}{second}{fails}"));
    silent(&format!(
        "carol on NLN FL=bob,Bob\n{board}{}",
        call(3, "201 3")
    ));
    silent(&format!(
        "bob C: PNG\nbob on HDN\n{board}{}",
        call(3, "201 3")
    ));
    let added = "bob C: ADD 9 AL alice@hotmail.com a\nbob S: ADD 9 AL 4 alice@hotmail.com a\n";
    silent(&format!("bob on NLN\n{added}{board}{fails}"));
    let joins = "bob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice\n\
         bob@sb C: ANS 1 bob@hotmail.com 8 7\nbob@sb S: IRO 1 1 1 alice@hotmail.com alice\n\
         bob@sb S: ANS 1 OK\nalice@sb S: JOI bob@hotmail.com bob\n";
    let inside = format!("{bob}carol on NLN AL=bob\n{board}{rings}{joins}");
    accuses("CAL-8", &format!("{inside}{fails}"));
    silent(&format!("{inside}{}", call(3, "215 3")));
    silent(&format!("{inside}alice@sb S: BYE bob@hotmail.com\n{fails}"));
    let left = "bob@sb C: OUT\nbob@sb S: <closed>\nalice@sb S: BYE bob@hotmail.com\n";
    silent(&format!("{inside}{left}{fails}"));
    silent(&format!("{inside}bob@sb C: OUT\n{}", call(3, "206 3")));
    accuses(
        "CAL-11",
        &format!("{inside}bob@sb C: CAL 2 carol@hotmail.com\nbob@sb S: 217 2"),
    );
}
