//! The results of several runs, put together: what `--format json` wrote, read back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::json::{Document, VERSION};
use super::rows::{CauseRow, RungRow, ScenarioRow, WaitedRow};
use crate::event::{
    Cause, Failure, Notice, RunInfo, RungResult, ScenarioResult, Scope, Verdict, add_waited,
};
use crate::protocol::Dialect;

/// One run, or several put together.
#[derive(Debug, Clone)]
pub struct Part {
    /// What was said at its beginning.
    pub info: RunInfo,
    /// The scenarios; of several runs in the order of their names.
    pub results: Vec<Arc<ScenarioResult>>,
    /// How far the first look came in each dialect; of several runs the least.
    pub ladders: BTreeMap<&'static Dialect, Vec<RungResult>>,
    /// What is wrong; of several runs each thing once.
    pub causes: Vec<Cause>,
    /// What was noticed.
    pub notices: Vec<Notice>,
    /// How long it took; of several runs the longest.
    pub took: Duration,
    /// How long scenarios waited in vain, and for what.
    pub waited: Vec<(String, Duration)>,
    /// Why it is not whole.
    pub aborted: Option<String>,
}

/// Why results cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A file is no result.
    #[error("{file}:{line}:{column}: no result of `run --format json`: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A file is of a version that is not known.
    #[error("{0}: a result of version {1}; this is for version {VERSION}")]
    Version(String, u32),
    /// Two files are of different runs.
    #[error("{0} and {1} do not belong together: their {2} differs ({3} and {4})")]
    Differ(String, String, &'static str, String, String),
    /// One shard is there twice.
    #[error("{0} and {1} are both shard {2}")]
    Twice(String, String, String),
    /// One scenario is in two files.
    #[error("{0} and {1} both have the scenario {2}")]
    Overlap(String, String, String),
}

impl MergeError {
    pub(super) fn unreadable(file: &str, error: &serde_json::Error) -> Self {
        Self::Unreadable {
            file: file.to_owned(),
            line: error.line().max(1),
            column: error.column().max(1),
            why: error.to_string(),
        }
    }
}

/// Reads one result.
///
/// # Errors
///
/// When the text is no result, with the place.
pub fn read_result(file: &str, text: &str) -> Result<Part, MergeError> {
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|error| MergeError::unreadable(file, &error))?;
    if document.version != VERSION {
        return Err(MergeError::Version(file.to_owned(), document.version));
    }
    let info = RunInfo {
        target: document.target.into_owned(),
        dialects: document
            .dialects
            .iter()
            .filter_map(|name| Dialect::named(name.as_bytes()))
            .collect(),
        level: document.level,
        strict: document.strict,
        seed: document.seed,
        scenarios: document.scenarios.len(),
        jobs: 0,
        shard: document.shard.map(Cow::into_owned),
        scope: Scope {
            filter: document.filter.map(Cow::into_owned),
            files: document.files,
        },
        started: document.started.map(Cow::into_owned),
    };
    let mut ladders: BTreeMap<&'static Dialect, Vec<RungResult>> = BTreeMap::new();
    let ladder_of = |rows: &[RungRow]| rows.iter().filter_map(RungRow::result).collect();
    let mut first_looks: Vec<ScenarioRow<'_>> = document.first_look.into_iter().collect();
    for part in document.by_dialect {
        if let Some(dialect) = Dialect::named(part.dialect.as_bytes()) {
            ladders.insert(dialect, ladder_of(&part.ladder));
        }
        first_looks.extend(part.first_look);
    }
    if let ([dialect], true) = (info.dialects.as_slice(), ladders.is_empty()) {
        ladders.insert(dialect, ladder_of(&document.ladder));
    }
    let results = first_looks.into_iter().chain(document.scenarios);
    let results = results.map(ScenarioRow::result);
    let causes = document.causes.into_iter();
    Ok(Part {
        info,
        results: results.map(Arc::new).collect(),
        ladders,
        causes: causes.filter_map(CauseRow::cause).collect(),
        notices: document.notices.into_owned(),
        took: Duration::from_millis(document.ms),
        waited: document.waited.into_iter().map(WaitedRow::waited).collect(),
        aborted: document.aborted.map(Cow::into_owned),
    })
}

