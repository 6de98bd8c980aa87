//! What was on the wire, as rows for people: payloads folded, lines of one kind in a row told once,
//! the accused line and the harness's own marked.

use std::fmt::Write as _;

use super::text::counted;
use crate::event::{Failure, Judge, Observed};
use crate::transcript::{Mark, Party, Told};

/// So many lines of one kind in a row become one.
const ALIKE: usize = 3;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row<'f> {
    /// Somebody says something.
    Line(Line<'f>),
    /// What is no line: that nothing came, or what is left out.
    Note {
        /// In words.
        text: String,
        /// It is what the server is accused of.
        is_accused: bool,
    },
}

/// A line with what is to be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'f> {
    /// Whose connection it is: `alice@sb`.
    pub(super) who: &'f str,
    /// Who says it.
    pub(super) party: Party,
    /// What is said.
    pub(super) text: &'f str,
    /// Why the harness says it of itself.
    pub(super) mark: Option<Mark>,
    /// It is what the server is accused of.
    pub(super) is_accused: bool,
    /// The lines of its payload, as far as they are known.
    pub(super) payload: Vec<&'f str>,
    /// How many lines like it come next.
    pub(super) more: usize,
}

impl Line<'_> {
    /// The first word.
    pub(super) fn verb(&self) -> &str {
        self.text.split(' ').next().unwrap_or_default()
    }

    /// `C` or `S`.
    pub(super) fn side(&self) -> &'static str {
        match self.party {
            Party::Client => "C",
            Party::Server => "S",
        }
    }

    /// What is folded, and why the harness says it, in a few words; empty where there is nothing.
    pub(super) fn aside(&self, with_payload: bool) -> String {
        let mut out = String::new();
        if self.more > 0 {
            let _ = write!(out, "… and {} more {}", self.more, self.verb());
        }
        if !with_payload && !self.payload.is_empty() {
            let lines = counted(self.payload.len(), "line");
            let _ = write!(out, "(and a payload of {lines})");
        }
        if let Some(mark) = self.mark {
            out.push_str(mark.comment());
        }
        out
    }

    fn is_like(&self, other: &Self) -> bool {
        let is_plain = |line: &Self| {
            !line.is_accused
                && line.mark.is_none()
                && line.payload.is_empty()
                && !line.text.starts_with('<')
        };
        is_plain(self)
            && is_plain(other)
            && (self.who, self.party, self.verb()) == (other.who, other.party, other.verb())
    }
}

impl Row<'_> {
    /// Whether it is what the server is accused of.
    pub(super) fn is_accused(&self) -> bool {
        match self {
            Self::Line(line) => line.is_accused,
            Self::Note { is_accused, .. } => *is_accused,
        }
    }
}

/// The rows of a failure's proof. Where nothing is on the wire that could be accused, what is
/// missing stands at the end.
pub(super) fn rows(failure: &Failure) -> Vec<Row<'_>> {
    let mut rows = folded(read(&failure.transcript));
    let text = match (&failure.got, &failure.judge) {
        (Observed::Silence(_), _) => failure.got.to_string(),
        (_, Judge::Process) => failure.got.to_string(),
        _ => return rows,
    };
    if !rows.is_empty() && !rows.iter().any(Row::is_accused) {
        rows.push(Row::Note {
            text,
            is_accused: true,
        });
    }
    rows
}

fn read(lines: &[String]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let (mut mark, mut is_accused) = (None, false);
    for line in lines {
        match Told::read(line) {
            Told::Marked(it) => mark = Some(it),
            Told::Accused => is_accused = true,
            Told::Payload(text) => match rows.last_mut() {
                Some(Row::Line(line)) => line.payload.push(text),
                _ => rows.push(note(text)),
            },
            Told::Comment(text) => rows.push(note(text)),
            Told::Says { who, party, text } => rows.push(Row::Line(Line {
                who,
                party,
                text,
                mark: mark.take(),
                is_accused: std::mem::take(&mut is_accused),
                payload: Vec::new(),
                more: 0,
            })),
        }
    }
    rows
}

fn note<'f>(text: &str) -> Row<'f> {
    Row::Note {
        text: text.to_owned(),
        is_accused: false,
    }
}

fn folded(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let is_like = |one: &Row<'_>, other: &Row<'_>| match (one, other) {
        (Row::Line(one), Row::Line(other)) => one.is_like(other),
        _ => false,
    };
    let mut out = Vec::with_capacity(rows.len());
    for run in rows.chunk_by(is_like) {
        match run {
            [Row::Line(first), .., _] if run.len() >= ALIKE => out.push(Row::Line(Line {
                more: run.len() - 1,
                ..first.clone()
            })),
            _ => out.extend_from_slice(run),
        }
    }
    out
}

