//! The folder of findings: one scenario a file, which `run` replays for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::judge::last_lines;
use super::shrink::Shrunk;
use super::signature::Signature;
use crate::diagnostic::{Diagnostic, Source};
use crate::event::Failure;
use crate::run::Outcome;
use crate::scenario::ast::Scenario;
use crate::scenario::{Files, load, print};

/// What stands before the signature in a finding's file.
const MARK: &str = "# signature: ";
/// The longest line of a header.
const WIDE: usize = 100;

/// Where a finding comes from: the case of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The campaign's seed.
    pub seed: u64,
    /// The number of the case; it derives from both alone.
    pub case: u64,
}

/// A finding, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproducer {
    /// The file's name, made of the signature.
    pub file_name: String,
    /// The file: what failed, in comments, and the scenario.
    pub text: String,
}

impl Reproducer {
    /// The file for something that was shrunk. What came out of a campaign gets the clause for its
    /// description.
    #[must_use]
    pub fn new(shrunk: &Shrunk, origin: Option<Origin>) -> Self {
        let mut text = String::new();
        let mut say = |words: &str| comment(&mut text, words);
        if let Some(Origin { seed, case }) = origin {
            say(&format!(
                "Found by msnpspec fuzz --seed {seed}, case {case}."
            ));
        }
        let failure = &shrunk.failure;
        if let Some(clause) = shrunk.signature.clause.map(crate::spec::ClauseId::clause) {
            say(&format!(
                "{} ({}): {}",
                clause.name, clause.level, clause.text
            ));
        }
        say(&format!("expected: {}", failure.expected));
        say(&format!("got:      {}", failure.got));
        if let Some(detail) = &failure.detail {
            say(detail);
        }
        for line in last_lines(failure) {
            say(&format!("the server wrote: {line}"));
        }
        say(&format!("judged by: {}", failure.judge));
        say(&format!(
            "failed in {} of {} replays",
            shrunk.failed, shrunk.replays
        ));
        let _ = writeln!(text, "{MARK}{}", shrunk.signature);
        match (origin, shrunk.signature.clause) {
            (Some(_), Some(clause)) => {
                let mut scenario = shrunk.scenario.clone();
                scenario.description = clause.clause().text.to_owned();
                text.push_str(&print(&scenario));
            }
            _ => text.push_str(&shrunk.text),
        }
        Self {
            file_name: format!("{}.yaml", shrunk.signature),
            text,
        }
    }
}

/// Writes words as comments, wrapped; what is no printable text stands in escapes.
fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split(' ') {
        let word: String = word
            .chars()
            .flat_map(|char| match char.is_control() {
                true => char.escape_default().collect::<Vec<_>>(),
                false => vec![char],
            })
            .collect();
        if line.len() > 1 && line.len() + word.len() >= WIDE {
            text.push_str(line.trim_end());
            text.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(&word);
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// What was found, each cause once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    counts: BTreeMap<String, usize>,
}

impl Findings {
    /// Knows a finding of an earlier campaign, by its cause.
    pub fn know(&mut self, cause: impl Into<String>) {
        self.counts.entry(cause.into()).or_default();
    }

    /// Counts a finding; whether it is the first of its cause.
    pub fn take(&mut self, cause: &str) -> bool {
        let known = self.counts.len();
        *self.counts.entry(cause.to_owned()).or_default() += 1;
        self.counts.len() > known
    }

    /// How many causes are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The causes, and how often each was taken in this campaign.
    pub fn counts(&self) -> impl Iterator<Item = (&str, usize)> {
        let counts = self.counts.iter();
        counts.map(|(signature, count)| (signature.as_str(), *count))
    }
}

/// A finding that was read back.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The scenario.
    pub scenario: Scenario,
    /// How it failed when it was written; `None` where the file does not say.
    pub signature: Option<String>,
}

/// Reads a finding's file; any scenario will do. Of a matrix, all rows are given.
///
/// # Errors
///
/// The mistakes in the file.
pub fn read_finding(
    name: &str,
    source: &Arc<Source>,
    files: &dyn Files,
) -> Result<Vec<Kept>, Vec<Diagnostic>> {
    let scenarios = load(name, source, files)?;
    Ok(scenarios.into_iter().map(Kept::from).collect())
}

impl From<Scenario> for Kept {
    /// The signature is looked for in the scenario's file.
    fn from(scenario: Scenario) -> Self {
        let mut lines = scenario.source.text.lines();
        let signature = lines.find_map(|line| line.strip_prefix(MARK));
        Self {
            signature: signature.map(|text| text.trim().to_owned()),
            scenario,
        }
    }
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It passes.
    Fixed,
    /// It fails as it did.
    StillFails(Box<Failure>),
    /// It fails, but not as it did: in this way first.
    FailsOtherwise(Box<Failure>, Box<Signature>),
    /// It could not be run, for this reason.
    CouldNotRun(String),
}

/// Executes a finding once and says what became of it.
pub fn replay(kept: &Kept, execute: impl FnOnce(&Scenario) -> Result<Outcome, String>) -> Replayed {
    let outcome = match execute(&kept.scenario) {
        Ok(outcome) => outcome,
        Err(why) => return Replayed::CouldNotRun(why),
    };
    let told = Signature::all(&outcome);
    let is_it = |signature: &Signature| match &kept.signature {
        Some(wanted) => signature.to_string() == *wanted,
        None => true,
    };
    if let Some((_, failure)) = told.iter().find(|(signature, _)| is_it(signature)) {
        return Replayed::StillFails(Box::new((*failure).clone()));
    }
    match told.into_iter().next() {
        Some((signature, failure)) => {
            Replayed::FailsOtherwise(Box::new(failure.clone()), Box::new(signature))
        }
        None => match outcome.why_blocked() {
            Some(why) => Replayed::CouldNotRun(why),
            None => Replayed::Fixed,
        },
    }
}
