//! How requests and answers are read.

use crate::oracle::dialogue::{accuses, silent};

const ENTER: &str = "a@sb C: USR 1 a@hotmail.com 5\na@sb S: USR 1 OK a@hotmail.com A\n";

#[test]
fn lines_on_whose_end_a_server_may_not_agree() {
    let seen = "b S: FLN alice@hotmail.com";
    accuses("PRES-5", &format!("b C: VER 1 MSNP2\n{seen}"));
    silent(&format!("b C: VER 1 MSNP2\\n\n{seen}"));
    silent(&format!("b C: VER 1 MSNP2\n.. one\n{seen}"));
    let padded = |length: usize| format!("b C: VER 1 MSNP2 {}\n{seen}", "x".repeat(length - 12));
    accuses("PRES-5", &padded(1000));
    silent(&padded(1001));
    silent(&padded(1100));
    let told = "a@sb S: CAL 9 RINGING 7";
    let message = |length: usize| {
        format!(
            "{ENTER}a@sb C: MSG 2 N {length}\n.. {}\n{told}",
            "x".repeat(length)
        )
    };
    accuses("REPLY-4", &message(1664));
    silent(&message(1665));
}

#[test]
fn words_that_are_no_command() {
    silent("a in\na C: XYZ 9\na S: CHG 9 NLN");
    silent("a in\na C: XYZ 9\na S: 200 9 unknown command");
    accuses("REPLY-4", "a in\na C: XYZ 9\na S: CHG 8 NLN");
    silent("a in\na C: MSG 8 A\na S: 218 9");
    silent("a@sb C: MSG 3 A 3\n.. one\na@sb S: ACK 3\na@sb S: ACK 3");
    accuses("FRAME-12", "a in\na C: XYZ 9\na S: XYZ 9  OK");
    let odd = "a in\na C: REA 9 a@hotmail.com x%20y\n";
    accuses("FRAME-2", &format!("{odd}a S: x%20y"));
}

#[test]
fn requests_that_cannot_be_followed() {
    let hidden = "a on HDN\na C: CHG 8 NLN\n";
    accuses("CHG-1", &format!("{hidden}a C: XFR x SB\na S: CHG 8 BSY"));
    silent(&format!(
        "{hidden}a C: CHG x BSY\na C: XFR 9 SB\na S: 201 9"
    ));
    accuses(
        "TRID-9",
        &format!("{ENTER}a@sb C: XYZ 99999999999\na@sb S: JOI 3 b@hotmail.com B"),
    );
    silent("a@sb C: USR abc a@hotmail.com 5\na@sb S: JOI b@hotmail.com");
    silent("a on -\na C: XFR 9 SB\na C: CHG x BSY\na S: 201 9");
}

#[test]
fn signs_of_life() {
    let call = "a@sb C: CAL 2 b@hotmail.com\n+2s\n";
    let message = "a@sb C: MSG 3 A 3\n.. one\n";
    silent(&format!("{ENTER}{call}{message}"));
    accuses("REPLY-1", &format!("{ENTER}{call}{message}a@sb S: ACK 3"));
    // Two requests that were sent at once and answered are one round trip.
    let chg = |trid: u32| format!("a C: CHG {trid} NLN\na S: CHG {trid} NLN\n");
    let pair = "a C: CHG 10 NLN\na C: CHG 11 NLN\na S: CHG 10 NLN\na S: CHG 11 NLN\n";
    let three = [12, 13, 14].map(chg).concat();
    silent(&format!("a in\na C: GTC 9 N\n{pair}{three}"));
    accuses(
        "REPLY-1",
        &format!("a in\na C: GTC 9 N\n{pair}{three}{}", chg(15)),
    );
}

#[test]
fn answers_of_several_lines() {
    let ask = "a in\na C: FND 9 fname=a lname=b city=c state=d country=e\n";
    let hit = |item: u32| format!("a S: FND 9 {item} 2 fname=a lname=b city=c state=d country=e\n");
    silent(&format!("{ask}{}{}", hit(1), hit(2)));
    accuses("REPLY-5", &format!("{ask}{}{}{}", hit(1), hit(2), hit(2)));
    let list = "a in\na C: LST 9 FL\na S: LST 9 FL 5";
    let bob = "b@hotmail.com b\n";
    accuses(
        "REPLY-5",
        &format!("{list} x 1 {bob}a S: LST 9 FL 5 1 1 c@hotmail.com c"),
    );
    for items in [["0 1", "0 1", "1 1"], ["1 2", "1 2", "2 2"]] {
        let [first, second, third] = items;
        let text = format!(
            "{list} {first} {bob}a S: LST 9 FL 5 {second} {bob}a S: LST 9 FL 5 {third} c@hotmail.com c"
        );
        accuses("LST-2", &text);
    }
    let batch = "a in\na C: SYN 9 0\na S: SYN 9 5\na S: GTC 9 5 A\na S: BLP 9 5 AL\n";
    let forward = "a S: LST 9 FL 5 1 1 b@hotmail.com b\n";
    accuses("SYN-3", &format!("{batch}{forward}{forward}"));
    accuses(
        "LST-3",
        &format!("{batch}a S: LST 9 FL 5 201 0\na S: LST 9 RL 5 0 0"),
    );
    let astray = batch
        .replace("GTC 9", "GTC 7")
        .replace("a S: BLP", "a S: GTC 9 5 A\na S: BLP");
    accuses("SYN-4", &astray);
}

#[test]
fn referrals_of_no_kind() {
    let other = "a on NLN\na C: XFR 9 SB\na S: XFR 9 PB 1.1.1.1:1 CKI 55\n";
    accuses(
        "XFR-4",
        &format!("{other}a C: XFR 10 SB\na S: XFR 10 SB 1.1.1.1:1 CKI 55"),
    );
}

#[test]
fn lines_of_a_connection_that_began_before_may_be_of_any_dialect() {
    let later = |head: &str| {
        format!(
            "{head}a C: USR 4 MD5 S {}\na S: USR 4 OK a@hotmail.com A%20A 1",
            "0".repeat(32)
        )
    };
    let ours = "a C: VER 1 MSNP2\na S: VER 1 MSNP2\na C: INF 2\na S: INF 2 MD5\n\
                a C: USR 3 MD5 I a@hotmail.com\na S: USR 3 MD5 S 1.2\n";
    silent(&later(""));
    accuses("USR-2", &later(ours));
    // What is a line of no dialect is wrong in each.
    accuses("CHG-1", "a C: CHG 9 NLN\na S: CHG 9 NLN x y");
}
