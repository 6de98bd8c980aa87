//! Requests that may have come to the server in one read with another.

use std::time::Duration;

use crate::engine::Outcome;
use crate::event::{Failure, Judge, Observed};
use crate::protocol::ClauseId;
use crate::transcript::{Entry, Party, Transcript, What};
use crate::wire::Frame;

/// What is said so soon behind a request may be read with it.
const SOON: Duration = Duration::from_millis(100);
/// Clauses that say for themselves how commands are taken apart.
const OF_READS: [ClauseId; 5] = [
    ClauseId::FRAME_4,
    ClauseId::FRAME_8,
    ClauseId::FRAME_9,
    ClauseId::FRAME_15,
    ClauseId::REPLY_2,
];

/// A request that was not answered, and that the harness did not leave alone on its connection: it
/// had answered a challenge there just before, say. That both are answered is the clause about several
/// requests at once; what the lost one is about nobody has seen.
pub(super) fn blame(outcome: &mut Outcome) {
    let clause = ClauseId::REPLY_2;
    let (transcript, dialect) = (&outcome.transcript, outcome.dialect);
    let failures = outcome.failures.iter_mut();
    for failure in failures.filter(|failure| may_be_lost(failure, transcript)) {
        failure.clause = Some(clause);
        failure.level = Some(clause.level_in(dialect));
    }
}

fn may_be_lost(failure: &Failure, transcript: &Transcript) -> bool {
    let is_told = |clause| !OF_READS.contains(&clause);
    let is_lost = matches!(
        failure.got,
        Observed::Silence(_) | Observed::Line(_) | Observed::Error(..)
    );
    let Some(conn) = failure.conn else {
        return false;
    };
    if failure.judge != Judge::Step || !failure.clause.is_some_and(is_told) || !is_lost {
        return false;
    }
    let entries = transcript.entries();
    let entries = entries.get(..failure.until).unwrap_or(entries);
    let own: Vec<&Entry> = entries.iter().filter(|entry| entry.conn == conn).collect();
    let is_script = |entry: &&Entry| entry.mark.is_none() && asked(entry).is_some();
    let Some(at) = own.iter().rposition(is_script) else {
        return false;
    };
    let (before, behind) = own.split_at(at);
    let Some((request, behind)) = behind.split_first() else {
        return false;
    };
    if is_answered(request, behind) {
        return false;
    }
    let is_crowded = |(place, other): (usize, &&Entry)| {
        let between = before.get(place + 1..).unwrap_or_default();
        other.mark.is_some() && asked(other).is_some() && !is_answered(other, between)
    };
    let first = behind.first().filter(|next| next.mark.is_some());
    before.iter().enumerate().any(is_crowded)
        || first
            .is_some_and(|next| asked(next).is_some() && next.at.saturating_sub(request.at) <= SOON)
}

/// What a client said.
fn asked(entry: &Entry) -> Option<&Frame> {
    match &entry.what {
        What::Frame(Party::Client, frame) => Some(frame),
        _ => None,
    }
}

/// Whether the server said something under the TrID of a request, or without one where the request
/// has none.
fn is_answered(request: &Entry, behind: &[&Entry]) -> bool {
    let trid = asked(request).and_then(|frame| frame.words().nth(1));
    behind.iter().any(|entry| match &entry.what {
        What::Frame(Party::Server, frame) => trid.is_none_or(|it| frame.words().nth(1) == Some(it)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::test_support::failure;
    use crate::protocol::ServerKind;
    use crate::transcript::{ConnId, ConnName, Mark};

    /// What the clause becomes of a step that waits in vain behind these lines.
    fn told(lines: &[&str]) -> Option<ClauseId> {
        let mut outcome = Outcome::unrun();
        let name = ConnName::new("alice", ConnName::DEFAULT);
        let conn = outcome.transcript.connect(name, ServerKind::Notification);
        for line in lines {
            let (party, mark, line) = match (line.strip_prefix("S: "), line.strip_prefix("H: ")) {
                (Some(line), _) => (Party::Server, None, line),
                (None, Some(line)) => (Party::Client, Some(Mark::Barrier), line),
                (None, None) => (Party::Client, None, *line),
            };
            let what = What::Frame(party, Frame::line(line.to_owned()));
            outcome
                .transcript
                .record_marked(Duration::ZERO, conn, what, mark);
        }
        outcome.failures = vec![Failure {
            conn: Some(ConnId(0)),
            until: lines.len(),
            ..failure(Some(ClauseId::CHG_1), "CHG 7 NLN", "nothing")
        }];
        blame(&mut outcome);
        outcome.failures.first().and_then(|failure| failure.clause)
    }

    #[test]
    fn a_request_that_was_not_alone_says_nothing_of_its_own_clause() {
        let lost = Some(ClauseId::REPLY_2);
        assert_eq!(told(&["H: QRY 99 x 32", "CHG 7 NLN"]), lost);
        assert_eq!(told(&["CHG 7 NLN", "H: QRY 99 x 32"]), lost);
        assert_eq!(told(&["H: QRY 99 x 32", "CHG 7 NLN", "S: 540 99"]), lost);
        let own = Some(ClauseId::CHG_1);
        assert_eq!(told(&["H: QRY 99 x 32", "S: QRY 99", "CHG 7 NLN"]), own);
        assert_eq!(told(&["H: QRY 99 x 32", "CHG 7 NLN", "S: CHG 7 BSY"]), own);
        assert_eq!(told(&["H: PNG", "S: QNG", "CHG 7 NLN"]), own);
        assert_eq!(told(&["CHG 6 AWY", "CHG 7 NLN"]), own);
    }
}
