//! The wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
