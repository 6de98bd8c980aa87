//! What a cause is, in one line for people.

use super::dialects::within;
use super::text::{clipped, counted};
use crate::event::{
    Cause, Failure, Judge, Observed, PROBE, RunInfo, Rung, ScenarioResult, Standing, Verdict,
    Wanted,
};
use crate::protocol::Dialect;

/// Longer words of a server are cut.
const LONGEST: usize = 100;

/// The cause in one line: "CHG is never answered". Nothing in it can steer a terminal.
pub(super) fn title(cause: &Cause) -> String {
    let failure = &*cause.failure;
    let about = about(cause.rung, failure);
    if failure.judge == Judge::Process {
        return ended(failure);
    }
    if let Some((_, message)) = failure.oracle() {
        let message = clipped(message, LONGEST);
        return match &failure.command {
            Some(command) if !message.contains(command.as_str()) => format!("{about}: {message}"),
            _ => message,
        };
    }
    match &failure.got {
        Observed::Silence(_) => silent(&about, cause),
        Observed::Closed => format!("{about} ends the connection"),
        Observed::Reset => format!("{about} resets the connection"),
        Observed::Unreachable(_) => "no connection".to_owned(),
        Observed::Garbage(why) => {
            let why = clipped(why, LONGEST);
            format!("{about} is answered by what is no line ({why})")
        }
        Observed::Error(code, text) if !text.contains(' ') => {
            format!("{} without a TrID", refused(&about, *code, failure))
        }
        Observed::Error(code, _) => refused(&about, *code, failure),
        Observed::Line(line) => answered(&about, line, failure),
        Observed::Other(text) => format!("{about}: {}", clipped(text, LONGEST)),
    }
}

/// How the server came to its end, with what it cried.
fn ended(failure: &Failure) -> String {
    let how = clipped(&failure.got.to_string(), LONGEST);
    match cry(&failure.words) {
        Some(cry) => format!("{how}: {}", clipped(cry.trim(), LONGEST)),
        None => how,
    }
}

/// The line of all that a server wrote which says what went wrong: the last that names an error and
/// stands at the margin, where frames of a stack do not.
fn cry(words: &[String]) -> Option<&str> {
    const NAMES: [&str; 7] = [
        "Error",
        "Exception",
        "panic",
        "fatal",
        "Sanitizer",
        "Assertion",
        "terminate",
    ];
    let is_cry = |line: &&String| {
        !line.starts_with([' ', '\t']) && NAMES.iter().any(|name| line.contains(name))
    };
    words.iter().rfind(is_cry).map(String::as_str)
}

/// The cause with its clause: "CHG-1: CHG is never answered".
pub(super) fn headline(cause: &Cause) -> String {
    match cause.clause {
        Some(clause) => format!("{clause}: {}", title(cause)),
        None => title(cause),
    }
}

/// How many scenarios show a cause, and how many it blocks; in a run of several dialects also where.
pub(super) fn counts(cause: &Cause, run: &RunInfo) -> String {
    let shown = shown_by_scenarios(cause).count();
    let mut words = Vec::new();
    if shown < cause.shown_by.len() {
        words.push("the first look".to_owned());
    }
    if shown > 0 {
        words.push(counted(shown, "scenario"));
    }
    let counts = match (words.is_empty(), cause.blocks) {
        (true, blocks) => format!("blocks {blocks}"),
        (false, 0) => format!("shown by {}", words.join(" and ")),
        (false, blocks) => format!("shown by {}, blocks {blocks}", words.join(" and ")),
    };
    counts + &within(cause, run)
}

/// The scenarios that show a cause, the first look aside.
pub(super) fn shown_by_scenarios(cause: &Cause) -> impl Iterator<Item = &str> {
    let names = cause.shown_by.iter().map(String::as_str);
    names.filter(|name| *name != PROBE)
}

/// Why a scenario was not judged or does not count, in one line; empty where it does.
pub(super) fn why(result: &ScenarioResult, causes: &[Cause]) -> String {
    let cause = causes.iter().find(|cause| Some(cause.id) == result.cause);
    let reason = result.reason.as_deref().unwrap_or_default();
    match cause.filter(|_| result.verdict == Verdict::Blocked) {
        Some(cause) => {
            let by = match cause.standing {
                Standing::Fails => "blocked by",
                Standing::Waived => "blocked by what is waived,",
                Standing::Noted => "blocked by what is noted,",
            };
            format!("{by} {}", headline(cause))
        }
        None => clipped(reason, 400),
    }
}

