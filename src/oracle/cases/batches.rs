//! Batches of later dialects.

use crate::oracle::dialogue::{accuses, silent};

#[test]
fn a_property_of_the_batch_may_lack_its_trid() {
    // The number in its place is that of an earlier request.
    let on = "alice on NLN VER=MSNP5\n";
    let batch = "alice C: SYN 9 0\nalice S: SYN 9 1\nalice S: GTC 9 1 A\nalice S: BLP 9 1 AL\n\
                 alice S: PRP 1 PHH 555\nalice S: PRP 1 MOB N\nalice S: PRP 9 1 MBE N\n\
                 alice S: PRP 1 PHW\n";
    silent(&format!("{on}{batch}"));
    let asked = format!("{on}alice C: PRP 9 PHH 555\nalice S: PRP 1 PHH 555\n");
    accuses("TRID-1", &asked);
}

const IN: &str = "alice on - VER=MSNP8";

/// Alice asks again for a batch, whose lines are these; then twice for something else.
fn batch(known: &str, lines: &[&str]) -> String {
    let lines: String = lines
        .iter()
        .map(|line| format!("alice S: {line}\n"))
        .collect();
    let ping =
        |trid| format!("alice C: XFR {trid} SB\nalice S: XFR {trid} SB 1.1.1.1:1 CKI {trid}\n");
    format!("alice C: SYN 9 {known}\n{lines}{}{}", ping(10), ping(11))
}

/// The same where alice has bob and carol on her FL.
fn of_two(lines: &[&str]) -> String {
    format!("{IN} FL=bob AL=carol\n{}", batch("0", lines))
}

const BEGIN: &str = "SYN 9 3 2 1";
const BOB: &str = "LST bob@hotmail.com bob 1 0";
const CAROL: &str = "LST carol@hotmail.com carol 2";

#[test]
fn a_batch_that_is_as_it_says() {
    silent(&of_two(&[
        BEGIN,
        "GTC A",
        "BLP AL",
        "PRP PHH 5",
        "LSG 0 ~ 0",
        BOB,
        "BPR PHM 7",
        CAROL,
    ]));
    silent(&format!(
        "{IN}\n{}",
        batch("0", &["SYN 9 3 0 0", "GTC A", "BLP AL"])
    ));
    silent(&format!("{IN}\n{}", batch("3", &["SYN 9 3"])));
    // What the server tells of itself may come between.
    let on = format!("bob on NLN VER=MSNP8\n{IN} FL=bob\n");
    let news = [
        "SYN 9 3 1 1",
        "GTC A",
        "ADD 0 RL 4 bob@hotmail.com bob",
        "BLP AL",
        "LSG 0 ~ 0",
    ];
    let told = ["BPR 4 bob@hotmail.com PHH 5", "LST bob@hotmail.com bob 9 0"];
    silent(&format!(
        "{on}bob C: ADD 9 FL alice@hotmail.com a\n{}",
        batch("0", &[&news[..], &told].concat())
    ));
    // A contact in no group, and one in a group 0 that the server does not have.
    let blank = "LST bob@hotmail.com bob 1 ";
    silent(&of_two(&["SYN 9 3 2 0", "GTC A", "BLP AL", blank, CAROL]));
    silent(&of_two(&["SYN 9 3 2 0", "GTC A", "BLP AL", BOB, CAROL]));
    silent(&of_two(&[
        "SYN 9 3 2 0",
        "GTC A",
        "BLP AL",
        BOB,
        "LST carol@hotmail.com carol 2 0",
    ]));
}

#[test]
fn how_long_it_is() {
    let short = ["GTC A", "BLP AL", "LSG 0 ~ 0", BOB];
    accuses("BATCH-4", &of_two(&[&[BEGIN], &short[..]].concat()));
    accuses(
        "BATCH-4",
        &of_two(&[&["SYN 9 3 1 1"], &short[..], &[CAROL]].concat()),
    );
    accuses(
        "BATCH-4",
        &of_two(&[&["SYN 9 3 2 2"], &short[..], &[CAROL]].concat()),
    );
    accuses(
        "BATCH-4",
        &of_two(&[&["SYN 9 3 2 0"], &short[..], &[CAROL]].concat()),
    );
    accuses("BATCH-1", &format!("{IN}\n{}", batch("0", &["SYN 9 3"])));
    accuses("BATCH-1", &of_two(&["SYN 9 3 2", "GTC A", "BLP AL"]));
    accuses("BATCH-14", &format!("{IN}\n{}", batch("2", &["SYN 9 3"])));
    let updates = ["SYN 9 3", "GTC A", "BLP AL", "LSG 0 ~ 0", BOB];
    accuses("BATCH-2", &format!("{IN} FL=bob\n{}", batch("3", &updates)));
    accuses(
        "BATCH-13",
        &format!(
            "{IN}\n{}",
            batch("0", &["SYN 9 3 0 1", "GTC A", "LSG 0 ~ 0"])
        ),
    );
    // One that another SYN cuts off says nothing.
    let cut = of_two(&[&[BEGIN], &short[..]].concat());
    let (first, _) = cut.split_once("alice C: XFR").unwrap();
    let again = batch("0", &["SYN 9 3 2 1", "GTC A"]).replace(" 9 ", " 12 ");
    silent(&format!("{first}{again}"));
}

