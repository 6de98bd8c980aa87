//! The folder of findings: one scenario a file, which `run` replays for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::judge::last_lines;
use super::shrink::Shrunk;
use super::signature::Signature;
use crate::diagnostic::{Diagnostic, Source};
use crate::engine::Outcome;
use crate::event::{Failure, Judge};
use crate::protocol::Dialect;
use crate::scenario::ast::Scenario;
use crate::scenario::{Files, load, print};

/// What stands before the signature in a finding's file.
const MARK: &str = "# signature: ";
/// What stands before how often a finding failed.
const RATE: &str = "failed in ";
/// How often a finding is played again at most, and where nobody knows how often it fails.
const PLAYS: (u32, u32) = (60, 20);
/// How likely it may be that a failure that is still there is not seen.
const DOUBT: f64 = 0.05;
/// The longest line of a header.
const WIDE: usize = 100;

/// Where a finding comes from: the case of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The campaign's dialect.
    pub dialect: &'static Dialect,
    /// The campaign's seed.
    pub seed: u64,
    /// The number of the case; it derives from these alone.
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
        if let Some(Origin {
            dialect,
            seed,
            case,
        }) = origin
        {
            say(&format!(
                "Found by msnpspec fuzz --dialect {dialect} --seed {seed}, case {case}."
            ));
        }
        let failure = &shrunk.failure;
        if let Some(clause) = shrunk
            .signature
            .clause
            .map(crate::protocol::ClauseId::clause)
        {
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
        say(match failure.judge {
            Judge::Model => {
                "`msnpspec run` does not ask the model, and passes it: play it again with \
                 `msnpspec fuzz --replay FOLDER`."
            }
            _ => "Play it again with `msnpspec fuzz --replay FOLDER`.",
        });
        match shrunk.replays {
            0 => say("It was not made small, nor played again."),
            replays => say(&format!("{RATE}{} of {replays} replays", shrunk.failed)),
        }
        let _ = writeln!(text, "{MARK}{}", shrunk.signature);
        match (origin, shrunk.signature.clause) {
            (Some(origin), Some(clause)) => {
                let mut scenario = shrunk.scenario.clone();
                scenario.description = clause.clause().text.to_owned();
                scenario.limit_to(origin.dialect);
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
    /// In how many of how many replays it failed then.
    pub rate: Option<(u32, u32)>,
}

impl Kept {
    /// How often it must be played without failing until that is no chance.
    #[must_use]
    pub fn plays(&self) -> u32 {
        if self.signature.is_none() {
            return 1;
        }
        let Some((failed, replays)) = self.rate.filter(|(_, replays)| *replays > 0) else {
            return PLAYS.1;
        };
        let share = f64::from(failed.max(1)) / f64::from(replays.saturating_add(1));
        let plays = (DOUBT.ln() / (1.0 - share).ln()).ceil();
        let most = f64::from(PLAYS.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 1 and 60"
        )]
        let plays = plays.clamp(1.0, most) as u32;
        plays
    }
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
        let rate = lines.clone().find_map(rate_of);
        let signature = lines.find_map(|line| line.strip_prefix(MARK));
        Self {
            rate,
            signature: signature.map(|text| text.trim().to_owned()),
            scenario,
        }
    }
}

/// The numbers of `# failed in 3 of 20 replays`.
fn rate_of(line: &str) -> Option<(u32, u32)> {
    let rest = line.strip_prefix("# ")?.strip_prefix(RATE)?;
    let (failed, rest) = rest.split_once(" of ")?;
    let replays = rest.strip_suffix(" replays")?;
    Some((failed.parse().ok()?, replays.parse().ok()?))
}

/// In how many of how many plays a finding failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So often it failed.
    pub failed: u32,
    /// So often it was played.
    pub plays: u32,
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It passes, as often as it was played.
    Fixed(Rate),
    /// It fails as it did, in so many plays.
    StillFails(Box<Failure>, Rate),
    /// It fails, but not as it did: in this way first.
    FailsOtherwise(Box<Failure>, Box<Signature>),
    /// It could not be run, for this reason.
    CouldNotRun(String),
}

/// Plays a finding as often as is needed to be sure, and says what became of it. One that failed each
/// time when it was written is played until it fails.
pub fn replay(
    kept: &Kept,
    mut execute: impl FnMut(&Scenario) -> Result<Outcome, String>,
) -> Replayed {
    let most = kept.plays();
    let is_steady = kept.rate.is_none_or(|(failed, replays)| failed == replays);
    let (mut rate, mut as_before, mut otherwise) = (
        Rate {
            failed: 0,
            plays: 0,
        },
        None,
        None,
    );
    while rate.plays < most {
        let outcome = match execute(&kept.scenario) {
            Ok(outcome) => outcome,
            Err(why) => {
                otherwise.get_or_insert(Replayed::CouldNotRun(why));
                break;
            }
        };
        rate.plays += 1;
        match once(kept, &outcome) {
            Once::Passes => {}
            Once::Fails(failure) => {
                rate.failed += 1;
                as_before.get_or_insert(failure);
                if is_steady {
                    break;
                }
            }
            Once::Otherwise(replayed) => {
                otherwise.get_or_insert(replayed);
                if is_steady {
                    break;
                }
            }
        }
    }
    match (as_before, otherwise) {
        (Some(failure), _) => Replayed::StillFails(failure, rate),
        (None, Some(otherwise)) => otherwise,
        (None, None) => Replayed::Fixed(rate),
    }
}

/// What one play came to.
enum Once {
    Passes,
    /// It fails as it did.
    Fails(Box<Failure>),
    Otherwise(Replayed),
}

fn once(kept: &Kept, outcome: &Outcome) -> Once {
    let mut told = Signature::all(outcome);
    let known = outcome.known.iter();
    told.extend(known.map(|failure| (Signature::of(failure, outcome), failure)));
    let is_it = |signature: &Signature| match &kept.signature {
        Some(wanted) => signature.to_string() == *wanted,
        None => true,
    };
    if let Some((_, failure)) = told.iter().find(|(signature, _)| is_it(signature)) {
        return Once::Fails(Box::new((*failure).clone()));
    }
    if let (true, Some(limit)) = (told.is_empty(), outcome.limit) {
        return Once::Otherwise(Replayed::CouldNotRun(limit.to_string()));
    }
    match told.into_iter().next() {
        Some((signature, failure)) => Once::Otherwise(Replayed::FailsOtherwise(
            Box::new(failure.clone()),
            Box::new(signature),
        )),
        None => match outcome.why_blocked() {
            Some(why) => Once::Otherwise(Replayed::CouldNotRun(why)),
            None => Once::Passes,
        },
    }
}
