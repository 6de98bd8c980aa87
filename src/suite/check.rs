//! Recorded transcripts, judged by the same oracles as a run, and told in the same events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::causes::Causes;
use super::tally::Tally;
use crate::diagnostic::{Source, Span};
use crate::engine::{Course, tell};
use crate::event::{
    Cause, Failure, InDialect, RungResult, ScenarioResult, Summary, Totals, Verdict,
};
use crate::oracle;
use crate::protocol::{DIALECTS, Dialect, Inferred, Level};
use crate::scenario::Accused;
use crate::transcript::read::Reading;
use crate::transcript::{Connection, Party, Redactor, Transcript, What};

/// Judges what was recorded in a file: one result, named after the file. What breaks a clause
/// beyond `level` is a note. What one oracle says of one clause in the same words is told once.
#[must_use]
pub fn check(source: &Arc<Source>, reading: &Reading, level: Level) -> ScenarioResult {
    let mut course = Course::default();
    for (entry, (start, end)) in reading.places.iter().enumerate() {
        course.mark(entry, source, Span::new(*start, *end));
    }
    let findings = oracle::judge(&reading.transcript);
    let redactor = Redactor::default();
    let told = tell(&findings, &reading.transcript, &course, &redactor);
    let counts = |failure: &Failure| {
        // Of the dialect that its connection speaks.
        failure
            .level
            .is_some_and(|of| of <= level && of != Level::Open)
    };
    let (failures, notes): (Vec<_>, Vec<_>) = told.into_iter().partition(counts);
    ScenarioResult {
        name: source.path.clone(),
        dialect: spoken(reading).last().copied().unwrap_or_default(),
        description: "a recorded transcript".to_owned(),
        clauses: Vec::new(),
        verdict: match failures.is_empty() {
            true => Verdict::Passed,
            false => Verdict::Failed,
        },
        cause: None,
        rung: None,
        is_met: false,
        reason: None,
        skipped: None,
        plays: None,
        failures,
        notes,
        variations: Vec::new(),
        took: Duration::ZERO,
        waited: Duration::ZERO,
        round_trips: 0,
        transcript: Vec::new(),
    }
}

/// Whether a recording has a line of a server that can be judged: behind a gap none is.
#[must_use]
pub fn has_server(reading: &Reading) -> bool {
    let mut holed = BTreeSet::new();
    reading
        .transcript
        .entries()
        .iter()
        .any(|entry| match &entry.what {
            What::Missing(..) => {
                holed.insert(entry.conn);
                false
            }
            What::Frame(Party::Server, _) | What::Raw(Party::Server, _) => {
                !holed.contains(&entry.conn)
            }
            What::Closed(Party::Server) | What::Reset(Party::Server) => {
                !holed.contains(&entry.conn)
            }
            _ => false,
        })
}

/// The dialects that a recording agrees on, lowest first.
#[must_use]
pub fn spoken(reading: &Reading) -> Vec<&'static Dialect> {
    let entries = reading.transcript.entries().iter();
    let agreed = entries.filter_map(|entry| match &entry.what {
        What::Frame(Party::Server, frame) => Dialect::heard(frame.words()),
        _ => None,
    });
    let mut all: Vec<&Dialect> = agreed.collect();
    all.sort();
    all.dedup();
    all
}

/// What is said of a recording whose dialect is not judged, or not shown.
#[must_use]
pub fn remarks(reading: &Reading) -> BTreeSet<String> {
    let entries = reading.transcript.entries().iter();
    let words = entries.filter_map(|entry| match &entry.what {
        What::Frame(Party::Server, frame) => Dialect::foreign(frame.words()),
        _ => None,
    });
    let foreign = |word: &[u8]| {
        let word = String::from_utf8_lossy(word);
        format!("{word} is recognised and not judged: of it {SHARED} are looked at")
    };
    let mut remarks: BTreeSet<String> = words.map(foreign).collect();
    let extracts = reading.transcript.connections().iter();
    remarks.extend(extracts.filter_map(extract));
    remarks
}

/// What is looked at where a dialect is not judged.
const SHARED: &str = "only the beginnings and ends of lines, TrIDs and missing answers";

/// What is said of a connection on which nobody sees a dialect agreed on.
fn extract(connection: &Connection) -> Option<String> {
    let (inference, name) = (connection.inference()?, &connection.name);
    let judged = Dialect::names(&DIALECTS);
    Some(match inference.dialect() {
        Inferred::From(_) => {
            let candidates: Vec<&Dialect> = inference.candidates().collect();
            let names = Dialect::names(&candidates);
            let judged = match candidates.as_slice() {
                [_] => format!("it is judged as {names}"),
                _ => format!("what {names} share is judged"),
            };
            format!("{name}: nobody sees which dialect was agreed on; by its lines {judged}")
        }
        Inferred::Foreign(first) => format!(
            "{name}: the lines are of {first} or later, and only {judged} are judged: the beginnings \
             and ends of lines are looked at"
        ),
        Inferred::Unclear => format!(
            "{name}: which dialect is spoken is not shown, and the lines are of no one dialect: the \
             beginnings and ends of lines are looked at"
        ),
    })
}

