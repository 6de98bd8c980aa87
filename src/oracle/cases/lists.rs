//! Lists: what is taken for known, and what is told of whom.

use crate::oracle::dialogue::{accuses, silent};

fn list(name: &str, trid: u32, list: &str, whom: &[&str]) -> String {
    let total = whom.len();
    let empty = format!("{name} S: LST {trid} {list} 9 0 0\n");
    let lines = whom.iter().zip(1..).map(|(who, item)| {
        format!("{name} S: LST {trid} {list} 9 {item} {total} {who}@hotmail.com {who}\n")
    });
    let lines = if whom.is_empty() {
        empty
    } else {
        lines.collect()
    };
    format!("{name} C: LST {trid} {list}\n{lines}")
}

const ENTER: &str = "alice on NLN\nalice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 5\n\
     alice@sb C: USR 1 alice@hotmail.com 5\nalice@sb S: USR 1 OK alice@hotmail.com alice\n";
const CALL: &str = "alice@sb C: CAL 2 bob@hotmail.com\n";
const RNG: &str = "bob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice\n";

#[test]
fn lists_shown_while_a_change_is_under_way() {
    let (ask, done) = (
        "alice C: ADD 8 FL carol@hotmail.com c\n",
        "alice S: ADD 8 FL 4 carol@hotmail.com c\n",
    );
    let seen = "alice S: NLN NLN dave@hotmail.com d";
    let empty = list("alice", 9, "FL", &[]);
    silent(&format!("alice in\n{ask}{empty}{done}{seen}"));
    accuses("PRES-5", &format!("alice in\n{empty}{seen}"));
    let (begun, rest) = empty.split_once('\n').unwrap();
    let both = list("alice", 10, "FL", &["carol"]);
    silent(&format!("alice in\n{begun}\n{ask}{done}{rest}{both}"));
}

#[test]
fn a_list_that_is_shown_again_is_no_younger() {
    let block = list("bob", 9, "BL", &["alice"]);
    accuses(
        "CAL-4",
        &format!("{ENTER}bob on NLN BL=alice\n{CALL}{block}{RNG}"),
    );
    let allow = list("bob", 9, "AL", &[]);
    accuses(
        "CAL-5",
        &format!("{ENTER}bob on NLN BLP=BL\n{CALL}{allow}{RNG}"),
    );
    let (one, two) = (
        list("alice", 9, "FL", &["bob"]),
        list("alice", 10, "FL", &["bob"]),
    );
    silent(&format!("alice on NLN FL=bob\n{one}{two}"));
}

#[test]
fn lists_of_the_session_before() {
    let again = "alice C: OUT\nalice S: <closed>\nalice <open>\n";
    let empty = list("alice", 9, "FL", &[]);
    let seen = "alice S: NLN NLN bob@hotmail.com bob";
    let raised = format!("alice on NLN FL=bob\n{again}alice in\n{empty}{seen}");
    accuses("PRES-5", &raised);
    let login = "two C: USR 1 MD5 I alice@hotmail.com\ntwo S: USR 1 MD5 S 1.2\n\
         two C: USR 2 MD5 S 00000000000000000000000000000000\n\
         two S: USR 2 OK alice@hotmail.com alice\n";
    let pending = "alice on NLN FL=bob\nalice C: ADD 8 FL carol@hotmail.com c\n";
    let late = "alice S: ADD 8 FL 4 carol@hotmail.com c\n";
    let bob = |trid| list("two", trid, "FL", &["bob"]);
    silent(&format!("{pending}{login}{}{late}{}", bob(9), bob(10)));
    let (one, none) = (list("two", 9, "FL", &["bob"]), list("two", 10, "FL", &[]));
    accuses("LST-5", &format!("{pending}{login}{one}{none}"));
}

