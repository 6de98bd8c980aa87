//! One server in one dialect, as a result tells it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{Cause, ClauseVerdict, RungResult, Totals};
use crate::protocol::{ClauseId, Dialect, Level};
use crate::report::json::{Document, VERSION};
use crate::report::merge::MergeError;
use crate::report::rows::{CauseRow, RungRow};

/// Who a server is and what was looked at by hand, written into a result that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its name, as its makers write it.
    pub server: String,
    /// Where its source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Which commit of it was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What else a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Clauses whose verdict nobody has checked by hand: nothing is said of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<ClauseId>,
}

/// What became of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its level.
    pub level: Level,
    /// What became of it; `None` where nobody has checked it by hand.
    pub verdict: Option<ClauseVerdict>,
    /// What was seen, where it varied.
    pub seen: Option<String>,
}

impl Cell {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.verdict.map_or("?", ClauseVerdict::as_str)
    }

    /// Whether the clause is broken, whatever that means for a run.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        use ClauseVerdict::{Failed, Noted, Waived};
        matches!(self.verdict, Some(Failed | Noted | Waived))
    }
}

/// One server in one dialect.
#[derive(Debug, Clone)]
pub struct Side {
    /// The target's name.
    pub target: String,
    /// The dialect.
    pub dialect: &'static Dialect,
    /// Who it is, where the result says so.
    pub about: Option<About>,
    /// The level of the run.
    pub level: Level,
    /// Whether variations counted as failures.
    pub strict: bool,
    /// The version of msnpspec.
    pub version: String,
    /// When it was run, as RFC 3339 writes it.
    pub started: Option<String>,
    /// Why it is not the whole suite, in words.
    pub part: Option<String>,
    /// The scenarios by verdict.
    pub totals: Totals,
    /// How far the first look came.
    pub ladder: Vec<RungResult>,
    /// What is wrong, the heaviest first; what nobody has checked is left out.
    pub causes: Vec<Cause>,
    /// The clauses that hold in the dialect.
    pub clauses: BTreeMap<ClauseId, Cell>,
}

impl Side {
    /// What it is called: its own name where the result tells it.
    #[must_use]
    pub fn name(&self) -> &str {
        let about = self.about.as_ref();
        about.map_or(&self.target, |about| &about.server)
    }

    /// The day of the run.
    #[must_use]
    pub fn day(&self) -> Option<&str> {
        self.started.as_deref()?.split('T').next()
    }

    /// How many clauses have a verdict for which `is_it` holds.
    pub(super) fn count(&self, is_it: impl Fn(&Cell) -> bool) -> usize {
        self.clauses.values().filter(|cell| is_it(cell)).count()
    }

    /// How many clauses are broken, varied, hold, and are not judged.
    pub(super) fn counts(&self) -> [(&'static str, usize); 4] {
        let of = |verdict| self.count(move |cell: &Cell| cell.verdict == Some(verdict));
        let unjudged = |cell: &Cell| matches!(cell.verdict, None | Some(ClauseVerdict::Untested));
        [
            ("broken", self.count(Cell::is_broken)),
            ("varied", of(ClauseVerdict::Varied)),
            ("passed", of(ClauseVerdict::Passed)),
            ("not judged", self.count(unjudged)),
        ]
    }
}

/// Reads a result: one side for each dialect in it.
///
/// # Errors
///
/// When the text is no result, with the place.
pub fn read_sides(file: &str, text: &str) -> Result<Vec<Side>, MergeError> {
    let mut document: Document<'_> =
        serde_json::from_str(text).map_err(|error| MergeError::unreadable(file, &error))?;
    if document.version != VERSION {
        return Err(MergeError::Version(file.to_owned(), document.version));
    }
    let about = document.about.take();
    let unchecked: Vec<ClauseId> = about.iter().flat_map(|it| it.unchecked.clone()).collect();
    let causes = std::mem::take(&mut document.causes)
        .into_iter()
        .filter_map(CauseRow::cause);
    let is_checked = |cause: &Cause| cause.clause.is_none_or(|id| !unchecked.contains(&id));
    let causes: Vec<Cause> = causes.filter(is_checked).collect();
    let dialects = document.dialects.iter();
    let dialects = dialects.filter_map(|name| Dialect::named(name.as_bytes()));
    let dialects: BTreeSet<&'static Dialect> = dialects.collect();
    let side = |dialect: &'static Dialect| {
        let own = document.by_dialect.iter();
        let own = own.clone().find(|row| row.dialect == dialect.name);
        let ladder = own.map_or(&document.ladder, |row| &row.ladder);
        let rows = document.clauses.iter();
        let rows = rows.filter(|row| row.dialect == dialect.name);
        let cell = |verdict, id| Some(verdict).filter(|_| !unchecked.contains(&id));
        Side {
            target: document.target.to_string(),
            dialect,
            about: about.clone(),
            level: document.level,
            strict: document.strict,
            version: document.msnpspec.to_string(),
            started: document.started.as_deref().map(str::to_owned),
            part: part(&document),
            totals: own.map_or(document.totals, |row| row.totals),
            ladder: ladder.iter().filter_map(RungRow::result).collect(),
            causes: causes
                .iter()
                .filter(|cause| cause.standing_in(dialect).is_some())
                .cloned()
                .collect(),
            clauses: rows
                .map(|row| {
                    let cell = Cell {
                        level: row.level,
                        verdict: cell(row.verdict, row.id),
                        seen: row.seen.as_deref().map(str::to_owned),
                    };
                    (row.id, cell)
                })
                .collect(),
        }
    };
    Ok(dialects.into_iter().map(side).collect())
}

/// Why a result is not of the whole suite.
fn part(document: &Document<'_>) -> Option<String> {
    let aborted = document
        .aborted
        .as_deref()
        .map(|why| format!("not carried to its end: {why}"));
    let shard = document
        .shard
        .as_deref()
        .map(|shard| format!("shard {shard}"));
    let filter = document
        .filter
        .as_deref()
        .map(|filter| format!("filter {filter}"));
    let files = document.files.then(|| "own scenarios".to_owned());
    let all: Vec<String> = [aborted, shard, filter, files]
        .into_iter()
        .flatten()
        .collect();
    (!all.is_empty()).then(|| all.join("; "))
}
