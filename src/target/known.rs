//! What is known to be wrong with a server: breaches at which a script does not stop.

use std::collections::BTreeSet;

use super::date::Date;
use super::waiver::{Habit, Waiver};
use crate::event::{Expectation, Failure, Judge, Observed, Wanted};
use crate::protocol::ClauseId;

/// How a breach looks on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Look {
    /// A line that should be another.
    Answer,
    /// The end of a connection.
    End,
    /// No line.
    Silence,
    /// Anything else.
    Other,
}

impl Look {
    pub(crate) fn of(got: &Observed) -> Self {
        match got {
            Observed::Line(_) | Observed::Error(..) | Observed::Garbage(_) => Self::Answer,
            Observed::Closed | Observed::Reset => Self::End,
            Observed::Silence(_) => Self::Silence,
            Observed::Unreachable(_) | Observed::Other(_) => Self::Other,
        }
    }
}

/// Breaches that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Clauses that are broken, and how that looks; `None`: in any way.
    breaches: BTreeSet<(ClauseId, Option<Look>)>,
    /// Answers that are always wrong in the same way, as [`Failure::breach`] tells them: they are
    /// known whatever a step is about.
    answers: BTreeSet<String>,
    /// Breaches of one kind, as [`Failure::breach`] tells them.
    kinds: BTreeSet<(ClauseId, String)>,
}

impl Known {
    /// What these waivers know on this day: clauses, not single scenarios.
    #[must_use]
    pub fn of_waivers(waivers: &[Waiver], today: Date) -> Self {
        let mut known = Self::default();
        let holds = |waiver: &&Waiver| waiver.until.is_none_or(|until| until >= today);
        for waiver in waivers.iter().filter(holds) {
            for clause in waiver.clauses() {
                match &waiver.breach {
                    Some(breach) => known.kinds.insert((clause, breach.clone())),
                    None => known.breaches.insert((clause, None)),
                };
            }
        }
        known
    }

    /// The same, with these habits.
    #[must_use]
    pub fn with_habits(mut self, habits: &[Habit]) -> Self {
        let kinds = habits.iter().map(|it| (it.clause, it.breach.clone()));
        self.kinds.extend(kinds);
        self
    }

