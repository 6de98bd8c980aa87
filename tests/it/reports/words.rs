//! `explain` knows the words that reports use.

use std::collections::BTreeSet;

use msnpspec::event::{ClauseVerdict, RungState, Standing, Untested, Verdict};
use msnpspec::oracle::oracles;
use msnpspec::protocol::{Level, Rung};
use msnpspec::report::Human;
use msnpspec::report::words::WORDS;

use super::dialects;
use super::fixture::{events, written_of};

/// What `msnpspec explain` looks up beside clauses and codes.
fn known() -> BTreeSet<String> {
    let mut known: BTreeSet<String> = WORDS.iter().map(|word| word.name.to_owned()).collect();
    known.extend(Level::ALL.map(|level| level.as_str().to_owned()));
    known.extend(Rung::ALL.iter().map(|rung| rung.as_str().to_owned()));
    known.extend(oracles().iter().map(|oracle| oracle.name().to_owned()));
    known
}

/// The words of a report that mean something in particular: what stands at the head of a line, in
/// the head of a table, behind a count, behind the name of a judge, behind a `#`.
fn told(report: &str) -> BTreeSet<String> {
    const PLAIN: [&str; 17] = [
        "warning",
        "error",
        "note",
        "scenarios",
        "how",
        "next",
        "expected",
        "got",
        "at",
        "found",
        "it",
        "my-server",
        "msnpspec",
        "the",
        "alice",
        "spent",
        "what",
    ];
    let mut told = BTreeSet::new();
    let is_word = |word: &str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    for line in report.lines() {
        // What a server or a scenario says is none of ours.
        let is_dialogue = line.trim_start().starts_with(['|', '>']);
        let mut words = line
            .split([' ', ',', ':', ';'])
            .filter(|word| !word.is_empty());
        let mark = line.split_once("  # ").map(|(_, mark)| mark.to_owned());
        told.extend(mark.filter(|_| is_dialogue));
        if is_dialogue {
            continue;
        }
        let is_state = line.starts_with("  ") && !line.starts_with("   ");
        let head = words.next().unwrap_or_default().to_ascii_lowercase();
        if (is_state || !line.starts_with(' ')) && is_word(&head) {
            told.insert(head.clone());
        }
        if head == "clauses" || head == "scenarios" {
            told.extend(
                words
                    .clone()
                    .filter(|word| is_word(word))
                    .map(str::to_owned),
            );
        }
        if line.contains(" scenarios in ") {
            let all: Vec<&str> = words.collect();
            let behind_counts = all.windows(2).filter_map(|pair| {
                let is_count = pair.first()?.bytes().all(|byte| byte.is_ascii_digit());
                pair.get(1).filter(|word| is_count && is_word(word))
            });
            told.extend(behind_counts.map(|word| (*word).to_owned()));
        }
        if let Some((_, name)) = line.split_once("found by  the oracle ") {
            told.insert(name.to_owned());
        }
    }
    told.remove("clauses");
    told.retain(|word| !PLAIN.contains(&word.as_str()));
    told
}

#[test]
fn what_reports_print_is_explained() {
    let known = known();
    let mut all = BTreeSet::new();
    for events in [events(), dialects::run()] {
        for is_full in [false, true] {
            all.extend(told(&written_of(
                &mut Human::default().full(is_full),
                events.clone(),
            )));
        }
    }
    for sure in [
        "varied",
        "noted",
        "flaky",
        "inconclusive",
        "unreached",
        "barrier",
        "order",
        "must",
    ] {
        assert!(all.contains(sure), "{sure} is not seen among {all:?}");
    }
    let unknown: Vec<&String> = all.difference(&known).collect();
    assert!(unknown.is_empty(), "unexplained: {unknown:?}");
}

#[test]
fn every_verdict_state_and_reason_is_explained() {
    let known = known();
    let untested = [
        Untested::Accounts(2),
        Untested::Blocked(None),
        Untested::Flaky,
        Untested::Inconclusive,
        Untested::Stopped,
        Untested::Unmet,
        Untested::LeftOut,
        Untested::Launch,
        Untested::Dispatch,
        Untested::Challenges,
        Untested::Dialects,
        Untested::Nothing,
    ];
    let standings = [Standing::Fails, Standing::Waived, Standing::Noted];
    let mut words: Vec<&str> = Verdict::ALL.map(Verdict::as_str).to_vec();
    words.extend(ClauseVerdict::ALL.map(ClauseVerdict::as_str));
    words.extend(untested.map(Untested::as_str));
    words.extend(standings.map(Standing::as_str));
    words.extend(RungState::ALL.map(RungState::as_str));
    words.extend([
        "oracle", "habit", "ladder", "rung", "cause", "breach", "barrier", "clean-up", "accused",
    ]);
    let unknown: Vec<&&str> = words
        .iter()
        .filter(|word| !known.contains(**word))
        .collect();
    assert!(unknown.is_empty(), "unexplained: {unknown:?}");
}
