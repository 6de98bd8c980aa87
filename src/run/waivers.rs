//! Known failures: each with a reason, reported, and found out when it is no longer true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use globset::GlobMatcher;

use crate::diagnostic::Place;
use crate::event::{Failure, Verdict};
use crate::run::pattern::{self, Pattern, PatternError};
use crate::scenario::ast::Scenario;

/// A day of the calendar, in no particular time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date: write YYYY-MM-DD")]
pub struct DateError(pub String);

impl Date {
    /// The day that is this many days after 1970-01-01, in UTC. Days beyond the year 9999 are the
    /// last of it.
    #[must_use]
    pub fn from_days(days: u32) -> Self {
        let mut left = days;
        let mut year: u16 = 1970;
        while left >= days_of_year(year) && year < 9999 {
            left -= days_of_year(year);
            year += 1;
        }
        let mut month: u8 = 1;
        while left >= u32::from(days_of_month(year, month)) && month < 12 {
            left -= u32::from(days_of_month(year, month));
            month += 1;
        }
        let last = days_of_month(year, month);
        Self {
            year,
            month,
            day: u8::try_from(left + 1).unwrap_or(last).min(last),
        }
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.split('-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            let digits = [(year, 4), (month, 2), (day, 2)];
            let well_formed = digits.iter().all(|(part, length)| {
                part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit())
            });
            let date = Self {
                year: year.parse().ok()?,
                month: month.parse().ok()?,
                day: day.parse().ok()?,
            };
            let exists = (1..=12).contains(&date.month)
                && (1..=days_of_month(date.year, date.month)).contains(&date.day);
            (well_formed && exists && parts.next().is_none()).then_some(date)
        };
        parse().ok_or_else(|| DateError(text.to_owned()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u16) -> u32 {
    if leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u16, month: u8) -> u8 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A known failure.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// As it was written.
    pub text: String,
    /// Which scenarios or clauses.
    pub pattern: Pattern,
    /// Why it is known.
    pub reason: String,
    /// The last day on which it waives.
    pub until: Option<Date>,
    /// Which failure: a glob for the one line that tells it.
    pub message: Option<GlobMatcher>,
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
            reason: reason.into(),
            until: None,
            message: None,
            place,
        })
    }

    /// The same, for failures whose line the glob matches.
    ///
    /// # Errors
    ///
    /// When it is no glob.
    pub fn with_message(mut self, glob: &str) -> Result<Self, PatternError> {
        self.message = Some(pattern::compile(glob)?);
        Ok(self)
    }

    /// Whether it waives whatever breaks this clause.
    pub(super) fn waives_all_of(&self, clause: crate::spec::ClauseId) -> bool {
        let is_name = matches!(self.pattern, Pattern::Name { .. });
        !is_name && self.message.is_none() && self.pattern.holds(clause)
    }

    fn covers(&self, scenario: &Scenario, failure: &Failure) -> bool {
        let named = match (&self.pattern, failure.clause) {
            (Pattern::Name { .. }, _) => self.pattern.names(scenario),
            (_, Some(clause)) => self.pattern.holds(clause),
            (_, None) => false,
        };
        named
            && self
                .message
                .as_ref()
                .is_none_or(|message| message.is_match(message_of(failure)))
    }
}

/// The line that a waiver's `message` is compared with.
#[must_use]
pub fn message_of(failure: &Failure) -> String {
    let mut line = format!("expected {}, got {}", failure.expected, failure.got);
    if let Some(detail) = &failure.detail {
        line.push_str(": ");
        line.push_str(detail);
    }
    line
}

/// The waivers of a run, and which of them were of use.
#[derive(Debug, Default)]
pub struct Waivers {
    waivers: Vec<(Waiver, bool)>,
    today: Option<Date>,
}

