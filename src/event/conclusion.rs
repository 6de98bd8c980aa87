//! What a run comes to, as a value: the last line of the reports, and the exit code.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ByReason, ClauseResult, ClauseVerdict, Event, Gates, Notice, NoticeKind, RunInfo, Standing,
    Summary, Untested,
};
use crate::protocol::{ClauseId, Level};

/// Above one in so many inconclusive scenarios nothing is said of the server.
const ONE_IN: usize = 20;

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// The server conforms at the chosen level. What this set-up cannot have is listed.
    Conforms(ByReason),
    /// Nothing is broken at the level, but not all of it was judged.
    Sound {
        /// What was not tested.
        untested: ByReason,
        /// Clauses of the level that are broken, as a waiver knows.
        waived: Vec<ClauseId>,
        /// How many scenarios are blocked, flaky or inconclusive.
        open: usize,
    },
    /// It breaks these clauses; none where only a notice fails the run (a stale waiver).
    Breaks(Vec<ClauseId>),
    /// No clause was seen broken, but so many scenarios could not be carried out.
    Undecided(usize),
    /// So many scenarios met a limit of our own.
    Inconclusive(usize),
    /// The run could not be carried to its end.
    Aborted(String),
    /// Nothing ran: the filter or the shard left nothing.
    Nothing,
}

impl Conclusion {
    /// The conclusion of a summary and of the notices before it.
    pub fn of<'n>(
        summary: &Summary,
        run: &RunInfo,
        notices: impl IntoIterator<Item = &'n Notice>,
    ) -> Self {
        let mut notices = notices.into_iter();
        let has_error = notices.any(|notice| notice.kind == NoticeKind::Error);
        Self::judged(summary, run.level, has_error)
    }

    /// The same, where it is known whether a notice fails the run.
    #[must_use]
    pub fn judged(summary: &Summary, level: Level, has_error: bool) -> Self {
        let totals = summary.totals;
        let mut causes = summary.causes.iter();
        let fails = causes.any(|it| it.standing == Standing::Fails && it.clause.is_some());
        if totals.failed > 0 || fails {
            return Self::Breaks(broken(summary));
        }
        if let Some(reason) = &summary.aborted {
            return Self::Aborted(reason.clone());
        }
        if has_error {
            return Self::Breaks(broken(summary));
        }
        let undecided = undecided(summary);
        if undecided > 0 {
            return Self::Undecided(undecided);
        }
        if totals.all() == totals.skipped {
            return Self::Nothing;
        }
        if totals.inconclusive * ONE_IN > totals.all() {
            return Self::Inconclusive(totals.inconclusive);
        }
        let untested = untested(summary, level);
        let waived = of_level(summary, level);
        let waived = waived.filter(|result| result.verdict == ClauseVerdict::Waived);
        let waived = once(waived.map(|result| result.id));
        let open = totals.blocked + totals.flaky + totals.inconclusive;
        let is_mendable = untested.iter().any(|(why, _)| why.is_mendable());
        if is_mendable || !waived.is_empty() || open > 0 {
            return Self::Sound {
                untested,
                waived,
                open,
            };
        }
        Self::Conforms(untested)
    }

    /// The conclusion of a whole run; `None` for one without an end.
    #[must_use]
    pub fn of_events(events: &[Event]) -> Option<Self> {
        let notices = events.iter().filter_map(|event| match event {
            Event::Notice(notice) => Some(notice),
            _ => None,
        });
        let run = events.iter().find_map(|event| match event {
            Event::Started(run) => Some(run),
            _ => None,
        });
        events.iter().find_map(|event| match event {
            Event::Finished(summary) => Some(Self::of(summary, run?, notices.clone())),
            _ => None,
        })
    }

    /// The exit code.
    #[must_use]
    pub fn exit_code(&self, summary: &Summary, gates: Gates) -> u8 {
        match self {
            Self::Breaks(_) | Self::Undecided(_) => 1,
            Self::Aborted(_) | Self::Inconclusive(_) => 3,
            Self::Nothing => 4,
            Self::Sound { untested, .. } => {
                let misses = untested.iter().any(|(why, _)| why.is_mendable());
                let fails = gates.flaky && summary.totals.flaky > 0;
                u8::from(fails || (gates.incomplete && misses))
            }
            Self::Conforms(_) => 0,
        }
    }
}

