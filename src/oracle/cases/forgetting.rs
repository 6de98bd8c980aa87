//! What a judge still says, and what it does not, after it has forgotten everything.

use crate::oracle::dialogue::after_forgetting;

/// The clauses alone.
fn told(before: &str, after: &str) -> Vec<String> {
    let told = after_forgetting(1, before, after).into_iter();
    told.map(|(clause, _)| clause).collect()
}

#[test]
fn connections_that_had_begun_are_not_judged() {
    let late = "alice C: INF 9\nalice S: CHG 19 NLN\n";
    assert_eq!(told("alice in\n", late), [""; 0]);
    assert_eq!(after_forgetting(2, "alice in\n", late), []);
    let new = "carol in\ncarol S: CHG 19 NLN\n";
    assert_eq!(
        after_forgetting(1, "alice in\n", new),
        [("REPLY-4".to_owned(), 8)]
    );
    let holed = "alice in\nalice S: <missing>\n";
    assert_eq!(told(holed, "alice S: xyz\n"), [""; 0]);
    assert_eq!(told("alice in\n", "alice S: xyz\n"), ["FRAME-2"]);
}

#[test]
fn strangers_are_who_sat_on_a_board() {
    let board = "carol@sb C: USR 1 carol@hotmail.com 5\ncarol@sb S: USR 1 OK carol@hotmail.com c\n";
    let joins = "alice@sb C: USR 1 alice@hotmail.com 5\n\
         alice@sb S: USR 1 OK alice@hotmail.com alice\n\
         alice@sb C: CAL 2 bob@hotmail.com\nalice@sb S: CAL 2 RINGING 7\n\
         bob@sb C: ANS 1 bob@hotmail.com 8 7\n\
         bob@sb S: IRO 1 1 1 alice@hotmail.com alice\nbob@sb S: ANS 1 OK\n\
         alice@sb S: JOI bob@hotmail.com bob\n";
    let after = joins.to_owned() + &"alice@sb S: BYE bob@hotmail.com\n".repeat(2);
    assert_eq!(told(board, &after), [""; 0]);
    assert_eq!(
        told(&format!("{board}carol@sb S: <closed>\n"), &after),
        ["BYE-1"]
    );
    assert_eq!(told("carol in\n", &after), ["BYE-1"]);
    let rung = "bob in\nbob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice\n";
    let answer = "bob@sb C: ANS 1 bob@hotmail.com 8 7\nbob@sb S: ANS 1 OK\n";
    let again = "two C: USR 1 MD5 I bob@hotmail.com\ntwo S: USR 1 MD5 S 1.2\n\
         two C: USR 2 MD5 S 00000000000000000000000000000000\ntwo S: USR 2 OK bob@hotmail.com b\n";
    assert_eq!(told(rung, &format!("{again}{answer}")), [""; 0]);
}

#[test]
fn what_makes_others_silent_is_not_forgotten() {
    let odd = "alice in\nalice C: REA 9 alice@hotmail.com x\\xe9%0D%0AOut\n";
    let seen = "bob in\nbob S: NLN NLN alice@hotmail.com \\xe9\n";
    assert_eq!(told(odd, seen), [""; 0]);
    assert_eq!(told("alice in\n", seen), ["FRAME-3"]);
    assert_eq!(told(odd, "bob in\nbob S: Out\n"), ["NAME-4"]);
    assert_eq!(told("alice in\n", "bob in\nbob S: Out\n"), ["FRAME-2"]);
    let astray = "bob on NLN\ncarol on NLN\nbob C: XFR 9 SB\nbob S: XFR 9 SB 1.1.1.1:1 CKI 5\n\
         carol@sb C: USR 1 carol@hotmail.com 5\ncarol@sb S: USR 1 OK carol@hotmail.com c\n";
    assert_eq!(told("alice in\n", astray), ["SBU-3"]);
    assert_eq!(told("alice in\nalice in\n", astray), [""; 0]);
    let lie = "bob on NLN\ncarol on BSY\nbob S: NLN NLN carol@hotmail.com carol\n";
    assert_eq!(told("alice in\n", lie), ["PRES-5"]);
    assert_eq!(told("alice in\nalice S: CHG 0 HDN\n", lie), [""; 0]);
}
