//! Today's failures as waivers: one for each kind of breach, with an empty reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::event::{Failure, Observed, RungState, ScenarioResult, Summary, Verdict};
use crate::protocol::{ClauseId, Dialect};
use crate::target::Whose;

/// A clause that is broken in more ways than these is waived whole: it will be broken in yet
/// another way tomorrow.
const WAYS: usize = 3;
/// Names of scenarios in a comment.
const NAMES: usize = 3;

/// What is wrong, and in which way; no way: in many.
type Key = (Option<ClauseId>, Option<String>);

/// Where it was seen.
#[derive(Debug, Default)]
struct Seen {
    scenarios: BTreeSet<String>,
    dialects: BTreeSet<&'static Dialect>,
    /// Some scenario failed by it also when it ran again.
    is_steady: bool,
}

/// What failed, as the `waivers:` of a target file. What the first look found to be odd stands under
/// `habits:` instead: it shows wherever the command is used.
#[must_use]
pub fn bless(results: &[Arc<ScenarioResult>], summary: Option<&Summary>) -> String {
    let mut seen = collected(results);
    let habits = taken_for_habits(&mut seen, summary);
    let seen = folded(seen);
    let mut text = String::new();
    if !habits.is_empty() || !seen.is_empty() {
        text.push_str("# Give each a reason before you use it.\n");
    }
    if !habits.is_empty() {
        text.push_str("habits:\n");
        for ((clause, breach), dialects) in habits {
            let (breach, dialects) = (quoted(&breach), named(&dialects));
            let _ = writeln!(
                text,
                "  # {}\n  - {{ breach: {breach}, clause: {clause}, {dialects}reason: \"\" }}",
                clause.clause().text
            );
        }
    }
    match seen.is_empty() {
        true => text.push_str("waivers: []\n"),
        false => text.push_str("waivers:\n"),
    }
    for ((clause, breach), seen) in &seen {
        let _ = writeln!(text, "  # {}", comment(*clause, seen));
        let what = clause.map_or_else(|| quoted("*"), |clause| clause.to_string());
        let breach = breach
            .as_ref()
            .map(|it| format!("breach: {}, ", quoted(it)));
        let whose = match seen.is_steady {
            true => Whose::Server,
            false => Whose::Flaky,
        };
        let (breach, whose) = (breach.unwrap_or_default(), whose.as_str());
        let dialects = named(&seen.dialects);
        let _ = writeln!(
            text,
            "  - {{ match: {what}, {breach}whose: {whose}, {dialects}reason: \"\" }}"
        );
    }
    text
}

/// The dialects in which something was seen: nobody knows it in others.
fn named(dialects: &BTreeSet<&'static Dialect>) -> String {
    let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name).collect();
    format!("dialects: [{}], ", names.join(", "))
}

fn collected(results: &[Arc<ScenarioResult>]) -> BTreeMap<Key, Seen> {
    let mut seen: BTreeMap<Key, Seen> = BTreeMap::new();
    for result in results {
        let is_steady = match result.verdict {
            Verdict::Failed | Verdict::Blocked => true,
            Verdict::Flaky => false,
            _ => continue,
        };
        for failure in &result.failures {
            let known = seen.entry(key(failure)).or_default();
            known.scenarios.insert(result.name.clone());
            known.dialects.insert(result.dialect);
            known.is_steady |= is_steady;
        }
    }
    seen
}

fn key(failure: &Failure) -> Key {
    (failure.clause, Some(failure.breach()))
}

/// Takes out what makes a rung odd.
fn taken_for_habits(
    seen: &mut BTreeMap<Key, Seen>,
    summary: Option<&Summary>,
) -> BTreeMap<(ClauseId, String), BTreeSet<&'static Dialect>> {
    let mut habits = BTreeMap::new();
    let Some(summary) = summary else {
        return habits;
    };
    let ladders = summary.dialects.iter().flat_map(|part| &part.ladder);
    let odd = ladders.filter(|rung| rung.state == RungState::Odd);
    for id in odd.filter_map(|rung| rung.cause) {
        let cause = summary.causes.iter().find(|cause| cause.id == id);
        let Some((cause, clause)) = cause.and_then(|cause| Some((cause, cause.clause?))) else {
            continue;
        };
        // To leave something undone is no way of doing it.
        if !matches!(cause.failure.got, Observed::Line(_)) {
            continue;
        }
        let breach = cause.breach();
        if let Some(seen) = seen.remove(&(Some(clause), Some(breach.clone()))) {
            habits.insert((clause, breach), seen.dialects);
        }
    }
    habits
}

/// Takes the ways together in which one clause is broken, where they are many.
fn folded(seen: BTreeMap<Key, Seen>) -> BTreeMap<Key, Seen> {
    let mut ways: BTreeMap<ClauseId, usize> = BTreeMap::new();
    for clause in seen.keys().filter_map(|(clause, _)| *clause) {
        *ways.entry(clause).or_default() += 1;
    }
    let mut folded: BTreeMap<Key, Seen> = BTreeMap::new();
    for ((clause, breach), one) in seen {
        let ways = clause.and_then(|clause| ways.get(&clause));
        let is_one_of_many = ways.is_some_and(|ways| *ways > WAYS);
        let breach = breach.filter(|_| !is_one_of_many);
        let known = folded.entry((clause, breach)).or_default();
        known.scenarios.extend(one.scenarios);
        known.dialects.extend(one.dialects);
        known.is_steady |= one.is_steady;
    }
    folded
}

