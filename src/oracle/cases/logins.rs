//! Who is in, and of whom nobody knows.

use crate::oracle::dialogue::{accuses, silent};

const START: &str = "alice@sb C: USR 1 alice@hotmail.com 5\n\
     alice@sb S: USR 1 OK alice@hotmail.com alice\n\
     alice@sb C: CAL 2 bob@hotmail.com\nalice@sb S: CAL 2 RINGING 7\n";
const JOINED: &str = "bob@sb C: ANS 1 bob@hotmail.com 8 7\n\
     bob@sb S: IRO 1 1 1 alice@hotmail.com alice\nbob@sb S: ANS 1 OK\n\
     alice@sb S: JOI bob@hotmail.com bob\n";
const BYE: &str = "alice@sb S: BYE bob@hotmail.com\n";
/// A lie about alice, who is in state BSY.
const LIE: &str = "bob S: NLN AWY alice@hotmail.com alice";
const BOTH: &str = "alice on BSY\nbob on NLN FL=alice\n";

#[test]
fn who_may_sit_in_a_session_unseen() {
    let twice = format!("{START}{JOINED}{BYE}{BYE}");
    accuses("BYE-1", &twice);
    silent(&format!("carol@sb C: <raw> x\n{twice}"));
    accuses("BYE-1", &format!("carol C: <raw> x\n{twice}"));
    let entered = "carol@sb <open>\ncarol@sb S: <raw> x\n\
         carol@sb C: ANS 1 carol@hotmail.com 8 7\ncarol@sb S: ANS 1 OK\n";
    silent(&format!("{START}{entered}{JOINED}{BYE}{BYE}"));
}

#[test]
fn holes_and_whom_they_hide() {
    accuses("PRES-4", &format!("{BOTH}{LIE}"));
    silent(&format!("{BOTH}alice C: <missing>\n{LIE}"));
    silent(&format!("{BOTH}carol <open>\ncarol S: <missing>\n{LIE}"));
    silent(&format!(
        "{BOTH}two C: USR 1 MD5 I alice@hotmail.com\ntwo S: <missing>\n{LIE}"
    ));
    let other = "two C: USR 1 MD5 I carol@hotmail.com\ntwo S: <missing>\n";
    accuses("PRES-4", &format!("{BOTH}{other}{LIE}"));
    accuses(
        "PRES-4",
        &format!("{BOTH}carol@sb <open>\ncarol@sb S: <missing>\n{LIE}"),
    );
    accuses(
        "PRES-4",
        &format!("carol in\n{BOTH}carol S: <missing>\n{LIE}"),
    );
}

#[test]
fn what_is_overheard_where_nothing_is_certain() {
    silent("alice S: USR 4 OK alice@hotmail.com A\nalice on BSY");
    let entry = "alice@sb C: USR 1 alice@hotmail.com 56\n\
         alice@sb S: USR 1 OK alice@hotmail.com alice\n";
    accuses("SBU-2", &format!("alice on NLN\n{entry}"));
    let unclear = "two C: <raw> x\ntwo S: USR 4 OK alice@hotmail.com alice\n";
    silent(&format!("alice on NLN\n{unclear}{entry}"));
    let same = "alice C: GTC 9 A\nalice S: GTC 9 4 A";
    let ends = "carol in\ncarol C: <raw> x\ncarol S: OUT\ncarol S: <closed>\n";
    accuses("GTC-2", &format!("alice on NLN\n{ends}{same}"));
    let asked = "two C: <raw> x\ntwo S: USR 3 MD5 S 1.2\ntwo S: <closed>\n";
    accuses("GTC-2", &format!("alice on NLN\n{asked}{same}"));
    let rung = "bob on NLN\nbob S: <raw> x\nbob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com a\n\
         bob@sb C: ANS 1 bob@hotmail.com 8 7\nbob@sb S: ANS 1 OK";
    silent(rung);
}

#[test]
fn impostors() {
    let entry = "bob@sb C: USR 1 bob@hotmail.com 55\nbob@sb S: USR 1 OK bob@hotmail.com bob";
    accuses("SBU-2", &format!("bob on NLN\n{entry}"));
    accuses(
        "USR-12",
        &format!("alice in\nbob on NLN\nalice in\n{entry}"),
    );
    accuses("USR-12", "alice on -\nalice on NLN FL=bob AL=bob");
}

#[test]
fn connections_that_turn_out_to_be_boards() {
    silent("a C: ANS 1 a@hotmail.com 5 6\na S: ANS 1 OK");
    let entry = "a C: USR 1 a@hotmail.com 5\na S: USR 1 OK a@hotmail.com A\n";
    silent(&format!(
        "{entry}a C: CAL 2 b@hotmail.com\na S: CAL 2 RINGING 7"
    ));
    accuses(
        "PRES-4",
        "a C: REA 9 a@hotmail.com x\na S: NLN NLN b@hotmail.com",
    );
    accuses("USR-10", "a C: USR 4 MD5 S\na S: USR 4 OK a@hotmail.com A");
    silent("a C: USR 5 a@hotmail.com I a@hotmail.com\na S: USR 5 MD5 S 1.2");
}

#[test]
fn connections_that_are_not_seen_from_the_beginning() {
    silent("a C: USR 4 MD5 S 00000000000000000000000000000000\na S: CHG 5 IDL");
    silent("a S: <closed>\na in\na S: CHG 19 NLN");
    silent("a S: MSG Hotmail Hotmail 8\n.. a: b\\r\\n\\r\\n\na C: VER 1 MSNP2\na S: QNG");
    silent("a S: QNG\na in\na S: CHG 19 NLN");
    accuses("REPLY-4", "a in\na S: CHG 19 NLN");
    accuses("REPLY-4", "a in\na C: PNG\na S: QNG\na S: QNG");
}
