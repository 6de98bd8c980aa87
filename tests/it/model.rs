//! The model against the reference server, and against faulty ones.

mod lines;
mod play;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use msnpspec::model::{Model, Phase, knows};
use msnpspec::protocol::{ClauseId, Dialect};
use msnpspec::server::{Fault, FaultSet};
use play::{Eyes, Play};

/// Walks of 150 steps with these seeds; the first disagreement.
fn walk(
    seeds: std::ops::Range<u64>,
    eyes: Eyes,
    dialect: &'static Dialect,
    faults: FaultSet,
) -> Result<(usize, usize), String> {
    let (mut answered, mut certain) = (0, 0);
    for seed in seeds {
        let mut play = Play::new(seed, eyes, dialect, faults);
        play.run(150).map_err(|why| format!("seed {seed}: {why}"))?;
        for transition in &play.seen {
            assert!(
                transition.is_known(dialect) || !faults.is_empty(),
                "{transition}"
            );
        }
        answered += play.answered;
        certain += play.certain;
    }
    Ok((answered, certain))
}

#[test]
fn the_reference_server_does_what_the_model_allows() {
    for eyes in [Eyes::Open, Eyes::Shut] {
        let (answered, certain) = walk(0..200, eyes, Dialect::first(), FaultSet::default())
            .unwrap_or_else(|why| panic!("{eyes:?} {why}"));
        // A model that allowed everything would prove nothing.
        assert!(certain * 100 > answered * 60, "{certain} of {answered}");
    }
}

#[test]
fn in_later_dialects_it_does_too() {
    for dialect in Model::dialects().skip(1) {
        for eyes in [Eyes::Open, Eyes::Shut] {
            let walked = walk(0..60, eyes, dialect, FaultSet::default());
            let (answered, certain) =
                walked.unwrap_or_else(|why| panic!("{dialect} {eyes:?} {why}"));
            assert!(certain * 100 > answered * 60, "{certain} of {answered}");
        }
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

/// Faults of what later dialects have brought.
const LATER: &[Fault] = &[
    Fault::ADD_WITHOUT_GROUP,
    Fault::BPR_OF_A_CHANGE_EMPTY,
    Fault::FURTHER_GROUP_IS_REMOVAL,
];

#[test]
fn faults_of_later_dialects_are_not_allowed() {
    let latest = Model::dialects().next_back().unwrap_or_default();
    for fault in LATER {
        let faults = [*fault].into_iter().collect();
        let result = walk(0..150, Eyes::Open, latest, faults);
        assert!(result.is_err(), "{fault}");
    }
}

#[test]
fn faults_are_not_allowed() {
    for fault in FAULTS {
        for eyes in [Eyes::Open, Eyes::Shut] {
            let faults = [*fault].into_iter().collect();
            let result = walk(0..150, eyes, Dialect::first(), faults);
            assert!(result.is_err(), "{fault} {eyes:?}");
        }
    }
}

/// What the model says of each command in each state of a dialect, a row each.
fn rows(dialect: &'static Dialect) -> BTreeMap<(Phase, &'static str), String> {
    let mut rows: BTreeMap<(Phase, &str), Vec<String>> = BTreeMap::new();
    for (transition, clause) in knows(dialect) {
        let row = rows.entry((transition.phase, transition.command));
        let row = row.or_default();
        row.push(format!("{} {clause}", transition.reply));
    }
    let rows = rows.into_iter();
    rows.map(|(cell, replies)| (cell, replies.join(", ")))
        .collect()
}

/// All of the first dialect, and of each later one what differs from that before it.
#[test]
fn table() {
    let (mut before, mut text) = (BTreeMap::new(), String::new());
    for dialect in Model::dialects() {
        let rows = rows(dialect);
        let states: BTreeSet<Phase> = rows.keys().map(|(phase, _)| *phase).collect();
        let (states, count) = (states.len(), knows(dialect).len());
        writeln!(text, "{dialect}: {states} states, {count} transitions").unwrap();
        for (cell @ (phase, command), replies) in &rows {
            if before.get(cell) != Some(replies) {
                let phase = phase.as_str();
                writeln!(text, "{phase:13} {command:6} {replies}").unwrap();
            }
        }
        let gone = before.keys().filter(|cell| !rows.contains_key(cell));
        assert_eq!(gone.count(), 0, "{dialect}");
        before = rows;
    }
    crate::snapshot("model-table", &text);
}

#[test]
fn the_model_names_clauses_of_its_dialect() {
    for dialect in Model::dialects() {
        let clauses: BTreeSet<ClauseId> = knows(dialect).values().copied().collect();
        let foreign = clauses
            .iter()
            .filter(|clause| !clause.clause().holds_in(dialect));
        let foreign: Vec<&ClauseId> = foreign.collect();
        assert!(foreign.is_empty(), "{dialect}: {foreign:?}");
    }
}
