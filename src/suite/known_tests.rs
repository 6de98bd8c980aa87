//! Scripts go on past what is known.

use super::dialogue::{Dialogue, env};
use crate::engine::{Ending, Outcome};
use crate::event::test_support::failure;
use crate::event::{Expectation, Failure, Judge, Wanted};
use crate::protocol::ClauseId;
use crate::target::test_support::accounts;
use crate::target::{Environment, Known};

const ALICE: &str = "{ alice: { state: NLN } }";
const STEPS: &str =
    "  - C: CHG {t} BSY\n  - S: CHG {t} BSY\n  - C: CHG {t} NLN\n  - S: CHG {t} NLN";

fn other_state() -> Failure {
    let line = Wanted::Line("CHG".to_owned());
    Failure {
        expected: Expectation::new("CHG 1 BSY", line),
        ..failure(Some(ClauseId::CHG_1), "CHG 1 BSY", "CHG 1 AWY")
    }
}

/// What comes of it when the first CHG is answered so.
fn played(known: &[Failure], first: &str) -> Outcome {
    let mut all = Known::default();
    for failure in known {
        all.learn(failure);
    }
    let env = Environment {
        known: all,
        ..env()
    };
    let mut it = Dialogue::with(ALICE, STEPS, accounts(), env);
    assert_eq!(it.log_in(0, "alice"), ["0 CHG 7 BSY"]);
    it.say(0, first);
    if !it.is_over() {
        it.expect(&["0 CHG 8 NLN"]);
        it.say(0, "CHG 8 NLN");
    }
    it.outcome()
}

#[test]
fn a_line_that_is_nearly_right_is_noted_and_play_goes_on() {
    let unknown = played(&[], "CHG 7 AWY");
    assert_eq!((unknown.ending, unknown.known.len()), (Ending::Failed, 0));
    let known = played(&[other_state()], "CHG 7 AWY");
    assert_eq!((known.ending, known.known.len()), (Ending::Passed, 1));
    assert!(known.failures.is_empty());
}

#[test]
fn what_cannot_be_put_right_ends_the_script_and_accuses_nobody() {
    let refused = played(&[other_state()], "201 7");
    assert_eq!((refused.ending, refused.known.len()), (Ending::Blocked, 1));
    assert!(refused.failures.is_empty());
}

fn accusation(clause: ClauseId, got: &str, entry: usize) -> Failure {
    Failure {
        judge: Judge::of("answers"),
        entry: Some(entry),
        ..failure(Some(clause), "an error", got)
    }
}

#[test]
fn what_accuses_a_line_that_is_known_to_be_wrong_is_known_too() {
    let mut known = Known::default();
    known.learn(&accusation(ClauseId::SER_1, "ADD 1 FL 2 a@b a", 0));
    let mut it = crate::engine::test_support::outcome(Ending::Passed, Vec::new());
    it.accusations = vec![
        accusation(ClauseId::SER_1, "ADD 3 FL 2 a@b a", 4),
        accusation(ClauseId::ADD_1, "ADD 3 FL 2 a@b a", 4),
        accusation(ClauseId::ADD_1, "ADD 4 FL 3 a@b a", 9),
    ];
    it.forgive(&known);
    let left: Vec<Option<usize>> = it.accusations.iter().map(|one| one.entry).collect();
    assert_eq!((left, it.known.len()), (vec![Some(9)], 2));
}
