//! What a case came to.

use super::signature::{Kind, Signature};
use crate::engine::{Ending, Outcome};
use crate::event::{Failure, Judge, Observed};
use crate::protocol::{ClauseId, Level};
use crate::scenario::ast::Scenario;
use crate::suite::{Dead, is_cry};

/// The kind of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every step was met, no rule was broken, and somebody else was served at the end.
    Passed,
    /// It could not be carried out, for a reason that is none of the server's.
    Blocked,
    /// It came to nothing new, and had something that was known before.
    Known,
    /// A step was not met: another line came.
    Step,
    /// Every step was met, and an oracle accuses the server.
    Oracle,
    /// Every step was met, and the model does not allow an answer, or a line that came.
    Model,
    /// The server ended a connection in order where it should not have.
    EndOfStream,
    /// The server reset a connection.
    Reset,
    /// No answer came in time.
    Timeout,
    /// Somebody who had no part in the case was not served.
    NoService,
    /// The server died of it, or serves nobody any more.
    Death,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Passed,
        Self::Blocked,
        Self::Known,
        Self::Step,
        Self::Oracle,
        Self::Model,
        Self::EndOfStream,
        Self::Reset,
        Self::Timeout,
        Self::NoService,
        Self::Death,
    ];

    /// The words used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Blocked => "blocked",
            Self::Known => "known",
            Self::Step => "step",
            Self::Oracle => "oracle",
            Self::Model => "model",
            Self::EndOfStream => "end-of-stream",
            Self::Reset => "reset",
            Self::Timeout => "time-out",
            Self::NoService => "no-service",
            Self::Death => "death",
        }
    }

    /// The verdict on an outcome, and all that it is about: each failure within the level, with
    /// its signature.
    #[must_use]
    pub fn of(outcome: &Outcome, level: Level) -> (Self, Vec<(Signature, Failure)>) {
        let within = |failure: &Failure| failure.level.is_none_or(|of| of <= level);
        let mut all = Signature::all(outcome);
        told_best(&mut all);
        let told = all.into_iter().filter(|(_, failure)| within(failure));
        let told: Vec<(Signature, Failure)> = told
            .map(|(signature, failure)| (signature, failure.clone()))
            .collect();
        let verdict = match told.first() {
            None if !outcome.known.is_empty() => Self::Known,
            None if matches!(outcome.ending, Ending::Blocked | Ending::Inconclusive) => {
                Self::Blocked
            }
            None => Self::Passed,
            Some((signature, failure)) if failure.judge == Judge::Step => Self::of_step(signature),
            Some((_, failure)) if failure.judge == Judge::Process => Self::Death,
            Some((_, failure)) if failure.judge == Judge::Model => Self::Model,
            Some(_) => Self::Oracle,
        };
        (verdict, told)
    }

    fn of_step(signature: &Signature) -> Self {
        let lives = [
            ClauseId::LIVE_1,
            ClauseId::LIVE_2,
            ClauseId::LIVE_3,
            ClauseId::LIVE_5,
        ];
        let is_witness = signature
            .clause
            .is_some_and(|clause| lives.contains(&clause));
        match signature.actual {
            Kind::Timeout | Kind::Closed | Kind::Reset | Kind::NoService if is_witness => {
                Self::NoService
            }
            Kind::NoService => Self::NoService,
            Kind::Timeout => Self::Timeout,
            Kind::Closed => Self::EndOfStream,
            Kind::Reset => Self::Reset,
            _ => Self::Step,
        }
    }
}

/// Of several that accuse the same line, leaves the one who knows best why: a step knows more than
/// the model does.
fn told_best(all: &mut Vec<(Signature, &Failure)>) {
    let step = all.first().map(|(_, one)| *one);
    if let Some(step) = step.filter(|one| one.judge == Judge::Step) {
        all.retain(|(_, one)| one.judge != Judge::Model || one.got != step.got);
    }
}

