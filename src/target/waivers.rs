//! Known failures and habits: each with a reason, reported, and found out when it is no longer true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::date::Date;
use super::named::{Named, is_of, named};
use super::pattern::Pattern;
use super::waiver::{Habit, Waiver, Whose};
use crate::diagnostic::Place;
use crate::event::Failure;
use crate::protocol::{ClauseId, Dialect};
use crate::scenario::ast::Scenario;

/// What a failure is known by.
type Key = (Option<ClauseId>, String);

/// What became of a waiver.
#[derive(Debug, Clone, Default)]
struct Use {
    /// It covered a failure.
    is_used: bool,
    /// What it names was broken in another way, and another waiver knows that.
    is_near: bool,
    /// What became of the scenarios that it names in the dialects before.
    before: Option<Named>,
}

/// Where a habit was seen.
#[derive(Debug, Clone, Default)]
struct Showed {
    /// In which scenarios.
    scenarios: BTreeSet<String>,
    /// What became of the scenarios of its clause in the dialects before.
    before: Option<Named>,
}

/// The waivers and habits of a run, and which of them were of use.
#[derive(Debug, Clone, Default)]
pub struct Waivers {
    waivers: Vec<(Waiver, Use)>,
    habits: Vec<(Habit, Showed)>,
    today: Option<Date>,
    /// The dialect that is tested: scenarios for others make no waiver stale.
    pub(crate) dialect: &'static Dialect,
    /// What was waived, and in which scenarios.
    waived: BTreeMap<Key, BTreeSet<String>>,
}

/// A waiver or a habit that no longer applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// As it was written.
    pub text: String,
    /// Where.
    pub place: Place,
    /// Why it no longer applies.
    pub why: String,
}

impl Waivers {
    /// The waivers, as of a day; without a day none has expired.
    #[must_use]
    pub fn new(waivers: Vec<Waiver>, today: Option<Date>) -> Self {
        let unused = |waiver| (waiver, Use::default());
        Self {
            waivers: waivers.into_iter().map(unused).collect(),
            habits: Vec::new(),
            today,
            dialect: Dialect::first(),
            waived: BTreeMap::new(),
        }
    }

    /// The same, with these habits.
    #[must_use]
    pub fn with_habits(mut self, habits: Vec<Habit>) -> Self {
        let unseen = |habit| (habit, Showed::default());
        self.habits = habits.into_iter().map(unseen).collect();
        self
    }

    /// The reason why this failure is known, if it is.
    pub fn waive(&mut self, scenario: &Scenario, failure: &Failure) -> Option<String> {
        let (today, breach, dialect) = (self.today, failure.breach(), self.dialect);
        let mut reason = None;
        let own = |(waiver, _): &&mut (Waiver, Use)| is_of(&waiver.dialects, dialect);
        for (waiver, used) in self.waivers.iter_mut().filter(own) {
            if waiver.names(scenario, failure) && waiver.is_about(&breach) {
                used.is_used = true;
                if !waiver.is_expired(today) && reason.is_none() {
                    reason = Some(waiver.told());
                }
            }
        }
        let own = |(habit, _): &&mut (Habit, Showed)| is_of(&habit.dialects, dialect);
        for (habit, showed) in self.habits.iter_mut().filter(own) {
            if Some(habit.clause) == failure.clause && habit.breach == breach {
                showed.scenarios.insert(scenario.name.clone());
                reason.get_or_insert_with(|| match habit.reason.trim() {
                    "" => "a known habit".to_owned(),
                    reason => format!("a known habit: {reason}"),
                });
            }
        }
        if reason.is_some() {
            for (waiver, used) in &mut self.waivers {
                used.is_near |= waiver.names(scenario, failure);
            }
            let within = self.waived.entry((failure.clause, breach)).or_default();
            within.insert(scenario.name.clone());
        }
        reason
    }

    /// Whether a failure of the scenario of this name was waived.
    pub(crate) fn has_waived(&self, name: &str, failure: &Failure) -> bool {
        let within = self.waived.get(&(failure.clause, failure.breach()));
        within.is_some_and(|within| within.contains(name))
    }

    /// Whether a failure like this one was waived, in any scenario.
    pub(crate) fn has_waived_like(&self, failure: &Failure) -> bool {
        self.waived
            .contains_key(&(failure.clause, failure.breach()))
    }

    /// Those that expired and would have waived a failure: the line that says so.
    #[must_use]
    pub fn expired(&self) -> Vec<Stale> {
        let expired = |(waiver, used): &&(Waiver, Use)| {
            let is_over = waiver.is_expired(self.today);
            used.is_used && is_over
        };
        self.waivers
            .iter()
            .filter(expired)
            .map(|(waiver, _)| Stale {
                text: waiver.text.clone(),
                place: waiver.place.clone(),
                why: match waiver.until {
                    Some(until) => format!("it ended on {until} and the failure is still there"),
                    None => "it ended".to_owned(),
                },
            })
            .collect()
    }

