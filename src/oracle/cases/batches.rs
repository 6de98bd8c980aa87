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