/// Puts results together, each with the name of its file. Of a run in shards all must be there: a
/// shard that is missing makes the whole one that was cut short. `None` where there is no result.
///
/// # Errors
///
/// When they are not of one run, or say something twice.
pub fn merge(parts: Vec<(String, Part)>) -> Result<Option<Part>, MergeError> {
    let mut parts = parts.into_iter();
    let Some((first, mut whole)) = parts.next() else {
        return Ok(None);
    };
    let mut shards = BTreeMap::new();
    shards.extend(shard_of(&whole.info).map(|shard| (shard, first.clone())));
    let mut files: BTreeMap<(&Dialect, String), String> = BTreeMap::new();
    for result in &whole.results {
        files.insert((result.dialect, result.name.clone()), first.clone());
    }
    let mut reasons: Vec<String> = whole.aborted.take().into_iter().collect();
    for (file, mut part) in parts {
        belong_together(&first, &whole.info, &file, &part.info)?;
        if let Some(shard) = shard_of(&part.info)
            && let Some(known) = shards.insert(shard, file.clone())
        {
            let shard = part.info.shard.unwrap_or_default();
            return Err(MergeError::Twice(known, file, shard));
        }
        add_causes(&mut whole, &mut part);
        whole.info.dialects.extend(&part.info.dialects);
        whole.info.dialects.sort();
        whole.info.dialects.dedup();
        let (probes, results): (Vec<_>, Vec<_>) =
            part.results.into_iter().partition(|it| it.is_first_look());
        for probe in probes {
            add_probe(&mut whole.results, probe);
        }
        for result in &results {
            if let Some(known) = files.insert((result.dialect, result.name.clone()), file.clone()) {
                return Err(MergeError::Overlap(known, file, result.name.clone()));
            }
        }
        reasons.extend(part.aborted.filter(|reason| !reasons.contains(reason)));
        whole.results.extend(results);
        let notices = part.notices.into_iter();
        let news: Vec<Notice> = notices.filter(|it| !whole.notices.contains(it)).collect();
        whole.notices.extend(news);
        whole.took = whole.took.max(part.took);
        add_waited(&mut whole.waited, part.waited);
    }
    reasons.extend(missing(&shards.into_keys().collect()));
    whole.aborted = (!reasons.is_empty()).then(|| reasons.join("; "));
    let place = |it: &Arc<ScenarioResult>| (it.dialect, it.name.clone());
    whole.results.sort_by_key(place);
    let counted = whole.results.iter().filter(|it| !it.is_first_look());
    whole.info.scenarios = counted.count();
    Cause::sort(&mut whole.causes);
    whole.info.shard = None;
    Ok(Some(whole))
}

/// The number of a shard and how many there are.
fn shard_of(info: &RunInfo) -> Option<(usize, usize)> {
    let (index, count) = info.shard.as_deref()?.split_once('/')?;
    Some((index.parse().ok()?, count.parse().ok()?))
}

/// Adds the causes of a part: those of one clause and one kind of breach are one. Numbers of its
/// causes become those of the whole.
fn add_causes(whole: &mut Part, part: &mut Part) {
    let mut numbers = BTreeMap::new();
    for cause in std::mem::take(&mut part.causes) {
        let breach = cause.breach();
        let is_same = |it: &&mut Cause| it.clause == cause.clause && it.breach() == breach;
        let next = whole
            .causes
            .iter()
            .map(|it| it.id)
            .max()
            .unwrap_or_default()
            + 1;
        if let Some(known) = whole.causes.iter_mut().find(is_same) {
            numbers.insert(cause.id, known.id);
            known.standing = known.standing.min(cause.standing);
            known.blocks += cause.blocks;
            for (dialect, standing) in cause.dialects {
                let own = known.dialects.entry(dialect).or_insert(standing);
                *own = standing.min(*own);
            }
            for name in cause.shown_by {
                if !known.shown_by.contains(&name) {
                    known.shown_by.push(name);
                }
            }
        } else {
            numbers.insert(cause.id, next);
            whole.causes.push(Cause { id: next, ..cause });
        }
    }
    let number = |id: Option<usize>| id.and_then(|id| numbers.get(&id).copied());
    for result in &mut part.results {
        if result.cause.is_some() {
            let result = Arc::make_mut(result);
            result.cause = number(result.cause);
        }
    }
    for (dialect, mut ladder) in std::mem::take(&mut part.ladders) {
        for rung in &mut ladder {
            rung.cause = number(rung.cause);
        }
        RungResult::add_least(whole.ladders.entry(dialect).or_default(), ladder);
    }
    let earliest = [whole.info.started.take(), part.info.started.take()];
    whole.info.started = earliest.into_iter().flatten().min();
}

