//! The wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use msnpspec::run::Date;

#[expect(
    clippy::disallowed_methods,
    reason = "the command line may ask what time it is"
)]
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Seconds since 1970.
pub(crate) fn unix_seconds() -> u64 {
    now().as_secs()
}

/// A number that is another one each time.
pub(crate) fn seed() -> u64 {
    now().as_secs() ^ u64::from(now().subsec_nanos()) << 32
}

/// Today, in UTC.
pub(crate) fn today() -> Date {
    const DAY: u64 = 24 * 60 * 60;
    Date::from_days(u32::try_from(unix_seconds() / DAY).unwrap_or(u32::MAX))
}
