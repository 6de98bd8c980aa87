//! The results as the JSON formats write them (contract, section 5).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::text::is_hidden;
use super::title::title;
use crate::diagnostic::Place;
use crate::event::{
    Cause, ClauseResult, ClauseVerdict, Expectation, Failure, InDialect, Judge, Observed, Plays,
    Rung, RungResult, RungState, ScenarioResult, SkipReason, Standing, Summary, Totals, Variation,
    Verdict, Wanted,
};
use crate::protocol::{ClauseId, Dialect, Level};

/// A scenario with its result.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioRow<'e> {
    name: Cow<'e, str>,
    dialect: Cow<'e, str>,
    verdict: Verdict,
    clauses: Cow<'e, [ClauseId]>,
    ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<Cow<'e, SkipReason>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plays: Option<Plays>,
    failures: Vec<FailureRow<'e>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<FailureRow<'e>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    variations: Vec<VariationRow<'e>>,
}

impl<'e> ScenarioRow<'e> {
    pub(super) fn of(result: &'e ScenarioResult) -> Self {
        Self {
            name: Cow::Borrowed(&result.name),
            dialect: Cow::Borrowed(result.dialect.name),
            verdict: result.verdict,
            clauses: Cow::Borrowed(&result.clauses),
            ms: milliseconds(result.took),
            cause: result.cause,
            reason: result.reason.as_deref().map(Cow::Borrowed),
            skipped: result.skipped.as_ref().map(Cow::Borrowed),
            plays: result.plays,
            failures: result.failures.iter().map(FailureRow::of).collect(),
            notes: result.notes.iter().map(FailureRow::of).collect(),
            variations: result.variations.iter().map(VariationRow::of).collect(),
        }
    }

    /// The result that was written, as far as it was.
    pub(super) fn result(self) -> ScenarioResult {
        let is_met = match self.verdict {
            Verdict::Passed => true,
            _ => self.failures.iter().all(|failure| failure.judge != "step"),
        };
        ScenarioResult {
            name: self.name.into_owned(),
            dialect: Dialect::named(self.dialect.as_bytes()).unwrap_or_default(),
            description: String::new(),
            clauses: self.clauses.into_owned(),
            verdict: self.verdict,
            cause: self.cause,
            rung: None,
            is_met,
            reason: self.reason.map(Cow::into_owned),
            skipped: self.skipped.map(Cow::into_owned),
            plays: self.plays,
            failures: self.failures.into_iter().map(FailureRow::failure).collect(),
            notes: self.notes.into_iter().map(FailureRow::failure).collect(),
            variations: self
                .variations
                .into_iter()
                .map(VariationRow::variation)
                .collect(),
            took: Duration::from_millis(self.ms),
            waited: Duration::ZERO,
            round_trips: 0,
            transcript: Vec::new(),
        }
    }
}

/// A failure with its proof; `clause` is null only in a broken scenario.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureRow<'e> {
    clause: Option<ClauseId>,
    level: Option<Level>,
    judge: Cow<'e, str>,
    file: Cow<'e, str>,
    line: usize,
    column: usize,
    expected: ExpectedRow<'e>,
    got: GotRow<'e>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    word: Option<usize>,
    #[serde(default)]
    transcript: Cow<'e, [String]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    words: Cow<'e, [String]>,
}

impl<'e> FailureRow<'e> {
    fn of(failure: &'e Failure) -> Self {
        Self {
            clause: failure.clause,
            level: failure.level,
            judge: Cow::Borrowed(failure.judge.as_str()),
            file: Cow::Borrowed(&failure.place.file),
            line: failure.place.line,
            column: failure.place.column,
            expected: ExpectedRow {
                text: Cow::Borrowed(&failure.expected.text),
                any: Cow::Borrowed(&failure.expected.any),
            },
            got: GotRow::of(&failure.got),
            detail: failure.detail.as_deref().map(Cow::Borrowed),
            command: failure.command.as_deref().map(Cow::Borrowed),
            word: failure.word,
            transcript: Cow::Borrowed(&failure.transcript),
            words: Cow::Borrowed(&failure.words),
        }
    }

