//! Connections that are shown from their middle on, and dialects that are not judged.

use crate::oracle::dialogue::{accuses, silent};

/// From the middle, in MSNP8 or MSNP9.
const BITS: &str = "a C: SYN 8 5\na S: SYN 8 27 2 1\na S: GTC A\na S: BLP AL\na S: PRP PHH 1\n\
    a S: LSG 0 Friends 0\na S: LST b@c B 11 0\na S: BPR PHM 1\na S: LST c@d C 4\n";
/// From the middle, in MSNP10.
const GUIDS: &str = "a C: SYN 5 0 0\na S: SYN 5 x y 1 1\na S: GTC A\na S: BLP AL\na S: PRP MFN A\n\
    a S: LSG G 692b72ad-add7-45b0-9763-9f0d4b376e81\n\
    a S: LST N=b@c F=B C=ba582e6e-6459-4c55-a0be-fbadeabe7256 11 692b72ad-add7-45b0-9763-9f0d4b376e81\n";

#[test]
fn extracts_of_later_dialects_are_no_breaches_of_the_first() {
    silent(&format!(
        "{BITS}a C: CHG 9 NLN 5\na S: CHG 9 NLN 5\na S: ILN 9 AWY b@c B 7"
    ));
    silent(&format!(
        "{BITS}a S: CHL 0 15\na C: QRY 10 x 2\n.. ab\na S: QRY 10\na S: QNG 42"
    ));
    silent(&format!("{GUIDS}a C: REM 9 BL b@c\na S: REM 9 BL b@c"));
    silent(&format!(
        "{GUIDS}a S: ADC 0 RL N=b@c F=B\na S: REM 0 RL b@c"
    ));
    for line in [
        "UBX b@c 3\n.. <a>",
        "NLN AWY b@c 1 Zo\\xeb 7 0",
        "NLN AWY 1:b@c Zo\\xeb 7:48 0",
        "FLN b@c 1",
        "ADL 0 3\n.. <a>",
        "GCF 0 3\n.. <a>",
        "UBN b@c 5 3\n.. <a>",
        "XFR 5 SB 1.2.3.4:5 CKI 9 U messenger.msn.com 1",
    ] {
        silent(&format!("a C: CHG 4 NLN 5\na S: {line}\na S: CHG 4 NLN 5"));
    }
}

#[test]
fn what_each_dialect_has_is_judged_in_an_extract() {
    accuses("FRAME-2", &format!("{BITS}a S: nln AWY b@c B 7"));
    accuses("FRAME-1", &format!("{GUIDS}a S: FLN b@c\\n"));
    accuses(
        "NAME-1",
        "a C: CHG 4 NLN\na S: CHG 4 NLN\na S: NLN AWY b@c %ff",
    );
}

#[test]
fn names_of_an_extract_may_be_as_their_owners_sent_them() {
    silent("a C: CHG 4 NLN\na S: CHG 4 NLN\na S: NLN AWY b@c Zo\\xeb");
    accuses("FRAME-3", "alice in\nalice S: NLN AWY b@c Zo\\xeb");
}

#[test]
fn lines_of_no_one_dialect_are_not_judged() {
    // Of MSNP8 and of MSNP2: somebody may have put two sessions together.
    let other = "a C: ADD 7 FL d@e D\na S: ADD 7 FL 5 d@e D\na S: LST 5 RL 4 1 1 d@e D\n";
    silent(&format!("{BITS}{other}a S: ILN 77 NLN b@c"));
}

#[test]
fn a_switchboard_speaks_what_its_user_does() {
    let login = "a C: VER 1 MSNP15 CVR0\na S: VER 1 MSNP15\na C: USR 2 SSO I a@b\n\
        a S: USR 2 SSO S MBI x\na C: USR 3 SSO S t=1 y\na S: USR 3 OK a@b 1 0\n";
    let board = "a@sb C: USR 1 a@b;{0-0} 9\na@sb S: USR 1 OK a@b;{0-0} A\n";
    silent(&format!(
        "{login}{board}a@sb S: JOI c@d Zo\\xeb 5:6 x x\na@sb S: BYE e@f"
    ));
    accuses(
        "TRID-1",
        &format!("{login}{board}a@sb C: CAL 2 c@d\na@sb S: CAL 3 RINGING 4"),
    );
    let sb = "a in\na C: XFR 9 SB\na S: XFR 9 SB 1.1.1.1:1 CKI 9\n\
        a@sb C: USR 1 a@hotmail.com 9\na@sb S: USR 1 OK a@hotmail.com A\n";
    accuses("FRAME-3", &format!("{sb}a@sb S: JOI c@d Zo\\xeb"));
}
