//! Which part of what stands before a line tells whose connection it is: the part in which a request
//! and its answer agree, and others differ.

use std::collections::{HashMap, HashSet, VecDeque};

use super::scheme::Scheme;
use crate::transcript::Party;

/// So many words from each end of a context are tried.
const REACH: usize = 6;
/// So many requests with one number wait for their answers.
const MOST_WAITING: usize = 8;
/// So many values may a part have.
const MOST_VALUES: usize = 100_000;

/// A part of a context.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    /// What stands behind this word, or this word and `=`.
    Named(String),
    /// The word at this place, from the beginning.
    Front(usize),
    /// The same from the end.
    Back(usize),
}

/// A line, as far as it matters here.
#[derive(Debug)]
pub(super) struct Spoken<'t> {
    pub(super) context: &'t str,
    pub(super) party: Party,
    /// The verb, or nothing for a code, and the TrID.
    pub(super) number: Option<&'t str>,
    /// A connection begins with it.
    pub(super) opens: bool,
}

/// The words of a context that may name somebody: no time, no mark.
fn words<'t>(context: &'t str, scheme: &'t Scheme) -> Vec<&'t str> {
    let is_edge = |char: char| "[](){}<>,;|\"'`*:".contains(char);
    let parts = context.split(|char: char| {
        char.is_whitespace() || "[](){}<>|\"'`".contains(char) || "\u{2192}\u{2190}".contains(char)
    });
    let trimmed = parts.map(|word| word.trim_matches(is_edge));
    let own = trimmed.filter(|word| !word.is_empty() && !scheme.is_mark(word) && !is_time(word));
    own.take(64).collect()
}

/// A date or a time, or a part of it.
fn is_time(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_stamp = word
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b":.,-/+TZ".contains(&byte));
    let colons = word.matches(':').count();
    let dots = word.matches('.').count();
    digits >= 4
        && is_stamp
        && (colons >= 2
            || word.matches(['-', '/']).count() >= 2
            || (dots <= 1 && colons == 1 && digits <= 8))
        || (digits >= 5 && dots == 1 && colons == 0 && is_stamp)
}

fn fields<'t>(words: &[&'t str]) -> Vec<(Field, &'t str)> {
    let mut all = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if let Some((key, value)) = word.split_once(['=', ':'])
            && !key.is_empty()
            && key
                .chars()
                .all(|char| char.is_alphabetic() || "_-.".contains(char))
        {
            all.push((Field::Named(key.to_owned()), value));
        }
        if at < REACH {
            all.push((Field::Front(at), word));
        }
        if words.len() - at <= REACH {
            all.push((Field::Back(words.len() - at), word));
        }
    }
    all
}

/// What is known of a part.
#[derive(Debug, Default)]
struct Known<'t> {
    agree: usize,
    differ: usize,
    lines: usize,
    values: HashSet<&'t str>,
}

/// Which parts name a connection.
pub(super) fn learn(lines: &[Spoken<'_>], scheme: &Scheme) -> Vec<Field> {
    let mut known: HashMap<Field, Known<'_>> = HashMap::new();
    let mut waiting: HashMap<&str, VecDeque<usize>> = HashMap::new();
    let split: Vec<Vec<&str>> = lines
        .iter()
        .map(|line| words(line.context, scheme))
        .collect();
    for (at, (line, words)) in lines.iter().zip(&split).enumerate() {
        let own = fields(words);
        for (field, value) in &own {
            let known = known.entry(field.clone()).or_default();
            known.lines += 1;
            if known.values.len() < MOST_VALUES {
                known.values.insert(value);
            }
        }
        let Some(number) = line.number else { continue };
        match line.party {
            Party::Client => {
                let queue = waiting.entry(number).or_default();
                queue.push_back(at);
                if queue.len() > MOST_WAITING {
                    queue.pop_front();
                }
            }
            Party::Server => {
                let requests = waiting.get(number).into_iter().flatten();
                let asked: Vec<Vec<(Field, &str)>> = requests
                    .filter_map(|at| split.get(*at))
                    .map(|words| fields(words))
                    .collect();
                if asked.is_empty() {
                    continue;
                }
                for (field, value) in &own {
                    let is_same = |all: &Vec<(Field, &str)>| {
                        all.iter()
                            .any(|(own, other)| own == field && other == value)
                    };
                    let known = known.entry(field.clone()).or_default();
                    match asked.iter().any(is_same) {
                        true => known.agree += 1,
                        false => known.differ += 1,
                    }
                }
            }
        }
    }
    let is_good = |known: &Known<'_>| {
        known.agree > 0
            && known.agree >= 9 * known.differ
            && known.values.len() > 1
            && known.values.len() * 2 <= known.lines
            && known.lines * 10 >= lines.len() * 9
    };
    let mut good: Vec<Field> = known
        .into_iter()
        .filter(|(_, known)| is_good(known))
        .map(|(field, _)| field)
        .collect();
    good.sort();
    // A part that tears conversations apart is none: what it names must begin somewhere.
    good.retain(|field| opens_well(lines, &split, field));
    good
}

/// Whether most of the values of a part begin with a line that begins a connection, where the log
/// has such lines at all.
fn opens_well(lines: &[Spoken<'_>], split: &[Vec<&str>], field: &Field) -> bool {
    let mut seen = HashSet::new();
    let (mut opened, mut all) = (0, 0);
    for (line, words) in lines.iter().zip(split) {
        let value = fields(words).into_iter().find(|(own, _)| own == field);
        if seen.insert(value.map(|(_, value)| value)) {
            all += 1;
            opened += usize::from(line.opens);
        }
    }
    let has_openings = lines.iter().filter(|line| line.opens).count();
    has_openings < 2 || opened * 2 >= all
}

/// The name of the connection that a line with this context belongs to; empty where nothing names
/// one.
pub(super) fn name(context: &str, scheme: &Scheme, by: &[Field]) -> String {
    let words = words(context, scheme);
    let own = fields(&words);
    let values = by.iter().filter_map(|field| {
        let found = own.iter().find(|(known, _)| known == field)?;
        Some(found.1)
    });
    let mut all: Vec<&str> = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme() -> Scheme {
        Scheme::Tokens {
            client: Some(">>>".to_owned()),
            server: Some("<<<".to_owned()),
        }
    }

    fn spoken(context: &'static str, number: &'static str) -> Spoken<'static> {
        Spoken {
            context,
            party: if context.contains(">>>") {
                Party::Client
            } else {
                Party::Server
            },
            number: Some(number),
            opens: false,
        }
    }

    #[test]
    fn what_a_request_shares_with_its_answer_names_a_connection() {
        let lines = [
            spoken("12:00:01 INFO [7] NS/9d15 >>> ", "1"),
            spoken("12:00:01 DEBUG [8] NS/9d15 <<< ", "1"),
            spoken("12:00:02 INFO [9] SB/77 >>> ", "2"),
            spoken("12:00:03 DEBUG [10] SB/77 <<< ", "2"),
        ];
        let by = learn(&lines, &scheme());
        let names = lines.iter().map(|line| name(line.context, &scheme(), &by));
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["NS/9d15", "NS/9d15", "SB/77", "SB/77"]
        );
    }

    #[test]
    fn what_is_the_same_everywhere_names_nobody() {
        let lines = [spoken("msn[3] >>> ", "1"), spoken("msn[3] <<< ", "1")];
        assert_eq!(learn(&lines, &scheme()), []);
    }
}
