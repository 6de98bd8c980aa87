//! How a log tells who speaks: learned from its own lines.
//!
//! A scheme is two tokens, one for each side, or two ends with an arrow between them. Of all that
//! are possible, the one is taken that most lines have, that agrees best with what only a client or
//! only a server says, and whose words mean what they should. Where the lines prove the opposite of
//! what the words mean, the log is a server's, and they are believed.

use std::collections::HashMap;

use super::marks::{Ends, is_client_end, is_server_end, meaning};
use crate::transcript::Party;

/// So many tokens are compared with each other.
const MOST_TOKENS: usize = 48;
/// So many different sets of them.
const MOST_SETS: usize = 512;

/// What is known of one line of the protocol before a scheme is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Clue<'t> {
    pub(super) tokens: Vec<&'t str>,
    pub(super) ends: Option<Ends>,
    /// Who says it, by what it says.
    pub(super) proof: Option<Party>,
    /// Who says it, by the order: a request comes before its answer.
    pub(super) hint: Option<Party>,
}

/// How a log tells who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scheme {
    /// The token of the client's lines, and that of the server's; one may be the lack of the other.
    Tokens {
        client: Option<String>,
        server: Option<String>,
    },
    /// The ends that are servers.
    Ends(HashMap<(String, String), String>),
}

/// A scheme, and whether it is the other way round than its words say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Learned {
    pub(super) scheme: Scheme,
    pub(super) is_reversed: bool,
    /// How good it is, against another.
    pub(super) score: f64,
}

impl Scheme {
    /// Who speaks.
    pub(super) fn party<'t>(
        &self,
        tokens: impl Iterator<Item = &'t str>,
        ends: Option<&Ends>,
    ) -> Option<Party> {
        match self {
            Self::Ends(servers) => {
                let ends = ends?;
                let server = servers.get(&ends.key())?;
                Some(match *server == ends.from {
                    true => Party::Server,
                    false => Party::Client,
                })
            }
            Self::Tokens { client, server } => {
                let (mut has_client, mut has_server) = (false, false);
                for token in tokens {
                    has_client |= client.as_deref() == Some(token);
                    has_server |= server.as_deref() == Some(token);
                }
                match (has_client, has_server) {
                    (true, false) => Some(Party::Client),
                    (false, true) => Some(Party::Server),
                    (true, true) => None,
                    (false, false) => match (client, server) {
                        (None, Some(_)) => Some(Party::Client),
                        (Some(_), None) => Some(Party::Server),
                        _ => None,
                    },
                }
            }
        }
    }

    /// Whether one of its tokens is this one.
    pub(super) fn is_mark(&self, token: &str) -> bool {
        match self {
            Self::Ends(_) => false,
            Self::Tokens { client, server } => {
                client.as_deref() == Some(token) || server.as_deref() == Some(token)
            }
        }
    }
}

/// How many lines with a set of tokens there are, and what is known of who says them.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    lines: usize,
    proved: Sides,
    hinted: Sides,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sides {
    client: usize,
    server: usize,
}

impl Sides {
    fn add(&mut self, party: Option<Party>) {
        match party {
            Some(Party::Client) => self.client += 1,
            Some(Party::Server) => self.server += 1,
            None => {}
        }
    }
}

/// The best scheme; `None` where nothing tells who speaks.
pub(super) fn learn(clues: &[Clue<'_>]) -> Option<Learned> {
    let by_tokens = by_tokens(clues);
    let by_ends = by_ends(clues);
    let best = match (by_tokens, by_ends) {
        (Some(one), Some(other)) => {
            if other.score >= one.score {
                other
            } else {
                one
            }
        }
        (one, other) => one.or(other)?,
    };
    Some(best)
}

fn by_tokens(clues: &[Clue<'_>]) -> Option<Learned> {
    let tokens = candidates(clues);
    let places: HashMap<&str, usize> = tokens
        .iter()
        .enumerate()
        .map(|(at, it)| (*it, at))
        .collect();
    let mut sets: HashMap<u64, Count> = HashMap::new();
    for clue in clues {
        let places = clue.tokens.iter().filter_map(|token| places.get(token));
        let set = places.fold(0_u64, |set, at| set | 1 << at);
        if sets.len() >= MOST_SETS && !sets.contains_key(&set) {
            continue;
        }
        let count = sets.entry(set).or_default();
        count.lines += 1;
        count.proved.add(clue.proof);
        count.hinted.add(clue.hint);
    }
    let mut best: Option<Learned> = None;
    for (at, one) in tokens.iter().enumerate() {
        let others = tokens.iter().enumerate().skip(at + 1);
        let others = others.map(|(at, other)| (Some(at), Some(*other)));
        for (other_at, other) in others.chain([(None, None)]) {
            let found = weigh(&sets, (at, one), (other_at, other), clues.len());
            let is_better = |new: &Learned| best.as_ref().is_none_or(|old| old.score < new.score);
            if let Some(found) = found.filter(is_better) {
                best = Some(found);
            }
        }
    }
    best
}

/// The tokens that are worth a comparison: those that mean a direction, and the most frequent.
fn candidates<'t>(clues: &[Clue<'t>]) -> Vec<&'t str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for clue in clues {
        let mut seen: Vec<&str> = Vec::new();
        for token in &clue.tokens {
            if !seen.contains(token) {
                seen.push(token);
                *counts.entry(token).or_default() += 1;
            }
        }
    }
    // What stands before every line tells nothing, unless there is one side alone.
    let mut all: Vec<(&str, usize)> = counts.into_iter().collect();
    let weight = |(token, count): &(&str, usize)| {
        let is_known = meaning(token).is_some();
        (
            std::cmp::Reverse((is_known && *count > 0, *count)),
            token.len(),
        )
    };
    all.sort_by(|one, other| weight(one).cmp(&weight(other)).then(one.0.cmp(other.0)));
    all.into_iter()
        .map(|(token, _)| token)
        .take(MOST_TOKENS)
        .collect()
}