#[test]
fn which_clause_a_wrong_list_breaks() {
    let refused = "alice C: REM 8 FL bob@hotmail.com\nalice S: 216 8\n";
    let shown = list("alice", 9, "FL", &["bob"]);
    accuses("LST-5", &format!("bob in\nalice on NLN\n{refused}{shown}"));
    let watched = "alice C: ADD 8 FL bob@hotmail.com b\nalice S: ADD 8 FL 4 bob@hotmail.com b\n";
    let allowed = list("alice", 9, "AL", &[]);
    accuses("LST-5", &format!("alice on NLN AL=bob\n{watched}{allowed}"));
    let freed = "alice C: REM 8 BL bob@hotmail.com\nalice S: REM 8 BL 4 bob@hotmail.com\n";
    accuses(
        "LST-5",
        &format!("alice on NLN AL=bob BL=bob\n{freed}{allowed}"),
    );
}

#[test]
fn changes_that_the_server_tells_of() {
    let told = "bob C: ADD 8 AL alice@hotmail.com a\nbob S: ADD 8 AL 4 alice@hotmail.com a\n\
         alice S: ADD 0 RL 4 bob@hotmail.com bob";
    accuses("ADD-11", &format!("alice on NLN\nbob on NLN\n{told}"));
    let misled = "alice on NLN\nbob on NLN AL=alice\nalice S: ADD 0 AL 4 bob@hotmail.com bob";
    accuses("ADD-11", misled);
    let own = "alice S: ADD 0 AL 4 alice@hotmail.com alice\n";
    let strange = "alice S: NLN NLN dave@hotmail.com d";
    accuses("ADD-10", &format!("alice on NLN\n{own}"));
    // What the server has changed of its own accord excuses what is shown.
    let imposed = "alice S: ADD 0 FL 4 bob@hotmail.com bob";
    silent(&format!("bob in\nalice on NLN\n{strange}\n{imposed}"));
}

#[test]
fn of_a_list_that_was_wrong_once_nothing_is_known() {
    let on = "alice on NLN FL=bob,carol\n";
    let cut = list("alice", 9, "FL", &["bob"]);
    let whole = list("alice", 10, "FL", &["bob", "carol"]);
    accuses("LST-5", &format!("{on}{cut}{whole}"));
    accuses(
        "LST-5",
        &format!(
            "{on}{cut}alice C: REM 11 FL carol@hotmail.com\nalice S: REM 11 FL 4 carol@hotmail.com\n"
        ),
    );
    let missed = "alice C: REM 8 FL bob@hotmail.com\nalice S: 216 8\n";
    let without = list("alice", 9, "FL", &["carol"]);
    silent(&format!("{on}{missed}{without}"));
    // An echo that names no entry, or another, leaves both unknown.
    let nameless = "alice C: REM 8 FL bob@hotmail.com\nalice S: REM 8 FL bob@hotmail.com\n";
    accuses("REM-1", &format!("{on}{nameless}{without}"));
    // An entry that is put there when it was there may stand twice.
    let added = "bob C: ADD 9 FL alice@hotmail.com a\nbob S: ADD 9 FL 4 alice@hotmail.com a\n\
         alice S: ADD 0 RL 5 bob@hotmail.com bob\n";
    let twice = list("alice", 9, "RL", &["bob", "bob"]);
    silent(&format!("alice on NLN RL=bob\nbob on NLN\n{added}{twice}"));
    accuses(
        "LST-5",
        &format!("alice on NLN\nbob on NLN\n{added}{twice}"),
    );
}

#[test]
fn an_entry_that_was_never_shown_may_have_been_missing() {
    let on = "alice on NLN FL=bob\nalice C: ADD 7 FL dave@hotmail.com d\n\
         alice S: ADD 7 FL 4 dave@hotmail.com d\n";
    let ask = |trid: u32| format!("alice C: LST {trid} FL\nalice S: LST {trid} FL 4");
    let with = format!(
        "{} 1 2 bob@hotmail.com b\nalice S: LST 8 FL 4 2 2 dave@hotmail.com d\n",
        ask(8)
    );
    let without = format!("{} 1 1 bob@hotmail.com b\n", ask(9));
    let kept = "alice C: REM 10 FL dave@hotmail.com\nalice S: 201 10\n";
    // The ADD was not kept, or the REM was carried out though it failed.
    silent(&format!("{on}{kept}{without}"));
    accuses("ADD-3", &format!("{on}{without}"));
    accuses("REM-1", &format!("{on}{with}{kept}{without}"));
}