/// What the clause says, and where it was seen broken.
fn comment(clause: Option<ClauseId>, seen: &Seen) -> String {
    let names: Vec<String> = seen
        .scenarios
        .iter()
        .take(NAMES)
        .map(|n| plain(n))
        .collect();
    let names = names.join(", ");
    let more = match seen.scenarios.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = clause.map_or("A precondition that failed.", |clause| clause.clause().text);
    format!("{what} Seen in {names}{more}")
}

/// A name that ends no line.
fn plain(name: &str) -> String {
    name.escape_debug().to_string()
}

/// A text as a double-quoted scalar; JSON strings are YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::test_support::failure;
    use crate::event::{InDialect, Judge, Rung, RungResult, Standing, Totals};
    use crate::protocol::Level;
    use crate::scenario::test_support::scenario;
    use crate::suite::causes::Causes;
    use crate::suite::verdict::Assessor;

    fn result(name: &str, verdict: Verdict, failures: &[&Failure]) -> Arc<ScenarioResult> {
        let untold = Assessor::of(Level::Must).untold(&scenario(name, &[], &[]), Duration::ZERO);
        Arc::new(ScenarioResult {
            verdict,
            failures: failures.iter().map(|one| (*one).clone()).collect(),
            ..untold
        })
    }

    fn by(clause: Option<ClauseId>, command: &str, got: &str) -> Failure {
        Failure {
            command: Some(command.into()),
            ..failure(clause, "another", got)
        }
    }

    fn rows(text: &str) -> Vec<&str> {
        let rows = text.lines().filter(|line| line.starts_with("  - "));
        rows.map(|row| row.trim_start_matches("  - ")).collect()
    }

    #[test]
    fn nothing_is_an_empty_list() {
        assert_eq!(bless(&[], None), "waivers: []\n");
        let passed = result("a", Verdict::Passed, &[]);
        assert_eq!(bless(&[passed], None), "waivers: []\n");
    }

    #[test]
    fn one_kind_of_breach_is_one_waiver_however_often_it_shows() {
        let one = by(Some(ClauseId::CAL_1), "CAL", "217 4");
        let same = by(Some(ClauseId::CAL_1), "CAL", "217 9");
        let none = by(None, "CHG", "nothing");
        let results = [
            result("b", Verdict::Failed, &[&one]),
            result("a[\n]", Verdict::Failed, &[&same]),
            result("c", Verdict::Blocked, &[&none]),
        ];
        let text = bless(&results, None);
        assert_eq!(
            rows(&text),
            [
                "{ match: \"*\", breach: \"CHG never answered\", whose: server, dialects: [MSNP2], reason: \"\" }",
                "{ match: CAL-1, breach: \"CAL answered by 217\", whose: server, dialects: [MSNP2], reason: \"\" }",
            ]
        );
        assert!(text.contains("Seen in a[\\n], b\n"), "{text}");
        let mut other_way = results.to_vec();
        other_way.reverse();
        assert_eq!(bless(&other_way, None), text);
    }

    #[test]
    fn what_only_flaky_scenarios_show_is_flaky() {
        let (one, two) = (
            by(Some(ClauseId::CAL_1), "CAL", "217 4"),
            by(Some(ClauseId::CAL_2), "CAL", "closed"),
        );
        let results = [
            result("a", Verdict::Flaky, &[&one, &two]),
            result("b", Verdict::Failed, &[&one]),
        ];
        let text = bless(&results, None);
        let whose: Vec<bool> = rows(&text)
            .iter()
            .map(|row| row.contains("whose: flaky"))
            .collect();
        assert_eq!(whose, [false, true], "{text}");
    }

    #[test]
    fn a_clause_that_is_broken_in_many_ways_is_waived_whole() {
        let codes = ["201 1", "205 1", "217 1", "218 1"];
        let failures = codes.map(|got| by(Some(ClauseId::CAL_1), "CAL", got));
        let all: Vec<_> = failures
            .iter()
            .map(|one| result("a", Verdict::Failed, &[one]))
            .collect();
        assert_eq!(rows(&bless(&all[..WAYS], None)).len(), WAYS);
        let whole = "{ match: CAL-1, whose: server, dialects: [MSNP2], reason: \"\" }";
        assert_eq!(rows(&bless(&all, None)), [whole]);
    }

    #[test]
    fn what_makes_a_rung_odd_is_a_habit() {
        let odd = Failure {
            judge: Judge::of("answers"),
            detail: Some("an extra word".into()),
            ..by(Some(ClauseId::CHG_1), "CHG", "CHG 1 NLN x")
        };
        let other = by(Some(ClauseId::CAL_1), "CAL", "217 4");
        let mut causes = Causes::default();
        let id = causes.charge(&odd, Standing::Fails, "a");
        let rung = |rung, state, cause| RungResult { rung, state, cause };
        let summary = Summary {
            totals: Totals::default(),
            dialects: vec![InDialect {
                dialect: Dialect::first(),
                totals: Totals::default(),
                ladder: vec![
                    rung(Rung::Ver, RungState::Works, None),
                    rung(Rung::Chg, RungState::Odd, Some(id)),
                ],
                aborted: None,
            }],
            clauses: Vec::new(),
            ladder: Vec::new(),
            causes: causes.list(),
            took: Duration::ZERO,
            waited: Vec::new(),
            aborted: None,
        };
        let results = [result("a", Verdict::Failed, &[&odd, &other])];
        assert_eq!(
            rows(&bless(&results, Some(&summary))),
            [
                "{ breach: \"CHG: an extra word\", clause: CHG-1, dialects: [MSNP2], reason: \"\" }",
                "{ match: CAL-1, breach: \"CAL answered by 217\", whose: server, dialects: [MSNP2], reason: \"\" }",
            ]
        );
    }
}