/// Whether somebody else than the model accuses a line, be it at a level that does not count.
pub(super) fn is_doubtful(outcome: &Outcome) -> bool {
    let accused = outcome.accusations.iter().chain(&outcome.failures);
    let accused = accused.chain(&outcome.known);
    accused
        .filter(|failure| failure.clause.is_some())
        .any(|failure| failure.judge != Judge::Model)
}

/// The first breach of a case: what comes behind it mostly follows from it, and what does not comes
/// first in another case. Where several accuse the same line, an oracle is asked before the step that
/// could not go on with it, and the model last. The model counts only where nobody else found anything,
/// at whatever level: it does not know what a line that is accused already does to a server.
pub(super) fn foremost(
    told: Vec<(Signature, Failure)>,
    is_doubtful: bool,
) -> Option<(Signature, Failure)> {
    let rank = |failure: &Failure| match failure.judge {
        Judge::Process => (0, 0, 0),
        Judge::Model => (2, 0, 0),
        Judge::Oracle(_) => (1, failure.entry.unwrap_or(usize::MAX), 0),
        Judge::Step => (1, failure.entry.unwrap_or(usize::MAX), 1),
    };
    let counts = |failure: &Failure| !is_doubtful || failure.judge != Judge::Model;
    let told = told.into_iter().filter(|(_, failure)| counts(failure));
    told.min_by_key(|(_, failure)| rank(failure))
}

/// What stands before a line that the server's process wrote, in the transcript of a failure.
const WROTE: &str = "the server wrote: ";
/// How many of these lines are told.
const TAIL: usize = 12;

/// What the server's process wrote last, where the failure is its death.
pub fn last_lines(failure: &Failure) -> impl Iterator<Item = &str> {
    let lines = failure.transcript.iter();
    lines.filter_map(|line| line.strip_prefix(WROTE))
}

/// Makes the death of the server a failure of what was played when it died, before all others.
pub fn blame(outcome: &mut Outcome, scenario: &Scenario, dead: &Dead) {
    let clause = ClauseId::LIVE_1;
    let at = scenario.steps.first().map(|step| step.at);
    let first = outcome.failures.first().map(|first| &first.transcript);
    let mut transcript = first.cloned().unwrap_or_default();
    let from = dead.stderr.len().saturating_sub(TAIL);
    let wrote = dead.stderr.iter().skip(from);
    transcript.extend(wrote.map(|line| format!("{WROTE}{line}")));
    let failure = Failure {
        detail: Some(last_words(dead)),
        transcript,
        ..Failure::new(
            Some(clause),
            Judge::Process,
            scenario.source.place(at.unwrap_or_default()),
            "the server goes on serving others",
            Observed::Other(match dead.exited || dead.cried {
                true => dead.why.clone(),
                false => format!("it serves nobody: {}", dead.why),
            }),
        )
    };
    // What was not met because the server was gone says nothing.
    outcome.failures = vec![failure];
    outcome.accusations.clear();
    outcome.ending = Ending::Failed;
}

