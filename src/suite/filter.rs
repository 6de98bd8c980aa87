//! Which scenarios run: `--filter` and `--shard`.

use std::sync::Arc;

use crate::diagnostic::did_you_mean;
use crate::scenario::ast::Scenario;
use crate::target::{Pattern, PatternError};

/// A filter expression: words put together by `and`, `or`, `not`, `!`, commas (an `or`) and
/// parentheses. `not` binds most, then `and`, then `or`.
///
/// A word is a scenario's name, its folder, a glob, a clause (`USR-6`), a group of clauses (`USR`,
/// `USR-*`) or `tag:word`. A word that names nothing in one of these ways finds the scenarios that
/// have it somewhere in their names.
#[derive(Debug, Clone)]
pub struct Filter {
    root: Node,
}

/// How deeply parentheses and negations may nest.
const DEPTH: usize = 64;

#[derive(Debug, Clone)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    Tag(String),
    Word(Pattern),
}

/// Why a filter cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A word of it.
    #[error("{error}{}", .error.help().map(|help| format!(" ({help})")).unwrap_or_default())]
    Word {
        /// What is wrong with it.
        error: PatternError,
    },
    /// Something is missing at the end.
    #[error("the filter ends where a name is expected")]
    Incomplete,
    /// A word that cannot stand where it stands.
    #[error("`{0}` cannot stand there; put `and`, `or` or a comma between names")]
    Unexpected(String),
    /// Too many parentheses.
    #[error("the filter nests too deeply")]
    TooDeep,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser {
            words: split(text),
            next: 0,
            depth: 0,
        };
        let root = parser.any()?;
        match parser.peek() {
            None => Ok(Self { root }),
            Some(word) => Err(FilterError::Unexpected(word.to_owned())),
        }
    }

    /// The scenarios that the filter lets through, in their order.
    #[must_use]
    pub fn select(&self, scenarios: &[Arc<Scenario>]) -> Vec<Arc<Scenario>> {
        let mut root = self.root.clone();
        root.resolve(scenarios);
        scenarios
            .iter()
            .filter(|scenario| root.admits(scenario))
            .cloned()
            .collect()
    }

    /// For a filter that leaves nothing: the scenario, folder or tag that was perhaps meant.
    #[must_use]
    pub fn hint(&self, scenarios: &[Arc<Scenario>]) -> Option<String> {
        let mut words = Vec::new();
        self.root.words(&mut words);
        words.into_iter().find_map(|(word, is_tag)| {
            let known: Vec<&str> = if is_tag {
                let tags = scenarios.iter().flat_map(|scenario| &scenario.tags);
                tags.map(String::as_str).collect()
            } else {
                scenarios
                    .iter()
                    .flat_map(|scenario| {
                        let name = scenario.name.as_str();
                        let last = name.rsplit('/').next().unwrap_or(name);
                        let folder = name.split('/').next().unwrap_or(name);
                        [name, last, folder]
                    })
                    .collect()
            };
            if known.contains(&word) {
                return None;
            }
            did_you_mean(word, known).map(str::to_owned)
        })
    }
}

impl Node {
    /// Turns names that name nothing into parts of names.
    fn resolve(&mut self, scenarios: &[Arc<Scenario>]) {
        match self {
            Self::Any(nodes) | Self::All(nodes) => {
                nodes.iter_mut().for_each(|node| node.resolve(scenarios));
            }
            Self::Not(node) => node.resolve(scenarios),
            Self::Word(pattern) => {
                let known = scenarios.iter().any(|scenario| pattern.names(scenario));
                if let Pattern::Name { text, glob: None } = pattern
                    && !known
                    && let Ok(part) = Pattern::parse(&format!("*{text}*"))
                {
                    *pattern = part;
                }
            }
            Self::Tag(_) => {}
        }
    }

    fn admits(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Any(nodes) => nodes.iter().any(|node| node.admits(scenario)),
            Self::All(nodes) => nodes.iter().all(|node| node.admits(scenario)),
            Self::Not(node) => !node.admits(scenario),
            Self::Tag(tag) => scenario.tags.iter().any(|own| own == tag),
            Self::Word(pattern) => pattern.names(scenario),
        }
    }

    fn words<'n>(&'n self, out: &mut Vec<(&'n str, bool)>) {
        match self {
            Self::Any(nodes) | Self::All(nodes) => nodes.iter().for_each(|node| node.words(out)),
            Self::Not(node) => node.words(out),
            Self::Tag(tag) => out.push((tag, true)),
            Self::Word(Pattern::Name { text, .. }) => out.push((text, false)),
            Self::Word(_) => {}
        }
    }
}

/// Words, commas, parentheses and exclamation marks. Brackets keep their content together, so that
/// `a[x=1,y=2]` is one word.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut brackets = 0_usize;
    for c in text.chars() {
        let starts = words.last().is_none_or(String::is_empty);
        match c {
            '[' | '{' => brackets += 1,
            ']' | '}' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        let mark = matches!(c, ',' | '(' | ')') || (c == '!' && starts);
        if brackets == 0 && (mark || c.is_whitespace()) {
            if mark {
                words.push(c.to_string());
            }
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

struct Parser {
    words: Vec<String>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.next).map(String::as_str)
    }

    fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.peek().is_some_and(|word| words.contains(&word));
        self.next += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.all()?];
        while self.eat(&["or", ","]) {
            nodes.push(self.all()?);
        }
        Ok(Node::Any(nodes))
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.one()?];
        while self.eat(&["and"]) {
            nodes.push(self.one()?);
        }
        Ok(Node::All(nodes))
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(FilterError::TooDeep);
        }
        let node = if self.eat(&["not", "!"]) {
            Node::Not(Box::new(self.one()?))
        } else if self.eat(&["("]) {
            let node = self.any()?;
            if !self.eat(&[")"]) {
                return Err(FilterError::Incomplete);
            }
            node
        } else {
            self.word()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn word(&mut self) -> Result<Node, FilterError> {
        let word = self.peek().ok_or(FilterError::Incomplete)?.to_owned();
        if matches!(word.as_str(), "and" | "or" | "," | ")") {
            return Err(FilterError::Unexpected(word));
        }
        self.next += 1;
        if let Some(tag) = word.strip_prefix("tag:") {
            return Ok(Node::Tag(tag.to_owned()));
        }
        Pattern::parse(&word)
            .map(Node::Word)
            .map_err(|error| FilterError::Word { error })
    }
}

