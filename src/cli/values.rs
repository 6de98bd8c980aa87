//! How the values of options are read.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use msnpspec::protocol::{DIALECTS, Dialect, Level};
use msnpspec::report::Format;

/// The levels that a run can have.
pub(super) fn level_parser() -> impl TypedValueParser<Value = Level> {
    const LEVELS: [Level; 3] = [Level::Must, Level::Draft, Level::Practice];
    PossibleValuesParser::new(LEVELS.map(Level::as_str)).map(|name| {
        let level = LEVELS.into_iter().find(|level| level.as_str() == name);
        level.expect("the parser lets only these names through")
    })
}

/// The dialects that are known row by row.
pub(super) fn dialect_parser() -> impl TypedValueParser<Value = &'static Dialect> {
    PossibleValuesParser::new(DIALECTS.map(|dialect| dialect.name)).map(|name| {
        let dialect = Dialect::named(name.as_bytes());
        dialect.expect("the parser lets only these names through")
    })
}

/// All formats but the page, which has an option of its own.
pub(super) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let named = Format::ALL
        .into_iter()
        .filter(|format| *format != Format::Html);
    PossibleValuesParser::new(named.map(Format::as_str)).map(|name| {
        let format = Format::ALL
            .into_iter()
            .find(|format| format.as_str() == name);
        format.expect("the parser lets only these names through")
    })
}

pub(super) fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds = text.trim_end_matches('s').parse().ok();
    let time = seconds.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    let sane = |time: &std::time::Duration| !time.is_zero() && time.as_secs() <= 3600;
    time.filter(sane)
        .ok_or_else(|| "write seconds, more than 0 and at most 3600, such as 2 or 0.5".to_owned())
}