/// Adds what one shard saw before its first scenario to what others saw.
fn add_probe(results: &mut Vec<Arc<ScenarioResult>>, probe: Arc<ScenarioResult>) {
    let is_it = |it: &&mut Arc<ScenarioResult>| it.is_first_look() && it.dialect == probe.dialect;
    let Some(known) = results.iter_mut().find(is_it) else {
        results.push(probe);
        return;
    };
    let known = Arc::make_mut(known);
    if probe.verdict == Verdict::Failed && known.verdict != Verdict::Failed {
        (known.verdict, known.reason) = (probe.verdict, probe.reason.clone());
    }
    add_failures(&mut known.failures, &probe.failures);
    add_failures(&mut known.notes, &probe.notes);
}

/// Adds those that break another clause, or that somebody else has seen.
fn add_failures(known: &mut Vec<Failure>, more: &[Failure]) {
    for failure in more {
        let is_same = |it: &Failure| (it.clause, &it.judge) == (failure.clause, &failure.judge);
        if !known.iter().any(is_same) {
            known.push(failure.clone());
        }
    }
}

fn belong_together(
    first: &str,
    info: &RunInfo,
    file: &str,
    other: &RunInfo,
) -> Result<(), MergeError> {
    let count = |info: &RunInfo| shard_of(info).map_or(1, |(_, count)| count).to_string();
    let shard = |info: &RunInfo| shard_of(info).map(|_| Dialect::names(&info.dialects));
    let dialects = shard(info).zip(shard(other)).unwrap_or_default();
    let differences = [
        ("dialect", dialects.0, dialects.1),
        ("target", info.target.clone(), other.target.clone()),
        ("level", info.level.to_string(), other.level.to_string()),
        (
            "--strict",
            info.strict.to_string(),
            other.strict.to_string(),
        ),
        ("seed", info.seed.to_string(), other.seed.to_string()),
        ("number of shards", count(info), count(other)),
    ];
    for (what, one, another) in differences {
        if one != another {
            let (first, file) = (first.to_owned(), file.to_owned());
            return Err(MergeError::Differ(first, file, what, one, another));
        }
    }
    Ok(())
}