#[test]
fn what_its_lines_bear() {
    let whole = [
        BEGIN,
        "GTC A",
        "BLP AL",
        "PRP PHH 5",
        "LSG 0 ~ 0",
        BOB,
        "BPR PHM 7",
        CAROL,
    ];
    let bearing = |place: usize, number: &str| {
        let mut lines = whole.map(str::to_owned);
        lines[place] = lines[place].replacen(' ', &format!(" {number} "), 1);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        of_two(&lines)
    };
    for place in [1, 2, 3, 4, 5, 6, 7] {
        for number in ["9", "9 3", "3"] {
            accuses("BATCH-3", &bearing(place, number));
        }
    }
}

#[test]
fn in_which_order() {
    accuses(
        "BATCH-5",
        &of_two(&[BEGIN, "BLP AL", "GTC A", "LSG 0 ~ 0", BOB, CAROL]),
    );
    accuses(
        "BATCH-5",
        &of_two(&[BEGIN, "GTC A", "BLP AL", BOB, "LSG 0 ~ 0", CAROL]),
    );
    accuses(
        "BATCH-5",
        &of_two(&[BEGIN, "GTC A", "LSG 0 ~ 0", BOB, CAROL]),
    );
    accuses(
        "BATCH-12",
        &of_two(&[
            BEGIN,
            "GTC A",
            "BLP AL",
            "LSG 0 ~ 0",
            "BPR PHM 7",
            BOB,
            CAROL,
        ]),
    );
}

#[test]
fn one_line_for_each_user() {
    let of = |contacts: &[&str]| {
        let begin = format!("SYN 9 3 {} 1", contacts.len());
        of_two(&[&[&begin[..], "GTC A", "BLP AL", "LSG 0 ~ 0"], contacts].concat())
    };
    accuses("BATCH-6", &of(&[BOB, CAROL, BOB]));
    accuses("BATCH-6", &of(&[CAROL, "LST dave@hotmail.com dave 8"]));
    accuses("BATCH-7", &of(&[BOB, "LST carol@hotmail.com carol 4"]));
    accuses("BATCH-7", &of(&[BOB, CAROL, "LST dave@hotmail.com dave 2"]));
    accuses("BATCH-9", &of(&[BOB, "LST carol@hotmail.com carol 2 7"]));
    accuses("BATCH-10", &of(&["LST bob@hotmail.com bob 1 0,7", CAROL]));
}

#[test]
fn lists_are_learnt_from_bits() {
    let on = "alice on NLN VER=MSNP8 FL=bob\n";
    let add = "alice C: ADD 8 FL dave@hotmail.com d\nalice S: ADD 8 FL 4 dave@hotmail.com d\n";
    let rem = "alice C: REM 8 FL bob@hotmail.com\nalice S: REM 8 FL 4 bob@hotmail.com\n";
    let none = batch("0", &["SYN 9 4 0 1", "GTC A", "BLP AL", "LSG 0 ~ 0"]);
    let one = batch("0", &["SYN 9 4 1 1", "GTC A", "BLP AL", "LSG 0 ~ 0", BOB]);
    accuses(
        "ADD-3",
        &format!("{}{add}{none}", on.replace(" FL=bob", "")),
    );
    accuses("REM-3", &format!("{on}{rem}{one}"));
    silent(&format!("{on}{rem}{none}"));
    let again = "alice C: OUT\nalice S: <closed>\nalice <open>\n";
    accuses("SYN-7", &format!("{on}{again}alice on NLN VER=MSNP8"));
    accuses(
        "GTC-5",
        &format!("alice on NLN VER=MSNP8 GTC=N\n{again}alice on NLN VER=MSNP8"),
    );
    accuses(
        "PRES-5",
        "alice on NLN VER=MSNP8\nalice S: NLN NLN bob@hotmail.com bob 4\n",
    );
    accuses("ADD-4", &format!("{on}{}", add.replace("dave", "bob")));
}

#[test]
fn who_has_the_owner_on_the_list() {
    let bob = "bob on NLN VER=MSNP8 FL=alice\n";
    let end = "alice C: PNG\nalice S: QNG\n";
    silent(&format!("{bob}alice on NLN VER=MSNP8 RL=bob\n{end}"));
    accuses("ADD-9", &format!("{bob}alice on NLN VER=MSNP8\n{end}"));
    let two = format!("{bob}carol on NLN VER=MSNP8 FL=alice\n");
    accuses(
        "BATCH-8",
        &format!("{two}alice on NLN VER=MSNP8 RL=bob\n{end}"),
    );
    // From MSNP10 on who was added waits for an answer.
    let pending = [
        "SYN 9 3 1 1",
        "GTC A",
        "BLP AL",
        "LSG 0 ~ 0",
        "LST bob@hotmail.com bob 16",
    ];
    silent(&format!(
        "{bob}alice on NLN VER=MSNP8 RL=bob\n{}",
        batch("0", &pending)
    ));
    let removed = "bob C: REM 9 FL alice@hotmail.com\nbob S: REM 9 FL 5 alice@hotmail.com\n";
    let shown = [
        "SYN 9 3 1 1",
        "GTC A",
        "BLP AL",
        "LSG 0 ~ 0",
        "LST bob@hotmail.com bob 8",
    ];
    accuses(
        "REM-6",
        &format!(
            "{bob}alice on NLN VER=MSNP8 RL=bob\n{removed}{}",
            batch("0", &shown)
        ),
    );
}