/// A waiver that no longer applies.
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
        Self {
            waivers: waivers.into_iter().map(|waiver| (waiver, false)).collect(),
            today,
        }
    }

    /// The reason why this failure is known, if it is.
    pub fn waive(&mut self, scenario: &Scenario, failure: &Failure) -> Option<String> {
        let today = self.today;
        let mut reason = None;
        for (waiver, used) in &mut self.waivers {
            if waiver.covers(scenario, failure) {
                *used = true;
                if !expired(waiver, today) && reason.is_none() {
                    reason = Some(waiver.reason.clone());
                }
            }
        }
        reason
    }

    /// Those that expired and would have waived a failure: the line that says so.
    #[must_use]
    pub fn expired(&self) -> Vec<Stale> {
        let expired = |(waiver, used): &&(Waiver, bool)| *used && expired(waiver, self.today);
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
    /// also those that were filtered out; `verdicts` those that came to one. A waiver of which
    /// something did not come to an end is given the benefit of the doubt.
    #[must_use]
    pub fn stale(
        &self,
        library: &[Arc<Scenario>],
        verdicts: &BTreeMap<String, Verdict>,
    ) -> Vec<Stale> {
        let judge = |(waiver, used): &(Waiver, bool)| {
            let why = if *used {
                return None;
            } else {
                let mut named = library
                    .iter()
                    .filter(|scenario| waiver.pattern.names(scenario))
                    .peekable();
                if named.peek().is_none() {
                    "it matches no scenario and no tested clause".to_owned()
                } else if named.all(|scenario| {
                    matches!(
                        verdicts.get(&scenario.name),
                        Some(Verdict::Passed | Verdict::Failed | Verdict::Waived)
                    )
                }) {
                    match waiver.message {
                        Some(_) => "nothing fails with that message any more".to_owned(),
                        None => "what it waives no longer fails".to_owned(),
                    }
                } else {
                    return None;
                }
            };
            Some(Stale {
                text: waiver.text.clone(),
                place: waiver.place.clone(),
                why,
            })
        };
        self.waivers.iter().filter_map(judge).collect()
    }
}

fn expired(waiver: &Waiver, today: Option<Date>) -> bool {
    matches!((waiver.until, today), (Some(until), Some(today)) if until < today)
}

/// Today's failures as a `waivers:` list for a target file, with empty reasons: pairs of a
/// scenario's name and what failed in it, those of one scenario together. What only oracles have
/// seen is waived by its clause, once for all scenarios.
#[must_use]
pub fn bless<'f>(failures: impl IntoIterator<Item = (&'f str, &'f Failure)>) -> String {
    let failures: Vec<(&str, &Failure)> = failures.into_iter().collect();
    let mut text = String::from("# Give each a reason before you use it.\nwaivers:\n");
    let mut known = BTreeSet::new();
    for scenario in failures.chunk_by(|one, next| one.0 == next.0) {
        let step = scenario.iter().find(|(_, one)| one.oracle().is_none());
        for (name, failure) in step.map_or(scenario, std::slice::from_ref) {
            let what = match (failure.oracle(), failure.clause) {
                (Some((_, message)), Some(clause)) => {
                    let message = quoted(&format!("*: {}", globset::escape(message)));
                    format!("{clause}, message: {message}")
                }
                _ => quoted(name),
            };
            let clause = failure
                .clause
                .map_or_else(String::new, |c| format!("{c}, "));
            let line: String = message_of(failure).escape_debug().take(160).collect();
            if known.insert(what.clone()) {
                writeln!(text, "  # {clause}{line}").expect("a String takes all");
                writeln!(text, "  - {{ match: {what}, reason: \"\" }}")
                    .expect("a String takes all");
            }
        }
    }
    if known.is_empty() {
        "waivers: []\n".to_owned()
    } else {
        text
    }
}

