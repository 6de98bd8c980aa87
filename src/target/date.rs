//! Days of the calendar, for waivers that end.

use std::fmt;
use std::str::FromStr;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