/// The clauses that can fail a run at this level.
fn of_level(summary: &Summary, level: Level) -> impl Iterator<Item = &ClauseResult> {
    let counts = move |it: &&ClauseResult| it.level <= level && it.level != Level::Open;
    summary.clauses.iter().filter(counts)
}

fn broken(summary: &Summary) -> Vec<ClauseId> {
    let failed = |it: &&ClauseResult| it.verdict == ClauseVerdict::Failed;
    once(summary.clauses.iter().filter(failed).map(|it| it.id))
}

/// Each clause once, though it may be there for several dialects.
fn once(clauses: impl Iterator<Item = ClauseId>) -> Vec<ClauseId> {
    let mut seen = BTreeSet::new();
    clauses.filter(|id| seen.insert(*id)).collect()
}

/// How many scenarios could not be carried out because of something that no clause speaks of.
fn undecided(summary: &Summary) -> usize {
    let known = summary.causes.iter();
    let known = known.filter(|it| it.clause.is_some() || it.standing != Standing::Fails);
    let known: usize = known.map(|it| it.blocks).sum();
    summary.totals.blocked.saturating_sub(known)
}

/// The clauses of a level that were not tested, by why.
fn untested(summary: &Summary, level: Level) -> ByReason {
    let mut found: BTreeMap<Untested, Vec<ClauseId>> = BTreeMap::new();
    for result in of_level(summary, level) {
        if result.verdict == ClauseVerdict::Untested {
            let why = result.untested.unwrap_or(Untested::Nothing);
            found.entry(why).or_default().push(result.id);
        }
    }
    let each = |(why, clauses): (_, Vec<ClauseId>)| (why, once(clauses.into_iter()));
    found.into_iter().map(each).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::event::{Cause, Failure, Judge, Observed, Totals};
    use crate::protocol::Dialect;

    /// A run in which 40 scenarios passed, and some more.
    fn summary(more: Totals) -> Summary {
        Summary {
            totals: Totals { passed: 40, ..more },
            clauses: vec![clause(ClauseId::USR_6, None), clause(ClauseId::VER_1, None)],
            dialects: Vec::new(),
            ladder: Vec::new(),
            causes: Vec::new(),
            took: Duration::ZERO,
            waited: Vec::new(),
            aborted: None,
        }
    }

    fn clause(id: ClauseId, untested: Option<Untested>) -> ClauseResult {
        ClauseResult {
            id,
            dialect: Dialect::first(),
            level: id.level(),
            verdict: match untested {
                Some(_) => ClauseVerdict::Untested,
                None => ClauseVerdict::Passed,
            },
            seen: None,
            untested,
            cause: None,
        }
    }

    fn cause(clause: Option<ClauseId>, standing: Standing, blocks: usize) -> Cause {
        let failure = Failure {
            clause,
            level: clause.map(ClauseId::level),
            judge: Judge::Step,
            place: crate::diagnostic::Source::new("", "").place(crate::diagnostic::Span::new(0, 0)),
            expected: "x".into(),
            got: Observed::Closed,
            detail: None,
            word: None,
            command: None,
            kind: None,
            conn: None,
            until: 0,
            entry: None,
            transcript: Vec::new(),
            words: Vec::new(),
        };
        Cause {
            id: 1,
            clause,
            level: failure.level,
            standing,
            dialects: BTreeMap::new(),
            rung: None,
            failure: Arc::new(failure),
            shown_by: Vec::new(),
            blocks,
        }
    }

    fn ended(summary: &Summary) -> (Conclusion, u8) {
        let conclusion = Conclusion::judged(summary, Level::Must, false);
        let code = conclusion.exit_code(summary, Gates::default());
        (conclusion, code)
    }

    const STRICT: Gates = Gates {
        flaky: true,
        incomplete: true,
    };

    #[test]
    fn a_failure_outweighs_an_abort_and_an_abort_a_blocked_scenario() {
        let mut run = summary(Totals {
            failed: 1,
            blocked: 1,
            ..Totals::default()
        });
        run.aborted = Some("dead".into());
        assert_eq!(ended(&run), (Conclusion::Breaks(Vec::new()), 1));
        run.totals.failed = 0;
        assert_eq!(ended(&run), (Conclusion::Aborted("dead".into()), 3));
        run.aborted = None;
        assert_eq!(ended(&run), (Conclusion::Undecided(1), 1));
        let stale = Conclusion::judged(&summary(Totals::default()), Level::Must, true);
        assert_eq!(stale, Conclusion::Breaks(Vec::new()));
        let mut skipped = summary(Totals {
            skipped: 3,
            ..Totals::default()
        });
        skipped.totals.passed = 0;
        assert_eq!(ended(&skipped), (Conclusion::Nothing, 4));
    }

    #[test]
    fn a_server_conforms_where_all_was_judged_that_can_be_here() {
        let mut run = summary(Totals::default());
        assert_eq!(ended(&run), (Conclusion::Conforms(Vec::new()), 0));
        run.clauses
            .push(clause(ClauseId::OUT_6, Some(Untested::Launch)));
        run.clauses
            .push(clause(ClauseId::USR_7, Some(Untested::Dispatch)));
        run.clauses
            .push(clause(ClauseId::USR_9, Some(Untested::LeftOut)));
        let (conclusion, code) = ended(&run);
        let Conclusion::Conforms(elsewhere) = &conclusion else {
            panic!("{conclusion:?}")
        };
        let beyond = [ClauseId::USR_9, ClauseId::OUT_6, ClauseId::USR_7];
        let beyond = beyond.iter().filter(|id| id.level() > Level::Must).count();
        assert_eq!((elsewhere.len(), code), (3 - beyond, 0));
        assert_eq!(conclusion.exit_code(&run, STRICT), 0);
    }

    #[test]
    fn what_its_user_could_mend_keeps_a_server_from_conforming() {
        for why in [
            Untested::Accounts(3),
            Untested::Blocked(Some(1)),
            Untested::Flaky,
            Untested::Inconclusive,
            Untested::Stopped,
            Untested::Unmet,
            Untested::LeftOut,
        ] {
            let mut run = summary(Totals::default());
            run.clauses.push(clause(ClauseId::USR_5, Some(why)));
            let (conclusion, code) = ended(&run);
            assert!(matches!(conclusion, Conclusion::Sound { .. }), "{why:?}");
            assert_eq!(
                (code, conclusion.exit_code(&run, STRICT)),
                (0, 1),
                "{why:?}"
            );
        }
        let mut waived = summary(Totals {
            waived: 1,
            ..Totals::default()
        });
        if let Some(first) = waived.clauses.first_mut() {
            first.verdict = ClauseVerdict::Waived;
        }
        let (conclusion, code) = ended(&waived);
        assert!(matches!(conclusion, Conclusion::Sound { .. }));
        assert_eq!((code, conclusion.exit_code(&waived, STRICT)), (0, 0));
    }

    #[test]
    fn what_is_blocked_fails_the_run_by_its_cause() {
        let blocked = |cause| {
            let mut run = summary(Totals {
                blocked: 2,
                ..Totals::default()
            });
            run.causes.push(cause);
            ended(&run)
        };
        let id = Some(ClauseId::CHG_1);
        assert_eq!(blocked(cause(id, Standing::Fails, 2)).1, 1);
        for standing in [Standing::Noted, Standing::Waived] {
            let (conclusion, code) = blocked(cause(id, standing, 2));
            assert!(matches!(conclusion, Conclusion::Sound { open: 2, .. }));
            assert_eq!(code, 0);
        }
        let without = blocked(cause(None, Standing::Fails, 2));
        assert_eq!(without, (Conclusion::Undecided(2), 1));
        let partly = blocked(cause(id, Standing::Noted, 1));
        assert_eq!(partly, (Conclusion::Undecided(1), 1));
    }

    #[test]
    fn flaky_and_a_few_inconclusive_scenarios_fail_nothing_and_conform_to_nothing() {
        let flaky = summary(Totals {
            flaky: 1,
            ..Totals::default()
        });
        let (conclusion, code) = ended(&flaky);
        assert!(matches!(conclusion, Conclusion::Sound { open: 1, .. }));
        assert_eq!((code, conclusion.exit_code(&flaky, STRICT)), (0, 1));
        let limited = |inconclusive| {
            ended(&summary(Totals {
                inconclusive,
                ..Totals::default()
            }))
        };
        assert_eq!(limited(2).1, 0, "2 of 42");
        assert_eq!(limited(3), (Conclusion::Inconclusive(3), 3), "3 of 43");
    }
}