/// The rows that tell most, at most so many: what is accused, the request that it answers, and what
/// stands before and behind. `None` stands for what is left out between two of them.
pub(super) fn most_telling<'r, 'f>(rows: &'r [Row<'f>], most: usize) -> Vec<Option<&'r Row<'f>>> {
    let accused = rows.iter().rposition(Row::is_accused);
    let at = accused.unwrap_or(rows.len().saturating_sub(1));
    let who = rows.get(at).and_then(|row| match row {
        Row::Line(line) => Some(line.who),
        Row::Note { .. } => None,
    });
    let is_request = |row: &Row<'_>| match row {
        Row::Line(line) => {
            line.party == Party::Client
                && line.mark.is_none()
                && who.is_none_or(|who| who == line.who)
        }
        Row::Note { .. } => false,
    };
    let before = rows.get(..at).unwrap_or_default();
    let mut kept: Vec<usize> = accused.into_iter().collect();
    let request = before.iter().rposition(is_request);
    kept.extend(request);
    // What answers is explained by its own connection, what comes unasked by the others.
    let is_answer = request
        .and_then(|request| Some(answers(rows.get(at)?, rows.get(request)?)))
        .unwrap_or_default();
    let is_own = |near: &usize| {
        let own = |row: &Row<'_>| matches!(row, Row::Line(line) if Some(line.who) == who);
        is_answer && rows.get(*near).is_some_and(own)
    };
    let own = (0..at).rev().filter(is_own);
    let nearest = (0..rows.len()).take(at + 1).rev().chain(at + 1..rows.len());
    for near in own.chain(nearest) {
        if kept.len() >= most {
            break;
        }
        if !kept.contains(&near) {
            kept.push(near);
        }
    }
    kept.sort_unstable();
    let mut out = Vec::new();
    let mut next = None;
    for at in kept {
        if next.is_some_and(|next| next != at) {
            out.push(None);
        }
        next = Some(at + 1);
        out.push(rows.get(at));
    }
    out
}

/// Whether the line answers the request: it has the same TrID, or is the end of the connection.
fn answers(row: &Row<'_>, request: &Row<'_>) -> bool {
    let (Row::Line(line), Row::Line(request)) = (row, request) else {
        return true;
    };
    let trid = |text: &str| text.split(' ').nth(1).map(str::to_owned);
    line.text.starts_with('<') || trid(line.text) == trid(request.text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::test_support::failure;

    fn shown(lines: &[&str], got: Observed) -> Vec<String> {
        let failure = Failure {
            got,
            transcript: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..failure(None, "x", "y")
        };
        told(&rows(&failure))
    }

    fn told(rows: &[Row<'_>]) -> Vec<String> {
        let told = rows.iter().map(|row| match row {
            Row::Line(line) => {
                let margin = if line.is_accused { ">" } else { "|" };
                let (side, aside) = (line.side(), line.aside(false));
                format!("{margin} {} {side}: {} {aside}", line.who, line.text)
            }
            Row::Note { text, is_accused } => format!("{is_accused} {text}"),
        });
        told.map(|line| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn payloads_and_lines_of_one_kind_are_folded_and_marks_stand_beside_their_line() {
        let lines = [
            "alice S: LST 5 FL 2 0 0",
            "alice S: LST 5 AL 2 0 0",
            "alice S: LST 5 BL 2 0 0",
            "# accused",
            "alice S: LST 5 RL 2 1 1",
            "alice S: MSG a b 4",
            ".. a\\r\\n",
            ".. b",
            "# barrier",
            "alice C: PNG",
        ];
        let expected = [
            "| alice S: LST 5 FL 2 0 0 … and 2 more LST",
            "> alice S: LST 5 RL 2 1 1",
            "| alice S: MSG a b 4 (and a payload of 2 lines)",
            "| alice C: PNG # barrier",
        ];
        assert_eq!(shown(&lines, Observed::Closed), expected);
    }

    #[test]
    fn a_silence_is_a_row_of_its_own() {
        let got = Observed::Silence(Duration::from_secs(1));
        let lines = ["alice C: PNG"];
        let expected = ["| alice C: PNG", "true nothing within 1s"];
        assert_eq!(shown(&lines, got.clone()), expected);
        assert_eq!(shown(&["# accused", "alice S: QNG"], got).len(), 1);
    }

    #[test]
    fn the_accused_line_and_its_request_are_kept_however_little_room_there_is() {
        let lines = [
            "a C: CHG 1 NLN",
            "b S: X",
            "c S: Y",
            "# accused",
            "a S: CHG 1 BSY",
            "b S: Z",
        ];
        let failure = Failure {
            transcript: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..failure(None, "x", "y")
        };
        let rows = rows(&failure);
        let kept = |most| -> Vec<Option<usize>> {
            let at = |row: &Row<'_>| rows.iter().position(|it| it == row);
            let told = most_telling(&rows, most).into_iter();
            told.map(|row| row.and_then(at)).collect()
        };
        assert_eq!(kept(2), [Some(0), None, Some(3)]);
        assert_eq!(kept(3), [Some(0), None, Some(2), Some(3)]);
        // Its own connection first, where it answers; its neighbours first, where nobody asked.
        let own = |accused: &str| {
            let lines = ["a C: CHG 1 NLN", "a S: QNG", "b S: X", "# accused", accused];
            let failure = Failure {
                transcript: lines.iter().map(|line| (*line).to_owned()).collect(),
                ..failure.clone()
            };
            let rows = super::rows(&failure);
            let told = most_telling(&rows, 3).into_iter().flatten();
            let told: Vec<Row<'_>> = told.cloned().collect();
            super::tests::told(&told).concat()
        };
        assert!(own("a S: CHG 1 BSY").contains("QNG") && own("a S: <closed>").contains("QNG"));
        assert!(own("a S: NLN NLN b c").contains("b S: X"));
        assert_eq!(kept(9).len(), rows.len());
        assert_eq!(most_telling(&[], 4), []);
    }
}
