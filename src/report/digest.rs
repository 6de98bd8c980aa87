//! Everything that was said in a run, kept until its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::conclusion::sentence;
use super::dialects::{are_many, label};
use crate::event::{
    Cause, Conclusion, Event, Notice, RunInfo, ScenarioResult, Scope, Summary, Variation, Verdict,
};
use crate::protocol::{ClauseId, Dialect, Level};

/// Everything that was said so far.
#[derive(Debug, Default)]
pub(super) struct Digest {
    pub(super) run: Option<RunInfo>,
    /// What the first look saw broken, in each dialect where it saw anything.
    pub(super) first_looks: Vec<Arc<ScenarioResult>>,
    /// In a run of several dialects the names of scenarios bear theirs.
    is_labelled: bool,
    pub(super) results: Vec<Arc<ScenarioResult>>,
    pub(super) notices: Vec<Notice>,
    pub(super) summary: Option<Summary>,
}

impl Digest {
    /// One whose scenarios are told to people: in a run of several dialects each by its dialect too.
    pub(super) fn labelled() -> Self {
        Self {
            is_labelled: true,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Started(run) => self.run = Some(run.clone()),
            Event::ScenarioStarted(..) | Event::Climbed(..) => {}
            Event::ScenarioFinished(result) if result.is_first_look() => {
                self.first_looks.push(Arc::clone(result));
            }
            Event::ScenarioFinished(result) if self.is_labelled && are_many(&self.run()) => {
                self.results.push(Arc::new(ScenarioResult {
                    name: label(result),
                    ..ScenarioResult::clone(result)
                }));
            }
            Event::ScenarioFinished(result) => self.results.push(Arc::clone(result)),
            Event::Notice(notice) => self.notices.push(notice.clone()),
            Event::Finished(summary) => self.summary = Some(summary.clone()),
        }
    }

    /// What the run is; a nameless one where it ended before it began.
    pub(super) fn run(&self) -> RunInfo {
        self.run.clone().unwrap_or_else(|| RunInfo {
            target: "the target".to_owned(),
            dialects: Vec::new(),
            level: Level::Must,
            strict: false,
            seed: 0,
            scenarios: 0,
            jobs: 0,
            shard: None,
            scope: Scope::default(),
            started: None,
        })
    }

    /// The dialects that were tested, lowest first.
    pub(super) fn dialects(&self) -> impl Iterator<Item = &'static str> {
        let results = self.results.iter().map(|result| result.dialect);
        let run = self.run.iter().flat_map(|run| run.dialects.iter().copied());
        let mut all: Vec<&Dialect> = results.chain(run).collect();
        all.sort();
        all.dedup();
        all.into_iter().map(|dialect| dialect.name)
    }

    /// What is wrong, the heaviest first; nothing before the end.
    pub(super) fn causes(&self) -> &[Cause] {
        let summary = self.summary.as_ref();
        summary.map_or(&[], |summary| summary.causes.as_slice())
    }

    /// The scenarios with a verdict.
    pub(super) fn with(&self, verdict: Verdict) -> impl Iterator<Item = &ScenarioResult> {
        let results = self.results.iter().map(Arc::as_ref);
        results.filter(move |result| result.verdict == verdict)
    }

    /// What varied, by clause, with the scenarios in which it was seen.
    pub(super) fn variations(&self) -> BTreeMap<ClauseId, Vec<(&Variation, &str)>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for result in &self.results {
            for variation in &result.variations {
                let seen = found.entry(variation.clause).or_default();
                seen.push((variation, result.name.as_str()));
            }
        }
        found
    }

    /// Whether a notice says this.
    pub(super) fn has_told(&self, text: &str) -> bool {
        self.notices.iter().any(|notice| notice.text == text)
    }

    /// What the run came to; `None` before its end.
    pub(super) fn conclusion(&self) -> Option<Conclusion> {
        let summary = self.summary.as_ref()?;
        Some(Conclusion::of(summary, &self.run(), &self.notices))
    }

    /// What the run came to, as a sentence about the target.
    pub(super) fn sentence(&self) -> String {
        let conclusion = self.conclusion();
        conclusion.map_or_else(String::new, |it| sentence(&it, &self.run()))
    }
}