/// Both sides of a scheme, as if the first token were the client's.
fn both(sets: &HashMap<u64, Count>, at: usize, other_at: Option<usize>) -> (Count, Count) {
    let (mut first, mut second) = (Count::default(), Count::default());
    for (set, count) in sets {
        let has_one = set >> at & 1 == 1;
        let has_other = other_at.map_or(!has_one, |at| set >> at & 1 == 1);
        let side = match (has_one, has_other) {
            (true, false) => &mut first,
            (false, true) => &mut second,
            _ => continue,
        };
        side.lines += count.lines;
        side.proved.client += count.proved.client;
        side.proved.server += count.proved.server;
        side.hinted.client += count.hinted.client;
        side.hinted.server += count.hinted.server;
    }
    (first, second)
}

fn weigh(
    sets: &HashMap<u64, Count>,
    (at, one): (usize, &str),
    (other_at, other): (Option<usize>, Option<&str>),
    all: usize,
) -> Option<Learned> {
    let (first, second) = both(sets, at, other_at);
    let meant = meaning(one);
    let other_meant = other.and_then(meaning);
    if let (Some((one, _)), Some((other, _))) = (meant, other_meant)
        && one == other
    {
        return None;
    }
    let lines = first.lines + second.lines;
    if first.lines == 0 || lines * 2 < all {
        return None;
    }
    let straight = first.proved.client + second.proved.server;
    let crossed = first.proved.server + second.proved.client;
    let hints = (first.hinted.client + second.hinted.server) as f64
        - (first.hinted.server + second.hinted.client) as f64;
    let is_label = meant.or(other_meant).is_some_and(|(_, is_label)| is_label);
    let words = match (meant, other_meant) {
        (Some((Party::Client, _)), _) | (None, Some((Party::Server, _))) => 1.0,
        (Some((Party::Server, _)), _) | (None, Some((Party::Client, _))) => -1.0,
        (None, None) => 0.0,
    };
    let prior = words * if is_label { 3.0 } else { 1.5 };
    let evidence = straight as f64 - crossed as f64 + 0.5 * hints;
    let sum = evidence + prior;
    let is_straight = sum > 0.0;
    let (agree, differ) = match is_straight {
        true => (straight, crossed),
        false => (crossed, straight),
    };
    let is_both = other.is_some() && second.lines > 0;
    let sides = if is_straight {
        (&first, &second)
    } else {
        (&second, &first)
    };
    let is_proved = sides.0.proved.client > 0 && sides.1.proved.server > 0 && agree >= 2;
    // One word alone, or words that mean nothing, need what the lines say.
    let is_known = match other {
        Some(_) => meant.is_some() && other_meant.is_some(),
        None => words.abs() > 0.0 && second.lines == 0,
    };
    // One line alone turns no word over.
    let is_rash = words * sum < 0.0 && agree < 2;
    let is_contradicted = differ * 3 > agree && differ > 1 || (other.is_none() && differ > 0);
    if sum == 0.0 || is_contradicted || is_rash || !(is_proved || is_known) {
        return None;
    }
    let purity = match agree + differ {
        0 => 0.5,
        all => (agree as f64 - differ as f64) / all as f64,
    };
    let score = 10.0 * lines as f64 / all as f64
        + 5.0 * purity
        + if words.abs() > 0.0 { 2.0 } else { 0.0 }
        + if meant.is_some() && other_meant.is_some() {
            1.0
        } else {
            0.0
        }
        + if is_label { 0.5 } else { 0.0 }
        - if is_both { 0.0 } else { 4.0 };
    let one = Some(one.to_owned());
    let other = other.map(str::to_owned);
    let (client, server) = if is_straight {
        (one, other)
    } else {
        (other, one)
    };
    Some(Learned {
        score,
        scheme: Scheme::Tokens { client, server },
        is_reversed: words * sum < 0.0,
    })
}

