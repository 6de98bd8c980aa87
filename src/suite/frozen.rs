//! `--suite 2026.12`: a frozen set. What is newer is run and told, and fails nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::sifting::Sifting;
use crate::diagnostic::did_you_mean;
use crate::event::{Event, Failure, Notice, NoticeKind, PROBE, ScenarioResult};
use crate::protocol::{ClauseId, Level};
use crate::scenario::ast::Scenario;

/// The sets, by name. A line of one is `clause ID LEVEL` or `scenario NAME`, with tabs between.
const SUITES: &[(&str, &str)] = &[("2026.12", include_str!("suites/2026.12.txt"))];

/// Names in a notice.
const SHOWN: usize = 20;

/// A frozen set, and what was seen beyond it.
#[derive(Debug)]
pub struct Frozen {
    name: String,
    reason: String,
    level: Level,
    /// The levels of the clauses that were known then.
    clauses: BTreeMap<&'static str, &'static str>,
    /// What the scenarios of the set are called today.
    scenarios: BTreeSet<String>,
    sifting: Sifting,
    beyond: BTreeSet<String>,
}

/// A name that no set has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no suite `{name}`{}",
    .near.map_or_else(
        || format!("; there is {}", suites().collect::<Vec<_>>().join(", ")),
        |near| format!(": did you mean `{near}`?")
    )
)]
pub struct NoSuite {
    /// What was asked for.
    pub name: String,
    /// A name that is like it.
    pub near: Option<&'static str>,
}

/// The names of the sets, the oldest first.
pub fn suites() -> impl Iterator<Item = &'static str> {
    SUITES.iter().map(|(name, _)| *name)
}

/// What one line of a set says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A clause, with its level then.
    Clause(&'static str, &'static str),
    /// A scenario.
    Scenario(&'static str),
}

/// A scenario's name as a set has it, and as `list scenarios` prints it: on one line.
fn on_a_line(name: &str) -> Cow<'_, str> {
    match name.contains(['\r', '\n', '\t']) {
        false => Cow::Borrowed(name),
        true => {
            let name = name.replace('\r', "\\r").replace('\n', "\\n");
            Cow::Owned(name.replace('\t', "\\t"))
        }
    }
}

/// The entries of a set; `None` where there is none of this name.
#[must_use]
pub fn entries(name: &str) -> Option<Vec<Entry>> {
    let (_, text) = SUITES.iter().find(|(known, _)| *known == name)?;
    let entry = |line: &'static str| {
        let mut words = line.split('\t');
        match (words.next()?, words.next()?, words.next()) {
            ("clause", id, Some(level)) => Some(Entry::Clause(id, level)),
            ("scenario", name, None) => Some(Entry::Scenario(name)),
            _ => None,
        }
    };
    text.lines().map(entry).collect()
}

impl Frozen {
    /// The set of this name, for a run at this level. A scenario that has another name today is
    /// found by its aliases in the library.
    ///
    /// # Errors
    ///
    /// Where there is no such set.
    pub fn named(name: &str, level: Level, library: &[Arc<Scenario>]) -> Result<Self, NoSuite> {
        let entries = entries(name).ok_or_else(|| NoSuite {
            name: name.to_owned(),
            near: did_you_mean(name, suites()),
        })?;
        let mut then = BTreeSet::new();
        let mut clauses = BTreeMap::new();
        for entry in entries {
            match entry {
                Entry::Clause(id, level) => {
                    clauses.insert(id, level);
                }
                Entry::Scenario(name) => {
                    then.insert(name);
                }
            }
        }
        let is_of_it = |scenario: &&Arc<Scenario>| {
            let names = std::iter::once(&scenario.name).chain(&scenario.aliases);
            names
                .into_iter()
                .any(|name| then.contains(&*on_a_line(name)))
        };
        let scenarios = library.iter().filter(is_of_it);
        Ok(Self {
            name: name.to_owned(),
            reason: format!("newer than suite {name}"),
            level,
            clauses,
            scenarios: scenarios.map(|it| it.name.clone()).collect(),
            sifting: Sifting::default(),
            beyond: BTreeSet::new(),
        })
    }

