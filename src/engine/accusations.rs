//! What the oracles found, told as failures: where the script was when the accusing line came, and
//! what was on the wire up to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Place, Source, Span};
use crate::event::{Failure, Judge};
use crate::oracle::Finding;
use crate::transcript::{Party, Redactor, Transcript, What, escape};
use crate::wire::Frame;

/// How many entries are told behind a client's that is accused of having had no effect.
const AFTER: usize = 8;

/// Where a script was while its transcript grew.
#[derive(Debug, Default)]
pub(crate) struct Course {
    marks: Vec<(usize, Arc<Source>, Span)>,
}

impl Course {
    /// From this entry on the script is here.
    pub(crate) fn mark(&mut self, entry: usize, source: &Arc<Source>, at: Span) {
        self.marks.push((entry, Arc::clone(source), at));
    }

    /// Where the script was when this entry came.
    fn place(&self, entry: usize) -> Place {
        let behind = self.marks.partition_point(|(since, ..)| *since <= entry);
        let mark = behind.checked_sub(1).and_then(|at| self.marks.get(at));
        mark.map_or_else(Place::nowhere, |(_, source, at)| source.place(*at))
    }
}

/// The findings as failures. What one oracle says of one clause in the same words is told once.
pub(crate) fn tell(
    findings: &[Finding],
    transcript: &Transcript,
    course: &Course,
    redactor: &Redactor,
) -> Vec<Failure> {
    let mut told = BTreeSet::new();
    let fresh = findings.iter().filter(|finding| {
        let key = (finding.clause, finding.oracle, finding.message.as_str());
        told.insert(key)
    });
    let failure = |finding: &Finding| {
        let clause = finding.clause.clause();
        let conn = transcript.connection(finding.conn);
        let spoken = conn.map(|conn| conn.dialect).unwrap_or_default();
        let redact = |text: &str| redactor.apply(text).into_owned();
        let expected = match finding.expected.as_str() {
            "" => clause.text,
            expected => expected,
        };
        Failure {
            clause: Some(clause.id),
            level: Some(clause.id.level_in(spoken)),
            judge: Judge::Oracle(finding.oracle.into()),
            place: course.place(finding.entry),
            expected: redact(expected).into(),
            got: finding.got.clone().map(redact),
            detail: Some(redact(&finding.message)),
            word: None,
            command: command_of(finding, transcript),
            kind: conn.map(|conn| conn.kind),
            conn: Some(finding.conn),
            entry: Some(finding.entry),
            until: finding.entry + 1,
            transcript: transcript.proof(
                end_of_proof(finding, transcript),
                Some(finding.conn),
                Some(finding.entry),
                redactor,
            ),
            words: Vec::new(),
        }
    };
    fresh.map(failure).collect()
}

/// The command that the accused line answers; the accused line's own first word where it answers
/// none.
pub(crate) fn command_of(finding: &Finding, transcript: &Transcript) -> Option<String> {
    let entries = transcript.entries();
    let accused = entries.get(finding.entry)?;
    let frame = match &accused.what {
        What::Frame(Party::Client, frame) => return Some(escape(frame.verb())),
        What::Frame(Party::Server, frame) => frame,
        _ => return None,
    };
    let trid = frame.words().nth(1)?;
    let before = entries.get(..finding.entry)?.iter().rev();
    let asked = before.filter_map(|entry| match &entry.what {
        What::Frame(Party::Client, frame) if entry.conn == finding.conn => Some(frame),
        _ => None,
    });
    let mut asked = asked.filter(|request| request.words().nth(1) == Some(trid));
    Some(escape(asked.next().map_or(frame.verb(), Frame::verb)))
}

/// A line of the server is proof itself; that a client's had no effect is shown by what came after.
fn end_of_proof(finding: &Finding, transcript: &Transcript) -> usize {
    let accused = transcript.entries().get(finding.entry);
    let is_ours = accused.is_some_and(|entry| {
        matches!(
            entry.what,
            What::Frame(Party::Client, _) | What::Raw(Party::Client, _)
        )
    });
    finding.entry + 1 + if is_ours { AFTER } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::{ClauseId, ServerKind};
    use crate::transcript::{ConnId, ConnName, Observed};

    fn transcript(lines: &[(Party, &str)]) -> Transcript {
        let mut transcript = Transcript::default();
        let conn = transcript.connect(ConnName::new("alice", "ns"), ServerKind::Notification);
        for (party, line) in lines {
            let what = What::Frame(*party, Frame::line((*line).to_owned()));
            transcript.record(Duration::ZERO, conn, what);
        }
        transcript
    }

    fn finding(entry: usize, message: &str) -> Finding {
        Finding {
            clause: ClauseId::USR_5,
            oracle: "authentication",
            entry,
            conn: ConnId(0),
            message: message.into(),
            expected: String::new(),
            got: Observed::line(b"USR 2 OK secret"),
        }
    }

    #[test]
    fn a_finding_is_told_where_the_script_was_and_without_passwords() {
        let transcript = transcript(&[
            (Party::Client, "USR 2 CTP S secret"),
            (Party::Server, "USR 2 OK secret"),
            (Party::Server, "QNG"),
        ]);
        let source = Source::new("a.yaml", "one\ntwo\nthree");
        let mut course = Course::default();
        course.mark(0, &source, Span::new(0, 3));
        course.mark(1, &source, Span::new(0, 3));
        course.mark(1, &source, Span::new(4, 7));
        course.mark(2, &source, Span::new(8, 13));
        let redactor = Redactor::new(["secret".to_owned()]);
        let findings = [finding(1, "secret"), finding(1, "secret"), finding(2, "b")];
        let told = tell(&findings, &transcript, &course, &redactor);
        let [first, second] = told.as_slice() else {
            panic!("two, not {}", told.len());
        };
        assert_eq!((first.place.line, second.place.line), (2, 3));
        assert_eq!(first.expected.text, ClauseId::USR_5.clause().text);
        assert_eq!(
            first.transcript,
            [
                "alice C: USR 2 CTP S [redacted]",
                "# accused",
                "alice S: USR 2 OK [redacted]"
            ]
        );
        assert!(!format!("{told:?}").contains("secret"), "{told:?}");
    }

    #[test]
    fn what_a_client_sent_in_vain_is_told_with_what_came_after() {
        let lines = [(Party::Client, "PNG"); 20];
        let told = tell(
            &[finding(2, "unanswered")],
            &transcript(&lines),
            &Course::default(),
            &Redactor::default(),
        );
        let lengths: Vec<usize> = told.iter().map(|one| one.transcript.len()).collect();
        assert_eq!(lengths, [3 + AFTER + 1], "with the mark");
    }
}
