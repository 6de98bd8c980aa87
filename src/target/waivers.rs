//! Known failures and habits: each with a reason, reported, and found out when it is no longer true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::date::Date;
use super::pattern::{Pattern, PatternError};
use crate::diagnostic::Place;
use crate::event::Failure;
use crate::protocol::{Clause, ClauseId, Dialect};
use crate::scenario::ast::Scenario;

/// Whose fault a known failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Whose {
    /// The server's.
    #[default]
    Server,
    /// The suite's: the server is right, or nobody knows.
    Suite,
    /// It comes and goes: such a waiver is never stale.
    Flaky,
}

impl Whose {
    /// All of them, as a target file names them.
    pub const ALL: [(&'static str, Self); 3] = [
        ("server", Self::Server),
        ("suite", Self::Suite),
        ("flaky", Self::Flaky),
    ];

    /// The word of a target file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Suite => "suite",
            Self::Flaky => "flaky",
        }
    }
}

/// A known failure.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// As it was written.
    pub text: String,
    /// Which scenarios or clauses.
    pub pattern: Pattern,
    /// Which kind of breach, in the words of [`Failure::breach`]; `None`: any.
    pub breach: Option<String>,
    /// Whose fault it is.
    pub whose: Whose,
    /// Why it is known.
    pub reason: String,
    /// Where more is said of it.
    pub link: Option<String>,
    /// The last day on which it waives.
    pub until: Option<Date>,
    /// Where it is written.
    pub place: Place,
}

impl Waiver {
    /// A waiver for the scenarios or clauses that `text` names.
    ///
    /// # Errors
    ///
    /// When `text` names an unknown clause or is a broken glob.
    pub fn new(text: &str, reason: impl Into<String>, place: Place) -> Result<Self, PatternError> {
        Ok(Self {
            text: text.to_owned(),
            pattern: Pattern::parse(text)?,
            breach: None,
            whose: Whose::default(),
            reason: reason.into(),
            link: None,
            until: None,
            place,
        })
    }

    /// The same, for one kind of breach.
    #[must_use]
    pub fn with_breach(mut self, breach: impl Into<String>) -> Self {
        self.breach = Some(breach.into());
        self
    }

    /// The clauses that it waives whatever scenario shows them broken.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = ClauseId> {
        let all = Clause::all().iter().map(|clause| clause.id);
        all.filter(|clause| self.pattern.holds(*clause))
    }

    /// Whether it speaks of the clause of a failure, or of the scenario.
    fn names(&self, scenario: &Scenario, failure: &Failure) -> bool {
        match (&self.pattern, failure.clause) {
            (Pattern::Name { .. }, _) => self.pattern.names(scenario),
            (_, Some(clause)) => self.pattern.holds(clause),
            (_, None) => false,
        }
    }

    fn is_about(&self, breach: &str) -> bool {
        self.breach.as_deref().is_none_or(|known| known == breach)
    }

    fn is_expired(&self, today: Option<Date>) -> bool {
        matches!((self.until, today), (Some(until), Some(today)) if until < today)
    }

    /// What is told of a failure that it waives.
    fn told(&self) -> String {
        let mut told = match self.reason.trim() {
            "" => "no reason is given".to_owned(),
            reason => reason.to_owned(),
        };
        if let Some(link) = &self.link {
            told.push_str(&format!(" ({link})"));
        }
        match self.whose {
            Whose::Server => told,
            Whose::Suite => format!("a fault of the suite: {told}"),
            Whose::Flaky => format!("known to be flaky: {told}"),
        }
    }
}

/// What a server always does in its own way, whatever a scenario is about.
#[derive(Debug, Clone)]
pub struct Habit {
    /// The clause that it breaks.
    pub clause: ClauseId,
    /// How, in the words of [`Failure::breach`].
    pub breach: String,
    /// Why it is known.
    pub reason: String,
    /// Where it is written.
    pub place: Place,
}

/// What a failure is known by.
type Key = (Option<ClauseId>, String);

/// What became of a waiver.
#[derive(Debug, Default)]
struct Use {
    /// It covered a failure.
    is_used: bool,
    /// What it names was broken in another way, and another waiver knows that.
    is_near: bool,
}

/// The waivers and habits of a run, and which of them were of use.
#[derive(Debug, Default)]
pub struct Waivers {
    waivers: Vec<(Waiver, Use)>,
    /// The scenarios in which each habit showed.
    habits: Vec<(Habit, BTreeSet<String>)>,
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
        let unseen = |habit| (habit, BTreeSet::new());
        self.habits = habits.into_iter().map(unseen).collect();
        self
    }

    /// The reason why this failure is known, if it is.
    pub fn waive(&mut self, scenario: &Scenario, failure: &Failure) -> Option<String> {
        let (today, breach) = (self.today, failure.breach());
        let mut reason = None;
        for (waiver, used) in &mut self.waivers {
            if waiver.names(scenario, failure) && waiver.is_about(&breach) {
                used.is_used = true;
                if !waiver.is_expired(today) && reason.is_none() {
                    reason = Some(waiver.told());
                }
            }
        }
        for (habit, seen) in &mut self.habits {
            if Some(habit.clause) == failure.clause && habit.breach == breach {
                seen.insert(scenario.name.clone());
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
            let why = match named(&waiver.pattern, library, judged, self.dialect) {
                Named::Nothing if is_name => "it matches no scenario",
                Named::Nothing | Named::Open => return None,
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
        let is_gone = |(habit, seen): &&(Habit, BTreeSet<String>)| {
            let pattern = Pattern::Clause(habit.clause);
            seen.is_empty() && named(&pattern, library, judged, self.dialect) == Named::Judged
        };
        let gone = self.habits.iter().filter(is_gone);
        gone.map(|(habit, _)| Stale {
            text: format!("{} ({})", habit.breach, habit.clause),
            place: habit.place.clone(),
            why: "it was not seen".to_owned(),
        })
        .collect()
    }

    /// A line for each habit that was seen.
    #[must_use]
    pub fn habits_seen(&self) -> Vec<String> {
        let seen = self.habits.iter().filter(|(_, seen)| !seen.is_empty());
        seen.map(|(habit, seen)| {
            let (count, s) = (seen.len(), if seen.len() == 1 { "" } else { "s" });
            let (breach, clause) = (&habit.breach, habit.clause);
            format!("{breach} ({clause}): in {count} scenario{s}")
        })
        .collect()
    }
}

/// What became of the scenarios that a pattern names.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// It names none.
    Nothing,
    /// Some of them did not come to an end that says something of all their clauses.
    Open,
    /// All of them did.
    Judged,
}

fn named(
    pattern: &Pattern,
    library: &[Arc<Scenario>],
    judged: &BTreeSet<String>,
    dialect: &Dialect,
) -> Named {
    let mut named = library.iter().filter(|scenario| pattern.names(scenario));
    let own = named.clone().filter(|scenario| scenario.is_for(dialect));
    let mut result = match named.next() {
        // None of them was to be played, which says nothing.
        Some(_) => Named::Open,
        None => Named::Nothing,
    };
    for scenario in own {
        if !judged.contains(&scenario.name) {
            return Named::Open;
        }
        result = Named::Judged;
    }
    result
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
}