/// One part of the suite out of several: `--shard 2/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

/// Why a shard cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no shard: write I/N with I from 1 to N, such as 2/3")]
pub struct ShardError(pub String);

impl Shard {
    /// Which part it is, from 0, and of how many.
    #[must_use]
    pub fn part(self) -> (usize, usize) {
        (self.index - 1, self.count)
    }

    /// The scenarios of this part: every N-th in the order of their names.
    #[must_use]
    pub fn select(self, scenarios: Vec<Arc<Scenario>>) -> Vec<Arc<Scenario>> {
        let mut scenarios = scenarios;
        scenarios.sort_by(|a, b| a.name.cmp(&b.name));
        scenarios
            .into_iter()
            .skip(self.index - 1)
            .step_by(self.count)
            .collect()
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl std::str::FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('/').and_then(|(index, count)| {
            let index: usize = index.trim().parse().ok()?;
            let count: usize = count.trim().parse().ok()?;
            (1..=count)
                .contains(&index)
                .then_some(Self { index, count })
        });
        parsed.ok_or_else(|| ShardError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::test_support::scenario;

    fn library() -> Vec<Arc<Scenario>> {
        vec![
            scenario("auth/wrong-password", &["USR-5", "USR-6"], &[]),
            scenario("auth/replay", &["USR-9"], &["slow"]),
            scenario("hostile/endless", &["FRAME-15"], &["hostile"]),
            scenario("lists/add[list=FL,n=1]", &["ADD-1"], &[]),
        ]
    }

    fn selected(text: &str) -> Vec<String> {
        let filter = Filter::parse(text).unwrap();
        let found = filter.select(&library());
        found.iter().map(|found| found.name.clone()).collect()
    }

    #[test]
    fn words_select_by_name_folder_clause_and_tag() {
        assert_eq!(selected("auth").len(), 2);
        assert_eq!(selected("auth/replay"), ["auth/replay"]);
        assert_eq!(selected("wrong"), ["auth/wrong-password"]);
        assert_eq!(selected("USR-6"), ["auth/wrong-password"]);
        assert_eq!(selected("USR").len(), 2);
        assert_eq!(selected("tag:hostile"), ["hostile/endless"]);
        assert_eq!(selected("lists/add[list=FL,n=1]").len(), 1);
    }

    #[test]
    fn words_are_put_together() {
        assert_eq!(selected("USR and not tag:slow"), ["auth/wrong-password"]);
        assert_eq!(
            selected("!auth"),
            ["hostile/endless", "lists/add[list=FL,n=1]"]
        );
        assert_eq!(selected("lists, hostile").len(), 2);
        assert_eq!(selected("lists/add[list=FL,n=1],hostile").len(), 2);
        assert_eq!(selected("{auth,lists}/*").len(), 3);
        assert_eq!(
            selected("not (auth or lists) or USR-9"),
            ["auth/replay", "hostile/endless"]
        );
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(
            Filter::parse("USR-99"),
            Err(FilterError::Word {
                error: PatternError::UnknownClause { .. }
            })
        ));
        assert_eq!(Filter::parse("").unwrap_err(), FilterError::Incomplete);
        assert_eq!(Filter::parse("a and").unwrap_err(), FilterError::Incomplete);
        assert_eq!(Filter::parse("(a").unwrap_err(), FilterError::Incomplete);
        assert_eq!(
            Filter::parse("a b").unwrap_err(),
            FilterError::Unexpected("b".into())
        );
        let nested = |depth: usize| "(".repeat(depth) + "a" + &")".repeat(depth);
        assert!(Filter::parse(&nested(DEPTH - 1)).is_ok());
        assert_eq!(
            Filter::parse(&nested(DEPTH)).unwrap_err(),
            FilterError::TooDeep
        );
        let flat = vec!["(not a)"; DEPTH * 2].join(" and ");
        assert!(Filter::parse(&flat).is_ok());
        assert_eq!(
            Filter::parse(&"(".repeat(10_000)).unwrap_err(),
            FilterError::TooDeep
        );
    }

    #[test]
    fn a_filter_that_finds_nothing_hints() {
        let filter = Filter::parse("auht").unwrap();
        assert_eq!(filter.hint(&library()).as_deref(), Some("auth"));
        let filter = Filter::parse("tag:hostil").unwrap();
        assert_eq!(filter.hint(&library()).as_deref(), Some("hostile"));
    }

    #[test]
    fn a_shard_says_which_part_it_is() {
        let shard: Shard = "2/3".parse().unwrap();
        assert_eq!((shard.part(), shard.to_string().as_str()), ((1, 3), "2/3"));
    }

    #[test]
    fn shards_cover_everything_once() {
        let mut all: Vec<String> = (1..=3)
            .flat_map(|i| {
                let shard: Shard = format!("{i}/3").parse().unwrap();
                shard.select(library())
            })
            .map(|scenario| scenario.name.clone())
            .collect();
        all.sort();
        let mut names: Vec<_> = library().iter().map(|s| s.name.clone()).collect();
        names.sort();
        assert_eq!(all, names);
        for bad in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
