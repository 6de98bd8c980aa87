//! Identical failures become one: a fault that breaks thirty scenarios is told once.

use std::collections::HashMap;

use super::digest::Digest;
use crate::event::{Failure, ScenarioResult, Verdict};
use crate::protocol::ClauseId;

/// A failure, and the scenarios that failed in the same way.
#[derive(Debug)]
pub(super) struct Group<'d> {
    /// The scenario that failed so first.
    pub(super) scenario: &'d ScenarioResult,
    /// Its failure; `None` where a scenario was broken without one.
    pub(super) failure: Option<&'d Failure>,
    /// The other scenarios.
    pub(super) others: Vec<&'d str>,
    /// What oracles say of the same clause.
    pub(super) witnesses: Vec<Witness<'d>>,
}

/// An oracle that has seen the clause broken of which a group tells.
#[derive(Debug)]
pub(super) struct Witness<'d> {
    /// Its name.
    pub(super) oracle: &'d str,
    /// What it says.
    pub(super) message: &'d str,
    /// The scenarios in which it was seen.
    pub(super) scenarios: Vec<&'d str>,
}

/// What makes two failures the same.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Key<'d> {
    clause: Option<ClauseId>,
    by: &'d str,
    expected: String,
    got: String,
}

/// The failures of all scenarios with this verdict, folded, in the order of their first.
pub(super) fn fold(digest: &Digest, verdict: Verdict) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<Key<'_>, usize> = HashMap::new();
    for scenario in digest.with(verdict) {
        let failures: Vec<Option<&Failure>> = if scenario.failures.is_empty() {
            vec![None]
        } else {
            scenario.failures.iter().map(Some).collect()
        };
        for failure in failures {
            let at = *known.entry(key(scenario, failure)).or_insert(groups.len());
            let Some(group) = groups.get_mut(at) else {
                groups.push(Group {
                    scenario,
                    failure,
                    others: Vec::new(),
                    witnesses: Vec::new(),
                });
                continue;
            };
            if worth(scenario, failure) > worth(group.scenario, group.failure) {
                let before = std::mem::replace(&mut group.scenario, scenario);
                group.failure = failure;
                group.others.push(&before.name);
                continue;
            }
            let last = group.others.last().copied().unwrap_or(&group.scenario.name);
            if last != scenario.name {
                group.others.push(&scenario.name);
            }
        }
    }
    gather(groups)
}

/// How good an example of what an oracle saw a scenario is: one about the clause tells most, the
/// probe, which stands in no file, least.
fn worth(scenario: &ScenarioResult, failure: Option<&Failure>) -> [bool; 3] {
    let seen = failure.filter(|failure| failure.oracle().is_some());
    seen.map_or([false; 3], |failure| {
        let clause = failure.clause;
        [
            clause.is_some_and(|id| scenario.clauses.contains(&id)),
            !failure.place.file.is_empty(),
            !scenario.name.starts_with("hostile/"),
        ]
    })
}

/// Puts what oracles say of a clause beside the first step that was not met for that clause.
fn gather(groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let (seen, mut told): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|group| group.failure.is_some_and(|one| one.oracle().is_some()));
    let mut alone = Vec::new();
    for group in seen {
        let clause = group.failure.and_then(|failure| failure.clause);
        let same = told
            .iter_mut()
            .find(|step| clause.is_some() && step.failure.and_then(|one| one.clause) == clause);
        match (same, group.failure.and_then(Failure::oracle)) {
            (Some(step), Some((oracle, message))) => {
                let mut scenarios = vec![group.scenario.name.as_str()];
                scenarios.extend(group.others);
                step.witnesses.push(Witness {
                    oracle,
                    message,
                    scenarios,
                });
            }
            _ => alone.push(group),
        }
    }
    alone.append(&mut told);
    alone
}

/// Failures are the same by what was expected and what came; scenarios that could not be carried
/// out by the reason, for a server that is gone fails each of them in another place.
pub(super) fn key<'d>(scenario: &'d ScenarioResult, failure: Option<&'d Failure>) -> Key<'d> {
    let is_broken = scenario.verdict == Verdict::Blocked;
    match (failure, scenario.reason.as_deref().filter(|_| is_broken)) {
        // An oracle says the same words of the same breach, whatever the line.
        (Some(failure), None) if failure.oracle().is_some() => Key {
            clause: failure.clause,
            by: failure.judge.as_str(),
            expected: shape(failure.detail.as_deref().unwrap_or_default()),
            got: String::new(),
        },
        // Rows of a matrix and other scenarios break a clause in the same way, whatever the state,
        // the list or the number is that they try.
        (Some(failure), None) if failure.clause.is_some() => Key {
            clause: failure.clause,
            by: failure.judge.as_str(),
            expected: failure.breach(),
            got: failure.got.kind().to_owned(),
        },
        (Some(failure), None) => Key {
            clause: failure.clause,
            by: failure.judge.as_str(),
            expected: shape(&failure.expected.text),
            got: shape(&failure.got.to_string()),
        },
        (_, reason) => Key {
            clause: None,
            by: "",
            expected: scenario.cause.map(|id| id.to_string()).unwrap_or_default(),
            got: shape(reason.unwrap_or_default()),
        },
    }
}

/// The text without what differs from one scenario to the next: TrIDs and other numbers behind the
/// first word, handles, addresses.
fn shape(text: &str) -> String {
    let word = |(i, word): (usize, &str)| {
        let number = word
            .chars()
            .all(|char| char.is_ascii_digit() || ".:".contains(char));
        if i > 0 && number {
            "#".to_owned()
        } else if word.contains('@') {
            "@".to_owned()
        } else {
            word.to_owned()
        }
    };
    let words: Vec<String> = text.split(' ').enumerate().map(word).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_by_chance_is_dropped() {
        assert_eq!(shape("911 4"), shape("911 7"));
        assert_ne!(shape("911 4"), shape("999 4"));
        assert_eq!(
            shape("RNG 7 127.0.0.1:9 a@b"),
            shape("RNG 8 127.0.0.1:8 c@d")
        );
        assert_ne!(shape("CHG 7 NLN"), shape("CHG 7 BSY"));
    }
}