    fn failure(self) -> Failure {
        Failure {
            clause: self.clause,
            level: self.level,
            judge: Judge::of(self.judge.into_owned()),
            place: place(self.file, self.line, self.column),
            expected: Expectation {
                text: self.expected.text.into_owned(),
                any: self.expected.any.into_owned(),
            },
            got: self.got.observed(),
            detail: self.detail.map(Cow::into_owned),
            word: self.word,
            command: self.command.map(Cow::into_owned),
            kind: None,
            conn: None,
            entry: None,
            until: 0,
            transcript: self.transcript.into_owned(),
            words: self.words.into_owned(),
        }
    }
}

/// What was expected: in words, and as kinds of answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedRow<'e> {
    text: Cow<'e, str>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    any: Cow<'e, [Wanted]>,
}

/// What came: its kind, the code of an error, how long a silence lasted, and the words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GotRow<'e> {
    kind: Cow<'e, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ms: Option<u64>,
    text: Cow<'e, str>,
}

impl GotRow<'_> {
    fn of(got: &Observed) -> Self {
        Self {
            kind: Cow::Borrowed(got.kind()),
            code: got.code(),
            ms: got.silence_ms(),
            text: Cow::Owned(got.to_string()),
        }
    }

    fn observed(self) -> Observed {
        Observed::of_parts(&self.kind, self.code, self.ms, self.text.into_owned())
    }
}

/// A place whose line is not known.
fn place(file: Cow<'_, str>, line: usize, column: usize) -> Place {
    Place {
        file: file.into_owned(),
        line,
        column,
        text: String::new(),
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariationRow<'e> {
    clause: ClauseId,
    seen: Cow<'e, str>,
    file: Cow<'e, str>,
    line: usize,
    column: usize,
}

impl<'e> VariationRow<'e> {
    fn of(variation: &'e Variation) -> Self {
        Self {
            clause: variation.clause,
            seen: Cow::Borrowed(&variation.seen),
            file: Cow::Borrowed(&variation.place.file),
            line: variation.place.line,
            column: variation.place.column,
        }
    }

    fn variation(self) -> Variation {
        Variation {
            clause: self.clause,
            seen: self.seen.into_owned(),
            place: place(self.file, self.line, self.column),
        }
    }
}

/// A rung of the ladder with what was found on it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RungRow {
    rung: Cow<'static, str>,
    state: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
}

impl RungRow {
    pub(super) fn all(ladder: &[RungResult]) -> Vec<Self> {
        let row = |known: &RungResult| Self {
            rung: Cow::Borrowed(known.rung.as_str()),
            state: Cow::Borrowed(known.state.as_str()),
            cause: known.cause,
        };
        ladder.iter().map(row).collect()
    }

    /// The rung that was written; `None` where it says what is not known.
    pub(super) fn result(&self) -> Option<RungResult> {
        Some(RungResult {
            rung: Rung::find(&self.rung)?,
            state: RungState::find(&self.state)?,
            cause: self.cause,
        })
    }
}

/// What a run came to in one of several dialects.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DialectRow<'e> {
    pub(super) dialect: Cow<'e, str>,
    scenarios: usize,
    pub(super) totals: Totals,
    pub(super) ladder: Vec<RungRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_look: Option<ScenarioRow<'e>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aborted: Option<Cow<'e, str>>,
}

impl<'e> DialectRow<'e> {
    /// A row for each dialect; none in a run of one.
    pub(super) fn all(summary: &'e Summary, first_looks: &'e [Arc<ScenarioResult>]) -> Vec<Self> {
        let row = |part: &'e InDialect| Self {
            dialect: Cow::Borrowed(part.dialect.name),
            scenarios: part.totals.all(),
            totals: part.totals,
            ladder: RungRow::all(&part.ladder),
            first_look: first_looks
                .iter()
                .find(|look| look.dialect == part.dialect)
                .map(|look| ScenarioRow::of(look)),
            aborted: part.aborted.as_deref().map(Cow::Borrowed),
        };
        match summary.dialects.len() {
            0 | 1 => Vec::new(),
            _ => summary.dialects.iter().map(row).collect(),
        }
    }
}

/// A cause; what shows it best stands with it, as a failure does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CauseRow<'e> {
    id: usize,
    clause: Option<ClauseId>,
    level: Option<Level>,
    title: Cow<'e, str>,
    standing: Cow<'e, str>,
    #[serde(default)]
    dialects: BTreeMap<Cow<'e, str>, Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rung: Option<Cow<'e, str>>,
    shown_by: Cow<'e, [String]>,
    blocks: usize,
    transcript: Cow<'e, [String]>,
    failure: FailureRow<'e>,
}

