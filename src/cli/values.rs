//! How the values of options are read.

use std::ffi::OsStr;
use std::ops::RangeInclusive;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command};
use msnpspec::protocol::{DIALECTS, Dialect, Level};
use msnpspec::report::Format;
use msnpspec::suite::Choice;

/// The levels that a run can have.
pub(super) fn level_parser() -> impl TypedValueParser<Value = Level> {
    const LEVELS: [Level; 3] = [Level::Must, Level::Draft, Level::Practice];
    PossibleValuesParser::new(LEVELS.map(Level::as_str)).map(|name| {
        let level = LEVELS.into_iter().find(|level| level.as_str() == name);
        level.expect("the parser lets only these names through")
    })
}

/// Reads which dialects `run` tests: one that is known row by row, or all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChoiceParser;

impl ChoiceParser {
    const ALL: &str = "all";

    fn names() -> impl Iterator<Item = &'static str> {
        DIALECTS.iter().map(|it| it.name).chain([Self::ALL])
    }
}

impl TypedValueParser for ChoiceParser {
    type Value = Choice;

    fn parse_ref(
        &self,
        command: &Command,
        option: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Choice, clap::Error> {
        let word = value.to_string_lossy();
        if let Some(dialect) = Dialect::named(word.as_bytes()) {
            return Ok(Choice::One(dialect));
        }
        if is_not_judged(&word) {
            let names = DIALECTS.map(|dialect| dialect.name);
            let (first, last) = (names.first().unwrap_or(&""), names.last().unwrap_or(&""));
            let text = format!(
                "{} is not judged yet: {first} to {last} are\n",
                word.to_uppercase()
            );
            return Err(clap::Error::raw(ErrorKind::ValueValidation, text).with_cmd(command));
        }
        let names = PossibleValuesParser::new(Self::names());
        let _all = names.parse_ref(command, option, value)?;
        Ok(Choice::All)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Self::names().map(PossibleValue::new)))
    }
}

/// One of the dialects that are known row by row.
pub(super) fn dialect_parser() -> impl TypedValueParser<Value = &'static Dialect> {
    ChoiceParser.try_map(|choice| match choice {
        Choice::One(dialect) => Ok(dialect),
        Choice::Highest | Choice::All => Err("name one dialect"),
    })
}

/// Whether a word names a dialect of the protocol that came after those that are judged.
fn is_not_judged(word: &str) -> bool {
    const LAST: u8 = 21;
    let latest = DIALECTS.last().map_or(0, |dialect| dialect.number);
    let upper = word.to_uppercase();
    let number = upper
        .strip_prefix("MSNP")
        .and_then(|number| number.parse::<u8>().ok());
    number.is_some_and(|number| number > latest && number <= LAST)
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

/// The formats of a comparison.
pub(super) fn comparison_parser() -> impl TypedValueParser<Value = Format> {
    const FORMATS: [Format; 3] = [Format::Human, Format::Markdown, Format::Html];
    PossibleValuesParser::new(FORMATS.map(Format::as_str)).map(|name| {
        let format = FORMATS.into_iter().find(|format| format.as_str() == name);
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
