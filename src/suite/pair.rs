//! The two users whom an entry of a list, a line of presence or a call is about: what a list holds
//! of others explains neither.

use crate::engine::Outcome;
use crate::event::{Failure, Observed};
use crate::oracle::Finding;
use crate::protocol::{Direction, Effect, Param, Rung};
use crate::transcript::{ConnId, Party, What};
use crate::wire::{Frame, Words};

/// The handles in a text, in lower case.
fn handles_in(text: &str) -> Vec<String> {
    let words = text.split(' ').filter(|word| word.contains('@'));
    words.map(str::to_lowercase).collect()
}

/// What one side has said on all connections, in its order, up to an entry.
fn lines(
    outcome: &Outcome,
    by: Party,
    until: usize,
) -> impl DoubleEndedIterator<Item = (ConnId, &Frame)> {
    let entries = outcome.transcript.entries();
    let entries = entries.get(..until).unwrap_or(entries);
    entries.iter().filter_map(move |entry| match &entry.what {
        What::Frame(party, frame) if *party == by => Some((entry.conn, frame)),
        _ => None,
    })
}

fn word(frame: &Frame, place: usize) -> String {
    let word = frame.words().nth(place).unwrap_or_default();
    String::from_utf8_lossy(word).to_lowercase()
}

/// Whose connection it is, by what was said there or on another of the same user.
fn handle_of(outcome: &Outcome, conn: ConnId) -> Option<String> {
    let user_of = |conn| {
        let known = outcome.transcript.connection(conn);
        known.map(|known| known.name.user())
    };
    let user = user_of(conn)?;
    let mut asked = lines(outcome, Party::Client, usize::MAX);
    asked.find_map(|(conn, frame)| {
        let words: Words<'_> = frame.words().collect();
        let said = outcome.dialect.saying(Direction::ToServer, &words)?;
        let own = said
            .get(Param::Handle)
            .filter(|_| said.is_login() || said.is_entry())?;
        let own = String::from_utf8_lossy(own).to_lowercase();
        (user_of(conn) == Some(user)).then_some(own)
    })
}

/// The owner of the list that a finding is about, and the user whose entry it is.
fn of_finding(finding: &Finding, outcome: &Outcome) -> Option<(String, String)> {
    let entry = handles_in(&finding.expected).pop()?;
    Some((handle_of(outcome, finding.conn)?, entry))
}

/// Whom a step waits for, or has called.
fn awaited(failure: &Failure, outcome: &Outcome) -> Vec<String> {
    let named = handles_in(&failure.expected.text);
    if !named.is_empty() {
        return named;
    }
    let asked = lines(outcome, Party::Client, failure.until).rev();
    let mut called = asked.filter(|(conn, _)| Some(*conn) == failure.conn);
    let is_call = |frame: &Frame| {
        let row = outcome.dialect.request_of(frame.verb());
        row.is_some_and(|row| row.rung == Some(Rung::Cal))
    };
    match called.find(|(_, frame)| is_call(frame)) {
        Some((_, frame)) if matches!(failure.got, Observed::Error(..)) => vec![word(frame, 2)],
        _ => Vec::new(),
    }
}

/// Whether the two whom a list's entry is about are those whom a failure is about, as far as
/// anybody can tell.
pub(super) fn is_the_same(failure: &Failure, finding: &Finding, outcome: &Outcome) -> bool {
    let waiting = failure.conn.and_then(|conn| handle_of(outcome, conn));
    let (Some((owner, entry)), Some(waiting)) = (of_finding(finding, outcome), waiting) else {
        return true;
    };
    let other = match (waiting == owner, waiting == entry) {
        (true, _) => entry,
        (_, true) => owner,
        _ => return false,
    };
    let awaited = awaited(failure, outcome);
    awaited.is_empty() || awaited.contains(&other)
}

/// Whether the owner of an FL was shown the user whom it lacks, since it was put there: so it was on
/// the list then.
pub(crate) fn was_shown(failure: &Failure, finding: &Finding, outcome: &Outcome) -> bool {
    let is_forward =
        matches!(&finding.got, Observed::Line(line) if line.split(' ').nth(2) == Some("FL"));
    let lacks = !finding.expected.starts_with("no ");
    let Some((owner, entry)) = of_finding(finding, outcome).filter(|_| is_forward && lacks) else {
        return false;
    };
    let is_owners = |conn| handle_of(outcome, conn).as_ref() == Some(&owner);
    let entries = outcome.transcript.entries();
    let entries = entries.get(..failure.until).unwrap_or(entries);
    let adds = |frame: &Frame| {
        let row = outcome.dialect.request_of(frame.verb());
        row.is_some_and(|row| row.effect == Effect::Adds)
    };
    let last = entries.iter().rev().find_map(|known| match &known.what {
        What::Frame(Party::Client, frame) if adds(frame) => {
            let is_it = word(frame, 2) == "fl" && word(frame, 3) == entry;
            (is_it && is_owners(known.conn)).then_some(false)
        }
        What::Frame(Party::Server, frame) => {
            let row = outcome.dialect.line_of(frame.verb());
            let row = row.filter(|row| row.rung == Some(Rung::Presence))?;
            let place = row.message.place_of(Param::Handle)?;
            (word(frame, place) == entry && is_owners(known.conn)).then_some(true)
        }
        _ => None,
    });
    last == Some(true)
}
