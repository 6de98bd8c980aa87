//! What is broken beyond the level is noted, and ends no scenario.

use super::dialogue::{Dialogue, env};
use super::suite_tests::judged;
use crate::engine::{Ending, Outcome};
use crate::event::Verdict;
use crate::protocol::Level;
use crate::target::Environment;
use crate::target::test_support::accounts;

const ALICE: &str = "{ alice: { state: NLN } }";
/// PNG-1 is of level practice, CHG-1 a must.
const STEPS: &str = "  - C: PNG\n  - { S: QNG, clause: PNG-1 }\n  - C: CHG {t} BSY\n  \
    - { S: \"CHG {t} BSY\", clause: CHG-1 }";

fn played(level: Option<Level>, pong: &str, changed: &str) -> Outcome {
    let target = Environment {
        dispatch: Some("ds:1".into()),
        level,
        ..env()
    };
    let mut it = Dialogue::with(ALICE, STEPS, accounts(), target);
    assert_eq!(it.log_in(0, "alice"), ["0 PNG"]);
    it.say(0, pong);
    if level.is_some() || pong == "QNG" {
        it.expect(&["0 CHG 7 BSY"]);
        it.say(0, changed);
    }
    it.outcome()
}

#[test]
fn a_step_beyond_the_level_ends_no_scenario() {
    let told = |outcome: &Outcome| {
        let result = judged(outcome, Level::Must);
        let clauses = |failures: &[crate::event::Failure]| {
            let ids = failures.iter().filter_map(|one| one.clause);
            ids.map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
        };
        (
            result.verdict,
            clauses(&result.failures),
            clauses(&result.notes),
        )
    };
    let must = Some(Level::Must);
    let sound = played(must, "QNG", "CHG 7 BSY");
    assert_eq!(
        told(&sound),
        (Verdict::Passed, String::new(), String::new())
    );
    let noted = played(must, "QNG 45", "CHG 7 BSY");
    assert_eq!(
        told(&noted),
        (Verdict::Passed, String::new(), "PNG-1".into())
    );
    let broken = played(must, "QNG 45", "CHG 7 AWY");
    assert_eq!(
        told(&broken),
        (Verdict::Failed, "CHG-1".into(), "PNG-1".into())
    );
    // Where every step counts, the first that is not met ends the scenario.
    let ended = played(None, "QNG 45", "CHG 7 AWY");
    assert_eq!((ended.ending, ended.has_ended), (Ending::Failed, false));
    assert_eq!(told(&ended).0, Verdict::Blocked);
}