/// Which shards are not there, in words.
fn missing(there: &BTreeSet<(usize, usize)>) -> Option<String> {
    const SHOWN: usize = 20;
    let count = there.first()?.1;
    let gone = count.checked_sub(there.len()).filter(|gone| *gone > 0)?;
    let mut names = (1..=count).filter(|index| !there.contains(&(*index, count)));
    let shown: Vec<String> = names
        .by_ref()
        .take(SHOWN)
        .map(|index| format!("{index}/{count}"))
        .collect();
    let more = if gone > SHOWN { " …" } else { "" };
    Some(format!("missing: shard {}{more}", shown.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(shard: &str, scenario: &str, seed: u64) -> String {
        format!(
            r#"{{"version": 2, "target": "t", "level": "must", "strict": false, "seed": {seed},
                "shard": "{shard}", "dialects": ["MSNP2"], "msnpspec": "0.1.0", "ladder": [], "causes": [], "totals": {{"passed": 1, "failed": 0, "blocked": 0, "inconclusive": 0,
                "skipped": 0, "waived": 0, "flaky": 0}}, "ms": 5,
                "waited": [{{"for": "quiet", "ms": 3}}], "aborted": null, "notices": [],
                "scenarios": [{{"name": "{scenario}", "dialect": "MSNP2", "verdict": "passed", "clauses": ["USR-6"],
                "ms": 1, "failures": []}}], "clauses": []}}"#
        )
    }

    fn part(name: &str, shard: &str, scenario: &str, seed: u64) -> (String, Part) {
        let text = document(shard, scenario, seed);
        (name.to_owned(), read_result(name, &text).unwrap())
    }

    #[test]
    fn shards_become_one() {
        let parts = vec![part("b", "2/2", "b", 7), part("a", "1/2", "a", 7)];
        let whole = merge(parts).unwrap().unwrap();
        let names: Vec<_> = whole.results.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!((whole.aborted, whole.info.shard), (None, None));
        assert_eq!(
            whole.waited,
            [("quiet".to_owned(), Duration::from_millis(6))]
        );
        assert_eq!(whole.took, Duration::from_millis(5));
        assert!(merge(Vec::new()).unwrap().is_none());
    }

    #[test]
    fn what_each_shard_saw_before_its_first_scenario_becomes_one() {
        let probe = |index: usize, clause: &str| {
            let text = document(&format!("{index}/3"), &format!("s{index}"), 7);
            let row = format!(
                r#""first_look": {{"name": "probe", "dialect": "MSNP2", "verdict": "failed", "clauses": [], "ms": 0,
                    "failures": [{{"clause": "{clause}", "level": "must", "judge": "replies",
                    "file": "", "line": 0, "column": 0, "expected": {{"text": "x"}}, "got": {{"kind": "line", "text": "y"}},
                    "detail": null, "transcript": []}}]}}, "scenarios": ["#
            );
            let name = format!("{index}.json");
            let part = read_result(&name, &text.replace(r#""scenarios": ["#, &row)).unwrap();
            (name, part)
        };
        let parts = vec![
            probe(1, "REPLY-4"),
            probe(2, "REPLY-4"),
            probe(3, "FRAME-1"),
        ];
        let whole = merge(parts).unwrap().unwrap();
        let names: Vec<_> = whole.results.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["probe", "s1", "s2", "s3"]);
        let seen = whole.results.first().unwrap().failures.iter();
        let seen: Vec<_> = seen.filter_map(|it| Some(it.clause?.as_str())).collect();
        assert_eq!(seen, ["REPLY-4", "FRAME-1"]);
    }

    #[test]
    fn a_shard_that_is_missing_is_told() {
        let parts = vec![part("c", "3/4", "c", 7), part("a", "1/4", "a", 7)];
        let whole = merge(parts).unwrap().unwrap();
        assert_eq!(whole.aborted.as_deref(), Some("missing: shard 2/4, 4/4"));
        let alone = merge(vec![part("a", "1/2", "a", 7)]).unwrap().unwrap();
        assert_eq!(alone.aborted.as_deref(), Some("missing: shard 2/2"));
        let huge = merge(vec![part("a", "1/18446744073709551615", "a", 7)]);
        let told = huge.unwrap().unwrap().aborted.unwrap();
        assert!(told.ends_with("21/18446744073709551615 …"), "{told}");
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let refused = |parts| merge(parts).unwrap_err().to_string();
        let a = || part("a.json", "1/2", "a", 7);
        assert_eq!(
            refused(vec![a(), part("b.json", "2/2", "b", 8)]),
            "a.json and b.json do not belong together: their seed differs (7 and 8)"
        );
        assert_eq!(
            refused(vec![a(), part("b.json", "2/3", "b", 7)]),
            "a.json and b.json do not belong together: their number of shards differs (2 and 3)"
        );
        assert_eq!(
            refused(vec![a(), part("b.json", "1/2", "b", 7)]),
            "a.json and b.json are both shard 1/2"
        );
        assert_eq!(
            refused(vec![a(), part("b.json", "2/2", "a", 7)]),
            "a.json and b.json both have the scenario a"
        );
    }

    #[test]
    fn what_is_no_result_is_told_with_its_place() {
        let error = |text: &str| read_result("x.json", text).unwrap_err().to_string();
        assert!(error("").starts_with("x.json:1:1: no result"));
        assert!(error("{\n  \"version\": one").starts_with("x.json:2:14: no result"));
        let newer = document("1/1", "a", 1).replace("\"version\": 2", "\"version\": 3");
        assert_eq!(
            error(&newer),
            "x.json: a result of version 3; this is for version 2"
        );
        let unknown = document("1/1", "a", 1).replace("USR-6", "USR-666");
        assert!(error(&unknown).contains("unknown clause `USR-666`"));
    }
}
