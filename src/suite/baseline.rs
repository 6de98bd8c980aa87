//! `--baseline`: what a result of before knows is counted, and only what is new fails the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::sifting::Sifting;
use crate::event::{
    Cause, ClauseVerdict, Event, Failure, Notice, NoticeKind, RunInfo, ScenarioResult, Summary,
    Verdict,
};
use crate::protocol::{ClauseId, Dialect, Level};

/// The words of what scenarios and clauses are named in a notice.
const SHOWN: usize = 20;

/// A result of before.
#[derive(Debug)]
pub struct Baseline {
    name: String,
    info: RunInfo,
    verdicts: BTreeMap<(&'static Dialect, String), Verdict>,
    /// What is broken, and in which way.
    known: BTreeSet<(&'static Dialect, Option<ClauseId>, String)>,
    sifting: Sifting,
    mended: BTreeSet<String>,
    dialects: Vec<&'static Dialect>,
}

/// Why a result is no baseline of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is no baseline of this run: its {what} is {theirs}, and this run's is {ours}")]
pub struct NoBaseline {
    /// The file.
    pub name: String,
    /// What differs.
    pub what: &'static str,
    /// That of the result.
    pub theirs: String,
    /// That of the run.
    pub ours: String,
}

impl Baseline {
    /// That of a result, with the name of its file.
    #[must_use]
    pub fn new(
        name: &str,
        info: RunInfo,
        results: &[Arc<ScenarioResult>],
        causes: &[Cause],
    ) -> Self {
        let verdicts = results.iter();
        let verdicts = verdicts.map(|it| ((it.dialect, it.name.clone()), it.verdict));
        let of = |result: &ScenarioResult| {
            let failures = result.failures.iter().chain(&result.notes);
            let keys = failures.map(|it| (result.dialect, it.clause, it.breach()));
            keys.collect::<Vec<_>>()
        };
        let counts = |it: &&Arc<ScenarioResult>| it.verdict != Verdict::Flaky;
        let mut known: BTreeSet<_> = results
            .iter()
            .filter(counts)
            .flat_map(|result| of(result))
            .collect();
        for cause in causes {
            let within = info.dialects.iter().copied();
            let within = within.filter(|dialect| cause.standing_in(dialect).is_some());
            known.extend(within.map(|dialect| (dialect, cause.clause, cause.breach())));
        }
        Self {
            name: name.to_owned(),
            verdicts: verdicts.collect(),
            known,
            info,
            sifting: Sifting::default(),
            mended: BTreeSet::new(),
            dialects: Vec::new(),
        }
    }

    /// Whether it is one of such a run.
    ///
    /// # Errors
    ///
    /// When its target, its level or its letter is another.
    pub fn fits(&self, target: &str, level: Level, strict: bool) -> Result<(), NoBaseline> {
        let differences = [
            ("target", self.info.target.clone(), target.to_owned()),
            ("level", self.info.level.to_string(), level.to_string()),
            ("--strict", self.info.strict.to_string(), strict.to_string()),
        ];
        let different = differences
            .into_iter()
            .find(|(_, theirs, ours)| theirs != ours);
        match different {
            None => Ok(()),
            Some((what, theirs, ours)) => Err(NoBaseline {
                name: self.name.clone(),
                what,
                theirs,
                ours,
            }),
        }
    }

    /// What is told in place of an event.
    pub fn take(&mut self, event: Event) -> Vec<Event> {
        match event {
            Event::Started(run) => {
                self.dialects.clone_from(&run.dialects);
                let mut events = vec![Event::Started(run)];
                events.extend(self.cautions().into_iter().map(Event::Notice));
                events
            }
            Event::ScenarioFinished(result) => {
                let (name, dialect) = (result.name.clone(), result.dialect);
                let before = self.verdicts.get(&(dialect, name)).copied();
                let had_failed = matches!(before, Some(Verdict::Failed | Verdict::Waived));
                if had_failed && result.verdict == Verdict::Passed {
                    self.mended.insert(self.label(&result));
                }
                let known = &self.known;
                let is_known = |result: &ScenarioResult, failure: &Failure| {
                    let key = (result.dialect, failure.clause, failure.breach());
                    before != Some(Verdict::Passed) && known.contains(&key)
                };
                let reason = format!("known from {}", self.name);
                let result = self.sifting.result(result, &reason, is_known);
                vec![Event::ScenarioFinished(result)]
            }
            Event::Finished(summary) => {
                let known = |dialect: &'static Dialect, cause: &Cause| {
                    let (clause, breach) = (cause.clause, cause.breach());
                    let same_clause = || {
                        let mut known = self.known.iter();
                        known.any(|(of, id, _)| *of == dialect && *id == clause)
                    };
                    self.known.contains(&(dialect, clause, breach))
                        || (!cause.shown_by.is_empty() && clause.is_some() && same_clause())
                };
                let summary = self.sifting.summary(summary, known);
                let mut events: Vec<Event> = self.told(&summary).map(Event::Notice).collect();
                events.push(Event::Finished(summary));
                events
            }
            other => vec![other],
        }
    }

    fn label(&self, result: &ScenarioResult) -> String {
        match self.dialects.len() {
            0 | 1 => result.name.clone(),
            _ => format!("{} {}", result.dialect, result.name),
        }
    }

    /// What makes it say less than it could.
    fn cautions(&self) -> Option<Notice> {
        let unknown = self.dialects.iter().copied();
        let unknown: Vec<&Dialect> = unknown
            .filter(|dialect| !self.info.dialects.contains(dialect))
            .collect();
        let name = &self.name;
        let (text, detail) = if unknown.is_empty() {
            let is_part = self.info.scope.is_part() || self.info.shard.is_some();
            let text = format!("{name} is of a part of the suite: what it does not hold is new");
            (is_part.then_some(text)?, Vec::new())
        } else {
            let names = Dialect::names(&unknown);
            let text = format!("{name} says nothing of {names}: everything in that is new");
            let theirs = Dialect::names(&self.info.dialects);
            (text, vec![format!("it is of {theirs}")])
        };
        Some(Notice {
            kind: NoticeKind::Warning,
            text,
            detail,
            of: None,
        })
    }

    fn told(&self, summary: &Summary) -> impl Iterator<Item = Notice> + use<> {
        let name = &self.name;
        let info = |text: String, detail| Notice {
            kind: NoticeKind::Info,
            text,
            detail,
            of: None,
        };
        let known = self.sifting.waived();
        let since = self.info.started.as_deref().map(|it| format!(" ({it})"));
        let since = since.unwrap_or_default();
        let were = if known == 1 {
            "scenario that fails is"
        } else {
            "scenarios that fail are"
        };
        let counted = info(
            format!("{known} {were} known from {name}{since}"),
            Vec::new(),
        );
        let clauses = summary.clauses.iter().filter(|clause| {
            let broken = |(of, id, _): &(&Dialect, Option<ClauseId>, String)| {
                *of == clause.dialect && *id == Some(clause.id)
            };
            clause.verdict == ClauseVerdict::Passed && self.known.iter().any(broken)
        });
        let clauses = clauses.map(|clause| format!("{} holds now", clause.id));
        let clauses: BTreeSet<String> = clauses.collect();
        let mut detail: Vec<String> = clauses.into_iter().chain(self.mended.clone()).collect();
        let more = detail.len().saturating_sub(SHOWN);
        detail.truncate(SHOWN);
        if more > 0 {
            detail.push(format!("and {more} more"));
        }
        let mended = (!detail.is_empty()).then(|| {
            let count = self.mended.len();
            let scenarios = if count == 1 { "scenario" } else { "scenarios" };
            info(format!("mended since {name}: {count} {scenarios}"), detail)
        });
        [Some(counted), mended].into_iter().flatten()
    }
}
