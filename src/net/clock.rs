//! The one clock of the crate.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::target::Date;

/// This moment.
#[expect(
    clippy::disallowed_methods,
    reason = "this room owns the clock; everybody else gets time as an argument"
)]
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

const DAY: u64 = 24 * 60 * 60;

/// This day, in UTC.
#[must_use]
pub fn today() -> Date {
    day_of(since_1970())
}

/// This second as RFC 3339 writes it, in UTC: `2026-12-01T08:30:00Z`.
#[must_use]
pub(super) fn stamp() -> String {
    let seconds = since_1970();
    let of_day = seconds % DAY;
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    format!(
        "{}T{hours:02}:{minutes:02}:{:02}Z",
        day_of(seconds),
        of_day % 60
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "this room owns the clock; everybody else gets time as an argument"
)]
fn since_1970() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn day_of(seconds: u64) -> Date {
    Date::from_days(u32::try_from(seconds / DAY).unwrap_or(u32::MAX))
}
