//! The transcript as text, in the raw form that `run`, `import` and `check` read.
//!
//! One line a frame: `alice C: VER 1 MSNP2`. Bytes that are no printable text stand as `\r`, `\n`,
//! `\t`, `\\` and `\xHH`; a line that ends in CRLF shows no end. What follows a line that carries a
//! payload stands on lines that begin with `..`. Ends of connections are told in angle brackets. What
//! the harness said of itself has `# barrier` or `# clean-up` on the line before it.

use super::escape::escape;
use super::read::{EXACT, HIDDEN, NONE, announced};
use super::record::{Connection, Entry, Party, Transcript, What};
use super::redact::Redactor;
use crate::wire::{Frame, Terminator};

/// How many characters of a line stand in a proof.
const LONGEST: usize = 2_000;

impl Transcript {
    /// The whole transcript, a line of text each.
    #[must_use]
    pub fn render(&self, redactor: &Redactor) -> Vec<String> {
        self.entries()
            .iter()
            .flat_map(|entry| self.render_entry(entry, redactor))
            .collect()
    }

    /// The last lines, at most `most`.
    #[must_use]
    pub fn tail(&self, most: usize, redactor: &Redactor) -> Vec<String> {
        self.up_to(self.entries().len(), most, redactor)
    }

    /// The last lines before the entry with this index, at most `most`; of a line that is as long
    /// as no server should send one, the beginning.
    #[must_use]
    pub fn up_to(&self, end: usize, most: usize, redactor: &Redactor) -> Vec<String> {
        let end = end.min(self.entries().len());
        let from = end.saturating_sub(most);
        let last = self.entries().get(from..end).unwrap_or_default();
        let mut lines: Vec<String> = last
            .iter()
            .flat_map(|entry| self.render_entry(entry, redactor))
            .collect();
        lines.drain(..lines.len().saturating_sub(most));
        for line in &mut lines {
            if let Some((at, _)) = line.char_indices().nth(LONGEST) {
                line.truncate(at);
                line.push('…');
                line.shrink_to_fit();
            }
        }
        lines
    }

    /// One entry of this transcript, or one that happens on a connection of it: a line of text for
    /// its mark, if it has one, one for the frame and one for each line of its payload.
    #[must_use]
    pub fn render_entry(&self, entry: &Entry, redactor: &Redactor) -> Vec<String> {
        let mut lines = self.render_what(entry, redactor);
        if let Some(mark) = entry.mark {
            lines.insert(0, mark.comment().to_owned());
        }
        lines
    }

    fn render_what(&self, entry: &Entry, redactor: &Redactor) -> Vec<String> {
        let conn = self.connection(entry.conn);
        let name = conn.map_or_else(|| "?".to_owned(), told_name);
        let side = |party: Party| match party {
            Party::Client => "C",
            Party::Server => "S",
        };
        let line = match &entry.what {
            What::Opened(address) if address.is_empty() => format!("{name} C: <open>"),
            What::Opened(address) => format!("{name} C: <open {}>", escape(address.as_bytes())),
            What::Frame(party, frame) => {
                let prefix = format!("{name} {}:", side(*party));
                let announced = conn.and_then(|conn| announced(conn, *party, &frame.line));
                return render_frame(&prefix, frame, announced, redactor);
            }
            What::Raw(party, bytes) => format!("{name} {}: <raw> {}", side(*party), whole(bytes)),
            What::Missing(party, 0) => format!("{name} {}: <missing>", side(*party)),
            What::Missing(party, count) => {
                format!("{name} {}: <missing {count} bytes>", side(*party))
            }
            What::Closed(party) => format!("{name} {}: <closed>", side(*party)),
            What::Reset(party) => format!("{name} {}: <reset>", side(*party)),
        };
        vec![redactor.apply(&line).into_owned()]
    }

    /// The whole transcript with the time in front of each line, in seconds: what
    /// [`read`](super::read::read) makes the same transcript of.
    #[must_use]
    pub fn render_timed(&self, redactor: &Redactor) -> Vec<String> {
        let entries = self.entries().iter();
        entries
            .flat_map(|entry| self.render_entry_timed(entry, redactor))
            .collect()
    }

    /// One entry, with the time in front.
    #[must_use]
    pub fn render_entry_timed(&self, entry: &Entry, redactor: &Redactor) -> Vec<String> {
        let mut lines = self.render_entry(entry, redactor);
        let head = usize::from(entry.mark.is_some());
        if let Some(first) = lines.get_mut(head) {
            let at = entry.at;
            *first = format!("{}.{:06} {first}", at.as_secs(), at.subsec_micros());
        }
        lines
    }
}