/// What tells one death from another: what the server cried when it died, if it did.
fn last_words(dead: &Dead) -> String {
    if !dead.exited && !dead.cried {
        return "it lives but serves nobody".to_owned();
    }
    let lines = dead.stderr.iter().enumerate();
    let mut cry = lines
        .filter(|(_, line)| is_cry(line) || line.contains("Traceback"))
        .map(|(at, line)| {
            match line.as_str() {
                // The message of a panic stands on the next line, an exception's on the last.
                line if line.contains("panicked at") => dead.stderr.get(at + 1),
                line if line.contains("Traceback") => dead.stderr.last(),
                _ => Some(line),
            }
            .unwrap_or(line)
        });
    let words = cry.next_back().map_or("", |line| line.trim());
    match words {
        // `the server was ended by signal 11 (SIGSEGV)`
        "" => match dead.why.split_once('(') {
            Some((_, signal)) => format!("ended by {}", signal.trim_end_matches(')')),
            None => "it has ended".to_owned(),
        },
        // `SUMMARY: AddressSanitizer: heap-use-after-free x.c:3 in parse`: words, not names.
        words => match words.split_once("Sanitizer: ") {
            Some((_, error)) => error.replace(['-', '/'], " "),
            None => words.to_owned(),
        },
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_support::outcome;
    use crate::event::test_support::failure;
    use crate::fuzzer::{Manner, generate};

    #[test]
    fn who_knows_best_why_a_line_is_wrong_is_told() {
        let told = |clause, got: &str, others: &[(ClauseId, &str, &str)]| {
            let step = failure(Some(clause), "an error 5", got);
            let mut outcome = outcome(Ending::Failed, vec![step]);
            let accusation = |(clause, by, got): &(ClauseId, &str, &str)| Failure {
                judge: Judge::of((*by).to_owned()),
                detail: Some("it is wrong".to_owned()),
                ..failure(Some(*clause), "an error", got)
            };
            outcome.accusations = others.iter().map(accusation).collect();
            let (_, told) = Verdict::of(&outcome, Level::Draft);
            let clauses = told.iter().map(|(_, one)| one.clause.unwrap().as_str());
            clauses.collect::<Vec<_>>().join(" ")
        };
        let (gone, gone_too) = ("REM 5 AL 3 x", [(ClauseId::REM_4, "model", "REM 5 AL 3 x")]);
        assert_eq!(told(ClauseId::ADD_2, gone, &gone_too), "ADD-2");
        let closed = [(ClauseId::REM_4, "model", "closed")];
        assert_eq!(told(ClauseId::ADD_2, gone, &closed), "ADD-2 REM-4");
        let oracle = [(ClauseId::REM_4, "answers", gone)];
        assert_eq!(told(ClauseId::ADD_2, gone, &oracle), "ADD-2 REM-4");
        // What the step says counts also where it is beyond the level.
        assert_eq!(told(ClauseId::SBX_6, gone, &gone_too), "");
    }

    #[test]
    fn a_death_goes_before_what_follows_from_it() {
        let scenario = generate(&[], Manner::default()).scenario;
        let signature = |exited, lines: &[&str]| {
            let mut outcome = Outcome::unrun();
            let dead = Dead {
                why: "the server exited with status 101".to_owned(),
                exited,
                cried: lines.iter().any(|line| is_cry(line)),
                stderr: lines.iter().map(|line| (*line).to_owned()).collect(),
                ..Dead::default()
            };
            blame(&mut outcome, &scenario, &dead);
            let (verdict, told) = Verdict::of(&outcome, Level::Must);
            assert_eq!(verdict, Verdict::Death);
            let [(signature, failure)] = told.as_slice() else {
                panic!("{told:?}");
            };
            assert_eq!(failure.clause, Some(ClauseId::LIVE_1));
            assert!(last_lines(failure).eq(lines.iter().copied()));
            signature.to_string()
        };
        let panic = "thread 'main' panicked at src/x.rs:3:5:";
        let one = signature(
            true,
            &["hello", panic, "index out of bounds: 7", "note: run"],
        );
        let other = signature(true, &["hello", panic, "not yet implemented", "note: run"]);
        assert_eq!(one, "live-1_process_other_index-out-of");
        assert_ne!(one, other);
        let summary = "SUMMARY: AddressSanitizer: heap-use-after-free x.c:3 in parse";
        let lives = signature(false, &["==7==ERROR: AddressSanitizer: x", summary]);
        assert_eq!(lives, "live-1_process_other_heap-use-after-free-in-parse");
        let wedged = signature(false, &["Traceback (most recent call last):", "KeyError"]);
        assert_eq!(wedged, "live-1_process_other_it-lives-but-serves-nobody");
        let exception = signature(
            true,
            &["Traceback (most recent call last):", "  x", "Boom 1"],
        );
        assert_eq!(exception, "live-1_process_other_boom");
        assert_eq!(
            signature(true, &["bye"]),
            "live-1_process_other_it-has-ended"
        );
        let dead = Dead {
            why: "the server was ended by signal 11 (SIGSEGV)".to_owned(),
            exited: true,
            ..Dead::default()
        };
        assert_eq!(last_words(&dead), "ended by SIGSEGV");
    }
}