impl<'e> CauseRow<'e> {
    pub(super) fn all(causes: &'e [Cause]) -> Vec<Self> {
        let row = |cause: &'e Cause| Self {
            id: cause.id,
            clause: cause.clause,
            level: cause.level,
            title: Cow::Owned(title(cause)),
            standing: Cow::Borrowed(cause.standing.as_str()),
            dialects: cause
                .dialects
                .iter()
                .map(|(dialect, it)| (Cow::Borrowed(dialect.name), Cow::Borrowed(it.as_str())))
                .collect(),
            rung: cause.rung.map(|rung| Cow::Borrowed(rung.as_str())),
            shown_by: Cow::Borrowed(&cause.shown_by),
            blocks: cause.blocks,
            transcript: Cow::Borrowed(&cause.failure.transcript),
            failure: FailureRow {
                transcript: Cow::Borrowed(&[]),
                ..FailureRow::of(&cause.failure)
            },
        };
        causes.iter().map(row).collect()
    }

    /// The cause that was written; `None` where it says what is not known.
    pub(super) fn cause(self) -> Option<Cause> {
        let failure = Failure {
            transcript: self.transcript.into_owned(),
            ..self.failure.failure()
        };
        Some(Cause {
            id: self.id,
            clause: self.clause,
            level: self.level,
            standing: Standing::find(&self.standing)?,
            dialects: self
                .dialects
                .iter()
                .filter_map(|(name, standing)| {
                    Some((Dialect::named(name.as_bytes())?, Standing::find(standing)?))
                })
                .collect(),
            rung: self.rung.and_then(|rung| Rung::find(&rung)),
            failure: Arc::new(failure),
            shown_by: self.shown_by.into_owned(),
            blocks: self.blocks,
        })
    }
}

/// A clause with what became of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClauseRow<'e> {
    pub(super) id: ClauseId,
    pub(super) level: Level,
    pub(super) dialect: Cow<'e, str>,
    pub(super) verdict: ClauseVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<Cow<'e, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<WhyRow<'e>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
}

/// Why a clause was not tested: a word for programs, and words for people.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhyRow<'e> {
    kind: Cow<'e, str>,
    text: Cow<'e, str>,
}

impl<'e> ClauseRow<'e> {
    pub(super) fn all(clauses: &'e [ClauseResult]) -> Vec<Self> {
        let row = |result: &'e ClauseResult| Self {
            id: result.id,
            level: result.level,
            dialect: Cow::Borrowed(result.dialect.name),
            verdict: result.verdict,
            seen: result.seen.as_deref().map(Cow::Borrowed),
            why: result.untested.map(|why| WhyRow {
                kind: Cow::Borrowed(why.as_str()),
                text: Cow::Owned(why.to_string()),
            }),
            cause: result.cause,
        };
        clauses.iter().map(row).collect()
    }
}

/// How long scenarios waited for one thing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitedRow<'e> {
    #[serde(rename = "for")]
    what: Cow<'e, str>,
    ms: u64,
}

impl<'e> WaitedRow<'e> {
    pub(super) fn all(summary: &'e Summary) -> Vec<Self> {
        let row = |(what, time): &'e (String, _)| Self {
            what: Cow::Borrowed(what),
            ms: milliseconds(*time),
        };
        summary.waited.iter().map(row).collect()
    }

    pub(super) fn waited(self) -> (String, Duration) {
        (self.what.into_owned(), Duration::from_millis(self.ms))
    }
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Writes JSON; what could steer a terminal and is legal in JSON (DEL, the C1 controls, marks of
/// direction) is escaped as well.
pub(super) fn write_json(out: &mut dyn io::Write, json: &str) -> io::Result<()> {
    let mut safe = String::with_capacity(json.len() + 1);
    for char in json.chars() {
        if is_hidden(char) && char != '\n' {
            let _ = write!(safe, "\\u{:04x}", u32::from(char));
        } else {
            safe.push(char);
        }
    }
    safe.push('\n');
    out.write_all(safe.as_bytes())
}
