//! States and names: what is known of them after requests that crossed, failed or were lost.

use crate::oracle::dialogue::{accuses, silent};

const BOTH: &str = "alice on BSY\nbob on NLN FL=alice\n";
/// The server may have been started anew: carol's connection ends all at once.
const LOST: &str = "carol S: <closed>\n";

const RNG: &str = "bob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice\n";

fn chg(trid: u32, state: &str, answer: &str) -> String {
    format!("alice C: CHG {trid} {state}\nalice S: {answer}\n")
}

#[test]
fn states_that_were_refused() {
    let refused = chg(9, "AWY", "913 9");
    accuses(
        "PRES-4",
        &format!("{BOTH}{refused}bob S: NLN AWY alice@hotmail.com alice"),
    );
    silent("alice in\nalice C: CHG 9 NLN\nalice C: CHG 2 NLN\nalice S: 913 9\nalice S: 302 2");
    silent(&format!("alice in\n{}", chg(9, "NLN", "207 9")));
    let hidden = "alice on HDN\nbob on NLN FL=alice\n";
    silent(&format!("{hidden}bob S: NLN ZZZ alice@hotmail.com alice"));
}

#[test]
fn requests_that_crossed() {
    let cross = |one: &str, two: &str| {
        format!(
            "alice on BSY\nalice C: CHG 9 {one}\nalice C: CHG 10 {two}\nalice S: CHG 10 {two}\n\
             alice S: CHG 9 {one}\nalice C: XFR 11 SB\nalice S: 913 11"
        )
    };
    accuses("SBX-1", &cross("AWY", "BSY"));
    silent(&cross("HDN", "NLN"));
    silent(&cross("NLN", "HDN"));
}

#[test]
fn states_that_were_lost() {
    let start = "carol in\nalice on BSY\nbob on NLN\n";
    let add = "bob C: ADD 9 FL alice@hotmail.com a\nbob S: ADD 9 FL 4 alice@hotmail.com a\n";
    let iln = "bob S: ILN 9 AWY alice@hotmail.com alice";
    accuses("PRES-4", &format!("{start}{add}{iln}"));
    silent(&format!("{start}{LOST}{add}{iln}"));
    accuses(
        "PRES-4",
        &format!("{start}{LOST}{}{add}{iln}", chg(9, "LUN", "CHG 9 LUN")),
    );
    let watched = start.replace("bob on NLN", "bob on NLN FL=alice");
    let nln = "bob S: NLN AWY alice@hotmail.com alice";
    silent(&format!(
        "{watched}{LOST}{}{nln}",
        chg(9, "LUN", "CHG 9 LUN")
    ));
    let xfr = "alice C: XFR 10 SB\n";
    for state in ["HDN", "BSY"] {
        let ask = format!("alice C: CHG 9 {state}\n");
        silent(&format!("{start}{LOST}{ask}{xfr}alice S: 913 10"));
        silent(&format!("{start}{LOST}{ask}{xfr}alice S: 201 10"));
        silent(&format!(
            "{start}{LOST}{xfr}{ask}alice S: CHG 9 {state}\nalice S: 201 10"
        ));
        silent(&format!(
            "{start}{LOST}{ask}alice C: CHG 10 {state}\nalice S: 201 10"
        ));
    }
}

#[test]
fn names_by_which_a_user_is_known() {
    let login = "alice C: USR 1 MD5 I alice@hotmail.com\nalice S: USR 1 MD5 S 1.2\n\
         alice C: USR 2 MD5 S 00000000000000000000000000000000\n\
         alice S: USR 2 OK alice@hotmail.com Al\n";
    let on = format!("{login}{}", chg(3, "IDL", "CHG 3 IDL"));
    let seen = |name: &str| format!("bob S: NLN IDL alice@hotmail.com {name}");
    silent(&format!("bob on NLN FL=alice\n{on}{}", seen("alice")));
    accuses(
        "PRES-4",
        &format!("bob on NLN FL=alice\n{on}{}", seen("Zed")),
    );
    let rea = |trid: u32, name: &str| format!("alice C: REA {trid} alice@hotmail.com {name}\n");
    let own = rea(9, "alice@hotmail.com");
    silent(&format!(
        "bob on NLN FL=alice\n{on}{own}{}",
        seen("alice@hotmail.com")
    ));
    let added = "bob C: ADD 9 FL alice@hotmail.com Ally\n\
         bob S: ADD 9 FL 4 alice@hotmail.com Ally\n";
    silent(&format!("bob on NLN\n{on}{added}{}", seen("Ally")));
    let lost = format!("carol in\nbob on NLN FL=alice\n{on}{LOST}");
    silent(&format!("{lost}{}{}", rea(9, "Ann"), seen("Zed")));
    // Nobody counts the names of a user for ever.
    let many = (10..60)
        .map(|trid| rea(trid, &format!("n{trid}")))
        .collect::<String>();
    silent(&format!("bob on NLN FL=alice\n{on}{many}{}", seen("n59")));
}

#[test]
fn names_in_sessions() {
    let start = "alice@sb C: USR 1 alice@hotmail.com 5\n\
         alice@sb S: USR 1 OK alice@hotmail.com alice\n\
         alice@sb C: CAL 2 bob@hotmail.com\nalice@sb S: CAL 2 RINGING 7\n\
         bob@sb C: ANS 1 bob@hotmail.com 8 7\nbob@sb S: IRO 1 1 1 alice@hotmail.com alice\n\
         bob@sb S: ANS 1 OK\n";
    let says = |name: &str| {
        format!("bob@sb C: MSG 2 N 3\n.. one\nalice@sb S: MSG bob@hotmail.com {name} 3\n.. one\n")
    };
    let joins = |name: &str| format!("alice@sb S: JOI bob@hotmail.com {name}\n");
    silent(&format!(
        "bob in\n{RNG}{start}{}{}",
        joins("Bobby"),
        says("Bobby")
    ));
    accuses(
        "MSG-2",
        &format!("bob in\n{RNG}{start}{}{}", joins("bob"), says("Bobby")),
    );
    silent(&format!("{start}{}{}", joins("bob"), says("bob")));
}