    /// Knows also this breach.
    pub fn learn(&mut self, failure: &Failure) {
        let Some(clause) = failure.clause else {
            return;
        };
        // That a server dies or serves nobody is told however often it does.
        if failure.judge == Judge::Process || clause.as_str().starts_with("LIVE-") {
            return;
        }
        self.breaches.insert((clause, Some(Look::of(&failure.got))));
        if is_habit(failure) {
            self.answers.insert(failure.breach());
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.breaches.is_empty() && self.kinds.is_empty()
    }

    /// The clauses that are known to be broken.
    #[must_use]
    pub fn clauses(&self) -> BTreeSet<ClauseId> {
        let breaches = self.breaches.iter().map(|(clause, _)| *clause);
        let kinds = self.kinds.iter().map(|(clause, _)| *clause);
        breaches.chain(kinds).collect()
    }

    /// Whether a breach is known.
    #[must_use]
    pub fn knows(&self, failure: &Failure) -> bool {
        let Some(clause) = failure.clause else {
            return false;
        };
        let look = Some(Look::of(&failure.got));
        self.breaches.contains(&(clause, None))
            || self.breaches.contains(&(clause, look))
            || self.kinds.contains(&(clause, failure.breach()))
            || (is_habit(failure) && self.answers.contains(&failure.breach()))
    }

    /// Whether it is known that what this clause wants does not come.
    pub(crate) fn knows_silence(&self, clause: ClauseId) -> bool {
        let silence = Some(Look::Silence);
        self.breaches.contains(&(clause, None)) || self.breaches.contains(&(clause, silence))
    }

    /// Whether a breach of this clause by a line that came is known.
    pub(crate) fn knows_line(&self, clause: ClauseId) -> bool {
        self.breaches.contains(&(clause, None))
            || self.breaches.contains(&(clause, Some(Look::Answer)))
            || self.kinds.iter().any(|(known, _)| *known == clause)
    }
}

/// Whether it is a line with the right first word and something wrong behind it.
fn is_habit(failure: &Failure) -> bool {
    failure.judge == Judge::Step && failure.command.is_some() && is_nearly_right(failure)
}

/// Whether a step that was not met counts as met once it is known why: the kind of line came that was
/// expected, with something wrong in it; or another error than the one that was expected.
pub(crate) fn is_nearly_right(failure: &Failure) -> bool {
    let Expectation { any, .. } = &failure.expected;
    match &failure.got {
        Observed::Line(_) => {
            let verb = failure.got.verb();
            any.iter()
                .any(|wanted| matches!(wanted, Wanted::Line(line) if Some(line.as_str()) == verb))
        }
        Observed::Error(..) => any.iter().any(|wanted| {
            matches!(
                wanted,
                Wanted::Error(_) | Wanted::AnyError | Wanted::Refused
            )
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::test_support::failure;
    use crate::target::pattern::Pattern;

    #[test]
    fn a_breach_is_known_by_its_clause_and_its_look() {
        let mut known = Known::default();
        assert!(known.is_empty());
        known.learn(&failure(Some(ClauseId::CHG_1), "CHG 1 NLN", "CHG 1 NLN x"));
        assert!(known.knows(&failure(Some(ClauseId::CHG_1), "CHG 7 BSY", "201 7")));
        assert!(!known.knows(&failure(Some(ClauseId::CHG_1), "CHG 7 BSY", "closed")));
        assert!(!known.knows_silence(ClauseId::CHG_1));
        known.learn(&failure(Some(ClauseId::CHG_10), "CHG 1 NLN", "nothing"));
        assert!(known.knows_silence(ClauseId::CHG_10));
        assert!(!known.knows(&failure(Some(ClauseId::CHG_2), "CHG 7 BSY", "201 7")));
        assert!(!known.knows(&failure(None, "CHG 7 BSY", "201 7")));
        let hang = failure(Some(ClauseId::LIVE_3), "CHG 7 BSY", "nothing");
        known.learn(&hang);
        assert!(!known.knows(&hang));
    }

    #[test]
    fn waivers_of_clauses_are_known_until_their_day() {
        let place = failure(None, "x", "y").place;
        let day = |text: &str| text.parse::<Date>().expect("it is a date");
        let mut waiver = Waiver::new("CHG-1", "why", place.clone()).expect("it is a clause");
        assert!(matches!(waiver.pattern, Pattern::Clause(_)));
        waiver.until = Some(day("2027-03-01"));
        let waivers = [
            waiver,
            Waiver::new("presence/*", "why", place).expect("a glob"),
        ];
        let known = |today| Known::of_waivers(&waivers, day(today)).clauses();
        assert_eq!(known("2027-03-01"), BTreeSet::from([ClauseId::CHG_1]));
        assert!(known("2027-03-02").is_empty());
    }

    #[test]
    fn waivers_and_habits_of_one_kind_of_breach_know_that_alone() {
        let place = failure(None, "x", "y").place;
        let answered = |got: &str| Failure {
            command: Some("CHG".to_owned()),
            ..failure(Some(ClauseId::CHG_1), "CHG 1 NLN", got)
        };
        let breach = "CHG answered by 201";
        let waiver = Waiver::new("CHG-1", "why", place.clone()).expect("it is a clause");
        let today = "2027-03-01".parse::<Date>().expect("it is a date");
        let habit = Habit {
            clause: ClauseId::CHG_1,
            breach: breach.to_owned(),
            dialects: Vec::new(),
            reason: String::new(),
            place,
        };
        for known in [
            Known::of_waivers(&[waiver.with_breach(breach)], today),
            Known::default().with_habits(&[habit]),
        ] {
            assert!(known.knows(&answered("201 7")) && !known.is_empty());
            assert!(!known.knows(&answered("217 7")));
            assert_eq!(known.clauses(), BTreeSet::from([ClauseId::CHG_1]));
        }
    }
}
