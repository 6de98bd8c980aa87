//! In which dialects a run is made, and which scenarios are played in each.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::filter::Shard;
use crate::protocol::{DIALECTS, Dialect};
use crate::scenario::ast::Scenario;

/// Which dialects are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The highest that the server and the harness both speak.
    #[default]
    Highest,
    /// This one.
    One(&'static Dialect),
    /// Each that both speak.
    All,
}

/// What is played in one dialect.
#[derive(Debug, Clone)]
pub struct Round {
    /// The dialect.
    pub dialect: &'static Dialect,
    /// The scenarios.
    pub scenarios: Vec<Arc<Scenario>>,
}

/// What is chosen of the suite, or of a user's own files.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'c> {
    /// The scenarios, whatever dialects they are for.
    pub scenarios: &'c [Arc<Scenario>],
    /// They are a user's own files: each is played, or told as skipped.
    pub are_files: bool,
    /// Which part of those of each dialect.
    pub shard: Option<Shard>,
}

impl Chosen<'_> {
    /// The rounds of a run against a server that agrees to these dialects, lowest first; of one that
    /// agrees to none the first look tells why, in the lowest that will do. Where the highest is chosen, the suite is played in the highest for which anything was chosen, and each
    /// file in the highest that it is for.
    #[must_use]
    pub fn rounds(self, choice: Choice, agreed: &[&'static Dialect]) -> Vec<Round> {
        let has_any = |it: &&'static Dialect| self.scenarios.iter().any(|one| one.is_for(it));
        let highest = agreed.iter().rev().copied().find(has_any);
        let highest = highest.or(agreed.last().copied());
        let dialects = match (choice, highest) {
            (Choice::One(dialect), _) => vec![dialect],
            (_, None) => vec![DIALECTS.into_iter().find(has_any).unwrap_or_default()],
            (Choice::Highest, Some(highest)) if !self.are_files => vec![highest],
            (Choice::Highest | Choice::All, Some(_)) => agreed.to_vec(),
        };
        let mut played: BTreeMap<&'static Dialect, Vec<Arc<Scenario>>> = BTreeMap::new();
        for scenario in self.scenarios {
            let mut own = dialects.iter().filter(|dialect| scenario.is_for(dialect));
            let own: Vec<&Dialect> = match (choice, self.are_files) {
                (Choice::Highest, true) => own.next_back().copied().into_iter().collect(),
                _ => own.copied().collect(),
            };
            let told = dialects.last().filter(|_| own.is_empty() && self.are_files);
            for dialect in own.into_iter().chain(told.copied()) {
                let scenarios = played.entry(dialect).or_default();
                scenarios.push(Arc::clone(scenario).shared_in_dialect(dialect));
            }
        }
        if played.is_empty() {
            played.extend(dialects.last().map(|dialect| (*dialect, Vec::new())));
        }
        let rounds = played.into_iter().map(|(dialect, scenarios)| Round {
            dialect,
            scenarios: match self.shard {
                Some(shard) => shard.select(scenarios),
                None => scenarios,
            },
        });
        rounds.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::test_support::scenario;

    fn suite() -> Vec<Arc<Scenario>> {
        let of = |name: &str, dialects: &[&str]| {
            let mut scenario = scenario(name, &[], &[]);
            let own = Arc::make_mut(&mut scenario);
            own.dialects = dialects.iter().map(|name| (*name).to_owned()).collect();
            scenario
        };
        vec![
            of("any", &[]),
            of("old", &["MSNP2"]),
            of("some", &["MSNP3", "MSNP5"]),
        ]
    }

    /// What is played in which dialect, such as `2: any old`.
    fn told(choice: Choice, are_files: bool, agreed: &[u8], scenarios: &[Arc<Scenario>]) -> String {
        let agreed: Vec<&Dialect> = DIALECTS
            .into_iter()
            .filter(|dialect| agreed.contains(&dialect.number))
            .collect();
        let chosen = Chosen {
            scenarios,
            are_files,
            shard: None,
        };
        let rounds = chosen.rounds(choice, &agreed).into_iter().map(|round| {
            let names: Vec<&str> = round.scenarios.iter().map(|it| it.name.as_str()).collect();
            format!("{}: {}", round.dialect.number, names.join(" "))
        });
        rounds.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_suite_is_played_in_the_highest_dialect_that_has_any_of_it() {
        let suite = suite();
        let told = |agreed: &[u8]| told(Choice::Highest, false, agreed, &suite);
        assert_eq!(told(&[2, 3, 4]), "4: any");
        assert_eq!(told(&[2]), "2: any old");
        let only = |agreed: &[u8]| super::tests::told(Choice::Highest, false, agreed, &suite[2..]);
        assert_eq!(only(&[2, 3, 4, 5, 6, 7]), "5: some");
        assert_eq!(only(&[2]), "2: ");
        assert_eq!(only(&[]), "3: some");
    }

    #[test]
    fn each_file_is_played_in_the_highest_dialect_that_it_is_for() {
        let suite = suite();
        let told = |agreed: &[u8]| told(Choice::Highest, true, agreed, &suite);
        assert_eq!(told(&[2, 3, 4, 5, 6, 7]), "2: old; 5: some; 7: any");
        // What nobody can play is told as skipped, in the highest.
        assert_eq!(told(&[2]), "2: any old some");
        assert_eq!(told(&[7]), "7: any old some");
    }

    #[test]
    fn all_dialects_are_played_one_after_the_other() {
        let suite = suite();
        let told = |are_files, agreed: &[u8]| told(Choice::All, are_files, agreed, &suite);
        assert_eq!(told(false, &[2, 3]), "2: any old; 3: any some");
        assert_eq!(told(false, &[4, 6]), "4: any; 6: any");
        assert_eq!(told(true, &[4, 6]), "4: any; 6: any old some");
        assert_eq!(told(true, &[]), "2: any old some");
    }

    #[test]
    fn one_dialect_leaves_the_rest_of_the_suite_out_and_skips_files() {
        let (suite, msnp3) = (suite(), Dialect::named(b"MSNP3").unwrap());
        let told = |are_files| told(Choice::One(msnp3), are_files, &[], &suite);
        assert_eq!(told(false), "3: any some");
        assert_eq!(told(true), "3: any old some");
    }
}