    /// What is told in place of an event.
    pub fn take(&mut self, event: Event) -> Vec<Event> {
        match event {
            Event::ScenarioFinished(result) => {
                let is_newer = !self.has(&result.name);
                if is_newer {
                    self.beyond.insert(result.name.clone());
                }
                let mut sifting = std::mem::take(&mut self.sifting);
                let known = |_: &ScenarioResult, failure: &Failure| {
                    is_newer || failure.clause.is_some_and(|id| !self.judges(id))
                };
                let clauses = result.failures.iter().filter_map(|it| it.clause);
                let clauses: Vec<ClauseId> = clauses.filter(|id| !self.judges(*id)).collect();
                let mut result = sifting.result(result, &self.reason, known);
                if is_newer {
                    result = sifting.skipped(result, &self.reason);
                }
                self.sifting = sifting;
                self.beyond
                    .extend(clauses.into_iter().map(|id| id.to_string()));
                vec![Event::ScenarioFinished(result)]
            }
            Event::Finished(summary) => {
                let summary = self.sifting.summary(summary, |_, cause| {
                    let is_newer = cause.clause.is_some_and(|id| !self.judges(id));
                    let mut shown = cause.shown_by.iter().peekable();
                    let by_newer = shown.peek().is_some() && shown.all(|name| !self.has(name));
                    is_newer || by_newer
                });
                let mut events: Vec<Event> = self.told().map(Event::Notice).into_iter().collect();
                events.push(Event::Finished(summary));
                events
            }
            other => vec![other],
        }
    }

    /// Whether a scenario is of the set.
    fn has(&self, name: &str) -> bool {
        name == PROBE || self.scenarios.contains(name)
    }

    /// Whether a clause can fail a run at the level by what was known then.
    fn judges(&self, id: ClauseId) -> bool {
        let all = [Level::Must, Level::Draft, Level::Practice];
        let then = self.clauses.get(id.as_str());
        let then = then.and_then(|word| all.into_iter().find(|level| level.as_str() == *word));
        then.is_some_and(|then| then <= self.level)
    }

    fn told(&self) -> Option<Notice> {
        let count = self.beyond.len();
        let mut detail: Vec<String> = self.beyond.iter().take(SHOWN).cloned().collect();
        if count > SHOWN {
            detail.push(format!("and {} more", count - SHOWN));
        }
        (count > 0).then(|| Notice {
            kind: NoticeKind::Info,
            text: format!(
                "newer than suite {}, and so failing nothing: {count} scenarios and clauses",
                self.name
            ),
            detail,
            of: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Clause;
    use crate::scenario::Library;

    #[test]
    fn a_set_names_what_exists_or_says_what_it_is_called_now() {
        let library = Library::builtin().unwrap().into_scenarios();
        let names = library
            .iter()
            .flat_map(|it| std::iter::once(&it.name).chain(&it.aliases));
        let names: BTreeSet<Cow<'_, str>> = names.map(|name| on_a_line(name)).collect();
        let clauses: BTreeSet<&str> = Clause::all().iter().map(|it| it.id.as_str()).collect();
        for suite in suites() {
            let entries = entries(suite).expect("each line is a clause or a scenario");
            assert!(entries.len() > 1000, "{suite}");
            for entry in entries {
                match entry {
                    Entry::Clause(id, level) => {
                        assert!(clauses.contains(id), "{suite}: {id}");
                        let known = ["must", "draft", "practice", "open"];
                        assert!(known.contains(&level), "{suite}: {id} {level}");
                    }
                    Entry::Scenario(name) => {
                        assert!(
                            names.contains(name),
                            "{suite}: {name} is gone: the scenario that took its place needs it \
                             under `aliases:`"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_set_judges_by_the_levels_of_then() {
        let mut frozen = Frozen::named("2026.12", Level::Must, &[]).unwrap();
        assert!(frozen.judges(ClauseId::USR_6));
        frozen.clauses.insert("USR-6", "practice");
        assert!(!frozen.judges(ClauseId::USR_6));
        frozen.clauses.remove("USR-6");
        assert!(!frozen.judges(ClauseId::USR_6));
        assert!(frozen.has(PROBE) && !frozen.has("a/new-one"));
        let error = Frozen::named("2025", Level::Must, &[]).unwrap_err();
        assert!(error.to_string().contains("2026.12"), "{error}");
    }
}
