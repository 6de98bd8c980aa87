//! Who is shown to whom.

use crate::oracle::dialogue::{accuses, silent};

/// Alice in state BSY, whom bob watches.
const BOTH: &str = "alice on BSY\nbob on NLN FL=alice,carol\n";
const BLOCK: &str =
    "alice C: ADD 20 BL bob@hotmail.com b\nalice S: ADD 20 BL 9 bob@hotmail.com b\n";

#[test]
fn what_shows_nothing() {
    silent(&format!("{BOTH}bob C: GTC 9\n+2s\nbob S: CHG 9 BSY"));
    silent("bob S: NLN HDN alice@hotmail.com alice");
    let strange = "bob on NLN FL=alice\nbob C: ADD 9 FL dave@hotmail.com d\n";
    silent(&format!("{strange}bob S: NLN NLN nobody@hotmail.com n"));
    let unseen = "alice C: PNG\nalice on NLN\nbob in\n";
    silent(&format!("{unseen}bob S: NLN NLN alice@hotmail.com alice"));
    let spelled = "alice on NLN\nbob in\ncarol on NLN FL=Bob\n";
    silent(&format!("{spelled}bob S: NLN NLN alice@hotmail.com alice"));
}

#[test]
fn ilns_that_come_before_the_answer() {
    let first = "bob on - FL=alice\nbob C: CHG 9 NLN\n";
    let iln = "bob S: ILN 9 BSY alice@hotmail.com alice\n";
    silent(&format!("{first}{iln}"));
    let later = "bob S: CHG 9 NLN\n+2s\nbob C: CHG 10 BSY\nbob S: CHG 10 BSY";
    silent(&format!("alice on BSY\n{first}{iln}{later}"));
    accuses("PRES-1", &format!("alice on BSY\n{first}{later}"));
    let added = "alice on BSY\nbob on NLN\nbob C: ADD 9 FL alice@hotmail.com a\n";
    accuses("PRES-3", &format!("{added}{iln}{iln}"));
}

#[test]
fn requests_that_show_nobody_anew() {
    let iln = "bob S: ILN 6 BSY alice@hotmail.com alice\n";
    let again = "bob C: CHG 9 BSY\nbob S: CHG 9 BSY\n+2s\nbob C: CHG 10 NLN\nbob S: CHG 10 NLN\n";
    silent(&format!("{BOTH}{iln}{again}"));
    let allow = |who: &str| {
        format!("bob C: ADD 8 AL {who}@hotmail.com a\nbob S: ADD 8 AL 4 {who}@hotmail.com a\n")
    };
    silent(&format!(
        "alice on BSY\nbob on NLN\n{}{again}",
        allow("alice")
    ));
    silent(&format!("{BOTH}{iln}{}{again}", allow("carol")));
    let away = "bob C: CHG 7 FLN\nbob S: CHG 7 FLN\n";
    let add = "bob C: ADD 8 FL alice@hotmail.com a\nbob S: ADD 8 FL 4 alice@hotmail.com a\n";
    silent(&format!("alice on BSY\nbob on NLN\n{away}{add}{again}"));
    let flawed = "bob on - FL=alice\nbob C: CHG 8 BSY x\nbob S: CHG 8 BSY\n";
    accuses("FRAME-14", &format!("alice on BSY\n{flawed}{again}"));
    let unseen = "alice C: PNG\nalice on BSY\nbob on NLN FL=alice,bob\n";
    silent(&format!("{unseen}{again}"));
}

#[test]
fn names_cut_or_unknown() {
    let renamed = "alice C: REA 9 alice@hotmail.com x%0D%0AOut\n";
    let named = |name: &str| format!("{BOTH}{renamed}bob S: NLN BSY alice@hotmail.com {name}");
    accuses("NAME-4", &named("x"));
    accuses("PRES-4", &named("Mallory"));
    silent(&named("alice"));
    let login = "alice C: USR 1 MD5 I alice@hotmail.com\nalice S: USR 1 MD5 S 1.2\n\
         alice C: USR 2 MD5 S 00000000000000000000000000000000\n\
         alice S: USR 2 OK alice@hotmail.com alice@hotmail.com\n\
         alice C: CHG 3 BSY\nalice S: CHG 3 BSY\nbob on NLN FL=carol\n\
         bob C: ADD 9 FL alice@hotmail.com alice@hotmail.com\n";
    accuses(
        "USR-4",
        &format!("{login}bob S: NLN BSY alice@hotmail.com Alice"),
    );
    silent(&format!(
        "{login}bob S: NLN BSY alice@hotmail.com alice@hotmail.com"
    ));
}

#[test]
fn since_when_a_view_may_have_been_looked_up() {
    let ask = "bob C: ADD 9 FL alice@hotmail.com a\nbob S: ADD 9 FL 4 alice@hotmail.com a\n";
    let iln = "bob S: ILN 9 BSY alice@hotmail.com alice";
    accuses(
        "PRES-9",
        &format!("alice on BSY\nbob on NLN\n{BLOCK}{ask}{iln}"),
    );
    let late = "bob on NLN FL=alice\nbob S: NLN BSY alice@hotmail.com alice";
    accuses("PRES-9", &format!("alice on BSY\n{BLOCK}{late}"));
}
