//! The few lines that show a breach: what stands around the line that is accused, which is marked.

use super::record::{ConnId, Entry, Mark, Party, Transcript};
use super::redact::Redactor;

/// The comment that stands before the line that is accused.
const ACCUSED: &str = "# accused";

/// How many entries stand in a proof,
const ENTRIES: usize = 20;
/// and how many of them are kept for the connection that it is about.
const OWN: usize = 8;
/// So many lines of a payload do.
const PAYLOAD: usize = 4;
/// How many characters of a line do.
const LONGEST: usize = 2_000;

impl Transcript {
    /// What shows a breach: the last entries before the entry `end`, those of the connection that
    /// it is about before others, and among them the one that is accused. What is left out is
    /// counted.
    #[must_use]
    pub fn proof(
        &self,
        end: usize,
        conn: Option<ConnId>,
        accused: Option<usize>,
        redactor: &Redactor,
    ) -> Vec<String> {
        let entries = self.entries();
        let end = end.min(entries.len());
        let mut lines = Vec::new();
        let mut before: Option<usize> = None;
        for at in self.shown(end, conn, accused) {
            let left_out = at - before.map_or(at, |before| before + 1);
            if left_out > 0 {
                lines.push(format!("# {left_out} entries are left out"));
            }
            before = Some(at);
            if let Some(entry) = entries.get(at) {
                lines.extend(self.told(entry, accused == Some(at), redactor));
            }
        }
        lines
    }

    /// Which entries are shown, in order.
    fn shown(&self, end: usize, conn: Option<ConnId>, accused: Option<usize>) -> Vec<usize> {
        let entries = self.entries().get(..end).unwrap_or_default();
        let accused = accused.filter(|at| *at < end);
        let conn = accused.and_then(|at| Some(entries.get(at)?.conn)).or(conn);
        let is_own = |at: &usize| entries.get(*at).is_some_and(|it| Some(it.conn) == conn);
        let of_accused = accused.map_or(end, |at| at + 1);
        let own = (0..of_accused).rev().filter(is_own).take(OWN);
        let mut shown: Vec<usize> = own.collect();
        // Where the connection has not said much, its neighbours tell how it came to that.
        for at in (0..end).rev() {
            if shown.len() >= ENTRIES {
                break;
            }
            if !shown.contains(&at) {
                shown.push(at);
            }
        }
        shown.sort_unstable();
        shown
    }

    fn told(&self, entry: &Entry, is_accused: bool, redactor: &Redactor) -> Vec<String> {
        let mut lines = self.render_entry(entry, redactor);
        let head = 1 + usize::from(entry.mark.is_some());
        let left_out = lines.len().saturating_sub(head + PAYLOAD + 1);
        if left_out > 0 {
            lines.truncate(head + PAYLOAD);
            lines.push(format!("# {} lines are left out", left_out + 1));
        }
        if is_accused {
            lines.insert(0, ACCUSED.to_owned());
        }
        for line in &mut lines {
            if let Some((at, _)) = line.char_indices().nth(LONGEST) {
                line.truncate(at);
                line.push('…');
                line.shrink_to_fit();
            }
        }
        lines
    }
}

/// A line of a transcript that was written as text, taken apart again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<'t> {
    /// Something on a connection.
    Says {
        /// Whose it is: `alice@sb`.
        who: &'t str,
        /// Which end.
        party: Party,
        /// The line; an end of the connection in angle brackets.
        text: &'t str,
    },
    /// A line of the payload of what stands above.
    Payload(&'t str),
    /// The next line is one of the harness's own.
    Marked(Mark),
    /// The next line is accused.
    Accused,
    /// All other comments.
    Comment(&'t str),
}

impl<'t> Told<'t> {
    /// Takes a line apart that [`Transcript::proof`] or [`Transcript::render_timed`] wrote.
    #[must_use]
    pub fn read(line: &'t str) -> Self {
        if line == ACCUSED {
            return Self::Accused;
        }
        if let Some(mark) = Mark::read(line) {
            return Self::Marked(mark);
        }
        if let Some(more) = line.strip_prefix("..") {
            return Self::Payload(more.strip_prefix(' ').unwrap_or(more));
        }
        if let Some(comment) = line.strip_prefix('#') {
            return Self::Comment(comment.trim());
        }
        let rest = match line.split_once(' ') {
            Some((time, rest)) if is_time(time) => rest,
            _ => line,
        };
        let side = |mark: &str| rest.split_once(mark);
        let client = side(" C: ").map(|parts| (parts, Party::Client));
        let server = side(" S: ").map(|parts| (parts, Party::Server));
        // The name holds neither; what is said may.
        let first = [client, server].into_iter().flatten();
        match first.min_by_key(|((who, _), _)| who.len()) {
            Some(((who, text), party)) => Self::Says { who, party, text },
            None => Self::Comment(line),
        }
    }

    /// Whether the server ends the connection.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Says {
                party: Party::Server,
                text: "<closed>" | "<reset>",
                ..
            }
        )
    }

    /// Whether the server says something.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        let is_said = matches!(
            self,
            Self::Says {
                party: Party::Server,
                ..
            }
        );
        is_said && !self.is_end()
    }
}

