//! What a campaign came to, as a document: to be kept, and put together with that of other shards.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::campaign::{Found, Report};
use super::corpus::digest;
use super::entropy::case_bytes;
use super::name::Name;
use crate::protocol::{ClauseId, Dialect, Level};

/// The version of the format.
const VERSION: u32 = 1;
/// What the document says it is.
const KIND: &str = "fuzz";

/// What a campaign came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignResult {
    version: u32,
    kind: String,
    /// The target's name.
    pub target: String,
    /// The dialect of the cases.
    #[serde(default = "first")]
    pub dialect: String,
    /// The clauses that counted.
    pub level: Level,
    /// The seed of everything random.
    pub seed: u64,
    /// How many cases were asked for, those of other shards counted; `None`: until it was over.
    pub asked: Option<u64>,
    /// The shards that are in it, such as `2/4`; none where it is the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<String>,
    /// How many cases were executed, children counted.
    pub cases: u64,
    /// How many of these were children.
    pub children: u64,
    /// How many requests were answered.
    pub round_trips: u64,
    /// How long it took, in milliseconds; of several shards the longest.
    pub ms: u64,
    /// How many cases came to each verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// How often each mutator was used.
    pub mutators: BTreeMap<String, u64>,
    /// The transitions that were seen, and the first case of each.
    pub transitions: BTreeMap<String, String>,
    /// A digest of the corpus of numbered cases.
    pub corpus_hash: String,
    /// What was found, by signature.
    pub findings: BTreeMap<String, FindingRow>,
}

/// What was fuzzed where a document does not say so.
fn first() -> String {
    Dialect::first().name.to_owned()
}

/// A way to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingRow {
    /// The first case that failed so.
    pub case: String,
    /// How many cases did.
    pub count: u64,
    /// The kind of verdict.
    pub verdict: String,
    /// The clause that is broken.
    pub clause: Option<ClauseId>,
    /// Who judged.
    pub by: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// Why results cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignError {
    /// It is no result.
    #[error("no result of `fuzz --result`: {0}")]
    Unreadable(String),
    /// It is of another campaign than those before it.
    #[error("it does not belong to those before it: its {0} differs ({1}, not {2})")]
    Differs(&'static str, String, String),
    /// A shard is there twice.
    #[error("shard {0} is there twice")]
    Twice(String),
}

impl FindingRow {
    fn of(found: &Found) -> Self {
        Self {
            case: found.name.to_string(),
            count: found.count,
            verdict: found.verdict.as_str().to_owned(),
            clause: found.failure.clause,
            by: found.failure.judge.to_string(),
            expected: found.failure.expected.to_string(),
            got: found.failure.got.to_string(),
        }
    }
}

impl CampaignResult {
    /// The result of a campaign, or of this shard of one.
    #[must_use]
    pub fn of(
        report: &Report,
        target: &str,
        (level, seed, asked): (Level, u64, Option<u64>),
        shard: Option<String>,
        ms: u64,
    ) -> Self {
        let named = |(name, count): (String, &u64)| (name, *count);
        let verdicts = report.verdicts.iter();
        let mutators = report.mutators.iter();
        let covered = report.covered.iter();
        let found = report.found.iter();
        Self {
            version: VERSION,
            kind: KIND.to_owned(),
            target: target.to_owned(),
            dialect: report.dialect.name.to_owned(),
            level,
            seed,
            asked,
            shards: shard.into_iter().collect(),
            cases: report.cases,
            children: report.children,
            round_trips: report.round_trips,
            ms,
            verdicts: verdicts
                .map(|(verdict, count)| named((verdict.to_string(), count)))
                .collect(),
            mutators: mutators
                .map(|(name, count)| named(((*name).to_owned(), count)))
                .collect(),
            transitions: covered
                .map(|(transition, name)| (transition.to_string(), name.to_string()))
                .collect(),
            corpus_hash: report.corpus_hash(),
            findings: found
                .map(|(signature, found)| (signature.clone(), FindingRow::of(found)))
                .collect(),
        }
    }

    /// Whether a text says that it is such a document.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        #[derive(Deserialize)]
        struct Head {
            kind: String,
        }
        serde_json::from_str::<Head>(text).is_ok_and(|head| head.kind == KIND)
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// When it is none, with the place.
    pub fn read(text: &str) -> Result<Self, CampaignError> {
        let unreadable = |why: String| CampaignError::Unreadable(why);
        let result: Self = serde_json::from_str(text).map_err(|it| unreadable(it.to_string()))?;
        if result.version != VERSION || result.kind != KIND {
            return Err(unreadable(format!(
                "version {} is not known",
                result.version
            )));
        }
        for shard in &result.shards {
            let is_one = shard_of(shard).is_some_and(|(index, count)| (1..=count).contains(&index));
            if !is_one {
                return Err(unreadable(format!("`{shard}` is no shard")));
            }
        }
        let cases = result.transitions.values();
        let cases = cases.chain(result.findings.values().map(|found| &found.case));
        for case in cases {
            if Name::parse(case).is_none() {
                return Err(unreadable(format!("`{case}` is no case")));
            }
        }
        Ok(result)
    }

