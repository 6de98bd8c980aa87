//! Groups: what an ADD into one and a REM out of one say of the list, and what nobody can tell.

use crate::oracle::dialogue::{accuses, silent};

const ON: &str = "alice on NLN FL=bob VER=MSNP7\n";
const ADD: &str = "alice C: ADD 8 FL bob@hotmail.com b 1\n";
const REM: &str = "alice C: REM 9 FL bob@hotmail.com 1\nalice S: REM 9 FL 5 bob@hotmail.com 1\n";
const FULL: &str = "alice C: LST 10 FL\nalice S: LST 10 FL 9 1 1 bob@hotmail.com bob 0\n";
const EMPTY: &str = "alice C: LST 10 FL\nalice S: LST 10 FL 9 0 0\n";

fn added(answer: &str) -> String {
    format!("{ON}{ADD}alice S: {answer}\n")
}

#[test]
fn one_more_group_is_no_second_entry() {
    let add = "ADD 8 FL 4 bob@hotmail.com b 1";
    silent(&format!("{}{FULL}", added(add)));
    for refusal in ["215 8", "224 8"] {
        silent(&format!("{}{FULL}", added(refusal)));
    }
    // Whether there was such a group only the list tells.
    silent(&format!("{}{EMPTY}", added(add).replace("FL=bob ", "")));
    // Without a group it is the list that is meant.
    let whole = |text: &str| text.replace(" b 1", " b");
    accuses("ADD-4", &whole(&added(add)));
    accuses("ADD-4", &whole(&added("224 8")));
    accuses("LST-5", &format!("{}{EMPTY}", added(add)));
}

#[test]
fn nobody_need_be_shown_for_one_more_group() {
    let bob = "bob on NLN AL=alice VER=MSNP7\n";
    let shown = "alice S: ILN 6 NLN bob@hotmail.com bob\n";
    let add = format!("{ADD}alice S: ADD 8 FL 4 bob@hotmail.com b 1\n");
    let round = |trid: u32| {
        format!("alice C: XFR {trid} SB\nalice S: XFR {trid} SB 1.1.1.1:1 CKI {trid}\n")
    };
    let later: String = (11..16).map(round).collect();
    silent(&format!("{bob}{ON}{shown}{add}{later}+2s\nbob C: <closed>"));
    let (on, new) = (ON.replace("FL=bob ", ""), add.replace(" b 1", " b"));
    accuses("PRES-3", &format!("{bob}{on}{new}{later}"));
}

#[test]
fn who_leaves_a_group_may_leave_the_list() {
    silent(&format!("{ON}{REM}{FULL}"));
    silent(&format!("{ON}{REM}{EMPTY}"));
    for refusal in ["216", "224", "225"] {
        let (ask, _) = REM.split_once('\n').unwrap();
        let refused = format!("{ON}{ask}\nalice S: {refusal} 9\n");
        silent(&format!("{refused}{FULL}"));
        silent(&format!("{refused}{EMPTY}"));
    }
    let whole = REM.replace("bob@hotmail.com 1", "bob@hotmail.com");
    accuses("REM-3", &format!("{ON}{whole}{FULL}"));
    silent(&format!("{ON}{whole}{EMPTY}"));
}

#[test]
fn contacts_may_leave_with_their_group() {
    let remove = "alice C: RMG 9 1\nalice S: RMG 9 5 1\n";
    silent(&format!("{ON}{remove}{FULL}"));
    silent(&format!("{ON}{remove}{EMPTY}"));
    accuses("LST-5", &format!("{ON}{EMPTY}"));
    let again = EMPTY.replace("10", "11");
    accuses("LST-5", &format!("{ON}{remove}{FULL}{again}"));
}

#[test]
fn groups_are_listed_one_a_line() {
    let ask =
        format!("{ON}alice C: LSG 9\nalice S: LSG 9 3 1 2 0 ~ 0\nalice S: LSG 9 3 2 2 1 A 0\n");
    silent(&ask);
    accuses("REPLY-5", &format!("{ask}alice S: LSG 9 3 2 2 1 A 0"));
}