/// A text as a double-quoted scalar; JSON strings are YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::test_support::{failure, place, scenario};
    use crate::spec::ClauseId;

    fn waiver(text: &str) -> Waiver {
        Waiver::new(text, "known", place()).unwrap()
    }

    fn stale(waivers: &Waivers, verdicts: &[(&str, Verdict)]) -> Vec<String> {
        let library = vec![
            scenario("auth/a", &["USR-9"], &[]),
            scenario("auth/b", &["USR-6"], &[]),
        ];
        let verdicts = verdicts
            .iter()
            .map(|(name, verdict)| ((*name).to_owned(), *verdict))
            .collect();
        let stale = waivers.stale(&library, &verdicts);
        stale.into_iter().map(|stale| stale.why).collect()
    }

    #[test]
    fn dates_parse_and_count() {
        assert_eq!(Date::from_days(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_days(19_782).to_string(), "2024-02-29");
        for (days, date) in [
            (30, "1970-01-31"),
            (31, "1970-02-01"),
            (119, "1970-04-30"),
            (120, "1970-05-01"),
            (364, "1970-12-31"),
            (365, "1971-01-01"),
            (u32::MAX, "9999-12-31"),
        ] {
            assert_eq!(Date::from_days(days).to_string(), date);
        }
        assert!("2027-04-30".parse::<Date>().is_ok());
        assert!("2027-04-31".parse::<Date>().is_err());
        assert_eq!(Date::from_days(20_513).to_string(), "2026-03-01");
        assert_eq!(
            "2027-03-01".parse::<Date>().unwrap().to_string(),
            "2027-03-01"
        );
        for bad in [
            "2027-02-29",
            "2027-13-01",
            "27-01-01",
            "2027-1-1",
            "soon",
            "2027-01-01-1",
        ] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_waiver_names_a_scenario_or_a_clause_and_perhaps_a_message() {
        let scenario = scenario("auth/a", &["USR-9"], &[]);
        let failed = failure(Some(ClauseId::USR_9), "911 4", "217 4");
        for text in ["auth/*", "auth/a", "USR-9", "USR-*"] {
            let mut waivers = Waivers::new(vec![waiver(text)], None);
            assert!(waivers.waive(&scenario, &failed).is_some(), "{text}");
        }
        for text in ["lists/*", "USR-6"] {
            let mut waivers = Waivers::new(vec![waiver(text)], None);
            assert!(waivers.waive(&scenario, &failed).is_none(), "{text}");
        }
        let with = waiver("USR-9").with_message("*217*").unwrap();
        assert!(
            Waivers::new(vec![with], None)
                .waive(&scenario, &failed)
                .is_some()
        );
        let with = waiver("USR-9").with_message("*218*").unwrap();
        assert!(
            Waivers::new(vec![with], None)
                .waive(&scenario, &failed)
                .is_none()
        );
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
    }

    #[test]
    fn stale_waivers_are_found() {
        let all = [("auth/a", Verdict::Passed), ("auth/b", Verdict::Passed)];
        let waivers = |text| Waivers::new(vec![waiver(text)], None);
        assert_eq!(stale(&waivers("nosuch/*"), &all).len(), 1);
        assert_eq!(stale(&waivers("USR-9"), &all).len(), 1);
        assert_eq!(stale(&waivers("auth"), &all).len(), 1);
        assert!(stale(&waivers("auth"), &all[..1]).is_empty());
        let skipped = [("auth/a", Verdict::Skipped)];
        assert!(stale(&waivers("USR-9"), &skipped).is_empty());
        let mut used = waivers("USR-9");
        let failed = failure(Some(ClauseId::USR_9), "a", "b");
        used.waive(&scenario("auth/a", &["USR-9"], &[]), &failed);
        assert!(stale(&used, &all).is_empty());
    }

    #[test]
    fn blessed_failures_are_waivers() {
        let failed = failure(Some(ClauseId::USR_9), "a", "b\nc");
        let text = bless([("p/c[s=BSY]", &failed), ("p/c[s=BSY]", &failed)]);
        assert_eq!(
            text,
            "# Give each a reason before you use it.\nwaivers:\n  \
             # USR-9, expected a, got b\\\\nc\n  - { match: \"p/c[s=BSY]\", reason: \"\" }\n"
        );
        assert!(waiver("p/c[s=BSY]").covers(&scenario("p/c[s=BSY]", &[], &[]), &failed));
        assert_eq!(bless([]), "waivers: []\n");
    }

    #[test]
    fn what_oracles_saw_is_blessed_once_and_by_its_clause() {
        let seen = Failure {
            judge: crate::event::Judge::of("replies"),
            detail: Some("another TrID [of 2]".into()),
            ..failure(Some(ClauseId::TRID_1), "a", "b")
        };
        let failed = failure(Some(ClauseId::USR_9), "a", "b");
        let text = bless([("a", &seen), ("b", &failed), ("b", &seen), ("c", &seen)]);
        let waivers: Vec<&str> = text.lines().filter(|l| l.starts_with("  -")).collect();
        let message = r"*: another TrID [[]of 2[]]";
        let expected = format!("  - {{ match: TRID-1, message: \"{message}\", reason: \"\" }}");
        assert_eq!(waivers, [&*expected, "  - { match: \"b\", reason: \"\" }"]);
        let waiver = waiver("TRID-1").with_message(message).unwrap();
        assert!(waiver.covers(&scenario("c", &[], &[]), &seen));
    }
}