    /// Takes in another shard of the same campaign.
    ///
    /// # Errors
    ///
    /// When it is of another campaign, or there already.
    pub fn merge(mut self, other: Self) -> Result<Self, CampaignError> {
        self.belongs_with(&other)?;
        if let Some(twice) = other.shards.iter().find(|it| self.shards.contains(it)) {
            return Err(CampaignError::Twice(twice.clone()));
        }
        self.shards.extend(other.shards);
        self.shards.sort_by_key(|shard| shard_of(shard));
        self.cases = self.cases.saturating_add(other.cases);
        self.children = self.children.saturating_add(other.children);
        self.round_trips = self.round_trips.saturating_add(other.round_trips);
        self.ms = self.ms.max(other.ms);
        add(&mut self.verdicts, other.verdicts);
        add(&mut self.mutators, other.mutators);
        for (transition, case) in other.transitions {
            match self.transitions.get_mut(&transition) {
                Some(known) if Name::parse(&case) < Name::parse(known) => *known = case,
                Some(_) => {}
                None => drop(self.transitions.insert(transition, case)),
            }
        }
        for (signature, found) in other.findings {
            match self.findings.get_mut(&signature) {
                None => drop(self.findings.insert(signature, found)),
                Some(known) => {
                    let count = known.count.saturating_add(found.count);
                    if Name::parse(&found.case) < Name::parse(&known.case) {
                        *known = found;
                    }
                    known.count = count;
                }
            }
        }
        let seed = self.seed;
        self.corpus_hash = digest(&self.transitions, |number| case_bytes(seed, number));
        let count = self.shards.first().and_then(|shard| shard_of(shard));
        if count.is_some_and(|(_, count)| count == self.shards.len()) {
            self.shards.clear();
        }
        Ok(self)
    }

    fn belongs_with(&self, other: &Self) -> Result<(), CampaignError> {
        let shown = |asked: Option<u64>| asked.map_or("unbounded".to_owned(), |it| it.to_string());
        let shards = |result: &Self| {
            let count = result.shards.first().and_then(|shard| shard_of(shard));
            count.map_or(1, |(_, count)| count).to_string()
        };
        let differences = [
            ("target", self.target.clone(), other.target.clone()),
            ("dialect", self.dialect.clone(), other.dialect.clone()),
            ("level", self.level.to_string(), other.level.to_string()),
            ("seed", self.seed.to_string(), other.seed.to_string()),
            ("number of cases", shown(self.asked), shown(other.asked)),
            ("number of shards", shards(self), shards(other)),
        ];
        for (what, known, it) in differences {
            if known != it {
                return Err(CampaignError::Differs(what, it, known));
            }
        }
        match self.shards.is_empty() {
            true => Err(CampaignError::Twice("1/1".to_owned())),
            false => Ok(()),
        }
    }

    /// The shards that are missing, such as `3/4`; the first twenty.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let Some((_, count)) = self.shards.first().and_then(|shard| shard_of(shard)) else {
            return Vec::new();
        };
        let there: Vec<usize> = self
            .shards
            .iter()
            .filter_map(|it| Some(shard_of(it)?.0))
            .collect();
        let gone = (1..=count).filter(|index| !there.contains(index));
        gone.take(20)
            .map(|index| format!("{index}/{count}"))
            .collect()
    }
}

fn shard_of(text: &str) -> Option<(usize, usize)> {
    let (index, count) = text.split_once('/')?;
    Some((index.parse().ok()?, count.parse().ok()?))
}

fn add(all: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (name, count) in more {
        let known = all.entry(name).or_default();
        *known = known.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(index: usize, count: usize) -> CampaignResult {
        CampaignResult {
            version: VERSION,
            kind: KIND.to_owned(),
            target: "t".to_owned(),
            dialect: first(),
            level: Level::Must,
            seed: 1,
            asked: Some(100),
            shards: vec![format!("{index}/{count}")],
            cases: 10,
            children: 0,
            round_trips: 90,
            ms: index as u64,
            verdicts: BTreeMap::from([("passed".to_owned(), 10)]),
            mutators: BTreeMap::new(),
            transitions: BTreeMap::from([("a".to_owned(), (10 - index).to_string())]),
            corpus_hash: String::new(),
            findings: BTreeMap::new(),
        }
    }

    #[test]
    fn shards_become_one() {
        let whole = shard(2, 3).merge(shard(1, 3)).unwrap();
        assert_eq!(whole.missing(), ["3/3"]);
        let whole = whole.merge(shard(3, 3)).unwrap();
        assert_eq!((whole.missing().len(), whole.shards.len()), (0, 0));
        assert_eq!((whole.cases, whole.ms), (30, 3));
        assert_eq!(whole.transitions.get("a").map(String::as_str), Some("7"));
        assert_eq!(
            whole.corpus_hash,
            digest(&whole.transitions, |number| case_bytes(1, number))
        );
        let text = serde_json::to_string(&whole).unwrap();
        assert!(CampaignResult::is_one(&text));
        assert_eq!(CampaignResult::read(&text), Ok(whole));
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let refused = |other| shard(1, 3).merge(other).unwrap_err().to_string();
        assert_eq!(refused(shard(1, 3)), "shard 1/3 is there twice");
        assert_eq!(
            refused(shard(2, 4)),
            "it does not belong to those before it: its number of shards differs (4, not 3)"
        );
        let mut other = shard(2, 3);
        other.seed = 9;
        assert!(refused(other).contains("its seed differs (9, not 1)"));
        let mut other = shard(2, 3);
        other.asked = None;
        assert!(refused(other).contains("(unbounded, not 100)"));
    }

    #[test]
    fn what_is_no_result_is_told() {
        let error = |text: &str| CampaignResult::read(text).unwrap_err().to_string();
        assert!(error("{}").contains("missing field"));
        let text = serde_json::to_string(&shard(1, 3)).unwrap();
        assert!(error(&text.replace("1/3", "4/3")).contains("`4/3` is no shard"));
        assert!(error(&text.replace("\"9\"", "\"nine\"")).contains("`nine` is no case"));
        assert!(!CampaignResult::is_one("[]"));
    }
}