    /// Those that match nothing, or whose failures are no more. `library` holds all scenarios,
    /// also those that were filtered out; `judged` the names of those that came to an end which says
    /// something of all their clauses. A waiver of which something did not come to one is given the benefit of the doubt; so is one of a clause
    /// that is broken in another way which is waived too: servers that race break it now in the one
    /// way and now in the other.
    #[must_use]
    pub fn stale(&self, library: &[Arc<Scenario>], judged: &BTreeSet<String>) -> Vec<Stale> {
        let told = |(waiver, why): (&Waiver, &str)| Stale {
            text: waiver.text.clone(),
            place: waiver.place.clone(),
            why: why.to_owned(),
        };
        self.unused(library, judged).map(told).collect()
    }

    /// Names of scenarios that would show that waivers are not stale: the first few of each.
    pub(crate) fn doubted<'l>(
        &self,
        library: &'l [Arc<Scenario>],
        judged: &BTreeSet<String>,
    ) -> BTreeSet<&'l str> {
        const EACH: usize = 8;
        let named = |(waiver, _): (&Waiver, _)| {
            let named = library.iter().filter(|it| waiver.pattern.names(it));
            let names = named.map(|scenario| scenario.name.as_str());
            names.take(EACH).collect::<Vec<_>>()
        };
        self.unused(library, judged).flat_map(named).collect()
    }

    /// The waivers that were of no use, and why.
    fn unused<'w>(
        &'w self,
        library: &[Arc<Scenario>],
        judged: &BTreeSet<String>,
    ) -> impl Iterator<Item = (&'w Waiver, &'static str)> {
        let judge = |(waiver, used): &'w (Waiver, Use)| {
            if used.is_used || used.is_near || waiver.whose == Whose::Flaky {
                return None;
            }
            let is_name = matches!(waiver.pattern, Pattern::Name { .. });
            let here = self.named(&waiver.pattern, &waiver.dialects, library, judged);
            let why = match here.and(used.before) {
                Named::Nothing if is_name => "it matches no scenario",
                Named::Nothing | Named::Elsewhere | Named::Open => return None,
                Named::Judged if waiver.breach.is_some() => {
                    "nothing that it names fails in that way any more"
                }
                Named::Judged => "what it waives no longer fails",
            };
            Some((waiver, why))
        };
        self.waivers.iter().filter_map(judge)
    }

    /// Habits that the server no longer has. See [`Waivers::stale`].
    #[must_use]
    pub fn stale_habits(&self, library: &[Arc<Scenario>], judged: &BTreeSet<String>) -> Vec<Stale> {
        let is_gone = |(habit, showed): &&(Habit, Showed)| {
            let pattern = Pattern::Clause(habit.clause);
            let here = self.named(&pattern, &habit.dialects, library, judged);
            showed.scenarios.is_empty() && here.and(showed.before) == Named::Judged
        };
        let gone = self.habits.iter().filter(is_gone);
        gone.map(|(habit, _)| Stale {
            text: format!("{} ({})", habit.breach, habit.clause),
            place: habit.place.clone(),
            why: "it was not seen".to_owned(),
        })
        .collect()
    }

    /// The run goes on in another dialect: what was judged in this one is kept in mind.
    pub(crate) fn close_round(&mut self, library: &[Arc<Scenario>], judged: &BTreeSet<String>) {
        let dialect = self.dialect;
        for (waiver, used) in &mut self.waivers {
            let here = named(
                &waiver.pattern,
                &waiver.dialects,
                library,
                (judged, dialect),
            );
            used.before = Some(here.and(used.before));
        }
        for (habit, showed) in &mut self.habits {
            let pattern = Pattern::Clause(habit.clause);
            let here = named(&pattern, &habit.dialects, library, (judged, dialect));
            showed.before = Some(here.and(showed.before));
        }
    }

    fn named(
        &self,
        pattern: &Pattern,
        dialects: &[&'static Dialect],
        library: &[Arc<Scenario>],
        judged: &BTreeSet<String>,
    ) -> Named {
        named(pattern, dialects, library, (judged, self.dialect))
    }

    /// A line for each habit that was seen.
    #[must_use]
    pub fn habits_seen(&self) -> Vec<String> {
        let all = self.habits.iter();
        let all = all.map(|(habit, showed)| (habit, showed.scenarios.len()));
        let seen = all.filter(|(_, count)| *count > 0);
        seen.map(|(habit, count)| {
            let s = if count == 1 { "" } else { "s" };
            let (breach, clause) = (&habit.breach, habit.clause);
            format!("{breach} ({clause}): in {count} scenario{s}")
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::test_support::{failure, place};
    use crate::scenario::test_support::scenario;

    fn waiver(text: &str) -> Waiver {
        Waiver::new(text, "known", place()).unwrap()
    }

    /// An answer to CAL by this line.
    fn answered(clause: ClauseId, got: &str) -> Failure {
        Failure {
            command: Some("CAL".into()),
            ..failure(Some(clause), "CAL RINGING", got)
        }
    }

    fn stale(waivers: &Waivers, judged: &[&str]) -> Vec<String> {
        let library = vec![
            scenario("auth/a", &["USR-9"], &[]),
            scenario("auth/b", &["USR-6"], &[]),
        ];
        let judged = judged.iter().map(|name| (*name).to_owned()).collect();
        let stale = waivers.stale(&library, &judged);
        stale.into_iter().map(|stale| stale.why).collect()
    }

    const ALL: [&str; 2] = ["auth/a", "auth/b"];

    #[test]
    fn a_waiver_names_a_scenario_or_a_clause_and_perhaps_a_breach() {
        let scenario = scenario("auth/a", &["USR-9"], &[]);
        let failed = answered(ClauseId::USR_9, "217 4");
        for text in ["auth/*", "auth/a", "USR-9", "USR-*", "*"] {
            let mut waivers = Waivers::new(vec![waiver(text)], None);
            assert!(waivers.waive(&scenario, &failed).is_some(), "{text}");
        }
        for text in ["lists/*", "USR-6"] {
            let mut waivers = Waivers::new(vec![waiver(text)], None);
            assert!(waivers.waive(&scenario, &failed).is_none(), "{text}");
        }
        for (breach, is_known) in [
            ("CAL answered by 217", true),
            ("CAL answered by 218", false),
            ("CAL answered by 2", false),
            ("*", false),
        ] {
            let waiver = waiver("USR-9").with_breach(breach);
            let mut waivers = Waivers::new(vec![waiver], None);
            let reason = waivers.waive(&scenario, &failed);
            assert_eq!(reason.is_some(), is_known, "{breach}");
            assert_eq!(waivers.has_waived("auth/a", &failed), is_known);
            assert!(!waivers.has_waived("auth/b", &failed));
            assert_eq!(waivers.has_waived_like(&failed), is_known);
        }
    }

    #[test]
    fn the_reason_says_whose_fault_it_is_and_where_more_is_said() {
        let scenario = scenario("auth/a", &["USR-9"], &[]);
        let mut one = waiver("USR-9");
        one.link = Some("https://example.org/7".into());
        for (whose, told) in [
            (Whose::Server, "known (https://example.org/7)"),
            (
                Whose::Suite,
                "a fault of the suite: known (https://example.org/7)",
            ),
            (
                Whose::Flaky,
                "known to be flaky: known (https://example.org/7)",
            ),
        ] {
            one.whose = whose;
            let mut waivers = Waivers::new(vec![one.clone()], None);
            let reason = waivers.waive(&scenario, &answered(ClauseId::USR_9, "217 4"));
            assert_eq!(reason.as_deref(), Some(told));
        }
    }

    #[test]
    fn an_expired_waiver_waives_no_more() {
        let scenario = scenario("auth/a", &["USR-9"], &[]);
        let failed = failure(Some(ClauseId::USR_9), "a", "b");
        let mut known = waiver("USR-9");
        known.until = "2027-03-01".parse().ok();
        let mut waivers = Waivers::new(vec![known.clone()], "2027-03-01".parse().ok());
        assert!(waivers.waive(&scenario, &failed).is_some());
        assert!(waivers.expired().is_empty());
        let mut waivers = Waivers::new(vec![known], "2027-03-02".parse().ok());
        assert!(waivers.expired().is_empty(), "nothing needed it yet");
        assert!(waivers.waive(&scenario, &failed).is_none());
        assert_eq!(waivers.expired().len(), 1);
        assert!(!waivers.has_waived_like(&failed));
    }

    #[test]
    fn stale_waivers_are_found() {
        let waivers = |text| Waivers::new(vec![waiver(text)], None);
        assert_eq!(stale(&waivers("nosuch/*"), &ALL).len(), 1);
        assert_eq!(stale(&waivers("USR-9"), &ALL).len(), 1);
        assert_eq!(stale(&waivers("auth"), &ALL).len(), 1);
        assert!(stale(&waivers("auth"), &ALL[..1]).is_empty());
        let mut used = waivers("USR-9");
        let failed = failure(Some(ClauseId::USR_9), "a", "b");
        used.waive(&scenario("auth/a", &["USR-9"], &[]), &failed);
        assert!(stale(&used, &ALL).is_empty());
    }

    #[test]
    fn what_could_not_be_judged_makes_no_waiver_stale() {
        let waivers = Waivers::new(vec![waiver("USR-9")], None);
        assert!(stale(&waivers, &["auth/b"]).is_empty(), "it was not run");
        let of_others = Waivers::new(vec![waiver("CHG-1")], None);
        assert!(
            stale(&of_others, &ALL).is_empty(),
            "no scenario of it is here"
        );
    }

    #[test]
    fn flaky_waivers_are_never_stale() {
        let mut flaky = waiver("USR-9");
        flaky.whose = Whose::Flaky;
        assert!(stale(&Waivers::new(vec![flaky], None), &ALL).is_empty());
    }

    #[test]
    fn of_a_clause_that_is_broken_in_another_known_way_no_waiver_is_stale() {
        let by = |code: &str| waiver("USR-9").with_breach(format!("CAL answered by {code}"));
        let scenario = scenario("auth/a", &["USR-9"], &[]);
        let failed = answered(ClauseId::USR_9, "217 4");
        let mut both = Waivers::new(vec![by("217"), by("218")], None);
        both.waive(&scenario, &failed);
        assert!(stale(&both, &ALL).is_empty());
        let mut other = Waivers::new(vec![by("218")], None);
        other.waive(&scenario, &failed);
        assert_eq!(
            stale(&other, &ALL).len(),
            1,
            "a new way, and this one ended"
        );
    }

    #[test]
    fn a_habit_is_known_by_its_clause_and_its_breach_counted_and_missed() {
        let habit = Habit {
            clause: ClauseId::USR_9,
            breach: "CAL answered by 217".into(),
            reason: "its way".into(),
            dialects: Vec::new(),
            place: place(),
        };
        let library = [scenario("auth/a", &["USR-9"], &[])];
        let judged = BTreeSet::from(["auth/a".to_owned()]);
        let mut waivers = Waivers::default().with_habits(vec![habit]);
        for other in [
            answered(ClauseId::USR_6, "217 4"),
            answered(ClauseId::USR_9, "218 4"),
        ] {
            assert_eq!(waivers.waive(&library[0], &other), None);
        }
        assert!(waivers.habits_seen().is_empty());
        assert_eq!(waivers.stale_habits(&library, &judged).len(), 1);
        assert!(
            waivers.stale_habits(&library, &BTreeSet::new()).is_empty(),
            "nothing that would show it was run"
        );
        let reason = waivers.waive(&library[0], &answered(ClauseId::USR_9, "217 4"));
        assert_eq!(reason.as_deref(), Some("a known habit: its way"));
        assert_eq!(
            waivers.habits_seen(),
            ["CAL answered by 217 (USR-9): in 1 scenario"]
        );
        assert!(waivers.stale_habits(&library, &judged).is_empty());
        assert!(waivers.stale(&library, &judged).is_empty());
    }

    #[test]
    fn a_waiver_of_some_dialects_waives_and_is_stale_in_those_alone() {
        let (msnp2, msnp7) = (Dialect::first(), Dialect::named(b"MSNP7").unwrap());
        let library = vec![scenario("auth/a", &["USR-9"], &[])];
        let failed = answered(ClauseId::USR_9, "217 4");
        let judged: BTreeSet<String> = ["auth/a".to_owned()].into();
        let own = |dialects: &[&'static Dialect]| {
            let mut own = waiver("auth/a");
            own.dialects = dialects.to_vec();
            Waivers::new(vec![own], None)
        };
        let mut waivers = own(&[msnp7]);
        assert!(waivers.waive(&library[0], &failed).is_none());
        assert!(
            waivers.stale(&library, &judged).is_empty(),
            "it was not to be seen in MSNP2"
        );
        waivers.dialect = msnp7;
        assert_eq!(waivers.stale(&library, &judged).len(), 1);
        assert!(waivers.waive(&library[0], &failed).is_some());
        assert!(waivers.stale(&library, &judged).is_empty());
        // In a run of both it is of use where it shows in one; else it is stale once.
        for shows in [true, false] {
            let mut waivers = own(&[]);
            waivers.dialect = msnp2;
            if shows {
                waivers.waive(&library[0], &failed);
            }
            waivers.close_round(&library, &judged);
            waivers.dialect = msnp7;
            assert_eq!(waivers.stale(&library, &judged).is_empty(), shows);
        }
        // What did not come to an end in one dialect is given the benefit of the doubt.
        let mut waivers = own(&[]);
        waivers.close_round(&library, &BTreeSet::new());
        assert!(waivers.stale(&library, &judged).is_empty());
    }
}