/// The lines of the server in a transcript that break a clause, each with the first that it breaks.
#[must_use]
pub fn accused(transcript: &Transcript) -> Accused {
    let is_line = |entry: usize| {
        let entry = transcript.entries().get(entry);
        entry.is_some_and(|entry| matches!(entry.what, What::Frame(Party::Server, _)))
    };
    let findings = oracle::judge(transcript);
    let of_lines = findings.iter().filter(|finding| is_line(finding.entry));
    let mut accused = Accused::new();
    for finding in of_lines {
        accused.entry(finding.entry).or_insert(finding.clause);
    }
    accused
}

/// What all files together come to.
#[must_use]
pub fn conclude(results: &[Arc<ScenarioResult>], took: Duration) -> Summary {
    let mut causes = Causes::default();
    for result in results {
        causes.go_on_in(result.dialect);
        causes.take(result, |_| false);
    }
    summed_up(results, causes.list(), BTreeMap::new(), true, took)
}

/// What results come to whose causes are known. `is_part` is set where something of the suite was
/// left out.
#[must_use]
pub fn summed_up(
    results: &[Arc<ScenarioResult>],
    causes: Vec<Cause>,
    mut ladders: BTreeMap<&'static Dialect, Vec<RungResult>>,
    is_part: bool,
    took: Duration,
) -> Summary {
    let mut totals = Totals::default();
    let mut judged: BTreeMap<&'static Dialect, (Totals, Tally)> = BTreeMap::new();
    for result in results {
        let (own, tally) = judged.entry(result.dialect).or_default();
        if !result.is_first_look() {
            totals.count(result.verdict);
            own.count(result.verdict);
        }
        tally.take(result);
    }
    if judged.is_empty() {
        judged.entry(Dialect::first()).or_default();
    }
    let clauses = judged.iter();
    let clauses =
        clauses.flat_map(|(dialect, (_, tally))| tally.results(&causes, is_part, dialect));
    let clauses = clauses.collect();
    let dialects = judged.into_iter().map(|(dialect, (totals, _))| InDialect {
        dialect,
        totals,
        ladder: ladders.get(dialect).cloned().unwrap_or_default(),
        aborted: None,
    });
    let dialects = dialects.collect();
    let mut ladder = Vec::new();
    for own in std::mem::take(&mut ladders).into_values() {
        RungResult::add_least(&mut ladder, own);
    }
    Summary {
        totals,
        dialects,
        clauses,
        ladder,
        causes,
        took,
        waited: Vec::new(),
        aborted: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ClauseId;
    use crate::transcript::read::read;

    const TEXT: &str = "# a bug\nC: VER 1 MSNP2\nS: VER 2 MSNP2\nC: INF 3\nS: INF 3 MD5\n";

    fn checked(level: Level) -> ScenarioResult {
        let source = Source::new("bug.txt", TEXT);
        check(&source, &read(TEXT).unwrap(), level)
    }

    #[test]
    fn a_finding_stands_at_its_line() {
        let result = checked(Level::Must);
        assert_eq!(
            (result.verdict, result.name.as_str()),
            (Verdict::Failed, "bug.txt")
        );
        let first = result.failures.first().unwrap();
        assert_eq!(first.clause, Some(ClauseId::TRID_1));
        assert_eq!(first.place.to_string(), "bug.txt:3:1");
        assert_eq!(
            first.transcript.last().map(String::as_str),
            Some("c1 S: VER 2 MSNP2")
        );
        let summary = conclude(&[Arc::new(result)], Duration::ZERO);
        assert_eq!(summary.totals.failed, 1);
    }

    #[test]
    fn what_breaks_a_clause_of_a_later_level_is_a_note() {
        let text = "C: VER 1 MSNP2\nS: VER 1  MSNP2\n";
        let source = Source::new("spaces.txt", text);
        let at = |level| check(&source, &read(text).unwrap(), level);
        let (strict, lax) = (at(Level::Practice), at(Level::Must));
        assert_eq!(strict.failures[0].clause, Some(ClauseId::FRAME_10));
        assert_eq!(
            (strict.verdict, lax.verdict),
            (Verdict::Failed, Verdict::Passed)
        );
        assert_eq!((lax.failures.len(), lax.notes.len()), (0, 1));
    }

    #[test]
    fn what_is_in_order_draws_nothing() {
        let text = TEXT.replace("VER 2", "VER 1");
        let source = Source::new("fine.txt", text.as_str());
        let result = check(&source, &read(&text).unwrap(), Level::Practice);
        assert_eq!((result.verdict, result.notes.len()), (Verdict::Passed, 0));
    }
}
