//! The model against the reference server, and against faulty ones.

mod lines;
mod play;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use msnpspec::model::{Phase, knows};
use msnpspec::server::{Fault, FaultSet};
use play::{Eyes, Play};

/// Walks of 150 steps with these seeds; the first disagreement.
fn walk(
    seeds: std::ops::Range<u64>,
    eyes: Eyes,
    faults: FaultSet,
) -> Result<(usize, usize), String> {
    let (mut answered, mut certain) = (0, 0);
    for seed in seeds {
        let mut play = Play::new(seed, eyes, faults);
        play.run(150).map_err(|why| format!("seed {seed}: {why}"))?;
        for transition in &play.seen {
            assert!(transition.is_known() || !faults.is_empty(), "{transition}");
        }
        answered += play.answered;
        certain += play.certain;
    }
    Ok((answered, certain))
}

#[test]
fn the_reference_server_does_what_the_model_allows() {
    for eyes in [Eyes::Open, Eyes::Shut] {
        let (answered, certain) =
            walk(0..200, eyes, FaultSet::default()).unwrap_or_else(|why| panic!("{eyes:?} {why}"));
        // A model that allowed everything would prove nothing.
        assert!(certain * 100 > answered * 60, "{certain} of {answered}");
    }
}

/// Faults of all rooms of the protocol that commands of the model's alphabet can show.
const FAULTS: &[Fault] = &[
    Fault::ADD_UNTOLD,
    Fault::ANSWERED_TWICE,
    Fault::ANY_ANSWER_KEY,
    Fault::ANY_PASSWORD,
    Fault::BLOCKED_SEE_CHANGES,
    Fault::BLOCKING_UNTOLD,
    Fault::BYE_TWICE,
    Fault::DEAF_AFTER_ERROR,
    Fault::DISPLACED_STAYS,
    Fault::EACH_CALL_A_SESSION,
    Fault::ILN_EACH_TIME,
    Fault::JOIN_UNTOLD,
    Fault::MESSAGE_TO_SENDER,
    Fault::MODE_N_ACKNOWLEDGED,
    Fault::NLN_TWICE,
    Fault::ONLINE_UNTOLD,
    Fault::OUT_UNTOLD,
    Fault::REMOVED_STILL_TOLD,
    Fault::REVERSE_LIST_NOT_CLEARED,
    Fault::RINGS_TWICE,
    Fault::ROSTER_FROM_ZERO,
    Fault::SND_WITHOUT_OK,
    Fault::STRANGERS_TOLD,
    Fault::TRID_OFF_BY_ONE,
];

#[test]
fn faults_are_not_allowed() {
    for fault in FAULTS {
        for eyes in [Eyes::Open, Eyes::Shut] {
            let result = walk(0..150, eyes, [*fault].into_iter().collect());
            assert!(result.is_err(), "{fault} {eyes:?}");
        }
    }
}

#[test]
fn table() {
    let mut rows: BTreeMap<(Phase, &str), Vec<String>> = BTreeMap::new();
    for (transition, clause) in knows() {
        let row = rows
            .entry((transition.phase, transition.command))
            .or_default();
        row.push(format!("{} {clause}", transition.reply));
    }
    let states: std::collections::BTreeSet<_> = rows.keys().map(|(phase, _)| *phase).collect();
    let mut text = format!("{} states, {} transitions\n", states.len(), knows().len());
    for ((phase, command), replies) in &rows {
        let phase = phase.as_str();
        writeln!(text, "{phase:13} {command:6} {}", replies.join(", ")).unwrap();
    }
    crate::snapshot("model-table", &text);
}