fn is_time(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = word.split_once('.');
    parts.is_some_and(|(whole, rest)| digits(whole) && digits(rest))
}

/// Of the whole transcript of a scenario in which the server came to its end: the last lines before
/// that, and the end itself, which is accused. What the harness did to clean up is left out.
#[must_use]
pub fn proof_of_end(lines: &[String]) -> Vec<String> {
    let last = lines
        .iter()
        .rposition(|line| Told::read(line).is_of_server());
    let alive = last.map_or(0, |at| at + 1);
    let behind = lines.get(alive..).unwrap_or_default();
    let end = behind.iter().position(|line| Told::read(line).is_end());
    let until = end.map_or(lines.len(), |at| alive + at + 1);
    let shown = lines.get(until.saturating_sub(ENTRIES)..until);
    let mut proof = shown.unwrap_or_default().to_vec();
    if end.is_some() {
        proof.insert(proof.len().saturating_sub(1), ACCUSED.to_owned());
    }
    proof
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::ServerKind;
    use crate::transcript::{ConnName, What};
    use crate::wire::Frame;

    fn of(entries: &[(usize, Party, &str)]) -> Transcript {
        let mut transcript = Transcript::default();
        for user in ["alice", "bob"] {
            transcript.connect(ConnName::new(user, "ns"), ServerKind::Notification);
        }
        for (conn, party, line) in entries {
            let what = What::Frame(*party, Frame::line((*line).to_owned()));
            transcript.record(Duration::ZERO, ConnId(*conn), what);
        }
        transcript
    }

    #[test]
    fn the_accused_line_and_what_its_connection_said_stand_in_it_whatever_others_say() {
        let mut entries = vec![
            (0, Party::Client, "CHG 1 NLN"),
            (0, Party::Server, "CHG 1 BSY"),
        ];
        entries.extend([(1, Party::Server, "QNG"); 40]);
        let lines = of(&entries).proof(42, None, Some(1), &Redactor::default());
        assert_eq!(
            lines[..4],
            [
                "alice C: CHG 1 NLN",
                "# accused",
                "alice S: CHG 1 BSY",
                "# 22 entries are left out"
            ]
        );
        assert_eq!(lines.len(), 4 + 18);
    }

    #[test]
    fn long_payloads_are_folded() {
        let mut transcript = of(&[]);
        let payload = "a\r\n".repeat(9);
        let frame = Frame::with_payload("MSG 1 N 27", payload);
        transcript.record(Duration::ZERO, ConnId(0), What::Frame(Party::Client, frame));
        let lines = transcript.proof(1, None, Some(0), &Redactor::default());
        assert_eq!(lines.len(), 2 + PAYLOAD + 1);
        assert_eq!(lines.last().unwrap(), "# 5 lines are left out");
    }

    #[test]
    fn a_written_line_is_taken_apart() {
        let says = |who, party, text| Told::Says { who, party, text };
        let cases = [
            (
                "0.004953 alice@sb#2 C: CAL 2 a S: b",
                says("alice@sb#2", Party::Client, "CAL 2 a S: b"),
            ),
            ("bob S: <closed>", says("bob", Party::Server, "<closed>")),
            (".. a C: b", Told::Payload("a C: b")),
            ("..", Told::Payload("")),
            ("# barrier", Told::Marked(Mark::Barrier)),
            ("# accused", Told::Accused),
            ("# auth/login", Told::Comment("auth/login")),
            ("whatever", Told::Comment("whatever")),
        ];
        for (line, told) in cases {
            assert_eq!(Told::read(line), told, "{line}");
        }
    }

    #[test]
    fn of_an_end_is_shown_what_came_before_it_and_not_the_cleaning_behind() {
        let lines = [
            "0.1 alice S: CHG 5 NLN",
            "0.2 alice C: BLP 7 X",
            "# barrier",
            "0.3 alice C: REM 9 AL nobody",
            "0.4 alice S: <closed>",
            "0.5 alice@ns2 C: <open 127.0.0.1:1>",
            "0.6 alice@ns2 S: <reset>",
        ];
        let lines: Vec<String> = lines.map(str::to_owned).to_vec();
        let proof = proof_of_end(&lines);
        assert_eq!(proof[..4], lines[..4]);
        assert_eq!(proof[4..], ["# accused", "0.4 alice S: <closed>"]);
        assert_eq!(proof_of_end(&lines[..4]), lines[..4], "a wedge has no end");
        assert_eq!(proof_of_end(&[]), Vec::<String>::new());
    }
}
