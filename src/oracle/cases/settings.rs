//! Settings: what a request under way, a new session or a new start leaves of them.

use crate::oracle::dialogue::{accuses, silent};

/// Alice's SYN and its batch, with empty lists.
fn batch(trid: u32, serial: u32, prompt: &str, privacy: &str) -> String {
    let lists = ["FL", "AL", "BL", "RL"]
        .map(|list| format!("alice S: LST {trid} {list} {serial} 0 0\n"))
        .concat();
    format!(
        "alice C: SYN {trid} 0\nalice S: SYN {trid} {serial}\nalice S: GTC {trid} {serial} {prompt}\n\
         alice S: BLP {trid} {serial} {privacy}\n{lists}"
    )
}

fn set(trid: u32, what: &str, answer: &str) -> String {
    format!(
        "alice C: {} {trid} {}\nalice S: {answer}\n",
        &what[..3],
        &what[4..]
    )
}

const AGAIN: &str = "alice C: OUT\nalice S: <closed>\nalice <open>\n";

#[test]
fn what_was_set_is_shown() {
    accuses(
        "GTC-5",
        &format!("alice on NLN\n{}", batch(9, 3, "N", "AL")),
    );
    accuses(
        "BLP-5",
        &format!("alice on NLN\n{}", batch(9, 3, "A", "BL")),
    );
    let ask = "alice C: GTC 8 N\nalice C: BLP 7 BL\n";
    silent(&format!("alice on NLN\n{ask}{}", batch(9, 3, "N", "BL")));
    let both = batch(9, 3, "A", "AL") + &batch(10, 4, "N", "BL");
    silent(&format!("alice on NLN\n{ask}{both}"));
}

#[test]
fn what_the_last_session_left() {
    silent(&format!(
        "alice on NLN\n{AGAIN}alice in\nalice C: GTC 4 N\n{}",
        batch(5, 3, "N", "AL")
    ));
    silent(&format!(
        "alice on NLN GTC=N\n{AGAIN}alice in\n{}",
        batch(5, 9, "A", "AL")
    ));
    // Sent before the login, and never answered.
    for (ask, settings) in [
        ("GTC 9 N", "GTC=N"),
        ("BLP 9 BL", "BLP=BL"),
        ("ADD 9 FL bob@hotmail.com b", "FL=bob,carol"),
        ("REM 9 FL carol@hotmail.com", "FL=bob,carol"),
    ] {
        let first = format!("alice C: {ask}\nalice on NLN {settings}\nalice S: <closed>\n");
        silent(&format!("{first}alice <open>\nalice on NLN FL=dave"));
        silent(&format!("{first}alice <open>\nalice on NLN FL=bob"));
    }
    let out = "alice S: OUT\nalice <open>\nalice on NLN";
    accuses("BLP-5", &format!("alice on NLN BLP=BL\n{out}"));
    silent(&format!(
        "alice on NLN BLP=BL\n{}",
        out.replace("OUT", "OUT SSD")
    ));
}

#[test]
fn changes_one_after_the_other() {
    let on = "alice on NLN\n";
    let first = set(9, "GTC N", "GTC 9 4 N");
    accuses(
        "GTC-2",
        &format!("{on}{first}{}", set(10, "GTC N", "GTC 10 5 N")),
    );
    accuses(
        "GTC-1",
        &format!(
            "{on}{}{}",
            set(9, "GTC A", "218 9"),
            set(10, "GTC N", "218 10")
        ),
    );
    accuses(
        "BLP-1",
        &format!(
            "{on}{}{}",
            set(9, "BLP AL", "218 9"),
            set(10, "BLP BL", "218 10")
        ),
    );
    accuses(
        "BLP-2",
        &format!(
            "{on}{}{}",
            set(9, "BLP BL", "BLP 9 4 BL"),
            set(10, "BLP BL", "BLP 10 5 BL")
        ),
    );
    silent(&format!(
        "{on}alice C: GTC 9 N\nalice C: GTC 10 N\nalice S: 218 10"
    ));
    let bad = "alice C: GTC 9 X\nalice C: GTC 10 N\nalice S: GTC 9 4 N\nalice S: 218 10";
    accuses("GTC-6", &format!("{on}{bad}"));
    // Which value holds after one that does not exist was taken, nobody knows.
    for (taken, then) in [
        ("GTC 9 4 BL", "GTC 10 5 A"),
        ("GTC 9 4 BL", "218 10"),
        ("GTC 9 4 A", "GTC 10 5 A"),
    ] {
        let bad =
            format!("alice C: GTC 9 BL\nalice C: GTC 10 A\nalice S: {taken}\nalice S: {then}");
        accuses("GTC-6", &format!("{on}{bad}"));
    }
    let other = set(9, "GTC N", "GTC 9 4 A");
    accuses(
        "GTC-1",
        &format!("{on}{other}{}", set(10, "GTC A", "GTC 10 5 A")),
    );
}

#[test]
fn what_was_under_way_when_the_server_may_have_started_anew() {
    let (on, lost) = ("alice on NLN\nbob in\n", "bob S: <closed>\n");
    let both = batch(10, 3, "A", "AL") + &batch(11, 3, "N", "AL");
    silent(&format!("{on}alice C: GTC 9 N\n{lost}{both}"));
    let list = |trid: u32, whom: &[&str]| {
        let total = whom.len();
        let lines = whom.iter().zip(1..).map(|(who, item)| {
            format!("alice S: LST {trid} FL 9 {item} {total} {who}@hotmail.com x\n")
        });
        lines.collect::<String>()
    };
    let on = "alice on NLN FL=carol\nbob in\n";
    let ask = "alice C: ADD 9 FL dave@hotmail.com d\n";
    let one = format!("alice C: LST 10 FL\n{}", list(10, &["carol"]));
    let two = format!("alice C: LST 11 FL\n{}", list(11, &["carol", "dave"]));
    silent(&format!("{on}{ask}{lost}{one}{two}"));
    let done = "alice S: ADD 9 FL 4 dave@hotmail.com d\n";
    let stale = list(10, &["carol"]);
    silent(&format!(
        "{on}alice C: LST 10 FL\n{ask}{done}{lost}{stale}{two}"
    ));
}

#[test]
fn answers_on_the_connection_before_the_last() {
    let login = "two C: USR 1 MD5 I alice@hotmail.com\ntwo S: USR 1 MD5 S 1.2\n\
         two C: USR 2 MD5 S 00000000000000000000000000000000\n\
         two S: USR 2 OK alice@hotmail.com alice\n";
    let batch = |trid| batch(trid, 3, "A", "AL").replace("alice ", "two ");
    let late = "alice S: GTC 9 3 N\n";
    silent(&format!(
        "alice on NLN\nalice C: GTC 9 N\n{login}{}{late}{}",
        batch(5),
        batch(6)
    ));
}
