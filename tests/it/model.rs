//! The model against the reference server, and against faulty ones.

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
            // After bytes of no sense more than one answer may come.
            let is_wild = transition.command == "other";
            assert!(
                is_wild || transition.is_known() || !faults.is_empty(),
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
        let (answered, certain) =
            walk(0..300, eyes, FaultSet::default()).unwrap_or_else(|why| panic!("{eyes:?} {why}"));
        // A model that allowed everything would prove nothing.
        assert!(certain * 100 > answered * 60, "{certain} of {answered}");
    }
}

#[test]
fn faults_are_not_allowed() {
    let faults = [Fault::ADD_UNTOLD, Fault::REM_UNTOLD];
    for fault in faults {
        for eyes in [Eyes::Open, Eyes::Shut] {
            let result = walk(0..300, eyes, [fault].into_iter().collect());
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

#[test]
#[ignore = "exploration"]
fn explore() {
    let all = msnpspec::server::faults();
    std::thread::scope(|scope| {
        for part in all.chunks(all.len() / 3) {
            scope.spawn(move || {
                for fault in part {
                    let set: FaultSet = [*fault].into_iter().collect();
                    let open = walk(0..25, Eyes::Open, set).err();
                    let seed = open.as_ref().map(|e| {
                        e.split(';')
                            .next()
                            .unwrap()
                            .lines()
                            .next()
                            .unwrap()
                            .to_owned()
                    });
                    eprintln!("RES {fault} {seed:?}");
                }
            });
        }
    });
}
