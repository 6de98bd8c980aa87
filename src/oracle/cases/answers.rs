//! Answers against their requests.

use crate::oracle::dialogue::{accuses, silent};

#[test]
fn what_cannot_be_taken_for_an_answer() {
    silent("alice C: XYZ 9\nalice S: XYZ 9 OK");
    silent("alice in\nalice C: XYZ 9\nalice C: OUT\nalice S: XYZ 9 OK");
    accuses("FRAME-14", "alice C: VER 1\nalice S: VER 1 MSNP2");
    accuses("ERR-4", "alice C: VER 1 MSNP2\nalice S: 715 1 no");
    let early = "alice@ds C: VER 1 MSNP2\nalice@ds S: VER 1 MSNP2\n";
    accuses(
        "USR-13",
        &format!("{early}alice@ds C: CHG 2 NLN\nalice@ds S: CHG 2 NLN"),
    );
    accuses(
        "FRAME-13",
        "a@sb <open>\na@sb C: CHG 2 NLN\na@sb S: CHG 2 NLN",
    );
}

#[test]
fn the_reverse_list_and_unknown_lists() {
    let on = "alice on NLN\nalice C: ";
    let bob = "bob@hotmail.com";
    accuses(
        "ADD-2",
        &format!("{on}ADD 9 RL {bob}\nalice S: ADD 9 RL 4 {bob} b"),
    );
    accuses(
        "REM-2",
        &format!("{on}REM 9 RL {bob} x\nalice S: REM 9 RL 4 {bob}"),
    );
    accuses("LST-1", &format!("{on}LST 9 FL\nalice S: LST 9 AL 5 0 0"));
    accuses("LST-6", &format!("{on}LST 9 XL\nalice S: LST 9 XL 5 0 0"));
}

#[test]
fn refusals_that_rest_on_a_wrong_list() {
    let (bob, dave) = ("bob@hotmail.com", "dave@hotmail.com");
    let on = "alice on NLN FL=bob\n";
    let removed = format!("{on}alice C: REM 8 FL {bob}\nalice S: REM 8 FL 4 {bob}\n");
    let shown = "alice C: LST 10 FL\nalice S: LST 10 FL 4 0 0\n";
    let again = format!("alice C: ADD 9 FL {bob} b\nalice S: 215 9");
    accuses("REM-3", &format!("{removed}{again}"));
    accuses("ADD-1", &format!("{removed}{shown}{again}"));
    accuses("ADD-4", &format!("{on}{}", again.replace("215", "216")));
    // What no request has made so may have been shown wrong.
    let allow = format!("alice C: ADD 9 AL {dave} d\nalice S: 215 9");
    silent(&format!("{on}{allow}"));
    let added = format!("{on}alice C: ADD 8 FL {dave} d\nalice S: ADD 8 FL 4 {dave} d\n");
    let shown = format!(
        "alice C: LST 9 FL\nalice S: LST 9 FL 4 1 2 {bob} bob\nalice S: LST 9 FL 4 2 2 {dave} d\n"
    );
    let refused = format!("alice C: REM 10 FL {dave}\nalice S: 216 10");
    accuses("ADD-3", &format!("{added}{refused}"));
    accuses("REM-1", &format!("{added}{shown}{refused}"));
    // What the opposite list held when the ADD came was not known yet.
    let ask = format!("alice C: ADD 9 AL {dave} d\n");
    let lists = "alice in\nalice C: LST 7 AL\nalice S: LST 7 AL 3 0 0\n";
    let blocked = format!("alice C: LST 10 BL\nalice S: LST 10 BL 3 1 1 {dave} d\n");
    silent(&format!(
        "{lists}{ask}{blocked}alice S: ADD 9 AL 4 {dave} d"
    ));
    let free = "alice C: LST 10 BL\nalice S: LST 10 BL 3 0 0\n";
    silent(&format!("{lists}{ask}{free}alice S: 215 9"));
    let added = format!("alice C: ADD 8 FL {dave} d\nalice S: ADD 8 FL 4 {dave} d\n");
    accuses(
        "ADD-3",
        &format!("{on}{added}alice C: REM 9 FL {dave}\nalice S: 216 9"),
    );
    silent("alice in\nalice C: REM 9 FL bob\nalice S: REM 9 FL 5 bob");
}

#[test]
fn names_and_handles_as_long_as_may_be() {
    let add = |handle: &str, name: &str, told: &str| {
        format!("alice in\nalice C: ADD 9 FL {handle} {name}\nalice S: ADD 9 FL 4 {handle} {told}")
    };
    let (bob, name) = ("b@hotmail.com", "n".repeat(388));
    let (longest, short) = ("n".repeat(387), "n".repeat(100));
    silent(&add(bob, &longest, &longest));
    accuses("NAME-3", &add(bob, &name, &longest));
    accuses("ADD-12", &add(bob, &name, &short));
    let handle = format!("{}@hotmail.com", "h".repeat(117));
    silent(&add(&handle, "n", "n"));
    accuses("ADD-1", add(bob, "b", "").trim_end());
}

#[test]
fn values_and_handles_that_no_server_should_take() {
    for (clause, ask, answer) in [
        ("ADD-7", "ADD 9 FL bob b", "ADD 9 FL 4 bob b"),
        ("BLP-8", "BLP 9 XX", "BLP 9 4 XX"),
        ("SBX-7", "XFR 9 NS", "XFR 9 NS 1.1.1.1:1"),
    ] {
        let text = format!("alice on NLN\nalice C: {ask}\nalice S: ");
        accuses(clause, &format!("{text}{answer}"));
        silent(&format!("{text}201 9"));
    }
}
