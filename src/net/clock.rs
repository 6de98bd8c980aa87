//! The one clock of the crate.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::run::Date;

/// This moment.
#[expect(
    clippy::disallowed_methods,
    reason = "this room owns the clock; everybody else gets time as an argument"
)]
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// This day, in UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "this room owns the clock; everybody else gets time as an argument"
)]
#[must_use]
pub fn today() -> Date {
    const DAY: u64 = 24 * 60 * 60;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.map_or(0, |since| since.as_secs() / DAY);
    Date::from_days(u32::try_from(days).unwrap_or(u32::MAX))
}
