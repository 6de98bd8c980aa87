//! What a run comes to, in one word: the last line of the reports, and the exit code.

use crate::event::{ClauseVerdict, Event, Notice, NoticeKind, RunInfo, Summary};
use crate::spec::ClauseId;

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// The server conforms at the chosen level.
    Conforms,
    /// It breaks these clauses; none where only a notice fails the run (a stale waiver).
    Breaks(Vec<ClauseId>),
    /// No clause was seen broken, but so many scenarios could not be carried out.
    Undecided(usize),
    /// The run could not be carried to its end.
    Aborted(String),
    /// Nothing ran: the filter or the shard left nothing.
    Nothing,
}

impl Conclusion {
    /// The conclusion of a summary and of the notices before it.
    pub fn of<'n>(summary: &Summary, notices: impl IntoIterator<Item = &'n Notice>) -> Self {
        let mut notices = notices.into_iter();
        let totals = summary.totals;
        if totals.failed > 0 {
            return Self::Breaks(broken_clauses(summary));
        }
        if let Some(reason) = &summary.aborted {
            return Self::Aborted(reason.clone());
        }
        if notices.any(|notice| notice.kind == NoticeKind::Error) {
            return Self::Breaks(broken_clauses(summary));
        }
        if totals.blocked > 0 {
            return Self::Undecided(totals.blocked);
        }
        if totals.all() == totals.skipped {
            return Self::Nothing;
        }
        Self::Conforms
    }

    /// The conclusion of a whole run; `None` for one without an end.
    #[must_use]
    pub fn of_events(events: &[Event]) -> Option<Self> {
        let notices = events.iter().filter_map(|event| match event {
            Event::Notice(notice) => Some(notice),
            _ => None,
        });
        events.iter().find_map(|event| match event {
            Event::Finished(summary) => Some(Self::of(summary, notices.clone())),
            _ => None,
        })
    }

    /// The conclusion as a sentence about the target.
    #[must_use]
    pub fn sentence(&self, run: &RunInfo) -> String {
        const SHOWN: usize = 8;
        let (target, level) = (super::printable(&run.target), run.level);
        match self {
            Self::Conforms => format!("{target} conforms at level {level}"),
            Self::Breaks(clauses) if clauses.is_empty() => {
                format!("{target} breaks no clause at level {level}, but the run failed: see above")
            }
            Self::Breaks(clauses) => format!(
                "{target} breaks {} at level {level}: {}",
                super::text::counted(clauses.len(), "clause"),
                super::text::some_of(clauses.iter().map(|id| id.as_str()), SHOWN),
            ),
            Self::Undecided(broken) => format!(
                "nothing is said about {target}: {} could not be carried out",
                super::text::counted(*broken, "scenario"),
            ),
            Self::Aborted(reason) => {
                format!("the run was cut short: {}", super::printable(reason))
            }
            Self::Nothing => "nothing ran".to_owned(),
        }
    }
}

fn broken_clauses(summary: &Summary) -> Vec<ClauseId> {
    let failed = |result: &&_| {
        matches!(
            result,
            crate::event::ClauseResult {
                verdict: ClauseVerdict::Failed,
                ..
            }
        )
    };
    summary
        .clauses
        .iter()
        .filter(failed)
        .map(|result| result.id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Totals;
    use std::time::Duration;

    fn summary(totals: Totals, aborted: Option<&str>) -> Summary {
        Summary {
            totals,
            clauses: Vec::new(),
            ladder: Vec::new(),
            causes: Vec::new(),
            took: Duration::ZERO,
            waited: Vec::new(),
            aborted: aborted.map(str::to_owned),
        }
    }

    #[test]
    fn a_failure_outweighs_an_abort_and_an_abort_a_broken_scenario() {
        let totals = Totals {
            passed: 1,
            failed: 1,
            blocked: 1,
            ..Totals::default()
        };
        let conclusion = Conclusion::of(&summary(totals, Some("dead")), []);
        assert_eq!(conclusion, Conclusion::Breaks(Vec::new()));
        let totals = Totals {
            failed: 0,
            ..totals
        };
        let conclusion = Conclusion::of(&summary(totals, Some("dead")), []);
        assert_eq!(conclusion, Conclusion::Aborted("dead".into()));
        assert_eq!(
            Conclusion::of(&summary(totals, None), []),
            Conclusion::Undecided(1)
        );
    }

    #[test]
    fn skipped_scenarios_are_nothing_and_a_stale_waiver_fails() {
        let skipped = Totals {
            skipped: 3,
            ..Totals::default()
        };
        assert_eq!(
            Conclusion::of(&summary(skipped, None), []),
            Conclusion::Nothing
        );
        let passed = Totals {
            passed: 1,
            ..skipped
        };
        assert_eq!(
            Conclusion::of(&summary(passed, None), []),
            Conclusion::Conforms
        );
        let stale = Notice {
            kind: NoticeKind::Error,
            text: "stale".into(),
            detail: Vec::new(),
        };
        let conclusion = Conclusion::of(&summary(passed, None), [&stale]);
        assert_eq!(conclusion, Conclusion::Breaks(Vec::new()));
    }
}