/// `alice@sb`, and from the second connection of that name on `alice@sb#2`.
fn told_name(conn: &Connection) -> String {
    match conn.nth {
        0 | 1 => conn.name.to_string(),
        nth => format!("{}#{nth}", conn.name),
    }
}

/// Bytes as a text that keeps its white space at the ends, and does not look like something else.
fn whole(bytes: &[u8]) -> String {
    let mut text = escape(bytes);
    if text.ends_with(' ') {
        text.pop();
        text.push_str("\\x20");
    }
    match text.strip_prefix(' ') {
        Some(rest) => format!("\\x20{rest}"),
        None => match text.strip_prefix('<') {
            Some(rest) => format!("\\x3c{rest}"),
            None => text,
        },
    }
}

/// The line, and below it what it carries. A payload that has not the length that the line
/// announces, or has lost it to the redactor, is marked.
fn render_frame(
    prefix: &str,
    frame: &Frame,
    announced: Option<u64>,
    redactor: &Redactor,
) -> Vec<String> {
    let mut first = format!("{prefix} {}", whole(&frame.line));
    if frame.terminator == Terminator::Lf {
        first.push_str("\\n");
    }
    let mut lines = vec![redactor.apply(&first).into_owned()];
    let Some(payload) = frame.payload.as_deref() else {
        if announced.is_some() {
            lines.push(format!(".. {NONE}"));
        }
        return lines;
    };
    if frame.is_hidden {
        lines.push(format!(".. {HIDDEN}"));
        return lines;
    }
    let mut is_plain = announced == Some(payload.len() as u64);
    let mut parts = Vec::new();
    for part in payload.split_inclusive(|byte| *byte == b'\n') {
        let text = whole(part);
        let redacted = redactor.apply(&text);
        is_plain &= redacted == text;
        parts.push(redacted.into_owned());
    }
    if parts.is_empty() && !is_plain {
        parts.push(String::new());
    }
    let mark = if is_plain {
        String::new()
    } else {
        format!("{EXACT} ")
    };
    lines.extend(parts.iter().map(|part| format!(".. {mark}{part}")));
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::ServerKind;
    use crate::transcript::record::{ConnName, Mark};

    #[test]
    fn frames_payloads_and_ends_are_told() {
        let mut transcript = Transcript::default();
        let conn = transcript.connect(ConnName::new("alice", "sb"), ServerKind::Switchboard);
        let now = Duration::ZERO;
        transcript.record(now, conn, What::Opened("127.0.0.1:1".into()));
        let frame = Frame::with_payload("MSG 3 N 7", &b"a\r\n\xff\0\xc3\xa9"[..]);
        transcript.record(now, conn, What::Frame(Party::Client, frame));
        transcript.record(now, conn, What::Closed(Party::Server));
        let text = transcript.render(&Redactor::default());
        let expected = [
            "alice@sb C: <open 127.0.0.1:1>",
            "alice@sb C: MSG 3 N 7",
            ".. a\\r\\n",
            ".. \\xff\\x00\u{e9}",
            "alice@sb S: <closed>",
        ];
        assert_eq!(text, expected);
        assert_eq!(transcript.tail(2, &Redactor::default()), expected[3..]);
    }

    #[test]
    fn what_the_harness_says_itself_is_marked_and_read_back() {
        let mut transcript = Transcript::default();
        let conn = transcript.connect(ConnName::new("alice", "ns"), ServerKind::Notification);
        let mut say = |party, line: &str, mark| {
            let what = What::Frame(party, Frame::line(line.to_owned()));
            transcript.record_marked(Duration::from_secs(1), conn, what, mark);
        };
        say(Party::Client, "PNG", Some(Mark::Barrier));
        say(Party::Server, "QNG", None);
        say(Party::Client, "REM 1 AL a@b", Some(Mark::CleanUp));
        say(Party::Client, "OUT", None);
        let text = transcript.render_timed(&Redactor::default());
        let expected = [
            "# barrier",
            "1.000000 alice C: PNG",
            "1.000000 alice S: QNG",
            "# clean-up",
            "1.000000 alice C: REM 1 AL a@b",
            "1.000000 alice C: OUT",
        ];
        assert_eq!(text, expected);
        let reading = crate::transcript::read::read(&text.join("\n")).unwrap();
        assert_eq!(reading.transcript, transcript);
    }
}