/// The command that the failure is about, or the rung.
fn about(rung: Option<Rung>, failure: &Failure) -> String {
    match (&failure.command, rung) {
        (Some(command), _) => clipped(command, 20),
        (None, Some(Rung::Connect)) => "the connection".to_owned(),
        (None, Some(rung)) => rung.to_string(),
        (None, None) => "the server".to_owned(),
    }
}

fn silent(about: &str, cause: &Cause) -> String {
    let failure = &*cause.failure;
    let cause_is_out = cause.rung == Some(Rung::Out);
    if failure.expected.text.contains("all of LST") {
        return batch(failure);
    }
    let lines = failure.expected.any.iter().filter_map(|one| match one {
        Wanted::Line(verb) => Some(verb.as_str()),
        _ => None,
    });
    let mut lines = lines.peekable();
    let first = lines.peek().copied();
    let first = first.or_else(|| failure.expected.text.split(' ').next());
    match first {
        Some(verb) if is_line(verb) && verb != about && !about.contains(verb) => {
            format!("{about}: {} never comes", clipped(verb, 20))
        }
        Some(verb) if verb == about && is_told(&failure.expected.text) => {
            let told = failure.expected.text.split(' ').take(3);
            let told = told.collect::<Vec<_>>().join(" ");
            format!("{about}: {} never comes", clipped(&told, 20))
        }
        _ if failure.expected.any == [Wanted::Closed] || cause_is_out => {
            format!("{about}: the connection is not ended")
        }
        _ => format!("{about} is never answered"),
    }
}

/// What the transcript lacks of the batch that follows SYN.
fn batch(failure: &Failure) -> String {
    let dialect = Dialect::first();
    let parts: Vec<String> = dialect.batch_parts().collect();
    let of_server = failure.transcript.iter().filter_map(|line| {
        let (_, line) = line.split_once("S: ")?;
        dialect.part_of(line.split(' '))
    });
    let seen: Vec<String> = of_server.collect();
    let missing = parts.iter().filter(|part| !seen.contains(part));
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    match missing.len() {
        0 => "SYN: the batch is not ended".to_owned(),
        all if all == parts.len() => "SYN: no batch follows".to_owned(),
        _ => format!("SYN: the batch ends without {}", missing.join(", ")),
    }
}

/// Whether a line is due that answers nobody: it has TrID 0.
fn is_told(expected: &str) -> bool {
    expected.split(' ').nth(1) == Some("0")
}

/// A verb: capital letters alone.
fn is_line(verb: &str) -> bool {
    verb.len() == 3 && verb.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn refused(about: &str, code: u16, failure: &Failure) -> String {
    let wanted = failure.expected.any.iter().find_map(|one| match one {
        Wanted::Error(code) => Some(*code),
        _ => None,
    });
    match wanted {
        Some(wanted) if wanted != code => {
            format!("{about} is refused with {code}, not with {wanted}")
        }
        Some(_) => format!("{about} is refused with {code}, but otherwise than it should be"),
        None => format!("{about} is refused with {code}"),
    }
}

fn answered(about: &str, line: &str, failure: &Failure) -> String {
    let line = clipped(line, LONGEST);
    let expected = clipped(&failure.expected.text, LONGEST);
    let mut wanted = failure.expected.any.iter();
    if failure.expected.any == [Wanted::Nothing] {
        return format!("{about}: {line} comes where nothing should");
    }
    if wanted.len() > 0
        && wanted.all(|one| matches!(one, Wanted::Error(_) | Wanted::AnyError | Wanted::Refused))
    {
        return format!("{about} is accepted where it should be refused: {line}");
    }
    // An expression for a word tells a reader less than which word it is.
    match failure.detail.as_deref().filter(|_| expected.contains('/')) {
        Some(detail) => {
            let detail = clipped(detail, LONGEST);
            format!("{about} is answered by {line}: {detail}")
        }
        None => format!("{about} is answered by {line}, where {expected} is due"),
    }
}