/// What is known of two ends: as if the first by name were the client.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    lines: usize,
    is_both: (bool, bool),
    straight: i64,
}

fn by_ends(clues: &[Clue<'_>]) -> Option<Learned> {
    let mut pairs: HashMap<(String, String), Pair> = HashMap::new();
    let mut proofs = 0;
    for clue in clues {
        let Some(ends) = &clue.ends else { continue };
        let key = ends.key();
        let is_first = key.0 == ends.from;
        let pair = pairs.entry(key).or_default();
        pair.lines += 1;
        pair.is_both.0 |= is_first;
        pair.is_both.1 |= !is_first;
        let weight = if clue.proof.is_some() { 2 } else { 1 };
        let sign = match clue.proof.or(clue.hint) {
            Some(party) if (party == Party::Client) == is_first => weight,
            Some(_) => -weight,
            None => 0,
        };
        proofs += usize::from(clue.proof.is_some());
        pair.straight += sign;
    }
    let mut servers = HashMap::new();
    let (mut lines, mut reversed) = (0, 0_i64);
    for (key, pair) in pairs {
        let known = match (is_server_end(&key.0), is_server_end(&key.1)) {
            (true, false) => -1,
            (false, true) => 1,
            _ => match (is_client_end(&key.0), is_client_end(&key.1)) {
                (true, false) => 1,
                (false, true) => -1,
                _ => 0,
            },
        };
        let is_pair = pair.is_both == (true, true) || known != 0;
        let sum = pair.straight + 2 * known;
        if !is_pair || sum == 0 {
            continue;
        }
        lines += pair.lines;
        reversed += i64::from(known * sum < 0);
        let server = if sum > 0 {
            key.1.clone()
        } else {
            key.0.clone()
        };
        servers.insert(key, server);
    }
    if lines * 2 < clues.len() || servers.is_empty() {
        return None;
    }
    let purity = if proofs > 0 { 5.0 } else { 2.5 };
    Some(Learned {
        score: 10.0 * lines as f64 / clues.len() as f64 + purity + 3.5,
        scheme: Scheme::Ends(servers),
        is_reversed: reversed > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::log::marks::tokens;

    fn learned(lines: &[(&'static str, Option<Party>)]) -> Option<(Learned, Vec<Option<Party>>)> {
        let clue = |(text, proof): &(&'static str, Option<Party>)| Clue {
            tokens: tokens(text).collect(),
            ends: Ends::of(text),
            proof: *proof,
            hint: None,
        };
        let clues: Vec<Clue<'_>> = lines.iter().map(clue).collect();
        let found = learn(&clues)?;
        let parties = clues.iter().map(|clue| {
            found
                .scheme
                .party(clue.tokens.iter().copied(), clue.ends.as_ref())
        });
        let parties = parties.collect();
        Some((found, parties))
    }

    const C: Option<Party> = Some(Party::Client);
    const S: Option<Party> = Some(Party::Server);

    #[test]
    fn words_tell_where_nothing_is_proved() {
        let (found, parties) = learned(&[("msn: C: ", None), ("msn: S: ", None)]).unwrap();
        assert_eq!((found.is_reversed, parties), (false, vec![C, S]));
        let (_, parties) = learned(&[("Data sent", None), ("Data received", None)]).unwrap();
        assert_eq!(parties, [C, S]);
        assert_eq!(learned(&[("foo ", None), ("bar ", None)]), None);
        assert_eq!(learned(&[("", None), ("", None)]), None);
    }

    #[test]
    fn what_the_lines_prove_goes_before_what_words_mean() {
        let lines = [
            ("[1] <<< ", C),
            ("[1] >>> ", S),
            ("[1] <<< ", C),
            ("[1] >>> ", None),
        ];
        let (found, parties) = learned(&lines).unwrap();
        assert_eq!((found.is_reversed, parties), (true, vec![C, S, C, S]));
        let strange = [("hin ", C), ("her ", S), ("hin ", C), ("her ", None)];
        let (found, parties) = learned(&strange).unwrap();
        assert_eq!((found.is_reversed, parties), (false, vec![C, S, C, S]));
        // One odd line of a server that is wrong turns nothing over.
        let odd = [("C: ", None), ("S: ", C), ("C: ", None)];
        assert!(!learned(&odd).unwrap().0.is_reversed);
    }

    #[test]
    fn ends_tell_as_well() {
        let lines = [
            ("1.1.1.1:5 -> 2.2.2.2:1863", C),
            ("2.2.2.2:1863 -> 1.1.1.1:5", None),
        ];
        assert_eq!(learned(&lines).unwrap().1, [C, S]);
        let unknown = [("x:5 > y:6", C), ("y:6 > x:5", None), ("x:5 > y:6", None)];
        assert_eq!(learned(&unknown).unwrap().1, [C, S, C]);
    }
}
