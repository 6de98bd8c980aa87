//! Calls that IMS has turned off, and on again.

use crate::oracle::dialogue::{accuses, silent};

const ALICE: &str = "alice on NLN VER=MSNP3 AL=bob\n";
const BOARD: &str = "bob on NLN\nbob C: XFR 9 SB\nbob S: XFR 9 SB 1.1.1.1:1 CKI 5\n\
     bob@sb C: USR 1 bob@hotmail.com 5\nbob@sb S: USR 1 OK bob@hotmail.com bob\n";

fn ims(trid: u32, value: &str, answer: &str) -> String {
    format!("alice C: IMS {trid} {value}\nalice S: {answer}\n")
}

fn off() -> String {
    ims(8, "OFF", "IMS 8 0 OFF")
}

fn call(answer: &str) -> String {
    format!("bob@sb C: CAL 2 alice@hotmail.com\nbob@sb S: {answer}\n")
}

#[test]
fn who_has_turned_calls_off_opens_no_session() {
    let (ask, refused) = ("alice C: XFR 9 SB\nalice S: ", "913 9\n");
    silent(&format!("{ALICE}{}{ask}{refused}", off()));
    // A referral is accepted (IMS-3).
    let referred = "XFR 9 SB 1.1.1.1:1 CKI 6\n";
    silent(&format!("{ALICE}{}{ask}{referred}", off()));
    let on = ims(10, "ON", "IMS 10 0 ON");
    accuses("SBX-1", &format!("{ALICE}{}{on}{ask}{refused}", off()));
    accuses("SBX-1", &format!("{ALICE}{ask}{refused}"));
}

#[test]
fn who_has_turned_calls_off_is_not_called() {
    let (rings, fails) = (call("CAL 2 RINGING 7"), call("217 2"));
    silent(&format!("{ALICE}{BOARD}{}{fails}", off()));
    accuses("IMS-2", &format!("{ALICE}{BOARD}{}{rings}", off()));
    accuses("CAL-1", &format!("{ALICE}{BOARD}{fails}"));
    // Whether it was obeyed nobody can tell.
    for answer in ["715 8", "IMS 8 0 maybe"] {
        let unclear = ims(8, "OFF", answer);
        silent(&format!("{ALICE}{BOARD}{unclear}{rings}"));
        silent(&format!("{ALICE}{BOARD}{unclear}{fails}"));
    }
    let again = format!(
        "{ALICE}{BOARD}{}alice C: <closed>\nalice <open>\n{ALICE}",
        off()
    );
    silent(&format!("{again}{rings}"));
}

#[test]
fn a_session_has_a_decimal_number_in_msnp2_alone() {
    let talk = |version: &str| {
        let bob = BOARD.replacen("bob on NLN", &format!("bob on NLN{version}"), 1);
        format!("alice on NLN\n{bob}{}", call("CAL 2 RINGING 6f94a2"))
    };
    accuses("CAL-1", &talk(""));
    silent(&talk(" VER=MSNP3"));
}
