//! How the values of options are read.

use std::ops::RangeInclusive;

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

/// Reads `MSNP3-MSNP5`, or `MSNP7` for this one alone.
pub(super) fn parse_dialects(text: &str) -> Result<RangeInclusive<&'static Dialect>, String> {
    let one = |name: &str| {
        let named = Dialect::named(name.as_bytes());
        named.ok_or_else(|| {
            let names = DIALECTS.map(|dialect| dialect.name);
            format!("`{name}` is none of {}", names.join(", "))
        })
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (one(first)?, one(last)?);
    if first > last {
        return Err(format!("{last} comes before {first}"));
    }
    Ok(first..=last)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_dialects_is_read_by_their_names() {
        let numbers = |text| {
            let range = parse_dialects(text)?;
            Ok::<_, String>((range.start().number, range.end().number))
        };
        assert_eq!(numbers("MSNP3-MSNP5"), Ok((3, 5)));
        assert_eq!(numbers("msnp7"), Ok((7, 7)));
        let wrong_way = Err("MSNP3 comes before MSNP5".to_owned());
        assert_eq!(numbers("MSNP5-MSNP3"), wrong_way);
        for wrong in ["", "MSNP2-", "-MSNP3", "MSNP2-MSNP99", "3-4", "MSNP3,MSNP4"] {
            let told = numbers(wrong).unwrap_err();
            assert!(told.contains(" is none of MSNP2, "), "{told}");
        }
    }
}
